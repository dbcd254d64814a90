/* Numbers of a row as floats, several at once: what the single-precision passes (kernel/passes_single.c) fill their
 * blocks with.
 *
 * Every number is exact in single precision but for the one rounding of its product with the scale, so all ways give
 * the same bits. The loops are written once and compiled twice, for any processor and for AVX2 (halves: F16C); the
 * second is entered only where the processor says that it has it. A pass over n rows in memory is bound by reading
 * them: at 8 floats an instruction conversion is hidden behind that, at 4 (SSE2) bytes and halves are not. */
#include "single.h"

#include "../wide.h"

#include <string.h>

#if DW_HAS_WIDE
/* NOLINTBEGIN(portability-simd-intrinsics) */
#include <immintrin.h>
#endif

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

#if DW_HAS_WIDE
DW_WIDE static void scale_halves_wide(const unsigned char *restrict row, int64_t count, float scale,
                                      float *restrict out) {
  int64_t j = 0;
  for (; j + 8 <= count; j += 8) {
    const __m128i halves = _mm_loadu_si128((const __m128i *)(const void *)(row + 2 * j));
    _mm256_storeu_ps(out + j, _mm256_mul_ps(_mm256_set1_ps(scale), _mm256_cvtph_ps(halves)));
  }
  scale_halves(row + 2 * j, count - j, scale, out + j);
}
/* NOLINTEND(portability-simd-intrinsics) */
#else
#define scale_halves_wide scale_halves
#endif

DW_WIDE static void scale_wide(int32_t dtype, const unsigned char *row, int64_t count, float scale, float *out) {
  switch (dtype) {
  case DIVW_FLOAT32: scale_floats(row, count, scale, out); break;
  case DIVW_FLOAT16: scale_halves_wide(row, count, scale, out); break;
  default: scale_bytes(row, count, scale, out); break;
  }
}

void dw_scale_numbers(int32_t dtype, const unsigned char *row, int64_t count, float scale, float *out) {
  (dw_is_wide() ? scale_wide : scale_any)(dtype, row, count, scale, out);
}
