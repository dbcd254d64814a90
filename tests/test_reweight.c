#include "check.h"

#include <float.h>
#include <math.h>

static double sum_of(const double *p, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += p[i];
  }
  return sum;
}

static void temperature_raises_proportions_to_a_power(void **state) {
  (void)state;
  const double p[4] = {1, 0, 4, 3};
  double out[4];
  ok(divw_reweight_temper(p, 4, 2, out));
  near(out[0], 1.0 / 26, 1e-15);
  near(out[2], 16.0 / 26, 1e-15);
  assert_true(out[1] == 0);
  ok(divw_reweight_temper(p, 4, 0, out));
  assert_true(out[0] == out[2] && out[2] == out[3] && out[1] == 0);
  near(out[0], 1.0 / 3, 1e-16);
  ok(divw_reweight_temper(p, 4, 1, out));
  near(out[2], 0.5, 1e-16);
  ok(divw_reweight_temper(p, 4, 1e300, out));
  assert_true(out[2] == 1 && out[0] == 0);
}

static void mixing_keeps_a_part_uniform(void **state) {
  (void)state;
  double p[4] = {1, 0, 4, 3};
  double out[4];
  ok(divw_reweight_mix(p, 4, 0.2, out));
  near(out[0], 0.8 / 8 + 0.05, 1e-16);
  near(out[1], 0.05, 1e-16);
  near(sum_of(out, 4), 1, 1e-15);
  ok(divw_reweight_mix(p, 4, 1, out));
  assert_true(out[0] == 0.25 && out[1] == 0.25);
  ok(divw_reweight_mix(p, 4, 0, p)); /* in place */
  near(p[2], 0.5, 1e-16);
}

static void loss_weights_have_mean_1(void **state) {
  (void)state;
  double out[4];
  ok(divw_reweight_loss((double[]){1, 0, 4, 3}, 4, out));
  near(out[2], 2, 1e-15);
  near(sum_of(out, 4), 4, 1e-15);
}

/* sum q f correction = sum p f, for any f. */
static void corrections_turn_one_mean_into_the_other(void **state) {
  (void)state;
  const double p[4] = {1, 0, 4, 3}, q[4] = {20, 10, 10, 10}, f[4] = {3, -7, 0.5, 11};
  double out[4], meant = 0, drawn = 0;
  ok(divw_reweight_correct(p, q, 4, out));
  for (int i = 0; i < 4; i++) {
    meant += p[i] / 8 * f[i];
    drawn += q[i] / 50 * f[i] * out[i];
  }
  near(drawn, meant, 1e-14);
  assert_true(out[1] == 0);
  ok(divw_reweight_correct(p, (double[]){1, 0, 4, 3}, 4, out));
  near(out[0], 1, 1e-15);
  assert_true(out[1] == 0);
}

static void shares_of_shards_are_sums_of_rows(void **state) {
  (void)state;
  const int64_t shard[5] = {2, 0, 2, 1, 0};
  double out[4];
  ok(divw_reweight_shards((double[]){1, 2, 3, 0, 4}, 5, shard, 4, out));
  near(out[0], 0.6, 1e-16);
  assert_true(out[1] == 0 && out[3] == 0);
  near(out[2], 0.4, 1e-16);
}

/* Nothing overflows or vanishes, 600 orders of magnitude apart. */
static void scale_does_not_matter(void **state) {
  (void)state;
  const double p[3] = {DBL_MAX, DBL_MAX, 0x1p-1074}, tiny[2] = {0x1p-1074, 0x1p-1073};
  double out[3];
  const int64_t shard[3] = {0, 0, 0};
  ok(divw_reweight_loss(p, 3, out));
  near(out[0], 1.5, 1e-15);
  ok(divw_reweight_mix(p, 3, 0.5, out));
  near(out[1], 0.25 + 1.0 / 6, 1e-15);
  ok(divw_reweight_temper(p, 3, 0.5, out));
  near(out[1], 0.5, 1e-15);
  assert_true(out[2] > 0);
  ok(divw_reweight_temper(p, 3, 0, out));
  near(out[2], 1.0 / 3, 1e-15);
  ok(divw_reweight_shards(p, 3, shard, 1, out));
  near(out[0], 1, 1e-15);
  ok(divw_reweight_temper(tiny, 2, 1, out));
  near(out[1], 2.0 / 3, 1e-15);
}

/* A million equal weights: a plain sum is off by some 1e-11. */
static void sums_are_compensated(void **state) {
  (void)state;
  enum { N = 1000000 };
  static double p[N], out[N];
  static int64_t shard[N];
  for (int i = 0; i < N; i++) {
    p[i] = i == 0 ? 1 : 0.1;
  }
  ok(divw_reweight_loss(p, N, out));
  near(out[1], N * 0.1 / (1 + 0.1 * (N - 1)), 1e-15);
  ok(divw_reweight_shards(p, N, shard, 1, out));
  near(out[0], 1, 3e-16);
}

static void bad_arguments_are_named(void **state) {
  (void)state;
  const double p[2] = {1, 1}, bad[2] = {1, NAN}, zero[2] = {0, -0.0};
  const int64_t shard[2] = {0, 2}, fine[2] = {0, 0};
  double out[2];
  fails(divw_reweight_temper(NULL, 2, 1, out), DIVW_ERROR_ARGUMENT, "divw_reweight_temper: p is NULL");
  fails(divw_reweight_temper(p, 2, 1, NULL), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_reweight_temper(p, 0, 1, out), DIVW_ERROR_ARGUMENT, "count is 0, expected at least 1");
  fails(divw_reweight_temper(p, 2, -1, out), DIVW_ERROR_ARGUMENT, "power is -1, expected a finite number >= 0");
  fails(divw_reweight_temper(p, 2, NAN, out), DIVW_ERROR_ARGUMENT, "power is nan");
  fails(divw_reweight_temper(p, 2, INFINITY, out), DIVW_ERROR_ARGUMENT, "power is inf");
  fails(divw_reweight_temper(bad, 2, 1, out), DIVW_ERROR_DATA, "divw_reweight_temper: p[1] is nan");
  fails(divw_reweight_mix(NULL, 2, 0, out), DIVW_ERROR_ARGUMENT, "divw_reweight_mix: p is NULL");
  fails(divw_reweight_mix(p, 2, 0, NULL), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_reweight_mix(p, 2, 1.5, out), DIVW_ERROR_ARGUMENT, "part is 1.5, expected 0 to 1");
  fails(divw_reweight_mix(p, 2, NAN, out), DIVW_ERROR_ARGUMENT, "part is nan");
  fails(divw_reweight_mix(zero, 2, 0, out), DIVW_ERROR_DATA, "all 2 weights of p are 0, expected one above 0");
  fails(divw_reweight_loss(NULL, 2, out), DIVW_ERROR_ARGUMENT, "p is NULL");
  fails(divw_reweight_loss(p, 2, NULL), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_reweight_loss((double[]){1, -2}, 2, out), DIVW_ERROR_DATA, "p[1] is -2");
  fails(divw_reweight_correct(NULL, p, 2, out), DIVW_ERROR_ARGUMENT, "p is NULL");
  fails(divw_reweight_correct(p, NULL, 2, out), DIVW_ERROR_ARGUMENT, "q is NULL");
  fails(divw_reweight_correct(p, p, 2, NULL), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_reweight_correct(bad, p, 2, out), DIVW_ERROR_DATA, "divw_reweight_correct: p[1] is nan");
  fails(divw_reweight_correct(p, bad, 2, out), DIVW_ERROR_DATA, "divw_reweight_correct: q[1] is nan");
  fails(divw_reweight_correct(p, (double[]){1, 0}, 2, out), DIVW_ERROR_DATA,
        "q[1] is 0 where p[1] is 1, expected a weight that p can be divided by");
  fails(divw_reweight_shards(NULL, 2, fine, 1, out), DIVW_ERROR_ARGUMENT, "p is NULL");
  fails(divw_reweight_shards(p, 2, NULL, 1, out), DIVW_ERROR_ARGUMENT, "shard is NULL");
  fails(divw_reweight_shards(p, 2, fine, 1, NULL), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_reweight_shards(p, 2, fine, 0, out), DIVW_ERROR_ARGUMENT, "shard_count is 0, expected 1 to 2^40");
  fails(divw_reweight_shards(p, 2, shard, 2, out), DIVW_ERROR_DATA, "shard[1] is 2, expected 0 to 1");
  fails(divw_reweight_shards(bad, 2, fine, 2, out), DIVW_ERROR_DATA, "divw_reweight_shards: p[1] is nan");
}

static divw_status shards(void *context) {
  double out[3];
  return divw_reweight_shards((double[]){1, 2}, 2, (int64_t[]){0, 2}, 3, context != NULL ? context : out);
}

static void a_failed_allocation_leaves_nothing_behind(void **state) {
  (void)state;
  fail_every_allocation(shards, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(temperature_raises_proportions_to_a_power),
      cmocka_unit_test(mixing_keeps_a_part_uniform),
      cmocka_unit_test(loss_weights_have_mean_1),
      cmocka_unit_test(corrections_turn_one_mean_into_the_other),
      cmocka_unit_test(shares_of_shards_are_sums_of_rows),
      cmocka_unit_test(scale_does_not_matter),
      cmocka_unit_test(sums_are_compensated),
      cmocka_unit_test(bad_arguments_are_named),
      cmocka_unit_test(a_failed_allocation_leaves_nothing_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
