/* Interior-point methods for any number of rows: on all of them, or by column generation.
 *
 * For small lambda most rows end with next to no weight. Newton's equations are then solved for the active rows only,
 * those that have weight or would gain by it, and every evaluation proves the gap over all rows. Between rounds a row
 * that is not active takes the weight that stationarity gives it,
 *
 *     p_i = exp( (D_i - theta_g(i)) / lambda - 1 ) / n,
 *
 * which is nothing for lambda = 0; and rows whose D_i exceeds theta join. A round on the active rows ends as soon as
 * they are not what keeps the gap open. */
#include "interior.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rounds without a smaller gap; iterations of ascent that find the first rows; the most rows of a round. */
enum { PATIENCE = 10, APPROACH = 15, MOST = 8000 };

/* A share of the mean weight of active rows, from which on a row has weight. Logits log(n p): of none, and the most
 * that a row gets that is not active. */
#define HEAVY 1e-2
#define HEAVIER 1e100 /* any p of such a row times that is above any D */
#define NOTHING (-700.0)
#define LITTLE (-5.0)

#define LONGEST_STEP 2e12 /* operations: about half a minute on two cores */

/* Whether the optimum has next to all of its weight on few rows: lambda is 0. */
static bool is_sparse(const dw_solve *solve) {
  return solve->objective.balance == 1 && !(solve->options->constraints.effective > 0);
}

/* Steps on all rows by a sample of them are no better than rounds where the optimum is sparse (docs/mathematics.md,
 * 9.5). */
int64_t dw_interior_active(const dw_solve *solve) {
  double n = (double)solve->n, r = (double)solve->r;
  if (solve->options->most_active > 0) {
    return dw_min(solve->n, solve->options->most_active);
  }
  const double order = solve->objective.order;
  const bool in_rounds = is_sparse(solve) && dw_newton_side_of(n, r, order) == DW_BY_SAMPLE;
  if (!in_rounds && dw_newton_matrix_operations(n, r, order) <= LONGEST_STEP) {
    return solve->n;
  }
  return dw_min(solve->n, dw_max(1000, dw_min(MOST, 64 * solve->r)));
}

divw_status dw_read_active(dw_solve *solve, dw_active active, double *rows) {
  divw_status status = DIVW_OK;
  for (int64_t k = 0, run; k < active.count; k += run) {
    for (run = 1; k + run < active.count && active.row[k + run] == active.row[k] + run;) {
      run++;
    }
    DW_TRY(divw_kernel_read(solve->kernel, active.row[k], run, rows + k * solve->r));
  }
  solve->row_passes += active.count == solve->n;
fail:
  return status;
}

static divw_status run_round(dw_solve *solve, dw_problem problem, double target, dw_active active, dw_point *point,
                             double *theta, int32_t *stop_reason) {
  return (dw_interior_is_dual(solve->objective.order) ? dw_interior_dual : dw_interior_smooth)(
      solve, problem, target, active, point, theta, stop_reason);
}

/* ---- column generation ---- */

typedef struct {
  double promise;
  int64_t row;
} candidate;

/* Rounds on some rows. Between them: the rows and multipliers of the last one, and the best point met. */
typedef struct {
  dw_solve *solve;
  dw_problem problem;
  double target;
  dw_stateful outer; /* what the solve's middle was */
  int64_t most;      /* active rows */
  dw_active active;
  candidate *ranked; /* n */
  double *theta;
  dw_point *point, best;
  double smallest; /* gap so far */
  int64_t round, idle;
  bool is_approaching; /* by ascent, for the first rows */
} generation;

static int more_promising(const void *a, const void *b) {
  double x = ((const candidate *)a)->promise, y = ((const candidate *)b)->promise;
  return (x < y) - (x > y);
}

static int by_row(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* First the rows that have weight, which hold the solution, then those with the most to gain. What is worth as much as
 * the gap counts for those of the round before: duals of a few rows are off by about that, and without it rounds
 * exchange rows for ever. So there are more of them in each round, up to the most. */
static void choose(generation *g) {
  const dw_point *point = g->point;
  int64_t movable = 0, was = 0;
  for (int64_t i = 0; i < g->solve->n; i++) {
    if (dw_feasible_may_move(&g->solve->set, i)) {
      bool is_heavy = point->p[i] * (double)g->most > HEAVY;
      while (was < g->active.count && g->active.row[was] < i) {
        was++;
      }
      bool is_active = was < g->active.count && g->active.row[was] == i;
      double D = point->D[i] + (is_active ? fmin(point->gap, 1) : 0);
      g->ranked[movable++] = (candidate){is_heavy ? HEAVIER * point->p[i] : D, i};
    }
  }
  qsort(g->ranked, (size_t)movable, sizeof *g->ranked, more_promising);
  g->active.count = dw_min(dw_min(movable, g->most), g->active.count + g->most / 4);
  for (int64_t k = 0; k < g->active.count; k++) {
    g->active.row[k] = g->ranked[k].row;
  }
  qsort(g->active.row, (size_t)g->active.count, sizeof *g->active.row, by_row);
}

/* Before there are marginal diversities: rows spread evenly. The others, which would keep their share of even weights
 * for all of the round and with it the gap, give it up. */
static void spread(generation *g) {
  const dw_feasible *set = &g->solve->set;
  const double lambda =
      g->problem.fixed ? g->problem.slope : dw_objective_lambda(&g->solve->objective, log(g->solve->vendi_uniform));
  int64_t movable = 0, seen = 0;
  for (int64_t i = 0; i < g->solve->n; i++) {
    movable += dw_feasible_may_move(set, i);
  }
  g->active.count = dw_min(movable, g->most / 2);
  for (int64_t i = 0, k = 0; i < g->solve->n; i++) {
    const bool may_move = dw_feasible_may_move(set, i);
    if (may_move && k < g->active.count && seen++ * g->active.count >= k * movable) {
      g->active.row[k++] = i;
    } else if (may_move) {
      g->point->logit[i] = lambda > 0 ? LITTLE : NOTHING;
    }
  }
}

/* Weights of the rows that are not active. */
static void settle(const generation *g) {
  dw_point *point = g->point;
  const dw_feasible *set = &g->solve->set;
  double lambda = point->lambda;
  for (int64_t i = 0, k = 0; i < g->solve->n; i++) {
    if (k < g->active.count && g->active.row[k] == i) {
      k++;
      continue;
    }
    double excess = point->D[i] - g->theta[set->group == NULL ? 0 : set->group[i]];
    double logit = lambda > 0 ? excess / lambda - 1 : -INFINITY;
    point->logit[i] = fmin(fmax(logit, NOTHING), LITTLE);
  }
}

static divw_status visit_rows(generation *g, dw_archive *archive) {
  divw_status status;
  int64_t next = 0;
  DW_TRY(dw_archive_count(archive, &g->active.count, 1, g->most));
  for (int64_t k = 0; k < g->active.count; k++) { /* they are read before the checksum is */
    DW_TRY(dw_archive_count(archive, &g->active.row[k], next, g->solve->n - 1));
    next = g->active.row[k] + 1;
  }
fail:
  return status;
}

static divw_status visit_rounds(void *self, dw_archive *archive) {
  generation *g = self;
  divw_status status;
  DW_TRY(dw_archive_flag(archive, &g->is_approaching));
  if (g->is_approaching) {
    return DIVW_OK;
  }
  DW_TRY(visit_rows(g, archive));
  DW_TRY(dw_point_visit(&g->best, g->solve->n, archive));
  DW_VISIT(archive, g->smallest);
  DW_VISIT(archive, g->round);
  DW_VISIT(archive, g->idle);
fail:
  return status;
}

static divw_status visit(void *self, dw_archive *archive) {
  generation *g = self;
  divw_status status = g->outer.visit(g->outer.self, archive);
  return status == DIVW_OK ? visit_rounds(g, archive) : status;
}

/* A round, from what `active` says on; whether to have another one. */
static divw_status run(generation *g, int32_t *stop_reason) {
  divw_status status;
  dw_point *point = g->point;
  const bool first =
      g->round == 0 && isinf(g->solve->objective.order); /* what it began with is no point of order inf */
  DW_TRY(run_round(g->solve, g->problem, g->target, g->active, point, g->theta, stop_reason));
  if (*stop_reason == DIVW_STOP_CONVERGED || first || !dw_is_lower(g->solve, g->problem, point, &g->best)) {
    dw_point_copy(&g->best, point, g->solve->n);
  }
  g->idle = point->gap < 0.9 * g->smallest ? 0 : g->idle + 1;
  g->smallest = fmin(g->smallest, point->gap);
  if (*stop_reason == DIVW_STOP_STALLED || (*stop_reason == 0 && g->idle == PATIENCE)) {
    *stop_reason = g->idle == PATIENCE ? DIVW_STOP_STALLED : 0;
  }
  settle(g);
  g->round++;
fail:
  return status;
}

static divw_status approach(generation *g, int32_t *stop_reason) {
  divw_status status = DIVW_OK;
  g->is_approaching = true;
  DW_TRY(dw_ascend(g->solve, g->problem, g->target, APPROACH, g->point, stop_reason));
  *stop_reason = *stop_reason == DIVW_STOP_STALLED ? 0 : *stop_reason;
  g->is_approaching = false;
fail:
  return status;
}

static divw_status run_rounds(generation *g, int32_t *stop_reason) {
  divw_status status;
  bool is_resuming = dw_checkpoint_is_resuming(g->solve); /* in the middle of a round, or of the approach */
  const bool is_inf = isinf(g->solve->objective.order);
  if (is_resuming) {
    DW_TRY(dw_checkpoint_read(g->solve, (dw_stateful){g, visit_rounds}));
  }
  if (is_resuming ? g->is_approaching : !is_inf) {
    DW_TRY(approach(g, stop_reason));
    is_resuming = false;
  }
  if (!is_resuming) {
    dw_point_copy(&g->best, g->point, g->solve->n);
  }
  for (; *stop_reason == 0; is_resuming = false) {
    if (!is_resuming) {
      g->round == 0 && is_inf ? spread(g) : choose(g);
    }
    DW_TRY(run(g, stop_reason));
  }
  dw_point_copy(g->point, &g->best, g->solve->n);
fail:
  return status;
}

static divw_status generate(dw_solve *solve, dw_problem problem, double target, dw_point *point, int32_t *stop_reason) {
  divw_status status;
  generation g = {.solve = solve,
                  .problem = problem,
                  .target = target,
                  .outer = solve->middle,
                  .most = dw_interior_active(solve),
                  .point = point,
                  .smallest = INFINITY};
  DW_TRY(dw_alloc(&g.active.row, g.most, sizeof *g.active.row));
  DW_TRY(dw_alloc(&g.ranked, solve->n, sizeof *g.ranked));
  DW_TRY(dw_alloc_zero(&g.theta, dw_max(solve->set.group_count, 1), sizeof *g.theta));
  DW_TRY(dw_point_create(&g.best, solve->n));
  solve->middle = (dw_stateful){&g, visit};
  DW_TRY(run_rounds(&g, stop_reason));
fail:
  solve->middle = g.outer;
  dw_point_destroy(&g.best);
  divw_free(g.theta);
  divw_free(g.ranked);
  divw_free(g.active.row);
  return status;
}

/* ---- the solve ---- */

static divw_status all_rows(dw_solve *solve, dw_problem problem, double target, dw_point *point, int32_t *stop_reason) {
  divw_status status;
  dw_active active = {NULL, 0};
  DW_TRY(dw_alloc(&active.row, solve->n, sizeof *active.row));
  for (int64_t i = 0; i < solve->n; i++) {
    if (dw_feasible_may_move(&solve->set, i)) {
      active.row[active.count++] = i;
    }
  }
  DW_TRY(run_round(solve, problem, target, active, point, NULL, stop_reason));
fail:
  divw_free(active.row);
  return status;
}

divw_status dw_interior_point(dw_solve *solve, dw_problem problem, double target, dw_point *point,
                              int32_t *stop_reason) {
  *stop_reason = 0;
  return (dw_interior_active(solve) == solve->n ? all_rows : generate)(solve, problem, target, point, stop_reason);
}
