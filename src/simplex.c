/* Reductions over the examples.
 *
 * Sums run in blocks of BLOCK terms, and the blocks are added with compensation (Neumaier 1974): the error is BLOCK u
 * of the sum of magnitudes instead of n u. It matters: rounding of many equal terms does not average out. */
#include "simplex.h"

#include "exponential.h"

#include <math.h>

enum { BLOCK = 128 };

void dw_sum_add(dw_sum *total, double part) {
  double sum = total->sum + part;
  total->compensation += fabs(total->sum) >= fabs(part) ? (total->sum - sum) + part : (part - sum) + total->sum;
  total->sum = sum;
}

double dw_sum_value(const dw_sum *total) { return total->sum + total->compensation; }

/* total = sum over i in [0, n) of `term`. */
#define BLOCK_SUM(total, n, term)                                                                                      \
  do {                                                                                                                 \
    dw_sum blocks = {0, 0};                                                                                            \
    for (int64_t first = 0; first < (n); first += BLOCK) {                                                             \
      double part = 0;                                                                                                 \
      for (int64_t i = first, end = dw_min(first + BLOCK, (n)); i < end; i++) {                                        \
        part += (term);                                                                                                \
      }                                                                                                                \
      dw_sum_add(&blocks, part);                                                                                       \
    }                                                                                                                  \
    (total) = dw_sum_value(&blocks);                                                                                   \
  } while (0)

divw_status dw_check_probabilities(const double *p, int64_t n, double slack, divw_status code, const char *who,
                                   double *sum) {
  for (int64_t i = 0; i < n; i++) {
    if (!(p[i] >= 0) || isinf(p[i])) {
      return dw_fail(code, "%s: weight %lld is %g, expected a probability, 0 to 1", who, (long long)i, p[i]);
    }
  }
  BLOCK_SUM(*sum, n, p[i]);
  if (!(fabs(*sum - 1) <= slack)) {
    return dw_fail(code, "%s: the weights sum to %.9g, expected 1 within %g", who, *sum, slack);
  }
  return DIVW_OK;
}

double dw_maximum(const double *x, int64_t n) {
  double maximum = -INFINITY;
  for (int64_t i = 0; i < n; i++) {
    maximum = x[i] > maximum ? x[i] : maximum;
  }
  return maximum;
}

/* mean exp(x) - 1 */
static double mean_excess(const double *x, double shift, int64_t n) {
  double e[BLOCK];
  dw_sum total = {0, 0};
  for (int64_t first = 0; first < n; first += BLOCK) {
    const int64_t count = dw_min(BLOCK, n - first);
    double part = 0;
    for (int64_t i = 0; i < count; i++) {
      e[i] = x[first + i] - shift;
    }
    dw_expm1(e, count, e);
    for (int64_t i = 0; i < count; i++) {
      part += e[i];
    }
    dw_sum_add(&total, part);
  }
  return dw_sum_value(&total) / (double)n;
}

void dw_weights_of(const double *logit, double *p, int64_t n) {
  dw_exp(logit, n, p);
  for (int64_t i = 0; i < n; i++) {
    p[i] /= (double)n;
  }
}

/* Twice: the first subtraction leaves an error of u |shift|, which large lambda would make visible in every gap; the
 * second is of that error, and leaves none. */
void dw_normalise(double *logit, double *p, int64_t n) {
  for (int round = 0; round < 2; round++) {
    const double maximum = dw_maximum(logit, n), shift = maximum + log1p(mean_excess(logit, maximum, n));
    for (int64_t i = 0; i < n; i++) {
      logit[i] -= shift;
    }
  }
  if (p != NULL) {
    dw_weights_of(logit, p, n);
  }
}

double dw_entropy_deficit(const double *p, const double *logit, int64_t n) {
  double sum;
  BLOCK_SUM(sum, n, p[i] > 0 ? p[i] * logit[i] : 0);
  return fmax(sum, 0);
}

double dw_entropy(const double *p, int64_t n) {
  double sum;
  BLOCK_SUM(sum, n, p[i] > 0 ? -p[i] * log(p[i]) : 0);
  return fmax(sum, 0);
}

double dw_weighted_sum(const double *p, const double *x, int64_t n) {
  double sum;
  BLOCK_SUM(sum, n, p[i] * x[i]);
  return sum;
}

double dw_weighted_distance(const double *p, const double *x, const double *y, int64_t n) {
  double sum;
  BLOCK_SUM(sum, n, p[i] * (x[i] - y[i]) * (x[i] - y[i]));
  return sqrt(sum);
}

/* With x_i = (D_i - max D) / lambda <= 0 and E = mean(exp(x) - 1):
 *     W = max D + lambda log(1 + E),    deficit = mean(x exp(x)) / (1 + E) - log(1 + E).
 * exp(x) - 1 and log(1 + E) keep their digits for large lambda, where x is tiny. */
dw_softmax dw_softmax_of(const double *D, double lambda, int64_t n) {
  double maximum = dw_maximum(D, n), x[BLOCK], e[BLOCK];
  dw_sum excess_sum = {0, 0}, slope_sum = {0, 0};
  if (lambda <= 0) {
    return (dw_softmax){maximum, log((double)n)};
  }
  for (int64_t first = 0; first < n; first += BLOCK) {
    const int64_t count = dw_min(BLOCK, n - first);
    double excess_part = 0, slope_part = 0;
    for (int64_t i = 0; i < count; i++) {
      x[i] = (D[first + i] - maximum) / lambda;
    }
    dw_expm1(x, count, e);
    for (int64_t i = 0; i < count; i++) {
      excess_part += e[i];
      slope_part += e[i] > -1 ? x[i] * (1 + e[i]) : 0;
    }
    dw_sum_add(&excess_sum, excess_part);
    dw_sum_add(&slope_sum, slope_part);
  }
  double excess = dw_sum_value(&excess_sum) / (double)n, slope = dw_sum_value(&slope_sum) / (double)n,
         logarithm = log1p(excess);
  return (dw_softmax){maximum + lambda * logarithm, fmax(slope / (1 + excess) - logarithm, 0)};
}
