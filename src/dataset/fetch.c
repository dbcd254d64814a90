/* A row of a dataset as doubles, which is what everything after this stage sees.
 *
 * Rows are kept in their own type, since uint8 or float16 take an eighth or a quarter of the memory of doubles and
 * conversion is hidden behind the arithmetic that follows. Centring is done here, too: it needs one subtraction for a
 * number that is in the first-level cache, and a copy of the rows would be eight bytes a number. */
#include "view.h"

#include <math.h>
#include <string.h>

/* ---- conversion ---- */

/* A half has 5 bits of exponent with bias 15 and 10 of mantissa, a float 8 with bias 127 and 23. A subnormal (exponent
 * 0) is given the exponent of 2^-14, and 2^-14 is subtracted. Exact, and without subnormal floats on the way, which the
 * host may have told the processor to flush to zero. Signed 32-bit numbers and no branches: SSE2 has lanes for that. */
static inline double half_to_double(uint16_t half) {
  const int32_t magnitude = half & 0x7fff;
  const int32_t rebias = magnitude < 0x7c00 ? (127 - 15) << 23 : (255 - 31) << 23; /* of numbers; of Inf and NaN */
  const int32_t bits = (magnitude << 13) + rebias + (magnitude < 0x0400 ? 1 << 23 : 0);
  const float subtrahend = magnitude < 0x0400 ? 0x1p-14f : 0, sign = (half & 0x8000) != 0 ? -1 : 1;
  float value;
  memcpy(&value, &bits, sizeof value);
  return sign * (value - subtrahend);
}

static inline double float32_to_double(float x) { return x; }

static inline double float64_to_double(double x) { return x; }

static inline double uint8_to_double(uint8_t x) { return x; }

/* memcpy: borrowed rows may lie anywhere. Two loops, since only the first can be vectorised. */
#define DEFINE_FETCH(name, type, to_double)                                                                            \
  static void name(const unsigned char *restrict row, dw_columns columns, double scale, double *restrict out) {        \
    type x;                                                                                                            \
    if (columns.columns == NULL) {                                                                                     \
      for (int64_t j = 0; j < columns.count; j++) {                                                                    \
        memcpy(&x, row + j * (int64_t)sizeof x, sizeof x);                                                             \
        out[j] = scale * to_double(x);                                                                                 \
      }                                                                                                                \
    } else {                                                                                                           \
      for (int64_t j = 0; j < columns.count; j++) {                                                                    \
        memcpy(&x, row + columns.columns[j] * (int64_t)sizeof x, sizeof x);                                            \
        out[j] = scale * to_double(x);                                                                                 \
      }                                                                                                                \
    }                                                                                                                  \
  }

DEFINE_FETCH(fetch_float64, double, float64_to_double)
DEFINE_FETCH(fetch_float32, float, float32_to_double)
DEFINE_FETCH(fetch_float16, uint16_t, half_to_double)
DEFINE_FETCH(fetch_uint8, uint8_t, uint8_to_double)

static void convert(const dw_source *source, int64_t row, dw_columns columns, double scale, double *out) {
  const unsigned char *bytes = source->bytes + row * source->row_stride;
  switch (source->dtype) {
  case DIVW_FLOAT64: fetch_float64(bytes, columns, scale, out); break;
  case DIVW_FLOAT32: fetch_float32(bytes, columns, scale, out); break;
  case DIVW_FLOAT16: fetch_float16(bytes, columns, scale, out); break;
  default: fetch_uint8(bytes, columns, scale, out); break;
  }
}

/* ---- a row ---- */

/* Twice the loop, as above. */
static void subtract_mean(const dw_center *center, dw_columns columns, double scale, double *restrict x) {
  const double *restrict mean = center->mean, *restrict rounding = center->rounding;
  if (columns.columns == NULL) {
    for (int64_t j = 0; j < columns.count; j++) {
      const double difference = x[j] - mean[j];
      x[j] = fabs(difference) <= rounding[j] ? 0 : scale * difference;
    }
  } else {
    for (int64_t j = 0; j < columns.count; j++) {
      const int64_t column = columns.columns[j];
      const double difference = x[j] - mean[column];
      x[j] = fabs(difference) <= rounding[column] ? 0 : scale * difference;
    }
  }
}

void dw_dataset_fetch(const divw_dataset *dataset, int64_t position, dw_columns columns, double scale, double *out) {
  assert(position >= 0 && position < dataset->n);
  const int64_t row = dataset->list == NULL ? position : dataset->list->value[position];
  if (columns.columns == NULL) {
    columns.count = dataset->source->d;
  }
  convert(dataset->source, row, columns, dataset->center == NULL ? scale : 1, out);
  if (dataset->center != NULL) {
    subtract_mean(dataset->center, columns, scale, out);
  }
}

divw_status dw_dataset_fetch_finite(const divw_dataset *dataset, int64_t position, double *out) {
  const int64_t d = dataset->source->d;
  double probe = 0;
  dw_dataset_fetch(dataset, position, (dw_columns){NULL, d}, 1, out);
  for (int64_t j = 0; j < d; j++) {
    probe += out[j] * 0.0; /* 0 for every finite number, NaN otherwise, and never an overflow */
  }
  for (int64_t j = 0; probe != 0 && j < d; j++) {
    if (!isfinite(out[j])) {
      return dw_fail(DIVW_ERROR_DATA, "row %lld, column %lld of the data is %g, expected a finite number",
                     (long long)divw_dataset_row(dataset, position), (long long)j, out[j]);
    }
  }
  return DIVW_OK;
}

divw_status divw_dataset_read(const divw_dataset *dataset, int64_t first, int64_t count, double *rows_out) {
  DW_REQUIRE(dataset);
  DW_REQUIRE(rows_out);
  if (first < 0 || first > dataset->n || count < 0 || count > dataset->n - first) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: first is %lld and count %lld, expected a range within 0 to %lld", __func__,
                   (long long)first, (long long)count, (long long)dataset->n);
  }
  for (int64_t i = 0; i < count; i++) {
    dw_dataset_fetch(dataset, first + i, (dw_columns){NULL, 0}, 1, rows_out + i * dataset->source->d);
  }
  return DIVW_OK;
}
