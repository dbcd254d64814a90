/* What the command line asks for. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum { MOST_CLASSES = 64 };

typedef struct {
  const char *input, *array, *labels, *rows, *weights, *checkpoint, *output, *grid;
  int64_t classes[MOST_CLASSES], class_count;
  int64_t seed, checkpoint_every, samples, threads;
  int64_t epochs, steps; /* one of them is -1 */
  bool means, help;
} settings;

/* False after a sentence; after --help, whose text was printed, only `help` is set. */
bool settings_read(settings *out, int argc, char **argv);

#endif
