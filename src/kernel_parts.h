/* What a kernel is made of, for the two files that look inside: kernel.c and project.c. */
#ifndef DW_KERNEL_PARTS_H
#define DW_KERNEL_PARTS_H

#include "dataset.h"
#include "kernel.h"

struct divw_kernel {
  int32_t similarity;
  int64_t n, r;
  divw_dataset *dataset;
  dw_columns columns; /* those that are not zero everywhere; NULL: all */
  int64_t *column_list;
  double *scale; /* 1 / |x_i| */
  double *phi;   /* n x r where n < d', else NULL: rows are fetched from the dataset */
};

/* Fetches row i, all columns, and checks that the similarity can take it; *scale = 1 / |x|. */
divw_status dw_kernel_look(int32_t similarity, const divw_dataset *dataset, int64_t i, double *x, double *scale);

#endif
