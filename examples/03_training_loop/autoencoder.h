/* What is trained, in the place of your network: a linear autoencoder of a few units, x -> W^T W x. */
#ifndef AUTOENCODER_H
#define AUTOENCODER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  int64_t d;    /* numbers per example */
  int64_t step; /* batches it has learned from */
  float *W;     /* units x d */
} autoencoder;

/* False when there is no memory. */
bool autoencoder_create(autoencoder *model, int64_t d);
void autoencoder_destroy(autoencoder *model);

/* Learns from count rows of d numbers. The answer is the loss before: the mean of |x - W^T W x|^2 / |x|^2. */
double autoencoder_train(autoencoder *model, const float *batch, int64_t count);

/* The checkpoint: step and W. Loading where there is no file leaves the model new. */
bool autoencoder_save(const autoencoder *model, const char *path);
bool autoencoder_load(autoencoder *model, const char *path);

#endif
