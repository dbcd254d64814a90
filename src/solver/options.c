/* Third stage: the options of a solve, checked when they are set. */
#include "frontier.h"

#include <math.h>

divw_status divw_solver_create(divw_solver **out) {
  DW_REQUIRE(out);
  divw_status status = dw_alloc_zero(out, 1, sizeof **out);
  if (status == DIVW_OK) {
    **out = (divw_solver){.objective = {.order = 1, .balance = 0.5},
                          .constraints = {.max_weight = INFINITY},
                          .method = DIVW_METHOD_AUTO,
                          .precision = DIVW_PRECISION_AUTO,
                          .tolerance = 1e-6,
                          .max_iterations = 500,
                          .max_solves = 16,
                          .max_memory = INFINITY};
  }
  return status;
}

void divw_solver_destroy(divw_solver *solver) {
  if (solver != NULL) {
    divw_free(solver->initial);
    divw_free(solver->checkpoint_path);
    divw_free(solver->resume_path);
    dw_constraints_clear(&solver->constraints);
    divw_free(solver);
  }
}

divw_status divw_solver_set_balance(divw_solver *solver, double balance) {
  DW_REQUIRE(solver);
  if (!(balance >= 0 && balance <= 1)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: balance is %g, expected a number in [0, 1]", __func__, balance);
  }
  solver->objective.balance = balance;
  return DIVW_OK;
}

double divw_solver_balance(const divw_solver *solver) { return solver == NULL ? NAN : solver->objective.balance; }

divw_status divw_solver_set_order(divw_solver *solver, double order) {
  DW_REQUIRE(solver);
  if (!(order > 0)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: order is %g, expected more than 0, INFINITY accepted", __func__, order);
  }
  solver->objective.order = order;
  return DIVW_OK;
}

double divw_solver_order(const divw_solver *solver) { return solver == NULL ? NAN : solver->objective.order; }

const char *divw_objective_name(int32_t objective) {
  switch (objective) {
  case DIVW_OBJECTIVE_PUBLISHED: return "published";
  case DIVW_OBJECTIVE_LOG: return "log";
  case DIVW_OBJECTIVE_EFFECTIVE_EXAMPLES: return "effective-examples";
  default: return "unknown";
  }
}

divw_status divw_solver_set_objective(divw_solver *solver, int32_t objective) {
  DW_REQUIRE(solver);
  if (objective != DIVW_OBJECTIVE_PUBLISHED && objective != DIVW_OBJECTIVE_LOG) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: objective is %d, expected DIVW_OBJECTIVE_PUBLISHED or DIVW_OBJECTIVE_LOG",
                   __func__, objective);
  }
  solver->objective.logarithmic = objective == DIVW_OBJECTIVE_LOG;
  return DIVW_OK;
}

int32_t divw_solver_objective(const divw_solver *solver) {
  if (solver == NULL) {
    return 0;
  }
  if (solver->constraints.effective > 0) {
    return DIVW_OBJECTIVE_EFFECTIVE_EXAMPLES;
  }
  return solver->objective.logarithmic ? DIVW_OBJECTIVE_LOG : DIVW_OBJECTIVE_PUBLISHED;
}

divw_status divw_solver_set_entropy_weight(divw_solver *solver, double entropy_weight) {
  DW_REQUIRE(solver);
  if (!(entropy_weight >= 0)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: entropy_weight is %g, expected 0 to INFINITY", __func__, entropy_weight);
  }
  solver->objective.logarithmic = true;
  solver->objective.balance = 1 / (1 + entropy_weight);
  return DIVW_OK;
}

const char *divw_method_name(int32_t method) {
  switch (method) {
  case DIVW_METHOD_AUTO: return "auto";
  case DIVW_METHOD_ACCELERATED: return "accelerated";
  case DIVW_METHOD_INTERIOR_POINT: return "interior-point";
  case DIVW_METHOD_ADAM: return "adam";
  default: return "unknown";
  }
}

divw_status divw_solver_set_method(divw_solver *solver, int32_t method) {
  DW_REQUIRE(solver);
  if (method < DIVW_METHOD_AUTO || method > DIVW_METHOD_ADAM) {
    return dw_fail(
        DIVW_ERROR_ARGUMENT,
        "%s: method is %d, expected DIVW_METHOD_AUTO, DIVW_METHOD_ACCELERATED, DIVW_METHOD_INTERIOR_POINT or "
        "DIVW_METHOD_ADAM",
        __func__, method);
  }
  solver->method = method;
  return DIVW_OK;
}

int32_t divw_solver_method(const divw_solver *solver) { return solver == NULL ? 0 : solver->method; }

divw_status divw_solver_set_precision(divw_solver *solver, int32_t precision) {
  DW_REQUIRE(solver);
  if (precision < DIVW_PRECISION_AUTO || precision > DIVW_PRECISION_DOUBLE) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: precision is %d, expected DIVW_PRECISION_AUTO, DIVW_PRECISION_SINGLE or DIVW_PRECISION_DOUBLE",
                   __func__, precision);
  }
  solver->precision = precision;
  return DIVW_OK;
}

int32_t divw_solver_precision(const divw_solver *solver) { return solver == NULL ? 0 : solver->precision; }

divw_status divw_solver_set_tolerance(divw_solver *solver, double tolerance) {
  DW_REQUIRE(solver);
  if (!(tolerance >= 1e-13 && tolerance <= 1)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: tolerance is %g, expected a number of nats in [1e-13, 1]", __func__,
                   tolerance);
  }
  solver->tolerance = tolerance;
  return DIVW_OK;
}

double divw_solver_tolerance(const divw_solver *solver) { return solver == NULL ? NAN : solver->tolerance; }

divw_status divw_solver_set_max_iterations(divw_solver *solver, int64_t max_iterations) {
  DW_REQUIRE(solver);
  if (max_iterations < 1) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: max_iterations is %lld, expected at least 1", __func__,
                   (long long)max_iterations);
  }
  solver->max_iterations = max_iterations;
  return DIVW_OK;
}

int64_t divw_solver_max_iterations(const divw_solver *solver) { return solver == NULL ? 0 : solver->max_iterations; }

divw_status divw_solver_set_max_solves(divw_solver *solver, int32_t max_solves) {
  DW_REQUIRE(solver);
  if (max_solves < 1 || max_solves > DW_MAX_DUALS) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: max_solves is %d, expected 1 to %d", __func__, max_solves, DW_MAX_DUALS);
  }
  solver->max_solves = max_solves;
  return DIVW_OK;
}

int32_t divw_solver_max_solves(const divw_solver *solver) { return solver == NULL ? 0 : solver->max_solves; }

divw_status divw_solver_set_max_memory(divw_solver *solver, double max_memory) {
  DW_REQUIRE(solver);
  if (!(max_memory > 0)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: max_memory is %g, expected a positive number of bytes, or INFINITY",
                   __func__, max_memory);
  }
  solver->max_memory = max_memory;
  return DIVW_OK;
}

double divw_solver_max_memory(const divw_solver *solver) { return solver == NULL ? NAN : solver->max_memory; }

divw_status divw_solver_set_progress(divw_solver *solver, divw_progress_fn progress, void *user) {
  DW_REQUIRE(solver);
  solver->progress = progress;
  solver->progress_user = user;
  return DIVW_OK;
}
