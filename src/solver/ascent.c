/* One solve: accelerated ascent on the objective (lambda follows VS) or on the concave y + slope H.
 *
 * The plain step maximises a minorant of the objective; for q = 1, from S(rho(p) || rho(p_k)) <= KL(p || p_k) (data
 * processing),
 *
 *     log p <- (k log p + D) / (k + lambda) - const,     k = max(q, 1),     projected onto the set of allowed weights,
 *
 * the Blahut-Arimoto step for the capacity of a classical-quantum channel with pure states (Nagaoka 1998; He,
 * Saunderson, Fawzi, arXiv 2306.04492). At q = 1 it never lowers the objective, J included (VS is convex in f); at
 * other orders k is doubled where it does. Alone it needs hundreds of steps; accelerated, some tens. An accelerated
 * point that lowers the objective is thrown away, the history with it, and the plain step from the point before is
 * taken: so the objective never falls, and the last point kept is the best. */
#include "solve.h"

#include "../simplex.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Iterations without a smaller gap or a larger objective before rounding is blamed: for the end of a solve, for that of
 * its iterations in single precision; iterations that a forecast looks at. */
enum { PATIENCE = 100, LITTLE_PATIENCE = 20, SINGLE_PATIENCE = 8, FORECAST = 6 };

typedef struct {
  dw_solve *solve;
  dw_problem problem;
  double target;
  dw_anderson *anderson;
  dw_point *best;            /* the last point that was kept */
  dw_point trial;            /* the point that is looked at; the two share the memory of p, which is that of trial from
                              * its evaluation on */
  double *image;             /* the plain step from best */
  double residual;           /* |image - log p|_p of the last step */
  double caution;            /* of the plain step: 1, more where it has lowered the objective */
  bool accelerated;          /* how trial was reached */
  int64_t started, most;     /* iterations before this solve; how many it may take */
  double smallest[FORECAST]; /* gap so far, at the last iterations */
  bool is_slow;              /* it looks as if that were not enough */
  dw_progress progress;
} ascent;

static bool lower(const ascent *a) { return dw_is_lower(a->solve, a->problem, &a->trial, a->best); }

/* k of the plain step: how much more curved than the entropy of p the value may be. Scores s add the curvature of
 * log p.s, sum p s^2 / (p.s)^2. */
static double curvature(const ascent *a) {
  const dw_solve *solve = a->solve;
  double k = fmax(solve->objective.order, 1), mean = 0, square = 0;
  for (int64_t i = 0; solve->quality != NULL && i < solve->n; i++) {
    mean += a->best->p[i] * solve->quality[i];
    square += a->best->p[i] * solve->quality[i] * solve->quality[i];
  }
  return a->caution * (k + (mean > 0 ? square / (mean * mean) : 0));
}

/* The plain step from best, into trial.D, projected so that residuals of different steps compare. A limit on the
 * entropy takes the place of lambda: the step is tempered until it keeps it. */
static void plain_step(ascent *a) {
  const dw_point *at = a->best;
  const dw_feasible *set = &a->solve->set;
  double *image = a->trial.D, before = a->residual;
  double k = curvature(a), shrink = 1 / (k + (isfinite(set->deficit_limit) ? 0 : at->lambda));
  for (int64_t i = 0; i < a->solve->n; i++) {
    image[i] = (k * dw_feasible_log(set, at->logit, i) + at->D[i]) * shrink;
  }
  dw_feasible_temper(set, image, NULL);
  a->residual = dw_weighted_distance(at->p, image, at->logit, a->solve->n);
  if (a->residual > 2 * before) {
    dw_anderson_reset(a->anderson);
  }
}

static void exchange(double **x, double **y) {
  double *kept = *x;
  *x = *y;
  *y = kept;
}

/* After a trial that has lowered the objective: the plain step instead, a more cautious one where it was that. */
static divw_status step_back(ascent *a) {
  if (!a->accelerated) {
    a->caution *= 2;
    dw_feasible_weights(&a->solve->set, a->best->logit, a->best->p);
    plain_step(a);
    exchange(&a->image, &a->trial.D);
  }
  a->accelerated = false;
  return dw_anderson_restart(a->anderson, (dw_step){a->best->logit, a->image}, a->trial.logit);
}

/* Chooses the next trial after `trial` was evaluated. */
static divw_status advance(ascent *a) {
  bool first = a->residual == INFINITY;
  if (!first && lower(a) && (a->accelerated || a->caution < 1e6)) {
    return step_back(a);
  }
  dw_point kept = a->trial;
  a->trial = *a->best;
  *a->best = kept;
  plain_step(a);
  a->accelerated = true;
  dw_step before = {a->trial.logit, a->image}, now = {a->best->logit, a->trial.D};
  divw_status status = dw_anderson_step(a->anderson, a->best->p, before, now, a->trial.logit);
  exchange(&a->image, &a->trial.D);
  return status;
}

/* Whether more iterations than allowed would be needed if the gap went on falling as in the last ones; as long as it is
 * infinite, at orders above 1, whether nothing has become better in them. Once estimates have come down to the target,
 * gaps are proven ones, which jump, fall by smoothing all at once, and forecast nothing: then iterations are counted.
 */
static bool is_too_slow(ascent *a) {
  int64_t done = a->solve->iterations - a->started;
  double *slot = &a->smallest[done % FORECAST], before = *slot; /* FORECAST iterations ago */
  *slot = a->progress.smallest_gap;
  if (a->most == INT64_MAX || done <= FORECAST + 1) {
    return false;
  }
  if (a->solve->estimated && !a->solve->spectrum.single) {
    return done > a->most;
  }
  if (isinf(*slot)) {
    return a->progress.idle >= FORECAST;
  }
  double left = FORECAST * log(*slot / a->target) / log(before / *slot);
  return !((double)done + left <= (double)a->most);
}

static int64_t patience(const ascent *a) {
  return a->trial.gap <= a->solve->options->tolerance ? LITTLE_PATIENCE : PATIENCE;
}

/* 0 to go on. */
static int32_t reason_to_stop(ascent *a) {
  int32_t reason = dw_reason_to_stop(a->solve, &a->trial, a->target, patience(a), &a->progress);
  a->is_slow = is_too_slow(a);
  return reason == 0 && a->is_slow ? DIVW_STOP_STALLED : reason;
}

static divw_status visit(void *self, dw_archive *archive) {
  divw_status status;
  ascent *a = self;
  DW_TRY(dw_point_visit(a->best, a->solve->n, archive));
  DW_TRY(dw_point_visit(&a->trial, a->solve->n, archive));
  DW_TRY(dw_archive_bytes(archive, a->image, a->solve->n * (int64_t)sizeof *a->image));
  DW_TRY(dw_anderson_visit(a->anderson, archive));
  DW_VISIT(archive, a->residual);
  DW_VISIT(archive, a->caution);
  DW_TRY(dw_archive_flag(archive, &a->accelerated));
  DW_TRY(dw_archive_flag(archive, &a->solve->spectrum.single));
  DW_TRY(dw_archive_flag(archive, &a->solve->estimated));
  DW_VISIT(archive, a->started);
  DW_VISIT(archive, a->smallest);
  DW_TRY(dw_archive_flag(archive, &a->is_slow));
  status = dw_progress_visit(&a->progress, archive);
fail:
  return status;
}

/* Evaluates trial: in double from where single precision does not get on. At lambda near 0 that may be far above what
 * it attains elsewhere, since marginal diversities in directions of next to no weight are then made of rounding. */
static divw_status look(ascent *a) {
  divw_status status;
  DW_TRY(dw_evaluate(a->solve, a->problem, a->target, &a->trial));
  if (a->trial.is_estimate && a->progress.idle >= SINGLE_PATIENCE) {
    a->progress = (dw_progress){INFINITY, -INFINITY, 0};
    DW_TRY(dw_prove(a->solve, a->problem, a->target, &a->trial));
  }
fail:
  return status;
}

static divw_status climb(ascent *a, int32_t *stop_reason) {
  divw_status status;
  bool first = true, is_resuming = dw_checkpoint_is_resuming(a->solve); /* after an evaluation */
  *stop_reason = 0;
  if (is_resuming) {
    DW_TRY(dw_checkpoint_read(a->solve, (dw_stateful){a, visit}));
    DW_TRY(dw_checkpoint_resumed(a->solve));
    *stop_reason = dw_reason_when_resumed(a->solve, a->is_slow || a->progress.idle >= patience(a));
    first = a->residual == INFINITY;
  }
  for (; *stop_reason == 0; is_resuming = false) {
    if (!is_resuming) {
      DW_TRY(look(a));
      dw_report_progress(a->solve, &a->trial);
      *stop_reason = reason_to_stop(a);
      DW_TRY(dw_checkpoint_keep(a->solve, (dw_stateful){a, visit}, *stop_reason));
    }
    if (*stop_reason == 0) {
      DW_TRY(advance(a));
      first = false;
    }
  }
  if (first || *stop_reason == DIVW_STOP_CONVERGED || !lower(a)) {
    dw_point kept = a->trial;
    a->trial = *a->best;
    *a->best = kept;
  } else {
    dw_feasible_weights(&a->solve->set, a->best->logit, a->best->p);
  }
  DW_TRY(dw_prove(a->solve, a->problem, a->target, a->best));
fail:
  a->solve->spectrum.single = false;
  return status;
}

divw_status dw_ascend(dw_solve *solve, dw_problem problem, double target, int64_t most, dw_point *point,
                      int32_t *stop_reason) {
  divw_status status;
  ascent a = {
      .solve = solve, .problem = problem, .target = target, .best = point, .started = solve->iterations, .most = most};
  a.residual = INFINITY;
  a.progress = (dw_progress){INFINITY, -INFINITY, 0};
  a.caution = 1;
  DW_TRY(dw_anderson_create(&a.anderson, solve->n, dw_history_of(solve->n)));
  DW_TRY(dw_alloc(&a.image, solve->n, sizeof *a.image));
  solve->spectrum.single = dw_may_estimate(solve);
  DW_TRY(dw_alloc(&a.trial.logit, solve->n, sizeof *a.trial.logit));
  DW_TRY(dw_alloc(&a.trial.D, solve->n, sizeof *a.trial.D));
  a.trial.p = point->p;
  memcpy(a.trial.logit, point->logit, (size_t)solve->n * sizeof *point->logit);
  DW_TRY(climb(&a, stop_reason));
fail:
  a.trial.p = NULL; /* the point has it */
  dw_point_destroy(&a.trial);
  divw_free(a.image);
  dw_anderson_destroy(a.anderson);
  return status;
}
