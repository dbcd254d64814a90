/* Orders down to 0, next to 1 and up to infinity: known answers, and certificates by naive loops in long double. */
#include "check.h"
#include "make.h"
#include "reference.h"
#include "solver/solve.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
  double order, balance;
  int32_t objective;
} options;

static divw_weights *solved(const divw_kernel *kernel, options o) {
  divw_solver *solver;
  divw_weights *weights;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_order(solver, o.order));
  ok(divw_solver_set_balance(solver, o.balance));
  ok(divw_solver_set_objective(solver, o.objective));
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_solver_destroy(solver);
  return weights;
}

static const double orders[] = {1e-300,    1e-9,     1e-6, 1e-3, 0.009, 0.5, 1 - 1e-9, 1 - 1e-12,
                                1 + 1e-12, 1 + 1e-9, 1.5,  2.5,  101,   1e4, 1e9,      1e300};
enum { ORDERS = sizeof orders / sizeof *orders };

static void every_order_has_known_answers(void **state) {
  (void)state;
  double x[16] = {1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4};
  divw_kernel *kernel = make_kernel(x, 4, 4);
  for (int q = 0; q < ORDERS; q++) {
    for (int k = 0; k < 4; k++) {
      const options o = {orders[q], k / 2 == 0 ? 0.4 : 1, 1 + k % 2};
      divw_weights *weights = solved(kernel, o);
      near(divw_weights_vendi_score(weights), 4, 1e-5);
      near(divw_weights_objective_value(weights),
           o.balance * (o.objective == DIVW_OBJECTIVE_PUBLISHED ? 4 : log(4)) + (1 - o.balance) * log(4), 1e-5);
      assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
      assert_true(divw_weights_gap(weights) >= 0 && divw_weights_gap(weights) <= 1e-6);
      assert_true(divw_weights_global_gap(weights) <= 1e-5);
      divw_weights_destroy(weights);
    }
  }
  divw_kernel_destroy(kernel);
}

/* The gap at sigma = rho(p) from the norm |rho|_q, centred so that no digit is lost near q = 1. */
static double naive_gap(const double *x, int64_t n, int64_t d, const double *p, double lambda, double order) {
  double *unit = malloc((size_t)(n * d) * sizeof *unit), *a = malloc((size_t)(d * d) * sizeof *a);
  double *v = malloc((size_t)(d * d) * sizeof *v), *mu = malloc((size_t)d * sizeof *mu), entropy = 0;
  reference_moment(x, n, d, p, unit, a);
  for (int64_t i = 0; i < n; i++) {
    entropy -= p[i] > 0 ? p[i] * log(p[i]) : 0;
  }
  reference_eigen(a, d, mu, v);
  const long double s = (long double)order - 1;
  long double power = 0; /* tr rho^q - 1 */
  for (int64_t k = 0; k < d; k++) {
    power += mu[k] * expm1l(s * logl(mu[k]));
  }
  const long double log_power = log1pl(power), e = order < 0.5 ? 1 : -s / order;
  long double largest = -INFINITY, sum = 0, *D = calloc((size_t)n, sizeof *D);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t k = 0; k < d; k++) {
      long double dot = 0;
      for (int64_t j = 0; j < d; j++) {
        dot += unit[i * d + j] * v[j * d + k];
      }
      D[i] += dot * dot * expm1l(s * logl(mu[k]) - log_power) / -s * order;
    }
    largest = fmaxl(largest, D[i]);
  }
  for (int64_t i = 0; i < n; i++) {
    sum += lambda > 0 ? expl((D[i] - largest) / lambda) : 0;
  }
  const long double gap = largest + (lambda > 0 ? lambda * logl(sum) : 0) - lambda * entropy;
  double *owned[] = {unit, a, v, mu};
  for (int k = 0; k < 4; k++) {
    free(owned[k]);
  }
  free(D);
  return (double)(order < 1 ? gap : log1pl(e * gap) / e);
}

static void certificates_hold_next_to_0_and_1(void **state) {
  (void)state;
  static const double near_ones[] = {1e-6, 1e-3, 0.009, 0.3, 1 - 1e-9, 1 - 1e-12, 1 + 1e-12, 1 + 1e-9, 1 + 1e-4};
  double *x = make_rows(70, 6, 31);
  divw_kernel *kernel = make_kernel(x, 70, 6);
  for (int q = 0; q < 9; q++) {
    for (int k = 0; k < 4; k++) {
      const options o = {near_ones[q], k < 2 ? 0.5 : 0.95, 1 + k % 2};
      divw_weights *weights = solved(kernel, o);
      const double gap =
          naive_gap(x, 70, 6, divw_weights_values(weights), divw_weights_entropy_weight(weights), o.order);
      assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
      near(divw_weights_gap(weights), gap, 1e-9 + 0.01 * o.order);
      if (o.order > 0.5) {
        near(divw_weights_gap(weights), gap, 1e-9);
      }
      divw_weights_destroy(weights);
    }
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void orders_beside_one_are_those_of_one(void **state) {
  (void)state;
  static const double steps[] = {1e-15, 1e-12, 1e-9, -1e-15, -1e-12, -1e-9};
  double *x = make_rows(80, 7, 32);
  divw_kernel *kernel = make_kernel(x, 80, 7);
  for (int k = 0; k < 2; k++) {
    const double balance = k == 0 ? 0.6 : 1;
    divw_weights *one = solved(kernel, (options){1, balance, DIVW_OBJECTIVE_PUBLISHED});
    for (int s = 0; s < 6; s++) {
      divw_weights *beside = solved(kernel, (options){1 + steps[s], balance, DIVW_OBJECTIVE_PUBLISHED});
      near(divw_weights_objective_value(beside), divw_weights_objective_value(one), 1e-5);
      near(divw_weights_global_upper_bound(beside), divw_weights_global_upper_bound(one), 1e-5);
      divw_weights_destroy(beside);
    }
    divw_weights_destroy(one);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void copies_at_extreme_orders(void **state) {
  (void)state;
  static const double extreme[] = {1e-6, 0.009, 0.3, 1 - 1e-9, 1 + 1e-9, 101, 1e4, 1e9};
  double *x = make_copies(20, 1000);
  divw_kernel *kernel = make_kernel(x, 1020, 21);
  for (int q = 0; q < 8; q++) {
    const double exact = reference_copies(20, 1000, 0.2, extreme[q]);
    divw_weights *weights = solved(kernel, (options){extreme[q], 0.2, DIVW_OBJECTIVE_PUBLISHED});
    assert_true(divw_weights_objective_value(weights) <= exact + 1e-9);
    assert_true(divw_weights_global_upper_bound(weights) >= exact - 1e-9);
    near(divw_weights_objective_value(weights), exact, 1e-5);
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* Where copies leave Newton's steps on the objective no way, rounds of concave problems go on. */
static void copies_at_order_infinity(void **state) {
  (void)state;
  double *x = make_copies(7, 150);
  divw_kernel *kernel = make_kernel(x, 157, 8);
  for (int k = 0; k < 6; k++) {
    const double balance = 0.5 + 0.05 * k, exact = reference_copies(7, 150, balance, INFINITY);
    divw_weights *weights = solved(kernel, (options){INFINITY, balance, DIVW_OBJECTIVE_PUBLISHED});
    assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
    assert_true(divw_weights_global_upper_bound(weights) >= exact - 1e-9);
    assert_true(divw_weights_global_gap(weights) <= 1e-5);
    near(divw_weights_objective_value(weights), exact, 1e-5);
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* VS_inf^c >= VS_q >= VS_inf for all weights, c = q / (q-1): so are the optima, whose bounds are proofs. */
static void large_orders_take_few_iterations_to_their_limit(void **state) {
  (void)state;
  static const double large[] = {33, 60, 101, 1e3, 1e4, 1e6, 1e9, 1e300};
  double *x = make_rows(120, 8, 33);
  divw_kernel *kernel = make_kernel(x, 120, 8);
  for (int k = 0; k < 4; k++) {
    const double balance = k < 2 ? 1 : 0.7;
    const int32_t objective = 1 + k % 2;
    divw_weights *limit = solved(kernel, (options){INFINITY, balance, objective});
    for (int q = 0; q < 8; q++) {
      const double c = large[q] / (large[q] - 1);
      divw_weights *weights = solved(kernel, (options){large[q], balance, objective});
      const double log_vendi = log(divw_weights_vendi_score(weights));
      assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
      assert_true(divw_weights_iterations(weights) <= 30);
      assert_true(divw_weights_global_gap(weights) <= 1e-6 * exp(log_vendi));
      assert_true(divw_weights_objective_value(weights) >= divw_weights_objective_value(limit) - 1e-5);
      if (balance == 1) {
        const double most = log(divw_weights_vendi_score(limit)) + divw_weights_gap(limit);
        assert_true(log_vendi <= c * most + 1e-12);
      }
      divw_weights_destroy(weights);
    }
    divw_weights_destroy(limit);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* Orders with a dual state of their own: what some rows at a time end with is no better than the bound of all at once,
 * nor the other way round; and it is the same at balance 1, where weights are few. */
static void large_orders_take_rows_at_once_or_in_turn(void **state) {
  (void)state;
  static const double large[] = {50, 1000, INFINITY}, balances[] = {0.999, 1};
  double *x = make_rows(400, 12, 35);
  divw_kernel *kernel = make_kernel(x, 400, 12);
  for (int k = 0; k < 6; k++) {
    double objective[2], bound[2];
    for (int part = 0; part < 2; part++) {
      divw_solver *solver;
      divw_weights *weights;
      ok(divw_solver_create(&solver));
      ok(divw_solver_set_order(solver, large[k / 2]));
      ok(divw_solver_set_balance(solver, balances[k % 2]));
      ok(divw_solver_set_method(solver, DIVW_METHOD_INTERIOR_POINT));
      solver->most_active = part * 150;
      ok(divw_solver_solve(solver, kernel, &weights));
      objective[part] = divw_weights_objective_value(weights);
      bound[part] = divw_weights_global_upper_bound(weights);
      assert_true(divw_weights_gap(weights) <= (balances[k % 2] == 1 || part == 0 ? 1e-6 : 0.01));
      divw_weights_destroy(weights);
      divw_solver_destroy(solver);
    }
    assert_true(objective[0] <= bound[1] && objective[1] <= bound[0]);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static divw_status solve_once(void *context) {
  divw_solver *solver;
  divw_weights *weights;
  divw_status status = divw_solver_create(&solver);
  if (status == DIVW_OK) {
    ok(divw_solver_set_order(solver, 50));
    status = divw_solver_solve(solver, context, &weights);
    divw_weights_destroy(weights);
  }
  divw_solver_destroy(solver);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double *x = make_rows(9, 3, 34);
  divw_kernel *kernel = make_kernel(x, 9, 3);
  fail_every_allocation(solve_once, kernel);
  divw_kernel_destroy(kernel);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_order_has_known_answers),
      cmocka_unit_test(certificates_hold_next_to_0_and_1),
      cmocka_unit_test(orders_beside_one_are_those_of_one),
      cmocka_unit_test(copies_at_extreme_orders),
      cmocka_unit_test(copies_at_order_infinity),
      cmocka_unit_test(large_orders_take_few_iterations_to_their_limit),
      cmocka_unit_test(large_orders_take_rows_at_once_or_in_turn),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
