/* A loop cut into parts, each on a thread of its own.
 *
 * Threads end with the loop, or are kept for the loops to come: between dw_crew_enter() and dw_crew_leave() they sleep
 * until there is work. Waking one takes 10 us and starting one 25, but more counts that the BLAS may have threads, too,
 * which go on asking for work for 100 ms after it (blas_threads.c): the system lets a thread that wakes up go before
 * those, and one that was just started wait for its turn (100,000 rows x 128: 34 ms an iteration against 56).
 *
 * Nothing is shared between threads that call, so that they do not wait for each other. Where a thread cannot be had,
 * its part is done by the others: nothing can fail. What is in which part depends on the number of parts alone, and so
 * do results, if they do at all. */
#include "parallel.h"

#include <math.h>
#include <pthread.h>

typedef struct {
  int entered, workers;
  pthread_t threads[DW_MAX_PARTS - 1];
  pthread_mutex_t lock; /* of what follows */
  pthread_cond_t begin, end;
  bool dismissed;
  void (*work)(void *context, int part);
  void *context;
  int parts, next, left; /* of the loop: the next part that nobody has, and how many are not done */
} crew;

static _Thread_local crew own;
static _Thread_local bool is_inside; /* of a part: the loops of a part are not shared out again */

int dw_parts(double work, double worthwhile) {
  const double most = (double)dw_min(divw_threads(), DW_MAX_PARTS);
  return (int)fmax(1, fmin(most, floor(work / worthwhile)));
}

int64_t dw_part_start(int64_t count, int parts, int part) {
  return count / parts * part + count % parts * part / parts;
}

/* Does parts of the loop until there is none left. The lock is held before and after. */
static void take_parts(crew *c) {
  while (c->next < c->parts) {
    const int part = c->next++;
    pthread_mutex_unlock(&c->lock);
    is_inside = true;
    c->work(c->context, part);
    is_inside = false;
    pthread_mutex_lock(&c->lock);
    if (--c->left == 0) {
      pthread_cond_signal(&c->end);
    }
  }
}

static void *serve(void *argument) {
  crew *c = argument;
  pthread_mutex_lock(&c->lock);
  while (!c->dismissed) {
    take_parts(c);
    pthread_cond_wait(&c->begin, &c->lock);
  }
  pthread_mutex_unlock(&c->lock);
  return NULL;
}

void dw_crew_enter(void) {
  if (own.entered++ == 0) {
    own.workers = own.parts = own.next = 0;
    own.dismissed = false;
    pthread_mutex_init(&own.lock, NULL);
    pthread_cond_init(&own.begin, NULL);
    pthread_cond_init(&own.end, NULL);
  }
}

void dw_crew_leave(void) {
  if (--own.entered > 0) {
    return;
  }
  pthread_mutex_lock(&own.lock);
  own.dismissed = true;
  pthread_cond_broadcast(&own.begin);
  pthread_mutex_unlock(&own.lock);
  for (int k = 0; k < own.workers; k++) {
    pthread_join(own.threads[k], NULL);
  }
  pthread_cond_destroy(&own.end);
  pthread_cond_destroy(&own.begin);
  pthread_mutex_destroy(&own.lock);
}

void dw_run_parts(int parts, void (*work)(void *context, int part), void *context) {
  assert(parts >= 1 && parts <= DW_MAX_PARTS);
  if (parts == 1 || is_inside) {
    for (int part = 0; part < parts; part++) {
      work(context, part);
    }
    return;
  }
  dw_crew_enter();
  pthread_mutex_lock(&own.lock);
  own.work = work;
  own.context = context;
  own.left = own.parts = parts;
  own.next = 0;
  while (own.workers < parts - 1 && pthread_create(&own.threads[own.workers], NULL, serve, &own) == 0) {
    own.workers++;
  }
  pthread_cond_broadcast(&own.begin);
  take_parts(&own);
  while (own.left > 0) {
    pthread_cond_wait(&own.end, &own.lock);
  }
  pthread_mutex_unlock(&own.lock);
  dw_crew_leave();
}
