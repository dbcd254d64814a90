/* Rows of a dataset: windows on them as they lie in the source, and a row as doubles, which is what everything after
 * this stage sees. All bytes of rows are reached through dw_cursor_rows().
 *
 * Rows are kept in their own type, since uint8 or float16 take an eighth or a quarter of the memory of doubles and
 * conversion is hidden behind the arithmetic that follows. Centring is done here, too: it needs one subtraction for a
 * number that is in the first-level cache, and a copy of the rows would be eight bytes a number. */
#include "single.h"

#include <math.h>
#include <string.h>

enum { SLICE = 256 };

/* ---- conversion ---- */

static inline double half_to_double(uint16_t half) { return dw_half_to_float(half); }

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

static void convert(int32_t dtype, const unsigned char *bytes, dw_columns columns, double scale, double *out) {
  switch (dtype) {
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

void dw_window_row(const dw_window *window, int64_t k, dw_columns columns, double scale, double *out) {
  assert(k >= 0 && k < window->count);
  const dw_center *center = window->dataset->center;
  const unsigned char *row = window->bytes + (window->list == NULL ? k : window->list[k]) * window->stride;
  if (columns.columns == NULL) {
    columns.count = window->dataset->source->d;
  }
  convert(window->dtype, row, columns, center == NULL ? scale : 1, out);
  if (center != NULL) {
    subtract_mean(center, columns, scale, out);
  }
}

/* Columns [from, from + count) of what is taken, through doubles: where rows are centred, doubles themselves, or of a
 * length far from 1. */
static void take_slice(const dw_window *window, int64_t k, dw_columns columns, int64_t from, int64_t count,
                       double scale, float *out) {
  double x[SLICE];
  int64_t list[SLICE];
  for (int64_t j = 0; j < count; j++) {
    list[j] = columns.columns == NULL ? from + j : columns.columns[from + j];
  }
  dw_window_row(window, k, (dw_columns){.columns = list, .count = count}, scale, x);
  for (int64_t j = 0; j < count; j++) {
    out[j] = (float)x[j];
  }
}

void dw_window_row_single(const dw_window *window, int64_t k, dw_columns columns, double scale, float *out) {
  const int64_t count = columns.columns == NULL ? window->dataset->source->d : columns.count;
  const unsigned char *row = window->bytes + (window->list == NULL ? k : window->list[k]) * window->stride;
  const bool plain = window->dataset->center == NULL && window->dtype != DIVW_FLOAT64;
  if (!plain || !(scale > 1e-30 && scale < 1e30) || (columns.columns != NULL && columns.run == NULL)) {
    for (int64_t from = 0; from < count; from += SLICE) {
      take_slice(window, k, columns, from, dw_min(SLICE, count - from), scale, out + from);
    }
    return;
  }
  for (int64_t from = 0, run; from < count; from += run) {
    const int64_t first = columns.columns == NULL ? from : columns.columns[from];
    run = columns.columns == NULL ? count : columns.run[from];
    dw_scale_numbers(window->dtype, row + first * dw_dtype_size(window->dtype), run, (float)scale, out + from);
  }
}

divw_status dw_window_row_finite(const dw_window *window, int64_t k, double *out) {
  const int64_t d = window->dataset->source->d;
  double probe = 0;
  dw_window_row(window, k, (dw_columns){.count = d}, 1, out);
  for (int64_t j = 0; j < d; j++) {
    probe += out[j] * 0.0; /* 0 for every finite number, NaN otherwise, and never an overflow */
  }
  for (int64_t j = 0; probe != 0 && j < d; j++) {
    if (!isfinite(out[j])) {
      return dw_fail(DIVW_ERROR_DATA, "row %lld, column %lld of the data is %g, expected a finite number",
                     (long long)divw_dataset_row(window->dataset, window->first + k), (long long)j, out[j]);
    }
  }
  return DIVW_OK;
}

/* ---- rows of a dataset ---- */

divw_status dw_cursor_open(dw_cursor *cursor, const divw_dataset *dataset) {
  *cursor = (dw_cursor){dataset, NULL};
  const int64_t *list = dataset->list == NULL ? NULL : dataset->list->value;
  return dataset->source->store == NULL ? DIVW_OK
                                        : dw_windows_open(&cursor->windows, dataset->source->store, list, dataset->n);
}

divw_status dw_cursor_rows(dw_cursor *cursor, int64_t first, int64_t count, dw_window *window) {
  const divw_dataset *dataset = cursor->dataset;
  const dw_source *source = dataset->source;
  assert(first >= 0 && first < dataset->n && count > 0);
  *window = (dw_window){.dataset = dataset,
                        .first = first,
                        .count = dw_min(count, dataset->n - first),
                        .bytes = source->bytes,
                        .stride = source->row_stride,
                        .dtype = source->dtype};
  if (cursor->windows != NULL) {
    return dw_windows_show(cursor->windows, first, window->count, &window->bytes, &window->count);
  }
  if (dataset->list == NULL) {
    window->bytes += first * source->row_stride;
  } else {
    window->list = dataset->list->value + first;
  }
  return DIVW_OK;
}

void dw_cursor_close(dw_cursor *cursor) {
  dw_windows_close(cursor->windows);
  *cursor = (dw_cursor){NULL, NULL};
}

divw_status dw_cursor_fetch(dw_cursor *cursor, int64_t first, int64_t count, dw_columns columns, double scale,
                            double *out) {
  divw_status status = DIVW_OK;
  const int64_t width = columns.columns == NULL ? cursor->dataset->source->d : columns.count;
  dw_window window;
  for (int64_t done = 0; done < count; done += window.count) {
    DW_TRY(dw_cursor_rows(cursor, first + done, count - done, &window));
    for (int64_t k = 0; k < window.count; k++) {
      dw_window_row(&window, k, columns, scale, out + (done + k) * width);
    }
  }
fail:
  return status;
}

divw_status divw_dataset_read(const divw_dataset *dataset, int64_t first, int64_t count, double *rows_out) {
  divw_status status;
  dw_cursor cursor = {0};
  DW_REQUIRE(dataset);
  DW_REQUIRE(rows_out);
  if (first < 0 || first > dataset->n || count < 0 || count > dataset->n - first) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: first is %lld and count %lld, expected a range within 0 to %lld", __func__,
                   (long long)first, (long long)count, (long long)dataset->n);
  }
  DW_TRY(dw_cursor_open(&cursor, dataset));
  DW_TRY(dw_cursor_fetch(&cursor, first, count, (dw_columns){.columns = NULL}, 1, rows_out));
fail:
  dw_cursor_close(&cursor);
  return status;
}
