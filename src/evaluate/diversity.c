/* How far Vendi Scores can be trusted, and diversity without a spectrum.
 *
 * The score of n rows is a statistic of a sample. Two numbers make it one that can be compared:
 *
 *     its bootstrap error    n rows drawn with replacement, each with its weight, again and again: the deviation of
 *                            log VS. Not percentiles: a bootstrap sample has 37 % of the rows missing and others twice,
 *                            so that its score is lower throughout, and an interval of them would not hold the score
 *                            that it is about. How much they vary is right to first order; where they lie is not
 *     at another size        the geometric mean over random subsets: scores grow with n, and sets of different size are
 *                            compared at that of the smaller one
 *
 * Log, since a score is a number of kinds: its error is a factor. A sample costs one moment and eigenvalues without
 * vectors. */
#include "resample.h"

#include "../simplex.h"
#include "../spectrum.h"
#include "rows.h"

#include <divweights/evaluate.h>
#include <divweights/vendi.h>

#include <math.h>
#include <string.h>

double divw_evaluate_effective_count(const double *p, int64_t count) {
  double sum = 0, square = 0;
  if (count < 1 || p == NULL) {
    return count < 1 ? NAN : (double)count;
  }
  for (int64_t i = 0; i < count; i++) {
    if (!(p[i] >= 0) || isinf(p[i])) {
      return NAN;
    }
    sum += p[i];
    square += p[i] * p[i];
  }
  return square > 0 ? sum * sum / square : NAN;
}

/* ---- resampled scores ---- */

typedef struct {
  const divw_kernel *kernel;
  double order;
  int64_t n, chosen; /* rows of positive weight; drawn in a sample */
  int64_t *position; /* of them */
  double *p;         /* their weights, by position among all rows */
  double *weight, *mu;
  int64_t *index;
} resampling;

static divw_status check_resampling(const divw_kernel *kernel, const double *p, double order, int64_t samples,
                                    int64_t least, const char *who) {
  double sum;
  if (!(order >= 0)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: order is %g, expected 0 to INFINITY", who, order);
  }
  if (samples < least || samples > 1000000) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: samples is %lld, expected %lld to 1000000", who, (long long)samples,
                   (long long)least);
  }
  return p == NULL ? DIVW_OK
                   : dw_check_probabilities(p, divw_kernel_count(kernel), 1e-6, DIVW_ERROR_ARGUMENT, who, &sum);
}

static divw_status create_resampling(resampling *r, const divw_kernel *kernel, const double *p, double order) {
  divw_status status;
  const int64_t n = divw_kernel_count(kernel);
  r->kernel = kernel;
  r->order = order;
  DW_TRY(dw_alloc(&r->position, n, sizeof *r->position));
  DW_TRY(dw_alloc(&r->index, n, sizeof *r->index));
  DW_TRY(dw_alloc(&r->p, n, sizeof *r->p));
  DW_TRY(dw_alloc(&r->weight, n, sizeof *r->weight));
  DW_TRY(dw_alloc(&r->mu, divw_kernel_features(kernel), sizeof *r->mu));
  for (int64_t i = 0; i < n; i++) {
    r->p[i] = p == NULL ? 1 : p[i];
    if (r->p[i] > 0) {
      r->position[r->n++] = i;
    }
  }
fail:
  return status;
}

static void destroy_resampling(resampling *r) {
  divw_free(r->mu);
  divw_free(r->weight);
  divw_free(r->p);
  divw_free(r->index);
  divw_free(r->position);
}

static void draw(resampling *r, dw_random random) {
  for (int64_t k = 0; k < r->n; k++) {
    r->index[k] = dw_random_below(&random, r->n);
  }
}

/* log VS of the rows that index names. */
static divw_status score_sample(resampling *r, double *log_score) {
  divw_status status;
  const int64_t n = divw_kernel_count(r->kernel);
  double sum = 0;
  memset(r->weight, 0, (size_t)n * sizeof *r->weight);
  for (int64_t k = 0; k < r->chosen; k++) {
    const int64_t i = r->position[r->index[k]];
    r->weight[i] += r->p[i];
    sum += r->p[i];
  }
  for (int64_t i = 0; i < n; i++) {
    r->weight[i] /= sum;
  }
  DW_TRY(dw_spectrum_values(r->kernel, r->weight, r->mu));
  *log_score = log(divw_vendi_of_spectrum(r->mu, divw_kernel_features(r->kernel), r->order));
fail:
  return status;
}

divw_status divw_evaluate_vendi_error(const divw_kernel *kernel, const double *p, double order, int64_t samples,
                                      uint64_t seed, double *error) {
  divw_status status;
  resampling r = {.n = 0};
  double first = 0, sum = 0, square = 0;
  DW_REQUIRE(kernel);
  DW_REQUIRE(error);
  DW_TRY(check_resampling(kernel, p, order, samples, 2, __func__));
  DW_TRY(create_resampling(&r, kernel, p, order));
  r.chosen = r.n;
  for (int64_t s = 0; s < samples; s++) {
    double score;
    draw(&r, dw_random_start(seed, DW_PURPOSE_BOOTSTRAP, (uint32_t)s));
    DW_TRY(score_sample(&r, &score));
    first = s == 0 ? score : first;
    sum += score - first;
    square += (score - first) * (score - first);
  }
  *error = sqrt(fmax(square - sum * sum / (double)samples, 0) / (double)(samples - 1));
fail:
  destroy_resampling(&r);
  return status;
}

divw_status divw_evaluate_vendi_subset(const divw_kernel *kernel, const double *p, double order, int64_t size,
                                       int64_t samples, uint64_t seed, double *score) {
  divw_status status;
  resampling r = {.n = 0};
  double sum = 0;
  DW_REQUIRE(kernel);
  DW_REQUIRE(score);
  DW_TRY(check_resampling(kernel, p, order, samples, 1, __func__));
  DW_TRY(create_resampling(&r, kernel, p, order));
  if (size < 1 || size > r.n) {
    DW_TRY(dw_fail(DIVW_ERROR_ARGUMENT, "%s: size is %lld, expected 1 to %lld, the rows of positive weight", __func__,
                   (long long)size, (long long)r.n));
  }
  r.chosen = size;
  samples = size == r.n ? 1 : samples; /* all subsets are one */
  for (int64_t s = 0; s < samples; s++) {
    double log_score;
    dw_permutation(r.index, r.n, size, dw_random_start(seed, DW_PURPOSE_SUBSETS, (uint32_t)s));
    DW_TRY(score_sample(&r, &log_score));
    sum += log_score;
  }
  *score = exp(sum / (double)samples);
fail:
  destroy_resampling(&r);
  return status;
}

/* ---- internal diversity ---- */

/* sum p_i p_j K_ij = |sum p_i phi_i|^2: one pass, not n^2. */
divw_status divw_evaluate_internal_diversity(const divw_kernel *kernel, const double *p, double *diversity) {
  divw_status status;
  double *phi = NULL, *mean = NULL, sum = 1, square = 0;
  DW_REQUIRE(kernel);
  DW_REQUIRE(diversity);
  const int64_t n = divw_kernel_count(kernel), r = divw_kernel_features(kernel);
  if (p != NULL) {
    DW_TRY(dw_check_probabilities(p, n, 1e-6, DIVW_ERROR_ARGUMENT, __func__, &sum));
  }
  DW_TRY(dw_alloc(&phi, r, sizeof *phi));
  DW_TRY(dw_alloc_zero(&mean, r, sizeof *mean));
  for (int64_t i = 0; i < n; i++) {
    const double weight = p == NULL ? 1 / (double)n : p[i] / sum;
    DW_TRY(divw_kernel_read(kernel, i, 1, phi));
    for (int64_t k = 0; k < r; k++) {
      mean[k] += weight * phi[k];
    }
  }
  for (int64_t k = 0; k < r; k++) {
    square += mean[k] * mean[k];
  }
  *diversity = fmax(1 - square, 0);
fail:
  divw_free(mean);
  divw_free(phi);
  return status;
}
