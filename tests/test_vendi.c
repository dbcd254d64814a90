/* Vendi Scores with known answers, on both sides, of every order. */
#include "check.h"
#include "make.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>

static double score_of(const divw_kernel *kernel, const double *p, double order) {
  double score;
  ok(divw_vendi_score(kernel, p, order, &score));
  return score;
}

static void orthogonal_rows_count_themselves(void **state) {
  (void)state;
  double x[16] = {3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 7, 0, 0, 0, 0, -2};
  divw_kernel *kernel = make_kernel(x, 4, 4);
  static const double orders[] = {0, 0.5, 1, 2, 20, INFINITY};
  for (int k = 0; k < 6; k++) {
    near(score_of(kernel, NULL, orders[k]), 4, 1e-13);
  }
  double p[4] = {0.4, 0.3, 0.2, 0.1};
  near(score_of(kernel, p, 1), exp(divw_entropy(p, 4)), 1e-13);
  near(score_of(kernel, p, 2), 1 / (0.16 + 0.09 + 0.04 + 0.01), 1e-13);
  near(score_of(kernel, p, INFINITY), 2.5, 1e-13);
  divw_kernel_destroy(kernel);
}

static void equal_rows_count_as_one(void **state) {
  (void)state;
  double x[30];
  for (int i = 0; i < 30; i++) {
    x[i] = (1 + i / 3) * (i % 3 + 1); /* ten multiples of (1,2,3) */
  }
  divw_kernel *kernel = make_kernel(x, 10, 3);
  near(score_of(kernel, NULL, 1), 1, 1e-13);
  near(score_of(kernel, NULL, INFINITY), 1, 1e-13);
  divw_kernel_destroy(kernel);
}

static void groups_of_copies_count_as_groups(void **state) {
  (void)state;
  double x[12 * 3] = {0};
  for (int i = 0; i < 12; i++) {
    x[i * 3 + i % 3] = 1;
  }
  divw_kernel *kernel = make_kernel(x, 12, 3);
  near(score_of(kernel, NULL, 1), 3, 1e-13);
  divw_kernel_destroy(kernel);
}

static void one_example_scores_one(void **state) {
  (void)state;
  double x[5] = {1, 2, 3, 4, 5};
  divw_kernel *wide = make_kernel(x, 1, 5), *narrow = make_kernel(x, 1, 1);
  near(score_of(wide, NULL, 1), 1, 1e-15);
  near(score_of(narrow, NULL, 2), 1, 1e-15);
  divw_kernel_destroy(wide);
  divw_kernel_destroy(narrow);
}

/* Two rows at angle t: eigenvalues of rho are (1 +- cos t) / 2. */
static void two_rows_follow_their_angle(void **state) {
  (void)state;
  for (double t = 0.1; t < 3; t += 0.4) {
    double x[4] = {1, 0, cos(t), sin(t)}, a = (1 + cos(t)) / 2;
    divw_kernel *kernel = make_kernel(x, 2, 2);
    near(score_of(kernel, NULL, 1), exp(-a * log(a) - (1 - a) * log(1 - a)), 1e-13);
    divw_kernel_destroy(kernel);
  }
}

static void both_sides_agree_with_the_definition(void **state) {
  (void)state;
  static const int64_t shapes[][2] = {{40, 7}, {7, 40}, {20, 20}};
  for (int s = 0; s < 3; s++) {
    int64_t n = shapes[s][0], d = shapes[s][1];
    double *x = make_rows(n, d, 21), *K = malloc((size_t)(n * n + n) * sizeof *K), *p = K + n * n, sum = 0;
    test_random random = {22};
    for (int64_t i = 0; i < n; i++) {
      sum += p[i] = next_uniform(&random);
    }
    for (int64_t i = 0; i < n; i++) {
      p[i] /= sum;
    }
    divw_kernel *kernel = make_kernel(x, n, d);
    reference_cosine(x, n, d, K);
    near(score_of(kernel, p, 1), reference_vendi(K, p, n), 1e-10);
    divw_kernel_destroy(kernel);
    free(K);
    free(x);
  }
}

static void spectra_are_sorted_and_sum_to_one(void **state) {
  (void)state;
  double *x = make_rows(50, 6, 4), mu[6], sum = 0;
  divw_kernel *kernel = make_kernel(x, 50, 6);
  ok(divw_vendi_spectrum(kernel, NULL, mu));
  for (int k = 0; k < 6; k++) {
    sum += mu[k];
    assert_true(k == 0 || mu[k] <= mu[k - 1]);
  }
  near(sum, 1, 1e-14);
  assert_int_equal(divw_vendi_rank(mu, 6), 6);
  divw_kernel_destroy(kernel);
  free(x);
}

/* Rows (1, e) and (1, -e): eigenvalues 1 and e^2 over 1 + e^2. */
static void orders_down_to_zero_count_the_same_eigenvalues(void **state) {
  (void)state;
  const double squares[] = {1e-8, 3e-13, 3e-14, 1e-16};
  for (int k = 0; k < 4; k++) {
    const double e = sqrt(squares[k]), x[4] = {1, e, 1, -e};
    double mu[2];
    divw_kernel *kernel = make_kernel(x, 2, 2);
    ok(divw_vendi_spectrum(kernel, NULL, mu));
    assert_int_equal(divw_vendi_rank(mu, 2), k < 2 ? 2 : 1);
    near(score_of(kernel, NULL, 0), k < 2 ? 2 : 1, 0);
    near(score_of(kernel, NULL, 1e-9), score_of(kernel, NULL, 0), 1e-7);
    divw_kernel_destroy(kernel);
  }
}

static void scores_of_spectra_cover_every_order(void **state) {
  (void)state;
  double mu[4] = {0.5, 0.5, 0, 1e-14};
  near(divw_vendi_of_spectrum(mu, 3, 1), 2, 1e-15);
  near(divw_vendi_of_spectrum(mu, 4, 0), 2, 0);
  assert_int_equal(divw_vendi_rank(mu, 4), 2);
  near(divw_vendi_of_spectrum(mu, 3, 300), 2, 1e-13); /* powers would underflow */
  near(divw_vendi_of_spectrum(mu, 3, 0.01), 2, 1e-13);
  near(divw_vendi_of_spectrum((const double[]){3, 1}, 2, INFINITY), 4.0 / 3, 1e-15); /* scaled to sum 1 */
  assert_true(isnan(divw_vendi_of_spectrum(NULL, 3, 1)));
  assert_true(isnan(divw_vendi_of_spectrum(mu, 0, 1)));
  assert_true(isnan(divw_vendi_of_spectrum(mu, 3, -1)));
  assert_true(isnan(divw_vendi_of_spectrum(mu, 3, NAN)));
  assert_true(isnan(divw_vendi_of_spectrum((const double[]){1, -1}, 2, 1)));
  assert_true(isnan(divw_vendi_of_spectrum((const double[]){0, 0}, 2, 1)));
  assert_true(isnan(divw_vendi_of_spectrum((const double[]){1, INFINITY}, 2, 1)));
  assert_int_equal(divw_vendi_rank(NULL, 4), 0);
  assert_int_equal(divw_vendi_rank(mu, 0), 0);
}

/* The order changes the score smoothly through 1, and never upwards. */
static void scores_fall_with_the_order(void **state) {
  (void)state;
  double *x = make_rows(30, 5, 9);
  divw_kernel *kernel = make_kernel(x, 30, 5);
  static const double orders[] = {0, 0.3, 1 - 1e-7, 1, 1 + 1e-7, 2, 7, INFINITY};
  for (int k = 1; k < 8; k++) {
    assert_true(score_of(kernel, NULL, orders[k]) <= score_of(kernel, NULL, orders[k - 1]) + 1e-9);
  }
  near(score_of(kernel, NULL, 1 - 1e-7), score_of(kernel, NULL, 1), 1e-5);
  divw_kernel_destroy(kernel);
  free(x);
}

static void bad_arguments_are_refused(void **state) {
  (void)state;
  double x[4] = {1, 0, 0, 1}, score, mu[2], p[2] = {0.5, 0.6}, negative[2] = {1.5, -0.5};
  divw_kernel *kernel = make_kernel(x, 2, 2);
  fails(divw_vendi_score(NULL, NULL, 1, &score), DIVW_ERROR_ARGUMENT, "divw_vendi_score: kernel is NULL");
  fails(divw_vendi_score(kernel, NULL, 1, NULL), DIVW_ERROR_ARGUMENT, "score is NULL");
  fails(divw_vendi_score(kernel, NULL, -1, &score), DIVW_ERROR_ARGUMENT, "order is -1, expected 0 to INFINITY");
  fails(divw_vendi_score(kernel, NULL, NAN, &score), DIVW_ERROR_ARGUMENT, "order is nan");
  fails(divw_vendi_score(kernel, p, 1, &score), DIVW_ERROR_ARGUMENT, "the weights sum to 1.1");
  fails(divw_vendi_spectrum(kernel, negative, mu), DIVW_ERROR_ARGUMENT, "divw_vendi_spectrum: weight 1 is -0.5");
  fails(divw_vendi_spectrum(NULL, NULL, mu), DIVW_ERROR_ARGUMENT, "kernel is NULL");
  fails(divw_vendi_spectrum(kernel, NULL, NULL), DIVW_ERROR_ARGUMENT, "mu is NULL");
  divw_kernel_destroy(kernel);
}

static void real_digits_score_as_published(void **state) {
  (void)state;
  static const struct {
    bool two;
    int64_t limit;
    double score;
  } cases[] = {{true, 500, 12.735924}, {true, 0, 12.877102}, {false, 0, 23.630924}};
  for (int k = 0; k < 3; k++) {
    divw_kernel *kernel = make_digits_kernel(cases[k].two, cases[k].limit);
    if (kernel == NULL) {
      skip();
    }
    near(score_of(kernel, NULL, 1), cases[k].score, 1e-6);
    divw_kernel_destroy(kernel);
  }
}

static divw_status score_once(void *context) {
  double score;
  return divw_vendi_score(context, NULL, 1, &score);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double *x = make_rows(9, 3, 1);
  divw_kernel *kernel = make_kernel(x, 9, 3);
  fail_every_allocation(score_once, kernel);
  divw_kernel_destroy(kernel);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orthogonal_rows_count_themselves),
      cmocka_unit_test(equal_rows_count_as_one),
      cmocka_unit_test(groups_of_copies_count_as_groups),
      cmocka_unit_test(one_example_scores_one),
      cmocka_unit_test(two_rows_follow_their_angle),
      cmocka_unit_test(both_sides_agree_with_the_definition),
      cmocka_unit_test(spectra_are_sorted_and_sum_to_one),
      cmocka_unit_test(scores_of_spectra_cover_every_order),
      cmocka_unit_test(orders_down_to_zero_count_the_same_eigenvalues),
      cmocka_unit_test(scores_fall_with_the_order),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(real_digits_score_as_published),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
