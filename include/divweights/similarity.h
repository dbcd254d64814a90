/**
 * @file similarity.h
 * @brief Between the first two stages: which similarity, with which parameters.
 *
 * A similarity k(x, y) says how alike two rows are, from k(x, x) = 1 down to 0 or below. The object holds options only:
 * divw_kernel_create_with() binds them to a dataset, chooses what was left to be chosen, and copies them, so that one
 * object serves many kernels. Every similarity here is positive semidefinite; matrices and functions of the caller are
 * checked for it.
 *
 * - cosine: <x,y> / (|x| |y|); linear: <x,y>, of rows of length 1
 * - gaussian: exp(-|x-y|^2 / (2 s^2)), s the bandwidth
 * - laplacian: exp(-sum |x_l - y_l| / s)
 * - matern: e^-z, (1 + z) e^-z or (1 + z + z^2/3) e^-z at nu = 0.5, 1.5 or 2.5, with z = sqrt(2 nu) |x-y| / s
 * - polynomial: (<x,y>/d + c)^m, divided by the root of its values at x, x and y, y; m the degree, c the offset
 * - cosine-power: the cosine to the power m
 * - arc-cosine: that of a layer of infinitely many units of degree 0 (1 - angle/pi), 1 or 2, normalised
 * - tanimoto: sum min(x,y) / sum max(x,y), of numbers of at least 0 or of bits; 1 for two empty rows
 * - precomputed: x_j, with j the row number of y: the dataset is the matrix
 * - function: what a function of the caller's answers
 *
 * Sources: Rasmussen, Williams, Gaussian Processes for Machine Learning (2006), 4.2 (Gaussian, Matern); Cho, Saul,
 * NIPS 2009 (arc-cosine); Ralaivola et al., Neural Networks 18 (2005) 1093-1110 (Tanimoto, min-max).
 */
#ifndef DIVWEIGHTS_SIMILARITY_H
#define DIVWEIGHTS_SIMILARITY_H

#include <divweights/dataset.h>
#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A similarity and its parameters. @since 0.1 */
typedef struct divw_similarity divw_similarity;

/** How the bandwidth is chosen. @since 0.1 */
enum {
  DIVW_BANDWIDTH_GIVEN = 1,  /**< a number */
  DIVW_BANDWIDTH_MEDIAN = 2, /**< the median distance of pairs of rows */
  DIVW_BANDWIDTH_VENDI = 3   /**< the one at which the rows, evenly weighted, have a given Vendi Score */
};

/**
 * @brief Options of a similarity, all at their defaults: the bandwidth by the median of distances (seed 1), degree 3
 * (polynomial), 2 (cosine-power) or 1 (arc-cosine), offset 1, nu 1.5, everything else off.
 * @param out  receives the object, to be destroyed by the caller; NULL on failure
 * @param kind DIVW_KERNEL_COSINE to DIVW_KERNEL_FUNCTION (kernel.h)
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_create(divw_similarity **out, int32_t kind);

/**
 * @brief Ends a similarity; kernels made with it stay valid.
 * @param similarity the similarity; NULL is accepted
 * @since 0.1
 */
DIVW_API void divw_similarity_destroy(divw_similarity *similarity);

/**
 * @brief Which similarity.
 * @param similarity the similarity, or NULL
 * @return for example DIVW_KERNEL_GAUSSIAN; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_similarity_kind(const divw_similarity *similarity);

/* ---- bandwidth: gaussian, laplacian, matern ---- */

/**
 * @brief Sets the bandwidth to a number.
 * @param similarity a similarity that has a bandwidth; not NULL
 * @param bandwidth  above 0, finite, in the unit of the rows
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_set_bandwidth(divw_similarity *similarity, double bandwidth);

/**
 * @brief Leaves the bandwidth to the data: the median of the distances of up to 10,000 pairs of rows, drawn at random
 * (all pairs where there are no more), that of rows that are equal left out; 1 where all are equal. The distance
 * is the one that the similarity is of.
 * @param similarity a similarity that has a bandwidth; not NULL
 * @param seed       of the pairs: the same seed and data give the same bandwidth
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_set_bandwidth_median(divw_similarity *similarity, uint64_t seed);

/**
 * @brief Leaves the bandwidth to the data: the one at which the rows, evenly weighted, have this Vendi Score of order
 * 1, to a relative 1e-6.
 *
 * Each step of the search factors the n x n matrix anew (about ten steps).
 * @param similarity a similarity that has a bandwidth; not NULL
 * @param score      above 1; the kernel is refused where it is not below the score of the distinct rows
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_set_bandwidth_vendi(divw_similarity *similarity, double score);

/**
 * @brief Chooses what was left to the data now, so that it is the same for other data: the bandwidth becomes a number.
 *
 * Scores of two data sets can be compared at the same bandwidth only: choose it on one of them, and make both kernels
 * with the similarity. Nothing changes where there is nothing to choose.
 * @param similarity the similarity; not NULL
 * @param dataset    the rows that it is chosen by; not NULL
 * @return as divw_kernel_create_with(), which checks the rows likewise; the similarity is as it was then
 *
 * Cost: of the rule, and one read of the rows.
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_choose(divw_similarity *similarity, const divw_dataset *dataset);

/**
 * @brief How the bandwidth is chosen.
 * @param similarity the similarity, or NULL
 * @return DIVW_BANDWIDTH_GIVEN, DIVW_BANDWIDTH_MEDIAN or DIVW_BANDWIDTH_VENDI; 0 for NULL and without a bandwidth
 * @since 0.1
 */
DIVW_API int32_t divw_similarity_bandwidth_rule(const divw_similarity *similarity);

/**
 * @brief The bandwidth: the number that was set, or, of divw_kernel_parameters(), that was chosen.
 * @param similarity the similarity, or NULL
 * @return the bandwidth; NaN for NULL, without a bandwidth, and before it is chosen
 * @since 0.1
 */
DIVW_API double divw_similarity_bandwidth(const divw_similarity *similarity);

/**
 * @brief The Vendi Score that was asked for.
 * @param similarity the similarity, or NULL
 * @return what divw_similarity_set_bandwidth_vendi() was given; NaN where the bandwidth is not chosen by it
 * @since 0.1
 */
DIVW_API double divw_similarity_bandwidth_vendi(const divw_similarity *similarity);

/**
 * @brief The seed of the sampled pairs.
 * @param similarity the similarity, or NULL
 * @return the seed; 0 for NULL
 * @since 0.1
 */
DIVW_API uint64_t divw_similarity_bandwidth_seed(const divw_similarity *similarity);

/* ---- other parameters ---- */

/**
 * @brief Sets the degree.
 * @param similarity a polynomial, cosine-power or arc-cosine similarity; not NULL
 * @param degree     1 to 64; for arc-cosine 0, 1 or 2
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_set_degree(divw_similarity *similarity, int32_t degree);

/**
 * @brief The degree.
 * @param similarity the similarity, or NULL
 * @return the degree; 0 for NULL; -1 for a similarity that has none
 * @since 0.1
 */
DIVW_API int32_t divw_similarity_degree(const divw_similarity *similarity);

/**
 * @brief Sets the offset c of the polynomial: the larger, the more alike all rows are.
 * @param similarity a polynomial similarity; not NULL
 * @param offset     at least 0, finite; at 0 a row of zeros is an error
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_set_offset(divw_similarity *similarity, double offset);

/**
 * @brief The offset.
 * @param similarity the similarity, or NULL
 * @return the offset; NaN for NULL and for a similarity that has none
 * @since 0.1
 */
DIVW_API double divw_similarity_offset(const divw_similarity *similarity);

/**
 * @brief Sets how smooth the Matern similarity is.
 * @param similarity a matern similarity; not NULL
 * @param nu         0.5, 1.5 or 2.5
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_set_nu(divw_similarity *similarity, double nu);

/**
 * @brief nu of the Matern similarity.
 * @param similarity the similarity, or NULL
 * @return nu; NaN for NULL and for a similarity that has none
 * @since 0.1
 */
DIVW_API double divw_similarity_nu(const divw_similarity *similarity);

/**
 * @brief Says that rows are packed bits: every byte of a uint8 row is eight of them, in any order.
 * @param similarity a tanimoto similarity; not NULL
 * @param bits       0: a number is a count, or 0 and 1; other numbers: it is eight bits
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_set_bits(divw_similarity *similarity, int32_t bits);

/**
 * @brief Whether rows are packed bits.
 * @param similarity the similarity, or NULL
 * @return 1 or 0; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_similarity_bits(const divw_similarity *similarity);

/* ---- similarities of the caller ---- */

/**
 * @brief Divides k(x, y) by the root of k(x, x) k(y, y), where it is not 1 already.
 * @param similarity a precomputed or function similarity; not NULL
 * @param normalise  0: a k(x, x) other than 1 (within 1e-6) is an error; other numbers: it is divided by
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_set_normalise(divw_similarity *similarity, int32_t normalise);

/**
 * @brief Whether similarities are normalised.
 * @param similarity the similarity, or NULL
 * @return 1 or 0; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_similarity_normalise(const divw_similarity *similarity);

/**
 * @brief What to do with negative eigenvalues of the similarity matrix: an error that names the most negative one, or
 * they are set to 0 and the diagonal to 1 again, and divw_kernel_clipped() says how much that was.
 * @param similarity a precomputed or function similarity; not NULL
 * @param clip       0: an error; other numbers: set to 0
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_set_clip_negative(divw_similarity *similarity, int32_t clip);

/**
 * @brief Whether negative eigenvalues are set to 0.
 * @param similarity the similarity, or NULL
 * @return 1 or 0; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_similarity_clip_negative(const divw_similarity *similarity);

/**
 * @brief Similarities of m rows with n rows, k[i * n + j] = k(x_i, y_j).
 * @param user what divw_similarity_set_function() was given
 * @param x    m x d numbers, row-major
 * @param m    how many rows, at least 1
 * @param y    n x d numbers, row-major
 * @param n    how many rows, at least 1
 * @param d    numbers per row, those of the dataset
 * @param k    receives m x n similarities
 * @return 0; any other number ends the call with DIVW_ERROR_DATA
 *
 * Called on the thread that called the library. Examples that are no numbers (texts, graphs) can be rows of one
 * number, their place: divw_kernel_create_function() does that.
 * @since 0.1
 */
typedef int32_t (*divw_similarity_fn)(void *user, const double *x, int64_t m, const double *y, int64_t n, int64_t d,
                                      double *k);

/**
 * @brief The similarity of two rows of d numbers.
 * @param user what divw_similarity_set_pair_function() was given
 * @param x    d numbers
 * @param y    d numbers
 * @param d    numbers per row
 * @return k(x, y)
 * @since 0.1
 */
typedef double (*divw_similarity_pair_fn)(void *user, const double *x, const double *y, int64_t d);

/**
 * @brief Sets the function of a function similarity, by blocks; it takes the place of one for pairs.
 * @param similarity a function similarity; not NULL
 * @param function   the function; not NULL. Has to answer the same whenever it is asked the same, as long as kernels
 *                   made with it live
 * @param user       handed to it, may be NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_set_function(divw_similarity *similarity, divw_similarity_fn function, void *user);

/**
 * @brief The same, by pairs; it takes the place of one for blocks.
 * @param similarity a function similarity; not NULL
 * @param function   the function; not NULL
 * @param user       handed to it, may be NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_similarity_set_pair_function(divw_similarity *similarity, divw_similarity_pair_fn function,
                                                       void *user);

#ifdef __cplusplus
}
#endif

#endif
