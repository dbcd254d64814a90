/* Rows of a dataset as the kernel fetches them. */
#ifndef DW_DATASET_H
#define DW_DATASET_H

#include "ids.h"
#include "internal.h"

#include <divweights/dataset.h>

/* Another reference to the same examples, with labels and ids, to be ended with divw_dataset_destroy(). */
divw_status dw_dataset_share(divw_dataset **out, const divw_dataset *dataset);

/* The columns that a fetch takes: all d of them (columns NULL), or `count` chosen ones, ascending. */
typedef struct {
  const int64_t *columns;
  int64_t count;
} dw_columns;

/* Row `position`, converted to double and times `scale`, into out[0 .. columns.count-1]. */
void dw_dataset_fetch(const divw_dataset *dataset, int64_t position, dw_columns columns, double scale, double *out);

/* The whole row; DIVW_ERROR_DATA, naming row and column, when a number of it is not finite. */
divw_status dw_dataset_fetch_finite(const divw_dataset *dataset, int64_t position, double *out);

/* The ids, of which the first n are those of the examples; NULL without. The dataset keeps its reference. */
dw_ids *dw_dataset_ids(const divw_dataset *dataset);

#endif
