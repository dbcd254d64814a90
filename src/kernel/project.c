/* Features of rows x that a kernel was not made on, so that they can be compared with those it was made on:
 *
 *     columns as features:   phi = x / |x| on the columns that are used
 *     the n-row side:        phi = W^-1 Phi^T k,   k_i = k(x, x_i),   W = Phi^T Phi diagonal
 *
 * Both are the orthogonal projection of x / |x| on the span of the features, <phi, phi_i> = k(x, x_i) for every i; what
 * is left over is outside, 1 - |phi|^2 of the squared length. On the n-row side Phi = U diag(sqrt w), so the second
 * line is diag(1 / sqrt w) U^T k without keeping U. A k that is right to u makes phi_l right to u sqrt(n / w_l); the
 * kernel keeps w_l > 2 n u max w only, so the least certain phi_l are right to 1e-8 / sqrt(max w), their squares to
 * 1e-16. */
#include "project.h"

#include "parts.h"

#include "../linalg.h"

#include <math.h>
#include <string.h>

/* W^-1 Phi^T. */
static divw_status invert_features(dw_projection *projection) {
  divw_status status;
  const divw_kernel *kernel = projection->kernel;
  const int64_t n = kernel->n, r = kernel->r;
  double *w = NULL;
  DW_TRY(dw_alloc_zero(&w, r, sizeof *w));
  DW_TRY(dw_alloc(&projection->inverse, r, (size_t)n * sizeof *projection->inverse));
  for (int64_t k = 0; k < n * r; k++) {
    w[k % r] += kernel->phi[k] * kernel->phi[k];
  }
  for (int64_t k = 0; k < n * r; k++) {
    projection->inverse[k % r * n + k / r] = kernel->phi[k] / w[k % r];
  }
fail:
  divw_free(w);
  return status;
}

divw_status dw_projection_create(dw_projection *projection, const divw_kernel *kernel, const divw_dataset *rows,
                                 const char *function) {
  const int64_t d = divw_dataset_dimension(rows), expected = divw_dataset_dimension(kernel->dataset);
  const int64_t width = dw_max(kernel->columns.count, kernel->phi == NULL ? 0 : kernel->n);
  *projection = (dw_projection){kernel, rows, dw_kernel_block(divw_dataset_count(rows), width), NULL};
  if (d != expected) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: rows have %lld columns, expected %lld, as those of the kernel", function,
                   (long long)d, (long long)expected);
  }
  return kernel->phi == NULL ? DIVW_OK : invert_features(projection);
}

void dw_projection_destroy(dw_projection *projection) { divw_free(projection->inverse); }

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
      DW_TRY(dw_kernel_look(kernel->similarity, &window, k, x, &scale));
      outside[i + k] = take_columns(kernel, x, scale, block + (i + k) * kernel->columns.count);
    }
  }
fail:
  dw_cursor_close(&cursor);
  divw_free(x);
  return status;
}

/* K_ji = similarity of new row j and row i of the kernel, count x n. */
static divw_status similarities(const divw_kernel *kernel, const double *block, int64_t count, double *K) {
  divw_status status;
  const int64_t d = kernel->columns.count, rows = dw_kernel_block(kernel->n, d);
  dw_cursor cursor = {0};
  dw_window window;
  double *old = NULL;
  DW_TRY(dw_alloc(&old, rows * d, sizeof *old));
  DW_TRY(dw_cursor_open(&cursor, kernel->dataset));
  for (int64_t i = 0; i < kernel->n; i += window.count) {
    DW_TRY(dw_cursor_rows(&cursor, i, rows, &window));
    for (int64_t k = 0; k < window.count; k++) {
      dw_window_row(&window, k, kernel->columns, kernel->scale[i + k], old + k * d);
    }
    dw_row_products(K + i, kernel->n, block, count, old, window.count, d);
  }
fail:
  dw_cursor_close(&cursor);
  divw_free(old);
  return status;
}

static divw_status read_row_side(const dw_projection *projection, int64_t first, int64_t count, double *phi,
                                 double *outside) {
  divw_status status;
  const divw_kernel *kernel = projection->kernel;
  const int64_t r = kernel->r;
  double *block = NULL, *K = NULL;
  DW_TRY(dw_alloc(&block, count, (size_t)kernel->columns.count * sizeof *block));
  DW_TRY(dw_alloc(&K, count, (size_t)kernel->n * sizeof *K));
  DW_TRY(fetch_new(projection, first, count, block, outside));
  DW_TRY(similarities(kernel, block, count, K));
  dw_row_products(phi, r, K, count, projection->inverse, r, kernel->n);
  for (int64_t i = 0; i < count; i++) {
    double square = 0;
    for (int64_t k = 0; k < r; k++) {
      square += phi[i * r + k] * phi[i * r + k];
    }
    outside[i] = fmax(1 - square, 0);
  }
fail:
  divw_free(K);
  divw_free(block);
  return status;
}

divw_status dw_projection_read(const dw_projection *projection, int64_t first, int64_t count, double *phi,
                               double *outside) {
  return projection->kernel->phi == NULL ? fetch_new(projection, first, count, phi, outside)
                                         : read_row_side(projection, first, count, phi, outside);
}
