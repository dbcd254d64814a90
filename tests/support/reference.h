/* The mathematics again, by the most naive route there is, to check the library against: loops, n x n or r x r
 * matrices, a cyclic Jacobi eigen-solver. Nothing here is shared with the library. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <stdint.h>

/* Eigenvalues (any order) and eigenvectors (columns of v, r x r) of a symmetric matrix; a is destroyed. */
void reference_eigen(double *a, int64_t r, double *mu, double *v);

/* unit: the rows of x (n x d) at length 1; rho = sum p_i u_i u_i^T, d x d. */
void reference_moment(const double *x, int64_t n, int64_t d, const double *p, double *unit, double *rho);

/* K_ij = cosine of rows i and j of x (n x d). */
void reference_cosine(const double *x, int64_t n, int64_t d, double *K);

/* Vendi Score of order 1 from the n x n matrix sqrt(p_i p_j) K_ij. */
double reference_vendi(const double *K, const double *p, int64_t n);

/* The gap of p at weight lambda, from rows alone: bound - (log VS + lambda H). Marginal diversities, if wanted, into D.
 * Tries the dual states rho and (1-e) rho + e I/d for the `count` e given. */
double reference_gap(const double *x, int64_t n, int64_t d, const double *p, double lambda, const double *smoothing,
                     int64_t count, double *D);

/* The gap of p at weight lambda (nats) for any order below infinity, from rows alone, with sigma = rho(p): the bound on
 * the level by its tangent, turned into nats of log VS_q. *log_vendi receives log VS_q. */
double reference_gap_of_order(const double *x, int64_t n, int64_t d, const double *p, double lambda, double order,
                              double *log_vendi);

/* Weights with bounds on rows and on the masses of groups (groups 0: none). */
typedef struct {
  int64_t n;
  const double *lower, *upper; /* upper at most 1 */
  const int32_t *group;
  const double *least, *most;
  int32_t groups;
} reference_set;

/* max over the set of <D, p> + lambda H(p), by golden section on its dual, a function of one number nu and, inside, of
 * one number for each group. */
double reference_support(const reference_set *set, const double *D, double lambda);

/* The gap of p over the set, as reference_gap_of_order() with any order below infinity; scores NULL, or of log p.s +
 * log VS_q, above order 1 among weights with the entropy `nats` and to first order. `nats`: H(p), or the least allowed.
 */
double reference_constrained_gap(const double *x, int64_t d, const double *p, double lambda, double order,
                                 const double *scores, const reference_set *set, double nats);

/* J of m orthogonal rows and another one N times, at its global maximum: by a scan of the one number that the symmetric
 * optimum leaves free, refined. */
double reference_copies(int64_t m, int64_t copies, double balance, double order);

#endif
