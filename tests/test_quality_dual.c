/* Quality scores at order infinity and large ones, whose dual state is a variable: a closed form, another method, the
 * limit, failing allocations. */
#include "check.h"
#include "make.h"
#include "wishes.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 60 };

/* Copies of orthonormal rows: p.s / (largest mass) is at most the sum of each kind's best score, at equal masses. */
static void order_infinity_adds_the_best_score_of_each_kind(void **state) {
  (void)state;
  double x[15] = {1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1}, s[5] = {1, 2, 0.5, 3, 2.5};
  divw_kernel *kernel = make_kernel(x, 5, 3);
  divw_weights *weights =
      solved(kernel, (request){.order = INFINITY, .balance = 1, .tolerance = 1e-8, .quality = s, .n = 5});
  const double *p = divw_weights_values(weights), expected[5] = {0, 1.0 / 3, 1.0 / 3, 1.0 / 3, 0};
  for (int i = 0; i < 5; i++) {
    near(p[i], expected[i], 1e-5);
  }
  near(divw_weights_objective_value(weights), 5.5, 1e-6);
  assert_true(divw_weights_global_upper_bound(weights) >= 5.5 - 1e-9);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
}

static void draw_scores(double *scores) {
  test_random random = {46};
  for (int i = 0; i < ROWS; i++) {
    scores[i] = next_uniform(&random);
  }
}

/* Ascent knows nothing of dual states as variables; it need not end, but bounds are bounds. */
static void ascent_does_not_beat_interior_points_at_order_forty(void **state) {
  (void)state;
  double *x = make_rows(ROWS, 6, 45), scores[ROWS];
  divw_kernel *kernel = make_kernel(x, ROWS, 6);
  draw_scores(scores);
  for (int k = 0; k < 2; k++) {
    request r = {.order = 40, .balance = k == 0 ? 0.5 : 1, .tolerance = 1e-6, .quality = scores, .n = ROWS};
    r.method = DIVW_METHOD_INTERIOR_POINT;
    divw_weights *interior = solved(kernel, r);
    r.method = DIVW_METHOD_ACCELERATED;
    divw_weights *ascent = solved(kernel, r);
    assert_int_equal(divw_weights_stop_reason(interior), DIVW_STOP_CONVERGED);
    assert_true(divw_weights_iterations(interior) <= 30);
    assert_true(divw_weights_objective_value(ascent) <= divw_weights_global_upper_bound(interior));
    assert_true(divw_weights_objective_value(interior) <= divw_weights_global_upper_bound(ascent));
    near(divw_weights_objective_value(ascent), divw_weights_objective_value(interior), 1e-3);
    divw_weights_destroy(interior);
    divw_weights_destroy(ascent);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* VS_inf <= VS_q <= VS_inf^(q / (q-1)). */
static void order_infinity_is_the_limit(void **state) {
  (void)state;
  static const double balances[] = {0.5, 0.9, 1};
  double *x = make_rows(ROWS, 6, 45), scores[ROWS];
  divw_kernel *kernel = make_kernel(x, ROWS, 6);
  draw_scores(scores);
  for (int k = 0; k < 3; k++) {
    request r = {.order = INFINITY, .balance = balances[k], .tolerance = 1e-7, .quality = scores, .n = ROWS};
    divw_weights *limit = solved(kernel, r);
    r.order = 1e8;
    divw_weights *large = solved(kernel, r);
    assert_int_equal(divw_weights_stop_reason(limit), DIVW_STOP_CONVERGED);
    assert_int_equal(divw_weights_stop_reason(large), DIVW_STOP_CONVERGED);
    near(divw_weights_objective_value(large), divw_weights_objective_value(limit), 1e-5);
    divw_weights_destroy(limit);
    divw_weights_destroy(large);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

typedef struct {
  divw_kernel *kernel;
  double order;
} call;

static divw_status solve_once(void *context) {
  const call *c = context;
  const double scores[9] = {1, 2, 0, 3, 1, 0.5, 2, 2, 1};
  divw_solver *solver;
  divw_weights *weights;
  divw_status status = divw_solver_create(&solver);
  if (status == DIVW_OK) {
    ok(divw_solver_set_order(solver, c->order));
    status = divw_solver_set_quality(solver, scores, 9);
  }
  if (status == DIVW_OK) {
    status = divw_solver_solve(solver, c->kernel, &weights);
    divw_weights_destroy(weights);
  }
  divw_solver_destroy(solver);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double *x = make_rows(9, 3, 34);
  call c = {make_kernel(x, 9, 3), INFINITY};
  fail_every_allocation(solve_once, &c);
  c.order = 100;
  fail_every_allocation(solve_once, &c);
  c.order = 3; /* smooth: no dual state, but the bounds of ratios too */
  fail_every_allocation(solve_once, &c);
  divw_kernel_destroy(c.kernel);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(order_infinity_adds_the_best_score_of_each_kind),
      cmocka_unit_test(ascent_does_not_beat_interior_points_at_order_forty),
      cmocka_unit_test(order_infinity_is_the_limit),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
