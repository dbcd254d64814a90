/**
 * @file indices.h
 * @brief Files of whole numbers: row numbers, labels, draws.
 */
#ifndef DIVWEIGHTS_INDICES_H
#define DIVWEIGHTS_INDICES_H

#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Reads a file of whole numbers: `.npy` of any integer type, or IDX of one axis, either gzipped; also the only
 *        array of a `.npz`.
 *
 * The format is recognised by content.
 * @param path   the file; not NULL
 * @param values receives count numbers, to be freed with divw_free(); NULL on failure
 * @param count  receives how many there are, 0 or more; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (NULL); DIVW_ERROR_FILE; DIVW_ERROR_FORMAT (truncated, more than one
 *         axis, not integers, a number beyond int64); DIVW_ERROR_SIZE (claims 2^63 bytes or more);
 *         DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_indices_load(const char *path, int64_t **values, int64_t *count);

/**
 * @brief Writes whole numbers as a one-axis `.npy` of little-endian int64.
 *
 * The file appears complete or not at all: it is written beside the target and renamed.
 * @param path   the target; not NULL; an existing file is replaced
 * @param values count numbers; may be NULL when count is 0
 * @param count  0 or more
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_FILE (an old file is left as it was); DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_indices_save(const char *path, const int64_t *values, int64_t count);

#ifdef __cplusplus
}
#endif

#endif
