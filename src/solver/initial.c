/* Warm start: weights that the first solve begins with, in place of uniform ones.
 *
 * They are a point to start from and nothing else: the certificate and the global bound do not ask where a search came
 * from. A row without weight would stay without it for ever, since every step multiplies. So each row starts with at
 * least FLOOR tolerances of the uniform share: from there it can come back, and what that costs an optimum is hidden
 * by the tolerance. */
#include "solve.h"

#include "../simplex.h"

#include <math.h>
#include <string.h>

#define FLOOR 0.01

static divw_status check(const double *p, int64_t n, const char *who) {
  for (int64_t i = 0; i < n; i++) {
    if (!(p[i] >= 0) || isinf(p[i])) {
      return dw_fail(DIVW_ERROR_ARGUMENT, "%s: weight %lld is %g, expected a finite number of at least 0", who,
                     (long long)i, p[i]);
    }
  }
  return dw_maximum(p, n) > 0
             ? DIVW_OK
             : dw_fail(DIVW_ERROR_ARGUMENT, "%s: all %lld weights are 0, expected a positive one", who, (long long)n);
}

divw_status divw_solver_set_initial(divw_solver *solver, const double *p, int64_t n) {
  DW_REQUIRE(solver);
  divw_status status;
  double *copy = NULL;
  if (p != NULL) {
    if (n < 1) {
      return dw_fail(DIVW_ERROR_ARGUMENT, "%s: n is %lld, expected at least 1", __func__, (long long)n);
    }
    DW_TRY(check(p, n, __func__));
    DW_TRY(dw_alloc(&copy, n, sizeof *copy));
    memcpy(copy, p, (size_t)n * sizeof *copy);
  }
  divw_free(solver->initial);
  solver->initial = copy;
  solver->initial_count = p == NULL ? 0 : n;
  return DIVW_OK;
fail:
  return status;
}

int64_t divw_solver_initial_count(const divw_solver *solver) { return solver == NULL ? 0 : solver->initial_count; }

void dw_start_from_initial(const dw_solve *solve, double *logit) {
  const double *p = solve->options->initial, maximum = dw_maximum(p, solve->n);
  double mean = 0, least = FLOOR * solve->options->tolerance;
  for (int64_t i = 0; i < solve->n; i++) {
    mean += p[i] / maximum / (double)solve->n; /* the sum itself might overflow */
  }
  for (int64_t i = 0; i < solve->n; i++) {
    logit[i] = log(fmax(p[i] / maximum / mean, least));
  }
}
