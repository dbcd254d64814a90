/* Iterations, row passes and seconds to a gap, for every order and balance: a row for each set and order, a cell for
 * each balance. As JSON an object for each cell. */
#include "bench.h"

#include <math.h>
#include <stdio.h>

#define LOOSE_GAP 1e-4 /* what is asked of cells that do not reach the tolerance */

typedef struct {
  double limit, seconds;
  int64_t iterations, loose_at; /* loose_at: the first iteration with that gap, 0: none yet */
} watch;

typedef struct {
  int64_t iterations, further, row_passes, solves, loose_at; /* further: iterations of the other solves */
  double seconds, gap, global_gap, global_allowed;
  const char *stop;
} cell;

typedef struct {
  int64_t cells, reached, proved, most_iterations;
  double worst_gap, longest;
} summary;

static int32_t look(int64_t iteration, double vendi_score, double entropy, double objective, double gap, double seconds,
                    void *user) {
  watch *w = user;
  (void)vendi_score;
  (void)entropy;
  (void)objective;
  w->iterations = iteration;
  w->seconds = seconds;
  if (w->loose_at == 0 && gap <= LOOSE_GAP) {
    w->loose_at = iteration;
  }
  return seconds > w->limit;
}

static cell solve(const bench_options *options, const bench_problem *problem) {
  watch w = {.limit = options->seconds};
  divw_solver *solver = make_solver(options, problem);
  divw_weights *weights;
  must(divw_solver_set_progress(solver, look, &w));
  must(divw_solver_solve(solver, set_kernel(problem->set), &weights));
  cell c = {.iterations = divw_weights_iterations(weights),
            .further = w.iterations - divw_weights_iterations(weights),
            .row_passes = divw_weights_row_passes(weights),
            .solves = divw_weights_solves(weights),
            .loose_at = w.loose_at,
            .seconds = divw_weights_seconds(weights),
            .gap = divw_weights_gap(weights),
            .global_gap = divw_weights_global_gap(weights),
            .global_allowed = problem->balance * divw_weights_vendi_score(weights) * options->tolerance,
            .stop = divw_stop_name(divw_weights_stop_reason(weights))};
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  return c;
}

static void count(summary *s, const bench_options *options, const cell *c) {
  s->cells++;
  s->reached += c->gap <= options->tolerance;
  s->proved += c->global_gap <= 1.01 * c->global_allowed;
  s->most_iterations = c->iterations > s->most_iterations ? c->iterations : s->most_iterations;
  s->worst_gap = fmax(s->worst_gap, c->gap);
  s->longest = fmax(s->longest, c->seconds);
}

/* "18+5 / 49 / 0.31": iterations and those of further solves, row passes, seconds; and what was not reached. */
static void describe(const bench_options *options, const cell *c, char *text, size_t room) {
  int used = snprintf(text, room, "%lld", (long long)c->iterations);
  if (c->further > 0) {
    used += snprintf(text + used, room - (size_t)used, "+%lld", (long long)c->further);
  }
  used += snprintf(text + used, room - (size_t)used, " / %lld / %.2g", (long long)c->row_passes, c->seconds);
  if (c->gap > options->tolerance) {
    used += snprintf(text + used, room - (size_t)used, " gap %.0e", c->gap);
  } else if (c->global_gap > 1.01 * c->global_allowed) {
    used += snprintf(text + used, room - (size_t)used, " global %.0e", c->global_gap);
  }
  (void)used;
}

static void put_object(bench_table *table, const bench_problem *problem, const cell *c) {
  table_problem(table, problem);
  table_number(table, "iterations", "%.0f", (double)c->iterations);
  table_number(table, "further iterations", "%.0f", (double)c->further);
  table_number(table, "iterations to 1e-4", "%.0f", c->loose_at > 0 ? (double)c->loose_at : NAN);
  table_number(table, "solves", "%.0f", (double)c->solves);
  table_number(table, "row passes", "%.0f", (double)c->row_passes);
  table_number(table, "seconds", "%.3g", c->seconds);
  table_number(table, "gap", "%.2g", c->gap);
  table_number(table, "global gap", "%.2g", c->global_gap);
  table_text(table, "stop reason", c->stop);
  table_row(table);
}

/* A cell; the first of a row has its head before it. */
static void put_cell(const bench_options *options, bench_table *table, const bench_problem *problem, const cell *c,
                     bool first) {
  char text[64], head[32];
  if (first) {
    table_text(table, "set", problem->set->name);
    table_text(table, "method", divw_method_name(problem->method));
    table_number(table, "q", "%g", problem->order);
  }
  describe(options, c, text, sizeof text);
  snprintf(head, sizeof head, "%g", problem->balance);
  table_text(table, head, text);
}

static int64_t length(const char *list) {
  int64_t commas = 0;
  for (; *list != '\0'; list++) {
    commas += *list == ',';
  }
  return commas + 1;
}

static summary all; /* of all cells */

static void measure(const bench_options *options, bench_table *table, const bench_problem *problem) {
  cell c = solve(options, problem);
  int64_t place = all.cells % length(options->balances);
  count(&all, options, &c);
  if (table_is_json(table)) {
    put_object(table, problem, &c);
    return;
  }
  put_cell(options, table, problem, &c, place == 0);
  if (place + 1 == length(options->balances)) {
    table_row(table);
  }
}

void bench_methods(const bench_options *options, bench_table *table) {
  each_problem(options, table, measure);
  table_note(table,
             "Balances across; a cell is iterations (+ those of further solves) / row passes / seconds. Of %lld cells "
             "%lld reached\ngap %g and %lld are proved globally; at most %lld iterations and %.2g s, largest gap %.1e.",
             (long long)all.cells, (long long)all.reached, options->tolerance, (long long)all.proved,
             (long long)all.most_iterations, all.longest, all.worst_gap);
}
