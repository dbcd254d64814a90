/* Numbers of a row as floats, several at once: what the single-precision passes (kernel/passes.c) fill their
 * blocks with.
 *
 * Every number is exact in single precision but for the one rounding of its product with the scale, so all ways give
 * the same bits. The loops are written once and compiled twice, for any processor and for AVX2; the
 * second is entered only where the processor says that it has it. A pass over n rows in memory is bound by reading
 * them: at 8 floats an instruction conversion is hidden behind that, at 4 (SSE2) bytes and halves are not. */
#include "single.h"

#include "../wide.h"

#include <string.h>

/* memcpy: borrowed rows may lie anywhere. */
DW_INLINE void scale_bytes(const unsigned char *restrict row, int64_t count, float scale, float *restrict out) {
  for (int64_t j = 0; j < count; j++) {
    out[j] = scale * (float)row[j];
  }
}

DW_INLINE void scale_floats(const unsigned char *restrict row, int64_t count, float scale, float *restrict out) {
  for (int64_t j = 0; j < count; j++) {
    float x;
    memcpy(&x, row + j * (int64_t)sizeof x, sizeof x);
    out[j] = scale * x;
  }
}

DW_INLINE void scale_halves(const unsigned char *restrict row, int64_t count, float scale, float *restrict out) {
  for (int64_t j = 0; j < count; j++) {
    uint16_t half;
    memcpy(&half, row + j * (int64_t)sizeof half, sizeof half);
    out[j] = scale * dw_half_to_float(half);
  }
}

static void scale_any(int32_t dtype, const unsigned char *row, int64_t count, float scale, float *out) {
  switch (dtype) {
  case DIVW_FLOAT32: scale_floats(row, count, scale, out); break;
  case DIVW_FLOAT16: scale_halves(row, count, scale, out); break;
  default: scale_bytes(row, count, scale, out); break;
  }
}

DW_WIDE static void scale_wide(int32_t dtype, const unsigned char *row, int64_t count, float scale, float *out) {
  switch (dtype) {
  case DIVW_FLOAT32: scale_floats(row, count, scale, out); break;
  case DIVW_FLOAT16: scale_halves(row, count, scale, out); break;
  default: scale_bytes(row, count, scale, out); break;
  }
}

void dw_scale_numbers(int32_t dtype, const unsigned char *row, int64_t count, float scale, float *out) {
  (dw_is_wide() ? scale_wide : scale_any)(dtype, row, count, scale, out);
}
