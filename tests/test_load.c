/* Datasets from folders of shards. */
#define _DEFAULT_SOURCE /* syscall */

#include "files.h"
#include "folder.h"
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

/* ---- files ---- */

/* Called once, at the next close(): how a file changes between two looks at it. */
static void (*on_close)(void);

int close(int file) {
  void (*callback)(void) = on_close;
  on_close = NULL;
  const int result = (int)syscall(SYS_close, file);
  if (callback != NULL) {
    callback();
  }
  return result;
}

static const char *folder(const char *name) {
  const char *path = scratch(name);
  assert_true(mkdir(path, 0777) == 0 || errno == EEXIST);
  return path;
}

/* ---- natural order ---- */

static int sign(int order) { return (order > 0) - (order < 0); }

static void names_are_in_natural_order(void **state) {
  (void)state;
  /* clang-format off */
  static const char *const ordered[] = {
      "", "0", "00", "01", "1", "1.npy", "1a", "2", "9", "010", "10",
      "99999999999999999999999999", "100000000000000000000000000",
      "a", "a-2.npy", "a-10.npy", "a-10b", "a.npy", "a0b1", "a0b2", "a00b10", "ab",
      "shard-2-of-10.npy", "shard-10-of-10.npy", "x\x7f", "x\xc3\xa4"};
  /* clang-format on */
  const int count = sizeof ordered / sizeof *ordered;
  for (int i = 0; i < count; i++) {
    for (int j = 0; j < count; j++) {
      if (sign(dw_natural_order(ordered[i], ordered[j])) != (i > j) - (i < j)) {
        fail_msg("'%s' and '%s' are in the wrong order", ordered[i], ordered[j]);
      }
    }
  }
}

/* ---- folders ---- */

static void shards_are_put_one_after_the_other_in_natural_order(void **state) {
  (void)state;
  divw_dataset *dataset, *some;
  folder("shards");
  put("shards/part-10.npy", rows(6, 3));
  put("shards/part-1.npy", rows(0, 1));
  put("shards/part-3.npy", rows(6, 0));
  put("shards/.part-4.npy", rows(40, 1));
  put("shards/part-5.txt", rows(50, 1));
  put("shards/npy", rows(60, 1));
  folder("shards/inside");
  const file_content second = rows(1, 5);
  gzFile file = gzopen(scratch("shards/part-2.npy.gz"), "wb");
  assert_int_equal(gzwrite(file, second.bytes, (unsigned)second.count), second.count);
  assert_int_equal(gzclose(file), Z_OK);
  ok(divw_dataset_load(&dataset, scratch("shards")));
  counts_through(dataset, 9);
  assert_int_equal(divw_dataset_dimension(dataset), 2);
  assert_int_equal(divw_dataset_dtype(dataset), DIVW_UINT8);
  assert_int_equal(divw_dataset_shape(dataset, 0), 9);
  assert_true(divw_dataset_seconds_read(dataset) > 0);
  const int64_t across[] = {8, 0, 5, 6, 1, 1};
  double values[12];
  ok(divw_dataset_select_rows(&some, dataset, across, 6));
  divw_dataset_destroy(dataset);
  ok(divw_dataset_read(some, 0, 6, values));
  for (int i = 0; i < 6; i++) {
    assert_int_equal(divw_dataset_row(some, i), across[i]);
    assert_true(values[2 * i] == 10 * (double)across[i]);
  }
  divw_dataset_destroy(some);
  ok(divw_dataset_load(&dataset, scratch("shards/")));
  counts_through(dataset, 9);
  divw_dataset_destroy(dataset);
}

static void orders_of_bytes_and_axes_may_differ_between_shards(void **state) {
  (void)state;
  static const unsigned char little[] = {0, 0, 0, 0, 0, 0, 0x80, 0x3f}, big[] = {0x41, 0x20, 0, 0, 0x41, 0x30, 0, 0};
  divw_dataset *dataset;
  const char *path = folder("orders");
  put("orders/1.npy", npy("<f4", "(1, 1, 2)", little, 8));
  put("orders/2.npy", npy(">f4", "(1, 2)", big, 8));
  ok(divw_dataset_load(&dataset, path));
  counts_through(dataset, 2);
  assert_int_equal(divw_dataset_shape(dataset, 1), 1);
  assert_int_equal(divw_dataset_shape(dataset, 2), 2);
  divw_dataset_destroy(dataset);
}

static void shards_that_do_not_fit_are_named_with_both_values(void **state) {
  (void)state;
  static const unsigned char zeros[64];
  divw_dataset *dataset;
  const char *path = folder("mixed");
  put("mixed/1.npy", rows(0, 2));
  put("mixed/2.npy", npy("|u1", "(4, 3)", zeros, 12));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "mixed/2.npy: has rows of 3 numbers, expected 2 as in");
  assert_non_null(strstr(divw_error_message(), "mixed/1.npy"));
  assert_null(dataset);
  put("mixed/2.npy", npy("<f2", "(4, 2)", zeros, 16));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "mixed/2.npy: holds float16, expected uint8 as in");
  put("mixed/2.npy", npy("<i4", "(4, 2)", zeros, 32));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "mixed/2.npy: holds int32, accepted are float64");
  put("mixed/2.npy", npy("|u1", "(4, 2)", zeros, 7));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "mixed/2.npy: truncated");
  put("mixed/2.npy", npy("|u1", "(4, 2)", zeros, 9));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "mixed/2.npy: has trailing bytes");
}

static void folders_without_rows_are_refused(void **state) {
  (void)state;
  divw_dataset *dataset;
  const char *path = folder("bare");
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "bare: is a folder without .npy files");
  put("bare/.hidden.npy", rows(0, 1));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "bare: is a folder without .npy files");
  put("bare/1.npy", rows(0, 0));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "bare: has 0 rows of 2 numbers, expected at least one");
  folder("bare/2.npy");
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FILE, "bare/2.npy: is a folder, expected a file");
  fails(divw_dataset_load_array(&dataset, path, "a"), DIVW_ERROR_ARGUMENT,
        "bare: is a folder, and has no array named a");
}

static void rows_beyond_counting_are_refused(void **state) {
  (void)state;
  divw_dataset *dataset;
  char name[20], **paths;
  int64_t count;
  folder("endless");
  for (int k = 0; k < 10; k++) {
    snprintf(name, sizeof name, "endless/%d.npy", k);
    put(name, npy("|u1", "(999999999999999999, 0)", "", 0));
  }
  fails(divw_dataset_load(&dataset, scratch("endless")), DIVW_ERROR_SIZE,
        "endless/9.npy: claims more than 2^63 rows with those before it");
  fails(dw_folder_arrays(scratch("missing"), &paths, &count), DIVW_ERROR_FILE,
        "missing: cannot be read: No such file or directory");
}

static void grow(void) { put("moving/1.npy", rows(0, 3)); }
static void shrink(void) { put("moving/1.npy", rows(0, 1)); }
static void retype(void) { put("moving/1.npy", npy("<f2", "(2, 2)", "01234567", 8)); }

static void a_shard_that_changes_while_it_is_read_is_refused(void **state) {
  (void)state;
  void (*const changes[])(void) = {grow, shrink, retype};
  divw_dataset *dataset;
  const char *path = folder("moving");
  for (int k = 0; k < 3; k++) {
    put("moving/1.npy", rows(0, 2));
    on_close = changes[k];
    fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT,
          k < 2 ? "moving: has changed while it was read" : "holds float16, expected uint8");
  }
}

/* ---- memory ---- */

static divw_status load_and_destroy(void *path) {
  divw_dataset *dataset;
  const divw_status status = divw_dataset_load(&dataset, path);
  divw_dataset_destroy(dataset);
  return status;
}

static void every_failed_allocation_is_an_error(void **state) {
  (void)state;
  const char *path = folder("small");
  put("small/1.npy", rows(0, 1));
  put("small/2.npy", rows(1, 1));
  fail_every_allocation(load_and_destroy, (void *)path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_in_natural_order),
      cmocka_unit_test(shards_are_put_one_after_the_other_in_natural_order),
      cmocka_unit_test(orders_of_bytes_and_axes_may_differ_between_shards),
      cmocka_unit_test(shards_that_do_not_fit_are_named_with_both_values),
      cmocka_unit_test(folders_without_rows_are_refused),
      cmocka_unit_test(rows_beyond_counting_are_refused),
      cmocka_unit_test(a_shard_that_changes_while_it_is_read_is_refused),
      cmocka_unit_test(every_failed_allocation_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
