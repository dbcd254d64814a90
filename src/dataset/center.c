/* Rows minus their mean.
 *
 *     m = a + (1/n) sum (x_i - a),  a = x_0;      row i becomes  x_i - m,  and 0 where |x_i - m| <= e
 *     e = 4 u (|m| + (1/n) sum |x_i - a|),  u = 2^-53, column by column
 *
 * Embeddings are often squeezed into a narrow cone, x_i = c + something small. Sums of differences from one row of them
 * do not carry c through n additions, give m = a exactly where a column is constant, and are compensated (Kahan): the
 * sum is then exact to 2 u sum |x_i - a| whatever n is. With the roundings of the differences, of the division and of
 * the last addition, m is right to within e; what a row differs from it by less is noise, which cosine similarity would
 * blow up to a direction. So it is 0, and a row that is the mean is named as a row of zeros when a kernel is made. */
#include "view.h"

#include <divweights/transform.h>

#include <float.h>
#include <math.h>

/* Sums of what has been seen of each column: d numbers each. */
typedef struct {
  double *x, *first, *sum, *lost, *spread;
} column_sums;

static void add_row(const column_sums *sums, int64_t d) {
  const double *restrict x = sums->x, *restrict first = sums->first;
  double *restrict sum = sums->sum, *restrict lost = sums->lost, *restrict spread = sums->spread;
  for (int64_t j = 0; j < d; j++) {
    const double difference = x[j] - first[j], term = difference - lost[j], total = sum[j] + term;
    lost[j] = (total - sum[j]) - term;
    sum[j] = total;
    spread[j] += fabs(difference);
  }
}

static divw_status add_rows(const divw_dataset *dataset, const column_sums *sums) {
  divw_status status;
  const int64_t d = dataset->source->d;
  dw_cursor cursor = {0};
  dw_window window;
  DW_TRY(dw_cursor_open(&cursor, dataset));
  for (int64_t i = 0; i < dataset->n; i += window.count) {
    DW_TRY(dw_cursor_rows(&cursor, i, dataset->n - i, &window));
    for (int64_t k = 0; k < window.count; k++) {
      DW_TRY(dw_window_row_finite(&window, k, i + k == 0 ? sums->first : sums->x));
      if (i + k > 0) {
        add_row(sums, d);
      }
    }
  }
fail:
  dw_cursor_close(&cursor);
  return status;
}

/* The mean of the rows, which `old` may have been subtracted from already. */
static divw_status take_mean(dw_center *center, const column_sums *sums, const divw_dataset *dataset) {
  const dw_center *old = dataset->center;
  const double n = (double)dataset->n;
  for (int64_t j = 0; j < dataset->source->d; j++) {
    const double mean = sums->first[j] + sums->sum[j] / n;
    center->mean[j] = mean + (old == NULL ? 0 : old->mean[j]);
    center->rounding[j] = 2 * DBL_EPSILON * (fabs(mean) + sums->spread[j] / n) + (old == NULL ? 0 : old->rounding[j]);
    if (!isfinite(center->mean[j]) || !isfinite(center->rounding[j])) {
      return dw_fail(DIVW_ERROR_DATA, "column %lld of the data has numbers so large that their sum overflows",
                     (long long)j);
    }
  }
  return DIVW_OK;
}

static divw_status make_center(dw_center **out, int64_t d) {
  divw_status status = dw_alloc(out, 1, sizeof **out + 2 * (size_t)d * sizeof(double));
  if (status == DIVW_OK) {
    atomic_init(&(*out)->references, 1);
    (*out)->mean = (double *)(*out + 1);
    (*out)->rounding = (*out)->mean + d;
  }
  return status;
}

divw_status divw_dataset_center(divw_dataset **out, const divw_dataset *dataset) {
  divw_status status;
  double *memory = NULL;
  dw_center *center = NULL;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  const int64_t d = dataset->source->d;
  DW_TRY(dw_alloc_zero(&memory, d, 5 * sizeof *memory));
  const column_sums sums = {memory, memory + d, memory + 2 * d, memory + 3 * d, memory + 4 * d};
  DW_TRY(add_rows(dataset, &sums));
  DW_TRY(make_center(&center, d));
  DW_TRY(take_mean(center, &sums, dataset));
  divw_dataset centered = *dataset;
  centered.center = center;
  DW_TRY(dw_dataset_view(out, &centered));
fail:
  dw_center_release(center); /* the view has a reference of its own */
  divw_free(memory);
  return status;
}
