/**
 * @file solver.h
 * @brief Third stage: the weights that make the data as diverse as they can be, with a proof.
 *
 * The solver maximises, over all probability vectors p,
 *
 *     J(p) = balance VS_q(p) + (1 - balance) H(p)        (or G, with log VS_q in place of VS_q)
 *
 * (Berns, Colton, Guckelsberger, Towards Mode Balancing of Generative Models via Diversity Weights, ICCC 2023):
 * diversity of the weighted data against the entropy of the weights. J is not concave, and on data that are
 * dominated by copies it has several local maxima; the solver looks for the global one and reports a bound that
 * no p can exceed. docs/mathematics.md has the method and the proofs.
 */
#ifndef DIVWEIGHTS_SOLVER_H
#define DIVWEIGHTS_SOLVER_H

#include <divweights/kernel.h>
#include <divweights/status.h>
#include <divweights/weights.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of a solve; holds no data and may be used for many kernels. @since 0.1 */
typedef struct divw_solver divw_solver;

/**
 * @brief Called after every iteration of a solve, on the thread that solves.
 *
 * @param iteration    iterations so far in this call, 1, 2, ... (all solves together)
 * @param vendi_score  VS_q of the current weights
 * @param entropy      their entropy in nats
 * @param objective    J or G of the current weights
 * @param gap          their proven distance to the optimum of the concave problem at their lambda, in nats
 * @param seconds      since the call began
 * @param user         as given to divw_solver_set_progress()
 * @return 0 to go on; anything else ends the solve with the best weights so far and the stop reason
 *         DIVW_STOP_CANCELLED
 * @since 0.1
 */
typedef int32_t (*divw_progress_fn)(int64_t iteration, double vendi_score, double entropy, double objective, double gap,
                                    double seconds, void *user);

/**
 * @brief Makes a solver with the default options.
 * @param out receives the solver, to be destroyed by the caller; NULL on failure
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_solver_create(divw_solver **out);

/**
 * @brief Ends a solver; weights made with it stay valid.
 * @param solver the solver; NULL is accepted
 * @since 0.1
 */
DIVW_API void divw_solver_destroy(divw_solver *solver);

/**
 * @brief Sets the balance between diversity (1) and entropy of the weights (0).
 *
 * 0 gives uniform weights at once, 1 the most diverse weights there are.
 * @param solver  the solver; not NULL
 * @param balance in [0, 1]; default 0.5
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_balance(divw_solver *solver, double balance);

/**
 * @brief The balance that is set.
 * @param solver the solver, or NULL
 * @return in [0, 1]; NaN for NULL
 * @since 0.1
 */
DIVW_API double divw_solver_balance(const divw_solver *solver);

/**
 * @brief Sets the order q of the Vendi Score in the objective.
 *
 * Small orders count rare kinds more, large ones less. Below 0.5 what rounding makes of small eigenvalues may keep the
 * gap above a tolerance: it is counted in the gap, and the solve ends as DIVW_STOP_STALLED.
 * @param solver the solver; not NULL
 * @param order  q > 0, INFINITY accepted; default 1. (For q = 0 there is nothing to solve: divw_vendi_rank().)
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_order(divw_solver *solver, double order);

/**
 * @brief The order q of the objective.
 * @param solver the solver, or NULL
 * @return q, INFINITY too; NaN for NULL
 * @since 0.1
 */
DIVW_API double divw_solver_order(const divw_solver *solver);

/** What is maximised. @since 0.1 */
enum {
  DIVW_OBJECTIVE_PUBLISHED = 1,         /**< J = balance VS_q + (1 - balance) H, that of the paper */
  DIVW_OBJECTIVE_LOG = 2,               /**< G = balance log VS_q + (1 - balance) H, which means the same at every n */
  DIVW_OBJECTIVE_EFFECTIVE_EXAMPLES = 3 /**< VS_q, with a least exp H: divw_solver_set_effective_examples() */
};

/**
 * @brief The name of an objective: "published", "log", "effective-examples".
 * @param objective any number
 * @return a constant string; "unknown" for other numbers. Never NULL.
 * @since 0.1
 */
DIVW_API const char *divw_objective_name(int32_t objective);

/**
 * @brief Sets what is maximised.
 * @param solver    the solver; not NULL
 * @param objective DIVW_OBJECTIVE_PUBLISHED (default) or DIVW_OBJECTIVE_LOG
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_objective(divw_solver *solver, int32_t objective);

/**
 * @brief What is maximised.
 * @param solver the solver, or NULL
 * @return for example DIVW_OBJECTIVE_PUBLISHED; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_solver_objective(const divw_solver *solver);

/**
 * @brief Maximises log VS_q + entropy_weight H: the objective DIVW_OBJECTIVE_LOG at balance 1 / (1 + entropy_weight).
 * @param solver         the solver; not NULL
 * @param entropy_weight lambda, nats of log VS per nat of H, 0 to INFINITY
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_entropy_weight(divw_solver *solver, double entropy_weight);

/**
 * @brief Caps every weight.
 * @param solver     the solver; not NULL
 * @param max_weight the largest weight as a multiple of 1/n, n being the number of examples of the kernel: 2 lets no
 *                   example have more than twice its even share. Positive; INFINITY (default): no cap
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 *
 * Whether any weights keep all constraints is found out by divw_solver_solve().
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_max_weight(divw_solver *solver, double max_weight);

/**
 * @brief The cap on every weight.
 * @param solver the solver, or NULL
 * @return a multiple of 1/n; INFINITY: none; NaN for NULL
 * @since 0.1
 */
DIVW_API double divw_solver_max_weight(const divw_solver *solver);

/**
 * @brief Puts a floor under every weight, of examples that are not excluded.
 * @param solver     the solver; not NULL
 * @param min_weight the smallest weight as a multiple of 1/n, in [0, 1]; 0 (default): none
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_min_weight(divw_solver *solver, double min_weight);

/**
 * @brief The floor under every weight.
 * @param solver the solver, or NULL
 * @return a multiple of 1/n; NaN for NULL
 * @since 0.1
 */
DIVW_API double divw_solver_min_weight(const divw_solver *solver);

/**
 * @brief Bounds the mass, the sum of weights, of groups of examples: of those with a label in common.
 *
 * Replaces the bounds set before. Examples with other labels are free.
 * @param solver the solver; not NULL
 * @param labels the label of each group, no label twice; copied; NULL is accepted when count is 0
 * @param lower  the least mass of each, in [0, 1]; copied; likewise
 * @param upper  the most, in [lower, 1]; copied; likewise
 * @param count  how many groups, 0 (none) to 10,000
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT, naming the group; DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_group_bounds(divw_solver *solver, const int64_t *labels, const double *lower,
                                                  const double *upper, int64_t count);

/**
 * @brief How many groups have bounds.
 * @param solver the solver, or NULL
 * @return at least 0; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_solver_group_count(const divw_solver *solver);

/**
 * @brief Excludes rows: their weight is 0. Replaces the rows set before.
 * @param solver the solver; not NULL
 * @param rows   row numbers as divw_dataset_row() gives them, in any order; copied; those that are not among the
 *               examples of a solve are skipped, but one must be; NULL is accepted when count is 0
 * @param count  how many, at least 0
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_excluded(divw_solver *solver, const int64_t *rows, int64_t count);

/**
 * @brief How many rows are excluded.
 * @param solver the solver, or NULL
 * @return at least 0; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_solver_excluded_count(const divw_solver *solver);

/**
 * @brief Weighs diversity with quality: (sum p_i s_i) VS_q takes the place of VS_q in the objective.
 *
 * At orders above 1 only the balance 1 is certified, and divw_solver_solve() accepts no other; order INFINITY is not.
 * @param solver the solver; not NULL
 * @param scores s_i >= 0, one for each example of the kernel, in its order, not all 0; copied; NULL (default): none
 * @param n      how many, the number of examples
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT, naming a bad score; DIVW_ERROR_MEMORY
 *
 * Source: the quality-weighted Vendi Score of Nguyen, Dieng (2024, arXiv 2405.02449), with the scores in the weights.
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_quality(divw_solver *solver, const double *scores, int64_t n);

/**
 * @brief How many quality scores are set.
 * @param solver the solver, or NULL
 * @return n; 0 without scores and for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_solver_quality_count(const divw_solver *solver);

/**
 * @brief Maximises VS_q over all weights that are worth at least so many examples: exp H(p) >= least.
 *
 * Takes the place of balance and objective; the entropy weight of the result is the price of the constraint.
 * @param solver the solver; not NULL
 * @param least  at least 1, and at most the number of examples (which divw_solver_solve() checks); 0 (default): no such
 *               constraint
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_effective_examples(divw_solver *solver, double least);

/**
 * @brief The same as a share of the number of examples.
 * @param solver the solver; not NULL
 * @param share  in [0, 1]; 0: no such constraint
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_effective_share(divw_solver *solver, double share);

/**
 * @brief The least number of effective examples that is set.
 * @param solver the solver, or NULL
 * @return at least 1; 0: none, or a share; NaN for NULL
 * @since 0.1
 */
DIVW_API double divw_solver_effective_examples(const divw_solver *solver);

/**
 * @brief The least share of effective examples that is set.
 * @param solver the solver, or NULL
 * @return in [0, 1]; 0: none, or a number; NaN for NULL
 * @since 0.1
 */
DIVW_API double divw_solver_effective_share(const divw_solver *solver);

/** How to climb. @since 0.1 */
enum {
  DIVW_METHOD_AUTO = 1, /**< by n, order and lambda, and another one where progress is poor */
  DIVW_METHOD_ACCELERATED =
      2, /**< accelerated ascent: 2 n r^2 + 11 r^3 operations an iteration; order below infinity */
  DIVW_METHOD_INTERIOR_POINT = 3, /**< few iterations of about n^2 r^2 / 2 + n^3 / 3 operations and 8 n^2 bytes (order
                                       infinity: 16 n^2), so for n up to some thousands. With more rows, up to order
                                       2, about 100 products of 4 n r^2 operations; above it beyond 10,000 rows, on
                                       some thousands at a time, which needs sparse weights (balance near 1) */
  DIVW_METHOD_ADAM = 4 /**< the published optimiser, step for step, to compare with: one solve, as many steps as
                            divw_solver_set_max_iterations() says; order below infinity, no constraints */
};

/**
 * @brief The name of a method: "auto", "accelerated", "interior-point", "adam".
 * @param method any number
 * @return a constant string; "unknown" for other numbers. Never NULL.
 * @since 0.1
 */
DIVW_API const char *divw_method_name(int32_t method);

/**
 * @brief Sets the method.
 * @param solver the solver; not NULL
 * @param method DIVW_METHOD_AUTO (default), DIVW_METHOD_ACCELERATED, DIVW_METHOD_INTERIOR_POINT or
 *               DIVW_METHOD_ADAM
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_method(divw_solver *solver, int32_t method);

/**
 * @brief The method.
 * @param solver the solver, or NULL
 * @return for example DIVW_METHOD_AUTO; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_solver_method(const divw_solver *solver);

/** In which precision accelerated ascent goes through the rows. Proofs are in double in any case. @since 0.1 */
enum {
  DIVW_PRECISION_AUTO = 1,   /**< single, at half of the time, where order, size and lambda allow it: at orders from 1
                                  on, until the gap comes down to the tolerance or to what single precision attains;
                                  double otherwise */
  DIVW_PRECISION_SINGLE = 2, /**< the same for problems of any size; orders below 1 stay in double */
  DIVW_PRECISION_DOUBLE = 3  /**< double from the first iteration on */
};

/**
 * @brief The name of a precision: "auto", "single", "double".
 * @param precision any number
 * @return a constant string; "unknown" for other numbers. Never NULL.
 * @since 0.1
 */
DIVW_API const char *divw_precision_name(int32_t precision);

/**
 * @brief Sets the precision of accelerated ascent.
 *
 * Passes over the rows and r x r decompositions run in single precision (sums over blocks of rows in double), and what
 * the progress function is told of such an iteration is an estimate. Before a solve ends its point is evaluated in
 * double: value, bound and gap of weights are proofs whatever the precision, and a proof that fails is followed by
 * iterations in double. Interior points and DIVW_METHOD_ADAM run in double.
 * @param solver    the solver; not NULL
 * @param precision DIVW_PRECISION_AUTO (default), DIVW_PRECISION_SINGLE or DIVW_PRECISION_DOUBLE
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_precision(divw_solver *solver, int32_t precision);

/**
 * @brief The precision of accelerated ascent.
 * @param solver the solver, or NULL
 * @return for example DIVW_PRECISION_AUTO; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_solver_precision(const divw_solver *solver);

/**
 * @brief Sets the gap at which a solve has converged.
 * @param solver    the solver; not NULL
 * @param tolerance nats of log VS, in [1e-13, 1]; default 1e-6, which fixes J to about balance x VS x 1e-6
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_tolerance(divw_solver *solver, double tolerance);

/**
 * @brief The tolerance that is set.
 * @param solver the solver, or NULL
 * @return nats; NaN for NULL
 * @since 0.1
 */
DIVW_API double divw_solver_tolerance(const divw_solver *solver);

/**
 * @brief Sets how many iterations a call of divw_solver_solve() may take, all its solves together.
 *
 * One iteration is one r x r eigen-decomposition and two row passes.
 * @param solver         the solver; not NULL
 * @param max_iterations at least 1; default 500
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_max_iterations(divw_solver *solver, int64_t max_iterations);

/**
 * @brief The largest number of iterations that is set.
 * @param solver the solver, or NULL
 * @return at least 1; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_solver_max_iterations(const divw_solver *solver);

/**
 * @brief Sets how many concave or local problems may be solved to close the global bound.
 * @param solver     the solver; not NULL
 * @param max_solves 1 to 64; default 16. 1 is the plain local method from uniform weights; the global bound is
 *                   computed all the same
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 *
 * Memory: 8 n bytes for every solve that is needed (one, on ordinary data), and 24 n from the second one on.
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_max_solves(divw_solver *solver, int32_t max_solves);

/**
 * @brief The largest number of solves that is set.
 * @param solver the solver, or NULL
 * @return 1 to 64; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_solver_max_solves(const divw_solver *solver);

/**
 * @brief Limits the memory of a solve.
 *
 * DIVW_METHOD_AUTO does without interior points where they would need more, and further solves for the global bound are
 * done without where their dual vectors would; what needs more in any case is refused by divw_solver_solve() before
 * anything is computed. What a solve will need is estimated from above: see estimate.h.
 * @param solver     the solver; not NULL
 * @param max_memory bytes that divw_solver_solve() may have allocated at any moment, beside dataset and kernel, which
 *                   are there before; more than 0; INFINITY (default): no limit
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_max_memory(divw_solver *solver, double max_memory);

/**
 * @brief The limit on the memory of a solve.
 * @param solver the solver, or NULL
 * @return bytes; INFINITY: none; NaN for NULL
 * @since 0.1
 */
DIVW_API double divw_solver_max_memory(const divw_solver *solver);

/**
 * @brief Sets weights to start from, in place of uniform ones: those of a solve of nearly the same data or options.
 *
 * A start close to the optimum saves iterations; it does not change what is proven. Rows without weight start with a
 * hundredth of the tolerance times the uniform share, so that they can come back.
 * @param solver the solver; not NULL
 * @param p      n numbers >= 0, finite, at least one positive; copied. They are scaled to sum 1. NULL: uniform weights
 *               again (default)
 * @param n      as many as the examples of every kernel that this solver is used for; ignored for NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (the weight is named); DIVW_ERROR_MEMORY. After a failure the start is what it
 *         was
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_initial(divw_solver *solver, const double *p, int64_t n);

/**
 * @brief How many weights to start from are set.
 * @param solver the solver, or NULL
 * @return n; 0 when none are, and for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_solver_initial_count(const divw_solver *solver);

/**
 * @brief Keeps the state of a solve in a file, to go on from with divw_solver_set_resume().
 *
 * It is written when a solve begins, at the intervals given, and when the progress function or the largest number of
 * iterations ends it; each time complete or not at all. It holds the iteration that the solve had come to, by any
 * method, and is for the same data, options and kind of machine; a solve that goes on ends with the same bits as one
 * that was never interrupted (same number of threads).
 * @param solver     the solver; not NULL
 * @param path       the file, replaced each time; copied; NULL: no checkpoints (default)
 * @param seconds    between two of them; 0: not by time
 * @param iterations between two of them; 0: not by iterations
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_MEMORY. A file that cannot be written at the beginning makes
 *         divw_solver_solve() fail with DIVW_ERROR_FILE; one that fails later is tried again at the next interval
 *
 * Cost: one more pass over the rows in the beginning, for a hash of the data. The file has about 8 n (45 + number of
 * solves) bytes at most, and 8 r^2 more at order inf.
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_checkpoint(divw_solver *solver, const char *path, double seconds,
                                                int64_t iterations);

/**
 * @brief The file of checkpoints.
 * @param solver the solver, or NULL
 * @return the path, owned by the solver; NULL: none
 * @since 0.1
 */
DIVW_API const char *divw_solver_checkpoint(const divw_solver *solver);

/**
 * @brief Lets divw_solver_solve() go on from a checkpoint.
 *
 * The largest number of iterations, the progress function and the checkpoints to come may be others than before; all
 * else has to be the same, and what differs is named.
 * @param solver the solver; not NULL
 * @param path   the file; copied; NULL: begin anew (default)
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_MEMORY. divw_solver_solve() then fails with DIVW_ERROR_FILE,
 *         DIVW_ERROR_FORMAT (no checkpoint, a damaged one, or one of another version of the library) or DIVW_ERROR_DATA
 * (of other data or options)
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_resume(divw_solver *solver, const char *path);

/**
 * @brief The file that a solve goes on from.
 * @param solver the solver, or NULL
 * @return the path, owned by the solver; NULL: none
 * @since 0.1
 */
DIVW_API const char *divw_solver_resume(const divw_solver *solver);

/**
 * @brief Sets the function that is told of every iteration and may cancel.
 * @param solver   the solver; not NULL
 * @param progress NULL: none
 * @param user     handed to it, may be NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_solver_set_progress(divw_solver *solver, divw_progress_fn progress, void *user);

/**
 * @brief Finds the diversity weights of the examples of a kernel.
 *
 * Not reaching the tolerance is no failure: the weights come with the gap that was reached and the reason for
 * stopping. The best weights met are returned, whatever ended the solve.
 * @param solver the options; not NULL
 * @param kernel the examples; not NULL
 * @param out    receives the weights, to be destroyed by the caller; NULL on failure
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (order INFINITY with DIVW_METHOD_ACCELERATED or DIVW_METHOD_ADAM; constraints
 *         with the latter; quality at orders above 1 where it has no bound; bounds on groups without labels;
 *         constraints that no weights keep, with the reason); DIVW_ERROR_SIZE (r above 32,766); DIVW_ERROR_NUMERICAL;
 *         DIVW_ERROR_FILE, DIVW_ERROR_FORMAT and DIVW_ERROR_DATA (checkpoints); DIVW_ERROR_MEMORY (max_memory, too)
 *
 * Cost of an iteration: 2 n r^2 + about 11 r^3 operations; usually 15 to 40 iterations at balance 0.5, some
 * hundred at balance 1. Memory: about 400 n + 60 r^2 bytes.
 *
 * Source: the plain step is the Blahut-Arimoto step for the capacity of a classical-quantum channel (Nagaoka
 * 1998; He, Saunderson, Fawzi 2024, arXiv 2306.04492), accelerated after Anderson (1965) and Walker, Ni (2011).
 * @since 0.1
 */
DIVW_API divw_status divw_solver_solve(const divw_solver *solver, const divw_kernel *kernel, divw_weights **out);

/**
 * @brief Receives a point of the trade-off curve, on the thread that solves.
 *
 * @param index   place in the list of balances; without a list, how many points there were before
 * @param weights the weights of the point, valid until the function returns; divw_weights_balance() says where it is
 * @param user    as given to divw_solver_path()
 * @return 0 to go on; anything else ends the path
 * @since 0.1
 */
typedef int32_t (*divw_path_fn)(int64_t index, const divw_weights *weights, void *user);

/**
 * @brief Finds the curve of diversity against entropy that the balance goes along: divw_solver_solve() at one balance
 *        after the other, each from where the ones before it point.
 *
 * All options hold for each point, with its certificate and its global bound; the balance is taken from the list. The
 * progress function is called for every point, counting from 1 again; where it cancels, the point reached so far is the
 * last one. The start that divw_solver_set_initial() set is that of the first point.
 *
 * With a list, points come with ascending balance. Without one, the ends come first, balance 0 and 1; then the widest
 * gap between neighbours, in nats of H and log VS, is divided, again and again, at the balance at which both neighbours
 * have the same objective. Gaps in which no balance gives more than the neighbours (by more than twice what the
 * tolerance is worth) stay: there J jumps, as on data dominated by copies. When no other gap is left, the path ends
 * with fewer points than asked for.
 * @param solver   the options; not NULL
 * @param kernel   the examples; not NULL
 * @param balances count numbers in [0, 1], in any order; NULL: an even cover of the curve
 * @param count    how many balances, at least 1; or, without a list, how many points at most, at least 2
 * @param callback receives each point; not NULL
 * @param user     handed to it, may be NULL
 * @return DIVW_OK, also when a function asked to stop; DIVW_ERROR_ARGUMENT, also where a number of effective examples
 *         takes the place of the balance; and the errors of divw_solver_solve(), after the points that came before
 *
 * Cost: that of the solves; eleven balances from 0 to 1 take six to nine tenths of the iterations of as many solves
 * from uniform weights. Memory: 32 n bytes, and without a list 8 n for every point, beside that of a solve.
 *
 * Source: log p is nearly linear in log lambda; chord rule of Burkard, Hamacher, Rote (1991). docs/mathematics.md, 5.6.
 * @since 0.1
 */
DIVW_API divw_status divw_solver_path(const divw_solver *solver, const divw_kernel *kernel, const double *balances,
                                      int64_t count, divw_path_fn callback, void *user);

#ifdef __cplusplus
}
#endif

#endif
