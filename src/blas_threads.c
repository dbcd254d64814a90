/* How many threads the BLAS has, which is a setting of the whole process.
 *
 * It is the host's until divw_set_threads(N) makes it ours. From then on N is the number of threads of our own loops
 * (parallel.c), and a call of the BLAS gets one thread or N, by the size of its work alone (linalg.c, eigen.c), so that
 * bits depend on N and not on who else is calling: a call that wants another number than those that are running waits
 * for them. Between calls it is N, as the host asked.
 *
 * Why not N always: decompositions up to an order of about 1,000 take longer on two threads than on one (r = 256: 5.4
 * against 3.8 ms), and after every call the threads of OpenBLAS 0.3.21 look for more work for 100 ms, on the cores that
 * our own threads need. Why not one always: from there on two are faster (r = 2,048: 390 against 670 ms). */
#include "blas_threads.h"

#include "internal.h"

#include <cblas.h>

#include <pthread.h>
#include <stdatomic.h>

static atomic_int asked; /* by the host; 0: it has not */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int number, running, waiting; /* of the calls that are running: how many threads each has, how many they are */

static _Thread_local int depth;
static _Thread_local bool is_counted; /* of the outermost pair: asked was set when it began */

static int wanted(bool worth_threads) { return worth_threads ? asked : 1; }

/* Not past others that wait, or these might wait for ever. The lock is held. */
static bool has_to_wait(bool worth_threads) { return running > 0 && (number != wanted(worth_threads) || waiting > 1); }

static void begin(bool worth_threads) {
  if (depth++ > 0) {
    return;
  }
  is_counted = asked > 0;
  if (!is_counted) {
    return;
  }
  pthread_mutex_lock(&lock);
  waiting++;
  while (has_to_wait(worth_threads)) {
    pthread_cond_wait(&changed, &lock);
  }
  waiting--;
  if (running++ == 0) {
    number = wanted(worth_threads);
    openblas_set_num_threads(number);
  }
  pthread_mutex_unlock(&lock);
}

/* dsyrk of order 256: 0.42 ms with one thread and 0.51 with two; 384: 1.3 and 1.0. */
void dw_blas_begin_product(int64_t a, int64_t b, int64_t c) { begin((double)a * (double)b * (double)c >= 2e7); }

void dw_blas_begin_order(int64_t order) { begin(order >= 1000); }

void dw_blas_end(void) {
  if (--depth > 0 || !is_counted) {
    return;
  }
  pthread_mutex_lock(&lock);
  if (--running == 0) {
    openblas_set_num_threads(asked);
    pthread_cond_broadcast(&changed);
  }
  pthread_mutex_unlock(&lock);
}

divw_status divw_set_threads(int32_t threads) {
  if (threads < 1 || threads > 1024) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "divw_set_threads: threads is %d, expected 1 to 1024", threads);
  }
  pthread_mutex_lock(&lock);
  waiting++;
  while (running > 0) {
    pthread_cond_wait(&changed, &lock);
  }
  waiting--;
  asked = threads;
  openblas_set_num_threads(threads);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return DIVW_OK;
}

int32_t divw_threads(void) {
  const int threads = asked;
  return threads > 0 ? threads : openblas_get_num_threads();
}
