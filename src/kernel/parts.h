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
};

/* Fetches row i, all columns, and checks that the similarity can take it; *scale = 1 / |x|. */
divw_status dw_kernel_look(int32_t similarity, const divw_dataset *dataset, int64_t i, double *x, double *scale);

/* factor * phi_i, r numbers; and whole feature rows, count x r. */
void dw_kernel_fetch(const divw_kernel *kernel, int64_t i, double factor, double *out);
void dw_kernel_fetch_block(const divw_kernel *kernel, int64_t first, int64_t count, double *block);

/* Fills phi and r from the n x n matrix of similarities. */
divw_status dw_kernel_make_row_side(divw_kernel *kernel);

#endif
