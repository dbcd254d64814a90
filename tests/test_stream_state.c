/* States of a cursor: frozen, damaged, of other samplers; files of draws. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"
#include "streams.h"

#include <stdio.h>

/* ---- states ---- */

/* Golden value of docs/sampler.md. */
static void states_are_frozen(void **state) {
  (void)state;
  const double p[8] = {0.5, 0, 3, 1e-300, 0.125, 5e-324, 2.75, 0.1};
  const char *expected = "444956575354524d0100000003000000efcdab89674523010300000000000000"
                         "0700000000000000080000000000000008000000000000000100000000000000"
                         "f359c878f0c1a2460e96ba2c2b41c3df";
  unsigned char bytes[DIVW_STREAM_STATE_BYTES];
  char text[2 * sizeof bytes + 1];
  divw_sampler *sampler;
  ok(divw_sampler_create_epochs(&sampler, p, 8, 0x0123456789abcdef, EVEN, 0, NULL));
  divw_stream *stream = stream_of(sampler, 1);
  ok(divw_stream_seek(stream, 3, 7));
  ok(divw_stream_state(stream, bytes, sizeof bytes));
  for (size_t k = 0; k < sizeof bytes; k++) {
    sprintf(text + 2 * k, "%02x", bytes[k]);
  }
  assert_string_equal(text, expected);
  divw_stream_destroy(stream);
  divw_sampler_destroy(sampler);
}

static void every_damaged_byte_is_found(void **state) {
  (void)state;
  divw_sampler *sampler = make(10, WITH, 0, 8);
  divw_stream *stream = stream_of(sampler, 1);
  unsigned char bytes[DIVW_STREAM_STATE_BYTES];
  ok(divw_stream_seek(stream, 5, 6));
  ok(divw_stream_state(stream, bytes, sizeof bytes));
  ok(divw_stream_seek(stream, 1, 2));
  for (size_t k = 0; k < sizeof bytes; k++) {
    for (int flip = 1; flip < 256; flip *= 2) {
      bytes[k] ^= (unsigned char)flip;
      fails(divw_stream_restore(stream, bytes, sizeof bytes), DIVW_ERROR_FORMAT,
            k < 8    ? "is no state of a stream"
            : k < 12 ? "is a state of version"
                     : "is damaged: its checksum is");
      expect_place(stream, 1, 2);
      bytes[k] ^= (unsigned char)flip;
    }
  }
  ok(divw_stream_restore(stream, bytes, sizeof bytes));
  expect_place(stream, 5, 6);
  divw_stream_destroy(stream);
  divw_sampler_destroy(sampler);
}

static void refuse(const unsigned char *bytes, divw_sampler *sampler, const char *text) {
  divw_stream *stream = stream_of(sampler, 1);
  fails(divw_stream_restore(stream, bytes, DIVW_STREAM_STATE_BYTES), DIVW_ERROR_DATA, text);
  expect_place(stream, 0, 0);
  divw_stream_destroy(stream);
  divw_sampler_destroy(sampler);
}

static void states_of_other_samplers_are_refused_with_the_reason(void **state) {
  (void)state;
  divw_sampler *sampler = make(10, EVEN, 0, 8), *other;
  divw_stream *stream = stream_of(sampler, 1);
  unsigned char bytes[DIVW_STREAM_STATE_BYTES];
  ok(divw_stream_state(stream, bytes, sizeof bytes));
  refuse(bytes, make(10, WITHOUT, 0, 8),
         "divw_stream_restore: belongs to a sampler systematic, expected one without-replacement");
  refuse(bytes, make(11, EVEN, 10, 8), "belongs to a sampler with 10 rows, expected 11");
  refuse(bytes, make(10, EVEN, 20, 8), "belongs to a sampler with 10 draws an epoch, expected 20");
  refuse(bytes, make(10, EVEN, 0, 9), "belongs to a sampler with seed 8, expected 9");
  double p[10] = {1};
  ok(divw_sampler_create_epochs(&other, p, 10, 8, EVEN, 0, NULL));
  refuse(bytes, other, "belongs to a sampler with other weights (fingerprint ");
  const int64_t labels[10] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  p[1] = 2;
  ok(divw_sampler_create_epochs(&other, p, 10, 8, EVEN, 0, labels));
  refuse(bytes, other, "belongs to a sampler with 1 groups of labels, expected 2");
  divw_stream_destroy(stream);
  divw_sampler_destroy(sampler);
}

static void states_are_saved_in_files(void **state) {
  (void)state;
  divw_sampler *sampler = make(10, WITHOUT, 0, 8);
  divw_stream *stream = stream_of(sampler, 3);
  const char *path = scratch("run.state"), *longer, *shorter;
  unsigned char bytes[DIVW_STREAM_STATE_BYTES + 1] = {0};
  ok(divw_stream_seek(stream, 2, 9));
  ok(divw_stream_save(stream, path));
  ok(divw_stream_state(stream, bytes, DIVW_STREAM_STATE_BYTES));
  ok(divw_stream_seek(stream, 0, 0));
  ok(divw_stream_load(stream, path));
  expect_place(stream, 2, 9);
  longer = scratch_file("longer.state", bytes, sizeof bytes);
  fails(divw_stream_load(stream, longer), DIVW_ERROR_FORMAT,
        "longer.state: is no state of a stream, which has 80 bytes, not at least 81");
  shorter = scratch_file("shorter.state", bytes, DIVW_STREAM_STATE_BYTES - 1);
  fails(divw_stream_load(stream, shorter), DIVW_ERROR_FORMAT,
        "shorter.state: is no state of a stream, which has 80 bytes, not 79");
  fails(divw_stream_load(stream, scratch("missing.state")), DIVW_ERROR_FILE, "missing.state");
  bytes[40]++;
  fails(divw_stream_load(stream, scratch_file("damaged.state", bytes, DIVW_STREAM_STATE_BYTES)), DIVW_ERROR_FORMAT,
        "damaged.state: is damaged");
  fails(divw_stream_save(stream, scratch("nowhere/run.state")), DIVW_ERROR_FILE, "nowhere/run.state");
  expect_place(stream, 2, 9);
  divw_stream_destroy(stream);
  divw_sampler_destroy(sampler);
}

/* What a checksum cannot tell: a state of a sound sampler at a place that does not exist. */
static void impossible_places_are_refused(void **state) {
  (void)state;
  const uint64_t golden = 0x9e3779b97f4a7c15, epochs[3] = {UINT64_C(1) << 32, 0, UINT32_MAX};
  const uint64_t positions[3] = {0, UINT64_C(1) << 63, 10};
  divw_sampler *sampler = make(10, EVEN, 0, 8);
  divw_stream *stream = stream_of(sampler, 3);
  for (int trial = 0; trial < 3; trial++) {
    uint64_t words[10], sum = 0;
    ok(divw_stream_state(stream, words, sizeof words)); /* this test is for little-endian machines */
    words[3] = epochs[trial];
    words[4] = positions[trial];
    for (int k = 0; k < 9; k++) {
      uint64_t x = sum ^ words[k];
      x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
      x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
      sum = (x ^ x >> 31) + golden;
    }
    words[9] = sum;
    fails(divw_stream_restore(stream, words, sizeof words), trial < 2 ? DIVW_ERROR_FORMAT : DIVW_ERROR_ARGUMENT,
          trial < 2 ? "beyond what a stream can be at" : "lies beyond epoch 2^32 - 1");
    expect_place(stream, 0, 0);
  }
  divw_stream_destroy(stream);
  divw_sampler_destroy(sampler);
}

/* ---- files of draws ---- */

static void saved_draws_are_those_of_a_batch(void **state) {
  (void)state;
  enum { COUNT = 1234 };
  static int64_t expected[COUNT], rows[500];
  for (int i = 0; i < 500; i++) {
    rows[i] = 7 - 2 * i;
  }
  for (int32_t scheme = WITH; scheme <= EVEN; scheme++) {
    for (int32_t layout = DIVW_LAYOUT_STRIDED; layout <= DIVW_LAYOUT_BLOCKS; layout++) {
      divw_sampler *sampler = make(500, scheme, 0, 1);
      divw_stream *one = stream_of(sampler, COUNT), *other = stream_of(sampler, 1);
      int64_t *values, found, count;
      ok(divw_stream_set_rank(one, 2, 3));
      ok(divw_stream_set_rank(other, 2, 3));
      ok(divw_stream_set_layout(one, layout));
      ok(divw_stream_set_layout(other, layout));
      ok(divw_stream_seek(one, 1, 77));
      ok(divw_stream_seek(other, 1, 77));
      ok(divw_stream_next_batch(one, expected, &count));
      ok(divw_stream_save_draws(other, COUNT, layout == DIVW_LAYOUT_BLOCKS ? rows : NULL, scratch("draws.npy")));
      expect_place(other, 1, 77 + 3 * COUNT);
      ok(divw_indices_load(scratch("draws.npy"), &values, &found));
      assert_int_equal(found, COUNT);
      for (int k = 0; k < COUNT; k++) {
        assert_int_equal(values[k], layout == DIVW_LAYOUT_BLOCKS ? rows[expected[k]] : expected[k]);
      }
      divw_free(values);
      divw_stream_destroy(one);
      divw_stream_destroy(other);
      divw_sampler_destroy(sampler);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(states_are_frozen),
      cmocka_unit_test(every_damaged_byte_is_found),
      cmocka_unit_test(states_of_other_samplers_are_refused_with_the_reason),
      cmocka_unit_test(states_are_saved_in_files),
      cmocka_unit_test(impossible_places_are_refused),
      cmocka_unit_test(saved_draws_are_those_of_a_batch),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
