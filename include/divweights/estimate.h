/**
 * @file estimate.h
 * @brief Memory and time of a solve, known before the rows are read.
 *
 * divw_dataset_describe() reads what the header of a file says; an estimate is made of that and of a solver's options.
 */
#ifndef DIVWEIGHTS_ESTIMATE_H
#define DIVWEIGHTS_ESTIMATE_H

#include <divweights/similarity.h>
#include <divweights/solver.h>
#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a solve of data of a certain size will take. @since 0.1 */
typedef struct divw_estimate divw_estimate;

/**
 * @brief What memory is for. Preparation is over when the solve begins, so the peak is the larger one of
 * preparation and rows + kernel + (solver or interior point).
 * @since 0.1
 */
enum {
  DIVW_MEMORY_PEAK = 1,   /**< the most there is at any moment */
  DIVW_MEMORY_ROWS = 2,   /**< rows, their numbers and labels, as they stay (8 n bytes for labels in any case) */
  DIVW_MEMORY_KERNEL = 3, /**< the kernel as it stays */
  DIVW_MEMORY_SOLVER = 4, /**< a solve at its height, by another method than interior points */
  DIVW_MEMORY_INTERIOR_POINT =
      5,                      /**< a solve at its height, by interior points; 0 where the solver will not use them */
  DIVW_MEMORY_PREPARATION = 6 /**< reading, principal components and making the kernel at their height, rows included */
};

/**
 * @brief Estimates what reading rows, making a kernel and solving will take.
 *
 * Memory is what the library will ask its allocator for, an upper bound: it counts every column as used and the rank
 * as full, a complete history of the acceleration and all solves that divw_solver_set_max_solves() and
 * divw_solver_set_max_memory() allow. Not
 * counted: ids, what the host holds, and the buffers of the BLAS.
 * @param out        receives the estimate, to be destroyed by the caller; NULL on failure
 * @param solver     the options, copied as far as they matter; NULL: no solve but divw_vendi_score()
 * @param rows       rows in memory, at least 1
 * @param d          numbers per row, at least 1
 * @param dtype      their type, for example DIVW_FLOAT32
 * @param n          how many of the rows are selected, 1 to `rows` (or more, where rows are named more than once)
 * @param components how many principal components divw_dataset_components() will keep, at most n and d; 0: it is not
 *                   called. The dataset of the rows themselves is taken to be destroyed then
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_MEMORY
 *
 * Cost: none to speak of; nothing is measured.
 * @since 0.1
 */
DIVW_API divw_status divw_estimate_create(divw_estimate **out, const divw_solver *solver, int64_t rows, int64_t d,
                                          int32_t dtype, int64_t n, int64_t components);

/**
 * @brief The same for a kernel of divw_kernel_create_with().
 *
 * Where features come from the n x n matrix of similarities, that is everything but cosine and linear of at least as
 * many rows as columns, the rank is taken for n: it is not known before.
 * @param out        as in divw_estimate_create()
 * @param solver     likewise
 * @param similarity which similarity; NULL: cosine
 * @param rows       likewise
 * @param d          likewise
 * @param dtype      likewise
 * @param n          likewise
 * @param components likewise
 * @return as divw_estimate_create()
 * @since 0.1
 */
DIVW_API divw_status divw_estimate_create_with(divw_estimate **out, const divw_solver *solver,
                                               const divw_similarity *similarity, int64_t rows, int64_t d,
                                               int32_t dtype, int64_t n, int64_t components);

/**
 * @brief The same for rows that stay where they are (divw_dataset_open(), divw_dataset_create_stream()): in place of
 * the rows, the pieces of them that a pass holds.
 * @param out        as in divw_estimate_create_with()
 * @param solver     likewise
 * @param similarity likewise
 * @param rows       how many there are, at least 1
 * @param d          as in divw_estimate_create_with()
 * @param dtype      likewise
 * @param n          likewise
 * @param components likewise; the reduced rows are in memory
 * @return as divw_estimate_create()
 * @since 0.1
 */
DIVW_API divw_status divw_estimate_create_streamed(divw_estimate **out, const divw_solver *solver,
                                                   const divw_similarity *similarity, int64_t rows, int64_t d,
                                                   int32_t dtype, int64_t n, int64_t components);

/**
 * @brief The same for features that stand for a similarity: divw_kernel_create_low_rank() and
 * divw_kernel_create_features(). Made without a solver: for divw_vendi_score() and divw_vendi_interval().
 *
 * No matrix of n x n enters, and memory grows as n rank.
 * @param out           as in divw_estimate_create_with()
 * @param solver        likewise
 * @param similarity    likewise
 * @param approximation DIVW_APPROXIMATION_CHOLESKY or DIVW_APPROXIMATION_FEATURES
 * @param rank          how many features, 1 or more; the estimate is that of all of them, also where a tolerance or the
 *                      data may end with fewer
 * @param residual      0, or the residual that may end with fewer: above 256 features room for them grows then, which
 *                      takes half as much again while they are made
 * @param streamed      0: rows in memory; 1: as in divw_estimate_create_streamed()
 * @param rows          as in divw_estimate_create_streamed()
 * @param d             likewise
 * @param dtype         likewise
 * @param n             likewise
 * @param components    likewise
 * @return as divw_estimate_create()
 * @since 0.1
 */
DIVW_API divw_status divw_estimate_create_low_rank(divw_estimate **out, const divw_solver *solver,
                                                   const divw_similarity *similarity, int32_t approximation,
                                                   int64_t rank, double residual, int32_t streamed, int64_t rows,
                                                   int64_t d, int32_t dtype, int64_t n, int64_t components);

/**
 * @brief The same for divw_vendi_score_two(), which has no features at all. Its memory is DIVW_MEMORY_SOLVER.
 * @param out        as in divw_estimate_create_with()
 * @param similarity likewise
 * @param streamed   0: rows in memory; 1: as in divw_estimate_create_streamed()
 * @param rows       as in divw_estimate_create_streamed()
 * @param d          likewise
 * @param dtype      likewise
 * @param n          likewise
 * @param components likewise
 * @return as divw_estimate_create()
 * @since 0.1
 */
DIVW_API divw_status divw_estimate_create_score_two(divw_estimate **out, const divw_similarity *similarity,
                                                    int32_t streamed, int64_t rows, int64_t d, int32_t dtype, int64_t n,
                                                    int64_t components);

/**
 * @brief Ends an estimate.
 * @param estimate the estimate; NULL is accepted
 * @since 0.1
 */
DIVW_API void divw_estimate_destroy(divw_estimate *estimate);

/**
 * @brief Memory.
 * @param estimate the estimate, or NULL
 * @param part     for example DIVW_MEMORY_PEAK
 * @return bytes; NaN for NULL and for numbers that are no part
 * @since 0.1
 */
DIVW_API double divw_estimate_bytes(const divw_estimate *estimate, int32_t part);

/**
 * @brief Whether a solve may come to use a method. DIVW_METHOD_AUTO may come to use two; which one it begins with can
 * depend on the data.
 * @param estimate the estimate, or NULL
 * @param method   for example DIVW_METHOD_ACCELERATED
 * @return 1 or 0; 0 for NULL and for DIVW_METHOD_AUTO
 * @since 0.1
 */
DIVW_API int32_t divw_estimate_uses(const divw_estimate *estimate, int32_t method);

/**
 * @brief Measures how fast this machine is on random rows of the kind, and says how long an iteration will take.
 *
 * For the number of threads that is set now, and a machine that does nothing else. docs/pages/stage_solver.md compares
 * with measurements.
 * @param estimate the estimate; not NULL
 * @param method   DIVW_METHOD_ACCELERATED, DIVW_METHOD_INTERIOR_POINT or DIVW_METHOD_ADAM, used or not
 * @param seconds  receives the seconds of an iteration; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (another method; an estimate without a solver); DIVW_ERROR_MEMORY;
 *         DIVW_ERROR_NUMERICAL
 *
 * Cost: some tenths of a second, at most 16 MB.
 * @since 0.1
 */
DIVW_API divw_status divw_estimate_seconds(const divw_estimate *estimate, int32_t method, double *seconds);

#ifdef __cplusplus
}
#endif

#endif
