/**
 * @file source.h
 * @brief Rows that are larger than memory: they stay in files, or behind a function of the host.
 *
 * They make a dataset like any other. Each pass over the rows reads them again: making a kernel takes one, a solve two
 * in each iteration. Results are the same to the last bit as with the rows in memory.
 */
#ifndef DIVWEIGHTS_SOURCE_H
#define DIVWEIGHTS_SOURCE_H

#include <divweights/dataset.h>
#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Opens a file or a folder whose rows are larger than memory: they stay there, and are read when they are used.
 *
 * - `.npy` in C order and IDX, uncompressed, as divw_dataset_load() reads them;
 * - `.npz` that holds one array, stored as it is (numpy.savez) and in C order (of several, divw_dataset_open_array()
 *   chooses);
 * - a folder of such `.npy`.
 *
 * What can only be read from its beginning is refused: gzip, compressed `.npz`, pipes, and arrays in Fortran order.
 * The checksum that an `.npz` keeps of an array is compared by divw_dataset_load() and not here, where it would take a
 * read of all rows; that the array lies within the file is checked.
 *
 * Everything that takes a dataset takes this one, with the same results to the last bit. A pass over rows reads them
 * once, in pieces of about 4 MiB: a thread of the library reads ahead of the computation, which calls nothing of the
 * host, and ends before the call does. A kernel takes one pass when it is made, and a solve two in each iteration.
 *
 * **The files have to stay as they are** until the dataset, its subsets and its kernels have been destroyed. They are
 * opened again by each pass, one at a time, under the path they had. A file that is missing, replaced, longer, shorter
 * or written to makes the call that reads it fail with DIVW_ERROR_FILE.
 * @param out  receives the dataset, to be destroyed by the caller; NULL on failure
 * @param path the file or folder; not NULL
 * @return as divw_dataset_load(); DIVW_ERROR_FORMAT also for what cannot be read from the middle, DIVW_ERROR_FILE for
 *         pipes
 *
 * Cost: the headers. Memory: some 100 bytes for each file; three pieces of 4 MiB (or of a row, where that is larger)
 * while a pass is going on.
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_open(divw_dataset **out, const char *path);

/**
 * @brief Opens one of the arrays of an `.npz` in the same way.
 * @param out  receives the dataset, to be destroyed by the caller; NULL on failure
 * @param path the file; not NULL
 * @param name which array: the name it was saved under, without `.npy`; not NULL
 * @return as divw_dataset_open(); DIVW_ERROR_ARGUMENT also when there is no array of that name (those that there are
 *         are named) and for a file that is no `.npz`
 *
 * Cost and memory: those of divw_dataset_open(), and the directory of the archive.
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_open_array(divw_dataset **out, const char *path, const char *name);

/**
 * @brief Has rows: writes some of them where the library wants them.
 * @param first number of the first row that is wanted, from 0
 * @param count how many rows are wanted, at least 1
 * @param rows  receives count x d elements of the type of the dataset, packed, in the byte order of the machine
 * @param user  as given to divw_dataset_create_stream()
 * @return 0; any other number ends the call that wanted the rows, and is named in its sentence
 * @since 0.1
 */
typedef int32_t (*divw_read_rows_fn)(int64_t first, int64_t count, void *rows, void *user);

/**
 * @brief Makes a dataset of rows that a function of the host has: from a database, an archive, or computed.
 *
 * The function is called on the thread that called the library, by whatever reads rows, and not by this call. It is
 * asked for some MiB at a time and forwards as a rule, but **any rows may be asked for at any time, and again: they
 * have to be the same every time**. Rows that have other numbers than when the kernel was made are found out where that
 * shows in their lengths (DIVW_ERROR_DATA); numbers that are not finite are found when the kernel is made. The function
 * must not use the dataset or a kernel made on it. Where several threads use datasets with the same function it has to
 * be ready for calls from all of them.
 * @param out   receives the dataset, to be destroyed by the caller; NULL on failure
 * @param n     number of examples, at least 1
 * @param d     numbers per example, at least 1
 * @param dtype DIVW_FLOAT64, DIVW_FLOAT32, DIVW_FLOAT16 or DIVW_UINT8
 * @param read  the function; it has to stay until the dataset, its subsets and its kernels have been destroyed; not
 *              NULL
 * @param user  passed to it; may be NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_SIZE (n x d elements take more than 2^63 bytes); DIVW_ERROR_MEMORY.
 *         Calls that read rows fail with DIVW_ERROR_FILE where the function returns another number than 0.
 *
 * Memory: a piece of 4 MiB (or of a row, where that is larger) while a pass is going on.
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_create_stream(divw_dataset **out, int64_t n, int64_t d, int32_t dtype,
                                                divw_read_rows_fn read, void *user);

/**
 * @brief Copies the rows of a dataset, and no others, into memory of their own.
 *
 * Of a large file a part can so be had without reading all of it: divw_dataset_open(), a subset, and this. It also
 * frees the other rows of a dataset in memory, once that is destroyed. Row numbers, labels, ids and a mean that is
 * subtracted are those of the dataset.
 * @param out     receives the dataset, to be destroyed by the caller; NULL on failure
 * @param dataset the dataset, streamed or not; not NULL. It may be destroyed afterwards, and its files may change
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (NULL); DIVW_ERROR_MEMORY; DIVW_ERROR_FILE where rows are streamed and cannot be
 *         read
 *
 * Cost: one read of the n rows, each at most with the gaps of less than 8 rows before the next one. Memory: n x d
 * elements of their type, 8 bytes a row of a subset, and 4 MiB (or a row, where that is larger) while rows of a subset
 * are read.
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_gather(divw_dataset **out, const divw_dataset *dataset);

/**
 * @brief Whether rows are read again by every pass: those of divw_dataset_open() and divw_dataset_create_stream(), and
 *        of subsets of them.
 * @param dataset the dataset, or NULL
 * @return 1 or 0; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_dataset_is_streamed(const divw_dataset *dataset);

#ifdef __cplusplus
}
#endif

#endif
