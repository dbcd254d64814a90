/* Datasets from files: one array, or the rows of all arrays of a folder one after the other; read into memory, or only
 * opened.
 *
 * A folder is gone through twice. The first time reads headers only, so that shards that do not fit together are named
 * before memory is asked for, and so that all rows can go straight into one block; the second time reads the rows. */
#include "view.h"

#include "../folder.h"

#include <string.h>

/* Rows on their way into memory, or to where they can be read from. */
typedef struct {
  dw_array_header header; /* of the first file; shape[0]: rows of all */
  int64_t d;
  unsigned char *bytes;
  bool stays;      /* rows are not read, */
  dw_store *store; /* but can be from here */
} rows_block;

static divw_status open_rows(dw_reader **reader, dw_array_header *header, int64_t *d, const char *path,
                             const char *name) {
  divw_status status;
  DW_TRY(dw_array_open_member(reader, header, d, path, name));
  if (header->dtype > DW_UINT8) {
    status = dw_fail(DIVW_ERROR_FORMAT, "%s: holds %s, accepted are float64, float32, float16 and uint8", path,
                     dw_dtype_name(header->dtype));
  }
fail:
  return status;
}

static divw_status check_rows(const rows_block *block, const char *path) {
  const int64_t n = block->header.shape[0];
  if (n == 0 || block->d == 0) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: has %lld rows of %lld numbers, expected at least one of each", path,
                   (long long)n, (long long)block->d);
  }
  return DIVW_OK;
}

/* n rows fit into 63 bits, so one does. */
static divw_status allocate_rows(rows_block *block, const char *path) {
  divw_status status = check_rows(block, path);
  return status != DIVW_OK
             ? status
             : dw_alloc(&block->bytes, block->header.shape[0], (size_t)(block->d * block->header.element_size));
}

static divw_status load_file(rows_block *block, const char *path, const char *name) {
  divw_status status;
  dw_reader *reader = NULL;
  DW_TRY(open_rows(&reader, &block->header, &block->d, path, name));
  DW_TRY(allocate_rows(block, path));
  DW_TRY(dw_array_read(reader, &block->header, block->d, block->bytes));
fail:
  dw_reader_close(reader);
  return status;
}

/* ---- folders ---- */

/* Whether a shard has rows like those of the first one. */
static divw_status check_shard(const rows_block *block, const dw_array_header *header, int64_t d, const char *path,
                               const char *first) {
  if (header->dtype != block->header.dtype) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: holds %s, expected %s as in %s", path, dw_dtype_name(header->dtype),
                   dw_dtype_name(block->header.dtype), first);
  }
  if (d != block->d) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: has rows of %lld numbers, expected %lld as in %s", path, (long long)d,
                   (long long)block->d, first);
  }
  return DIVW_OK;
}

/* A store of so many files, of which none is known yet. */
static divw_status make_store(dw_store **out, int64_t count) {
  divw_status status = dw_alloc_zero(out, 1, sizeof **out);
  return status != DIVW_OK ? status : dw_alloc_zero(&(*out)->shards, count, sizeof *(*out)->shards);
}

/* Takes the rows of one more file into account. */
static divw_status count_shard(rows_block *block, const dw_array_header *header, int64_t d, char **paths, int64_t k) {
  if (k == 0) {
    block->header = *header;
    block->d = d;
    return DIVW_OK;
  }
  divw_status status = check_shard(block, header, d, paths[k], paths[0]);
  if (status == DIVW_OK && header->shape[0] > INT64_MAX - block->header.shape[0]) {
    return dw_fail(DIVW_ERROR_SIZE, "%s: claims more than 2^63 rows with those before it", paths[k]);
  }
  block->header.shape[0] += header->shape[0];
  return status;
}

static divw_status count_rows(rows_block *block, char **paths, int64_t count) {
  divw_status status = DIVW_OK;
  dw_reader *reader = NULL;
  for (int64_t k = 0; k < count; k++) {
    dw_array_header header;
    int64_t d;
    DW_TRY(open_rows(&reader, &header, &d, paths[k], NULL));
    DW_TRY(count_shard(block, &header, d, paths, k));
    DW_TRY(block->store == NULL ? DIVW_OK : dw_store_add(block->store, reader, &header, d));
    dw_reader_close(reader);
    reader = NULL;
  }
fail:
  dw_reader_close(reader);
  return status;
}

static divw_status has_changed(const char *folder) {
  return dw_fail(DIVW_ERROR_FORMAT, "%s: has changed while it was read", folder);
}

static divw_status read_rows(const rows_block *block, char **paths, int64_t count, const char *folder) {
  divw_status status = DIVW_OK;
  dw_reader *reader = NULL;
  int64_t done = 0;
  for (int64_t k = 0; k < count; k++) {
    dw_array_header header;
    int64_t d;
    DW_TRY(open_rows(&reader, &header, &d, paths[k], NULL));
    DW_TRY(check_shard(block, &header, d, paths[k], paths[0]));
    if (header.shape[0] > block->header.shape[0] - done) {
      DW_TRY(has_changed(folder));
    }
    DW_TRY(dw_array_read(reader, &header, d, block->bytes + done * d * header.element_size));
    dw_reader_close(reader);
    reader = NULL;
    done += header.shape[0];
  }
  if (done < block->header.shape[0]) {
    status = has_changed(folder);
  }
fail:
  dw_reader_close(reader);
  return status;
}

/* The first time through a folder. */
static divw_status open_folder(rows_block *block, const char *folder, const char *name, char ***paths, int64_t *count) {
  divw_status status;
  if (name != NULL) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: is a folder, and has no array named %s", folder, name);
  }
  DW_TRY(dw_folder_arrays(folder, paths, count));
  DW_TRY(block->stays ? make_store(&block->store, *count) : DIVW_OK);
  DW_TRY(count_rows(block, *paths, *count));
fail:
  return status;
}

static divw_status load_folder(rows_block *block, const char *folder, const char *name) {
  divw_status status;
  char **paths = NULL;
  int64_t count = 0;
  DW_TRY(open_folder(block, folder, name, &paths, &count));
  DW_TRY(allocate_rows(block, folder));
  DW_TRY(read_rows(block, paths, count, folder));
fail:
  divw_free(paths);
  return status;
}

/* ---- public ---- */

static void keep_shape(divw_dataset *dataset, const dw_array_header *header) {
  memcpy(dataset->source->shape + 1, header->shape + 1, (size_t)(header->axes - 1) * sizeof(int64_t));
}

static divw_status load(divw_dataset **out, const char *path, const char *name) {
  divw_status status;
  const double start = dw_seconds();
  rows_block block = {.bytes = NULL};
  DW_TRY((dw_is_folder(path) ? load_folder : load_file)(&block, path, name));
  const dw_array_header *header = &block.header;
  status = dw_dataset_make(out, block.bytes, block.bytes, header->shape[0], block.d, header->dtype,
                           block.d * header->element_size);
  if (status == DIVW_OK) {
    (*out)->source->seconds_read = dw_seconds() - start;
    keep_shape(*out, header);
  }
  return status;
fail:
  divw_free(block.bytes);
  return status;
}

divw_status divw_dataset_load(divw_dataset **out, const char *path) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(path);
  return load(out, path, NULL);
}

divw_status divw_dataset_load_array(divw_dataset **out, const char *path, const char *name) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(path);
  DW_REQUIRE(name);
  return load(out, path, name);
}

/* ---- headers alone ---- */

static divw_status describe_file(rows_block *block, const char *path, const char *name) {
  divw_status status;
  dw_reader *reader = NULL;
  DW_TRY(open_rows(&reader, &block->header, &block->d, path, name));
  if (block->stays) {
    DW_TRY(make_store(&block->store, 1));
    DW_TRY(dw_store_add(block->store, reader, &block->header, block->d));
  } else if (!dw_reader_can_reread(reader)) {
    status = dw_fail(DIVW_ERROR_FILE, "%s: is no regular file, expected one that can be read again", path);
  }
fail:
  dw_reader_close(reader);
  return status;
}

static divw_status describe_folder(rows_block *block, const char *folder, const char *name) {
  char **paths = NULL;
  int64_t count = 0;
  divw_status status = open_folder(block, folder, name, &paths, &count);
  divw_free(paths);
  return status;
}

divw_status divw_dataset_describe(const char *path, const char *array, int64_t *n, int64_t *d, int32_t *dtype) {
  DW_REQUIRE(n);
  *n = 0;
  DW_REQUIRE(d);
  *d = 0;
  DW_REQUIRE(dtype);
  *dtype = 0;
  DW_REQUIRE(path);
  divw_status status;
  rows_block block = {.bytes = NULL};
  DW_TRY((dw_is_folder(path) ? describe_folder : describe_file)(&block, path, array));
  DW_TRY(check_rows(&block, path));
  *n = block.header.shape[0];
  *d = block.d;
  *dtype = block.header.dtype;
fail:
  return status;
}

static divw_status open_to_read(divw_dataset **out, const char *path, const char *name) {
  divw_status status;
  rows_block block = {.stays = true};
  DW_TRY((dw_is_folder(path) ? describe_folder : describe_file)(&block, path, name));
  DW_TRY(check_rows(&block, path));
  assert(block.store != NULL);
  block.store->dtype = block.header.dtype;
  block.store->row_bytes = block.d * block.header.element_size;
  status = dw_dataset_make_stored(out, block.store, block.header.shape[0], block.d);
  if (status == DIVW_OK) {
    keep_shape(*out, &block.header);
  }
  return status;
fail:
  dw_store_destroy(block.store);
  return status;
}

divw_status divw_dataset_open(divw_dataset **out, const char *path) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(path);
  return open_to_read(out, path, NULL);
}

divw_status divw_dataset_open_array(divw_dataset **out, const char *path, const char *name) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(path);
  DW_REQUIRE(name);
  return open_to_read(out, path, name);
}
