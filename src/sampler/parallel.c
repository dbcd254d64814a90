/* A loop cut into parts, each on a thread of its own.
 *
 * Only the making of large tables comes here. Where a thread cannot be had, its part is done by the caller: nothing can
 * fail, and results never depend on the number of threads. */
#include "sample.h"

#include <pthread.h>

enum { WORTHWHILE = 1 << 16 }; /* rows: some ms of work, against 20 us to start a thread */

int dw_parts(int64_t count) {
  const int64_t most = dw_min(divw_threads(), DW_MAX_PARTS);
  return (int)dw_max(1, dw_min(most, count / WORTHWHILE));
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
