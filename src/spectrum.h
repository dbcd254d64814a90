/* The state rho(p) = sum p_i phi_i phi_i^T, diagonalised: the r x r heart of an iteration.
 *
 * Where features are of low rank, |phi_i|^2 = 1 - delta_i, rho is that of phi phi^T beside delta
 * (docs/mathematics.md, 13.1): every row has a coordinate of its own, apart from phi_i, and p_i delta_i are further
 * eigenvalues.
 *
 * Dual states are sigma = (1-e) rho + e I/r, smoothed by e >= 0 (I and r: of the span of the examples); each gives
 * marginal diversities D_i and a bound, see solver/certificate.c. */
#ifndef DW_SPECTRUM_H
#define DW_SPECTRUM_H

#include "kernel.h"

typedef struct {
  int64_t r, count, rows; /* rows: n */
  double *mu;   /* r eigenvalues, ascending, >= 0; up to count: p_i delta_i of every row that has a deficit. Sum 1 */
  double *V;    /* eigenvectors of the first r, one a row */
  double *S;    /* rho itself */
  int64_t null; /* directions that no example has, if known: the first eigenvalues are then 0 for every p */
  bool single;  /* passes and decompositions in single precision: estimates, of which dw_gradient_of() makes
                    proofs of as little as it says */
  const double *deficit; /* n, the kernel's; NULL: none */
  double deficits;       /* their sum */
  int64_t weighted;      /* rows with p_i > 0 */
} dw_spectrum;

divw_status dw_spectrum_create(dw_spectrum *spectrum, const divw_kernel *kernel);
void dw_spectrum_destroy(dw_spectrum *spectrum);

/* What rounding may make of an eigenvalue of r, relative to the largest, of n rows: what is below is 0 in a spectrum.
 * DW_ANY_ROWS: the most that it may be, which is the stated tolerance of ranks. */
#define DW_ANY_ROWS INT64_MAX
double dw_eigenvalue_error(int64_t r, int64_t n);

/* One pass over the rows and one eigen-decomposition; p NULL: uniform. */
divw_status dw_spectrum_compute(dw_spectrum *spectrum, const divw_kernel *kernel, const double *p);

/* The eigenvalues alone, ascending, r of them; p NULL: uniform. They sum to 1 less what deficits have. */
divw_status dw_spectrum_values(const divw_kernel *kernel, const double *p, double *mu);

/* Order 2 needs no eigenvalue: the pass alone; mu and V stay as they are. */
divw_status dw_spectrum_compute_moment(dw_spectrum *spectrum, const divw_kernel *kernel, const double *p);

/* log VS_q of the state; order 2 from S alone. */
double dw_spectrum_log_vendi(const dw_spectrum *spectrum, double order);

/* log VS_q of the eigenvalues, q in [0, inf]; they need not sum to 1. */
double dw_log_vendi(const double *mu, int64_t r, double order);

#endif
