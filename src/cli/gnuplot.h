/* Runs gnuplot, when there is one. */
#ifndef GNUPLOT_H
#define GNUPLOT_H

#include "cli.h"

/* The longest that gnuplot may take, in seconds. */
enum { GNUPLOT_SECONDS = 60 };

/* The lines of a script that all pictures share: line style 1 is grey and dashed, 2 blue and solid, 3 light grey. */
extern const char gnuplot_style[];

/* Runs scripts that lie in `folder`, inside it. `scripts` are their names, ending with NULL. Without gnuplot one
 * sentence says what to install, which is no failure; false when gnuplot did not end well. */
bool run_gnuplot(const char *folder, const char *const *scripts);

#endif
