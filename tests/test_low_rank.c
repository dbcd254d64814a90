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
    low_rank_problem problem =
        make_problem(kinds[c % 4], n, d, pow(10, next_uniform(&random) - 0.5), rank, 100 + (uint64_t)c);
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

/* Weights from low rank: bounds hold for the exact kernel, and so does what the weights are said to be worth. */
static void compare(const low_rank_problem *p, int32_t objective, double order, double balance) {
  divw_weights *exact = solve(p->exact, objective, order, balance), *low = solve(p->low, objective, order, balance);
  const double room = 1e-9 * fabs(divw_weights_objective_value(exact));
  double score;
  ok(divw_vendi_score(p->exact, divw_weights_values(low), order, &score));
  const double entropy = divw_weights_entropy(low);
  const double diversity = objective == DIVW_OBJECTIVE_LOG ? log(score) : score;
  const double value = balance * diversity + (1 - balance) * entropy;
  assert_true(divw_weights_global_upper_bound(low) >= divw_weights_objective_value(exact) - room);
  if (objective == DIVW_OBJECTIVE_LOG && order <= 1) { /* the same lambda */
    near(divw_weights_entropy_weight(low), divw_weights_entropy_weight(exact), 1e-12);
    assert_true(divw_weights_upper_bound(low) >= divw_weights_certified_value(exact) - room);
  }
  assert_true(divw_weights_vendi_score_low(low) <= score * (1 + 1e-11));
  assert_true(divw_weights_vendi_score_high(low) >= score * (1 - 1e-11));
  assert_true(divw_weights_objective_value(low) <= value + room);
  near(divw_weights_global_upper_bound(low) - divw_weights_objective_value(low), divw_weights_global_gap(low), 1e-9);
  divw_weights_destroy(low);
  divw_weights_destroy(exact);
}

static void certificates_are_above_the_optimum_of_the_kernel_itself(void **state) {
  (void)state;
  const double orders[] = {1, 2, INFINITY, 0.7}, balances[] = {0.3, 0.8, 1};
  for (int k = 0; k < 4; k++) {
    low_rank_problem p = make_problem(kinds[k], 80, 3, 0.6, k % 2 ? 30 : 10, 31 + (uint64_t)k);
    for (int q = 0; q < 4; q++) {
      for (int b = 0; b < 3; b++) {
        compare(&p, DIVW_OBJECTIVE_LOG, orders[q], balances[b]);
        compare(&p, DIVW_OBJECTIVE_PUBLISHED, orders[q], balances[b]);
      }
    }
    destroy_problem(&p);
  }
}

static void constraints_and_quality_keep_their_bounds(void **state) {
  (void)state;
  low_rank_problem p = make_problem(DIVW_KERNEL_GAUSSIAN, 100, 3, 0.7, 15, 5);
  const double orders[] = {1, 2};
  double quality[100];
  for (int64_t i = 0; i < 100; i++) {
    quality[i] = 0.5 + 0.5 * (double)(i % 7) / 7;
  }
  for (int k = 0; k < 2; k++) {
    divw_weights *weights[2];
    divw_solver *solver;
    ok(divw_solver_create(&solver));
    ok(divw_solver_set_order(solver, orders[k]));
    ok(divw_solver_set_balance(solver, 0.7));
    ok(divw_solver_set_max_weight(solver, 3));
    ok(divw_solver_set_min_weight(solver, 0.1));
    ok(orders[k] == 1 ? divw_solver_set_quality(solver, quality, 100) : DIVW_OK);
    ok(divw_solver_solve(solver, p.exact, &weights[0]));
    ok(divw_solver_solve(solver, p.low, &weights[1]));
    assert_true(divw_weights_global_upper_bound(weights[1]) >= divw_weights_objective_value(weights[0]) - 1e-9);
    assert_true(divw_weights_objective_value(weights[1]) <= divw_weights_global_upper_bound(weights[0]) + 1e-9);
    divw_weights_destroy(weights[0]);
    divw_weights_destroy(weights[1]);
    divw_solver_destroy(solver);
  }
  destroy_problem(&p);
}

/* ---- when nothing is left ---- */

static void enough_rank_is_exact(void **state) {
  (void)state;
  double *x = make_rows(80, 5, 3), low, high, score;
  divw_dataset *dataset;
  divw_similarity *similarity;
  divw_kernel *exact, *kernel;
  ok(divw_dataset_create_copy(&dataset, x, 80, 5, DIVW_FLOAT64, 0));
  ok(divw_similarity_create(&similarity, DIVW_KERNEL_COSINE));
  ok(divw_kernel_create_with(&exact, dataset, similarity));
  ok(divw_kernel_create_low_rank(&kernel, dataset, similarity, 1000, 0, 1));
  assert_int_equal(divw_kernel_features(kernel), 5);
  assert_null(divw_kernel_deficit(kernel));
  for (double order = 0.5; order < 4; order *= 2) {
    ok(divw_vendi_score(exact, NULL, order, &score));
    ok(divw_vendi_interval(kernel, NULL, order, &low, &high));
    near(low, score, 1e-10);
    near(high, score, 1e-10);
  }
  divw_weights *a = solve(exact, DIVW_OBJECTIVE_PUBLISHED, 1, 0.5),
               *b = solve(kernel, DIVW_OBJECTIVE_PUBLISHED, 1, 0.5);
  near(divw_weights_objective_value(a), divw_weights_objective_value(b), 1e-5);
  assert_int_equal(divw_weights_stop_reason(b), DIVW_STOP_CONVERGED);
  assert_int_equal(divw_weights_rank_needed(b), 0);
  assert_true(divw_weights_residual(b) == 0 && divw_weights_vendi_score_low(b) == divw_weights_vendi_score(b));
  divw_weights_destroy(a);
  divw_weights_destroy(b);
  divw_kernel_destroy(kernel);
  divw_kernel_destroy(exact);
  divw_similarity_destroy(similarity);
  divw_dataset_destroy(dataset);
  free(x);
}

/* Nearly all directions: the interval is as narrow as what is left. */
static void intervals_close_with_the_rank(void **state) {
  (void)state;
  low_rank_problem p = make_problem(DIVW_KERNEL_GAUSSIAN, 90, 2, 1, 10, 4);
  double before = INFINITY, low, high;
  for (int64_t rank = 10; rank <= 80; rank *= 2) {
    divw_kernel *kernel;
    ok(divw_kernel_create_low_rank(&kernel, p.dataset, p.similarity, rank, 0, 4));
    ok(divw_vendi_interval(kernel, NULL, 1, &low, &high));
    assert_true(high - low < 0.1 * before || high - low < 1e-10);
    before = high - low;
    divw_kernel_destroy(kernel);
  }
  assert_true(before < 1e-10);
  destroy_problem(&p);
}

static void copies_one_row_and_constant_data_are_exact(void **state) {
  (void)state;
  const double rows[12] = {1, 2, 1, 2, 5, -1, 1, 2, 5, -1, 5, -1};
  const int64_t counts[] = {6, 1, 2}, kinds_left[] = {2, 1, 1};
  for (int k = 0; k < 3; k++) {
    divw_dataset *dataset;
    divw_similarity *similarity;
    divw_kernel *kernel;
    double low, high;
    ok(divw_dataset_create_copy(&dataset, rows, counts[k], 2, DIVW_FLOAT64, 0));
    ok(divw_similarity_create(&similarity, DIVW_KERNEL_GAUSSIAN));
    ok(divw_similarity_set_bandwidth(similarity, 0.1));
    ok(divw_kernel_create_low_rank(&kernel, dataset, similarity, 100, 0, 1));
    assert_int_equal(divw_kernel_features(kernel), kinds_left[k]);
    ok(divw_vendi_interval(kernel, NULL, 1, &low, &high));
    near(low, (double)kinds_left[k], 1e-10);
    near(high, (double)kinds_left[k], 1e-10);
    divw_weights *weights = solve(kernel, DIVW_OBJECTIVE_PUBLISHED, 1, 1);
    near(divw_weights_vendi_score(weights), (double)kinds_left[k], 1e-6);
    divw_weights_destroy(weights);
    divw_kernel_destroy(kernel);
    divw_similarity_destroy(similarity);
    divw_dataset_destroy(dataset);
  }
}

/* One feature: what it leaves is nearly everything, and bounds hold. */
static void one_feature_is_enough_to_be_honest(void **state) {
  (void)state;
  low_rank_problem p = make_problem(DIVW_KERNEL_LAPLACIAN, 50, 4, 0.3, 1, 2);
  assert_int_equal(divw_kernel_features(p.low), 1);
  const double orders[] = {0.7, 1, 2, INFINITY};
  for (int k = 0; k < 4; k++) {
    compare(&p, DIVW_OBJECTIVE_LOG, orders[k], 0.6);
    compare(&p, DIVW_OBJECTIVE_PUBLISHED, orders[k], 1);
  }
  destroy_problem(&p);
}

static void a_rank_that_is_too_small_is_named_with_one_that_is_not(void **state) {
  (void)state;
  low_rank_problem p = make_problem(DIVW_KERNEL_GAUSSIAN, 400, 3, 1.5, 40, 12);
  divw_solver *solver;
  divw_weights *weights;
  divw_kernel *kernel;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_tolerance(solver, 1e-4));
  ok(divw_solver_solve(solver, p.low, &weights));
  const int64_t rank = divw_weights_rank_needed(weights);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_RANK);
  assert_int_equal(divw_weights_approximation(weights), DIVW_APPROXIMATION_CHOLESKY);
  assert_int_equal(divw_weights_rank(weights), 40);
  assert_true(divw_weights_gap(weights) > 1e-4 && rank > 40 && rank < 400);
  assert_non_null(strstr(divw_weights_report(weights), "\"stop_reason\": \"rank\""));
  divw_weights_destroy(weights);
  ok(divw_kernel_create_low_rank(&kernel, p.dataset, p.similarity, rank, 0, 12));
  ok(divw_solver_solve(solver, kernel, &weights));
  if (divw_weights_gap(weights) > 1e-4) { /* foreseen, not known */
    print_message("rank %lld leaves a gap of %g\n", (long long)rank, divw_weights_gap(weights));
  }
  assert_true(divw_weights_gap(weights) < 1e-3);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  divw_solver_destroy(solver);
  destroy_problem(&p);
}

/* ---- other stages on low rank ---- */

static void an_example_as_a_new_row_is_itself(void **state) {
  (void)state;
  low_rank_problem p = make_problem(DIVW_KERNEL_GAUSSIAN, 60, 3, 0.7, 20, 8);
  double D[60], score, after, gain, twice[61 * 3], weights[61];
  divw_dataset *rows, *more;
  divw_kernel *with;
  const int64_t one = 17;
  ok(divw_dataset_select_rows(&rows, p.dataset, &one, 1));
  ok(divw_vendi_marginal(p.low, NULL, 1, D));
  ok(divw_vendi_gain(p.low, NULL, 2, rows, 0.2, NULL, &gain));
  ok(divw_vendi_score(p.exact, NULL, 2, &score));
  for (int64_t i = 0; i <= 60; i++) {
    weights[i] = i < 60 ? 0.8 / 60 : 0.2;
    ok(divw_dataset_read(p.dataset, i < 60 ? i : one, 1, twice + 3 * i));
  }
  ok(divw_dataset_create_copy(&more, twice, 61, 3, DIVW_FLOAT64, 0));
  divw_similarity *same = p.similarity;
  ok(divw_kernel_create_with(&with, more, same));
  ok(divw_vendi_score(with, weights, 2, &after));
  near(gain, log(after / score), 0.15);
  for (int64_t i = 0; i < 60; i++) {
    assert_true(isfinite(D[i]) && D[i] > 0);
  }
  divw_kernel_destroy(with);
  divw_dataset_destroy(more);
  divw_dataset_destroy(rows);
  destroy_problem(&p);
}

/* ---- scores without features, and from some eigenvalues ---- */

static void order_two_needs_no_features(void **state) {
  (void)state;
  double p[60];
  test_random random = {5};
  for (int k = 0; k < 4; k++) {
    low_rank_problem problem = make_problem(kinds[k], 60, 3, 0.7, 12, 7 + (uint64_t)k);
    double two, score;
    random_weights(p, 60, 1, &random);
    ok(divw_vendi_score(problem.exact, p, 2, &score));
    ok(divw_vendi_score_two(problem.dataset, problem.similarity, p, &two));
    near(two, score, 1e-10 * score);
    ok(divw_vendi_score(problem.exact, NULL, 2, &score));
    ok(divw_vendi_score_two(problem.dataset, problem.similarity, NULL, &two));
    near(two, score, 1e-10 * score);
    destroy_problem(&problem);
  }
}

static void truncated_scores_are_those_of_their_formula(void **state) {
  (void)state;
  const double mu[4] = {0.5, 0.3, 0.15, 0.05}, orders[] = {0.5, 1, 2, 3.5, INFINITY};
  double score, low, high, whole;
  ok(divw_vendi_truncated(mu, 4, 2, 4, 2, &score, &low, &high));
  near(score, 1 / (0.6 * 0.6 + 0.4 * 0.4), 1e-14);
  near(low, 1 / (0.25 + 0.09 + 0.04), 1e-14);
  near(high, 1 / (0.25 + 0.09 + 2 * 0.01), 1e-14);
  ok(divw_vendi_truncated(mu, 4, 4, 4, 1, &score, &low, &high));
  near(score, divw_vendi_of_spectrum(mu, 4, 1), 1e-14);
  near(low, score, 1e-14);
  near(high, score, 1e-14);
  low_rank_problem p = make_problem(DIVW_KERNEL_MATERN, 70, 3, 0.5, 12, 3);
  const int64_t r = divw_kernel_features(p.exact);
  double *spectrum = malloc((size_t)r * sizeof *spectrum);
  ok(divw_vendi_spectrum(p.exact, NULL, spectrum));
  for (int q = 0; q < 5; q++) {
    double before = 0;
    for (int64_t t = 1; t <= r; t += 3) {
      ok(divw_vendi_truncated(spectrum, r, t, 70, orders[q], NULL, &low, &high));
      whole = divw_vendi_of_spectrum(spectrum, r, orders[q]);
      assert_true(low <= whole * (1 + 1e-12) && whole <= high * (1 + 1e-12) && low >= before * (1 - 1e-12));
      before = low;
    }
  }
  free(spectrum);
  destroy_problem(&p);
}

/* With order 1 as the limit, to as many digits as there are. */
static void truncated_scores_are_steady_at_order_one(void **state) {
  (void)state;
  const double mu[5] = {0.5, 0.3, 0.15, 0.049, 0.001}, away[] = {1e-4, -1e-7, 1e-10, -1e-13};
  double at_one[3], near_one[3];
  ok(divw_vendi_truncated(mu, 5, 3, 9, 1, &at_one[0], &at_one[1], &at_one[2]));
  for (int k = 0; k < 4; k++) {
    ok(divw_vendi_truncated(mu, 5, 3, 9, 1 + away[k], &near_one[0], &near_one[1], &near_one[2]));
    for (int j = 0; j < 3; j++) {
      near(near_one[j], at_one[j], 10 * fabs(away[k]) + 1e-13);
    }
  }
  const double orders[] = {0.9, 1.1}; /* where the formula changes */
  for (int k = 0; k < 2; k++) {
    ok(divw_vendi_truncated(mu, 5, 3, 9, orders[k] * (1 + 1e-12), &at_one[0], &at_one[1], &at_one[2]));
    ok(divw_vendi_truncated(mu, 5, 3, 9, orders[k] * (1 - 1e-12), &near_one[0], &near_one[1], &near_one[2]));
    for (int j = 0; j < 3; j++) {
      near(near_one[j], at_one[j], 1e-10);
    }
  }
}

/* ---- random features ---- */

static void random_features_estimate_the_similarity(void **state) {
  (void)state;
  for (int k = 0; k < 3; k++) {
    low_rank_problem p = make_problem(kinds[k], 40, 5, 0.8, 4, 21);
    divw_kernel *kernel;
    ok(divw_kernel_create_features(&kernel, p.dataset, p.similarity, 4000, 3));
    double *K = gram(p.exact), *near_K = gram(kernel), square = 0, low, high, score, estimate;
    for (int64_t i = 0; i < 1600; i++) {
      square += (K[i] - near_K[i]) * (K[i] - near_K[i]);
      near(i % 41 == 0 ? near_K[i] : 1, 1, 1e-12);
    }
    assert_true(sqrt(square / 1600) < 0.03); /* at most 1 / sqrt(2 m) = 0.016 for independent frequencies */
    divw_kernel_destroy(kernel);
    ok(divw_kernel_create_features(&kernel, p.dataset, p.similarity, 200, 3));
    ok(divw_vendi_score(p.exact, NULL, 2, &score));
    ok(divw_vendi_score(kernel, NULL, 2, &estimate));
    near(estimate, score, 0.2 * score);
    assert_int_equal(divw_kernel_approximation(kernel), DIVW_APPROXIMATION_FEATURES);
    fails(divw_vendi_interval(kernel, NULL, 1, &low, &high), DIVW_ERROR_ARGUMENT,
          "random features, which bound nothing");
    divw_weights *weights = solve(kernel, DIVW_OBJECTIVE_PUBLISHED, 2, 0.5);
    assert_true(isnan(divw_weights_vendi_score_low(weights)) && isnan(divw_weights_residual(weights)));
    assert_int_equal(divw_weights_approximation(weights), DIVW_APPROXIMATION_FEATURES);
    divw_weights_destroy(weights);
    free(near_K);
    free(K);
    divw_kernel_destroy(kernel);
    destroy_problem(&p);
  }
}

/* ---- seeds, limits, refusals ---- */

static void the_same_seed_gives_the_same_features(void **state) {
  (void)state;
  low_rank_problem p = make_problem(DIVW_KERNEL_GAUSSIAN, 100, 3, 0.7, 30, 6);
  divw_kernel *again, *other, *short_of;
  ok(divw_kernel_create_low_rank(&again, p.dataset, p.similarity, 30, 0, 6));
  ok(divw_kernel_create_low_rank(&other, p.dataset, p.similarity, 30, 0, 7));
  ok(divw_kernel_create_low_rank(&short_of, p.dataset, p.similarity, 100, 0.05, 6));
  double mean = 0;
  for (int64_t i = 0; i < 100; i++) {
    mean += divw_kernel_deficit(short_of)[i] / 100;
  }
  assert_true(mean <= 0.05 && divw_kernel_features(short_of) < 100);
  assert_memory_equal(divw_kernel_deficit(p.low), divw_kernel_deficit(again), 100 * sizeof(double));
  assert_memory_not_equal(divw_kernel_deficit(p.low), divw_kernel_deficit(other), 100 * sizeof(double));
  divw_kernel_destroy(short_of);
  divw_kernel_destroy(other);
  divw_kernel_destroy(again);
  destroy_problem(&p);
}

static void what_cannot_be_done_is_refused(void **state) {
  (void)state;
  low_rank_problem p = make_problem(DIVW_KERNEL_ARC_COSINE, 20, 3, 0.7, 5, 6);
  divw_kernel *kernel;
  double score;
  const double wrong[2] = {0.2, 0.8}, heavy[20] = {2};
  fails(divw_kernel_create_low_rank(&kernel, p.dataset, p.similarity, 0, 0, 1), DIVW_ERROR_ARGUMENT, "rank is 0");
  fails(divw_kernel_create_low_rank(&kernel, p.dataset, p.similarity, 5, -1, 1), DIVW_ERROR_ARGUMENT, "residual is -1");
  divw_similarity *clipped;
  ok(divw_similarity_create(&clipped, DIVW_KERNEL_PRECOMPUTED));
  ok(divw_similarity_set_clip_negative(clipped, 1));
  fails(divw_kernel_create_low_rank(&kernel, p.dataset, clipped, 5, 0, 1), DIVW_ERROR_ARGUMENT, "clip_negative is set");
  divw_similarity_destroy(clipped);
  fails(divw_kernel_create_low_rank(&kernel, NULL, p.similarity, 5, 0, 1), DIVW_ERROR_ARGUMENT, "dataset is NULL");
  fails(divw_kernel_create_low_rank(&kernel, p.dataset, NULL, 5, 0, 1), DIVW_ERROR_ARGUMENT, "similarity is NULL");
  fails(divw_kernel_create_features(&kernel, p.dataset, p.similarity, 4, 1), DIVW_ERROR_ARGUMENT,
        "arc-cosine similarity has no random features");
  fails(divw_vendi_truncated(wrong, 2, 1, 2, 1, &score, NULL, NULL), DIVW_ERROR_ARGUMENT, "eigenvalue 1 is 0.8");
  fails(divw_vendi_truncated(wrong, 1, 2, 2, 1, &score, NULL, NULL), DIVW_ERROR_ARGUMENT, "t is 2");
  fails(divw_vendi_truncated(wrong, 2, 1, 1, 1, &score, NULL, NULL), DIVW_ERROR_ARGUMENT, "r is 2 and n 1");
  fails(divw_vendi_truncated(wrong, 1, 1, 1, 0, &score, NULL, NULL), DIVW_ERROR_ARGUMENT, "order is 0");
  fails(divw_vendi_score_two(p.dataset, p.similarity, heavy, &score), DIVW_ERROR_ARGUMENT, "the weights sum to 2");
  fails(divw_vendi_interval(p.low, NULL, -1, &score, &score), DIVW_ERROR_ARGUMENT, "order is -1");
  assert_null(kernel);
  destroy_problem(&p);
  p = make_problem(DIVW_KERNEL_GAUSSIAN, 20, 3, 0.7, 5, 6);
  fails(divw_kernel_create_features(&kernel, p.dataset, p.similarity, 3, 1), DIVW_ERROR_ARGUMENT, "count is 3");
  destroy_problem(&p);
}

typedef struct {
  divw_dataset *dataset;
  divw_similarity *similarity;
  bool features;
} attempt_context;

/* With a residual room for features grows; it ends the same as room for all of them. */
static void features_move_without_a_change(void **state) {
  (void)state;
  enum { ROWS = 500, RANK = 400 };
  low_rank_problem p = make_problem(DIVW_KERNEL_GAUSSIAN, 20, 3, 0.7, 5, 6);
  double *x = make_rows(ROWS, 12, 4);
  divw_dataset *dataset;
  divw_kernel *kernels[2];
  ok(divw_dataset_create_copy(&dataset, x, ROWS, 12, DIVW_FLOAT64, 0));
  ok(divw_similarity_set_bandwidth(p.similarity, 1));
  for (int k = 0; k < 2; k++) {
    ok(divw_kernel_create_low_rank(&kernels[k], dataset, p.similarity, RANK, k * 1e-12, 3));
    assert_int_equal(divw_kernel_features(kernels[k]), RANK);
  }
  for (int64_t i = 0; i < ROWS; i++) {
    near(divw_kernel_deficit(kernels[0])[i], divw_kernel_deficit(kernels[1])[i], 1e-12);
  }
  divw_kernel_destroy(kernels[1]);
  ok(divw_kernel_create_low_rank(&kernels[1], dataset, p.similarity, INT64_MAX, 0.5, 3));
  assert_true(divw_kernel_features(kernels[1]) < RANK);
  divw_kernel_destroy(kernels[1]);
  divw_kernel_destroy(kernels[0]);
  divw_dataset_destroy(dataset);
  free(x);
  destroy_problem(&p);
}

static divw_status attempt(void *user) {
  const attempt_context *c = user;
  divw_kernel *kernel = NULL;
  divw_solver *solver = NULL;
  divw_weights *weights = NULL;
  double low, high;
  divw_status status = c->features ? divw_kernel_create_features(&kernel, c->dataset, c->similarity, 8, 1)
                                   : divw_kernel_create_low_rank(&kernel, c->dataset, c->similarity, 6, 0, 1);
  status = status != DIVW_OK ? status : divw_solver_create(&solver);
  status = status != DIVW_OK ? status : divw_solver_solve(solver, kernel, &weights);
  if (status == DIVW_OK && !c->features) {
    status = divw_vendi_interval(kernel, NULL, 1, &low, &high);
  }
  status = status != DIVW_OK ? status : divw_vendi_score_two(c->dataset, c->similarity, NULL, &low);
  status = status != DIVW_OK ? status : divw_vendi_truncated(&low, 1, 1, 1, 1, &high, NULL, NULL);
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  low_rank_problem p = make_problem(DIVW_KERNEL_GAUSSIAN, 20, 3, 0.7, 5, 6);
  attempt_context c = {p.dataset, p.similarity, false};
  fail_every_allocation(attempt, &c);
  c.features = true;
  fail_every_allocation(attempt, &c);
  destroy_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_left_is_semidefinite_with_the_diagonal_that_is_kept),
      cmocka_unit_test(intervals_hold_and_are_not_much_wider_than_the_error_of_the_estimate),
      cmocka_unit_test(certificates_are_above_the_optimum_of_the_kernel_itself),
      cmocka_unit_test(constraints_and_quality_keep_their_bounds),
      cmocka_unit_test(enough_rank_is_exact),
      cmocka_unit_test(intervals_close_with_the_rank),
      cmocka_unit_test(copies_one_row_and_constant_data_are_exact),
      cmocka_unit_test(one_feature_is_enough_to_be_honest),
      cmocka_unit_test(features_move_without_a_change),
      cmocka_unit_test(a_rank_that_is_too_small_is_named_with_one_that_is_not),
      cmocka_unit_test(an_example_as_a_new_row_is_itself),
      cmocka_unit_test(order_two_needs_no_features),
      cmocka_unit_test(truncated_scores_are_those_of_their_formula),
      cmocka_unit_test(truncated_scores_are_steady_at_order_one),
      cmocka_unit_test(random_features_estimate_the_similarity),
      cmocka_unit_test(the_same_seed_gives_the_same_features),
      cmocka_unit_test(what_cannot_be_done_is_refused),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
