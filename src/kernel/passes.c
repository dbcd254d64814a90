/* The two passes over feature rows that everything else is made of, see kernel.h.
 *
 * Blocks of rows, converted and scaled on the way, of about 4 MiB, are handed to BLAS: one syrk for a moment, one trmm
 * for a quadratic form (half the work of a gemm, since the factor is triangular). */
#include "parts.h"

#include "../linalg.h"

#include <math.h>
#include <string.h>

/* Rows of a block: about 4 MiB, measured best for syrk and trmm from r = 128 to 1024. */
int64_t dw_kernel_block(int64_t n, int64_t r) {
  assert(r > 0);
  int64_t rows = (int64_t)(4 << 20) / (8 * r);
  return dw_min(n, dw_max(64, dw_min(rows, 4096)));
}

/* ---- feature rows ---- */

divw_status dw_features_open(dw_features *features, const divw_kernel *kernel) {
  features->kernel = kernel;
  return kernel->phi == NULL ? dw_cursor_open(&features->cursor, kernel->dataset) : DIVW_OK;
}

void dw_features_close(dw_features *features) { dw_cursor_close(&features->cursor); }

divw_status dw_features_rows(dw_features *features, int64_t first, int64_t count, dw_window *window) {
  const divw_kernel *kernel = features->kernel;
  if (kernel->phi == NULL) {
    return dw_cursor_rows(&features->cursor, first, count, window);
  }
  *window = (dw_window){.first = first, .count = dw_min(count, kernel->n - first)};
  return DIVW_OK;
}

void dw_features_row(const divw_kernel *kernel, const dw_window *window, int64_t k, double factor, double *out) {
  const int64_t i = window->first + k;
  if (kernel->phi == NULL) {
    dw_window_row(window, k, kernel->columns, factor * kernel->scale[i], out);
  } else {
    const double *row = kernel->phi + i * kernel->r;
    for (int64_t j = 0; j < kernel->r; j++) {
      out[j] = factor * row[j];
    }
  }
}

divw_status dw_features_fetch(dw_features *features, int64_t first, int64_t count, double *block) {
  divw_status status = DIVW_OK;
  const divw_kernel *kernel = features->kernel;
  dw_window window;
  for (int64_t done = 0; done < count; done += window.count) {
    DW_TRY(dw_features_rows(features, first + done, count - done, &window));
    for (int64_t k = 0; k < window.count; k++) {
      dw_features_row(kernel, &window, k, 1.0, block + (done + k) * kernel->r);
    }
  }
fail:
  return status;
}

/* ---- passes ---- */

/* Rows of a window that weigh something, times the roots of their weights. */
static int64_t fill_weighted(const divw_kernel *kernel, const dw_window *window, const double *p, double *block) {
  int64_t filled = 0;
  for (int64_t k = 0; k < window->count; k++) {
    double weight = p == NULL ? 1.0 / (double)kernel->n : p[window->first + k];
    if (weight > 0) {
      dw_features_row(kernel, window, k, sqrt(weight), block + filled++ * kernel->r);
    }
  }
  return filled;
}

divw_status dw_kernel_moment(const divw_kernel *kernel, const double *p, double *S) {
  divw_status status;
  dw_features features = {0};
  dw_window window;
  double *block = NULL;
  int64_t r = kernel->r, rows = dw_kernel_block(kernel->n, r), filled = 0;
  DW_TRY(dw_alloc(&block, rows * r, sizeof *block));
  DW_TRY(dw_features_open(&features, kernel));
  memset(S, 0, (size_t)(r * r) * sizeof *S);
  for (int64_t first = 0; first < kernel->n; first += window.count) {
    DW_TRY(dw_features_rows(&features, first, rows - filled, &window));
    filled += fill_weighted(kernel, &window, p, block + filled * r);
    if (filled == rows || (first + window.count == kernel->n && filled > 0)) {
      dw_add_gram(S, r, block, filled);
      filled = 0;
    }
  }
  dw_mirror_upper(S, r);
fail:
  dw_features_close(&features);
  divw_free(block);
  return status;
}

static void row_squares(const double *block, int64_t count, int64_t r, double *squares) {
  for (int64_t i = 0; i < count; i++) {
    double even = 0, odd = 0;
    const double *row = block + i * r;
    for (int64_t k = 0; k + 1 < r; k += 2) {
      even += row[k] * row[k];
      odd += row[k + 1] * row[k + 1];
    }
    squares[i] = even + odd + (r % 2 ? row[r - 1] * row[r - 1] : 0);
  }
}

divw_status dw_kernel_quadratic(const divw_kernel *kernel, const double *const *R, int64_t m, double *const *D) {
  divw_status status;
  dw_features features = {0};
  double *block = NULL;
  int64_t r = kernel->r, rows = dw_kernel_block(kernel->n, r);
  DW_TRY(dw_alloc(&block, (m > 1 ? 2 : 1) * rows * r, sizeof *block));
  DW_TRY(dw_features_open(&features, kernel));
  for (int64_t first = 0; first < kernel->n; first += rows) {
    int64_t count = dw_min(rows, kernel->n - first);
    DW_TRY(dw_features_fetch(&features, first, count, block));
    for (int64_t j = 0; j < m; j++) {
      double *product = block; /* the last matrix may overwrite the rows */
      if (j < m - 1) {
        product = block + rows * r;
        memcpy(product, block, (size_t)(count * r) * sizeof *block);
      }
      dw_multiply_rows(product, count, R[j], r);
      row_squares(product, count, r, D[j] + first);
    }
  }
fail:
  dw_features_close(&features);
  divw_free(block);
  return status;
}
