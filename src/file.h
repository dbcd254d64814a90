/* Files: reading bytes (plain, gzipped or in a zip archive, told apart by content) and writing so that a reader sees
 * the old file or the new one, never a part. */
#ifndef DW_FILE_H
#define DW_FILE_H

#include "internal.h"

#include <sys/stat.h>

/* DIVW_ERROR_FILE "PATH: cannot be WHAT: " and the reason that errno gives. */
divw_status dw_fail_errno(const char *path, const char *what);

/* open(), again where a signal came in between. */
int dw_open_patiently(const char *path, int flags, mode_t mode);

/* What tells whether a file is still the one that was looked at; and where the bytes of interest are in it. */
typedef struct {
  int64_t device, inode, size, seconds, nanoseconds; /* of the last change */
  int64_t offset, bytes;
} dw_file_identity;
dw_file_identity dw_file_identify(const struct stat *about);

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

/* That failure. */
divw_status dw_trailing_bytes(const char *path);

/* Fails at once when a file of known size (not a pipe) cannot hold `bytes` more bytes; for gzip and zip when even the
 * best compression could not. To be asked before memory is allocated on the word of a header. */
divw_status dw_reader_expect_bytes(const dw_reader *reader, int64_t bytes, const char *what);

/* Whether what was read will be there again when the file is opened again: not so of pipes. */
bool dw_reader_can_reread(const dw_reader *reader);

/* The path, for sentences. */
const char *dw_reader_path(const dw_reader *reader);

/* ---- reading by position, later ---- */

/* The file of a reader, where its next byte is and how many are left. Only a regular file can be read by position that
 * is not compressed, or a member of a zip archive that is not; others are a DIVW_ERROR_FORMAT or DIVW_ERROR_FILE. */
divw_status dw_reader_identify(const dw_reader *reader, dw_file_identity *identity);

/* A path that stays right when the host changes its working directory; to be freed. */
divw_status dw_absolute_path(char **out, const char *path);

/* Opens the file again; another file there, or the same one with other contents, is a DIVW_ERROR_FILE. */
divw_status dw_file_reopen(int *file, const char *path, const dw_file_identity *identity);

/* Reads `bytes` bytes from `position` behind identity->offset on. A file that has become shorter or was written to
 * meanwhile is a DIVW_ERROR_FILE. */
divw_status dw_file_read_at(int file, const char *path, const dw_file_identity *identity, int64_t position,
                            void *buffer, int64_t bytes);

/* -1 is accepted. */
void dw_file_close(int file);

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
