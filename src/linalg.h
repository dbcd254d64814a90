/* Dense linear algebra: the only door to BLAS and LAPACK. Matrices are row-major, symmetric ones stored whole. Products
 * and factors are in linalg.c, decompositions in eigen.c; blas_threads.c says with how many threads.
 *
 * Sizes are checked here, once: LAPACK counts in 32 bits, and its divide-and-conquer eigen-solver needs
 * 1 + 6r + 2r^2 <= 2^31 - 1 numbers of workspace, hence r <= 32,766. */
#ifndef DW_LINALG_H
#define DW_LINALG_H

#include "internal.h"

enum { DW_MAX_ORDER = 32766 };

/* DIVW_ERROR_SIZE, naming `what`, when a matrix of order r is beyond LAPACK. */
divw_status dw_check_order(int64_t r, const char *what);

/* gram += rows^T rows, upper triangle only; rows is count x r. n r^2 operations. */
void dw_add_gram(double *gram, int64_t r, const double *rows, int64_t count);

/* outer += rows rows^T, upper triangle only; rows is n x count. n^2 count operations. */
void dw_add_outer(double *outer, int64_t n, const double *rows, int64_t count);

/* Cholesky of a symmetric positive definite matrix whose upper triangle is given, in its place; false when it is not
 * definite. Then solutions of matrix x = b for `count` vectors, one after the other, in place. n^3 / 3 and 2 n^2
 * operations each. */
bool dw_cholesky(double *matrix, int64_t n);
void dw_cholesky_solve(const double *factor, int64_t n, double *b, int64_t count);

/* P^T A P = R^T R with complete pivoting, in place: the first *rank rows of R, which is upper triangular. Stops where
 * what is left of the diagonal is at most `tolerance`. Row and column k of P^T A P are number order[k] of A. n r^2
 * operations. */
divw_status dw_pivoted_cholesky(double *A, int64_t n, double tolerance, int64_t *order, int64_t *rank);

/* rows := rows L^-T, the solutions of L x = row for every row; L is lower triangular, r x r. count r^2 operations. */
void dw_solve_rows(double *rows, int64_t count, const double *L, int64_t r);

/* The solution of A x = b for a general matrix, in place of b; A is overwritten, pivots is room for n numbers. False
 * when A is singular. */
bool dw_solve_dense(double *A, int64_t n, double *b, int32_t *pivots);

/* Copies the upper triangle onto the lower one. */
void dw_mirror_upper(double *matrix, int64_t r);

/* product[i * stride + j] = <a_i, b_j>; a is m x k, b is n x k. */
void dw_row_products(double *product, int64_t stride, const double *a, int64_t m, const double *b, int64_t n,
                     int64_t k);

/* product += a^T b, m x n; a is count x m, b is count x n. */
void dw_add_products(double *product, const double *a, int64_t m, const double *b, int64_t n, int64_t count);

/* moment += sum_i w_i y_i y_i^T, r x r; out_i += y_i^T matrix y_i for a symmetric r x r matrix; y is m x r, and so is
 * the room for scaled rows and products. */
void dw_add_weighted_products(double *moment, const double *w, const double *y, int64_t m, int64_t r, double *room);
void dw_add_forms(double *out, const double *matrix, const double *y, int64_t m, int64_t r, double *room);

/* rows := rows R^-1, count r^2 operations, and x := R^-1 x; R is upper triangular. */
void dw_divide_rows(double *rows, int64_t count, const double *R, int64_t r);
void dw_divide(double *x, const double *R, int64_t r);

double dw_dot(const double *a, const double *b, int64_t count);

/* product[i * stride + j] -= <a_i, b_j>, rows of k numbers that are `a_stride` and `b_stride` apart. */
void dw_subtract_products(double *product, int64_t stride, const double *a, int64_t a_stride, int64_t m,
                          const double *b, int64_t b_stride, int64_t n, int64_t k);

/* S = V^T diag(mu) V: eigenvalues ascending, eigenvectors the rows of V. S is kept. About 9 r^3 operations.
 *
 * LAPACK's word is not taken for it: input and output are checked for NaN and Inf (dsyevd answers info = 0 with NaN,
 * dsyevr never returns), and the result is tried on a vector, ||S x - V^T diag(mu) V x|| and ||x - V^T V x||, for
 * r^2 operations. A failed dsyevd is followed by dsyev, then DIVW_ERROR_NUMERICAL. */
divw_status dw_eigen(const double *S, int64_t r, double *mu, double *V);

/* The same decomposition in single precision, of S rounded to it: V and mu are right to about u |S|, u = 2^-24, in half
 * of the time. DIVW_OK and *good = false where LAPACK fails or V is not orthogonal. */
divw_status dw_eigen_single(const double *S, int64_t r, double *mu, double *V, bool *good);

/* The eigenvalues alone, ascending; S is kept. About 4/3 r^3 operations. Their sum and their squares' are compared with
 * tr S and |S|^2; where LAPACK fails at that, dw_eigen() is asked. */
divw_status dw_eigenvalues(const double *S, int64_t r, double *mu);

/* The min(m, n) singular values of A (m x n), largest first; A is destroyed. Their squares are compared with |A|^2.
 *
 * Where their sum is wanted, this and not the eigenvalues of A A^T: those are right to u |A|^2, and their roots then
 * only to sqrt(u) |A|. */
divw_status dw_singular_values(double *A, int64_t m, int64_t n, double *s);

/* R upper triangular with R^T R = V^T diag(l) V; V as from dw_eigen, all l > 0. 4/3 r^3 operations. */
divw_status dw_factor_spectral(const double *V, const double *l, int64_t r, double *R);

/* The same in single precision; *good = false where rounding has left nothing definite. */
divw_status dw_factor_spectral_single(const double *V, const double *l, int64_t r, double *R, bool *good);

/* The solution of min ||A c - b|| from A^T A and A^T b, of order m; directions that carry less than 1e-14 of the
 * largest eigenvalue (after columns are scaled to norm 1) are left out. A zero matrix gives c = 0. */
divw_status dw_least_squares(const double *gram, const double *rhs, int64_t m, double *c);

#endif
