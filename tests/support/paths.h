/* Solvers of paths, and data to solve. */
#ifndef PATHS_H
#define PATHS_H

#include "check.h"

typedef struct {
  double order, tolerance;
  int32_t objective, method;
} options;

extern const options published;

/* The iterations of all its solves are counted into *total. */
divw_solver *make_solver(options o, double balance, int64_t *total);

divw_weights *solve_from(const divw_kernel *kernel, options o, double balance, const double *initial,
                         int64_t *iterations);

/* What a nat of log VS is worth, times the tolerance. */
double allowed(options o, const divw_weights *weights);

/* Twenty kinds, all of which the old rows have. */
double *make_kinds(int64_t n, int64_t d);

#endif
