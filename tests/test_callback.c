/* Rows that stay behind a function of the host: the same results as in memory, and every way in which it can fail. */
#include "elements.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

/* ---- callbacks ---- */

typedef struct {
  const unsigned char *bytes;
  int64_t n, row_bytes;
  pthread_t caller;
  int calls, fail_call; /* -1: none */
  int change_call;      /* from which on rows are twice as long; -1: never */
} holder;

static int32_t hand_over(int64_t first, int64_t count, void *rows, void *user) {
  holder *h = user;
  assert_true(pthread_equal(pthread_self(), h->caller));
  assert_true(first >= 0 && count >= 1 && first + count <= h->n);
  memcpy(rows, h->bytes + first * h->row_bytes, (size_t)(count * h->row_bytes));
  if (h->change_call >= 0 && h->calls >= h->change_call) {
    for (int64_t k = 0; k < count * h->row_bytes / 4; k++) {
      ((float *)rows)[k] *= 2;
    }
  }
  return h->calls++ == h->fail_call ? 42 : 0;
}

static holder make_holder(unsigned char *bytes) {
  return (holder){.bytes = bytes,
                  .n = LARGE_N,
                  .row_bytes = LARGE_D * 4,
                  .caller = pthread_self(),
                  .fail_call = -1,
                  .change_call = -1};
}

static void rows_of_a_callback_are_the_same_and_asked_for_on_the_callers_thread(void **state) {
  (void)state;
  unsigned char *bytes = make_sparse_elements(LARGE_N, LARGE_D, DIVW_FLOAT32, 1);
  holder h = make_holder(bytes);
  divw_dataset *borrowed, *streamed, *some;
  ok(divw_dataset_create_borrowed(&borrowed, bytes, LARGE_N, LARGE_D, DIVW_FLOAT32, 0));
  ok(divw_dataset_create_stream(&streamed, LARGE_N, LARGE_D, DIVW_FLOAT32, hand_over, &h));
  assert_int_equal(h.calls, 0);
  assert_int_equal(divw_dataset_is_streamed(streamed), 1);
  assert_int_equal(divw_dataset_is_streamed(NULL), 0);
  have_the_same_rows(borrowed, streamed);
  solve_to_the_same_bits(borrowed, streamed);
  ok(every_third(&some, streamed));
  divw_dataset_destroy(streamed); /* the subset goes on */
  ok(every_third(&streamed, borrowed));
  have_the_same_rows(streamed, some);
  divw_dataset_destroy(some);
  divw_dataset_destroy(streamed);
  divw_dataset_destroy(borrowed);
  free(bytes);
}

static void a_callback_that_fails_ends_the_call(void **state) {
  (void)state;
  unsigned char *bytes = make_sparse_elements(LARGE_N, LARGE_D, DIVW_FLOAT32, 1);
  holder h = make_holder(bytes);
  divw_dataset *streamed;
  divw_weights *weights;
  ok(divw_dataset_create_stream(&streamed, LARGE_N, LARGE_D, DIVW_FLOAT32, hand_over, &h));
  for (h.fail_call = 0; h.fail_call < 60; h.fail_call += 13) {
    h.calls = 0;
    fails(solve_briefly(streamed, &weights), DIVW_ERROR_FILE, "the function that has them returned 42");
    assert_int_equal(h.calls, h.fail_call + 1);
  }
  divw_dataset_destroy(streamed);
  free(bytes);
}

static void rows_that_change_their_length_are_found_out(void **state) {
  (void)state;
  unsigned char *bytes = make_sparse_elements(LARGE_N, LARGE_D, DIVW_FLOAT32, 1);
  holder h = make_holder(bytes);
  divw_dataset *streamed;
  divw_weights *weights;
  ok(divw_dataset_create_stream(&streamed, LARGE_N, LARGE_D, DIVW_FLOAT32, hand_over, &h));
  h.change_call = 30;
  fails(solve_briefly(streamed, &weights), DIVW_ERROR_DATA, "the rows have changed since the kernel was made");
  h.calls = 0;
  h.change_call = -1;
  ((float *)bytes)[LARGE_D * 4321 + 77] = NAN;
  fails(solve_briefly(streamed, &weights), DIVW_ERROR_DATA, "row 4321, column 77 of the data is nan");
  divw_dataset_destroy(streamed);
  free(bytes);
}

/* ---- sizes ---- */

static int32_t never(int64_t first, int64_t count, void *rows, void *user) {
  (void)first;
  (void)count;
  (void)rows;
  *(bool *)user = true;
  return 1;
}

static void *at_most_a_gigabyte(uint64_t bytes, void *user) {
  (void)user;
  return bytes > UINT64_C(1) << 30 ? NULL : malloc(bytes);
}

static void release(void *memory, void *user) {
  (void)user;
  free(memory);
}

static void more_rows_than_memory_can_count_are_refused_with_the_figure_before_they_are_asked_for(void **state) {
  (void)state;
  const int64_t n = 3000000000;
  bool asked = false;
  divw_dataset *streamed, *some;
  divw_kernel *kernel;
  divw_solver *solver;
  divw_estimate *estimate;
  ok(divw_dataset_create_stream(&streamed, n, 512, DIVW_FLOAT32, never, &asked));
  assert_int_equal(divw_dataset_count(streamed), n);
  assert_int_equal(divw_dataset_row(streamed, n - 1), n - 1);
  ok(divw_set_allocator(at_most_a_gigabyte, release, NULL));
  fails(divw_kernel_create(&kernel, streamed, DIVW_KERNEL_COSINE), DIVW_ERROR_MEMORY,
        "3000000000 x 8 bytes could not be allocated");
  ok(divw_set_allocator(NULL, NULL, NULL));
  assert_false(asked);
  ok(divw_solver_create(&solver));
  ok(divw_estimate_create_streamed(&estimate, solver, NULL, n, 512, DIVW_FLOAT32, n, 0));
  assert_true(divw_estimate_bytes(estimate, DIVW_MEMORY_SOLVER) > 90.0 * (double)n);
  assert_true(divw_estimate_bytes(estimate, DIVW_MEMORY_PEAK) < 1e12);
  divw_estimate_destroy(estimate);
  divw_solver_destroy(solver);
  ok(divw_dataset_select_first(&some, streamed, 5));
  fails(divw_kernel_create(&kernel, some, DIVW_KERNEL_COSINE), DIVW_ERROR_FILE, "returned 1");
  divw_dataset_destroy(some);
  divw_dataset_destroy(streamed);
}

static void sizes_are_checked(void **state) {
  (void)state;
  divw_dataset *out;
  bool asked;
  fails(divw_dataset_create_stream(NULL, 1, 1, DIVW_UINT8, never, NULL), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_dataset_create_stream(&out, 1, 1, DIVW_UINT8, NULL, NULL), DIVW_ERROR_ARGUMENT, "read is NULL");
  assert_null(out);
  fails(divw_dataset_create_stream(&out, 0, 1, DIVW_UINT8, never, NULL), DIVW_ERROR_ARGUMENT, "n is 0");
  fails(divw_dataset_create_stream(&out, 1, -1, DIVW_UINT8, never, NULL), DIVW_ERROR_ARGUMENT, "d is -1");
  fails(divw_dataset_create_stream(&out, 1, 1, 9, never, NULL), DIVW_ERROR_ARGUMENT, "dtype is 9");
  fails(divw_dataset_create_stream(&out, INT64_MAX, 2, DIVW_UINT8, never, NULL), DIVW_ERROR_SIZE, "2^63 bytes");
  fails(divw_dataset_create_stream(&out, INT64_MAX / 4, 1, DIVW_FLOAT64, never, NULL), DIVW_ERROR_SIZE, "2^63 bytes");
  fails(divw_dataset_create_stream(&out, 1, INT64_MAX, DIVW_FLOAT32, never, NULL), DIVW_ERROR_SIZE, "2^63 bytes");
  ok(divw_dataset_create_stream(&out, INT64_MAX, 1, DIVW_UINT8, never, &asked));
  divw_kernel *kernel;
  fails(divw_kernel_create(&kernel, out, DIVW_KERNEL_COSINE), DIVW_ERROR_MEMORY, "out of memory");
  divw_dataset_destroy(out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_of_a_callback_are_the_same_and_asked_for_on_the_callers_thread),
      cmocka_unit_test(a_callback_that_fails_ends_the_call),
      cmocka_unit_test(rows_that_change_their_length_are_found_out),
      cmocka_unit_test(more_rows_than_memory_can_count_are_refused_with_the_figure_before_they_are_asked_for),
      cmocka_unit_test(sizes_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
