/* The bound on J from dual vectors, against a fixed fine grid and against points of the simplex. */
#include "check.h"
#include "make.h"
#include "simplex.h"
#include "solver/frontier.h"

#include <math.h>
#include <stdlib.h>

/* The bound by the plain recipe: the envelope of thousands of fixed lines, scanned over g. Between the points of the
 * scan the objective may be a little larger: this errs on the low side only. */
static double bound_on_grid(const dw_dual *duals, int count, int64_t n, int64_t r, double balance) {
  enum { LINES = 3000, POINTS = 4000 };
  double *value = malloc(LINES * sizeof *value), *slope = malloc(LINES * sizeof *slope), best = -INFINITY;
  for (int k = 0; k < LINES; k++) {
    slope[k] = k == 0 ? 0 : 1e-5 * pow(1e9, (double)k / LINES);
    value[k] = k == 0 ? log((double)r) : INFINITY;
    for (int s = 0; s < count; s++) {
      value[k] = fmin(value[k], dw_softmax_of(duals[s].D, slope[k], n).value + duals[s].constant);
    }
  }
  for (int j = 0; j <= POINTS; j++) {
    double g = log((double)n) * j / POINTS, f = INFINITY;
    for (int k = 0; k < LINES; k++) {
      f = fmin(f, value[k] + slope[k] * g);
    }
    best = fmax(best, balance * exp(f) + (1 - balance) * (log((double)n) - g));
  }
  free(slope);
  free(value);
  return best;
}

static dw_dual dual_of(const divw_weights *weights) {
  return (dw_dual){divw_weights_marginal_diversity(weights), 0, 1, divw_weights_entropy_weight(weights), 0};
}

/* Over the whole simplex, order 1; the set lives as long as the frontier needs it. */
static void make_frontier(dw_frontier **frontier, int64_t n, int64_t r, double balance) {
  static dw_feasible set;
  const dw_objective objective = {.order = 1, .exponent = 0, .balance = balance};
  dw_feasible_plain(&set, n);
  ok(dw_frontier_create(frontier, &set, 0, log((double)r), &objective, NULL, 0));
}

static void the_bound_is_that_of_a_fine_grid(void **state) {
  (void)state;
  static const double balances[] = {0.05, 0.5, 0.95};
  enum { n = 200, d = 12 };
  double *x = make_rows(n, d, 5);
  divw_kernel *kernel = make_kernel(x, n, d);
  for (int a = 0; a < 3; a++) {
    for (int b = 0; b < 3; b++) { /* solved for one balance, asked about another */
      divw_weights *weights = make_weights(kernel, balances[a], 1e-8);
      dw_frontier *frontier;
      dw_dual dual = dual_of(weights);
      make_frontier(&frontier, n, d, balances[b]);
      dw_frontier_add(frontier, dual);
      double found = dw_frontier_find_bound(frontier, 0, 1e-6).objective;
      double grid = bound_on_grid(&dual, 1, n, d, balances[b]);
      assert_true(found >= grid - 1e-9);       /* valid wherever the grid is */
      assert_true(found <= grid * (1 + 2e-2)); /* and not much looser, asked from far away */
      found = dw_frontier_find_bound(frontier, grid, 1e-6).objective;
      assert_true(found >= grid - 1e-9);
      near(found, grid, 1e-4 * grid);
      divw_free(frontier);
      divw_weights_destroy(weights);
    }
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void more_duals_never_loosen_the_bound(void **state) {
  (void)state;
  static const double balances[] = {0.5, 0.1, 0.9, 0.3};
  enum { n = 100, d = 6 };
  double *x = make_rows(n, d, 15), before = INFINITY;
  divw_kernel *kernel = make_kernel(x, n, d);
  divw_weights *weights[4];
  dw_frontier *frontier;
  make_frontier(&frontier, n, d, 0.3);
  for (int k = 0; k < 4; k++) {
    weights[k] = make_weights(kernel, balances[k], 1e-8);
    dw_frontier_add(frontier, dual_of(weights[k]));
    dw_frontier_bound bound = dw_frontier_find_bound(frontier, 0, 1e-6);
    assert_true(bound.objective <= before + 1e-12);
    before = bound.objective;
  }
  near(before, divw_weights_objective_value(weights[3]), 2e-2 * before);
  for (int k = 0; k < 4; k++) {
    divw_weights_destroy(weights[k]);
  }
  divw_free(frontier);
  divw_kernel_destroy(kernel);
  free(x);
}

/* Any vector with its trace term is a proof: here L = log r on the whole space, D_i = log r. */
static void a_useless_dual_still_bounds(void **state) {
  (void)state;
  enum { n = 50, r = 4 };
  double D[n];
  dw_frontier *frontier;
  for (int i = 0; i < n; i++) {
    D[i] = log(r);
  }
  make_frontier(&frontier, n, r, 0.5);
  dw_frontier_add(frontier, (dw_dual){D, 0, 1, 1, 0});
  near(dw_frontier_find_bound(frontier, 0, 1e-6).objective, 0.5 * r + 0.5 * log(n), 1e-12);
  divw_free(frontier);
}

static void balance_one_is_the_largest_marginal_diversity(void **state) {
  (void)state;
  double D[3] = {0.3, 0.7, 0.5};
  dw_frontier *frontier;
  make_frontier(&frontier, 3, 3, 1);
  dw_frontier_add(frontier, (dw_dual){D, 0.01, 1, 0, 0});
  dw_frontier_bound bound = dw_frontier_find_bound(frontier, 0, 1e-6);
  near(bound.objective, exp(0.71), 1e-14);
  near(bound.slope, 0, 0);
  divw_free(frontier);
}

static void one_example_has_nothing_to_trade(void **state) {
  (void)state;
  double D = 0;
  dw_frontier *frontier;
  make_frontier(&frontier, 1, 1, 0.25);
  dw_frontier_add(frontier, (dw_dual){&D, 0, 1, 3, 0});
  near(dw_frontier_find_bound(frontier, 0.25, 1e-6).objective, 0.25, 1e-15);
  divw_free(frontier);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_bound_is_that_of_a_fine_grid),
      cmocka_unit_test(more_duals_never_loosen_the_bound),
      cmocka_unit_test(a_useless_dual_still_bounds),
      cmocka_unit_test(balance_one_is_the_largest_marginal_diversity),
      cmocka_unit_test(one_example_has_nothing_to_trade),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
