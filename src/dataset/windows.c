/* Windows on rows that are not in memory, read ahead of the computation.
 *
 *     thread    reads windows k, k+1, ... into slots k mod SLOTS, as long as there is a free one
 *     caller    is shown window k; asking for a row behind it gives its slot back
 *
 * Three slots: one is computed on, one waits, one is read. So a pass takes the longer one of reading and computing, and
 * a reading that falters is made up for by the one that waits. The thread does nothing but read files into memory that
 * the caller has allocated; what goes wrong there is told where the window is asked for.
 *
 * A walk begins without a thread, with just the rows that are asked for, and gets one when it goes on where it was:
 * single rows here and there cost no more than themselves. Callbacks are the host's, and run on its thread. Where a
 * thread cannot be had, the caller reads, with the same result. */
#define _POSIX_C_SOURCE 200809L /* pthread_sigmask */

#include "windows.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { SLOTS = 3, WINDOW = 4 << 20, SENTENCE = 1024 };

typedef struct {
  unsigned char *rows;
  int64_t room;         /* rows that it can hold */
  int64_t first, count; /* rows that it holds */
} slot;

struct dw_windows {
  dw_store_reader reader; /* the thread's, while there is one */
  const int64_t *list;
  int64_t n, most; /* rows; rows of a window */
  slot slots[SLOTS];
  int64_t shown; /* the number of the window that the caller has */

  bool has_thread;
  pthread_t thread;
  pthread_mutex_t mutex; /* for what follows */
  pthread_cond_t changed;
  int64_t next;   /* row that the thread goes on with */
  int64_t filled; /* windows that it has read */
  int64_t given;  /* windows that it may read: SLOTS, and one for each that came back */
  bool stops;
  divw_status status; /* of the thread */
  char sentence[SENTENCE];
};

double dw_windows_bytes(double n, double row_bytes) {
  const double window = row_bytes < WINDOW ? WINDOW : row_bytes, rows = n * row_bytes;
  return SLOTS * (rows < window ? rows : window) + sizeof(dw_windows);
}

divw_status dw_windows_open(dw_windows **out, const dw_store *store, const int64_t *list, int64_t n) {
  divw_status status = dw_alloc_zero(out, 1, sizeof **out);
  if (status == DIVW_OK) {
    dw_windows *w = *out;
    w->reader = (dw_store_reader){.store = store, .file = -1};
    w->list = list;
    w->n = n;
    w->most = dw_min(n, dw_max(1, WINDOW / store->row_bytes));
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->changed, NULL);
  }
  return status;
}

static divw_status make_room(dw_windows *w, int k, int64_t rows) {
  slot *s = &w->slots[k];
  if (s->room >= rows) {
    return DIVW_OK;
  }
  divw_free(s->rows);
  s->room = s->count = 0;
  divw_status status = dw_alloc(&s->rows, rows, (size_t)w->reader.store->row_bytes);
  s->room = status == DIVW_OK ? rows : 0;
  return status;
}

static divw_status fill(dw_windows *w, slot *s, int64_t first, int64_t count) {
  s->first = first;
  s->count = count;
  return w->list == NULL ? dw_store_read(&w->reader, first, count, s->rows)
                         : dw_store_read_list(&w->reader, w->list + first, count, s->rows);
}

/* ---- the thread ---- */

/* Waits until there is a window to read; false: no more. */
static bool wait_for_work(dw_windows *w) {
  while (!w->stops && w->filled == w->given) {
    pthread_cond_wait(&w->changed, &w->mutex);
  }
  return !w->stops && w->next < w->n && w->status == DIVW_OK;
}

static void *read_ahead(void *argument) {
  dw_windows *w = argument;
  pthread_mutex_lock(&w->mutex);
  while (wait_for_work(w)) {
    slot *s = &w->slots[w->filled % SLOTS];
    const int64_t first = w->next, count = dw_min(w->most, w->n - first);
    pthread_mutex_unlock(&w->mutex);
    const divw_status status = fill(w, s, first, count);
    pthread_mutex_lock(&w->mutex);
    if (status != DIVW_OK) {
      strncpy(w->sentence, divw_error_message(), SENTENCE - 1);
    }
    w->status = status;
    w->next += count;
    w->filled += status == DIVW_OK;
    pthread_cond_signal(&w->changed);
  }
  pthread_mutex_unlock(&w->mutex);
  return NULL;
}

/* Signals are for the threads of the host. */
static bool start_thread(dw_windows *w) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool started = pthread_create(&w->thread, NULL, read_ahead, w) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

static void stop_thread(dw_windows *w) {
  if (w->has_thread) {
    pthread_mutex_lock(&w->mutex);
    w->stops = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    w->has_thread = false;
  }
}

/* ---- the caller ---- */

static slot *shown_slot(dw_windows *w) { return &w->slots[w->shown % SLOTS]; }

static bool shows(dw_windows *w, int64_t row) {
  const slot *s = shown_slot(w);
  return row >= s->first && row < s->first + s->count;
}

/* Whether a row comes so soon behind the rows that are shown that a walk is going on. */
static bool goes_on(dw_windows *w, int64_t row) {
  const slot *s = shown_slot(w);
  return s->count > 0 && row >= s->first + s->count && row - s->first - s->count < w->most;
}

/* From `first` on with a thread, if there can be one. */
static divw_status begin_to_read_ahead(dw_windows *w, int64_t first) {
  divw_status status = DIVW_OK;
  for (int k = 0; k < SLOTS; k++) {
    DW_TRY(make_room(w, k, w->most));
    w->slots[k].count = 0;
  }
  w->shown = w->filled = 0;
  w->given = SLOTS;
  w->next = first;
  w->stops = false;
  w->status = DIVW_OK;
  w->has_thread = start_thread(w);
fail:
  return status;
}

/* Waits for the window that is shown now. After a failure none is. */
static divw_status wait_for_window(dw_windows *w) {
  pthread_mutex_lock(&w->mutex);
  while (w->filled == w->shown && w->status == DIVW_OK) {
    pthread_cond_wait(&w->changed, &w->mutex);
  }
  const bool there = w->filled > w->shown;
  pthread_mutex_unlock(&w->mutex);
  if (there) {
    return DIVW_OK;
  }
  stop_thread(w);
  shown_slot(w)->count = 0;
  return dw_fail(w->status, "%s", w->sentence);
}

/* Shows the next window, and gives back the one before. */
static divw_status step(dw_windows *w) {
  pthread_mutex_lock(&w->mutex);
  w->given++;
  w->shown++;
  pthread_cond_signal(&w->changed);
  pthread_mutex_unlock(&w->mutex);
  return wait_for_window(w);
}

static divw_status read_here(dw_windows *w, int64_t first, int64_t count) {
  divw_status status;
  w->shown = 0;
  DW_TRY(make_room(w, 0, count));
  status = fill(w, &w->slots[0], first, count);
  if (status != DIVW_OK) {
    w->slots[0].count = 0;
  }
fail:
  return status;
}

static divw_status go_to(dw_windows *w, int64_t first, int64_t count) {
  divw_status status = DIVW_OK;
  const bool sequential = goes_on(w, first);
  if (!sequential) {
    stop_thread(w);
  } else if (!w->has_thread && w->reader.store->read == NULL) {
    const slot *s = shown_slot(w);
    DW_TRY(begin_to_read_ahead(w, s->first + s->count));
    DW_TRY(w->has_thread ? wait_for_window(w) : DIVW_OK);
  }
  while (w->has_thread && !shows(w, first)) {
    DW_TRY(step(w));
  }
  if (!w->has_thread) {
    status = read_here(w, first, dw_min(sequential ? w->n - first : count, w->most));
  }
fail:
  return status;
}

divw_status dw_windows_show(dw_windows *w, int64_t first, int64_t count, const unsigned char **rows, int64_t *shown) {
  divw_status status = DIVW_OK;
  assert(first >= 0 && count > 0 && first + count <= w->n);
  if (!shows(w, first)) {
    DW_TRY(go_to(w, first, count));
  }
  const slot *s = shown_slot(w);
  *rows = s->rows + (first - s->first) * w->reader.store->row_bytes;
  *shown = dw_min(count, s->first + s->count - first);
fail:
  return status;
}

void dw_windows_close(dw_windows *w) {
  if (w != NULL) {
    stop_thread(w);
    dw_store_close(&w->reader);
    for (int k = 0; k < SLOTS; k++) {
      divw_free(w->slots[k].rows);
    }
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    divw_free(w);
  }
}
