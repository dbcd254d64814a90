/* How two rows of numbers are compared, for blocks of rows: cosine, angle, square and manhattan of similarity.h.
 *
 *     cosine      <x, y> of x / |x|, one gemm; polynomial: of rows (x / sqrt d, sqrt c), which are of one number more
 *     square      |x|^2 + |y|^2 - 2 <x, y> of rows minus their mean, one gemm
 *
 * The second loses digits of rows that nearly agree, and all of them for copies, so pairs nearer than
 *
 *     |x - y|^2 < (|x|^2 + |y|^2) / 64
 *
 * are taken again by differences. The others are right to a relative 64 e, e = 4 (d + 8) u the relative error of the
 * three inner products (neighbours.c derives it), whatever the bandwidth: every function of z = |x - y|^2 here has
 * |z f'(z)| <= 0.4, hence K to 26 e, 8e-13 at d = 64 and 4e-11 at 3,000 in the worst case; copies have exactly 0. The
 * mean is subtracted since distances do not change and |x|^2 becomes as small as it can be. Angles are those of unit
 * rows, near 0 and near pi by differences and sums likewise: acos loses half of the digits there. */
#include "similarity.h"

#include "../distance.h"
#include "../linalg.h"

#include <math.h>
#include <string.h>

/* ---- rows as directions ---- */

/* |x| without overflow or underflow on the way. */
static double norm(const double *x, int64_t d) {
  double square = 0, largest = 0;
  for (int64_t j = 0; j < d; j++) {
    square += x[j] * x[j];
  }
  if (square > 1e-200 && square < 1e200) {
    return sqrt(square);
  }
  for (int64_t j = 0; j < d; j++) {
    largest = fmax(largest, fabs(x[j]));
  }
  square = 0;
  for (int64_t j = 0; largest > 0 && j < d; j++) {
    square += (x[j] / largest) * (x[j] / largest);
  }
  return largest * sqrt(square);
}

static divw_status check_norm(int32_t kind, double length, long long row) {
  if (length == 0) {
    return dw_fail(DIVW_ERROR_DATA,
                   "row %lld of the data is all zeros, which has no direction: %s similarity needs other rows", row,
                   divw_kernel_name(kind));
  }
  if (!(length >= 1e-300 && length <= 1e300)) {
    return dw_fail(DIVW_ERROR_DATA, "row %lld of the data has norm %g, expected 1e-300 to 1e300", row, length);
  }
  if (kind == DIVW_KERNEL_LINEAR && !(fabs(length - 1) <= 1e-6)) {
    return dw_fail(DIVW_ERROR_DATA,
                   "row %lld of the data has norm %.9g, and linear similarity needs norm 1 within 1e-6: "
                   "normalise the rows, or use cosine similarity, which does",
                   row, length);
  }
  return DIVW_OK;
}

int64_t dw_window_number(const dw_window *window, int64_t k) {
  return divw_dataset_row(window->dataset, window->first + k);
}

divw_status dw_take_direction(int32_t kind, const dw_window *window, int64_t k, double *x, double *scale) {
  divw_status status = dw_window_row_finite(window, k, x);
  if (status == DIVW_OK) {
    double length = norm(x, divw_dataset_dimension(window->dataset));
    *scale = 1 / length;
    status = check_norm(kind, length, (long long)dw_window_number(window, k));
  }
  return status;
}

static divw_status take_unit(const dw_similarity *similarity, const dw_window *window, int64_t k, double *whole,
                             double *x, double *note) {
  double scale;
  const int64_t *columns = similarity->columns.columns;
  divw_status status = dw_take_direction(similarity->options.kind, window, k, whole, &scale);
  for (int64_t j = 0; status == DIVW_OK && j < similarity->width; j++) {
    x[j] = scale * whole[columns == NULL ? j : columns[j]];
  }
  *note = 1;
  return status;
}

/* (x / sqrt d, sqrt c) of length 1. */
static divw_status take_augmented(const dw_similarity *similarity, const dw_window *window, int64_t k, double *whole,
                                  double *x, double *note) {
  const int64_t d = similarity->d;
  divw_status status = dw_window_row_finite(window, k, whole);
  for (int64_t j = 0; status == DIVW_OK && j < d; j++) {
    x[j] = whole[j] / sqrt((double)d);
  }
  if (status == DIVW_OK) {
    x[d] = sqrt(similarity->options.offset);
    double length = norm(x, d + 1);
    status = check_norm(similarity->options.kind, length, (long long)dw_window_number(window, k));
    for (int64_t j = 0; j <= d; j++) {
      x[j] /= length;
    }
  }
  *note = 1;
  return status;
}

static divw_status compare_products(const dw_similarity *similarity, const dw_taken *a, const dw_taken *b, double *z,
                                    int64_t stride) {
  dw_row_products(z, stride, a->x, a->count, b->x, b->count, similarity->width);
  return DIVW_OK;
}

/* ---- distances ---- */

enum { NEAR = 64 };

static divw_status take_scaled(const dw_similarity *similarity, const dw_window *window, int64_t k, double *whole,
                               double *x, double *note) {
  const double bandwidth = similarity->options.bandwidth, *shift = similarity->shift;
  divw_status status = dw_window_row_finite(window, k, whole);
  *note = 0;
  for (int64_t j = 0; status == DIVW_OK && j < similarity->width; j++) {
    x[j] = (whole[j] - (shift == NULL ? 0 : shift[j])) / bandwidth;
    *note += x[j] * x[j];
  }
  if (status == DIVW_OK && !(*note <= 1e300)) {
    status = dw_fail(DIVW_ERROR_DATA,
                     "row %lld of the data is more than 1e150 bandwidths of %g from the others, expected less",
                     (long long)dw_window_number(window, k), bandwidth);
  }
  return status;
}

static divw_status compare_squares(const dw_similarity *similarity, const dw_taken *a, const dw_taken *b, double *z,
                                   int64_t stride) {
  const int64_t d = similarity->width;
  dw_row_products(z, stride, a->x, a->count, b->x, b->count, d);
  for (int64_t i = 0; i < a->count; i++) {
    double *restrict row = z + i * stride;
    const double *restrict square = b->note, mine = a->note[i];
    bool any_near = false;
    for (int64_t j = 0; j < b->count; j++) {
      row[j] = mine + square[j] - 2 * row[j];
      any_near |= NEAR * row[j] < mine + square[j];
    }
    for (int64_t j = 0; any_near && j < b->count; j++) {
      if (NEAR * row[j] < mine + square[j]) {
        row[j] = dw_square_distance(a->x + i * d, b->x + j * d, 1, d);
      }
    }
  }
  return DIVW_OK;
}

static divw_status compare_sums(const dw_similarity *similarity, const dw_taken *a, const dw_taken *b, double *z,
                                int64_t stride) {
  const int64_t d = similarity->width;
  for (int64_t i = 0; i < a->count; i++) {
    for (int64_t j = 0; j < b->count; j++) {
      z[i * stride + j] = dw_manhattan_distance(a->x + i * d, b->x + j * d, d);
    }
  }
  return DIVW_OK;
}

static divw_status compare_angles(const dw_similarity *similarity, const dw_taken *a, const dw_taken *b, double *z,
                                  int64_t stride) {
  const int64_t d = similarity->width;
  dw_row_products(z, stride, a->x, a->count, b->x, b->count, d);
  for (int64_t i = 0; i < a->count; i++) {
    for (int64_t j = 0; j < b->count; j++) {
      double *at = &z[i * stride + j];
      const double *x = a->x + i * d, *y = b->x + j * d;
      *at = NEAR * (1 - fabs(*at)) > 1
                ? acos(*at)
                : 2 * atan2(sqrt(dw_square_distance(x, y, 1, d)), sqrt(dw_square_distance(x, y, -1, d)));
    }
  }
  return DIVW_OK;
}

static divw_status widen(dw_similarity *similarity) {
  similarity->width = similarity->d + 1;
  return DIVW_OK;
}

/* Roughly the middle of the rows: any point near them will do. */
static divw_status find_middle(dw_similarity *similarity) {
  divw_status status;
  double *x = NULL;
  dw_walk walk = {.window = {.count = 0}};
  const int64_t n = divw_dataset_count(similarity->dataset), d = similarity->d;
  DW_TRY(dw_alloc(&x, d, sizeof *x));
  DW_TRY(dw_alloc_zero(&similarity->shift, d, sizeof *x));
  DW_TRY(dw_walk_open(&walk, similarity->dataset));
  for (int64_t i = 0, k; i < n; i++) {
    DW_TRY(dw_walk_to(&walk, i, &k));
    DW_TRY(dw_window_row_finite(&walk.window, k, x));
    for (int64_t j = 0; j < d; j++) {
      similarity->shift[j] += x[j] / (double)n;
    }
  }
fail:
  dw_walk_close(&walk);
  divw_free(x);
  return status;
}

const dw_measure dw_cosine = {NULL, take_unit, compare_products, false};
const dw_measure dw_augmented = {widen, take_augmented, compare_products, false};
const dw_measure dw_angle = {NULL, take_unit, compare_angles, false};
const dw_measure dw_square = {find_middle, take_scaled, compare_squares, false};
const dw_measure dw_manhattan = {NULL, take_scaled, compare_sums, false};
