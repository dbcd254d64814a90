/* Distances between rows that compare as if they had been computed one by one. */
#ifndef DW_EVALUATE_NEIGHBOURS_H
#define DW_EVALUATE_NEIGHBOURS_H

#include "rows.h"

/* Two sets of rows on a common scale and a common shift. */
typedef struct {
  dw_rows *a, *b;
  double slack;  /* |x - y|^2 by inner products is right to slack (|x|^2 + |y|^2) */
  double *x, *y; /* a row each, d numbers */
  int64_t row_x; /* which row of `a` x is; -1: none yet */
} dw_distances;

/* Chooses scale and shift for both sets (or one, given twice) and measures them. `shift` has d numbers and lives as
 * long as the rows. */
divw_status dw_prepare_distances(dw_rows *a, dw_rows *b, double *shift);

/* To be destroyed, also on failure. */
divw_status dw_distances_create(dw_distances *distances, dw_rows *a, dw_rows *b);
void dw_distances_destroy(dw_distances *distances);

/* sum_l (x_il - y_jl)^2 of scaled rows, the same whichever row comes first. */
divw_status dw_distance(dw_distances *distances, int64_t i, int64_t j, double *distance);

/* First of the pairs (i, j), (i, j+1), ... of row i of a tile whose distance may be below limit_i or limit[j];
 * tile->n: none. */
int64_t dw_next_candidate(const dw_distances *distances, const dw_tile *tile, int64_t i, int64_t j, double limit_i,
                          const double *limit);

/* For each row the squared distance to its k-th nearest other row; needs more than k rows. */
divw_status dw_kth_distances(dw_rows *rows, int64_t k, double *radius);

/* For each row of a the nearest row of b; of equally near ones the first. */
divw_status dw_nearest_rows(dw_rows *a, dw_rows *b, int64_t *nearest);

#endif
