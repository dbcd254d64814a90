/* Datasets: rows from memory and files, labels, subsets, and the conversion to doubles. */
#include "arrays.h"
#include "check.h"
#include "dataset.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

/* 4 rows of 3 floats; labels 7, 1, 7, 0. */
static const float ROWS[4][3] = {{0, 1, 2}, {10, 11, 12}, {20, 21, 22}, {30, 31, 32}};
static const int64_t LABELS[4] = {7, 1, 7, 0};

static divw_dataset *labelled(void) {
  divw_dataset *dataset;
  ok(divw_dataset_create_copy(&dataset, ROWS, 4, 3, DIVW_FLOAT32, 0));
  ok(divw_dataset_set_labels(dataset, LABELS, 4));
  return dataset;
}

/* The dataset has exactly these source rows of ROWS, in this order. */
static void consists_of(const divw_dataset *dataset, const int64_t *rows, int64_t count) {
  double values[30];
  assert_int_equal(divw_dataset_count(dataset), count);
  ok(divw_dataset_read(dataset, 0, count, values));
  for (int64_t i = 0; i < count; i++) {
    assert_int_equal(divw_dataset_row(dataset, i), rows[i]);
    if (divw_dataset_labels(dataset) != NULL) {
      assert_int_equal(divw_dataset_labels(dataset)[i], LABELS[rows[i]]);
    }
    for (int j = 0; j < 3; j++) {
      assert_true(values[3 * i + j] == ROWS[rows[i]][j]);
    }
  }
}

/* ---- from memory ---- */

static void a_copy_does_not_follow_its_original(void **state) {
  (void)state;
  float rows[4][3];
  divw_dataset *dataset;
  memcpy(rows, ROWS, sizeof rows);
  ok(divw_dataset_create_copy(&dataset, rows, 4, 3, DIVW_FLOAT32, 0));
  memset(rows, 0xff, sizeof rows);
  consists_of(dataset, (int64_t[]){0, 1, 2, 3}, 4);
  assert_int_equal(divw_dataset_dimension(dataset), 3);
  assert_int_equal(divw_dataset_dtype(dataset), DIVW_FLOAT32);
  assert_null(divw_dataset_labels(dataset));
  assert_true(divw_dataset_seconds_read(dataset) == 0);
  divw_dataset_destroy(dataset);
}

static void a_borrowed_block_is_not_copied(void **state) {
  (void)state;
  double row[2] = {1, 2}, read[2];
  divw_dataset *dataset;
  ok(divw_dataset_create_borrowed(&dataset, row, 1, 2, DIVW_FLOAT64, 0));
  row[1] = 3;
  ok(divw_dataset_read(dataset, 0, 1, read));
  assert_true(read[0] == 1 && read[1] == 3);
  divw_dataset_destroy(dataset);
}

static void rows_may_lie_apart_and_unaligned(void **state) {
  (void)state;
  unsigned char block[1 + 4 * 17];
  divw_dataset *dataset;
  for (int i = 0; i < 4; i++) {
    memcpy(block + 1 + 17 * i, ROWS[i], sizeof ROWS[i]);
  }
  ok(divw_dataset_create_borrowed(&dataset, block + 1, 4, 3, DIVW_FLOAT32, 17));
  consists_of(dataset, (int64_t[]){0, 1, 2, 3}, 4);
  divw_dataset_destroy(dataset);
  ok(divw_dataset_create_copy(&dataset, block + 1, 4, 3, DIVW_FLOAT32, 17));
  consists_of(dataset, (int64_t[]){0, 1, 2, 3}, 4);
  divw_dataset_destroy(dataset);
}

static void blocks_that_make_no_sense_are_refused(void **state) {
  (void)state;
  typedef divw_status (*create)(divw_dataset **, const void *, int64_t, int64_t, int32_t, int64_t);
  const create functions[] = {divw_dataset_create_copy, divw_dataset_create_borrowed};
  const char *names[] = {"divw_dataset_create_copy", "divw_dataset_create_borrowed"};
  const struct {
    int64_t n, d, stride;
    int32_t dtype;
    divw_status status;
    const char *sentence;
  } cases[] = {
      {0, 3, 0, 2, DIVW_ERROR_ARGUMENT, ": n is 0, expected at least 1"},
      {4, -1, 0, 2, DIVW_ERROR_ARGUMENT, ": d is -1, expected at least 1"},
      {4, 3, 0, 0, DIVW_ERROR_ARGUMENT, ": dtype is 0, expected DIVW_FLOAT64 (1)"},
      {4, 3, 0, 5, DIVW_ERROR_ARGUMENT, ": dtype is 5, expected DIVW_FLOAT64 (1)"},
      {4, 3, 11, 2, DIVW_ERROR_ARGUMENT, ": row_stride is 11, expected 0 or at least 12"},
      {4, 3, -12, 2, DIVW_ERROR_ARGUMENT, ": row_stride is -12, expected 0 or at least 12"},
      {INT64_MAX, 3, 0, 4, DIVW_ERROR_SIZE, "more than 2^63 bytes"},
      {1, INT64_MAX, 0, 1, DIVW_ERROR_SIZE, "elements of type float64 take more than 2^63 bytes"},
      {3, 3, INT64_MAX / 2, 1, DIVW_ERROR_SIZE, "more than 2^63 bytes"},
  };
  for (int f = 0; f < 2; f++) {
    divw_dataset *dataset = (divw_dataset *)&cases;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
      fails(functions[f](&dataset, ROWS, cases[k].n, cases[k].d, cases[k].dtype, cases[k].stride), cases[k].status,
            cases[k].sentence);
      assert_non_null(strstr(divw_error_message(), names[f]));
      assert_null(dataset);
    }
    fails(functions[f](NULL, ROWS, 4, 3, DIVW_FLOAT32, 0), DIVW_ERROR_ARGUMENT, ": out is NULL");
    fails(functions[f](&dataset, NULL, 4, 3, DIVW_FLOAT32, 0), DIVW_ERROR_ARGUMENT, ": rows is NULL");
  }
}

static void types_have_names(void **state) {
  (void)state;
  assert_string_equal(divw_dtype_name(DIVW_FLOAT64), "float64");
  assert_string_equal(divw_dtype_name(DIVW_FLOAT32), "float32");
  assert_string_equal(divw_dtype_name(DIVW_FLOAT16), "float16");
  assert_string_equal(divw_dtype_name(DIVW_UINT8), "uint8");
  assert_string_equal(divw_dtype_name(0), "unknown");
  assert_string_equal(divw_dtype_name(5), "unknown");
}

static void nothing_is_known_of_no_dataset(void **state) {
  (void)state;
  double value;
  divw_dataset_destroy(NULL);
  assert_int_equal(divw_dataset_count(NULL), 0);
  assert_int_equal(divw_dataset_dimension(NULL), 0);
  assert_int_equal(divw_dataset_dtype(NULL), 0);
  assert_int_equal(divw_dataset_row(NULL, 0), -1);
  assert_null(divw_dataset_labels(NULL));
  assert_true(divw_dataset_seconds_read(NULL) == 0);
  fails(divw_dataset_read(NULL, 0, 0, &value), DIVW_ERROR_ARGUMENT, "divw_dataset_read: dataset is NULL");
}

/* ---- conversion ---- */

/* What the standard says a half is, by arithmetic rather than by bits. */
static double half(uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double value = exponent == 0 ? ldexp(mantissa, -24) : ldexp(1024 + mantissa, exponent - 25);
  if (exponent == 31) {
    value = mantissa == 0 ? INFINITY : NAN;
  }
  return bits >> 15 ? -value : value;
}

static void every_half_is_converted_exactly(void **state) {
  (void)state;
  static uint16_t halves[65536];
  static double values[65536];
  divw_dataset *dataset;
  for (int k = 0; k < 65536; k++) {
    halves[k] = (uint16_t)k;
  }
  ok(divw_dataset_create_borrowed(&dataset, halves, 1, 65536, DIVW_FLOAT16, 0));
  ok(divw_dataset_read(dataset, 0, 1, values));
  for (int k = 0; k < 65536; k++) {
    const double expected = half((uint16_t)k);
    assert_true(isnan(expected) ? isnan(values[k]) : values[k] == expected && !signbit(values[k]) == (k < 32768));
  }
  divw_dataset_destroy(dataset);
}

static void every_type_is_converted_exactly(void **state) {
  (void)state;
  static unsigned char bytes[256];
  double values[256];
  divw_dataset *dataset;
  for (int k = 0; k < 256; k++) {
    bytes[k] = (unsigned char)k;
  }
  ok(divw_dataset_create_borrowed(&dataset, bytes, 1, 256, DIVW_UINT8, 0));
  ok(divw_dataset_read(dataset, 0, 1, values));
  for (int k = 0; k < 256; k++) {
    assert_true(values[k] == k);
  }
  divw_dataset_destroy(dataset);
  const double doubles[] = {0.1, -0.0, 5e-324, 1.7976931348623157e308, INFINITY};
  ok(divw_dataset_create_borrowed(&dataset, doubles, 5, 1, DIVW_FLOAT64, 0));
  ok(divw_dataset_read(dataset, 0, 5, values));
  assert_memory_equal(values, doubles, sizeof doubles);
  divw_dataset_destroy(dataset);
  const float floats[] = {0.1f, -1e-45f, 3.4028234e38f};
  ok(divw_dataset_create_borrowed(&dataset, floats, 1, 3, DIVW_FLOAT32, 0));
  ok(divw_dataset_read(dataset, 0, 1, values));
  for (int k = 0; k < 3; k++) {
    assert_true(values[k] == floats[k]);
  }
  divw_dataset_destroy(dataset);
}

static void a_fetch_scales_and_chooses_columns(void **state) {
  (void)state;
  const double doubles[4] = {1, 2, 3, 4};
  const float floats[4] = {1, 2, 3, 4};
  const uint16_t halves[4] = {0x3c00, 0x4000, 0x4200, 0x4400};
  const uint8_t bytes[4] = {1, 2, 3, 4};
  const void *rows[] = {doubles, floats, halves, bytes};
  const int64_t columns[] = {0, 3};
  for (int32_t dtype = DIVW_FLOAT64; dtype <= DIVW_UINT8; dtype++) {
    divw_dataset *dataset;
    dw_cursor cursor;
    double out[4] = {0, 0, -1, -1};
    ok(divw_dataset_create_copy(&dataset, rows[dtype - 1], 1, 4, dtype, 0));
    ok(dw_cursor_open(&cursor, dataset));
    ok(dw_cursor_fetch(&cursor, 0, 1, (dw_columns){.columns = columns, .count = 2}, 0.5, out));
    assert_true(out[0] == 0.5 && out[1] == 2 && out[2] == -1);
    ok(dw_cursor_fetch(&cursor, 0, 1, (dw_columns){.count = 4}, -2, out));
    assert_true(out[0] == -2 && out[1] == -4 && out[2] == -6 && out[3] == -8);
    dw_cursor_close(&cursor);
    divw_dataset_destroy(dataset);
  }
}

static void a_range_is_read_and_no_more(void **state) {
  (void)state;
  divw_dataset *dataset = labelled();
  double values[7] = {0, 0, 0, 0, 0, 0, -1};
  ok(divw_dataset_read(dataset, 1, 2, values));
  assert_true(values[0] == 10 && values[5] == 22 && values[6] == -1);
  ok(divw_dataset_read(dataset, 4, 0, values));
  fails(divw_dataset_read(dataset, 3, 2, values), DIVW_ERROR_ARGUMENT,
        "divw_dataset_read: first is 3 and count 2, expected a range within 0 to 4");
  fails(divw_dataset_read(dataset, -1, 2, values), DIVW_ERROR_ARGUMENT, "first is -1");
  fails(divw_dataset_read(dataset, 5, 0, values), DIVW_ERROR_ARGUMENT, "first is 5");
  fails(divw_dataset_read(dataset, 0, -1, values), DIVW_ERROR_ARGUMENT, "count -1");
  fails(divw_dataset_read(dataset, 1, INT64_MAX, values), DIVW_ERROR_ARGUMENT, "expected a range");
  fails(divw_dataset_read(dataset, 0, 1, NULL), DIVW_ERROR_ARGUMENT, "rows_out is NULL");
  divw_dataset_destroy(dataset);
}

/* ---- subsets ---- */

static void subsets_of_subsets_remember_the_rows_of_the_source(void **state) {
  (void)state;
  divw_dataset *all = labelled(), *some, *fewer, *first, *shared;
  ok(divw_dataset_select_rows(&some, all, (int64_t[]){3, 1, 1, 2}, 4));
  ok(divw_dataset_select_rows(&fewer, some, (int64_t[]){3, 0, 2}, 3));
  ok(divw_dataset_select_first(&first, fewer, 2));
  ok(dw_dataset_share(&shared, first));
  divw_dataset_destroy(all);
  consists_of(some, (int64_t[]){3, 1, 1, 2}, 4);
  divw_dataset_destroy(some);
  consists_of(fewer, (int64_t[]){2, 3, 1}, 3);
  divw_dataset_destroy(fewer);
  consists_of(first, (int64_t[]){2, 3}, 2);
  assert_non_null(divw_dataset_labels(first));
  assert_int_equal(divw_dataset_row(first, 2), -1); /* though the shared list has a third */
  assert_int_equal(divw_dataset_row(first, -1), -1);
  divw_dataset_destroy(first);
  consists_of(shared, (int64_t[]){2, 3}, 2);
  assert_non_null(divw_dataset_labels(shared));
  divw_dataset_destroy(shared);
}

static void the_first_rows_are_at_most_all_rows(void **state) {
  (void)state;
  divw_dataset *all = labelled(), *first;
  ok(divw_dataset_select_first(&first, all, 3));
  consists_of(first, (int64_t[]){0, 1, 2}, 3);
  divw_dataset_destroy(first);
  ok(divw_dataset_select_first(&first, all, INT64_MAX));
  consists_of(first, (int64_t[]){0, 1, 2, 3}, 4);
  divw_dataset_destroy(first);
  divw_dataset_destroy(all);
}

static void rows_are_chosen_by_label_in_their_old_order(void **state) {
  (void)state;
  divw_dataset *all = labelled(), *some;
  ok(divw_dataset_select_labels(&some, all, (int64_t[]){7}, 1));
  consists_of(some, (int64_t[]){0, 2}, 2);
  divw_dataset_destroy(some);
  ok(divw_dataset_select_labels(&some, all, (int64_t[]){7, 0, 7}, 3));
  consists_of(some, (int64_t[]){0, 2, 3}, 3);
  divw_dataset_destroy(some);
  divw_dataset_destroy(all);
}

static void the_first_label_that_no_row_has_is_named(void **state) {
  (void)state;
  divw_dataset *all = labelled(), *some;
  fails(divw_dataset_select_labels(&some, all, (int64_t[]){7, 9, -2}, 3), DIVW_ERROR_ARGUMENT,
        "divw_dataset_select_labels: labels[1] is 9, expected a label that some row has");
  assert_null(some);
  fails(divw_dataset_select_labels(&some, all, (int64_t[]){INT64_MIN}, 1), DIVW_ERROR_ARGUMENT,
        "labels[0] is -9223372036854775808");
  divw_dataset_destroy(all);
}

static void many_labels_are_found(void **state) {
  (void)state;
  enum { N = 3000 };
  static uint8_t rows[N];
  static int64_t labels[N], wanted[N / 3];
  divw_dataset *all, *some;
  test_random random = {3};
  for (int i = 0; i < N; i++) {
    labels[i] = (int64_t)(1e6 * next_uniform(&random)) - 500000;
  }
  for (int i = 0; i < N / 3; i++) {
    wanted[i] = labels[3 * i];
  }
  ok(divw_dataset_create_copy(&all, rows, N, 1, DIVW_UINT8, 0));
  ok(divw_dataset_set_labels(all, labels, N));
  ok(divw_dataset_select_labels(&some, all, wanted, N / 3));
  int64_t next = 0;
  for (int i = 0; i < N; i++) {
    bool is_wanted = false;
    for (int k = 0; k < N / 3; k++) {
      is_wanted = is_wanted || labels[i] == wanted[k];
    }
    if (is_wanted) {
      assert_int_equal(divw_dataset_row(some, next), i);
      assert_int_equal(divw_dataset_labels(some)[next], labels[i]);
      next++;
    }
  }
  assert_int_equal(divw_dataset_count(some), next);
  divw_dataset_destroy(some);
  divw_dataset_destroy(all);
}

static void subsets_check_their_arguments(void **state) {
  (void)state;
  divw_dataset *all = labelled(), *bare, *out;
  const int64_t one[] = {1};
  ok(divw_dataset_create_borrowed(&bare, ROWS, 4, 3, DIVW_FLOAT32, 0));
  fails(divw_dataset_select_rows(&out, all, (int64_t[]){0, 4}, 2), DIVW_ERROR_ARGUMENT,
        "divw_dataset_select_rows: rows[1] is 4, expected 0 to 3");
  assert_null(out);
  fails(divw_dataset_select_rows(&out, all, (int64_t[]){-1}, 1), DIVW_ERROR_ARGUMENT, "rows[0] is -1");
  fails(divw_dataset_select_rows(&out, all, one, 0), DIVW_ERROR_ARGUMENT, "count is 0, expected at least 1");
  fails(divw_dataset_select_rows(&out, all, one, INT64_MAX), DIVW_ERROR_MEMORY, "out of memory");
  fails(divw_dataset_select_rows(&out, all, NULL, 1), DIVW_ERROR_ARGUMENT, "rows is NULL");
  fails(divw_dataset_select_rows(&out, NULL, one, 1), DIVW_ERROR_ARGUMENT, "dataset is NULL");
  fails(divw_dataset_select_rows(NULL, all, one, 1), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_dataset_select_first(&out, all, 0), DIVW_ERROR_ARGUMENT,
        "divw_dataset_select_first: count is 0, expected at least 1");
  fails(divw_dataset_select_first(&out, NULL, 1), DIVW_ERROR_ARGUMENT, "dataset is NULL");
  fails(divw_dataset_select_first(NULL, all, 1), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_dataset_select_labels(&out, bare, one, 1), DIVW_ERROR_ARGUMENT,
        "divw_dataset_select_labels: dataset has no labels");
  fails(divw_dataset_select_labels(&out, all, one, 0), DIVW_ERROR_ARGUMENT, "count is 0, expected at least 1");
  fails(divw_dataset_select_labels(&out, all, NULL, 1), DIVW_ERROR_ARGUMENT, "labels is NULL");
  fails(divw_dataset_select_labels(&out, NULL, one, 1), DIVW_ERROR_ARGUMENT, "dataset is NULL");
  fails(divw_dataset_select_labels(NULL, all, one, 1), DIVW_ERROR_ARGUMENT, "out is NULL");
  divw_dataset_destroy(bare);
  divw_dataset_destroy(all);
}

/* ---- labels ---- */

static void labels_can_be_replaced(void **state) {
  (void)state;
  divw_dataset *dataset = labelled();
  ok(divw_dataset_set_labels(dataset, (int64_t[]){1, 2, 3, 4}, 4));
  assert_int_equal(divw_dataset_labels(dataset)[3], 4);
  fails(divw_dataset_set_labels(dataset, LABELS, 3), DIVW_ERROR_ARGUMENT,
        "divw_dataset_set_labels: count is 3, expected 4, the number of rows");
  fails(divw_dataset_set_labels(dataset, NULL, 4), DIVW_ERROR_ARGUMENT, "labels is NULL");
  fails(divw_dataset_set_labels(NULL, LABELS, 4), DIVW_ERROR_ARGUMENT, "dataset is NULL");
  assert_int_equal(divw_dataset_labels(dataset)[3], 4);
  divw_dataset_destroy(dataset);
}

static void labels_come_from_files(void **state) {
  (void)state;
  divw_dataset *dataset = labelled();
  const char *path = scratch_file("labels", "\0\0\x08\x01\0\0\0\x04\x05\x06\x07\x08", 12);
  ok(divw_dataset_load_labels(dataset, path));
  assert_int_equal(divw_dataset_labels(dataset)[3], 8);
  fails(divw_dataset_load_labels(dataset, scratch_file("labels", "\0\0\x08\x01\0\0\0\x03\x05\x06\x07", 11)),
        DIVW_ERROR_ARGUMENT, "labels: has 3 labels, expected 4, the number of rows");
  fails(divw_dataset_load_labels(dataset, scratch("missing")), DIVW_ERROR_FILE, "missing: cannot be opened");
  fails(divw_dataset_load_labels(dataset, NULL), DIVW_ERROR_ARGUMENT, "path is NULL");
  fails(divw_dataset_load_labels(NULL, path), DIVW_ERROR_ARGUMENT, "dataset is NULL");
  assert_int_equal(divw_dataset_labels(dataset)[3], 8);
  divw_dataset_destroy(dataset);
}

/* ---- memory and threads ---- */

static divw_status select_everything(void *path) {
  divw_status status;
  divw_dataset *all, *rows = NULL, *first = NULL, *labels = NULL, *shared = NULL;
  DW_TRY(divw_dataset_load(&all, path));
  DW_TRY(divw_dataset_set_labels(all, (int64_t[]){1, 2}, 2));
  DW_TRY(divw_dataset_select_rows(&rows, all, (int64_t[]){1, 0, 1}, 3));
  DW_TRY(divw_dataset_select_first(&first, rows, 2));
  DW_TRY(divw_dataset_select_labels(&labels, rows, (int64_t[]){2, 1}, 2));
  DW_TRY(dw_dataset_share(&shared, labels));
fail:
  divw_dataset_destroy(all);
  divw_dataset_destroy(rows);
  divw_dataset_destroy(first);
  divw_dataset_destroy(labels);
  divw_dataset_destroy(shared);
  return status;
}

static divw_status create_both(void *unused) {
  divw_status status;
  divw_dataset *copy, *borrowed = NULL;
  (void)unused;
  DW_TRY(divw_dataset_create_copy(&copy, ROWS, 4, 3, DIVW_FLOAT32, 0));
  DW_TRY(divw_dataset_create_borrowed(&borrowed, ROWS, 4, 3, DIVW_FLOAT32, 0));
fail:
  divw_dataset_destroy(copy);
  divw_dataset_destroy(borrowed);
  return status;
}

static divw_status label_from_file(void *path) {
  divw_status status;
  divw_dataset *dataset;
  DW_TRY(divw_dataset_create_borrowed(&dataset, ROWS, 4, 3, DIVW_FLOAT32, 0));
  DW_TRY(divw_dataset_load_labels(dataset, path));
fail:
  divw_dataset_destroy(dataset);
  return status;
}

static void every_failed_allocation_is_an_error(void **state) {
  (void)state;
  fail_every_allocation(create_both, NULL);
  fail_every_allocation(select_everything, (void *)npy_of(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}",
                                                          "\1\2\3\4\5\6", 6));
  fail_every_allocation(label_from_file, (void *)scratch_file("labels", "\0\0\x08\x01\0\0\0\x04\x05\x06\x07\x08", 12));
}

static void *select_and_destroy(void *context) {
  const divw_dataset *all = context;
  intptr_t wrong = 0;
  for (int k = 0; k < 200; k++) {
    divw_dataset *some, *first;
    double row[3];
    wrong += divw_dataset_select_rows(&some, all, (int64_t[]){2, 1}, 2) != DIVW_OK;
    wrong += divw_dataset_select_first(&first, some, 1) != DIVW_OK;
    divw_dataset_destroy(some);
    wrong += divw_dataset_read(first, 0, 1, row) != DIVW_OK || row[1] != ROWS[2][1];
    divw_dataset_destroy(first);
  }
  return (void *)wrong;
}

static void threads_share_a_dataset(void **state) {
  (void)state;
  divw_dataset *all = labelled();
  pthread_t threads[8];
  for (int k = 0; k < 8; k++) {
    assert_int_equal(pthread_create(&threads[k], NULL, select_and_destroy, all), 0);
  }
  for (int k = 0; k < 8; k++) {
    void *wrong;
    assert_int_equal(pthread_join(threads[k], &wrong), 0);
    assert_null(wrong);
  }
  consists_of(all, (int64_t[]){0, 1, 2, 3}, 4);
  divw_dataset_destroy(all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_copy_does_not_follow_its_original),
      cmocka_unit_test(a_borrowed_block_is_not_copied),
      cmocka_unit_test(rows_may_lie_apart_and_unaligned),
      cmocka_unit_test(blocks_that_make_no_sense_are_refused),
      cmocka_unit_test(types_have_names),
      cmocka_unit_test(nothing_is_known_of_no_dataset),
      cmocka_unit_test(every_half_is_converted_exactly),
      cmocka_unit_test(every_type_is_converted_exactly),
      cmocka_unit_test(a_fetch_scales_and_chooses_columns),
      cmocka_unit_test(a_range_is_read_and_no_more),
      cmocka_unit_test(subsets_of_subsets_remember_the_rows_of_the_source),
      cmocka_unit_test(the_first_rows_are_at_most_all_rows),
      cmocka_unit_test(rows_are_chosen_by_label_in_their_old_order),
      cmocka_unit_test(the_first_label_that_no_row_has_is_named),
      cmocka_unit_test(many_labels_are_found),
      cmocka_unit_test(subsets_check_their_arguments),
      cmocka_unit_test(labels_can_be_replaced),
      cmocka_unit_test(labels_come_from_files),
      cmocka_unit_test(every_failed_allocation_is_an_error),
      cmocka_unit_test(threads_share_a_dataset),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
