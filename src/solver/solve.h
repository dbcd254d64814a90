/* One call of divw_solver_solve(), shared by the files of this folder:
 *
 *     options.c      options
 *     solver.c       the call itself
 *     initial.c      weights to start from
 *     path.c         the trade-off curve: one call after the other
 *     search.c       the objective globally: local solves, the bound, more solves where the bound asks for them
 *     method.c       one solve: by which method, and by which other one where it stalls
 *     objective.c    orders and objectives as scalar functions
 *     gradient.c     their gradient at a dual state
 *     constraints.c  what the caller asks of the weights, as options
 *     constraint_set.c   what they make of the examples at hand
 *     feasible.c     the set of weights that makes
 *     ascent.c       one solve: accelerated ascent from a point to a gap
 *     anderson.c     its acceleration
 *     adam.c         one solve by the published optimiser, to compare with
 *     columns.c      one solve by interior points: for all rows, or some thousands at a time
 *     newton.c       their steps, with constraints and entropy
 *     newton_start.c, newton_border.c   their first point; their few unknowns besides p
 *     newton_matrix.c   their matrix: newton_rows.c rows x rows, newton_features.c r (r+1) / 2 squared, or
 *                    newton_conjugate.c and newton_sample.c, where both are too large
 *     divided.c      the curvature of smooth orders
 *     interior_smooth.c, interior_dual.c   the value that they maximise: smooth orders; large ones and infinity, with
 *                    dual_state.c
 *     certificate.c  one iteration's evaluation of a point, with the proof of its gap
 *     precision.c    whether that is in single precision at first
 *     checkpoint.c   the state of it all in a file
 *     frontier.c     what the proofs at single lambdas say about the objective everywhere
 *     ratio.c        and of scores times diversity above order 1, for which there is no concave level
 *     widen.c        what they say about a kernel that features of low rank stand for
 *     demand.c       the memory that all this needs, in advance
 *     estimate.c     the same for the caller, before there are rows
 *     pace.c         and the time of an iteration
 */
#ifndef DW_SOLVE_H
#define DW_SOLVE_H

#include "../kernel.h"
#include "../report.h"
#include "../spectrum.h"
#include "checkpoint.h"
#include "constraints.h"
#include "feasible.h"
#include "objective.h"

#include <divweights/solver.h>

#include <math.h>

struct divw_solver {
  dw_objective objective;
  dw_constraints constraints;
  int32_t method, precision;
  double tolerance;
  int64_t max_iterations;
  int32_t max_solves;
  double max_memory;   /* bytes; INFINITY: no limit */
  int64_t most_active; /* rows of an interior-point step, for tests; 0: as many as its cost allows */
  divw_progress_fn progress;
  void *progress_user;
  double *initial; /* weights to start from; NULL: uniform ones */
  int64_t initial_count;
  char *checkpoint_path, *resume_path; /* NULL: none */
  double checkpoint_seconds;
  int64_t checkpoint_iterations;
};

/* A point p of the set of allowed weights and what one iteration finds there. Values are in nats (objective.h). */
typedef struct {
  double *logit, *p; /* n each: p is the projection of logit, which once normalised is log(n p) inside the bounds */
  double *D;         /* n marginal diversities, of the dual state that gave the smallest bound */
  double constant;   /* of that state, see dw_gradient, and the allowance for rounding */
  double log_vendi;  /* log VS_q */
  double log_value;  /* f: that, plus log p.s where examples have quality scores s */
  double deficit;    /* g = log n - H */
  double lambda;     /* the weight of H against log VS_q at which the gap is meant */
  double omega;      /* that of log p.s, with scores: 1 unless the slopes of a problem are fixed */
  double gap;        /* no p that is allowed, with at least this entropy, has an f that is larger by more */
  double objective;  /* J or G */
  bool is_estimate;  /* D, values and gap are from single precision: no proof */
} dw_point;

typedef struct dw_checkpoint dw_checkpoint;

enum { DW_STATES = 3 }; /* dual states, of which the last two are smoothed */

/* State of a call. */
typedef struct dw_solve {
  const divw_solver *options;
  dw_objective objective;
  const divw_kernel *kernel;
  int64_t n, r;
  bool will_have_deficits; /* where kernel is NULL (estimate.c) */
  dw_feasible set;
  double *quality;        /* n scores, scaled to a maximum of 1; NULL: none */
  double log_scale;       /* of that scaling */
  struct dw_ratio *ratio; /* with scores above order 1 (ratio.h); NULL: none */
  dw_spectrum spectrum;
  double *R[DW_STATES]; /* factors, r x r each, of the dual states that are looked at in one read */
  const double *sigma;  /* q = inf and large orders by interior points: the dual state, r x r; NULL: that of rho */
  double *smoothed[DW_STATES -
                   1]; /* marginal diversities of smoothed dual states, n each; one of them where rows are many */
  double vendi_uniform;
  int64_t rank;
  int32_t method; /* of the last solve */
  int64_t iterations, row_passes, solves;
  double started;
  dw_checkpoint *checkpoint; /* NULL: neither written nor resumed from */
  dw_stateful outer, middle; /* what is around a method: counters and the search; which method a solve has come to */
  bool cancelled;
  bool stalled;          /* some solve could not reach its target: rounding has the word */
  bool estimated;        /* some iteration was in single precision: spectrum.single */
  bool is_at_uniform;    /* the spectrum is that of uniform weights, in double */
  double estimate_shift; /* what made the gap of the last estimate lambda KL */
  bool smooths_always;   /* an iteration costs so much more than a pass that smoothed states are tried in each */
} dw_solve;

/* Whether features leave something out of rows. Before there is a kernel: as is foretold. */
static inline bool dw_has_deficits(const dw_solve *solve) {
  return solve->kernel != NULL ? dw_kernel_deficit(solve->kernel) != NULL : solve->will_have_deficits;
}

/* What a solve maximises: the objective, with lambda following VS; or the concave y + slope H + quality_slope log p.s,
 * the slopes being fixed. Of a stationary point of the objective they are lambda times the scale of y, and the scale.
 */
typedef struct {
  bool fixed;
  double slope, quality_slope; /* in units of the level y */
} dw_problem;

divw_status dw_point_create(dw_point *point, int64_t n);
void dw_point_destroy(dw_point *point);
void dw_point_copy(dw_point *to, const dw_point *from, int64_t n);
divw_status dw_point_visit(dw_point *point, int64_t n, dw_archive *archive);

/* certificate.c: fills `point` at its logit (projected on the way). */
divw_status dw_evaluate(dw_solve *solve, dw_problem problem, double target, dw_point *point);

/* The spectrum that an evaluated point left behind, where it was read from a checkpoint: it counts as done. */
divw_status dw_diagonalise_again(dw_solve *solve, const dw_point *point);

/* How many smoothed dual states it looks at beside that of the point, in the same read of the rows, where it does. */
int64_t dw_smoothed_states(const dw_solve *solve);

/* The same point again, in double, where it was an estimate. */
divw_status dw_prove(dw_solve *solve, dw_problem problem, double target, dw_point *point);

/* precision.c: whether iterations of this solve may be estimates in single precision; whether one is as close as that
 * goes, or to the target; the gap of one as lambda KL(p || softmax(D / lambda)); what rounding may make of the
 * difference of two objectives, relative. */
double dw_ascent_cost(const dw_solve *solve); /* operations of an iteration */
bool dw_may_estimate(const dw_solve *solve);
bool dw_wants_proof(const dw_point *point, double target);
void dw_restate_estimate(dw_solve *solve, dw_point *point);
double dw_value_rounding(const dw_point *a, const dw_point *b);

/* Whether the gap of an evaluated point is little more than the allowance for rounding: no method gets below it. */
bool dw_is_rounding(const dw_solve *solve, const dw_point *point);

/* No weights have a larger log VS. */
static inline double dw_log_most_vendi(const dw_solve *solve) {
  return log((double)(solve->spectrum.count > solve->r ? solve->n : solve->r));
}

/* log p.s of an evaluated point; 0 without scores. */
static inline double dw_log_quality(const dw_point *point) { return point->log_value - point->log_vendi; }

/* What a score, as it is held, is worth there: s_i / p.s is that times quality[i]. */
static inline double dw_score_unit(const dw_solve *solve, const dw_point *point) {
  return exp(solve->log_scale - dw_log_quality(point));
}

/* D_i += amount s_i / p.s, p that of the point. */
void dw_add_scores(const dw_solve *solve, const dw_point *point, double amount, double *D);

/* Whether the value, p.s VS_q, is no concave function of the level: with scores above order 1. */
static inline bool dw_is_ratio(const dw_solve *solve) { return solve->quality != NULL && solve->objective.order > 1; }

/* The gap of an evaluated point if its marginal diversities were these. */
double dw_gap_with(const dw_solve *solve, dw_problem problem, const dw_point *point, const double *D);

/* Restates lambda and gap of an evaluated point for J, whatever lambda it was found at. */
void dw_certify_for_objective(const dw_solve *solve, dw_point *point);

/* initial.c: logits (not normalised) of the weights that the host wants to start from. */
void dw_start_from_initial(const dw_solve *solve, double *logit);

/* ascent.c: from point->logit until the gap is at most target, or it looks as if that took more than `most` iterations
 * (then: stalled); point becomes the best point met. */
divw_status dw_ascend(dw_solve *solve, dw_problem problem, double target, int64_t most, dw_point *point,
                      int32_t *stop_reason);

/* columns.c: the same by interior points. */
divw_status dw_interior_point(dw_solve *solve, dw_problem problem, double target, dw_point *point,
                              int32_t *stop_reason);

/* adam.c: the same by the published optimiser. */
divw_status dw_adam(dw_solve *solve, dw_problem problem, double target, dw_point *point, int32_t *stop_reason);

/* Tells the host about a point; sets solve->cancelled when it asks to stop. */
void dw_report_progress(dw_solve *solve, const dw_point *point);

/* Why a solve ends at a point, 0 to go on. It has stalled when for `patience` iterations neither the gap has become
 * smaller nor the objective larger by as much as matters. */
typedef struct {
  double smallest_gap, largest_objective;
  int64_t idle; /* iterations without either */
} dw_progress;
int32_t dw_reason_to_stop(const dw_solve *solve, const dw_point *point, double target, int64_t patience,
                          dw_progress *progress);
divw_status dw_progress_visit(dw_progress *progress, dw_archive *archive);

/* That of a point from a checkpoint, which was not converged: what interrupted it then came before stalling. */
int32_t dw_reason_when_resumed(const dw_solve *solve, bool has_stalled);

/* Whether the objective (or, at a fixed slope, y + slope H) of a point is below that of another beyond rounding. */
bool dw_is_lower(const dw_solve *solve, dw_problem problem, const dw_point *point, const dw_point *than);

/* From so many rows on, what a solve holds of each of them is kept below 100 bytes. */
enum { DW_MANY = 1 << 17 };

/* anderson.c. How much of the past a solve of n rows keeps. */
enum { DW_DEPTH = 16 };
typedef struct {
  int64_t depth; /* steps, up to DW_DEPTH */
  int64_t width; /* bytes of a number */
} dw_history;
dw_history dw_history_of(int64_t n);

typedef struct dw_anderson dw_anderson;
divw_status dw_anderson_create(dw_anderson **out, int64_t n, dw_history history);
void dw_anderson_destroy(dw_anderson *anderson);
void dw_anderson_reset(dw_anderson *anderson);
divw_status dw_anderson_visit(dw_anderson *anderson, dw_archive *archive);

/* The plain step from a point. */
typedef struct {
  const double *logit, *image;
} dw_step;

/* next becomes the accelerated step from `now` (not normalised); `before` is the step of the call before, which is not
 * looked at after a reset. next may be before.logit. */
divw_status dw_anderson_step(dw_anderson *anderson, const double *p, dw_step before, dw_step now, double *next);

/* Forgets the past: next becomes the plain step, to which differences are then taken. */
divw_status dw_anderson_restart(dw_anderson *anderson, dw_step now, double *next);

/* Numbers that it works in, beside the history. */
double dw_anderson_numbers(int64_t n);

/* method.c: one solve, by the method that the options say or the problem asks for. */
divw_status dw_run_method(dw_solve *solve, dw_problem problem, double target, dw_point *point, int64_t *iterations,
                          int32_t *stop_reason);

/* Whether that would be an interior-point method; whether one may be used at all; whether the other one may go on where
 * it stalls; and the operations of a step of it. By sizes, options, and the score of uniform weights. */
bool dw_wants_interior_point(const dw_solve *solve);
bool dw_interior_point_is_derived(const dw_solve *solve);
bool dw_may_switch(const dw_solve *solve, bool interior);
double dw_newton_cost(const dw_solve *solve);

/* search.c: the call's result. */
typedef struct {
  dw_point best;
  double global_bound;
  int64_t iterations;
  int32_t stop_reason, method;
  bool is_settled; /* there was nothing to choose, and nothing is left to prove */
} dw_solution;

divw_status dw_solve_globally(dw_solve *solve, dw_solution *solution);

/* Whether the gap of a point bounds the objective globally. */
bool dw_is_gap_global(const dw_solve *solve);

/* widen.c: restates a report for the kernel that is meant, where features are of low rank. */
divw_status dw_widen(dw_solve *solve, const dw_solution *solution, dw_report *report);

/* demand.c: bytes of a call at its height, by sizes and options, with a method; and how many solves the options and
 * memory allow. */
double dw_solve_bytes(const dw_solve *solve, int32_t method);
bool dw_interior_point_fits(const dw_solve *solve);
int64_t dw_most_solves(const dw_solve *solve);

/* DIVW_ERROR_MEMORY, naming the figure, when more is needed than the options allow. */
divw_status dw_check_memory(const dw_solve *solve);

/* Numbers: workspace of dw_eigen(), and a block of rows. */
double dw_eigen_numbers(double r);
double dw_block_numbers(int64_t n, int64_t r);

/* solver.c: what is maximised. */
dw_objective dw_effective_objective(const divw_solver *solver);

#endif
