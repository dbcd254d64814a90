/* Masses: no code of the library, and no carries, but long division of every running sum. */
#include "masses.h"

#include <math.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 uint128;

/* p = mantissa 2^power exactly, read from the bits. */
static uint64_t decode(double p, int *power) {
  uint64_t bits;
  memcpy(&bits, &p, sizeof bits);
  const int field = (int)(bits >> 52);
  *power = (field == 0 ? 1 : field) - 1075;
  return (bits & ((UINT64_C(1) << 52) - 1)) | (uint64_t)(field != 0) << 52;
}

/* floor(p 2^shift) */
static uint64_t shifted(double p, int shift) {
  int power;
  const uint64_t mantissa = decode(p, &power);
  power += shift;
  return power >= 0 ? mantissa << power : power > -64 ? mantissa >> -power : 0;
}

/* floor(a b / c) for a <= c < 2^126, by long division: the product has up to 190 bits. */
static uint64_t multiply_divide(uint128 a, uint64_t b, uint128 c) {
  uint64_t quotient = 0;
  uint128 rest = 0;
  for (int bit = 63; bit >= 0; bit--) {
    rest = 2 * rest + (b >> bit & 1 ? a : 0);
    quotient *= 2;
    for (; rest >= c; rest -= c) {
      quotient++;
    }
  }
  return quotient;
}

void expected_masses(const double *p, int64_t n, uint64_t *w) {
  uint64_t k = 0;
  uint128 total = 0, before = 0;
  double largest = 0;
  for (int64_t i = 0; i < n; i++) {
    largest = p[i] > largest ? p[i] : largest;
    k += p[i] > 0;
  }
  int exponent;
  for (uint64_t m = decode(largest, &exponent); m > 0; m /= 2) {
    exponent++;
  }
  for (int64_t i = 0; i < n; i++) {
    total += shifted(p[i], 63 - exponent);
  }
  for (int64_t i = 0; i < n; i++) {
    const uint128 after = before + shifted(p[i], 63 - exponent);
    w[i] = (p[i] > 0) + multiply_divide(after, -k, total) - multiply_divide(before, -k, total);
    before = after;
  }
}

void expect_exact_masses(const double *p, int64_t n) {
  uint64_t *mass = malloc((size_t)n * sizeof *mass), *expected = malloc((size_t)n * sizeof *expected);
  assert_true(mass != NULL && expected != NULL);
  divw_sampler *sampler;
  ok(divw_sampler_create(&sampler, p, n, 1));
  ok(divw_sampler_mass(sampler, mass));
  divw_sampler_destroy(sampler);
  expected_masses(p, n, expected);
  assert_memory_equal(mass, expected, (size_t)n * sizeof *mass);
  uint128 sum = 0;
  int64_t positive = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += mass[i];
    positive += p[i] > 0;
    assert_true(positive == 1 || (mass[i] > 0) == (p[i] > 0));
  }
  assert_true(sum == (positive == 1 ? 0 : (uint128)1 << 64));
  free(mass);
  free(expected);
}

double any_weight(test_random *random, int kind) {
  const double x = next_uniform(random), y = next_uniform(random);
  switch (kind) {
  case 0: return 1;
  case 1: return x;
  case 2: return x < 0.5 ? 0 : y;
  case 3: return ldexp(0.5 + x / 2, (int)(y * 40) - 60);
  case 4: return ldexp(0.5 + x / 2, (int)(y * 2096) - 1073); /* denormals to nearly the largest */
  case 5: return 5e-324 * floor(10 * x);
  case 6: return x < 0.9 ? 1e-30 : 1e10;
  default: return x < 0.5 ? 1.7976931348623157e308 : y < 0.5 ? 5e-324 : 2.2250738585072014e-308;
  }
}

void fill_weights(double *p, int64_t n, uint64_t seed) {
  test_random random = {seed};
  for (int64_t i = 0; i < n; i++) {
    const double x = next_uniform(&random);
    p[i] = x < 0.2 ? 0 : x < 0.5 ? 1 : pow(next_uniform(&random), 6) * 30;
  }
  p[n / 3] += seed % 2 ? (double)n : 1;
}

/* Standard deviations that X is from what chance gives (Wilson, Hilferty 1931: its cube root is nearly normal). */
double deviation(const int64_t *hits, const double *expected, int64_t cells) {
  const double degrees = (double)(cells - 1), variance = 2 / (9 * degrees);
  double chi_square = 0;
  for (int64_t i = 0; i < cells; i++) {
    chi_square += ((double)hits[i] - expected[i]) * ((double)hits[i] - expected[i]) / expected[i];
  }
  return (cbrt(chi_square / degrees) - 1 + variance) / sqrt(variance);
}
