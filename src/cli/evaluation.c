/* Measures what evaluate was asked for. What is not defined for these sets is NaN, and a warning says why. */
#include "evaluation.h"
#include "low_rank.h"
#include "similarity.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NORMAL_975 1.959963984540054 /* 95 % of a normal distribution are within so many standard errors */

static void warn(evaluation *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void warn(evaluation *e, const char *format, ...) {
  enum { LONGEST = 400 };
  char *text = allocate(LONGEST, 1);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, LONGEST, format, arguments);
  va_end(arguments);
  if (e->warning_count < MAX_WARNINGS) {
    e->warnings[e->warning_count++] = text;
  } else {
    free(text);
  }
}

static int64_t count_positive(const divw_dataset *dataset, const double *p) {
  int64_t count = 0;
  for (int64_t i = 0; i < divw_dataset_count(dataset); i++) {
    count += p == NULL || p[i] > 0;
  }
  return count;
}

/* No interval where the error is not known: fmax() would make numbers of NaN. */
static measured around(double value, double error, double least, double most) {
  if (isnan(value) || isnan(error)) {
    return (measured){value, NAN, NAN};
  }
  return (measured){value, fmax(value - NORMAL_975 * error, least), fmin(value + NORMAL_975 * error, most)};
}

/* ---- FID ---- */

static int32_t convention(const char *ddof) {
  switch (*ddof) {
  case '0': return DIVW_COVARIANCE_POPULATION;
  case '1': return DIVW_COVARIANCE_SAMPLE;
  default: return DIVW_COVARIANCE_EFFECTIVE;
  }
}

/* NULL, after a warning, where there is nothing to estimate a covariance from. */
static bool take_statistics(evaluation *e, divw_statistics **out, const divw_dataset *dataset, const double *p,
                            const char *ddof, const char *which) {
  const int32_t covariance = convention(ddof);
  *out = NULL;
  if (covariance != DIVW_COVARIANCE_POPULATION && count_positive(dataset, p) < 2) {
    warn(e, "fid: the %s set has a single row of positive weight, which has a covariance with --ddof 0 only", which);
    return true;
  }
  return ok(divw_statistics_create(out, dataset, p, covariance));
}

static void warn_of_few(evaluation *e, const divw_statistics *statistics, const char *which) {
  const double effective = divw_statistics_effective_count(statistics);
  const long long d = (long long)divw_statistics_dimension(statistics);
  if (effective < (double)d) {
    warn(e,
         "fid: the effective sample size of the %s set is %.1f, below its %lld columns: the covariance is singular or "
         "nearly so, and the distance too large",
         which, effective, d);
  }
}

static void warn_of_conventions(evaluation *e, const divw_statistics *loaded, const cli_settings *settings) {
  static const char *const names[] = {"", "0", "1", "effective"};
  const int32_t theirs = divw_statistics_covariance(loaded);
  if (theirs != 0 && theirs != convention(settings->ddof)) {
    warn(e, "fid: the statistics in %s were made with --ddof %s, those of the generated set are with --ddof %s",
         settings->load_stats, names[theirs], settings->ddof);
  }
}

static bool measure_fid(evaluation *e, const comparison *sets) {
  const cli_settings *settings = sets->settings;
  divw_statistics *made = NULL, *generated = NULL;
  bool done = sets->reference == NULL || (sets->loaded != NULL && settings->save_stats == NULL) ||
              take_statistics(e, &made, sets->reference, divw_weights_values(sets->p), settings->ddof, "reference");
  const divw_statistics *reference = sets->loaded != NULL ? sets->loaded : made;
  if (done && settings->save_stats != NULL) {
    done =
        made != NULL
            ? ok(divw_statistics_save(made, settings->save_stats))
            : fail("%s: there are no statistics to write: a covariance needs two rows of positive weight, or --ddof 0",
                   settings->save_stats);
  }
  if (done && (sets->metrics & METRIC_FID) != 0) {
    done = take_statistics(e, &generated, sets->generated, divw_weights_values(sets->v), settings->ddof, "generated");
    if (done && reference != NULL && generated != NULL) {
      warn_of_conventions(e, sets->loaded, settings);
      warn_of_few(e, reference, "reference");
      warn_of_few(e, generated, "generated");
      done = ok(divw_evaluate_fid(reference, generated, &e->fid));
    }
  }
  divw_statistics_destroy(generated);
  divw_statistics_destroy(made);
  return done;
}

/* ---- KID, precision and recall ---- */

static int32_t mmd_kernel(const char *name) {
  switch (*name) {
  case 'p': return DIVW_MMD_POLYNOMIAL;
  case 'g': return DIVW_MMD_GAUSSIAN;
  case 'c': return DIVW_MMD_COSINE;
  default: return DIVW_MMD_LINEAR;
  }
}

static bool measure_kid(evaluation *e, const comparison *sets) {
  const cli_settings *settings = sets->settings;
  const double *p = divw_weights_values(sets->p), *v = divw_weights_values(sets->v);
  const int32_t kernel = mmd_kernel(settings->mmd_kernel);
  const double parameter = kernel == DIVW_MMD_GAUSSIAN ? settings->mmd_bandwidth : (double)settings->mmd_degree;
  double kid = NAN;
  const bool done =
      settings->kid_block > 0
          ? ok(divw_evaluate_mmd_blocks(sets->reference, p, sets->generated, v, kernel, parameter, settings->kid_block,
                                        (uint64_t)settings->seed, &kid, &e->kid_error))
          : ok(divw_evaluate_mmd(sets->reference, p, sets->generated, v, kernel, parameter, &e->mmd_squared, &kid,
                                 &e->kid_error));
  e->kid = around(kid, e->kid_error, -INFINITY, INFINITY);
  if (done && isnan(kid)) {
    warn(e, "kid: a set has a single row of positive weight, and the unbiased estimate needs two");
  }
  return done;
}

static bool measure_prdc(evaluation *e, const comparison *sets) {
  const int64_t k = sets->settings->neighbour;
  double values[4], errors[4];
  if (!ok(divw_evaluate_prdc(sets->reference, divw_weights_values(sets->p), sets->generated,
                             divw_weights_values(sets->v), k, values, errors))) {
    return false;
  }
  for (int place = 0; place < 4; place++) {
    const double most = place == DIVW_PRDC_DENSITY ? INFINITY : 1;
    e->prdc[place] = around(values[place], errors[place], 0, most);
    if (isnan(values[place])) {
      warn(e, "%s: not defined, since a set has no more than %lld rows of positive weight, the k of --k",
           place == DIVW_PRDC_RECALL ? "recall" : "precision, density or coverage", (long long)k);
    }
  }
  return true;
}

/* ---- diversity ---- */

/* What is proven where features are of low rank. */
static bool prove(evaluation *e, int which, const divw_kernel *kernel, const double *p, const cli_settings *settings) {
  e->approximation = divw_kernel_approximation(kernel);
  e->proven[which].value = residual_of(kernel, p);
  return e->approximation != DIVW_APPROXIMATION_CHOLESKY ||
         ok(divw_vendi_interval(kernel, p, settings->order, &e->proven[which].low, &e->proven[which].high));
}

static bool score_set(evaluation *e, int which, const divw_kernel *kernel, const double *p,
                      const cli_settings *settings) {
  double score, error;
  if (!ok(divw_vendi_score(kernel, p, settings->order, &score)) ||
      !ok(divw_evaluate_internal_diversity(kernel, p, &e->internal_diversity[which]))) {
    return false;
  }
  e->vendi[which].value = score;
  if (!prove(e, which, kernel, p, settings)) {
    return false;
  }
  if (settings->resamples == 0) {
    return true;
  }
  if (!ok(divw_evaluate_vendi_error(kernel, p, settings->order, settings->resamples, (uint64_t)settings->seed,
                                    &error))) {
    return false;
  }
  e->vendi[which].low = score * exp(-NORMAL_975 * error);
  e->vendi[which].high = score * exp(NORMAL_975 * error);
  return e->equal_n == 0 || ok(divw_evaluate_vendi_subset(kernel, p, settings->order, e->equal_n, settings->resamples,
                                                          (uint64_t)settings->seed, &e->equal[which]));
}

static bool score_sets(evaluation *e, const comparison *sets, const divw_kernel *reference,
                       const divw_kernel *generated) {
  const cli_settings *settings = sets->settings;
  if (reference != NULL && !score_set(e, PLAIN, reference, NULL, settings)) {
    return false;
  }
  e->vendi[WEIGHTED] = e->vendi[PLAIN];
  e->equal[WEIGHTED] = e->equal[PLAIN];
  e->internal_diversity[WEIGHTED] = e->internal_diversity[PLAIN];
  e->proven[WEIGHTED] = e->proven[PLAIN];
  return (sets->p == NULL || score_set(e, WEIGHTED, reference, divw_weights_values(sets->p), settings)) &&
         score_set(e, GENERATED, generated, divw_weights_values(sets->v), settings);
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* One similarity for all sets: scores at two bandwidths cannot be compared. */
static bool choose_similarity(evaluation *e, const comparison *sets) {
  const divw_dataset *rows = sets->reference != NULL ? sets->reference : sets->generated;
  return make_similarity(&e->similarity, sets->settings) && ok(divw_similarity_choose(e->similarity, rows));
}

static bool measure_vendi(evaluation *e, const comparison *sets) {
  const cli_settings *settings = sets->settings;
  divw_kernel *reference = NULL, *generated = NULL;
  if (settings->resamples > 0 && sets->reference != NULL) {
    e->equal_n = settings->sample_size > 0 ? settings->sample_size
                                           : smaller(count_positive(sets->reference, divw_weights_values(sets->p)),
                                                     count_positive(sets->generated, divw_weights_values(sets->v)));
  }
  const bool done =
      choose_similarity(e, sets) &&
      (sets->reference == NULL || bind_similarity(&reference, sets->reference, e->similarity, settings)) &&
      bind_similarity(&generated, sets->generated, e->similarity, settings) &&
      score_sets(e, sets, reference, generated);
  divw_kernel_destroy(generated);
  divw_kernel_destroy(reference);
  return done;
}

/* ---- modes ---- */

static int by_label(const void *key, const void *element) {
  const int64_t x = *(const int64_t *)key, y = ((const mode_share *)element)->share.label;
  return (x > y) - (x < y);
}

static bool measure_modes(evaluation *e, const comparison *sets) {
  const int64_t m = divw_dataset_count(sets->generated), *labels = divw_dataset_labels(sets->reference);
  const cli_examples examples = {
      .n = divw_dataset_count(sets->reference), .labels = labels, .p = divw_weights_values(sets->p)};
  const double *v = divw_weights_values(sets->v);
  int64_t *nearest = allocate(m, sizeof *nearest);
  const bool done = ok(divw_evaluate_nearest(sets->reference, sets->generated, nearest));
  if (done) {
    class_share *classes = find_classes(&examples, &e->mode_count);
    e->modes = allocate(e->mode_count, sizeof *e->modes);
    for (int64_t k = 0; k < e->mode_count; k++) {
      e->modes[k].share = classes[k];
    }
    free(classes);
    for (int64_t j = 0; j < m; j++) {
      mode_share *mode = bsearch(&labels[nearest[j]], e->modes, (size_t)e->mode_count, sizeof *mode, by_label);
      mode->generated += v != NULL ? v[j] : 1 / (double)m;
    }
  }
  free(nearest);
  return done;
}

/* ---- all of it ---- */

static void start(evaluation *e) {
  const measured unknown = {NAN, NAN, NAN};
  memset(e, 0, sizeof *e);
  e->fid = e->mmd_squared = e->kid_error = NAN;
  e->kid = unknown;
  for (int k = 0; k < 4; k++) {
    e->prdc[k] = unknown;
  }
  for (int k = 0; k < SETS; k++) {
    e->vendi[k] = e->proven[k] = unknown;
    e->equal[k] = e->internal_diversity[k] = NAN;
  }
}

bool evaluate_all(evaluation *out, const comparison *sets) {
  const bool statistics = (sets->metrics & METRIC_FID) != 0 || sets->settings->save_stats != NULL;
  start(out);
  return (!statistics || measure_fid(out, sets)) && ((sets->metrics & METRIC_KID) == 0 || measure_kid(out, sets)) &&
         ((sets->metrics & METRIC_PRDC) == 0 || measure_prdc(out, sets)) &&
         ((sets->metrics & METRIC_VENDI) == 0 || measure_vendi(out, sets)) &&
         ((sets->metrics & METRIC_MODES) == 0 || measure_modes(out, sets));
}

void evaluation_destroy(evaluation *e) {
  divw_similarity_destroy(e->similarity);
  for (int k = 0; k < e->warning_count; k++) {
    free(e->warnings[k]);
  }
  free(e->modes);
}
