/* What the verbs of the command share: the settings that flags fill, failing, memory.
 *
 * A verb is one file with one table of flags and one function. Nothing here reaches behind the public headers. */
#ifndef CLI_H
#define CLI_H

#include <divweights/divweights.h>

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses; after a signal it is STATUS_SIGNAL + its number. */
enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_SIGNAL = 128 };

typedef struct {
  int64_t *values;
  int64_t count;
} whole_list;

typedef struct {
  double *values;
  int64_t count;
} real_list;

typedef struct {
  int64_t height, width, channels;
} image_shape;

/* Every flag of every verb. NULL, 0 or an empty list: not given (and no default in the verb's table). */
typedef struct {
  const char *input;  /* the operand: examples, or weights for `sample` */
  const char *second; /* of verbs that take two: NULL when it is not there */

  /* which examples, and how alike they are */
  const char *array;
  const char *labels;
  const char *ids;
  whole_list classes;
  const char *rows;
  int64_t limit;
  bool center;
  int64_t components;
  const char *kernel;
  const char *kernel_bandwidth;
  const char *kernel_degree;
  int64_t kernel_power;
  double kernel_offset;
  double kernel_nu;
  bool kernel_bits;
  bool kernel_normalise;
  bool kernel_clip;
  int64_t kernel_rank;
  double kernel_residual;
  const char *kernel_approximation;
  int64_t kernel_seed;

  /* what to look for, and for how long */
  double balance;
  real_list balances;
  int64_t points;
  const char *objective;
  double entropy_weight;
  const char *effective_examples;
  double max_weight;
  double min_weight;
  const char *group_bounds;
  const char *exclude;
  const char *quality;
  const char *checkpoint;
  double checkpoint_seconds;
  int64_t checkpoint_iterations;
  const char *resume;
  uint64_t given; /* bit k: flag number k of the verb was given */
  const char *method;
  const char *precision;
  double order;
  double tolerance;
  int64_t max_iterations;
  int64_t max_solves;
  const char *initial;
  const char *initial_rows;
  const char *initial_ids;
  int64_t threads;
  double max_memory; /* bytes */
  bool streams;      /* no flag: the rows are not read into memory (plan.h) */
  bool dry_run;

  /* what to draw or show */
  const char *weights;
  int64_t count;
  int64_t seed;
  int64_t epoch;
  int64_t start;
  const char *scheme;
  int64_t epoch_length;
  int64_t rank;
  int64_t world;
  bool blocks;
  const char *state;
  double temperature;
  double uniform;
  int64_t heaviest;
  whole_list example;

  /* what would be added */
  const char *added;
  double share;
  int64_t top;
  int64_t truncate;
  image_shape image_shape;

  /* what to compare */
  const char *generated_array;
  const char *generated_weights;
  const char *metrics;
  const char *ddof;
  const char *load_stats;
  const char *save_stats;
  int64_t neighbour;
  const char *mmd_kernel;
  int64_t mmd_degree;
  double mmd_bandwidth;
  int64_t kid_block;
  int64_t resamples;
  int64_t sample_size;

  /* where to */
  const char *trace;
  const char *output;
  const char *rows_output;
  const char *ids_output;
  const char *table;
  const char *contact_sheet;
  const char *plots;
  const char *plot;
  const char *csv;
  bool json;

  bool help;
} cli_settings;

typedef struct cli_flag cli_flag;

typedef struct {
  const char *name;
  const char *operand;   /* how usage calls the operand */
  const char *second;    /* and the second one; NULL: there is none */
  const char *summary;   /* one line */
  const char *about;     /* paragraphs for --help */
  const char *examples;  /* lines for --help */
  const cli_flag *flags; /* ends with a row without a name */
  int (*run)(const cli_settings *settings);
} cli_verb;

extern const cli_verb verb_solve, verb_path, verb_score, verb_sample, verb_inspect, verb_evaluate;

/* Prints "divweights: SENTENCE" to stderr; false, so that it can end a chain of &&. */
bool fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether a call of the library succeeded; prints its sentence when it did not. */
bool ok(divw_status status);

/* count x size bytes of zeros; ends the command when there are none. To be freed with free(). */
void *allocate(int64_t count, size_t size);

#endif
