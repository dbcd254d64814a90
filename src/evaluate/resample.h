/* Random whole numbers for resampling: functions of (seed, purpose, number of the sample) alone, so that results do not
 * depend on threads or machines. */
#ifndef DW_EVALUATE_RESAMPLE_H
#define DW_EVALUATE_RESAMPLE_H

#include "../random.h"

enum { DW_PURPOSE_BOOTSTRAP = 64, DW_PURPOSE_SUBSETS = 65, DW_PURPOSE_BLOCKS = 66 };

typedef struct {
  dw_sequence sequence;
  uint64_t pair;
  uint64_t waiting[2]; /* of one block of the generator */
  int left;
} dw_random;

dw_random dw_random_start(uint64_t seed, uint32_t purpose, uint32_t sample);

/* Uniform in 0 .. n-1, n >= 1; probabilities are right to n / 2^64. */
int64_t dw_random_below(dw_random *random, int64_t n);

/* The first `count` of a random permutation of 0 .. n-1; order has room for n. */
void dw_permutation(int64_t *order, int64_t n, int64_t count, dw_random random);

#endif
