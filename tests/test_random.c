#include "check.h"
#include "random.h"

static void expect_philox(const uint32_t counter[4], const uint32_t key[2], const uint32_t expected[4]) {
  uint32_t out[4];
  dw_philox(counter, key, out);
  assert_memory_equal(out, expected, sizeof out);
}

static void philox_gives_the_published_known_answers(void **state) {
  (void)state;
  const uint32_t zeros[4] = {0}, ones[4] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
  const uint32_t pi[6] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0};
  expect_philox(zeros, zeros, (uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  expect_philox(ones, ones, (uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  expect_philox(pi, pi + 4, (uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

/* Golden values of docs/sampler.md, by an independent program; the pair number needs more than 32 bits. */
static void numbers_are_frozen(void **state) {
  (void)state;
  const uint64_t expected[4] = {0xe2020a9700b3d971, 0xe8f1594370cdf568, 0x31e9d6d2fc7951a8, 0x9467f93afa1907ba};
  uint64_t numbers[4];
  dw_random_pairs((dw_sequence){0x0123456789abcdef, 3, DW_PURPOSE_DRAWS}, (UINT64_C(1) << 32) + 1, 2, numbers);
  assert_memory_equal(numbers, expected, sizeof numbers);
}

static void every_part_of_the_place_has_its_word(void **state) {
  (void)state;
  const uint32_t counter[4] = {0x11111111, 0x22222222, 0x33333333, 0x44444444};
  const uint32_t key[2] = {0x55555555, 0x66666666};
  uint32_t words[4];
  uint64_t numbers[2];
  dw_philox(counter, key, words);
  dw_random_pairs((dw_sequence){0x6666666655555555, 0x33333333, 0x44444444}, 0x2222222211111111, 1, numbers);
  assert_int_equal(numbers[0], words[0] | (uint64_t)words[1] << 32);
  assert_int_equal(numbers[1], words[2] | (uint64_t)words[3] << 32);
}

static void pieces_make_the_same_sequence(void **state) {
  (void)state;
  const dw_sequence sequence = {7, 1, DW_PURPOSE_DRAWS};
  uint64_t whole[40], pieces[40];
  dw_random_pairs(sequence, 100, 20, whole);
  for (int64_t cut = 0; cut <= 20; cut++) {
    memset(pieces, 0, sizeof pieces);
    dw_random_pairs(sequence, 100, cut, pieces);
    dw_random_pairs(sequence, 100 + (uint64_t)cut, 20 - cut, pieces + 2 * cut);
    assert_memory_equal(pieces, whole, sizeof whole);
  }
}

/* Any places, in any order, with blocks of eight and without; in place, too. */
static void single_places_have_the_numbers_of_the_sequence(void **state) {
  (void)state;
  enum { COUNT = 100 };
  const dw_sequence sequence = {UINT64_MAX - 3, UINT32_MAX, DW_PURPOSE_RACE};
  const uint64_t base = (UINT64_C(1) << 34) - 40; /* some of the blocks need more than 32 bits */
  uint64_t whole[2 * COUNT], places[COUNT], numbers[COUNT];
  dw_random_pairs(sequence, base / 2, COUNT, whole);
  for (uint64_t stride = 1; stride <= 7; stride++) {
    for (int64_t count = 0; count <= COUNT; count++) {
      for (uint64_t k = 0; k < COUNT; k++) {
        places[k] = base + (k * stride + 3) % (2 * COUNT);
      }
      dw_random_at(sequence, places, count, numbers);
      dw_random_at(sequence, places, count, places);
      for (uint64_t k = 0; k < (uint64_t)count; k++) {
        assert_int_equal(numbers[k], whole[(k * stride + 3) % (2 * COUNT)]);
        assert_int_equal(places[k], numbers[k]);
      }
    }
  }
}

/* Where the processor has no lanes, both sides are the same code, and the test is empty. */
static void lanes_have_the_numbers_of_single_blocks(void **state) {
  (void)state;
  enum { PAIRS = 64 };
  const uint64_t firsts[] = {0, UINT32_MAX - 20, (UINT64_C(1) << 62) - PAIRS};
  for (int f = 0; f < 3; f++) {
    const dw_sequence sequence = {0x9234567890abcdef, 0x87654321, 0xfedcba98};
    uint64_t lanes[2 * PAIRS];
    const int64_t done = dw_random_pairs_avx2(sequence, firsts[f], PAIRS, lanes);
    assert_true(done == 0 || done == PAIRS);
    for (int64_t k = 0; k < done; k++) {
      uint64_t one[2];
      assert_int_equal(dw_random_pairs_avx2(sequence, firsts[f] + (uint64_t)k, 1, one), 0); /* too few for lanes */
      dw_random_pairs(sequence, firsts[f] + (uint64_t)k, 1, one);
      assert_memory_equal(one, lanes + 2 * k, sizeof one);
    }
  }
}

/* 2^16 numbers: each bit is set 2^15 times, with a standard deviation of 128. */
static void every_bit_is_fair(void **state) {
  (void)state;
  enum { PAIRS = 1 << 15 };
  static uint64_t numbers[2 * PAIRS];
  dw_random_pairs((dw_sequence){1, 0, DW_PURPOSE_DRAWS}, 0, PAIRS, numbers);
  for (int bit = 0; bit < 64; bit++) {
    int set = 0;
    for (int k = 0; k < 2 * PAIRS; k++) {
      set += (int)(numbers[k] >> bit & 1);
    }
    assert_in_range(set, PAIRS - 5 * 128, PAIRS + 5 * 128);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(philox_gives_the_published_known_answers),
      cmocka_unit_test(numbers_are_frozen),
      cmocka_unit_test(every_part_of_the_place_has_its_word),
      cmocka_unit_test(pieces_make_the_same_sequence),
      cmocka_unit_test(single_places_have_the_numbers_of_the_sequence),
      cmocka_unit_test(lanes_have_the_numbers_of_single_blocks),
      cmocka_unit_test(every_bit_is_fair),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
