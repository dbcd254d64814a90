/* A training loop that meets every example as often as its weight says.
 *
 *     training_loop FILE WEIGHTS.npy STEPS CHECKPOINT [LABELS]
 *
 * It goes on from the step in CHECKPOINT, if there is one, up to STEPS. The place in the sequence of draws is one
 * number, so that whoever stops and goes on meets the same examples as whoever never stopped.
 */
#include "autoencoder.h"

#include <divweights/divweights.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 64, SEED = 1, EPOCH = 0, LABELS = 10 };

static bool fail(const char *what, const char *why) {
  fprintf(stderr, "training_loop: %s%s\n", what, why);
  return false;
}

static bool ok(divw_status status) { return status == DIVW_OK || fail("", divw_error_message()); }

/* What the loop reads from and into. */
typedef struct {
  divw_dataset *examples;
  divw_weights *weights;
  divw_sampler *sampler;
  double *row;
  float *batch;
  int64_t *met; /* how often each example has come */
} source;

static bool source_open(source *from, char **argv) {
  if (!ok(divw_dataset_load(&from->examples, argv[1])) || !ok(divw_weights_load(&from->weights, argv[2])) ||
      (argv[5] != NULL && !ok(divw_dataset_load_labels(from->examples, argv[5])))) {
    return false;
  }
  const int64_t n = divw_dataset_count(from->examples), d = divw_dataset_dimension(from->examples);
  from->row = malloc((size_t)d * sizeof *from->row);
  from->batch = malloc(BATCH * (size_t)d * sizeof *from->batch);
  from->met = calloc((size_t)n, sizeof *from->met);
  return (divw_weights_count(from->weights) == n || fail(argv[2], ": not as many weights as there are examples")) &&
         ok(divw_sampler_create(&from->sampler, divw_weights_values(from->weights), n, SEED)) &&
         ((from->row != NULL && from->batch != NULL && from->met != NULL) || fail("out of memory", ""));
}

static void source_close(source *from) {
  free(from->met);
  free(from->batch);
  free(from->row);
  divw_sampler_destroy(from->sampler);
  divw_weights_destroy(from->weights);
  divw_dataset_destroy(from->examples);
}

/* The batch of a step: draws, their rows, as float. */
static bool source_read(source *from, int64_t step) {
  const int64_t d = divw_dataset_dimension(from->examples);
  int64_t draws[BATCH];
  bool done = ok(divw_sampler_draw(from->sampler, EPOCH, step * BATCH, BATCH, draws));
  for (int i = 0; i < BATCH && done; i++) {
    done = ok(divw_dataset_read(from->examples, draws[i], 1, from->row));
    for (int64_t j = 0; j < d; j++) {
      from->batch[i * d + j] = (float)from->row[j];
    }
    from->met[draws[i]]++;
  }
  return done;
}

static bool train(autoencoder *model, source *from, int64_t steps) {
  printf("from step %" PRId64 "\n", model->step);
  while (model->step < steps) {
    if (!source_read(from, model->step)) {
      return false;
    }
    const double loss = autoencoder_train(model, from->batch, BATCH);
    if (model->step % 100 == 0 || model->step == steps) {
      printf("step %5" PRId64 "  loss %.6f\n", model->step, loss);
    }
  }
  return true;
}

/* The share of each label, 0 .. 9, among the examples of the file, and among those that the model met. */
static void print_shares(const source *from) {
  const int64_t *labels = divw_dataset_labels(from->examples), n = divw_dataset_count(from->examples);
  double in_file[LABELS] = {0}, met[LABELS] = {0}, all = 0;
  for (int64_t i = 0; labels != NULL && i < n; i++) {
    all += (double)from->met[i];
    if (labels[i] >= 0 && labels[i] < LABELS) {
      in_file[labels[i]]++;
      met[labels[i]] += (double)from->met[i];
    }
  }
  for (int label = 0; label < LABELS && all > 0; label++) {
    printf("label %d  %5.1f %% of the file  %5.1f %% of the batches\n", label, 100 * in_file[label] / (double)n,
           100 * met[label] / all);
  }
}

int main(int argc, char **argv) {
  source from = {0};
  autoencoder model = {0};
  const int64_t steps = argc > 3 ? strtoll(argv[3], NULL, 10) : 0;
  if (argc < 5 || argc > 6 || steps <= 0) {
    fprintf(stderr, "usage: training_loop FILE WEIGHTS.npy STEPS CHECKPOINT [LABELS], with STEPS at least 1\n");
    return 2;
  }
  const char *checkpoint = argv[4];
  const bool done =
      source_open(&from, argv) &&
      (autoencoder_create(&model, divw_dataset_dimension(from.examples)) || fail("out of memory", "")) &&
      (autoencoder_load(&model, checkpoint) || fail(checkpoint, ": is no checkpoint for such examples")) &&
      train(&model, &from, steps) && (autoencoder_save(&model, checkpoint) || fail(checkpoint, ": cannot be written"));
  if (done) {
    print_shares(&from);
  }
  autoencoder_destroy(&model);
  source_close(&from);
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
