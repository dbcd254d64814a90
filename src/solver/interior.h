/* What the two interior-point methods share: the loop around a Newton step. */
#ifndef DW_INTERIOR_H
#define DW_INTERIOR_H

#include "solve.h"

enum { DW_INTERIOR_POINT_COUNT = 10000 };

/* How far towards the boundary of the positive numbers a step goes. */
#define DW_TO_THE_BOUNDARY 0.98

/* The longest step, at most 1, that keeps x + step dx positive by that rule. */
double dw_longest_step(const double *x, const double *dx, int64_t n);

/* A method keeps its own p (inside the simplex, not normalised) and multipliers. */
typedef struct {
  void *self;
  void (*begin)(void *self, const dw_point *at); /* multipliers of the first point */
  bool (*step)(void *self, const dw_point *at);  /* moves p; false when it cannot */
} dw_interior;

/* Starts from best->logit and a tenth of uniform; best becomes the best point met. p: n numbers of the method. */
divw_status dw_interior_iterate(dw_solve *solve, dw_problem problem, double target, dw_point *best, double *p,
                                dw_interior method, int64_t *iterations, int32_t *stop_reason);

divw_status dw_interior_point_inf(dw_solve *solve, dw_problem problem, double target, dw_point *point,
                                  int64_t *iterations, int32_t *stop_reason);

#endif
