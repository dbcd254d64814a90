/* What a dataset is made of, shared by the files of this folder:
 *
 *     dataset.c     its life: from memory, labels and ids, what is known of it
 *     load.c        from files and folders
 *     select.c      subsets
 *     gather.c      the rows of one in memory of their own
 *     store.c       rows that are not in memory
 *     windows.c     windows on them, read ahead
 *     fetch.c       windows on rows; a row as doubles, or as floats
 *     single.c      conversion to floats, several at once
 *     center.c      rows minus their mean
 *     components.c  leading principal components of the rows
 *     like.c        other rows, transformed as these were
 *
 * A dataset is a view: n row numbers over a `source`, the block of memory that rows were copied, read or computed into
 * or that was borrowed, or the files or the callback that have them, with what is known of each row. The parts are
 * counted and never change, so that views and kernels share them. */
#ifndef DW_DATASET_VIEW_H
#define DW_DATASET_VIEW_H

#include "../array_file.h"
#include "../counted.h"
#include "../dataset.h"
#include "windows.h"

/* Whole numbers, one per row. */
typedef struct {
  atomic_int references;
  int64_t value[];
} dw_numbers;

/* Rows are taken as x - mean; what is within rounding of 0 is 0. */
typedef struct {
  atomic_int references;
  double *mean, *rounding; /* d each */
} dw_center;

/* How rows were computed from others:  z = V (x - mean). */
typedef struct dw_directions {
  atomic_int references;
  int64_t k, d;
  double *V;                    /* k x d */
  dw_center *center;            /* NULL: no mean was subtracted */
  struct dw_directions *before; /* how x was computed from others in its turn; NULL: it was not */
} dw_directions;

typedef struct {
  atomic_int references;
  int32_t dtype;
  int64_t d, row_stride;
  int64_t shape[DW_MAX_AXES]; /* of a row from place 1 on, as the file has it; zeros end it */
  const unsigned char *bytes; /* NULL: they are not in memory, but in the store */
  dw_store *store;
  void *owned;               /* NULL where the bytes are borrowed */
  dw_numbers *origin;        /* where rows were computed from others: the numbers of those; NULL: its own */
  dw_directions *directions; /* and how; NULL: they were not */
  double seconds_read;
} dw_source;

struct divw_dataset {
  dw_source *source;
  dw_numbers *list;  /* NULL: example i is row i of the source */
  int64_t n;         /* at most the length of the list, labels and ids, or of the source */
  dw_center *center; /* NULL: rows as they are */
  dw_numbers *labels;
  dw_ids *ids;
};

/* A dataset of the same parts, with references of its own to them. */
divw_status dw_dataset_view(divw_dataset **out, const divw_dataset *parts);

/* A dataset of all rows of a block; takes `owned` over, also on failure. */
divw_status dw_dataset_make(divw_dataset **out, const void *rows, void *owned, int64_t n, int64_t d, int32_t dtype,
                            int64_t row_stride);

/* A dataset of all rows of a store, which it takes over, also on failure. */
divw_status dw_dataset_make_stored(divw_dataset **out, dw_store *store, int64_t n, int64_t d);

/* A dataset of a packed block that has a row for each example of another, whose numbers, labels and ids they keep;
 * takes the block over, also on failure. */
divw_status dw_dataset_make_from(divw_dataset **out, void *rows, int64_t d, int32_t dtype,
                                 const divw_dataset *examples);

/* `count` numbers, not yet filled. */
divw_status dw_numbers_create(dw_numbers **out, int64_t count);

/* A dataset of V x for the rows x of another, as divw_dataset_components() describes it, with row numbers, labels and
 * ids of those. */
divw_status dw_dataset_project(divw_dataset **out, const divw_dataset *dataset, dw_directions *directions);

/* End a reference; NULL is accepted. */
void dw_numbers_release(dw_numbers *numbers);
void dw_center_release(dw_center *center);
void dw_directions_release(dw_directions *directions);

#endif
