/* The two passes in single precision, for iterations whose proof is left to a later look in double (solver/precision.c
 * says when that is).
 *
 * Products of some thousand rows are sums in single precision, and those are added in double: the moment of n rows is
 * as uncertain as that of 8,192, about sqrt(rows) u of what its diagonal holds (u = 2^-24), whatever n is; and |R
 * phi_i|^2 is a sum of squares in double of numbers right to sqrt(r) u. Blocks take the memory that they take in double
 * and have twice the rows. Filling one of them by a thread of its own while BLAS has the other was tried and does not
 * pay (docs/benchmarks.md): reading from memory is 5 % of a pass at r = 512 and about 15 % at r = 128, and BLAS leaves
 * no core idle. */
#include "parts.h"

#include "../linalg.h"
#include "../wide.h"

#include <math.h>
#include <string.h>

static int64_t block_rows(const divw_kernel *kernel) { return dw_kernel_block_single(kernel->n, kernel->r); }

int64_t dw_kernel_block_single(int64_t n, int64_t r) { return dw_min(n, 2 * dw_kernel_block(n, r)); }

static void row_single(const divw_kernel *kernel, const dw_window *window, int64_t k, double factor, float *out) {
  const int64_t i = window->first + k;
  if (kernel->phi == NULL) {
    dw_window_row_single(window, k, kernel->columns, factor * kernel->scale[i], out);
  } else {
    const double *row = kernel->phi + i * kernel->r;
    for (int64_t j = 0; j < kernel->r; j++) {
      out[j] = (float)(factor * row[j]);
    }
  }
}

/* ---- moment ---- */

enum { MOST_SUMMED = 8192 }; /* rows of which products are added in single precision */

/* Rows of a window that weigh something, times the roots of their weights. */
static int64_t fill_weighted(const divw_kernel *kernel, const dw_window *window, const double *p, float *block) {
  int64_t filled = 0;
  for (int64_t k = 0; k < window->count; k++) {
    double weight = p == NULL ? 1.0 / (double)kernel->n : p[window->first + k];
    if (weight > 0) {
      row_single(kernel, window, k, sqrt(weight), block + filled++ * kernel->r);
    }
  }
  return filled;
}

/* The sums of some blocks, upper triangle, to S; they begin again. */
static void add_sums(double *S, float *sum, int64_t r) {
  for (int64_t i = 0; i < r; i++) {
    double *restrict row = S + i * r;
    float *restrict part = sum + i * r;
    for (int64_t j = i; j < r; j++) {
      row[j] += part[j];
      part[j] = 0;
    }
  }
}

divw_status dw_kernel_moment_single(const divw_kernel *kernel, const double *p, double *S) {
  divw_status status;
  dw_features features = {0};
  dw_window window;
  float *block = NULL, *sum = NULL;
  int64_t r = kernel->r, rows = block_rows(kernel), filled = 0, summed = 0;
  DW_TRY(dw_alloc(&block, rows * r, sizeof *block));
  DW_TRY(dw_alloc_zero(&sum, r * r, sizeof *sum));
  DW_TRY(dw_features_open(&features, kernel));
  memset(S, 0, (size_t)(r * r) * sizeof *S);
  for (int64_t first = 0; first < kernel->n; first += window.count) {
    DW_TRY(dw_features_rows(&features, first, rows - filled, &window));
    filled += fill_weighted(kernel, &window, p, block + filled * r);
    const bool ends = first + window.count == kernel->n;
    if (filled == rows || (ends && filled > 0)) {
      dw_add_gram_single(sum, r, block, filled);
      summed += filled;
      filled = 0;
    }
    if (summed >= MOST_SUMMED || ends) {
      add_sums(S, sum, r);
      summed = 0;
    }
  }
  dw_mirror_upper(S, r);
fail:
  dw_features_close(&features);
  divw_free(sum);
  divw_free(block);
  return status;
}

/* ---- quadratic forms ---- */

enum { LANES = 16, CHUNK = 128 };

/* |row|^2: chunks in single precision, which the products are in anyway, and their sum in double. */
DW_INLINE double square_of(const float *row, int64_t r) {
  double total = 0;
  for (int64_t first = 0; first < r; first += CHUNK) {
    const int64_t end = dw_min(first + CHUNK, r), whole = end - (end - first) % LANES;
    float part[LANES] = {0};
    for (int64_t j = first; j < whole; j += LANES) {
      for (int64_t l = 0; l < LANES; l++) {
        part[l] += row[j + l] * row[j + l];
      }
    }
    for (int64_t l = 0; l < LANES; l++) {
      total += part[l];
    }
    for (int64_t j = whole; j < end; j++) {
      total += (double)row[j] * (double)row[j];
    }
  }
  return total;
}

static void squares_any(const float *block, int64_t count, int64_t r, double *squares) {
  for (int64_t i = 0; i < count; i++) {
    squares[i] = square_of(block + i * r, r);
  }
}

DW_WIDE static void squares_wide(const float *block, int64_t count, int64_t r, double *squares) {
  for (int64_t i = 0; i < count; i++) {
    squares[i] = square_of(block + i * r, r);
  }
}

static void row_squares(const float *block, int64_t count, int64_t r, double *squares) {
  (dw_is_wide() ? squares_wide : squares_any)(block, count, r, squares);
}

static divw_status fetch_block(dw_features *features, int64_t first, int64_t count, float *block) {
  divw_status status = DIVW_OK;
  const divw_kernel *kernel = features->kernel;
  dw_window window;
  for (int64_t done = 0; done < count; done += window.count) {
    DW_TRY(dw_features_rows(features, first + done, count - done, &window));
    for (int64_t k = 0; k < window.count; k++) {
      row_single(kernel, &window, k, 1.0, block + (done + k) * kernel->r);
    }
  }
fail:
  return status;
}

divw_status dw_kernel_quadratic_single(const divw_kernel *kernel, const double *const *R, int64_t m, double *const *D) {
  divw_status status;
  dw_features features = {0};
  float *block = NULL, *factor = NULL;
  int64_t r = kernel->r, rows = block_rows(kernel);
  DW_TRY(dw_alloc(&block, (m > 1 ? 2 : 1) * rows * r, sizeof *block));
  DW_TRY(dw_alloc(&factor, m * r * r, sizeof *factor));
  DW_TRY(dw_features_open(&features, kernel));
  for (int64_t k = 0; k < m * r * r; k++) {
    factor[k] = (float)R[k / (r * r)][k % (r * r)];
  }
  for (int64_t first = 0; first < kernel->n; first += rows) {
    int64_t count = dw_min(rows, kernel->n - first);
    DW_TRY(fetch_block(&features, first, count, block));
    for (int64_t j = 0; j < m; j++) {
      float *product = block; /* the last matrix may overwrite the rows */
      if (j < m - 1) {
        product = block + rows * r;
        memcpy(product, block, (size_t)(count * r) * sizeof *block);
      }
      dw_multiply_rows_single(product, count, factor + j * r * r, r);
      row_squares(product, count, r, D[j] + first);
    }
  }
fail:
  dw_features_close(&features);
  divw_free(factor);
  divw_free(block);
  return status;
}
