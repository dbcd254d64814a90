/* Weights to start from: the answers are those of solves from uniform weights, for less. */
#include "check.h"
#include "make.h"
#include "paths.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>

static void a_start_at_the_optimum_is_recognised(void **state) {
  (void)state;
  static const double balances[] = {0.1, 0.5, 0.9, 0.99, 1}, orders[] = {0.5, 1, 2};
  double *x = make_rows(150, 9, 5);
  divw_kernel *kernel = make_kernel(x, 150, 9);
  for (int q = 0; q < 3; q++) {
    for (int b = 0; b < 5; b++) {
      for (int32_t method = DIVW_METHOD_AUTO; method <= DIVW_METHOD_INTERIOR_POINT; method++) {
        options o = {orders[q], 1e-6, DIVW_OBJECTIVE_PUBLISHED, method};
        int64_t cold, warm;
        divw_weights *first = solve_from(kernel, o, balances[b], NULL, &cold);
        divw_weights *again = solve_from(kernel, o, balances[b], divw_weights_values(first), &warm);
        assert_true(cold > 2 && warm <= 2);
        assert_true(divw_weights_gap(again) <= 1e-6);
        near(divw_weights_objective_value(again), divw_weights_objective_value(first), allowed(o, first));
        divw_weights_destroy(again);
        divw_weights_destroy(first);
      }
    }
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void grown_data_take_fewer_iterations_from_the_old_weights(void **state) {
  (void)state;
  enum { old = 400, n = 440, d = 12 };
  static const double balances[] = {0.2, 0.5, 0.8};
  double *x = make_kinds(n, d), p[n];
  divw_kernel *before = make_kernel(x, old, d), *after = make_kernel(x, n, d);
  for (int b = 0; b < 3; b++) {
    int64_t cold, warm, ignored;
    divw_weights *first = solve_from(before, published, balances[b], NULL, &ignored);
    for (int i = 0; i < n; i++) {
      p[i] = i < old ? divw_weights_values(first)[i] : 1.0 / old; /* the sum is 1.1 */
    }
    divw_weights *uniform = solve_from(after, published, balances[b], NULL, &cold);
    divw_weights *grown = solve_from(after, published, balances[b], p, &warm);
    assert_true(warm < cold);
    near(divw_weights_objective_value(grown), divw_weights_objective_value(uniform), allowed(published, uniform));
    divw_weights_destroy(grown);
    divw_weights_destroy(uniform);
    divw_weights_destroy(first);
  }
  divw_kernel_destroy(after);
  divw_kernel_destroy(before);
  free(x);
}

static void rows_without_weight_come_back(void **state) {
  (void)state;
  enum { n = 60, d = 6 };
  static const double balances[] = {0.3, 0.9, 1};
  static const options methods[] = {{1, 1e-7, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_ACCELERATED},
                                    {1, 1e-7, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_INTERIOR_POINT},
                                    {INFINITY, 1e-7, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_AUTO}};
  double *x = make_rows(n, d, 3), vertex[n] = {0};
  divw_kernel *kernel = make_kernel(x, n, d);
  vertex[7] = 1e300; /* only proportions count */
  for (int k = 0; k < 9; k++) {
    int64_t cold, warm;
    options o = methods[k / 3];
    divw_weights *uniform = solve_from(kernel, o, balances[k % 3], NULL, &cold);
    divw_weights *risen = solve_from(kernel, o, balances[k % 3], vertex, &warm);
    near(divw_weights_objective_value(risen), divw_weights_objective_value(uniform), allowed(o, uniform));
    assert_true(divw_weights_gap(risen) <= 1e-7);
    divw_weights_destroy(risen);
    divw_weights_destroy(uniform);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* 50 orthogonal rows and 20,000 copies: a start in the worse local maximum ends in the better one all the same. */
static void a_start_at_a_local_maximum_does_not_cost_the_global_one(void **state) {
  (void)state;
  double *x = make_copies(50, 20000);
  int64_t iterations;
  divw_kernel *kernel = make_kernel(x, 20050, 51);
  divw_solver *solver = make_solver(published, 0.2, &iterations);
  divw_weights *local;
  ok(divw_solver_set_max_solves(solver, 1));
  ok(divw_solver_solve(solver, kernel, &local));
  assert_true(divw_weights_objective_value(local) < 8.2);
  divw_weights *global = solve_from(kernel, published, 0.2, divw_weights_values(local), &iterations);
  near(divw_weights_objective_value(global), reference_copies(50, 20000, 0.2, 1), allowed(published, global));
  assert_true(divw_weights_global_gap(global) <= allowed(published, global));
  divw_weights_destroy(global);
  divw_weights_destroy(local);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  free(x);
}

/* With one solve and an interior-point method, which leaves the start at once. */
static void the_best_point_met_includes_the_start(void **state) {
  (void)state;
  double *x = make_rows(100, 8, 21), balance = 0.95;
  int64_t iterations;
  divw_kernel *kernel = make_kernel(x, 100, 8);
  options coarse = {1, 1e-3, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_INTERIOR_POINT};
  options fine = {1, 1e-12, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_INTERIOR_POINT};
  divw_weights *first = solve_from(kernel, coarse, balance, NULL, &iterations), *second;
  divw_solver *solver = make_solver(fine, balance, &iterations);
  ok(divw_solver_set_initial(solver, divw_weights_values(first), 100));
  for (int64_t limit = 1; limit <= 3; limit++) {
    ok(divw_solver_set_max_iterations(solver, limit));
    ok(divw_solver_solve(solver, kernel, &second));
    assert_int_equal(divw_weights_stop_reason(second), DIVW_STOP_MAX_ITERATIONS);
    assert_true(divw_weights_objective_value(second) >= divw_weights_objective_value(first) - 1e-7);
    divw_weights_destroy(second);
  }
  divw_weights_destroy(first);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  free(x);
}

static void a_start_is_copied_checked_and_taken_back(void **state) {
  (void)state;
  double x[4] = {1, 0, 0, 1}, p[3] = {0.5, 0.25, 0}, bad[3] = {0.5, -1, 0};
  int64_t total;
  divw_kernel *kernel = make_kernel(x, 2, 2);
  divw_solver *solver = make_solver(published, 0.5, &total);
  divw_weights *weights;
  assert_int_equal(divw_solver_initial_count(solver), 0);
  assert_int_equal(divw_solver_initial_count(NULL), 0);
  ok(divw_solver_set_initial(solver, p, 3));
  fails(divw_solver_set_initial(NULL, p, 3), DIVW_ERROR_ARGUMENT, "divw_solver_set_initial: solver is NULL");
  fails(divw_solver_set_initial(solver, p, 0), DIVW_ERROR_ARGUMENT, "n is 0, expected at least 1");
  fails(divw_solver_set_initial(solver, bad, 3), DIVW_ERROR_ARGUMENT, "weight 1 is -1, expected a finite number");
  bad[1] = NAN;
  fails(divw_solver_set_initial(solver, bad, 3), DIVW_ERROR_ARGUMENT, "weight 1 is nan");
  bad[1] = INFINITY;
  fails(divw_solver_set_initial(solver, bad, 3), DIVW_ERROR_ARGUMENT, "weight 1 is inf");
  fails(divw_solver_set_initial(solver, p + 2, 1), DIVW_ERROR_ARGUMENT, "all 1 weights are 0, expected a positive one");
  assert_int_equal(divw_solver_initial_count(solver), 3);
  fails(divw_solver_solve(solver, kernel, &weights), DIVW_ERROR_ARGUMENT,
        "divw_solver_solve: the solver starts from 3 weights, expected 2, one for each example");
  assert_null(weights);
  ok(divw_solver_set_initial(solver, p, 2));
  p[0] = NAN;
  ok(divw_solver_solve(solver, kernel, &weights));
  near(divw_weights_values(weights)[0], 0.5, 1e-4);
  divw_weights_destroy(weights);
  ok(divw_solver_set_initial(solver, NULL, 77));
  assert_int_equal(divw_solver_initial_count(solver), 0);
  ok(divw_solver_solve(solver, kernel, &weights));
  assert_int_equal(divw_weights_iterations(weights), 1); /* from uniform weights, which are the best here */
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_start_at_the_optimum_is_recognised),
      cmocka_unit_test(grown_data_take_fewer_iterations_from_the_old_weights),
      cmocka_unit_test(rows_without_weight_come_back),
      cmocka_unit_test(a_start_at_a_local_maximum_does_not_cost_the_global_one),
      cmocka_unit_test(the_best_point_met_includes_the_start),
      cmocka_unit_test(a_start_is_copied_checked_and_taken_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
