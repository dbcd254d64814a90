/**
 * @file dataset.h
 * @brief First stage: n examples of d numbers each, from memory or from a file, whole or in part.
 *
 * A dataset keeps its rows in the type they came in (float64, float32, float16 or uint8) and converts them
 * block by block when they are used. Rows that are larger than memory stay where they are, in files or behind a
 * function of the host, and are read again by every pass over them. A subset shares the rows of the dataset it was
 * taken from and remembers their numbers there, so that results can be traced back to the file; labels and ids go with
 * them.
 */
#ifndef DIVWEIGHTS_DATASET_H
#define DIVWEIGHTS_DATASET_H

#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** n rows of d numbers, with row numbers and perhaps labels and ids. @since 0.1 */
typedef struct divw_dataset divw_dataset;

/** Element types of a dataset. @since 0.1 */
enum {
  DIVW_FLOAT64 = 1, /**< IEEE double */
  DIVW_FLOAT32 = 2, /**< IEEE single */
  DIVW_FLOAT16 = 3, /**< IEEE half */
  DIVW_UINT8 = 4    /**< bytes 0..255, not rescaled */
};

/**
 * @brief The name of an element type: "float64", "float32", "float16", "uint8".
 * @param dtype any number
 * @return a constant string; "unknown" for other numbers. Never NULL.
 * @since 0.1
 */
DIVW_API const char *divw_dtype_name(int32_t dtype);

/**
 * @brief Makes a dataset from rows in memory, which are copied.
 *
 * @param out        receives the dataset, to be destroyed by the caller; NULL on failure
 * @param rows       n x d elements, row-major, in the byte order of the machine; not NULL
 * @param n          number of examples, at least 1
 * @param d          numbers per example, at least 1
 * @param dtype      DIVW_FLOAT64, DIVW_FLOAT32, DIVW_FLOAT16 or DIVW_UINT8
 * @param row_stride bytes from one row to the next, at least d elements; 0: rows are packed
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_SIZE (n x d overflows); DIVW_ERROR_MEMORY
 *
 * Cost: one copy of n x d elements. Values are looked at when a kernel is made, not here.
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_create_copy(divw_dataset **out, const void *rows, int64_t n, int64_t d, int32_t dtype,
                                              int64_t row_stride);

/**
 * @brief The same without a copy: `rows` must stay where it is, unchanged, as long as the dataset, its
 *        subsets and their kernels live. The caller keeps the memory.
 * @param out        as in divw_dataset_create_copy()
 * @param rows       likewise
 * @param n          likewise
 * @param d          likewise
 * @param dtype      likewise
 * @param row_stride likewise
 * @return as divw_dataset_create_copy()
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_create_borrowed(divw_dataset **out, const void *rows, int64_t n, int64_t d,
                                                  int32_t dtype, int64_t row_stride);

/**
 * @brief Reads a dataset from a file or a folder; the format is recognised by content, not by name.
 *
 * - `.npy`, versions 1 to 3, of float16, float32, float64 or uint8, both byte orders, C and Fortran order,
 *   1 to 8 axes;
 * - IDX (the MNIST format) of unsigned bytes, float32 or float64, any number of axes;
 * - either of them gzipped;
 * - `.npz` that holds one array (of several, divw_dataset_load_array() chooses);
 * - a folder: the rows of all its `*.npy` and `*.npy.gz`, one file after the other, of one type and row length.
 *   Names are in natural order: runs of digits are compared as numbers (shard-2 before shard-10), everything else
 *   byte by byte. Files whose name begins with a point, other files and folders inside are left out. Row numbers
 *   count through all files.
 *
 * The first axis counts the examples, the others are flattened. Rows stay in their own type: memory is the
 * size of the data, plus a window of at most 1 MiB while reading.
 * @param out  receives the dataset, to be destroyed by the caller; NULL on failure
 * @param path the file or folder; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (NULL); DIVW_ERROR_FILE; DIVW_ERROR_FORMAT (not one of these formats,
 *         an element type that is not supported, truncated, damaged, trailing bytes, no rows, no columns; several
 *         arrays: they are named; files of a folder that do not fit together: one is named with what it has and
 *         what the first one has); DIVW_ERROR_SIZE; DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_load(divw_dataset **out, const char *path);

/**
 * @brief Reads one of the arrays of an `.npz`, stored or deflated.
 * @param out  receives the dataset, to be destroyed by the caller; NULL on failure
 * @param path the file; not NULL
 * @param name which array: the name it was saved under, without `.npy`; not NULL
 * @return as divw_dataset_load(); DIVW_ERROR_ARGUMENT also when there is no array of that name (those that there
 *         are are named) and for a file that is no `.npz`
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_load_array(divw_dataset **out, const char *path, const char *name);

/**
 * @brief Reads only what the header of a file, or of all files of a folder, says of the rows.
 *
 * What divw_dataset_load() checks before it asks for memory is checked: format, type, and that the file can hold what
 * its header claims. The rows are neither read nor checked.
 * @param path  the file or folder; not NULL
 * @param array which array of an `.npz` as in divw_dataset_load_array(); NULL: the only one
 * @param n     receives the number of rows; not NULL
 * @param d     receives the numbers per row; not NULL
 * @param dtype receives their type, for example DIVW_FLOAT32; not NULL
 * @return as divw_dataset_load_array(); DIVW_ERROR_FILE also for a pipe, which could not be read again
 *
 * All three are 0 on failure.
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_describe(const char *path, const char *array, int64_t *n, int64_t *d, int32_t *dtype);

/**
 * @brief Ends a dataset; subsets taken from it and kernels made on it stay valid.
 * @param dataset the dataset; NULL is accepted
 * @since 0.1
 */
DIVW_API void divw_dataset_destroy(divw_dataset *dataset);

/**
 * @brief Puts a label on every row, replacing labels it had.
 * @param dataset the dataset; not NULL
 * @param labels  one whole number per row, copied; not NULL
 * @param count   must be the number of rows of the dataset
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (the sentence names both lengths); DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_set_labels(divw_dataset *dataset, const int64_t *labels, int64_t count);

/**
 * @brief The same from a file that divw_indices_load() reads.
 * @param dataset the dataset; not NULL
 * @param path    the file; not NULL
 * @return as divw_dataset_set_labels() and divw_indices_load()
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_load_labels(divw_dataset *dataset, const char *path);

/**
 * @brief Puts an id on every row, replacing ids it had: what the example is called outside, such as the name of its
 * file.
 * @param dataset the dataset; not NULL
 * @param ids     one string per row, UTF-8 without line breaks, copied; not NULL. The same id may come twice
 * @param count   must be the number of rows of the dataset
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (the sentence names both lengths, or the id that is none); DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_set_ids(divw_dataset *dataset, const char *const *ids, int64_t count);

/**
 * @brief The same from a file that divw_ids_load() reads.
 * @param dataset the dataset; not NULL
 * @param path    the file; not NULL
 * @return as divw_dataset_set_ids() and divw_ids_load()
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_load_ids(divw_dataset *dataset, const char *path);

/**
 * @brief A dataset of some rows of another, in the order given; a row may be named more than once.
 * @param out     receives the subset, to be destroyed by the caller; NULL on failure
 * @param dataset where the rows are taken from; not NULL, may be a subset itself
 * @param rows    count row positions in `dataset`, each in 0 .. n-1; not NULL
 * @param count   at least 1
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (names the first position that is out of range); DIVW_ERROR_MEMORY
 *
 * Cost: 8 bytes per row, 8 per label and 8 per id; the rows and the texts of ids are shared.
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_select_rows(divw_dataset **out, const divw_dataset *dataset, const int64_t *rows,
                                              int64_t count);

/**
 * @brief A dataset of all rows whose label is one of those given, in their old order.
 * @param out     receives the subset; NULL on failure
 * @param dataset a dataset with labels; not NULL
 * @param labels  the labels to keep; not NULL
 * @param count   how many labels, at least 1
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (no labels, or a label that no row has: the sentence names it);
 *         DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_select_labels(divw_dataset **out, const divw_dataset *dataset, const int64_t *labels,
                                                int64_t count);

/**
 * @brief A dataset of the first `count` rows of another (all of them when it has fewer).
 * @param out     receives the subset; NULL on failure
 * @param dataset where the rows are taken from; not NULL
 * @param count   at least 1
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_select_first(divw_dataset **out, const divw_dataset *dataset, int64_t count);

/**
 * @brief Number of examples.
 * @param dataset the dataset, or NULL
 * @return n; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_dataset_count(const divw_dataset *dataset);

/**
 * @brief Numbers per example.
 * @param dataset the dataset, or NULL
 * @return d; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_dataset_dimension(const divw_dataset *dataset);

/**
 * @brief Length of one axis of the array that the rows came from, so that an image can be put together again.
 * @param dataset the dataset, or NULL
 * @param axis    0: examples, as divw_dataset_count(); 1, 2, ...: the axes of one example as the file has them, whose
 *                product is d. Rows from memory, and a file of one axis, have the one axis d
 * @return the length, at least 1; 0 for NULL and for an axis there is not, so that the first 0 ends the shape
 * @since 0.1
 */
DIVW_API int64_t divw_dataset_shape(const divw_dataset *dataset, int32_t axis);

/**
 * @brief Element type of the rows.
 * @param dataset the dataset, or NULL
 * @return for example DIVW_UINT8; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_dataset_dtype(const divw_dataset *dataset);

/**
 * @brief The row of the source (file or memory block) that an example came from.
 * @param dataset  the dataset, or NULL
 * @param position 0 .. n-1
 * @return its row number in the source; -1 for NULL or a position out of range
 * @since 0.1
 */
DIVW_API int64_t divw_dataset_row(const divw_dataset *dataset, int64_t position);

/**
 * @brief The labels, one per example in order.
 * @param dataset the dataset, or NULL
 * @return n numbers owned by the dataset, valid until it is changed or destroyed; NULL without labels
 * @since 0.1
 */
DIVW_API const int64_t *divw_dataset_labels(const divw_dataset *dataset);

/**
 * @brief The id of an example.
 * @param dataset  the dataset, or NULL
 * @param position 0 .. n-1
 * @return a string owned by the dataset, valid until its ids are changed or it is destroyed; NULL without ids, for
 * NULL, and for a position out of range
 * @since 0.1
 */
DIVW_API const char *divw_dataset_id(const divw_dataset *dataset, int64_t position);

/**
 * @brief How long divw_dataset_load() or divw_dataset_gather() took.
 * @param dataset the dataset, or NULL
 * @return seconds; 0 for datasets from memory; subsets answer as their source
 * @since 0.1
 */
DIVW_API double divw_dataset_seconds_read(const divw_dataset *dataset);

/**
 * @brief Copies examples out as doubles, as they are (not normalised, not checked).
 * @param dataset  the dataset; not NULL
 * @param first    position of the first example
 * @param count    how many, 0 or more; first + count <= n
 * @param rows_out receives count x d doubles, row-major; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_read(const divw_dataset *dataset, int64_t first, int64_t count, double *rows_out);

#ifdef __cplusplus
}
#endif

#endif
