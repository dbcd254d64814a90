/* Statuses, sentences, memory hooks, threads, versions. */
#include "check.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

static void every_status_has_a_name(void **state) {
  (void)state;
  assert_string_equal(divw_status_name(DIVW_OK), "DIVW_OK");
  assert_string_equal(divw_status_name(DIVW_ERROR_ARGUMENT), "DIVW_ERROR_ARGUMENT");
  assert_string_equal(divw_status_name(DIVW_ERROR_MEMORY), "DIVW_ERROR_MEMORY");
  assert_string_equal(divw_status_name(DIVW_ERROR_FILE), "DIVW_ERROR_FILE");
  assert_string_equal(divw_status_name(DIVW_ERROR_FORMAT), "DIVW_ERROR_FORMAT");
  assert_string_equal(divw_status_name(DIVW_ERROR_DATA), "DIVW_ERROR_DATA");
  assert_string_equal(divw_status_name(DIVW_ERROR_NUMERICAL), "DIVW_ERROR_NUMERICAL");
  assert_string_equal(divw_status_name(DIVW_ERROR_SIZE), "DIVW_ERROR_SIZE");
  assert_string_equal(divw_status_name(1), "DIVW_ERROR_UNKNOWN");
  assert_string_equal(divw_status_name(-99), "DIVW_ERROR_UNKNOWN");
}

static void every_constant_has_a_name(void **state) {
  (void)state;
  assert_string_equal(divw_dtype_name(DIVW_FLOAT64), "float64");
  assert_string_equal(divw_dtype_name(DIVW_UINT8), "uint8");
  assert_string_equal(divw_dtype_name(99), "unknown");
  assert_string_equal(divw_kernel_name(DIVW_KERNEL_COSINE), "cosine");
  assert_string_equal(divw_kernel_name(DIVW_KERNEL_LINEAR), "linear");
  assert_string_equal(divw_kernel_name(0), "unknown");
  assert_string_equal(divw_stop_name(DIVW_STOP_CONVERGED), "converged");
  assert_string_equal(divw_stop_name(DIVW_STOP_MAX_ITERATIONS), "max_iterations");
  assert_string_equal(divw_stop_name(DIVW_STOP_CANCELLED), "cancelled");
  assert_string_equal(divw_stop_name(DIVW_STOP_STALLED), "stalled");
  assert_string_equal(divw_stop_name(0), "unknown");
}

static void library_and_headers_are_of_one_version(void **state) {
  (void)state;
  char expected[32];
  snprintf(expected, sizeof expected, "%d.%d.%d", DIVW_VERSION_MAJOR, DIVW_VERSION_MINOR, DIVW_VERSION_PATCH);
  assert_string_equal(divw_version(), expected);
  assert_int_equal(divw_version_number(), DIVW_VERSION_MAJOR * 10000 + DIVW_VERSION_MINOR * 100 + DIVW_VERSION_PATCH);
}

static void *count_allocation(uint64_t bytes, void *user) {
  ++*(int *)user;
  return malloc(bytes);
}

static void count_deallocation(void *memory, void *user) {
  --*(int *)user;
  free(memory);
}

static void hooks_see_every_block(void **state) {
  (void)state;
  int live = 0;
  divw_solver *solver;
  ok(divw_set_allocator(count_allocation, count_deallocation, &live));
  ok(divw_solver_create(&solver));
  assert_int_equal(live, 1);
  divw_solver_destroy(solver);
  assert_int_equal(live, 0);
  ok(divw_set_allocator(NULL, NULL, NULL));
  ok(divw_solver_create(&solver));
  assert_int_equal(live, 0);
  divw_solver_destroy(solver);
  divw_free(NULL);
}

static void one_hook_without_the_other_is_refused(void **state) {
  (void)state;
  fails(divw_set_allocator(count_allocation, NULL, NULL), DIVW_ERROR_ARGUMENT, "deallocate is NULL");
  fails(divw_set_allocator(NULL, count_deallocation, NULL), DIVW_ERROR_ARGUMENT, "allocate is NULL");
}

static void threads_are_set_only_when_asked(void **state) {
  (void)state;
  int32_t before = divw_threads();
  assert_true(before >= 1);
  ok(divw_set_threads(1));
  assert_int_equal(divw_threads(), 1);
  fails(divw_set_threads(0), DIVW_ERROR_ARGUMENT, "threads is 0, expected 1 to 1024");
  fails(divw_set_threads(1025), DIVW_ERROR_ARGUMENT, "threads is 1025");
  assert_int_equal(divw_threads(), 1);
  ok(divw_set_threads(before));
}

static void sentences_keep_the_decimal_point_in_every_locale(void **state) {
  (void)state;
  static const char *comma[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
  divw_solver *solver;
  ok(divw_solver_create(&solver));
  for (int k = 0; k < 4; k++) {
    if (setlocale(LC_ALL, comma[k]) != NULL) {
      fails(divw_solver_set_balance(solver, 1.5), DIVW_ERROR_ARGUMENT, "balance is 1.5,");
      assert_string_equal(setlocale(LC_ALL, NULL), comma[k]);
      setlocale(LC_ALL, "C");
      divw_solver_destroy(solver);
      return;
    }
  }
  divw_solver_destroy(solver);
  print_message("no locale with a decimal comma is installed\n");
  skip();
}

static void success_leaves_the_last_sentence_alone(void **state) {
  (void)state;
  fails(divw_set_threads(0), DIVW_ERROR_ARGUMENT, "threads is 0");
  ok(divw_set_allocator(NULL, NULL, NULL));
  assert_non_null(strstr(divw_error_message(), "threads is 0"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_status_has_a_name),
      cmocka_unit_test(every_constant_has_a_name),
      cmocka_unit_test(library_and_headers_are_of_one_version),
      cmocka_unit_test(hooks_see_every_block),
      cmocka_unit_test(one_hook_without_the_other_is_refused),
      cmocka_unit_test(threads_are_set_only_when_asked),
      cmocka_unit_test(sentences_keep_the_decimal_point_in_every_locale),
      cmocka_unit_test(success_leaves_the_last_sentence_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
