/**
 * @file kernel.h
 * @brief Second stage: how similar two examples are, bound to a dataset.
 *
 * A kernel stands for the similarity matrix K (n x n, unit diagonal, positive semidefinite) without forming it
 * where that can be avoided: it produces feature rows phi_i in R^r with <phi_i, phi_j> = K_ij. Everything that
 * follows (scores, weights, certificates) sees the data through phi only.
 */
#ifndef DIVWEIGHTS_KERNEL_H
#define DIVWEIGHTS_KERNEL_H

#include <divweights/dataset.h>
#include <divweights/similarity.h>
#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A similarity, bound to the examples of a dataset. @since 0.1 */
typedef struct divw_kernel divw_kernel;

/** Similarities: similarity.h has their formulas and parameters. @since 0.1 */
enum {
  DIVW_KERNEL_COSINE = 1, /**< k(x,y) = <x,y> / (|x| |y|); a row of zeros is an error */
  DIVW_KERNEL_LINEAR = 2, /**< k(x,y) = <x,y> of rows with |x| = 1 within 1e-6; the rest to exactly 1 is scaled away */
  DIVW_KERNEL_GAUSSIAN = 3,     /**< falls with the square of the distance */
  DIVW_KERNEL_LAPLACIAN = 4,    /**< falls with the sum of the differences */
  DIVW_KERNEL_MATERN = 5,       /**< falls with the distance, between the two in smoothness */
  DIVW_KERNEL_POLYNOMIAL = 6,   /**< a power of inner product and offset */
  DIVW_KERNEL_COSINE_POWER = 7, /**< a power of the cosine */
  DIVW_KERNEL_ARC_COSINE = 8,   /**< falls with the angle */
  DIVW_KERNEL_TANIMOTO = 9,     /**< what two sets, or rows of counts, have in common, of what either has */
  DIVW_KERNEL_PRECOMPUTED = 10, /**< the dataset is the n x n matrix of similarities */
  DIVW_KERNEL_FUNCTION = 11     /**< a function of the caller's */
};

/**
 * @brief The name of a similarity: "cosine", "linear", "gaussian", as in similarity.h.
 * @param similarity any number
 * @return a constant string; "unknown" for other numbers. Never NULL.
 * @since 0.1
 */
DIVW_API const char *divw_kernel_name(int32_t similarity);

/**
 * @brief Binds a similarity, its parameters at their defaults, to a dataset, and checks every value of the data once.
 *
 * With d' the number of columns that are not zero everywhere: for cosine and linear, where d' <= n, the rows
 * themselves, scaled, are phi (r = d'), fetched and converted in blocks whenever they are needed. Otherwise the n x n
 * matrix K is formed and factored to rounding, K = phi phi^T (r = its numerical rank).
 * @param out        receives the kernel, to be destroyed by the caller; NULL on failure
 * @param dataset    the examples; not NULL. Its rows are shared, not copied; the dataset may be destroyed
 *                   before the kernel. For DIVW_KERNEL_PRECOMPUTED the matrix, or some of its rows: their numbers
 *                   (divw_dataset_row()) are the columns
 * @param similarity DIVW_KERNEL_COSINE to DIVW_KERNEL_PRECOMPUTED
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA (NaN, Inf: row and column are named; rows that the similarity
 *         cannot take: a zero row, for linear a norm other than 1, for tanimoto a negative number: the row is named; a
 *         matrix that is not symmetric, has another diagonal than 1 or negative eigenvalues: rows and values are
 * named); DIVW_ERROR_SIZE (the side that is factored is larger than LAPACK can index, 32,766); DIVW_ERROR_NUMERICAL;
 *         DIVW_ERROR_MEMORY (also where the machine has less than K and phi take)
 *
 * Cost: one read of the data and 8 n bytes where phi are rows. Otherwise n^2 d operations for K, n r^2 to factor it,
 * and 8 n r bytes (16 n^2 while it is made); for matrices and functions of the caller also 4/3 n^3 for the eigenvalues.
 * @since 0.1
 */
DIVW_API divw_status divw_kernel_create(divw_kernel **out, const divw_dataset *dataset, int32_t similarity);

/** How features stand for a similarity. @since 0.1 */
enum {
  DIVW_APPROXIMATION_NONE = 1,     /**< K = phi phi^T to rounding */
  DIVW_APPROXIMATION_CHOLESKY = 2, /**< K - phi phi^T is positive semidefinite with a known diagonal: scores are known
                                        as intervals, and what is proven is proven for K */
  DIVW_APPROXIMATION_FEATURES = 3  /**< phi phi^T estimates K, and nothing is known of the difference: what is proven
                                        is proven for phi phi^T alone */
};

/**
 * @brief The name of an approximation: "none", "cholesky", "features".
 * @param approximation any number
 * @return a constant string; "unknown" for other numbers. Never NULL.
 * @since 0.1
 */
DIVW_API const char *divw_approximation_name(int32_t approximation);

/**
 * @brief Features of low rank by randomly pivoted Cholesky, without the n x n matrix.
 *
 * phi phi^T is K on the span of r examples, which are drawn at random by how badly the ones before them explain the
 * data. E = K - phi phi^T is positive semidefinite, and its diagonal, the deficit delta_i = 1 - |phi_i|^2 of every row,
 * is kept: with it scores of K are known as intervals (divw_vendi_interval()), and certificates of weights hold for K
 * (weights.h). The rows that are the most alike gain the most; copies count once. Of matrices and functions of the
 * caller's the similarities to the r examples are looked at, both ways, and no others: that the rest is symmetric and
 * semidefinite is the caller's word.
 * @param out        receives the kernel, to be destroyed by the caller; NULL on failure
 * @param dataset    the examples; not NULL. Its rows are shared, not copied
 * @param similarity which similarity; not NULL
 * @param rank       at most so many features, 1 or more; more than n, or than the 32,766 that LAPACK can index, is as
 *                   good as those. Where the deficits vanish earlier, features are exact and fewer
 * @param residual   stop where the mean of delta_i is at most this, 0 (only when nothing is left) to 1
 * @param seed       of the drawing: the same seed, data, library and number of threads give the same features
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA (as divw_kernel_create(); a pair of rows where the similarity
 *         is not symmetric or not positive semidefinite); DIVW_ERROR_SIZE; DIVW_ERROR_NUMERICAL; DIVW_ERROR_MEMORY
 *
 * Cost: n r similarities and n r^2 operations, most of them in BLAS 3; 8 n rank bytes, and with a residual up to three
 * times as many as the features that it ends with, while room for them grows. Source: Chen, Epperly, Tropp,
 * Webber, arXiv 2207.06503; by blocks with rejection: Epperly, Tropp, Webber, arXiv 2410.03969.
 * @since 0.1
 */
DIVW_API divw_status divw_kernel_create_low_rank(divw_kernel **out, const divw_dataset *dataset,
                                                 const divw_similarity *similarity, int64_t rank, double residual,
                                                 uint64_t seed);

/**
 * @brief Random features of a similarity that depends on x - y alone: an estimate, without a bound.
 *
 * phi_i = (cos <w_j, x_i>, sin <w_j, x_i>) / sqrt m, j = 1..m, with w_j drawn from the spectral density of the
 * similarity (gaussian: normal, matern: Student's t, both in orthogonal blocks; laplacian: Cauchy), so that
 * <phi_i, phi_j> is k(x_i, x_j) on average and right to about 1 / sqrt m. |phi_i| = 1.
 * @param out        receives the kernel, to be destroyed by the caller; NULL on failure
 * @param dataset    the examples; not NULL
 * @param similarity a gaussian, laplacian or matern similarity; not NULL
 * @param count      2 m features, an even number from 2 on
 * @param seed       of the drawing
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (among others for a similarity without random features); DIVW_ERROR_DATA;
 *         DIVW_ERROR_SIZE; DIVW_ERROR_MEMORY
 *
 * Cost: n d m operations and 2 n m sines and cosines; 16 n m bytes. Source: Rahimi, Recht, NIPS 2007; Yu et al., NIPS
 * 2016 (orthogonal); for Vendi Scores Ospanov et al., NeurIPS 2024 (FKEA).
 * @since 0.1
 */
DIVW_API divw_status divw_kernel_create_features(divw_kernel **out, const divw_dataset *dataset,
                                                 const divw_similarity *similarity, int64_t count, uint64_t seed);

/**
 * @brief How the features of a kernel stand for its similarity.
 * @param kernel the kernel, or NULL
 * @return DIVW_APPROXIMATION_NONE, DIVW_APPROXIMATION_CHOLESKY or DIVW_APPROXIMATION_FEATURES; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_kernel_approximation(const divw_kernel *kernel);

/**
 * @brief What the features of low rank leave of every row: delta_i = 1 - |phi_i|^2.
 * @param kernel the kernel, or NULL
 * @return n numbers from 0 to 1, owned by the kernel; NULL where they are all 0, and for NULL
 * @since 0.1
 */
DIVW_API const double *divw_kernel_deficit(const divw_kernel *kernel);

/**
 * @brief The same with a similarity that has parameters, which are copied.
 * @param out        as in divw_kernel_create()
 * @param dataset    likewise
 * @param similarity which similarity; not NULL
 * @return as divw_kernel_create()
 * @since 0.1
 */
DIVW_API divw_status divw_kernel_create_with(divw_kernel **out, const divw_dataset *dataset,
                                             const divw_similarity *similarity);

/**
 * @brief A kernel of examples that are no rows of numbers: texts, graphs, anything that has a similarity.
 *
 * Example i is the row of the one number i, so that x[0] and y[0] say which examples `function` is asked about.
 * @param out      as in divw_kernel_create()
 * @param n        how many examples, at least 1
 * @param function their similarities, in blocks; not NULL; as in divw_similarity_set_function()
 * @param user     handed to it, may be NULL
 * @return as divw_kernel_create_with()
 * @since 0.1
 */
DIVW_API divw_status divw_kernel_create_function(divw_kernel **out, int64_t n, divw_similarity_fn function, void *user);

/**
 * @brief Ends a kernel; weights made with it stay valid.
 * @param kernel the kernel; NULL is accepted
 * @since 0.1
 */
DIVW_API void divw_kernel_destroy(divw_kernel *kernel);

/**
 * @brief Number of examples.
 * @param kernel the kernel, or NULL
 * @return n; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_kernel_count(const divw_kernel *kernel);

/**
 * @brief Length of the feature rows phi.
 * @param kernel the kernel, or NULL
 * @return r, as divw_kernel_create() says; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_kernel_features(const divw_kernel *kernel);

/**
 * @brief Which similarity.
 * @param kernel the kernel, or NULL
 * @return for example DIVW_KERNEL_COSINE; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_kernel_similarity(const divw_kernel *kernel);

/**
 * @brief The similarity with all its parameters, also those that the data chose.
 * @param kernel the kernel, or NULL
 * @return owned by the kernel, valid until it is destroyed; NULL for NULL
 * @since 0.1
 */
DIVW_API const divw_similarity *divw_kernel_parameters(const divw_kernel *kernel);

/**
 * @brief How much of a matrix of the caller's was negative: the share of its trace n that was taken away, the sum of
 * the negative eigenvalues over n.
 *
 * More than 0 where divw_similarity_set_clip_negative() asked for it, or they were rounding.
 * @param kernel the kernel, or NULL
 * @return the share; 0 where nothing was; NaN for NULL
 * @since 0.1
 */
DIVW_API double divw_kernel_clipped(const divw_kernel *kernel);

/**
 * @brief The most negative eigenvalue that was set to 0.
 * @param kernel the kernel, or NULL
 * @return at most 0; 0 where none was; NaN for NULL
 * @since 0.1
 */
DIVW_API double divw_kernel_least_eigenvalue(const divw_kernel *kernel);

/**
 * @brief Copies feature rows out: <phi_i, phi_j> = K_ij, |phi_i| = 1.
 * @brief Copies feature rows out: <phi_i, phi_j> = K_ij, |phi_i| = 1 (of low rank: nearly, and less).
 * @param kernel  the kernel; not NULL
 * @param first   position of the first example
 * @param count   how many, 0 or more; first + count <= n
 * @param phi_out receives count x r doubles, row-major; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_kernel_read(const divw_kernel *kernel, int64_t first, int64_t count, double *phi_out);

#ifdef __cplusplus
}
#endif

#endif
