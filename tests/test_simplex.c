/* Reductions over the examples against long double loops. */
#include "check.h"
#include "simplex.h"

#include <math.h>
#include <stdlib.h>

enum { N = 1000 };

static void random_values(double *x, double scale, uint64_t seed) {
  test_random random = {seed};
  for (int i = 0; i < N; i++) {
    x[i] = scale * next_normal(&random);
  }
}

static void softmax_value_and_deficit_are_those_of_the_definition(void **state) {
  (void)state;
  static const double lambdas[] = {1e-3, 0.05, 1, 30};
  double D[N];
  random_values(D, 2, 5);
  for (int s = 0; s < 4; s++) {
    long double lambda = lambdas[s], shift = -1e30L, sum = 0, deficit = 0;
    for (int i = 0; i < N; i++) {
      shift = D[i] > shift ? D[i] : shift;
    }
    for (int i = 0; i < N; i++) {
      sum += expl((D[i] - shift) / lambda);
    }
    for (int i = 0; i < N; i++) {
      long double p = expl((D[i] - shift) / lambda) / sum;
      deficit += p > 0 ? p * logl(N * p) : 0;
    }
    dw_softmax at = dw_softmax_of(D, lambdas[s], N);
    near(at.value, (double)(shift + lambda * logl(sum / N)), 1e-13);
    near(at.deficit, (double)deficit, 1e-13);
  }
}

/* W(D, lambda) = mean + var / (2 lambda) + third / (6 lambda^2) ..., deficit = var / (2 lambda^2) + ... */
static void large_lambda_keeps_its_digits(void **state) {
  (void)state;
  double D[N], mean = 0, square = 0, lambda = 1e8;
  random_values(D, 1, 6);
  for (int i = 0; i < N; i++) {
    mean += D[i] / N;
  }
  for (int i = 0; i < N; i++) {
    square += (D[i] - mean) * (D[i] - mean) / N;
  }
  dw_softmax at = dw_softmax_of(D, lambda, N);
  near(at.value, mean + square / (2 * lambda), 1e-14);
  near(at.deficit, square / (2 * lambda * lambda), 1e-17);
}

static void lambda_zero_is_the_maximum(void **state) {
  (void)state;
  double D[3] = {1, 5, 2};
  dw_softmax at = dw_softmax_of(D, 0, 3);
  near(at.value, 5, 0);
  near(at.deficit, log(3), 1e-15);
}

static void normalising_gives_probabilities_and_their_logits(void **state) {
  (void)state;
  double logit[4] = {1000, 1000, 1000 + log(2), -1000}, p[4];
  dw_normalise(logit, p, 4);
  near(p[0], 0.25, 1e-13); /* 1000 + log 2 is rounded at 1e-13 */
  near(p[2], 0.5, 1e-13);
  near(p[3], 0, 0);
  near(logit[0], 0, 1e-12);
  near(logit[3], -2000, 1e-9);
}

static void nearly_uniform_points_keep_their_digits(void **state) {
  (void)state;
  double logit[N], p[N], square = 0;
  random_values(logit, 1e-9, 4);
  dw_normalise(logit, p, N);
  for (int i = 0; i < N; i++) {
    square += logit[i] * logit[i] / N;
  }
  near(dw_entropy_deficit(p, logit, N), square / 2, 1e-5 * square); /* 5e-19, of an entropy of 7 */
}

static void entropies_agree_with_each_other(void **state) {
  (void)state;
  double logit[N], p[N];
  random_values(logit, 3, 9);
  dw_normalise(logit, p, N);
  near(dw_entropy(p, N), log(N) - dw_entropy_deficit(p, logit, N), 1e-12);
  near(divw_entropy(p, N), dw_entropy(p, N), 0);
  near(divw_entropy(NULL, N), log(N), 0);
  assert_true(isnan(divw_entropy(p, 0)));
}

static void many_equal_terms_add_without_drift(void **state) {
  (void)state;
  enum { M = 1000003 };
  double *p = malloc(M * sizeof *p), sum;
  for (int i = 0; i < M; i++) {
    p[i] = 1.0 / M;
  }
  ok(dw_check_probabilities(p, M, 1e-6, DIVW_ERROR_DATA, "test", &sum));
  near(sum, 1, 3e-14);
  near(dw_entropy(p, M), log(M), 1e-12);
  free(p);
}

static void what_is_no_probability_is_named(void **state) {
  (void)state;
  double sum;
  double negative[3] = {0.5, -0.1, 0.6}, nan[2] = {NAN, 1}, infinite[2] = {1, INFINITY}, large[2] = {0.9, 0.9};
  fails(dw_check_probabilities(negative, 3, 1e-6, DIVW_ERROR_DATA, "f", &sum), DIVW_ERROR_DATA, "f: weight 1 is -0.1");
  fails(dw_check_probabilities(nan, 2, 1e-6, DIVW_ERROR_ARGUMENT, "f", &sum), DIVW_ERROR_ARGUMENT, "weight 0 is nan");
  fails(dw_check_probabilities(infinite, 2, 1e-6, DIVW_ERROR_DATA, "f", &sum), DIVW_ERROR_DATA, "weight 1 is inf");
  fails(dw_check_probabilities(large, 2, 1e-6, DIVW_ERROR_DATA, "f", &sum), DIVW_ERROR_DATA,
        "the weights sum to 1.8, expected 1 within 1e-06");
}

static void weighted_sums_add_up(void **state) {
  (void)state;
  double p[2] = {0.25, 0.75}, x[2] = {2, -1}, y[2] = {-1, 2};
  near(dw_weighted_sum(p, x, 2), -0.25, 0);
  near(dw_weighted_distance(p, x, y, 2), 3, 0);
  near(dw_maximum(x, 2), 2, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(softmax_value_and_deficit_are_those_of_the_definition),
      cmocka_unit_test(large_lambda_keeps_its_digits),
      cmocka_unit_test(lambda_zero_is_the_maximum),
      cmocka_unit_test(normalising_gives_probabilities_and_their_logits),
      cmocka_unit_test(nearly_uniform_points_keep_their_digits),
      cmocka_unit_test(entropies_agree_with_each_other),
      cmocka_unit_test(many_equal_terms_add_without_drift),
      cmocka_unit_test(what_is_no_probability_is_named),
      cmocka_unit_test(weighted_sums_add_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
