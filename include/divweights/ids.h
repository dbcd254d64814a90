/**
 * @file ids.h
 * @brief Files of names, one per example: what a row is called outside.
 */
#ifndef DIVWEIGHTS_IDS_H
#define DIVWEIGHTS_IDS_H

#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Reads a file of ids: text with one id per line, or `.npy` of strings; either gzipped, or the npy in a `.npz`
 *        that holds one array.
 *
 * The format is recognised by content. Text is UTF-8 (a byte order mark is skipped); lines end with LF or CRLF, the
 * last one may do without; an empty line is an empty id. `.npy` has one axis and the type `S` (UTF-8) or `U`.
 * @param path  the file; not NULL
 * @param ids   receives count strings, pointers and text in one block, to be freed with one divw_free(); NULL on
 * failure
 * @param count receives how many there are, 0 or more; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (NULL); DIVW_ERROR_FILE; DIVW_ERROR_FORMAT (truncated, not strings, more than
 * one axis; an id that is not UTF-8 or has a line break or a zero byte inside: it is named); DIVW_ERROR_SIZE;
 *         DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_ids_load(const char *path, char ***ids, int64_t *count);

/**
 * @brief Writes ids as text, one per line, each line ended by LF.
 *
 * The file appears complete or not at all: it is written beside the target and renamed.
 * @param path  the target; not NULL; an existing file is replaced
 * @param ids   count strings in UTF-8 without line breaks; may be NULL when count is 0
 * @param count 0 or more
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (NULL, also among the ids; not UTF-8; a line break); DIVW_ERROR_FILE (an old
 * file is left as it was); DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_ids_save(const char *path, const char *const *ids, int64_t count);

#ifdef __cplusplus
}
#endif

#endif
