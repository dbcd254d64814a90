/* Random numbers by counting: each is a function of its place, so any stretch of a sequence can be had in any order, by
 * any thread. The layout of the counter is frozen; docs/sampler.md has it. */
#ifndef DW_RANDOM_H
#define DW_RANDOM_H

#include "internal.h"

/* Philox4x32-10: four random words for a counter of four words and a key of two. */
void dw_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* What a sequence is for; sequences of different purposes have nothing in common. */
enum {
  DW_PURPOSE_DRAWS = 0,   /* drawing with replacement: number i is for draw i */
  DW_PURPOSE_RACE = 1,    /* drawing without replacement: number i is for row i */
  DW_PURPOSE_OFFSET = 2,  /* systematic epochs: number 0 */
  DW_PURPOSE_SHUFFLE = 3, /* their order: numbers 0 .. 23 are keys */
  DW_PURPOSE_GROUPS = 4   /* the order of groups: likewise */
};

typedef struct {
  uint64_t seed;
  uint32_t epoch;
  uint32_t purpose;
} dw_sequence;

/* The uniform 64-bit numbers 2 first_pair, ..., 2 (first_pair + pairs) - 1 of a sequence, 2 x pairs in all. */
void dw_random_pairs(dw_sequence sequence, uint64_t first_pair, int64_t pairs, uint64_t *out);

/* Number places[k] of a sequence, k = 0 .. count-1; `out` may be `places`. */
void dw_random_at(dw_sequence sequence, const uint64_t *places, int64_t count, uint64_t *out);

/* The same in the lanes of AVX2, several blocks at once: as much of the beginning as fills them, and how much that was.
 * 0 where the processor has no AVX2. */
int64_t dw_random_pairs_avx2(dw_sequence sequence, uint64_t first_pair, int64_t pairs, uint64_t *out);
int64_t dw_random_at_avx2(dw_sequence sequence, const uint64_t *places, int64_t count, uint64_t *out);

/* A fixed bijection of the 64-bit numbers that leaves nothing of their order: the output function of SplitMix64. */
static inline uint64_t dw_mix(uint64_t x) {
  x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
  return x ^ x >> 31;
}

/* 2^64 divided by the golden ratio: multiples of it lie far apart. */
#define DW_GOLDEN UINT64_C(0x9E3779B97F4A7C15)

#endif
