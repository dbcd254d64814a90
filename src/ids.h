/* Ids of examples, shared by datasets, kernels and weights. */
#ifndef DW_IDS_H
#define DW_IDS_H

#include "internal.h"

#include <divweights/ids.h>

/* A counted list of strings that never changes. */
typedef struct dw_ids dw_ids;

divw_status dw_ids_load(dw_ids **out, int64_t *count, const char *path);

/* Copies; `who` begins the sentence about an id that cannot be one. */
divw_status dw_ids_copy(dw_ids **out, const char *const *strings, int64_t count, const char *who);

/* Those at `positions`, in that order; the text is shared. */
divw_status dw_ids_pick(dw_ids **out, dw_ids *ids, const int64_t *positions, int64_t count);

/* Another reference. NULL is accepted, here and below. */
dw_ids *dw_ids_share(dw_ids *ids);
void dw_ids_release(dw_ids *ids);

/* NULL without ids. */
const char *dw_ids_get(const dw_ids *ids, int64_t i);

#endif
