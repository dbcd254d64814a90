/* The Frechet distance of two Gaussians.
 *
 *     |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1^1/2 S2 S1^1/2)^1/2
 *
 * With factors S1 = A1^T A1 and S2 = A2^T A2 (any: they differ from S^1/2 by a rotation) the last trace is the sum of
 * the singular values of A1 A2^T, whose squares are the eigenvalues of S1^1/2 S2 S1^1/2. Three routes there are:
 *
 *     sqrtm(S1 S2)                    a matrix that is not symmetric: complex roots, and no bound on what they mean
 *     eigenvalues of S1^1/2 S2 S1^1/2  right to u |S1| |S2|; a true 0 becomes 1e-8 under the root, up to d times
 *     singular values of A1 A2^T       right to u |A1| |A2|: 1e-8 of that error. This is what is done
 *
 * and it is no dearer: Cholesky factors take 2/3 d^3 operations, roots by eigenvectors 9 d^3. A covariance that is
 * singular has no such factor, and gets one from its eigenvectors, without those that are rounding; where n < d the
 * centred rows are one, and the work is n1 n2 d.
 *
 * Source: Dowson and Landau, J. Multivariate Analysis 12 (1982) 450-455; Heusel et al., NIPS 2017. */
#include "statistics.h"

#include "../linalg.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef struct {
  int64_t rows;
  const double *A; /* rows x d */
  double *owned;
} factor;

static void clear_lower(double *R, int64_t d) {
  for (int64_t i = 1; i < d; i++) {
    memset(R + i * d, 0, (size_t)i * sizeof *R);
  }
}

/* A = diag(sqrt w) V; directions with w below rounding are none. */
static divw_status factor_singular(factor *made, const double *S, int64_t d) {
  divw_status status;
  double *w;
  int64_t first = 0;
  DW_TRY(dw_alloc(&w, d, sizeof *w));
  status = dw_eigen(S, d, w, made->owned);
  if (status == DIVW_OK) {
    while (first < d && w[first] <= (double)d * DBL_EPSILON * w[d - 1]) {
      first++;
    }
    for (int64_t k = first; k < d; k++) {
      for (int64_t j = 0; j < d; j++) {
        made->owned[k * d + j] *= sqrt(w[k]);
      }
    }
    made->A = made->owned + first * d;
    made->rows = d - first;
  }
  divw_free(w);
fail:
  return status;
}

static divw_status factorise(factor *made, const divw_statistics *statistics) {
  divw_status status = DIVW_OK;
  const int64_t d = statistics->d;
  if (statistics->rank > 0) {
    made->A = statistics->matrix;
    made->rows = statistics->rank;
    return DIVW_OK;
  }
  DW_TRY(dw_alloc(&made->owned, d * d, sizeof *made->owned));
  memcpy(made->owned, statistics->matrix, (size_t)(d * d) * sizeof *made->owned);
  if (dw_cholesky(made->owned, d)) {
    clear_lower(made->owned, d);
    made->A = made->owned;
    made->rows = d;
  } else {
    status = factor_singular(made, statistics->matrix, d);
  }
fail:
  return status;
}

/* Sum of the singular values of A1 A2^T. */
static divw_status fidelity(const factor *a, const factor *b, int64_t d, double *sum) {
  divw_status status;
  double *B = NULL, *s = NULL;
  const int64_t count = dw_min(a->rows, b->rows);
  *sum = 0;
  if (count == 0) {
    return DIVW_OK;
  }
  DW_TRY(dw_alloc(&B, a->rows * b->rows, sizeof *B));
  DW_TRY(dw_alloc(&s, count, sizeof *s));
  dw_row_products(B, b->rows, a->A, a->rows, b->A, b->rows, d);
  DW_TRY(dw_singular_values(B, a->rows, b->rows, s));
  for (int64_t k = count - 1; k >= 0; k--) {
    *sum += s[k];
  }
fail:
  divw_free(s);
  divw_free(B);
  return status;
}

divw_status divw_evaluate_fid(const divw_statistics *reference, const divw_statistics *generated, double *distance) {
  divw_status status;
  factor a = {.rows = 0}, b = {.rows = 0};
  double square = 0, sum;
  DW_REQUIRE(reference);
  DW_REQUIRE(generated);
  DW_REQUIRE(distance);
  if (reference->d != generated->d) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: rows of the reference have %lld numbers, generated ones have %lld, expected the same", __func__,
                   (long long)reference->d, (long long)generated->d);
  }
  DW_TRY(factorise(&a, reference));
  DW_TRY(factorise(&b, generated));
  DW_TRY(fidelity(&a, &b, reference->d, &sum));
  for (int64_t j = 0; j < reference->d; j++) {
    const double difference = reference->mean[j] - generated->mean[j];
    square += difference * difference;
  }
  square += dw_statistics_trace(reference) + dw_statistics_trace(generated) - 2 * sum;
  *distance = fmax(square, 0);
  if (!isfinite(square)) {
    status = dw_fail(DIVW_ERROR_DATA, "%s: the distance overflows", __func__);
  }
fail:
  divw_free(b.owned);
  divw_free(a.owned);
  return status;
}
