/* Rows that came later, moved and turned as the rows of a dataset were: the same mean, the same directions.
 *
 * A transformed dataset remembers how it was computed, as a chain of steps z = V (x - mean) (view.h); here the chain is
 * walked from its first step on. To center or reduce the new rows by themselves would put them into other coordinates,
 * where their similarity to the old ones means nothing. */
#include "view.h"

#include <divweights/transform.h>

/* How many numbers the rows had before the first step. */
static int64_t first_dimension(const divw_dataset *model) {
  int64_t d = model->source->d;
  for (const dw_directions *step = model->source->directions; step != NULL; step = step->before) {
    d = step->d;
  }
  return d;
}

static divw_status centered(divw_dataset **out, const divw_dataset *dataset, dw_center *center) {
  divw_dataset rows = *dataset;
  rows.center = center == NULL ? dataset->center : center;
  return dw_dataset_view(out, &rows);
}

/* All steps up to `last`; NULL: none. The chain is as long as the caller's calls of divw_dataset_components(). */
static divw_status walk(divw_dataset **out, const divw_dataset *dataset, dw_directions *last) {
  divw_status status;
  divw_dataset *before = NULL, *moved = NULL;
  if (last == NULL) {
    return dw_dataset_view(out, dataset);
  }
  DW_TRY(walk(&before, dataset, last->before));
  DW_TRY(centered(&moved, before, last->center));
  DW_TRY(dw_dataset_project(out, moved, last));
fail:
  divw_dataset_destroy(moved);
  divw_dataset_destroy(before);
  return status;
}

divw_status divw_dataset_transform_like(divw_dataset **out, const divw_dataset *dataset, const divw_dataset *model) {
  divw_status status;
  divw_dataset *turned = NULL;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  DW_REQUIRE(model);
  if (dataset->center != NULL) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: dataset is centered, expected rows as they were before", __func__);
  }
  if (dataset->source->d != first_dimension(model)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: dataset has %lld columns, expected %lld, those that model was made of",
                   __func__, (long long)dataset->source->d, (long long)first_dimension(model));
  }
  DW_TRY(walk(&turned, dataset, model->source->directions));
  DW_TRY(centered(out, turned, model->center));
fail:
  divw_dataset_destroy(turned);
  return status;
}
