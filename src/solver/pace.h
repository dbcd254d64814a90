/* How long an iteration takes on this machine. */
#ifndef DW_PACE_H
#define DW_PACE_H

#include "interior.h"

typedef struct {
  int64_t n, r;             /* rows and features of the kernel */
  int32_t dtype;            /* of what its rows are fetched from */
  double order;             /* of the solve */
  bool single;              /* whether ascent runs in single precision */
  double newton_operations; /* dw_newton_cost() */
} dw_pace_problem;

/* Seconds of an iteration by a method other than DIVW_METHOD_AUTO. */
divw_status dw_pace_measure(const dw_pace_problem *problem, int32_t method, double *seconds);

#endif
