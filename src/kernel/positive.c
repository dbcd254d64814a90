/* A matrix of similarities that a caller gave, made positive semidefinite, or why it is not.
 *
 *     K = V^T diag(mu) V;   K+ = V^T diag(max(mu, 0)) V,   divided by the roots of its diagonal
 *
 * Eigenvalues below 0 by no more than slack sqrt(n) are taken for the rounding of what was given: a symmetric
 * matrix of independent errors of that size has norm 2 slack sqrt(n) (Wigner). K+ is the nearest positive semidefinite
 * matrix; the division brings the diagonal, which has grown, back to 1 and keeps it semidefinite.
 *
 * Source: Higham, Linear Algebra Appl. 103 (1988) 103-118. */
#include "parts.h"

#include "../linalg.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* K becomes the gram matrix of rows sqrt(mu) V. */
static divw_status project(double *K, int64_t n, double *mu) {
  divw_status status;
  double *V;
  DW_TRY(dw_alloc(&V, n, (size_t)n * sizeof *V));
  status = dw_eigen(K, n, mu, V);
  for (int64_t k = 0; status == DIVW_OK && k < n * n; k++) {
    V[k] *= sqrt(fmax(mu[k / n], 0));
  }
  if (status == DIVW_OK) {
    memset(K, 0, (size_t)(n * n) * sizeof *K);
    dw_add_gram(K, n, V, n);
  }
  divw_free(V);
fail:
  return status;
}

static divw_status normalise(const dw_similarity *similarity, double *K, int64_t n, double *root) {
  for (int64_t i = 0; i < n; i++) {
    root[i] = sqrt(K[i * n + i]);
    if (!(root[i] > 0)) {
      return dw_fail(DIVW_ERROR_DATA, "nothing is left of row %lld of the matrix without its negative eigenvalues",
                     (long long)divw_dataset_row(similarity->dataset, i));
    }
  }
  for (int64_t k = 0; k < n * n; k++) {
    K[k] = k % n == k / n ? 1 : K[k] / (root[k / n] * root[k % n]);
  }
  dw_mirror_upper(K, n);
  return DIVW_OK;
}

divw_status dw_make_positive(divw_kernel *kernel, double *K) {
  divw_status status;
  const int64_t n = kernel->n;
  double *mu = NULL, clipped = 0;
  DW_TRY(dw_alloc(&mu, n, sizeof *mu));
  DW_TRY(dw_eigenvalues(K, n, mu));
  const double least = mu[0], slack = kernel->similarity.slack * sqrt((double)n);
  for (int64_t k = 0; k < n; k++) {
    clipped += fmax(-mu[k], 0) / (double)n;
  }
  if (least < -(double)n * DBL_EPSILON * mu[n - 1]) {
    kernel->least_eigenvalue = least;
    kernel->clipped = clipped;
    status =
        least >= -slack || kernel->similarity.options.clip
            ? project(K, n, mu)
            : dw_fail(DIVW_ERROR_DATA,
                      "the matrix of similarities is not positive semidefinite: it has the eigenvalue %.9g, expected "
                      "none below 0, and those below 0 are %.3g of the sum; clip_negative (--clip-negative) sets them "
                      "to 0",
                      least, clipped);
    status = status == DIVW_OK ? normalise(&kernel->similarity, K, n, mu) : status;
  }
fail:
  divw_free(mu);
  return status;
}
