/* Newton's matrix on both of its sides, against the matrix written out; the curvature of smooth orders; and that steps
 * converge quadratically where lambda follows VS. */
#include "check.h"
#include "make.h"

#include "solver/divided.h"
#include "solver/newton_matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- divided differences ---- */

static void differences_are_those_of_the_definition(void **state) {
  (void)state;
  const double mu[] = {1e-5, 3e-3, 0.2, 0.2, 0.597}, orders[] = {0.1, 0.5, 1, 1.5, 2, 3, 3.5, 5, 20};
  double gamma[25];
  for (int q = 0; q < 9; q++) {
    double s = orders[q] - 1, log_power = s == 0 ? 0 : 0.3, scale = exp(-log_power) * (s == 0 ? 1 : orders[q] / s);
    dw_divided_differences(orders[q], mu, 5, log_power, gamma);
    for (int k = 0; k < 25; k++) {
      double a = mu[k / 5], b = mu[k % 5];
      double slope = s == 0 ? 1 / a : s * pow(a, s - 1);
      double chord = s == 0 ? log(a / b) / (a - b) : (pow(a, s) - pow(b, s)) / (a - b);
      near(gamma[k], scale * (a == b ? slope : chord), 1e-9 * gamma[k]);
    }
  }
}

static void terms_add_up_to_the_differences(void **state) {
  (void)state;
  enum { r = 7 };
  const double mu[r] = {0, 1e-9, 1e-5, 3e-3, 0.1, 0.2, 0.69},
               orders[] = {0.1, 0.5, 0.9, 1, 1.3, 1.9, 2, 2.5, 3, 4, 5, 5.5, 20};
  double gamma[r * r], a[DW_MOST_TERMS * r], b[DW_MOST_TERMS * r];
  for (int q = 0; q < 13; q++) {
    int64_t terms = dw_divided_terms(orders[q], mu, r, 0, a, b);
    dw_divided_differences(orders[q], mu, r, 0, gamma);
    assert_true(terms > 0 && terms <= DW_MOST_TERMS);
    for (int k = 0; k < r; k++) {
      for (int l = 0; l < r; l++) {
        double sum = 0;
        for (int64_t t = 0; t < terms; t++) {
          sum += (a[t * r + k] * b[t * r + l] + a[t * r + l] * b[t * r + k]) / 2;
        }
        near(sum, gamma[k * r + l], 1e-3 * gamma[k * r + l]);
      }
    }
  }
  assert_int_equal(dw_divided_terms(99, mu, r, 0, a, b), 0); /* too many */
}

/* ---- the matrix ---- */

typedef struct {
  int64_t m, r, terms, spikes;
  double lightest, heaviest; /* d, spread evenly in its logarithm */
} size;

static double *numbers(test_random *random, int64_t count, bool positive) {
  double *x = malloc((size_t)count * sizeof *x);
  for (int64_t k = 0; k < count; k++) {
    x[k] = positive ? 0.1 + next_uniform(random) : next_normal(random);
  }
  return x;
}

static double entry(const dw_curvature *c, int64_t m, int64_t r, int64_t i, int64_t j) {
  double sum = 0;
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l < r; l++) {
      sum += c->gamma[k * r + l] * c->y[i * r + k] * c->y[i * r + l] * c->y[j * r + k] * c->y[j * r + l];
    }
  }
  for (int64_t t = 0; t < c->spikes; t++) {
    sum += c->spike[t * m + i] * c->spike[t * m + j];
  }
  return sum;
}

/* Solutions by a factorisation. */
static void are_exact(size s, const dw_curvature *curvature, const double *d, double *right, const double *x) {
  dw_newton_matrix *matrix;
  ok(dw_newton_matrix_create(&matrix, s.m, s.r, s.spikes, 1));
  assert_true(dw_newton_matrix_factor(matrix, *curvature, d));
  dw_newton_matrix_solve(matrix, right, 2);
  for (int64_t i = 0; i < 2 * s.m; i++) {
    near(right[i], x[i], 1e-6 * fmax(1, fabs(x[i])));
  }
  dw_newton_matrix_destroy(matrix);
}

/* Solutions by conjugate gradients: a few hundredths are missing, in the norm of M. */
static void is_close(size s, const dw_curvature *curvature, const double *d, const double *found, const double *x) {
  double missing = 0, whole = 0;
  for (int64_t k = 0; k < s.m * s.m; k++) {
    const int64_t i = k / s.m, j = k % s.m;
    const double M = entry(curvature, s.m, s.r, i, j) + (i == j ? d[i] : 0);
    missing += (found[i] - x[i]) * M * (found[j] - x[j]);
    whole += x[i] * M * x[j];
  }
  assert_true(missing < 0.05 * 0.05 * whole);
}

static void are_close(size s, const dw_curvature *curvature, const double *d, double *right, const double *x) {
  dw_newton_conjugate *matrix;
  ok(dw_newton_conjugate_create(&matrix, s.m, s.r, s.spikes));
  assert_true(dw_newton_conjugate_factor(matrix, *curvature, d));
  for (int c = 0; c < 2; c++) {
    dw_newton_conjugate_solve(matrix, right + c * s.m);
    is_close(s, curvature, d, right + c * s.m, x + c * s.m);
  }
  dw_newton_conjugate_destroy(matrix);
}

/* The same with a sample; and nothing where there is nothing on the right. */
static void are_close_by_sample(size s, const dw_curvature *curvature, const double *d, double *right,
                                const double *x) {
  dw_newton_sample *matrix;
  double *nothing = calloc((size_t)s.m, sizeof *nothing);
  ok(dw_newton_sample_create(&matrix, s.m, s.r, s.spikes));
  assert_true(dw_newton_sample_factor(matrix, *curvature, d));
  for (int c = 0; c < 2; c++) {
    dw_newton_sample_solve(matrix, right + c * s.m);
    is_close(s, curvature, d, right + c * s.m, x + c * s.m);
  }
  dw_newton_sample_solve(matrix, nothing);
  for (int64_t i = 0; i < s.m; i++) {
    assert_true(nothing[i] == 0);
  }
  dw_newton_sample_destroy(matrix);
  free(nothing);
}

typedef void check_fn(size s, const dw_curvature *curvature, const double *d, double *right, const double *x);

/* Two right sides: M x, with x large where d is small, and one that belongs to the columns of A alone. */
static void check_solutions(size s, check_fn *check) {
  test_random random = {11};
  double *y = numbers(&random, s.m * s.r, false), *a = numbers(&random, (s.terms + 1) * s.r, true);
  double *b = numbers(&random, (s.terms + 1) * s.r, true), *spike = numbers(&random, (s.spikes + 1) * s.m, false);
  double *gamma = calloc((size_t)(s.r * s.r), sizeof *gamma), *d = numbers(&random, s.m, true);
  double *x = numbers(&random, 2 * s.m, false), *right = calloc((size_t)(2 * s.m), sizeof *right);
  for (int64_t k = 0; k < s.r * s.r; k++) {
    int64_t i = k / s.r, j = k % s.r;
    gamma[k] = s.terms == 0 ? 1 / (1.0 + (double)(i + j)) : 0;
    for (int64_t t = 0; t < s.terms; t++) {
      gamma[k] += (a[t * s.r + i] * b[t * s.r + j] + a[t * s.r + j] * b[t * s.r + i]) / 2;
    }
  }
  for (int64_t i = 0; i < s.m; i++) {
    d[i] = s.lightest * pow(s.heaviest / s.lightest, (double)((7919 * i) % s.m) / (double)(s.m - 1));
    x[i] /= fmax(d[i], 1);
    x[s.m + i] = 1 / (1 + d[i]);
  }
  dw_curvature curvature = {y, gamma, a, b, s.terms, spike, s.spikes, NULL};
  for (int64_t i = 0; i < s.m; i++) {
    for (int64_t j = 0; j < s.m; j++) {
      double M = entry(&curvature, s.m, s.r, i, j) + (i == j ? d[i] : 0);
      right[i] += M * x[j];
      right[s.m + i] += M * x[s.m + j];
    }
  }
  check(s, &curvature, d, right, x);
  double *owned[] = {y, a, b, spike, gamma, d, x, right};
  for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) {
    free(owned[k]);
  }
}

static void equations_of_few_rows_are_solved(void **state) {
  (void)state;
  check_solutions((size){20, 6, 0, 0, 0.1, 10}, are_exact);    /* A A^T */
  check_solutions((size){150, 20, 1, 2, 1e-3, 10}, are_exact); /* products, more than one panel */
  check_solutions((size){70, 40, 3, 0, 1e-2, 10}, are_exact);
}

static void equations_of_many_rows_are_solved(void **state) {
  (void)state;
  assert_true(dw_newton_side_of(90, 6, 1) == DW_BY_FEATURES && dw_newton_side_of(20, 6, 1) == DW_BY_ROWS);
  check_solutions((size){90, 6, 1, 0, 0.1, 10}, are_exact);    /* none heavy */
  check_solutions((size){600, 6, 0, 2, 1e-2, 1e6}, are_exact); /* more than one block */
}

/* d down to 1e-9: as many heavy rows as columns of A, where plain elimination would leave no digits. */
static void heavy_rows_keep_their_digits(void **state) {
  (void)state;
  check_solutions((size){100, 6, 1, 0, 1e-9, 1e9}, are_exact);
  check_solutions((size){100, 6, 1, 2, 1e-6, 1e-2}, are_exact); /* and more of them than columns */
}

/* More rows that could be heavy than are taken so (a quarter), and rows all alike. */
static void conjugate_gradients_come_close(void **state) {
  (void)state;
  assert_true(dw_newton_side_of(20000, 128, 1) == DW_BY_GRADIENTS && dw_newton_side_of(20000, 32, 1) == DW_BY_FEATURES);
  assert_true(dw_newton_side_of(5000, 128, INFINITY) == DW_BY_ROWS);
  check_solutions((size){120, 8, 0, 0, 1e-4, 1e2}, are_close);
  check_solutions((size){120, 8, 3, 2, 1e-3, 10}, are_close);
  check_solutions((size){90, 8, 1, 0, 50, 60}, are_close);
}

/* More heavy rows than there is room for; many rows, few of them heavy; next to nothing but d. */
static void samples_of_rows_come_close(void **state) {
  (void)state;
  assert_true(dw_newton_side_of(20000, 128, INFINITY) == DW_BY_SAMPLE &&
              dw_newton_side_of(20000, 128, 100) == DW_BY_SAMPLE);
  assert_true(dw_newton_side_of(20000, 64, INFINITY) == DW_BY_FEATURES &&
              dw_newton_side_of(20000, 128, 5) != DW_BY_SAMPLE);
  check_solutions((size){120, 8, 0, 0, 1e-4, 1e2}, are_close_by_sample);
  check_solutions((size){120, 8, 3, 2, 1e-3, 10}, are_close_by_sample);
  check_solutions((size){400, 8, 1, 1, 1e-9, 1e9}, are_close_by_sample);
  check_solutions((size){90, 8, 1, 0, 1e9, 1e10}, are_close_by_sample);
}

static divw_status create_sample_once(void *context) {
  dw_newton_sample *matrix;
  const int64_t *m = context;
  divw_status status = dw_newton_sample_create(&matrix, *m, 4, 1);
  if (status == DIVW_OK) {
    dw_newton_sample_destroy(matrix);
  }
  return status;
}

static divw_status create_conjugate_once(void *context) {
  dw_newton_conjugate *matrix;
  const int64_t *m = context;
  divw_status status = dw_newton_conjugate_create(&matrix, *m, 4, 1);
  if (status == DIVW_OK) {
    dw_newton_conjugate_destroy(matrix);
  }
  return status;
}

static divw_status create_once(void *context) {
  dw_newton_matrix *matrix;
  const int64_t *m = context;
  divw_status status = dw_newton_matrix_create(&matrix, *m, 4, 1, 1);
  if (status == DIVW_OK) {
    dw_newton_matrix_destroy(matrix);
  }
  return status;
}

/* Five kinds of rows, one of them nearly all: where lambda follows VS much of a step comes from that. */
static double *make_uneven_kinds(int64_t n, int64_t d) {
  double *x = make_rows(n, d, 11), *kinds = make_rows(5, d, 12);
  for (int64_t i = 0; i < n * d; i++) {
    const int64_t row = i / d, kind = row % 50 == 0 ? 1 + row / 50 % 4 : 0;
    x[i] = 0.3 * x[i] + kinds[kind * d + i % d];
  }
  free(kinds);
  return x;
}

/* Steps that hold lambda take 10 to 77 iterations here, or stall, and every digit of the gap some more. */
static void lambda_follows_the_score_within_a_step(void **state) {
  (void)state;
  static const struct {
    double order, balance;
    int32_t objective;
  } cases[] = {{2, 0.5, DIVW_OBJECTIVE_PUBLISHED}, {2, 0.7, DIVW_OBJECTIVE_LOG},  {5, 0.5, DIVW_OBJECTIVE_PUBLISHED},
               {5, 0.5, DIVW_OBJECTIVE_LOG},       {20, 0.5, DIVW_OBJECTIVE_LOG}, {INFINITY, 0.7, DIVW_OBJECTIVE_LOG}};
  double *x = make_uneven_kinds(200, 10);
  divw_kernel *kernel = make_kernel(x, 200, 10);
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    divw_solver *solver;
    ok(divw_solver_create(&solver));
    ok(divw_solver_set_order(solver, cases[k].order));
    ok(divw_solver_set_balance(solver, cases[k].balance));
    ok(divw_solver_set_objective(solver, cases[k].objective));
    ok(divw_solver_set_method(solver, DIVW_METHOD_INTERIOR_POINT));
    ok(divw_solver_set_max_solves(solver, 1));
    divw_weights *weights[2]; /* four digits more of the gap take one or two steps */
    for (int fine = 0; fine < 2; fine++) {
      ok(divw_solver_set_tolerance(solver, fine == 1 ? 1e-9 : 1e-5));
      ok(divw_solver_solve(solver, kernel, &weights[fine]));
    }
    assert_true(divw_weights_gap(weights[1]) <= 1e-9);
    assert_true(divw_weights_iterations(weights[1]) <= (isinf(cases[k].order) ? 12 : 9));
    assert_true(divw_weights_iterations(weights[1]) - divw_weights_iterations(weights[0]) <= 3);
    divw_weights_destroy(weights[0]);
    divw_weights_destroy(weights[1]);
    divw_solver_destroy(solver);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* Rows and features in numbers for conjugate gradients: the certificate of either method is about the same optimum. */
static void many_rows_of_many_features_are_solved(void **state) {
  (void)state;
  enum { n = 2600, r = 60 };
  assert_true(dw_newton_side_of(n, r, 1) == DW_BY_GRADIENTS);
  double *x = make_uneven_kinds(n, r);
  divw_kernel *kernel = make_kernel(x, n, r);
  const double balances[] = {0.9, 1};
  for (int b = 0; b < 2; b++) {
    double best[2], bound[2];
    for (int by = 0; by < 2; by++) {
      divw_solver *solver;
      divw_weights *weights;
      ok(divw_solver_create(&solver));
      ok(divw_solver_set_balance(solver, balances[b]));
      ok(divw_solver_set_method(solver, by == 0 ? DIVW_METHOD_INTERIOR_POINT : DIVW_METHOD_ACCELERATED));
      ok(divw_solver_set_max_iterations(solver, by == 0 ? 40 : 150));
      ok(divw_solver_solve(solver, kernel, &weights));
      best[by] = divw_weights_objective_value(weights);
      bound[by] = divw_weights_global_upper_bound(weights);
      assert_true(by == 1 || divw_weights_gap(weights) <= 1e-6);
      divw_weights_destroy(weights);
      divw_solver_destroy(solver);
    }
    assert_true(best[0] <= bound[1] && best[1] <= bound[0]);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void failed_allocations_are_reported(void **state) {
  (void)state;
  int64_t few = 5, many = 50;
  fail_every_allocation(create_conjugate_once, &many);
  fail_every_allocation(create_sample_once, &many);
  fail_every_allocation(create_once, &few);
  fail_every_allocation(create_once, &many);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(differences_are_those_of_the_definition),
      cmocka_unit_test(terms_add_up_to_the_differences),
      cmocka_unit_test(equations_of_few_rows_are_solved),
      cmocka_unit_test(equations_of_many_rows_are_solved),
      cmocka_unit_test(heavy_rows_keep_their_digits),
      cmocka_unit_test(conjugate_gradients_come_close),
      cmocka_unit_test(samples_of_rows_come_close),
      cmocka_unit_test(many_rows_of_many_features_are_solved),
      cmocka_unit_test(lambda_follows_the_score_within_a_step),
      cmocka_unit_test(failed_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
