/* What statistics are made of. */
#ifndef DW_EVALUATE_STATISTICS_H
#define DW_EVALUATE_STATISTICS_H

#include "../internal.h"

#include <divweights/evaluate.h>

struct divw_statistics {
  int64_t n, d;       /* n 0, effective NaN, covariance 0: not known */
  double effective;   /* 1 / sum p^2 */
  int32_t covariance; /* DIVW_COVARIANCE_* */
  int64_t rank;       /* 0: `matrix` is S, d x d; else it is A, rank x d with S = A^T A */
  double *mean, *matrix;
};

double dw_statistics_trace(const divw_statistics *statistics);

#endif
