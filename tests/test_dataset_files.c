/* Datasets from files: which axes are rows, shapes, and what is refused. */
#include "check.h"
#include "dataset.h"

#include <math.h>
#include <stdlib.h>

/* A version 1 npy file with this text and `bytes` bytes 1, 2, 3, ... */
static const char *npy(const char *text, size_t bytes) {
  unsigned char file[300] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)strlen(text)};
  memcpy(file + 10, text, strlen(text));
  for (size_t k = 0; k < bytes; k++) {
    file[10 + strlen(text) + k] = (unsigned char)(k + 1);
  }
  return scratch_file("rows.npy", file, 10 + strlen(text) + bytes);
}

static void rows_of_a_file_are_its_first_axis(void **state) {
  (void)state;
  divw_dataset *dataset;
  double values[6];
  ok(divw_dataset_load(&dataset, npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", 6)));
  assert_int_equal(divw_dataset_count(dataset), 2);
  assert_int_equal(divw_dataset_dimension(dataset), 3);
  assert_int_equal(divw_dataset_dtype(dataset), DIVW_UINT8);
  assert_true(divw_dataset_seconds_read(dataset) > 0);
  ok(divw_dataset_read(dataset, 0, 2, values));
  assert_true(values[0] == 1 && values[1] == 3 && values[2] == 5 && values[3] == 2 && values[4] == 4 && values[5] == 6);
  divw_dataset *first;
  ok(divw_dataset_select_first(&first, dataset, 1));
  assert_true(divw_dataset_seconds_read(first) == divw_dataset_seconds_read(dataset));
  divw_dataset_destroy(first);
  divw_dataset_destroy(dataset);
}

static void one_axis_is_one_number_per_row(void **state) {
  (void)state;
  divw_dataset *dataset;
  ok(divw_dataset_load(&dataset, npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 12)));
  assert_int_equal(divw_dataset_count(dataset), 3);
  assert_int_equal(divw_dataset_dimension(dataset), 1);
  divw_dataset_destroy(dataset);
}

static void shape_is(const divw_dataset *dataset, const int64_t *lengths, int32_t axes) {
  for (int32_t axis = -1; axis < 10; axis++) {
    assert_int_equal(divw_dataset_shape(dataset, axis), axis >= 0 && axis < axes ? lengths[axis] : 0);
  }
}

static void the_shape_of_a_row_is_that_of_the_file(void **state) {
  (void)state;
  divw_dataset *dataset, *subset;
  ok(divw_dataset_load(&dataset, npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 3)}", 12)));
  shape_is(dataset, (int64_t[]){2, 2, 3}, 3);
  ok(divw_dataset_select_first(&subset, dataset, 1));
  shape_is(subset, (int64_t[]){1, 2, 3}, 3);
  divw_dataset_destroy(subset);
  divw_dataset_destroy(dataset);
  ok(divw_dataset_load(&dataset, npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}", 3)));
  shape_is(dataset, (int64_t[]){3, 1}, 2);
  divw_dataset_destroy(dataset);
  ok(divw_dataset_create_copy(&dataset, (float[12]){0}, 4, 3, DIVW_FLOAT32, 0));
  shape_is(dataset, (int64_t[]){4, 3}, 2);
  divw_dataset_destroy(dataset);
  shape_is(NULL, NULL, 0);
}

static void files_that_hold_no_examples_are_refused(void **state) {
  (void)state;
  divw_dataset *dataset;
  fails(divw_dataset_load(&dataset, npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 5)}", 0)),
        DIVW_ERROR_FORMAT, "rows.npy: has 0 rows of 5 numbers, expected at least one of each");
  assert_null(dataset);
  fails(divw_dataset_load(&dataset, npy("{'descr': '<f4', 'fortran_order': True, 'shape': (5, 0, 3)}", 0)),
        DIVW_ERROR_FORMAT, "rows.npy: has 5 rows of 0 numbers");
  fails(divw_dataset_load(&dataset, npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1, 2)}", 16)),
        DIVW_ERROR_FORMAT, "rows.npy: holds int64, accepted are float64, float32, float16 and uint8");
  fails(divw_dataset_load(&dataset, npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2)}", 15)),
        DIVW_ERROR_FORMAT, "rows.npy: truncated");
  fails(divw_dataset_load(&dataset, scratch("missing")), DIVW_ERROR_FILE, "missing: cannot be opened");
  fails(divw_dataset_load(&dataset, NULL), DIVW_ERROR_ARGUMENT, "divw_dataset_load: path is NULL");
  fails(divw_dataset_load(NULL, "x"), DIVW_ERROR_ARGUMENT, "divw_dataset_load: out is NULL");
  fails(divw_dataset_load(&dataset,
                          npy("{'descr': '|u1', 'fortran_order': False, 'shape': (9, 999999999999999999, 9)}", 9)),
        DIVW_ERROR_SIZE, "rows.npy: claims more than 2^63 bytes");
}

static void mnist_is_ten_thousand_rows_of_784_bytes(void **state) {
  (void)state;
  const char *path = real_data("t10k-images-idx3-ubyte.gz");
  divw_dataset *all, *some;
  static double row[784];
  if (path == NULL) {
    skip();
  }
  ok(divw_dataset_load(&all, path));
  ok(divw_dataset_load_labels(all, real_data("t10k-labels-idx1-ubyte.gz")));
  assert_int_equal(divw_dataset_count(all), 10000);
  assert_int_equal(divw_dataset_dimension(all), 784);
  double sum = 0;
  for (int64_t i = 0; i < 10000; i++) {
    ok(divw_dataset_read(all, i, 1, row));
    for (int j = 0; j < 784; j++) {
      sum += row[j];
    }
  }
  near(sum / 7840000, 33.79, 0.005);
  ok(divw_dataset_select_labels(&some, all, (int64_t[]){0, 1}, 2));
  assert_int_equal(divw_dataset_count(some), 2115);
  divw_dataset_destroy(some);
  divw_dataset_destroy(all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_of_a_file_are_its_first_axis),
      cmocka_unit_test(one_axis_is_one_number_per_row),
      cmocka_unit_test(the_shape_of_a_row_is_that_of_the_file),
      cmocka_unit_test(files_that_hold_no_examples_are_refused),
      cmocka_unit_test(mnist_is_ten_thousand_rows_of_784_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
