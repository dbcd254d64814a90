/**
 * @file sampler.h
 * @brief Last stage: draws training examples with their weights.
 *
 * Draws are with replacement, in O(1) each, from an alias table of whole numbers: row i owns exactly w_i of the
 * 2^64 equally likely outcomes of a draw. Draw number i of epoch e is a function of (weights, seed, e, i) alone, so
 * batch sizes, restarts and the number of readers never change the sequence, nor do machine, compiler and version of
 * the library: docs/sampler.md freezes it.
 *
 * Sources: Walker, ACM TOMS 3 (1977); Vose, IEEE TSE 17 (1991); Salmon, Moraes, Dror, Shaw, SC11 (Philox4x32-10).
 */
#ifndef DIVWEIGHTS_SAMPLER_H
#define DIVWEIGHTS_SAMPLER_H

#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A table to draw from; never changes once made, so threads may share it. @since 0.1 */
typedef struct divw_sampler divw_sampler;

/**
 * @brief Makes a sampler.
 *
 * The weights are scaled to whole numbers w_i with sum exactly 2^64, the numbers of outcomes that mean row i. With
 * s_i = p_i / sum p,
 *
 *     |w_i - 2^64 s_i| < 4 + 3 n s_i,    w_i = 0 where p_i = 0,    w_i >= 1 where p_i > 0,
 *
 * so a weight of 0 is never drawn, one far too small for the scale has the probability 2^-64, and all probabilities
 * together are off by less than 7 n 2^-64. Scaling all weights by a power of two changes nothing (as long as none is
 * rounded by it).
 * @param out   receives the sampler, to be destroyed by the caller; NULL on failure
 * @param p     n weights, finite and non-negative, not all 0; need not sum to 1; not NULL, read only here
 * @param count n, from 1 to 2^40
 * @param seed  any number: the key of the random sequence
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA (the first weight that is negative, NaN or Inf is named, or
 *         all are 0); DIVW_ERROR_MEMORY
 *
 * Cost: O(n) time, about 55 ns a row; 16 n bytes, 24 n while it is made.
 * @since 0.1
 */
DIVW_API divw_status divw_sampler_create(divw_sampler **out, const double *p, int64_t count, uint64_t seed);

/**
 * @brief Ends a sampler.
 * @param sampler the sampler; NULL is accepted
 * @since 0.1
 */
DIVW_API void divw_sampler_destroy(divw_sampler *sampler);

/**
 * @brief Number of weights.
 * @param sampler the sampler, or NULL
 * @return n; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_sampler_count(const divw_sampler *sampler);

/**
 * @brief Draws examples number first, first + 1, ... of an epoch.
 *
 * Two calls for neighbouring ranges give the same as one call for both.
 * @param sampler the sampler; not NULL
 * @param epoch   which sequence, 0 .. 2^32 - 1
 * @param first   position of the first draw in the epoch, at least 0
 * @param count   how many, 0 or more
 * @param indices receives count positions in 0 .. n-1 (not row numbers of a file: see divw_weights_rows()); not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (also where first + count is beyond 2^63 - 1)
 *
 * Cost: O(1) a draw, no allocation; about 5 ns at n = 10^4, where the table fits a near cache, 15 ns at n = 10^6,
 * mostly waiting for memory. Threads may draw from one sampler at once.
 * @since 0.1
 */
DIVW_API divw_status divw_sampler_draw(const divw_sampler *sampler, int64_t epoch, int64_t first, int64_t count,
                                       int64_t *indices);

/**
 * @brief The whole numbers that the weights became: row i is drawn with probability exactly w_i / 2^64.
 * @param sampler the sampler; not NULL
 * @param mass    receives n numbers w_i, modulo 2^64 (2^64 itself, when one row has all the weight, shows as 0); not
 *                NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 *
 * They are counted from the table that draws use, in one pass over it.
 * @since 0.1
 */
DIVW_API divw_status divw_sampler_mass(const divw_sampler *sampler, uint64_t *mass);

/**
 * @brief Writes draws to a one-axis `.npy` of little-endian int64, in constant memory.
 * @param sampler the sampler; not NULL
 * @param epoch   as in divw_sampler_draw()
 * @param first   as in divw_sampler_draw()
 * @param count   how many, 0 or more
 * @param rows    n numbers to write instead of the positions (row numbers of the file the weights were made
 *                from); NULL: the positions
 * @param path    the target, which appears complete or not at all; an existing file is replaced; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_FILE; DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_sampler_save_draws(const divw_sampler *sampler, int64_t epoch, int64_t first, int64_t count,
                                             const int64_t *rows, const char *path);

#ifdef __cplusplus
}
#endif

#endif
