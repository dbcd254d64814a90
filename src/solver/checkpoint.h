/* The state of a solve in a file, to go on from.
 *
 * What has state visits it: one function names every field once, and is used to write and to read. State is kept at
 * safe points, where a solve begins and after every iteration of a method; from there everything that follows is a
 * function of what was kept, so a resumed solve ends with the same bits. */
#ifndef DW_CHECKPOINT_H
#define DW_CHECKPOINT_H

#include "../file.h"

typedef struct dw_archive dw_archive;

/* Writes `bytes` bytes of data, or reads them into it. */
divw_status dw_archive_bytes(dw_archive *archive, void *data, int64_t bytes);
#define DW_VISIT(archive, field) DW_TRY(dw_archive_bytes(archive, &(field), sizeof(field)))

bool dw_archive_is_reading(const dw_archive *archive);

/* Reads or writes a whole number that has to be in [least, most]. */
divw_status dw_archive_count(dw_archive *archive, int64_t *count, int64_t least, int64_t most);

divw_status dw_archive_flag(dw_archive *archive, bool *flag);

typedef struct {
  void *self;
  divw_status (*visit)(void *self, dw_archive *archive);
} dw_stateful;

struct dw_solve;

/* Begins with checkpoints, as the options say: what tells one solve from another, which costs a pass over the rows;
 * and the file to resume from, when there is one, is opened and compared. */
divw_status dw_checkpoint_begin(struct dw_solve *solve);
void dw_checkpoint_end(struct dw_solve *solve);

/* Whether this solve goes on from a file, up to dw_checkpoint_resumed(). */
bool dw_checkpoint_is_resuming(const struct dw_solve *solve);
divw_status dw_checkpoint_read(struct dw_solve *solve, dw_stateful part);

/* Every part has been read: what is left of the file is its checksum. */
divw_status dw_checkpoint_resumed(struct dw_solve *solve);

/* Writes a checkpoint of solve->outer and, in the middle of a solve, solve->middle and `inner` (visit NULL: between two
 * solves), if asked to; at the interval only where
 * `is_due_only`. The first one must succeed, so that a wrong name is known at once; one that fails later leaves the
 * file as it was, and is tried again. */
divw_status dw_checkpoint_write(struct dw_solve *solve, dw_stateful inner, bool is_due_only);

/* The same after an iteration of a method: in time, and when only a limit or the host ends the solve. */
divw_status dw_checkpoint_keep(struct dw_solve *solve, dw_stateful inner, int32_t stop_reason);

#endif
