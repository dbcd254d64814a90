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

#include <divweights/kernel.h>
#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief The spectrum of rho(p), largest first, exact (no sampling, no truncation).
 * @param kernel the kernel; not NULL
 * @param p      n probabilities (non-negative, sum 1 within 1e-6; scaled to sum 1); NULL: 1/n each
 * @param mu     receives r eigenvalues, r = divw_kernel_features(); non-negative, sum 1
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (NULL, a p that is no probability vector: the first bad entry is named);
 *         DIVW_ERROR_NUMERICAL; DIVW_ERROR_SIZE; DIVW_ERROR_MEMORY
 *
 * Cost: n r^2 operations for the moment, about 4/3 r^3 for the eigenvalues; 2 r^2 doubles of memory.
 * @since 0.1
 */
DIVW_API divw_status divw_vendi_spectrum(const divw_kernel *kernel, const double *p, double *mu);

/**
 * @brief The Vendi Score of order q of the weighted examples.
 * @param kernel the kernel; not NULL
 * @param p      as in divw_vendi_spectrum()
 * @param order  q >= 0; 1 is the Vendi Score proper; 0 counts eigenvalues (see divw_vendi_rank()); INFINITY is
 *               accepted
 * @param score  receives VS_q, from 1 to r
 * @return as divw_vendi_spectrum(), and DIVW_ERROR_ARGUMENT for an order that is negative or NaN
 *
 * Cost: as divw_vendi_spectrum().
 * @since 0.1
 */
DIVW_API divw_status divw_vendi_score(const divw_kernel *kernel, const double *p, double order, double *score);

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
 * @brief The numerical rank of a spectrum: eigenvalues above 1e-12 of the largest.
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
