/* Weights with known answers, certificates rechecked by other code, and properties. */
#include "check.h"
#include "make.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>

/* ---- known answers ---- */

static void orthogonal_rows_get_equal_weights(void **state) {
  (void)state;
  double x[25] = {0};
  for (int i = 0; i < 25; i += 6) {
    x[i] = 1 + i;
  }
  divw_kernel *kernel = make_kernel(x, 5, 5);
  divw_weights *weights = make_weights(kernel, 0.3, 1e-9);
  for (int i = 0; i < 5; i++) {
    near(divw_weights_values(weights)[i], 0.2, 1e-12);
  }
  near(divw_weights_vendi_score(weights), 5, 1e-12);
  near(divw_weights_objective_value(weights), 0.3 * 5 + 0.7 * log(5), 1e-12);
  near(divw_weights_entropy_weight(weights), 0.7 / (0.3 * 5), 1e-12);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
}

/* Three directions with 1, 4 and 15 copies: at balance 1 each direction gets 1/3, shared by its copies. */
static void duplicates_share_the_weight_of_one_example(void **state) {
  (void)state;
  double x[60] = {0};
  for (int i = 0; i < 20; i++) {
    x[i * 3 + (i < 1 ? 0 : i < 5 ? 1 : 2)] = 1;
  }
  divw_kernel *kernel = make_kernel(x, 20, 3);
  divw_weights *weights = make_weights(kernel, 1, 1e-10);
  const double *p = divw_weights_values(weights);
  near(divw_weights_vendi_score(weights), 3, 1e-9);
  near(p[0], 1.0 / 3, 1e-5);
  for (int i = 0; i < 20; i++) {
    near(p[i], i < 1 ? 1.0 / 3 : i < 5 ? 1.0 / 12 : 1.0 / 45, 1e-5);
  }
  near(divw_weights_entropy_weight(weights), 0, 0);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
}

/* From 131,072 rows on a solve keeps less of its past. A hundred copies of each row share its weight: H is larger by
 * log 100, and nothing else changes. */
static void a_hundred_copies_of_every_row_are_solved_like_one(void **state) {
  (void)state;
  enum { ROWS = 1320, WIDTH = 5, COPIES = 100 };
  double *x = make_rows(ROWS, WIDTH, 12), *copies = malloc(sizeof(double) * ROWS * WIDTH * COPIES);
  for (int64_t k = 0; k < ROWS * WIDTH * COPIES; k++) {
    copies[k] = x[k % (ROWS * WIDTH)];
  }
  divw_kernel *one = make_kernel(x, ROWS, WIDTH), *hundred = make_kernel(copies, ROWS * COPIES, WIDTH);
  for (int k = 0; k < 2; k++) {
    const double balance = k == 0 ? 0.5 : 0.97;
    divw_weights *few = make_weights(one, balance, 1e-7), *many = make_weights(hundred, balance, 1e-7);
    assert_true(divw_weights_gap(many) <= 1e-7);
    near(divw_weights_objective_value(many), divw_weights_objective_value(few) + (1 - balance) * log(COPIES), 2e-6);
    for (int64_t i = 0; i < ROWS; i++) {
      near(COPIES * divw_weights_values(many)[i], divw_weights_values(few)[i], 2e-3);
    }
    divw_weights_destroy(few);
    divw_weights_destroy(many);
  }
  divw_kernel_destroy(one);
  divw_kernel_destroy(hundred);
  free(x);
  free(copies);
}

static void balance_zero_is_uniform_at_once(void **state) {
  (void)state;
  double *x = make_rows(40, 6, 2);
  divw_kernel *kernel = make_kernel(x, 40, 6);
  divw_weights *weights = make_weights(kernel, 0, 1e-6);
  for (int i = 0; i < 40; i++) {
    near(divw_weights_values(weights)[i], 1.0 / 40, 1e-17);
  }
  near(divw_weights_vendi_score(weights), divw_weights_vendi_score_uniform(weights), 1e-12);
  near(divw_weights_objective_value(weights), log(40), 1e-15);
  near(divw_weights_gap(weights), 0, 0);
  near(divw_weights_global_gap(weights), 0, 0);
  assert_true(isinf(divw_weights_entropy_weight(weights)));
  assert_true(isnan(divw_weights_certified_value(weights)) && isnan(divw_weights_upper_bound(weights)));
  assert_int_equal(divw_weights_iterations(weights), 0);
  assert_non_null(strstr(divw_weights_report(weights), "\"entropy_weight\": \"inf\""));
  assert_non_null(strstr(divw_weights_report(weights), "\"upper_bound\": null"));
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  free(x);
}

static void one_and_two_examples_work(void **state) {
  (void)state;
  static const double balances[] = {0, 0.1, 0.5, 1};
  double x[4] = {1, 0, 0.8, 0.6};
  for (int n = 1; n <= 2; n++) {
    for (int k = 0; k < 4; k++) {
      divw_kernel *kernel = make_kernel(x, n, 2);
      divw_weights *weights = make_weights(kernel, balances[k], 1e-10);
      near(divw_weights_values(weights)[0], 1.0 / n, 1e-6);
      assert_true(divw_weights_gap(weights) <= 1e-10);
      assert_true(divw_weights_global_gap(weights) <= 1e-9);
      divw_weights_destroy(weights);
      divw_kernel_destroy(kernel);
    }
  }
}

/* m orthogonal rows and another one N times: ascent from uniform weights ends at J = 8.144, 8.594, 9.028, 7.182 in the
 * first four cases. */
static void data_dominated_by_copies_are_solved_globally(void **state) {
  (void)state;
  static const struct {
    int64_t m, copies;
    double balance, objective;
  } cases[] = {{50, 20000, 0.2, 13.571006}, {100, 20000, 0.15, 19.182187}, {100, 20000, 0.1, 14.388912},
               {20, 10000, 0.25, 8.131909}, {20, 10000, 0.2, 7.582139},    {10, 50000, 0.5, NAN},
               {10, 50000, 0.45, NAN},      {10, 50000, 0.55, NAN}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    double *x = make_copies(cases[k].m, cases[k].copies);
    double exact = reference_copies(cases[k].m, cases[k].copies, cases[k].balance, 1);
    divw_kernel *kernel = make_kernel(x, cases[k].m + cases[k].copies, cases[k].m + 1);
    divw_weights *weights = make_weights(kernel, cases[k].balance, 1e-6);
    double allowed = cases[k].balance * divw_weights_vendi_score(weights) * 1e-6;
    if (!isnan(cases[k].objective)) {
      near(exact, cases[k].objective, 1e-6);
    }
    near(divw_weights_objective_value(weights), exact, allowed + 1e-9);
    assert_true(divw_weights_global_upper_bound(weights) >= exact - 1e-9);
    assert_true(divw_weights_global_gap(weights) <= allowed);
    divw_weights_destroy(weights);
    divw_kernel_destroy(kernel);
    free(x);
  }
}

/* ---- certificates, rechecked ---- */

/* The gap from p alone by naive loops, on rows of many kinds; and D, lambda and the bounds that go with it. */
static void check_certificate(const double *x, int64_t n, int64_t d, double balance, double tolerance) {
  divw_kernel *kernel = make_kernel(x, n, d);
  divw_weights *weights = make_weights(kernel, balance, tolerance);
  const double *p = divw_weights_values(weights), smoothing[2] = {tolerance / 2, tolerance / 8};
  double lambda = (1 - balance) / (balance * divw_weights_vendi_score(weights)), *D = malloc((size_t)n * sizeof *D);
  double gap = reference_gap(x, n, d, p, lambda, smoothing, 2, D), sum = 0;
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
  near(divw_weights_entropy_weight(weights), lambda, 1e-12 * lambda);
  assert_true(divw_weights_gap(weights) <= tolerance && divw_weights_gap(weights) >= 0);
  assert_true(gap <= 2 * tolerance && gap >= -1e-11);
  near(divw_weights_upper_bound(weights) - divw_weights_certified_value(weights), divw_weights_gap(weights), 1e-12);
  near(divw_weights_certified_value(weights),
       log(divw_weights_vendi_score(weights)) + lambda * divw_weights_entropy(weights), 1e-10);
  assert_true(divw_weights_global_gap(weights) <= balance * divw_weights_vendi_score(weights) * tolerance);
  for (int64_t i = 0; i < n; i++) {
    sum += p[i];
    assert_true(p[i] >= 0);
    if (p[i] > 1e-3 / (double)n) { /* of light rows D is that of a smoothed state */
      near(divw_weights_marginal_diversity(weights)[i], D[i], 1e-5);
    }
  }
  near(sum, 1, 1e-12);
  free(D);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
}

static void certificates_hold_when_recomputed_from_p_alone(void **state) {
  (void)state;
  static const double balances[] = {0.05, 0.5, 0.9, 1};
  static const int64_t shapes[][2] = {{150, 8}, {20, 20}, {12, 30}, {400, 3}};
  for (int s = 0; s < 4; s++) {
    double *x = make_rows(shapes[s][0], shapes[s][1], 31);
    for (int k = 0; k < 4; k++) {
      check_certificate(x, shapes[s][0], shapes[s][1], balances[k], 1e-6);
    }
    check_certificate(x, shapes[s][0], shapes[s][1], 0.5, 1e-10);
    free(x);
  }
}

static void certificates_hold_for_duplicates_and_deficient_rank(void **state) {
  (void)state;
  double *x = make_rows(60, 12, 8);
  for (int i = 20; i < 60; i++) { /* twenty different rows, in six dimensions */
    memcpy(x + i * 12, x + (i % 20) * 12, 12 * sizeof *x);
  }
  for (int i = 0; i < 60; i++) {
    for (int j = 6; j < 12; j++) {
      x[i * 12 + j] = x[i * 12 + j - 6] - 2 * x[i * 12 + (j + 1) % 6];
    }
  }
  check_certificate(x, 60, 12, 0.5, 1e-8);
  check_certificate(x, 60, 12, 0.95, 1e-6);
  divw_kernel *kernel = make_kernel(x, 60, 12);
  divw_weights *weights = make_weights(kernel, 0.5, 1e-8);
  assert_non_null(strstr(divw_weights_report(weights), "\"rank\": 6"));
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  free(x);
}

static void no_weights_exceed_the_global_bound(void **state) {
  (void)state;
  enum { n = 60, d = 5 };
  static const double balances[] = {0.1, 0.5, 0.9, 1};
  double *x = make_rows(n, d, 41), p[n], score;
  divw_kernel *kernel = make_kernel(x, n, d);
  test_random random = {42};
  for (int k = 0; k < 4; k++) {
    divw_weights *weights = make_weights(kernel, balances[k], 1e-6);
    for (int trial = 0; trial < 200; trial++) {
      double sum = 0, spread = 4 * next_uniform(&random);
      for (int i = 0; i < n; i++) {
        sum += p[i] = divw_weights_values(weights)[i] * exp(spread * next_normal(&random));
      }
      for (int i = 0; i < n; i++) {
        p[i] /= sum;
      }
      ok(divw_vendi_score(kernel, p, 1, &score));
      assert_true(balances[k] * score + (1 - balances[k]) * divw_entropy(p, n) <=
                  divw_weights_global_upper_bound(weights));
    }
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* D_i - D_j is the derivative of log VS when weight moves from j to i. */
static void marginal_diversity_is_the_gradient(void **state) {
  (void)state;
  enum { n = 25, d = 6 };
  double *x = make_rows(n, d, 51), p[n], up, down, step = 1e-5;
  divw_kernel *kernel = make_kernel(x, n, d);
  divw_weights *weights = make_weights(kernel, 0.4, 1e-9);
  const double *D = divw_weights_marginal_diversity(weights);
  for (int i = 1; i < n; i++) {
    memcpy(p, divw_weights_values(weights), sizeof p);
    p[i] += step;
    p[0] -= step;
    ok(divw_vendi_score(kernel, p, 1, &up));
    p[i] -= 2 * step;
    p[0] += 2 * step;
    ok(divw_vendi_score(kernel, p, 1, &down));
    near((log(up) - log(down)) / (2 * step), D[i] - D[0], 1e-6);
  }
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  free(x);
}

/* ---- properties ---- */

static void permuting_rows_permutes_the_weights(void **state) {
  (void)state;
  enum { n = 70, d = 9 };
  double *x = make_rows(n, d, 61), y[n * d];
  for (int i = 0; i < n; i++) {
    memcpy(y + ((i * 37) % n) * d, x + i * d, d * sizeof *x);
  }
  divw_kernel *a = make_kernel(x, n, d), *b = make_kernel(y, n, d);
  divw_weights *u = make_weights(a, 0.5, 1e-10), *v = make_weights(b, 0.5, 1e-10);
  for (int i = 0; i < n; i++) {
    near(divw_weights_values(u)[i], divw_weights_values(v)[(i * 37) % n], 2e-6);
  }
  divw_weights_destroy(u);
  divw_weights_destroy(v);
  divw_kernel_destroy(a);
  divw_kernel_destroy(b);
  free(x);
}

/* Times powers of two nothing rounds differently, so not a bit may change. */
static void scaling_rows_changes_nothing(void **state) {
  (void)state;
  enum { n = 50, d = 7 };
  double *x = make_rows(n, d, 71);
  divw_kernel *kernel = make_kernel(x, n, d);
  divw_weights *before = make_weights(kernel, 0.5, 1e-6);
  divw_kernel_destroy(kernel);
  for (int i = 0; i < n * d; i++) {
    x[i] = ldexp(x[i], (i / d) % 21 - 10);
  }
  kernel = make_kernel(x, n, d);
  divw_weights *after = make_weights(kernel, 0.5, 1e-6);
  assert_memory_equal(divw_weights_values(before), divw_weights_values(after), n * sizeof *x);
  divw_weights_destroy(before);
  divw_weights_destroy(after);
  divw_kernel_destroy(kernel);
  free(x);
}

static void weights_remember_their_rows(void **state) {
  (void)state;
  double *x = make_rows(10, 3, 5);
  divw_dataset *all, *some;
  divw_kernel *kernel;
  ok(divw_dataset_create_copy(&all, x, 10, 3, DIVW_FLOAT64, 0));
  ok(divw_dataset_select_rows(&some, all, (const int64_t[]){7, 2, 9}, 3));
  ok(divw_kernel_create(&kernel, some, DIVW_KERNEL_COSINE));
  divw_weights *weights = make_weights(kernel, 0.5, 1e-6);
  assert_int_equal(divw_weights_count(weights), 3);
  assert_int_equal(divw_weights_rows(weights)[0], 7);
  assert_int_equal(divw_weights_rows(weights)[1], 2);
  assert_int_equal(divw_weights_rows(weights)[2], 9);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(some);
  divw_dataset_destroy(all);
  free(x);
}

/* ---- options ---- */

static void options_start_at_their_defaults_and_are_checked_at_once(void **state) {
  (void)state;
  divw_solver *solver;
  ok(divw_solver_create(&solver));
  near(divw_solver_balance(solver), 0.5, 0);
  near(divw_solver_tolerance(solver), 1e-6, 0);
  assert_int_equal(divw_solver_max_iterations(solver), 500);
  assert_int_equal(divw_solver_max_solves(solver), 16);
  fails(divw_solver_set_balance(solver, 1.5), DIVW_ERROR_ARGUMENT,
        "divw_solver_set_balance: balance is 1.5, expected a number in [0, 1]");
  fails(divw_solver_set_balance(solver, -0.1), DIVW_ERROR_ARGUMENT, "balance is -0.1");
  fails(divw_solver_set_balance(solver, NAN), DIVW_ERROR_ARGUMENT, "balance is nan");
  fails(divw_solver_set_tolerance(solver, 0), DIVW_ERROR_ARGUMENT,
        "tolerance is 0, expected a number of nats in [1e-13");
  fails(divw_solver_set_tolerance(solver, 2), DIVW_ERROR_ARGUMENT, "tolerance is 2");
  fails(divw_solver_set_max_iterations(solver, 0), DIVW_ERROR_ARGUMENT, "max_iterations is 0, expected at least 1");
  fails(divw_solver_set_max_solves(solver, 0), DIVW_ERROR_ARGUMENT, "max_solves is 0, expected 1 to 64");
  fails(divw_solver_set_max_solves(solver, 65), DIVW_ERROR_ARGUMENT, "max_solves is 65");
  near(divw_solver_balance(solver), 0.5, 0);
  near(divw_solver_tolerance(solver), 1e-6, 0);
  divw_solver_destroy(solver);
}

static void null_is_answered_everywhere(void **state) {
  (void)state;
  divw_weights *weights;
  divw_solver *solver;
  double x = 1;
  divw_kernel *kernel = make_kernel(&x, 1, 1);
  ok(divw_solver_create(&solver));
  fails(divw_solver_create(NULL), DIVW_ERROR_ARGUMENT, "divw_solver_create: out is NULL");
  fails(divw_solver_set_balance(NULL, 0.5), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_tolerance(NULL, 0.5), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_max_iterations(NULL, 5), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_max_solves(NULL, 5), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_progress(NULL, NULL, NULL), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_solve(NULL, kernel, &weights), DIVW_ERROR_ARGUMENT, "solver is NULL");
  assert_null(weights);
  fails(divw_solver_solve(solver, NULL, &weights), DIVW_ERROR_ARGUMENT, "kernel is NULL");
  fails(divw_solver_solve(solver, kernel, NULL), DIVW_ERROR_ARGUMENT, "out is NULL");
  assert_true(isnan(divw_solver_balance(NULL)) && isnan(divw_solver_tolerance(NULL)));
  assert_int_equal(divw_solver_max_iterations(NULL), 0);
  assert_int_equal(divw_solver_max_solves(NULL), 0);
  divw_solver_destroy(NULL);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
}

/* ---- memory ---- */

static divw_status solve_once(void *context) {
  divw_solver *solver = NULL;
  divw_weights *weights = NULL;
  divw_status status = divw_solver_create(&solver);
  if (status == DIVW_OK) {
    (void)divw_solver_set_balance(solver, 0.97); /* small lambda: smoothed states too */
    (void)divw_solver_set_max_iterations(solver, 6);
    status = divw_solver_solve(solver, context, &weights);
  }
  assert_true((status == DIVW_OK) == (weights != NULL));
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double *x = make_rows(30, 4, 3);
  divw_kernel *kernel = make_kernel(x, 30, 4);
  fail_every_allocation(solve_once, kernel);
  divw_kernel_destroy(kernel);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orthogonal_rows_get_equal_weights),
      cmocka_unit_test(duplicates_share_the_weight_of_one_example),
      cmocka_unit_test(a_hundred_copies_of_every_row_are_solved_like_one),
      cmocka_unit_test(balance_zero_is_uniform_at_once),
      cmocka_unit_test(one_and_two_examples_work),
      cmocka_unit_test(data_dominated_by_copies_are_solved_globally),
      cmocka_unit_test(certificates_hold_when_recomputed_from_p_alone),
      cmocka_unit_test(certificates_hold_for_duplicates_and_deficient_rank),
      cmocka_unit_test(no_weights_exceed_the_global_bound),
      cmocka_unit_test(marginal_diversity_is_the_gradient),
      cmocka_unit_test(permuting_rows_permutes_the_weights),
      cmocka_unit_test(scaling_rows_changes_nothing),
      cmocka_unit_test(weights_remember_their_rows),
      cmocka_unit_test(options_start_at_their_defaults_and_are_checked_at_once),
      cmocka_unit_test(null_is_answered_everywhere),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
