/* The figures of the other cases that are aimed at, each with its aim, in one run. */
#include "bench.h"

#include <math.h>
#include <stdio.h>

typedef struct {
  const char *figure, *shape; /* of a set, with the number of rows left open */
  int64_t rows;
  double tolerance; /* of a solve; 0: an iteration */
  double most;      /* NAN: what counts is how it varies with n */
} bar;

#define SOLVE "solve / (iterations x floor)"

static const bar bars[] = {
    {"iteration / floor", "mixture-%lldx128", 100000, 0, 1.3},
    {"iteration / floor", "mixture-%lldx512", 100000, 0, 1.15},
    {"iteration / floor", "mixture-%lldx1024", 100000, 0, 1.15},
    {"iteration / floor", "mixture-%lldx256", 10000, 0, NAN},
    {"iteration / floor", "mixture-%lldx256", 100000, 0, NAN},
    {"iteration / floor", "mixture-%lldx256", 1000000, 0, NAN},
    {SOLVE, "digits-%lld", 10000, 1e-6, 1.2},
    {SOLVE, "mixture-%lldx512", 100000, 1e-6, 1.2},
    {SOLVE, "mixture-%lldx512", 1000000, 1e-4, 1.3},
};

static void add_row(bench_table *table, const char *figure, const char *set, double value, double most,
                    int64_t iterations, int64_t repeats) {
  table_text(table, "figure", figure);
  table_text(table, "set", set);
  table_number(table, "value", "%.3f", value);
  table_number(table, "aim", "%g", most);
  table_text(table, "met", isnan(most) ? "" : value <= most ? "yes" : "no");
  table_number(table, "iterations", "%.0f", iterations > 0 ? (double)iterations : NAN);
  table_number(table, "repeats", "%.0f", (double)repeats);
  table_row(table);
}

static double measure(const bench_options *options, bench_table *table, const bar *b) {
  char name[64];
  bench_options own = *options;
  const bool solves = b->tolerance > 0;
  snprintf(name, sizeof name, b->shape, (long long)(b->rows / options->divide > 0 ? b->rows / options->divide : 1));
  own.tolerance = b->tolerance;
  own.repeats = solves && b->rows >= 1000000 ? 1 : options->repeats; /* two minutes */
  const bench_problem problem = {
      .set = set_open(name), .method = solves ? DIVW_METHOD_AUTO : DIVW_METHOD_ACCELERATED, .order = 1, .balance = 0.5};
  double value;
  if (solves) {
    const solve_time time = measure_solve(&own, &problem);
    value = time.ratio;
    add_row(table, b->figure, name, value, b->most, time.iterations, time.repeats);
  } else {
    const iteration_time time = measure_iteration(&own, &problem);
    value = time.seconds / time.floor.sum;
    add_row(table, b->figure, name, value, b->most, 0, time.repeats);
  }
  set_close(problem.set);
  return value;
}

void bench_bars(const bench_options *options, bench_table *table) {
  double least = INFINITY, most = 0;
  for (size_t k = 0; k < sizeof bars / sizeof *bars; k++) {
    const double value = measure(options, table, &bars[k]);
    if (isnan(bars[k].most)) {
      least = fmin(least, value);
      most = fmax(most, value);
    }
  }
  add_row(table, "largest / smallest iteration / floor", "mixture-Nx256", most / least, 1.1, 0, options->repeats);
  table_note(table, "Medians; what is compared runs in turn, in one process.");
}
