/* exp and expm1 of vectors.
 *
 * With k the whole number next to x / ln 2 and f = x - k ln 2, |f| <= ln 2 / 2,
 *
 *     exp(x) = 2^k (1 + q),    exp(x) - 1 = 2^k q + (2^k - 1),    q = exp(f) - 1 = f + f^2/2! + .. + f^13/13! ,
 *
 * the rest of the series being below 2^-55 of q. k ln 2 is subtracted in two parts, the first of which has 32 bits, so
 * that its product with k is exact. 2^k - 1 is exact for k >= -53 and rounds to -1 below; 2^k q + (2^k - 1) cancels
 * nothing, as the terms have one sign or the first is small: where x is near 0, k is 0 and q is all.
 *
 * A solve takes some seven of them for each row and iteration; those of the C library, one at a time, were a sixth of
 * an iteration at 128 features. The loop has no branches, so that the compiler makes vectors of it, for any processor
 * and for AVX2, with the same bits (wide.h); the file is compiled with -fno-trapping-math, without which it would not.
 */
#include "exponential.h"

#include "wide.h"

#include <math.h>
#include <string.h>

#define LOG2_E 0x1.71547652b82fep+0
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define TO_INTEGER 0x1.8p52 /* added, it leaves a whole number in the last bits */
#define LEAST (-708.0)
#define MOST 709.0

/* exp(f) - 1 */
DW_INLINE double series(double f) {
  static const double inverse_factorial[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                                             1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                                             1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  double sum = inverse_factorial[11];
  for (int j = 10; j >= 0; j--) {
    sum = sum * f + inverse_factorial[j];
  }
  return f + f * f * sum;
}

/* 2^k from a number that TO_INTEGER was added to: k is in its last bits, and goes to the exponent. */
DW_INLINE double power_of_two(double shifted) {
  uint64_t bits;
  double power;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits << 52) + (UINT64_C(1023) << 52);
  memcpy(&power, &bits, sizeof power);
  return power;
}

DW_INLINE void exponentials(const double *x, int64_t count, double *out, bool less_one) {
  for (int64_t i = 0; i < count; i++) {
    const double shifted = x[i] * LOG2_E + TO_INTEGER, k = shifted - TO_INTEGER;
    const double q = series((x[i] - k * LN2_HIGH) - k * LN2_LOW), power = power_of_two(shifted);
    const double value = less_one ? power * q + (power - 1) : power + power * q;
    out[i] = x[i] < LEAST ? (less_one ? -1 : 0) : x[i] > MOST ? INFINITY : value;
  }
}

static void exp_any(const double *x, int64_t count, double *out) { exponentials(x, count, out, false); }

static void expm1_any(const double *x, int64_t count, double *out) { exponentials(x, count, out, true); }

DW_WIDE static void exp_wide(const double *x, int64_t count, double *out) { exponentials(x, count, out, false); }

DW_WIDE static void expm1_wide(const double *x, int64_t count, double *out) { exponentials(x, count, out, true); }

void dw_exp(const double *x, int64_t count, double *out) { (dw_is_wide() ? exp_wide : exp_any)(x, count, out); }

void dw_expm1(const double *x, int64_t count, double *out) { (dw_is_wide() ? expm1_wide : expm1_any)(x, count, out); }
