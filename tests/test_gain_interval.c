/* Gains of new rows where features are of low rank: what is proven holds for the kernel itself. */
#include "check.h"
#include "make.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
  divw_dataset *dataset, *rows;
  divw_similarity *similarity;
  divw_kernel *exact, *low;
  double p[90];
  int64_t n, m;
} scene;

/* m new rows: copies of two examples, the others ever further away. */
static scene make_scene(int32_t kind, double bandwidth, int64_t rank, uint64_t seed) {
  scene s = {.n = 90, .m = 8};
  double *x = make_rows(s.n, 3, seed), *y = make_rows(s.m, 3, seed + 50), sum = 0;
  test_random random = {seed};
  for (int64_t k = 0; k < 3 * s.m; k++) {
    y[k] = k < 6 ? x[k] : y[k] * (double)k / 6;
  }
  for (int64_t i = 0; i < s.n; i++) {
    s.p[i] = i % 7 == 3 ? 0 : next_uniform(&random) * next_uniform(&random);
    sum += s.p[i];
  }
  for (int64_t i = 0; i < s.n; i++) {
    s.p[i] /= sum;
  }
  ok(divw_dataset_create_copy(&s.dataset, x, s.n, 3, DIVW_FLOAT64, 0));
  ok(divw_dataset_create_copy(&s.rows, y, s.m, 3, DIVW_FLOAT64, 0));
  ok(divw_similarity_create(&s.similarity, kind));
  ok(divw_similarity_set_bandwidth(s.similarity, bandwidth));
  ok(divw_kernel_create_with(&s.exact, s.dataset, s.similarity));
  ok(divw_kernel_create_low_rank(&s.low, s.dataset, s.similarity, rank, 0, seed));
  free(y);
  free(x);
  return s;
}

static void end_scene(scene *s) {
  divw_kernel_destroy(s->low);
  divw_kernel_destroy(s->exact);
  divw_similarity_destroy(s->similarity);
  divw_dataset_destroy(s->rows);
  divw_dataset_destroy(s->dataset);
}

static void gains_of_the_kernel_lie_within_what_is_proven(void **state) {
  (void)state;
  static const double orders[] = {0.5, 1, 2, INFINITY}, shares[] = {1e-4, 0.02, 0.5};
  static const int64_t ranks[] = {1, 6, 20, 60};
  for (int k = 0; k < 96; k++) {
    scene s =
        make_scene(k % 2 ? DIVW_KERNEL_LAPLACIAN : DIVW_KERNEL_GAUSSIAN, k % 2 ? 6 : 2, ranks[k / 24], 3 + (uint64_t)k);
    const double order = orders[k / 2 % 4], t = shares[k / 8 % 3];
    double gain[8], estimate[8], low[8], high[8];
    ok(divw_vendi_gain(s.exact, s.p, order, s.rows, t, NULL, gain));
    ok(divw_vendi_gain(s.low, s.p, order, s.rows, t, NULL, estimate));
    ok(divw_vendi_gain_interval(s.low, s.p, order, s.rows, t, low, high));
    for (int64_t j = 0; j < s.m; j++) {
      if (!(low[j] <= gain[j] + 1e-11 && gain[j] <= high[j] + 1e-11 && estimate[j] >= low[j] - 1e-11)) {
        fail_msg("case %d, row %d: %.12g is outside of [%.12g, %.12g], estimate %.12g", k, (int)j, gain[j], low[j],
                 high[j], estimate[j]);
      }
    }
    end_scene(&s);
  }
}

/* At order 1 the low end is as wrong as a share of the interval of the score, not as all of it. */
static void the_low_end_is_close_for_small_shares(void **state) {
  (void)state;
  const double t = 1e-3;
  scene s = make_scene(DIVW_KERNEL_GAUSSIAN, 2, 20, 3);
  double gain[8], low[8], high[8], least, most;
  ok(divw_vendi_gain(s.exact, s.p, 1, s.rows, t, NULL, gain));
  ok(divw_vendi_gain_interval(s.low, s.p, 1, s.rows, t, low, high));
  ok(divw_vendi_interval(s.low, s.p, 1, &least, &most));
  for (int64_t j = 0; j < s.m; j++) {
    assert_true(gain[j] - low[j] < 0.1 * log(most / least));
    assert_true(high[j] - low[j] < t * (1 + log(1 / t)) + t * log(most / least) + 1e-9);
  }
  end_scene(&s);
}

static void where_features_are_exact_both_ends_are_the_gain(void **state) {
  (void)state;
  scene s = make_scene(DIVW_KERNEL_GAUSSIAN, 2, 90, 5);
  double gain[8], low[8], high[8];
  divw_kernel *kernels[] = {s.exact, s.low};
  assert_null(divw_kernel_deficit(s.low));
  for (int k = 0; k < 2; k++) {
    ok(divw_vendi_gain(kernels[k], s.p, 1, s.rows, 0.1, NULL, gain));
    ok(divw_vendi_gain_interval(kernels[k], s.p, 1, s.rows, 0.1, low, high));
    for (int64_t j = 0; j < s.m; j++) {
      assert_true(low[j] == gain[j] && high[j] == gain[j]);
    }
  }
  end_scene(&s);
}

static void bad_arguments_are_refused(void **state) {
  (void)state;
  scene s = make_scene(DIVW_KERNEL_GAUSSIAN, 2, 6, 5);
  double low[8], high[8];
  divw_kernel *random;
  fails(divw_vendi_gain_interval(NULL, s.p, 1, s.rows, 0.1, low, high), DIVW_ERROR_ARGUMENT, "kernel is NULL");
  fails(divw_vendi_gain_interval(s.low, s.p, 1, NULL, 0.1, low, high), DIVW_ERROR_ARGUMENT, "rows is NULL");
  fails(divw_vendi_gain_interval(s.low, s.p, 1, s.rows, 0.1, NULL, high), DIVW_ERROR_ARGUMENT, "low is NULL");
  fails(divw_vendi_gain_interval(s.low, s.p, 1, s.rows, 0.1, low, NULL), DIVW_ERROR_ARGUMENT, "high is NULL");
  fails(divw_vendi_gain_interval(s.low, s.p, 0, s.rows, 0.1, low, high), DIVW_ERROR_ARGUMENT, "order is 0");
  fails(divw_vendi_gain_interval(s.low, s.p, 1, s.rows, 1, low, high), DIVW_ERROR_ARGUMENT, "share is 1");
  ok(divw_kernel_create_features(&random, s.dataset, s.similarity, 8, 1));
  fails(divw_vendi_gain_interval(random, s.p, 1, s.rows, 0.1, low, high), DIVW_ERROR_ARGUMENT,
        "nothing is known of what random features leave out");
  divw_kernel_destroy(random);
  end_scene(&s);
}

static divw_status attempt(void *context) {
  const scene *s = context;
  double low[8], high[8];
  return divw_vendi_gain_interval(s->low, s->p, 1, s->rows, 0.1, low, high);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  scene s = make_scene(DIVW_KERNEL_GAUSSIAN, 2, 6, 5);
  fail_every_allocation(attempt, &s);
  end_scene(&s);
}

/* ---- one bandwidth for two data sets ---- */

static void a_bandwidth_that_was_chosen_serves_other_data(void **state) {
  (void)state;
  scene s = make_scene(DIVW_KERNEL_GAUSSIAN, 2, 6, 5);
  divw_similarity *similarity;
  divw_kernel *kernel;
  double score;
  ok(divw_similarity_create(&similarity, DIVW_KERNEL_LAPLACIAN));
  ok(divw_similarity_set_bandwidth_vendi(similarity, 20));
  ok(divw_similarity_choose(similarity, s.dataset));
  const double chosen = divw_similarity_bandwidth(similarity);
  assert_int_equal(divw_similarity_bandwidth_rule(similarity), DIVW_BANDWIDTH_GIVEN);
  ok(divw_kernel_create_with(&kernel, s.dataset, similarity));
  ok(divw_vendi_score(kernel, NULL, 1, &score));
  near(score, 20, 1e-4);
  divw_kernel_destroy(kernel);
  ok(divw_kernel_create_with(&kernel, s.rows, similarity));
  assert_true(divw_similarity_bandwidth(divw_kernel_parameters(kernel)) == chosen);
  divw_kernel_destroy(kernel);
  ok(divw_similarity_choose(similarity, s.rows)); /* nothing is left to choose */
  assert_true(divw_similarity_bandwidth(similarity) == chosen);
  divw_similarity_destroy(similarity);
  ok(divw_similarity_create(&similarity, DIVW_KERNEL_COSINE));
  ok(divw_similarity_choose(similarity, s.dataset));
  assert_int_equal(divw_similarity_bandwidth_rule(similarity), 0);
  fails(divw_similarity_choose(NULL, s.dataset), DIVW_ERROR_ARGUMENT, "similarity is NULL");
  fails(divw_similarity_choose(similarity, NULL), DIVW_ERROR_ARGUMENT, "dataset is NULL");
  divw_similarity_destroy(similarity);
  end_scene(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gains_of_the_kernel_lie_within_what_is_proven),
      cmocka_unit_test(the_low_end_is_close_for_small_shares),
      cmocka_unit_test(where_features_are_exact_both_ends_are_the_gain),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(a_bandwidth_that_was_chosen_serves_other_data),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
