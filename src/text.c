/* Growing text, lists of strings, and UTF-8 as RFC 3629 has it. */
#include "text.h"

#include <string.h>

divw_status dw_text_reserve(dw_text *text, int64_t more) {
  divw_status status = DIVW_OK;
  char *larger;
  if (more <= text->capacity - text->length) {
    return DIVW_OK;
  }
  /* doubling: each byte is moved twice at most on average; a sum beyond int64 ends in a failed allocation */
  const int64_t doubled = dw_max(text->capacity, 64) + dw_min(text->capacity, INT64_MAX - text->capacity);
  const int64_t needed = more > INT64_MAX - text->length ? INT64_MAX : text->length + more;
  DW_TRY(dw_alloc(&larger, dw_max(doubled, needed), 1));
  if (text->length > 0) {
    memcpy(larger, text->bytes, (size_t)text->length);
  }
  divw_free(text->bytes);
  text->bytes = larger;
  text->capacity = dw_max(doubled, needed);
fail:
  return status;
}

divw_status dw_text_append(dw_text *text, const void *bytes, int64_t count) {
  divw_status status = dw_text_reserve(text, count);
  if (status == DIVW_OK && count > 0) {
    memcpy(text->bytes + text->length, bytes, (size_t)count);
    text->length += count;
  }
  return status;
}

divw_status dw_text_to_list(const dw_text *text, int64_t count, char ***list) {
  divw_status status;
  int64_t pointers, bytes;
  const bool fits = dw_multiply(count, (int64_t)sizeof **list, &pointers) && pointers <= INT64_MAX - text->length;
  bytes = fits ? pointers + text->length : INT64_MAX;
  DW_TRY(dw_alloc(list, bytes, 1));
  char *next = (char *)*list + pointers;
  if (text->length > 0) {
    memcpy(next, text->bytes, (size_t)text->length);
  }
  for (int64_t i = 0; i < count; i++) {
    (*list)[i] = next;
    next += strlen(next) + 1;
  }
fail:
  return status;
}

int dw_put_utf8(uint32_t code, char bytes[4]) {
  static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    return 0;
  }
  const int length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (int k = length - 1; k > 0; k--) {
    bytes[k] = (char)(0x80 | (code & 0x3f));
    code >>= 6;
  }
  bytes[0] = (char)(lead[length] | code);
  return length;
}

/* Reads each character and writes it again: only the one right form of it comes out the same. */
bool dw_is_utf8(const char *bytes, int64_t count) {
  for (int64_t i = 0; i < count;) {
    const unsigned char first = (unsigned char)bytes[i];
    const int length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t code = length == 1 ? first : first & (0xffu >> (length + 1));
    char again[4];
    if (length > count - i) {
      return false;
    }
    for (int k = 1; k < length; k++) {
      code = code << 6 | ((unsigned char)bytes[i + k] & 0x3f);
    }
    if (dw_put_utf8(code, again) != length || memcmp(again, bytes + i, (size_t)length) != 0) {
      return false;
    }
    i += length;
  }
  return true;
}
