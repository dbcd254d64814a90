/* Sets of rows with weights, for the tests of metrics. */
#ifndef SETS_H
#define SETS_H

#include "check.h"

typedef struct {
  int64_t n, d;
  double *x, *p;
  divw_dataset *dataset;
} set;

/* n normal rows around `offset`, and random weights of which every seventh is 0. */
set make_set(int64_t n, int64_t d, double offset, uint64_t seed);

set set_of(const double *x, int64_t n, int64_t d);

void forget(set *s);

/* The rows of positive weight alone. */
set without_zeros(const set *s);

double fid_of(const set *a, const double *p, const set *b, const double *v, int32_t covariance);

#endif
