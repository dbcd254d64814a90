/* Scores without features, and from some eigenvalues alone. */
#include "check.h"
#include "low_rank.h"
#include "make.h"
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void order_two_needs_no_features(void **state) {
  (void)state;
  double p[60];
  test_random random = {5};
  for (int k = 0; k < 4; k++) {
    low_rank_problem problem = make_problem(kinds[k], 60, 3, 0.7, 12, 7 + (uint64_t)k);
    double two, score;
    random_weights(p, 60, 1, &random);
    ok(divw_vendi_score(problem.exact, p, 2, &score));
    ok(divw_vendi_score_two(problem.dataset, problem.similarity, p, &two));
    near(two, score, 1e-10 * score);
    ok(divw_vendi_score(problem.exact, NULL, 2, &score));
    ok(divw_vendi_score_two(problem.dataset, problem.similarity, NULL, &two));
    near(two, score, 1e-10 * score);
    destroy_problem(&problem);
  }
}

static void truncated_scores_are_those_of_their_formula(void **state) {
  (void)state;
  const double mu[4] = {0.5, 0.3, 0.15, 0.05}, orders[] = {0.5, 1, 2, 3.5, INFINITY};
  double score, low, high, whole;
  ok(divw_vendi_truncated(mu, 4, 2, 4, 2, &score, &low, &high));
  near(score, 1 / (0.6 * 0.6 + 0.4 * 0.4), 1e-14);
  near(low, 1 / (0.25 + 0.09 + 0.04), 1e-14);
  near(high, 1 / (0.25 + 0.09 + 2 * 0.01), 1e-14);
  ok(divw_vendi_truncated(mu, 4, 4, 4, 1, &score, &low, &high));
  near(score, divw_vendi_of_spectrum(mu, 4, 1), 1e-14);
  near(low, score, 1e-14);
  near(high, score, 1e-14);
  low_rank_problem p = make_problem(DIVW_KERNEL_MATERN, 70, 3, 0.5, 12, 3);
  const int64_t r = divw_kernel_features(p.exact);
  double *spectrum = malloc((size_t)r * sizeof *spectrum);
  ok(divw_vendi_spectrum(p.exact, NULL, spectrum));
  for (int q = 0; q < 5; q++) {
    double before = 0;
    for (int64_t t = 1; t <= r; t += 3) {
      ok(divw_vendi_truncated(spectrum, r, t, 70, orders[q], NULL, &low, &high));
      whole = divw_vendi_of_spectrum(spectrum, r, orders[q]);
      assert_true(low <= whole * (1 + 1e-12) && whole <= high * (1 + 1e-12) && low >= before * (1 - 1e-12));
      before = low;
    }
  }
  free(spectrum);
  destroy_problem(&p);
}

/* With order 1 as the limit, to as many digits as there are. */
static void truncated_scores_are_steady_at_order_one(void **state) {
  (void)state;
  const double mu[5] = {0.5, 0.3, 0.15, 0.049, 0.001}, away[] = {1e-4, -1e-7, 1e-10, -1e-13};
  double at_one[3], near_one[3];
  ok(divw_vendi_truncated(mu, 5, 3, 9, 1, &at_one[0], &at_one[1], &at_one[2]));
  for (int k = 0; k < 4; k++) {
    ok(divw_vendi_truncated(mu, 5, 3, 9, 1 + away[k], &near_one[0], &near_one[1], &near_one[2]));
    for (int j = 0; j < 3; j++) {
      near(near_one[j], at_one[j], 10 * fabs(away[k]) + 1e-13);
    }
  }
  const double orders[] = {0.9, 1.1}; /* where the formula changes */
  for (int k = 0; k < 2; k++) {
    ok(divw_vendi_truncated(mu, 5, 3, 9, orders[k] * (1 + 1e-12), &at_one[0], &at_one[1], &at_one[2]));
    ok(divw_vendi_truncated(mu, 5, 3, 9, orders[k] * (1 - 1e-12), &near_one[0], &near_one[1], &near_one[2]));
    for (int j = 0; j < 3; j++) {
      near(near_one[j], at_one[j], 1e-10);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(order_two_needs_no_features),
      cmocka_unit_test(truncated_scores_are_those_of_their_formula),
      cmocka_unit_test(truncated_scores_are_steady_at_order_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
