/* The fall of the mean deficit with the rank of features. */
#ifndef DW_DECAY_H
#define DW_DECAY_H

#include "../internal.h"

enum { DW_DECAY_POINTS = 64 };

typedef struct {
  int64_t count;
  int64_t rank[DW_DECAY_POINTS];
  double mean[DW_DECAY_POINTS];
} dw_decay;

void dw_decay_add(dw_decay *decay, int64_t rank, double mean);

/* The rank at which the mean deficit is expected to be `factor` (below 1) times the last; n, the number of rows, where
 * that is not foreseen below it. */
int64_t dw_decay_rank(const dw_decay *decay, double factor, int64_t n);

#endif
