/* Text that grows, and lists of strings made from it. */
#ifndef DW_TEXT_H
#define DW_TEXT_H

#include "internal.h"

/* Starts as zeros; `bytes` is to be freed with divw_free(). */
typedef struct {
  char *bytes;
  int64_t length, capacity;
} dw_text;

/* Makes room for `more` bytes after those there are. */
divw_status dw_text_reserve(dw_text *text, int64_t more);

divw_status dw_text_append(dw_text *text, const void *bytes, int64_t count);

/* One block, to be freed with divw_free(): pointers to `count` strings, and after them the strings, which the text
 * holds one after the other, each with its zero byte. */
divw_status dw_text_to_list(const dw_text *text, int64_t count, char ***list);

/* Whether the bytes are UTF-8: shortest forms, no surrogates, nothing beyond U+10FFFF. */
bool dw_is_utf8(const char *bytes, int64_t count);

/* Writes a code point as UTF-8, and gives the number of bytes, 1 to 4; 0 for what is no character. */
int dw_put_utf8(uint32_t code, char bytes[4]);

#endif
