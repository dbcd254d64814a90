/* The basis in which the dual state sigma and Z = tau I - rho are diagonal, and what Newton's equations have there:
 * powers of sigma, psi(sigma), the divisors of X and Gamma. Symbols and formulas are those of interior_dual.c.
 *
 * With the eigenvectors V of rho (rows) and Z^1/2 sigma Z^1/2 = Q diag(w) Q^T in their basis, T = Q^T Z^-1/2 V, and its
 * inverse transposed is Q^T Z^1/2 V: neither needs a matrix to be inverted. Functions of sigma come from its own
 * eigenvectors, which at e = 0, where there is none but sigma itself, are not computed. */
#include "dual_state.h"

#include "../linalg.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double psi_of(const dw_dual_state *v, double s) { return -v->tau * s * expm1(v->e * log(s)); }

static double psi_slope(const dw_dual_state *v, double s) {
  const double power = exp(v->e * log(s));
  return v->tau * (1 - power - v->e * power);
}

/* out = A diag(d) B^T, symmetrised. */
static void symmetric_product(dw_dual_state *v, const double *A, const double *d, const double *B, double *out) {
  const int64_t r = v->r;
  for (int64_t k = 0; k < r * r; k++) {
    v->room[k] = A[k] * d[k % r];
  }
  dw_row_products(out, r, v->room, r, B, r, r);
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l < k; l++) {
      out[k * r + l] = out[l * r + k] = (out[k * r + l] + out[l * r + k]) / 2;
    }
  }
}

/* out = Q^T diag(root^sign) V, rows of V being eigenvectors of rho: T for sign -1, its inverse transposed for 1. */
static void find_rows(dw_dual_state *v, const dw_spectrum *spectrum, int sign, double *out) {
  const int64_t r = v->r;
  for (int64_t k = 0; k < r * r; k++) { /* rows of Q^T, as dw_add_products wants them */
    const double root = v->f[k % r];
    v->divisor[(k % r) * r + k / r] = sign > 0 ? v->X[k] * root : v->X[k] / root;
  }
  memset(out, 0, (size_t)(r * r) * sizeof *out);
  dw_add_products(out, v->divisor, r, spectrum->V, r, r);
}

/* w and T, from the eigenvectors Q of Z^1/2 sigma Z^1/2, which stay in X, as Z^1/2 does in f. */
static divw_status find_basis(dw_dual_state *v, const dw_spectrum *spectrum) {
  divw_status status;
  const int64_t r = v->r;
  dw_row_products(v->divisor, r, spectrum->V, r, v->sigma, r, r);
  dw_row_products(v->room, r, v->divisor, r, spectrum->V, r, r);
  for (int64_t k = 0; k < r; k++) {
    v->f[k] = sqrt(v->tau - spectrum->mu[k]);
    for (int64_t l = 0; l <= k; l++) { /* equal but for rounding */
      const double mean = (v->room[k * r + l] + v->room[l * r + k]) / 2;
      v->divisor[k * r + l] = v->divisor[l * r + k] = v->f[k] * v->f[l] * mean;
    }
  }
  DW_TRY(dw_eigen(v->divisor, r, v->w, v->X));
  find_rows(v, spectrum, -1, v->T);
  for (int64_t k = 0; k < r; k++) {
    v->w[k] = fmax(v->w[k], DBL_MIN);
    v->z[k] = 1 / dw_dot(v->T + k * r, v->T + k * r, r);
  }
fail:
  return status;
}

/* At e = 0: all is 0 but sigma^0 = I. */
static void find_no_functions(dw_dual_state *v) {
  const int64_t r = v->r;
  dw_row_products(v->E, r, v->T, r, v->T, r, r);
  v->power = 0;
  for (int64_t k = 0; k < r; k++) {
    v->power += v->sigma[k * (r + 1)];
  }
}

/* What is a function of sigma: P, E, slope. */
static divw_status find_functions(dw_dual_state *v, const dw_spectrum *spectrum) {
  divw_status status;
  const int64_t r = v->r;
  double *inverse = v->gamma, *U = v->X, *left = v->second, *right = v->dZ;
  find_rows(v, spectrum, 1, inverse);
  DW_TRY(dw_eigen(v->sigma, r, v->s, U));
  dw_row_products(left, r, inverse, r, U, r, r);
  dw_row_products(right, r, v->T, r, U, r, r);
  v->psi_trace = v->power = 0;
  for (int64_t k = 0; k < r; k++) {
    v->s[k] = fmax(v->s[k], DBL_MIN);
    v->f[k] = psi_of(v, v->s[k]);
    v->psi_trace += v->f[k];
    v->power += v->s[k] * exp(v->e * log(v->s[k]));
  }
  symmetric_product(v, left, v->f, right, v->P);
  for (int64_t k = 0; k < r; k++) {
    v->f[k] = psi_slope(v, v->s[k]);
  }
  symmetric_product(v, right, v->f, right, v->slope);
  for (int64_t k = 0; k < r; k++) {
    v->f[k] = exp(v->e * log(v->s[k]));
  }
  symmetric_product(v, right, v->f, right, v->E);
fail:
  return status;
}

/* 1 - Psi_kk / z_k, which at the solution is at least e s^e tau / z_k. */
static double least_of(const dw_dual_state *v, int64_t k) {
  return fmin(v->tau * v->e * exp(v->e * log(v->s[k])) / v->z[k], 1);
}

static double divided_difference(const dw_dual_state *v, int64_t k, int64_t l) {
  const double a = v->s[k], b = v->s[l];
  if (fabs(a - b) <= 1e-6 * fmax(a, b)) {
    return (psi_slope(v, a) + psi_slope(v, b)) / 2;
  }
  return (psi_of(v, a) - psi_of(v, b)) / (a - b);
}

/* 1 - Psi_kl / sqrt(z_k z_l). */
static double divisor_of(const dw_dual_state *v, int64_t k, int64_t l) {
  if (v->e == 0) {
    return 1;
  }
  return fmax(1 - divided_difference(v, k, l) / sqrt(v->z[k] * v->z[l]), sqrt(least_of(v, k) * least_of(v, l)));
}

/* Of all pairs; and Gamma. */
static void find_gamma(dw_dual_state *v) {
  const int64_t r = v->r;
  for (int64_t k = 0; k < r; k++) {
    v->s[k] = fmin(v->w[k] / v->z[k], 1);
  }
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l <= k; l++) {
      v->divisor[k * r + l] = v->divisor[l * r + k] = divisor_of(v, k, l);
      v->gamma[k * r + l] = v->gamma[l * r + k] = (v->w[k] + v->w[l]) / 2 / v->divisor[k * r + l];
    }
  }
}

divw_status dw_dual_state_find(dw_dual_state *v, const dw_spectrum *spectrum) {
  divw_status status;
  DW_TRY(find_basis(v, spectrum));
  if (v->e == 0) {
    find_no_functions(v);
  } else {
    DW_TRY(find_functions(v, spectrum));
  }
  find_gamma(v);
  memset(v->second, 0, (size_t)(v->r * v->r) * sizeof *v->second);
fail:
  return status;
}

/* ---- Newton ---- */

double dw_dual_state_rest(const dw_dual_state *v, int64_t k, double kappa) {
  const bool on_diagonal = k % (v->r + 1) == 0;
  return ((on_diagonal ? kappa - v->w[k / v->r] : 0) + v->P[k] - v->second[k]) / v->divisor[k];
}

double dw_dual_state_equation(const dw_dual_state *v, double kappa) {
  double sum = (1 - v->power) / (1 + v->e);
  for (int64_t k = 0; k < v->r * v->r; k++) {
    sum -= v->E[k] * dw_dual_state_rest(v, k, kappa);
  }
  return sum;
}

void dw_dual_state_respond(dw_dual_state *v, double u, const double *drho, double kappa) {
  const int64_t r = v->r;
  const double *gram = v->E; /* T T^T, which is E at e = 0 */
  v->dtau = -u;
  if (v->e > 0) {
    dw_row_products(v->dZ, r, v->T, r, v->T, r, r);
    gram = v->dZ;
  }
  for (int64_t k = 0; k < r * r; k++) {
    v->X[k] = dw_dual_state_rest(v, k, kappa) + (drho[k] + u * v->E[k]) * v->gamma[k];
    v->dZ[k] = v->dtau * gram[k] - drho[k];
  }
}

/* Whether the diagonal matrix d is definite so far along dm; d NULL: I. */
static bool stays_definite(void *self, const double *d, const double *dm, double step) {
  dw_dual_state *v = self;
  for (int64_t k = 0; k < v->r * v->r; k++) {
    v->room[k] = step * dm[k];
  }
  for (int64_t k = 0; k < v->r; k++) {
    v->room[k * (v->r + 1)] += d == NULL ? 1 : d[k];
  }
  return dw_cholesky(v->room, v->r);
}

dw_steps dw_dual_state_distance(dw_dual_state *v, dw_steps step) {
  step.primal = dw_definite_distance(stays_definite, v, NULL, v->dZ, step.primal);
  step.dual = dw_definite_distance(stays_definite, v, v->w, v->X, step.dual);
  return step;
}

dw_complementarity dw_dual_state_complementarity(const dw_dual_state *v, dw_steps step) {
  const int64_t r = v->r;
  double sum = -v->psi_trace * (1 + step.primal * v->dtau / v->tau);
  for (int64_t k = 0; k < r * r; k++) {
    const double one = k % (r + 1) == 0 ? 1 : 0;
    sum += (one + step.primal * v->dZ[k]) * (one * v->w[k / r] + step.dual * v->X[k]);
    sum -= step.dual * v->slope[k] * v->X[k];
  }
  return (dw_complementarity){fmax(sum, 0), r};
}

void dw_dual_state_correct(dw_dual_state *v) {
  const int64_t r = v->r;
  dw_row_products(v->room, r, v->dZ, r, v->X, r, r);
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l < r; l++) {
      v->second[k * r + l] = (v->room[k * r + l] + v->room[l * r + k]) / 2;
    }
  }
}

/* sigma = T^T (diag(w) + X) T */
void dw_dual_state_move(dw_dual_state *v, dw_steps step) {
  const int64_t r = v->r;
  v->tau += step.primal * v->dtau;
  for (int64_t k = 0; k < r * r; k++) {
    v->X[k] = step.dual * v->X[k] + (k % (r + 1) == 0 ? v->w[k / r] : 0);
  }
  memset(v->room, 0, (size_t)(r * r) * sizeof *v->room);
  dw_add_products(v->room, v->X, r, v->T, r, r);
  memset(v->sigma, 0, (size_t)(r * r) * sizeof *v->sigma);
  dw_add_products(v->sigma, v->T, r, v->room, r, r);
}

/* ---- the whole ---- */

divw_status dw_dual_state_visit(dw_dual_state *v, dw_archive *archive) {
  divw_status status;
  DW_VISIT(archive, v->tau);
  status = dw_archive_bytes(archive, v->sigma, v->r * v->r * (int64_t)sizeof *v->sigma);
fail:
  return status;
}

divw_status dw_dual_state_create(dw_dual_state *v, int64_t r, double order) {
  divw_status status;
  v->r = r;
  v->e = 1 / (order - 1);
  DW_TRY(dw_alloc(&v->w, 5 * r, sizeof *v->w));
  DW_TRY(dw_alloc_zero(&v->sigma, 11 * r * r, sizeof *v->sigma));
  v->z = v->w + r;
  v->s = v->z + r;
  v->f = v->s + r;
  v->one = v->f + r;
  double **matrices[] = {&v->T, &v->gamma, &v->divisor, &v->P, &v->E, &v->slope, &v->X, &v->dZ, &v->second, &v->room};
  for (int64_t k = 0; k < 10; k++) {
    *matrices[k] = v->sigma + (k + 1) * r * r;
  }
  for (int64_t k = 0; k < r; k++) {
    v->one[k] = 1;
    v->sigma[k * (r + 1)] = exp(-log((double)r) / (1 + v->e));
  }
fail:
  return status;
}

void dw_dual_state_destroy(dw_dual_state *v) {
  divw_free(v->sigma);
  divw_free(v->w);
}
