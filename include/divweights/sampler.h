/**
 * @file sampler.h
 * @brief Last stage: draws training examples with their weights.
 *
 * Weights become whole numbers: row i owns exactly w_i of 2^64 equally likely outcomes. Draw number i of epoch e is a
 * function of (weights, seed, e, i) alone, so batch sizes, restarts and the number of readers never change the
 * sequence, nor do machine, compiler and version of the library: docs/sampler.md freezes it. stream.h has a cursor
 * over it, for batches and ranks.
 *
 * Sources: Walker, ACM TOMS 3 (1977); Vose, IEEE TSE 17 (1991); Efraimidis, Spirakis, IPL 97 (2006); Salmon, Moraes,
 * Dror, Shaw, SC11 (Philox4x32-10).
 */
#ifndef DIVWEIGHTS_SAMPLER_H
#define DIVWEIGHTS_SAMPLER_H

#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A table to draw from; never changes once made, so threads may share it. @since 0.1 */
typedef struct divw_sampler divw_sampler;

/** How an epoch is drawn. @since 0.1 */
enum {
  /** Each draw apart from all others. Epochs have no end: they are other sequences of the same kind. */
  DIVW_SCHEME_WITH_REPLACEMENT = 1,
  /** One draw after the other from what is left (an exponential race): an exact weighted sample of the length of an
      epoch, in random order; at full length a weighted permutation of all rows of positive weight. */
  DIVW_SCHEME_WITHOUT_REPLACEMENT = 2,
  /** In an epoch of m draws every row comes floor or ceil(m w_i / 2^64) times, m w_i / 2^64 on average, in random
      order: the counts vary as little as they can. Neighbours in the order of the rows exclude each other more than
      chance would where m is far below n. */
  DIVW_SCHEME_SYSTEMATIC = 3
};

/**
 * @brief Name of a scheme.
 * @param scheme DIVW_SCHEME_*
 * @return for example "with-replacement"; "unknown" for other numbers
 * @since 0.1
 */
DIVW_API const char *divw_scheme_name(int32_t scheme);

/**
 * @brief Makes a sampler that draws with replacement.
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
 * Cost: O(n) time, about 40 ns a row on one thread; from 2^17 rows on, up to divw_threads() threads share it. 12 n
 * bytes (13 n above 2^32 rows), and none besides while it is made.
 * @since 0.1
 */
DIVW_API divw_status divw_sampler_create(divw_sampler **out, const double *p, int64_t count, uint64_t seed);

/**
 * @brief Makes a sampler of any scheme, with epochs of a length, and balanced over labels where there are any.
 *
 * With labels, of every G draws of an epoch from number 0 on (G: how many labels there are), one is of each label, in
 * an order that changes; within a label its rows are drawn with their weights, by the scheme. So a batch of B draws has
 * each label B / G times where G divides B and its first position, and from floor(B / G) - 1 to ceil(B / G) + 1 times
 * elsewhere; what the labels weigh together does not count. Within each label the whole numbers w_i sum to 2^64.
 * @param out          receives the sampler, to be destroyed by the caller; NULL on failure
 * @param p            as in divw_sampler_create()
 * @param count        n, from 1 to 2^40
 * @param seed         any number: the key of the random sequence
 * @param scheme       DIVW_SCHEME_*
 * @param epoch_length draws in an epoch, from 1 to 2^40, a multiple of G; without replacement at most G times the
 *                     positive weights of the label that has the fewest. 0: as many as that without replacement, n
 *                     (rounded down to a multiple of G) for systematic epochs. With replacement 0 only.
 * @param labels       n numbers, any; NULL: not balanced
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA (as in divw_sampler_create(); also where all weights of a label
 *         are 0); DIVW_ERROR_MEMORY
 *
 * Cost: O(n) time. 12 n bytes with replacement, 8 n without, 10 n for systematic epochs; with labels 8 n more, and 32 n
 * while it is made.
 * @since 0.1
 */
DIVW_API divw_status divw_sampler_create_epochs(divw_sampler **out, const double *p, int64_t count, uint64_t seed,
                                                int32_t scheme, int64_t epoch_length, const int64_t *labels);

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
 * @brief How an epoch is drawn.
 * @param sampler the sampler, or NULL
 * @return DIVW_SCHEME_*; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_sampler_scheme(const divw_sampler *sampler);

/**
 * @brief The key of the random sequence.
 * @param sampler the sampler, or NULL
 * @return the seed; 0 for NULL
 * @since 0.1
 */
DIVW_API uint64_t divw_sampler_seed(const divw_sampler *sampler);

/**
 * @brief Draws in an epoch.
 * @param sampler the sampler, or NULL
 * @return at least 1; 0 with replacement, where epochs have no end, and for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_sampler_epoch_length(const divw_sampler *sampler);

/**
 * @brief Number of labels that draws are balanced over.
 * @param sampler the sampler, or NULL
 * @return at least 1, which it is without labels, too; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_sampler_groups(const divw_sampler *sampler);

/**
 * @brief A number that tells the whole numbers of this sampler (and its labels) from others: docs/sampler.md.
 * @param sampler the sampler, or NULL
 * @return the fingerprint; 0 for NULL
 * @since 0.1
 */
DIVW_API uint64_t divw_sampler_fingerprint(const divw_sampler *sampler);

/**
 * @brief Draws examples number first, first + 1, ... of an epoch.
 *
 * Two calls for neighbouring ranges give the same as one call for both. Where epochs have a length m, draw i >= m of
 * epoch e is draw i - m of epoch e + 1.
 * @param sampler the sampler; not NULL
 * @param epoch   which sequence, 0 .. 2^32 - 1
 * @param first   position of the first draw in the epoch, at least 0
 * @param count   how many, 0 or more
 * @param indices receives count positions in 0 .. n-1 (not row numbers of a file: see divw_weights_rows()); not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (also where first + count is beyond 2^63 - 1, or epoch 2^32 - 1 ends before it);
 *         DIVW_ERROR_MEMORY without replacement
 *
 * Cost: O(1) a draw, no allocation (docs/sampler.md has measurements). Without replacement O(n) a call and epoch, and
 * 40 bytes for each row of the epoch meanwhile: a stream keeps what it needs instead. Threads may draw from one sampler
 * at once.
 * @since 0.1
 */
DIVW_API divw_status divw_sampler_draw(const divw_sampler *sampler, int64_t epoch, int64_t first, int64_t count,
                                       int64_t *indices);

/**
 * @brief The whole numbers that the weights became: row i is drawn with probability exactly w_i / 2^64 (among those of
 *        its label, where there are labels).
 * @param sampler the sampler; not NULL
 * @param mass    receives n numbers w_i, modulo 2^64 (2^64 itself, when one row has all the weight, shows as 0); not
 *                NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_MEMORY (with labels)
 *
 * They are counted from the table that draws use, in one pass over it.
 * @since 0.1
 */
DIVW_API divw_status divw_sampler_mass(const divw_sampler *sampler, uint64_t *mass);

/**
 * @brief How often examples repeat in an epoch, on average.
 *
 * Of d draws, sum (1 - (1 - P_i)^d) are expected to be distinct with replacement, sum min(1, d P_i) systematically, and
 * d without replacement; P_i is the probability of row i, and the rest are repeats. (With labels, d / G draws for each
 * label, and P_i within it.)
 * @param sampler  the sampler; not NULL
 * @param draws    with replacement: how many draws to call an epoch, 0 for n. Otherwise 0: an epoch
 * @param repeats  receives draws minus expected distinct ones; not NULL
 * @param heaviest receives how often the row that is drawn most often is drawn, d P_i, on average (1 at most without
 *                 replacement); not NULL
 * @param row      receives which row that is, the first of them; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_MEMORY
 *
 * Cost: O(n), and 8 n bytes meanwhile. Without replacement d P_i is an upper bound.
 * @since 0.1
 */
DIVW_API divw_status divw_sampler_repeats(const divw_sampler *sampler, int64_t draws, double *repeats, double *heaviest,
                                          int64_t *row);

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
