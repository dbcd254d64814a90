/* The objective, globally.
 *
 *     1. A solve of the objective from uniform weights. Its marginal diversities are a dual vector.
 *     2. All dual vectors so far bound the objective of every p (frontier.c). Closed: done.
 *     3. Otherwise solve the concave y + slope H at the slope that the worst point of the bound names, from the
 *        softmax of the sharpest dual there. Its dual lowers the bound at that slope to what can be reached; and where
 *        it reaches more than the best so far, that point is polished for the objective itself. Back to 2.
 *
 * On ordinary data step 2 closes at once; data dominated by copies, where uniform weights lead to a worse local
 * maximum, take a few solves. Solves aim at half the tolerance: the other half is room for the bound between slopes.
 *
 * Where the problem is concave anyway (G at q <= 1, balance 1, effective examples) the gap itself is the bound. */
#include "ratio.h"

#include "../simplex.h"

#include <math.h>
#include <string.h>

#define FARTHEST (-20.0)
#define RATIO_SHARE 0.02 /* of the tolerance, for lines of ratios */
/* What a solve is for: the objective from the first point; the concave problem at the slope that the bound names;
 * going on to the local maximum, by ascent or in rounds. */
typedef enum { LOCAL, ELSEWHERE, POLISH, POLISH_IN_ROUNDS, DONE } phase;

typedef struct {
  dw_solve *solve;
  dw_solution *solution;
  phase phase; /* of the solve that is next, or running */
  dw_problem problem;
  double before;  /* the best objective before it */
  bool is_inside; /* resumed in the middle of a solve */
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
bool dw_is_gap_global(const dw_solve *solve) { return dw_objective_is_concave(&solve->objective); }

/* Keeps the dual vector of a point for the bound. */
static divw_status store_dual(search *s, const dw_point *point) {
  divw_status status;
  DW_TRY(dw_alloc(&s->duals[s->count], s->solve->n, sizeof **s->duals));
  memcpy(s->duals[s->count], point->D, (size_t)s->solve->n * sizeof **s->duals);
  const double exponent = s->solve->objective.exponent, scale = dw_level_scale(exponent, point->log_vendi);
  dw_dual dual = {.D = s->duals[s->count],
                  .constant = point->constant - point->log_value + dw_level_in_nats(exponent, point->log_value),
                  .scale = scale,
                  .slope = scale * point->lambda,
                  .log_vendi = point->log_vendi};
  if (dw_is_ratio(s->solve)) { /* in the plane of log(p.s VS_q), and without scores */
    dw_add_scores(s->solve, point, -point->omega, s->duals[s->count]);
    dual.constant = point->constant - point->log_value + point->omega;
    dual.slope = point->lambda / point->omega;
  }
  s->scales[s->count++] = scale;
  dw_frontier_add(s->frontier, dual);
fail:
  return status;
}

static double allowed_global_gap(const search *s) {
  return dw_objective_slope(&s->solve->objective, s->solution->best.log_value) * s->tolerance;
}

/* The best point takes no room before there is one. */
static divw_status make_best(search *s) {
  dw_point *best = &s->solution->best;
  return best->logit == NULL ? dw_point_create(best, s->solve->n) : DIVW_OK;
}

/* Where an objective that is not concave has led an interior-point method astray: concave problems will not. */
static bool goes_on_in_rounds(const search *s) {
  return s->phase == LOCAL && s->stop_reason == DIVW_STOP_STALLED && !s->problem.fixed &&
         s->solve->method == DIVW_METHOD_INTERIOR_POINT && !dw_is_gap_global(s->solve) &&
         !dw_is_rounding(s->solve, &s->work);
}

/* One solve from work.logit; work becomes its result, and the best one where it is better. */
static divw_status solve_once(search *s) {
  divw_status status;
  dw_solution *solution = s->solution;
  int64_t iterations;
  s->solve->solves += !s->is_inside;
  s->is_inside = false;
  DW_TRY(dw_run_method(s->solve, s->problem, s->target, &s->work, &iterations, &s->stop_reason));
  if (!dw_is_gap_global(s->solve)) {
    DW_TRY(store_dual(s, &s->work));
  }
  s->iterations += iterations;
  if (s->stop_reason == DIVW_STOP_STALLED && !goes_on_in_rounds(s)) { /* from here on, aim at what can be reached */
    s->solve->stalled = true;
    s->tolerance = fmax(s->tolerance, 2 * s->work.gap);
    s->target = fmax(s->target, s->tolerance / 2);
  }
  bool better = s->solve->solves == 1 || s->work.objective > solution->best.objective;
  dw_certify_for_objective(s->solve, &s->work);
  bool sharper =
      s->work.gap < solution->best.gap && s->work.objective >= solution->best.objective - allowed_global_gap(s);
  if (better || sharper) {
    DW_TRY(make_best(s));
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
  return options->method == DIVW_METHOD_ADAM || s->solve->cancelled || s->solve->solves >= dw_most_solves(s->solve) ||
         s->solve->iterations >= options->max_iterations;
}

static dw_frontier_bound bound(search *s) {
  const dw_objective *objective = &s->solve->objective;
  const dw_point *best = &s->solution->best;
  if (dw_is_gap_global(s->solve)) {
    double entropy = log((double)s->solve->n) - best->deficit;
    s->solution->global_bound = dw_objective_value(objective, best->log_value + best->gap, entropy);
    return (dw_frontier_bound){.objective = s->solution->global_bound};
  }
  dw_frontier_bound found = dw_frontier_find_bound(s->frontier, best->objective, allowed_global_gap(s));
  s->solution->global_bound = fmax(found.objective, best->objective);
  return found;
}

/* Starts the next solve from the softmax of a dual vector, with what scores add to it. */
static void start_from_dual(search *s, const dw_frontier_bound *found) {
  const double *D = s->duals[found->dual], lambda = found->slope / s->scales[found->dual];
  const int64_t n = s->solve->n;
  for (int64_t i = 0; i < n; i++) {
    s->work.logit[i] = D[i] + (found->score_weight > 0 ? found->score_weight * s->solve->quality[i] : 0);
  }
  const double maximum = dw_maximum(s->work.logit, n);
  for (int64_t i = 0; i < n; i++) {
    s->work.logit[i] = fmax((s->work.logit[i] - maximum) / lambda, FARTHEST); /* every row stays within reach */
  }
  s->iterations = 0;
}

/* True when the bound asks for more precision at the best point itself rather than for another solve elsewhere. */
static bool loose_at_best(const search *s, double slope) {
  const dw_point *best = &s->solution->best;
  double scale = dw_level_scale(s->solve->objective.exponent, best->log_vendi);
  double ratio = slope / (scale * best->lambda);
  return !s->solve->stalled && best->gap > s->tolerance / 8 && (slope == 0 || (ratio > 0.8 && ratio < 1.25));
}

/* ---- one solve after the other ---- */

/* Names the next solve, which starts from work.logit. */
static void plan(search *s, phase next, dw_problem problem) {
  s->phase = next;
  s->problem = problem;
}

/* Plans to go on from the best point to the local maximum of the objective that it belongs to.
 *
 * Ascent does that directly. An interior-point method starts from well inside the simplex and might end at another one;
 * it solves y + slope H at the slope of the best point instead, again and again: since the objective is convex in y,
 * that maximises a minorant of it which touches it there, so no round lowers it. False when there is nothing to do. */
static bool polish(search *s, double before) {
  const dw_point *best = &s->solution->best;
  if (!dw_wants_interior_point(s->solve)) {
    dw_point_copy(&s->work, best, s->solve->n);
    plan(s, POLISH, (dw_problem){.fixed = false});
    return true;
  }
  if (exhausted(s) || !(best->gap > s->target) || !(best->objective > before)) {
    return false;
  }
  s->before = best->objective;
  dw_point_copy(&s->work, best, s->solve->n);
  double scale = dw_level_scale(s->solve->objective.exponent, best->log_vendi);
  plan(s, POLISH_IN_ROUNDS, (dw_problem){.fixed = true, .slope = scale * best->lambda, .quality_slope = scale});
  return true;
}

/* Plans what the bound asks for, if anything. */
static void decide(search *s) {
  dw_frontier_bound found = bound(s);
  s->before = s->solution->best.objective;
  s->phase = DONE;
  if (s->solution->global_bound - s->before <= allowed_global_gap(s) || exhausted(s)) {
    return;
  }
  if (loose_at_best(s, found.slope)) {
    s->target = s->tolerance / 8;
    s->iterations = s->solution->iterations;
    (void)polish(s, -INFINITY);
  } else if (found.slope != 0 && s->solve->solves + 2 <= dw_most_solves(s->solve)) {
    start_from_dual(s, &found); /* it may have to be followed by a solve of the objective itself */
    plan(s, ELSEWHERE, (dw_problem){.fixed = true, .slope = found.slope, .quality_slope = found.quality_slope});
  }
}

/* After a solve. */
static void go_on(search *s) {
  bool better_elsewhere = s->phase == ELSEWHERE && s->work.objective > s->before && !exhausted(s);
  bool polishes = ((better_elsewhere || goes_on_in_rounds(s)) && polish(s, -INFINITY)) ||
                  (s->phase == POLISH_IN_ROUNDS && polish(s, s->before));
  if (!polishes) {
    decide(s);
  }
}

/* ---- its state ---- */

static divw_status visit_duals(search *s, dw_archive *archive) {
  divw_status status;
  int64_t count = s->count, n = s->solve->n;
  DW_TRY(dw_archive_count(archive, &count, 0, DW_MAX_DUALS));
  for (int32_t k = 0; k < count; k++) {
    if (dw_archive_is_reading(archive)) {
      DW_TRY(dw_alloc(&s->duals[k], n, sizeof **s->duals));
      s->count = k + 1;
    }
    DW_TRY(dw_archive_bytes(archive, s->duals[k], n * (int64_t)sizeof **s->duals));
    DW_VISIT(archive, s->scales[k]);
  }
  status = dw_frontier_visit(s->frontier, (const double *const *)s->duals, s->count, archive);
fail:
  return status;
}

static divw_status visit_solution(search *s, dw_archive *archive) {
  divw_status status;
  dw_solution *solution = s->solution;
  bool has_best = solution->best.logit != NULL;
  DW_TRY(dw_archive_flag(archive, &has_best));
  if (has_best) {
    DW_TRY(make_best(s));
    DW_TRY(dw_point_visit(&solution->best, s->solve->n, archive));
  }
  DW_VISIT(archive, solution->global_bound);
  DW_VISIT(archive, solution->iterations);
  DW_VISIT(archive, solution->stop_reason);
  DW_VISIT(archive, solution->method);
fail:
  return status;
}

static divw_status visit(void *self, dw_archive *archive) {
  divw_status status;
  search *s = self;
  dw_solve *solve = s->solve;
  int64_t at = s->phase;
  double elapsed = dw_seconds() - solve->started;
  DW_VISIT(archive, solve->iterations);
  DW_VISIT(archive, solve->row_passes);
  DW_VISIT(archive, solve->solves);
  DW_VISIT(archive, solve->method);
  DW_TRY(dw_archive_flag(archive, &solve->stalled));
  DW_VISIT(archive, elapsed);
  DW_TRY(dw_archive_count(archive, &at, LOCAL, POLISH_IN_ROUNDS));
  DW_TRY(dw_archive_flag(archive, &s->problem.fixed));
  DW_VISIT(archive, s->problem.slope);
  DW_VISIT(archive, s->problem.quality_slope);
  DW_VISIT(archive, s->before);
  DW_VISIT(archive, s->tolerance);
  DW_VISIT(archive, s->target);
  DW_VISIT(archive, s->iterations);
  DW_VISIT(archive, s->stop_reason);
  DW_TRY(dw_point_visit(&s->work, solve->n, archive));
  DW_TRY(visit_solution(s, archive));
  DW_TRY(visit_duals(s, archive));
  s->phase = (phase)at;
  if (dw_archive_is_reading(archive)) {
    solve->started = dw_seconds() - elapsed;
  }
fail:
  return status;
}

static divw_status visit_flag(void *self, dw_archive *archive) { return dw_archive_flag(archive, self); }

/* Reads the state, but for that of a method in the middle of a solve, which reads its own. */
static divw_status resume(search *s) {
  divw_status status;
  DW_TRY(dw_checkpoint_read(s->solve, (dw_stateful){s, visit}));
  DW_TRY(dw_checkpoint_read(s->solve, (dw_stateful){&s->is_inside, visit_flag}));
  if (!s->is_inside) {
    DW_TRY(dw_checkpoint_resumed(s->solve));
  }
fail:
  return status;
}

static divw_status run(search *s) {
  divw_status status = DIVW_OK;
  if (dw_checkpoint_is_resuming(s->solve)) {
    DW_TRY(resume(s));
  }
  while (s->phase != DONE) {
    if (!s->is_inside) {
      DW_TRY(dw_checkpoint_write(s->solve, (dw_stateful){0}, false));
    }
    DW_TRY(solve_once(s));
    go_on(s);
  }
fail:
  return status;
}

divw_status dw_solve_globally(dw_solve *solve, dw_solution *solution) {
  divw_status status;
  double tolerance = solve->options->tolerance;
  search s = {.solve = solve, .solution = solution, .tolerance = tolerance, .target = tolerance / 2};
  DW_TRY(dw_frontier_create(&s.frontier, &solve->set, solve->log_scale, dw_log_most_vendi(solve) + solve->log_scale,
                            &solve->objective, solve->ratio, RATIO_SHARE * tolerance));
  DW_TRY(dw_point_create(&s.work, solve->n));
  if (solve->options->initial != NULL) { /* otherwise log p = 0: as even as can be */
    dw_start_from_initial(solve, s.work.logit);
  }
  solve->outer = (dw_stateful){&s, visit};
  DW_TRY(run(&s));
fail:
  for (int32_t k = 0; k < s.count; k++) {
    divw_free(s.duals[k]);
  }
  dw_point_destroy(&s.work);
  divw_free(s.frontier);
  return status;
}
