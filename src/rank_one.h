/* The spectrum of a diagonal matrix after one example was added to it. */
#ifndef DW_RANK_ONE_H
#define DW_RANK_ONE_H

#include "internal.h"

/* Eigenvalues of diag(d) + z z^T, ascending, from w_j = z_j^2 > 0: d ascending, m of them, all >= 0. Some 5 steps of 4
 * m operations for each. */
void dw_rank_one(const double *d, const double *w, int64_t m, double *roots);

#endif
