/* Row numbers, labels and draws, in and out of files.
 *
 * Whatever integer type a file has becomes int64 in the memory that is handed out: the narrow numbers are read to its
 * start and widened from the last to the first, where no number lands on one that is still to be read. */
#include "array_file.h"

#include <divweights/indices.h>

#include <string.h>

#define WIDEN(type)                                                                                                    \
  for (int64_t k = count - 1; k >= 0; k--) {                                                                           \
    type narrow;                                                                                                       \
    memcpy(&narrow, (const unsigned char *)values + k * (int64_t)sizeof narrow, sizeof narrow);                        \
    values[k] = (int64_t)narrow;                                                                                       \
  }

static void widen(int64_t *values, int64_t count, int32_t dtype) {
  switch (dtype) {
  case DW_INT8: WIDEN(int8_t) break;
  case DW_INT16: WIDEN(int16_t) break;
  case DW_INT32: WIDEN(int32_t) break;
  case DW_UINT8: WIDEN(uint8_t) break;
  case DW_UINT16: WIDEN(uint16_t) break;
  case DW_UINT32: WIDEN(uint32_t) break;
  default: break;
  }
}

/* uint64 read as int64: what does not fit has become negative. */
static divw_status check_unsigned(const int64_t *values, int64_t count, const char *path) {
  for (int64_t k = 0; k < count; k++) {
    if (values[k] < 0) {
      return dw_fail(DIVW_ERROR_FORMAT, "%s: number %lld is %llu, accepted are at most 2^63 - 1", path, (long long)k,
                     (unsigned long long)values[k]);
    }
  }
  return DIVW_OK;
}

static divw_status check_header(const dw_array_header *header, const char *path) {
  if (header->dtype <= DW_FLOAT16) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: holds %s, expected integers", path, dw_dtype_name(header->dtype));
  }
  if (header->axes != 1) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: has %d axes, expected 1", path, header->axes);
  }
  return DIVW_OK;
}

divw_status divw_indices_load(const char *path, int64_t **values, int64_t *count) {
  divw_status status;
  dw_reader *reader = NULL;
  dw_array_header header;
  int64_t per_row, n, *numbers = NULL;
  DW_REQUIRE(values);
  *values = NULL;
  DW_REQUIRE(count);
  *count = 0;
  DW_REQUIRE(path);
  DW_TRY(dw_array_open(&reader, &header, &per_row, path));
  DW_TRY(check_header(&header, path));
  n = header.shape[0];
  DW_TRY(dw_alloc(&numbers, n, sizeof *numbers));
  DW_TRY(dw_array_read(reader, &header, 1, numbers));
  widen(numbers, n, header.dtype);
  if (header.dtype == DW_UINT64) {
    DW_TRY(check_unsigned(numbers, n, path));
  }
  dw_reader_close(reader);
  *values = numbers;
  *count = n;
  return DIVW_OK;
fail:
  dw_reader_close(reader);
  divw_free(numbers);
  return status;
}

divw_status divw_indices_save(const char *path, const int64_t *values, int64_t count) {
  divw_status status;
  dw_writer *writer = NULL;
  DW_REQUIRE(path);
  if (count < 0) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected 0 or more", __func__, (long long)count);
  }
  if (count > 0) {
    DW_REQUIRE(values);
  }
  DW_TRY(dw_writer_open(&writer, path));
  DW_TRY(dw_npy_write_header(writer, DW_INT64, count));
  DW_TRY(dw_npy_write_values(writer, values, count));
  return dw_writer_commit(writer);
fail:
  dw_writer_abort(writer);
  return status;
}
