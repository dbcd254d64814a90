/* Random numbers with places: number i of a sequence is a function of (seed, purpose, part, i) alone. So nothing needs
 * to be saved in order to go on with them, and every part can be had without those before it. */
#ifndef RANDOM_H
#define RANDOM_H

#include "real.h"

#include <stdint.h>

/* What the numbers are for. */
enum { RANDOM_PARAMETERS = 1, RANDOM_NOISE = 2, RANDOM_CODES = 3, RANDOM_PIXELS = 4 };

typedef struct {
  uint64_t key;
} random_sequence;

random_sequence random_part(uint64_t seed, uint64_t purpose, uint64_t part);

/* Number i, evenly spread over (0, 1). */
double random_uniform(random_sequence sequence, uint64_t i);

/* count numbers of the normal distribution. */
void random_normal(random_sequence sequence, int64_t count, real *out);

#endif
