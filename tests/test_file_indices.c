/* Files of whole numbers. */
#define _DEFAULT_SOURCE /* syscall */

#include "array_file.h"
#include "arrays.h"
#include "check.h"
#include "faults.h"

#include <errno.h>
#include <stdio.h>
#include <zlib.h>

static void indices_are_what_was_saved(void **state) {
  (void)state;
  static int64_t many[20000];
  int64_t *values, count;
  for (int64_t k = 0; k < 20000; k++) {
    many[k] = (int64_t)element(k, 8);
  }
  for (int64_t n = 0; n <= 20000; n = 27 * n + 1) {
    ok(divw_indices_save(scratch("indices.npy"), n == 0 ? NULL : many, n));
    ok(divw_indices_load(scratch("indices.npy"), &values, &count));
    assert_int_equal(count, n);
    assert_non_null(values);
    assert_memory_equal(values, many, (size_t)n * 8);
    divw_free(values);
  }
}

static void indices_that_cannot_be_written_leave_the_old_file(void **state) {
  (void)state;
  static int64_t many[20000];
  int64_t *values, count;
  ok(divw_indices_save(scratch("indices.npy"), many, 3));
  plan.call = "write", plan.error = ENOSPC, plan.after = 1;
  fails(divw_indices_save(scratch("indices.npy"), many, 20000), DIVW_ERROR_FILE, "No space left on device");
  ok(divw_indices_load(scratch("indices.npy"), &values, &count));
  assert_int_equal(count, 3);
  divw_free(values);
  assert_false(any_temporary_file());
}

static void saved_indices_are_these_bytes(void **state) {
  (void)state;
  unsigned char file[200];
  const int64_t values[] = {1, -2};
  ok(divw_indices_save(scratch("indices.npy"), values, 2));
  assert_int_equal(slurp_into(scratch("indices.npy"), file, sizeof file), 128 + 16);
  assert_memory_equal(file,
                      "\x93NUMPY\x01\x00\x76\x00{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }          "
                      "                                                  \n"
                      "\x01\x00\x00\x00\x00\x00\x00\x00\xfe\xff\xff\xff\xff\xff\xff\xff",
                      128 + 16);
}

static void integers_of_every_type_become_int64(void **state) {
  (void)state;
  const struct {
    const char *type;
    int size;
    int64_t expected;
  } types[] = {{"|i1", 1, -2},          {"|u1", 1, 254},         {"<i2", 2, -2}, {">i2", 2, -2},
               {"<u2", 2, 65534},       {">u2", 2, 65534},       {"<i4", 4, -2}, {">i4", 4, -2},
               {"<u4", 4, 4294967294u}, {">u4", 4, 4294967294u}, {"<i8", 8, -2}, {">i8", 8, -2}};
  for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
    unsigned char data[24];
    char text[100];
    int64_t *values, count;
    const bool big_endian = types[k].type[0] == '>';
    put_element(data, 7, types[k].size, big_endian);
    put_element(data + types[k].size, (uint64_t)-2, types[k].size, big_endian);
    put_element(data + 2 * types[k].size, 9, types[k].size, big_endian);
    snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (3,)}", types[k].type);
    ok(divw_indices_load(npy_of(1, text, data, (size_t)(3 * types[k].size)), &values, &count));
    assert_int_equal(count, 3);
    assert_int_equal(values[0], 7);
    assert_int_equal(values[1], types[k].expected);
    assert_int_equal(values[2], 9);
    divw_free(values);
  }
}

static void a_number_beyond_int64_is_refused(void **state) {
  (void)state;
  int64_t *values, count;
  const char *text = "{'descr': '<u8', 'fortran_order': False, 'shape': (2,)}";
  unsigned char data[16];
  put_element(data, 5, 8, false);
  put_element(data + 8, INT64_MAX, 8, false);
  ok(divw_indices_load(npy_of(1, text, data, 16), &values, &count));
  assert_int_equal(values[1], INT64_MAX);
  divw_free(values);
  put_element(data + 8, (uint64_t)INT64_MAX + 1, 8, false);
  fails(divw_indices_load(npy_of(1, text, data, 16), &values, &count), DIVW_ERROR_FORMAT,
        "array.npy: number 1 is 9223372036854775808, accepted are at most 2^63 - 1");
  assert_null(values);
  assert_int_equal(count, 0);
}

static void indices_must_be_integers_on_one_axis(void **state) {
  (void)state;
  int64_t *values, count;
  fails(divw_indices_load(npy_of(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "12345678", 8), &values,
                          &count),
        DIVW_ERROR_FORMAT, "array.npy: holds float64, expected integers");
  fails(divw_indices_load(npy_of(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (1,1)}", "12345678", 8), &values,
                          &count),
        DIVW_ERROR_FORMAT, "array.npy: has 2 axes, expected 1");
  fails(divw_indices_load(scratch("missing"), &values, &count), DIVW_ERROR_FILE, "missing: cannot be opened");
}

static void arguments_of_indices_are_checked(void **state) {
  (void)state;
  int64_t *values, count, one = 1;
  fails(divw_indices_load(NULL, &values, &count), DIVW_ERROR_ARGUMENT, "divw_indices_load: path is NULL");
  assert_null(values);
  fails(divw_indices_load("x", NULL, &count), DIVW_ERROR_ARGUMENT, "divw_indices_load: values is NULL");
  fails(divw_indices_load("x", &values, NULL), DIVW_ERROR_ARGUMENT, "divw_indices_load: count is NULL");
  fails(divw_indices_save(NULL, &one, 1), DIVW_ERROR_ARGUMENT, "divw_indices_save: path is NULL");
  fails(divw_indices_save("x", NULL, 1), DIVW_ERROR_ARGUMENT, "divw_indices_save: values is NULL");
  fails(divw_indices_save("x", &one, -1), DIVW_ERROR_ARGUMENT, "divw_indices_save: count is -1, expected 0 or more");
  fails(divw_indices_save(scratch("no-folder/x"), &one, 1), DIVW_ERROR_FILE, "no-folder/x: cannot be written");
}

static divw_status load_and_free(void *path) {
  int64_t *values, count;
  divw_status status = divw_indices_load(path, &values, &count);
  assert_true((status == DIVW_OK) == (values != NULL));
  divw_free(values);
  return status;
}

static divw_status save_one(void *path) {
  const int64_t one = 1;
  return divw_indices_save(path, &one, 1);
}

static divw_status read_fortran(void *path) {
  dw_array_header header;
  unsigned char rows[4];
  return read_array(path, &header, rows);
}

static void every_failed_allocation_is_an_error(void **state) {
  (void)state;
  unsigned char file[200];
  const size_t count = build_npy(file, 1, "{'descr': '<i4', 'fortran_order': False, 'shape': (1,)}", "1234", 4);
  fail_every_allocation(load_and_free, (void *)scratch_file("indices.npy", file, count));
  fail_every_allocation(load_and_free, (void *)gzipped("indices.npy.gz", "wb", file, count));
  fail_every_allocation(save_one, (void *)scratch("saved.npy"));
  fail_every_allocation(read_fortran,
                        (void *)npy_of(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2,2)}", "1234", 4));
  assert_false(any_temporary_file());
}

static void mnist_labels_are_read(void **state) {
  (void)state;
  int64_t *values, count, zeros_and_ones = 0;
  const char *path = real_data("t10k-labels-idx1-ubyte.gz");
  if (path == NULL) {
    skip();
  }
  ok(divw_indices_load(path, &values, &count));
  assert_int_equal(count, 10000);
  for (int64_t k = 0; k < count; k++) {
    assert_true(values[k] >= 0 && values[k] <= 9);
    zeros_and_ones += values[k] <= 1;
  }
  assert_int_equal(zeros_and_ones, 2115);
  assert_int_equal(values[0], 7);
  divw_free(values);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(indices_are_what_was_saved),
      TEST(indices_that_cannot_be_written_leave_the_old_file),
      TEST(saved_indices_are_these_bytes),
      TEST(integers_of_every_type_become_int64),
      TEST(a_number_beyond_int64_is_refused),
      TEST(indices_must_be_integers_on_one_axis),
      TEST(arguments_of_indices_are_checked),
      TEST(every_failed_allocation_is_an_error),
      TEST(mnist_labels_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
