/* What ends a solve, and what is kept then: progress, limits, tolerances out of reach. */
#include "check.h"
#include "make.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
  int64_t calls, cancel_at;
  double best, last_gap;
} witness;

static int32_t watch(int64_t iteration, double vendi_score, double entropy, double objective, double gap,
                     double seconds, void *user) {
  witness *w = user;
  assert_int_equal(iteration, w->calls + 1);
  assert_true(vendi_score >= 1 && entropy >= 0 && seconds >= 0);
  w->calls++;
  w->best = fmax(w->best, objective);
  w->last_gap = gap;
  return w->calls == w->cancel_at;
}

static divw_weights *solve_watched(const divw_kernel *kernel, witness *w, double balance, double tolerance,
                                   int64_t max_iterations, int32_t method) {
  divw_solver *solver;
  divw_weights *weights;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_balance(solver, balance));
  ok(divw_solver_set_tolerance(solver, tolerance));
  ok(divw_solver_set_max_iterations(solver, max_iterations));
  ok(divw_solver_set_method(solver, method));
  ok(divw_solver_set_progress(solver, watch, w));
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_solver_destroy(solver);
  return weights;
}

static void check_stops(const divw_kernel *kernel, int32_t method, int64_t last) {
  for (int64_t stop = 1; stop <= last; stop++) {
    witness cancelled = {0, stop, -INFINITY, 0}, limited = {0, 0, -INFINITY, 0};
    divw_weights *a = solve_watched(kernel, &cancelled, 0.9, 1e-12, 500, method);
    divw_weights *b = solve_watched(kernel, &limited, 0.9, 1e-12, stop, method);
    assert_int_equal(divw_weights_stop_reason(a), DIVW_STOP_CANCELLED);
    assert_int_equal(divw_weights_stop_reason(b), DIVW_STOP_MAX_ITERATIONS);
    assert_int_equal(cancelled.calls, stop);
    assert_int_equal(limited.calls, stop);
    near(divw_weights_objective_value(a), cancelled.best, 1e-12);
    near(divw_weights_objective_value(b), divw_weights_objective_value(a), 0);
    assert_true(divw_weights_gap(a) > 1e-12 && isfinite(divw_weights_gap(a)));
    assert_true(divw_weights_global_gap(a) >= 0 && isfinite(divw_weights_global_gap(a)));
    divw_weights_destroy(a);
    divw_weights_destroy(b);
  }
}

static void the_best_point_is_kept_whatever_ends_the_solve(void **state) {
  (void)state;
  double *x = make_rows(300, 10, 81);
  divw_kernel *kernel = make_kernel(x, 300, 10);
  check_stops(kernel, DIVW_METHOD_ACCELERATED, 12);
  check_stops(kernel, DIVW_METHOD_INTERIOR_POINT, 5);
  divw_kernel_destroy(kernel);
  free(x);
}

/* Cancelled in a later solve, the best of all solves is returned. */
static void a_cancelled_search_keeps_the_best_of_all_solves(void **state) {
  (void)state;
  double *x = make_copies(50, 20000);
  divw_kernel *kernel = make_kernel(x, 20050, 51);
  for (int64_t stop = 4; stop <= 7; stop++) {
    witness w = {0, stop, -INFINITY, 0};
    divw_weights *weights = solve_watched(kernel, &w, 0.2, 1e-6, 500, DIVW_METHOD_AUTO);
    near(divw_weights_objective_value(weights), w.best, 1e-9);
    assert_true(divw_weights_objective_value(weights) >= 8.144);
    assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CANCELLED);
    /* the certificate is about J, also where the best point comes from a solve at another lambda */
    near(divw_weights_entropy_weight(weights), 0.8 / (0.2 * divw_weights_vendi_score(weights)), 1e-12);
    near(divw_weights_gap(weights),
         reference_gap(x, 20050, 51, divw_weights_values(weights), divw_weights_entropy_weight(weights), NULL, 0, NULL),
         1e-9);
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void an_unreachable_tolerance_ends_by_itself(void **state) {
  (void)state;
  double *x = make_rows(100, 30, 91);
  divw_kernel *kernel = make_kernel(x, 100, 30);
  divw_weights *weights = make_weights(kernel, 0.5, 1e-13);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_STALLED);
  assert_true(divw_weights_gap(weights) < 1e-11);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  free(x);
}

/* The gap stays a proof where lambda is large. */
static void tiny_balances_keep_their_proof(void **state) {
  (void)state;
  static const double balances[] = {1e-3, 1e-5, 1e-8, 1e-12, 1e-310};
  double *x = make_rows(300, 20, 17);
  divw_kernel *kernel = make_kernel(x, 300, 20);
  for (int k = 0; k < 5; k++) {
    divw_weights *weights = make_weights(kernel, balances[k], 1e-10);
    assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
    assert_true(divw_weights_gap(weights) >= 0 && divw_weights_gap(weights) <= 1e-10);
    assert_true(divw_weights_global_gap(weights) >= 0 && divw_weights_global_gap(weights) <= 1e-9);
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* Whatever max_solves leaves room for, converged means that the reported gap is within the tolerance. */
static void converged_is_said_of_the_gap_that_is_reported(void **state) {
  (void)state;
  double *x = make_copies(50, 20000);
  divw_kernel *kernel = make_kernel(x, 20050, 51);
  for (int32_t solves = 1; solves <= 5; solves++) {
    divw_solver *solver;
    divw_weights *weights;
    ok(divw_solver_create(&solver));
    ok(divw_solver_set_balance(solver, 0.2));
    ok(divw_solver_set_max_solves(solver, solves));
    ok(divw_solver_solve(solver, kernel, &weights));
    assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
    assert_true(divw_weights_gap(weights) <= 1e-6);
    assert_true(divw_weights_solves(weights) <= solves);
    divw_weights_destroy(weights);
    divw_solver_destroy(solver);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* Where rounding keeps the gap above the tolerance, the search goes on all the same. */
static void an_unreachable_tolerance_is_solved_globally_too(void **state) {
  (void)state;
  static const struct {
    int64_t m, copies;
    double balance, objective;
  } cases[] = {{50, 20000, 0.2, 13.571006}, {20, 10000, 0.25, 8.131909}};
  for (int k = 0; k < 2; k++) {
    double *x = make_copies(cases[k].m, cases[k].copies);
    divw_kernel *kernel = make_kernel(x, cases[k].m + cases[k].copies, cases[k].m + 1);
    divw_weights *weights = make_weights(kernel, cases[k].balance, 1e-13);
    near(divw_weights_objective_value(weights), cases[k].objective, 1e-6);
    assert_true(divw_weights_global_gap(weights) <= 1e-6);
    divw_weights_destroy(weights);
    divw_kernel_destroy(kernel);
    free(x);
  }
}

/* auto changes from ascent to interior point after 60 iterations; no limit may land on a worse point. */
static void changing_the_method_never_loses_the_best_point(void **state) {
  (void)state;
  double *x = make_rows(400, 12, 29), before = -INFINITY;
  divw_kernel *kernel = make_kernel(x, 400, 12);
  for (int64_t limit = 58; limit <= 66; limit++) {
    divw_solver *solver;
    divw_weights *weights;
    ok(divw_solver_create(&solver));
    ok(divw_solver_set_order(solver, 0.5));
    ok(divw_solver_set_balance(solver, 0.6));
    ok(divw_solver_set_tolerance(solver, 1e-13));
    ok(divw_solver_set_max_iterations(solver, limit));
    ok(divw_solver_solve(solver, kernel, &weights));
    assert_true(divw_weights_objective_value(weights) >= before - 1e-9);
    before = divw_weights_objective_value(weights);
    divw_weights_destroy(weights);
    divw_solver_destroy(solver);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void one_solve_is_the_plain_local_method(void **state) {
  (void)state;
  double *x = make_copies(50, 20000);
  divw_kernel *kernel = make_kernel(x, 20050, 51);
  divw_solver *solver;
  divw_weights *weights;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_balance(solver, 0.2));
  ok(divw_solver_set_max_solves(solver, 1));
  ok(divw_solver_solve(solver, kernel, &weights));
  near(divw_weights_objective_value(weights), 8.14439, 1e-4);
  assert_int_equal(divw_weights_solves(weights), 1);
  assert_true(divw_weights_global_upper_bound(weights) >= 13.571006); /* and the bound says how far off it may be */
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_best_point_is_kept_whatever_ends_the_solve),
      cmocka_unit_test(a_cancelled_search_keeps_the_best_of_all_solves),
      cmocka_unit_test(an_unreachable_tolerance_ends_by_itself),
      cmocka_unit_test(tiny_balances_keep_their_proof),
      cmocka_unit_test(converged_is_said_of_the_gap_that_is_reported),
      cmocka_unit_test(an_unreachable_tolerance_is_solved_globally_too),
      cmocka_unit_test(changing_the_method_never_loses_the_best_point),
      cmocka_unit_test(one_solve_is_the_plain_local_method),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
