/* The state rho(p) = sum p_i phi_i phi_i^T, diagonalised: the r x r heart of an iteration.
 *
 * Dual states are sigma = (1-e) rho + e I/r, smoothed by e >= 0; L = -log sigma gives D_i = phi_i^T L phi_i and the
 * bound of solver/certificate.c. */
#ifndef DW_SPECTRUM_H
#define DW_SPECTRUM_H

#include "kernel.h"

typedef struct {
  int64_t r;
  double *mu; /* eigenvalues of rho, ascending, >= 0, sum 1 */
  double *V;  /* eigenvectors, one a row */
  double *S;  /* rho itself */
} dw_spectrum;

divw_status dw_spectrum_create(dw_spectrum *spectrum, int64_t r);
void dw_spectrum_destroy(dw_spectrum *spectrum);

/* One pass over the rows and one eigen-decomposition; p NULL: uniform. */
divw_status dw_spectrum_compute(dw_spectrum *spectrum, const divw_kernel *kernel, const double *p);

/* log VS_q of the eigenvalues, q in [0, inf]; they need not sum to 1. */
double dw_log_vendi(const double *mu, int64_t r, double order);

/* The shift c that makes L + c I safe to factor: L is singular when one eigenvalue of rho nears 1. */
#define DW_LOG_SHIFT 1e-3

/* R^T R = L + c I for L = -log max(sigma, tiny), c = DW_LOG_SHIFT. *log_trace = log tr exp(-L), which is 0 up to the
 * floor `tiny` on eigenvalues. */
divw_status dw_spectrum_log_factor(const dw_spectrum *spectrum, double smoothing, double *R, double *log_trace);

#endif
