#define _POSIX_C_SOURCE 200809L

#include "check.h"
#include "masses.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

__extension__ typedef __int128 int128;

#define SMALL_SEED UINT64_C(0x0123456789abcdef)
static const double small[8] = {0.5, 0, 3, 1e-300, 0.125, 5e-324, 2.75, 0.1};

static divw_sampler *make(const double *p, int64_t n, uint64_t seed) {
  divw_sampler *sampler;
  ok(divw_sampler_create(&sampler, p, n, seed));
  return sampler;
}

/* 1 + i^2 mod 97, 1000 rows */
static divw_sampler *make_thousand(void) {
  double p[1000];
  for (int i = 0; i < 1000; i++) {
    p[i] = 1 + i * i % 97;
  }
  return make(p, 1000, 2026);
}

/* ---- known answers: the golden values of docs/sampler.md, by an independent program ---- */

static void expect_draws(const divw_sampler *sampler, int64_t epoch, int64_t first, const int64_t expected[16]) {
  int64_t drawn[16];
  ok(divw_sampler_draw(sampler, epoch, first, 16, drawn));
  for (int k = 0; k < 16; k++) {
    assert_int_equal(drawn[k], expected[k]);
  }
}

static void draws_are_frozen(void **state) {
  (void)state;
  divw_sampler *sampler = make(small, 8, SMALL_SEED);
  expect_draws(sampler, 0, 0, (int64_t[]){6, 2, 6, 6, 4, 2, 2, 6, 6, 6, 6, 6, 6, 2, 6, 6});
  expect_draws(sampler, 3, 7, (int64_t[]){6, 6, 2, 2, 2, 6, 0, 2, 0, 0, 6, 2, 2, 2, 2, 6});
  expect_draws(sampler, UINT32_MAX, INT64_MAX - 16, (int64_t[]){2, 6, 7, 2, 2, 2, 0, 6, 2, 6, 2, 6, 2, 2, 6, 0});
  divw_sampler_destroy(sampler);
  sampler = make_thousand();
  expect_draws(sampler, 0, 0,
               (int64_t[]){523, 312, 349, 818, 719, 903, 921, 898, 155, 163, 86, 58, 958, 252, 864, 173});
  expect_draws(sampler, 1, (INT64_C(1) << 33) + 1,
               (int64_t[]){829, 788, 43, 309, 255, 635, 182, 565, 232, 920, 747, 261, 24, 835, 502, 524});
  divw_sampler_destroy(sampler);
}

static void masses_are_frozen(void **state) {
  (void)state;
  const uint64_t expected[8] = {0x13c4b1ea413c4b1d, 0, 0x769c2b7d8769c2af, 1,
                                0x04f12c7a904f12c8, 1, 0x6cb9d28866cb9d20, 0x03f42395403f424a};
  uint64_t mass[1000];
  divw_sampler *sampler = make(small, 8, SMALL_SEED);
  ok(divw_sampler_mass(sampler, mass));
  assert_memory_equal(mass, expected, sizeof expected);
  divw_sampler_destroy(sampler);
  sampler = make_thousand();
  ok(divw_sampler_mass(sampler, mass));
  assert_int_equal(mass[0], 0x157838b175b4a);
  assert_int_equal(mass[3], 0xd6b236ee990e1);
  assert_int_equal(mass[999], UINT64_C(24928032532039935));
  divw_sampler_destroy(sampler);
}

/* ---- masses against the definition ---- */

static void the_table_holds_exactly_the_masses_of_the_definition(void **state) {
  (void)state;
  test_random random = {1};
  double p[64];
  for (int trial = 0; trial < 8000; trial++) {
    const int64_t n = 1 + (trial < 4000 ? trial / 8 % 5 : (int64_t)(64 * next_uniform(&random)));
    for (int64_t i = 0; i < n; i++) {
      p[i] = any_weight(&random, trial % 8);
    }
    p[(int64_t)((double)n * next_uniform(&random))] += trial % 8 == 5 ? 5e-324 : 1e-30; /* never all 0 */
    expect_exact_masses(p, n);
  }
}

static void the_table_is_exact_for_many_rows(void **state) {
  (void)state;
  enum { N = 20011 };
  static double p[N];
  test_random random = {2};
  for (int kind = 0; kind < 8; kind++) {
    for (int i = 0; i < N; i++) {
      p[i] = any_weight(&random, kind);
    }
    expect_exact_masses(p, N);
  }
}

/* With whole weights all of it is exact in 128 bits, also when divided through by sum p. */
static void masses_are_as_near_as_the_header_says(void **state) {
  (void)state;
  test_random random = {3};
  for (int trial = 0; trial < 1000; trial++) {
    const int64_t n = 2 + trial % 30;
    double p[32] = {1};
    int128 sum = 1;
    for (int64_t i = 1; i < n; i++) {
      p[i] = floor(ldexp(next_uniform(&random), (int)(50 * next_uniform(&random))));
      sum += (int128)p[i];
    }
    uint64_t mass[32];
    divw_sampler *sampler = make(p, n, 1);
    ok(divw_sampler_mass(sampler, mass));
    divw_sampler_destroy(sampler);
    for (int64_t i = 0; i < n && sum > 1; i++) {
      const int128 error = mass[i] * sum - ((int128)p[i] << 64), limit = 4 * sum + 3 * n * (int128)p[i];
      assert_true(-limit < error && error < limit);
    }
  }
}

static void one_row_with_all_the_weight_is_always_drawn(void **state) {
  (void)state;
  const double p[5] = {0, 0, 0, 5e-324, 0};
  for (int64_t n = 4; n <= 5; n++) {
    divw_sampler *sampler = make(p, n, 9);
    int64_t drawn[500];
    uint64_t mass[5];
    ok(divw_sampler_draw(sampler, 0, 0, 500, drawn));
    for (int k = 0; k < 500; k++) {
      assert_int_equal(drawn[k], 3);
    }
    ok(divw_sampler_mass(sampler, mass));
    for (int64_t i = 0; i < n; i++) {
      assert_int_equal(mass[i], 0); /* 2^64 modulo 2^64 */
    }
    divw_sampler_destroy(sampler);
  }
}

/* ---- draws ---- */

static void a_power_of_two_on_all_weights_changes_nothing(void **state) {
  (void)state;
  const double p[5] = {0.1, 0.7, 1e-5, 0, 0.3};
  int64_t expected[300], drawn[300];
  divw_sampler *sampler = make(p, 5, 4);
  ok(divw_sampler_draw(sampler, 0, 0, 300, expected));
  divw_sampler_destroy(sampler);
  for (int power = -900; power <= 1000; power += 100) {
    double scaled[5];
    for (int i = 0; i < 5; i++) {
      scaled[i] = ldexp(p[i], power);
    }
    sampler = make(scaled, 5, 4);
    ok(divw_sampler_draw(sampler, 0, 0, 300, drawn));
    divw_sampler_destroy(sampler);
    assert_memory_equal(drawn, expected, sizeof drawn);
  }
}

/* Number 0 of seed 2 is u = 7f4dbfff6cea1ec5. These weights, found with continued fractions, put the end of row 0's
 * outcomes just before u and just after it. */
static void the_last_outcome_of_a_row_is_where_it_should_be(void **state) {
  (void)state;
  const uint64_t u = 0x7f4dbfff6cea1ec5;
  const double p[2][2] = {{869252212110369, 878760981859819}, {123276457164523, 124624981137628}};
  for (int after = 0; after < 2; after++) {
    uint64_t mass[2];
    int64_t drawn;
    divw_sampler *sampler = make(p[after], 2, 2);
    ok(divw_sampler_mass(sampler, mass));
    assert_int_equal(mass[0], u + (uint64_t)after);
    ok(divw_sampler_draw(sampler, 0, 0, 1, &drawn));
    assert_int_equal(drawn, after ? 0 : 1);
    divw_sampler_destroy(sampler);
  }
}

/* 10^7 draws of 1000 rows: chi-square has mean 999 and standard deviation 44.7. */
static void draws_follow_the_weights(void **state) {
  (void)state;
  enum { N = 1000, BATCHES = 1000, BATCH = 10000 };
  divw_sampler *sampler = make_thousand();
  static int64_t drawn[BATCH];
  int64_t hits[N] = {0};
  uint64_t mass[N];
  double chi_square = 0;
  for (int64_t b = 0; b < BATCHES; b++) {
    ok(divw_sampler_draw(sampler, 0, b * BATCH, BATCH, drawn));
    for (int k = 0; k < BATCH; k++) {
      hits[drawn[k]]++;
    }
  }
  ok(divw_sampler_mass(sampler, mass));
  for (int i = 0; i < N; i++) {
    const double expected = ldexp((double)mass[i], -64) * BATCHES * BATCH;
    chi_square += ((double)hits[i] - expected) * ((double)hits[i] - expected) / expected;
  }
  near(chi_square, N - 1, 4 * sqrt(2 * (N - 1)));
  divw_sampler_destroy(sampler);
}

static void zero_weights_are_never_drawn(void **state) {
  (void)state;
  enum { N = 101, COUNT = 200000 };
  static int64_t drawn[COUNT];
  double p[N];
  for (int i = 0; i < N; i++) {
    p[i] = i % 3 == 1 ? 1 + i : 0;
  }
  divw_sampler *sampler = make(p, N, 5);
  ok(divw_sampler_draw(sampler, 0, 0, COUNT, drawn));
  for (int k = 0; k < COUNT; k++) {
    assert_int_equal(drawn[k] % 3, 1);
  }
  divw_sampler_destroy(sampler);
}

static void pieces_equal_one_call_at_every_cut(void **state) {
  (void)state;
  enum { COUNT = 600 };
  divw_sampler *sampler = make_thousand();
  int64_t whole[COUNT], pieces[COUNT];
  for (int64_t first = 4; first <= 5; first++) {
    ok(divw_sampler_draw(sampler, 2, first, COUNT, whole));
    for (int64_t cut = 0; cut <= COUNT; cut++) {
      memset(pieces, -1, sizeof pieces);
      ok(divw_sampler_draw(sampler, 2, first, cut, pieces));
      ok(divw_sampler_draw(sampler, 2, first + cut, COUNT - cut, pieces + cut));
      assert_memory_equal(pieces, whole, sizeof whole);
    }
  }
  divw_sampler_destroy(sampler);
}

enum { SHARED = 100000 };

typedef struct {
  const divw_sampler *sampler;
  int64_t drawn[SHARED];
} reader;

static void *read_all(void *argument) {
  reader *r = argument;
  return divw_sampler_draw(r->sampler, 0, 0, SHARED, r->drawn) == DIVW_OK ? r : NULL;
}

static void threads_that_share_a_sampler_draw_the_same(void **state) {
  (void)state;
  static reader readers[3];
  divw_sampler *sampler = make_thousand();
  pthread_t threads[2];
  for (int t = 0; t < 2; t++) {
    readers[t].sampler = sampler;
    assert_int_equal(pthread_create(&threads[t], NULL, read_all, &readers[t]), 0);
  }
  for (int t = 0; t < 2; t++) {
    void *result;
    assert_int_equal(pthread_join(threads[t], &result), 0);
    assert_non_null(result);
  }
  ok(divw_sampler_draw(sampler, 0, 0, SHARED, readers[2].drawn));
  assert_memory_equal(readers[0].drawn, readers[2].drawn, sizeof readers[2].drawn);
  assert_memory_equal(readers[1].drawn, readers[2].drawn, sizeof readers[2].drawn);
  divw_sampler_destroy(sampler);
}

/* ---- files ---- */

static void expect_saved(const char *path, const int64_t *expected, int64_t count) {
  int64_t *values, found;
  ok(divw_indices_load(path, &values, &found));
  assert_int_equal(found, count);
  for (int64_t k = 0; k < count; k++) {
    assert_int_equal(values[k], expected[k]);
  }
  divw_free(values);
}

static void saved_draws_are_the_draws(void **state) {
  (void)state;
  enum { COUNT = 3000 };
  divw_sampler *sampler = make(small, 8, SMALL_SEED);
  const int64_t rows[8] = {70, 71, 72, 73, 74, 75, 76, -77};
  static int64_t drawn[COUNT];
  const char *path = scratch("draws.npy");
  ok(divw_sampler_draw(sampler, 1, 11, COUNT, drawn));
  ok(divw_sampler_save_draws(sampler, 1, 11, COUNT, NULL, path));
  expect_saved(path, drawn, COUNT);
  ok(divw_sampler_save_draws(sampler, 1, 11, COUNT, rows, path));
  for (int k = 0; k < COUNT; k++) {
    drawn[k] = rows[drawn[k]];
  }
  expect_saved(path, drawn, COUNT);
  ok(divw_sampler_save_draws(sampler, 1, 11, 0, NULL, path));
  expect_saved(path, NULL, 0);
  divw_sampler_destroy(sampler);
}

/* ---- failing ---- */

static void bad_weights_are_named_by_position_and_value(void **state) {
  (void)state;
  divw_sampler *sampler = (divw_sampler *)&sampler;
  fails(divw_sampler_create(&sampler, (double[]){1, 2, -0.5, NAN}, 4, 0), DIVW_ERROR_DATA,
        "divw_sampler_create: p[2] is -0.5, expected a finite number >= 0");
  assert_null(sampler);
  fails(divw_sampler_create(&sampler, (double[]){1, NAN}, 2, 0), DIVW_ERROR_DATA, "p[1] is nan");
  fails(divw_sampler_create(&sampler, (double[]){INFINITY}, 1, 0), DIVW_ERROR_DATA, "p[0] is inf");
  fails(divw_sampler_create(&sampler, (double[]){0, -INFINITY}, 2, 0), DIVW_ERROR_DATA, "p[1] is -inf");
  fails(divw_sampler_create(&sampler, (double[]){0, -0.0, 0}, 3, 0), DIVW_ERROR_DATA,
        "divw_sampler_create: all 3 weights are 0, expected one above 0");
}

static void bad_arguments_are_named(void **state) {
  (void)state;
  const double p[1] = {1};
  int64_t drawn[1];
  uint64_t mass[1];
  divw_sampler *sampler;
  fails(divw_sampler_create(NULL, p, 1, 0), DIVW_ERROR_ARGUMENT, "divw_sampler_create: out is NULL");
  fails(divw_sampler_create(&sampler, NULL, 1, 0), DIVW_ERROR_ARGUMENT, "p is NULL");
  fails(divw_sampler_create(&sampler, p, 0, 0), DIVW_ERROR_ARGUMENT, "count is 0, expected 1 to 2^40");
  fails(divw_sampler_create(&sampler, p, -1, 0), DIVW_ERROR_ARGUMENT, "count is -1, expected");
  fails(divw_sampler_create(&sampler, p, (INT64_C(1) << 40) + 1, 0), DIVW_ERROR_ARGUMENT, "count is 1099511627777");
  assert_null(sampler);
  divw_sampler_destroy(NULL);
  assert_int_equal(divw_sampler_count(NULL), 0);

  sampler = make(p, 1, 0);
  assert_int_equal(divw_sampler_count(sampler), 1);
  fails(divw_sampler_draw(NULL, 0, 0, 1, drawn), DIVW_ERROR_ARGUMENT, "divw_sampler_draw: sampler is NULL");
  fails(divw_sampler_draw(sampler, 0, 0, 1, NULL), DIVW_ERROR_ARGUMENT, "indices is NULL");
  fails(divw_sampler_draw(sampler, -1, 0, 1, drawn), DIVW_ERROR_ARGUMENT, "divw_sampler_draw: epoch is -1, expected 0");
  fails(divw_sampler_draw(sampler, INT64_C(1) << 32, 0, 1, drawn), DIVW_ERROR_ARGUMENT, "epoch is 4294967296");
  fails(divw_sampler_draw(sampler, 0, -2, 1, drawn), DIVW_ERROR_ARGUMENT, "first is -2, expected 0 or more");
  fails(divw_sampler_draw(sampler, 0, 0, -3, drawn), DIVW_ERROR_ARGUMENT,
        "count is -3, expected 0 to 2^63 - 1 - first");
  fails(divw_sampler_draw(sampler, 0, INT64_MAX, 1, drawn), DIVW_ERROR_ARGUMENT, "(first is 9223372036854775807)");
  fails(divw_sampler_mass(NULL, mass), DIVW_ERROR_ARGUMENT, "divw_sampler_mass: sampler is NULL");
  fails(divw_sampler_mass(sampler, NULL), DIVW_ERROR_ARGUMENT, "mass is NULL");
  divw_sampler_destroy(sampler);
}

static void draws_that_cannot_be_saved_say_why(void **state) {
  (void)state;
  const char *path = scratch("refused.npy"), *nowhere = scratch("missing/draws.npy");
  int64_t *values, count;
  divw_sampler *sampler = make(small, 8, 0);
  fails(divw_sampler_save_draws(NULL, 0, 0, 1, NULL, path), DIVW_ERROR_ARGUMENT,
        "divw_sampler_save_draws: sampler is NULL");
  fails(divw_sampler_save_draws(sampler, 0, 0, 1, NULL, NULL), DIVW_ERROR_ARGUMENT, "path is NULL");
  fails(divw_sampler_save_draws(sampler, -1, 0, 1, NULL, path), DIVW_ERROR_ARGUMENT,
        "divw_sampler_save_draws: epoch is -1");
  fails(divw_sampler_save_draws(sampler, 0, 1, INT64_MAX, NULL, path), DIVW_ERROR_ARGUMENT, "count is");
  fails(divw_indices_load(path, &values, &count), DIVW_ERROR_FILE, path);
  fails(divw_sampler_save_draws(sampler, 0, 0, 1, NULL, nowhere), DIVW_ERROR_FILE, nowhere);
  if (access("/dev/full", W_OK) == 0) { /* a disk that is always full, where there is one */
    fails(divw_sampler_save_draws(sampler, 0, 0, 1000000, NULL, "/dev/full"), DIVW_ERROR_FILE, "/dev/full");
  }
  divw_sampler_destroy(sampler);
}

static divw_status create_and_save(void *context) {
  divw_sampler *sampler;
  divw_status status = divw_sampler_create(&sampler, small, 8, 0);
  assert_true((status == DIVW_OK) == (sampler != NULL));
  if (status == DIVW_OK) {
    status = divw_sampler_save_draws(sampler, 0, 0, 10, NULL, context);
  }
  divw_sampler_destroy(sampler);
  return status;
}

static void a_failed_allocation_leaves_nothing_behind(void **state) {
  (void)state;
  char path[512];
  strcpy(path, scratch("allocations.npy"));
  fail_every_allocation(create_and_save, path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_are_frozen),
      cmocka_unit_test(masses_are_frozen),
      cmocka_unit_test(the_table_holds_exactly_the_masses_of_the_definition),
      cmocka_unit_test(the_table_is_exact_for_many_rows),
      cmocka_unit_test(masses_are_as_near_as_the_header_says),
      cmocka_unit_test(one_row_with_all_the_weight_is_always_drawn),
      cmocka_unit_test(a_power_of_two_on_all_weights_changes_nothing),
      cmocka_unit_test(the_last_outcome_of_a_row_is_where_it_should_be),
      cmocka_unit_test(draws_follow_the_weights),
      cmocka_unit_test(zero_weights_are_never_drawn),
      cmocka_unit_test(pieces_equal_one_call_at_every_cut),
      cmocka_unit_test(threads_that_share_a_sampler_draw_the_same),
      cmocka_unit_test(saved_draws_are_the_draws),
      cmocka_unit_test(bad_weights_are_named_by_position_and_value),
      cmocka_unit_test(bad_arguments_are_named),
      cmocka_unit_test(draws_that_cannot_be_saved_say_why),
      cmocka_unit_test(a_failed_allocation_leaves_nothing_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
