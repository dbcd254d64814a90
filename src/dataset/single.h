/* Conversion of numbers to float. */
#ifndef DW_DATASET_SINGLE_H
#define DW_DATASET_SINGLE_H

#include "view.h"

#include <string.h>

/* A half has 5 bits of exponent with bias 15 and 10 of mantissa, a float 8 with bias 127 and 23. A subnormal (exponent
 * 0) is given the exponent of 2^-14, and 2^-14 is subtracted. Exact, and without subnormal floats on the way, which the
 * host may have told the processor to flush to zero. Signed 32-bit numbers and no branches: SSE2 has lanes for that. */
static inline float dw_half_to_float(uint16_t half) {
  const int32_t magnitude = half & 0x7fff;
  const int32_t rebias = magnitude < 0x7c00 ? (127 - 15) << 23 : (255 - 31) << 23; /* of numbers; of Inf and NaN */
  const int32_t bits = (magnitude << 13) + rebias + (magnitude < 0x0400 ? 1 << 23 : 0);
  const float subtrahend = magnitude < 0x0400 ? 0x1p-14f : 0, sign = (half & 0x8000) != 0 ? -1 : 1;
  float value;
  memcpy(&value, &bits, sizeof value);
  return sign * (value - subtrahend);
}

/* out[j] = scale x_j for `count` numbers of a type other than float64. */
void dw_scale_numbers(int32_t dtype, const unsigned char *row, int64_t count, float scale, float *out);

#endif
