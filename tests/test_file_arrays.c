/* Array files: npy and IDX, whatever their headers say, and every damage. */
#define _DEFAULT_SOURCE /* syscall */

#include "array_file.h"
#include "arrays.h"
#include "check.h"
#include "faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* ---- npy ---- */

static void headers_of_all_versions_are_read(void **state) {
  (void)state;
  const char *texts[] = {
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }         \n",
      "{'descr':'<f4','fortran_order':False,'shape':(1,2)}",
      "{\"shape\": (1, 2,), \"fortran_order\" : False , \"descr\": \"<f4\"}\n",
      "{\t'fortran_order'\n:\n False,\n 'descr': '<f4', 'shape' : ( 1 , 2 , ) , }  ",
  };
  const unsigned char data[8] = {0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0}; /* 1, -2.5 */
  for (int major = 1; major <= 3; major++) {
    for (int k = 0; k < 4; k++) {
      dw_array_header header;
      float values[2] = {0};
      ok(read_array(npy_of(major, texts[k], data, 8), &header, values));
      assert_int_equal(header.dtype, DW_FLOAT32);
      assert_int_equal(header.axes, 2);
      assert_true(values[0] == 1 && values[1] == -2.5f);
    }
  }
}

static void every_header_that_npy_does_not_know_is_refused(void **state) {
  (void)state;
  const struct {
    const char *text, *sentence;
  } cases[] = {
      {"", "at byte 0 of its text, expected a dictionary"},
      {" {'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "expected a dictionary at the beginning"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)", "a comma or a closing brace"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x", "only spaces and a newline after"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}\n ", "only spaces and a newline after"},
      {"{'descr': '<f8', 'fortran_order': False}", "expected descr, fortran_order and shape before"},
      {"{}", "expected descr, fortran_order and shape before"},
      {"{,}", "a string in quotes"},
      {"{'descr': '<f8' 'fortran_order': False, 'shape': (1,)}", "a comma or a closing brace"},
      {"{'descr' '<f8', 'fortran_order': False, 'shape': (1,)}", "a colon"},
      {"{'descr: 1", "a closing quote"},
      {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "has the key 'descr'"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}", "has the key 'x'"},
      {"{'a key of far more than thirty-one letters': 1}", "at most 31 printable"},
      {"{'descr\\x41': '<f8'}", "printable characters"},
      {"{'descr': '<f8\x01'}", "printable characters"},
      {"{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}", "True or False"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': ()}", "the shape (), a single number"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1)}", "a comma after the only length"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': 1}", "a shape in parentheses"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1 2)}", "a comma or a closing parenthesis"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,,)}", "expected a length"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", "expected a length"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (01,)}", "without leading zeros"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000000,)}", "at most 18 digits"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", "has more than 8 axes"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,", "expected a length"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    dw_array_header header;
    double value;
    fails(read_array(npy_of(1, cases[k].text, "12345678", 8), &header, &value), DIVW_ERROR_FORMAT, cases[k].sentence);
  }
}

static void element_types_that_are_no_numbers_are_refused_by_name(void **state) {
  (void)state;
  const struct {
    const char *descr, *sentence;
  } cases[] = {
      {"'|O'", "holds Python objects (a pickle, which can run code when it is read) (descr '|O')"},
      {"'<c16'", "holds complex numbers"},
      {"'|b1'", "holds booleans"},
      {"'|S8'", "holds byte strings"},
      {"'<U2'", "holds strings"},
      {"'|V8'", "holds structured or raw bytes"},
      {"'<M8[ns]'", "holds dates"},
      {"'<m8[ns]'", "holds time spans"},
      {"'<f16'", "holds an unknown type (descr '<f16'), accepted are float64"},
      {"'f8'", "holds a type without a byte order"},
      {"''", "holds a type without a byte order"},
      {"'<'", "holds an unknown type"},
      {"[('a', '<f8')]", "holds structured records"},
      {"8", "a string in quotes"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char text[200];
    dw_array_header header;
    double value;
    snprintf(text, sizeof text, "{'descr': %s, 'fortran_order': False, 'shape': (1,)}", cases[k].descr);
    fails(read_array(npy_of(1, text, "12345678", 8), &header, &value), DIVW_ERROR_FORMAT, cases[k].sentence);
  }
}

static void magic_and_version_are_checked(void **state) {
  (void)state;
  dw_array_header header;
  double value;
  unsigned char file[200];
  const size_t count = build_npy(file, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "12345678", 8);
  const struct {
    int place, value;
    const char *sentence;
  } cases[] = {{0, 0x94, "it begins with 94 4e 55 4d, accepted are npy (93 4e 55 4d) and IDX"},
               {4, 'Q', "then 51 59 and version 1.0"},
               {6, 0, "version 0.0, accepted are 50 59 and versions 1.0, 2.0 and 3.0"},
               {6, 4, "version 4.0"},
               {7, 1, "version 1.1"},
               {9, 1, "truncated: the npy header takes 311 bytes"}};
  for (int k = 0; k < 6; k++) {
    const unsigned char old = file[cases[k].place];
    file[cases[k].place] = (unsigned char)cases[k].value;
    fails(read_array(scratch_file("magic.npy", file, count), &header, &value), DIVW_ERROR_FORMAT, cases[k].sentence);
    file[cases[k].place] = old;
  }
  ok(read_array(scratch_file("magic.npy", file, count), &header, &value));
  fails(read_array(scratch_file("two", file, 2), &header, &value), DIVW_ERROR_FORMAT, "truncated: the magic number");
}

static void lying_headers_are_refused_before_memory_is_asked_for(void **state) {
  (void)state;
  dw_reader *reader;
  dw_array_header header;
  int64_t count;
  const unsigned char long_header[12] = {0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 1, 0, 1, 0}; /* 65,537 bytes */
  fails(dw_array_open(&reader, &header, &count, scratch_file("long.npy", long_header, 12)), DIVW_ERROR_FORMAT,
        "claims an npy header of 65537 bytes, accepted are at most 65536");
  const char *rows = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000, 3)}";
  fails(dw_array_open(&reader, &header, &count, npy_of(1, rows, "12345678", 8)), DIVW_ERROR_FORMAT,
        "truncated: the array takes 24000000000000000 bytes, at most 8 are left");
  const char *product = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 10000000000, 10000000000)}";
  fails(dw_array_open(&reader, &header, &count, npy_of(1, product, "12345678", 8)), DIVW_ERROR_SIZE,
        "array.npy: claims more than 2^63 bytes");
  const char *bytes = "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999, 9999999999)}";
  fails(dw_array_open(&reader, &header, &count, npy_of(1, bytes, "12345678", 8)), DIVW_ERROR_SIZE, "2^63 bytes");
  const char *one = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}";
  double value;
  fails(read_array(npy_of(1, one, "123456789", 9), &header, &value), DIVW_ERROR_FORMAT, "trailing bytes");
  fails(read_array(npy_of(1, one, "1234567", 7), &header, &value), DIVW_ERROR_FORMAT, "truncated");
}

static void eight_axes_are_flattened(void **state) {
  (void)state;
  dw_array_header header;
  int64_t count;
  dw_reader *reader;
  ok(dw_array_open(&reader, &header, &count,
                   npy_of(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (2,1,1,1,1,1,1,2)}", "1234", 4)));
  assert_int_equal(header.axes, 8);
  assert_int_equal(count, 2);
  dw_reader_close(reader);
}

/* An n x a x b array of element(i * a * b + j * b + k) in either order comes out in C order. */
static void check_orders(int64_t n, int64_t a, int64_t b, const char *type, int64_t size) {
  const int64_t total = n * a * b;
  static unsigned char data[400000], rows[400000];
  assert_true(total * size <= (int64_t)sizeof data);
  for (int variant = 0; variant < 4; variant++) {
    const bool fortran = variant & 1, big_endian = variant & 2;
    char text[200];
    dw_array_header header;
    snprintf(text, sizeof text, "{'descr': '%c%s', 'fortran_order': %s, 'shape': (%d, %d, %d)}", big_endian ? '>' : '<',
             type, fortran ? "True" : "False", (int)n, (int)a, (int)b);
    for (int64_t i = 0, c = 0; i < n; i++) {
      for (int64_t j = 0; j < a; j++) {
        for (int64_t k = 0; k < b; k++, c++) {
          put_element(data + size * (fortran ? i + n * (j + a * k) : c), element(c, size), size, big_endian);
        }
      }
    }
    ok(read_array(npy_of(1, text, data, (size_t)(total * size)), &header, rows));
    for (int64_t c = 0; c < total; c++) {
      unsigned char expected[8];
      put_element(expected, element(c, size), size, dw_big_endian());
      assert_memory_equal(rows + size * c, expected, size);
    }
  }
}

static void both_orders_of_bytes_and_axes_are_read(void **state) {
  (void)state;
  const struct {
    const char *type;
    int64_t size;
  } types[] = {{"u1", 1}, {"f2", 2}, {"f4", 4}, {"f8", 8}, {"i8", 8}, {"u2", 2}};
  for (int k = 0; k < 6; k++) {
    check_orders(3, 4, 5, types[k].type, types[k].size);
    check_orders(1, 7, 2, types[k].type, types[k].size);
    check_orders(9, 1, 1, types[k].type, types[k].size);
    check_orders(1001, 7, 5, types[k].type, types[k].size);
  }
}

static void fortran_order_larger_than_the_window_is_transposed(void **state) {
  (void)state;
  enum { ROWS = 777777, COLUMNS = 4 };
  const char *text = "{'descr': '|u1', 'fortran_order': True, 'shape': (777777, 4)}";
  unsigned char *file = malloc(100 + ROWS * COLUMNS), *rows = malloc(ROWS * COLUMNS);
  const size_t start = build_npy(file, 1, text, "", 0);
  for (int64_t k = 0; k < ROWS * COLUMNS; k++) {
    file[start + (size_t)k] = (unsigned char)element(k % ROWS * COLUMNS + k / ROWS, 1);
  }
  dw_array_header header;
  ok(read_array(gzipped("large.npy", "wb1", file, start + ROWS * COLUMNS), &header, rows));
  for (int64_t k = 0; k < ROWS * COLUMNS; k++) {
    assert_int_equal(rows[k], element(k, 1));
  }
  free(rows);
  free(file);
}

static void a_large_array_that_ends_early_is_refused(void **state) {
  (void)state;
  enum { BYTES = 1500000 };
  dw_array_header header;
  unsigned char *file = calloc(1, 100 + BYTES), *rows = malloc(2 * BYTES);
  const size_t start = build_npy(file, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1500001,)}", "", 0);
  fails(read_array(gzipped("large.npy", "wb1", file, start + BYTES), &header, rows), DIVW_ERROR_FORMAT,
        "large.npy: truncated: the next part of the array takes 451425 bytes, at most 451424 are left");
  free(rows);
  free(file);
}

static void native_byte_order_is_taken_as_it_is(void **state) {
  (void)state;
  dw_array_header header;
  const double value = 0.1;
  const char marks[] = {'=', '|'};
  for (int k = 0; k < 2; k++) {
    char text[100];
    double read;
    snprintf(text, sizeof text, "{'descr': '%cf8', 'fortran_order': True, 'shape': (1,)}", marks[k]);
    ok(read_array(npy_of(1, text, &value, 8), &header, &read));
    assert_true(read == value);
  }
}

/* ---- IDX ---- */

static void idx_files_of_all_types_are_read(void **state) {
  (void)state;
  const struct {
    unsigned char code, bytes[8];
    int size, dtype;
    double expected;
  } cases[] = {{0x08, {0xfe}, 1, DW_UINT8, 254},
               {0x09, {0xfe}, 1, DW_INT8, -2},
               {0x0b, {0xfe, 0x01}, 2, DW_INT16, -511},
               {0x0c, {0xff, 0xff, 0xfe, 0x01}, 4, DW_INT32, -511},
               {0x0d, {0xc0, 0x20, 0, 0}, 4, DW_FLOAT32, -2.5},
               {0x0e, {0xc0, 0x04, 0, 0, 0, 0, 0, 0}, 8, DW_FLOAT64, -2.5}};
  for (int k = 0; k < 6; k++) {
    unsigned char file[20] = {0, 0, cases[k].code, 2, 0, 0, 0, 1, 0, 0, 0, 1};
    unsigned char value[8] = {0};
    dw_array_header header;
    memcpy(file + 12, cases[k].bytes, 8);
    ok(read_array(scratch_file("idx", file, (size_t)(12 + cases[k].size)), &header, value));
    assert_int_equal(header.dtype, cases[k].dtype);
    assert_int_equal(header.axes, 2);
    int16_t i16;
    int32_t i32;
    float f32;
    double f64;
    memcpy(&i16, value, 2), memcpy(&i32, value, 4), memcpy(&f32, value, 4), memcpy(&f64, value, 8);
    const double values[] = {value[0], (signed char)value[0], i16, i32, f32, f64};
    assert_true(values[k] == cases[k].expected);
  }
}

static void idx_headers_are_checked(void **state) {
  (void)state;
  dw_array_header header;
  unsigned char value[8];
  const struct {
    unsigned char file[10];
    const char *sentence;
    divw_status status;
  } cases[] = {
      {{0, 0, 0x0a, 1, 0, 0, 0, 2, 1, 2}, "has the element type 0a, accepted are 08 (uint8)", DIVW_ERROR_FORMAT},
      {{0, 0, 0x08, 0, 0, 0, 0, 2, 1, 2}, "has 0 axes, accepted are 1 to 8", DIVW_ERROR_FORMAT},
      {{0, 0, 0x08, 9, 0, 0, 0, 2, 1, 2}, "has 9 axes, accepted are 1 to 8", DIVW_ERROR_FORMAT},
      {{0, 0, 0x08, 2, 0, 0, 0, 2, 1, 2}, "truncated: the IDX header takes 8 bytes, at most 6", DIVW_ERROR_FORMAT},
      {{0, 0, 0x08, 1, 0xff, 0, 0, 2, 1, 2}, "the array takes 4278190082 bytes", DIVW_ERROR_FORMAT},
      {{0, 0, 0x08, 1, 0, 0, 0, 1, 1, 2}, "trailing bytes", DIVW_ERROR_FORMAT},
  };
  for (int k = 0; k < 6; k++) {
    fails(read_array(scratch_file("idx", cases[k].file, 10), &header, value), cases[k].status, cases[k].sentence);
  }
  unsigned char huge[40] = {0, 0, 0x08, 8};
  memset(huge + 4, 0xff, 32);
  fails(read_array(scratch_file("idx", huge, 40), &header, value), DIVW_ERROR_SIZE, "2^63 bytes");
}

static void types_have_names_and_sizes(void **state) {
  (void)state;
  assert_string_equal(dw_dtype_name(DW_FLOAT16), "float16");
  assert_string_equal(dw_dtype_name(DW_UINT64), "uint64");
  assert_string_equal(dw_dtype_name(0), "unknown");
  assert_string_equal(dw_dtype_name(14), "unknown");
  assert_int_equal(dw_dtype_size(DW_UINT16), 2);
  assert_int_equal(dw_dtype_size(0), 0);
  assert_int_equal(dw_dtype_size(-1), 0);
}

/* ---- hostile files ---- */

/* Loading gives a result that can be used, or an error that belongs to files. */
static void survives(const unsigned char *bytes, size_t count) {
  const char *path = scratch_file("hostile", bytes, count);
  divw_dataset *dataset;
  int64_t *values, n;
  divw_status status = divw_dataset_load(&dataset, path);
  assert_true(status == DIVW_OK || status == DIVW_ERROR_FORMAT || status == DIVW_ERROR_SIZE);
  assert_true((status == DIVW_OK) == (dataset != NULL));
  if (status == DIVW_OK) {
    double row[64];
    assert_true(divw_dataset_count(dataset) >= 1 && divw_dataset_dimension(dataset) <= 64);
    ok(divw_dataset_read(dataset, divw_dataset_count(dataset) - 1, 1, row));
    divw_dataset_destroy(dataset);
  } else {
    assert_non_null(strstr(divw_error_message(), "hostile: "));
  }
  status = divw_indices_load(path, &values, &n);
  assert_true(status == DIVW_OK || status == DIVW_ERROR_FORMAT || status == DIVW_ERROR_SIZE);
  divw_free(values);
}

static void survives_every_damage(unsigned char *seed, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const unsigned char old = seed[k];
    const unsigned char damages[] = {0, 0xff, old ^ 1, old ^ 0x80, (unsigned char)(old + 1)};
    survives(seed, k);
    for (int damage = 0; damage < 5; damage++) {
      seed[k] = damages[damage];
      survives(seed, count);
    }
    seed[k] = old;
  }
}

static void damaged_files_are_refused_or_read(void **state) {
  (void)state;
  static const char *const texts[] = {
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n",
      "{'descr': '<f2', 'fortran_order': True, 'shape': (3, 2, 2), } \n",
      "{'descr': '>f8', 'fortran_order': False, 'shape': (3,), }     \n",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 6), }   \n",
      "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }     \n",
  };
  unsigned char seed[300], packed[300];
  for (int k = 0; k < 5; k++) {
    const size_t count = build_npy(seed, 1 + k % 3, texts[k], noise(), 24);
    survives_every_damage(seed, count);
    if (k < 2) {
      survives_every_damage(packed, slurp_into(gzipped("seed.gz", "wb", seed, count), packed, sizeof packed));
    }
  }
  unsigned char idx[24] = {0, 0, 0x0d, 2, 0, 0, 0, 1, 0, 0, 0, 3};
  survives_every_damage(idx, sizeof idx);
  unsigned char labels[11] = {0, 0, 0x08, 1, 0, 0, 0, 3, 1, 2, 3};
  survives_every_damage(labels, sizeof labels);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(headers_of_all_versions_are_read),
      TEST(every_header_that_npy_does_not_know_is_refused),
      TEST(element_types_that_are_no_numbers_are_refused_by_name),
      TEST(magic_and_version_are_checked),
      TEST(lying_headers_are_refused_before_memory_is_asked_for),
      TEST(eight_axes_are_flattened),
      TEST(both_orders_of_bytes_and_axes_are_read),
      TEST(fortran_order_larger_than_the_window_is_transposed),
      TEST(a_large_array_that_ends_early_is_refused),
      TEST(native_byte_order_is_taken_as_it_is),
      TEST(idx_files_of_all_types_are_read),
      TEST(idx_headers_are_checked),
      TEST(types_have_names_and_sizes),
      TEST(damaged_files_are_refused_or_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
