/* rho(p), its eigenvalues, their Vendi Scores, and the matrix logarithm in the form that a pass over the rows wants.
 *
 * D_i = -phi_i^T log(sigma) phi_i is computed as |R phi_i|^2 - c with R^T R = -log(sigma) + c I, since a triangular R
 * halves the work of the pass. Cholesky needs the shift: -log(sigma) is only semidefinite when an eigenvalue is 1. With
 * |phi_i| = 1 the shift is undone exactly.
 *
 * The floor on eigenvalues keeps the logarithm finite in directions that no example has. It costs nothing in rigour:
 * the bound holds for any L, and log tr exp(-L) is added as computed. */
#include "spectrum.h"

#include "linalg.h"

#include <math.h>
#include <string.h>

#define EIGENVALUE_FLOOR 1e-16

divw_status dw_spectrum_create(dw_spectrum *spectrum, int64_t r) {
  divw_status status;
  memset(spectrum, 0, sizeof *spectrum);
  spectrum->r = r;
  DW_TRY(dw_alloc(&spectrum->mu, r, sizeof *spectrum->mu));
  DW_TRY(dw_alloc(&spectrum->V, r * r, sizeof *spectrum->V));
  DW_TRY(dw_alloc(&spectrum->S, r * r, sizeof *spectrum->S));
  return DIVW_OK;
fail:
  dw_spectrum_destroy(spectrum);
  return status;
}

void dw_spectrum_destroy(dw_spectrum *spectrum) {
  divw_free(spectrum->S);
  divw_free(spectrum->V);
  divw_free(spectrum->mu);
  memset(spectrum, 0, sizeof *spectrum);
}

/* Rounding can make eigenvalues slightly negative and their sum slightly other than 1. */
static void clean(double *mu, int64_t r) {
  double sum = 0;
  for (int64_t k = 0; k < r; k++) {
    mu[k] = fmax(mu[k], 0);
    sum += mu[k];
  }
  for (int64_t k = 0; k < r; k++) {
    mu[k] /= sum;
  }
}

divw_status dw_spectrum_compute(dw_spectrum *spectrum, const divw_kernel *kernel, const double *p) {
  divw_status status;
  DW_TRY(dw_kernel_moment(kernel, p, spectrum->S));
  DW_TRY(dw_eigen(spectrum->S, spectrum->r, spectrum->mu, spectrum->V));
  clean(spectrum->mu, spectrum->r);
fail:
  return status;
}

static double log_vendi_one(const double *mu, int64_t r, double sum) {
  double entropy = 0;
  for (int64_t k = 0; k < r; k++) {
    double share = mu[k] / sum;
    entropy -= share > 0 ? share * log(share) : 0;
  }
  return entropy;
}

/* log(sum mu^q) / (1-q) through the largest term, so that no power over- or underflows as a whole. */
double dw_log_vendi(const double *mu, int64_t r, double order) {
  double sum = 0, largest = 0, power = 0;
  for (int64_t k = 0; k < r; k++) {
    sum += mu[k];
    largest = fmax(largest, mu[k]);
  }
  if (order == 1) {
    return log_vendi_one(mu, r, sum);
  }
  if (isinf(order)) {
    return -log(largest / sum);
  }
  for (int64_t k = 0; k < r; k++) {
    power += mu[k] > 0 ? pow(mu[k] / largest, order) : 0;
  }
  return (order * log(largest / sum) + log(power)) / (1 - order);
}

divw_status dw_spectrum_log_factor(const dw_spectrum *spectrum, double smoothing, double *R, double *log_trace) {
  divw_status status;
  double *l, trace = 0;
  int64_t r = spectrum->r;
  DW_TRY(dw_alloc(&l, r, sizeof *l));
  for (int64_t k = 0; k < r; k++) {
    double sigma = (1 - smoothing) * spectrum->mu[k] + smoothing / (double)r;
    sigma = fmin(fmax(sigma, EIGENVALUE_FLOOR), 1);
    l[k] = DW_LOG_SHIFT - log(sigma);
    trace += sigma;
  }
  *log_trace = log(trace);
  status = dw_factor_spectral(spectrum->V, l, r, R);
  divw_free(l);
fail:
  return status;
}
