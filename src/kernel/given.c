/* Similarities of the caller's: numbers of a matrix, and a function.
 *
 * What is given need not be what it should be, so here every number is looked at: that it is finite, that k(x, x) = 1
 * (or is divided by it), and, where all of K is formed (similarity.c, exact.c), that it is symmetric and has no
 * negative eigenvalues. Deviations as large as the rounding of the numbers' type, or 1e-6, are taken for rounding. */
#include "similarity.h"

#include <math.h>
#include <string.h>

static double slack_of(int32_t dtype) { return dtype == DIVW_FLOAT16 ? 8 * 0x1p-11 : 1e-6; }

/* The root of k(x, x), by which similarities are divided. */
static divw_status check_diagonal(const dw_similarity *similarity, double value, long long row, double *root) {
  *root = sqrt(value);
  if (!isfinite(value) || !(value > 0)) {
    return dw_fail(DIVW_ERROR_DATA, "the similarity of row %lld with itself is %g, expected a number above 0", row,
                   value);
  }
  if (!similarity->options.normalise && !(fabs(value - 1) <= similarity->slack)) {
    return dw_fail(DIVW_ERROR_DATA,
                   "the similarity of row %lld with itself is %.9g, expected 1: normalise (--normalise) divides by it",
                   row, value);
  }
  return DIVW_OK;
}

static divw_status not_finite(int64_t a, int64_t b, double value) {
  return dw_fail(DIVW_ERROR_DATA, "the similarity of row %lld with row %lld is %g, expected a finite number",
                 (long long)a, (long long)b, value);
}

/* ---- a matrix ---- */

static divw_status read_diagonal(dw_similarity *similarity) {
  divw_status status;
  const int64_t n = divw_dataset_count(similarity->dataset);
  dw_walk walk = {.window = {.count = 0}};
  similarity->slack = slack_of(divw_dataset_dtype(similarity->dataset));
  DW_TRY(dw_alloc(&similarity->diagonal, n, sizeof *similarity->diagonal));
  DW_TRY(dw_walk_open(&walk, similarity->dataset));
  for (int64_t i = 0, k; i < n; i++) {
    const int64_t row = divw_dataset_row(similarity->dataset, i);
    double value;
    if (row >= similarity->d) {
      DW_TRY(dw_fail(DIVW_ERROR_DATA,
                     "a matrix of similarities has %lld columns but a row %lld, expected as many rows as columns",
                     (long long)similarity->d, (long long)row));
    }
    DW_TRY(dw_walk_to(&walk, i, &k));
    dw_window_row(&walk.window, k, (dw_columns){.columns = &row, .count = 1}, 1, &value);
    DW_TRY(check_diagonal(similarity, value, (long long)row, &similarity->diagonal[i]));
  }
fail:
  dw_walk_close(&walk);
  return status;
}

/* Of a row that is compared with others (x not NULL) all numbers; of those only their place is needed. New rows are
 * taken for rows of similarities to the examples, with 1 to themselves. */
static divw_status take_numbers(const dw_similarity *similarity, const dw_window *window, int64_t k, double *whole,
                                double *x, double *note) {
  (void)whole;
  *note = window->dataset == similarity->dataset ? similarity->diagonal[window->first + k] : 1;
  return x == NULL ? DIVW_OK : dw_window_row_finite(window, k, x);
}

static divw_status look_up(const dw_similarity *similarity, const dw_taken *a, const dw_taken *b, double *z,
                           int64_t stride) {
  for (int64_t i = 0; i < a->count; i++) {
    const double *numbers = a->x + i * similarity->width;
    for (int64_t j = 0; j < b->count; j++) {
      z[i * stride + j] = numbers[b->row[j]] / (a->note[i] * b->note[j]);
    }
  }
  return DIVW_OK;
}

const dw_measure dw_lookup = {read_diagonal, take_numbers, look_up, true};

/* ---- a function ---- */

static divw_status ask(const divw_similarity *options, const double *x, int64_t m, const double *y, int64_t n,
                       int64_t d, double *z) {
  const int32_t answer = options->function == NULL ? 0 : options->function(options->user, x, m, y, n, d, z);
  for (int64_t k = 0; options->function == NULL && k < m * n; k++) {
    z[k] = options->pair_function(options->user, x + k / n * d, y + k % n * d, d);
  }
  return answer == 0 ? DIVW_OK : dw_fail(DIVW_ERROR_DATA, "the similarity function answered %d, expected 0", answer);
}

static divw_status ask_diagonal(dw_similarity *similarity) {
  divw_status status;
  const divw_similarity *options = &similarity->options;
  const int64_t n = divw_dataset_count(similarity->dataset);
  double *x = NULL, value = NAN;
  dw_walk walk = {.window = {.count = 0}};
  similarity->slack = slack_of(DIVW_FLOAT64);
  if (options->function == NULL && options->pair_function == NULL) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "the similarity has no function, expected divw_similarity_set_function() or "
                                        "divw_similarity_set_pair_function() before");
  }
  DW_TRY(dw_alloc(&x, similarity->d, sizeof *x));
  DW_TRY(dw_alloc(&similarity->diagonal, n, sizeof *similarity->diagonal));
  DW_TRY(dw_walk_open(&walk, similarity->dataset));
  for (int64_t i = 0; i < n; i++) {
    DW_TRY(dw_walk_row(&walk, i, x));
    DW_TRY(ask(options, x, 1, x, 1, similarity->d, &value));
    DW_TRY(check_diagonal(similarity, value, (long long)divw_dataset_row(similarity->dataset, i),
                          &similarity->diagonal[i]));
  }
fail:
  dw_walk_close(&walk);
  divw_free(x);
  return status;
}

static divw_status take_arguments(const dw_similarity *similarity, const dw_window *window, int64_t k, double *whole,
                                  double *x, double *note) {
  double value = NAN;
  (void)whole;
  divw_status status = dw_window_row_finite(window, k, x);
  if (window->dataset == similarity->dataset) {
    *note = similarity->diagonal[window->first + k];
  } else if (status == DIVW_OK && (status = ask(&similarity->options, x, 1, x, 1, similarity->d, &value)) == DIVW_OK) {
    status = check_diagonal(similarity, value, (long long)dw_window_number(window, k), note);
  }
  return status;
}

static divw_status call(const dw_similarity *similarity, const dw_taken *a, const dw_taken *b, double *z,
                        int64_t stride) {
  divw_status status;
  double *answers;
  DW_TRY(dw_alloc(&answers, a->count, (size_t)b->count * sizeof *answers));
  status = ask(&similarity->options, a->x, a->count, b->x, b->count, similarity->d, answers);
  for (int64_t k = 0; k < a->count * b->count && status == DIVW_OK; k++) {
    const int64_t i = k / b->count, j = k % b->count;
    z[i * stride + j] = answers[k] / (a->note[i] * b->note[j]);
    if (!isfinite(answers[k])) {
      status = not_finite(a->row[i], b->row[j], answers[k]);
    }
  }
  divw_free(answers);
fail:
  return status;
}

const dw_measure dw_call = {ask_diagonal, take_arguments, call, false};
