/* Rows of positive weight, and all pairs of them.
 *
 * Every metric here is a mean over rows or over pairs of rows. Rows without weight are left out once, so that none has
 * to think of them. Pairs come in tiles of inner products <x_i, y_j>, from one gemm on two blocks of rows that are
 * converted on the way: 2 d operations a pair at the speed of BLAS, and memory for three blocks whatever n is. Norms
 * are kept (n numbers), since |x - y|^2 = |x|^2 + |y|^2 - 2 <x, y>.
 *
 * A block has at most 8 MiB or 1024 rows: with 1024 rows outside, converting the inner block again for every tile costs
 * 2 to 3 % of the gemm. */
#include "rows.h"

#include "../linalg.h"
#include "../simplex.h"

#include <math.h>
#include <string.h>

/* ---- rows ---- */

double dw_rest(const double *p, int64_t n) {
  int64_t heaviest = 0;
  double others = 0, rest = 0;
  for (int64_t i = 1; i < n; i++) {
    heaviest = p[i] > p[heaviest] ? i : heaviest;
  }
  for (int64_t i = 0; i < n; i++) {
    others += i == heaviest ? 0 : p[i];
  }
  for (int64_t i = 0; i < n; i++) {
    rest += p[i] * (i == heaviest ? others : 1 - p[i]);
  }
  return rest;
}

divw_status dw_check_dimensions(const divw_dataset *reference, const divw_dataset *generated, const char *who) {
  const long long d = (long long)divw_dataset_dimension(reference), e = (long long)divw_dataset_dimension(generated);
  return d == e ? DIVW_OK
                : dw_fail(DIVW_ERROR_ARGUMENT,
                          "%s: rows of the reference have %lld numbers, generated ones have %lld, expected the same",
                          who, d, e);
}

static divw_status keep_positive(dw_rows *rows, const double *p, const char *who) {
  divw_status status = DIVW_OK;
  const int64_t n = divw_dataset_count(rows->dataset);
  double sum = (double)n;
  if (p != NULL) {
    DW_TRY(dw_check_probabilities(p, n, 1e-6, DIVW_ERROR_ARGUMENT, who, &sum));
  }
  for (int64_t i = 0; i < n; i++) {
    if (p == NULL || p[i] > 0) {
      rows->position[rows->n] = i;
      rows->weight[rows->n++] = (p == NULL ? 1 : p[i]) / sum;
    }
  }
  rows->rest = dw_rest(rows->weight, rows->n);
fail:
  return status;
}

static divw_status check_numbers(const dw_rows *rows) {
  divw_status status;
  dw_window window;
  double *x;
  DW_TRY(dw_alloc(&x, rows->d, sizeof *x));
  for (int64_t i = 0; i < rows->n && status == DIVW_OK; i++) {
    status = dw_cursor_rows(rows->cursor, rows->position[i], 1, &window);
    if (status == DIVW_OK) {
      status = dw_window_row_finite(&window, 0, x);
    }
  }
  divw_free(x);
fail:
  return status;
}

divw_status dw_rows_create(dw_rows *rows, const divw_dataset *dataset, const double *p, const char *who) {
  divw_status status;
  const int64_t n = divw_dataset_count(dataset);
  *rows = (dw_rows){.dataset = dataset, .d = divw_dataset_dimension(dataset), .scale = 1};
  if (rows->d > INT32_MAX) {
    return dw_fail(DIVW_ERROR_SIZE, "%s: the rows have %lld numbers, BLAS handles at most %d", who, (long long)rows->d,
                   INT32_MAX);
  }
  DW_TRY(dw_alloc(&rows->position, n, sizeof *rows->position));
  DW_TRY(dw_alloc(&rows->weight, n, sizeof *rows->weight));
  DW_TRY(keep_positive(rows, p, who));
  DW_TRY(dw_alloc_zero(&rows->cursor, 1, sizeof *rows->cursor));
  DW_TRY(dw_cursor_open(rows->cursor, dataset));
  DW_TRY(check_numbers(rows));
fail:
  return status;
}

void dw_rows_destroy(dw_rows *rows) {
  if (rows->cursor != NULL) {
    dw_cursor_close(rows->cursor);
  }
  divw_free(rows->cursor);
  divw_free(rows->square);
  divw_free(rows->weight);
  divw_free(rows->position);
  memset(rows, 0, sizeof *rows);
}

divw_status dw_rows_fetch_plain(const dw_rows *rows, int64_t i, double *out) {
  return dw_cursor_fetch(rows->cursor, rows->position[i], 1, (dw_columns){.columns = NULL}, rows->scale, out);
}

divw_status dw_rows_fetch(const dw_rows *rows, int64_t i, double *restrict out) {
  const double *restrict shift = rows->shift;
  divw_status status = dw_rows_fetch_plain(rows, i, out);
  for (int64_t j = 0; shift != NULL && j < rows->d; j++) {
    out[j] -= shift[j];
  }
  return status;
}

/* ---- means ---- */

/* As in dataset/center.c: differences from the first row, so that a mean far from 0 is not carried through n additions
 * and a constant column has its value exactly, with compensated sums. */
divw_status dw_rows_mean(const dw_rows *rows, double *mean) {
  divw_status status;
  const int64_t d = rows->d;
  double *memory = NULL;
  DW_TRY(dw_alloc_zero(&memory, 3 * d, sizeof *memory));
  double *restrict x = memory, *restrict sum = memory + d, *restrict lost = memory + 2 * d;
  DW_TRY(dw_rows_fetch_plain(rows, 0, mean));
  for (int64_t i = 1; i < rows->n; i++) {
    const double weight = rows->weight[i];
    DW_TRY(dw_rows_fetch_plain(rows, i, x));
    for (int64_t j = 0; j < d; j++) {
      const double term = weight * (x[j] - mean[j]) - lost[j], total = sum[j] + term;
      lost[j] = (total - sum[j]) - term;
      sum[j] = total;
    }
  }
  for (int64_t j = 0; j < d; j++) {
    mean[j] += sum[j];
  }
fail:
  divw_free(memory);
  return status;
}

void dw_rows_average(const dw_rows *rows, const double *x, double *mean, double *error) {
  double sum = 0, square = 0;
  for (int64_t i = 0; i < rows->n; i++) {
    sum += rows->weight[i] * (x[i] - x[0]);
  }
  *mean = x[0] + sum;
  for (int64_t i = 0; i < rows->n; i++) {
    const double deviation = rows->weight[i] * (x[i] - *mean);
    square += deviation * deviation;
  }
  *error = rows->rest > 0 ? sqrt(square / rows->rest) : NAN;
}

/* ---- pairs ---- */

static int64_t block_rows(const dw_rows *rows) {
  const int64_t fit = (int64_t)(8 << 20) / (8 * rows->d);
  return dw_min(rows->n, dw_max(64, dw_min(fit, 1024)));
}

static divw_status fetch_block(const dw_rows *rows, int64_t first, double *block, int64_t *count) {
  divw_status status = DIVW_OK;
  *count = dw_min(block_rows(rows), rows->n - first);
  for (int64_t i = 0; i < *count; i++) {
    DW_TRY(dw_rows_fetch(rows, first + i, block + i * rows->d));
  }
fail:
  return status;
}

divw_status dw_rows_measure(dw_rows *rows) {
  divw_status status;
  double *x = NULL;
  DW_TRY(dw_alloc(&rows->square, rows->n, sizeof *rows->square));
  DW_TRY(dw_alloc(&x, rows->d, sizeof *x));
  for (int64_t i = 0; i < rows->n; i++) {
    double square = 0;
    DW_TRY(dw_rows_fetch(rows, i, x));
    for (int64_t j = 0; j < rows->d; j++) {
      square += x[j] * x[j];
    }
    rows->square[i] = square;
  }
fail:
  divw_free(x);
  return status;
}

divw_status dw_for_pairs(const dw_rows *a, const dw_rows *b, dw_tile_fn each, void *context) {
  divw_status status;
  const int64_t d = a->d;
  double *x = NULL, *y = NULL, *product = NULL;
  DW_TRY(dw_alloc(&x, block_rows(a) * d, sizeof *x));
  DW_TRY(dw_alloc(&y, block_rows(b) * d, sizeof *y));
  DW_TRY(dw_alloc(&product, block_rows(a) * block_rows(b), sizeof *product));
  for (int64_t i = 0, m; i < a->n; i += m) {
    DW_TRY(fetch_block(a, i, x, &m));
    for (int64_t j = a == b ? i : 0, n; j < b->n; j += n) {
      DW_TRY(fetch_block(b, j, y, &n));
      dw_row_products(product, n, x, m, y, n, d);
      DW_TRY(each(&(dw_tile){i, m, j, n, product}, context));
    }
  }
fail:
  divw_free(product);
  divw_free(y);
  divw_free(x);
  return status;
}
