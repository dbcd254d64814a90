/* Mean and covariance of weighted rows.
 *
 *     m = sum p_i x_i,    S = c sum p_i (x_i - m)(x_i - m)^T,    c = 1, n/(n-1) or 1/(1 - sum p^2)
 *
 * With n rows of positive weight and n >= d, S is summed in blocks, one syrk each, from rows that had m subtracted:
 * sum p x x^T - m m^T would lose as many digits as m has over the spread. With n < d the n centred rows
 * sqrt(c p_i) (x_i - m) are kept instead: they are a factor A of S = A^T A, smaller than S, and exact where S would be
 * its square.
 *
 * Files are those of pytorch-fid, an npz with mu and sigma; what else we know stands beside them as arrays that it does
 * not look at. They are read as datasets are, which every check of a damaged file then comes with. */
#include "statistics.h"

#include "../linalg.h"
#include "../npz_write.h"
#include "rows.h"

#include <math.h>
#include <string.h>

static double covariance_factor(const dw_rows *rows, int32_t covariance) {
  switch (covariance) {
  case DIVW_COVARIANCE_SAMPLE: return (double)rows->n / (double)(rows->n - 1);
  case DIVW_COVARIANCE_EFFECTIVE: return 1 / rows->rest;
  default: return 1;
  }
}

static divw_status fetch_centred(const divw_statistics *statistics, const dw_rows *rows, int64_t i,
                                 double *restrict out) {
  const double root = sqrt(covariance_factor(rows, statistics->covariance) * rows->weight[i]);
  const double *restrict mean = statistics->mean;
  const divw_status status = dw_rows_fetch(rows, i, out);
  for (int64_t j = 0; j < rows->d; j++) {
    out[j] = root * (out[j] - mean[j]);
  }
  return status;
}

/* At least 8 MiB, and up to as many rows as columns: each block costs a read and a write of S, d^2 numbers. */
static int64_t block_rows(const dw_rows *rows) {
  const int64_t fit = dw_max((int64_t)(8 << 20) / (8 * rows->d), rows->d);
  return dw_min(rows->n, dw_max(64, dw_min(fit, 4096)));
}

static divw_status sum_covariance(divw_statistics *statistics, const dw_rows *rows) {
  divw_status status;
  double *block = NULL;
  const int64_t d = rows->d, most = block_rows(rows);
  DW_TRY(dw_check_order(d, "the number of columns"));
  DW_TRY(dw_alloc_zero(&statistics->matrix, d * d, sizeof *statistics->matrix));
  DW_TRY(dw_alloc(&block, most * d, sizeof *block));
  for (int64_t first = 0; first < rows->n; first += most) {
    const int64_t count = dw_min(most, rows->n - first);
    for (int64_t i = 0; i < count; i++) {
      DW_TRY(fetch_centred(statistics, rows, first + i, block + i * d));
    }
    dw_add_gram(statistics->matrix, d, block, count);
  }
  dw_mirror_upper(statistics->matrix, d);
fail:
  divw_free(block);
  return status;
}

static divw_status keep_rows(divw_statistics *statistics, const dw_rows *rows) {
  divw_status status;
  DW_TRY(dw_alloc(&statistics->matrix, rows->n, (size_t)rows->d * sizeof *statistics->matrix));
  statistics->rank = rows->n;
  for (int64_t i = 0; i < rows->n; i++) {
    DW_TRY(fetch_centred(statistics, rows, i, statistics->matrix + i * rows->d));
  }
fail:
  return status;
}

static bool all_finite(const double *x, int64_t count) {
  double probe = 0;
  for (int64_t i = 0; i < count; i++) {
    probe += x[i] * 0.0;
  }
  return probe == 0;
}

double dw_statistics_trace(const divw_statistics *statistics) {
  const int64_t d = statistics->d;
  double trace = 0;
  for (int64_t k = 0; statistics->rank == 0 && k < d; k++) {
    trace += statistics->matrix[k * d + k];
  }
  for (int64_t k = 0; k < statistics->rank; k++) {
    double square = 0;
    for (int64_t j = 0; j < d; j++) {
      square += statistics->matrix[k * d + j] * statistics->matrix[k * d + j];
    }
    trace += square;
  }
  return trace;
}

/* ---- made ---- */

static divw_status check_covariance(const dw_rows *rows, int32_t covariance) {
  if (covariance != DIVW_COVARIANCE_POPULATION && !(rows->rest > 0)) {
    return dw_fail(DIVW_ERROR_DATA,
                   "divw_statistics_create: a single row has positive weight, and no covariance of a sample: expected "
                   "two such rows, or DIVW_COVARIANCE_POPULATION");
  }
  return DIVW_OK;
}

static divw_status measure(divw_statistics *statistics, const dw_rows *rows) {
  divw_status status;
  DW_TRY(check_covariance(rows, statistics->covariance));
  statistics->n = rows->n;
  statistics->effective = divw_evaluate_effective_count(rows->weight, rows->n);
  DW_TRY(dw_alloc(&statistics->mean, rows->d, sizeof *statistics->mean));
  DW_TRY(dw_rows_mean(rows, statistics->mean));
  DW_TRY((rows->n < rows->d ? keep_rows : sum_covariance)(statistics, rows));
  if (!all_finite(statistics->mean, rows->d) || !isfinite(dw_statistics_trace(statistics))) {
    status = dw_fail(DIVW_ERROR_DATA, "divw_statistics_create: numbers of the rows are so large that their squares "
                                      "overflow");
  }
fail:
  return status;
}

divw_status divw_statistics_create(divw_statistics **out, const divw_dataset *dataset, const double *p,
                                   int32_t covariance) {
  divw_status status;
  divw_statistics *statistics = NULL;
  dw_rows rows = {.n = 0};
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  if (covariance < DIVW_COVARIANCE_POPULATION || covariance > DIVW_COVARIANCE_EFFECTIVE) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: covariance is %d, expected DIVW_COVARIANCE_POPULATION, _SAMPLE or _EFFECTIVE", __func__,
                   covariance);
  }
  DW_TRY(dw_alloc_zero(&statistics, 1, sizeof *statistics));
  statistics->d = divw_dataset_dimension(dataset);
  statistics->covariance = covariance;
  DW_TRY(dw_rows_create(&rows, dataset, p, __func__));
  DW_TRY(measure(statistics, &rows));
  *out = statistics;
  statistics = NULL;
fail:
  dw_rows_destroy(&rows);
  divw_statistics_destroy(statistics);
  return status;
}

void divw_statistics_destroy(divw_statistics *statistics) {
  if (statistics != NULL) {
    divw_free(statistics->matrix);
    divw_free(statistics->mean);
    divw_free(statistics);
  }
}

/* ---- known of them ---- */

int64_t divw_statistics_count(const divw_statistics *statistics) { return statistics == NULL ? 0 : statistics->n; }

int64_t divw_statistics_dimension(const divw_statistics *statistics) { return statistics == NULL ? 0 : statistics->d; }

double divw_statistics_effective_count(const divw_statistics *statistics) {
  return statistics == NULL ? NAN : statistics->effective;
}

int32_t divw_statistics_covariance(const divw_statistics *statistics) {
  return statistics == NULL ? 0 : statistics->covariance;
}

divw_status divw_statistics_read(const divw_statistics *statistics, double *mean, double *sigma) {
  divw_status status = DIVW_OK;
  DW_REQUIRE(statistics);
  const int64_t d = statistics->d;
  if (mean != NULL) {
    memcpy(mean, statistics->mean, (size_t)d * sizeof *mean);
  }
  if (sigma != NULL) {
    DW_TRY(dw_check_order(d, "the number of columns"));
    if (statistics->rank == 0) {
      memcpy(sigma, statistics->matrix, (size_t)(d * d) * sizeof *sigma);
    } else {
      memset(sigma, 0, (size_t)(d * d) * sizeof *sigma);
      dw_add_gram(sigma, d, statistics->matrix, statistics->rank);
      dw_mirror_upper(sigma, d);
    }
  }
fail:
  return status;
}

/* ---- files ---- */

divw_status divw_statistics_save(const divw_statistics *statistics, const char *path) {
  divw_status status;
  double *sigma = NULL;
  DW_REQUIRE(statistics);
  DW_REQUIRE(path);
  const int64_t d = statistics->d;
  const double n = (double)statistics->n, covariance = statistics->covariance;
  const dw_npz_member members[] = {{"n", 1, {1}, &n},
                                   {"effective_n", 1, {1}, &statistics->effective},
                                   {"covariance", 1, {1}, &covariance},
                                   {"mu", 1, {d}, statistics->mean},
                                   {"sigma", 2, {d, d}, NULL}};
  dw_npz_member known[5];
  DW_TRY(dw_check_order(d, "the number of columns"));
  DW_TRY(dw_alloc(&sigma, d * d, sizeof *sigma));
  DW_TRY(divw_statistics_read(statistics, NULL, sigma));
  const int64_t skipped = statistics->n > 0 ? 0 : 3;
  memcpy(known, members, sizeof known);
  known[4].values = sigma;
  status = dw_npz_save(path, known + skipped, 5 - skipped);
fail:
  divw_free(sigma);
  return status;
}

/* An array of the file as doubles, with its shape; *values NULL where there is none of that name. */
static divw_status load_array(double **values, int64_t *rows, int64_t *columns, const char *path, const char *name,
                              bool needed) {
  divw_status status;
  divw_dataset *array = NULL;
  *values = NULL;
  status = divw_dataset_load_array(&array, path, name);
  if (status == DIVW_ERROR_ARGUMENT && !needed) {
    return DIVW_OK;
  }
  if (status == DIVW_OK) {
    *rows = divw_dataset_count(array);
    *columns = divw_dataset_dimension(array);
    status = dw_alloc(values, *rows, (size_t)*columns * sizeof **values);
  }
  if (status == DIVW_OK) {
    status = divw_dataset_read(array, 0, *rows, *values);
  }
  divw_dataset_destroy(array);
  return status;
}

/* What only our own files have; 0 where it is not there, or no such number. */
static divw_status load_number(double *value, const char *path, const char *name) {
  double *found;
  int64_t rows = 0, columns = 0;
  const divw_status status = load_array(&found, &rows, &columns, path, name, false);
  *value = found != NULL && rows * columns == 1 && *found >= 1 && *found <= 0x1p53 ? *found : 0;
  divw_free(found);
  return status;
}

static divw_status check_sigma(const divw_statistics *statistics, const char *path) {
  const double *S = statistics->matrix;
  const int64_t d = statistics->d;
  double largest = 0;
  if (!all_finite(statistics->mean, d) || !all_finite(S, d * d)) {
    return dw_fail(DIVW_ERROR_DATA, "%s: mu or sigma has a NaN or Inf", path);
  }
  for (int64_t i = 0; i < d; i++) {
    largest = fmax(largest, fabs(S[i * d + i]));
  }
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j <= i; j++) {
      if (fabs(S[i * d + j] - S[j * d + i]) > 1e-6 * largest || S[i * d + i] < -1e-6 * largest) {
        return dw_fail(DIVW_ERROR_DATA, "%s: sigma is no covariance: it has %g at (%lld, %lld) and %g at (%lld, %lld)",
                       path, S[i * d + j], (long long)i, (long long)j, S[j * d + i], (long long)j, (long long)i);
      }
    }
  }
  return DIVW_OK;
}

static void make_symmetric(double *S, int64_t d) {
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < i; j++) {
      S[i * d + j] = S[j * d + i] = 0.5 * (S[i * d + j] + S[j * d + i]);
    }
  }
}

static divw_status load(divw_statistics *statistics, const char *path) {
  divw_status status;
  int64_t one, rows, columns;
  double n, covariance;
  DW_TRY(load_array(&statistics->mean, &statistics->d, &one, path, "mu", true));
  DW_TRY(load_array(&statistics->matrix, &rows, &columns, path, "sigma", true));
  if (one != 1 || rows != statistics->d || columns != statistics->d) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: mu has the shape (%lld, %lld) and sigma (%lld, %lld), expected d and d x d",
                   path, (long long)statistics->d, (long long)one, (long long)rows, (long long)columns);
  }
  DW_TRY(dw_check_order(statistics->d, "the number of columns"));
  DW_TRY(check_sigma(statistics, path));
  make_symmetric(statistics->matrix, statistics->d);
  DW_TRY(load_number(&n, path, "n"));
  DW_TRY(load_number(&statistics->effective, path, "effective_n"));
  DW_TRY(load_number(&covariance, path, "covariance"));
  statistics->n = (int64_t)n;
  statistics->effective = statistics->effective > 0 ? statistics->effective : NAN;
  statistics->covariance = covariance <= DIVW_COVARIANCE_EFFECTIVE ? (int32_t)covariance : 0;
fail:
  return status;
}

divw_status divw_statistics_load(divw_statistics **out, const char *path) {
  divw_status status;
  divw_statistics *statistics = NULL;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(path);
  DW_TRY(dw_alloc_zero(&statistics, 1, sizeof *statistics));
  DW_TRY(load(statistics, path));
  *out = statistics;
  return DIVW_OK;
fail:
  divw_statistics_destroy(statistics);
  return status;
}
