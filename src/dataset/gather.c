/* Rows of a dataset, and no others, in memory of their own.
 *
 * Rows that are not in memory are read where they are wanted. Where most of a stretch is wanted it is read at once and
 * the rest of it dropped: a read of a single row costs as much as one of some KiB. */
#include "view.h"

#include <string.h>

enum { STRETCH = 4 << 20, SPARSE = 8 };

typedef struct {
  dw_store_reader reader;
  const int64_t *list; /* the rows that are wanted */
  int64_t n, row_bytes;
  int64_t most;           /* rows of a stretch */
  unsigned char *stretch; /* room for them */
} gathering;

/* How many of the rows from k on lie less than `most` behind row k, and how far the last of them. */
static int64_t find_stretch(const gathering *g, int64_t k, int64_t *span) {
  const int64_t first = g->list[k];
  int64_t m = k;
  *span = 0;
  for (; m < g->n && g->list[m] >= first && g->list[m] - first < g->most; m++) {
    *span = dw_max(*span, g->list[m] - first + 1);
  }
  return m - k;
}

static divw_status read_listed(gathering *g, unsigned char *rows) {
  divw_status status;
  int64_t count, span;
  DW_TRY(dw_alloc(&g->stretch, g->most, (size_t)g->row_bytes));
  for (int64_t k = 0; k < g->n; k += count) {
    count = find_stretch(g, k, &span);
    if (span / SPARSE >= count) {
      DW_TRY(dw_store_read_list(&g->reader, g->list + k, count, rows + k * g->row_bytes));
      continue;
    }
    DW_TRY(dw_store_read(&g->reader, g->list[k], span, g->stretch));
    for (int64_t j = k; j < k + count; j++) {
      const unsigned char *from = g->stretch + (g->list[j] - g->list[k]) * g->row_bytes;
      memcpy(rows + j * g->row_bytes, from, (size_t)g->row_bytes);
    }
  }
fail:
  divw_free(g->stretch);
  return status;
}

/* The first n, some MiB at a time. */
static divw_status read_first(gathering *g, unsigned char *rows) {
  divw_status status = DIVW_OK;
  for (int64_t k = 0; k < g->n && status == DIVW_OK; k += g->most) {
    status = dw_store_read(&g->reader, k, dw_min(g->most, g->n - k), rows + k * g->row_bytes);
  }
  return status;
}

static divw_status read_stored(const divw_dataset *dataset, int64_t row_bytes, unsigned char *rows) {
  gathering g = {.reader = {.store = dataset->source->store, .file = -1},
                 .list = dataset->list == NULL ? NULL : dataset->list->value,
                 .n = dataset->n,
                 .row_bytes = row_bytes,
                 .most = dw_max(1, STRETCH / row_bytes)};
  const divw_status status = (g.list == NULL ? read_first : read_listed)(&g, rows);
  dw_store_close(&g.reader);
  return status;
}

static void copy_rows(const divw_dataset *dataset, int64_t row_bytes, unsigned char *rows) {
  const dw_source *source = dataset->source;
  for (int64_t i = 0; i < dataset->n; i++) {
    const int64_t row = dataset->list == NULL ? i : dataset->list->value[i];
    memcpy(rows + i * row_bytes, source->bytes + row * source->row_stride, (size_t)row_bytes);
  }
}

/* What is known of the rows beyond their numbers, labels and ids. */
static void keep_properties(divw_dataset *rows, const divw_dataset *dataset, double seconds) {
  dw_source *to = rows->source;
  const dw_source *from = dataset->source;
  memcpy(to->shape, from->shape, sizeof to->shape);
  to->seconds_read += seconds;
  to->directions = from->directions;
  if (to->directions != NULL) {
    dw_retain(&to->directions->references);
  }
  rows->center = dataset->center;
  if (rows->center != NULL) {
    dw_retain(&rows->center->references);
  }
}

divw_status divw_dataset_gather(divw_dataset **out, const divw_dataset *dataset) {
  divw_status status;
  unsigned char *rows;
  const double start = dw_seconds();
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  const dw_source *source = dataset->source;
  const int64_t row_bytes = source->d * dw_dtype_size(source->dtype);
  DW_TRY(dw_alloc(&rows, dataset->n, (size_t)row_bytes));
  if (source->store == NULL) {
    copy_rows(dataset, row_bytes, rows);
  } else {
    DW_TRY(read_stored(dataset, row_bytes, rows));
  }
  status = dw_dataset_make_from(out, rows, source->d, source->dtype, dataset);
  if (status == DIVW_OK) {
    keep_properties(*out, dataset, dw_seconds() - start);
  }
  return status;
fail:
  divw_free(rows);
  return status;
}
