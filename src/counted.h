/* Parts that several objects share, also between threads, each counting its references. A part never changes while it
 * is shared. */
#ifndef DW_COUNTED_H
#define DW_COUNTED_H

#include <stdatomic.h>
#include <stdbool.h>

static inline void dw_retain(atomic_int *references) { atomic_fetch_add_explicit(references, 1, memory_order_relaxed); }

/* True for the last one, who frees. */
static inline bool dw_release(atomic_int *references) {
  return atomic_fetch_sub_explicit(references, 1, memory_order_acq_rel) == 1;
}

#endif
