/* A loop cut into parts, each on a thread of its own. */
#ifndef DW_PARALLEL_H
#define DW_PARALLEL_H

#include "internal.h"

enum { DW_MAX_PARTS = 64 };

/* In how many parts work of this size is worth cutting if each has at least `worthwhile` of it: at most one for each
 * thread of divw_threads(). */
int dw_parts(double work, double worthwhile);

/* The first of `count` items that a part has; of part number `parts`, the end. */
int64_t dw_part_start(int64_t count, int parts, int part);

/* Calls work(context, part) for part = 0 .. parts-1, all at once, and returns when all are done. */
void dw_run_parts(int parts, void (*work)(void *context, int part), void *context);

/* Between these, threads of such loops are kept from one to the next. Pairs may be nested; each counts for the thread
 * that it is called on. */
void dw_crew_enter(void);
void dw_crew_leave(void);

#endif
