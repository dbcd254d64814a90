/* Eigenvalues, singular values, and what is made of them. LAPACK's word is taken for nothing: linalg.h says what is
 * checked. */
#include "linalg.h"

#include "blas_threads.h"

#include <cblas.h>
#include <lapacke.h>

#include <float.h>
#include <math.h>
#include <string.h>

static bool all_finite(const double *x, int64_t count) {
  double probe = 0;
  for (int64_t i = 0; i < count; i++) {
    probe += x[i] * 0.0; /* 0 for every finite number, NaN otherwise, and never an overflow */
  }
  return probe == 0;
}

/* Tries S = V^T diag(mu) V and V^T V = I on one vector. The threshold `most` is far above rounding, about r u ||S||,
 * and far below any failure that was ever reported. */
static divw_status eigen_residual(const double *S, int64_t r, const double *mu, const double *V, double most,
                                  bool *good) {
  divw_status status;
  double *x;
  int n = (int)r;
  DW_TRY(dw_alloc(&x, 4 * r, sizeof *x));
  double *sx = x + r, *vx = x + 2 * r, *back = x + 3 * r, scale = fmax(fabs(mu[0]), fabs(mu[r - 1]));
  for (int64_t i = 0; i < r; i++) {
    x[i] = (i % 3 == 0 ? 1.0 : -0.7) / sqrt((double)r);
  }
  cblas_dsymv(CblasRowMajor, CblasUpper, n, 1.0, S, n, x, 1, 0.0, sx, 1);
  cblas_dgemv(CblasRowMajor, CblasNoTrans, n, n, 1.0, V, n, x, 1, 0.0, vx, 1);
  cblas_dgemv(CblasRowMajor, CblasTrans, n, n, 1.0, V, n, vx, 1, 0.0, back, 1);
  cblas_daxpy(n, -1.0, x, 1, back, 1);
  for (int64_t i = 0; i < r; i++) {
    vx[i] *= mu[i];
  }
  cblas_dgemv(CblasRowMajor, CblasTrans, n, n, -1.0, V, n, vx, 1, 1.0, sx, 1);
  *good = cblas_dnrm2(n, back, 1) <= most && cblas_dnrm2(n, sx, 1) <= most * scale;
fail:
  if (status == DIVW_OK) {
    divw_free(x);
  }
  return status;
}

typedef divw_status (*eigen_solver)(double *V, int64_t r, double *mu, lapack_int *info);

static divw_status divide_and_conquer(double *V, int64_t r, double *mu, lapack_int *info) {
  divw_status status;
  double *work = NULL;
  lapack_int *iwork = NULL, n = (lapack_int)r;
  int64_t lwork = 1 + 6 * r + 2 * r * r, liwork = 3 + 5 * r;
  DW_TRY(dw_alloc(&work, lwork, sizeof *work));
  DW_TRY(dw_alloc(&iwork, liwork, sizeof *iwork));
  *info =
      LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'U', n, V, n, mu, work, (lapack_int)lwork, iwork, (lapack_int)liwork);
fail:
  divw_free(iwork);
  divw_free(work);
  return status;
}

static divw_status implicit_qr(double *V, int64_t r, double *mu, lapack_int *info) {
  divw_status status;
  double *work;
  lapack_int n = (lapack_int)r;
  DW_TRY(dw_alloc(&work, 34 * r, sizeof *work));
  *info = LAPACKE_dsyev_work(LAPACK_COL_MAJOR, 'V', 'U', n, V, n, mu, work, 34 * n);
  divw_free(work);
fail:
  return status;
}

static divw_status eigen(const double *S, int64_t r, double *mu, double *V) {
  static const eigen_solver solvers[] = {divide_and_conquer, implicit_qr};
  divw_status status;
  for (size_t k = 0; k < sizeof solvers / sizeof *solvers; k++) {
    lapack_int info;
    bool good;
    memcpy(V, S, (size_t)(r * r) * sizeof *V);
    DW_TRY(solvers[k](V, r, mu, &info)); /* columns of a column-major V are the rows of ours */
    if (info == 0 && all_finite(mu, r) && all_finite(V, r * r)) {
      DW_TRY(eigen_residual(S, r, mu, V, 1e-10, &good));
      if (good) {
        return DIVW_OK;
      }
    }
  }
  status = dw_fail(DIVW_ERROR_NUMERICAL, "LAPACK found no eigenvalues of a finite %lld x %lld matrix", (long long)r,
                   (long long)r);
fail:
  return status;
}

divw_status dw_eigen(const double *S, int64_t r, double *mu, double *V) {
  divw_status status;
  DW_TRY(dw_check_order(r, "the order of an eigenvalue problem"));
  if (!all_finite(S, r * r)) {
    return dw_fail(DIVW_ERROR_NUMERICAL, "a %lld x %lld matrix of moments has a NaN or Inf", (long long)r,
                   (long long)r);
  }
  dw_blas_begin_order(r);
  status = eigen(S, r, mu, V);
  dw_blas_end();
fail:
  return status;
}

divw_status dw_eigen_single(const double *S, int64_t r, double *mu, double *V, bool *good) {
  divw_status status;
  float *rounded = NULL, *work = NULL, *values = NULL;
  lapack_int *iwork = NULL, n = (lapack_int)r, info = -1;
  const int64_t lwork = 1 + 6 * r + 2 * r * r, liwork = 3 + 5 * r;
  *good = false;
  dw_blas_begin_order(r);
  DW_TRY(dw_check_order(r, "the order of an eigenvalue problem"));
  DW_TRY(dw_alloc(&rounded, r * r + r, sizeof *rounded));
  DW_TRY(dw_alloc(&work, lwork, sizeof *work));
  DW_TRY(dw_alloc(&iwork, liwork, sizeof *iwork));
  values = rounded + r * r;
  for (int64_t k = 0; k < r * r; k++) {
    rounded[k] = (float)S[k];
  }
  if (all_finite(S, r * r)) {
    info = LAPACKE_ssyevd_work(LAPACK_COL_MAJOR, 'V', 'U', n, rounded, n, values, work, (lapack_int)lwork, iwork,
                               (lapack_int)liwork);
  }
  for (int64_t k = 0; k < r * r; k++) {
    V[k] = rounded[k];
  }
  for (int64_t k = 0; k < r; k++) {
    mu[k] = values[k];
  }
  if (info == 0 && all_finite(mu, r) && all_finite(V, r * r)) {
    DW_TRY(eigen_residual(S, r, mu, V, 1e-4, good));
  }
fail:
  dw_blas_end();
  divw_free(iwork);
  divw_free(work);
  divw_free(rounded);
  return status;
}

/* ---- values alone ---- */

static double sum_of_squares(const double *x, int64_t count) {
  double sum = 0;
  for (int64_t first = 0; first < count; first += 1 << 20) {
    const double norm = cblas_dnrm2((int)dw_min(1 << 20, count - first), x + first, 1);
    sum += norm * norm;
  }
  return sum;
}

/* sum mu = tr S and sum mu^2 = |S|^2, with room for rounding as in eigen_residual(). */
static bool are_eigenvalues(const double *mu, int64_t r, double trace, double square) {
  double sum = 0, magnitude = 0;
  for (int64_t k = 0; k < r; k++) {
    sum += mu[k];
    magnitude += fabs(mu[k]);
  }
  return fabs(sum - trace) <= 1e-10 * magnitude && fabs(sum_of_squares(mu, r) - square) <= 1e-10 * square;
}

divw_status dw_eigenvalues(const double *S, int64_t r, double *mu) {
  divw_status status;
  double *copy = NULL, *work = NULL, trace = 0;
  lapack_int n = (lapack_int)r, iwork, info = -1;
  const int64_t lwork = 66 * r + 1; /* blocks of 64 columns */
  dw_blas_begin_order(r);
  DW_TRY(dw_check_order(r, "the order of an eigenvalue problem"));
  DW_TRY(dw_alloc(&copy, r * r, sizeof *copy));
  if (all_finite(S, r * r)) {
    DW_TRY(dw_alloc(&work, lwork, sizeof *work));
    memcpy(copy, S, (size_t)(r * r) * sizeof *copy);
    info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'N', 'U', n, copy, n, mu, work, (lapack_int)lwork, &iwork, 1);
  }
  for (int64_t i = 0; i < r; i++) {
    trace += S[i * r + i];
  }
  if (info != 0 || !all_finite(mu, r) || !are_eigenvalues(mu, r, trace, sum_of_squares(S, r * r))) {
    status = dw_eigen(S, r, mu, copy);
  }
fail:
  dw_blas_end();
  divw_free(work);
  divw_free(copy);
  return status;
}

divw_status dw_singular_values(double *A, int64_t m, int64_t n, double *s) {
  divw_status status;
  double *work = NULL;
  lapack_int *iwork = NULL, rows = (lapack_int)n, columns = (lapack_int)m, info = -1; /* A^T to LAPACK */
  const int64_t count = dw_min(m, n), lwork = 10 * count + 64 * (m + n);
  dw_blas_begin_order(count);
  const double square = sum_of_squares(A, m * n);
  DW_TRY(dw_check_order(count, "the order of a singular value problem"));
  assert(lwork <= INT32_MAX);
  DW_TRY(dw_alloc(&work, lwork, sizeof *work));
  DW_TRY(dw_alloc(&iwork, 8 * count, sizeof *iwork));
  if (all_finite(A, m * n)) {
    info = LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'N', rows, columns, A, rows, s, NULL, 1, NULL, 1, work,
                               (lapack_int)lwork, iwork);
  }
  if (info != 0 || !(fabs(sum_of_squares(s, count) - square) <= 1e-10 * square)) {
    status = dw_fail(DIVW_ERROR_NUMERICAL, "LAPACK found no singular values of a %lld x %lld matrix", (long long)m,
                     (long long)n);
  }
fail:
  dw_blas_end();
  divw_free(iwork);
  divw_free(work);
  return status;
}

/* The factor by orthogonal transformations of diag(sqrt l) V, which squares nothing: slower, but l may span 30 decades,
 * as the gradient does at small orders where an eigenvalue is tiny. */
static divw_status factor_by_qr(double *scaled, int64_t r, double *R) {
  divw_status status;
  double *work = NULL;
  DW_TRY(dw_alloc(&work, 2 * r, sizeof *work));
  /* our upper triangle is LAPACK's lower one: R^T R here is L L^T there */
  const lapack_int n = (lapack_int)r, info = LAPACKE_dgelqf_work(LAPACK_COL_MAJOR, n, n, scaled, n, work, work + r, n);
  for (int64_t k = 0; k < r * r; k++) {
    R[k] = k / r <= k % r ? scaled[k] : 0;
  }
  if (info != 0 || !all_finite(R, r * r)) {
    status = dw_fail(DIVW_ERROR_NUMERICAL, "LAPACK found no triangular factor of order %lld", (long long)r);
  }
fail:
  divw_free(work);
  return status;
}

divw_status dw_factor_spectral(const double *V, const double *l, int64_t r, double *R) {
  divw_status status;
  double *scaled;
  dw_blas_begin_order(r);
  DW_TRY(dw_alloc(&scaled, r * r, sizeof *scaled));
  for (int64_t k = 0; k < r; k++) {
    double root = sqrt(l[k]);
    for (int64_t j = 0; j < r; j++) {
      scaled[k * r + j] = root * V[k * r + j];
    }
  }
  memset(R, 0, (size_t)(r * r) * sizeof *R);
  dw_add_gram(R, r, scaled, r);
  if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', (lapack_int)r, R, (lapack_int)r) != 0 || !all_finite(R, r * r)) {
    DW_TRY(factor_by_qr(scaled, r, R));
  }
fail:
  divw_free(scaled);
  dw_blas_end();
  return status;
}

divw_status dw_factor_spectral_single(const double *V, const double *l, int64_t r, double *R, bool *good) {
  divw_status status;
  float *scaled = NULL, *factor = NULL;
  const int n = (int)r;
  dw_blas_begin_order(r);
  DW_TRY(dw_alloc(&scaled, r * r, sizeof *scaled));
  DW_TRY(dw_alloc_zero(&factor, r * r, sizeof *factor));
  for (int64_t k = 0; k < r; k++) {
    const double root = sqrt(l[k]);
    for (int64_t j = 0; j < r; j++) {
      scaled[k * r + j] = (float)(root * V[k * r + j]);
    }
  }
  cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, n, n, 1.0F, scaled, n, 0.0F, factor, n);
  *good = LAPACKE_spotrf_work(LAPACK_COL_MAJOR, 'L', n, factor, n) == 0;
  for (int64_t k = 0; k < r * r; k++) {
    R[k] = factor[k];
  }
fail:
  dw_blas_end();
  divw_free(factor);
  divw_free(scaled);
  return status;
}

/* ---- small least squares ---- */

enum { MAX_UNKNOWNS = 32 };

divw_status dw_least_squares(const double *gram, const double *rhs, int64_t m, double *c) {
  double scaled[MAX_UNKNOWNS * MAX_UNKNOWNS] = {0}, V[MAX_UNKNOWNS * MAX_UNKNOWNS] = {0};
  double mu[MAX_UNKNOWNS] = {0}, scale[MAX_UNKNOWNS] = {0};
  assert(m >= 1 && m <= MAX_UNKNOWNS);
  for (int64_t i = 0; i < m; i++) {
    scale[i] = gram[i * m + i] > DBL_MIN ? 1 / sqrt(gram[i * m + i]) : 0;
    c[i] = 0;
  }
  for (int64_t i = 0; i < m * m; i++) {
    scaled[i] = gram[i] * scale[i / m] * scale[i % m];
  }
  divw_status status = dw_eigen(scaled, m, mu, V);
  for (int64_t k = 0; status == DIVW_OK && k < m; k++) {
    if (mu[k] > 1e-14 * mu[m - 1] && mu[k] > 0) {
      double component = 0;
      for (int64_t i = 0; i < m; i++) {
        component += V[k * m + i] * scale[i] * rhs[i];
      }
      for (int64_t i = 0; i < m; i++) {
        c[i] += scale[i] * V[k * m + i] * component / mu[k];
      }
    }
  }
  return status;
}
