/* The arrays of a folder, in natural order. */
#ifndef DW_FOLDER_H
#define DW_FOLDER_H

#include "internal.h"

/* Whether there is a folder at this path. */
bool dw_is_folder(const char *path);

/* Paths of all *.npy and *.npy.gz directly in a folder, but for hidden ones (.*); to be freed with one divw_free(). A
 * folder without any is a DIVW_ERROR_FORMAT. */
divw_status dw_folder_arrays(const char *folder, char ***paths, int64_t *count);

/* Which of two names comes first: runs of digits are compared as numbers, everything else byte by byte; where that
 * finds no difference (a1, a01), the bytes decide. */
int dw_natural_order(const char *a, const char *b);

#endif
