/* Third stage: the call that turns a kernel into weights. */
#include "../dataset.h"
#include "../interval.h"
#include "../parallel.h"
#include "../simplex.h"
#include "interior.h"
#include "ratio.h"

#include <divweights/source.h>
#include <divweights/vendi.h>

#include <math.h>
#include <string.h>

/* Directions that no example has which may have weight: below order 1 a floor on eigenvalues there would cost more than
 * a tolerance (gradient.c). */
static divw_status count_null(dw_solve *solve) {
  divw_status status = DIVW_OK;
  double *p = NULL;
  int64_t out = 0;
  for (int64_t i = 0; i < solve->n; i++) {
    out += solve->set.upper != NULL && solve->set.upper[i] == 0;
  }
  if (out > 0 && solve->objective.order < 1) {
    DW_TRY(dw_alloc(&p, solve->n, sizeof *p));
    for (int64_t i = 0; i < solve->n; i++) {
      p[i] = solve->set.upper[i] == 0 ? 0 : 1 / (double)(solve->n - out);
    }
    DW_TRY(dw_spectrum_compute(&solve->spectrum, solve->kernel, p));
    solve->row_passes++;
    solve->is_at_uniform = false;
  }
  while (solve->spectrum.mu[solve->spectrum.null] == 0) {
    solve->spectrum.null++;
  }
fail:
  divw_free(p);
  return status;
}

/* The uniform spectrum: its score, and the rank of the data. */
static divw_status look_at_uniform(dw_solve *solve) {
  divw_status status;
  dw_interval interval;
  DW_TRY(dw_spectrum_compute(&solve->spectrum, solve->kernel, NULL));
  solve->row_passes++;
  DW_TRY(dw_interval_of(&solve->spectrum, solve->objective.order, &interval));
  solve->vendi_uniform = exp(interval.estimate);
  solve->rank = divw_vendi_rank(solve->spectrum.mu, solve->r);
  solve->is_at_uniform = true;
  DW_TRY(count_null(solve));
fail:
  return status;
}

/* The dual state of order inf that goes with a point: the projector on the largest eigenvector. */
static divw_status top_projector(const dw_spectrum *spectrum, double **sigma) {
  divw_status status;
  int64_t r = spectrum->r;
  const double *top = spectrum->V + (r - 1) * r;
  DW_TRY(dw_alloc(sigma, r * r, sizeof **sigma));
  for (int64_t k = 0; k < r * r; k++) {
    (*sigma)[k] = top[k / r] * top[k % r];
  }
fail:
  return status;
}

/* Below it, balance x VS is less than the rounding of H. */
#define NEGLIGIBLE_BALANCE 1e-15

/* Whether there is anything to choose: not at balance 0, where the most even weights are the best, nor where they, or
 * weights that cannot move, are the only ones that are allowed. */
static bool has_choice(const dw_solve *solve) {
  bool movable = false;
  for (int64_t i = 0; i < solve->n; i++) {
    movable |= dw_feasible_may_move(&solve->set, i);
  }
  return movable && solve->objective.balance >= NEGLIGIBLE_BALANCE &&
         solve->set.deficit_limit > solve->set.least_deficit;
}

/* Then nothing is left to prove; lambda is infinite where evenness alone decides. D is that of the most even weights,
 * uniform ones without constraints. */
static divw_status evaluate_most_even(dw_solve *solve, dw_solution *solution) {
  divw_status status;
  dw_point *best = &solution->best;
  dw_problem problem = {.fixed = solve->objective.balance < NEGLIGIBLE_BALANCE, .slope = INFINITY};
  double *sigma = NULL;
  DW_TRY(dw_point_create(best, solve->n));
  if (isinf(solve->objective.order)) {
    DW_TRY(top_projector(&solve->spectrum, &sigma));
    solve->sigma = sigma;
  }
  DW_TRY(dw_evaluate(solve, problem, INFINITY, best));
  solve->iterations = 0;
  best->gap = 0;
  solution->is_settled = true;
  best->deficit = dw_feasible_is_plain(&solve->set) ? 0 : best->deficit;
  best->lambda = isfinite(solve->set.deficit_limit) ? INFINITY : best->lambda;
  if (problem.fixed) {
    best->objective = log((double)solve->n) - best->deficit;
  }
  solution->global_bound = best->objective;
  solution->stop_reason = DIVW_STOP_CONVERGED;
fail:
  solve->sigma = NULL;
  divw_free(sigma);
  return status;
}

static int64_t count_excluded(const dw_solve *solve) {
  int64_t count = 0;
  for (int64_t i = 0; i < solve->n; i++) {
    count += !dw_feasible_allows(&solve->set, i);
  }
  return count;
}

static void report_similarity(const divw_kernel *kernel, dw_report *report) {
  const divw_similarity *parameters = divw_kernel_parameters(kernel);
  const int32_t kind = divw_similarity_kind(parameters);
  const double degree = (double)divw_similarity_degree(parameters);
  strcpy(report->kernel, divw_kernel_name(kind));
  report->bandwidth = divw_similarity_bandwidth(parameters);
  report->degree = degree >= 0 ? degree : NAN;
  report->offset = divw_similarity_offset(parameters);
  report->nu = divw_similarity_nu(parameters);
  report->bits = divw_similarity_bits(parameters);
  report->normalised = divw_similarity_normalise(parameters);
  report->features = divw_kernel_features(kernel);
  report->approximation_seed = (int64_t)dw_kernel_seed(kernel);
  if (kind == DIVW_KERNEL_PRECOMPUTED || kind == DIVW_KERNEL_FUNCTION) {
    report->clipped = divw_kernel_clipped(kernel);
  }
}

static void fill_report(const dw_solve *solve, const dw_solution *solution, dw_report *report) {
  const dw_point *best = &solution->best;
  const dw_constraints *constraints = &solve->options->constraints;
  double balance = solve->objective.balance, entropy = dw_entropy(best->p, solve->n);
  bool limited = isfinite(solve->set.deficit_limit);
  const divw_dataset *dataset = dw_kernel_dataset(solve->kernel);
  dw_report_clear(report);
  report->n = solve->n;
  report->dimension = divw_dataset_dimension(dataset);
  report->rank = solve->rank;
  report_similarity(solve->kernel, report);
  report->order = solve->objective.order;
  report->balance = limited ? NAN : balance;
  strcpy(report->objective, divw_objective_name(divw_solver_objective(solve->options)));
  if (limited) {
    report->least_effective_examples = (double)solve->n * exp(-solve->set.deficit_limit);
  }
  report->max_weight = constraints->max_weight;
  report->min_weight = constraints->min_weight;
  report->groups_bounded = constraints->group_count;
  report->excluded = count_excluded(solve);
  if (solve->quality != NULL) {
    report->quality = exp(best->log_value - best->log_vendi);
  }
  strcpy(report->method, divw_method_name(solution->method));
  strcpy(report->precision, divw_precision_name(solve->estimated ? DIVW_PRECISION_SINGLE : DIVW_PRECISION_DOUBLE));
  report->tolerance = solve->options->tolerance;
  report->vendi_score_uniform = solve->vendi_uniform;
  report->vendi_score = exp(best->log_vendi);
  report->entropy = entropy;
  report->effective_examples = exp(entropy);
  report->objective_value = best->objective;
  report->entropy_weight = best->lambda;
  if (isfinite(best->lambda)) {
    report->certified_value = best->log_value + best->lambda * entropy;
    report->upper_bound = report->certified_value + best->gap;
  }
  report->gap = best->gap;
  report->global_upper_bound = solution->global_bound;
  report->global_gap = solution->global_bound - best->objective;
  report->iterations = solution->iterations;
  report->solves = solve->solves;
  report->row_passes = solve->row_passes;
  report->streamed = divw_dataset_is_streamed(dataset);
  strcpy(report->stop_reason, divw_stop_name(solution->stop_reason));
  report->seconds = dw_seconds() - solve->started;
  report->seconds_read = divw_dataset_seconds_read(dataset);
}

/* What D is called in public has the mean q / (1-q), -1 at order inf, in place of log VS. */
static void restate_marginal(const dw_solve *solve, dw_point *best) {
  const double q = solve->objective.order;
  const double shift = q == 1 ? 0 : (isinf(q) ? -1 : q / (1 - q)) - best->log_vendi;
  for (int64_t i = 0; shift != 0 && i < solve->n; i++) {
    best->D[i] += shift;
  }
}

static divw_status make_weights(dw_solve *solve, dw_solution *solution, divw_weights **out) {
  divw_status status;
  int64_t *rows;
  dw_report report;
  if (solve->cancelled) {
    solution->stop_reason = DIVW_STOP_CANCELLED;
  } else if (solution->best.gap <= solve->options->tolerance) {
    solution->stop_reason = DIVW_STOP_CONVERGED; /* solves aim beyond the tolerance, and may fall short of that */
  } else if (solution->stop_reason == DIVW_STOP_CONVERGED) { /* at another lambda, or to what rounding allows */
    solution->stop_reason = solve->stalled ? DIVW_STOP_STALLED : DIVW_STOP_MAX_ITERATIONS;
  }
  fill_report(solve, solution, &report);
  DW_TRY(dw_widen(solve, solution, &report));
  restate_marginal(solve, &solution->best);
  DW_TRY(dw_alloc(&rows, solve->n, sizeof *rows));
  for (int64_t i = 0; i < solve->n; i++) {
    rows[i] = divw_dataset_row(dw_kernel_dataset(solve->kernel), i);
  }
  status = dw_weights_create(out, &report, solution->best.p, rows, solution->best.D);
  if (status == DIVW_OK) {
    solution->best.p = solution->best.D = NULL; /* the weights own them now */
    dw_weights_set_ids(*out, dw_dataset_ids(dw_kernel_dataset(solve->kernel)));
  } else {
    divw_free(rows);
  }
fail:
  return status;
}

/* What is maximised: a number of effective examples takes the place of balance and objective. */
dw_objective dw_effective_objective(const divw_solver *solver) {
  dw_objective objective = solver->objective;
  if (solver->constraints.effective > 0) {
    objective.balance = 1;
    objective.logarithmic = false;
  }
  const bool by_logarithm = solver->constraints.quality != NULL && objective.order <= 1; /* p.s VS_q is log-concave */
  objective.exponent = by_logarithm ? 0 : dw_level_exponent(objective.order);
  return objective;
}

static divw_status check_initial(const divw_solver *solver, const divw_kernel *kernel) {
  if (solver->initial != NULL && solver->initial_count != divw_kernel_count(kernel)) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "divw_solver_solve: the solver starts from %lld weights, expected %lld, one for each example",
                   (long long)solver->initial_count, (long long)divw_kernel_count(kernel));
  }
  return DIVW_OK;
}

static divw_status check_combination(const divw_solver *solver) {
  const dw_objective objective = dw_effective_objective(solver);
  bool ascends = solver->method == DIVW_METHOD_ACCELERATED || solver->method == DIVW_METHOD_ADAM;
  if (isinf(objective.order) && ascends && objective.balance > 0) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "divw_solver_solve: order inf has no gradient to ascend, expected DIVW_METHOD_AUTO or "
                   "DIVW_METHOD_INTERIOR_POINT");
  }
  return DIVW_OK;
}

/* A softmax of free logits keeps no constraint. */
static divw_status check_method(const dw_solve *solve) {
  if (solve->options->method == DIVW_METHOD_INTERIOR_POINT && !dw_interior_point_is_derived(solve)) {
    return dw_fail(
        DIVW_ERROR_ARGUMENT,
        "divw_solver_solve: DIVW_METHOD_INTERIOR_POINT does not take %lld rows of low rank %lld at orders up to 1, "
        "which are too many for one system; expected another method",
        (long long)solve->n, (long long)solve->r);
  }
  bool free = dw_feasible_is_plain(&solve->set) && isinf(solve->set.deficit_limit);
  if (solve->options->method == DIVW_METHOD_ADAM && !free) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "divw_solver_solve: DIVW_METHOD_ADAM keeps no constraints on the weights, "
                                        "expected another method");
  }
  return DIVW_OK;
}

divw_status divw_solver_solve(const divw_solver *solver, const divw_kernel *kernel, divw_weights **out) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(solver);
  DW_REQUIRE(kernel);
  divw_status status;
  dw_solution solution = {.method = DIVW_METHOD_ACCELERATED};
  dw_solve solve = {.options = solver,
                    .objective = dw_effective_objective(solver),
                    .kernel = kernel,
                    .n = divw_kernel_count(kernel),
                    .r = divw_kernel_features(kernel),
                    .started = dw_seconds()};
  dw_crew_enter();
  DW_TRY(check_combination(solver));
  DW_TRY(check_initial(solver, kernel));
  DW_TRY(dw_constraints_set(&solver->constraints, kernel, &solve.set));
  DW_TRY(check_method(&solve));
  DW_TRY(dw_constraints_quality(&solver->constraints, &solve.set, &solve.quality, &solve.log_scale));
  DW_TRY(dw_check_memory(&solve));
  DW_TRY(dw_spectrum_create(&solve.spectrum, kernel));
  for (int64_t j = 0; j <= dw_smoothed_states(&solve); j++) {
    DW_TRY(dw_alloc(&solve.R[j], solve.r * solve.r, sizeof *solve.R[j]));
  }
  DW_TRY(look_at_uniform(&solve));
  if (dw_is_ratio(&solve)) {
    DW_TRY(dw_ratio_create(&solve.ratio, &solve));
  }
  DW_TRY(dw_checkpoint_begin(&solve));
  DW_TRY(has_choice(&solve) ? dw_solve_globally(&solve, &solution) : evaluate_most_even(&solve, &solution));
  DW_TRY(make_weights(&solve, &solution, out));
fail:
  for (int j = 0; j < DW_STATES; j++) {
    divw_free(solve.R[j]);
    divw_free(j > 0 ? solve.smoothed[j - 1] : NULL);
  }
  dw_spectrum_destroy(&solve.spectrum);
  dw_point_destroy(&solution.best);
  dw_checkpoint_end(&solve);
  dw_ratio_destroy(solve.ratio);
  divw_free(solve.quality);
  dw_feasible_destroy(&solve.set);
  dw_crew_leave();
  return status;
}
