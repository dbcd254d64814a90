/* First stage of the pipeline: who the examples are, and their numbers as doubles when a kernel asks.
 *
 * A dataset is a list of row numbers over a `source`, the n x d block of memory that rows were copied or read into or
 * that was borrowed. Source and list are counted and never change, so subsets and kernels share them, also between
 * threads; labels belong to one dataset. Rows are kept in their own type, since uint8 or float16 take an eighth or a
 * quarter of the memory of doubles and conversion is hidden behind the arithmetic that follows. */
#include "dataset.h"

#include "array_file.h"

#include <divweights/indices.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)DW_FLOAT64 == (int)DIVW_FLOAT64 && (int)DW_FLOAT32 == (int)DIVW_FLOAT32 &&
                   (int)DW_FLOAT16 == (int)DIVW_FLOAT16 && (int)DW_UINT8 == (int)DIVW_UINT8,
               "the types of a dataset are those of array files");

typedef struct {
  atomic_int references;
  int32_t dtype;
  int64_t d, row_stride;
  int64_t shape[DW_MAX_AXES]; /* of a row from place 1 on, as the file has it; zeros end it */
  const unsigned char *bytes;
  void *owned; /* NULL where the bytes are borrowed */
  double seconds_read;
} row_source;

typedef struct {
  atomic_int references;
  int64_t row[];
} row_list;

struct divw_dataset {
  row_source *source;
  row_list *list; /* NULL: row i is row i of the source */
  int64_t n;      /* at most the length of the list or source */
  int64_t *labels;
};

static void retain(atomic_int *references) { atomic_fetch_add_explicit(references, 1, memory_order_relaxed); }

/* True for the last one, who frees. */
static bool release(atomic_int *references) {
  return atomic_fetch_sub_explicit(references, 1, memory_order_acq_rel) == 1;
}

static void release_list(row_list *list) {
  if (list != NULL && release(&list->references)) {
    divw_free(list);
  }
}

static void release_source(row_source *source) {
  if (release(&source->references)) {
    divw_free(source->owned);
    divw_free(source);
  }
}

/* A dataset of the first n rows of a list over a source, with references of its own to both. */
static divw_status make_view(divw_dataset **out, row_source *source, row_list *list, int64_t n) {
  divw_status status = dw_alloc_zero(out, 1, sizeof **out);
  if (status == DIVW_OK) {
    retain(&source->references);
    if (list != NULL) {
      retain(&list->references);
    }
    (*out)->source = source;
    (*out)->list = list;
    (*out)->n = n;
  }
  return status;
}

void divw_dataset_destroy(divw_dataset *dataset) {
  if (dataset == NULL) {
    return;
  }
  release_list(dataset->list);
  release_source(dataset->source);
  divw_free(dataset->labels);
  divw_free(dataset);
}

divw_status dw_dataset_share(divw_dataset **out, const divw_dataset *dataset) {
  return make_view(out, dataset->source, dataset->list, dataset->n);
}

/* ---- making ---- */

const char *divw_dtype_name(int32_t dtype) { return dw_dtype_name(dtype <= DIVW_UINT8 ? dtype : 0); }

/* A dataset of all rows of a block; takes `owned` over, also on failure. */
static divw_status make_dataset(divw_dataset **out, const void *rows, void *owned, int64_t n, int64_t d, int32_t dtype,
                                int64_t row_stride) {
  row_source *source;
  divw_status status = dw_alloc_zero(&source, 1, sizeof *source);
  if (status != DIVW_OK) {
    divw_free(owned);
    return status;
  }
  atomic_init(&source->references, 1);
  source->dtype = dtype;
  source->d = source->shape[1] = d;
  source->row_stride = row_stride;
  source->bytes = rows;
  source->owned = owned;
  status = make_view(out, source, NULL, n);
  release_source(source);
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
  return make_dataset(out, copy, copy, n, d, dtype, packed);
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
  return make_dataset(out, rows, NULL, n, d, dtype, row_stride);
fail:
  return status;
}

static divw_status check_header(const dw_array_header *header, int64_t d, const char *path) {
  if (header->dtype > DW_UINT8) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: holds %s, accepted are float64, float32, float16 and uint8", path,
                   dw_dtype_name(header->dtype));
  }
  if (header->shape[0] == 0 || d == 0) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: has %lld rows of %lld numbers, expected at least one of each", path,
                   (long long)header->shape[0], (long long)d);
  }
  return DIVW_OK;
}

divw_status divw_dataset_load(divw_dataset **out, const char *path) {
  divw_status status;
  const double start = dw_seconds();
  dw_reader *reader = NULL;
  dw_array_header header;
  unsigned char *rows = NULL;
  int64_t d;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(path);
  DW_TRY(dw_array_open(&reader, &header, &d, path));
  DW_TRY(check_header(&header, d, path));
  const int64_t n = header.shape[0], row_bytes = d * dw_dtype_size(header.dtype);
  DW_TRY(dw_alloc(&rows, n, (size_t)row_bytes));
  DW_TRY(dw_array_read(reader, &header, d, rows));
  dw_reader_close(reader);
  status = make_dataset(out, rows, rows, n, d, header.dtype, row_bytes);
  if (status == DIVW_OK) {
    (*out)->source->seconds_read = dw_seconds() - start;
    memcpy((*out)->source->shape + 1, header.shape + 1, (size_t)(header.axes - 1) * sizeof(int64_t));
  }
  return status;
fail:
  dw_reader_close(reader);
  divw_free(rows);
  return status;
}

/* ---- labels ---- */

divw_status divw_dataset_set_labels(divw_dataset *dataset, const int64_t *labels, int64_t count) {
  divw_status status;
  int64_t *copy;
  DW_REQUIRE(dataset);
  DW_REQUIRE(labels);
  if (count != dataset->n) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected %lld, the number of rows", __func__,
                   (long long)count, (long long)dataset->n);
  }
  DW_TRY(dw_alloc(&copy, count, sizeof *copy));
  memcpy(copy, labels, (size_t)count * sizeof *copy);
  divw_free(dataset->labels);
  dataset->labels = copy;
fail:
  return status;
}

divw_status divw_dataset_load_labels(divw_dataset *dataset, const char *path) {
  divw_status status;
  int64_t *labels = NULL, count;
  DW_REQUIRE(dataset);
  DW_REQUIRE(path);
  DW_TRY(divw_indices_load(path, &labels, &count));
  if (count != dataset->n) {
    DW_TRY(dw_fail(DIVW_ERROR_ARGUMENT, "%s: has %lld labels, expected %lld, the number of rows", path,
                   (long long)count, (long long)dataset->n));
  }
  divw_free(dataset->labels);
  dataset->labels = labels;
  return DIVW_OK;
fail:
  divw_free(labels);
  return status;
}

/* ---- subsets ---- */

int64_t divw_dataset_row(const divw_dataset *dataset, int64_t position) {
  if (dataset == NULL || position < 0 || position >= dataset->n) {
    return -1;
  }
  return dataset->list == NULL ? position : dataset->list->row[position];
}

static divw_status check_count(const char *function, int64_t count) {
  return count >= 1
             ? DIVW_OK
             : dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected at least 1", function, (long long)count);
}

/* Gives a new subset the labels of its rows, which were at `positions` (NULL: in front); destroys it on failure. */
static divw_status carry_labels(divw_dataset **subset, const divw_dataset *dataset, const int64_t *positions) {
  divw_status status = DIVW_OK;
  if (dataset->labels == NULL) {
    return DIVW_OK;
  }
  DW_TRY(dw_alloc(&(*subset)->labels, (*subset)->n, sizeof(int64_t)));
  for (int64_t i = 0; i < (*subset)->n; i++) {
    (*subset)->labels[i] = dataset->labels[positions == NULL ? i : positions[i]];
  }
  return DIVW_OK;
fail:
  divw_dataset_destroy(*subset);
  *subset = NULL;
  return status;
}

divw_status divw_dataset_select_rows(divw_dataset **out, const divw_dataset *dataset, const int64_t *rows,
                                     int64_t count) {
  divw_status status;
  row_list *list = NULL;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  DW_REQUIRE(rows);
  DW_TRY(check_count(__func__, count));
  DW_TRY(dw_alloc(&list, dw_min(count, INT64_MAX - 1) + 1, sizeof(int64_t))); /* one for the counter */
  atomic_init(&list->references, 1);
  for (int64_t i = 0; i < count; i++) {
    list->row[i] = divw_dataset_row(dataset, rows[i]);
    if (list->row[i] < 0) {
      DW_TRY(dw_fail(DIVW_ERROR_ARGUMENT, "%s: rows[%lld] is %lld, expected 0 to %lld", __func__, (long long)i,
                     (long long)rows[i], (long long)dataset->n - 1));
    }
  }
  DW_TRY(make_view(out, dataset->source, list, count));
  DW_TRY(carry_labels(out, dataset, rows));
fail:
  release_list(list);
  return status;
}

divw_status divw_dataset_select_first(divw_dataset **out, const divw_dataset *dataset, int64_t count) {
  divw_status status;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  DW_TRY(check_count(__func__, count));
  DW_TRY(make_view(out, dataset->source, dataset->list, dw_min(count, dataset->n)));
  DW_TRY(carry_labels(out, dataset, NULL));
fail:
  return status;
}

static int compare(const void *left, const void *right) {
  const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

/* Place of the first of `sorted` that is not below `label`. */
static int64_t lower_bound(const int64_t *sorted, int64_t count, int64_t label) {
  int64_t low = 0;
  while (count > 0) {
    const int64_t half = count / 2;
    if (sorted[low + half] < label) {
      low += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return low;
}

/* Writes the positions of all rows that have one of the labels, and how many they are; `met` says which labels. */
static int64_t find_labels(const divw_dataset *dataset, const int64_t *sorted, int64_t count, bool *met,
                           int64_t *positions) {
  int64_t found = 0;
  for (int64_t i = 0; i < dataset->n; i++) {
    const int64_t place = lower_bound(sorted, count, dataset->labels[i]);
    if (place < count && sorted[place] == dataset->labels[i]) {
      met[place] = true;
      positions[found++] = i;
    }
  }
  return found;
}

divw_status divw_dataset_select_labels(divw_dataset **out, const divw_dataset *dataset, const int64_t *labels,
                                       int64_t count) {
  divw_status status;
  int64_t *sorted = NULL, *positions = NULL;
  bool *met = NULL;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  DW_REQUIRE(labels);
  DW_TRY(check_count(__func__, count));
  if (dataset->labels == NULL) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: dataset has no labels, expected some to choose by", __func__);
  }
  DW_TRY(dw_alloc(&sorted, count, sizeof *sorted));
  DW_TRY(dw_alloc_zero(&met, count, sizeof *met));
  DW_TRY(dw_alloc(&positions, dataset->n, sizeof *positions));
  memcpy(sorted, labels, (size_t)count * sizeof *sorted);
  qsort(sorted, (size_t)count, sizeof *sorted, compare);
  const int64_t found = find_labels(dataset, sorted, count, met, positions);
  for (int64_t k = 0; k < count; k++) {
    if (!met[lower_bound(sorted, count, labels[k])]) {
      DW_TRY(dw_fail(DIVW_ERROR_ARGUMENT, "%s: labels[%lld] is %lld, expected a label that some row has", __func__,
                     (long long)k, (long long)labels[k]));
    }
  }
  DW_TRY(divw_dataset_select_rows(out, dataset, positions, found));
fail:
  divw_free(positions);
  divw_free(met);
  divw_free(sorted);
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

int32_t divw_dataset_dtype(const divw_dataset *dataset) { return dataset == NULL ? 0 : dataset->source->dtype; }

const int64_t *divw_dataset_labels(const divw_dataset *dataset) { return dataset == NULL ? NULL : dataset->labels; }

double divw_dataset_seconds_read(const divw_dataset *dataset) {
  return dataset == NULL ? 0 : dataset->source->seconds_read;
}

/* ---- fetching ---- */

/* A half has 5 bits of exponent with bias 15 and 10 of mantissa, a float 8 with bias 127 and 23. A subnormal (exponent
 * 0) is given the exponent of 2^-14, and 2^-14 is subtracted. Exact, and without subnormal floats on the way, which the
 * host may have told the processor to flush to zero. Signed 32-bit numbers and no branches: SSE2 has lanes for that. */
static inline double half_to_double(uint16_t half) {
  const int32_t magnitude = half & 0x7fff;
  const int32_t rebias = magnitude < 0x7c00 ? (127 - 15) << 23 : (255 - 31) << 23; /* of numbers; of Inf and NaN */
  const int32_t bits = (magnitude << 13) + rebias + (magnitude < 0x0400 ? 1 << 23 : 0);
  const float subtrahend = magnitude < 0x0400 ? 0x1p-14f : 0, sign = (half & 0x8000) != 0 ? -1 : 1;
  float value;
  memcpy(&value, &bits, sizeof value);
  return sign * (value - subtrahend);
}

static inline double float32_to_double(float x) { return x; }

static inline double float64_to_double(double x) { return x; }

static inline double uint8_to_double(uint8_t x) { return x; }

/* memcpy: borrowed rows may lie anywhere. Two loops, since only the first can be vectorised. */
#define DEFINE_FETCH(name, type, to_double)                                                                            \
  static void name(const unsigned char *restrict row, dw_columns columns, double scale, double *restrict out) {        \
    type x;                                                                                                            \
    if (columns.columns == NULL) {                                                                                     \
      for (int64_t j = 0; j < columns.count; j++) {                                                                    \
        memcpy(&x, row + j * (int64_t)sizeof x, sizeof x);                                                             \
        out[j] = scale * to_double(x);                                                                                 \
      }                                                                                                                \
    } else {                                                                                                           \
      for (int64_t j = 0; j < columns.count; j++) {                                                                    \
        memcpy(&x, row + columns.columns[j] * (int64_t)sizeof x, sizeof x);                                            \
        out[j] = scale * to_double(x);                                                                                 \
      }                                                                                                                \
    }                                                                                                                  \
  }

DEFINE_FETCH(fetch_float64, double, float64_to_double)
DEFINE_FETCH(fetch_float32, float, float32_to_double)
DEFINE_FETCH(fetch_float16, uint16_t, half_to_double)
DEFINE_FETCH(fetch_uint8, uint8_t, uint8_to_double)

void dw_dataset_fetch(const divw_dataset *dataset, int64_t position, dw_columns columns, double scale, double *out) {
  const row_source *source = dataset->source;
  assert(position >= 0 && position < dataset->n);
  const unsigned char *row = source->bytes + divw_dataset_row(dataset, position) * source->row_stride;
  if (columns.columns == NULL) {
    columns.count = source->d;
  }
  switch (source->dtype) {
  case DIVW_FLOAT64: fetch_float64(row, columns, scale, out); break;
  case DIVW_FLOAT32: fetch_float32(row, columns, scale, out); break;
  case DIVW_FLOAT16: fetch_float16(row, columns, scale, out); break;
  default: fetch_uint8(row, columns, scale, out); break;
  }
}

divw_status divw_dataset_read(const divw_dataset *dataset, int64_t first, int64_t count, double *rows_out) {
  DW_REQUIRE(dataset);
  DW_REQUIRE(rows_out);
  if (first < 0 || first > dataset->n || count < 0 || count > dataset->n - first) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: first is %lld and count %lld, expected a range within 0 to %lld", __func__,
                   (long long)first, (long long)count, (long long)dataset->n);
  }
  for (int64_t i = 0; i < count; i++) {
    dw_dataset_fetch(dataset, first + i, (dw_columns){NULL, 0}, 1, rows_out + i * dataset->source->d);
  }
  return DIVW_OK;
}
