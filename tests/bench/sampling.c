/* How fast the sampler draws, beside what memory allows. tests/bench/sampling.py runs this beside NumPy and torch.
 *
 *     bench_sampling ROWS [ROUNDS]
 *
 * Every figure is the best of ROUNDS rounds (5), which take turns, on one thread but for `build_all`. The bare loop
 * reads the eight bytes of the same table that a draw reads, at positions that a multiplicative generator gives: what
 * any sampler with such a table pays at least. Batches are of 4096 draws. One line "name nanoseconds" each: per draw,
 * and for build_* and the race per row. */
#include "sampler/sample.h"

#include <divweights/divweights.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 4096, WITH = DIVW_SCHEME_WITH_REPLACEMENT, MOST = 12 };

static struct {
  const char *name;
  double best;
} figures[MOST];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static void record(const char *name, double nanoseconds) {
  for (int k = 0; k < MOST; k++) {
    if (figures[k].name == NULL || strcmp(figures[k].name, name) == 0) {
      figures[k].best = figures[k].name == NULL ? nanoseconds : fmin(figures[k].best, nanoseconds);
      figures[k].name = name;
      return;
    }
  }
}

static void expect(divw_status status) {
  if (status != DIVW_OK) {
    fprintf(stderr, "bench_sampling: %s\n", divw_error_message());
    exit(1);
  }
}

static uint64_t sum; /* printed, so that no loop is left out */

static void time_bare_loop(const divw_sampler *sampler, int64_t draws) {
  uint64_t x = 1, found = 0;
  const double start = now();
  for (int64_t k = 0; k < draws; k++) {
    x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    const int64_t row = (int64_t)((dw_uint128)x * (uint64_t)sampler->count >> 64);
    found += sampler->alias.hot[row];
  }
  record("bare_loop", (now() - start) / (double)draws);
  sum += found;
}

static void time_stream(const divw_sampler *sampler, int64_t world, int64_t draws, const char *name) {
  static int64_t batch[BATCH];
  divw_stream *stream;
  int64_t count = 0;
  expect(divw_stream_create(&stream, sampler, BATCH));
  expect(divw_stream_set_rank(stream, world / 2, world));
  expect(divw_stream_next_batch(stream, batch, &count)); /* without replacement: the race */
  const double start = now();
  for (int64_t k = 0; k < draws; k += BATCH) {
    expect(divw_stream_next_batch(stream, batch, &count));
    sum += (uint64_t)batch[0];
  }
  record(name, (now() - start) / (double)draws);
  divw_stream_destroy(stream);
}

static divw_sampler *time_build(const double *p, int64_t n, int32_t scheme, const char *name) {
  divw_sampler *sampler;
  const double start = now();
  expect(divw_sampler_create_epochs(&sampler, p, n, 1, scheme, 0, NULL));
  record(name, (now() - start) / (double)n);
  return sampler;
}

static void time_race(const double *p, int64_t n) {
  divw_sampler *sampler;
  int64_t first;
  expect(divw_sampler_create_epochs(&sampler, p, n, 1, DIVW_SCHEME_WITHOUT_REPLACEMENT, 0, NULL));
  const double start = now();
  expect(divw_sampler_draw(sampler, 0, 0, 1, &first));
  record("race_of_an_epoch", (now() - start) / (double)n);
  sum += (uint64_t)first;
  divw_sampler_destroy(sampler);
}

int main(int argc, char **argv) {
  const int64_t n = argc > 1 ? strtoll(argv[1], NULL, 10) : 1000000;
  const int rounds = argc > 2 ? atoi(argv[2]) : 5;
  const int64_t draws = n < 50000000 ? 1 << 22 : 1 << 20;
  const int32_t threads = divw_threads();
  double *p = malloc((size_t)(n > 0 ? n : 1) * sizeof *p);
  uint64_t random = 1;
  if (p == NULL || n < 1 || rounds < 1) {
    fprintf(stderr, "usage: bench_sampling ROWS [ROUNDS]\n");
    return 2;
  }
  for (int64_t i = 0; i < n; i++) { /* lognormal-like: most rows light, some a hundred times heavier */
    random = dw_mix(random + DW_GOLDEN);
    p[i] = exp(1.5 * ((double)(random >> 11) * 0x1p-53 * 6 - 3));
  }
  for (int round = 0; round < rounds; round++) {
    expect(divw_set_threads(threads));
    divw_sampler_destroy(time_build(p, n, WITH, "build_all"));
    expect(divw_set_threads(1));
    divw_sampler *sampler = time_build(p, n, WITH, "build_one");
    for (int turn = 0; turn < 3; turn++) {
      time_bare_loop(sampler, draws);
      time_stream(sampler, 1, draws, "with_replacement");
    }
    time_stream(sampler, 4, draws / 4, "one_rank_of_four");
    divw_sampler_destroy(sampler);
    sampler = time_build(p, n, DIVW_SCHEME_SYSTEMATIC, "build_systematic");
    time_stream(sampler, 1, draws / 4, "systematic");
    divw_sampler_destroy(sampler);
    if (n < 50000000) {
      time_race(p, n);
    }
  }
  for (int k = 0; k < MOST && figures[k].name != NULL; k++) {
    printf("%s %.2f\n", figures[k].name, figures[k].best);
  }
  fprintf(stderr, "(%d threads; check %016" PRIx64 ")\n", (int)threads, sum);
  free(p);
  return 0;
}
