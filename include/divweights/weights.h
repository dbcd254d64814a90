/**
 * @file weights.h
 * @brief The result: one probability per example, what they achieve, and the proof.
 */
#ifndef DIVWEIGHTS_WEIGHTS_H
#define DIVWEIGHTS_WEIGHTS_H

#include <divweights/similarity.h>
#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Weights p with their report; never changes once made. @since 0.1 */
typedef struct divw_weights divw_weights;

/** Why a solve ended. @since 0.1 */
enum {
  DIVW_STOP_CONVERGED = 1,      /**< the gap is within the tolerance (global_gap may be open) */
  DIVW_STOP_MAX_ITERATIONS = 2, /**< the iterations were used up first */
  DIVW_STOP_CANCELLED = 3,      /**< the progress function asked to stop */
  DIVW_STOP_STALLED = 4,        /**< rounding keeps the gap above the tolerance */
  DIVW_STOP_RANK = 5            /**< the rank of the features keeps the gap above the tolerance (low rank only) */
};

/**
 * @brief The name of a stop reason: "converged", "max_iterations", "cancelled", "stalled", "rank".
 * @param reason any number
 * @return a constant string; "unknown" for other numbers. Never NULL.
 * @since 0.1
 */
DIVW_API const char *divw_stop_name(int32_t reason);

/**
 * @brief Reads weights that divw_weights_save() or another program wrote.
 *
 * @param out  receives the weights, to be destroyed by the caller; NULL on failure
 * @param path not NULL; a one-axis `.npy` of float64 or float32: finite, non-negative, sum 1 within 1e-4 (then scaled
 *             to sum 1). Beside it, the report `NAME.json` (the name with its last `.npy` replaced) gives the scalars;
 *             where there is none they are NaN, counts 0 and names "". Row numbers are 0 .. n-1 and marginal
 *             diversities are not kept.
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_FILE; DIVW_ERROR_FORMAT (not such a file, or a report that is
 *         damaged or of another number of weights); DIVW_ERROR_DATA (a value that is no probability: its place
 *         is named); DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_weights_load(divw_weights **out, const char *path);

/**
 * @brief Writes p as `.npy` (float64, little-endian, shape (n,)) and the report beside it as `NAME.json`.
 *
 * Each file appears complete or not at all; the report first, so that new weights never stand beside an old one
 * for longer than a rename takes.
 * @param weights the weights; not NULL
 * @param path    the target; not NULL; existing files are replaced
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_FILE; DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_weights_save(const divw_weights *weights, const char *path);

/**
 * @brief Ends weights.
 * @param weights the weights; NULL is accepted
 * @since 0.1
 */
DIVW_API void divw_weights_destroy(divw_weights *weights);

/**
 * @brief How the features stood for the similarity (kernel.h).
 * @param weights the weights, or NULL
 * @return for example DIVW_APPROXIMATION_CHOLESKY; 0 for NULL and when not known
 * @since 0.1
 */
DIVW_API int32_t divw_weights_approximation(const divw_weights *weights);

/**
 * @brief Numerical rank of the features: of the data, or of their approximation.
 * @param weights the weights, or NULL
 * @return a count; 0 for NULL and when not known
 * @since 0.1
 */
DIVW_API int64_t divw_weights_rank(const divw_weights *weights);

/**
 * @brief Where the rank kept the gap above the tolerance (DIVW_STOP_RANK): the rank that would do.
 *
 * Estimated from how the mean deficit fell while the features were made; n where no smaller rank is foreseen.
 * @param weights the weights, or NULL
 * @return a count; 0 for NULL, when not known, and where it is not needed
 * @since 0.1
 */
DIVW_API int64_t divw_weights_rank_needed(const divw_weights *weights);

/**
 * @brief What features of low rank leave out under the weights: sum p_i delta_i, of 1.
 * @param weights the weights, or NULL
 * @return 0 to 1, 0 where features are exact; NaN for NULL, when not known, and for random features
 * @since 0.1
 */
DIVW_API double divw_weights_residual(const divw_weights *weights);

/**
 * @brief The least that the Vendi Score of the weights can be: that of the similarity itself is proven to be between
 * divw_weights_vendi_score_low() and divw_weights_vendi_score_high(). Objective, gaps and bounds are reckoned from
 * here.
 * @param weights the weights, or NULL
 * @return the score; divw_weights_vendi_score() where features are exact; NaN for NULL, when not known, and for random
 *         features
 * @since 0.1
 */
DIVW_API double divw_weights_vendi_score_low(const divw_weights *weights);

/**
 * @brief The most that it can be.
 * @param weights the weights, or NULL
 * @return as divw_weights_vendi_score_low()
 * @since 0.1
 */
DIVW_API double divw_weights_vendi_score_high(const divw_weights *weights);

/**
 * @brief Number of weights.
 * @param weights the weights, or NULL
 * @return n; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_weights_count(const divw_weights *weights);

/**
 * @brief The weights p.
 * @param weights the weights, or NULL
 * @return n numbers >= 0 with sum 1, in the order of the dataset, owned by the object; NULL for NULL
 * @since 0.1
 */
DIVW_API const double *divw_weights_values(const divw_weights *weights);

/**
 * @brief For each weight, the row of the source it belongs to.
 * @param weights the weights, or NULL
 * @return n numbers owned by the object; NULL for NULL
 * @since 0.1
 */
DIVW_API const int64_t *divw_weights_rows(const divw_weights *weights);

/**
 * @brief The id of the example that a weight belongs to, where the dataset had ids.
 * @param weights  the weights, or NULL
 * @param position 0 .. n-1
 * @return a string owned by the object; NULL without ids, for weights that were loaded, and for a position out of range
 * @since 0.1
 */
DIVW_API const char *divw_weights_id(const divw_weights *weights, int64_t position);

/**
 * @brief The marginal diversity D_i = -phi_i^T log(sigma) phi_i of every example, in nats: how unlike the weighted
 *        data it is.
 *
 * Together with lambda it is the proof: no p does better than lambda log sum exp(D_i / lambda) plus log tr sigma,
 * which is 0 up to rounding. At other orders q it is q/(1-q) phi_i^T sigma^(q-1) phi_i / tr sigma^q, and -VS phi_i^T
 * sigma phi_i at q = infinity (docs/mathematics.md, 9.2; near q = 1 the constant q/(1-q) in it takes the digits).
 * @param weights the weights, or NULL
 * @return n numbers owned by the object; NULL for weights that were loaded
 * @since 0.1
 */
DIVW_API const double *divw_weights_marginal_diversity(const divw_weights *weights);

/**
 * @brief The Vendi Score (of the order that was asked for) under p.
 * @param weights the weights, or NULL
 * @return from 1 to n; NaN when not known, like all scalars here, and for NULL
 * @since 0.1
 */
DIVW_API double divw_weights_vendi_score(const divw_weights *weights);

/**
 * @brief The Vendi Score, likewise, of the same examples under uniform weights.
 * @param weights the weights, or NULL
 * @return from 1 to n; NaN for NULL and when not known
 * @since 0.1
 */
DIVW_API double divw_weights_vendi_score_uniform(const divw_weights *weights);

/**
 * @brief The mean quality of the weighted examples, sum p_i s_i.
 * @param weights the weights, or NULL
 * @return at least 0; NaN when there were no scores, when it is not known, and for NULL
 * @since 0.1
 */
DIVW_API double divw_weights_quality(const divw_weights *weights);

/**
 * @brief The entropy H(p), computed from p.
 * @param weights the weights, or NULL
 * @return nats, from 0 to log n; NaN for NULL
 * @since 0.1
 */
DIVW_API double divw_weights_entropy(const divw_weights *weights);

/**
 * @brief exp H(p), computed from p.
 * @param weights the weights, or NULL
 * @return from 1 to n; NaN for NULL
 * @since 0.1
 */
DIVW_API double divw_weights_effective_examples(const divw_weights *weights);

/**
 * @brief How many features examples had: at least the rank.
 * @param weights the weights, or NULL
 * @return a count; 0 for NULL and when not known
 * @since 0.1
 */
DIVW_API int64_t divw_weights_features(const divw_weights *weights);

/**
 * @brief The order q of the Vendi Scores of this object.
 * @param weights the weights, or NULL
 * @return q; NaN for NULL and when not known
 * @since 0.1
 */
DIVW_API double divw_weights_order(const divw_weights *weights);

/**
 * @brief The similarity that the weights were found with.
 * @param weights the weights, or NULL
 * @return for example DIVW_KERNEL_COSINE (kernel.h); 0 for NULL and when not known
 * @since 0.1
 */
DIVW_API int32_t divw_weights_similarity(const divw_weights *weights);

/**
 * @brief The similarity that the weights were found with, with its parameters, those that the data chose included.
 * @param weights the weights; not NULL
 * @param out     receives the similarity, to be destroyed by the caller; NULL on failure
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (also where it is not known, or a function of the caller's); DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_weights_parameters(const divw_weights *weights, divw_similarity **out);

/**
 * @brief The seed of the features, where they were an approximation.
 * @param weights the weights, or NULL
 * @return the seed; 0 for NULL, for exact features and when not known
 * @since 0.1
 */
DIVW_API int64_t divw_weights_approximation_seed(const divw_weights *weights);

/**
 * @brief What was maximised.
 * @param weights the weights, or NULL
 * @return DIVW_OBJECTIVE_PUBLISHED or DIVW_OBJECTIVE_LOG (solver.h); 0 for NULL and when not known
 * @since 0.1
 */
DIVW_API int32_t divw_weights_objective(const divw_weights *weights);

/**
 * @brief The balance that was asked for.
 * @param weights the weights, or NULL
 * @return in [0, 1]; NaN for NULL and when not known
 * @since 0.1
 */
DIVW_API double divw_weights_balance(const divw_weights *weights);

/**
 * @brief J(p) = balance VS + (1 - balance) H, or G(p) with log VS in place of VS.
 * @param weights the weights, or NULL
 * @return J; NaN for NULL and when not known
 * @since 0.1
 */
DIVW_API double divw_weights_objective_value(const divw_weights *weights);

/**
 * @brief lambda: nats of log VS that one nat of H is worth here, (1-balance)/(balance VS), or (1-balance)/balance for
 * G.
 * @param weights the weights, or NULL
 * @return lambda >= 0; INFINITY at balance 0; NaN for NULL and when not known
 * @since 0.1
 */
DIVW_API double divw_weights_entropy_weight(const divw_weights *weights);

/**
 * @brief log VS(p) + lambda H(p), the value that the certificate is about.
 * @param weights the weights, or NULL
 * @return nats; NaN at balance 0, for NULL and when not known
 * @since 0.1
 */
DIVW_API double divw_weights_certified_value(const divw_weights *weights);

/**
 * @brief certified_value + gap: at order 1 and below, a number that log VS + lambda H exceeds for no weights whatever.
 * @param weights the weights, or NULL
 * @return nats; NaN at balance 0, for NULL and when not known
 * @since 0.1
 */
DIVW_API double divw_weights_upper_bound(const divw_weights *weights);

/**
 * @brief upper_bound - certified_value: how far from the optimum p can be at most. Above order 1: no weights with at
 * least this entropy have a log VS that is larger by more.
 * @param weights the weights, or NULL
 * @return nats, 0 at balance 0; NaN for NULL and when not known
 * @since 0.1
 */
DIVW_API double divw_weights_gap(const divw_weights *weights);

/**
 * @brief How far these weights are at most from the best ones at this lambda:  sum |p_i - p*_i| <= sqrt(2 gap /
 * lambda).
 *
 * p* maximises log VS + lambda H with the lambda of divw_weights_entropy_weight(); above order 1, the concave problem
 * behind the gap (docs/mathematics.md, 3.3 and 9.2). It is a proof, as the gap is.
 * @param weights the weights, or NULL
 * @return from 0 to 2, which no two vectors of probabilities exceed; 2 at lambda 0, where the best weights need not be
 *         unique; 0 at balance 0; NaN for NULL and when the gap is not known
 * @since 0.1
 */
DIVW_API double divw_weights_error_bar(const divw_weights *weights);

/**
 * @brief A number that the objective exceeds for no weights whatever.
 * @param weights the weights, or NULL
 * @return in units of J; NaN for NULL and when not known
 * @since 0.1
 */
DIVW_API double divw_weights_global_upper_bound(const divw_weights *weights);

/**
 * @brief global_upper_bound - objective_value.
 * @param weights the weights, or NULL
 * @return in units of J; NaN for NULL and when not known
 * @since 0.1
 */
DIVW_API double divw_weights_global_gap(const divw_weights *weights);

/**
 * @brief Iterations of the solve that gave p.
 * @param weights the weights, or NULL
 * @return a count; 0 for NULL and when not known
 * @since 0.1
 */
DIVW_API int64_t divw_weights_iterations(const divw_weights *weights);

/**
 * @brief Problems that were solved for the global bound.
 * @param weights the weights, or NULL
 * @return a count, 1 on ordinary data; 0 for NULL and when not known
 * @since 0.1
 */
DIVW_API int64_t divw_weights_solves(const divw_weights *weights);

/**
 * @brief Times that all rows were gone through, all solves together.
 * @param weights the weights, or NULL
 * @return a count; 0 for NULL and when not known
 * @since 0.1
 */
DIVW_API int64_t divw_weights_row_passes(const divw_weights *weights);

/**
 * @brief Why the solve ended.
 * @param weights the weights, or NULL
 * @return for example DIVW_STOP_CONVERGED; 0 for NULL and when not known
 * @since 0.1
 */
DIVW_API int32_t divw_weights_stop_reason(const divw_weights *weights);

/**
 * @brief How long solving took, certificates included.
 * @param weights the weights, or NULL
 * @return seconds; NaN for NULL and when not known
 * @since 0.1
 */
DIVW_API double divw_weights_seconds(const divw_weights *weights);

/**
 * @brief The whole report as a JSON object, as divw_weights_save() writes it.
 *
 * Infinite numbers are the string "inf", unknown ones null.
 * @param weights the weights, or NULL
 * @return a string owned by the object; NULL for NULL
 * @since 0.1
 */
DIVW_API const char *divw_weights_report(const divw_weights *weights);

#ifdef __cplusplus
}
#endif

#endif
