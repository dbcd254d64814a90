/* Ids: in and out of files, on datasets, subsets, kernels and weights. */
#include "check.h"
#include "dataset.h"
#include "internal.h"
#include "make.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

static const char *const NAMES[4] = {"cat", "d\xc3\xb6g", "", "cat"};

static const char *text_file(const char *text) { return scratch_file("ids.txt", text, strlen(text)); }

/* The file holds exactly these ids. */
static void holds(const char *path, const char *const *expected, int64_t count) {
  char **ids;
  int64_t found;
  ok(divw_ids_load(path, &ids, &found));
  assert_int_equal(found, count);
  for (int64_t i = 0; i < count; i++) {
    assert_string_equal(ids[i], expected[i]);
  }
  divw_free(ids);
}

/* A one-axis npy of strings. */
static const char *npy(const char *descr, const char *shape, const void *data, size_t bytes) {
  unsigned char file[400] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  const int length =
      snprintf((char *)file + 10, 200, "{'descr': '%s', 'fortran_order': False, 'shape': %s}\n", descr, shape);
  file[8] = (unsigned char)length;
  memcpy(file + 10 + length, data, bytes);
  return scratch_file("ids.npy", file, 10 + (size_t)length + bytes);
}

/* ---- UTF-8 ---- */

static void every_code_point_is_written_and_recognised(void **state) {
  (void)state;
  int characters = 0;
  for (uint32_t code = 0; code < 0x110010; code++) {
    char bytes[4];
    const int length = dw_put_utf8(code, bytes);
    const bool character = code < 0xd800 || (code > 0xdfff && code < 0x110000);
    assert_int_equal(length > 0, character);
    assert_true(length == 0 || dw_is_utf8(bytes, length));
    assert_false(length > 1 && dw_is_utf8(bytes, length - 1));
    characters += length > 0;
  }
  assert_int_equal(characters, 0x110000 - 0x800);
}

static void what_is_no_utf8_is_not_recognised(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "\x80",         "a\xff",        "\xc0\x80",         "\xc1\xbf",         "\xe0\x80\x80",
      "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
      "\xc3(",        "\xe2\x82",     "\xe2(\xa1"};
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    assert_false(dw_is_utf8(wrong[k], (int64_t)strlen(wrong[k])));
  }
  assert_true(dw_is_utf8("", 0));
  assert_true(dw_is_utf8("\xf0\x9f\x90\xb1 cat", 8));
}

/* ---- files ---- */

static void a_line_is_an_id(void **state) {
  (void)state;
  const char *const ids[] = {"a b", "\xc3\xa4,\"", "", "c"};
  holds(text_file("a b\n\xc3\xa4,\"\n\nc\n"), ids, 4);
  holds(text_file("a b\n\xc3\xa4,\"\n\nc"), ids, 4);
  holds(text_file("a b\r\n\xc3\xa4,\"\r\n\r\nc\r\n"), ids, 4);
  holds(text_file("\xef\xbb\xbf"
                  "a b\n\xc3\xa4,\"\n\nc"),
        ids, 4);
  holds(text_file("\n"), (const char *const[]){""}, 1);
  holds(text_file("x"), (const char *const[]){"x"}, 1);
  holds(text_file("\xef\xbb\xbf"), NULL, 0);
}

static void many_lines_are_read_gzipped_or_not(void **state) {
  (void)state;
  enum { N = 20000 };
  static char text[N * 8];
  char **ids;
  int64_t count;
  for (int i = 0; i < N; i++) {
    snprintf(text + 7 * i, 8, "%06d\n", i);
  }
  const char *packed = scratch("ids.txt.gz");
  gzFile file = gzopen(packed, "wb");
  assert_int_equal(gzwrite(file, text, 7 * N), 7 * N);
  assert_int_equal(gzclose(file), Z_OK);
  for (int k = 0; k < 2; k++) {
    ok(divw_ids_load(k == 0 ? text_file(text) : packed, &ids, &count));
    assert_int_equal(count, N);
    for (int i = 0; i < N; i++) {
      assert_int_equal(strtol(ids[i], NULL, 10), i);
    }
    divw_free(ids);
  }
}

static void strings_of_fixed_width_are_ids(void **state) {
  (void)state;
  const char *const bytes[] = {"ab", "",
                               "\xc3\xa4"
                               "c"},
                    *const wide[] = {"a\xf0\x9f\x90\xb1", ""};
  holds(npy("|S3", "(3,)",
            "ab\0\0\0\0\xc3\xa4"
            "c",
            9),
        bytes, 3);
  holds(npy("<U3", "(2,)", "a\0\0\0\x31\xf4\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24), wide, 2);
  holds(npy(">U3", "(2,)", "\0\0\0a\0\1\xf4\x31\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24), wide, 2);
  holds(npy("|S3", "(0,)", "", 0), NULL, 0);
}

static void strings_wider_than_the_window_are_ids(void **state) {
  (void)state;
  enum { WIDTH = 70000, N = 3 };
  char *file = calloc(128 + N * WIDTH, 1), **ids;
  int64_t count;
  memcpy(file, "\x93NUMPY\1\0", 8);
  const int length = snprintf(file + 10, 100, "{'descr': '|S%d', 'fortran_order': False, 'shape': (%d,)}", WIDTH, N);
  file[8] = (char)length;
  for (int i = 0; i < N; i++) {
    memset(file + 10 + length + i * WIDTH, 'a' + i, WIDTH - (size_t)i);
  }
  ok(divw_ids_load(scratch_file("wide.npy", file, 10 + (size_t)length + N * WIDTH), &ids, &count));
  assert_int_equal(count, N);
  for (int i = 0; i < N; i++) {
    assert_int_equal(strlen(ids[i]), WIDTH - i);
    assert_int_equal(ids[i][WIDTH - i - 1], 'a' + i);
  }
  divw_free(ids);
  free(file);
}

static void what_cannot_be_an_id_is_named(void **state) {
  (void)state;
  char **ids;
  int64_t count;
  fails(divw_ids_load(text_file("a\nb\xff\n"), &ids, &count), DIVW_ERROR_FORMAT,
        "ids.txt: the id of row 1 is not valid Unicode, expected UTF-8 text without line breaks");
  assert_null(ids);
  assert_int_equal(count, 0);
  fails(divw_ids_load(scratch_file("ids.txt", "a\nb\0c\n", 6), &ids, &count), DIVW_ERROR_FORMAT,
        "ids.txt: the id of row 1 has a zero byte");
  fails(divw_ids_load(text_file("old\rmac\r"), &ids, &count), DIVW_ERROR_FORMAT, "the id of row 0 has a line break");
  fails(divw_ids_load(npy("|S3", "(2,)", "ab\0a\nb", 6), &ids, &count), DIVW_ERROR_FORMAT,
        "ids.npy: the id of row 1 has a line break");
  fails(divw_ids_load(npy("|S3", "(2,)", "ab\0a\0b", 6), &ids, &count), DIVW_ERROR_FORMAT, "row 1 has a zero byte");
  fails(divw_ids_load(npy("<U1", "(1,)", "\0\xd8\0\0", 4), &ids, &count), DIVW_ERROR_FORMAT,
        "row 0 is not valid Unicode");
  fails(divw_ids_load(npy("<U1", "(1,)", "\0\0\x11\0", 4), &ids, &count), DIVW_ERROR_FORMAT,
        "row 0 is not valid Unicode");
}

static void files_that_hold_no_ids_are_refused(void **state) {
  (void)state;
  char **ids;
  int64_t count;
  fails(divw_ids_load(npy("<f8", "(1,)", "12345678", 8), &ids, &count), DIVW_ERROR_FORMAT,
        "ids.npy: holds float64 on 1 axes, expected ids: strings on 1 axis");
  fails(divw_ids_load(npy("|S4", "(1, 2)", "12345678", 8), &ids, &count), DIVW_ERROR_FORMAT,
        "ids.npy: holds byte strings on 2 axes");
  fails(divw_ids_load(npy("|S4", "(3,)", "12345678", 8), &ids, &count), DIVW_ERROR_FORMAT, "ids.npy: truncated");
  fails(divw_ids_load(npy("|S4", "(1,)", "12345678", 8), &ids, &count), DIVW_ERROR_FORMAT,
        "ids.npy: has trailing bytes");
  fails(divw_ids_load(npy("|S1000000", "(999999999999999,)", "1", 1), &ids, &count), DIVW_ERROR_SIZE, "2^63 bytes");
  fails(divw_ids_load(npy("|S0", "(1,)", "", 0), &ids, &count), DIVW_ERROR_FORMAT, "holds byte strings (descr '|S0')");
  fails(divw_ids_load(npy("|S1048577", "(1,)", "", 0), &ids, &count), DIVW_ERROR_FORMAT, "holds byte strings");
  fails(divw_ids_load(npy("|S3x", "(1,)", "", 0), &ids, &count), DIVW_ERROR_FORMAT, "holds byte strings");
  fails(divw_ids_load(npy("|V3", "(1,)", "abc", 3), &ids, &count), DIVW_ERROR_FORMAT, "holds structured or raw bytes");
  fails(divw_ids_load(npy("|O", "(1,)", "abc", 3), &ids, &count), DIVW_ERROR_FORMAT, "holds Python objects");
  fails(divw_ids_load(text_file(""), &ids, &count), DIVW_ERROR_FORMAT, "ids.txt: is empty");
  fails(divw_ids_load(scratch("missing"), &ids, &count), DIVW_ERROR_FILE, "missing: cannot be opened");
  fails(divw_ids_load(NULL, &ids, &count), DIVW_ERROR_ARGUMENT, "divw_ids_load: path is NULL");
  fails(divw_ids_load("x", NULL, &count), DIVW_ERROR_ARGUMENT, "divw_ids_load: ids is NULL");
  fails(divw_ids_load("x", &ids, NULL), DIVW_ERROR_ARGUMENT, "divw_ids_load: count is NULL");
}

static void saved_ids_are_read_again(void **state) {
  (void)state;
  const char *path = scratch("saved.txt");
  ok(divw_ids_save(path, NAMES, 4));
  holds(path, NAMES, 4);
  char text[40] = "";
  FILE *file = fopen(path, "rb");
  assert_int_equal(fread(text, 1, sizeof text, file), 14);
  assert_int_equal(fclose(file), 0);
  assert_string_equal(text, "cat\nd\xc3\xb6g\n\ncat\n");
  fails(divw_ids_save(path, (const char *const[]){"a", "b\n"}, 2), DIVW_ERROR_ARGUMENT,
        "divw_ids_save: the id of row 1 has a line break");
  fails(divw_ids_save(path, (const char *const[]){"a", NULL}, 2), DIVW_ERROR_ARGUMENT, "divw_ids_save: ids[1] is NULL");
  fails(divw_ids_save(path, NAMES, -1), DIVW_ERROR_ARGUMENT, "divw_ids_save: count is -1, expected 0 or more");
  fails(divw_ids_save(path, NULL, 1), DIVW_ERROR_ARGUMENT, "divw_ids_save: ids is NULL");
  fails(divw_ids_save(NULL, NAMES, 4), DIVW_ERROR_ARGUMENT, "divw_ids_save: path is NULL");
  fails(divw_ids_save(scratch("no/where.txt"), NAMES, 4), DIVW_ERROR_FILE, "where.txt: cannot be written");
  holds(path, NAMES, 4);
  ok(divw_ids_save(scratch("none.txt"), NULL, 0));
}

/* ---- on datasets ---- */

static divw_dataset *four_rows(void) {
  static const double rows[4][2] = {{1, 0}, {0, 1}, {1, 1}, {2, 1}};
  divw_dataset *dataset;
  ok(divw_dataset_create_copy(&dataset, rows, 4, 2, DIVW_FLOAT64, 0));
  return dataset;
}

static void consists_of(const divw_dataset *dataset, const char *const *ids, int64_t count) {
  assert_int_equal(divw_dataset_count(dataset), count);
  for (int64_t i = 0; i < count; i++) {
    assert_string_equal(divw_dataset_id(dataset, i), ids[i]);
  }
  assert_null(divw_dataset_id(dataset, count));
  assert_null(divw_dataset_id(dataset, -1));
}

static void subsets_carry_ids_in_order(void **state) {
  (void)state;
  divw_dataset *all = four_rows(), *some, *fewer, *first, *shared;
  assert_null(divw_dataset_id(all, 0));
  assert_null(divw_dataset_id(NULL, 0));
  ok(divw_dataset_set_ids(all, NAMES, 4));
  consists_of(all, NAMES, 4);
  ok(divw_dataset_select_rows(&some, all, (int64_t[]){1, 3, 1, 2}, 4));
  ok(divw_dataset_select_rows(&fewer, some, (int64_t[]){2, 1, 3}, 3));
  ok(divw_dataset_select_first(&first, fewer, 2));
  ok(dw_dataset_share(&shared, first));
  divw_dataset_destroy(all);
  divw_dataset_destroy(some);
  consists_of(fewer, (const char *const[]){NAMES[1], NAMES[3], NAMES[2]}, 3);
  ok(divw_dataset_set_ids(first, (const char *const[]){"new", "er"}, 2));
  consists_of(fewer, (const char *const[]){NAMES[1], NAMES[3], NAMES[2]}, 3);
  divw_dataset_destroy(fewer);
  consists_of(first, (const char *const[]){"new", "er"}, 2);
  divw_dataset_destroy(first);
  consists_of(shared, (const char *const[]){NAMES[1], NAMES[3]}, 2);
  divw_dataset_destroy(shared);
}

static void ids_and_labels_are_chosen_together(void **state) {
  (void)state;
  divw_dataset *all = four_rows(), *some;
  ok(divw_dataset_load_ids(all, text_file("w\nx\ny\nz")));
  ok(divw_dataset_set_labels(all, (int64_t[]){5, 6, 5, 7}, 4));
  ok(divw_dataset_select_labels(&some, all, (int64_t[]){7, 5}, 2));
  consists_of(some, (const char *const[]){"w", "y", "z"}, 3);
  divw_dataset_destroy(some);
  divw_dataset_destroy(all);
}

static void ids_have_to_be_as_many_as_rows(void **state) {
  (void)state;
  divw_dataset *dataset = four_rows();
  ok(divw_dataset_set_ids(dataset, NAMES, 4));
  fails(divw_dataset_load_ids(dataset, text_file("a\nb\nc\n")), DIVW_ERROR_ARGUMENT,
        "ids.txt: has 3 ids, expected 4, the number of rows");
  fails(divw_dataset_load_ids(dataset, scratch("missing")), DIVW_ERROR_FILE, "missing: cannot be opened");
  fails(divw_dataset_load_ids(dataset, NULL), DIVW_ERROR_ARGUMENT, "divw_dataset_load_ids: path is NULL");
  fails(divw_dataset_load_ids(NULL, "x"), DIVW_ERROR_ARGUMENT, "divw_dataset_load_ids: dataset is NULL");
  fails(divw_dataset_set_ids(dataset, NAMES, 3), DIVW_ERROR_ARGUMENT,
        "divw_dataset_set_ids: count is 3, expected 4, the number of rows");
  fails(divw_dataset_set_ids(dataset, (const char *const[]){"a", "b", "c\r", "d"}, 4), DIVW_ERROR_ARGUMENT,
        "divw_dataset_set_ids: the id of row 2 has a line break");
  fails(divw_dataset_set_ids(dataset, NULL, 4), DIVW_ERROR_ARGUMENT, "divw_dataset_set_ids: ids is NULL");
  fails(divw_dataset_set_ids(NULL, NAMES, 4), DIVW_ERROR_ARGUMENT, "divw_dataset_set_ids: dataset is NULL");
  consists_of(dataset, NAMES, 4);
  divw_dataset_destroy(dataset);
}

static void weights_know_the_ids_of_their_examples(void **state) {
  (void)state;
  divw_dataset *all = four_rows(), *some;
  divw_kernel *kernel;
  divw_weights *weights, *loaded;
  ok(divw_dataset_set_ids(all, NAMES, 4));
  ok(divw_dataset_select_rows(&some, all, (int64_t[]){2, 1, 0}, 3));
  ok(divw_kernel_create(&kernel, some, DIVW_KERNEL_COSINE));
  divw_dataset_destroy(all);
  divw_dataset_destroy(some);
  weights = make_weights(kernel, 0.5, 1e-6);
  divw_kernel_destroy(kernel);
  for (int64_t i = 0; i < 3; i++) {
    assert_string_equal(divw_weights_id(weights, i), NAMES[divw_weights_rows(weights)[i]]);
  }
  assert_null(divw_weights_id(weights, 3));
  assert_null(divw_weights_id(weights, -1));
  assert_null(divw_weights_id(NULL, 0));
  ok(divw_weights_save(weights, scratch("w.npy")));
  ok(divw_weights_load(&loaded, scratch("w.npy")));
  assert_null(divw_weights_id(loaded, 0));
  divw_weights_destroy(loaded);
  divw_weights_destroy(weights);
}

/* ---- memory ---- */

static divw_status load_and_free(void *path) {
  char **ids;
  int64_t count;
  const divw_status status = divw_ids_load(path, &ids, &count);
  divw_free(ids);
  return status;
}

static divw_status use_ids(void *path) {
  divw_status status;
  divw_dataset *all, *some = NULL, *fewer = NULL;
  static const unsigned char rows[2] = {1, 2};
  DW_TRY(divw_dataset_create_borrowed(&all, rows, 2, 1, DIVW_UINT8, 0));
  DW_TRY(divw_dataset_load_ids(all, path));
  DW_TRY(divw_dataset_set_ids(all, NAMES, 2));
  DW_TRY(divw_dataset_select_rows(&some, all, (int64_t[]){1, 1, 0}, 3));
  DW_TRY(divw_dataset_select_rows(&fewer, some, (int64_t[]){1}, 1));
  DW_TRY(divw_ids_save(scratch("out.txt"), NAMES, 4));
fail:
  divw_dataset_destroy(fewer);
  divw_dataset_destroy(some);
  divw_dataset_destroy(all);
  return status;
}

static void every_failed_allocation_is_an_error(void **state) {
  (void)state;
  fail_every_allocation(load_and_free, (void *)npy("<U1", "(2,)", "a\0\0\0b\0\0\0", 8));
  fail_every_allocation(load_and_free, (void *)text_file("a\nb\n"));
  fail_every_allocation(use_ids, (void *)text_file("a\nb\n"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_code_point_is_written_and_recognised),
      cmocka_unit_test(what_is_no_utf8_is_not_recognised),
      cmocka_unit_test(a_line_is_an_id),
      cmocka_unit_test(many_lines_are_read_gzipped_or_not),
      cmocka_unit_test(strings_of_fixed_width_are_ids),
      cmocka_unit_test(strings_wider_than_the_window_are_ids),
      cmocka_unit_test(what_cannot_be_an_id_is_named),
      cmocka_unit_test(files_that_hold_no_ids_are_refused),
      cmocka_unit_test(saved_ids_are_read_again),
      cmocka_unit_test(subsets_carry_ids_in_order),
      cmocka_unit_test(ids_and_labels_are_chosen_together),
      cmocka_unit_test(ids_have_to_be_as_many_as_rows),
      cmocka_unit_test(weights_know_the_ids_of_their_examples),
      cmocka_unit_test(every_failed_allocation_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
