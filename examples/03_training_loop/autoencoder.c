/* Oja's subspace rule (International Journal of Neural Systems 1, 1989), row by row, with x scaled to length 1:
 *
 *     y = W x,    W += rate y (x - W^T y)^T
 *
 * The rows of W become a basis of the leading principal components of what is drawn. */
#include "autoencoder.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { UNITS = 8 };

bool autoencoder_create(autoencoder *model, int64_t d) {
  const int64_t size = UNITS * d;
  *model = (autoencoder){.d = d, .W = malloc((size_t)size * sizeof(float))};
  for (int64_t i = 0; model->W != NULL && i < size; i++) {
    model->W[i] = 0.05F * sinf((float)(i * i % 9973)); /* small, and no two rows alike */
  }
  return model->W != NULL;
}

void autoencoder_destroy(autoencoder *model) { free(model->W); }

static double train_on(float *W, const float *row, int64_t d) {
  const float rate = 0.02F;
  float y[UNITS] = {0}, square = 0;
  double loss = 0;
  for (int64_t j = 0; j < d; j++) {
    square += row[j] * row[j];
  }
  const float scale = square > 0 ? 1 / sqrtf(square) : 0;
  for (int k = 0; k < UNITS; k++) {
    for (int64_t j = 0; j < d; j++) {
      y[k] += W[k * d + j] * scale * row[j];
    }
  }
  for (int64_t j = 0; j < d; j++) {
    float rest = scale * row[j];
    for (int k = 0; k < UNITS; k++) {
      rest -= y[k] * W[k * d + j];
    }
    for (int k = 0; k < UNITS; k++) {
      W[k * d + j] += rate * y[k] * rest;
    }
    loss += rest * rest;
  }
  return loss;
}

double autoencoder_train(autoencoder *model, const float *batch, int64_t count) {
  double loss = 0;
  for (int64_t i = 0; i < count; i++) {
    loss += train_on(model->W, batch + i * model->d, model->d);
  }
  model->step++;
  return loss / (double)count;
}

bool autoencoder_save(const autoencoder *model, const char *path) {
  const size_t size = UNITS * (size_t)model->d;
  FILE *file = fopen(path, "wb");
  const bool written = file != NULL && fwrite(&model->step, sizeof model->step, 1, file) == 1 &&
                       fwrite(model->W, sizeof *model->W, size, file) == size;
  return file != NULL && fclose(file) == 0 && written;
}

bool autoencoder_load(autoencoder *model, const char *path) {
  const size_t size = UNITS * (size_t)model->d;
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return errno == ENOENT;
  }
  const bool read = fread(&model->step, sizeof model->step, 1, file) == 1 && model->step >= 0 &&
                    fread(model->W, sizeof *model->W, size, file) == size && fgetc(file) == EOF;
  fclose(file);
  return read;
}
