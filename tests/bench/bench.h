/* divweights-bench: how many iterations, and how close to the floor of the machine.
 *
 *     main.c        flags, and the table of cases
 *     data.c        the sets of examples that a case runs on
 *     measure.c     clock, median, and the floor: bare BLAS and LAPACK calls
 *     problem.c     loops over the sets, methods, orders and balances of a case
 *     table.c       what was measured, as a Markdown table or as JSON
 *     methods.c     a case: iterations, row passes and seconds to a gap, by order and balance
 *     iteration.c   a case: one iteration against the floor
 *     solve.c       a case: a whole solve against its iterations times the floor
 *     bars.c        a case: the figures of these two that are aimed at, each with its aim
 *     rows.c        writes a set as .npy, for programs that are compared with
 *     published.py  the published algorithm against this library's command
 *
 * The library is used as everybody uses it, through its public interface. */
#ifndef BENCH_H
#define BENCH_H

#include <divweights/divweights.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- main.c ---- */

typedef struct {
  const char *sets, *orders, *balances, *methods; /* lists, separated by commas */
  const char *output;
  double tolerance, seconds;
  int64_t repeats, max_iterations, threads, divide;
  bool json, double_floor;
} bench_options;

/* Ends the program with a sentence: status 1, or 2 for bad usage. */
_Noreturn void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the program with the library's sentence where a call failed. */
void must(divw_status status);

/* Memory, or the end of the program. */
void *allocate(int64_t count, size_t size);

/* Copies the next item of a list to `item` and moves on; false at the end. */
bool next_item(const char **list, char *item, size_t room);

/* A number of a flag, or the end of the program. */
double number_of(const char *what, const char *text, double low, double high);

/* ---- data.c ---- */

/* By name, see the help: mixture-NxD, digits-N, mnist, mnist01; each may end in :float32, :float64 or :uint8. */
typedef struct bench_set bench_set;
struct bench_set {
  char name[64];
  int64_t n, d;
  int32_t dtype;
  void (*fill)(const bench_set *set, int64_t row, double *x); /* one row of d numbers */
  double *centres, *shares;                                   /* of a mixture */
  divw_dataset *source;                                       /* of real data */
  void *rows;
  divw_kernel *kernel;
};

/* NULL, with a note on stderr, for real data that are not there. */
bench_set *set_open(const char *name);
void set_close(bench_set *set);

/* Rows [first, first + count) in the type of the set. */
void set_fill(const bench_set *set, int64_t first, int64_t count, void *rows);
int64_t set_row_bytes(const bench_set *set);

/* A cosine kernel on the rows, which are made on the first call and kept in memory. */
const divw_kernel *set_kernel(bench_set *set);

/* Opens the next set of the list that there is; NULL at the end. */
bench_set *next_set(const char **list);

/* ---- problem.c ---- */

/* What a solve is about. */
typedef struct {
  bench_set *set;
  int32_t method;
  double order, balance;
} bench_problem;

/* Calls `measure` for every set, method, order and balance of the options. */
typedef struct bench_table bench_table;
typedef void (*bench_measure)(const bench_options *options, bench_table *table, const bench_problem *problem);
void each_problem(const bench_options *options, bench_table *table, bench_measure measure);

divw_solver *make_solver(const bench_options *options, const bench_problem *problem);

/* The first columns of a row: set, n, r, method, order, balance. */
void table_problem(bench_table *table, const bench_problem *problem);

/* ---- measure.c ---- */

double now(void); /* seconds */
double median(double *x, int64_t count);

/* What an iteration cannot do without: one syrk and one trmm of the n x r rows, one dsyevd of order r. */
typedef struct bench_floor bench_floor;
typedef struct {
  double syrk, trmm, eigen, sum; /* seconds */
} floor_time;

bench_floor *floor_create(const divw_kernel *kernel, bool in_double);
void floor_destroy(bench_floor *floor);
floor_time floor_run(bench_floor *floor);

/* The medians of `count` runs, each part of its own. */
floor_time floor_median(const floor_time *runs, int64_t count);

/* ---- table.c ---- */

/* Rows of named columns, all rows the same ones, to stdout as they come. */
bench_table *table_begin(const char *name, bool json);
void table_text(bench_table *table, const char *column, const char *text);
void table_number(bench_table *table, const char *column, const char *format, double number);
void table_row(bench_table *table); /* ends a row */
void table_note(bench_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_end(bench_table *table);
bool table_is_json(const bench_table *table);

/* ---- the cases ---- */

typedef struct {
  floor_time floor; /* medians */
  double seconds;
  int64_t repeats;
} iteration_time;
iteration_time measure_iteration(const bench_options *options, const bench_problem *problem);

typedef struct {
  double seconds, floor, ratio, gap, passes; /* ratio: of seconds to iterations x floor */
  int64_t iterations, repeats;
} solve_time;
solve_time measure_solve(const bench_options *options, const bench_problem *problem);

void bench_methods(const bench_options *options, bench_table *table);
void bench_iteration(const bench_options *options, bench_table *table);
void bench_solve(const bench_options *options, bench_table *table);
void bench_bars(const bench_options *options, bench_table *table);
void bench_rows(const bench_options *options, bench_table *table);

#endif
