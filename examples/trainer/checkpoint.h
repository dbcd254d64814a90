/* Everything that a run needs in order to go on: parameters, the optimiser's memory, and the place among the draws. */
#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include "adam.h"
#include "batches.h"
#include "model.h"

typedef struct {
  model vae;
  adam optimiser; /* its step is that of the run */
  batches from;
} training;

bool checkpoint_save(const training *run, const char *path);

/* Nothing happens where there is no file. False after a sentence: no checkpoint, a damaged one, one of rows of another
 * length, or (the stream knows it) one of other weights or another seed. */
bool checkpoint_load(training *run, const char *path);

#endif
