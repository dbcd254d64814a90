/* Features of any similarity, from the n x n matrix K: phi with K = phi phi^T to rounding.
 *
 *     P^T K P = L L^T     Cholesky with complete pivoting, stopped where nothing is left: L is n x r, r the rank
 *     phi = P L           rows scaled to norm 1
 *
 * At every step the row with the largest rest K_ii - |phi_i|^2 is the pivot. It ends where all rests are below
 * 2 (n + d) u, u = 2^-53, which is what rounding may have left of 0; the rest is positive semidefinite, so no number of
 * it is larger, and |K - phi phi^T| is that and the rounding of L. Why not eigenvalues: they need about 9 n^3
 * operations and 32 n^2 bytes, this n r^2 - 2 r^3 / 3 and 16 n^2; and pivots make features of rows out of sample from r
 * similarities instead of n (project.c).
 *
 * Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002), 10.3. */
#include "parts.h"

#include "../linalg.h"

#include <float.h>
#include <math.h>

/* Row i of phi from column i of L^T (n x n, rows its upper triangle). */
static void unpack_rows(divw_kernel *kernel, const double *L, const int64_t *order) {
  const int64_t n = kernel->n, r = kernel->r;
  for (int64_t i = 0; i < n; i++) {
    double *phi = kernel->phi + order[i] * r, square = 0;
    for (int64_t k = 0; k < r; k++) {
      phi[k] = k <= i ? L[k * n + i] : 0;
      square += phi[k] * phi[k];
    }
    for (int64_t k = 0; k < r; k++) {
      phi[k] /= sqrt(square);
    }
  }
}

divw_status dw_kernel_make_exact(divw_kernel *kernel) {
  divw_status status;
  double *K = NULL;
  const int64_t n = kernel->n;
  DW_TRY(dw_check_order(n, "the number of examples, with more columns than examples,"));
  DW_TRY(dw_alloc(&K, n, (size_t)n * sizeof *K));
  DW_TRY(dw_alloc(&kernel->pivots, n, sizeof *kernel->pivots));
  DW_TRY(dw_similarity_matrix(&kernel->similarity, K));
  DW_TRY(dw_pivoted_cholesky(K, n, (double)(n + kernel->similarity.d) * DBL_EPSILON, kernel->pivots, &kernel->r));
  DW_TRY(dw_alloc(&kernel->phi, n, (size_t)kernel->r * sizeof *kernel->phi));
  unpack_rows(kernel, K, kernel->pivots);
fail:
  divw_free(K);
  return status;
}
