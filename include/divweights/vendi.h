/**
 * @file vendi.h
 * @brief How diverse: Vendi Scores of weighted examples.
 *
 * With rho(p) = sum_i p_i phi_i phi_i^T and mu its eigenvalues (the same as those of diag(sqrt p) K diag(sqrt p)):
 *
 *     VS_q = (sum mu^q)^(1/(1-q)),   VS_1 = exp(-sum mu log mu),   VS_0 = rank,   VS_inf = 1 / max mu
 *
 * It is the number of completely different examples that would be as diverse: 1 when all are the same, n when
 * all are orthogonal and p is uniform. Source: Friedman and Dieng, The Vendi Score (TMLR 2023), eq. 2; Pasarkar
 * and Dieng, Cousins of the Vendi Score (AISTATS 2024).
 */
#ifndef DIVWEIGHTS_VENDI_H
#define DIVWEIGHTS_VENDI_H

#include <divweights/dataset.h>
#include <divweights/kernel.h>
#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief The spectrum of rho(p), largest first, exact (no sampling, no truncation).
 * @param kernel the kernel; not NULL
 * @param p      n probabilities (non-negative, sum 1 within 1e-6; scaled to sum 1); NULL: 1/n each
 * @param mu     not NULL; receives r eigenvalues, r = divw_kernel_features(); non-negative, sum 1; of features of low
 *               rank: each at most that of K, and less than 1 together
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (NULL, a p that is no probability vector: the first bad entry is named);
 *         DIVW_ERROR_NUMERICAL; DIVW_ERROR_SIZE; DIVW_ERROR_MEMORY
 *
 * Cost: n r^2 operations for the moment, about 4/3 r^3 for the eigenvalues; 2 r^2 doubles of memory.
 * @since 0.1
 */
DIVW_API divw_status divw_vendi_spectrum(const divw_kernel *kernel, const double *p, double *mu);

/**
 * @brief The spectrum of rho(p) with its eigenvectors, the modes: directions that the weighted examples fill.
 *
 * The part of example i in mode k is <v_k, phi_i>^2 (phi: divw_kernel_read()); they sum to 1 over the modes, and p_i
 * times them to mu_k over the examples.
 * @param kernel the kernel; not NULL
 * @param p      as in divw_vendi_spectrum()
 * @param mu     receives r eigenvalues, largest first, as divw_vendi_spectrum(); not NULL
 * @param modes  not NULL; receives r x r doubles, row-major: row k is v_k, of length 1, known up to its sign, and where
 *               eigenvalues are equal only together with theirs
 * @return as divw_vendi_spectrum()
 *
 * Cost: as divw_vendi_spectrum().
 * @since 0.1
 */
DIVW_API divw_status divw_vendi_modes(const divw_kernel *kernel, const double *p, double *mu, double *modes);

/**
 * @brief The marginal diversity D_i of every example at rho(p), in nats: how unlike the weighted examples it is.
 *
 *     D_i = sum_k <v_k, phi_i>^2 h(mu_k),     h(mu) = -log mu  (q = 1),     q/(1-q) (mu VS_q)^(q-1)  otherwise
 *
 * The gradient of log VS_q up to a constant: D_i - D_j is the change of log VS_q when weight moves from j to i.
 * sum p_i D_i is log VS at order 1 and q/(1-q) otherwise. divw_weights_marginal_diversity() has the same of a solve, at
 * the state of its certificate.
 * @param kernel the kernel; not NULL
 * @param p      as in divw_vendi_spectrum()
 * @param order  0 < q < INFINITY
 * @param D      not NULL; receives n numbers; INFINITY at q <= 1 for a row with p_i = 0 that lies outside the span of
 *               the rows with weight, by more than 1e-8 of its squared length
 * @return as divw_vendi_spectrum(), and DIVW_ERROR_ARGUMENT for an order out of range
 *
 * Cost: as divw_vendi_spectrum(), n r^2 operations more.
 * @since 0.1
 */
DIVW_API divw_status divw_vendi_marginal(const divw_kernel *kernel, const double *p, double order, double *D);

/**
 * @brief The rate at which log VS_q grows with the first weight on an example: what its marginal diversity is more than
 * that of the weighted examples on average.
 *
 *     rate(x) = D(x) - sum p_i D_i = d/dt log VS_q( (1-t) rho(p) + t phi(x) phi(x)^T )  at t = 0
 *
 * It is what examples of any order can be compared by: at orders near 1 the constant q/(1-q) in D takes its digits, and
 * here it has gone before anything is rounded. sum p_i rate_i = 0.
 * @param kernel the kernel of the examples; not NULL
 * @param p      their weights, as in divw_vendi_spectrum()
 * @param order  0 < q < INFINITY
 * @param rows   m new rows, as in divw_vendi_gain(); NULL: the examples themselves, m = n
 * @param rate   not NULL; receives m numbers in nats; INFINITY where divw_vendi_marginal() or divw_vendi_gain() have it
 *               for D
 * @return as divw_vendi_spectrum(), and DIVW_ERROR_ARGUMENT for an order out of range; with rows as divw_vendi_gain()
 *
 * Cost: as divw_vendi_marginal(), or with rows as divw_vendi_gain() for D.
 * @since 0.1
 */
DIVW_API divw_status divw_vendi_rate(const divw_kernel *kernel, const double *p, double order, const divw_dataset *rows,
                                     double *rate);

/**
 * @brief What new examples would add: for each row x by itself, its marginal diversity, and the gain in log VS_q when
 * it is given a share of the weight.
 *
 *     gain(x) = log VS_q( (1-t) rho(p) + t phi(x) phi(x)^T ) - log VS_q( rho(p) )
 *
 * For small t the gain is t (D(x) - sum p_i D_i), so that is what the first weight on x is worth: log VS_q grows at
 * that rate. At q <= 1 a row outside the span of the examples has an infinite rate, however little of it lies outside;
 * the gain is finite, and is the number to compare rows by. It is what x adds without the others: rows that are alike
 * gain alike, and the second of them less once the first is in.
 * @param kernel the kernel of the examples; not NULL
 * @param p      their weights, as in divw_vendi_spectrum()
 * @param order  q > 0, INFINITY accepted
 * @param rows   m new rows, with the columns of the kernel's dataset, and transformed as that
 *               (divw_dataset_transform_like()); not NULL
 * @param share  t, 0 < t < 1; 1/(exp H(p) + 1) is the weight of one more example among the effective ones
 * @param D      receives m numbers, as divw_vendi_marginal() defines them; INFINITY where more than 1e-8 of the squared
 *               length lies outside and q <= 1; NaN at order INFINITY, which has no gradient; NULL: not wanted
 * @param gain   receives m numbers in nats, below 0 for rows like the heavy ones; NULL: not wanted
 * @return as divw_vendi_spectrum(); DIVW_ERROR_ARGUMENT for an order or a share out of range and for another number of
 *         columns; DIVW_ERROR_DATA for new rows that divw_kernel_create() would refuse
 *
 * Cost: as divw_vendi_spectrum(), and for each new row r^2 operations for D, about 20 r^2 for the gain, and n d' + n r
 * more where n < d'.
 * @since 0.1
 */
DIVW_API divw_status divw_vendi_gain(const divw_kernel *kernel, const double *p, double order, const divw_dataset *rows,
                                     double share, double *D, double *gain);

/**
 * @brief What is proven about a gain where features are of low rank: that of K itself is between low and high.
 *
 * divw_vendi_gain() takes what features lack of a row for new, which makes its gain too large by little: some share
 * times deficit. What is proven is wider: the ends of divw_vendi_interval() with and without the row, and at order 1
 * what any row can add. Low ends are close where the share times the width of the interval is small. Where features are
 * exact low and high are the gain.
 * @param kernel the kernel of the examples; not NULL; not of random features, of which nothing is known
 * @param p      as in divw_vendi_gain()
 * @param order  likewise
 * @param rows   likewise
 * @param share  likewise
 * @param low    receives m numbers in nats; not NULL
 * @param high   receives m numbers in nats; not NULL
 * @return as divw_vendi_gain()
 *
 * Cost: as divw_vendi_gain(), and for each new row n logarithms or powers more. docs/mathematics.md, 13.8.
 * @since 0.1
 */
DIVW_API divw_status divw_vendi_gain_interval(const divw_kernel *kernel, const double *p, double order,
                                              const divw_dataset *rows, double share, double *low, double *high);

/**
 * @brief The Vendi Score of order q of the weighted examples.
 * @param kernel the kernel; not NULL
 * @param p      as in divw_vendi_spectrum()
 * @param order  q >= 0; 1 is the Vendi Score proper; 0 counts eigenvalues (see divw_vendi_rank()); INFINITY is
 *               accepted
 * @param score  receives VS_q, from 1 to r; not NULL
 * @return as divw_vendi_spectrum(), and DIVW_ERROR_ARGUMENT for an order that is negative or NaN
 *
 * Cost: as divw_vendi_spectrum().
 * @since 0.1
 */
DIVW_API divw_status divw_vendi_score(const divw_kernel *kernel, const double *p, double order, double *score);

/**
 * @brief What is proven about the score where features are of low rank (divw_kernel_create_low_rank()): the score of K
 * itself, which is not formed, is between *low and *high.
 *
 * Between them is divw_vendi_score(), an estimate then: that of the eigenvalues of phi under p, scaled to sum 1. What
 * rounding may add is inside. Where features are exact low and high are that score.
 * @param kernel the kernel; not NULL; not of random features, of which nothing is known
 * @param p      as in divw_vendi_spectrum()
 * @param order  0 to INFINITY
 * @param low    receives the least score; not NULL
 * @param high   receives the largest; not NULL
 * @return as divw_vendi_score()
 *
 * Cost: as divw_vendi_modes(), and 16 n + 8 r bytes. docs/mathematics.md, 13.
 * @since 0.1
 */
DIVW_API divw_status divw_vendi_interval(const divw_kernel *kernel, const double *p, double order, double *low,
                                         double *high);

/**
 * @brief The score of order 2 without eigenvalues and without features: VS_2 = 1 / sum_ij p_i p_j K_ij^2, exact.
 *
 * The exponential of the Renyi kernel entropy of order 2, also called RKE. For any similarity and any n that the time
 * allows; K is never whole in memory. Whether a matrix or function of the caller's is symmetric and semidefinite is not
 * looked at.
 * @param dataset    the examples; not NULL
 * @param similarity which similarity; not NULL
 * @param p          as in divw_vendi_spectrum()
 * @param score      receives the score; not NULL
 * @return as divw_kernel_create_with() and divw_vendi_score()
 *
 * Cost: n^2 / 2 similarities of the rows with p_i > 0; some MiB. Source: Jalali, Li, Farnia, NeurIPS 2023.
 * @since 0.1
 */
DIVW_API divw_status divw_vendi_score_two(const divw_dataset *dataset, const divw_similarity *similarity,
                                          const double *p, double *score);

/**
 * @brief The t-truncated score of a spectrum, and what its t largest eigenvalues alone say about the whole score.
 *
 * Truncated: the t largest, to each of which an equal share of what is left of 1 is added. It converges with fewer
 * examples than the score itself. Bounds: the rest of the spectrum, of n eigenvalues in all, is at most as even as
 * n - t equal ones, and at most as uneven as copies of the t-th.
 * @param mu    r eigenvalues, largest first, as from divw_vendi_spectrum(); non-negative; not NULL
 * @param r     how many, 1 or more
 * @param t     how many to keep, 1 to r
 * @param n     eigenvalues in all, the smaller ones 0, r or more: usually the number of examples
 * @param order 0 < q <= INFINITY
 * @param score receives the truncated score; NULL: not wanted
 * @param low   receives the least that the score of the whole can be; NULL: not wanted
 * @param high  receives the most; NULL: not wanted
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_MEMORY
 *
 * Source: Ospanov, Farnia, UAI 2025, arXiv 2410.21719 (the truncated score); docs/mathematics.md, 13 (the bounds).
 * @since 0.1
 */
DIVW_API divw_status divw_vendi_truncated(const double *mu, int64_t r, int64_t t, int64_t n, double order,
                                          double *score, double *low, double *high);

/**
 * @brief The Vendi Score of order q of a spectrum.
 * @param mu    r eigenvalues, non-negative, in any order; scaled to sum 1; NULL answers NaN
 * @param r     how many, at least 1
 * @param order q >= 0, INFINITY accepted
 * @return VS_q; NaN where an argument is out of range
 * @since 0.1
 */
DIVW_API double divw_vendi_of_spectrum(const double *mu, int64_t r, double order);

/**
 * @brief The numerical rank of a spectrum: eigenvalues above 8 (sqrt r + 64) 2^-53 of the largest, about 1e-13.
 *
 * So much rounding may make of one; divw_vendi_spectrum() has 0 for those, so scores of all orders count the same ones.
 * @param mu r eigenvalues, in any order; NULL answers 0
 * @param r  how many, 0 or more
 * @return a count, at most r
 * @since 0.1
 */
DIVW_API int64_t divw_vendi_rank(const double *mu, int64_t r);

/**
 * @brief The entropy H(p) = -sum p_i log p_i in nats; exp H(p) is the number of effective examples.
 * @param p     n probabilities; NULL answers log n
 * @param count n, at least 1
 * @return from 0 to log n; NaN where count is less than 1
 * @since 0.1
 */
DIVW_API double divw_entropy(const double *p, int64_t count);

#ifdef __cplusplus
}
#endif

#endif
