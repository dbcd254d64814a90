/* The header of a NumPy file, read and written:
 *
 *     93 "NUMPY" major minor | length, 2 bytes (version 1) or 4 (2, 3), little-endian | text | elements
 *
 * The text is a Python dictionary such as {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }. NumPy evaluates
 * it with Python's own parser; here it is held to a small grammar, stricter than Python's wherever that could matter:
 * exactly these three keys, once each, in any order; strings of printable ASCII without escapes; plain decimal
 * lengths; spaces, tabs and newlines anywhere inside the braces, spaces and one newline behind them. What passes, NumPy
 * reads as the same array.
 *
 * Source: NumPy Enhancement Proposal 1, A Simple File Format for NumPy Arrays. */
#include "array_file.h"

#include <stdio.h>
#include <string.h>

enum { MAX_HEADER = 1 << 16, MAX_STRING = 32, MAX_DIGITS = 18, MAX_WIDTH = 1 << 20 };

/* ---- the dictionary ---- */

typedef struct {
  const char *path, *start, *at, *end;
} text_cursor;

static divw_status unexpected(const text_cursor *text, const char *expected) {
  return dw_fail(DIVW_ERROR_FORMAT, "%s: the npy header is not understood at byte %lld of its text, expected %s",
                 text->path, (long long)(text->at - text->start), expected);
}

/* Steps over spaces, then over `token` if that is what follows. */
static bool take(text_cursor *text, const char *token) {
  const size_t length = strlen(token);
  while (text->at < text->end && (*text->at == ' ' || *text->at == '\t' || *text->at == '\n')) {
    text->at++;
  }
  if ((size_t)(text->end - text->at) < length || memcmp(text->at, token, length) != 0) {
    return false;
  }
  text->at += length;
  return true;
}

static divw_status parse_string(text_cursor *text, char string[MAX_STRING]) {
  const char quote = take(text, "'") ? '\'' : '"';
  int length = 0;
  if (quote == '"' && !take(text, "\"")) {
    return unexpected(text, "a string in quotes");
  }
  for (; text->at < text->end && *text->at != quote; text->at++) {
    if (length == MAX_STRING - 1 || *text->at < ' ' || *text->at > '~' || *text->at == '\\') {
      return unexpected(text, "at most 31 printable characters in quotes");
    }
    string[length++] = *text->at;
  }
  string[length] = '\0';
  if (text->at == text->end) {
    return unexpected(text, "a closing quote");
  }
  text->at++;
  return DIVW_OK;
}

static divw_status refuse_type(const text_cursor *text, const char *holds, const char *descr) {
  return dw_fail(DIVW_ERROR_FORMAT,
                 "%s: holds %s (descr '%s'), accepted are float64, float32, float16, uint8 and, for row numbers and "
                 "labels, integers",
                 text->path, holds, descr);
}

/* What NumPy's other type letters stand for. */
static const char *kind_name(char letter) {
  switch (letter) {
  case 'O': return "Python objects (a pickle, which can run code when it is read)";
  case 'c': return "complex numbers";
  case 'b': return "booleans";
  case 'S': return "byte strings";
  case 'U': return "strings";
  case 'V': return "structured or raw bytes";
  case 'M': return "dates";
  case 'm': return "time spans";
  default: return "an unknown type";
  }
}

/* S12: strings of 12 bytes; U12: of 12 characters of 4 bytes. */
static bool parse_strings(const char *code, dw_array_header *header) {
  const bool wide = *code == 'U';
  int64_t width = 0;
  for (const char *digit = code + 1; *digit >= '0' && *digit <= '9' && width < MAX_WIDTH; digit++) {
    width = 10 * width + (*digit - '0');
    if (digit[1] == '\0' && width >= 1 && width <= MAX_WIDTH && (wide || *code == 'S')) {
      header->dtype = wide ? DW_UCS4_STRING : DW_BYTE_STRING;
      header->element_size = wide ? 4 * width : width;
      return true;
    }
  }
  return false;
}

static divw_status parse_descr(text_cursor *text, dw_array_header *header) {
  static const struct {
    const char *code;
    int32_t dtype;
  } types[] = {{"f8", DW_FLOAT64}, {"f4", DW_FLOAT32}, {"f2", DW_FLOAT16}, {"u1", DW_UINT8},
               {"i1", DW_INT8},    {"i2", DW_INT16},   {"i4", DW_INT32},   {"i8", DW_INT64},
               {"u2", DW_UINT16},  {"u4", DW_UINT32},  {"u8", DW_UINT64}};
  char descr[MAX_STRING] = "";
  if (take(text, "[")) {
    return refuse_type(text, "structured records", "[...");
  }
  divw_status status = parse_string(text, descr);
  if (status != DIVW_OK) {
    return status;
  }
  if (descr[0] == '\0' || strchr("<>=|", descr[0]) == NULL) {
    return refuse_type(text, "a type without a byte order", descr);
  }
  header->big_endian = descr[0] == '>' || (descr[0] != '<' && dw_big_endian());
  if (header->strings && parse_strings(descr + 1, header)) {
    return DIVW_OK;
  }
  for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
    if (strcmp(descr + 1, types[k].code) == 0) {
      header->dtype = types[k].dtype;
      return DIVW_OK;
    }
  }
  return refuse_type(text, kind_name(descr[1]), descr);
}

static divw_status parse_order(text_cursor *text, dw_array_header *header) {
  header->fortran_order = take(text, "True");
  return header->fortran_order || take(text, "False") ? DIVW_OK : unexpected(text, "True or False");
}

static divw_status parse_length(text_cursor *text, int64_t *length) {
  take(text, "");
  const char *first = text->at;
  for (*length = 0; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++) {
    if (text->at - first == MAX_DIGITS || (text->at > first && *first == '0')) {
      return unexpected(text, "a length of at most 18 digits without leading zeros");
    }
    *length = 10 * *length + (*text->at - '0');
  }
  return text->at > first ? DIVW_OK : unexpected(text, "a length");
}

/* A tuple: (), (3,), (3, 4), (3, 4,). (3) is a number in Python. */
static divw_status parse_shape(text_cursor *text, dw_array_header *header) {
  bool comma = true;
  if (!take(text, "(")) {
    return unexpected(text, "a shape in parentheses");
  }
  for (header->axes = 0; !take(text, ")"); header->axes++) {
    if (!comma) {
      return unexpected(text, "a comma or a closing parenthesis");
    }
    if (header->axes == DW_MAX_AXES) {
      return dw_fail(DIVW_ERROR_FORMAT, "%s: has more than %d axes", text->path, DW_MAX_AXES);
    }
    divw_status status = parse_length(text, &header->shape[header->axes]);
    if (status != DIVW_OK) {
      return status;
    }
    comma = take(text, ",");
  }
  if (header->axes == 0) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: has the shape (), a single number, expected 1 to %d axes", text->path,
                   DW_MAX_AXES);
  }
  return header->axes > 1 || comma ? DIVW_OK : unexpected(text, "a comma after the only length");
}

/* One key with its value; `seen` has a bit for every key that was met. */
static divw_status parse_entry(text_cursor *text, dw_array_header *header, unsigned *seen) {
  static const struct {
    const char *key;
    divw_status (*parse)(text_cursor *text, dw_array_header *header);
  } entries[] = {{"descr", parse_descr}, {"fortran_order", parse_order}, {"shape", parse_shape}};
  char key[MAX_STRING];
  divw_status status;
  DW_TRY(parse_string(text, key));
  for (unsigned k = 0; k < 3; k++) {
    if (strcmp(key, entries[k].key) == 0 && (*seen & 1u << k) == 0) {
      *seen |= 1u << k;
      return take(text, ":") ? entries[k].parse(text, header) : unexpected(text, "a colon");
    }
  }
  status = dw_fail(DIVW_ERROR_FORMAT,
                   "%s: the npy header has the key '%s', expected descr, fortran_order and shape, each once",
                   text->path, key);
fail:
  return status;
}

static divw_status parse_dictionary(text_cursor *text, dw_array_header *header) {
  unsigned seen = 0;
  bool comma = true;
  if (!take(text, "{") || text->at != text->start + 1) {
    return unexpected(text, "a dictionary at the beginning");
  }
  while (!take(text, "}")) {
    if (!comma) {
      return unexpected(text, "a comma or a closing brace");
    }
    divw_status status = parse_entry(text, header, &seen);
    if (status != DIVW_OK) {
      return status;
    }
    comma = take(text, ",");
  }
  if (text->at != text->end) {
    return unexpected(text, "only spaces and a newline after the closing brace");
  }
  return seen == 7 ? DIVW_OK : unexpected(text, "descr, fortran_order and shape before it");
}

/* ---- reading ---- */

/* Length of the text, of which version 1 has two bytes and versions 2 and 3 have four. */
static divw_status read_length(dw_reader *reader, int64_t *length) {
  unsigned char rest[4], bytes[4] = {0}; /* of the magic number; of the length */
  divw_status status;
  DW_TRY(dw_reader_read(reader, rest, 4, "the npy header"));
  if (rest[0] != 'P' || rest[1] != 'Y' || rest[2] < 1 || rest[2] > 3 || rest[3] != 0) {
    return dw_fail(DIVW_ERROR_FORMAT,
                   "%s: begins like npy, then %02x %02x and version %d.%d, accepted are 50 59 and versions 1.0, 2.0 "
                   "and 3.0",
                   dw_reader_path(reader), rest[0], rest[1], rest[2], rest[3]);
  }
  DW_TRY(dw_reader_read(reader, bytes, rest[2] == 1 ? 2 : 4, "the npy header"));
  *length = bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (int64_t)bytes[3] << 24;
  if (*length > MAX_HEADER) {
    status = dw_fail(DIVW_ERROR_FORMAT, "%s: claims an npy header of %lld bytes, accepted are at most %d",
                     dw_reader_path(reader), (long long)*length, MAX_HEADER);
  }
fail:
  return status;
}

/* Where the spaces and the newline begin that fill a header up. */
static const char *end_of_text(const char *bytes, int64_t length) {
  if (length > 0 && bytes[length - 1] == '\n') {
    length--;
  }
  while (length > 0 && bytes[length - 1] == ' ') {
    length--;
  }
  return bytes + length;
}

divw_status dw_npy_read_header(dw_reader *reader, const unsigned char magic[4], dw_array_header *header) {
  divw_status status;
  int64_t length = 0;
  char *bytes = NULL;
  (void)magic;
  DW_TRY(read_length(reader, &length));
  DW_TRY(dw_alloc(&bytes, length, 1));
  DW_TRY(dw_reader_read(reader, bytes, length, "the npy header"));
  text_cursor text = {dw_reader_path(reader), bytes, bytes, end_of_text(bytes, length)};
  status = parse_dictionary(&text, header);
fail:
  divw_free(bytes);
  return status;
}

/* ---- writing ---- */

void dw_npy_format_header(unsigned char header[DW_NPY_HEADER], int32_t dtype, int32_t axes, const int64_t *shape) {
  enum { PREAMBLE = 10, TEXT = DW_NPY_HEADER - PREAMBLE };
  static const unsigned char preamble[PREAMBLE] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, TEXT, 0};
  char lengths[48] = "", dictionary[TEXT], text[TEXT + 1];
  assert((dtype == DW_FLOAT64 || dtype == DW_INT64) && (axes == 1 || axes == 2));
  snprintf(lengths, sizeof lengths, axes == 1 ? "%lld," : "%lld, %lld", (long long)shape[0],
           axes == 1 ? 0 : (long long)shape[1]);
  snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
           dtype == DW_FLOAT64 ? "<f8" : "<i8", lengths);
  snprintf(text, sizeof text, "%-*s\n", TEXT - 1, dictionary);
  memcpy(header, preamble, PREAMBLE);
  memcpy(header + PREAMBLE, text, TEXT);
}

divw_status dw_npy_write_header(dw_writer *writer, int32_t dtype, int64_t count) {
  unsigned char header[DW_NPY_HEADER];
  dw_npy_format_header(header, dtype, 1, &count);
  return dw_writer_write(writer, header, sizeof header);
}

void dw_npy_pack(const void *values, int64_t count, unsigned char *bytes) {
  const unsigned char *from = values;
  for (int64_t i = 0; i < count; i++) {
    uint64_t value;
    memcpy(&value, from + 8 * i, 8);
    for (int b = 0; b < 8; b++) {
      bytes[8 * i + b] = (unsigned char)(value >> 8 * b);
    }
  }
}

divw_status dw_npy_write_values(dw_writer *writer, const void *values, int64_t count) {
  enum { BLOCK = 1024 };
  const unsigned char *from = values;
  divw_status status = DIVW_OK;
  for (int64_t k = 0; k < count && status == DIVW_OK; k += BLOCK) {
    unsigned char bytes[8 * BLOCK];
    const int64_t block = dw_min(BLOCK, count - k);
    dw_npy_pack(from + 8 * k, block, bytes);
    status = dw_writer_write(writer, bytes, 8 * block);
  }
  return status;
}
