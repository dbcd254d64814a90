/* Subsets: by position, by label, from the front. Rows are shared; what is known of them is picked along. */
#include "view.h"

#include <stdlib.h>
#include <string.h>

static divw_status check_count(const char *function, int64_t count) {
  return count >= 1
             ? DIVW_OK
             : dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected at least 1", function, (long long)count);
}

static divw_status pick_numbers(dw_numbers **out, const dw_numbers *numbers, const int64_t *positions, int64_t count) {
  divw_status status = dw_numbers_create(out, count);
  for (int64_t i = 0; status == DIVW_OK && i < count; i++) {
    (*out)->value[i] = numbers->value[positions[i]];
  }
  return status;
}

/* The rows of the source that are at these positions. */
static divw_status pick_rows(dw_numbers **out, const divw_dataset *dataset, const int64_t *rows, int64_t count,
                             const char *function) {
  divw_status status = dw_numbers_create(out, count);
  for (int64_t i = 0; status == DIVW_OK && i < count; i++) {
    if (rows[i] >= 0 && rows[i] < dataset->n) {
      (*out)->value[i] = dataset->list == NULL ? rows[i] : dataset->list->value[rows[i]];
    } else {
      status = dw_fail(DIVW_ERROR_ARGUMENT, "%s: rows[%lld] is %lld, expected 0 to %lld", function, (long long)i,
                       (long long)rows[i], (long long)dataset->n - 1);
    }
  }
  return status;
}

divw_status divw_dataset_select_rows(divw_dataset **out, const divw_dataset *dataset, const int64_t *rows,
                                     int64_t count) {
  divw_status status;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  DW_REQUIRE(rows);
  divw_dataset subset = *dataset;
  subset.n = count;
  subset.list = subset.labels = NULL;
  subset.ids = NULL;
  DW_TRY(check_count(__func__, count));
  DW_TRY(pick_rows(&subset.list, dataset, rows, count, __func__));
  if (dataset->labels != NULL) {
    DW_TRY(pick_numbers(&subset.labels, dataset->labels, rows, count));
  }
  if (dataset->ids != NULL) {
    DW_TRY(dw_ids_pick(&subset.ids, dataset->ids, rows, count));
  }
  DW_TRY(dw_dataset_view(out, &subset));
fail:
  dw_numbers_release(subset.list); /* the view has references of its own */
  dw_numbers_release(subset.labels);
  dw_ids_release(subset.ids);
  return status;
}

divw_status divw_dataset_select_first(divw_dataset **out, const divw_dataset *dataset, int64_t count) {
  divw_status status;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  DW_TRY(check_count(__func__, count));
  divw_dataset subset = *dataset;
  subset.n = dw_min(count, dataset->n);
  DW_TRY(dw_dataset_view(out, &subset));
fail:
  return status;
}

static int compare(const void *left, const void *right) {
  const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

/* Place of the first of `sorted` that is not below `label`. */
static int64_t lower_bound(const int64_t *sorted, int64_t count, int64_t label) {
  int64_t low = 0;
  while (count > 0) {
    const int64_t half = count / 2;
    if (sorted[low + half] < label) {
      low += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return low;
}

/* Writes the positions of all rows that have one of the labels, and how many they are; `met` says which labels. */
static int64_t find_labels(const divw_dataset *dataset, const int64_t *sorted, int64_t count, bool *met,
                           int64_t *positions) {
  int64_t found = 0;
  for (int64_t i = 0; i < dataset->n; i++) {
    const int64_t place = lower_bound(sorted, count, dataset->labels->value[i]);
    if (place < count && sorted[place] == dataset->labels->value[i]) {
      met[place] = true;
      positions[found++] = i;
    }
  }
  return found;
}

divw_status divw_dataset_select_labels(divw_dataset **out, const divw_dataset *dataset, const int64_t *labels,
                                       int64_t count) {
  divw_status status;
  int64_t *sorted = NULL, *positions = NULL;
  bool *met = NULL;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  DW_REQUIRE(labels);
  DW_TRY(check_count(__func__, count));
  if (dataset->labels == NULL) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: dataset has no labels, expected some to choose by", __func__);
  }
  DW_TRY(dw_alloc(&sorted, count, sizeof *sorted));
  DW_TRY(dw_alloc_zero(&met, count, sizeof *met));
  DW_TRY(dw_alloc(&positions, dataset->n, sizeof *positions));
  memcpy(sorted, labels, (size_t)count * sizeof *sorted);
  qsort(sorted, (size_t)count, sizeof *sorted, compare);
  const int64_t found = find_labels(dataset, sorted, count, met, positions);
  for (int64_t k = 0; k < count; k++) {
    if (!met[lower_bound(sorted, count, labels[k])]) {
      DW_TRY(dw_fail(DIVW_ERROR_ARGUMENT, "%s: labels[%lld] is %lld, expected a label that some row has", __func__,
                     (long long)k, (long long)labels[k]));
    }
  }
  DW_TRY(divw_dataset_select_rows(out, dataset, positions, found));
fail:
  divw_free(positions);
  divw_free(met);
  divw_free(sorted);
  return status;
}
