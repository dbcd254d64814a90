/* One solve: by which method.
 *
 * Ascent costs little an iteration and takes many where lambda is small or the order large; interior points cost much
 * and take few. `auto` begins with what promises to be faster, forecasts ascent from the gaps of its iterations, and
 * where the rest of them would cost more than the other method, goes on with that from the point that was reached. */
#include "interior.h"

#include <math.h>

/* auto: the iterations that ascent may take before another method goes on, up to FEW_ROWS and SOME_ROWS; and those
 * that the other one takes from there. */
enum { FEW_ROWS = 1000, FEW_ITERATIONS = 18, SOME_ROWS = 5000, SOME_ITERATIONS = 45, NEWTON_ITERATIONS = 12 };
#define NEAR_ONE 0.1 /* (1 - balance) / balance */
#define SLOW_LAMBDA 0.02
#define CHEAP_STEP 10 /* iterations of ascent */
#define BEARABLE_STEP 3e11

/* Operations of an interior-point iteration. */
double dw_newton_cost(const dw_solve *solve) {
  return dw_newton_matrix_operations((double)dw_interior_active(solve), (double)solve->r, solve->objective.order);
}

/* Whether ascent takes many iterations: at orders above 1 and at small lambda. */
static bool is_slow(const dw_solve *solve) {
  const dw_objective *objective = &solve->objective;
  return objective->order > 1 || dw_objective_lambda(objective, log(solve->vendi_uniform)) < SLOW_LAMBDA;
}

/* Rows that are not active get the weight that stationarity gives them. That of rows with a deficit, at orders up to 1,
 * is not derived. */
bool dw_interior_point_is_derived(const dw_solve *solve) {
  return dw_interior_active(solve) == solve->n || solve->objective.order > 1 || !dw_has_deficits(solve);
}

/* Whether Newton steps on all rows are, in operations and memory. Column generation takes many more of them. */
static bool is_affordable(const dw_solve *solve, double most) {
  return dw_interior_active(solve) == solve->n && dw_newton_cost(solve) <= most && dw_interior_point_fits(solve);
}

/* Whether Newton steps are worth their price from the beginning: where ascent is slow, and rows are few or a step takes
 * about as long as some of ascent. Order inf has no gradient, and leaves no choice. */
bool dw_wants_interior_point(const dw_solve *solve) {
  const dw_objective *objective = &solve->objective;
  if (isinf(objective->order) || solve->options->method == DIVW_METHOD_INTERIOR_POINT) {
    return true;
  }
  return solve->options->method == DIVW_METHOD_AUTO && is_slow(solve) &&
         is_affordable(solve, solve->n <= FEW_ROWS ? INFINITY : CHEAP_STEP * dw_ascent_cost(solve));
}

/* The iterations of ascent, forecast, from which on the other method goes on. Up to some thousand rows few iterations
 * are worth their price. With more of them, and near balance 1, where ascent takes many on any data, operations decide,
 * as long as ascent arrives at all. */
static int64_t auto_iterations(const dw_solve *solve) {
  double balance = solve->objective.balance;
  double equal = NEWTON_ITERATIONS * dw_newton_cost(solve) / dw_ascent_cost(solve);
  if (solve->n <= FEW_ROWS) {
    return FEW_ITERATIONS;
  }
  if (solve->n <= SOME_ROWS && 1 - balance >= NEAR_ONE * balance) {
    return SOME_ITERATIONS;
  }
  return dw_max(SOME_ITERATIONS, (int64_t)fmin(equal, (double)solve->options->max_iterations));
}

/* Whether the other method may go on where one has stalled. */
bool dw_may_switch(const dw_solve *solve, bool interior) {
  if (solve->options->method != DIVW_METHOD_AUTO) {
    return false;
  }
  return interior ? isfinite(solve->objective.order) : is_affordable(solve, BEARABLE_STEP);
}

/* ---- the solve ---- */

typedef struct {
  dw_solve *solve;
  dw_problem problem;
  double target;
  dw_point *point, before; /* before: where the other method began */
  int64_t started;         /* iterations before this solve */
  int32_t stop_reason;
  bool is_interior; /* the method at work, or the last one */
  bool is_other;    /* it went on where another one had ended */
  bool is_resuming; /* and in the middle of it */
} run;

static divw_status visit(void *self, dw_archive *archive) {
  divw_status status;
  run *r = self;
  DW_VISIT(archive, r->started);
  DW_TRY(dw_archive_flag(archive, &r->is_interior));
  DW_TRY(dw_archive_flag(archive, &r->is_other));
  if (r->is_other) {
    if (dw_archive_is_reading(archive)) {
      DW_TRY(dw_point_create(&r->before, r->solve->n));
    }
    DW_TRY(dw_point_visit(&r->before, r->solve->n, archive));
  }
fail:
  return status;
}

static divw_status run_method(run *r, int64_t most) {
  r->is_resuming = false;
  return r->is_interior ? dw_interior_point(r->solve, r->problem, r->target, r->point, &r->stop_reason)
                        : dw_ascend(r->solve, r->problem, r->target, most, r->point, &r->stop_reason);
}

/* The other method from where one has stalled; the point is kept where that is better. */
static divw_status run_other(run *r, bool interior) {
  divw_status status;
  dw_solve *solve = r->solve;
  if (!r->is_resuming) {
    DW_TRY(dw_point_create(&r->before, solve->n));
    dw_point_copy(&r->before, r->point, solve->n);
    r->is_interior = interior;
    r->is_other = true;
  }
  DW_TRY(run_method(r, INT64_MAX));
  /* A converged point may be lower by what its gap is worth; by more, it is at another local maximum. */
  bool converged = r->stop_reason == DIVW_STOP_CONVERGED;
  double worth = dw_objective_slope(&solve->objective, r->before.log_value) * r->target;
  bool lower = converged ? !r->problem.fixed && r->point->objective + worth < r->before.objective
                         : dw_is_lower(solve, r->problem, r->point, &r->before);
  if (lower) {
    dw_point_copy(r->point, &r->before, solve->n);
    r->stop_reason = converged ? DIVW_STOP_STALLED : r->stop_reason;
  } else {
    solve->method = r->is_interior ? DIVW_METHOD_INTERIOR_POINT : DIVW_METHOD_ACCELERATED;
  }
fail:
  dw_point_destroy(&r->before);
  return status;
}

/* What the host starts from, as it is and with smoothed states: an interior-point method leaves it at once, and at
 * small lambda ascent would try those states at its fifth iteration. An interior-point method then has to find better.
 */
static divw_status look_at_initial(run *r, bool interior) {
  divw_status status;
  dw_solve *solve = r->solve;
  dw_progress progress = {INFINITY, -INFINITY, 0};
  solve->smooths_always = true;
  status = dw_evaluate(solve, r->problem, r->target, r->point);
  solve->smooths_always = false;
  DW_TRY(status);
  dw_report_progress(solve, r->point);
  r->stop_reason = dw_reason_to_stop(solve, r->point, r->target, INT64_MAX, &progress);
  if (r->stop_reason == 0 && interior) {
    DW_TRY(run_other(r, true));
  }
fail:
  return status;
}

/* By the method that fits; where it has stalled, the other one goes on from there if it may. */
static divw_status run_both(run *r) {
  divw_status status = DIVW_OK;
  dw_solve *solve = r->solve;
  bool interior = dw_wants_interior_point(solve), may_switch = dw_may_switch(solve, interior);
  bool is_slow_start = (interior || is_slow(solve)) && isfinite(solve->objective.order); /* order inf has its dual
                                                                                          * states from the method */
  if (!r->is_resuming) {
    solve->method = interior ? DIVW_METHOD_INTERIOR_POINT : DIVW_METHOD_ACCELERATED;
  }
  if (r->is_other) {
    DW_TRY(run_other(r, r->is_interior));
  } else if (solve->options->initial != NULL && solve->iterations == 0 && is_slow_start) {
    DW_TRY(look_at_initial(r, interior));
  }
  if (r->stop_reason == 0) {
    r->is_interior = interior;
    DW_TRY(run_method(r, may_switch ? auto_iterations(solve) : INT64_MAX));
  }
  bool was_first = r->is_interior == interior;
  if (may_switch && was_first && r->stop_reason == DIVW_STOP_STALLED && !dw_is_rounding(solve, r->point)) {
    DW_TRY(run_other(r, !interior));
  }
fail:
  return status;
}

divw_status dw_run_method(dw_solve *solve, dw_problem problem, double target, dw_point *point, int64_t *iterations,
                          int32_t *stop_reason) {
  divw_status status;
  run r = {.solve = solve, .problem = problem, .target = target, .point = point, .started = solve->iterations};
  solve->middle = (dw_stateful){&r, visit};
  r.is_resuming = dw_checkpoint_is_resuming(solve);
  if (r.is_resuming) {
    DW_TRY(dw_checkpoint_read(solve, solve->middle));
  }
  if (solve->options->method == DIVW_METHOD_ADAM) {
    solve->method = DIVW_METHOD_ADAM;
    DW_TRY(dw_adam(solve, problem, target, point, &r.stop_reason));
  } else {
    DW_TRY(run_both(&r));
  }
  *iterations = solve->iterations - r.started;
  *stop_reason = r.stop_reason;
fail:
  dw_point_destroy(&r.before);
  return status;
}
