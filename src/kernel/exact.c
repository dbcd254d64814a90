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
#include <unistd.h>

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

double dw_machine_bytes(void) {
  const double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
  return bytes > 0 ? bytes : INFINITY;
}

static divw_status check_room(int64_t n) {
  const double has = dw_machine_bytes(), needs = 16.0 * (double)n * (double)n;
  return needs <= has
             ? DIVW_OK
             : dw_fail(DIVW_ERROR_MEMORY,
                       "the similarities of %lld examples with each other, and features from them, take %.3g GB, and "
                       "this machine has %.3g GB: take fewer examples, or a low-rank kernel",
                       (long long)n, needs / 1e9, has / 1e9);
}

divw_status dw_kernel_make_exact(divw_kernel *kernel) {
  divw_status status;
  double *K = NULL;
  const int64_t n = kernel->n;
  DW_TRY(check_room(n));
  DW_TRY(dw_check_order(n, "the number of examples, of which the matrix of similarities is made,"));
  DW_TRY(dw_alloc(&K, n, (size_t)n * sizeof *K));
  DW_TRY(dw_alloc(&kernel->pivots, n, sizeof *kernel->pivots));
  DW_TRY(dw_similarity_matrix(&kernel->similarity, K));
  if ((kernel->similarity.kind->has & DW_HAS_CHECKS) != 0) {
    DW_TRY(dw_make_positive(kernel, K));
  }
  DW_TRY(dw_pivoted_cholesky(K, n, (double)(n + kernel->similarity.d) * DBL_EPSILON, kernel->pivots, &kernel->r));
  DW_TRY(dw_alloc(&kernel->phi, n, (size_t)kernel->r * sizeof *kernel->phi));
  unpack_rows(kernel, K, kernel->pivots);
fail:
  divw_free(K);
  return status;
}
