/* One iteration's look at a point p: diversity, marginal diversities, and the proof of its gap.
 *
 * The level y of log VS_q (objective.h) is concave in rho, so its tangent at any dual state sigma bounds it for every
 * p: in nats, y(p) - y(p_0) <= constant + sum_i p_i D_i - log VS_q(p_0) with D and constant of gradient.c. And by
 * Gibbs' variational principle sum_i p_i D_i - lambda g(p) <= W(D, lambda), g = log n - H, W the soft maximum. So
 *
 *     gap_1 = W(D, lambda) + constant + rounding - log VS_q + lambda g
 *
 * bounds the level, and dw_exact_gap() turns it into log VS_q; for q = 1 they are the same.
 *
 * sigma = rho(p) is exact at the optimum. For small lambda most p_i vanish there and D of those rows converges last;
 * sigma = (1-e) rho + e I/r bounds their D and raises the others by little (q = 1: by at most -log(1-e)), so e = target
 * and target/4 are tried too, or target/2 where rows are many: they cost hardly more than e by proof, and often win.
 * For q > 1 D is bounded anyway.
 *
 * Rounding, estimated to first order: D_i is a sum of about 4 r products, and rho one of n in blocks of at most B, so D
 * is off by about 4 r u max |D|, and f and g by (B + n/B) u max(|D|, log n). All is added to the bound before it is
 * compared with anything; what was measured stays below a fifth of it (docs/mathematics.md, 7; proofs: 3 and 9). */
#include "gradient.h"
#include "ratio.h"

#include "../linalg.h"
#include "../simplex.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { SMOOTHING_PERIOD = 5 };
#define SMOOTHING_LAMBDA 0.02 /* above it, sigma = rho was the sharpest state in every case tried */

static double rounding_allowance(const dw_solve *solve, const double *D) {
  double block = fmin((double)solve->n, 4096), terms = 4 * (double)solve->r + block + (double)solve->n / block;
  double largest = fmax(fabs(dw_maximum(D, solve->n)), log((double)solve->n));
  return terms * (DBL_EPSILON / 2) * fmax(largest, 1);
}

bool dw_is_rounding(const dw_solve *solve, const dw_point *point) {
  return point->gap <= 8 * rounding_allowance(solve, point->D);
}

/* |sigma|_q*, q* = q / (q-1), of a matrix that is destroyed; its trace at q = inf. */
static divw_status dual_norm(double *sigma, int64_t r, double order, double *norm) {
  divw_status status = DIVW_OK;
  double *s = NULL, sum = 0, power = isinf(order) ? 1 : order / (order - 1);
  for (int64_t k = 0; power == 1 && k < r; k++) {
    sum += sigma[k * (r + 1)];
  }
  if (power > 1) {
    DW_TRY(dw_alloc(&s, r, sizeof *s));
    DW_TRY(dw_eigenvalues(sigma, r, s));
    for (int64_t k = 0; k < r; k++) {
      sum += pow(fmax(s[k], 0), power);
    }
  }
  *norm = pow(sum, 1 / power);
fail:
  divw_free(s);
  return status;
}

static void copy_with_ridge(const dw_solve *solve, double ridge, double *R) {
  const int64_t r = solve->r;
  for (int64_t k = 0; k < r * r; k++) {
    R[k] = solve->sigma[k] + (k % (r + 1) == 0 ? ridge : 0);
  }
}

/* With a dual state that a method has: |rho|_q >= tr(rho sigma) / |sigma|_q* for any sigma >= 0, so D_i = log VS + c -
 * c phi_i^T sigma phi_i / (|rho|_q |sigma|_q*), c = q / (q-1), 1 at q = inf; as little of I as makes it definite is
 * added. */
static divw_status gradient_dual(const dw_solve *solve, double *R, dw_gradient *gradient) {
  divw_status status;
  const int64_t r = solve->r;
  const double order = solve->objective.order, c = isinf(order) ? 1 : order / (order - 1);
  const double log_vendi = dw_spectrum_log_vendi(&solve->spectrum, order);
  double norm;
  for (double ridge = 1e-15; ridge < 1; ridge *= 10) {
    copy_with_ridge(solve, ridge, R);
    DW_TRY(dual_norm(R, r, order, &norm));
    copy_with_ridge(solve, ridge, R);
    if (dw_cholesky(R, r)) {
      *gradient = (dw_gradient){.offset = log_vendi + c, .scale = -c * exp(log_vendi / c) / norm};
      return DIVW_OK;
    }
  }
  return dw_fail(DIVW_ERROR_NUMERICAL, "the dual state of order %g is not definite", order);
fail:
  return status;
}

void dw_add_scores(const dw_solve *solve, const dw_point *point, double amount, double *D) {
  const double share = amount * dw_score_unit(solve, point);
  for (int64_t i = 0; share != 0 && i < solve->n; i++) {
    D[i] += share * solve->quality[i];
  }
}

/* omega log p.s <= omega (<s, p> / a + log a - 1) for any a, here that of the point. D is that of log VS, plus this;
 * values beside it have log p.s once, whatever omega is. */
static void add_quality(const dw_solve *solve, const dw_point *point, double *D, double *constant) {
  dw_add_scores(solve, point, point->omega, D);
  *constant += dw_log_quality(point) - point->omega;
}

/* D and the constants for the dual states of `count` smoothings, in one read of the rows. */
static divw_status marginal_diversity(dw_solve *solve, const dw_point *point, const double *smoothing, int64_t count,
                                      double *const *D, double *constant) {
  divw_status status;
  dw_gradient gradient[DW_STATES] = {{.scale = 0}};
  const double order = solve->objective.order, exponent = solve->objective.exponent;
  for (int64_t j = 0; j < count; j++) {
    DW_TRY(solve->sigma != NULL
               ? gradient_dual(solve, solve->R[j], &gradient[j])
               : dw_gradient_of(&solve->spectrum, order, exponent, smoothing[j], solve->R[j], &gradient[j]));
  }
  DW_TRY(dw_kernel_quadratic(solve->kernel, (const double *const *)solve->R, count, solve->spectrum.single, D));
  solve->row_passes++;
  for (int64_t j = 0; j < count; j++) {
    dw_gradient_finish(&solve->spectrum, &gradient[j], solve->n, D[j]);
    constant[j] = gradient[j].constant + gradient[j].rounding + rounding_allowance(solve, D[j]);
    if (solve->quality != NULL) {
      add_quality(solve, point, D[j], &constant[j]);
    }
  }
fail:
  return status;
}

int64_t dw_smoothed_states(const dw_solve *solve) {
  return solve->objective.order > 1 ? 0 : solve->n < DW_MANY ? 2 : 1;
}

static divw_status make_room(dw_solve *solve, int64_t vectors) {
  divw_status status = DIVW_OK;
  for (int64_t j = 0; j < vectors; j++) {
    if (solve->smoothed[j] == NULL) {
      DW_TRY(dw_alloc(&solve->smoothed[j], solve->n, sizeof *solve->smoothed[j]));
    }
  }
fail:
  return status;
}

static bool has_limit(const dw_solve *solve) { return isfinite(solve->set.deficit_limit); }

/* The gap of a dual state, and the lambda at which it is the smallest where a limit on the deficit leaves it open. */
static double gap_of(const dw_solve *solve, dw_problem problem, const dw_point *point, const double *D, double constant,
                     double *lambda) {
  double allowed = point->deficit;
  if (has_limit(solve)) {
    *lambda = dw_feasible_multiplier(&solve->set, D);
    allowed = solve->set.deficit_limit;
  }
  if (dw_is_ratio(solve) && !problem.fixed) {
    const dw_ratio_at at = {D, constant, point->log_vendi, dw_log_quality(point)};
    return dw_ratio_gap(solve->ratio, &at, *lambda, allowed);
  }
  double gap = dw_feasible_support(&solve->set, D, *lambda).value + constant - point->log_value + *lambda * allowed;
  if (isnan(gap)) {
    return INFINITY;
  }
  return dw_is_ratio(solve) ? fmax(gap, 0) : dw_exact_gap(solve->objective.exponent, fmax(gap, 0));
}

double dw_gap_with(const dw_solve *solve, dw_problem problem, const dw_point *point, const double *D) {
  double lambda = point->lambda;
  return gap_of(solve, problem, point, D, point->constant, &lambda);
}

/* The scores in D and in the constant, at another omega. */
static void restate_quality(const dw_solve *solve, dw_point *point, double omega) {
  dw_add_scores(solve, point, omega - point->omega, point->D);
  point->constant -= omega - point->omega;
  point->omega = omega;
}

void dw_certify_for_objective(const dw_solve *solve, dw_point *point) {
  if (solve->quality != NULL) {
    restate_quality(solve, point, 1);
  }
  point->lambda = dw_objective_lambda(&solve->objective, point->log_value);
  point->gap = gap_of(solve, (dw_problem){.fixed = false}, point, point->D, point->constant, &point->lambda);
}

/* D and the gap of the gradient at p, beside `smoothed` others; where that is above the target, of the first of these
 * that closes it. */
static divw_status certify(dw_solve *solve, dw_problem problem, double target, int64_t smoothed, dw_point *point) {
  divw_status status;
  const double smoothing[DW_STATES] = {0, smoothed == 2 ? target : target / 2, target / 4};
  double *D[DW_STATES] = {point->D, solve->smoothed[0], solve->smoothed[1]}, constant[DW_STATES];
  DW_TRY(marginal_diversity(solve, point, smoothing, 1 + smoothed, D, constant));
  point->constant = constant[0];
  if (point->is_estimate) {
    dw_restate_estimate(solve, point);
  }
  point->gap = gap_of(solve, problem, point, point->D, point->constant, &point->lambda);
  for (int64_t j = 0; j < smoothed && point->gap > target; j++) {
    double lambda = point->lambda, sharper = constant[1 + j] + (point->is_estimate ? solve->estimate_shift : 0);
    const double gap = gap_of(solve, problem, point, solve->smoothed[j], sharper, &lambda);
    if (gap <= target) {
      double *kept = point->D;
      point->D = solve->smoothed[j];
      solve->smoothed[j] = kept;
      point->gap = gap;
      point->lambda = lambda;
      point->constant = sharper;
    }
  }
fail:
  return status;
}

/* The spectrum of the point. That of uniform weights is there when a call begins. */
static divw_status diagonalise(dw_solve *solve, const dw_point *point) {
  const bool by_moment = solve->objective.order == 2;
  bool known = solve->is_at_uniform && !by_moment;
  for (int64_t i = 0; known && i < solve->n; i++) {
    known = point->p[i] == 1 / (double)solve->n;
  }
  solve->is_at_uniform = known;
  if (known) {
    return DIVW_OK;
  }
  solve->row_passes++;
  return (by_moment ? dw_spectrum_compute_moment : dw_spectrum_compute)(&solve->spectrum, solve->kernel, point->p);
}

/* Diversity of the point, by eigenvalues where the order needs them. */
static divw_status measure(dw_solve *solve, dw_point *point) {
  divw_status status;
  double order = solve->objective.order, quality = 0;
  DW_TRY(diagonalise(solve, point));
  point->log_vendi = dw_spectrum_log_vendi(&solve->spectrum, order);
  for (int64_t i = 0; solve->quality != NULL && i < solve->n; i++) {
    quality += point->p[i] * solve->quality[i];
  }
  point->log_value = point->log_vendi + (solve->quality != NULL ? log(quality) + solve->log_scale : 0);
fail:
  return status;
}

static bool tries_smoothing(const dw_solve *solve, double lambda) {
  const bool is_due = (solve->iterations + 1) % SMOOTHING_PERIOD == 0 || solve->smooths_always;
  return lambda < SMOOTHING_LAMBDA && is_due;
}

/* In the precision of the spectrum. */
static divw_status evaluate(dw_solve *solve, dw_problem problem, double target, dw_point *point) {
  divw_status status;
  const dw_objective *objective = &solve->objective;
  const double before = point->lambda; /* of another point: a limit on the entropy has its multiplier from D */
  point->deficit = dw_feasible_temper(&solve->set, point->logit, point->p);
  if (!isfinite(point->deficit)) {
    return dw_fail(DIVW_ERROR_NUMERICAL, "the weights of iteration %lld are not finite", (long long)solve->iterations);
  }
  DW_TRY(measure(solve, point));
  point->objective = dw_objective_value(objective, point->log_value, log((double)solve->n) - point->deficit);
  const double scale = dw_level_scale(objective->exponent, point->log_vendi);
  point->lambda = problem.fixed ? problem.slope / scale : dw_objective_lambda(objective, point->log_value);
  point->omega = problem.fixed ? problem.quality_slope / scale : 1;
  point->is_estimate = solve->spectrum.single;
  const bool smooths = tries_smoothing(solve, has_limit(solve) ? before : point->lambda);
  const int64_t smoothed = smooths ? dw_smoothed_states(solve) : 0;
  DW_TRY(make_room(solve, smoothed));
  status = certify(solve, problem, target, smoothed, point);
fail:
  return status;
}

divw_status dw_prove(dw_solve *solve, dw_problem problem, double target, dw_point *point) {
  const bool smooths = solve->smooths_always;
  if (!point->is_estimate) {
    return DIVW_OK;
  }
  solve->spectrum.single = false;
  solve->smooths_always = true;
  divw_status status = evaluate(solve, problem, target, point);
  solve->smooths_always = smooths;
  return status;
}

divw_status dw_evaluate(dw_solve *solve, dw_problem problem, double target, dw_point *point) {
  divw_status status;
  solve->estimated |= solve->spectrum.single;
  DW_TRY(evaluate(solve, problem, target, point));
  solve->iterations++;
  if (point->is_estimate && dw_wants_proof(point, target)) {
    DW_TRY(dw_prove(solve, problem, target, point));
  }
fail:
  return status;
}

divw_status dw_diagonalise_again(dw_solve *solve, const dw_point *point) {
  const int64_t row_passes = solve->row_passes;
  divw_status status = diagonalise(solve, point);
  solve->row_passes = row_passes;
  return status;
}

/* ---- what methods share ---- */

/* What is maximised, and the size of its terms. */
static double merit(const dw_solve *solve, dw_problem problem, const dw_point *point, double *size) {
  if (!problem.fixed) {
    *size = fmax(point->objective, 1);
    return point->objective;
  }
  const double level = dw_level(solve->objective.exponent, point->log_vendi);
  const double quality = solve->quality == NULL ? 0 : problem.quality_slope * dw_log_quality(point);
  *size = fabs(level) + problem.slope * log((double)solve->n) + fabs(quality);
  return level - problem.slope * point->deficit + quality;
}

bool dw_is_lower(const dw_solve *solve, dw_problem problem, const dw_point *point, const dw_point *than) {
  double size, before = merit(solve, problem, than, &size);
  return !(merit(solve, problem, point, &size) >= before - dw_value_rounding(point, than) * size);
}

int32_t dw_reason_when_resumed(const dw_solve *solve, bool has_stalled) {
  return solve->iterations >= solve->options->max_iterations ? DIVW_STOP_MAX_ITERATIONS
         : has_stalled                                       ? DIVW_STOP_STALLED
                                                             : 0;
}

int32_t dw_reason_to_stop(const dw_solve *solve, const dw_point *point, double target, int64_t patience,
                          dw_progress *progress) {
  progress->idle++;
  if (point->gap < 0.99 * progress->smallest_gap) {
    progress->smallest_gap = point->gap;
    progress->idle = 0;
  }
  if (point->objective > progress->largest_objective + 1e-9 * fabs(point->objective)) {
    progress->largest_objective = point->objective;
    progress->idle = 0;
  }
  if (point->gap <= target) {
    return DIVW_STOP_CONVERGED;
  }
  if (solve->cancelled) {
    return DIVW_STOP_CANCELLED;
  }
  if (solve->iterations >= solve->options->max_iterations) {
    return DIVW_STOP_MAX_ITERATIONS;
  }
  return progress->idle >= patience ? DIVW_STOP_STALLED : 0;
}

divw_status dw_progress_visit(dw_progress *progress, dw_archive *archive) {
  divw_status status;
  DW_VISIT(archive, progress->smallest_gap);
  DW_VISIT(archive, progress->largest_objective);
  DW_VISIT(archive, progress->idle);
fail:
  return status;
}

void dw_report_progress(dw_solve *solve, const dw_point *point) {
  const divw_solver *options = solve->options;
  if (options->progress != NULL &&
      options->progress(solve->iterations, exp(point->log_vendi), log((double)solve->n) - point->deficit,
                        point->objective, point->gap, dw_seconds() - solve->started, options->progress_user) != 0) {
    solve->cancelled = true;
  }
}

/* ---- points ---- */

divw_status dw_point_create(dw_point *point, int64_t n) {
  divw_status status;
  memset(point, 0, sizeof *point);
  DW_TRY(dw_alloc_zero(&point->logit, n, sizeof *point->logit));
  DW_TRY(dw_alloc(&point->p, n, sizeof *point->p));
  DW_TRY(dw_alloc(&point->D, n, sizeof *point->D));
  return DIVW_OK;
fail:
  dw_point_destroy(point);
  return status;
}

void dw_point_destroy(dw_point *point) {
  divw_free(point->D);
  divw_free(point->p);
  divw_free(point->logit);
  memset(point, 0, sizeof *point);
}

void dw_point_copy(dw_point *to, const dw_point *from, int64_t n) {
  dw_point vectors = *to;
  *to = *from;
  to->logit = vectors.logit;
  to->p = vectors.p;
  to->D = vectors.D;
  memcpy(to->logit, from->logit, (size_t)n * sizeof *to->logit);
  memcpy(to->p, from->p, (size_t)n * sizeof *to->p);
  memcpy(to->D, from->D, (size_t)n * sizeof *to->D);
}

divw_status dw_point_visit(dw_point *point, int64_t n, dw_archive *archive) {
  divw_status status;
  double *const vectors[] = {point->logit, point->p, point->D};
  double *const scalars[] = {&point->constant, &point->log_vendi, &point->log_value, &point->deficit,
                             &point->lambda,   &point->omega,     &point->gap,       &point->objective};
  for (size_t k = 0; k < sizeof vectors / sizeof *vectors; k++) {
    DW_TRY(dw_archive_bytes(archive, vectors[k], n * (int64_t)sizeof *vectors[k]));
  }
  for (size_t k = 0; k < sizeof scalars / sizeof *scalars; k++) {
    DW_TRY(dw_archive_bytes(archive, scalars[k], sizeof *scalars[k]));
  }
  DW_TRY(dw_archive_flag(archive, &point->is_estimate));
fail:
  return status;
}
