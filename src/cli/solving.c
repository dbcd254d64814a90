/* From the flags of a solve to a solver. */
#include "solving.h"

#include "constraints.h"

#include <string.h>

bool method_is_sound(const cli_settings *settings, const cli_verb *verb) {
  const double order = settings->order;
  if (isinf(order) && (strcmp(settings->method, "accelerated") == 0 || strcmp(settings->method, "adam") == 0)) {
    usage_error(verb, "--method %s has no gradient to climb at --order inf, expected auto or interior-point",
                settings->method);
    return false;
  }
  return true;
}

static int32_t method_of(const cli_settings *settings) {
  for (int32_t method = DIVW_METHOD_AUTO; method < DIVW_METHOD_ADAM; method++) {
    if (strcmp(settings->method, divw_method_name(method)) == 0) {
      return method;
    }
  }
  return DIVW_METHOD_ADAM;
}

static int32_t precision_of(const cli_settings *settings) {
  int32_t precision = DIVW_PRECISION_AUTO;
  while (precision < DIVW_PRECISION_DOUBLE && strcmp(settings->precision, divw_precision_name(precision)) != 0) {
    precision++;
  }
  return precision;
}

static int32_t objective_of(const cli_settings *settings) {
  const bool logarithm = strcmp(settings->objective, divw_objective_name(DIVW_OBJECTIVE_LOG)) == 0;
  return logarithm ? DIVW_OBJECTIVE_LOG : DIVW_OBJECTIVE_PUBLISHED;
}

bool make_solver(divw_solver **solver, const divw_dataset *dataset, const cli_settings *settings,
                 cli_progress *progress) {
  return ok(divw_solver_create(solver)) && ok(divw_solver_set_objective(*solver, objective_of(settings))) &&
         set_constraints(*solver, settings, dataset) && ok(divw_solver_set_order(*solver, settings->order)) &&
         ok(divw_solver_set_method(*solver, method_of(settings))) &&
         ok(divw_solver_set_precision(*solver, precision_of(settings))) &&
         ok(divw_solver_set_tolerance(*solver, settings->tolerance)) &&
         ok(divw_solver_set_max_iterations(*solver, settings->max_iterations)) &&
         ok(divw_solver_set_max_solves(*solver, (int32_t)settings->max_solves)) &&
         ok(divw_solver_set_progress(*solver, progress_step, progress));
}
