/* The objective, globally.
 *
 *     1. A solve of the objective from uniform weights. Its marginal diversities are a dual vector.
 *     2. All dual vectors so far bound the objective of every p (frontier.c). Closed: done.
 *     3. Otherwise solve the concave y + slope H at the slope that the worst point of the bound names, starting from
 * the softmax of the sharpest dual there. Its dual lowers the bound at that slope to what can be reached; and where it
 * reaches more than the best so far, that point is polished for the objective itself. Back to 2.
 *
 * On ordinary data step 2 closes at once; data dominated by copies, where uniform weights lead to a worse local
 * maximum, take a few solves. Solves aim at half the tolerance: the other half is room for the bound between slopes.
 *
 * G at q <= 1 is concave: there the gap itself is the bound. */
#include "frontier.h"
#include "interior.h"

#include "../simplex.h"

#include <math.h>
#include <string.h>

enum {
  FEW_ROWS = 1000,
  FEW_ITERATIONS = 18,
  SOME_ITERATIONS = 45
}; /* auto: what ascent may take before another tries */
#define SLOW_LAMBDA 0.02
#define CHEAP_STEP 1e10 /* operations: about 0.15 s on two cores */
#define BEARABLE_STEP 3e11

typedef struct {
  dw_solve *solve;
  dw_solution *solution;
  dw_point work;
  dw_frontier *frontier;
  double *duals[DW_MAX_DUALS]; /* one dual vector of every solve */
  double scales[DW_MAX_DUALS]; /* and the scale of its level */
  int32_t count;
  double tolerance;   /* as asked for, or what rounding allows */
  double target;      /* nats, of the solves */
  int64_t iterations; /* since the last start from a dual: solves that go on from one another count together */
  int32_t stop_reason;
} search;

/* Where the problem is concave in p, or its stationary points are global anyway, the gap of one is the bound. */
static bool is_gap_global(const dw_solve *solve) {
  const dw_objective *objective = &solve->objective;
  bool concave = objective->logarithmic && objective->level_order <= 1;
  return concave || objective->balance == 1;
}

/* Keeps the dual vector of a point for the bound. */
static divw_status store_dual(search *s, const dw_point *point) {
  divw_status status;
  DW_TRY(dw_alloc(&s->duals[s->count], s->solve->n, sizeof **s->duals));
  memcpy(s->duals[s->count], point->D, (size_t)s->solve->n * sizeof **s->duals);
  double scale = dw_level_scale(s->solve->objective.level_order, point->log_value);
  s->scales[s->count] = scale;
  dw_frontier_add(s->frontier, (dw_dual){s->duals[s->count++], point->constant, scale, scale * point->lambda});
fail:
  return status;
}

static double allowed_global_gap(const search *s) {
  return dw_objective_slope(&s->solve->objective, s->solution->best.log_value) * s->tolerance;
}

/* Operations of an interior-point iteration. At orders 2 and inf the Hessian is a product of matrices of inner
 * products.
 */
static double newton_cost(const dw_solve *solve) {
  double n = (double)dw_min(solve->n, DW_INTERIOR_ALL), r = (double)solve->r, order = solve->objective.order;
  return n * n * ((order == 2 || isinf(order) ? 2 * r : r * (r + 1) / 2) + n / 3);
}

/* Whether ascent takes many iterations: at orders above 1 and at small lambda. */
static bool is_slow(const dw_solve *solve) {
  const dw_objective *objective = &solve->objective;
  return objective->order > 1 || dw_objective_lambda(objective, log(solve->vendi_uniform)) < SLOW_LAMBDA;
}

/* Whether Newton steps are worth their price: where ascent is slow and a step takes a fraction of a second. Order inf
 * has no gradient, and leaves no choice. */
static bool wants_interior_point(const dw_solve *solve) {
  const dw_objective *objective = &solve->objective;
  if (solve->quality != NULL && objective->order > 1) {
    return false;
  }
  if (isinf(objective->order) || solve->options->method == DIVW_METHOD_INTERIOR_POINT) {
    return true;
  }
  return solve->options->method == DIVW_METHOD_AUTO && is_slow(solve) &&
         (newton_cost(solve) < CHEAP_STEP || solve->n <= FEW_ROWS);
}

/* The other method from where one has stalled; the point is kept where that is better. */
static divw_status try_other(dw_solve *solve, dw_problem problem, double target, bool interior, dw_point *point,
                             int64_t *iterations, int32_t *stop_reason) {
  divw_status status;
  dw_point before;
  int64_t more;
  int32_t reason;
  DW_TRY(dw_point_create(&before, solve->n));
  dw_point_copy(&before, point, solve->n);
  DW_TRY(interior ? dw_interior_point(solve, problem, target, point, &more, &reason)
                  : dw_ascend(solve, problem, target, INT64_MAX, point, &more, &reason));
  *iterations += more;
  /* A converged point may be lower by what its gap is worth; by more, it is at another local maximum. */
  double worth = dw_objective_slope(&solve->objective, before.log_value) * target;
  bool lower = reason == DIVW_STOP_CONVERGED ? !problem.fixed && point->objective + worth < before.objective
                                             : dw_is_lower(solve, problem, point, &before);
  if (lower) {
    dw_point_copy(point, &before, solve->n);
    reason = reason == DIVW_STOP_CONVERGED ? DIVW_STOP_STALLED : reason;
  } else {
    solve->method = interior ? DIVW_METHOD_INTERIOR_POINT : DIVW_METHOD_ACCELERATED;
  }
  *stop_reason = reason;
fail:
  dw_point_destroy(&before);
  return status;
}

static int64_t auto_iterations(const dw_solve *solve) {
  return solve->n <= FEW_ROWS ? FEW_ITERATIONS : SOME_ITERATIONS;
}

/* What the host starts from, as it is and with smoothed states: an interior-point method leaves it at once, and at
 * small lambda ascent would try those states at its fifth iteration. An interior-point method then has to find better.
 */
static divw_status look_at_initial(dw_solve *solve, dw_problem problem, double target, bool interior, dw_point *point,
                                   int64_t *iterations, int32_t *stop_reason) {
  divw_status status;
  dw_progress progress = {INFINITY, -INFINITY, 0};
  solve->smooths_always = true;
  status = dw_evaluate(solve, problem, target, point);
  solve->smooths_always = false;
  DW_TRY(status);
  dw_report_progress(solve, point);
  *iterations = 1;
  *stop_reason = dw_reason_to_stop(solve, point, target, INT64_MAX, &progress);
  if (*stop_reason == 0 && interior) {
    DW_TRY(try_other(solve, problem, target, true, point, iterations, stop_reason));
  }
fail:
  return status;
}

/* One solve by the method that fits; where it has stalled, the other one goes on from there if it may. */
static divw_status run_method(dw_solve *solve, dw_problem problem, double target, dw_point *point, int64_t *iterations,
                              int32_t *stop_reason) {
  divw_status status;
  const divw_solver *options = solve->options;
  if (options->method == DIVW_METHOD_ADAM) {
    solve->method = DIVW_METHOD_ADAM;
    return dw_adam(solve, problem, target, point, iterations, stop_reason);
  }
  bool interior = wants_interior_point(solve), may_switch = options->method == DIVW_METHOD_AUTO;
  may_switch = may_switch && !(solve->quality != NULL && solve->objective.order > 1);
  may_switch = may_switch && (interior ? isfinite(solve->objective.order) : newton_cost(solve) < BEARABLE_STEP);
  solve->method = interior ? DIVW_METHOD_INTERIOR_POINT : DIVW_METHOD_ACCELERATED;
  *stop_reason = 0;
  if (options->initial != NULL && solve->iterations == 0 && (interior || is_slow(solve)) &&
      isfinite(solve->objective.order)) { /* order inf has its dual states from the method alone */
    DW_TRY(look_at_initial(solve, problem, target, interior, point, iterations, stop_reason));
  }
  if (*stop_reason == 0) {
    DW_TRY(interior ? dw_interior_point(solve, problem, target, point, iterations, stop_reason)
                    : dw_ascend(solve, problem, target, may_switch ? auto_iterations(solve) : INT64_MAX, point,
                                iterations, stop_reason));
  }
  if (may_switch && *stop_reason == DIVW_STOP_STALLED) {
    DW_TRY(try_other(solve, problem, target, !interior, point, iterations, stop_reason));
  }
fail:
  return status;
}

/* One solve from work.logit; work becomes its result, and the best one where it is better. */
static divw_status solve_once(search *s, dw_problem problem) {
  divw_status status;
  dw_solution *solution = s->solution;
  int64_t iterations;
  s->solve->solves++;
  DW_TRY(run_method(s->solve, problem, s->target, &s->work, &iterations, &s->stop_reason));
  if (!is_gap_global(s->solve)) {
    DW_TRY(store_dual(s, &s->work));
  }
  s->iterations += iterations;
  if (s->stop_reason == DIVW_STOP_STALLED) { /* from here on, aim at what can be reached */
    s->solve->stalled = true;
    s->tolerance = fmax(s->tolerance, 2 * s->work.gap);
    s->target = fmax(s->target, s->tolerance / 2);
  }
  bool better = s->solve->solves == 1 || s->work.objective > solution->best.objective;
  dw_certify_for_objective(s->solve, &s->work);
  bool sharper =
      s->work.gap < solution->best.gap && s->work.objective >= solution->best.objective - allowed_global_gap(s);
  if (better || sharper) {
    dw_point_copy(&solution->best, &s->work, s->solve->n);
    solution->iterations = s->iterations;
    solution->stop_reason = s->stop_reason;
    solution->method = s->solve->method;
  }
fail:
  return status;
}

/* Where no more work may follow: out of solves or iterations, or told to stop. The published optimiser is left as it
 * is, one solve. */
static bool exhausted(const search *s) {
  const divw_solver *options = s->solve->options;
  return options->method == DIVW_METHOD_ADAM || s->solve->cancelled || s->solve->solves >= options->max_solves ||
         s->solve->iterations >= options->max_iterations;
}

static dw_frontier_bound bound(search *s) {
  const dw_objective *objective = &s->solve->objective;
  const dw_point *best = &s->solution->best;
  if (is_gap_global(s->solve)) {
    double entropy = log((double)s->solve->n) - best->deficit;
    s->solution->global_bound = dw_objective_value(objective, best->log_value + best->gap, entropy);
    return (dw_frontier_bound){s->solution->global_bound, 0, 0};
  }
  dw_frontier_bound found = dw_frontier_find_bound(s->frontier, best->objective, allowed_global_gap(s));
  s->solution->global_bound = fmax(found.objective, best->objective);
  return found;
}

/* Starts the next solve from the softmax of a dual vector. */
static void start_from_dual(search *s, int32_t dual, double slope) {
  const double *D = s->duals[dual], lambda = slope / s->scales[dual];
  double maximum = dw_maximum(D, s->solve->n);
  for (int64_t i = 0; i < s->solve->n; i++) {
    s->work.logit[i] = fmax((D[i] - maximum) / lambda, -700); /* every row stays within reach */
  }
  s->iterations = 0;
}

/* True when the bound asks for more precision at the best point itself rather than for another solve elsewhere. */
static bool loose_at_best(const search *s, double slope) {
  const dw_point *best = &s->solution->best;
  double scale = dw_level_scale(s->solve->objective.level_order, best->log_value);
  double ratio = slope / (scale * best->lambda);
  return !s->solve->stalled && best->gap > s->tolerance / 8 && (slope == 0 || (ratio > 0.8 && ratio < 1.25));
}

/* Goes on from the best point to the local maximum of the objective that it belongs to.
 *
 * Ascent does that directly. An interior-point method starts from well inside the simplex and might end at another one;
 * it solves y + slope H at the slope of the best point instead, again and again: since the objective is convex in y,
 * that maximises a minorant of it which touches it there, so no round lowers it. */
static divw_status polish(search *s) {
  divw_status status;
  const dw_objective *objective = &s->solve->objective;
  dw_point *best = &s->solution->best;
  double before = -INFINITY;
  if (!wants_interior_point(s->solve)) {
    dw_point_copy(&s->work, best, s->solve->n);
    return solve_once(s, (dw_problem){.fixed = false});
  }
  while (!exhausted(s) && best->gap > s->target && best->objective > before) {
    double scale = dw_level_scale(objective->level_order, best->log_value);
    before = best->objective;
    dw_point_copy(&s->work, best, s->solve->n);
    DW_TRY(solve_once(s, (dw_problem){.fixed = true, .slope = scale * best->lambda}));
  }
  return DIVW_OK;
fail:
  return status;
}

static divw_status close_bound(search *s) {
  divw_status status = DIVW_OK;
  for (;;) {
    dw_frontier_bound found = bound(s);
    double before = s->solution->best.objective;
    if (s->solution->global_bound - before <= allowed_global_gap(s) || exhausted(s)) {
      break;
    }
    if (loose_at_best(s, found.slope)) {
      s->target = s->tolerance / 8;
      s->iterations = s->solution->iterations;
      DW_TRY(polish(s));
      continue;
    }
    if (found.slope == 0 || s->solve->solves + 2 > s->solve->options->max_solves) {
      break; /* a solve at another slope may have to be followed by one of the objective itself */
    }
    start_from_dual(s, found.dual, found.slope);
    DW_TRY(solve_once(s, (dw_problem){.fixed = true, .slope = found.slope}));
    if (s->work.objective > before && !exhausted(s)) {
      DW_TRY(polish(s));
    }
  }
fail:
  return status;
}

divw_status dw_solve_globally(dw_solve *solve, dw_solution *solution) {
  divw_status status;
  double tolerance = solve->options->tolerance;
  search s = {.solve = solve, .solution = solution, .tolerance = tolerance, .target = tolerance / 2};
  DW_TRY(dw_frontier_create(&s.frontier, &solve->set, solve->log_scale, log((double)solve->r) + solve->log_scale,
                            &solve->objective));
  DW_TRY(dw_point_create(&s.work, solve->n));
  if (solve->options->initial != NULL) { /* otherwise log p = 0: as even as can be */
    dw_start_from_initial(solve, s.work.logit);
  }
  DW_TRY(solve_once(&s, (dw_problem){.fixed = false}));
  DW_TRY(close_bound(&s));
fail:
  for (int32_t k = 0; k < s.count; k++) {
    divw_free(s.duals[k]);
  }
  dw_point_destroy(&s.work);
  divw_free(s.frontier);
  return status;
}
