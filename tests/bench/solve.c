/* A whole solve against its iterations times the floor: what certificates, further solves, the global bound and the
 * first look at the data cost beyond iterations. Solves and floors in turn. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>

static int32_t count_iterations(int64_t iteration, double vendi_score, double entropy, double objective, double gap,
                                double seconds, void *user) {
  (void)vendi_score;
  (void)entropy;
  (void)objective;
  (void)gap;
  (void)seconds;
  *(int64_t *)user = iteration;
  return 0;
}

solve_time measure_solve(const bench_options *options, const bench_problem *problem) {
  const divw_kernel *kernel = set_kernel(problem->set);
  const int64_t repeats = options->repeats;
  double *seconds = allocate(repeats, sizeof *seconds);
  solve_time time = {.repeats = repeats};
  floor_time *floors = allocate(repeats, sizeof *floors);
  bench_floor *floor = floor_create(kernel, options->double_floor);
  divw_solver *solver = make_solver(options, problem);
  must(divw_solver_set_progress(solver, count_iterations, &time.iterations));
  (void)floor_run(floor); /* warm */
  for (int64_t k = 0; k < repeats; k++) {
    divw_weights *weights;
    floors[k] = floor_run(floor);
    double began = now();
    must(divw_solver_solve(solver, kernel, &weights));
    seconds[k] = now() - began;
    time.gap = divw_weights_gap(weights);
    time.passes = (double)divw_weights_row_passes(weights);
    divw_weights_destroy(weights);
  }
  time.seconds = median(seconds, repeats);
  time.floor = floor_median(floors, repeats).sum;
  time.ratio = time.iterations > 0 ? time.seconds / ((double)time.iterations * time.floor) : NAN;
  divw_solver_destroy(solver);
  floor_destroy(floor);
  free(floors);
  free(seconds);
  return time;
}

static void measure(const bench_options *options, bench_table *table, const bench_problem *problem) {
  const solve_time time = measure_solve(options, problem);
  table_problem(table, problem);
  table_number(table, "gap", "%.1e", time.gap);
  table_number(table, "iterations", "%.0f", (double)time.iterations);
  table_number(table, "row passes", "%.0f", time.passes);
  table_number(table, "solve s", "%.4g", time.seconds);
  table_text(table, "floor in", options->double_floor ? "double" : "single");
  table_number(table, "floor ms", "%.4g", 1e3 * time.floor);
  table_number(table, "solve / (iterations x floor)", "%.3f", time.ratio);
  table_number(table, "repeats", "%.0f", (double)time.repeats);
  table_row(table);
}

void bench_solve(const bench_options *options, bench_table *table) {
  each_problem(options, table, measure);
  table_note(table, "Medians; solves and floor in turn, in one process.");
}
