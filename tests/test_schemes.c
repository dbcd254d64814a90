/* Draws without replacement, in systematic epochs, and balanced over labels. */
#include "check.h"
#include "masses.h"
#include "sampler/sample.h"

#include <math.h>
#include <stdio.h>

#define SMALL_SEED UINT64_C(0x0123456789abcdef)
static const double small[8] = {0.5, 0, 3, 1e-300, 0.125, 5e-324, 2.75, 0.1};
static const int64_t small_labels[8] = {7, -1, 7, 7, -1, 3, 3, -1};

enum { WITH = DIVW_SCHEME_WITH_REPLACEMENT, WITHOUT = DIVW_SCHEME_WITHOUT_REPLACEMENT, EVEN = DIVW_SCHEME_SYSTEMATIC };

static divw_sampler *make(const double *p, int64_t n, uint64_t seed, int32_t scheme, int64_t length,
                          const int64_t *labels) {
  divw_sampler *sampler;
  ok(divw_sampler_create_epochs(&sampler, p, n, seed, scheme, length, labels));
  return sampler;
}

static divw_sampler *make_thousand(int32_t scheme, int64_t length) {
  double p[1000];
  for (int i = 0; i < 1000; i++) {
    p[i] = 1 + i * i % 97;
  }
  return make(p, 1000, 2026, scheme, length, NULL);
}

/* ---- golden values of docs/sampler.md, by an independent program ---- */

static void expect_draws(const divw_sampler *sampler, int64_t epoch, int64_t first, const char *expected) {
  int64_t drawn[16];
  char text[200] = "", *end = text;
  ok(divw_sampler_draw(sampler, epoch, first, 16, drawn));
  for (int k = 0; k < 16; k++) {
    end += sprintf(end, k > 0 ? " %d" : "%d", (int)drawn[k]);
  }
  assert_string_equal(text, expected);
}

static void expect_small(int32_t scheme, const int64_t *labels, uint64_t fingerprint, const char *from_0,
                         const char *from_7_of_3) {
  divw_sampler *sampler = make(small, 8, SMALL_SEED, scheme, 0, labels);
  expect_draws(sampler, 0, 0, from_0);
  expect_draws(sampler, 3, 7, from_7_of_3);
  assert_int_equal(divw_sampler_fingerprint(sampler), fingerprint);
  divw_sampler_destroy(sampler);
}

static void draws_of_every_scheme_are_frozen(void **state) {
  (void)state;
  const uint64_t plain = 0x46a2c1f078c859f3, labelled = 0xfe967a78da82c1ac;
  expect_small(WITH, NULL, plain, "6 2 6 6 4 2 2 6 6 6 6 6 6 2 6 6", "6 6 2 2 2 6 0 2 0 0 6 2 2 2 2 6");
  expect_small(WITH, small_labels, labelled, "2 4 6 6 4 0 6 7 2 2 6 7 7 6 2 4", "2 7 0 4 6 6 4 2 4 6 2 0 6 4 2 6");
  expect_small(WITHOUT, NULL, plain, "6 2 7 0 4 5 3 0 6 7 2 4 5 3 2 6", "6 2 0 4 7 3 5 2 7 6 4 0 3 5 6 2");
  expect_small(WITHOUT, small_labels, labelled, "2 7 6 5 4 0 6 0 7 4 5 2 6 2 7 5", "6 4 7 0 5 6 2 7 5 4 0 6 7 2 5 4");
  expect_small(EVEN, NULL, plain, "6 2 2 2 6 2 0 6 6 2 6 2 6 2 2 6", "2 6 2 0 6 2 2 6 2 2 6 2 2 6 2 6");
  expect_small(EVEN, small_labels, labelled, "2 7 6 6 4 2 6 2 7 4 6 2 6 0 7 6", "6 4 4 0 6 6 2 7 6 4 2 6 4 2 6 7");
  divw_sampler *sampler = make_thousand(WITHOUT, 0);
  expect_draws(sampler, 0, 0, "799 163 547 720 401 509 177 492 468 795 787 551 839 603 612 385");
  expect_draws(sampler, 1, 990, "775 582 277 873 194 970 291 0 790 97 880 64 287 768 913 715");
  divw_sampler_destroy(sampler);
  sampler = make_thousand(EVEN, 0);
  expect_draws(sampler, 0, 0, "655 918 405 159 276 274 185 842 553 864 785 106 558 415 847 962");
  expect_draws(sampler, 1, 990, "282 238 437 114 53 76 158 782 7 36 176 94 129 314 468 834");
  assert_int_equal(divw_sampler_fingerprint(sampler), UINT64_C(0xd999345578d973ed));
  divw_sampler_destroy(sampler);
}

/* ---- without replacement ---- */

static void exponentials_are_logarithms(void **state) {
  (void)state;
  test_random random = {6};
  for (int k = 0; k < 100000; k++) {
    const uint64_t u = (uint64_t)(next_uniform(&random) * 0x1p53) << 11 >> (k % 64);
    const double z = ((double)u + 0.5) * 0x1p-64, expected = -log1p(-z);
    near(dw_exponential(u), expected, 1e-15 * expected);
  }
  near(dw_exponential(0), 0x1p-65, 1e-35);
  near(dw_exponential(UINT64_MAX), 65 * log(2), 1e-13);
  near(dw_exponential(UINT64_C(1) << 62), dw_exponential((UINT64_C(1) << 62) - 1), 1e-15);
}

static void an_epoch_has_no_row_twice_and_all_positive_ones(void **state) {
  (void)state;
  enum { N = 3000 };
  static double p[N];
  static int64_t drawn[N];
  static int times[N];
  for (int64_t n = 1; n <= N; n += 1 + n / 2) {
    fill_weights(p, n, 11);
    divw_sampler *sampler = make(p, n, 3, WITHOUT, 0, NULL);
    const int64_t length = divw_sampler_epoch_length(sampler);
    int64_t positive = 0;
    memset(times, 0, sizeof times);
    for (int64_t i = 0; i < n; i++) {
      positive += p[i] > 0;
    }
    assert_int_equal(length, positive);
    ok(divw_sampler_draw(sampler, 9, 0, length, drawn));
    for (int64_t k = 0; k < length; k++) {
      assert_true(p[drawn[k]] > 0);
      assert_int_equal(times[drawn[k]]++, 0);
    }
    divw_sampler_destroy(sampler);
  }
}

/* A shorter epoch finds its winners by another way, among more rows than are sorted at once. */
static void the_first_of_a_race_are_those_of_the_whole_race(void **state) {
  (void)state;
  enum { N = 70001 };
  static double p[N];
  static int64_t all[N], first[N];
  fill_weights(p, N, 2);
  for (int i = 0; i < N; i++) {
    p[i] += 1e-9;
  }
  divw_sampler *whole = make(p, N, 3, WITHOUT, 0, NULL);
  ok(divw_sampler_draw(whole, 1, 0, N, all));
  for (int64_t length = 1; length <= N; length = length * 12 + 1) {
    divw_sampler *some = make(p, N, 3, WITHOUT, length, NULL);
    ok(divw_sampler_draw(some, 1, 0, length, first));
    assert_memory_equal(first, all, (size_t)length * sizeof *all);
    divw_sampler_destroy(some);
  }
  divw_sampler_destroy(whole);
}

/* All orders of 3 of 4 rows have known probabilities. */
static void races_follow_the_weights(void **state) {
  (void)state;
  enum { EPOCHS = 40000 };
  const double p[4] = {1, 2, 3, 4};
  int64_t hits[64] = {0}, drawn[3], used[64], cells = 0;
  double expected[64], listed[64];
  divw_sampler *sampler = make(p, 4, 17, WITHOUT, 3, NULL);
  for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
    ok(divw_sampler_draw(sampler, epoch, 0, 3, drawn));
    hits[drawn[0] * 16 + drawn[1] * 4 + drawn[2]]++;
  }
  for (int order = 0; order < 64; order++) {
    const int a = order / 16, b = order / 4 % 4, c = order % 4;
    expected[order] = EPOCHS * p[a] / 10 * p[b] / (10 - p[a]) * p[c] / (10 - p[a] - p[b]);
    if (a != b && b != c && a != c) {
      used[cells] = hits[order];
      listed[cells++] = expected[order];
    } else {
      assert_int_equal(hits[order], 0);
    }
  }
  assert_int_equal(cells, 24);
  assert_true(fabs(deviation(used, listed, cells)) < 4);
  divw_sampler_destroy(sampler);
}

static void one_row_with_all_the_weight_wins_every_race(void **state) {
  (void)state;
  const double p[5] = {0, 0, 0, 5e-324, 0};
  int64_t drawn[10];
  for (int32_t scheme = WITH; scheme <= EVEN; scheme++) {
    divw_sampler *sampler = make(p, 5, 9, scheme, 0, NULL);
    ok(divw_sampler_draw(sampler, 0, 0, 10, drawn));
    for (int k = 0; k < 10; k++) {
      assert_int_equal(drawn[k], 3);
    }
    divw_sampler_destroy(sampler);
  }
}

/* ---- systematic ---- */

/* hits is floor or ceil of m mass / 2^64, in whole numbers. */
static void expect_floor_or_ceil(int64_t hits, int64_t m, uint64_t mass) {
  const dw_uint128 product = (dw_uint128)(uint64_t)m * mass;
  const int64_t floor_of = (int64_t)(product >> 64);
  assert_true(hits == floor_of || (hits == floor_of + 1 && (uint64_t)product != 0));
}

static void systematic_counts_are_floor_or_ceil(void **state) {
  (void)state;
  enum { N = 400, MOST = 3000 };
  static double p[N];
  static uint64_t mass[N];
  static int64_t drawn[MOST];
  const int64_t lengths[] = {1, 2, 7, 399, 400, 401, 2048, MOST};
  for (int64_t n = 2; n <= N; n += 1 + n / 2) {
    fill_weights(p, n, (uint64_t)n);
    for (int l = 0; l < 8; l++) {
      const int64_t m = lengths[l];
      divw_sampler *sampler = make(p, n, 21, EVEN, m, NULL);
      assert_int_equal(divw_sampler_epoch_length(sampler), m);
      ok(divw_sampler_mass(sampler, mass));
      for (int64_t epoch = 0; epoch < 20; epoch++) {
        int64_t hits[N] = {0};
        ok(divw_sampler_draw(sampler, epoch, 0, m, drawn));
        for (int64_t k = 0; k < m; k++) {
          hits[drawn[k]]++;
        }
        for (int64_t i = 0; i < n; i++) {
          expect_floor_or_ceil(hits[i], m, mass[i]);
        }
      }
      divw_sampler_destroy(sampler);
    }
  }
}

static void systematic_counts_are_right_on_average_and_in_any_order(void **state) {
  (void)state;
  enum { EPOCHS = 40000, M = 5 };
  const double p[3] = {0.1, 0.55, 0.35};
  int64_t drawn[M], at_place[M * 3] = {0};
  double expected[M * 3];
  divw_sampler *sampler = make(p, 3, 8, EVEN, M, NULL);
  for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
    ok(divw_sampler_draw(sampler, epoch, 0, M, drawn));
    for (int k = 0; k < M; k++) {
      at_place[3 * k + drawn[k]]++;
    }
  }
  for (int k = 0; k < M; k++) {
    for (int i = 0; i < 3; i++) {
      expected[i] = EPOCHS * p[i];
    }
    assert_true(fabs(deviation(at_place + 3 * k, expected, 3)) < 4);
  }
  divw_sampler_destroy(sampler);
}

/* Guides over many rows of tiny weight in one cell, and none in others. */
static void systematic_draws_find_their_rows_among_uneven_weights(void **state) {
  (void)state;
  enum { N = 5000 };
  static double p[N];
  static uint64_t mass[N];
  static int64_t drawn[N];
  for (int i = 0; i < N; i++) {
    p[i] = i % 1000 == 3 ? 1 : i % 7 == 0 ? 0 : 1e-12;
  }
  divw_sampler *sampler = make(p, N, 4, EVEN, 0, NULL);
  int64_t hits[N] = {0};
  ok(divw_sampler_mass(sampler, mass));
  ok(divw_sampler_draw(sampler, 0, 0, N, drawn));
  for (int k = 0; k < N; k++) {
    hits[drawn[k]]++;
  }
  for (int i = 0; i < N; i++) {
    expect_floor_or_ceil(hits[i], N, mass[i]);
  }
  divw_sampler_destroy(sampler);
}

/* ---- balance ---- */

static void batches_are_balanced_over_labels(void **state) {
  (void)state;
  enum { N = 500, LABELS = 7, DRAWS = 7 * 300 };
  static double p[N];
  static int64_t labels[N], drawn[DRAWS];
  fill_weights(p, N, 30);
  for (int i = 0; i < N; i++) {
    labels[i] = (int64_t)(i * i) % LABELS * 1000 - 2000; /* squares: 0, 1, 2 and 4 modulo 7 */
  }
  for (int32_t scheme = WITH; scheme <= EVEN; scheme++) {
    divw_sampler *sampler = make(p, N, 5, scheme, 0, labels);
    assert_int_equal(divw_sampler_groups(sampler), 4);
    assert_true(divw_sampler_epoch_length(sampler) % 4 == 0);
    ok(divw_sampler_draw(sampler, 2, 0, DRAWS, drawn));
    for (int64_t k = 0; k < DRAWS; k += 4) {
      int64_t seen = 0;
      for (int64_t b = k; b < k + 4 && b < DRAWS; b++) {
        seen |= INT64_C(1) << ((labels[drawn[b]] + 2000) / 1000);
      }
      assert_true(seen == 0x17 || k + 4 > DRAWS);
    }
    divw_sampler_destroy(sampler);
  }
}

/* Within a label draws follow the weights, whatever the labels weigh together. */
static void balanced_draws_follow_the_weights_within_labels(void **state) {
  (void)state;
  enum { DRAWS = 60000 };
  const double p[5] = {1, 100, 3, 300, 600};
  const int64_t labels[5] = {0, 1, 0, 1, 1};
  const double expected[5] = {DRAWS / 8.0, DRAWS / 20.0, DRAWS * 3 / 8.0, DRAWS * 3 / 20.0, DRAWS * 6 / 20.0};
  static int64_t drawn[DRAWS];
  int64_t hits[5] = {0}, firsts[2] = {0};
  divw_sampler *sampler = make(p, 5, 6, WITH, 0, labels);
  ok(divw_sampler_draw(sampler, 0, 0, DRAWS, drawn));
  for (int k = 0; k < DRAWS; k++) {
    hits[drawn[k]]++;
    firsts[labels[drawn[k]]] += k % 2 == 0;
  }
  for (int i = 0; i < 5; i++) {
    near((double)hits[i], expected[i], 4 * sqrt(expected[i]));
  }
  assert_int_equal(hits[0] + hits[2], DRAWS / 2);
  assert_true(fabs(deviation(firsts, (double[]){DRAWS / 4.0, DRAWS / 4.0}, 2)) < 4); /* the order of labels changes */
  divw_sampler_destroy(sampler);
}

/* ---- places ---- */

static void pieces_equal_one_call_over_the_ends_of_epochs(void **state) {
  (void)state;
  enum { COUNT = 2600 };
  static int64_t whole[COUNT], pieces[COUNT], epoch_by_epoch[COUNT];
  for (int32_t scheme = WITHOUT; scheme <= EVEN; scheme++) {
    divw_sampler *sampler = make_thousand(scheme, 0);
    ok(divw_sampler_draw(sampler, 2, 0, COUNT, whole));
    for (int64_t e = 0; e < 3; e++) {
      ok(divw_sampler_draw(sampler, 2 + e, 0, e < 2 ? 1000 : COUNT - 2000, epoch_by_epoch + 1000 * e));
    }
    assert_memory_equal(epoch_by_epoch, whole, sizeof whole);
    for (int64_t cut = 0; cut <= COUNT; cut += scheme == EVEN ? 1 : 97) {
      memset(pieces, -1, sizeof pieces);
      ok(divw_sampler_draw(sampler, 2, 0, cut, pieces));
      ok(divw_sampler_draw(sampler, 2, cut, COUNT - cut, pieces + cut));
      assert_memory_equal(pieces, whole, sizeof whole);
    }
    divw_sampler_destroy(sampler);
  }
}

/* ---- repeats ---- */

static void expect_repeats(const divw_sampler *sampler, int64_t draws, double repeats, double heaviest, int64_t row) {
  double found, most;
  int64_t which;
  ok(divw_sampler_repeats(sampler, draws, &found, &most, &which));
  near(found, repeats, 1e-9);
  near(most, heaviest, 1e-9);
  assert_int_equal(which, row);
}

static void repeats_are_those_of_the_formulas(void **state) {
  (void)state;
  const double p[4] = {0.5, 0.25, 0.25, 0};
  divw_sampler *sampler = make(p, 4, 0, WITH, 0, NULL);
  expect_repeats(sampler, 0, 4 - (1 - 0.0625) - 2 * (1 - 0.31640625), 2, 0);
  expect_repeats(sampler, 1, 0, 0.5, 0);
  expect_repeats(sampler, 100000, 100000 - 3, 50000, 0);
  divw_sampler_destroy(sampler);
  sampler = make(p, 4, 0, EVEN, 6, NULL);
  expect_repeats(sampler, 0, 3, 3, 0);
  divw_sampler_destroy(sampler);
  sampler = make(p, 4, 0, EVEN, 3, NULL);
  expect_repeats(sampler, 0, 0.5, 1.5, 0);
  divw_sampler_destroy(sampler);
  sampler = make(p, 4, 0, WITHOUT, 0, NULL);
  expect_repeats(sampler, 0, 0, 1, 0);
  divw_sampler_destroy(sampler);
  sampler = make((double[]){0, 7}, 2, 0, WITH, 0, NULL);
  expect_repeats(sampler, 0, 1, 2, 1);
  divw_sampler_destroy(sampler);
  sampler = make((double[]){1, 5, 1, 3}, 4, 0, EVEN, 4, (int64_t[]){0, 1, 0, 1});
  expect_repeats(sampler, 0, 4 - 1 - 1 - 1 - 0.75, 1.25, 1);
  divw_sampler_destroy(sampler);
}

/* Expected distinct rows against drawn ones. */
static void repeats_are_what_draws_show(void **state) {
  (void)state;
  enum { N = 1000, EPOCHS = 200 };
  static int64_t drawn[N];
  for (int32_t scheme = WITH; scheme <= EVEN; scheme++) {
    divw_sampler *sampler = make_thousand(scheme, 0);
    double repeats, heaviest, sum = 0;
    int64_t row;
    ok(divw_sampler_repeats(sampler, 0, &repeats, &heaviest, &row));
    for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
      bool seen[N] = {false};
      ok(divw_sampler_draw(sampler, epoch, 0, N, drawn));
      for (int k = 0; k < N; k++) {
        sum += seen[drawn[k]];
        seen[drawn[k]] = true;
      }
    }
    near(sum / EPOCHS, repeats, 4 * sqrt(N) / sqrt(EPOCHS));
    divw_sampler_destroy(sampler);
  }
}

/* ---- failing ---- */

static void bad_arguments_are_named(void **state) {
  (void)state;
  const double p[4] = {1, 2, 0, 0};
  const int64_t labels[4] = {5, 5, 6, 6};
  divw_sampler *sampler = (divw_sampler *)&sampler;
  double x;
  int64_t row, drawn[1];
#define FAILS(text, ...)                                                                                               \
  fails(divw_sampler_create_epochs(&sampler, __VA_ARGS__), DIVW_ERROR_ARGUMENT, "divw_sampler_create_epochs: " text)
  FAILS("p is NULL", NULL, 4, 0, EVEN, 0, NULL);
  FAILS("count is 0, expected 1 to 2^40", p, 0, 0, EVEN, 0, NULL);
  FAILS("scheme is 0, expected 1, 2 or 3", p, 4, 0, 0, 0, NULL);
  FAILS("scheme is 4", p, 4, 0, 4, 0, NULL);
  FAILS("epoch_length is 3, expected 0 with replacement", p, 4, 0, WITH, 3, NULL);
  FAILS("epoch_length is -1, expected 1 to 1099511627776", p, 4, 0, EVEN, -1, NULL);
  FAILS("epoch_length is 1099511627777, expected 1 to", p, 4, 0, EVEN, (INT64_C(1) << 40) + 1, NULL);
  FAILS("epoch_length is 3, expected 1 to 2, as no row comes twice", p, 4, 0, WITHOUT, 3, NULL);
  FAILS("epoch_length is 3, expected a multiple of 2, the number of labels", small + 4, 2, 0, EVEN, 3,
        small_labels + 4);
#undef FAILS
  fails(divw_sampler_create_epochs(NULL, p, 4, 0, EVEN, 0, NULL), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_sampler_create_epochs(&sampler, p, 4, 0, EVEN, 0, labels), DIVW_ERROR_DATA,
        "all 2 weights of label 6 are 0, expected one above 0");
  fails(divw_sampler_create_epochs(&sampler, (double[]){1, 1, 1, NAN}, 4, 0, EVEN, 0, labels), DIVW_ERROR_DATA,
        "divw_sampler_create_epochs: p[3] is nan");
  assert_null(sampler);
  assert_int_equal(divw_sampler_scheme(NULL), 0);
  assert_int_equal(divw_sampler_seed(NULL), 0);
  assert_int_equal(divw_sampler_epoch_length(NULL), 0);
  assert_int_equal(divw_sampler_groups(NULL), 0);
  assert_int_equal(divw_sampler_fingerprint(NULL), 0);
  assert_string_equal(divw_scheme_name(WITH), "with-replacement");
  assert_string_equal(divw_scheme_name(EVEN), "systematic");
  assert_string_equal(divw_scheme_name(WITHOUT), "without-replacement");
  assert_string_equal(divw_scheme_name(9), "unknown");

  sampler = make(p, 4, 77, EVEN, 0, NULL);
  assert_int_equal(divw_sampler_scheme(sampler), EVEN);
  assert_int_equal(divw_sampler_seed(sampler), 77);
  fails(divw_sampler_draw(sampler, UINT32_MAX, 4, 1, drawn), DIVW_ERROR_ARGUMENT,
        "divw_sampler_draw: draw 4 of epoch 4294967295 lies beyond epoch 2^32 - 1 (4 draws an epoch)");
  fails(divw_sampler_draw(sampler, 0, INT64_MAX, 0, drawn), DIVW_ERROR_ARGUMENT, "lies beyond epoch 2^32 - 1");
  ok(divw_sampler_draw(sampler, UINT32_MAX, 3, 1, drawn));
  fails(divw_sampler_repeats(NULL, 0, &x, &x, &row), DIVW_ERROR_ARGUMENT, "sampler is NULL");
  fails(divw_sampler_repeats(sampler, 0, NULL, &x, &row), DIVW_ERROR_ARGUMENT, "repeats is NULL");
  fails(divw_sampler_repeats(sampler, 0, &x, NULL, &row), DIVW_ERROR_ARGUMENT, "heaviest is NULL");
  fails(divw_sampler_repeats(sampler, 0, &x, &x, NULL), DIVW_ERROR_ARGUMENT, "row is NULL");
  fails(divw_sampler_repeats(sampler, 4, &x, &x, &row), DIVW_ERROR_ARGUMENT,
        "draws is 4, expected 0, as an epoch has its own length");
  divw_sampler_destroy(sampler);
  sampler = make(p, 4, 0, WITH, 0, NULL);
  fails(divw_sampler_repeats(sampler, -1, &x, &x, &row), DIVW_ERROR_ARGUMENT, "draws is -1, expected 0 or more");
  divw_sampler_destroy(sampler);
}

typedef struct {
  int32_t scheme;
  const int64_t *labels;
} kind;

static divw_status use_everything(void *context) {
  const kind *k = context;
  int64_t drawn[20], row;
  uint64_t mass[8];
  double repeats, heaviest;
  divw_sampler *sampler;
  divw_status status = divw_sampler_create_epochs(&sampler, small, 8, 1, k->scheme, 0, k->labels);
  assert_true((status == DIVW_OK) == (sampler != NULL));
  status = status != DIVW_OK ? status : divw_sampler_draw(sampler, 0, 0, 20, drawn);
  status = status != DIVW_OK ? status : divw_sampler_mass(sampler, mass);
  status = status != DIVW_OK ? status : divw_sampler_repeats(sampler, 0, &repeats, &heaviest, &row);
  divw_sampler_destroy(sampler);
  return status;
}

static void a_failed_allocation_leaves_nothing_behind(void **state) {
  (void)state;
  for (int32_t scheme = WITH; scheme <= EVEN; scheme++) {
    fail_every_allocation(use_everything, &(kind){scheme, NULL});
    fail_every_allocation(use_everything, &(kind){scheme, small_labels});
  }
}

static divw_status race_among_many(void *context) {
  static double p[70000];
  static int64_t drawn[5];
  for (int i = 0; i < 70000; i++) {
    p[i] = 1;
  }
  divw_sampler *sampler;
  divw_status status = divw_sampler_create_epochs(&sampler, p, 70000, 1, WITHOUT, 5, context);
  status = status != DIVW_OK ? status : divw_sampler_draw(sampler, 0, 0, 5, drawn);
  divw_sampler_destroy(sampler);
  return status;
}

static void a_failed_allocation_in_a_long_race_leaves_nothing_behind(void **state) {
  (void)state;
  fail_every_allocation(race_among_many, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_of_every_scheme_are_frozen),
      cmocka_unit_test(exponentials_are_logarithms),
      cmocka_unit_test(an_epoch_has_no_row_twice_and_all_positive_ones),
      cmocka_unit_test(the_first_of_a_race_are_those_of_the_whole_race),
      cmocka_unit_test(races_follow_the_weights),
      cmocka_unit_test(one_row_with_all_the_weight_wins_every_race),
      cmocka_unit_test(systematic_counts_are_floor_or_ceil),
      cmocka_unit_test(systematic_counts_are_right_on_average_and_in_any_order),
      cmocka_unit_test(systematic_draws_find_their_rows_among_uneven_weights),
      cmocka_unit_test(batches_are_balanced_over_labels),
      cmocka_unit_test(balanced_draws_follow_the_weights_within_labels),
      cmocka_unit_test(pieces_equal_one_call_over_the_ends_of_epochs),
      cmocka_unit_test(repeats_are_those_of_the_formulas),
      cmocka_unit_test(repeats_are_what_draws_show),
      cmocka_unit_test(bad_arguments_are_named),
      cmocka_unit_test(a_failed_allocation_leaves_nothing_behind),
      cmocka_unit_test(a_failed_allocation_in_a_long_race_leaves_nothing_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
