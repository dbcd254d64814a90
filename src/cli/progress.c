/* The progress function of a solve: draws one line on a terminal, notes the iteration for --trace, and cancels when a
 * signal has come.
 *
 * The trace is kept in memory (about 100 bytes an iteration) and written at the end, so that whatever ends the process
 * early leaves no part of a file behind. */
#define _POSIX_C_SOURCE 200809L

#include "progress.h"

#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cli_progress {
  bool draws;
  double tolerance;
  double widest_gap;      /* where the bar starts */
  double drawn_at;        /* seconds since the start */
  int64_t point, points;  /* of a path */
  double before, seconds; /* of the points before, of this one */
  FILE *trace;
  char *text; /* of the trace */
  size_t length;
};

/* ---- signals ---- */

static volatile sig_atomic_t caught;

static void on_signal(int number) {
  static const char note[] = "\ndivweights: stopping with the best weights so far (again: ends at once)\n";
  const int saved = errno;
  caught = number;
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  const int skip = !isatty(STDERR_FILENO); /* the line break, which takes the cursor off the bar */
  const ssize_t written = write(STDERR_FILENO, note + skip, sizeof note - 1 - skip);
  (void)written; /* nobody is left to be told */
  errno = saved;
}

int progress_signal(void) { return caught; }

/* ---- the bar ---- */

enum { BAR = 20 };
static const double SECONDS_BETWEEN_DRAWINGS = 0.1;

/* How far the gap has come from the widest to the tolerance, on a log scale. */
static double fraction_done(const cli_progress *progress, double gap) {
  const double way = log(progress->widest_gap / progress->tolerance), left = log(gap / progress->tolerance);
  return isfinite(gap) && way > 0 ? 1 - fmax(left, 0) / way : 0;
}

static void draw(const cli_progress *progress, int64_t iteration, double vendi_score, double entropy, double gap,
                 double seconds) {
  char bar[BAR + 1] = {0};
  const int done = (int)(BAR * fraction_done(progress, gap));
  memset(bar, '.', BAR);
  memset(bar, '#', (size_t)done);
  /* \033[?7l and h: a terminal that is too narrow cuts the line instead of breaking it */
  char place[48] = "";
  if (progress->points > 0) {
    snprintf(place, sizeof place, "point %" PRId64 " of %" PRId64 "  ", progress->point, progress->points);
  }
  fprintf(stderr, "\r\033[?7l%s%5" PRId64 "  VS %.4f  H %.4f  gap %.1e [%s] %.1f s\033[K\033[?7h", place, iteration,
          vendi_score, entropy, gap, bar, seconds);
  fflush(stderr);
}

void progress_clear(cli_progress *progress) {
  if (progress->draws && progress->drawn_at > -INFINITY) {
    fputs("\r\033[K", stderr);
  }
}

/* ---- the solve ---- */

cli_progress *progress_start(double tolerance, bool keep_trace) {
  cli_progress *made = allocate(1, sizeof *made);
  const char *terminal = getenv("TERM");
  *made = (cli_progress){.draws = isatty(STDERR_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0,
                         .tolerance = tolerance,
                         .drawn_at = -INFINITY};
  if (keep_trace) {
    made->trace = open_memstream(&made->text, &made->length);
    if (made->trace != NULL) {
      fputs("iteration,vendi_score,entropy,objective,gap,seconds\n", made->trace);
    }
  }
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  return made;
}

void progress_next(cli_progress *progress, int64_t point, int64_t points) {
  progress->point = point;
  progress->points = points;
  progress->before += progress->seconds;
  progress->seconds = 0;
  progress->widest_gap = 0;
}

int32_t progress_step(int64_t iteration, double vendi_score, double entropy, double objective, double gap,
                      double seconds, void *user) {
  cli_progress *progress = user;
  if (progress->trace != NULL) {
    fprintf(progress->trace, "%" PRId64 ",%.17g,%.17g,%.17g,%.17g,%.17g\n", iteration, vendi_score, entropy, objective,
            gap, seconds);
  }
  if (isfinite(gap)) {
    progress->widest_gap = fmax(progress->widest_gap, gap);
  }
  progress->seconds = seconds;
  const double now = progress->before + seconds;
  if (progress->draws && now >= progress->drawn_at + SECONDS_BETWEEN_DRAWINGS) {
    draw(progress, iteration, vendi_score, entropy, gap, now);
    progress->drawn_at = now;
  }
  return caught != 0;
}

bool progress_save_trace(cli_progress *progress, const char *path) {
  if (progress->trace == NULL || fflush(progress->trace) != 0 || ferror(progress->trace)) {
    return fail("%s: out of memory for the trace", path);
  }
  return save_text(path, progress->text, progress->length);
}

void progress_destroy(cli_progress *progress) {
  if (progress != NULL) {
    if (progress->trace != NULL) {
      fclose(progress->trace);
    }
    free(progress->text);
    free(progress);
  }
}
