/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) as a function of the place: bits i = mix(key + i gamma), gamma the
 * golden ratio in 64 bits, mix its bijection that spreads every bit. Normal numbers by Box and Muller (1958), in pairs:
 *
 *     sqrt(-2 log u) cos(2 pi v),    sqrt(-2 log u) sin(2 pi v) */
#include "random.h"

#include <math.h>

static const uint64_t gamma_64 = 0x9E3779B97F4A7C15U;
static const double two_pi = 6.283185307179586477;

static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

random_sequence random_part(uint64_t seed, uint64_t purpose, uint64_t part) {
  return (random_sequence){mix(mix(mix(seed + gamma_64) + purpose * gamma_64) + part * gamma_64)};
}

/* The middles of 2^52 intervals, so that a logarithm is always finite. */
double random_uniform(random_sequence sequence, uint64_t i) {
  return ((double)(mix(sequence.key + (i + 1) * gamma_64) >> 12) + 0.5) / 4503599627370496.0;
}

void random_normal(random_sequence sequence, int64_t count, real *out) {
  for (int64_t i = 0; i < count; i += 2) {
    const double radius = sqrt(-2 * log(random_uniform(sequence, (uint64_t)i)));
    const double angle = two_pi * random_uniform(sequence, (uint64_t)i + 1);
    out[i] = (real)(radius * cos(angle));
    if (i + 1 < count) {
      out[i + 1] = (real)(radius * sin(angle));
    }
  }
}
