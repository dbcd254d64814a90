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

/* Rows that are all active whatever it takes; rounds without a smaller gap; iterations of ascent that find the first
 * rows. */
enum { ALL = 10000, PATIENCE = 10, APPROACH = 15 };

/* A share of the mean weight of active rows, from which on a row has weight. Logits log(n p): of none, and the most
 * that a row gets that is not active. */
#define HEAVY 1e-2
#define NOTHING (-700.0)
#define LITTLE (-5.0)

#define LONGEST_STEP 2e12 /* operations: about half a minute on two cores */

int64_t dw_interior_active(const dw_solve *solve) {
  double n = (double)solve->n, r = (double)solve->r;
  if (solve->options->most_active > 0) {
    return dw_min(solve->n, solve->options->most_active);
  }
  bool all = solve->n <= ALL ||
             (dw_newton_matrix_is_by_features(n, r) && dw_newton_matrix_operations(n, r, 0) <= LONGEST_STEP);
  return all ? solve->n : dw_min(solve->n, dw_max(1000, dw_min(4000, 32 * solve->r)));
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
  if (isinf(solve->objective.order)) {
    return dw_interior_inf(solve, problem, target, active, point, theta, stop_reason);
  }
  if (dw_interior_is_norm(solve->objective.order)) {
    return dw_interior_norm(solve, problem, target, active, point, theta, stop_reason);
  }
  return dw_interior_smooth(solve, problem, target, active, point, theta, stop_reason);
}

/* ---- column generation ---- */

typedef struct {
  double promise;
  int64_t row;
} candidate;

static int more_promising(const void *a, const void *b) {
  double x = ((const candidate *)a)->promise, y = ((const candidate *)b)->promise;
  return (x < y) - (x > y);
}

static int by_row(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* First the rows that have weight, which hold the solution, then those with the most to gain. */
static void choose(const dw_solve *solve, const dw_point *point, candidate *ranked, int64_t most, dw_active *active) {
  int64_t movable = 0;
  for (int64_t i = 0; i < solve->n; i++) {
    if (dw_feasible_may_move(&solve->set, i)) {
      bool is_heavy = point->p[i] * (double)most > HEAVY;
      ranked[movable++] = (candidate){is_heavy ? INFINITY : point->D[i], i};
    }
  }
  qsort(ranked, (size_t)movable, sizeof *ranked, more_promising);
  active->count = dw_min(movable, most);
  for (int64_t k = 0; k < active->count; k++) {
    active->row[k] = ranked[k].row;
  }
  qsort(active->row, (size_t)active->count, sizeof *active->row, by_row);
}

/* Before there are marginal diversities: rows spread evenly. */
static void spread(const dw_solve *solve, int64_t most, dw_active *active) {
  int64_t movable = 0, seen = 0;
  for (int64_t i = 0; i < solve->n; i++) {
    movable += dw_feasible_may_move(&solve->set, i);
  }
  active->count = dw_min(movable, most);
  for (int64_t i = 0, k = 0; i < solve->n && k < active->count; i++) {
    if (dw_feasible_may_move(&solve->set, i) && seen++ * active->count >= k * movable) {
      active->row[k++] = i;
    }
  }
}

/* Weights of the rows that are not active. */
static void settle(const dw_solve *solve, dw_active active, const double *theta, dw_point *point) {
  double lambda = point->lambda;
  for (int64_t i = 0, k = 0; i < solve->n; i++) {
    if (k < active.count && active.row[k] == i) {
      k++;
      continue;
    }
    double excess = point->D[i] - theta[solve->set.group == NULL ? 0 : solve->set.group[i]];
    double logit = lambda > 0 ? excess / lambda - 1 : -INFINITY;
    point->logit[i] = fmin(fmax(logit, NOTHING), LITTLE);
  }
}

static divw_status generate(dw_solve *solve, dw_problem problem, double target, dw_active active, candidate *ranked,
                            double *theta, dw_point *point, int32_t *stop_reason) {
  divw_status status;
  int64_t most = active.count;
  double smallest = INFINITY;
  dw_point best = {0};
  DW_TRY(dw_point_create(&best, solve->n));
  dw_point_copy(&best, point, solve->n);
  for (int idle = 0, round = 0; *stop_reason == 0; round++) {
    if (round == 0 && isinf(solve->objective.order)) {
      spread(solve, most, &active);
    } else {
      choose(solve, point, ranked, most, &active);
    }
    DW_TRY(run_round(solve, problem, target, active, point, theta, stop_reason));
    if (*stop_reason == DIVW_STOP_CONVERGED || (round == 0 && isinf(solve->objective.order)) ||
        !dw_is_lower(solve, problem, point, &best)) {
      dw_point_copy(&best, point, solve->n);
    }
    idle = point->gap < 0.9 * smallest ? 0 : idle + 1;
    smallest = fmin(smallest, point->gap);
    if (*stop_reason == DIVW_STOP_STALLED || (*stop_reason == 0 && idle == PATIENCE)) {
      *stop_reason = idle == PATIENCE ? DIVW_STOP_STALLED : 0;
    }
    settle(solve, active, theta, point);
  }
  dw_point_copy(point, &best, solve->n);
fail:
  dw_point_destroy(&best);
  return status;
}

/* ---- the solve ---- */

static divw_status all_rows(dw_solve *solve, dw_problem problem, double target, dw_active active, dw_point *point,
                            int32_t *stop_reason) {
  active.count = 0;
  for (int64_t i = 0; i < solve->n; i++) {
    if (dw_feasible_may_move(&solve->set, i)) {
      active.row[active.count++] = i;
    }
  }
  return run_round(solve, problem, target, active, point, NULL, stop_reason);
}

divw_status dw_interior_point(dw_solve *solve, dw_problem problem, double target, dw_point *point,
                              int32_t *stop_reason) {
  divw_status status;
  candidate *ranked = NULL;
  double *theta = NULL;
  dw_active active = {NULL, dw_interior_active(solve)};
  DW_TRY(dw_alloc(&active.row, solve->n, sizeof *active.row));
  *stop_reason = 0;
  solve->is_unsafe = active.count < solve->n;
  if (!solve->is_unsafe) {
    DW_TRY(all_rows(solve, problem, target, active, point, stop_reason));
  } else {
    DW_TRY(dw_alloc(&ranked, solve->n, sizeof *ranked));
    DW_TRY(dw_alloc(&theta, dw_max(solve->set.group_count, 1), sizeof *theta));
    if (isfinite(solve->objective.order)) {
      DW_TRY(dw_ascend(solve, problem, target, APPROACH, point, stop_reason));
      *stop_reason = *stop_reason == DIVW_STOP_STALLED ? 0 : *stop_reason;
    }
    DW_TRY(generate(solve, problem, target, active, ranked, theta, point, stop_reason));
  }
fail:
  solve->is_unsafe = false;
  divw_free(theta);
  divw_free(ranked);
  divw_free(active.row);
  return status;
}
