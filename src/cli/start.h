/* --initial: old weights to start from, brought into the order of the examples at hand. */
#ifndef START_H
#define START_H

#include "cli.h"
#include "options.h"

/* clang-format off */
#define FLAGS_INITIAL                                                                                                  \
  {"initial", FLAG_TEXT, FIELD(initial), "FILE",                                                                       \
   .help = "start from these weights, of a solve before the data grew or of another balance; without one of the two "  \
           "next flags the first weight belongs to the first selected row, and so on"},                                \
  {"initial-rows", FLAG_TEXT, FIELD(initial_rows), "FILE",                                                             \
   .help = "the row number in INPUT of every weight of --initial, as --rows-output wrote it; other rows start at the " \
           "mean weight"},                                                                                             \
  {"initial-ids", FLAG_TEXT, FIELD(initial_ids), "FILE",                                                               \
   .help = "the id of every weight of --initial, as --ids-output wrote it; other ids start at the mean weight; needs " \
           "--ids"}
/* clang-format on */

/* Whether these flags make sense together; says so when they do not. */
bool start_is_sound(const cli_settings *settings, const cli_verb *verb);

/* Reads --initial, when it is given, and lets the solver start from it; says on stderr how many examples it knows. */
bool set_start(divw_solver *solver, const divw_dataset *dataset, const cli_settings *settings);

#endif
