/* The directory of a zip archive, and where its members lie. */
#ifndef DW_ZIP_DIRECTORY_H
#define DW_ZIP_DIRECTORY_H

#include "internal.h"

enum { DW_ZIP_WINDOW = 1 << 16, DW_ZIP_NAME = 1 << 16 };

/* An archive that is open for reading. */
typedef struct {
  int file;
  int64_t bytes;         /* of the file */
  const char *path;      /* for sentences */
  unsigned char *window; /* DW_ZIP_WINDOW bytes to work with, the caller's */
  int64_t at, end;       /* of the directory, as far as it was not read yet */
} dw_zip_archive;

/* What the directory says of a member. Nobody has checked it. */
typedef struct {
  uint64_t packed, unpacked; /* bytes */
  uint64_t header;           /* where its own header is in the file */
  uint32_t checksum;
  uint32_t flags, method, name_length;
} dw_zip_entry;

enum { DW_ZIP_STORED = 0, DW_ZIP_DEFLATED = 8 };

/* DIVW_ERROR_FORMAT "PATH: the zip archive is damaged: HOW". */
divw_status dw_zip_damaged(const dw_zip_archive *archive, const char *how);

/* Goes to the beginning of the directory. */
divw_status dw_zip_find_directory(dw_zip_archive *archive);

/* The next entry and its name; to be called while archive->at < archive->end. */
divw_status dw_zip_next(dw_zip_archive *archive, dw_zip_entry *entry, char name[DW_ZIP_NAME]);

/* Where the bytes of a member begin: `packed` of them, all within the file. */
divw_status dw_zip_begin_of(const dw_zip_archive *archive, const dw_zip_entry *entry, int64_t *begin);

/* Reads bytes of the file, fewer only where it ends. */
divw_status dw_zip_read_at(const dw_zip_archive *archive, int64_t position, void *buffer, int64_t bytes, int64_t *got);

#endif
