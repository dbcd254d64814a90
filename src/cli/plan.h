/* What the work will take, before the rows are read: --dry-run and --max-memory. */
#ifndef PLAN_H
#define PLAN_H

#include "input.h"

/* clang-format off */
#define FLAG_MAX_MEMORY                                                                                                \
  {"max-memory", FLAG_SIZE, FIELD(max_memory), "SIZE",                                                                 \
   .help = "refuse, before the rows are read, what may take more memory at its height"}
/* clang-format on */

typedef struct {
  int64_t rows, dimension; /* of INPUT */
  int32_t dtype;
  divw_dataset *examples; /* those that are selected: row numbers, labels and ids, but no rows */
  void *nothing;          /* what it has in place of rows */
  divw_estimate *estimate;
} cli_plan;

/* Reads the header of INPUT, and selects. */
bool plan_examples(cli_plan *plan, const cli_settings *settings);

/* Estimates the memory of a solve (solver NULL: of a score), and what --max-memory leaves for the solve becomes the
 * limit of the solver. False, with the figure and what needs it, when it is too much. */
bool plan_memory(cli_plan *plan, divw_solver *solver, const cli_settings *settings);

/* Measures the time of an iteration and prints everything. */
bool plan_show(const cli_plan *plan, const cli_settings *settings);

void plan_destroy(cli_plan *plan);

#endif
