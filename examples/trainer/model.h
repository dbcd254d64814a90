/* What is trained, in the place of your network: a variational auto-encoder of rows of d numbers in [0, 1].
 *
 *     d -> 256 -> 16 means and 16 log variances -> a code of 16 numbers -> 256 -> d probabilities
 *
 * All parameters lie in one array, and so does the gradient: an optimiser, a checkpoint or a check by differences needs
 * to know nothing else about them. */
#ifndef MODEL_H
#define MODEL_H

#include "real.h"

#include <stdbool.h>
#include <stdint.h>

enum { HIDDEN = 256, LATENT = 16, TWICE_LATENT = 2 * LATENT, LAYERS = 4 };

typedef struct {
  int64_t inputs, outputs;
  int64_t W; /* where its inputs x outputs weights begin among the parameters */
  int64_t b; /* and its outputs offsets */
} layer;

typedef struct {
  int64_t d;     /* numbers per example */
  int64_t batch; /* examples at once, at most */
  int64_t size;  /* number of parameters */
  layer layers[LAYERS];
  real *parameters, *gradient;
  real *hidden, *moments, *code, *wide, *pixels; /* batch x 256, 32, 16, 256, d: what layers give */
  real *back_hidden, *back_moments, *back_code;  /* gradients with respect to those */
} model;

/* With random parameters, uniform on +-1/sqrt(inputs) of their layer. False when there is no memory. */
bool model_create(model *vae, int64_t d, int64_t batch, uint64_t seed);
void model_destroy(model *vae);

/* The loss of count rows of x, and its gradient in vae->gradient; noise are count x 16 numbers of the normal
 * distribution. In nats per row, averaged over the rows (model.c has the formula). */
double model_loss(model *vae, const real *x, const real *noise, int64_t count);

/* The mean images, count x d probabilities, of count x 16 codes. */
void model_decode(model *vae, const real *codes, int64_t count, real *means);

#endif
