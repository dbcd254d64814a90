/* Reads numbers behind a header, whichever format the header is in.
 *
 * A header is a claim by a stranger: its product is checked for overflow and compared with the size of the file before
 * anybody allocates. Bytes are then read straight into place and swapped while they are in the cache. Fortran order is
 * scattered from a window, so that it too needs no second copy of the data: with shape (s_0, ..., s_m), element number
 * k of the stream belongs to row k mod s_0, and to column number c = k / s_0 in Fortran order of the axes 1..m. */
#include "array_file.h"

#include <string.h>

enum { WINDOW = 1 << 20 };

static const struct {
  const char *name;
  int64_t size;
} types[] = {
    [DW_FLOAT64] = {"float64", 8},     [DW_FLOAT32] = {"float32", 4}, [DW_FLOAT16] = {"float16", 2},
    [DW_UINT8] = {"uint8", 1},         [DW_INT8] = {"int8", 1},       [DW_INT16] = {"int16", 2},
    [DW_INT32] = {"int32", 4},         [DW_INT64] = {"int64", 8},     [DW_UINT16] = {"uint16", 2},
    [DW_UINT32] = {"uint32", 4},       [DW_UINT64] = {"uint64", 8},   [DW_BYTE_STRING] = {"byte strings", 0},
    [DW_UCS4_STRING] = {"strings", 0},
};

static bool is_type(int32_t dtype) { return dtype >= DW_FLOAT64 && dtype <= DW_UCS4_STRING; }

int64_t dw_dtype_size(int32_t dtype) { return is_type(dtype) ? types[dtype].size : 0; }

const char *dw_dtype_name(int32_t dtype) { return is_type(dtype) ? types[dtype].name : "unknown"; }

bool dw_big_endian(void) {
  const uint16_t one = 1;
  unsigned char first;
  memcpy(&first, &one, 1);
  return first == 0;
}

/* ---- the header ---- */

static const struct {
  const char *magic;
  size_t length;
  divw_status (*read_header)(dw_reader *reader, const unsigned char magic[4], dw_array_header *header);
} formats[] = {
    {"\x93NUM", 4, dw_npy_read_header},
    {"\0\0", 2, dw_idx_read_header},
};

static divw_status read_header(dw_reader *reader, dw_array_header *header) {
  unsigned char magic[4];
  divw_status status = dw_reader_read(reader, magic, 4, "the magic number");
  if (status != DIVW_OK) {
    return status;
  }
  for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
    if (memcmp(magic, formats[k].magic, formats[k].length) == 0) {
      return formats[k].read_header(reader, magic, header);
    }
  }
  return dw_fail(DIVW_ERROR_FORMAT,
                 "%s: is not recognised: it begins with %02x %02x %02x %02x, accepted are npy (93 4e 55 4d) and IDX "
                 "(00 00 type axes), either gzipped (1f 8b), and npz (50 4b 03 04)",
                 dw_reader_path(reader), magic[0], magic[1], magic[2], magic[3]);
}

divw_status dw_array_check_size(const dw_reader *reader, dw_array_header *header, int64_t *count) {
  int64_t bytes;
  bool fits = true;
  if (header->element_size == 0) {
    header->element_size = dw_dtype_size(header->dtype); /* of strings it is in the file */
  }
  *count = 1;
  for (int32_t axis = 1; axis < header->axes; axis++) {
    fits = fits && dw_multiply(*count, header->shape[axis], count);
  }
  fits = fits && dw_multiply(header->shape[0], *count, &bytes);
  if (!fits || !dw_multiply(bytes, header->element_size, &bytes)) {
    return dw_fail(DIVW_ERROR_SIZE, "%s: claims more than 2^63 bytes of elements", dw_reader_path(reader));
  }
  return dw_reader_expect_bytes(reader, bytes, "the array");
}

divw_status dw_array_open_member(dw_reader **reader, dw_array_header *header, int64_t *count, const char *path,
                                 const char *name) {
  divw_status status;
  memset(header, 0, sizeof *header);
  DW_TRY(dw_reader_open_member(reader, path, name));
  DW_TRY(read_header(*reader, header));
  DW_TRY(dw_array_check_size(*reader, header, count));
  return DIVW_OK;
fail:
  dw_reader_close(*reader);
  *reader = NULL;
  return status;
}

divw_status dw_array_open(dw_reader **reader, dw_array_header *header, int64_t *count, const char *path) {
  return dw_array_open_member(reader, header, count, path, NULL);
}

/* ---- the numbers ---- */

/* memcpy: the memory may be read later through any type. */
#define SWAP_EACH(bits)                                                                                                \
  for (int64_t k = 0; k < count; k++) {                                                                                \
    uint##bits##_t x;                                                                                                  \
    memcpy(&x, bytes + k * (int64_t)sizeof x, sizeof x);                                                               \
    x = __builtin_bswap##bits(x);                                                                                      \
    memcpy(bytes + k * (int64_t)sizeof x, &x, sizeof x);                                                               \
  }

void dw_swap_bytes(unsigned char *bytes, int64_t count, int64_t size) {
  switch (size) {
  case 2: SWAP_EACH(16) break;
  case 4: SWAP_EACH(32) break;
  case 8: SWAP_EACH(64) break;
  default: break;
  }
}

/* Reads count elements, at most a window of them, into native byte order. */
static divw_status read_elements(dw_reader *reader, const dw_array_header *header, int64_t count, void *elements) {
  const int64_t size = dw_dtype_size(header->dtype);
  divw_status status = dw_reader_read(reader, elements, count * size, "the next part of the array");
  if (status == DIVW_OK && header->big_endian != dw_big_endian()) {
    dw_swap_bytes(elements, count, size);
  }
  return status;
}

static divw_status read_c_order(dw_reader *reader, const dw_array_header *header, int64_t total, unsigned char *rows) {
  const int64_t size = dw_dtype_size(header->dtype);
  assert(size > 0);
  const int64_t window = WINDOW / size;
  divw_status status = DIVW_OK;
  for (int64_t k = 0; k < total && status == DIVW_OK; k += window) {
    status = read_elements(reader, header, dw_min(window, total - k), rows + k * size);
  }
  return status;
}

/* Column number c in Fortran order of the axes 1..m -> its number in C order. */
static int64_t c_order_column(const dw_array_header *header, int64_t c) {
  int64_t column = 0;
  for (int32_t axis = 1; axis < header->axes; axis++) {
    column = column * header->shape[axis] + c % header->shape[axis];
    c /= header->shape[axis];
  }
  return column;
}

#define PUT_EACH(bytes)                                                                                                \
  for (int64_t k = 0; k < count; k++) {                                                                                \
    memcpy(to + k * stride, from + k * (bytes), (bytes));                                                              \
  }

static void put_column(unsigned char *to, int64_t stride, const unsigned char *from, int64_t count, int64_t size) {
  switch (size) {
  case 1: PUT_EACH(1) break;
  case 2: PUT_EACH(2) break;
  case 4: PUT_EACH(4) break;
  default: PUT_EACH(8) break;
  }
}

/* Puts elements first, first + 1, ... of the stream where they belong, one piece of a column after the other. */
static void scatter(const dw_array_header *header, int64_t columns, int64_t first, const unsigned char *elements,
                    int64_t count, unsigned char *rows) {
  const int64_t size = dw_dtype_size(header->dtype), n = header->shape[0];
  int64_t piece;
  for (int64_t k = 0; k < count; k += piece) {
    const int64_t row = (first + k) % n, column = c_order_column(header, (first + k) / n);
    piece = dw_min(n - row, count - k);
    put_column(rows + (row * columns + column) * size, columns * size, elements + k * size, piece, size);
  }
}

static divw_status read_fortran_order(dw_reader *reader, const dw_array_header *header, int64_t columns, int64_t total,
                                      unsigned char *rows) {
  const int64_t size = dw_dtype_size(header->dtype);
  assert(size > 0);
  const int64_t window = WINDOW / size;
  unsigned char *elements;
  divw_status status;
  DW_TRY(dw_alloc(&elements, dw_min(window, total), (size_t)size));
  for (int64_t k = 0; k < total; k += window) {
    const int64_t count = dw_min(window, total - k);
    DW_TRY(read_elements(reader, header, count, elements));
    scatter(header, columns, k, elements, count, rows);
  }
fail:
  divw_free(elements);
  return status;
}

divw_status dw_array_read(dw_reader *reader, const dw_array_header *header, int64_t count, void *rows) {
  const int64_t total = header->shape[0] * count;
  const bool transpose = header->fortran_order && header->axes > 1;
  divw_status status =
      transpose ? read_fortran_order(reader, header, count, total, rows) : read_c_order(reader, header, total, rows);
  return status == DIVW_OK ? dw_reader_expect_end(reader) : status;
}
