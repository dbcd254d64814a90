/* Array files: what npy and IDX have in common, a header that gives type and shape, and elements after it.
 *
 *     dw_array_open  -> recognises the format, checks the header against the size of the file
 *     dw_array_read  -> the elements in their own type, native byte order, C order
 */
#ifndef DW_ARRAY_FILE_H
#define DW_ARRAY_FILE_H

#include "file.h"

/* Element types in files; the first four are the DIVW_* types of a dataset. */
enum {
  DW_FLOAT64 = 1,
  DW_FLOAT32 = 2,
  DW_FLOAT16 = 3,
  DW_UINT8 = 4,
  DW_INT8 = 5,
  DW_INT16 = 6,
  DW_INT32 = 7,
  DW_INT64 = 8,
  DW_UINT16 = 9,
  DW_UINT32 = 10,
  DW_UINT64 = 11,
  DW_BYTE_STRING = 12, /* read by ids.c only: fixed width, filled up with zeros */
  DW_UCS4_STRING = 13  /* likewise, 4 bytes a character */
};

enum { DW_MAX_AXES = 8 };

typedef struct {
  int32_t dtype;
  int32_t axes;
  int64_t shape[DW_MAX_AXES];
  bool big_endian;
  bool fortran_order;   /* the first axis varies fastest */
  bool strings;         /* asked for by who reads: strings are accepted, too */
  int64_t element_size; /* bytes */
} dw_array_header;

/* Bytes per element and name of a type; 0 and "unknown" for other numbers. */
int64_t dw_dtype_size(int32_t dtype);
const char *dw_dtype_name(int32_t dtype);

/* Whether this machine stores the high byte first. */
bool dw_big_endian(void);

/* Opens a file and reads its header. *count = product of shape[1..], the numbers per row. Once it succeeds,
 * shape[0] * count elements can be asked for without fear of a lying header: the file can hold them. */
divw_status dw_array_open(dw_reader **reader, dw_array_header *header, int64_t *count, const char *path);

/* The same of an array with a name, in a file of several; see dw_reader_open_member(). */
divw_status dw_array_open_member(dw_reader **reader, dw_array_header *header, int64_t *count, const char *path,
                                 const char *name);

/* What opening does after it has read a header: fills in element_size and *count, and checks them against the file. */
divw_status dw_array_check_size(const dw_reader *reader, dw_array_header *header, int64_t *count);

/* Reads all elements as rows of `count` numbers (C order, native byte order) into memory of
 * shape[0] * count * dw_dtype_size(dtype) bytes, and checks that the file ends there. */
divw_status dw_array_read(dw_reader *reader, const dw_array_header *header, int64_t count, void *rows);

/* Turns `count` elements of `size` bytes each into the other byte order. */
void dw_swap_bytes(unsigned char *bytes, int64_t count, int64_t size);

/* One format each: a magic number to recognise, and a header to read (its first four bytes already consumed).
 * Each is one file: npy.c, idx.c. The header comes zeroed but for `strings`; lengths must be set to 0 or more. */
divw_status dw_npy_read_header(dw_reader *reader, const unsigned char magic[4], dw_array_header *header);
divw_status dw_idx_read_header(dw_reader *reader, const unsigned char magic[4], dw_array_header *header);

/* The header of an npy 1.0 file of little-endian float64 or int64 with one axis or two. Its length is a multiple of 64,
 * so that the numbers are aligned when the file is mapped. */
enum { DW_NPY_HEADER = 128 };
void dw_npy_format_header(unsigned char header[DW_NPY_HEADER], int32_t dtype, int32_t axes, const int64_t *shape);

/* count numbers of 8 bytes as little-endian bytes. */
void dw_npy_pack(const void *values, int64_t count, unsigned char *bytes);

/* Writes the header of a file with one axis. */
divw_status dw_npy_write_header(dw_writer *writer, int32_t dtype, int64_t count);

/* Writes count little-endian 8-byte numbers. */
divw_status dw_npy_write_values(dw_writer *writer, const void *values, int64_t count);

#endif
