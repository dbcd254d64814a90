/* Other orders, objectives and methods: known answers, certificates rechecked, and methods against each other. */
#include "check.h"
#include "make.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
  double order, balance, tolerance;
  int32_t objective, method;
} options;

static divw_weights *solved(const divw_kernel *kernel, options o) {
  divw_solver *solver;
  divw_weights *weights;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_order(solver, o.order));
  ok(divw_solver_set_balance(solver, o.balance));
  ok(divw_solver_set_objective(solver, o.objective));
  ok(divw_solver_set_method(solver, o.method));
  ok(divw_solver_set_tolerance(solver, o.tolerance));
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_solver_destroy(solver);
  return weights;
}

static const double orders[] = {0.1, 0.5, 1, 2, 5, INFINITY};
enum { ORDERS = sizeof orders / sizeof *orders };

static void orthogonal_rows_get_equal_weights_at_every_order(void **state) {
  (void)state;
  double x[16] = {1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4};
  divw_kernel *kernel = make_kernel(x, 4, 4);
  for (int q = 0; q < ORDERS; q++) {
    for (int objective = 1; objective <= 2; objective++) {
      divw_weights *weights = solved(kernel, (options){orders[q], 0.4, 1e-8, objective, DIVW_METHOD_AUTO});
      for (int i = 0; i < 4; i++) {
        near(divw_weights_values(weights)[i], 0.25, 1e-6);
      }
      near(divw_weights_vendi_score(weights), 4, 1e-6);
      near(divw_weights_objective_value(weights), 0.4 * (objective == 1 ? 4 : log(4)) + 0.6 * log(4), 1e-6);
      divw_weights_destroy(weights);
    }
  }
  divw_kernel_destroy(kernel);
}

/* What the report says of p is true, by naive loops; and no point around p beats the global bound. */
static void check_report(const double *x, int64_t n, int64_t d, const divw_kernel *kernel, options o) {
  divw_weights *weights = solved(kernel, o);
  const double *p = divw_weights_values(weights);
  double score, log_vendi, entropy = divw_entropy(p, n);
  ok(divw_vendi_score(kernel, p, o.order, &score));
  double diversity = o.objective == DIVW_OBJECTIVE_LOG ? log(score) : score;
  double worth = o.objective == DIVW_OBJECTIVE_LOG ? 1 : score, lambda = (1 - o.balance) / (o.balance * worth);
  near(divw_weights_vendi_score(weights), score, 1e-9 * score);
  near(divw_weights_objective_value(weights), o.balance * diversity + (1 - o.balance) * entropy, 1e-9);
  near(divw_weights_entropy_weight(weights), lambda, 1e-9 * lambda);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
  assert_true(divw_weights_gap(weights) <= o.tolerance && divw_weights_gap(weights) >= 0);
  assert_true(divw_weights_global_gap(weights) <= 1.01 * o.balance * worth * o.tolerance);
  if (o.order != 1 && isfinite(o.order) && o.balance < 1) {
    double gap = reference_gap_of_order(x, n, d, p, lambda, o.order, &log_vendi);
    near(log_vendi, log(score), 1e-10);
    assert_true(gap <= 2 * o.tolerance && gap > -1e-10);
  }
  test_random random = {7};
  double *other = malloc((size_t)n * sizeof *other);
  for (int trial = 0; trial < 30; trial++) {
    double sum = 0, spread = 3 * next_uniform(&random);
    for (int64_t i = 0; i < n; i++) {
      sum += other[i] = p[i] * exp(spread * next_normal(&random));
    }
    for (int64_t i = 0; i < n; i++) {
      other[i] /= sum;
    }
    ok(divw_vendi_score(kernel, other, o.order, &score));
    diversity = o.objective == DIVW_OBJECTIVE_LOG ? log(score) : score;
    assert_true(o.balance * diversity + (1 - o.balance) * divw_entropy(other, n) <=
                divw_weights_global_upper_bound(weights));
  }
  free(other);
  divw_weights_destroy(weights);
}

static void certificates_hold_at_every_order(void **state) {
  (void)state;
  static const double balances[] = {0.05, 0.5, 0.95, 1};
  static const int64_t shapes[][2] = {{120, 8}, {14, 30}};
  for (int s = 0; s < 2; s++) {
    double *x = make_rows(shapes[s][0], shapes[s][1], 77);
    divw_kernel *kernel = make_kernel(x, shapes[s][0], shapes[s][1]);
    for (int q = 0; q < ORDERS; q++) {
      for (int b = 0; b < 4; b++) {
        for (int objective = 1; objective <= 2; objective++) {
          check_report(x, shapes[s][0], shapes[s][1], kernel,
                       (options){orders[q], balances[b], 1e-6, objective, DIVW_METHOD_AUTO});
        }
      }
    }
    divw_kernel_destroy(kernel);
    free(x);
  }
}

static void methods_agree(void **state) {
  (void)state;
  static const double balances[] = {0.2, 0.8};
  double *x = make_rows(150, 9, 5);
  divw_kernel *kernel = make_kernel(x, 150, 9);
  for (int q = 0; q < ORDERS - 1; q++) {
    for (int b = 0; b < 2; b++) {
      options o = {orders[q], balances[b], 1e-9, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_ACCELERATED};
      divw_weights *a = solved(kernel, o);
      o.method = DIVW_METHOD_INTERIOR_POINT;
      divw_weights *c = solved(kernel, o);
      near(divw_weights_objective_value(a), divw_weights_objective_value(c), 2e-8);
      assert_non_null(strstr(divw_weights_report(a), "\"method\": \"accelerated\""));
      assert_non_null(strstr(divw_weights_report(c), "\"method\": \"interior-point\""));
      assert_true(divw_weights_iterations(c) <= 20);
      divw_weights_destroy(a);
      divw_weights_destroy(c);
    }
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* VS_q tends to VS_inf: the optimum at q = inf is that of large q. */
static void the_infinite_order_is_the_limit_of_large_ones(void **state) {
  (void)state;
  double *x = make_rows(80, 6, 15);
  divw_kernel *kernel = make_kernel(x, 80, 6);
  options o = {INFINITY, 1, 1e-8, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_AUTO};
  divw_weights *limit = solved(kernel, o);
  o.order = 20;
  divw_weights *large = solved(kernel, o);
  assert_true(divw_weights_vendi_score(large) >= divw_weights_vendi_score(limit) - 1e-6);
  near(divw_weights_vendi_score(large), divw_weights_vendi_score(limit), 0.1 * divw_weights_vendi_score(limit));
  divw_weights_destroy(limit);
  divw_weights_destroy(large);
  divw_kernel_destroy(kernel);
  free(x);
}

/* The closed form of copies, at other orders: the same two local maxima. */
static void copies_are_solved_globally_at_other_orders(void **state) {
  (void)state;
  static const struct {
    int64_t m, copies;
    double balance, order;
  } cases[] = {{50, 20000, 0.2, 2},   {20, 10000, 0.25, 2}, {20, 10000, 0.2, 2},
               {50, 20000, 0.2, 0.5}, {20, 1000, 0.2, 5},   {20, 1000, 0.1, INFINITY}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    double *x = make_copies(cases[k].m, cases[k].copies);
    double exact = reference_copies(cases[k].m, cases[k].copies, cases[k].balance, cases[k].order);
    divw_kernel *kernel = make_kernel(x, cases[k].m + cases[k].copies, cases[k].m + 1);
    divw_weights *weights =
        solved(kernel, (options){cases[k].order, cases[k].balance, 1e-6, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_AUTO});
    near(divw_weights_objective_value(weights), exact, 1e-5);
    assert_true(divw_weights_global_upper_bound(weights) >= exact - 1e-9);
    assert_true(divw_weights_global_gap(weights) <= 1e-4);
    divw_weights_destroy(weights);
    divw_kernel_destroy(kernel);
    free(x);
  }
}

static void marginal_diversity_is_the_gradient_at_every_order(void **state) {
  (void)state;
  enum { n = 25, d = 6 };
  double *x = make_rows(n, d, 51), p[n], up, down, step = 1e-5;
  divw_kernel *kernel = make_kernel(x, n, d);
  for (int q = 0; q < 4; q++) {
    divw_weights *weights =
        solved(kernel, (options){orders[q], 0.3, 1e-8, DIVW_OBJECTIVE_LOG, DIVW_METHOD_ACCELERATED});
    const double *D = divw_weights_marginal_diversity(weights);
    for (int i = 1; i < n; i++) {
      memcpy(p, divw_weights_values(weights), sizeof p);
      p[i] += step;
      p[0] -= step;
      ok(divw_vendi_score(kernel, p, orders[q], &up));
      p[i] -= 2 * step;
      p[0] += 2 * step;
      ok(divw_vendi_score(kernel, p, orders[q], &down));
      near((log(up) - log(down)) / (2 * step), D[i] - D[0], 1e-5);
    }
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void an_entropy_weight_is_a_balance_of_the_logarithm(void **state) {
  (void)state;
  double *x = make_rows(90, 7, 3);
  divw_kernel *kernel = make_kernel(x, 90, 7);
  divw_solver *solver;
  divw_weights *weights;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_entropy_weight(solver, 0.25));
  assert_int_equal(divw_solver_objective(solver), DIVW_OBJECTIVE_LOG);
  near(divw_solver_balance(solver), 0.8, 1e-15);
  ok(divw_solver_solve(solver, kernel, &weights));
  near(divw_weights_entropy_weight(weights), 0.25, 1e-15);
  near(divw_weights_certified_value(weights),
       log(divw_weights_vendi_score(weights)) + 0.25 * divw_weights_entropy(weights), 1e-12);
  divw_weights_destroy(weights);
  ok(divw_solver_set_entropy_weight(solver, INFINITY));
  near(divw_solver_balance(solver), 0, 0);
  ok(divw_solver_solve(solver, kernel, &weights));
  near(divw_weights_entropy(weights), log(90), 1e-12);
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  free(x);
}

static void options_are_checked_at_once(void **state) {
  (void)state;
  divw_solver *solver;
  divw_weights *weights;
  double x = 1;
  divw_kernel *kernel = make_kernel(&x, 1, 1);
  ok(divw_solver_create(&solver));
  near(divw_solver_order(solver), 1, 0);
  assert_int_equal(divw_solver_objective(solver), DIVW_OBJECTIVE_PUBLISHED);
  assert_int_equal(divw_solver_method(solver), DIVW_METHOD_AUTO);
  fails(divw_solver_set_order(solver, 0), DIVW_ERROR_ARGUMENT, "order is 0, expected more than 0, INFINITY accepted");
  fails(divw_solver_set_order(solver, -1), DIVW_ERROR_ARGUMENT, "order is -1");
  ok(divw_solver_set_order(solver, 1e-300));
  ok(divw_solver_set_order(solver, 1e300));
  fails(divw_solver_set_order(solver, NAN), DIVW_ERROR_ARGUMENT, "order is nan");
  fails(divw_solver_set_objective(solver, 3), DIVW_ERROR_ARGUMENT, "objective is 3");
  fails(divw_solver_set_method(solver, 0), DIVW_ERROR_ARGUMENT, "method is 0");
  fails(divw_solver_set_entropy_weight(solver, -1), DIVW_ERROR_ARGUMENT, "entropy_weight is -1");
  ok(divw_solver_set_order(solver, INFINITY));
  ok(divw_solver_set_method(solver, DIVW_METHOD_ACCELERATED));
  fails(divw_solver_solve(solver, kernel, &weights), DIVW_ERROR_ARGUMENT, "order inf has no gradient to ascend");
  assert_null(weights);
  fails(divw_solver_set_order(NULL, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_objective(NULL, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_method(NULL, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_entropy_weight(NULL, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  assert_true(isnan(divw_solver_order(NULL)));
  assert_int_equal(divw_solver_objective(NULL), 0);
  assert_int_equal(divw_solver_method(NULL), 0);
  assert_string_equal(divw_objective_name(DIVW_OBJECTIVE_LOG), "log");
  assert_string_equal(divw_objective_name(9), "unknown");
  assert_string_equal(divw_method_name(DIVW_METHOD_AUTO), "auto");
  assert_string_equal(divw_method_name(9), "unknown");
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
}

/* Three dimensions in fifty columns: the dust of rounding must not count, least of all at small orders. */
static void deficient_rank_changes_nothing_at_any_order(void **state) {
  (void)state;
  enum { n = 120, d = 40 };
  double *x = make_rows(n, 3, 9), *mixing = make_rows(3, d, 10), *y = calloc(n * d, sizeof *y), score;
  double basis[3];
  for (int a = 0; a < 3; a++) { /* orthonormal rows, so that y has the angles of x */
    for (int b = 0; b < a; b++) {
      basis[b] = 0;
      for (int j = 0; j < d; j++) {
        basis[b] += mixing[a * d + j] * mixing[b * d + j];
      }
      for (int j = 0; j < d; j++) {
        mixing[a * d + j] -= basis[b] * mixing[b * d + j];
      }
    }
    double square = 0;
    for (int j = 0; j < d; j++) {
      square += mixing[a * d + j] * mixing[a * d + j];
    }
    for (int j = 0; j < d; j++) {
      mixing[a * d + j] /= sqrt(square);
    }
  }
  for (int i = 0; i < n * d; i++) {
    for (int a = 0; a < 3; a++) {
      y[i] += x[i / d * 3 + a] * mixing[a * d + i % d];
    }
  }
  divw_kernel *wide = make_kernel(y, n, d), *narrow = make_kernel(x, n, 3);
  static const double small[] = {0.001, 0.1, 0.3, 0.5, 1};
  for (int k = 0; k < 5; k++) {
    double expected;
    ok(divw_vendi_score(wide, NULL, small[k], &score));
    ok(divw_vendi_score(narrow, NULL, small[k], &expected));
    near(score, expected, 1e-9);
  }
  for (int method = DIVW_METHOD_AUTO; method <= DIVW_METHOD_INTERIOR_POINT; method++) {
    for (int objective = 1; objective <= 2; objective++) {
      for (int k = 1; k < 4; k++) {
        options o = {small[k], 1, 1e-6, objective, method};
        divw_weights *a = solved(wide, o), *b = solved(narrow, o);
        near(divw_weights_objective_value(a), divw_weights_objective_value(b), 3e-6);
        assert_int_equal(divw_weights_stop_reason(a), DIVW_STOP_CONVERGED);
        assert_true(divw_weights_objective_value(a) <= divw_weights_global_upper_bound(a));
        assert_true(divw_weights_objective_value(b) <= divw_weights_global_upper_bound(a) + 1e-9);
        divw_weights_destroy(a);
        divw_weights_destroy(b);
      }
    }
  }
  divw_kernel_destroy(wide);
  divw_kernel_destroy(narrow);
  free(y);
  free(mixing);
  free(x);
}

/* Beyond 10,000 rows some thousands are taken at a time; here the copies are all but three. */
static void interior_points_take_any_number_of_examples(void **state) {
  (void)state;
  double *x = make_copies(3, 10000);
  divw_kernel *kernel = make_kernel(x, 10003, 4);
  static const double sparse[] = {0.5, 1, 2, INFINITY};
  for (int q = 0; q < 4; q++) {
    divw_weights *weights =
        solved(kernel, (options){sparse[q], 1, 1e-6, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_INTERIOR_POINT});
    near(divw_weights_vendi_score(weights), 4, 1e-5);
    assert_true(divw_weights_gap(weights) <= 1e-6);
    assert_non_null(strstr(divw_weights_report(weights), "\"method\": \"interior-point\""));
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void balance_zero_is_uniform_at_every_order(void **state) {
  (void)state;
  double *x = make_rows(20, 4, 3);
  divw_kernel *kernel = make_kernel(x, 20, 4);
  for (int q = 0; q < 5; q++) {
    divw_weights *weights = solved(kernel, (options){orders[q], 0, 1e-6, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_AUTO});
    near(divw_weights_entropy(weights), log(20), 1e-14);
    near(divw_weights_vendi_score(weights), divw_weights_vendi_score_uniform(weights), 1e-12);
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

typedef struct {
  divw_kernel *kernel;
  double order;
} attempt;

static divw_status solve_once(void *context) {
  attempt *a = context;
  divw_solver *solver = NULL;
  divw_weights *weights = NULL;
  divw_status status = divw_solver_create(&solver);
  if (status == DIVW_OK) {
    (void)divw_solver_set_order(solver, a->order);
    (void)divw_solver_set_method(solver, DIVW_METHOD_INTERIOR_POINT);
    (void)divw_solver_set_max_iterations(solver, 2);
    status = divw_solver_solve(solver, a->kernel, &weights);
  }
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double *x = make_rows(12, 3, 3);
  attempt a = {make_kernel(x, 12, 3), 2};
  fail_every_allocation(solve_once, &a);
  a.order = INFINITY;
  fail_every_allocation(solve_once, &a);
  divw_kernel_destroy(a.kernel);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orthogonal_rows_get_equal_weights_at_every_order),
      cmocka_unit_test(certificates_hold_at_every_order),
      cmocka_unit_test(methods_agree),
      cmocka_unit_test(the_infinite_order_is_the_limit_of_large_ones),
      cmocka_unit_test(copies_are_solved_globally_at_other_orders),
      cmocka_unit_test(marginal_diversity_is_the_gradient_at_every_order),
      cmocka_unit_test(an_entropy_weight_is_a_balance_of_the_logarithm),
      cmocka_unit_test(options_are_checked_at_once),
      cmocka_unit_test(deficient_rank_changes_nothing_at_any_order),
      cmocka_unit_test(interior_points_take_any_number_of_examples),
      cmocka_unit_test(balance_zero_is_uniform_at_every_order),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
