/* Rows of a dataset as the kernel fetches them. */
#ifndef DW_DATASET_H
#define DW_DATASET_H

#include "ids.h"
#include "internal.h"

#include <divweights/dataset.h>

/* Another reference to the same examples, with labels and ids, to be ended with divw_dataset_destroy(). */
divw_status dw_dataset_share(divw_dataset **out, const divw_dataset *dataset);

/* ---- rows ---- */

/* The columns that a fetch takes: all d of them (columns NULL), or `count` chosen ones, ascending. */
typedef struct {
  const int64_t *columns;
  int64_t count;
  const int64_t *run; /* columns[k] begins so many that follow one another; NULL: not known */
} dw_columns;

/* Rows as they lie in the source: row k, in its own type, is `stride` bytes times k (or list[k]) behind `bytes`. */
typedef struct {
  const divw_dataset *dataset;
  int64_t first, count; /* which rows of the dataset */
  const unsigned char *bytes;
  const int64_t *list; /* NULL: they lie one after the other */
  int64_t stride;
  int32_t dtype;
} dw_window;

/* A walk over the rows of a dataset, forwards where it can: the one way to their bytes. */
typedef struct {
  const divw_dataset *dataset;
  struct dw_windows *windows; /* NULL: rows are in memory */
} dw_cursor;

divw_status dw_cursor_open(dw_cursor *cursor, const divw_dataset *dataset);

/* Rows from `first` on: as many as the source can show at once, at most `count` and at least one. The window is valid
 * until the next call, and may be read by other threads until then. To be called by the thread that opened the cursor.
 * Fails where rows cannot be read. */
divw_status dw_cursor_rows(dw_cursor *cursor, int64_t first, int64_t count, dw_window *window);

/* A cursor of zeros is accepted. */
void dw_cursor_close(dw_cursor *cursor);

/* Row k of a window, converted to double and times `scale`, into out[0 .. columns.count-1]. */
void dw_window_row(const dw_window *window, int64_t k, dw_columns columns, double scale, double *out);

/* The same in single precision. */
void dw_window_row_single(const dw_window *window, int64_t k, dw_columns columns, double scale, float *out);

/* The whole row; DIVW_ERROR_DATA, naming row and column, when a number of it is not finite. */
divw_status dw_window_row_finite(const dw_window *window, int64_t k, double *out);

/* Exactly `count` rows from `first` on, each times `scale`, count x columns.count. */
divw_status dw_cursor_fetch(dw_cursor *cursor, int64_t first, int64_t count, dw_columns columns, double scale,
                            double *out);

/* The ids, of which the first n are those of the examples; NULL without. The dataset keeps its reference. */
dw_ids *dw_dataset_ids(const divw_dataset *dataset);

#endif
