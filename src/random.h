/* Random numbers by counting: each is a function of its place, so any stretch of a sequence can be had in any order, by
 * any thread. The layout of the counter is frozen; docs/sampler.md has it. */
#ifndef DW_RANDOM_H
#define DW_RANDOM_H

#include "internal.h"

/* Philox4x32-10: four random words for a counter of four words and a key of two. */
void dw_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* What a sequence is for; sequences of different purposes have nothing in common. */
enum { DW_PURPOSE_DRAWS = 0 /* drawing with replacement */ };

typedef struct {
  uint64_t seed;
  uint32_t epoch;
  uint32_t purpose;
} dw_sequence;

/* The uniform 64-bit numbers 2 first_pair, ..., 2 (first_pair + pairs) - 1 of a sequence, 2 x pairs in all. */
void dw_random_pairs(dw_sequence sequence, uint64_t first_pair, int64_t pairs, uint64_t *out);

#endif
