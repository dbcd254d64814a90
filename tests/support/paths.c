#include "paths.h"

#include "make.h"

#include <stdlib.h>

static int32_t count_iterations(int64_t iteration, double vendi_score, double entropy, double objective, double gap,
                                double seconds, void *user) {
  (void)iteration, (void)vendi_score, (void)entropy, (void)objective, (void)gap, (void)seconds;
  ++*(int64_t *)user;
  return 0;
}

const options published = {1, 1e-6, DIVW_OBJECTIVE_PUBLISHED, DIVW_METHOD_ACCELERATED};

divw_solver *make_solver(options o, double balance, int64_t *total) {
  divw_solver *solver;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_order(solver, o.order));
  ok(divw_solver_set_objective(solver, o.objective));
  ok(divw_solver_set_method(solver, o.method));
  ok(divw_solver_set_tolerance(solver, o.tolerance));
  ok(divw_solver_set_balance(solver, balance));
  ok(divw_solver_set_progress(solver, count_iterations, total));
  return solver;
}

divw_weights *solve_from(const divw_kernel *kernel, options o, double balance, const double *initial,
                         int64_t *iterations) {
  divw_weights *weights;
  *iterations = 0;
  divw_solver *solver = make_solver(o, balance, iterations);
  ok(divw_solver_set_initial(solver, initial, divw_kernel_count(kernel)));
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_solver_destroy(solver);
  return weights;
}

double allowed(options o, const divw_weights *weights) {
  double worth = o.objective == DIVW_OBJECTIVE_LOG ? 1 : divw_weights_vendi_score(weights);
  return 1.01 * divw_weights_balance(weights) * worth * o.tolerance + 1e-12;
}

double *make_kinds(int64_t n, int64_t d) {
  double *x = make_rows(n, d, 11), *kinds = make_rows(20, d, 12);
  for (int64_t i = 0; i < n * d; i++) {
    x[i] = 0.5 * x[i] + kinds[i / d % 20 * d + i % d];
  }
  free(kinds);
  return x;
}
