/* What the work will take, before the rows are read: --dry-run and --max-memory. */
#ifndef PLAN_H
#define PLAN_H

#include "input.h"

/* clang-format off */
#define FLAG_MAX_MEMORY                                                                                                \
  {"max-memory", FLAG_SIZE, FIELD(max_memory), "SIZE",                                                                 \
   .help = "take no more memory than this: rows that do not fit are read again in every pass, and what does not fit "     \
           "even so is refused before it is begun"}
/* clang-format on */

typedef struct {
  int64_t rows, dimension; /* of INPUT */
  int64_t kept;            /* rows in memory, where they are not streamed: all of them, or those that are selected */
  int32_t dtype;
  bool labelled;          /* the rows of INPUT have labels in memory, too */
  divw_dataset *examples; /* those that are selected: row numbers, labels and ids, but no rows */
  divw_estimate *estimate;
  double host;   /* bytes that the process takes beside what the estimate counts */
  bool by_pairs; /* no features: divw_vendi_score_two() */
  bool streams;  /* the rows do not fit into memory, and stay in INPUT */
  char why[512]; /* they cannot, where they should; "" otherwise */
} cli_plan;

/* Reads the header of INPUT, and selects. */
bool plan_examples(cli_plan *plan, const cli_settings *settings);

/* Estimates the memory of a solve (solver NULL: of a score), with the rows in memory or, where they do not fit,
 * streamed; and what --max-memory leaves for the solve becomes the limit of the solver. False, with the figure and what
 * needs it, when it is too much. */
bool plan_memory(cli_plan *plan, divw_solver *solver, const cli_settings *settings);

/* Measures the time of an iteration and prints everything. */
bool plan_show(const cli_plan *plan, const cli_settings *settings);

void plan_destroy(cli_plan *plan);

#endif
