/* What features of low rank prove about the similarity itself: intervals of scores, certificates of weights. */
#include "check.h"
#include "low_rank.h"
#include "make.h"
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- intervals ---- */

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* 100 cases of an order; the median of width / |estimate - truth|. */
static double try_intervals(double order) {
  enum { CASES = 100 };
  double ratio[CASES], p[120];
  test_random random = {99};
  for (int c = 0; c < CASES; c++) {
    const int64_t n = 40 + (int64_t)(80 * next_uniform(&random)), d = 2 + c % 7;
    const int64_t rank = 2 + (int64_t)((double)n * 0.5 * next_uniform(&random));
    low_rank_problem problem =
        make_problem(kinds[c % 4], n, d, pow(10, next_uniform(&random) - 0.5), rank, 100 + (uint64_t)c);
    double score, estimate, low, high;
    random_weights(p, n, 2 * next_uniform(&random), &random);
    ok(divw_vendi_score(problem.exact, p, order, &score));
    ok(divw_vendi_score(problem.low, p, order, &estimate));
    ok(divw_vendi_interval(problem.low, p, order, &low, &high));
    if (!(low <= score * (1 + 1e-11) && score <= high * (1 + 1e-11) && low <= estimate && estimate <= high)) {
      fail_msg("order %g, case %d: %.15g is outside of [%.15g, %.15g], estimate %.15g", order, c, score, low, high,
               estimate);
    }
    ratio[c] = (high - low) / fabs(estimate - score);
    destroy_problem(&problem);
  }
  qsort(ratio, CASES, sizeof *ratio, by_size);
  return (ratio[CASES / 2 - 1] + ratio[CASES / 2]) / 2;
}

static void intervals_hold_and_are_not_much_wider_than_the_error_of_the_estimate(void **state) {
  (void)state;
  const double orders[] = {0.5, 1, 2, 5, INFINITY};
  for (int k = 0; k < 5; k++) {
    const double ratio = try_intervals(orders[k]);
    print_message("order %g: width of the interval over the error of the estimate, median %.2f\n", orders[k], ratio);
    assert_true(ratio <= 3);
  }
}

/* ---- certificates ---- */

/* Weights from low rank: bounds hold for the exact kernel, and so does what the weights are said to be worth. */
static void compare(const low_rank_problem *p, int32_t objective, double order, double balance) {
  divw_weights *exact = solve(p->exact, objective, order, balance), *low = solve(p->low, objective, order, balance);
  const double room = 1e-9 * fabs(divw_weights_objective_value(exact));
  double score;
  ok(divw_vendi_score(p->exact, divw_weights_values(low), order, &score));
  const double entropy = divw_weights_entropy(low);
  const double diversity = objective == DIVW_OBJECTIVE_LOG ? log(score) : score;
  const double value = balance * diversity + (1 - balance) * entropy;
  assert_true(divw_weights_global_upper_bound(low) >= divw_weights_objective_value(exact) - room);
  if (objective == DIVW_OBJECTIVE_LOG && order <= 1) { /* the same lambda */
    near(divw_weights_entropy_weight(low), divw_weights_entropy_weight(exact), 1e-12);
    assert_true(divw_weights_upper_bound(low) >= divw_weights_certified_value(exact) - room);
  }
  assert_true(divw_weights_vendi_score_low(low) <= score * (1 + 1e-11));
  assert_true(divw_weights_vendi_score_high(low) >= score * (1 - 1e-11));
  assert_true(divw_weights_objective_value(low) <= value + room);
  near(divw_weights_global_upper_bound(low) - divw_weights_objective_value(low), divw_weights_global_gap(low), 1e-9);
  divw_weights_destroy(low);
  divw_weights_destroy(exact);
}

static void certificates_are_above_the_optimum_of_the_kernel_itself(void **state) {
  (void)state;
  const double orders[] = {1, 2, INFINITY, 0.7}, balances[] = {0.3, 0.8, 1};
  for (int k = 0; k < 4; k++) {
    low_rank_problem p = make_problem(kinds[k], 80, 3, 0.6, k % 2 ? 30 : 10, 31 + (uint64_t)k);
    for (int q = 0; q < 4; q++) {
      for (int b = 0; b < 3; b++) {
        compare(&p, DIVW_OBJECTIVE_LOG, orders[q], balances[b]);
        compare(&p, DIVW_OBJECTIVE_PUBLISHED, orders[q], balances[b]);
      }
    }
    destroy_problem(&p);
  }
}

static void constraints_and_quality_keep_their_bounds(void **state) {
  (void)state;
  low_rank_problem p = make_problem(DIVW_KERNEL_GAUSSIAN, 100, 3, 0.7, 15, 5);
  const double orders[] = {1, 2};
  double quality[100];
  for (int64_t i = 0; i < 100; i++) {
    quality[i] = 0.5 + 0.5 * (double)(i % 7) / 7;
  }
  for (int k = 0; k < 2; k++) {
    divw_weights *weights[2];
    divw_solver *solver;
    ok(divw_solver_create(&solver));
    ok(divw_solver_set_order(solver, orders[k]));
    ok(divw_solver_set_balance(solver, 0.7));
    ok(divw_solver_set_max_weight(solver, 3));
    ok(divw_solver_set_min_weight(solver, 0.1));
    ok(orders[k] == 1 ? divw_solver_set_quality(solver, quality, 100) : DIVW_OK);
    ok(divw_solver_solve(solver, p.exact, &weights[0]));
    ok(divw_solver_solve(solver, p.low, &weights[1]));
    assert_true(divw_weights_global_upper_bound(weights[1]) >= divw_weights_objective_value(weights[0]) - 1e-9);
    assert_true(divw_weights_objective_value(weights[1]) <= divw_weights_global_upper_bound(weights[0]) + 1e-9);
    divw_weights_destroy(weights[0]);
    divw_weights_destroy(weights[1]);
    divw_solver_destroy(solver);
  }
  destroy_problem(&p);
}

static void a_rank_that_is_too_small_is_named_with_one_that_is_not(void **state) {
  (void)state;
  low_rank_problem p = make_problem(DIVW_KERNEL_GAUSSIAN, 400, 3, 1.5, 40, 12);
  divw_solver *solver;
  divw_weights *weights;
  divw_kernel *kernel;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_tolerance(solver, 1e-4));
  ok(divw_solver_solve(solver, p.low, &weights));
  const int64_t rank = divw_weights_rank_needed(weights);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_RANK);
  assert_int_equal(divw_weights_approximation(weights), DIVW_APPROXIMATION_CHOLESKY);
  assert_int_equal(divw_weights_rank(weights), 40);
  assert_true(divw_weights_gap(weights) > 1e-4 && rank > 40 && rank < 400);
  assert_non_null(strstr(divw_weights_report(weights), "\"stop_reason\": \"rank\""));
  divw_weights_destroy(weights);
  ok(divw_kernel_create_low_rank(&kernel, p.dataset, p.similarity, rank, 0, 12));
  ok(divw_solver_solve(solver, kernel, &weights));
  if (divw_weights_gap(weights) > 1e-4) { /* foreseen, not known */
    print_message("rank %lld leaves a gap of %g\n", (long long)rank, divw_weights_gap(weights));
  }
  assert_true(divw_weights_gap(weights) < 1e-3);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  divw_solver_destroy(solver);
  destroy_problem(&p);
}

/* ---- when nothing is left ---- */

static void enough_rank_is_exact(void **state) {
  (void)state;
  double *x = make_rows(80, 5, 3), low, high, score;
  divw_dataset *dataset;
  divw_similarity *similarity;
  divw_kernel *exact, *kernel;
  ok(divw_dataset_create_copy(&dataset, x, 80, 5, DIVW_FLOAT64, 0));
  ok(divw_similarity_create(&similarity, DIVW_KERNEL_COSINE));
  ok(divw_kernel_create_with(&exact, dataset, similarity));
  ok(divw_kernel_create_low_rank(&kernel, dataset, similarity, 1000, 0, 1));
  assert_int_equal(divw_kernel_features(kernel), 5);
  assert_null(divw_kernel_deficit(kernel));
  for (double order = 0.5; order < 4; order *= 2) {
    ok(divw_vendi_score(exact, NULL, order, &score));
    ok(divw_vendi_interval(kernel, NULL, order, &low, &high));
    near(low, score, 1e-10);
    near(high, score, 1e-10);
  }
  divw_weights *a = solve(exact, DIVW_OBJECTIVE_PUBLISHED, 1, 0.5),
               *b = solve(kernel, DIVW_OBJECTIVE_PUBLISHED, 1, 0.5);
  near(divw_weights_objective_value(a), divw_weights_objective_value(b), 1e-5);
  assert_int_equal(divw_weights_stop_reason(b), DIVW_STOP_CONVERGED);
  assert_int_equal(divw_weights_rank_needed(b), 0);
  assert_true(divw_weights_residual(b) == 0 && divw_weights_vendi_score_low(b) == divw_weights_vendi_score(b));
  divw_weights_destroy(a);
  divw_weights_destroy(b);
  divw_kernel_destroy(kernel);
  divw_kernel_destroy(exact);
  divw_similarity_destroy(similarity);
  divw_dataset_destroy(dataset);
  free(x);
}

/* Nearly all directions: the interval is as narrow as what is left. */
static void intervals_close_with_the_rank(void **state) {
  (void)state;
  low_rank_problem p = make_problem(DIVW_KERNEL_GAUSSIAN, 90, 2, 1, 10, 4);
  double before = INFINITY, low, high;
  for (int64_t rank = 10; rank <= 80; rank *= 2) {
    divw_kernel *kernel;
    ok(divw_kernel_create_low_rank(&kernel, p.dataset, p.similarity, rank, 0, 4));
    ok(divw_vendi_interval(kernel, NULL, 1, &low, &high));
    assert_true(high - low < 0.1 * before || high - low < 1e-10);
    before = high - low;
    divw_kernel_destroy(kernel);
  }
  assert_true(before < 1e-10);
  destroy_problem(&p);
}

static void copies_one_row_and_constant_data_are_exact(void **state) {
  (void)state;
  const double rows[12] = {1, 2, 1, 2, 5, -1, 1, 2, 5, -1, 5, -1};
  const int64_t counts[] = {6, 1, 2}, kinds_left[] = {2, 1, 1};
  for (int k = 0; k < 3; k++) {
    divw_dataset *dataset;
    divw_similarity *similarity;
    divw_kernel *kernel;
    double low, high;
    ok(divw_dataset_create_copy(&dataset, rows, counts[k], 2, DIVW_FLOAT64, 0));
    ok(divw_similarity_create(&similarity, DIVW_KERNEL_GAUSSIAN));
    ok(divw_similarity_set_bandwidth(similarity, 0.1));
    ok(divw_kernel_create_low_rank(&kernel, dataset, similarity, 100, 0, 1));
    assert_int_equal(divw_kernel_features(kernel), kinds_left[k]);
    ok(divw_vendi_interval(kernel, NULL, 1, &low, &high));
    near(low, (double)kinds_left[k], 1e-10);
    near(high, (double)kinds_left[k], 1e-10);
    divw_weights *weights = solve(kernel, DIVW_OBJECTIVE_PUBLISHED, 1, 1);
    near(divw_weights_vendi_score(weights), (double)kinds_left[k], 1e-6);
    divw_weights_destroy(weights);
    divw_kernel_destroy(kernel);
    divw_similarity_destroy(similarity);
    divw_dataset_destroy(dataset);
  }
}

/* One feature: what it leaves is nearly everything, and bounds hold. */
static void one_feature_is_enough_to_be_honest(void **state) {
  (void)state;
  low_rank_problem p = make_problem(DIVW_KERNEL_LAPLACIAN, 50, 4, 0.3, 1, 2);
  assert_int_equal(divw_kernel_features(p.low), 1);
  const double orders[] = {0.7, 1, 2, INFINITY};
  for (int k = 0; k < 4; k++) {
    compare(&p, DIVW_OBJECTIVE_LOG, orders[k], 0.6);
    compare(&p, DIVW_OBJECTIVE_PUBLISHED, orders[k], 1);
  }
  destroy_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(intervals_hold_and_are_not_much_wider_than_the_error_of_the_estimate),
      cmocka_unit_test(certificates_are_above_the_optimum_of_the_kernel_itself),
      cmocka_unit_test(constraints_and_quality_keep_their_bounds),
      cmocka_unit_test(a_rank_that_is_too_small_is_named_with_one_that_is_not),
      cmocka_unit_test(enough_rank_is_exact),
      cmocka_unit_test(intervals_close_with_the_rank),
      cmocka_unit_test(copies_one_row_and_constant_data_are_exact),
      cmocka_unit_test(one_feature_is_enough_to_be_honest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
