/* divweights sample: draws examples with their weights.
 *
 * Draw number i is the same whatever the number of draws in one call, so to stdout they go in blocks, in constant
 * memory. A rank is a stream that takes its part of them. */
#include "options.h"
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cli_flag flags[] = {
    {"count", FLAG_WHOLE, FIELD(count), "N", NULL, 0, INFINITY, true, "how many draws, for this rank"},
    {"scheme", FLAG_CHOICE, FIELD(scheme), "with-replacement|without-replacement|systematic", "with-replacement",
     .help = "systematic: in an epoch of M draws every example comes floor or ceil(M p) times"},
    {"epoch-length", FLAG_WHOLE, FIELD(epoch_length), "M", NULL, 1, 0x1p40,
     .help = "draws in an epoch, after which the next one begins: as many as there are weights (without replacement, "
             "positive weights) when not given; with replacement an epoch has no end"},
    {"labels", FLAG_TEXT, FIELD(labels), "FILE",
     .help = "balance over these labels, one for each weight: of L draws, one is of each of the L labels"},
    {"temperature", FLAG_REAL, FIELD(temperature), "T", "1", 0, 0x1.fffffffffffffp1023,
     .help = "draw with p^T: 1 as they are, 0 all positive weights alike"},
    {"uniform", FLAG_REAL, FIELD(uniform), "A", "0", 0, 1, .help = "then mix with uniform weights: (1 - A) p + A / n"},
    {"seed", FLAG_WHOLE, FIELD(seed), "S", "0", 0, INFINITY, .help = "another seed gives other draws"},
    {"epoch", FLAG_WHOLE, FIELD(epoch), "E", "0", 0, UINT32_MAX, .help = "another epoch gives other draws, too"},
    {"start", FLAG_WHOLE, FIELD(start), "I", "0", 0, INFINITY,
     .help = "number of the first draw, of all ranks: --start 100 --count 10 gives the last 10 of --count 110"},
    {"rank", FLAG_WHOLE, FIELD(rank), "R", "0", 0, INT32_MAX - 1.0,
     .help = "take only the draws whose number is R modulo the number of ranks"},
    {"world", FLAG_WHOLE, FIELD(world), "W", "1", 1, INT32_MAX, .help = "the number of ranks"},
    {"blocks", FLAG_SWITCH, FIELD(blocks),
     .help = "take N draws in a row instead, those after the N of each rank before this one"},
    {"state", FLAG_TEXT, FIELD(state), "FILE",
     .help = "go on where the run ended that wrote FILE, or begin when there is none, and write where this one ends"},
    {"rows", FLAG_TEXT, FIELD(rows), "FILE",
     .help = "row numbers to draw instead of positions in WEIGHTS, as solve --rows-output writes them"},
    {"ids", FLAG_TEXT, FIELD(ids), "FILE",
     .help = "write ids instead of numbers: those of the weights, as solve --ids-output writes them, or with --rows "
             "those of all rows of INPUT"},
    {"output", FLAG_TEXT, FIELD(output), "FILE",
     .help = "write a .npy of int64, or with --ids a .txt; -: raw little-endian int64 to stdout; without it one number "
             "or id per line on stdout"},
    {0}};

enum { BLOCK = 8192 };

static void write_ids(char *const *ids, const int64_t *draws, int64_t count) {
  for (int64_t k = 0; k < count; k++) {
    puts(ids[draws[k]]);
  }
}

static void write_numbers(const int64_t *draws, int64_t count) {
  for (int64_t k = 0; k < count; k++) {
    printf("%" PRId64 "\n", draws[k]);
  }
}

/* Where draws are looked up; what is not given is NULL. */
typedef struct {
  int64_t *rows; /* of INPUT, one for each weight */
  char **ids;    /* one for each row, or for each weight where there are no rows */
} cli_names;

static void write_raw(const int64_t *draws, int64_t count) {
  unsigned char bytes[BLOCK][8];
  for (int64_t k = 0; k < count; k++) {
    for (int b = 0; b < 8; b++) {
      bytes[k][b] = (unsigned char)((uint64_t)draws[k] >> (8 * b));
    }
  }
  fwrite(bytes, 8, (size_t)count, stdout);
}

/* What draws, and what it is made of. */
typedef struct {
  divw_weights *weights;
  double *p; /* what they became, or NULL */
  int64_t *labels;
  divw_sampler *sampler;
  divw_stream *stream;
  int64_t epoch, start; /* where this run begins */
  cli_names names;
} cli_draws;

/* The next `count` draws of this rank, as rows where there are rows. */
static bool draw_block(const cli_draws *draws, int64_t count, int64_t *block) {
  if (!ok(divw_stream_set_batch_size(draws->stream, count)) ||
      !ok(divw_stream_next_batch(draws->stream, block, &count))) {
    return false;
  }
  for (int64_t k = 0; draws->names.rows != NULL && k < count; k++) {
    block[k] = draws->names.rows[block[k]];
  }
  return true;
}

static bool print_draws(const cli_draws *draws, const cli_settings *settings) {
  int64_t block[BLOCK];
  const bool raw = settings->output != NULL;
  for (int64_t done = 0; done < settings->count && stdout_is_fine(); done += BLOCK) {
    const int64_t left = settings->count - done, count = left < BLOCK ? left : BLOCK;
    if (!draw_block(draws, count, block)) {
      return false;
    }
    if (draws->names.ids != NULL) {
      write_ids(draws->names.ids, block, count);
    } else {
      (raw ? write_raw : write_numbers)(block, count);
    }
  }
  return true;
}

/* Pointers to all of them rather than a stream: the file has to appear complete or not at all. */
static bool save_ids(const cli_draws *draws, const cli_settings *settings) {
  int64_t block[BLOCK];
  const char **drawn = allocate(settings->count, sizeof *drawn);
  bool fine = true;
  for (int64_t done = 0; done < settings->count && fine; done += BLOCK) {
    const int64_t left = settings->count - done, count = left < BLOCK ? left : BLOCK;
    fine = draw_block(draws, count, block);
    for (int64_t k = 0; k < count && fine; k++) {
      drawn[done + k] = draws->names.ids[block[k]];
    }
  }
  fine = fine && ok(divw_ids_save(settings->output, drawn, settings->count));
  free(drawn);
  return fine;
}

static bool read_rows(int64_t **rows, const cli_settings *settings, int64_t count) {
  int64_t found;
  if (!ok(divw_indices_load(settings->rows, rows, &found))) {
    return false;
  }
  return found == count || fail("%s: holds %lld numbers, expected %lld, one for each weight of %s", settings->rows,
                                (long long)found, (long long)count, settings->input);
}

/* Ids of all rows that --rows names, or of all weights. */
static bool read_ids(cli_names *names, const cli_settings *settings, int64_t n) {
  int64_t count;
  if (!ok(divw_ids_load(settings->ids, &names->ids, &count))) {
    return false;
  }
  if (names->rows == NULL) {
    return count == n || fail("%s: holds %" PRId64 " ids, expected %" PRId64
                              ", one for each weight of %s, or --rows to tell whose they are",
                              settings->ids, count, n, settings->input);
  }
  for (int64_t i = 0; i < n; i++) {
    if (names->rows[i] < 0 || names->rows[i] >= count) {
      return fail("%s: names row %" PRId64 ", expected 0 to %" PRId64 ", the rows of %s", settings->rows,
                  names->rows[i], count - 1, settings->ids);
    }
  }
  return true;
}

/* ---- what draws ---- */

static bool read_labels(cli_draws *draws, const cli_settings *settings, int64_t n) {
  int64_t count;
  if (!ok(divw_indices_load(settings->labels, &draws->labels, &count))) {
    return false;
  }
  return count == n || fail("%s: holds %" PRId64 " labels, expected %" PRId64 ", one for each weight of %s",
                            settings->labels, count, n, settings->input);
}

static int32_t scheme_number(const char *name) {
  int32_t scheme = DIVW_SCHEME_WITH_REPLACEMENT;
  while (strcmp(name, divw_scheme_name(scheme)) != 0) {
    scheme++;
  }
  return scheme;
}

/* The weights as temperature and mixing make them. */
static bool make_sampler(cli_draws *draws, const cli_settings *settings) {
  const int64_t n = divw_weights_count(draws->weights);
  const double *p = divw_weights_values(draws->weights);
  if (settings->temperature != 1 || settings->uniform != 0) {
    draws->p = allocate(n, sizeof *draws->p);
    if (!ok(divw_reweight_temper(p, n, settings->temperature, draws->p)) ||
        !ok(divw_reweight_mix(draws->p, n, settings->uniform, draws->p))) {
      return false;
    }
    p = draws->p;
  }
  return ok(divw_sampler_create_epochs(&draws->sampler, p, n, (uint64_t)settings->seed, scheme_number(settings->scheme),
                                       settings->epoch_length, draws->labels));
}

static bool exists(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return errno != ENOENT; /* what it is instead, reading it will say */
  }
  fclose(file);
  return true;
}

static bool find_start(cli_draws *draws, const cli_settings *settings) {
  const bool resumed = settings->state != NULL && exists(settings->state);
  if (!ok(resumed ? divw_stream_load(draws->stream, settings->state)
                  : divw_stream_seek(draws->stream, settings->epoch, settings->start))) {
    return false;
  }
  draws->epoch = divw_stream_epoch(draws->stream);
  draws->start = divw_stream_position(draws->stream);
  return settings->count <= (INT64_MAX - draws->start) / settings->world ||
         fail("%s: is at draw %" PRId64 ", so that no %" PRId64 " draws are left for each of %" PRId64 " ranks",
              settings->state, draws->start, settings->count, settings->world);
}

/* In blocks, a rank is a single reader that starts further on: no block has to fit into memory. */
static bool take_part(cli_draws *draws, const cli_settings *settings) {
  if (settings->blocks) {
    return ok(divw_stream_seek(draws->stream, draws->epoch, draws->start + settings->rank * settings->count));
  }
  return ok(divw_stream_set_rank(draws->stream, settings->rank, settings->world));
}

static bool prepare(cli_draws *draws, const cli_settings *settings) {
  if (!ok(divw_weights_load(&draws->weights, settings->input))) {
    return false;
  }
  const int64_t n = divw_weights_count(draws->weights);
  return (settings->rows == NULL || read_rows(&draws->names.rows, settings, n)) &&
         (settings->ids == NULL || read_ids(&draws->names, settings, n)) &&
         (settings->labels == NULL || read_labels(draws, settings, n)) && make_sampler(draws, settings) &&
         ok(divw_stream_create(&draws->stream, draws->sampler, 1)) && find_start(draws, settings) &&
         take_part(draws, settings);
}

static void release(cli_draws *draws) {
  divw_stream_destroy(draws->stream);
  divw_sampler_destroy(draws->sampler);
  divw_free(draws->labels);
  free(draws->p);
  divw_free(draws->names.ids);
  divw_free(draws->names.rows);
  divw_weights_destroy(draws->weights);
}

/* ---- the verb ---- */

static bool to_stdout(const cli_settings *settings) {
  return settings->output == NULL || strcmp(settings->output, "-") == 0;
}

static bool write_draws(const cli_draws *draws, const cli_settings *settings) {
  if (to_stdout(settings)) {
    return print_draws(draws, settings);
  }
  return draws->names.ids != NULL
             ? save_ids(draws, settings)
             : ok(divw_stream_save_draws(draws->stream, settings->count, draws->names.rows, settings->output));
}

/* Behind the draws of all ranks, once those of this one are out. */
static bool save_state(const cli_draws *draws, const cli_settings *settings) {
  fflush(stdout);
  return stdout_is_fine() &&
         ok(divw_stream_seek(draws->stream, draws->epoch, draws->start + settings->count * settings->world)) &&
         ok(divw_stream_save(draws->stream, settings->state));
}

/* Whether the flags make sense together; says so when they do not. */
static bool is_complete(const cli_settings *settings) {
  const char *output = settings->output;
  if (settings->count > (INT64_MAX - settings->start) / settings->world) {
    usage_error(&verb_sample, "--start plus --count for each of --world ranks is above %" PRId64, INT64_MAX);
  } else if (settings->rank >= settings->world) {
    usage_error(&verb_sample, "--rank is %" PRId64 ", expected less than --world, %" PRId64, settings->rank,
                settings->world);
  } else if (settings->epoch_length > 0 && scheme_number(settings->scheme) == DIVW_SCHEME_WITH_REPLACEMENT) {
    usage_error(&verb_sample, "--epoch-length is for --scheme without-replacement and systematic: with replacement an "
                              "epoch has no end");
  } else if (settings->state != NULL && exists(settings->state) &&
             (option_given(settings, &verb_sample, "epoch") || option_given(settings, &verb_sample, "start"))) {
    usage_error(&verb_sample, "--epoch and --start are for a new run, but --state %s is of one that began",
                settings->state);
  } else if (settings->ids != NULL && output != NULL && !ends_in(output, ".txt")) {
    usage_error(&verb_sample, "--output is %s, expected a name that ends in .txt, for ids", output);
  } else if (settings->ids == NULL && output != NULL && is_other_than_npy(output)) {
    usage_error(&verb_sample,
                "--output is %s, expected a name that ends in .npy: without --output numbers go to stdout "
                "as text",
                output);
  } else {
    return true;
  }
  return false;
}

static int run(const cli_settings *settings) {
  if (!is_complete(settings)) {
    return STATUS_USAGE;
  }
  const file_plan plan = {{to_stdout(settings) ? NULL : settings->output, settings->state},
                          {settings->input, settings->rows, settings->ids, settings->labels}};
  cli_draws draws = {NULL};
  const bool done = prepare(&draws, settings) && files_are_writable(&plan) && write_draws(&draws, settings) &&
                    (settings->state == NULL || save_state(&draws, settings));
  release(&draws);
  return done ? STATUS_DONE : STATUS_FAILED;
}

const cli_verb verb_sample = {.name = "sample",
                              .operand = "WEIGHTS",
                              .summary = "draw examples with their weights",
                              .about = "Draws positions in WEIGHTS (a .npy that solve wrote), each as often as its\n"
                                       "weight says. A draw depends on seed, epoch and its number alone: pieces drawn\n"
                                       "apart, and the parts of any number of ranks, make the same sequence as one\n"
                                       "long run.\n",
                              .examples = "  divweights sample weights.npy --count 64 --seed 1\n"
                                          "  divweights sample weights.npy --rows rows.npy --count 100000 \\\n"
                                          "             --output indices.npy\n"
                                          "  divweights sample weights.npy --scheme systematic --count 5000 \\\n"
                                          "             --rank 3 --world 8 --state rank3.state --output -\n"
                                          "  divweights sample weights.npy --ids ids.txt --count 10\n",
                              .flags = flags,
                              .run = run};
