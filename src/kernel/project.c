/* Features of rows x that a kernel was not made on, so that they can be compared with those it was made on:
 *
 *     columns as features:   phi = x / |x| on the columns that are used
 *     features from K:       L phi = k,   k_j = k(x, x_j) of the r pivots j,   L their features, lower triangular
 *     random features:       as for the examples (features.c)
 *
 * The first two are the orthogonal projection of the row on the span of the features, <phi, phi_i> = k(x, x_i) for
 * every i of the span; what is left over is outside, 1 - |phi|^2 of the squared length. A pivot that was chosen with
 * the rest l^2 > n u left has its number of phi right to about u / l <= 1e-8 / sqrt n, its square to 1e-16. */
#include "project.h"

#include "parts.h"

#include "../linalg.h"

#include <math.h>
#include <string.h>

/* The features of the pivots. */
static divw_status take_pivots(dw_projection *projection) {
  const divw_kernel *kernel = projection->kernel;
  const int64_t r = kernel->r;
  divw_status status = dw_alloc(&projection->factor, r, (size_t)r * sizeof *projection->factor);
  for (int64_t k = 0; status == DIVW_OK && k < r; k++) {
    memcpy(projection->factor + k * r, kernel->phi + kernel->pivots[k] * r, (size_t)r * sizeof *kernel->phi);
  }
  return status;
}

divw_status dw_projection_create(dw_projection *projection, const divw_kernel *kernel, const divw_dataset *rows,
                                 const char *function) {
  const int64_t d = divw_dataset_dimension(rows), expected = divw_dataset_dimension(kernel->dataset);
  *projection = (dw_projection){kernel, rows, dw_kernel_block(divw_dataset_count(rows), kernel->r), NULL};
  if (d != expected) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: rows have %lld columns, expected %lld, as those of the kernel", function,
                   (long long)d, (long long)expected);
  }
  return kernel->pivots == NULL ? DIVW_OK : take_pivots(projection);
}

void dw_projection_destroy(dw_projection *projection) { divw_free(projection->factor); }

/* The columns that the kernel uses, of length 1 with the others; the share of those. */
static double take_columns(const divw_kernel *kernel, const double *x, double scale, double *out) {
  const int64_t d = divw_dataset_dimension(kernel->dataset);
  double left = 0;
  for (int64_t j = 0, k = 0; j < d; j++) {
    const double value = scale * x[j];
    if (kernel->columns.columns == NULL || (k < kernel->columns.count && kernel->columns.columns[k] == j)) {
      out[k++] = value;
    } else {
      left += value * value;
    }
  }
  return left;
}

/* Scaled rows, count x d', into `block`. */
static divw_status fetch_new(const dw_projection *projection, int64_t first, int64_t count, double *block,
                             double *outside) {
  divw_status status;
  const divw_kernel *kernel = projection->kernel;
  dw_cursor cursor = {0};
  dw_window window;
  double *x = NULL, scale;
  DW_TRY(dw_alloc(&x, divw_dataset_dimension(projection->rows), sizeof *x));
  DW_TRY(dw_cursor_open(&cursor, projection->rows));
  for (int64_t i = 0; i < count; i += window.count) {
    DW_TRY(dw_cursor_rows(&cursor, first + i, count - i, &window));
    for (int64_t k = 0; k < window.count; k++) {
      DW_TRY(dw_take_direction(kernel->similarity.options.kind, &window, k, x, &scale));
      outside[i + k] = take_columns(kernel, x, scale, block + (i + k) * kernel->columns.count);
    }
  }
fail:
  dw_cursor_close(&cursor);
  divw_free(x);
  return status;
}

/* Rows whose similarities no set of vectors can have are brought back to length 1. */
static divw_status solve_pivots(const dw_projection *projection, int64_t first, int64_t count, double *phi,
                                double *outside) {
  const divw_kernel *kernel = projection->kernel;
  const int64_t r = kernel->r;
  const dw_some_rows rows = {projection->rows, NULL, first, count}, pivots = {kernel->dataset, kernel->pivots, 0, r};
  divw_status status = dw_similarity_block(&kernel->similarity, rows, pivots, phi, r);
  if (status == DIVW_OK) {
    dw_solve_rows(phi, count, projection->factor, r);
  }
  for (int64_t i = 0; status == DIVW_OK && i < count; i++) {
    double square = 0;
    for (int64_t k = 0; k < r; k++) {
      square += phi[i * r + k] * phi[i * r + k];
    }
    for (int64_t k = 0; square > 1 && k < r; k++) {
      phi[i * r + k] /= sqrt(square);
    }
    outside[i] = fmax(1 - square, 0);
  }
  return status;
}

divw_status dw_projection_read(const dw_projection *projection, int64_t first, int64_t count, double *phi,
                               double *outside) {
  if (projection->kernel->frequencies != NULL) {
    memset(outside, 0, (size_t)count * sizeof *outside);
    return dw_random_features(projection->kernel, projection->rows, first, count, phi);
  }
  return projection->kernel->phi == NULL ? fetch_new(projection, first, count, phi, outside)
                                         : solve_pivots(projection, first, count, phi, outside);
}
