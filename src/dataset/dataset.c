/* First stage of the pipeline: who the examples are, and their numbers as doubles when a kernel asks.
 *
 * This file: datasets from memory, what is put on rows (labels, ids), what is known of them, and how views share their
 * parts. */
#include "view.h"

#include <divweights/indices.h>

#include <string.h>

_Static_assert((int)DW_FLOAT64 == (int)DIVW_FLOAT64 && (int)DW_FLOAT32 == (int)DIVW_FLOAT32 &&
                   (int)DW_FLOAT16 == (int)DIVW_FLOAT16 && (int)DW_UINT8 == (int)DIVW_UINT8,
               "the types of a dataset are those of array files");

/* ---- shared parts; NULL is accepted but for the source ---- */

divw_status dw_numbers_create(dw_numbers **out, int64_t count) {
  divw_status status = dw_alloc(out, dw_min(count, INT64_MAX - 1) + 1, sizeof(int64_t)); /* one for the counter */
  if (status == DIVW_OK) {
    atomic_init(&(*out)->references, 1);
  }
  return status;
}

static dw_numbers *share_numbers(dw_numbers *numbers) {
  if (numbers != NULL) {
    dw_retain(&numbers->references);
  }
  return numbers;
}

void dw_numbers_release(dw_numbers *numbers) {
  if (numbers != NULL && dw_release(&numbers->references)) {
    divw_free(numbers);
  }
}

void dw_center_release(dw_center *center) {
  if (center != NULL && dw_release(&center->references)) {
    divw_free(center);
  }
}

void dw_directions_release(dw_directions *directions) {
  while (directions != NULL && dw_release(&directions->references)) {
    dw_directions *before = directions->before;
    dw_center_release(directions->center);
    divw_free(directions->V);
    divw_free(directions);
    directions = before;
  }
}

static void release_source(dw_source *source) {
  if (dw_release(&source->references)) {
    dw_numbers_release(source->origin);
    dw_directions_release(source->directions);
    dw_store_destroy(source->store);
    divw_free(source->owned);
    divw_free(source);
  }
}

divw_status dw_dataset_view(divw_dataset **out, const divw_dataset *parts) {
  divw_status status = dw_alloc(out, 1, sizeof **out);
  if (status == DIVW_OK) {
    **out = *parts;
    dw_retain(&parts->source->references);
    if (parts->center != NULL) {
      dw_retain(&parts->center->references);
    }
    share_numbers(parts->list);
    share_numbers(parts->labels);
    dw_ids_share(parts->ids);
  }
  return status;
}

divw_status dw_dataset_share(divw_dataset **out, const divw_dataset *dataset) { return dw_dataset_view(out, dataset); }

void divw_dataset_destroy(divw_dataset *dataset) {
  if (dataset != NULL) {
    dw_ids_release(dataset->ids);
    dw_numbers_release(dataset->labels);
    dw_numbers_release(dataset->list);
    dw_center_release(dataset->center);
    release_source(dataset->source);
    divw_free(dataset);
  }
}

/* ---- from memory, or wherever rows are ---- */

/* A dataset of all n rows of a source, of which a copy is made. */
static divw_status make(divw_dataset **out, const dw_source *what, int64_t n) {
  dw_source *source;
  divw_status status = dw_alloc(&source, 1, sizeof *source);
  if (status != DIVW_OK) {
    dw_store_destroy(what->store);
    divw_free(what->owned);
    return status;
  }
  *source = *what;
  atomic_init(&source->references, 1);
  source->shape[1] = source->d;
  status = dw_dataset_view(out, &(divw_dataset){.source = source, .n = n});
  release_source(source);
  return status;
}

divw_status dw_dataset_make(divw_dataset **out, const void *rows, void *owned, int64_t n, int64_t d, int32_t dtype,
                            int64_t row_stride) {
  return make(out, &(dw_source){.bytes = rows, .owned = owned, .d = d, .dtype = dtype, .row_stride = row_stride}, n);
}

divw_status dw_dataset_make_stored(divw_dataset **out, dw_store *store, int64_t n, int64_t d) {
  return make(out, &(dw_source){.store = store, .d = d, .dtype = store->dtype, .row_stride = store->row_bytes}, n);
}

/* Rows that were made of others, or copied, have the numbers of those. */
static divw_status keep_origin(dw_source *source, const divw_dataset *examples) {
  source->seconds_read = examples->source->seconds_read;
  if (examples->list == NULL && examples->source->origin == NULL) {
    return DIVW_OK;
  }
  divw_status status = dw_numbers_create(&source->origin, examples->n);
  for (int64_t i = 0; i < examples->n && status == DIVW_OK; i++) {
    source->origin->value[i] = divw_dataset_row(examples, i);
  }
  return status;
}

divw_status dw_dataset_make_from(divw_dataset **out, void *rows, int64_t d, int32_t dtype,
                                 const divw_dataset *examples) {
  divw_status status;
  divw_dataset *plain = NULL;
  DW_TRY(dw_dataset_make(&plain, rows, rows, examples->n, d, dtype, d * dw_dtype_size(dtype)));
  DW_TRY(keep_origin(plain->source, examples));
  divw_dataset named = *plain;
  named.labels = examples->labels;
  named.ids = examples->ids;
  DW_TRY(dw_dataset_view(out, &named));
fail:
  divw_dataset_destroy(plain);
  return status;
}

/* Checks a block of rows that `function` was given; replaces a stride of 0 by its meaning. */
static divw_status check_block(const char *function, int64_t n, int64_t d, int32_t dtype, int64_t *row_stride) {
  int64_t packed, total;
  if (n < 1 || d < 1) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: %s is %lld, expected at least 1", function, n < 1 ? "n" : "d",
                   (long long)(n < 1 ? n : d));
  }
  if (dtype < DIVW_FLOAT64 || dtype > DIVW_UINT8) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: dtype is %d, expected DIVW_FLOAT64 (1), DIVW_FLOAT32 (2), DIVW_FLOAT16 (3) or DIVW_UINT8 (4)",
                   function, dtype);
  }
  bool fits = dw_multiply(d, dw_dtype_size(dtype), &packed);
  if (fits && *row_stride != 0 && *row_stride < packed) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: row_stride is %lld, expected 0 or at least %lld, the bytes of a row",
                   function, (long long)*row_stride, (long long)packed);
  }
  *row_stride = fits && *row_stride == 0 ? packed : *row_stride;
  if (!fits || !dw_multiply(n, *row_stride, &total)) {
    return dw_fail(DIVW_ERROR_SIZE, "%s: %lld x %lld elements of type %s take more than 2^63 bytes", function,
                   (long long)n, (long long)d, dw_dtype_name(dtype));
  }
  return DIVW_OK;
}

divw_status divw_dataset_create_copy(divw_dataset **out, const void *rows, int64_t n, int64_t d, int32_t dtype,
                                     int64_t row_stride) {
  divw_status status;
  unsigned char *copy;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(rows);
  DW_TRY(check_block(__func__, n, d, dtype, &row_stride));
  const int64_t packed = d * dw_dtype_size(dtype);
  DW_TRY(dw_alloc(&copy, n, (size_t)packed));
  for (int64_t i = 0; i < n; i++) {
    memcpy(copy + i * packed, (const unsigned char *)rows + i * row_stride, (size_t)packed);
  }
  return dw_dataset_make(out, copy, copy, n, d, dtype, packed);
fail:
  return status;
}

divw_status divw_dataset_create_borrowed(divw_dataset **out, const void *rows, int64_t n, int64_t d, int32_t dtype,
                                         int64_t row_stride) {
  divw_status status;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(rows);
  DW_TRY(check_block(__func__, n, d, dtype, &row_stride));
  return dw_dataset_make(out, rows, NULL, n, d, dtype, row_stride);
fail:
  return status;
}

divw_status divw_dataset_create_stream(divw_dataset **out, int64_t n, int64_t d, int32_t dtype, divw_read_rows_fn read,
                                       void *user) {
  divw_status status;
  dw_store *store;
  int64_t row_bytes = 0;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(read);
  DW_TRY(check_block(__func__, n, d, dtype, &row_bytes));
  DW_TRY(dw_alloc_zero(&store, 1, sizeof *store));
  *store = (dw_store){.dtype = dtype, .row_bytes = row_bytes, .read = read, .user = user};
  return dw_dataset_make_stored(out, store, n, d);
fail:
  return status;
}

/* ---- labels and ids ---- */

static divw_status check_length(const divw_dataset *dataset, int64_t count, const char *function) {
  return count == dataset->n ? DIVW_OK
                             : dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected %lld, the number of rows",
                                       function, (long long)count, (long long)dataset->n);
}

static divw_status check_length_of_file(const divw_dataset *dataset, int64_t count, const char *path,
                                        const char *what) {
  return count == dataset->n ? DIVW_OK
                             : dw_fail(DIVW_ERROR_ARGUMENT, "%s: has %lld %s, expected %lld, the number of rows", path,
                                       (long long)count, what, (long long)dataset->n);
}

static divw_status put_labels(divw_dataset *dataset, const int64_t *labels) {
  dw_numbers *numbers;
  divw_status status = dw_numbers_create(&numbers, dataset->n);
  if (status == DIVW_OK) {
    memcpy(numbers->value, labels, (size_t)dataset->n * sizeof *labels);
    dw_numbers_release(dataset->labels);
    dataset->labels = numbers;
  }
  return status;
}

divw_status divw_dataset_set_labels(divw_dataset *dataset, const int64_t *labels, int64_t count) {
  divw_status status;
  DW_REQUIRE(dataset);
  DW_REQUIRE(labels);
  DW_TRY(check_length(dataset, count, __func__));
  DW_TRY(put_labels(dataset, labels));
fail:
  return status;
}

divw_status divw_dataset_load_labels(divw_dataset *dataset, const char *path) {
  divw_status status;
  int64_t *labels, count;
  DW_REQUIRE(dataset);
  DW_REQUIRE(path);
  DW_TRY(divw_indices_load(path, &labels, &count));
  DW_TRY(check_length_of_file(dataset, count, path, "labels"));
  DW_TRY(put_labels(dataset, labels));
fail:
  divw_free(labels);
  return status;
}

divw_status divw_dataset_set_ids(divw_dataset *dataset, const char *const *ids, int64_t count) {
  divw_status status;
  dw_ids *copy;
  DW_REQUIRE(dataset);
  DW_REQUIRE(ids);
  DW_TRY(check_length(dataset, count, __func__));
  DW_TRY(dw_ids_copy(&copy, ids, count, __func__));
  dw_ids_release(dataset->ids);
  dataset->ids = copy;
fail:
  return status;
}

divw_status divw_dataset_load_ids(divw_dataset *dataset, const char *path) {
  divw_status status;
  dw_ids *ids;
  int64_t count;
  DW_REQUIRE(dataset);
  DW_REQUIRE(path);
  DW_TRY(dw_ids_load(&ids, &count, path));
  DW_TRY(check_length_of_file(dataset, count, path, "ids"));
  dw_ids_release(dataset->ids);
  dataset->ids = ids;
  return DIVW_OK;
fail:
  dw_ids_release(ids);
  return status;
}

/* ---- looking ---- */

int64_t divw_dataset_count(const divw_dataset *dataset) { return dataset == NULL ? 0 : dataset->n; }

int64_t divw_dataset_dimension(const divw_dataset *dataset) { return dataset == NULL ? 0 : dataset->source->d; }

int64_t divw_dataset_shape(const divw_dataset *dataset, int32_t axis) {
  if (dataset == NULL || axis < 0 || axis >= DW_MAX_AXES) {
    return 0;
  }
  return axis == 0 ? dataset->n : dataset->source->shape[axis];
}

const char *divw_dtype_name(int32_t dtype) { return dw_dtype_name(dtype <= DIVW_UINT8 ? dtype : 0); }

int32_t divw_dataset_dtype(const divw_dataset *dataset) {
  if (dataset == NULL) {
    return 0;
  }
  return dataset->center == NULL ? dataset->source->dtype : DIVW_FLOAT64;
}

int32_t divw_dataset_is_streamed(const divw_dataset *dataset) {
  return dataset != NULL && dataset->source->store != NULL;
}

static bool is_position(const divw_dataset *dataset, int64_t position) {
  return dataset != NULL && position >= 0 && position < dataset->n;
}

int64_t divw_dataset_row(const divw_dataset *dataset, int64_t position) {
  if (!is_position(dataset, position)) {
    return -1;
  }
  const int64_t row = dataset->list == NULL ? position : dataset->list->value[position];
  return dataset->source->origin == NULL ? row : dataset->source->origin->value[row];
}

const int64_t *divw_dataset_labels(const divw_dataset *dataset) {
  return dataset == NULL || dataset->labels == NULL ? NULL : dataset->labels->value;
}

const char *divw_dataset_id(const divw_dataset *dataset, int64_t position) {
  return is_position(dataset, position) ? dw_ids_get(dataset->ids, position) : NULL;
}

dw_ids *dw_dataset_ids(const divw_dataset *dataset) { return dataset->ids; }

double divw_dataset_seconds_read(const divw_dataset *dataset) {
  return dataset == NULL ? 0 : dataset->source->seconds_read;
}
