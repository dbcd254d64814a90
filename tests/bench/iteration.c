/* One iteration against the floor, in turn: the progress function, which the solver calls after each of its iterations,
 * notes how long every second one took and then runs the floor. So both see the same machine, whatever else it is
 * doing. The one in between is there for caches, which the pause after the floor leaves cold: the floor has them warm,
 * as iterations have that follow one another. */
#include "bench.h"

#include <stdlib.h>

typedef struct {
  bench_floor *floor;
  floor_time *floors;
  double *seconds; /* of iterations */
  int64_t count, repeats;
  double resumed;
} turns;

static int32_t take_turn(int64_t iteration, double vendi_score, double entropy, double objective, double gap,
                         double seconds, void *user) {
  turns *t = user;
  double taken = now() - t->resumed;
  (void)vendi_score;
  (void)entropy;
  (void)objective;
  (void)gap;
  (void)seconds;
  if (iteration > 1 && iteration % 2 == 1) { /* the first includes what a solve does once */
    t->seconds[t->count] = taken;
    t->floors[t->count++] = floor_run(t->floor);
  }
  t->resumed = now();
  return t->count == t->repeats;
}

static void describe(bench_table *table, const bench_problem *problem, bool in_double, const iteration_time *time) {
  const floor_time floor = time->floor;
  table_problem(table, problem);
  table_text(table, "floor in", in_double ? "double" : "single");
  table_number(table, "syrk ms", "%.4g", 1e3 * floor.syrk);
  table_number(table, "trmm ms", "%.4g", 1e3 * floor.trmm);
  table_number(table, "dsyevd ms", "%.4g", 1e3 * floor.eigen);
  table_number(table, "floor ms", "%.4g", 1e3 * floor.sum);
  table_number(table, "iteration ms", "%.4g", 1e3 * time->seconds);
  table_number(table, "iteration / floor", "%.3f", time->seconds / floor.sum);
  table_number(table, "repeats", "%.0f", (double)time->repeats);
  table_row(table);
}

iteration_time measure_iteration(const bench_options *options, const bench_problem *problem) {
  const divw_kernel *kernel = set_kernel(problem->set);
  bench_options own = *options;
  divw_weights *weights;
  turns t = {.repeats = options->repeats, .floor = floor_create(kernel, options->double_floor)};
  t.floors = allocate(t.repeats, sizeof *t.floors);
  t.seconds = allocate(t.repeats, sizeof *t.seconds);
  own.tolerance = 1e-13; /* go on until there are enough */
  own.max_iterations = 2 * options->repeats + 1;
  (void)floor_run(t.floor); /* warm */
  divw_solver *solver = make_solver(&own, problem);
  must(divw_solver_set_max_solves(solver, 1));
  must(divw_solver_set_progress(solver, take_turn, &t));
  must(divw_solver_solve(solver, kernel, &weights));
  if (t.count == 0) {
    die(1, "%s: converged in its first iteration, nothing to measure", problem->set->name);
  }
  const iteration_time time = {floor_median(t.floors, t.count), median(t.seconds, t.count), t.count};
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  free(t.seconds);
  free(t.floors);
  floor_destroy(t.floor);
  return time;
}

static void measure(const bench_options *options, bench_table *table, const bench_problem *problem) {
  const iteration_time time = measure_iteration(options, problem);
  describe(table, problem, options->double_floor, &time);
}

void bench_iteration(const bench_options *options, bench_table *table) {
  each_problem(options, table, measure);
  table_note(table, "Medians; iterations and floor in turn, in one process.");
}
