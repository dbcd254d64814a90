/* Philox4x32-10, the counter-based generator under the sampler.
 *
 * Symbols: counter (x0, x1, x2, x3), key (k0, k1), words of 32 bits. One round is
 *
 *     (h0, l0) = 0xD2511F53 x0,   (h1, l1) = 0xCD9E8D57 x2          high and low words of the products
 *     (x0, x1, x2, x3) <- (h1 ^ x1 ^ k0, l1, h0 ^ x3 ^ k1, l0)
 *     (k0, k1) <- (k0 + 0x9E3779B9, k1 + 0xBB67AE85)
 *
 * and ten of them make the output. For a fixed key the map is a bijection of the counters.
 *
 * Why counting and not a generator with a state: draw number i costs the same wherever it stands, so batches, restarts
 * and readers on many machines agree without passing a state around.
 *
 * Source: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3, SC11, section 3.3 and table 2. */
#include "random.h"

static inline uint32_t high(uint64_t product) { return (uint32_t)(product >> 32); }
static inline uint32_t low(uint64_t product) { return (uint32_t)product; }

static inline void philox(uint32_t x[4], uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 10; round++) {
    uint64_t a = UINT64_C(0xD2511F53) * x[0], b = UINT64_C(0xCD9E8D57) * x[2];
    x[0] = high(b) ^ x[1] ^ k0;
    x[1] = low(b);
    x[2] = high(a) ^ x[3] ^ k1;
    x[3] = low(a);
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
}

void dw_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  for (int w = 0; w < 4; w++) {
    out[w] = counter[w];
  }
  philox(out, key[0], key[1]);
}

/* Block number `pair` of a sequence, as two numbers. */
static inline void block(dw_sequence sequence, uint64_t pair, uint64_t out[2]) {
  uint32_t x[4] = {low(pair), high(pair), sequence.epoch, sequence.purpose};
  philox(x, low(sequence.seed), high(sequence.seed));
  out[0] = x[0] | (uint64_t)x[1] << 32;
  out[1] = x[2] | (uint64_t)x[3] << 32;
}

void dw_random_pairs(dw_sequence sequence, uint64_t first_pair, int64_t pairs, uint64_t *out) {
  for (int64_t k = dw_random_pairs_avx2(sequence, first_pair, pairs, out); k < pairs; k++) {
    block(sequence, first_pair + (uint64_t)k, out + 2 * k);
  }
}

void dw_random_at(dw_sequence sequence, const uint64_t *places, int64_t count, uint64_t *out) {
  for (int64_t k = dw_random_at_avx2(sequence, places, count, out); k < count; k++) {
    uint64_t both[2];
    const uint64_t place = places[k];
    block(sequence, place / 2, both);
    out[k] = both[place % 2];
  }
}
