/* Rows that are not in memory, read when they are asked for.
 *
 * Files are read by position into memory of ours. They are not mapped: a file that shrinks would end the process by
 * SIGBUS, where read() says so. A file is opened when its rows are read, and one at a time, so that a folder of any
 * number of shards takes one descriptor for each walk. Whether it is still the file whose header was read is checked
 * when it is opened and after every read, by device, inode, size and times. */
#include "store.h"

#include <string.h>

divw_status dw_store_add(dw_store *store, const dw_reader *file, const dw_array_header *header, int64_t d) {
  divw_status status;
  const char *path = dw_reader_path(file);
  dw_shard *shard = &store->shards[store->shard_count];
  const int64_t before = store->shard_count == 0 ? 0 : shard[-1].end;
  if (header->fortran_order && header->axes > 1) {
    return dw_fail(DIVW_ERROR_FORMAT,
                   "%s: is in Fortran order, whose rows cannot be read one after the other: read it whole, or save it "
                   "in C order",
                   path);
  }
  DW_TRY(dw_reader_identify(file, &shard->identity));
  if (shard->identity.bytes > header->shape[0] * d * header->element_size) {
    return dw_trailing_bytes(path);
  }
  DW_TRY(dw_absolute_path(&shard->path, path));
  shard->end = before + header->shape[0];
  shard->big_endian = header->big_endian;
  store->shard_count++;
fail:
  return status;
}

void dw_store_destroy(dw_store *store) {
  if (store != NULL) {
    for (int64_t k = 0; k < store->shard_count; k++) {
      divw_free(store->shards[k].path);
    }
    divw_free(store->shards);
    divw_free(store);
  }
}

/* ---- files ---- */

void dw_store_close(dw_store_reader *reader) {
  dw_file_close(reader->file);
  reader->file = -1;
}

/* The file that has a row. Files without rows have none, and are stepped over. */
static int64_t find_shard(const dw_store *store, int64_t row) {
  int64_t low = 0, high = store->shard_count - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (store->shards[middle].end > row) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

static divw_status open_shard(dw_store_reader *reader, int64_t shard) {
  if (reader->file >= 0 && reader->shard == shard) {
    return DIVW_OK;
  }
  dw_store_close(reader);
  reader->shard = shard;
  return dw_file_reopen(&reader->file, reader->store->shards[shard].path, &reader->store->shards[shard].identity);
}

static divw_status read_files(dw_store_reader *reader, int64_t first, int64_t count, unsigned char *rows) {
  divw_status status = DIVW_OK;
  const dw_store *store = reader->store;
  while (count > 0) {
    const int64_t k = find_shard(store, first), begin = k == 0 ? 0 : store->shards[k - 1].end;
    const dw_shard *shard = &store->shards[k];
    const int64_t here = dw_min(count, shard->end - first), bytes = here * store->row_bytes;
    DW_TRY(open_shard(reader, k));
    DW_TRY(
        dw_file_read_at(reader->file, shard->path, &shard->identity, (first - begin) * store->row_bytes, rows, bytes));
    if (shard->big_endian != dw_big_endian()) {
      dw_swap_bytes(rows, bytes / dw_dtype_size(store->dtype), dw_dtype_size(store->dtype));
    }
    first += here;
    count -= here;
    rows += bytes;
  }
fail:
  return status;
}

/* ---- either ---- */

static divw_status call_back(const dw_store *store, int64_t first, int64_t count, unsigned char *rows) {
  const int32_t answer = store->read(first, count, rows, store->user);
  return answer == 0
             ? DIVW_OK
             : dw_fail(DIVW_ERROR_FILE, "rows %lld to %lld could not be read: the function that has them returned %d",
                       (long long)first, (long long)(first + count - 1), answer);
}

divw_status dw_store_read(dw_store_reader *reader, int64_t first, int64_t count, unsigned char *rows) {
  return reader->store->read != NULL ? call_back(reader->store, first, count, rows)
                                     : read_files(reader, first, count, rows);
}

divw_status dw_store_read_list(dw_store_reader *reader, const int64_t *list, int64_t count, unsigned char *rows) {
  divw_status status = DIVW_OK;
  int64_t run;
  for (int64_t k = 0; k < count; k += run) {
    for (run = 1; k + run < count && list[k + run] == list[k] + run; run++) {
    }
    DW_TRY(dw_store_read(reader, list[k], run, rows + k * reader->store->row_bytes));
  }
fail:
  return status;
}
