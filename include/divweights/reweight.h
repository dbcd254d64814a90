/**
 * @file reweight.h
 * @brief Weights from weights: flatter ones, weights of a loss, corrections, shares of shards.
 *
 * All take weights that need not sum to 1, and name the first one that is negative, NaN or infinite. All sums are
 * compensated, and no sum or power overflows, whatever the scale of the weights. `out` may be `p`.
 */
#ifndef DIVWEIGHTS_REWEIGHT_H
#define DIVWEIGHTS_REWEIGHT_H

#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Temperature: out_i = p_i^t / sum p^t.
 *
 * t = 1 leaves the proportions, t = 0 makes all positive weights equal, t > 1 sharpens. A weight of 0 stays 0.
 * @param p     n weights, not all 0; not NULL
 * @param count n, at least 1
 * @param power t, finite, at least 0
 * @param out   receives n numbers with sum 1; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA
 *
 * The powers are those of the C library (but at t = 0 and 1), whose last bits differ between machines: to repeat draws
 * elsewhere, keep the result.
 * @since 0.1
 */
DIVW_API divw_status divw_reweight_temper(const double *p, int64_t count, double power, double *out);

/**
 * @brief Uniform mixing: out_i = (1 - a) p_i / sum p + a / n.
 * @param p     n weights, not all 0; not NULL
 * @param count n, at least 1
 * @param part  a, from 0 (the weights) to 1 (all examples alike)
 * @param out   receives n numbers with sum 1; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA
 * @since 0.1
 */
DIVW_API divw_status divw_reweight_mix(const double *p, int64_t count, double part, double *out);

/**
 * @brief Weights of a loss: out_i = n p_i / sum p, with mean 1.
 *
 * Training on uniform draws with loss_i times out_i has the same expected gradient as training on draws with p.
 * @param p     n weights, not all 0; not NULL
 * @param count n, at least 1
 * @param out   receives n numbers; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA
 * @since 0.1
 */
DIVW_API divw_status divw_reweight_loss(const double *p, int64_t count, double *out);

/**
 * @brief Importance corrections: out_i = (p_i / sum p) / (q_i / sum q).
 *
 * Training on draws with q and loss_i times out_i has the same expected gradient as training on draws with p. The mean
 * of out over draws with q is 1.
 * @param p     n weights of the loss that is meant, not all 0; not NULL
 * @param q     n weights that are drawn with, positive where p is; not NULL
 * @param count n, at least 1
 * @param out   receives n numbers, 0 where p_i = 0; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA (also where q_i = 0 < p_i, or where the quotient overflows)
 * @since 0.1
 */
DIVW_API divw_status divw_reweight_correct(const double *p, const double *q, int64_t count, double *out);

/**
 * @brief Shares of shards (or streams, or sources): out_s = sum of p_i over the rows i of s, divided by sum p.
 *
 * What readers that draw whole shards take: the proportions of MosaicML Streaming's streams, the probabilities of
 * webdataset's RandomMix.
 * @param p           n weights, not all 0; not NULL
 * @param count       n, at least 1
 * @param shard       for each row, its shard, 0 .. shard_count - 1; not NULL
 * @param shard_count how many shards, 1 to 2^40
 * @param out         receives shard_count numbers with sum 1; 0 for a shard without rows; not NULL, not `p`
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_DATA (also where a row's shard is out of range)
 * @since 0.1
 */
DIVW_API divw_status divw_reweight_shards(const double *p, int64_t count, const int64_t *shard, int64_t shard_count,
                                          double *out);

#ifdef __cplusplus
}
#endif

#endif
