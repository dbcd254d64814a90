/* Flags that say which weights are allowed, and what examples are worth. */
#ifndef CONSTRAINTS_H
#define CONSTRAINTS_H

#include "options.h"

/* clang-format off */
#define FLAGS_CONSTRAINTS                                                                                              \
  {"max-weight", FLAG_REAL, FIELD(max_weight), "X", NULL, 1e-300, INFINITY,                                            \
   .help = "no weight above X/n, n being the number of selected rows"},                                                \
  {"min-weight", FLAG_REAL, FIELD(min_weight), "X", NULL, 0, 1, .help = "no weight below X/n"},                        \
  {"group-bounds", FLAG_TEXT, FIELD(group_bounds), "FILE",                                                             \
   .help = "bounds on the total weight of labels: CSV lines label,lower,upper in shares of 1; needs --labels"},        \
  {"exclude", FLAG_TEXT, FIELD(exclude), "FILE",                                                                       \
   .help = "row numbers in INPUT whose weight is 0, as .npy of integers; they stay among the weights"},                \
  {"quality", FLAG_TEXT, FIELD(quality), "FILE",                                                                       \
   .help = "scores of at least 0, one for each row of INPUT or each selected row, as .npy: (sum of weight x score) x " \
           "VS takes the place of VS"}
/* clang-format on */

/* Whether the flags make sense together; says so when they do not. */
bool constraints_are_sound(const cli_settings *settings, const cli_verb *verb);

/* Puts them on a solver for these examples. */
bool set_constraints(divw_solver *solver, const cli_settings *settings, const divw_dataset *dataset);

/* "30%" or "120": the least number of effective examples, or their share; false when it is neither. */
bool read_effective(const char *text, double *amount, bool *is_share);

#endif
