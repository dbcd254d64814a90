/* Rows are read as they are drawn, so that the data stay in their own type and need no second copy. Bytes are divided
 * by 255; other numbers are taken as they are and have to lie in [0, 1], which is seen to at the start. */
#include "batches.h"

#include "files.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- which examples ---- */

/* Puts a subset, if it could be made, in the place of what it was taken from. */
static bool replace(divw_dataset **dataset, divw_dataset *subset, divw_status status) {
  if (ok(status)) {
    divw_dataset_destroy(*dataset);
    *dataset = subset;
  }
  return status == DIVW_OK;
}

static bool select_rows(divw_dataset **dataset, const char *path) {
  int64_t *rows, count;
  divw_dataset *subset = NULL;
  if (!ok(divw_indices_load(path, &rows, &count))) {
    return false;
  }
  const divw_status status = divw_dataset_select_rows(&subset, *dataset, rows, count);
  divw_free(rows);
  return replace(dataset, subset, status);
}

static bool select_classes(divw_dataset **dataset, const settings *asked) {
  divw_dataset *subset = NULL;
  const divw_status status = divw_dataset_select_labels(&subset, *dataset, asked->classes, asked->class_count);
  return replace(dataset, subset, status);
}

static bool read_examples(divw_dataset **dataset, const settings *asked) {
  return ok(asked->array == NULL ? divw_dataset_load(dataset, asked->input)
                                 : divw_dataset_load_array(dataset, asked->input, asked->array)) &&
         (asked->labels == NULL || ok(divw_dataset_load_labels(*dataset, asked->labels))) &&
         (asked->rows == NULL || select_rows(dataset, asked->rows)) &&
         (asked->class_count == 0 || select_classes(dataset, asked));
}

static bool check_range(const batches *from, const char *path) {
  const int64_t n = divw_dataset_count(from->examples), d = divw_dataset_dimension(from->examples);
  for (int64_t i = 0; i < n; i++) {
    if (!ok(divw_dataset_read(from->examples, i, 1, from->row))) {
      return false;
    }
    for (int64_t j = 0; j < d; j++) {
      if (!(from->row[j] >= 0 && from->row[j] <= 1)) {
        return fail("%s: row %" PRId64 " holds %g, expected bytes, or numbers from 0 to 1", path,
                    divw_dataset_row(from->examples, i), from->row[j]);
      }
    }
  }
  return true;
}

/* ---- how often they come ---- */

static bool make_sampler(batches *from, const double *p, uint64_t seed) {
  return ok(divw_sampler_create(&from->sampler, p, divw_dataset_count(from->examples), seed)) &&
         ok(divw_stream_create(&from->stream, from->sampler, BATCH));
}

/* Equal weights, so that the two kinds of run are the same but for the weights. */
static bool sample_evenly(batches *from, uint64_t seed) {
  const int64_t n = divw_dataset_count(from->examples);
  double *p = allocate(n, sizeof *p);
  for (int64_t i = 0; i < n; i++) {
    p[i] = 1;
  }
  const bool done = make_sampler(from, p, seed);
  free(p);
  return done;
}

static bool sample_with_weights(batches *from, const char *path, uint64_t seed) {
  const int64_t n = divw_dataset_count(from->examples);
  divw_weights *weights;
  if (!ok(divw_weights_load(&weights, path))) {
    return false;
  }
  const int64_t found = divw_weights_count(weights);
  const bool done =
      found == n
          ? make_sampler(from, divw_weights_values(weights), seed)
          : fail("%s: holds %" PRId64 " weights, expected %" PRId64 ", one for each selected example", path, found, n);
  divw_weights_destroy(weights);
  return done;
}

bool batches_open(batches *from, const settings *asked) {
  *from = (batches){0};
  if (!read_examples(&from->examples, asked)) {
    return false;
  }
  const bool bytes = divw_dataset_dtype(from->examples) == DIVW_UINT8;
  const bool even = asked->weights == NULL || strcmp(asked->weights, "uniform") == 0;
  const uint64_t seed = (uint64_t)asked->seed;
  from->scale = bytes ? 1.0 / 255 : 1;
  from->row = allocate(divw_dataset_dimension(from->examples), sizeof *from->row);
  from->drawn = allocate(divw_dataset_count(from->examples), sizeof *from->drawn);
  return (bytes || check_range(from, asked->input)) &&
         (even ? sample_evenly(from, seed) : sample_with_weights(from, asked->weights, seed));
}

void batches_close(batches *from) {
  free(from->drawn);
  free(from->row);
  divw_stream_destroy(from->stream);
  divw_sampler_destroy(from->sampler);
  divw_dataset_destroy(from->examples);
}

/* ---- a batch ---- */

bool batches_next(batches *from, real *rows) {
  const int64_t d = divw_dataset_dimension(from->examples);
  int64_t indices[BATCH], count;
  if (!ok(divw_stream_next_batch(from->stream, indices, &count))) {
    return false;
  }
  for (int64_t i = 0; i < count; i++) {
    if (!ok(divw_dataset_read(from->examples, indices[i], 1, from->row))) {
      return false;
    }
    for (int64_t j = 0; j < d; j++) {
      rows[i * d + j] = (real)(from->scale * from->row[j]);
    }
    from->drawn[indices[i]]++;
  }
  return true;
}

/* ---- what has come ---- */

typedef struct {
  int64_t label, drawn;
} example;

static int by_label(const void *a, const void *b) {
  const int64_t x = ((const example *)a)->label, y = ((const example *)b)->label;
  return (x > y) - (x < y);
}

void batches_print_shares(const batches *from) {
  const int64_t n = divw_dataset_count(from->examples), *labels = divw_dataset_labels(from->examples);
  int64_t all = 0;
  if (labels == NULL) {
    return;
  }
  example *sorted = allocate(n, sizeof *sorted);
  for (int64_t i = 0; i < n; i++) {
    sorted[i] = (example){labels[i], from->drawn[i]};
    all += from->drawn[i];
  }
  qsort(sorted, (size_t)n, sizeof *sorted, by_label);
  for (int64_t first = 0, next; first < n; first = next) {
    int64_t drawn = 0;
    for (next = first; next < n && sorted[next].label == sorted[first].label; next++) {
      drawn += sorted[next].drawn;
    }
    printf("label %-4" PRId64 " %7.2f %% of the examples  %7.2f %% of the batches\n", sorted[first].label,
           100 * (double)(next - first) / (double)n, 100 * (double)drawn / (double)all);
  }
  free(sorted);
}
