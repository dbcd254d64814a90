/* What to look for, the same for every verb that solves: flags, and the solver that they make. */
#ifndef SOLVING_H
#define SOLVING_H

#include "cli.h"
#include "options.h"
#include "progress.h"

#include <math.h>

/* clang-format off */
#define FLAG_OBJECTIVE                                                                                                 \
  {"objective", FLAG_CHOICE, FIELD(objective), "published|log", "published",                                           \
   .help = "published: J = balance VS + (1 - balance) H, with VS the Vendi Score and H the entropy of the weights in " \
           "nats; log: G = balance log VS + (1 - balance) H, where a balance means the same for every number of "      \
           "examples"}

#define FLAGS_SOLVER                                                                                                   \
  {"order", FLAG_REAL, FIELD(order), "Q", "1", ABOVE_0, INFINITY,                                                        \
   .help = "order of the Vendi Score: the larger, the less rare kinds count"},                                         \
  {"method", FLAG_CHOICE, FIELD(method), "auto|accelerated|interior-point|adam", "auto",                                    \
   .help = "how to climb: accelerated takes any number of examples, interior-point up to some thousands but hardly "   \
           "more than ten iterations; auto chooses; adam is the published optimiser, to compare with"},                \
  {"precision", FLAG_CHOICE, FIELD(precision), "auto|single|double", "auto",                                            \
   .help = "of the iterations of accelerated: single takes half of the time, auto is single where that is sound and "  \
           "worth it; what is reported is proved in double either way"},                                               \
  {"tolerance", FLAG_REAL, FIELD(tolerance), "X", "1e-6", 1e-13, 1,                                                    \
   .help = "gap at which to stop, in nats of log VS"},                                                                 \
  {"max-iterations", FLAG_WHOLE, FIELD(max_iterations), "N", "500", 1, INFINITY,                                       \
   .help = "iterations of all solves together"},                                                                       \
  {"max-solves", FLAG_WHOLE, FIELD(max_solves), "N", "16", 1, 64,                                                      \
   .help = "solves that may be spent on the global bound; ordinary data need 1"}
/* clang-format on */

/* Whether order and method go together; says so when they do not. */
bool method_is_sound(const cli_settings *settings, const cli_verb *verb);

/* A solver with these flags and the constraints for these examples, which tells the progress of every iteration; to be
 * destroyed also on failure. The balance is left to the verb. */
bool make_solver(divw_solver **solver, const divw_dataset *dataset, const cli_settings *settings,
                 cli_progress *progress);

#endif
