/* The tables of the sampler: the same in any number of parts, exact to the last digit, the same masses for every
 * scheme. */
#include "check.h"
#include "masses.h"
#include "sampler/sample.h"

#include <math.h>

enum { WITH = DIVW_SCHEME_WITH_REPLACEMENT, EVEN = DIVW_SCHEME_SYSTEMATIC };

static divw_sampler *make(const double *p, int64_t n, uint64_t seed, int32_t scheme, int64_t length,
                          const int64_t *labels) {
  divw_sampler *sampler;
  ok(divw_sampler_create_epochs(&sampler, p, n, seed, scheme, length, labels));
  return sampler;
}

static void tables_do_not_depend_on_the_number_of_parts(void **state) {
  (void)state;
  enum { N = 1000 };
  static double p[N];
  static uint64_t whole[N], parted[N];
  static uint32_t whole_cold[N], parted_cold[N];
  static uint64_t starts[N], parted_starts[N];
  static uint8_t high[N];
  for (int64_t n = 64; n <= N; n += 117) {
    fill_weights(p, n, (uint64_t)n);
    for (int parts = 1; parts <= DW_MAX_PARTS; parts += 1 + parts / 3) {
      uint64_t fingerprint = 0, same = 0;
      int64_t used;
      dw_masses masses = {.p = p, .count = n, .parts = parts, .function = "test", .whose = "weights"};
      ok(dw_masses_prepare(&masses));
      memset(parted, 0xee, sizeof parted);
      memset(high, 0xee, sizeof high);
      memset(parted_cold, 0xee, sizeof parted_cold);
      dw_alias_build((dw_alias_table){parted, parted_cold, high}, &masses, &fingerprint);
      dw_cumulative_build(parted_starts, &masses, &used, &same);
      assert_int_equal(fingerprint, same);
      if (parts == 1) {
        memcpy(whole, parted, sizeof whole);
        memcpy(whole_cold, parted_cold, sizeof whole_cold);
        memcpy(starts, parted_starts, sizeof starts);
      }
      assert_memory_equal(parted, whole, (size_t)n * sizeof *whole);
      assert_memory_equal(parted_cold, whole_cold, (size_t)n * sizeof *whole_cold);
      for (int64_t j = 0; j < n; j++) {
        assert_int_equal(high[j], 0);
      }
      assert_memory_equal(parted_starts, starts, (size_t)n * sizeof *starts);
    }
  }
}

/* 64 equal weights are 64 full columns: nobody gives. */
static void parts_with_nothing_to_give_leave_columns_alone(void **state) {
  (void)state;
  double p[64];
  uint64_t numbers[64], hot[64], fingerprint = 0;
  uint32_t cold[64];
  int64_t drawn[64];
  for (int i = 0; i < 64; i++) {
    p[i] = 3;
    numbers[i] = (uint64_t)i << 58;
  }
  for (int parts = 1; parts <= 3; parts++) {
    dw_masses masses = {.p = p, .count = 64, .parts = parts, .function = "test", .whose = "weights"};
    ok(dw_masses_prepare(&masses));
    memset(hot, 0xee, sizeof hot);
    memset(cold, 0xee, sizeof cold);
    dw_alias_build((dw_alias_table){hot, cold, NULL}, &masses, &fingerprint);
    dw_alias_look_up((dw_alias_table){hot, cold, NULL}, 64, numbers, 64, drawn);
    for (int i = 0; i < 64; i++) {
      assert_int_equal(drawn[i], i);
    }
  }
}

static void large_tables_are_made_by_threads_and_are_exact(void **state) {
  (void)state;
  enum { N = 1 << 18 };
  static double p[N];
  static uint64_t mass[2][N];
  fill_weights(p, N, 5);
  const int32_t before = divw_threads();
  for (int32_t threads = 1; threads <= 3; threads += 2) {
    ok(divw_set_threads(threads));
    assert_int_equal(dw_parts(N, DW_ROWS_OF_A_PART), divw_threads());
    divw_sampler *sampler = make(p, N, 1, WITH, 0, NULL);
    ok(divw_sampler_mass(sampler, mass[threads / 2]));
    divw_sampler_destroy(sampler);
  }
  ok(divw_set_threads(before));
  assert_memory_equal(mass[0], mass[1], sizeof mass[0]);
}

static void all_schemes_have_the_same_masses(void **state) {
  (void)state;
  double p[200];
  int64_t labels[200];
  uint64_t alias[200], sums[200];
  for (int64_t n = 1; n <= 200; n += 7) {
    fill_weights(p, n, 3);
    for (int64_t i = 0; i < n; i++) {
      labels[i] = i % 3 - 1;
      p[i] += i < 3; /* every label has a weight */
    }
    for (int labelled = 0; labelled <= 1; labelled++) {
      divw_sampler *one = make(p, n, 0, WITH, 0, labelled ? labels : NULL);
      divw_sampler *other = make(p, n, 0, EVEN, 0, labelled ? labels : NULL);
      ok(divw_sampler_mass(one, alias));
      ok(divw_sampler_mass(other, sums));
      assert_memory_equal(alias, sums, (size_t)n * sizeof *alias);
      assert_int_equal(divw_sampler_fingerprint(one), divw_sampler_fingerprint(other));
      divw_sampler_destroy(one);
      divw_sampler_destroy(other);
    }
  }
}

static void fingerprints_tell_weights_and_labels_apart(void **state) {
  (void)state;
  double p[4] = {1, 2, 3, 4};
  const int64_t labels[4] = {0, 0, 1, 1}, others[4] = {0, 1, 0, 1}, renamed[4] = {-5, -5, 9, 9};
  divw_sampler *samplers[6];
  samplers[0] = make(p, 4, 0, EVEN, 0, NULL);
  samplers[1] = make(p, 4, 0, EVEN, 0, labels);
  samplers[2] = make(p, 4, 0, EVEN, 0, others);
  p[3] = nextafter(4, 5);
  samplers[3] = make(p, 4, 0, EVEN, 0, NULL);
  samplers[4] = make((double[]){0, 1, 0, 0}, 4, 0, EVEN, 0, NULL);
  samplers[5] = make((double[]){0, 0, 1, 0}, 4, 0, EVEN, 0, NULL);
  for (int a = 0; a < 6; a++) {
    for (int b = 0; b < a; b++) {
      assert_int_not_equal(divw_sampler_fingerprint(samplers[a]), divw_sampler_fingerprint(samplers[b]));
    }
  }
  p[3] = 4;
  divw_sampler *same = make(p, 4, 99, EVEN, 8, renamed);
  assert_int_equal(divw_sampler_fingerprint(same), divw_sampler_fingerprint(samplers[1]));
  divw_sampler_destroy(same);
  for (int a = 0; a < 6; a++) {
    divw_sampler_destroy(samplers[a]);
  }
}

/* More than 2^32 rows need more bits of alias; a table of two with rows made up shows that they are read. */
static void aliases_above_2_to_32_are_whole(void **state) {
  (void)state;
  uint64_t hot[2] = {0xfedcba98, 5};
  uint32_t cold[2] = {0, 0};
  uint8_t high[2] = {0x12, 0x34};
  const uint64_t numbers[3] = {0, UINT64_C(1) << 63, UINT64_MAX};
  int64_t drawn[3];
  dw_alias_look_up((dw_alias_table){hot, cold, high}, 2, numbers, 3, drawn);
  assert_int_equal(drawn[0], INT64_C(0x12fedcba98));
  assert_int_equal(drawn[1], INT64_C(0x3400000005));
  assert_int_equal(drawn[2], INT64_C(0x3400000005));
}

/* The upper half of a limit decides but for one draw in 2^32; these are such draws, on both sides of every threshold
 * and with equal upper halves. */
static void the_last_digits_of_a_column_decide(void **state) {
  (void)state;
  double p[61];
  for (int64_t n = 2; n <= 61; n++) {
    fill_weights(p, n, (uint64_t)n);
    uint64_t starts[61], hot[61], fingerprint = 0;
    uint32_t cold[61];
    int64_t used;
    dw_masses masses = {.p = p, .count = n, .parts = 1, .function = "test", .whose = "weights"};
    ok(dw_masses_prepare(&masses));
    const dw_alias_table table = {hot, cold, NULL};
    dw_alias_build(table, &masses, &fingerprint);
    dw_cumulative_build(starts, &masses, &used, &fingerprint);
    for (int64_t j = 0; j < n; j++) {
      const uint64_t limit = (hot[j] >> 32 << 32) | cold[j];
      const dw_uint128 product = ((dw_uint128)(uint64_t)j << 64) + limit; /* u n at the threshold */
      for (int64_t step = -2; step <= 2; step++) {
        const uint64_t u = (uint64_t)(product / (uint64_t)n) + (uint64_t)step;
        const dw_uint128 place = (dw_uint128)u * (uint64_t)n;
        int64_t drawn;
        dw_alias_look_up(table, n, &u, 1, &drawn);
        if ((int64_t)(place >> 64) == j) {
          assert_int_equal(drawn, (uint64_t)place < limit ? j : (int64_t)(uint32_t)hot[j]);
        }
      }
    }
  }
}

static void sorting_is_stable_and_complete(void **state) {
  (void)state;
  enum { N = 5000 };
  static dw_pair pairs[N], scratch[N];
  test_random random = {8};
  for (int bits = 1; bits <= 53; bits += 4) {
    const int64_t n = bits == 1 ? 0 : N - bits;
    for (int64_t i = 0; i < n; i++) {
      pairs[i] = (dw_pair){(uint64_t)(next_uniform(&random) * ldexp(1, bits)) << (60 - bits), i};
    }
    dw_sort_pairs(pairs, scratch, n);
    bool seen[N] = {false};
    for (int64_t i = 0; i < n; i++) {
      assert_true(i == 0 || pairs[i - 1].key < pairs[i].key ||
                  (pairs[i - 1].key == pairs[i].key && pairs[i - 1].row < pairs[i].row));
      assert_false(seen[pairs[i].row]);
      seen[pairs[i].row] = true;
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tables_do_not_depend_on_the_number_of_parts),
      cmocka_unit_test(parts_with_nothing_to_give_leave_columns_alone),
      cmocka_unit_test(large_tables_are_made_by_threads_and_are_exact),
      cmocka_unit_test(all_schemes_have_the_same_masses),
      cmocka_unit_test(fingerprints_tell_weights_and_labels_apart),
      cmocka_unit_test(aliases_above_2_to_32_are_whole),
      cmocka_unit_test(the_last_digits_of_a_column_decide),
      cmocka_unit_test(sorting_is_stable_and_complete),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
