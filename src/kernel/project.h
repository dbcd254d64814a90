/* Rows that a kernel was not made on, in its feature space. */
#ifndef DW_PROJECT_H
#define DW_PROJECT_H

#include "../kernel.h"

typedef struct {
  const divw_kernel *kernel;
  const divw_dataset *rows;
  int64_t block;  /* how many rows to read at a time */
  double *factor; /* r x r, where features are from K: those of the pivots */
} dw_projection;

/* `function` is for the sentence where the rows have another number of columns than the kernel's. */
divw_status dw_projection_create(dw_projection *projection, const divw_kernel *kernel, const divw_dataset *rows,
                                 const char *function);
void dw_projection_destroy(dw_projection *projection);

/* The features of `count` rows from `first` on, count x r, and the share of each row's squared length that lies outside
 * their span: |phi_j|^2 + outside_j = 1. Checks the rows as divw_kernel_create() does. */
divw_status dw_projection_read(const dw_projection *projection, int64_t first, int64_t count, double *phi,
                               double *outside);

#endif
