/* Features of low rank: what they leave out, intervals of scores, and certificates that hold for the kernel itself. */
#include "check.h"
#include "make.h"
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  divw_dataset *dataset;
  divw_similarity *similarity;
  divw_kernel *exact, *low;
  int64_t n;
} low_rank_problem;

static const int32_t kinds[] = {DIVW_KERNEL_GAUSSIAN, DIVW_KERNEL_LAPLACIAN, DIVW_KERNEL_MATERN,
                                DIVW_KERNEL_ARC_COSINE};

/* Rows around a few centres, at a bandwidth that is some multiple of the median of distances. */
static low_rank_problem make_problem(int32_t kind, int64_t n, int64_t d, double spread, int64_t rank, uint64_t seed) {
  low_rank_problem out = {.n = n};
  double *x = make_rows(n, d, seed), *centre = make_rows(4, d, seed + 1000);
  test_random random = {seed};
  for (int64_t i = 0; i < n; i++) {
    const int64_t c = (int64_t)(4 * next_uniform(&random) * next_uniform(&random));
    for (int64_t j = 0; j < d; j++) {
      x[i * d + j] += 2 * centre[c * d + j];
    }
  }
  ok(divw_dataset_create_copy(&out.dataset, x, n, d, DIVW_FLOAT64, 0));
  ok(divw_similarity_create(&out.similarity, kind));
  if (kind != DIVW_KERNEL_ARC_COSINE) {
    divw_kernel *probe;
    ok(divw_kernel_create_with(&probe, out.dataset, out.similarity));
    const double median = divw_similarity_bandwidth(divw_kernel_parameters(probe));
    ok(divw_similarity_set_bandwidth(out.similarity, spread * median));
    divw_kernel_destroy(probe);
  }
  ok(divw_kernel_create_with(&out.exact, out.dataset, out.similarity));
  ok(divw_kernel_create_low_rank(&out.low, out.dataset, out.similarity, rank, 0, seed));
  free(centre);
  free(x);
  return out;
}

static void destroy_problem(low_rank_problem *problem) {
  divw_kernel_destroy(problem->low);
  divw_kernel_destroy(problem->exact);
  divw_similarity_destroy(problem->similarity);
  divw_dataset_destroy(problem->dataset);
}

/* phi phi^T of a kernel, to be freed. */
static double *gram(const divw_kernel *kernel) {
  const int64_t n = divw_kernel_count(kernel), r = divw_kernel_features(kernel);
  double *phi = malloc((size_t)(n * r) * sizeof *phi), *K = calloc((size_t)(n * n), sizeof *K);
  ok(divw_kernel_read(kernel, 0, n, phi));
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      for (int64_t k = 0; k < r; k++) {
        K[i * n + j] += phi[i * r + k] * phi[j * r + k];
      }
    }
  }
  free(phi);
  return K;
}

static void random_weights(double *p, int64_t n, double spread, test_random *random) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    p[i] = exp(spread * next_normal(random));
    sum += p[i];
  }
  for (int64_t i = 0; i < n; i++) {
    p[i] /= sum;
  }
}

/* ---- the factor ---- */

static void what_is_left_is_semidefinite_with_the_diagonal_that_is_kept(void **state) {
  (void)state;
  for (int k = 0; k < 4; k++) {
    low_rank_problem p = make_problem(kinds[k], 60, 3, 0.7, 12, 7 + (uint64_t)k);
    const double *deficit = divw_kernel_deficit(p.low);
    double *K = gram(p.exact), *low = gram(p.low), *mu = malloc(60 * sizeof *mu), *v = malloc(3600 * sizeof *v);
    assert_int_equal(divw_kernel_features(p.low), 12);
    assert_int_equal(divw_kernel_approximation(p.low), DIVW_APPROXIMATION_CHOLESKY);
    assert_non_null(deficit);
    for (int64_t i = 0; i < 3600; i++) {
      K[i] -= low[i];
    }
    for (int64_t i = 0; i < 60; i++) {
      near(K[i * 61], deficit[i], 1e-12);
    }
    reference_eigen(K, 60, mu, v);
    for (int64_t i = 0; i < 60; i++) {
      assert_true(mu[i] > -1e-12);
    }
    free(v);
    free(mu);
    free(low);
    free(K);
    destroy_problem(&p);
  }
}

/* ---- intervals ---- */

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* 100 cases of an order; the median of width / |estimate - truth|. */
static double try_intervals(double order) {
  enum { CASES = 100 };
  double ratio[CASES], p[120];
  test_random random = {99};
  for (int c = 0; c < CASES; c++) {
    const int64_t n = 40 + (int64_t)(80 * next_uniform(&random)), d = 2 + c % 7;
    const int64_t rank = 2 + (int64_t)((double)n * 0.5 * next_uniform(&random));
    low_rank_problem problem = make_problem(kinds[c % 4], n, d, pow(10, next_uniform(&random) - 0.5), rank, 100 + (uint64_t)c);
    double score, estimate, low, high;
    random_weights(p, n, 2 * next_uniform(&random), &random);
    ok(divw_vendi_score(problem.exact, p, order, &score));
    ok(divw_vendi_score(problem.low, p, order, &estimate));
    ok(divw_vendi_interval(problem.low, p, order, &low, &high));
    if (!(low <= score * (1 + 1e-11) && score <= high * (1 + 1e-11) && low <= estimate && estimate <= high)) {
      fail_msg("order %g, case %d: %.15g is outside of [%.15g, %.15g], estimate %.15g", order, c, score, low, high,
               estimate);
    }
    ratio[c] = (high - low) / fabs(estimate - score);
    destroy_problem(&problem);
  }
  qsort(ratio, CASES, sizeof *ratio, by_size);
  return (ratio[CASES / 2 - 1] + ratio[CASES / 2]) / 2;
}

static void intervals_hold_and_are_not_much_wider_than_the_error_of_the_estimate(void **state) {
  (void)state;
  const double orders[] = {0.5, 1, 2, 5, INFINITY};
  for (int k = 0; k < 5; k++) {
    const double ratio = try_intervals(orders[k]);
    print_message("order %g: width of the interval over the error of the estimate, median %.2f\n", orders[k], ratio);
    assert_true(ratio <= 3);
  }
}

/* ---- certificates ---- */

static divw_weights *solve(const divw_kernel *kernel, int32_t objective, double order, double balance) {
  divw_solver *solver;
  divw_weights *weights;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_objective(solver, objective));
  ok(divw_solver_set_order(solver, order));
  ok(divw_solver_set_balance(solver, balance));
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_solver_destroy(solver);
  return weights;
}

static void compare(const low_rank_problem *p, int32_t objective, double order, double balance, double *worst) {
  divw_weights *exact = solve(p->exact, objective, order, balance), *low = solve(p->low, objective, order, balance);
  const double room = 1e-9 * fabs(divw_weights_objective_value(exact));
  double score;
  ok(divw_vendi_score(p->exact, divw_weights_values(low), order, &score));
  const double entropy = divw_weights_entropy(low);
  const double diversity = objective == DIVW_OBJECTIVE_LOG ? log(score) : score;
  const double value = balance * diversity + (1 - balance) * entropy;
  if (getenv("VERBOSE") != NULL) {
    print_message("q %g beta %g obj %d eps %.1e: exact %.6f low-rank weights %.6f bound %.6f gap %.2e iters %d/%d stop %d/%d gap' \n", order, balance, objective,
                  divw_weights_residual(low), divw_weights_objective_value(exact), value,
                  divw_weights_global_upper_bound(low), divw_weights_gap(low), (int)divw_weights_iterations(exact), (int)divw_weights_iterations(low),
                  divw_weights_stop_reason(exact), divw_weights_stop_reason(low));
  }
  assert_true(divw_weights_global_upper_bound(low) >= divw_weights_objective_value(exact) - room);
  if (objective == DIVW_OBJECTIVE_LOG && order <= 1) { /* the same lambda */
    near(divw_weights_entropy_weight(low), divw_weights_entropy_weight(exact), 1e-12);
    assert_true(divw_weights_upper_bound(low) >= divw_weights_certified_value(exact) - room);
  }
  assert_true(divw_weights_vendi_score_low(low) <= score * (1 + 1e-11));
  assert_true(divw_weights_vendi_score_high(low) >= score * (1 - 1e-11));
  assert_true(divw_weights_objective_value(low) <= value + room);
  near(divw_weights_global_upper_bound(low) - divw_weights_objective_value(low), divw_weights_global_gap(low), 1e-9);
  *worst = fmax(*worst, divw_weights_objective_value(exact) - value);
  divw_weights_destroy(low);
  divw_weights_destroy(exact);
}

static void certificates_are_above_the_optimum_of_the_kernel_itself(void **state) {
  (void)state;
  const double orders[] = {1, 2, INFINITY, 0.7}, balances[] = {0.3, 0.8, 1};
  double worst = 0;
  for (int k = 0; k < 4; k++) {
    low_rank_problem p = make_problem(kinds[k], 120, 3, 0.6, k % 2 ? 40 : 12, 31 + (uint64_t)k);
    for (int q = 0; q < 4; q++) {
      for (int b = 0; b < 3; b++) {
        compare(&p, DIVW_OBJECTIVE_LOG, orders[q], balances[b], &worst);
        compare(&p, DIVW_OBJECTIVE_PUBLISHED, orders[q], balances[b], &worst);
      }
    }
    destroy_problem(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_left_is_semidefinite_with_the_diagonal_that_is_kept),
      cmocka_unit_test(intervals_hold_and_are_not_much_wider_than_the_error_of_the_estimate),
      cmocka_unit_test(certificates_are_above_the_optimum_of_the_kernel_itself),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
