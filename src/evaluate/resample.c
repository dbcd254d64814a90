/* Random whole numbers, from the counter-based generator of the sampler. */
#include "resample.h"

__extension__ typedef unsigned __int128 uint128;

dw_random dw_random_start(uint64_t seed, uint32_t purpose, uint32_t sample) {
  return (dw_random){.sequence = {seed, sample, purpose}};
}

/* floor(u n / 2^64) of a uniform u, as the sampler's columns. */
int64_t dw_random_below(dw_random *random, int64_t n) {
  if (random->left == 0) {
    dw_random_pairs(random->sequence, random->pair++, 1, random->waiting);
    random->left = 2;
  }
  const uint64_t u = random->waiting[2 - random->left--];
  return (int64_t)((uint128)u * (uint64_t)n >> 64);
}

/* Fisher and Yates, forwards, as far as it is wanted. */
void dw_permutation(int64_t *order, int64_t n, int64_t count, dw_random random) {
  for (int64_t i = 0; i < n; i++) {
    order[i] = i;
  }
  for (int64_t i = 0; i < count; i++) {
    const int64_t j = i + dw_random_below(&random, n - i), chosen = order[j];
    order[j] = order[i];
    order[i] = chosen;
  }
}
