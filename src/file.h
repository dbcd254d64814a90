/* Files: reading bytes (plain, gzipped or in a zip archive, told apart by content) and writing so that a reader sees
 * the old file or the new one, never a part. */
#ifndef DW_FILE_H
#define DW_FILE_H

#include "internal.h"

/* ---- reading ---- */

typedef struct dw_reader dw_reader;

/* Opens a regular file or pipe; gzip and zip are recognised by their first bytes. What is read of a zip archive is its
 * member NAME.npy, or with `name` NULL the only .npy in it; other files have no names. An empty file is a
 * DIVW_ERROR_FORMAT. */
divw_status dw_reader_open_member(dw_reader **out, const char *path, const char *name);

/* The same with `name` NULL. */
divw_status dw_reader_open(dw_reader **out, const char *path);

/* NULL is accepted. */
void dw_reader_close(dw_reader *reader);

/* Reads exactly `bytes` bytes. Fewer are a DIVW_ERROR_FORMAT "truncated" that names path, what and both sizes. */
divw_status dw_reader_read(dw_reader *reader, void *buffer, int64_t bytes, const char *what);

/* Reads `bytes` bytes, fewer only where the file ends. */
divw_status dw_reader_read_some(dw_reader *reader, void *buffer, int64_t bytes, int64_t *got);

/* Fails unless everything was read: trailing bytes are refused. For gzip and zip this also checks the last checksum. */
divw_status dw_reader_expect_end(dw_reader *reader);

/* Fails at once when a file of known size (not a pipe) cannot hold `bytes` more bytes; for gzip and zip when even the
 * best compression could not. To be asked before memory is allocated on the word of a header. */
divw_status dw_reader_expect_bytes(const dw_reader *reader, int64_t bytes, const char *what);

/* Whether what was read will be there again when the file is opened again: not so of pipes. */
bool dw_reader_can_reread(const dw_reader *reader);

/* The path, for sentences. */
const char *dw_reader_path(const dw_reader *reader);

/* ---- writing ---- */

typedef struct dw_writer dw_writer;

/* Opens a temporary file beside `path`; a path that is a pipe or a device is written in place. */
divw_status dw_writer_open(dw_writer **out, const char *path);

divw_status dw_writer_write(dw_writer *writer, const void *buffer, int64_t bytes);

/* Flushes to disk, renames into place, and closes; the writer is gone afterwards, also on failure. */
divw_status dw_writer_commit(dw_writer *writer);

/* Closes and removes the temporary file; NULL is accepted. */
void dw_writer_abort(dw_writer *writer);

#endif
