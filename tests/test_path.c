/* The trade-off curve: the answers are those of separate solves, for less. */
#include "check.h"
#include "make.h"
#include "paths.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>

/* ---- the curve ---- */

enum { MOST = 64 };

typedef struct {
  double balance, vendi_score, entropy, objective, global_gap, gap;
  int64_t index;
  double lightest, heaviest; /* of its weights */
} curve_point;

typedef struct {
  curve_point points[MOST];
  int64_t count, stop_at; /* 0: never */
  int32_t last_reason;
} curve;

static int32_t keep(int64_t index, const divw_weights *weights, void *user) {
  curve *c = user;
  assert_true(c->count < MOST);
  curve_point point = {.balance = divw_weights_balance(weights),
                       .vendi_score = divw_weights_vendi_score(weights),
                       .entropy = divw_weights_entropy(weights),
                       .objective = divw_weights_objective_value(weights),
                       .global_gap = divw_weights_global_gap(weights),
                       .gap = divw_weights_gap(weights),
                       .index = index,
                       .lightest = INFINITY};
  for (int64_t i = 0; i < divw_weights_count(weights); i++) {
    point.lightest = fmin(point.lightest, divw_weights_values(weights)[i]);
    point.heaviest = fmax(point.heaviest, divw_weights_values(weights)[i]);
  }
  c->points[c->count++] = point;
  c->last_reason = divw_weights_stop_reason(weights);
  return c->count == c->stop_at;
}

static int by_balance(const void *a, const void *b) {
  double x = ((const curve_point *)a)->balance, y = ((const curve_point *)b)->balance;
  return (x > y) - (x < y);
}

/* The curve, points with ascending balance; the iterations are counted. */
static curve find_curve(const divw_kernel *kernel, options o, const double *balances, int64_t count, int64_t *total) {
  curve found = {.count = 0};
  *total = 0;
  divw_solver *solver = make_solver(o, 0.5, total);
  ok(divw_solver_path(solver, kernel, balances, count, keep, &found));
  near(divw_solver_balance(solver), 0.5, 0);
  assert_int_equal(divw_solver_initial_count(solver), 0);
  divw_solver_destroy(solver);
  qsort(found.points, (size_t)found.count, sizeof *found.points, by_balance);
  return found;
}

static const double list[] = {0.5, 0, 0.9, 0.1, 1, 0.2, 0.3, 0.7, 0.8, 0.6, 0.4};

enum { LIST = sizeof list / sizeof *list };

static void a_path_is_what_separate_solves_give(void **state) {
  (void)state;
  static const options cases[] = {{1, 1e-6, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_AUTO},
                                  {1, 1e-8, DIVW_OBJECTIVE_LOG, DIVW_METHOD_AUTO},
                                  {0.5, 1e-6, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_AUTO},
                                  {2, 1e-6, DIVW_OBJECTIVE_LOG, DIVW_METHOD_AUTO},
                                  {INFINITY, 1e-6, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_AUTO}};
  double *x = make_kinds(120, 10);
  divw_kernel *kernel = make_kernel(x, 120, 10);
  for (int k = 0; k < 5; k++) {
    int64_t total, one;
    curve found = find_curve(kernel, cases[k], list, LIST, &total);
    assert_int_equal(found.count, LIST);
    for (int64_t b = 0; b < LIST; b++) {
      const curve_point *at = &found.points[b];
      near(at->balance, list[at->index], 0);
      divw_weights *alone = solve_from(kernel, cases[k], at->balance, NULL, &one);
      near(at->objective, divw_weights_objective_value(alone), allowed(cases[k], alone));
      assert_true(at->gap <= cases[k].tolerance && at->global_gap <= allowed(cases[k], alone));
      divw_weights_destroy(alone);
    }
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* Options that are arrays of the host's serve every point. */
static void a_path_keeps_constraints_and_quality(void **state) {
  (void)state;
  enum { n = 120 };
  double *x = make_kinds(n, 10), scores[n];
  divw_kernel *kernel = make_kernel(x, n, 10);
  for (int i = 0; i < n; i++) {
    scores[i] = 1 + i % 3;
  }
  for (int scored = 0; scored < 2; scored++) {
    int64_t total;
    divw_solver *solver = make_solver((options){1, 1e-6, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_AUTO}, 0.5, &total);
    ok(divw_solver_set_max_weight(solver, 2));
    ok(divw_solver_set_min_weight(solver, 0.1));
    ok(divw_solver_set_quality(solver, scored ? scores : NULL, n));
    for (int even = 0; even < 2; even++) {
      curve found = {.count = 0};
      ok(divw_solver_path(solver, kernel, even ? NULL : list, 9, keep, &found));
      assert_int_equal(found.count, 9);
      for (int64_t k = 0; k < found.count; k++) {
        divw_weights *alone;
        ok(divw_solver_set_balance(solver, found.points[k].balance));
        ok(divw_solver_solve(solver, kernel, &alone));
        double slack = 3e-6 * found.points[k].vendi_score * (scored ? 3 : 1);
        near(found.points[k].objective, divw_weights_objective_value(alone), slack);
        assert_true(found.points[k].heaviest <= 2.0 / n + 1e-12 && found.points[k].lightest >= 0.1 / n - 1e-12);
        divw_weights_destroy(alone);
      }
    }
    divw_solver_destroy(solver);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* Iterations along a list of balances, as a share of those that separate solves take. */
static double share_along_the_path(const divw_kernel *kernel, options o, const double *balances, int64_t count) {
  int64_t along, alone = 0, one;
  find_curve(kernel, o, balances, count, &along);
  for (int64_t b = 0; b < count; b++) {
    divw_weights_destroy(solve_from(kernel, o, balances[b], NULL, &one));
    alone += one;
  }
  return (double)along / (double)alone;
}

/* At balance 1 ascent is left out: it takes hundreds of iterations wherever it starts, and how many depends on the last
 * bits, and so on the number of threads. */
static void a_path_takes_fewer_iterations_than_separate_solves(void **state) {
  (void)state;
  static const double below_one[] = {0.5, 0, 0.9, 0.1, 0.2, 0.3, 0.7, 0.8, 0.6, 0.4};
  for (int k = 0; k < 4; k++) {
    double *x = k % 2 == 0 ? make_rows(300, 20, 9) : make_kinds(300, 20);
    divw_kernel *kernel = make_kernel(x, 300, 20);
    options o = published;
    o.order = k < 2 ? 1 : 2;
    assert_true(share_along_the_path(kernel, o, below_one, LIST - 1) < 0.7);
    o.method = DIVW_METHOD_AUTO;
    assert_true(share_along_the_path(kernel, o, list, LIST) < 0.9);
    divw_kernel_destroy(kernel);
    free(x);
  }
}

static void points_come_with_ascending_balance(void **state) {
  (void)state;
  double *x = make_rows(40, 5, 2);
  int64_t total;
  divw_kernel *kernel = make_kernel(x, 40, 5);
  divw_solver *solver = make_solver(published, 0.5, &total);
  curve found = {.count = 0};
  ok(divw_solver_path(solver, kernel, (const double[]){1, 0.5, 0.5, 0, 1}, 5, keep, &found));
  static const int64_t order[] = {3, 1, 2, 0, 4};
  for (int k = 0; k < 5; k++) {
    assert_int_equal(found.points[k].index, order[k]);
  }
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  free(x);
}

static void check_monotone(const curve *found, double slack) {
  for (int64_t k = 1; k < found->count; k++) {
    const curve_point *a = &found->points[k - 1], *b = &found->points[k];
    assert_true(b->balance > a->balance);
    assert_true(b->vendi_score >= a->vendi_score - slack && b->entropy <= a->entropy + slack);
  }
}

/* Widest and mean distance of neighbours, in nats of H and log VS. */
static double unevenness(const curve *found) {
  double widest = 0, sum = 0;
  for (int64_t k = 1; k < found->count; k++) {
    const curve_point *a = &found->points[k - 1], *b = &found->points[k];
    double length = hypot(a->entropy - b->entropy, log(a->vendi_score / b->vendi_score));
    widest = fmax(widest, length);
    sum += length;
  }
  return widest * (double)(found->count - 1) / sum;
}

static void more_balance_is_more_diversity_and_less_entropy(void **state) {
  (void)state;
  static const options cases[] = {{1, 1e-9, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_AUTO},
                                  {1, 1e-9, DIVW_OBJECTIVE_LOG, DIVW_METHOD_AUTO},
                                  {2, 1e-9, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_AUTO}};
  double *x = make_kinds(200, 10);
  int64_t total;
  divw_kernel *kernel = make_kernel(x, 200, 10);
  for (int k = 0; k < 3; k++) {
    curve listed = find_curve(kernel, cases[k], list, LIST, &total);
    check_monotone(&listed, 1e-4);
    for (int64_t count = 2; count <= 17; count += 5) {
      curve even = find_curve(kernel, cases[k], NULL, count, &total);
      assert_int_equal(even.count, count);
      near(even.points[0].balance, 0, 0);
      near(even.points[count - 1].balance, 1, 0);
      check_monotone(&even, 1e-4);
      assert_true(unevenness(&even) < 1.6);
    }
    assert_true(unevenness(&listed) > 1.6); /* balances at equal steps do not cover the curve */
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* Between the points of a path that has ended, nothing beats the better of the neighbours by more than it allows. */
static void check_complete(const divw_kernel *kernel, options o, const curve *found) {
  int64_t iterations;
  for (int64_t k = 1; k < found->count; k++) {
    const curve_point *a = &found->points[k - 1], *b = &found->points[k];
    for (double share = 0.25; share < 1; share += 0.25) {
      double beta = (1 - share) * a->balance + share * b->balance;
      divw_weights *weights = solve_from(kernel, published, beta, NULL, &iterations);
      double at_a = beta * a->vendi_score + (1 - beta) * a->entropy;
      double at_b = beta * b->vendi_score + (1 - beta) * b->entropy;
      assert_true(divw_weights_objective_value(weights) <= fmax(at_a, at_b) + 3 * allowed(o, weights));
      divw_weights_destroy(weights);
    }
  }
}

/* m orthogonal rows and another one N times: the curve jumps from nearly uniform weights to nearly none on the copies.
 * All points are global optima, and the jump is known by the points on either side of it. */
static void the_curve_of_copies_jumps(void **state) {
  (void)state;
  double *x = make_copies(100, 20000), widest = 0;
  int64_t total;
  divw_kernel *kernel = make_kernel(x, 20100, 101);
  curve found = find_curve(kernel, published, NULL, 11, &total);
  assert_int_equal(found.count, 11);
  check_monotone(&found, 1e-3);
  for (int64_t k = 0; k < found.count; k++) {
    const curve_point *at = &found.points[k];
    double exact = reference_copies(100, 20000, at->balance, 1), slack = 2e-6 * at->balance * at->vendi_score + 1e-9;
    near(at->objective, exact, slack);
    assert_true(at->global_gap <= slack);
    if (k > 0 && at[-1].entropy - at->entropy > widest) {
      widest = at[-1].entropy - at->entropy;
      assert_true(widest < 4 || at->balance - at[-1].balance < 1e-4);
    }
  }
  assert_true(widest > 4);
  divw_kernel_destroy(kernel);
  free(x);
}

static void a_curve_without_more_points_ends(void **state) {
  (void)state;
  double orthogonal[9] = {1, 0, 0, 0, 2, 0, 0, 0, 3}, same[4] = {1, 1, 2, 2};
  int64_t total;
  divw_kernel *kernel = make_kernel(orthogonal, 3, 3);
  curve found = find_curve(kernel, published, NULL, 11, &total);
  assert_int_equal(found.count, 2); /* uniform weights are the best at every balance */
  divw_kernel_destroy(kernel);
  kernel = make_kernel(same, 2, 2);
  found = find_curve(kernel, published, NULL, 11, &total);
  assert_int_equal(found.count, 2);
  divw_kernel_destroy(kernel);
  double *x = make_copies(10, 3000);
  options coarse = published;
  coarse.tolerance = 1e-3;
  kernel = make_kernel(x, 3010, 11);
  found = find_curve(kernel, coarse, NULL, 60, &total);
  assert_true(found.count > 5 && found.count < 60);
  check_complete(kernel, coarse, &found);
  divw_kernel_destroy(kernel);
  free(x);
}

static int32_t stop_at_third(int64_t iteration, double vendi_score, double entropy, double objective, double gap,
                             double seconds, void *user) {
  (void)iteration, (void)vendi_score, (void)entropy, (void)objective, (void)gap, (void)seconds;
  return ++*(int64_t *)user >= 3;
}

static void both_functions_may_end_a_path(void **state) {
  (void)state;
  double *x = make_rows(200, 12, 6);
  int64_t total = 0;
  divw_kernel *kernel = make_kernel(x, 200, 12);
  for (int even = 0; even < 2; even++) {
    curve found = {.stop_at = 2};
    divw_solver *solver = make_solver(published, 0.5, &total);
    ok(divw_solver_path(solver, kernel, even ? NULL : list, 11, keep, &found));
    assert_int_equal(found.count, 2);
    found = (curve){.stop_at = 0};
    total = 0;
    ok(divw_solver_set_progress(solver, stop_at_third, &total));
    ok(divw_solver_path(solver, kernel, even ? NULL : list, 11, keep, &found));
    assert_int_equal(found.count, 2); /* balance 0, and what three iterations have reached */
    assert_int_equal(found.last_reason, DIVW_STOP_CANCELLED);
    divw_solver_destroy(solver);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void the_start_of_the_host_is_that_of_the_first_point(void **state) {
  (void)state;
  double *x = make_rows(100, 8, 4);
  int64_t total, one;
  divw_kernel *kernel = make_kernel(x, 100, 8);
  divw_weights *weights = solve_from(kernel, published, 0.7, NULL, &one);
  divw_solver *solver = make_solver(published, 0.5, &total);
  curve found = {.count = 0};
  total = 0;
  ok(divw_solver_set_initial(solver, divw_weights_values(weights), 100));
  ok(divw_solver_path(solver, kernel, (const double[]){0.7}, 1, keep, &found));
  assert_int_equal(total, 1);
  ok(divw_solver_set_initial(solver, divw_weights_values(weights), 99));
  fails(divw_solver_path(solver, kernel, NULL, 3, keep, &found), DIVW_ERROR_ARGUMENT, "starts from 99 weights");
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  free(x);
}

static void arguments_are_checked(void **state) {
  (void)state;
  double x = 1, good = 0.5, bad[3] = {0.5, 1, 1.5};
  int64_t total;
  divw_kernel *kernel = make_kernel(&x, 1, 1);
  divw_solver *solver = make_solver(published, 0.5, &total);
  curve found = {.count = 0};
  fails(divw_solver_path(NULL, kernel, &good, 1, keep, &found), DIVW_ERROR_ARGUMENT,
        "divw_solver_path: solver is NULL");
  fails(divw_solver_path(solver, NULL, &good, 1, keep, &found), DIVW_ERROR_ARGUMENT, "kernel is NULL");
  fails(divw_solver_path(solver, kernel, &good, 1, NULL, &found), DIVW_ERROR_ARGUMENT, "callback is NULL");
  fails(divw_solver_path(solver, kernel, &good, 0, keep, &found), DIVW_ERROR_ARGUMENT,
        "count is 0, expected at least 1");
  fails(divw_solver_path(solver, kernel, NULL, 1, keep, &found), DIVW_ERROR_ARGUMENT,
        "count is 1, expected at least 2, for both ends of the curve");
  fails(divw_solver_path(solver, kernel, bad, 3, keep, &found), DIVW_ERROR_ARGUMENT,
        "balances[2] is 1.5, expected a number in [0, 1]");
  bad[0] = NAN;
  fails(divw_solver_path(solver, kernel, bad, 1, keep, &found), DIVW_ERROR_ARGUMENT, "balances[0] is nan");
  fails(divw_solver_path(solver, kernel, NULL, INT64_MAX, keep, &found), DIVW_ERROR_MEMORY, "out of memory");
  assert_int_equal(found.count, 0);
  ok(divw_solver_set_effective_examples(solver, 1));
  fails(divw_solver_path(solver, kernel, &good, 1, keep, &found), DIVW_ERROR_ARGUMENT,
        "with a number of effective examples there is no balance");
  ok(divw_solver_set_effective_examples(solver, 0));
  ok(divw_solver_set_order(solver, INFINITY));
  fails(divw_solver_path(solver, kernel, &good, 1, keep, &found), DIVW_ERROR_ARGUMENT, "order inf has no gradient");
  ok(divw_solver_set_order(solver, 1));
  ok(divw_solver_path(solver, kernel, &good, 1, keep, &found));
  assert_int_equal(found.count, 1);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
}

/* ---- memory ---- */

typedef struct {
  const divw_kernel *kernel;
  const double *balances;
  int32_t method;
} attempt;

static divw_status try_path(void *context) {
  const attempt *a = context;
  double p[30] = {1};
  divw_solver *solver = NULL;
  curve found = {.count = 0};
  divw_status status = divw_solver_create(&solver);
  if (status == DIVW_OK) {
    (void)divw_solver_set_max_iterations(solver, 3);
    (void)divw_solver_set_method(solver, a->method);
    status = divw_solver_set_initial(solver, p, 30);
    assert_int_equal(divw_solver_initial_count(solver), status == DIVW_OK ? 30 : 0);
  }
  if (status == DIVW_OK) {
    status = divw_solver_path(solver, a->kernel, a->balances, 4, keep, &found);
  }
  divw_solver_destroy(solver);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double *x = make_rows(30, 4, 3);
  divw_kernel *kernel = make_kernel(x, 30, 4);
  fail_every_allocation(try_path, &(attempt){kernel, list, DIVW_METHOD_ACCELERATED});
  fail_every_allocation(try_path, &(attempt){kernel, NULL, DIVW_METHOD_INTERIOR_POINT});
  divw_kernel_destroy(kernel);
  free(x);
}

/* ---- real data ---- */

static void real_digits_reach_the_known_optima_along_the_curve(void **state) {
  (void)state;
  static const struct {
    double balance, score, entropy, objective;
  } known[] = {
      {0, 12.735924, 6.214608, 6.214608}, {0.5, 22.448351, 5.072983, 13.760667}, {0.9, 22.541669, 4.906698, 20.778172}};
  divw_kernel *kernel = make_digits_kernel(true, 500);
  if (kernel == NULL) {
    skip();
  }
  int64_t total;
  curve found = find_curve(kernel, published, list, 3, &total);
  for (int k = 0; k < 3; k++) {
    near(found.points[k].balance, known[k].balance, 0);
    near(found.points[k].objective, known[k].objective, known[k].balance * known[k].score * 1e-6 + 1e-6);
    near(found.points[k].vendi_score, known[k].score, 1e-3 * known[k].score);
    near(found.points[k].entropy, known[k].entropy, 1e-3 * known[k].entropy);
  }
  divw_kernel_destroy(kernel);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_path_is_what_separate_solves_give),
      cmocka_unit_test(a_path_keeps_constraints_and_quality),
      cmocka_unit_test(a_path_takes_fewer_iterations_than_separate_solves),
      cmocka_unit_test(points_come_with_ascending_balance),
      cmocka_unit_test(more_balance_is_more_diversity_and_less_entropy),
      cmocka_unit_test(the_curve_of_copies_jumps),
      cmocka_unit_test(a_curve_without_more_points_ends),
      cmocka_unit_test(both_functions_may_end_a_path),
      cmocka_unit_test(the_start_of_the_host_is_that_of_the_first_point),
      cmocka_unit_test(arguments_are_checked),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(real_digits_reach_the_known_optima_along_the_curve),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
