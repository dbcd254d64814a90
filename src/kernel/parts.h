/* What a kernel is made of, shared by the files of this folder:
 *
 *     kernel.c       its life; rows are looked at once
 *     options.c      which similarity, as a caller says it
 *     kinds.c        the table of similarities: a measure and a function of it each
 *     measures.c, tanimoto.c, given.c   how two rows are compared
 *     similarity.c   a similarity bound to examples; its matrix in blocks
 *     bandwidth.c    the parameter that the data choose
 *     passes.c       the two passes over feature rows
 *     exact.c        features from the n x n matrix
 *     project.c      features of rows that it was not made on
 */
#ifndef DW_KERNEL_PARTS_H
#define DW_KERNEL_PARTS_H

#include "../dataset.h"
#include "../kernel.h"
#include "similarity.h"

struct divw_kernel {
  int64_t n, r;
  divw_dataset *dataset;
  dw_similarity similarity;
  dw_columns columns; /* those that are not zero everywhere; NULL: all */
  int64_t *column_list;
  double *scale;   /* 1 / |x_i| */
  double *phi;     /* n x r, else NULL: rows are fetched from the dataset */
  int64_t *pivots; /* with phi: r examples whose features are a lower triangular matrix */
};

/* factor * phi_i, r numbers; and whole feature rows, count x r. */
void dw_kernel_fetch(const divw_kernel *kernel, int64_t i, double factor, double *out);
void dw_kernel_fetch_block(const divw_kernel *kernel, int64_t first, int64_t count, double *block);

/* Fills phi, pivots and r from the n x n matrix of similarities. */
divw_status dw_kernel_make_exact(divw_kernel *kernel);

#endif
