/* rho(p), its eigenvalues, their Vendi Scores, and the gradient of diversity in the form that a pass over the rows
 * wants.
 *
 * The gradient of T_q at sigma is a matrix function: D_i = phi_i^T F(sigma) phi_i with F = -log for q = 1 and
 * q/(1-q) sigma^(q-1) otherwise. It is computed as +-(|R phi_i|^2 - c), R^T R = +-F + c I, since a triangular R halves
 * the work of the pass. Cholesky needs the shift c where F may be singular (-log sigma when an eigenvalue is 1,
 * sigma^(q-1) for q > 1 when one is 0). With |phi_i| = 1 the shift is undone exactly.
 *
 * A floor on eigenvalues keeps F finite in directions that no example has. It costs nothing in rigour: the bound holds
 * for any sigma, and its constant is computed from the floored one. */
#include "spectrum.h"

#include "linalg.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MOMENT_TERMS = 4096 }; /* blocks are no longer than this */

/* The floor on eigenvalues of a dual state. It costs floor^q each; a lower one would cost digits of R below order 1. In
 * single precision what is below some u of the largest is rounding. */
static double eigenvalue_floor(const dw_spectrum *spectrum, double order) {
  return order > 1 ? 0 : spectrum->single ? 2 * (double)FLT_EPSILON * spectrum->mu[spectrum->r - 1] : 1e-16;
}

/* Below order 1 a floor in directions that no example has would cost more than a tolerance. There sigma is 0, and R
 * takes the least weight there is: no row has a part in them beyond rounding. */
static bool is_null(const dw_spectrum *spectrum, double order, int64_t k) {
  return order < 1 && k < spectrum->null && spectrum->mu[k] == 0;
}

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

/* What rounding may make of an eigenvalue, relative to the largest: errors of sums of m terms grow as sqrt(m) u with a
 * factor that 8 exceeds as good as never (Higham, Mary, SIAM J. Sci. Comput. 41, 2019); m: rows in a block of the
 * moment, and r in the decomposition. Measured: below a tenth of it. */
static double eigenvalue_error(const dw_spectrum *spectrum) {
  return 8 * (sqrt((double)spectrum->r) + sqrt((double)spectrum->terms)) * (DBL_EPSILON / 2);
}

static divw_status moment(const dw_spectrum *spectrum, const divw_kernel *kernel, const double *p) {
  return (spectrum->single ? dw_kernel_moment_single : dw_kernel_moment)(kernel, p, spectrum->S);
}

/* In single precision where that succeeds. */
static divw_status decompose(dw_spectrum *spectrum) {
  divw_status status;
  bool good = false;
  if (spectrum->single) {
    DW_TRY(dw_eigen_single(spectrum->S, spectrum->r, spectrum->mu, spectrum->V, &good));
  }
  if (!good) {
    DW_TRY(dw_eigen(spectrum->S, spectrum->r, spectrum->mu, spectrum->V));
  }
fail:
  return status;
}

static divw_status factor(const dw_spectrum *spectrum, const double *l, double *R) {
  divw_status status;
  bool good = false;
  if (spectrum->single) {
    DW_TRY(dw_factor_spectral_single(spectrum->V, l, spectrum->r, R, &good));
  }
  if (!good) {
    DW_TRY(dw_factor_spectral(spectrum->V, l, spectrum->r, R));
  }
fail:
  return status;
}

/* Rounding can make eigenvalues slightly negative and their sum slightly other than 1; and it leaves dust where they
 * are 0, which small orders would count: at q = 0.5 an eigenvalue of 1e-17 weighs as much as 3e-9. */
static void clean(dw_spectrum *spectrum) {
  int64_t r = spectrum->r;
  double *mu = spectrum->mu, sum = 0, dust = spectrum->single ? 0 : eigenvalue_error(spectrum) * mu[r - 1];
  for (int64_t k = 0; k < r; k++) {
    mu[k] = mu[k] > dust ? mu[k] : 0;
    sum += mu[k];
  }
  for (int64_t k = 0; k < r; k++) {
    mu[k] /= sum;
  }
}

/* Feature rows have length 1, so the trace is the sum of the weights, unless they are read from where they have changed
 * since. */
static divw_status compute_moment(const dw_spectrum *spectrum, const divw_kernel *kernel, const double *p) {
  divw_status status = moment(spectrum, kernel, p);
  double trace = 0;
  for (int64_t k = 0; k < spectrum->r; k++) {
    trace += spectrum->S[k * (spectrum->r + 1)];
  }
  if (status == DIVW_OK && !(fabs(trace - 1) <= 1e-3)) {
    status = dw_fail(DIVW_ERROR_DATA,
                     "the rows have changed since the kernel was made of them: what has to be 1 for "
                     "rows of the same lengths is %g",
                     trace);
  }
  return status;
}

divw_status dw_spectrum_compute(dw_spectrum *spectrum, const divw_kernel *kernel, const double *p) {
  divw_status status;
  DW_TRY(compute_moment(spectrum, kernel, p));
  DW_TRY(decompose(spectrum));
  spectrum->terms = dw_min(divw_kernel_count(kernel), MOMENT_TERMS);
  clean(spectrum);
fail:
  return status;
}

divw_status dw_spectrum_values(const divw_kernel *kernel, const double *p, double *mu) {
  divw_status status;
  dw_spectrum spectrum = {.r = divw_kernel_features(kernel), .mu = mu};
  DW_TRY(dw_alloc(&spectrum.S, spectrum.r * spectrum.r, sizeof *spectrum.S));
  DW_TRY(compute_moment(&spectrum, kernel, p));
  DW_TRY(dw_eigenvalues(spectrum.S, spectrum.r, mu));
  spectrum.terms = dw_min(divw_kernel_count(kernel), MOMENT_TERMS);
  clean(&spectrum);
fail:
  divw_free(spectrum.S);
  return status;
}

divw_status dw_spectrum_compute_moment(dw_spectrum *spectrum, const divw_kernel *kernel, const double *p) {
  divw_status status;
  int64_t r = spectrum->r;
  double trace = 0;
  DW_TRY(compute_moment(spectrum, kernel, p));
  for (int64_t k = 0; k < r; k++) {
    trace += spectrum->S[k * (r + 1)];
  }
  if (!(trace > 0) || isinf(trace)) {
    return dw_fail(DIVW_ERROR_NUMERICAL, "the moment matrix has trace %g", trace);
  }
  for (int64_t k = 0; k < r * r; k++) {
    spectrum->S[k] /= trace;
  }
fail:
  return status;
}

/* tr rho^2 = sum of the squares of rho's entries. */
static double square(const dw_spectrum *spectrum) {
  double sum = 0;
  for (int64_t k = 0; k < spectrum->r; k++) {
    double row = 0;
    for (int64_t l = 0; l < spectrum->r; l++) {
      double entry = spectrum->S[k * spectrum->r + l];
      row += entry * entry;
    }
    sum += row;
  }
  return sum;
}

double dw_log_vendi_two(const dw_spectrum *spectrum) { return -log(square(spectrum)); }

static double log_vendi_one(const double *mu, int64_t r, double sum) {
  double entropy = 0;
  for (int64_t k = 0; k < r; k++) {
    double share = mu[k] / sum;
    entropy -= share > 0 ? share * log(share) : 0;
  }
  return entropy;
}

/* log(sum mu^q) / (1-q): through the largest term, so that no power over- or underflows as a whole; near q = 1, where
 * that cancels, as log(1 + sum mu (mu^(q-1) - 1)) / (1-q). */
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
  if (fabs(order - 1) < 0.1) {
    for (int64_t k = 0; k < r; k++) {
      power += mu[k] > 0 ? mu[k] / sum * expm1((order - 1) * log(mu[k] / sum)) : 0;
    }
    return log1p(power) / (1 - order);
  }
  for (int64_t k = 0; k < r; k++) {
    power += mu[k] > 0 ? pow(mu[k] / largest, order) : 0;
  }
  return (order * log(largest / sum) + log(power)) / (1 - order);
}

/* +-F at one eigenvalue: positive, and for q != 1 relative to tr rho^q = exp(log_power). */
static double gradient_at(double sigma, double order, double log_power) {
  if (order == 1) {
    return -log(sigma);
  }
  return sigma > 0 ? fabs(order / (1 - order)) * exp((order - 1) * log(sigma) - log_power) : 0;
}

/* D_i = -2 phi_i^T rho phi_i / tr rho^2, by a Cholesky factor of rho + shift I. */
static divw_status gradient_two(const dw_spectrum *spectrum, double *R, dw_gradient *gradient) {
  int64_t r = spectrum->r;
  double power = square(spectrum), shift = 1e-3 * sqrt(power);
  for (int64_t k = 0; k < r * r; k++) {
    R[k] = 2 / power * (spectrum->S[k] + (k % (r + 1) == 0 ? shift : 0));
  }
  if (!dw_cholesky(R, r)) {
    return dw_fail(DIVW_ERROR_NUMERICAL, "the moment matrix is not positive semidefinite");
  }
  *gradient = (dw_gradient){.scale = -1, .shift = 2 / power * shift, .constant = 1};
  return DIVW_OK;
}

divw_status dw_spectrum_gradient(const dw_spectrum *spectrum, double order, double smoothing, double *R,
                                 dw_gradient *gradient) {
  divw_status status;
  double *l, constant = 0, largest = 0, rounding = 0,
             log_power = (1 - order) * dw_log_vendi(spectrum->mu, spectrum->r, order);
  int64_t r = spectrum->r;
  if (order == 2) {
    return gradient_two(spectrum, R, gradient);
  }
  DW_TRY(dw_alloc(&l, r, sizeof *l));
  for (int64_t k = 0; k < r; k++) {
    double share = k < spectrum->null ? 0 : smoothing / (double)(r - spectrum->null);
    double sigma = (1 - smoothing) * spectrum->mu[k] + share;
    sigma = fmin(fmax(sigma, eigenvalue_floor(spectrum, order)), 1);
    if (is_null(spectrum, order, k)) {
      sigma = 0;
    }
    l[k] = gradient_at(sigma > 0 ? sigma : order < 1 ? 1 : 0, order, log_power);
    constant += order == 1 ? sigma : l[k] * sigma / fabs(order / (1 - order));
    largest = fmax(largest, l[k]);
    if (order < 1 && spectrum->mu[k] > 0) { /* how far tr rho^q may be off through mu_k */
      rounding += gradient_at(spectrum->mu[k], order, log_power) * eigenvalue_error(spectrum) * spectrum->mu[r - 1];
    }
  }
  gradient->scale = order > 1 ? -1 : 1;
  gradient->rounding = rounding;
  gradient->shift = order == 1 ? 1e-3 : order > 1 ? 1e-3 * largest : 0;
  gradient->constant = order == 1 ? log(constant) : constant;
  for (int64_t k = 0; k < r; k++) {
    l[k] += gradient->shift;
  }
  status = factor(spectrum, l, R);
  divw_free(l);
fail:
  return status;
}
