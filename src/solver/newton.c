/* Primal-dual interior point with entropy: constraints, multipliers and steps, for any concave value y.
 *
 *     maximise y(p) + lambda H(p)   over   l <= p <= u,  L <= group masses m_g <= U,  sum m_g = 1,  (g(p) <= limit)
 *
 * with multipliers s, t >= 0 of the bounds, theta_g of m_g = sum of p over g, a_g, b_g >= 0 of the bounds of m_g, nu of
 * the total, and lambda >= 0 itself where it belongs to a limit on g = sum p log(n p):
 *
 *     -dy/dp_i + lambda (log(n p_i) + 1) + theta_g(i) - s_i + t_i = 0,        nu - theta_g - a_g + b_g = 0,
 *     s_i (p_i - l_i) = t_i (u_i - p_i) = a_g (m_g - L_g) = b_g (U_g - m_g) = lambda (limit - g) = kappa -> 0 .
 *
 * For lambda > 0 the true s is 0; carrying it along is what makes small lambda easy. Slacks and multipliers live in two
 * arrays of pairs, so that steps and products treat all of them alike. Each pair's multiplier is eliminated; what is
 * left of Newton's equations is F + diag(lambda / p + s / (p-l) + t / (u-p)), F minus the Hessian of y, factorised once
 * an iteration (newton_matrix.c), bordered by theta, m, nu and lambda, a small dense system. Mehrotra's predictor sets
 * kappa and the second-order terms.
 *
 * Source: Mehrotra, SIAM J. Optim. 2 (1992); with entropy: docs/mathematics.md, 9 and 12. */
#include "newton.h"

#include "../linalg.h"

#include <math.h>
#include <string.h>

enum { PATIENCE = 20, LITTLE_PATIENCE = 5 }; /* with all rows; with some, of which others come next */
/* How far lambda may fall or rise in a step, relative to itself. */
#define MOST_FALL 0.9
#define MOST_RISE 9

/* How far along dx the positive x stay so; at most 2. */
static double distance(const double *x, const double *dx, int64_t n) {
  double step = 2;
  for (int64_t i = 0; i < n; i++) {
    step = dx[i] < 0 ? fmin(step, -x[i] / dx[i]) : step;
  }
  return step;
}

/* ---- pairs ---- */

/* Directions of slacks from those of p, m and lambda; then of the multipliers. */
static void direct_pairs(dw_newton *w, double kappa) {
  int64_t at = dw_newton_group_pairs(w), last = dw_newton_limit_pair(w);
  memcpy(w->dslack, w->dp, (size_t)w->m * sizeof *w->dslack);
  for (int64_t k = 0; w->capped && k < w->m; k++) {
    w->dslack[w->m + k] = isinf(w->slack[w->m + k]) ? 0 : -w->dp[k];
  }
  for (int32_t f = 0; f < w->loose; f++) {
    w->dslack[at + f] = w->dmass[f];
    w->dslack[at + w->loose + f] = -w->dmass[f];
  }
  for (int64_t j = 0; j < last; j++) {
    w->ddual[j] = dw_newton_pull(w, j, kappa) - w->dual[j] - dw_newton_stiffness(w, j) * w->dslack[j];
  }
  if (w->limited) { /* here the multiplier is a variable of the system, and the slack follows */
    w->ddual[last] = w->dlambda;
    w->dslack[last] = (kappa - w->second[last] - w->slack[last] * w->dlambda) / w->dual[last] - w->slack[last];
  }
}

static dw_complementarity complementarity(const dw_newton *w, dw_steps step) {
  dw_complementarity all = {0, 0};
  if (w->value->complementarity != NULL) {
    all = w->value->complementarity(w->value->self, step);
  }
  for (int64_t j = 0; j < w->pairs; j++) {
    bool real = isfinite(w->slack[j]);
    all.sum += real ? (w->slack[j] + step.primal * w->dslack[j]) * (w->dual[j] + step.dual * w->ddual[j]) : 0;
    all.count += real;
  }
  return all;
}

/* Steps go `share` of the way to the boundary. The limit on g is not linear: its slack is what p leaves, and steps are
 * shortened until they leave some. Where the gradient of the value changes with p, p and the multipliers go together.
 */
static dw_steps longest(const dw_newton *w, double share) {
  int64_t linear = dw_newton_limit_pair(w);
  dw_steps step = {distance(w->slack, w->dslack, linear), distance(w->dual, w->ddual, w->pairs)};
  if (w->value->distance != NULL) {
    step = w->value->distance(w->value->self, step);
  }
  step.primal = fmin(1, share * step.primal);
  step.dual = fmin(1, share * step.dual);
  if (w->limited) { /* lambda curves everything: from one far off, Newton's equations only swing back */
    double fall = -w->ddual[linear] / w->dual[linear];
    step.dual = fmin(step.dual, fall > 0 ? MOST_FALL / fall : MOST_RISE / fmax(-fall, 1e-300));
  }
  while (w->limited && step.primal > 1e-12 && dw_newton_room(w, step.primal) < (1 - share) * w->slack[linear]) {
    step.primal *= 0.9;
  }
  if (!w->value->is_linear) {
    step.primal = step.dual = fmin(step.primal, step.dual);
  }
  return step;
}

/* ---- Newton's equations ---- */

/* Where rounding makes it impossible, `good` becomes false. */
static divw_status factor(dw_newton *w, const dw_point *at, bool *good) {
  int64_t m = w->m;
  dw_curvature curvature = {0};
  double *diagonal = w->dp; /* there is no direction yet */
  divw_status status = w->value->prepare(w->value->self, at, &curvature);
  *good = false;
  if (status != DIVW_OK) {
    return status == DIVW_ERROR_NUMERICAL ? DIVW_OK : status;
  }
  if (!w->limited) {
    w->lambda = at->lambda * w->value->unit;
  }
  for (int64_t k = 0; k < m; k++) {
    diagonal[k] = dw_newton_stiffness(w, k) + w->lambda / w->p[k] + (w->capped ? dw_newton_stiffness(w, m + k) : 0);
    diagonal[k] += curvature.own == NULL ? 0 : curvature.own[k];
  }
  *good = dw_newton_matrix_factor(w->matrix, curvature, diagonal);
  if (!*good) {
    return DIVW_OK;
  }
  dw_newton_border_factor(w);
  return DIVW_OK;
}

/* The direction for this kappa, with the second-order terms that are set. */
static bool direction(dw_newton *w, double kappa) {
  int64_t m = w->m;
  w->value->gradient(w->value->self, w->at, kappa, w->g);
  for (int64_t k = 0; k < m; k++) {
    w->base[k] = w->g[k] - w->lambda * dw_newton_slope(w, k) - w->theta[dw_newton_group(w, k)] +
                 dw_newton_pull(w, k, kappa) - (w->capped ? dw_newton_pull(w, m + k, kappa) : 0);
  }
  dw_newton_matrix_solve(w->matrix, w->base, 1);
  if (!dw_newton_border_solve(w, kappa)) {
    return false;
  }
  direct_pairs(w, kappa);
  if (w->value->respond != NULL) {
    w->value->respond(w->value->self, w->unknown[w->unknowns - 1], w->dp, kappa);
  }
  return true;
}

static void move(dw_newton *w, dw_steps step) {
  for (int64_t j = 0; j < w->pairs; j++) {
    w->slack[j] += step.primal * w->dslack[j];
    w->dual[j] += step.dual * w->ddual[j];
  }
  for (int64_t k = 0; k < w->m; k++) {
    w->p[k] = dw_newton_lower(w, k) + w->slack[k];
  }
  for (int32_t g = 0; g < w->groups; g++) {
    w->theta[g] += step.dual * w->dtheta[g];
  }
  for (int32_t f = 0; f < w->loose; f++) {
    w->mass[w->loose_group[f]] += step.primal * w->dmass[f];
  }
  w->nu += step.dual * w->dnu;
  w->lambda += step.dual * w->dlambda;
  if (w->limited) {
    w->slack[dw_newton_limit_pair(w)] = dw_newton_room(w, 0);
  }
  if (w->value->move != NULL) {
    w->value->move(w->value->self, step);
  }
}

/* One step with the matrix that is factored; false when it cannot go on: rounding has the word. */
static bool take_step(dw_newton *w, const dw_point *at) {
  w->at = at;
  memset(w->second, 0, (size_t)w->pairs * sizeof *w->second);
  if (!direction(w, 0)) {
    return false;
  }
  dw_steps affine = longest(w, 0.99);
  dw_complementarity now = complementarity(w, (dw_steps){0, 0}), after = complementarity(w, affine);
  double mean = now.sum / (double)now.count, ratio = after.sum / now.sum;
  for (int64_t j = 0; j < w->pairs; j++) {
    w->second[j] = isfinite(w->slack[j]) ? w->dslack[j] * w->ddual[j] : 0;
  }
  if (w->value->correct != NULL) {
    w->value->correct(w->value->self);
  }
  if (!isfinite(now.sum) || !isfinite(after.sum) || !direction(w, fmax(0.02, fmin(1, ratio * ratio * ratio)) * mean)) {
    return false;
  }
  dw_steps step = longest(w, 0.9 + 0.09 * fmin(affine.primal, affine.dual));
  if (!(fmin(step.primal, step.dual) > 0) || !isfinite(complementarity(w, step).sum)) {
    return false;
  }
  move(w, step);
  return true;
}

double dw_definite_distance(bool (*stays_definite)(void *self, const double *m, const double *dm, double step),
                            void *self, const double *m, const double *dm, double step) {
  double inside = step, outside = step;
  while (inside > 1e-6 && !stays_definite(self, m, dm, inside)) {
    outside = inside;
    inside *= 0.8;
  }
  for (int round = 0; inside > 1e-6 && inside < outside && round < 5; round++) {
    const double middle = (inside + outside) / 2;
    *(stays_definite(self, m, dm, middle) ? &inside : &outside) = middle;
  }
  return inside > 1e-6 ? inside : 0;
}

/* ---- the iteration ---- */

/* With some rows only: whether they are not what keeps the gap open, the others being worth no more than the least of
 * them. `D` is room for n numbers. */
static bool are_done(const dw_newton *w, const dw_point *at, double target, double *D) {
  double least = INFINITY;
  for (int64_t k = 0; k < w->m; k++) {
    least = fmin(least, at->D[w->active.row[k]]);
  }
  for (int64_t i = 0; i < w->solve->n; i++) {
    D[i] = fmin(at->D[i], least);
  }
  for (int64_t k = 0; k < w->m; k++) {
    D[w->active.row[k]] = at->D[w->active.row[k]];
  }
  return dw_gap_with(w->solve, at, D) < fmax(target / 2, fmin(at->gap, 1) / 10);
}

/* Whether a point with a sharper proof is as good as another one: its objective is lower by a tenth of what the proof
 * gains, at most. */
static bool is_as_good(const dw_newton *w, const dw_point *point, const dw_point *than) {
  double worth = dw_objective_slope(&w->solve->objective, point->log_value) * (fmin(than->gap, 1) - point->gap);
  return worth > 0 && point->objective >= than->objective - 0.1 * worth;
}

static int64_t patience(const dw_newton *w) { return w->is_part ? LITTLE_PATIENCE : PATIENCE; }

static divw_status visit(void *self, dw_archive *archive) {
  divw_status status;
  dw_newton *w = self;
  const int64_t number = sizeof(double), n = w->solve->n;
  DW_TRY(dw_point_visit(w->best, n, archive));
  DW_TRY(dw_point_visit(&w->trial, n, archive));
  DW_TRY(dw_archive_bytes(archive, w->p, w->m * number));
  DW_TRY(dw_archive_bytes(archive, w->slack, w->pairs * number));
  DW_TRY(dw_archive_bytes(archive, w->dual, w->pairs * number));
  DW_TRY(dw_archive_bytes(archive, w->theta, w->groups * number));
  DW_TRY(dw_archive_bytes(archive, w->mass, w->groups * number));
  DW_TRY(dw_archive_bytes(archive, w->fixed_mass, w->groups * number));
  DW_VISIT(archive, w->nu);
  DW_VISIT(archive, w->lambda);
  DW_VISIT(archive, w->fixed_deficit);
  DW_VISIT(archive, w->looks);
  DW_VISIT(archive, w->value->unit);
  DW_VISIT(archive, w->value->offset);
  DW_TRY(dw_progress_visit(&w->progress, archive));
  status = w->value->visit == NULL ? DIVW_OK : w->value->visit(w->value->self, archive);
fail:
  return status;
}

/* Evaluates p: whether it is the best point, and whether to go on. */
static divw_status look(dw_newton *w, dw_problem problem, double target, int32_t *stop_reason) {
  divw_status status;
  const bool first = w->looks++ == 0;
  for (int64_t k = 0; k < w->m; k++) {
    w->trial.logit[w->active.row[k]] = log(dw_newton_n(w) * w->p[k]);
  }
  DW_TRY(dw_evaluate(w->solve, problem, target, &w->trial));
  dw_report_progress(w->solve, &w->trial);
  *stop_reason = dw_reason_to_stop(w->solve, &w->trial, target, patience(w), &w->progress);
  if (first || *stop_reason == DIVW_STOP_CONVERGED || is_as_good(w, &w->trial, w->best) ||
      (!dw_is_lower(w->solve, problem, &w->trial, w->best) && !is_as_good(w, w->best, &w->trial))) {
    dw_point_copy(w->best, &w->trial, w->solve->n);
  }
  if (first) {
    dw_newton_start_multipliers(w, &w->trial);
  }
  status = dw_checkpoint_keep(w->solve, (dw_stateful){w, visit}, *stop_reason);
fail:
  return status;
}

static divw_status step_on(dw_newton *w, int32_t *stop_reason) {
  bool good = false;
  divw_status status = factor(w, &w->trial, &good);
  *stop_reason = good && take_step(w, &w->trial) ? 0 : DIVW_STOP_STALLED;
  return status;
}

static divw_status iterate(dw_newton *w, dw_problem problem, double target, int32_t *stop_reason) {
  divw_status status = DIVW_OK;
  bool is_resuming = dw_checkpoint_is_resuming(w->solve); /* after a look */
  *stop_reason = 0;
  if (is_resuming) {
    DW_TRY(dw_checkpoint_read(w->solve, (dw_stateful){w, visit}));
    DW_TRY(dw_checkpoint_resumed(w->solve));
    DW_TRY(dw_diagonalise_again(w->solve, &w->trial));
    *stop_reason = dw_reason_when_resumed(w->solve, w->progress.idle >= patience(w));
  }
  for (; *stop_reason == 0; is_resuming = false) {
    if (!is_resuming) {
      DW_TRY(look(w, problem, target, stop_reason));
    }
    if (*stop_reason != 0 || (w->is_part && w->looks > 1 && are_done(w, &w->trial, target, w->restricted))) {
      break;
    }
    DW_TRY(step_on(w, stop_reason));
  }
fail:
  return status;
}

divw_status dw_newton_iterate(dw_solve *solve, dw_problem problem, double target, dw_active active, dw_concave *value,
                              dw_point *best, double *theta, int32_t *stop_reason) {
  divw_status status;
  dw_newton w = {.solve = solve,
                 .value = value,
                 .active = active,
                 .is_part = theta != NULL,
                 .best = best,
                 .progress = {INFINITY, -INFINITY, 0}};
  solve->smooths_always = true;
  DW_TRY(dw_point_create(&w.trial, solve->n));
  DW_TRY(dw_newton_create(&w));
  w.follows = w.limited ? 0 : dw_objective_decline(&solve->objective, problem.fixed, value->exponent);
  dw_feasible_temper(&solve->set, best->logit, best->p);
  dw_newton_start(&w, best, &w.trial);
  memcpy(w.trial.logit, best->logit, (size_t)solve->n * sizeof *best->logit);
  DW_TRY(iterate(&w, problem, target, stop_reason));
  for (int32_t g = 0; theta != NULL && g < w.groups; g++) {
    theta[g] = w.theta[g] / value->unit + value->offset;
  }
fail:
  solve->smooths_always = false;
  dw_newton_destroy(&w);
  dw_point_destroy(&w.trial);
  return status;
}
