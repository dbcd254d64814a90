/* Rows that came later, moved and turned as the rows of a dataset were: the same mean, the same directions.
 *
 * A transformed dataset remembers how it was computed, as a chain of steps z = V (x - mean) (view.h); here the chain is
 * walked from its first step on. To center or reduce the new rows by themselves would put them into other coordinates,
 * where their similarity to the old ones means nothing. */
#include "view.h"

#include <divweights/transform.h>

static int64_t count_steps(const dw_directions *step) {
  int64_t count = 0;
  for (; step != NULL; step = step->before) {
    count++;
  }
  return count;
}

/* The step that has `before` others before it. */
static dw_directions *find_step(dw_directions *last, int64_t before) {
  for (int64_t k = count_steps(last) - 1; k > before; k--) {
    last = last->before;
  }
  return last;
}

/* How many numbers the rows had before the first step. */
static int64_t first_dimension(const divw_dataset *model) {
  return model->source->directions == NULL ? model->source->d : find_step(model->source->directions, 0)->d;
}

static divw_status centered(divw_dataset **out, const divw_dataset *dataset, dw_center *center) {
  divw_dataset rows = *dataset;
  rows.center = center;
  return dw_dataset_view(out, &rows);
}

/* Puts rows in the place of what they become in one step. */
static divw_status take_step(divw_dataset **rows, dw_directions *step) {
  divw_status status;
  divw_dataset *moved = NULL, *turned = NULL;
  DW_TRY(centered(&moved, *rows, step->center));
  DW_TRY(dw_dataset_project(&turned, moved, step));
  divw_dataset_destroy(*rows);
  *rows = turned;
fail:
  divw_dataset_destroy(moved);
  return status;
}

divw_status divw_dataset_transform_like(divw_dataset **out, const divw_dataset *dataset, const divw_dataset *model) {
  divw_status status;
  divw_dataset *rows = NULL;
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
  dw_directions *last = model->source->directions;
  DW_TRY(centered(&rows, dataset, NULL));
  for (int64_t k = 0; k < count_steps(last); k++) {
    DW_TRY(take_step(&rows, find_step(last, k)));
  }
  DW_TRY(centered(out, rows, model->center));
fail:
  divw_dataset_destroy(rows);
  return status;
}
