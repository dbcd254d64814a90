/* Second stage: feature rows phi_i with <phi_i, phi_j> = k(x_i, x_j), and the two passes over them.
 *
 * Cosine needs no matrix K: phi_i = x_i / |x_i| reproduces it with r = d numbers a row, and rho = sum p_i phi_i phi_i^T
 * (r x r) has the same non-zero spectrum as the n x n matrix diag(sqrt p) K diag(sqrt p). Columns that are zero in
 * every row are left out (images have many). With fewer rows than columns the n-row side is cheaper: K = U diag(w) U^T
 * gives phi = U diag(sqrt w), kept in memory since it is smaller than the data; directions with w below rounding are
 * dropped.
 *
 * Passes fetch blocks of rows, converted and scaled on the way, of about 4 MiB, and hand them to BLAS:
 * one syrk for a moment, one trmm for a quadratic form (half the work of a gemm, since the factor is triangular). */
#include "kernel_parts.h"
#include "linalg.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- looking at the data, once ---- */

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

static divw_status check_norm(int32_t similarity, double length, long long row) {
  if (length == 0) {
    return dw_fail(DIVW_ERROR_DATA,
                   "row %lld of the data is all zeros, which has no direction: %s similarity needs other rows", row,
                   divw_kernel_name(similarity));
  }
  if (!(length >= 1e-300 && length <= 1e300)) {
    return dw_fail(DIVW_ERROR_DATA, "row %lld of the data has norm %g, expected 1e-300 to 1e300", row, length);
  }
  if (similarity == DIVW_KERNEL_LINEAR && !(fabs(length - 1) <= 1e-6)) {
    return dw_fail(DIVW_ERROR_DATA,
                   "row %lld of the data has norm %.9g, and linear similarity needs norm 1 within 1e-6: "
                   "normalise the rows, or use cosine similarity, which does",
                   row, length);
  }
  return DIVW_OK;
}

divw_status dw_kernel_look(int32_t similarity, const divw_dataset *dataset, int64_t i, double *x, double *scale) {
  divw_status status = dw_dataset_fetch_finite(dataset, i, x);
  if (status == DIVW_OK) {
    double length = norm(x, divw_dataset_dimension(dataset));
    *scale = 1 / length;
    status = check_norm(similarity, length, (long long)divw_dataset_row(dataset, i));
  }
  return status;
}

/* Checks every row, fills kernel->scale, and marks the columns that are used. */
static divw_status scan_rows(divw_kernel *kernel, int64_t d, unsigned char *used) {
  divw_status status;
  double *x;
  DW_TRY(dw_alloc(&x, d, sizeof *x));
  for (int64_t i = 0; status == DIVW_OK && i < kernel->n; i++) {
    status = dw_kernel_look(kernel->similarity, kernel->dataset, i, x, &kernel->scale[i]);
    for (int64_t j = 0; j < d; j++) {
      used[j] |= x[j] != 0;
    }
  }
  divw_free(x);
fail:
  return status;
}

static divw_status choose_columns(divw_kernel *kernel, int64_t d, const unsigned char *used) {
  divw_status status = DIVW_OK;
  int64_t count = 0;
  for (int64_t j = 0; j < d; j++) {
    count += used[j];
  }
  kernel->columns = (dw_columns){NULL, d};
  if (count < d) {
    DW_TRY(dw_alloc(&kernel->column_list, count, sizeof *kernel->column_list));
    for (int64_t j = 0, k = 0; j < d; j++) {
      if (used[j]) {
        kernel->column_list[k++] = j;
      }
    }
    kernel->columns = (dw_columns){kernel->column_list, count};
  }
fail:
  return status;
}

/* ---- blocks of feature rows ---- */

/* Rows of a block: about 4 MiB, measured best for syrk and trmm from r = 128 to 1024. */
int64_t dw_kernel_block(int64_t n, int64_t r) {
  assert(r > 0);
  int64_t rows = (int64_t)(4 << 20) / (8 * r);
  return dw_min(n, dw_max(64, dw_min(rows, 4096)));
}

static void fetch_scaled(const divw_kernel *kernel, int64_t i, double factor, double *out) {
  if (kernel->phi == NULL) {
    dw_dataset_fetch(kernel->dataset, i, kernel->columns, factor * kernel->scale[i], out);
  } else {
    const double *row = kernel->phi + i * kernel->r;
    for (int64_t k = 0; k < kernel->r; k++) {
      out[k] = factor * row[k];
    }
  }
}

static void fetch_block(const divw_kernel *kernel, int64_t first, int64_t count, double *block) {
  for (int64_t i = 0; i < count; i++) {
    fetch_scaled(kernel, first + i, 1.0, block + i * kernel->r);
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
      fetch_scaled(kernel, i, sqrt(weight), block + filled++ * r);
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
    fetch_block(kernel, first, count, block);
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

/* ---- the n-row side ---- */

/* K, whole, from blocks of rows against blocks of rows. */
static divw_status similarity_matrix(const divw_kernel *kernel, double *K) {
  divw_status status;
  double *a = NULL, *b = NULL;
  int64_t n = kernel->n, d = kernel->columns.count, rows = dw_kernel_block(n, d);
  DW_TRY(dw_alloc(&a, rows * d, sizeof *a));
  DW_TRY(dw_alloc(&b, rows * d, sizeof *b));
  for (int64_t i = 0; i < n; i += rows) {
    int64_t m = dw_min(rows, n - i);
    for (int64_t k = 0; k < m; k++) {
      fetch_scaled(kernel, i + k, 1.0, a + k * d);
    }
    dw_row_products(K + i * n + i, n, a, m, a, m, d);
    for (int64_t j = i + rows; j < n; j += rows) {
      int64_t l = dw_min(rows, n - j);
      for (int64_t k = 0; k < l; k++) {
        fetch_scaled(kernel, j + k, 1.0, b + k * d);
      }
      dw_row_products(K + i * n + j, n, a, m, b, l, d);
    }
  }
  dw_mirror_upper(K, n);
fail:
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

static divw_status make_row_side(divw_kernel *kernel) {
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

/* ---- public ---- */

static divw_status prepare(divw_kernel *kernel) {
  divw_status status;
  unsigned char *used = NULL;
  int64_t d = divw_dataset_dimension(kernel->dataset);
  DW_TRY(dw_alloc(&kernel->scale, kernel->n, sizeof *kernel->scale));
  DW_TRY(dw_alloc_zero(&used, d, sizeof *used));
  DW_TRY(scan_rows(kernel, d, used));
  DW_TRY(choose_columns(kernel, d, used));
  kernel->r = kernel->columns.count;
  if (kernel->n < kernel->r) {
    DW_TRY(make_row_side(kernel));
  }
  DW_TRY(dw_check_order(kernel->r, "the number of columns"));
fail:
  divw_free(used);
  return status;
}

divw_status divw_kernel_create(divw_kernel **out, const divw_dataset *dataset, int32_t similarity) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  if (similarity != DIVW_KERNEL_COSINE && similarity != DIVW_KERNEL_LINEAR) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "divw_kernel_create: similarity is %d, expected DIVW_KERNEL_COSINE or DIVW_KERNEL_LINEAR",
                   similarity);
  }
  divw_status status;
  divw_kernel *kernel = NULL;
  DW_TRY(dw_alloc_zero(&kernel, 1, sizeof *kernel));
  kernel->similarity = similarity;
  kernel->n = divw_dataset_count(dataset);
  DW_TRY(dw_dataset_share(&kernel->dataset, dataset));
  DW_TRY(prepare(kernel));
  *out = kernel;
  return DIVW_OK;
fail:
  divw_kernel_destroy(kernel);
  return status;
}

void divw_kernel_destroy(divw_kernel *kernel) {
  if (kernel != NULL) {
    divw_free(kernel->phi);
    divw_free(kernel->scale);
    divw_free(kernel->column_list);
    divw_dataset_destroy(kernel->dataset);
    divw_free(kernel);
  }
}

const char *divw_kernel_name(int32_t similarity) {
  switch (similarity) {
  case DIVW_KERNEL_COSINE: return "cosine";
  case DIVW_KERNEL_LINEAR: return "linear";
  default: return "unknown";
  }
}

int64_t divw_kernel_count(const divw_kernel *kernel) { return kernel == NULL ? 0 : kernel->n; }

int64_t divw_kernel_features(const divw_kernel *kernel) { return kernel == NULL ? 0 : kernel->r; }

int32_t divw_kernel_similarity(const divw_kernel *kernel) { return kernel == NULL ? 0 : kernel->similarity; }

const divw_dataset *dw_kernel_dataset(const divw_kernel *kernel) { return kernel->dataset; }

divw_status divw_kernel_read(const divw_kernel *kernel, int64_t first, int64_t count, double *phi_out) {
  DW_REQUIRE(kernel);
  DW_REQUIRE(phi_out);
  if (first < 0 || count < 0 || first > kernel->n - count) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: first is %lld and count %lld, expected a range within 0 to %lld", __func__,
                   (long long)first, (long long)count, (long long)kernel->n);
  }
  fetch_block(kernel, first, count, phi_out);
  return DIVW_OK;
}
