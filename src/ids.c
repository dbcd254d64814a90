/* Names of examples, in and out of files, and as a part that datasets and weights share.
 *
 * Whatever a file holds (lines, fixed-width bytes, fixed-width UCS-4) becomes one text of zero-ended UTF-8 strings
 * first. No id has a line break, so that every file of ids that is written can be read again. */
#include "ids.h"

#include "array_file.h"
#include "counted.h"
#include "text.h"

#include <string.h>

/* ---- files ---- */

static const char *why_no_id(const char *id, int64_t length) {
  if (memchr(id, '\0', (size_t)length) != NULL) {
    return "has a zero byte";
  }
  if (memchr(id, '\n', (size_t)length) != NULL || memchr(id, '\r', (size_t)length) != NULL) {
    return "has a line break";
  }
  return dw_is_utf8(id, length) ? NULL : "is not valid Unicode";
}

static divw_status check_id(const char *id, int64_t length, int64_t i, divw_status code, const char *who) {
  const char *why = why_no_id(id, length);
  return why == NULL ? DIVW_OK
                     : dw_fail(code, "%s: the id of row %lld %s, expected UTF-8 text without line breaks", who,
                               (long long)i, why);
}

static divw_status append_id(dw_text *text, const char *id, int64_t length, int64_t i, const char *path) {
  divw_status status;
  DW_TRY(check_id(id, length, i, DIVW_ERROR_FORMAT, path));
  DW_TRY(dw_text_append(text, id, length));
  DW_TRY(dw_text_append(text, "", 1));
fail:
  return status;
}

static divw_status read_rest(dw_reader *reader, dw_text *text) {
  divw_status status;
  int64_t room, got;
  do {
    DW_TRY(dw_text_reserve(text, 1 << 16));
    room = text->capacity - text->length;
    DW_TRY(dw_reader_read_some(reader, text->bytes + text->length, room, &got));
    text->length += got;
  } while (got == room);
fail:
  return status;
}

static divw_status read_lines(dw_reader *reader, dw_text *ids, int64_t *count, dw_text *lines) {
  divw_status status;
  DW_TRY(read_rest(reader, lines));
  const char *line = lines->bytes, *end = lines->bytes + lines->length;
  if (lines->length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
    line += 3;
  }
  for (*count = 0; line < end; (*count)++) {
    const char *newline = memchr(line, '\n', (size_t)(end - line)), *stop = newline == NULL ? end : newline;
    const bool has_return = newline != NULL && stop > line && stop[-1] == '\r';
    DW_TRY(append_id(ids, line, stop - has_return - line, *count, dw_reader_path(reader)));
    line = newline == NULL ? end : newline + 1;
  }
fail:
  return status;
}

static uint32_t code_point(const unsigned char *b, bool big_endian) {
  return big_endian ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
                    : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

/* A string of the file, zeros at its end stripped, as UTF-8. */
static divw_status decode(const dw_array_header *header, const unsigned char *element, dw_text *string) {
  divw_status status;
  int64_t length = header->element_size;
  while (length > 0 && element[length - 1] == 0) {
    length--;
  }
  string->length = 0;
  DW_TRY(dw_text_reserve(string, header->element_size));
  if (header->dtype == DW_BYTE_STRING) {
    return dw_text_append(string, element, length);
  }
  for (int64_t k = 0; k < length; k += 4) {
    char bytes[4] = {(char)0xff}; /* no UTF-8 */
    const int count = dw_put_utf8(code_point(element + k, header->big_endian), bytes);
    DW_TRY(dw_text_append(string, bytes, count > 0 ? count : 1));
  }
fail:
  return status;
}

static divw_status read_strings(dw_reader *reader, const dw_array_header *header, dw_text *ids) {
  enum { WINDOW = 1 << 16 };
  divw_status status;
  dw_text string = {0};
  unsigned char *window = NULL;
  const int64_t size = header->element_size, n = header->shape[0], most = dw_max(WINDOW / size, 1);
  DW_TRY(dw_alloc(&window, dw_min(most, n), (size_t)size));
  for (int64_t i = 0; i < n; i++) {
    if (i % most == 0) {
      DW_TRY(dw_reader_read(reader, window, dw_min(most, n - i) * size, "the next part of the array"));
    }
    DW_TRY(decode(header, window + i % most * size, &string));
    DW_TRY(append_id(ids, string.bytes, string.length, i, dw_reader_path(reader)));
  }
  DW_TRY(dw_reader_expect_end(reader));
fail:
  divw_free(window);
  divw_free(string.bytes);
  return status;
}

static divw_status read_npy(dw_reader *reader, const unsigned char *magic, dw_text *ids, int64_t *count) {
  divw_status status;
  dw_array_header header = {.strings = true};
  int64_t per_row;
  DW_TRY(dw_npy_read_header(reader, magic, &header));
  if (header.axes != 1 || (header.dtype != DW_BYTE_STRING && header.dtype != DW_UCS4_STRING)) {
    DW_TRY(dw_fail(DIVW_ERROR_FORMAT, "%s: holds %s on %d axes, expected ids: strings on 1 axis",
                   dw_reader_path(reader), dw_dtype_name(header.dtype), header.axes));
  }
  DW_TRY(dw_array_check_size(reader, &header, &per_row));
  DW_TRY(read_strings(reader, &header, ids));
  *count = header.shape[0];
fail:
  return status;
}

divw_status divw_ids_load(const char *path, char ***ids, int64_t *count) {
  divw_status status;
  dw_reader *reader = NULL;
  dw_text strings = {0}, begin = {0};
  DW_REQUIRE(ids);
  *ids = NULL;
  DW_REQUIRE(count);
  *count = 0;
  DW_REQUIRE(path);
  DW_TRY(dw_reader_open(&reader, path));
  DW_TRY(dw_text_reserve(&begin, 4));
  DW_TRY(dw_reader_read_some(reader, begin.bytes, 4, &begin.length));
  if (begin.length == 4 && memcmp(begin.bytes, "\x93NUM", 4) == 0) {
    DW_TRY(read_npy(reader, (const unsigned char *)begin.bytes, &strings, count));
  } else {
    DW_TRY(read_lines(reader, &strings, count, &begin));
  }
  DW_TRY(dw_text_to_list(&strings, *count, ids));
fail:
  if (status != DIVW_OK) {
    *count = 0;
  }
  divw_free(begin.bytes);
  divw_free(strings.bytes);
  dw_reader_close(reader);
  return status;
}

/* Every string is there and can be an id. */
static divw_status check_ids(const char *const *ids, int64_t count, const char *who) {
  divw_status status = DIVW_OK;
  for (int64_t i = 0; i < count && status == DIVW_OK; i++) {
    status = ids[i] == NULL ? dw_fail(DIVW_ERROR_ARGUMENT, "%s: ids[%lld] is NULL", who, (long long)i)
                            : check_id(ids[i], (int64_t)strlen(ids[i]), i, DIVW_ERROR_ARGUMENT, who);
  }
  return status;
}

divw_status divw_ids_save(const char *path, const char *const *ids, int64_t count) {
  divw_status status;
  dw_writer *writer = NULL;
  DW_REQUIRE(path);
  if (count < 0) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected 0 or more", __func__, (long long)count);
  }
  if (count > 0) {
    DW_REQUIRE(ids);
  }
  DW_TRY(check_ids(ids, count, __func__));
  DW_TRY(dw_writer_open(&writer, path));
  for (int64_t i = 0; i < count; i++) {
    DW_TRY(dw_writer_write(writer, ids[i], (int64_t)strlen(ids[i])));
    DW_TRY(dw_writer_write(writer, "\n", 1));
  }
  return dw_writer_commit(writer);
fail:
  dw_writer_abort(writer);
  return status;
}

/* ---- the shared part ---- */

struct dw_ids {
  atomic_int references;
  char **string; /* one block, owned: pointers, and in a root the text behind them */
  dw_ids *root;  /* whose text the strings are in; NULL: its own */
};

/* Takes `strings` over, also on failure. */
static divw_status make_ids(dw_ids **out, char **strings, dw_ids *root) {
  divw_status status = dw_alloc(out, 1, sizeof **out);
  if (status == DIVW_OK) {
    atomic_init(&(*out)->references, 1);
    (*out)->string = strings;
    (*out)->root = dw_ids_share(root);
  } else {
    divw_free(strings);
  }
  return status;
}

divw_status dw_ids_load(dw_ids **out, int64_t *count, const char *path) {
  char **strings;
  divw_status status = divw_ids_load(path, &strings, count);
  *out = NULL;
  return status == DIVW_OK ? make_ids(out, strings, NULL) : status;
}

divw_status dw_ids_copy(dw_ids **out, const char *const *strings, int64_t count, const char *who) {
  divw_status status;
  dw_text text = {0};
  char **list;
  *out = NULL;
  DW_TRY(check_ids(strings, count, who));
  for (int64_t i = 0; i < count; i++) {
    DW_TRY(dw_text_append(&text, strings[i], (int64_t)strlen(strings[i]) + 1));
  }
  DW_TRY(dw_text_to_list(&text, count, &list));
  DW_TRY(make_ids(out, list, NULL));
fail:
  divw_free(text.bytes);
  return status;
}

divw_status dw_ids_pick(dw_ids **out, dw_ids *ids, const int64_t *positions, int64_t count) {
  char **strings;
  divw_status status = dw_alloc(&strings, count, sizeof *strings);
  *out = NULL;
  if (status != DIVW_OK) {
    return status;
  }
  for (int64_t i = 0; i < count; i++) {
    strings[i] = ids->string[positions[i]];
  }
  return make_ids(out, strings, ids->root == NULL ? ids : ids->root);
}

dw_ids *dw_ids_share(dw_ids *ids) {
  if (ids != NULL) {
    dw_retain(&ids->references);
  }
  return ids;
}

void dw_ids_release(dw_ids *ids) {
  while (ids != NULL && dw_release(&ids->references)) {
    dw_ids *root = ids->root;
    divw_free(ids->string);
    divw_free(ids);
    ids = root;
  }
}

const char *dw_ids_get(const dw_ids *ids, int64_t i) { return ids == NULL ? NULL : ids->string[i]; }
