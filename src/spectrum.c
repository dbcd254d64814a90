/* rho(p), its eigenvalues and their Vendi Scores. What it gives as a gradient: solver/gradient.c. */
#include "spectrum.h"

#include "linalg.h"
#include "simplex.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MOMENT_TERMS 4096 /* no sum of a moment has more before it is added to others */

divw_status dw_spectrum_create(dw_spectrum *spectrum, const divw_kernel *kernel) {
  divw_status status;
  const int64_t r = divw_kernel_features(kernel), n = divw_kernel_count(kernel);
  *spectrum = (dw_spectrum){.r = r, .count = r, .rows = n, .deficit = dw_kernel_deficit(kernel)};
  for (int64_t i = 0; spectrum->deficit != NULL && i < n; i++) {
    spectrum->deficits += spectrum->deficit[i];
  }
  spectrum->count += spectrum->deficits > 0 ? n : 0;
  DW_TRY(dw_alloc_zero(&spectrum->mu, spectrum->count, sizeof *spectrum->mu));
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
double dw_eigenvalue_error(int64_t r, int64_t n) {
  return 8 * (sqrt((double)r) + sqrt((double)dw_min(n, MOMENT_TERMS))) * (DBL_EPSILON / 2);
}

static divw_status moment(const dw_spectrum *spectrum, const divw_kernel *kernel, const double *p) {
  return dw_kernel_moment(kernel, p, spectrum->single, spectrum->S);
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

/* Rounding can make eigenvalues slightly negative and their sum slightly other than it is; and it leaves dust where
 * they are 0, which small orders would count: at q = 0.5 an eigenvalue of 1e-17 weighs as much as 3e-9. */
static void clean(dw_spectrum *spectrum, double trace) {
  int64_t r = spectrum->r;
  double *mu = spectrum->mu, sum = 0, dust = spectrum->single ? 0 : dw_eigenvalue_error(r, spectrum->rows) * mu[r - 1];
  for (int64_t k = 0; k < r; k++) {
    mu[k] = mu[k] > dust ? mu[k] : 0;
    sum += mu[k];
  }
  for (int64_t k = 0; k < r; k++) {
    mu[k] *= trace / sum;
  }
}

/* sum p_i delta_i, the terms of which go to `own` unless that is NULL; p NULL: uniform, otherwise scaled to sum 1. */
static double own_share(const double *deficit, const double *p, int64_t n, double *own) {
  dw_sum total = {0, 0}, share = {0, 0};
  for (int64_t i = 0; i < n; i++) {
    dw_sum_add(&total, p == NULL ? 1 : p[i]);
  }
  for (int64_t i = 0; i < n; i++) {
    const double part = (p == NULL ? 1 : p[i]) * deficit[i] / dw_sum_value(&total);
    dw_sum_add(&share, part);
    if (own != NULL) {
      own[i] = part;
    }
  }
  return dw_sum_value(&share);
}

/* Fills the eigenvalues that rows have of their own, and gives what is left for the others. */
static double take_own(dw_spectrum *spectrum, const double *p) {
  const int64_t n = spectrum->count - spectrum->r;
  spectrum->weighted = 0;
  for (int64_t i = 0; i < n; i++) {
    spectrum->weighted += p == NULL || p[i] > 0;
  }
  return n == 0 ? 1 : 1 - own_share(spectrum->deficit, p, n, spectrum->mu + spectrum->r);
}

/* The trace is the sum of the weights less what rows have of their own, unless rows are read from where they have
 * changed since. */
static divw_status compute_moment(const dw_spectrum *spectrum, const divw_kernel *kernel, const double *p,
                                  double wanted) {
  divw_status status = moment(spectrum, kernel, p);
  double trace = 0;
  for (int64_t k = 0; k < spectrum->r; k++) {
    trace += spectrum->S[k * (spectrum->r + 1)];
  }
  if (status == DIVW_OK && !(fabs(trace - wanted) <= 1e-3)) {
    status = dw_fail(DIVW_ERROR_DATA,
                     "the rows have changed since the kernel was made of them: what has to be %g for "
                     "rows of the same lengths is %g",
                     wanted, trace);
  }
  return status;
}

divw_status dw_spectrum_compute(dw_spectrum *spectrum, const divw_kernel *kernel, const double *p) {
  divw_status status;
  const double wanted = take_own(spectrum, p);
  DW_TRY(compute_moment(spectrum, kernel, p, wanted));
  DW_TRY(decompose(spectrum));
  clean(spectrum, wanted);
fail:
  return status;
}

divw_status dw_spectrum_values(const divw_kernel *kernel, const double *p, double *mu) {
  divw_status status;
  /* with the tolerance of divw_vendi_rank(), which does not know n, so that orders next to 0 count the same ones */
  dw_spectrum spectrum = {.r = divw_kernel_features(kernel), .rows = DW_ANY_ROWS, .mu = mu};
  const double *deficit = dw_kernel_deficit(kernel);
  const double wanted = deficit == NULL ? 1 : 1 - own_share(deficit, p, divw_kernel_count(kernel), NULL);
  DW_TRY(dw_alloc(&spectrum.S, spectrum.r * spectrum.r, sizeof *spectrum.S));
  DW_TRY(compute_moment(&spectrum, kernel, p, wanted));
  DW_TRY(dw_eigenvalues(spectrum.S, spectrum.r, mu));
  clean(&spectrum, wanted);
fail:
  divw_free(spectrum.S);
  return status;
}

divw_status dw_spectrum_compute_moment(dw_spectrum *spectrum, const divw_kernel *kernel, const double *p) {
  divw_status status;
  int64_t r = spectrum->r;
  double trace = 0, wanted = take_own(spectrum, p);
  DW_TRY(compute_moment(spectrum, kernel, p, wanted));
  for (int64_t k = 0; k < r; k++) {
    trace += spectrum->S[k * (r + 1)];
  }
  if (!(trace > 0) || isinf(trace)) {
    return dw_fail(DIVW_ERROR_NUMERICAL, "the moment matrix has trace %g", trace);
  }
  for (int64_t k = 0; k < r * r; k++) {
    spectrum->S[k] *= wanted / trace;
  }
fail:
  return status;
}

/* tr rho^2 = sum of the squares of rho's entries, and of what rows have of their own. */
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
  for (int64_t k = spectrum->r; k < spectrum->count; k++) {
    sum += spectrum->mu[k] * spectrum->mu[k];
  }
  return sum;
}

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

double dw_spectrum_log_vendi(const dw_spectrum *spectrum, double order) {
  if (order == 2) {
    return -log(square(spectrum));
  }
  return isinf(order) ? -log(spectrum->mu[spectrum->r - 1]) : dw_log_vendi(spectrum->mu, spectrum->count, order);
}
