/* What the caller asks of the weights beside the objective, as options; and the set of weights that it makes. */
#ifndef DW_CONSTRAINTS_H
#define DW_CONSTRAINTS_H

#include "feasible.h"

#include <divweights/kernel.h>

typedef struct {
  double max_weight, min_weight; /* multiples of 1/n; INFINITY and 0: none */
  int64_t *labels;               /* of the bounded groups */
  double *least, *most;          /* their masses */
  int64_t group_count;
  int64_t *excluded; /* row numbers, ascending */
  int64_t excluded_count;
  double *quality; /* scores of the examples; NULL: none */
  int64_t quality_count;
  double effective; /* examples that H must be worth; a share of n where is_share; 0: none */
  bool is_share;
} dw_constraints;

void dw_constraints_clear(dw_constraints *constraints);

/* Whether a row of the source is excluded. */
bool dw_constraints_exclude(const dw_constraints *constraints, int64_t row);

/* Whether a row has bounds other than 0 and 1, by itself or with its group. */
bool dw_constraints_bound_rows(const dw_constraints *constraints);

/* The set for the examples of a kernel; DIVW_ERROR_ARGUMENT with the reason when it is empty. */
divw_status dw_constraints_set(const dw_constraints *constraints, const divw_kernel *kernel, dw_feasible *set);

/* Copies scores, divided by the largest, whose logarithm goes to log_scale; NULL without scores. */
divw_status dw_constraints_quality(const dw_constraints *constraints, const dw_feasible *set, double **quality,
                                   double *log_scale);

#endif
