/* What a person sees of a solve, what --trace keeps of it, and how Ctrl-C ends it. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "cli.h"

typedef struct cli_progress cli_progress;

/* Starts to watch: from here on SIGINT and SIGTERM ask the solve to stop, once; the second ends the process.
 * The bar is drawn where stderr is a terminal. */
cli_progress *progress_start(double tolerance, bool keep_trace);

/* A divw_progress_fn; user is the progress. */
int32_t progress_step(int64_t iteration, double vendi_score, double entropy, double objective, double gap,
                      double seconds, void *user);

/* The iterations to come are those of this point of a path, 1, 2, ... of `points`. */
void progress_next(cli_progress *progress, int64_t point, int64_t points);

/* Takes the bar off the screen. */
void progress_clear(cli_progress *progress);

/* Writes the trace, one line per iteration. */
bool progress_save_trace(cli_progress *progress, const char *path);

/* The signal that came, or 0. */
int progress_signal(void);

/* NULL is accepted. */
void progress_destroy(cli_progress *progress);

#endif
