/**
 * @file evaluate.h
 * @brief How close generated examples are to weighted data: Frechet distance, MMD and KID, precision and recall,
 *        density and coverage, and how far scores of diversity can be trusted.
 *
 * Reference rows x_i have weights p_i, generated rows y_j weights v_j; NULL weighs all rows the same. Weights are
 * non-negative and sum to 1 within 1e-6. **A row of weight 0 is as if it were not there**, and n always counts rows of
 * positive weight. Rows are taken as they are: features of any network, or raw data.
 *
 * What is not defined (a variance of one row, the fifth neighbour of three) is NaN, and the call succeeds. Standard
 * errors are of one standard deviation. Formulas, with what they promise and where repeating a row is not the same as
 * giving it weight: docs/mathematics.md, section 11.
 */
#ifndef DIVWEIGHTS_EVALUATE_H
#define DIVWEIGHTS_EVALUATE_H

#include <divweights/dataset.h>
#include <divweights/kernel.h>
#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Mean and covariance of weighted rows, all that the Frechet distance needs of them; never changes. @since 0.1 */
typedef struct divw_statistics divw_statistics;

/** What a weighted covariance sum p_i (x_i - mean)(x_i - mean)^T is multiplied by. @since 0.1 */
enum {
  DIVW_COVARIANCE_POPULATION = 1, /**< 1: the rows are all there is (ddof 0) */
  DIVW_COVARIANCE_SAMPLE = 2,     /**< n/(n-1) (ddof 1) */
  DIVW_COVARIANCE_EFFECTIVE = 3   /**< 1/(1 - sum p^2), unbiased for fixed weights; n/(n-1) where they are equal */
};

/** Kernels of divw_evaluate_mmd(), with the parameter that each takes. @since 0.1 */
enum {
  DIVW_MMD_POLYNOMIAL = 1, /**< (<x,y>/d + 1)^degree; parameter: the degree, 1 to 20. Degree 3 is that of KID */
  DIVW_MMD_GAUSSIAN = 2,   /**< exp(-|x-y|^2 / (2 s^2)); parameter: the bandwidth s > 0 */
  DIVW_MMD_COSINE = 3,     /**< <x,y> / (|x| |y|); parameter: not used; a row of zeros is an error */
  DIVW_MMD_LINEAR = 4      /**< <x,y>; parameter: not used */
};

/** Places in the results of divw_evaluate_prdc(). @since 0.1 */
enum {
  DIVW_PRDC_PRECISION = 0, /**< share of generated rows that lie in a ball around a reference row */
  DIVW_PRDC_RECALL = 1,    /**< share of reference rows that lie in a ball around a generated row */
  DIVW_PRDC_DENSITY = 2,   /**< how many balls around reference rows a generated row lies in, over k; may exceed 1 */
  DIVW_PRDC_COVERAGE = 3   /**< share of reference rows whose ball holds a generated row */
};

/**
 * @brief The number of equally weighted rows that would have as large a sum p^2: 1 / sum p^2 (Kish).
 * @param p     n probabilities, non-negative, not all 0, scaled to sum 1; NULL: all the same
 * @param count n, at least 1
 * @return from 1 to n; NaN where an argument is out of range
 *
 * It is what variances of weighted means go by, and at most exp H(p), the effective examples of weights.h.
 * @since 0.1
 */
DIVW_API double divw_evaluate_effective_count(const double *p, int64_t count);

/**
 * @brief Mean and covariance of the rows of a dataset under weights.
 * @param out        receives the statistics, to be destroyed by the caller; NULL on failure
 * @param dataset    n x d rows; not NULL, not needed afterwards
 * @param p          n weights, or NULL
 * @param covariance DIVW_COVARIANCE_POPULATION, _SAMPLE or _EFFECTIVE; the latter two need two rows of positive weight
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA (NaN, Inf: row and column are named; a single row of positive
 *         weight; numbers whose squares overflow); DIVW_ERROR_SIZE (d above 32,766 where n >= d); DIVW_ERROR_MEMORY
 *
 * Cost: three reads of the data, n d^2 operations and 8 d^2 bytes; where n < d, 8 n d bytes and no operations: the
 * centred rows themselves are kept, a factor of the covariance.
 * @since 0.1
 */
DIVW_API divw_status divw_statistics_create(divw_statistics **out, const divw_dataset *dataset, const double *p,
                                            int32_t covariance);

/**
 * @brief Reads statistics from an `.npz` with `mu` (d) and `sigma` (d x d), as pytorch-fid or divw_statistics_save()
 *        write it, of float64 or float32.
 * @param out  receives the statistics, to be destroyed by the caller; NULL on failure
 * @param path the file; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (NULL; no array mu or sigma: those that there are are named); DIVW_ERROR_FILE;
 *         DIVW_ERROR_FORMAT (shapes that do not fit; a damaged file); DIVW_ERROR_DATA (not finite, not symmetric
 *         within 1e-6 of its largest number, a negative variance); DIVW_ERROR_SIZE; DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_statistics_load(divw_statistics **out, const char *path);

/**
 * @brief Writes statistics as an `.npz`, which pytorch-fid and NumPy read: `mu`, `sigma`, and of one number each
 *        `n`, `effective_n` and `covariance` where they are known. The file appears complete or not at all.
 * @param statistics the statistics; not NULL
 * @param path       the target; not NULL; an existing file is replaced
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_FILE; DIVW_ERROR_SIZE (d above 23,169: 4 GiB); DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_statistics_save(const divw_statistics *statistics, const char *path);

/**
 * @brief Ends statistics.
 * @param statistics the statistics; NULL is accepted
 * @since 0.1
 */
DIVW_API void divw_statistics_destroy(divw_statistics *statistics);

/**
 * @brief Rows of positive weight.
 * @param statistics the statistics, or NULL
 * @return n; 0 for NULL and for a file that does not say
 * @since 0.1
 */
DIVW_API int64_t divw_statistics_count(const divw_statistics *statistics);

/**
 * @brief Numbers per row.
 * @param statistics the statistics, or NULL
 * @return d; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_statistics_dimension(const divw_statistics *statistics);

/**
 * @brief 1 / sum p^2. Below d the covariance is singular or nearly so, and the Frechet distance is biased upwards.
 * @param statistics the statistics, or NULL
 * @return from 1 to n; NaN for NULL and for a file that does not say
 * @since 0.1
 */
DIVW_API double divw_statistics_effective_count(const divw_statistics *statistics);

/**
 * @brief The convention of the covariance.
 * @param statistics the statistics, or NULL
 * @return for example DIVW_COVARIANCE_EFFECTIVE; 0 for NULL and for a file that does not say
 * @since 0.1
 */
DIVW_API int32_t divw_statistics_covariance(const divw_statistics *statistics);

/**
 * @brief Copies mean and covariance out.
 * @param statistics the statistics; not NULL
 * @param mean       receives d numbers; NULL: not wanted
 * @param sigma      receives d x d numbers; NULL: not wanted
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_SIZE (sigma is wanted and d above 32,766)
 *
 * Cost: where n < d, n d^2 operations for sigma.
 * @since 0.1
 */
DIVW_API divw_status divw_statistics_read(const divw_statistics *statistics, double *mean, double *sigma);

/**
 * @brief The Frechet distance of two Gaussians with these statistics (FID where rows are Inception features).
 *
 *     |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1^1/2 S2 S1^1/2)^1/2
 * @param reference one; not NULL
 * @param generated the other, of the same d; not NULL
 * @param distance  receives the distance, at least 0; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA (it overflows); DIVW_ERROR_NUMERICAL; DIVW_ERROR_SIZE;
 *         DIVW_ERROR_MEMORY
 *
 * Right to about d u (tr S1 + tr S2), u = 1.1e-16. Cost: with m = min(n, d) on either side, 2 m1 m2 d operations and
 * singular values of an m1 x m2 matrix. Source: Heusel et al., NIPS 2017; Dowson and Landau 1982.
 * @since 0.1
 */
DIVW_API divw_status divw_evaluate_fid(const divw_statistics *reference, const divw_statistics *generated,
                                       double *distance);

/**
 * @brief Squared maximum mean discrepancy of all pairs of rows: between the two weighted sets, and unbiased for the
 *        distributions behind them (with the polynomial kernel of degree 3: KID).
 *
 *     biased    sum p_i p_j k(x_i,x_j) + sum v_i v_j k(y_i,y_j) - 2 sum p_i v_j k(x_i,y_j)
 *     unbiased  the same without i = j in the first two, over 1 - sum p^2 and 1 - sum v^2
 * @param reference n x d rows; not NULL
 * @param p         their weights, or NULL
 * @param generated m x d rows; not NULL
 * @param v         their weights, or NULL
 * @param kernel    DIVW_MMD_POLYNOMIAL, _GAUSSIAN, _COSINE or _LINEAR
 * @param parameter of the kernel
 * @param biased    receives the first; NULL: not wanted
 * @param unbiased  receives the second, which may be negative; NaN where a side has one row; NULL: not wanted
 * @param error     receives its standard error, likewise; NULL: not wanted
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA (NaN, Inf; rows of zeros for cosine; overflow);
 *         DIVW_ERROR_MEMORY
 *
 * Cost: (n + m)^2 d operations; memory O(n + m) and three blocks of at most 8 MiB (or 64 rows).
 * Source: Gretton et al., JMLR 13 (2012); Binkowski et al., ICLR 2018.
 * @since 0.1
 */
DIVW_API divw_status divw_evaluate_mmd(const divw_dataset *reference, const double *p, const divw_dataset *generated,
                                       const double *v, int32_t kernel, double parameter, double *biased,
                                       double *unbiased, double *error);

/**
 * @brief The unbiased one as the mean of estimates on disjoint random blocks of rows, each with its weights scaled to
 *        sum 1; the standard error comes from how they differ. For sets where all pairs are too many.
 * @param reference as in divw_evaluate_mmd()
 * @param p         likewise
 * @param generated likewise
 * @param v         likewise
 * @param kernel    likewise
 * @param parameter likewise
 * @param block     rows of either side in a block, at least 2; min(n, m) / block blocks are made, at least one
 * @param seed      which blocks
 * @param unbiased  receives the mean; not NULL
 * @param error     receives its standard error, NaN for one block; NULL: not wanted
 * @return as divw_evaluate_mmd(); DIVW_ERROR_ARGUMENT also for a block larger than n or m
 *
 * Cost: 4 min(n, m) block d operations.
 * @since 0.1
 */
DIVW_API divw_status divw_evaluate_mmd_blocks(const divw_dataset *reference, const double *p,
                                              const divw_dataset *generated, const double *v, int32_t kernel,
                                              double parameter, int64_t block, uint64_t seed, double *unbiased,
                                              double *error);

/**
 * @brief Improved precision and recall, density and coverage, by balls that reach to the k-th neighbour of their
 *        centre.
 *
 * The ball of a row is open and reaches to its k-th nearest other row of the same set, weights aside; copies of it are
 * neighbours at distance 0. Precision and density are means over generated rows under v, recall and coverage over
 * reference rows under p; density = sum_j v_j (n/k) sum_i p_i [y_j in the ball of x_i].
 *
 * Comparisons are exact: they come out as by the distances sum_l (x_l - y_l)^2 in double precision, ties and copies
 * included.
 * @param reference n x d rows; not NULL
 * @param p         their weights, or NULL
 * @param generated m x d rows; not NULL
 * @param v         their weights, or NULL
 * @param k         which neighbour, at least 1
 * @param values    receives four numbers in the places DIVW_PRDC_*; not NULL. NaN where a set whose balls are asked for
 *                  has not more than k rows
 * @param errors    receives their standard errors, of the means with the balls taken as given; NULL: not wanted
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA (NaN, Inf); DIVW_ERROR_MEMORY
 *
 * Cost: (n + m)^2 d operations; memory O((n + m) k) and three blocks of at most 8 MiB (or 64 rows).
 * Source: Kynkaanniemi et al., NeurIPS 2019; Naeem et al., ICML 2020.
 * @since 0.1
 */
DIVW_API divw_status divw_evaluate_prdc(const divw_dataset *reference, const double *p, const divw_dataset *generated,
                                        const double *v, int64_t k, double *values, double *errors);

/**
 * @brief The nearest reference row of every generated row, exactly as above; of equally near ones the first.
 * @param reference n x d rows; not NULL
 * @param generated m x d rows; not NULL
 * @param nearest   receives m positions in `reference`; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA (NaN, Inf); DIVW_ERROR_MEMORY
 *
 * Cost: 2 n m d operations.
 * @since 0.1
 */
DIVW_API divw_status divw_evaluate_nearest(const divw_dataset *reference, const divw_dataset *generated,
                                           int64_t *nearest);

/**
 * @brief How much a Vendi Score would vary from sample to sample: the standard deviation of log VS_q over bootstrap
 *        samples of the rows.
 *
 * VS exp(+-1.96 error) is an interval of 95 %. It is about this number of rows: scores grow with it, see
 * divw_evaluate_vendi_subset().
 * @param kernel  the kernel; not NULL
 * @param p       n weights, or NULL; a row keeps its weight whenever it is drawn
 * @param order   q >= 0, INFINITY is accepted
 * @param samples how many, 2 to 1,000,000
 * @param seed    which
 * @param error   receives the standard deviation of log VS_q, nats; not NULL
 * @return as divw_vendi_score(); DIVW_ERROR_ARGUMENT also for a number of samples out of range
 *
 * Cost: that of divw_vendi_score() for each sample.
 * @since 0.1
 */
DIVW_API divw_status divw_evaluate_vendi_error(const divw_kernel *kernel, const double *p, double order,
                                               int64_t samples, uint64_t seed, double *error);

/**
 * @brief The Vendi Score at another number of rows: the geometric mean over random subsets, weights scaled to sum 1.
 *        It makes scores of sets of different size comparable.
 * @param kernel  the kernel; not NULL
 * @param p       n weights, or NULL
 * @param order   q >= 0, INFINITY is accepted
 * @param size    rows of positive weight in a subset, 1 to n; at n it is the score itself
 * @param samples how many subsets, 1 to 1,000,000
 * @param seed    which
 * @param score   receives the mean; not NULL
 * @return as divw_vendi_score(); DIVW_ERROR_ARGUMENT also for a size or number of samples out of range
 *
 * Cost: at most that of divw_vendi_score() for each subset.
 * @since 0.1
 */
DIVW_API divw_status divw_evaluate_vendi_subset(const divw_kernel *kernel, const double *p, double order, int64_t size,
                                                int64_t samples, uint64_t seed, double *score);

/**
 * @brief Internal diversity: 1 - sum p_i p_j K_ij, one minus the mean similarity of two rows that are drawn by p.
 * @param kernel    the kernel; not NULL
 * @param p         n weights, or NULL
 * @param diversity receives a number from 0 to 1; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_MEMORY
 *
 * Cost: one pass over the rows, n r operations. Source: Benhenda 2017 (arXiv 1708.08227).
 * @since 0.1
 */
DIVW_API divw_status divw_evaluate_internal_diversity(const divw_kernel *kernel, const double *p, double *diversity);

#ifdef __cplusplus
}
#endif

#endif
