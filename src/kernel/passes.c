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

void dw_kernel_fetch(const divw_kernel *kernel, int64_t i, double factor, double *out) {
  if (kernel->phi == NULL) {
    dw_dataset_fetch(kernel->dataset, i, kernel->columns, factor * kernel->scale[i], out);
  } else {
    const double *row = kernel->phi + i * kernel->r;
    for (int64_t k = 0; k < kernel->r; k++) {
      out[k] = factor * row[k];
    }
  }
}

void dw_kernel_fetch_block(const divw_kernel *kernel, int64_t first, int64_t count, double *block) {
  for (int64_t i = 0; i < count; i++) {
    dw_kernel_fetch(kernel, first + i, 1.0, block + i * kernel->r);
  }
}

divw_status dw_kernel_moment(const divw_kernel *kernel, const double *p, double *S) {
  divw_status status;
  double *block;
  int64_t r = kernel->r, rows = dw_kernel_block(kernel->n, r), filled = 0;
  DW_TRY(dw_alloc(&block, rows * r, sizeof *block));
  memset(S, 0, (size_t)(r * r) * sizeof *S);
  for (int64_t i = 0; i < kernel->n; i++) {
    double weight = p == NULL ? 1.0 / (double)kernel->n : p[i];
    if (weight > 0) {
      dw_kernel_fetch(kernel, i, sqrt(weight), block + filled++ * r);
    }
    if (filled == rows || (i == kernel->n - 1 && filled > 0)) {
      dw_add_gram(S, r, block, filled);
      filled = 0;
    }
  }
  dw_mirror_upper(S, r);
  divw_free(block);
fail:
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
  double *block = NULL;
  int64_t r = kernel->r, rows = dw_kernel_block(kernel->n, r);
  DW_TRY(dw_alloc(&block, (m > 1 ? 2 : 1) * rows * r, sizeof *block));
  for (int64_t first = 0; first < kernel->n; first += rows) {
    int64_t count = dw_min(rows, kernel->n - first);
    dw_kernel_fetch_block(kernel, first, count, block);
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
  divw_free(block);
  return status;
}
