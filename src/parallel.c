/* A loop cut into parts, each on a thread of its own.
 *
 * Threads are started for the loop and end with it: 20 us each, no state between calls, nothing that a fork() could
 * break. Where one cannot be had, its part is done by the caller, so nothing can fail. What is in which part depends on
 * the number of parts alone: so do results, if they do at all. */
#include "parallel.h"

#include <math.h>
#include <pthread.h>

int dw_parts(double work, double worthwhile) {
  const double most = (double)dw_min(divw_threads(), DW_MAX_PARTS);
  return (int)fmax(1, fmin(most, floor(work / worthwhile)));
}

int64_t dw_part_start(int64_t count, int parts, int part) {
  return count / parts * part + count % parts * part / parts;
}

typedef struct {
  void (*work)(void *context, int part);
  void *context;
  int part;
} job;

static void *run(void *argument) {
  const job *j = argument;
  j->work(j->context, j->part);
  return NULL;
}

void dw_run_parts(int parts, void (*work)(void *context, int part), void *context) {
  pthread_t threads[DW_MAX_PARTS];
  job jobs[DW_MAX_PARTS];
  bool started[DW_MAX_PARTS];
  assert(parts >= 1 && parts <= DW_MAX_PARTS);
  for (int part = 1; part < parts; part++) {
    jobs[part] = (job){work, context, part};
    started[part] = pthread_create(&threads[part], NULL, run, &jobs[part]) == 0;
  }
  work(context, 0);
  for (int part = 1; part < parts; part++) {
    if (started[part]) {
      pthread_join(threads[part], NULL);
    } else {
      work(context, part);
    }
  }
}
