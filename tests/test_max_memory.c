/* The limit on memory of a solve: what keeps within it, and what is refused with the figure. */
#include "make.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void the_limit_is_none_until_it_is_set(void **state) {
  (void)state;
  divw_solver *solver;
  ok(divw_solver_create(&solver));
  assert_true(isinf(divw_solver_max_memory(solver)));
  ok(divw_solver_set_max_memory(solver, 1e6));
  near(divw_solver_max_memory(solver), 1e6, 0);
  fails(divw_solver_set_max_memory(solver, 0), DIVW_ERROR_ARGUMENT, "max_memory is 0, expected a positive number");
  fails(divw_solver_set_max_memory(solver, NAN), DIVW_ERROR_ARGUMENT, "max_memory is nan");
  fails(divw_solver_set_max_memory(NULL, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  near(divw_solver_max_memory(solver), 1e6, 0);
  assert_true(isnan(divw_solver_max_memory(NULL)));
  divw_solver_destroy(solver);
}

/* At order 5 auto begins with interior points. */
static void auto_does_without_interior_points_that_do_not_fit(void **state) {
  (void)state;
  const int64_t n = 600, d = 10;
  double *x = make_rows(n, d, 3);
  divw_kernel *kernel = make_kernel(x, n, d);
  divw_solver *solver;
  divw_weights *weights;
  divw_estimate *estimate;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_order(solver, 5));
  ok(divw_solver_set_balance(solver, 0.9));
  ok(divw_solver_set_max_solves(solver, 1)); /* otherwise solves are given up first */
  ok(divw_estimate_create(&estimate, solver, n, d, DIVW_FLOAT64, n, 0));
  const double more = divw_estimate_bytes(estimate, DIVW_MEMORY_INTERIOR_POINT);
  divw_estimate_destroy(estimate);
  ok(divw_solver_set_max_memory(solver, more));
  ok(divw_solver_solve(solver, kernel, &weights));
  assert_non_null(strstr(divw_weights_report(weights), "interior-point"));
  divw_weights_destroy(weights);

  ok(divw_solver_set_max_memory(solver, more - 1));
  ok(divw_estimate_create(&estimate, solver, n, d, DIVW_FLOAT64, n, 0));
  assert_int_equal(divw_estimate_uses(estimate, DIVW_METHOD_INTERIOR_POINT), 0);
  ok(divw_solver_set_max_memory(solver, divw_estimate_bytes(estimate, DIVW_MEMORY_SOLVER)));
  divw_estimate_destroy(estimate);
  ok(divw_solver_solve(solver, kernel, &weights));
  assert_non_null(strstr(divw_weights_report(weights), "accelerated"));
  assert_true(divw_weights_gap(weights) <= 1e-6);
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  free(x);
}

static void what_does_not_fit_is_refused_with_the_figure(void **state) {
  (void)state;
  const int64_t n = 600, d = 30;
  double *x = make_rows(n, d, 3);
  divw_kernel *kernel = make_kernel(x, n, d);
  divw_solver *solver;
  divw_weights *weights;
  divw_estimate *estimate;
  char expected[200];
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_max_memory(solver, 1e6));
  ok(divw_solver_set_method(solver, DIVW_METHOD_INTERIOR_POINT));
  ok(divw_estimate_create(&estimate, solver, n, d, DIVW_FLOAT64, n, 0));
  snprintf(expected, sizeof expected,
           "600 examples of 30 features may take %.0f bytes by method interior-point, max_memory allows 1000000",
           divw_estimate_bytes(estimate, DIVW_MEMORY_INTERIOR_POINT));
  divw_estimate_destroy(estimate);
  fails(divw_solver_solve(solver, kernel, &weights), DIVW_ERROR_MEMORY, expected);
  assert_null(weights);
  ok(divw_solver_set_method(solver, DIVW_METHOD_AUTO));
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_weights_destroy(weights);
  ok(divw_solver_set_order(solver, INFINITY));
  fails(divw_solver_solve(solver, kernel, &weights), DIVW_ERROR_MEMORY, "by method interior-point");
  ok(divw_solver_set_order(solver, 1));
  ok(divw_solver_set_max_memory(solver, 1e5));
  fails(divw_solver_solve(solver, kernel, &weights), DIVW_ERROR_MEMORY, "by method accelerated");
  ok(divw_solver_set_method(solver, DIVW_METHOD_ADAM));
  fails(divw_solver_solve(solver, kernel, &weights), DIVW_ERROR_MEMORY, "by method adam");
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_limit_is_none_until_it_is_set),
      cmocka_unit_test(auto_does_without_interior_points_that_do_not_fit),
      cmocka_unit_test(what_does_not_fit_is_refused_with_the_figure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
