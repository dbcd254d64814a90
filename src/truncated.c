/* Scores from the largest eigenvalues alone.
 *
 *     truncated   mu_k + (1 - sum_{l <= t} mu_l) / t,  k = 1..t
 *     low         mu_1 .. mu_t, then copies of mu_t as long as they last, and what is left
 *     high        mu_1 .. mu_t, then n - t equal ones
 *
 * The rest of a spectrum has no eigenvalue above mu_t, so `low` majorises it, and `high` is majorised by it: every VS_q
 * grows as a spectrum gets more even. For q = 1 this is eps log(1/mu_t) <= f + sum_{k <= t} mu_k log mu_k <=
 * eps log((n - t) / eps), but for the last, incomplete copy. */
#include "simplex.h"
#include "spectrum.h"

#include <divweights/vendi.h>

#include <math.h>
#include <string.h>

#define NEAR_ONE 0.1 /* as in spectrum.c */

static divw_status check(const double *mu, int64_t r, int64_t t, int64_t n, double order) {
  const char *function = "divw_vendi_truncated";
  if (!(order > 0)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: order is %g, expected more than 0, INFINITY accepted", function, order);
  }
  if (r < 1 || n < r) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: r is %lld and n %lld, expected 1 or more and at least r", function,
                   (long long)r, (long long)n);
  }
  if (t < 1 || t > r) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: t is %lld, expected 1 to r, which is %lld", function, (long long)t,
                   (long long)r);
  }
  for (int64_t k = 0; k < r; k++) {
    if (!(mu[k] >= 0) || isinf(mu[k]) || (k > 0 && mu[k] > mu[k - 1])) {
      return dw_fail(DIVW_ERROR_ARGUMENT, "%s: eigenvalue %lld is %g, expected 0 or more, and none above one before it",
                     function, (long long)k, mu[k]);
    }
  }
  return mu[0] > 0 ? DIVW_OK : dw_fail(DIVW_ERROR_ARGUMENT, "%s: all eigenvalues are 0, expected one above", function);
}

/* What a share x of 1 gives to the sum of a score: x^q, near order 1 (which it is a limit of) less x, so that no digit
 * goes with the 1 / (1-q). */
static double term_of(double x, double largest, double q) {
  if (!(x > 0)) {
    return 0;
  }
  return q == 1 ? -x * log(x) : fabs(q - 1) < NEAR_ONE ? x * expm1((q - 1) * log(x)) : pow(x / largest, q);
}

/* The score of `kept`, shares of 1, then `equal` times `size`, then `last`. */
static double score_of(const double *kept, int64_t t, double equal, double size, double last, double order) {
  const double q = order;
  double sum = 0, largest = fmax(kept[0], equal > 0 ? size : last);
  if (isinf(q)) {
    return 1 / largest;
  }
  for (int64_t k = 0; k < t + 2; k++) {
    const double x = k < t ? kept[k] : k == t ? size : last, times = k == t ? equal : 1;
    sum += times * term_of(x, largest, q);
  }
  return exp(q == 1 ? sum : (fabs(q - 1) < NEAR_ONE ? log1p(sum) : q * log(largest) + log(sum)) / (1 - q));
}

divw_status divw_vendi_truncated(const double *mu, int64_t r, int64_t t, int64_t n, double order, double *score,
                                 double *low, double *high) {
  DW_REQUIRE(mu);
  divw_status status;
  double *kept = NULL, total = 0, rest = 1;
  DW_TRY(check(mu, r, t, n, order));
  DW_TRY(dw_alloc(&kept, t, sizeof *kept));
  for (int64_t k = 0; k < r; k++) {
    total += mu[k];
  }
  for (int64_t k = 0; k < t; k++) {
    kept[k] = mu[k] / total;
    rest -= kept[k];
  }
  rest = t < n ? fmax(rest, 0) : 0;
  if (high != NULL) {
    *high = score_of(kept, t, (double)(n - t), t < n ? rest / (double)(n - t) : 0, 0, order);
  }
  if (low != NULL) {
    const double copies = kept[t - 1] > 0 ? floor(rest / kept[t - 1]) : 0;
    *low = score_of(kept, t, copies, kept[t - 1], rest - copies * kept[t - 1], order);
  }
  for (int64_t k = 0; k < t; k++) {
    kept[k] += rest / (double)t;
  }
  if (score != NULL) {
    *score = score_of(kept, t, 0, 0, 0, order);
  }
fail:
  divw_free(kept);
  return status;
}
