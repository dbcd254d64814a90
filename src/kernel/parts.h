/* What a kernel is made of, shared by the files of this folder:
 *
 *     kernel.c     its life; rows are looked at once
 *     passes.c     the two passes over feature rows
 *     row_side.c   features from the n x n matrix
 *     project.c    features of rows that it was not made on
 */
#ifndef DW_KERNEL_PARTS_H
#define DW_KERNEL_PARTS_H

#include "../dataset.h"
#include "../kernel.h"

struct divw_kernel {
  int32_t similarity;
  int64_t n, r;
  divw_dataset *dataset;
  dw_columns columns; /* those that are not zero everywhere; NULL: all */
  int64_t *column_list;
  double *scale; /* 1 / |x_i| */
  double *phi;   /* n x r where n < d', else NULL: rows are fetched from the dataset */
  double *deficit; /* 1 - |phi_i|^2, n; NULL: 0 */
  dw_decay decay;  /* of these */
  int32_t approximation; /* DIVW_APPROXIMATION_* */
};

/* Fetches row k of a window, all columns, and checks that the similarity can take it; *scale = 1 / |x|. */
divw_status dw_kernel_look(int32_t similarity, const dw_window *window, int64_t k, double *x, double *scale);

/* A walk over feature rows, as dw_cursor over the rows of a dataset. */
typedef struct {
  const divw_kernel *kernel;
  dw_cursor cursor; /* not where phi is in memory */
} dw_features;

divw_status dw_features_open(dw_features *features, const divw_kernel *kernel);
void dw_features_close(dw_features *features);

/* Feature rows from `first` on, before columns are chosen and rows are scaled: as dw_cursor_rows(). */
divw_status dw_features_rows(dw_features *features, int64_t first, int64_t count, dw_window *window);

/* factor * phi of row k of such a window, r numbers. */
void dw_features_row(const divw_kernel *kernel, const dw_window *window, int64_t k, double factor, double *out);

/* Exactly `count` feature rows, count x r. */
divw_status dw_features_fetch(dw_features *features, int64_t first, int64_t count, double *block);

/* Fills phi and r from the n x n matrix of similarities. */
divw_status dw_kernel_make_row_side(divw_kernel *kernel);

#endif
