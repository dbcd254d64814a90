/* divweights sample: draws examples with their weights.
 *
 * Draw number i is the same whatever the number of draws in one call, so to stdout they go in blocks, in constant
 * memory. */
#include "options.h"
#include "output.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cli_flag flags[] = {
    {"count", FLAG_WHOLE, FIELD(count), "N", NULL, 0, INFINITY, true, "how many draws"},
    {"seed", FLAG_WHOLE, FIELD(seed), "S", "0", 0, INFINITY, .help = "another seed gives other draws"},
    {"epoch", FLAG_WHOLE, FIELD(epoch), "E", "0", 0, UINT32_MAX, .help = "another epoch gives other draws, too"},
    {"start", FLAG_WHOLE, FIELD(start), "I", "0", 0, INFINITY,
     .help = "number of the first draw: --start 100 --count 10 gives the last 10 of --count 110"},
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

/* Draws `count` of the draws asked for, from number `done` on, as rows where there are rows. */
static bool draw_block(const divw_sampler *sampler, const cli_names *names, const cli_settings *settings, int64_t done,
                       int64_t count, int64_t *draws) {
  if (!ok(divw_sampler_draw(sampler, settings->epoch, settings->start + done, count, draws))) {
    return false;
  }
  for (int64_t k = 0; names->rows != NULL && k < count; k++) {
    draws[k] = names->rows[draws[k]];
  }
  return true;
}

static bool print_draws(const divw_sampler *sampler, const cli_names *names, const cli_settings *settings) {
  int64_t draws[BLOCK];
  const bool raw = settings->output != NULL;
  for (int64_t done = 0; done < settings->count && stdout_is_fine(); done += BLOCK) {
    const int64_t left = settings->count - done, count = left < BLOCK ? left : BLOCK;
    if (!draw_block(sampler, names, settings, done, count, draws)) {
      return false;
    }
    if (names->ids != NULL) {
      write_ids(names->ids, draws, count);
    } else {
      (raw ? write_raw : write_numbers)(draws, count);
    }
  }
  return true;
}

/* Pointers to all of them rather than a stream: the file has to appear complete or not at all. */
static bool save_ids(const divw_sampler *sampler, const cli_names *names, const cli_settings *settings) {
  int64_t draws[BLOCK];
  const char **drawn = allocate(settings->count, sizeof *drawn);
  bool fine = true;
  for (int64_t done = 0; done < settings->count && fine; done += BLOCK) {
    const int64_t left = settings->count - done, count = left < BLOCK ? left : BLOCK;
    fine = draw_block(sampler, names, settings, done, count, draws);
    for (int64_t k = 0; k < count && fine; k++) {
      drawn[done + k] = names->ids[draws[k]];
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

static bool draw(const divw_sampler *sampler, const cli_names *names, const cli_settings *settings) {
  if (settings->output == NULL || strcmp(settings->output, "-") == 0) {
    return print_draws(sampler, names, settings);
  }
  const file_plan plan = {{settings->output}, {settings->input, settings->rows, settings->ids}};
  if (!files_are_writable(&plan)) {
    return false;
  }
  return names->ids != NULL ? save_ids(sampler, names, settings)
                            : ok(divw_sampler_save_draws(sampler, settings->epoch, settings->start, settings->count,
                                                         names->rows, settings->output));
}

/* Whether the flags make sense together; says so when they do not. */
static bool is_complete(const cli_settings *settings) {
  const char *output = settings->output;
  const size_t length = output != NULL ? strlen(output) : 0;
  if (settings->start > INT64_MAX - settings->count) {
    usage_error(&verb_sample, "--start plus --count is above %" PRId64, INT64_MAX);
    return false;
  }
  if (settings->ids != NULL && output != NULL && (length < 4 || strcmp(output + length - 4, ".txt") != 0)) {
    usage_error(&verb_sample, "--output is %s, expected a name that ends in .txt, for ids", output);
    return false;
  }
  return true;
}

static int run(const cli_settings *settings) {
  divw_weights *weights = NULL;
  divw_sampler *sampler = NULL;
  cli_names names = {NULL, NULL};
  if (!is_complete(settings)) {
    return STATUS_USAGE;
  }
  const bool done = ok(divw_weights_load(&weights, settings->input)) &&
                    (settings->rows == NULL || read_rows(&names.rows, settings, divw_weights_count(weights))) &&
                    (settings->ids == NULL || read_ids(&names, settings, divw_weights_count(weights))) &&
                    ok(divw_sampler_create(&sampler, divw_weights_values(weights), divw_weights_count(weights),
                                           (uint64_t)settings->seed)) &&
                    draw(sampler, &names, settings);
  divw_free(names.ids);
  divw_free(names.rows);
  divw_sampler_destroy(sampler);
  divw_weights_destroy(weights);
  return done ? STATUS_DONE : STATUS_FAILED;
}

const cli_verb verb_sample = {.name = "sample",
                              .operand = "WEIGHTS",
                              .summary = "draw examples with their weights",
                              .about =
                                  "Draws positions in WEIGHTS (a .npy that solve wrote), with replacement, each as\n"
                                  "often as its weight says. A draw depends on seed, epoch and its number alone:\n"
                                  "pieces drawn apart are the same as one long run.\n",
                              .examples = "  divweights sample weights.npy --count 64 --seed 1\n"
                                          "  divweights sample weights.npy --rows rows.npy --count 100000 \\\n"
                                          "             --output indices.npy\n"
                                          "  divweights sample weights.npy --ids ids.txt --count 10\n",
                              .flags = flags,
                              .run = run};
