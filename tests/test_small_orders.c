/* Orders below 1, where directions with little or no weight count most: those that only rows have which may have no
 * weight, and those of a start without weight. */
#include "check.h"
#include "make.h"
#include "wishes.h"

#include <math.h>
#include <stdlib.h>

static const double small[] = {0.01, 0.3, 0.5, 0.9};

enum { KEPT = 12, SPAN = 5, COLUMNS = 8 }; /* rows that stay, what they span, and with those that do not */

/* Rows in SPAN columns, then 3 that each have a column of their own. */
static double *make_mixed_rows(void) {
  double *inside = make_rows(KEPT, SPAN, 3), *x = calloc((KEPT + 3) * COLUMNS, sizeof *x);
  for (int i = 0; i < KEPT; i++) {
    memcpy(x + (ptrdiff_t)i * COLUMNS, inside + (ptrdiff_t)i * SPAN, SPAN * sizeof *x);
  }
  for (int i = 0; i < 3; i++) {
    x[(KEPT + i) * COLUMNS] = 1;
    x[(KEPT + i) * COLUMNS + SPAN + i] = 2;
  }
  free(inside);
  return x;
}

/* As if the rows were not there. */
static void check_alike(const divw_weights *with, const divw_weights *without) {
  assert_int_equal(divw_weights_stop_reason(with), DIVW_STOP_CONVERGED);
  const double score = divw_weights_vendi_score(without);
  near(divw_weights_vendi_score(with), score, 1e-5 * score);
  near(divw_weights_entropy(with), divw_weights_entropy(without), 1e-3);
  assert_true(divw_weights_gap(with) <= 1e-7);
  assert_true(divw_weights_global_gap(with) <= 1e-6 * score);
}

static void what_only_excluded_rows_span_costs_nothing(void **state) {
  (void)state;
  double *x = make_mixed_rows(), *kept = make_mixed_rows();
  const int64_t out[] = {KEPT, KEPT + 1, KEPT + 2}, group = 7;
  const double none = 0;
  int64_t labels[KEPT + 3];
  for (int i = 0; i < KEPT + 3; i++) {
    labels[i] = i < KEPT ? 0 : group;
  }
  divw_kernel *all = make_labelled(x, KEPT + 3, COLUMNS, labels), *few = make_kernel(kept, KEPT, COLUMNS);
  for (int k = 0; k < 8; k++) {
    for (int method = DIVW_METHOD_AUTO; method <= DIVW_METHOD_INTERIOR_POINT; method++) {
      const request r = {.order = small[k / 2], .balance = k % 2 == 0 ? 0.5 : 0.9, .tolerance = 1e-7, .method = method};
      request excluding = r, bounding = r;
      excluding.excluded = out;
      excluding.excluded_count = 3;
      bounding.groups = 1;
      bounding.labels = &group;
      bounding.least = bounding.most = &none;
      divw_weights *without = solved(few, r), *by_row = solved(all, excluding), *by_group = solved(all, bounding);
      check_alike(by_row, without);
      check_alike(by_group, without);
      divw_weights_destroy(by_group);
      divw_weights_destroy(by_row);
      divw_weights_destroy(without);
    }
  }
  divw_kernel_destroy(few);
  divw_kernel_destroy(all);
  free(kept);
  free(x);
}

/* The gradient then spans 15 decades, and so does its triangular factor. */
static void a_start_without_weight_on_a_direction_is_no_obstacle(void **state) {
  (void)state;
  const double x[9] = {-0.92, -0.142, 0.365, 0.701, -0.704, 0.11, 0.852, 0.426, 0.304}, p[3] = {0.16, 0, 0.47};
  divw_kernel *kernel = make_kernel(x, 3, 3);
  for (int k = 0; k < 4; k++) {
    divw_solver *solver;
    divw_weights *weights;
    ok(divw_solver_create(&solver));
    ok(divw_solver_set_order(solver, small[k]));
    ok(divw_solver_set_objective(solver, DIVW_OBJECTIVE_LOG));
    ok(divw_solver_set_method(solver, DIVW_METHOD_ACCELERATED));
    ok(divw_solver_set_initial(solver, p, 3));
    ok(divw_solver_solve(solver, kernel, &weights));
    assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
    assert_true(divw_weights_values(weights)[1] > 0.3);
    divw_weights_destroy(weights);
    divw_solver_destroy(solver);
  }
  divw_kernel_destroy(kernel);
}

static divw_status solve_excluding(void *context) {
  const int64_t out[] = {KEPT, KEPT + 1, KEPT + 2};
  divw_solver *solver;
  divw_weights *weights = NULL;
  divw_status status = divw_solver_create(&solver);
  status = status == DIVW_OK ? divw_solver_set_order(solver, 0.5) : status;
  status = status == DIVW_OK ? divw_solver_set_excluded(solver, out, 3) : status;
  status = status == DIVW_OK ? divw_solver_solve(solver, context, &weights) : status;
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double *x = make_mixed_rows();
  divw_kernel *kernel = make_kernel(x, KEPT + 3, COLUMNS);
  fail_every_allocation(solve_excluding, kernel);
  divw_kernel_destroy(kernel);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_only_excluded_rows_span_costs_nothing),
      cmocka_unit_test(a_start_without_weight_on_a_direction_is_no_obstacle),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
