/* Loops in parts: every part once, with threads that are kept or not, from several threads at once. */
#include "check.h"
#include "parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef struct {
  atomic_int done[DW_MAX_PARTS];
  int inner;
} tally;

static void count_part(void *context, int part) {
  tally *t = context;
  atomic_fetch_add(&t->done[part], 1);
  if (t->inner > 0) { /* a loop inside of one */
    tally own = {.inner = 0};
    dw_run_parts(t->inner, count_part, &own);
    for (int k = 0; k < t->inner; k++) {
      atomic_fetch_add(&t->done[part], own.done[k] == 1 ? 0 : 1000);
    }
  }
}

static void run_loops(int inner) {
  for (int parts = 1; parts <= DW_MAX_PARTS; parts += parts < 4 ? 1 : 20) {
    tally t = {.inner = inner};
    dw_run_parts(parts, count_part, &t);
    for (int k = 0; k < DW_MAX_PARTS; k++) {
      assert_int_equal(t.done[k], k < parts);
    }
  }
}

static void every_part_is_done_once(void **state) {
  (void)state;
  run_loops(0);
  run_loops(3);
}

static void kept_threads_do_the_same(void **state) {
  (void)state;
  dw_crew_enter();
  for (int k = 0; k < 50; k++) {
    run_loops(0);
  }
  dw_crew_enter();
  run_loops(2);
  dw_crew_leave();
  run_loops(0);
  dw_crew_leave();
  run_loops(0);
}

static void *run_kept(void *context) {
  (void)context;
  kept_threads_do_the_same(NULL);
  return NULL;
}

static void threads_of_the_host_do_not_meet(void **state) {
  (void)state;
  pthread_t threads[4];
  for (int k = 0; k < 4; k++) {
    assert_int_equal(pthread_create(&threads[k], NULL, run_kept, NULL), 0);
  }
  for (int k = 0; k < 4; k++) {
    pthread_join(threads[k], NULL);
  }
}

static void parts_follow_work_and_threads(void **state) {
  (void)state;
  const int32_t before = divw_threads();
  ok(divw_set_threads(3));
  assert_int_equal(dw_parts(0, 10), 1);
  assert_int_equal(dw_parts(19, 10), 1);
  assert_int_equal(dw_parts(20, 10), 2);
  assert_int_equal(dw_parts(1e300, 10), divw_threads());
  ok(divw_set_threads(1));
  assert_int_equal(dw_parts(1e300, 10), 1);
  ok(divw_set_threads(before));
  for (int part = 0; part <= 7; part++) {
    assert_int_equal(dw_part_start(700, 7, part), 100 * part);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_part_is_done_once),
      cmocka_unit_test(kept_threads_do_the_same),
      cmocka_unit_test(threads_of_the_host_do_not_meet),
      cmocka_unit_test(parts_follow_work_and_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
