/* Rows that are not in memory: in files, or wherever a callback has them.
 *
 * A store says what can be read and never changes; a reader is one walk through it, of one thread at a time. */
#ifndef DW_DATASET_STORE_H
#define DW_DATASET_STORE_H

#include "../array_file.h"

#include <divweights/source.h>

/* A file, or one of a folder: rows one after the other from `offset` on. */
typedef struct {
  char *path;
  int64_t end; /* rows in the files up to this one, and in it */
  dw_file_identity identity;
  bool big_endian;
} dw_shard;

typedef struct {
  int32_t dtype;
  int64_t row_bytes;
  divw_read_rows_fn read; /* NULL: rows are in files */
  void *user;
  dw_shard *shards;
  int64_t shard_count;
} dw_store;

/* Takes a file of rows of d numbers, whose header was read, as the next one. What can only be read from its beginning
 * is refused. The end of the rows of all files has to stay below 2^63. */
divw_status dw_store_add(dw_store *store, const dw_reader *file, const dw_array_header *header, int64_t d);

/* NULL is accepted. */
void dw_store_destroy(dw_store *store);

typedef struct {
  const dw_store *store;
  int64_t shard; /* the one that is open */
  int file;      /* -1: none is */
} dw_store_reader;

/* Reads rows first .. first+count-1, packed and in native byte order. */
divw_status dw_store_read(dw_store_reader *reader, int64_t first, int64_t count, unsigned char *rows);

/* The same of rows list[0], list[1], ... */
divw_status dw_store_read_list(dw_store_reader *reader, const int64_t *list, int64_t count, unsigned char *rows);

void dw_store_close(dw_store_reader *reader);

#endif
