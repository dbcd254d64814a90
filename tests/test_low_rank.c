/* Features of low rank: what they leave out, intervals of scores, and certificates that hold for the kernel itself. */
#include "check.h"
#include "low_rank.h"
#include "make.h"
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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
      cmocka_unit_test(features_move_without_a_change),
      cmocka_unit_test(an_example_as_a_new_row_is_itself),
      cmocka_unit_test(random_features_estimate_the_similarity),
      cmocka_unit_test(the_same_seed_gives_the_same_features),
      cmocka_unit_test(what_cannot_be_done_is_refused),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
