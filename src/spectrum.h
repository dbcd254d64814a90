/* The state rho(p) = sum p_i phi_i phi_i^T, diagonalised: the r x r heart of an iteration.
 *
 * Dual states are sigma = (1-e) rho + e I/r, smoothed by e >= 0 (I and r: of the span of the examples); each gives
 * marginal diversities D_i and a bound, see solver/certificate.c. */
#ifndef DW_SPECTRUM_H
#define DW_SPECTRUM_H

#include "kernel.h"

typedef struct {
  int64_t r;
  double *mu;    /* eigenvalues of rho, ascending, >= 0, sum 1 */
  double *V;     /* eigenvectors, one a row */
  double *S;     /* rho itself */
  int64_t terms; /* of the longest sum behind an entry of rho */
  int64_t null;  /* directions that no example has, if known: the first eigenvalues are then 0 for every p */
  bool single;   /* passes and decompositions in single precision: estimates, of which dw_spectrum_gradient() makes
                    proofs of as little as it says */
} dw_spectrum;

divw_status dw_spectrum_create(dw_spectrum *spectrum, int64_t r);
void dw_spectrum_destroy(dw_spectrum *spectrum);

/* One pass over the rows and one eigen-decomposition; p NULL: uniform. */
divw_status dw_spectrum_compute(dw_spectrum *spectrum, const divw_kernel *kernel, const double *p);

/* The eigenvalues of rho(p) alone, ascending, r of them; p NULL: uniform. */
divw_status dw_spectrum_values(const divw_kernel *kernel, const double *p, double *mu);

/* Order 2 needs no eigenvalue: the pass alone; mu and V stay as they are. */
divw_status dw_spectrum_compute_moment(dw_spectrum *spectrum, const divw_kernel *kernel, const double *p);
double dw_log_vendi_two(const dw_spectrum *spectrum); /* -log tr rho^2 */

/* log VS_q of the eigenvalues, q in [0, inf]; they need not sum to 1. */
double dw_log_vendi(const double *mu, int64_t r, double order);

/* Marginal diversities in nats, from a pass over the rows:  D_i = scale (|R phi_i|^2 - shift). */
typedef struct {
  double scale, shift;
  double rounding; /* below order 1, what the rounding of small eigenvalues may have made of log VS */
  double constant; /* log tr sigma (q = 1), tr sigma^q / tr rho^q, 0 (q = inf): the dual's share in the bound */
} dw_gradient;

/* R and the rest for the order q < inf. For q = 1: D_i = -phi_i^T log(sigma) phi_i, else
 * q / (1-q) phi_i^T sigma^(q-1) phi_i / tr rho^q. Order 2 takes S as it is, and no smoothing. */
divw_status dw_spectrum_gradient(const dw_spectrum *spectrum, double order, double smoothing, double *R,
                                 dw_gradient *gradient);

#endif
