/* One solve: accelerated ascent on J (lambda follows VS) or on f + lambda H (lambda fixed).
 *
 * The plain step maximises a minorant of the objective (S(rho(p) || rho(p_k)) <= KL(p || p_k), data processing):
 *
 *     log p <- (log p + D) / (1 + lambda) - const,
 *
 * the Blahut-Arimoto step for the capacity of a classical-quantum channel with pure states (Nagaoka 1998; He,
 * Saunderson, Fawzi, arXiv 2306.04492). It never lowers the objective, J included (VS is convex in f). Alone it needs
 * hundreds of steps; accelerated, some tens. An accelerated point that lowers the objective is thrown away, the history
 * with it, and the plain step from the point before is taken: so the objective never falls, and the last point kept is
 * the best. */
#include "solve.h"

#include "../simplex.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { PATIENCE = 100 }; /* iterations without a smaller gap before rounding is blamed */

typedef struct {
  dw_solve *solve;
  dw_problem problem;
  double target;
  dw_anderson *anderson;
  dw_point *best;   /* the last point that was kept */
  dw_point trial;   /* the point that is looked at */
  double *image;    /* the plain step from best */
  double residual;  /* |image - log p|_p of the last step */
  bool accelerated; /* how trial was reached */
  double smallest_gap;
  int64_t since_smallest;
} ascent;

static double merit(const ascent *a, const dw_point *point) {
  return a->problem.fixed ? point->log_vendi - a->problem.lambda * point->deficit : point->objective;
}

static bool lower(const ascent *a) {
  double before = merit(a, a->best), after = merit(a, &a->trial);
  return after < before - 16 * DBL_EPSILON * fmax(fabs(before), 1);
}

/* The plain step from best, normalised to sum p = 1 so that residuals of different steps compare. */
static void plain_step(ascent *a) {
  const dw_point *at = a->best;
  double shrink = 1 / (1 + at->lambda), square;
  for (int64_t i = 0; i < a->solve->n; i++) {
    a->image[i] = (at->log_p[i] + at->D[i]) * shrink;
  }
  dw_normalise(a->image, a->trial.p, a->solve->n);
  for (int64_t i = 0; i < a->solve->n; i++) {
    a->trial.log_p[i] = a->image[i] - at->log_p[i];
  }
  square = dw_weighted_square(at->p, a->trial.log_p, a->solve->n);
  if (sqrt(square) > 2 * a->residual) {
    dw_anderson_reset(a->anderson);
  }
  a->residual = sqrt(square);
}

/* Chooses the next trial after `trial` was evaluated. */
static divw_status advance(ascent *a) {
  int64_t n = a->solve->n;
  if (a->accelerated && lower(a)) {
    dw_anderson_reset(a->anderson);
    memcpy(a->trial.log_p, a->image, (size_t)n * sizeof *a->image);
    a->accelerated = false;
    return DIVW_OK;
  }
  dw_point kept = a->trial;
  a->trial = *a->best;
  *a->best = kept;
  plain_step(a);
  a->accelerated = true;
  return dw_anderson_step(a->anderson, a->best->p, a->best->log_p, a->image, a->trial.log_p);
}

/* Tells the host about the trial, which may ask to stop. */
static void report_progress(ascent *a) {
  dw_solve *solve = a->solve;
  const dw_point *at = &a->trial;
  if (solve->options->progress != NULL &&
      solve->options->progress(solve->iterations, exp(at->log_vendi), log((double)solve->n) - at->deficit,
                               at->objective, at->gap, dw_seconds() - solve->started,
                               solve->options->progress_user) != 0) {
    solve->cancelled = true;
  }
}

/* 0 to go on. */
static int32_t reason_to_stop(ascent *a) {
  a->since_smallest++;
  if (a->trial.gap < 0.99 * a->smallest_gap) {
    a->smallest_gap = a->trial.gap;
    a->since_smallest = 0;
  }
  if (a->trial.gap <= a->target) {
    return DIVW_STOP_CONVERGED;
  }
  if (a->solve->cancelled) {
    return DIVW_STOP_CANCELLED;
  }
  if (a->solve->iterations >= a->solve->options->max_iterations) {
    return DIVW_STOP_MAX_ITERATIONS;
  }
  return a->since_smallest >= PATIENCE ? DIVW_STOP_STALLED : 0;
}

static divw_status climb(ascent *a, int32_t *stop_reason) {
  divw_status status;
  bool first = true;
  for (;;) {
    DW_TRY(dw_evaluate(a->solve, a->problem, a->target, &a->trial));
    report_progress(a);
    *stop_reason = reason_to_stop(a);
    if (*stop_reason != 0) {
      break;
    }
    DW_TRY(advance(a));
    first = false;
  }
  if (first || *stop_reason == DIVW_STOP_CONVERGED || !lower(a)) {
    dw_point_copy(a->best, &a->trial, a->solve->n);
  }
fail:
  return status;
}

divw_status dw_ascend(dw_solve *solve, dw_problem problem, double target, dw_point *point, int64_t *iterations,
                      int32_t *stop_reason) {
  divw_status status;
  int64_t before = solve->iterations;
  ascent a = {.solve = solve, .problem = problem, .target = target, .best = point};
  a.residual = a.smallest_gap = INFINITY;
  DW_TRY(dw_anderson_create(&a.anderson, solve->n));
  DW_TRY(dw_alloc(&a.image, solve->n, sizeof *a.image));
  DW_TRY(dw_point_create(&a.trial, solve->n));
  memcpy(a.trial.log_p, point->log_p, (size_t)solve->n * sizeof *point->log_p);
  DW_TRY(climb(&a, stop_reason));
  *iterations = solve->iterations - before;
fail:
  dw_point_destroy(&a.trial);
  divw_free(a.image);
  dw_anderson_destroy(a.anderson);
  return status;
}
