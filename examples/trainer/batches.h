/* Where batches come from: examples, their weights, and a place in the sequence of draws. */
#ifndef BATCHES_H
#define BATCHES_H

#include "real.h"
#include "settings.h"

#include <divweights/divweights.h>

enum { BATCH = 128 };

typedef struct {
  divw_dataset *examples; /* the selected rows */
  divw_sampler *sampler;
  divw_stream *stream;
  double scale;   /* what rows are multiplied by to lie in [0, 1] */
  double *row;    /* room for one */
  int64_t *drawn; /* how often each example has come */
} batches;

/* False after a sentence; to be closed then, too. */
bool batches_open(batches *from, const settings *asked);
void batches_close(batches *from);

/* The next BATCH rows, in [0, 1]. */
bool batches_next(batches *from, real *rows);

/* Prints the share of each label among the examples and among what was drawn; nothing without labels. */
void batches_print_shares(const batches *from);

#endif
