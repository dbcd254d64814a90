/* The header of an IDX file, the format of the MNIST sets:
 *
 *     00 00 type axes | a length per axis, 4 bytes | elements; everything big-endian, C order
 *
 * Source: LeCun, Cortes, Burges, The MNIST database of handwritten digits. */
#include "array_file.h"

static int32_t type_of(unsigned char code) {
  switch (code) {
  case 0x08: return DW_UINT8;
  case 0x09: return DW_INT8;
  case 0x0b: return DW_INT16;
  case 0x0c: return DW_INT32;
  case 0x0d: return DW_FLOAT32;
  case 0x0e: return DW_FLOAT64;
  default: return 0;
  }
}

divw_status dw_idx_read_header(dw_reader *reader, const unsigned char magic[4], dw_array_header *header) {
  unsigned char lengths[DW_MAX_AXES][4];
  const int axes = magic[3];
  header->dtype = type_of(magic[2]);
  if (header->dtype == 0) {
    return dw_fail(DIVW_ERROR_FORMAT,
                   "%s: the IDX header has the element type %02x, accepted are 08 (uint8), 09 (int8), 0b (int16), "
                   "0c (int32), 0d (float32) and 0e (float64)",
                   dw_reader_path(reader), magic[2]);
  }
  if (axes < 1 || axes > DW_MAX_AXES) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: the IDX header has %d axes, accepted are 1 to %d", dw_reader_path(reader),
                   axes, DW_MAX_AXES);
  }
  divw_status status = dw_reader_read(reader, lengths, (int64_t)4 * axes, "the IDX header");
  if (status != DIVW_OK) {
    return status;
  }
  header->axes = axes;
  header->big_endian = true;
  for (int axis = 0; axis < axes; axis++) {
    const unsigned char *b = lengths[axis];
    header->shape[axis] = (int64_t)b[0] << 24 | (int64_t)b[1] << 16 | (int64_t)b[2] << 8 | b[3];
  }
  return DIVW_OK;
}
