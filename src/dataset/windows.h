/* A walk over rows of a store, forwards as a rule, some MiB at a time. */
#ifndef DW_DATASET_WINDOWS_H
#define DW_DATASET_WINDOWS_H

#include "store.h"

typedef struct dw_windows dw_windows;

/* Over n rows: 0 .. n-1 of the store, or list[0 .. n-1] of them. */
divw_status dw_windows_open(dw_windows **out, const dw_store *store, const int64_t *list, int64_t n);

/* Points at as many of the rows first .. first+count-1 as are at hand, at least one, packed: *shown of them, up to the
 * next call. */
divw_status dw_windows_show(dw_windows *windows, int64_t first, int64_t count, const unsigned char **rows,
                            int64_t *shown);

/* NULL is accepted. */
void dw_windows_close(dw_windows *windows);

/* Bytes that a walk holds at its height. */
double dw_windows_bytes(double n, double row_bytes);

#endif
