/* The result of a solve: p, where its rows came from, D, and the report; in memory and in files.
 *
 * Two files: NAME.npy holds p alone, so that any program can read it; NAME.json beside it the report. */
#include "array_file.h"
#include "ids.h"
#include "report.h"
#include "simplex.h"

#include <divweights/solver.h>
#include <divweights/weights.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct divw_weights {
  dw_report report;
  double *p;
  int64_t *rows;
  double *D;
  char *json;
  dw_ids *ids;
};

enum { MAX_REPORT = 64 << 10 };

/* sqrt(2 gap / lambda), and 2 where that is more or undefined: F = log VS + lambda H is lambda-strongly concave in the
 * l1 norm, F(p*) - F(p) >= lambda/2 |p - p*|^2 (docs/mathematics.md, 3.3). */
static double error_bar(double gap, double lambda) {
  if (isnan(gap) || isnan(lambda)) {
    return NAN;
  }
  return lambda > 0 ? fmin(sqrt(2 * gap / lambda), 2) : 2;
}

divw_status dw_weights_create(divw_weights **out, const dw_report *report, double *p, int64_t *rows, double *D) {
  divw_status status;
  divw_weights *weights;
  char *json = NULL;
  dw_report complete = *report;
  *out = NULL;
  complete.error_bar = error_bar(report->gap, report->entropy_weight);
  DW_TRY(dw_report_write(&json, &complete));
  DW_TRY(dw_alloc(&weights, 1, sizeof *weights));
  *weights = (divw_weights){complete, p, rows, D, json, NULL};
  *out = weights;
  return DIVW_OK;
fail:
  divw_free(json);
  return status;
}

void dw_weights_set_ids(divw_weights *weights, dw_ids *ids) { weights->ids = dw_ids_share(ids); }

void divw_weights_destroy(divw_weights *weights) {
  if (weights != NULL) {
    dw_ids_release(weights->ids);
    divw_free(weights->json);
    divw_free(weights->D);
    divw_free(weights->rows);
    divw_free(weights->p);
    divw_free(weights);
  }
}

const char *divw_stop_name(int32_t reason) {
  switch (reason) {
  case DIVW_STOP_CONVERGED: return "converged";
  case DIVW_STOP_MAX_ITERATIONS: return "max_iterations";
  case DIVW_STOP_CANCELLED: return "cancelled";
  case DIVW_STOP_STALLED: return "stalled";
  case DIVW_STOP_RANK: return "rank";
  default: return "unknown";
  }
}

/* ---- getters ---- */

int64_t divw_weights_count(const divw_weights *weights) { return weights == NULL ? 0 : weights->report.n; }

const double *divw_weights_values(const divw_weights *weights) { return weights == NULL ? NULL : weights->p; }

const int64_t *divw_weights_rows(const divw_weights *weights) { return weights == NULL ? NULL : weights->rows; }

const char *divw_weights_id(const divw_weights *weights, int64_t position) {
  return position >= 0 && position < divw_weights_count(weights) ? dw_ids_get(weights->ids, position) : NULL;
}

const double *divw_weights_marginal_diversity(const divw_weights *weights) {
  return weights == NULL ? NULL : weights->D;
}

const char *divw_weights_report(const divw_weights *weights) { return weights == NULL ? NULL : weights->json; }

#define NUMBER_GETTER(name)                                                                                            \
  double divw_weights_##name(const divw_weights *weights) { return weights == NULL ? NAN : weights->report.name; }

NUMBER_GETTER(vendi_score)
NUMBER_GETTER(vendi_score_low)
NUMBER_GETTER(vendi_score_high)
NUMBER_GETTER(vendi_score_uniform)
NUMBER_GETTER(residual)
NUMBER_GETTER(entropy)
NUMBER_GETTER(effective_examples)
NUMBER_GETTER(order)
NUMBER_GETTER(balance)
NUMBER_GETTER(objective_value)
NUMBER_GETTER(entropy_weight)
NUMBER_GETTER(certified_value)
NUMBER_GETTER(upper_bound)
NUMBER_GETTER(gap)
NUMBER_GETTER(error_bar)
NUMBER_GETTER(global_upper_bound)
NUMBER_GETTER(global_gap)
NUMBER_GETTER(quality)
NUMBER_GETTER(seconds)

#define COUNT_GETTER(name)                                                                                             \
  int64_t divw_weights_##name(const divw_weights *weights) { return weights == NULL ? 0 : weights->report.name; }

COUNT_GETTER(iterations)
COUNT_GETTER(solves)
COUNT_GETTER(row_passes)
COUNT_GETTER(rank)
COUNT_GETTER(features)
COUNT_GETTER(rank_needed)

int32_t divw_weights_approximation(const divw_weights *weights) {
  for (int32_t kind = DIVW_APPROXIMATION_NONE; weights != NULL && kind <= DIVW_APPROXIMATION_FEATURES; kind++) {
    if (strcmp(weights->report.approximation, divw_approximation_name(kind)) == 0) {
      return kind;
    }
  }
  return 0;
}

int32_t divw_weights_stop_reason(const divw_weights *weights) {
  for (int32_t reason = DIVW_STOP_CONVERGED; weights != NULL && reason <= DIVW_STOP_RANK; reason++) {
    if (strcmp(weights->report.stop_reason, divw_stop_name(reason)) == 0) {
      return reason;
    }
  }
  return 0;
}

int32_t divw_weights_similarity(const divw_weights *weights) {
  for (int32_t similarity = DIVW_KERNEL_COSINE; weights != NULL && similarity <= DIVW_KERNEL_FUNCTION; similarity++) {
    if (strcmp(weights->report.kernel, divw_kernel_name(similarity)) == 0) {
      return similarity;
    }
  }
  return 0;
}

static divw_status set_parameters(divw_similarity *similarity, const dw_report *report) {
  divw_status status = DIVW_OK;
  DW_TRY(isnan(report->bandwidth) ? DIVW_OK : divw_similarity_set_bandwidth(similarity, report->bandwidth));
  DW_TRY(isnan(report->degree) ? DIVW_OK : divw_similarity_set_degree(similarity, (int32_t)report->degree));
  DW_TRY(isnan(report->offset) ? DIVW_OK : divw_similarity_set_offset(similarity, report->offset));
  DW_TRY(isnan(report->nu) ? DIVW_OK : divw_similarity_set_nu(similarity, report->nu));
  DW_TRY(report->bits == 0 ? DIVW_OK : divw_similarity_set_bits(similarity, 1));
  DW_TRY(report->normalised == 0 ? DIVW_OK : divw_similarity_set_normalise(similarity, 1));
  DW_TRY(report->clipped > 0 ? divw_similarity_set_clip_negative(similarity, 1) : DIVW_OK);
fail:
  return status;
}

divw_status divw_weights_parameters(const divw_weights *weights, divw_similarity **out) {
  divw_status status;
  DW_REQUIRE(weights);
  DW_REQUIRE(out);
  *out = NULL;
  const int32_t kind = divw_weights_similarity(weights);
  if (kind == 0 || kind == DIVW_KERNEL_FUNCTION) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: the similarity is %s, expected one that the report of weights can hold",
                   __func__, kind == 0 ? "not known" : "a function");
  }
  DW_TRY(divw_similarity_create(out, kind));
  DW_TRY(set_parameters(*out, &weights->report));
  return DIVW_OK;
fail:
  divw_similarity_destroy(*out);
  *out = NULL;
  return status;
}

int64_t divw_weights_approximation_seed(const divw_weights *weights) {
  return weights == NULL ? 0 : weights->report.approximation_seed;
}

int32_t divw_weights_objective(const divw_weights *weights) {
  for (int32_t objective = DIVW_OBJECTIVE_PUBLISHED; weights != NULL && objective <= DIVW_OBJECTIVE_EFFECTIVE_EXAMPLES;
       objective++) {
    if (strcmp(weights->report.objective, divw_objective_name(objective)) == 0) {
      return objective;
    }
  }
  return 0;
}

/* ---- files ---- */

/* "a/b.npy" -> "a/b.json"; other names get ".json" appended. */
static divw_status report_path(char **out, const char *path) {
  divw_status status;
  size_t length = strlen(path);
  DW_TRY(dw_alloc(out, (int64_t)length + 6, 1));
  if (length > 4 && strcmp(path + length - 4, ".npy") == 0) {
    length -= 4;
  }
  memcpy(*out, path, length);
  memcpy(*out + length, ".json", 6);
fail:
  return status;
}

static divw_status save_report(const divw_weights *weights, const char *path) {
  divw_status status;
  dw_writer *writer = NULL;
  DW_TRY(dw_writer_open(&writer, path));
  DW_TRY(dw_writer_write(writer, weights->json, (int64_t)strlen(weights->json)));
  return dw_writer_commit(writer);
fail:
  dw_writer_abort(writer);
  return status;
}

static divw_status save_values(const divw_weights *weights, const char *path) {
  divw_status status;
  dw_writer *writer = NULL;
  DW_TRY(dw_writer_open(&writer, path));
  DW_TRY(dw_npy_write_header(writer, DW_FLOAT64, weights->report.n));
  DW_TRY(dw_npy_write_values(writer, weights->p, weights->report.n));
  return dw_writer_commit(writer);
fail:
  dw_writer_abort(writer);
  return status;
}

divw_status divw_weights_save(const divw_weights *weights, const char *path) {
  DW_REQUIRE(weights);
  DW_REQUIRE(path);
  divw_status status;
  char *beside = NULL;
  DW_TRY(report_path(&beside, path));
  DW_TRY(save_report(weights, beside));
  DW_TRY(save_values(weights, path));
fail:
  divw_free(beside);
  return status;
}

/* Reads the report where there is one; otherwise it stays cleared. */
static divw_status load_report(dw_report *report, const char *path) {
  divw_status status = DIVW_OK;
  char *text = NULL;
  FILE *file = fopen(path, "rb");
  dw_report_clear(report);
  if (file == NULL) {
    return errno == ENOENT ? DIVW_OK : dw_fail(DIVW_ERROR_FILE, "%s: cannot be opened", path);
  }
  DW_TRY(dw_alloc_zero(&text, MAX_REPORT + 1, 1));
  size_t length = fread(text, 1, MAX_REPORT, file);
  if (ferror(file) || !feof(file)) {
    status =
        dw_fail(DIVW_ERROR_FORMAT, "%s: not a report of weights: unreadable or larger than %d bytes", path, MAX_REPORT);
  } else if (strlen(text) != length) {
    status = dw_fail(DIVW_ERROR_FORMAT, "%s: not a report of weights: it has a zero byte", path);
  } else {
    status = dw_report_read(report, text, path);
  }
fail:
  fclose(file);
  divw_free(text);
  return status;
}

static divw_status read_values(const char *path, double **p, int64_t *n) {
  divw_status status;
  dw_reader *reader = NULL;
  dw_array_header header;
  int64_t width;
  float *narrow = NULL;
  double sum;
  DW_TRY(dw_array_open(&reader, &header, &width, path));
  if (header.axes != 1 || (header.dtype != DW_FLOAT64 && header.dtype != DW_FLOAT32)) {
    DW_TRY(dw_fail(DIVW_ERROR_FORMAT, "%s: %d axes of %s, expected weights: one axis of float64 or float32", path,
                   header.axes, dw_dtype_name(header.dtype)));
  }
  *n = header.shape[0];
  DW_TRY(dw_alloc(p, *n, sizeof **p));
  if (header.dtype == DW_FLOAT64) {
    DW_TRY(dw_array_read(reader, &header, width, *p));
  } else {
    DW_TRY(dw_alloc(&narrow, *n, sizeof *narrow));
    DW_TRY(dw_array_read(reader, &header, width, narrow));
    for (int64_t i = 0; i < *n; i++) {
      (*p)[i] = narrow[i];
    }
  }
  DW_TRY(dw_check_probabilities(*p, *n, 1e-4, DIVW_ERROR_DATA, path, &sum));
  if (fabs(sum - 1) > 1e-12) { /* leave what we wrote as it is, to the bit */
    for (int64_t i = 0; i < *n; i++) {
      (*p)[i] /= sum;
    }
  }
fail:
  divw_free(narrow);
  dw_reader_close(reader);
  return status;
}

static divw_status match_report(dw_report *report, const char *path, const double *p, int64_t n) {
  if (report->n != 0 && report->n != n) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: a report of %lld weights beside %lld weights", path, (long long)report->n,
                   (long long)n);
  }
  report->n = n;
  report->entropy = dw_entropy(p, n);
  report->effective_examples = exp(report->entropy);
  return DIVW_OK;
}

divw_status divw_weights_load(divw_weights **out, const char *path) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(path);
  divw_status status;
  char *beside = NULL;
  double *p = NULL;
  int64_t *rows = NULL, n;
  dw_report report;
  DW_TRY(read_values(path, &p, &n));
  DW_TRY(report_path(&beside, path));
  DW_TRY(load_report(&report, beside));
  DW_TRY(match_report(&report, beside, p, n));
  DW_TRY(dw_alloc(&rows, n, sizeof *rows));
  for (int64_t i = 0; i < n; i++) {
    rows[i] = i;
  }
  DW_TRY(dw_weights_create(out, &report, p, rows, NULL));
  p = NULL;
  rows = NULL;
fail:
  divw_free(beside);
  divw_free(rows);
  divw_free(p);
  return status;
}
