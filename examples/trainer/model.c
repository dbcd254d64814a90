/* The variational auto-encoder of Kingma and Welling (ICLR 2014), with its gradient written out.
 *
 *     h = relu(x W0 + b0)             (m, s) = h W1 + b1            s = log of the variances
 *     z = m + exp(s/2) noise          g = relu(z W2 + b2)           a = g W3 + b3
 *
 *     loss = sum_j (log(1 + exp(a_j)) - x_j a_j)  +  1/2 sum_k (m_k^2 + exp(s_k) - s_k - 1)
 *
 * the first sum is -log of the probability of x under independent Bernoulli pixels with means 1/(1 + exp(-a)), the
 * second the divergence KL(N(m, exp s) || N(0, 1)). Going back:
 *
 *     da = sigmoid(a) - x,    dm = dz + m,    ds = dz noise exp(s/2)/2 + (exp(s) - 1)/2
 *
 * and through a layer Y = X W + b:  dW = X^T dY,  db = column sums of dY,  dX = dY W^T. */
#include "model.h"

#include "random.h"

#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

enum { ENCODE, MOMENTS, DECODE, PIXELS };

/* ---- memory ---- */

static void place_layers(model *vae) {
  const int64_t inputs[LAYERS] = {vae->d, HIDDEN, LATENT, HIDDEN};
  const int64_t outputs[LAYERS] = {HIDDEN, TWICE_LATENT, HIDDEN, vae->d};
  vae->size = 0;
  for (int k = 0; k < LAYERS; k++) {
    vae->layers[k] = (layer){inputs[k], outputs[k], .W = vae->size, .b = vae->size + inputs[k] * outputs[k]};
    vae->size += (inputs[k] + 1) * outputs[k];
  }
}

static void fill_parameters(model *vae, uint64_t seed) {
  for (int k = 0; k < LAYERS; k++) {
    const layer *at = &vae->layers[k];
    const random_sequence numbers = random_part(seed, RANDOM_PARAMETERS, (uint64_t)k);
    const double range = 1 / sqrt((double)at->inputs);
    for (int64_t i = 0; i < (at->inputs + 1) * at->outputs; i++) {
      vae->parameters[at->W + i] = (real)(range * (2 * random_uniform(numbers, (uint64_t)i) - 1));
    }
  }
}

bool model_create(model *vae, int64_t d, int64_t batch, uint64_t seed) {
  *vae = (model){.d = d, .batch = batch};
  place_layers(vae);
  const int64_t widths[] = {HIDDEN, TWICE_LATENT, LATENT, HIDDEN, d, HIDDEN, TWICE_LATENT, LATENT};
  real **const parts[] = {&vae->hidden, &vae->moments,     &vae->code,         &vae->wide,
                          &vae->pixels, &vae->back_hidden, &vae->back_moments, &vae->back_code};
  vae->parameters = malloc((size_t)vae->size * sizeof(real));
  vae->gradient = malloc((size_t)vae->size * sizeof(real));
  bool done = vae->parameters != NULL && vae->gradient != NULL;
  for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
    *parts[k] = malloc((size_t)(batch * widths[k]) * sizeof(real));
    done = done && *parts[k] != NULL;
  }
  if (done) {
    fill_parameters(vae, seed);
  }
  return done;
}

void model_destroy(model *vae) {
  real *const parts[] = {vae->parameters, vae->gradient, vae->hidden,      vae->moments,      vae->code,
                         vae->wide,       vae->pixels,   vae->back_hidden, vae->back_moments, vae->back_code};
  for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
    free(parts[k]);
  }
}

/* ---- layers ---- */

/* Y = X W + b. */
static void forward(const model *vae, int which, const real *X, int64_t count, real *Y) {
  const layer *at = &vae->layers[which];
  const int rows = (int)count, in = (int)at->inputs, out = (int)at->outputs;
  for (int64_t i = 0; i < count; i++) {
    memcpy(Y + i * out, vae->parameters + at->b, (size_t)out * sizeof(real));
  }
  gemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, out, in, 1, X, in, vae->parameters + at->W, out, 1, Y, out);
}

/* The gradient of the layer from dY, and dX unless it is NULL. */
static void backward(model *vae, int which, const real *X, const real *dY, int64_t count, real *dX) {
  const layer *at = &vae->layers[which];
  const int rows = (int)count, in = (int)at->inputs, out = (int)at->outputs;
  real *db = vae->gradient + at->b;
  gemm(CblasRowMajor, CblasTrans, CblasNoTrans, in, out, rows, 1, X, in, dY, out, 0, vae->gradient + at->W, out);
  memset(db, 0, (size_t)out * sizeof(real));
  for (int64_t i = 0; i < count; i++) {
    for (int64_t j = 0; j < out; j++) {
      db[j] += dY[i * out + j];
    }
  }
  if (dX != NULL) {
    gemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, in, out, 1, dY, out, vae->parameters + at->W, out, 0, dX, in);
  }
}

static void relu(real *y, int64_t size) {
  for (int64_t i = 0; i < size; i++) {
    y[i] = y[i] > 0 ? y[i] : 0;
  }
}

static void relu_backward(const real *y, real *dy, int64_t size) {
  for (int64_t i = 0; i < size; i++) {
    dy[i] = y[i] > 0 ? dy[i] : 0;
  }
}

/* ---- the loss ---- */

/* z = m + exp(s/2) noise. */
static void draw_codes(model *vae, const real *noise, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const real *m = vae->moments + i * TWICE_LATENT, *s = m + LATENT;
    for (int k = 0; k < LATENT; k++) {
      vae->code[i * LATENT + k] = m[k] + exp(s[k] / 2) * noise[i * LATENT + k];
    }
  }
}

/* The sum over pixels; what vae->pixels held, a, becomes scale da. One exponential gives sigmoid and logarithm. */
static double pixel_loss(model *vae, const real *x, int64_t count, real scale) {
  double loss = 0;
  for (int64_t i = 0; i < count * vae->d; i++) {
    const real a = vae->pixels[i], small = exp(-fabs(a));
    const real sigmoid = (a > 0 ? 1 : small) / (1 + small);
    loss += (a > 0 ? a : 0) + log(1 + small) - x[i] * a;
    vae->pixels[i] = scale * (sigmoid - x[i]);
  }
  return loss;
}

/* The sum over codes; scale dm and scale ds, from scale dz. */
static double code_loss(model *vae, const real *noise, int64_t count, real scale) {
  double loss = 0;
  for (int64_t i = 0; i < count; i++) {
    const real *m = vae->moments + i * TWICE_LATENT, *s = m + LATENT, *dz = vae->back_code + i * LATENT;
    real *dm = vae->back_moments + i * TWICE_LATENT, *ds = dm + LATENT;
    for (int k = 0; k < LATENT; k++) {
      const real deviation = exp(s[k] / 2), variance = deviation * deviation;
      loss += (m[k] * m[k] + variance - s[k] - 1) / 2;
      dm[k] = dz[k] + scale * m[k];
      ds[k] = (dz[k] * noise[i * LATENT + k] * deviation + scale * (variance - 1)) / 2;
    }
  }
  return loss;
}

static void decode(model *vae, const real *codes, int64_t count, real *pixels) {
  forward(vae, DECODE, codes, count, vae->wide);
  relu(vae->wide, count * HIDDEN);
  forward(vae, PIXELS, vae->wide, count, pixels);
}

double model_loss(model *vae, const real *x, const real *noise, int64_t count) {
  const real scale = 1 / (real)count;
  forward(vae, ENCODE, x, count, vae->hidden);
  relu(vae->hidden, count * HIDDEN);
  forward(vae, MOMENTS, vae->hidden, count, vae->moments);
  draw_codes(vae, noise, count);
  decode(vae, vae->code, count, vae->pixels);

  double loss = pixel_loss(vae, x, count, scale);
  backward(vae, PIXELS, vae->wide, vae->pixels, count, vae->back_hidden);
  relu_backward(vae->wide, vae->back_hidden, count * HIDDEN);
  backward(vae, DECODE, vae->code, vae->back_hidden, count, vae->back_code);
  loss += code_loss(vae, noise, count, scale);
  backward(vae, MOMENTS, vae->hidden, vae->back_moments, count, vae->back_hidden);
  relu_backward(vae->hidden, vae->back_hidden, count * HIDDEN);
  backward(vae, ENCODE, x, vae->back_hidden, count, NULL);
  return loss / (double)count;
}

void model_decode(model *vae, const real *codes, int64_t count, real *means) {
  decode(vae, codes, count, means);
  for (int64_t i = 0; i < count * vae->d; i++) {
    means[i] = 1 / (1 + exp(-means[i]));
  }
}
