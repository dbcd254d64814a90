/* Vendi Scores: the public face of the spectrum. */
#include "interval.h"
#include "simplex.h"
#include "spectrum.h"

#include <divweights/vendi.h>

#include <math.h>
#include <string.h>

double divw_vendi_of_spectrum(const double *mu, int64_t r, double order) {
  double sum = 0;
  for (int64_t k = 0; mu != NULL && k < r; k++) {
    if (!(mu[k] >= 0) || isinf(mu[k])) {
      return NAN;
    }
    sum += mu[k];
  }
  if (!(sum > 0) || isinf(sum) || !(order >= 0)) {
    return NAN;
  }
  return order == 0 ? (double)divw_vendi_rank(mu, r) : exp(dw_log_vendi(mu, r, order));
}

int64_t divw_vendi_rank(const double *mu, int64_t r) {
  int64_t rank = 0;
  if (mu != NULL && r > 0) {
    double threshold = dw_eigenvalue_error(r, DW_ANY_ROWS) * dw_maximum(mu, r);
    for (int64_t k = 0; k < r; k++) {
      rank += mu[k] > threshold;
    }
  }
  return rank;
}

static divw_status check_weights(const divw_kernel *kernel, const double *p, const char *function) {
  double sum;
  return p == NULL ? DIVW_OK
                   : dw_check_probabilities(p, divw_kernel_count(kernel), 1e-6, DIVW_ERROR_ARGUMENT, function, &sum);
}

/* p need only sum to 1 within 1e-6: eigenvalues are scaled to sum 1. */
divw_status divw_vendi_spectrum(const divw_kernel *kernel, const double *p, double *mu) {
  DW_REQUIRE(kernel);
  DW_REQUIRE(mu);
  divw_status status;
  DW_TRY(check_weights(kernel, p, __func__));
  DW_TRY(dw_spectrum_values(kernel, p, mu));
  for (int64_t a = 0, b = divw_kernel_features(kernel) - 1; a < b; a++, b--) { /* largest first */
    const double smaller = mu[a];
    mu[a] = mu[b];
    mu[b] = smaller;
  }
fail:
  return status;
}

divw_status divw_vendi_modes(const divw_kernel *kernel, const double *p, double *mu, double *modes) {
  DW_REQUIRE(kernel);
  DW_REQUIRE(mu);
  DW_REQUIRE(modes);
  divw_status status;
  dw_spectrum spectrum = {0};
  const int64_t r = divw_kernel_features(kernel);
  DW_TRY(check_weights(kernel, p, __func__));
  DW_TRY(dw_spectrum_create(&spectrum, kernel));
  DW_TRY(dw_spectrum_compute(&spectrum, kernel, p));
  for (int64_t k = 0; k < r; k++) { /* largest first */
    mu[k] = spectrum.mu[r - 1 - k];
    memcpy(modes + k * r, spectrum.V + (r - 1 - k) * r, (size_t)r * sizeof *modes);
  }
fail:
  dw_spectrum_destroy(&spectrum);
  return status;
}

divw_status divw_vendi_score(const divw_kernel *kernel, const double *p, double order, double *score) {
  DW_REQUIRE(kernel);
  DW_REQUIRE(score);
  if (!(order >= 0)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "divw_vendi_score: order is %g, expected 0 to INFINITY", order);
  }
  divw_status status;
  double *mu = NULL;
  DW_TRY(dw_alloc(&mu, divw_kernel_features(kernel), sizeof *mu));
  DW_TRY(divw_vendi_spectrum(kernel, p, mu));
  *score = divw_vendi_of_spectrum(mu, divw_kernel_features(kernel), order);
fail:
  divw_free(mu);
  return status;
}

divw_status divw_vendi_interval(const divw_kernel *kernel, const double *p, double order, double *low, double *high) {
  DW_REQUIRE(kernel);
  DW_REQUIRE(low);
  DW_REQUIRE(high);
  if (!(order >= 0)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: order is %g, expected 0 to INFINITY", __func__, order);
  }
  if (divw_kernel_approximation(kernel) == DIVW_APPROXIMATION_FEATURES) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: kernel is of random features, which bound nothing; expected exact features, "
                   "or those of divw_kernel_create_low_rank()",
                   __func__);
  }
  divw_status status;
  dw_spectrum spectrum = {0};
  dw_interval interval;
  DW_TRY(check_weights(kernel, p, __func__));
  DW_TRY(dw_spectrum_create(&spectrum, kernel));
  DW_TRY(dw_spectrum_compute(&spectrum, kernel, p));
  DW_TRY(dw_interval_of(&spectrum, order, &interval));
  *low = exp(interval.low);
  *high = exp(interval.high);
fail:
  dw_spectrum_destroy(&spectrum);
  return status;
}

double divw_entropy(const double *p, int64_t count) {
  if (count < 1) {
    return NAN;
  }
  return p == NULL ? log((double)count) : dw_entropy(p, count);
}
