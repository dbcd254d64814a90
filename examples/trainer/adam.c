/* Adam (Kingma, Ba, ICLR 2015) with its published constants: for every parameter, with gradient g, at step t
 *
 *     m <- 0.9 m + 0.1 g,    v <- 0.999 v + 0.001 g^2,
 *     parameter <- parameter - 0.001 m / (1 - 0.9^t) / (sqrt(v / (1 - 0.999^t)) + 1e-8) */
#include "adam.h"

#include <stdlib.h>
#include <tgmath.h>

static const double rate = 1e-3, keep_mean = 0.9, keep_square = 0.999, least = 1e-8;

bool adam_create(adam *optimiser, int64_t size) {
  *optimiser = (adam){.size = size};
  optimiser->mean = calloc((size_t)size, sizeof(real));
  optimiser->square = calloc((size_t)size, sizeof(real));
  return optimiser->mean != NULL && optimiser->square != NULL;
}

void adam_destroy(adam *optimiser) {
  free(optimiser->mean);
  free(optimiser->square);
}

void adam_step(adam *optimiser, real *parameters, const real *gradient) {
  const double t = (double)++optimiser->step;
  const real b1 = (real)keep_mean, b2 = (real)keep_square, epsilon = (real)least;
  const real step = (real)(rate / (1 - pow(keep_mean, t))), correction = (real)(1 / (1 - pow(keep_square, t)));
  for (int64_t i = 0; i < optimiser->size; i++) {
    const real g = gradient[i];
    const real m = optimiser->mean[i] = b1 * optimiser->mean[i] + (1 - b1) * g;
    const real v = optimiser->square[i] = b2 * optimiser->square[i] + (1 - b2) * g * g;
    parameters[i] -= step * m / (sqrt(v * correction) + epsilon);
  }
}
