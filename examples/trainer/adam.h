/* The optimiser Adam. */
#ifndef ADAM_H
#define ADAM_H

#include "real.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  int64_t size; /* number of parameters */
  int64_t step; /* steps made */
  real *mean;   /* of the gradient, over about 10 steps */
  real *square; /* of its square, over about 1,000 */
} adam;

/* False when there is no memory. */
bool adam_create(adam *optimiser, int64_t size);
void adam_destroy(adam *optimiser);

void adam_step(adam *optimiser, real *parameters, const real *gradient);

#endif
