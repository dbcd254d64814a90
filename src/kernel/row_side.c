/* The n-row side: K = U diag(w) U^T gives phi = U diag(sqrt w), kept in memory. Cheaper than columns as features where
 * there are fewer rows than columns. Directions with w below rounding are dropped. */
#include "parts.h"

#include "../linalg.h"

#include <float.h>
#include <math.h>

/* K, whole, from blocks of rows against blocks of rows. */
static divw_status similarity_matrix(const divw_kernel *kernel, double *K) {
  divw_status status;
  dw_features features = {0};
  double *a = NULL, *b = NULL;
  int64_t n = kernel->n, d = kernel->columns.count, rows = dw_kernel_block(n, d);
  DW_TRY(dw_alloc(&a, rows * d, sizeof *a));
  DW_TRY(dw_alloc(&b, rows * d, sizeof *b));
  DW_TRY(dw_features_open(&features, kernel));
  for (int64_t i = 0; i < n; i += rows) {
    int64_t m = dw_min(rows, n - i);
    DW_TRY(dw_features_fetch(&features, i, m, a));
    dw_row_products(K + i * n + i, n, a, m, a, m, d);
    for (int64_t j = i + rows; j < n; j += rows) {
      int64_t l = dw_min(rows, n - j);
      DW_TRY(dw_features_fetch(&features, j, l, b));
      dw_row_products(K + i * n + j, n, a, m, b, l, d);
    }
  }
  dw_mirror_upper(K, n);
fail:
  dw_features_close(&features);
  divw_free(b);
  divw_free(a);
  return status;
}

/* phi = U diag(sqrt w), rows scaled to norm 1, from K = U diag(w) U^T; eigenvectors are the rows of U. */
static divw_status factor_rows(divw_kernel *kernel, const double *w, const double *U) {
  divw_status status;
  int64_t n = kernel->n, first = 0;
  while (w[first] <= (double)n * DBL_EPSILON * w[n - 1]) {
    first++; /* ascending: below this, eigenvalues are rounding */
  }
  kernel->r = n - first;
  DW_TRY(dw_alloc(&kernel->phi, n * kernel->r, sizeof *kernel->phi));
  for (int64_t i = 0; i < n; i++) {
    double *row = kernel->phi + i * kernel->r, square = 0;
    for (int64_t k = 0; k < kernel->r; k++) {
      row[k] = sqrt(w[first + k]) * U[(first + k) * n + i];
      square += row[k] * row[k];
    }
    for (int64_t k = 0; k < kernel->r; k++) {
      row[k] /= sqrt(square);
    }
  }
fail:
  return status;
}

divw_status dw_kernel_make_row_side(divw_kernel *kernel) {
  divw_status status;
  double *K = NULL, *U = NULL, *w = NULL;
  int64_t n = kernel->n;
  DW_TRY(dw_check_order(n, "the number of examples, with more columns than examples,"));
  DW_TRY(dw_alloc(&K, n * n, sizeof *K));
  DW_TRY(dw_alloc(&U, n * n, sizeof *U));
  DW_TRY(dw_alloc(&w, n, sizeof *w));
  DW_TRY(similarity_matrix(kernel, K));
  DW_TRY(dw_eigen(K, n, w, U));
  DW_TRY(factor_rows(kernel, w, U));
fail:
  divw_free(w);
  divw_free(U);
  divw_free(K);
  return status;
}
