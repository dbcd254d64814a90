/* Products, Cholesky factors and triangular solutions. Only this file, eigen.c and blas_threads.c know BLAS and LAPACK.
 */
#include "linalg.h"

#include "blas_threads.h"

#include <cblas.h>
#include <lapacke.h>

#include <string.h>

divw_status dw_check_order(int64_t r, const char *what) {
  if (r > DW_MAX_ORDER) {
    return dw_fail(DIVW_ERROR_SIZE, "%s is %lld, LAPACK handles at most %d", what, (long long)r, DW_MAX_ORDER);
  }
  return DIVW_OK;
}

void dw_add_gram(double *gram, int64_t r, const double *rows, int64_t count) {
  assert(r <= DW_MAX_ORDER && count <= INT32_MAX);
  dw_blas_begin_product(count, r, r / 2);
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)r, (int)count, 1.0, rows, (int)r, 1.0, gram, (int)r);
  dw_blas_end();
}

void dw_add_outer(double *outer, int64_t n, const double *rows, int64_t count) {
  assert(n <= DW_MAX_ORDER && count <= INT32_MAX);
  dw_blas_begin_product(count, n, n / 2);
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, (int)n, (int)count, 1.0, rows, (int)count, 1.0, outer, (int)n);
  dw_blas_end();
}

bool dw_cholesky(double *matrix, int64_t n) {
  dw_blas_begin_order(n);
  const lapack_int info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', (lapack_int)n, matrix, (lapack_int)n);
  dw_blas_end();
  return info == 0;
}

void dw_cholesky_solve(const double *factor, int64_t n, double *b, int64_t count) {
  int order = (int)n;
  assert(count <= INT32_MAX);
  dw_blas_begin_order(n);
  if (count == 1) {
    cblas_dtrsv(CblasRowMajor, CblasUpper, CblasTrans, CblasNonUnit, order, factor, order, b, 1);
    cblas_dtrsv(CblasRowMajor, CblasUpper, CblasNoTrans, CblasNonUnit, order, factor, order, b, 1);
  } else {
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, (int)count, order, 1.0, factor,
                order, b, order);
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasUpper, CblasTrans, CblasNonUnit, (int)count, order, 1.0, factor, order,
                b, order);
  }
  dw_blas_end();
}

/* Our upper triangle is LAPACK's lower one. */
divw_status dw_pivoted_cholesky(double *A, int64_t n, double tolerance, int64_t *order, int64_t *rank) {
  divw_status status;
  double *work = NULL;
  lapack_int *pivots = NULL, found = 0;
  DW_TRY(dw_check_order(n, "the order of a Cholesky factorisation"));
  DW_TRY(dw_alloc(&work, 2 * n, sizeof *work));
  DW_TRY(dw_alloc(&pivots, n, sizeof *pivots));
  dw_blas_begin_order(n);
  LAPACKE_dpstrf_work(LAPACK_COL_MAJOR, 'L', (lapack_int)n, A, (lapack_int)n, pivots, &found, tolerance, work);
  dw_blas_end();
  if (found < 1) {
    status = dw_fail(DIVW_ERROR_NUMERICAL, "LAPACK found no pivot of a matrix of order %lld", (long long)n);
  }
  for (int64_t k = 0; status == DIVW_OK && k < n; k++) {
    order[k] = pivots[k] - 1;
  }
  *rank = found;
fail:
  divw_free(pivots);
  divw_free(work);
  return status;
}

void dw_solve_rows(double *rows, int64_t count, const double *L, int64_t r) {
  assert(r <= DW_MAX_ORDER && count <= INT32_MAX);
  dw_blas_begin_product(count, r, r / 2);
  cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (int)count, (int)r, 1.0, L, (int)r, rows,
              (int)r);
  dw_blas_end();
}

/* Row-major A is LAPACK's transpose. */
bool dw_solve_dense(double *A, int64_t n, double *b, int32_t *pivots) {
  static_assert(sizeof(lapack_int) == sizeof *pivots, "LAPACK with 32-bit integers");
  lapack_int order = (lapack_int)n;
  dw_blas_begin_order(n);
  const bool done = LAPACKE_dgetrf_work(LAPACK_COL_MAJOR, order, order, A, order, pivots) == 0 &&
                    LAPACKE_dgetrs_work(LAPACK_COL_MAJOR, 'T', order, 1, A, order, pivots, b, order) == 0;
  dw_blas_end();
  return done;
}

void dw_mirror_upper(double *matrix, int64_t r) {
  for (int64_t i = 1; i < r; i++) {
    for (int64_t j = 0; j < i; j++) {
      matrix[i * r + j] = matrix[j * r + i];
    }
  }
}

void dw_row_products(double *product, int64_t stride, const double *a, int64_t m, const double *b, int64_t n,
                     int64_t k) {
  assert(m <= INT32_MAX && n <= INT32_MAX && k <= INT32_MAX && stride <= INT32_MAX);
  dw_blas_begin_product(m, n, k);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)k, 1.0, a, (int)k, b, (int)k, 0.0, product,
              (int)stride);
  dw_blas_end();
}

void dw_add_products(double *product, const double *a, int64_t m, const double *b, int64_t n, int64_t count) {
  assert(m <= INT32_MAX && n <= INT32_MAX && count <= INT32_MAX);
  dw_blas_begin_product(m, n, count);
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)m, (int)n, (int)count, 1.0, a, (int)m, b, (int)n, 1.0,
              product, (int)n);
  dw_blas_end();
}

void dw_add_weighted_products(double *moment, const double *w, const double *y, int64_t m, int64_t r, double *room) {
  for (int64_t i = 0; i < m; i++) {
    for (int64_t k = 0; k < r; k++) {
      room[i * r + k] = w[i] * y[i * r + k];
    }
  }
  dw_add_products(moment, room, r, y, r, m);
}

void dw_add_forms(double *out, const double *matrix, const double *y, int64_t m, int64_t r, double *room) {
  dw_row_products(room, r, y, m, matrix, r, r);
  for (int64_t i = 0; i < m; i++) {
    out[i] += dw_dot(room + i * r, y + i * r, r);
  }
}

void dw_divide_rows(double *rows, int64_t count, const double *R, int64_t r) {
  assert(r <= DW_MAX_ORDER && count <= INT32_MAX);
  dw_blas_begin_product(count, r, r / 2);
  cblas_dtrsm(CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, (int)count, (int)r, 1.0, R, (int)r,
              rows, (int)r);
  dw_blas_end();
}

void dw_divide(double *x, const double *R, int64_t r) {
  dw_blas_begin_order(r);
  cblas_dtrsv(CblasRowMajor, CblasUpper, CblasNoTrans, CblasNonUnit, (int)r, R, (int)r, x, 1);
  dw_blas_end();
}

double dw_dot(const double *a, const double *b, int64_t count) {
  assert(count <= INT32_MAX);
  dw_blas_begin_order(0);
  const double dot = cblas_ddot((int)count, a, 1, b, 1);
  dw_blas_end();
  return dot;
}

void dw_subtract_products(double *product, int64_t stride, const double *a, int64_t a_stride, int64_t m,
                          const double *b, int64_t b_stride, int64_t n, int64_t k) {
  assert(m <= INT32_MAX && n <= INT32_MAX && a_stride <= INT32_MAX && b_stride <= INT32_MAX);
  if (k > 0) {
    dw_blas_begin_product(m, n, k);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)k, -1.0, a, (int)a_stride, b,
                (int)b_stride, 1.0, product, (int)stride);
    dw_blas_end();
  }
}
