/* divweights sample: draws examples with their weights.
 *
 * Draw number i is the same whatever the number of draws in one call, so to stdout they go in blocks, in constant
 * memory. */
#include "options.h"
#include "output.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const cli_flag flags[] = {
    {"count", FLAG_WHOLE, FIELD(count), "N", NULL, 0, INFINITY, true, "how many draws"},
    {"seed", FLAG_WHOLE, FIELD(seed), "S", "0", 0, INFINITY, .help = "another seed gives other draws"},
    {"epoch", FLAG_WHOLE, FIELD(epoch), "E", "0", 0, UINT32_MAX, .help = "another epoch gives other draws, too"},
    {"start", FLAG_WHOLE, FIELD(start), "I", "0", 0, INFINITY,
     .help = "number of the first draw: --start 100 --count 10 gives the last 10 of --count 110"},
    {"rows", FLAG_TEXT, FIELD(rows), "FILE",
     .help = "row numbers to draw instead of positions in WEIGHTS, as solve --rows-output writes them"},
    {"output", FLAG_TEXT, FIELD(output), "FILE",
     .help = "write a .npy of int64; -: raw little-endian int64 to stdout; without it one number per line on stdout"},
    {0}};

enum { BLOCK = 8192 };

static void write_numbers(const int64_t *draws, int64_t count) {
  for (int64_t k = 0; k < count; k++) {
    printf("%" PRId64 "\n", draws[k]);
  }
}

static void write_raw(const int64_t *draws, int64_t count) {
  unsigned char bytes[BLOCK][8];
  for (int64_t k = 0; k < count; k++) {
    for (int b = 0; b < 8; b++) {
      bytes[k][b] = (unsigned char)((uint64_t)draws[k] >> (8 * b));
    }
  }
  fwrite(bytes, 8, (size_t)count, stdout);
}

static bool print_draws(const divw_sampler *sampler, const int64_t *rows, const cli_settings *settings) {
  int64_t draws[BLOCK];
  const bool raw = settings->output != NULL;
  for (int64_t done = 0; done < settings->count && stdout_is_fine(); done += BLOCK) {
    const int64_t left = settings->count - done, count = left < BLOCK ? left : BLOCK;
    if (!ok(divw_sampler_draw(sampler, settings->epoch, settings->start + done, count, draws))) {
      return false;
    }
    for (int64_t k = 0; rows != NULL && k < count; k++) {
      draws[k] = rows[draws[k]];
    }
    (raw ? write_raw : write_numbers)(draws, count);
  }
  return true;
}

static bool read_rows(int64_t **rows, const cli_settings *settings, int64_t count) {
  int64_t found;
  if (!ok(divw_indices_load(settings->rows, rows, &found))) {
    return false;
  }
  return found == count || fail("%s: holds %lld numbers, expected %lld, one for each weight of %s", settings->rows,
                                (long long)found, (long long)count, settings->input);
}

static bool draw(const divw_sampler *sampler, const int64_t *rows, const cli_settings *settings) {
  if (settings->output == NULL || strcmp(settings->output, "-") == 0) {
    return print_draws(sampler, rows, settings);
  }
  const file_plan plan = {{settings->output}, {settings->input, settings->rows}};
  return files_are_writable(&plan) && ok(divw_sampler_save_draws(sampler, settings->epoch, settings->start,
                                                                 settings->count, rows, settings->output));
}

static int run(const cli_settings *settings) {
  divw_weights *weights = NULL;
  divw_sampler *sampler = NULL;
  int64_t *rows = NULL;
  if (settings->start > INT64_MAX - settings->count) {
    return usage_error(&verb_sample, "--start plus --count is above %" PRId64, INT64_MAX);
  }
  const bool done = ok(divw_weights_load(&weights, settings->input)) &&
                    (settings->rows == NULL || read_rows(&rows, settings, divw_weights_count(weights))) &&
                    ok(divw_sampler_create(&sampler, divw_weights_values(weights), divw_weights_count(weights),
                                           (uint64_t)settings->seed)) &&
                    draw(sampler, rows, settings);
  divw_free(rows);
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
                                          "             --output indices.npy\n",
                              .flags = flags,
                              .run = run};
