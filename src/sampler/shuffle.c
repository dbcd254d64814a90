/* Permutations of 0 .. m-1 of which any element can be had alone, in O(1): what shuffles an epoch without storing it.
 *
 * Symbols: a = ceil(sqrt m), b = ceil(m / a), so that a b >= m and a b - m < a; a number x < a b is the pair (L, R)
 * with x = L + a R, L < a, R < b. Rounds come in twos,
 *
 *     L <- (L + floor(f_r(R) a / 2^64)) mod a,    R <- (R + floor(f_(r+1)(L) b / 2^64)) mod b,
 *     f_r(v) = mix(key_r + G tweak + v),
 *
 * each of which can be undone, so that together they permute the a b pairs; a result beyond m - 1 goes through them
 * again until one is not (fewer than one in sqrt m do). Keys are Philox numbers of (seed, epoch), mix is the output
 * function of SplitMix64, G the odd number next to 2^64 / golden ratio. Different tweaks give different permutations
 * from the same keys.
 *
 * How many rounds. Chi-square tests (of all orders for m <= 6, of where two neighbours go above, 300,000 permutations
 * each) see 6 rounds fail at every m up to 54, 8 at m = 5, 6, 9 and 12, 16 at m = 6 (by 4 standard deviations), and
 * neither 8 from m = 34 on nor 24 anywhere. So 24 up to m = 256, where a few more cost little, and 8 above;
 * tests/test_shuffle.c repeats the tests.
 *
 * Why not a Fisher-Yates shuffle: it needs the whole epoch to know one element, so seeking, and every rank, would cost
 * O(m) time and memory. Why not swap-or-not, which needs no second way round: some hundred rounds.
 *
 * Sources: Black, Rogaway, Ciphers with arbitrary finite domains, CT-RSA 2002 (both ideas); Steele, Lea, Flood, OOPSLA
 * 2014 (mix). */
#include "sample.h"

#include <math.h>

enum { SMALL = 256 };

dw_shuffle dw_shuffle_make(uint64_t m, dw_sequence sequence) {
  dw_shuffle shuffle = {.m = m, .rounds = m <= SMALL ? DW_MOST_ROUNDS : 8, .width = (uint64_t)sqrt((double)m)};
  while (shuffle.width * shuffle.width < m) {
    shuffle.width++;
  }
  shuffle.height = (m + shuffle.width - 1) / shuffle.width;
  dw_random_pairs(sequence, 0, shuffle.rounds / 2, shuffle.keys);
  return shuffle;
}

/* (value + a hash of `other`, uniform below size) mod size */
static inline uint64_t turn(uint64_t value, uint64_t size, uint64_t other, uint64_t key) {
  const uint64_t sum = value + (uint64_t)((dw_uint128)dw_mix(key + other) * size >> 64);
  return sum < size ? sum : sum - size;
}

uint64_t dw_shuffle_at(const dw_shuffle *shuffle, uint64_t tweak, uint64_t x) {
  const uint64_t a = shuffle->width, b = shuffle->height;
  do {
    uint64_t left = x % a, right = x / a;
    for (int r = 0; r < shuffle->rounds; r += 2) {
      left = turn(left, a, right, shuffle->keys[r] + DW_GOLDEN * tweak);
      right = turn(right, b, left, shuffle->keys[r + 1] + DW_GOLDEN * tweak);
    }
    x = left + a * right;
  } while (x >= shuffle->m);
  return x;
}
