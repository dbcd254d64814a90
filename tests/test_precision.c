/* Single precision: passes and decompositions are as close to those in double as they say, what a solve ends with is
 * proved in double whatever its iterations ran in, and the state of such a solve is all in its checkpoints. */
#include "check.h"
#include "dataset.h"
#include "kernel.h"
#include "linalg.h"
#include "make.h"
#include "reference.h"

#include <divweights/transform.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

static divw_dataset *dataset_of(const void *rows, int64_t n, int64_t d, int32_t dtype) {
  divw_dataset *dataset;
  ok(divw_dataset_create_copy(&dataset, rows, n, d, dtype, 0));
  return dataset;
}

/* Row 0 of a dataset as floats against its doubles, of which each may be off by `most` roundings. */
static void compare_rows(const divw_dataset *dataset, dw_columns columns, double scale, double most) {
  int64_t count = columns.columns == NULL ? divw_dataset_dimension(dataset) : columns.count;
  float *single = malloc((size_t)count * sizeof *single);
  double *whole = malloc((size_t)count * sizeof *whole);
  dw_cursor cursor;
  dw_window window;
  ok(dw_cursor_open(&cursor, dataset));
  ok(dw_cursor_rows(&cursor, 0, 1, &window));
  dw_window_row(&window, 0, columns, scale, whole);
  dw_window_row_single(&window, 0, columns, scale, single);
  for (int64_t j = 0; j < count; j++) {
    near((double)single[j], whole[j], most * 0x1p-24 * fabs(whole[j]) + 1e-44);
  }
  dw_cursor_close(&cursor);
  free(whole);
  free(single);
}

static void every_finite_half_becomes_its_float(void **state) {
  (void)state;
  enum { ALL = 1 << 16 };
  uint16_t *halves = malloc(ALL * sizeof *halves);
  for (int64_t shift = 0; shift < 3; shift++) { /* every number in lanes, and in what is left beside them */
    int64_t count = 0;
    for (int64_t k = shift; k < ALL; k++) {
      if ((k & 0x7c00) != 0x7c00) {
        halves[count++] = (uint16_t)k;
      }
    }
    divw_dataset *dataset = dataset_of(halves, 1, count, DIVW_FLOAT16);
    compare_rows(dataset, (dw_columns){.count = count}, 0.5, 0);
    compare_rows(dataset, (dw_columns){.count = count}, 0.3, 2);
    divw_dataset_destroy(dataset);
  }
  free(halves);
}

static void rows_of_every_type_are_rounded_once_or_twice(void **state) {
  (void)state;
  enum { COUNT = 613, CHOSEN = 5 };
  static const int64_t list[CHOSEN] = {0, 7, 8, 9, 612}, run[CHOSEN] = {1, 3, 2, 1, 1};
  double doubles[COUNT];
  float floats[COUNT];
  uint8_t bytes[COUNT];
  uint16_t halves[COUNT];
  test_random random = {5};
  for (int k = 0; k < COUNT; k++) {
    doubles[k] = next_normal(&random);
    floats[k] = (float)doubles[k];
    bytes[k] = (uint8_t)k;
    halves[k] = (uint16_t)(0x3c00 + k);
  }
  const void *rows[] = {doubles, floats, halves, bytes};
  for (int32_t dtype = DIVW_FLOAT64; dtype <= DIVW_UINT8; dtype++) {
    divw_dataset *dataset = dataset_of(rows[dtype - 1], 1, COUNT, dtype), *centered;
    for (int extreme = 0; extreme < 3; extreme++) {
      double scale = extreme == 0 ? 0.037 : extreme == 1 ? 1e-35 : 1e33;
      compare_rows(dataset, (dw_columns){.count = COUNT}, scale, 2);
      compare_rows(dataset, (dw_columns){list, CHOSEN, run}, scale, 2);
      compare_rows(dataset, (dw_columns){list, CHOSEN, NULL}, scale, 2);
    }
    ok(divw_dataset_center(&centered, dataset));
    compare_rows(centered, (dw_columns){.count = COUNT}, 0.037, 1);
    divw_dataset_destroy(centered);
    divw_dataset_destroy(dataset);
  }
}

/* ---- passes ---- */

static void check_passes(int64_t n, int64_t d) {
  double *x = make_rows(n, d, 3), *p = malloc((size_t)n * sizeof *p);
  for (int64_t i = 0; i < n; i++) {
    x[i * d] = d > 2 ? 0 : x[i * d]; /* with a list of columns */
    p[i] = i % 7 == 0 ? 0 : 1.0 / (double)n;
  }
  divw_kernel *kernel = make_kernel(x, n, d);
  int64_t r = divw_kernel_features(kernel);
  double *S = calloc((size_t)(4 * r * r + 4 * n), sizeof *S), *T = S + r * r, *R = T + r * r, *D = R + 2 * r * r;
  for (int64_t k = 0; k < 2 * r * r; k++) {
    R[k] = k % r >= k / r % r ? 1 / (1.0 + (double)(k % 11)) : 0;
  }
  const double *const factors[] = {R, R + r * r};
  for (int uniform = 0; uniform < 2; uniform++) {
    ok(dw_kernel_moment(kernel, uniform ? NULL : p, false, S));
    ok(dw_kernel_moment(kernel, uniform ? NULL : p, true, T));
    for (int64_t k = 0; k < r * r; k++) { /* relative to the diagonal: small directions stay accurate */
      near(T[k], S[k], 1e-6 * sqrt(S[k / r * (r + 1)] * S[k % r * (r + 1)]));
    }
  }
  ok(dw_kernel_quadratic(kernel, factors, 2, false, (double *[]){D, D + n}));
  ok(dw_kernel_quadratic(kernel, factors, 2, true, (double *[]){D + 2 * n, D + 3 * n}));
  for (int64_t i = 0; i < 2 * n; i++) {
    near(D[2 * n + i], D[i], 1e-5 * D[i] + 1e-5);
  }
  divw_kernel_destroy(kernel);
  free(S);
  free(p);
  free(x);
}

static void single_passes_agree_with_those_in_double(void **state) {
  (void)state;
  check_passes(1, 1);
  check_passes(50, 9);
  check_passes(20, 33);    /* the row side */
  check_passes(20011, 17); /* several blocks */
}

static void a_single_decomposition_is_right_to_single_precision(void **state) {
  (void)state;
  enum { R = 40 };
  double *x = make_rows(3 * R, R, 8), S[R * R] = {0}, mu[R], nu[R], V[R * R], W[R * R], A[R * R], B[R * R];
  bool good;
  dw_add_gram(S, R, x, 3 * R);
  dw_mirror_upper(S, R);
  ok(dw_eigen(S, R, mu, V));
  ok(dw_eigen_single(S, R, nu, W, &good));
  assert_true(good);
  for (int k = 0; k < R; k++) {
    near(nu[k], mu[k], 4e-6 * mu[R - 1]);
  }
  ok(dw_factor_spectral(V, mu, R, A));
  ok(dw_factor_spectral_single(V, mu, R, B, &good));
  assert_true(good);
  for (int k = 0; k < R * R; k++) { /* conditions of some tens */
    near(k % R >= k / R ? B[k] : 0, k % R >= k / R ? A[k] : 0, 1e-3);
  }
  mu[0] = -mu[R - 1];
  S[3] = NAN;
  ok(dw_eigen_single(S, R, nu, W, &good));
  assert_false(good);
  free(x);
}

/* ---- solves ---- */

enum { N = 300, D = 24 };

typedef struct {
  double order, balance, tolerance;
  int64_t max_iterations;
  int32_t precision;
} options;

static divw_solver *solver_of(options o) {
  divw_solver *solver;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_method(solver, DIVW_METHOD_ACCELERATED));
  ok(divw_solver_set_order(solver, o.order));
  ok(divw_solver_set_balance(solver, o.balance));
  ok(divw_solver_set_tolerance(solver, o.tolerance));
  ok(divw_solver_set_max_iterations(solver, o.max_iterations));
  ok(divw_solver_set_precision(solver, o.precision));
  return solver;
}

static divw_weights *solve(options o, const divw_kernel *kernel) {
  divw_solver *solver = solver_of(o);
  divw_weights *weights;
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_solver_destroy(solver);
  return weights;
}

static bool ran_in(const divw_weights *weights, const char *precision) {
  char line[64];
  snprintf(line, sizeof line, "\"precision\": \"%s\"", precision);
  return strstr(divw_weights_report(weights), line) != NULL;
}

static void options_are_kept_and_checked(void **state) {
  (void)state;
  divw_solver *solver;
  ok(divw_solver_create(&solver));
  assert_int_equal(divw_solver_precision(solver), DIVW_PRECISION_AUTO);
  for (int32_t k = DIVW_PRECISION_AUTO; k <= DIVW_PRECISION_DOUBLE; k++) {
    ok(divw_solver_set_precision(solver, k));
    assert_int_equal(divw_solver_precision(solver), k);
  }
  fails(divw_solver_set_precision(solver, 0), DIVW_ERROR_ARGUMENT, "precision is 0, expected DIVW_PRECISION_AUTO");
  fails(divw_solver_set_precision(solver, 4), DIVW_ERROR_ARGUMENT, "precision is 4");
  fails(divw_solver_set_precision(NULL, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  assert_int_equal(divw_solver_precision(solver), DIVW_PRECISION_DOUBLE);
  assert_int_equal(divw_solver_precision(NULL), 0);
  assert_string_equal(divw_precision_name(DIVW_PRECISION_AUTO), "auto");
  assert_string_equal(divw_precision_name(DIVW_PRECISION_SINGLE), "single");
  assert_string_equal(divw_precision_name(DIVW_PRECISION_DOUBLE), "double");
  assert_string_equal(divw_precision_name(7), "unknown");
  divw_solver_destroy(solver);
}

/* Against naive loops in double, at orders and balances where single precision ends early (tolerance 1e-10), where it
 * hardly begins (balance 1), and where it is not used (order 0.5). */
static void proofs_are_in_double(void **state) {
  (void)state;
  static const double orders[] = {0.5, 1, 2, 5}, balances[] = {0.1, 0.5, 0.9}, tolerances[] = {1e-6, 1e-10};
  double *x = make_rows(N, D, 21);
  divw_kernel *kernel = make_kernel(x, N, D);
  for (int k = 0; k < 24; k++) {
    options o = {orders[k % 4], balances[k / 4 % 3], tolerances[k / 12], 2000, DIVW_PRECISION_SINGLE};
    divw_weights *single = solve(o, kernel);
    o.precision = DIVW_PRECISION_DOUBLE;
    divw_weights *whole = solve(o, kernel);
    double log_vendi, lambda = divw_weights_entropy_weight(single), gap = divw_weights_gap(single);
    const double *p = divw_weights_values(single);
    double found = o.order == 1 ? reference_gap(x, N, D, p, lambda, NULL, 0, NULL)
                                : reference_gap_of_order(x, N, D, p, lambda, o.order, &log_vendi);
    assert_int_equal(divw_weights_stop_reason(single), DIVW_STOP_CONVERGED);
    assert_true(gap <= o.tolerance);
    assert_true(found <= gap + 1e-11 || lambda < 0.02); /* smoothed states may prove what rho(p) does not */
    assert_true(ran_in(single, o.order < 1 ? "double" : "single") && ran_in(whole, "double"));
    double worth = o.balance * divw_weights_vendi_score(whole) * 2 * o.tolerance;
    near(divw_weights_objective_value(single), divw_weights_objective_value(whole), worth + 1e-12);
    divw_weights_destroy(whole);
    divw_weights_destroy(single);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void balance_one_ends_in_double(void **state) {
  (void)state;
  double *x = make_rows(N, D, 22), smoothing[] = {5e-7, 1.25e-7};
  divw_kernel *kernel = make_kernel(x, N, D);
  divw_weights *weights = solve((options){1, 1, 1e-6, 2000, DIVW_PRECISION_SINGLE}, kernel);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
  assert_true(ran_in(weights, "single"));
  assert_true(reference_gap(x, N, D, divw_weights_values(weights), 0, smoothing, 2, NULL) <= 1e-6);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  free(x);
}

/* Images have directions of so little weight that in single precision they are made of rounding, and the gap comes to
 * rest at 1e-3. */
static void what_single_precision_cannot_finish_double_does(void **state) {
  (void)state;
  divw_kernel *kernel = make_digits_kernel(true, 150);
  if (kernel == NULL) {
    skip();
  }
  divw_weights *weights = solve((options){1, 1, 1e-6, 500, DIVW_PRECISION_SINGLE}, kernel);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
  assert_true(divw_weights_gap(weights) <= 1e-6);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
}

static void a_solve_cut_short_is_proved_too(void **state) {
  (void)state;
  double *x = make_rows(N, D, 23);
  divw_kernel *kernel = make_kernel(x, N, D);
  for (int64_t most = 1; most < 9; most++) {
    divw_weights *weights = solve((options){1, 0.5, 1e-9, most, DIVW_PRECISION_SINGLE}, kernel);
    double found =
        reference_gap(x, N, D, divw_weights_values(weights), divw_weights_entropy_weight(weights), NULL, 0, NULL);
    assert_int_equal(divw_weights_iterations(weights), most);
    near(divw_weights_gap(weights), found, 1e-11);
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void problems_worth_it_run_in_single_by_themselves(void **state) {
  (void)state;
  enum { SIDE = 300 };
  double *x = make_rows(2 * SIDE, SIDE, 24);
  divw_kernel *large = make_kernel(x, 2 * SIDE, SIDE), *small = make_kernel(x, 200, 20);
  options o = {1, 0.3, 1e-6, 500, DIVW_PRECISION_AUTO};
  divw_weights *a = solve(o, large), *b = solve(o, small);
  assert_true(ran_in(a, "single") && ran_in(b, "double"));
  assert_true(divw_weights_gap(a) <= 1e-6);
  divw_weights_destroy(b);
  divw_weights_destroy(a);
  divw_kernel_destroy(small);
  divw_kernel_destroy(large);
  free(x);
}

static int32_t cancel_at(int64_t iteration, double vendi_score, double entropy, double objective, double gap,
                         double seconds, void *user) {
  (void)vendi_score, (void)entropy, (void)objective, (void)gap, (void)seconds;
  return iteration >= *(int64_t *)user;
}

static void a_resumed_solve_ends_with_the_same_bits(void **state) {
  (void)state;
  const options o = {1, 0.6, 1e-9, 500, DIVW_PRECISION_SINGLE}; /* ends in double */
  const char *path = scratch("single.checkpoint");
  double *x = make_rows(N, D, 25);
  divw_kernel *kernel = make_kernel(x, N, D);
  divw_weights *whole = solve(o, kernel), *part, *resumed;
  for (int64_t at = 1; at < divw_weights_iterations(whole); at++) {
    divw_solver *solver = solver_of(o);
    ok(divw_solver_set_checkpoint(solver, path, 0, 0));
    ok(divw_solver_set_progress(solver, cancel_at, &at));
    ok(divw_solver_solve(solver, kernel, &part));
    divw_solver_destroy(solver);
    solver = solver_of(o);
    ok(divw_solver_set_resume(solver, path));
    ok(divw_solver_solve(solver, kernel, &resumed));
    assert_memory_equal(divw_weights_values(resumed), divw_weights_values(whole), N * sizeof(double));
    assert_int_equal(divw_weights_row_passes(resumed), divw_weights_row_passes(whole));
    assert_true(ran_in(resumed, "single") && divw_weights_gap(resumed) == divw_weights_gap(whole));
    divw_solver_destroy(solver);
    divw_weights_destroy(resumed);
    divw_weights_destroy(part);
  }
  divw_solver *other = solver_of((options){1, 0.6, 1e-9, 500, DIVW_PRECISION_DOUBLE});
  ok(divw_solver_set_resume(other, path));
  fails(divw_solver_solve(other, kernel, &resumed), DIVW_ERROR_DATA, "with precision single, expected double");
  divw_solver_destroy(other);
  divw_weights_destroy(whole);
  divw_kernel_destroy(kernel);
  free(x);
}

static divw_status solve_in_single(void *context) {
  divw_solver *solver = NULL;
  divw_weights *weights = NULL;
  divw_status status = divw_solver_create(&solver);
  if (status == DIVW_OK && (status = divw_solver_set_precision(solver, DIVW_PRECISION_SINGLE)) == DIVW_OK) {
    status = divw_solver_solve(solver, context, &weights);
  }
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double *x = make_rows(30, 4, 26);
  divw_kernel *kernel = make_kernel(x, 30, 4);
  fail_every_allocation(solve_in_single, kernel);
  divw_kernel_destroy(kernel);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_finite_half_becomes_its_float),
      cmocka_unit_test(rows_of_every_type_are_rounded_once_or_twice),
      cmocka_unit_test(single_passes_agree_with_those_in_double),
      cmocka_unit_test(a_single_decomposition_is_right_to_single_precision),
      cmocka_unit_test(options_are_kept_and_checked),
      cmocka_unit_test(proofs_are_in_double),
      cmocka_unit_test(balance_one_ends_in_double),
      cmocka_unit_test(what_single_precision_cannot_finish_double_does),
      cmocka_unit_test(a_solve_cut_short_is_proved_too),
      cmocka_unit_test(problems_worth_it_run_in_single_by_themselves),
      cmocka_unit_test(a_resumed_solve_ends_with_the_same_bits),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
