/* One iteration's look at a point p: diversity, marginal diversities, and the proof of its gap.
 *
 * For q = 1: f = log VS_1 = -sum mu log mu, D_i = -phi_i^T log(sigma) phi_i, g = log n - H. For ANY symmetric L, with
 * D_i = phi_i^T L phi_i (Gibbs' variational principle, first for rho, then for H):
 *
 *     max_p f + lambda H  <=  lambda log sum exp(D / lambda) + log tr exp(-L)
 *
 * so with L = -log sigma, and both sides less lambda log n,
 *
 *     gap = W(D, lambda) + log tr sigma + rounding - f + lambda g .
 *
 * For the other orders the level y is concave in rho (objective.h), so y(rho) <= y(sigma) + <y'(sigma), rho - sigma>:
 * with D_i = q/(1-q) phi_i^T sigma^(q-1) phi_i / tr rho(p)^q and everything in nats,
 *
 *     gap_1 = W(D, lambda) + tr sigma^q / tr rho(p)^q + rounding - 1/(1-q) + lambda g
 *
 * bounds the level, and dw_exact_gap() turns it into log VS_q.
 *
 * sigma = rho(p) is exact at the optimum. For small lambda most p_i vanish there and D of those rows converges last;
 * sigma = (1-e) rho + e I/r bounds their D and raises the others by little (q = 1: by at most -log(1-e)), so e = target
 * and target/4 are tried too: they cost hardly more than e by proof, and often win. For q > 1 D is bounded anyway.
 *
 * Rounding, estimated to first order: D_i is a sum of about 4 r products, and rho one of n in blocks of at most B, so D
 * is off by about 4 r u max |D|, and f and g by (B + n/B) u max(|D|, log n). All is added to the bound before it is
 * compared with anything; what was measured stays below a fifth of it (docs/mathematics.md, 7; proofs: 3 and 9). */
#include "solve.h"

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

/* q = inf: any state sigma is a proof, D_i = -VS phi_i^T sigma phi_i; a little of I keeps it definite. */
static divw_status gradient_inf(const dw_solve *solve, double *R, dw_gradient *gradient) {
  double trace = 0;
  int64_t r = solve->r;
  for (int64_t k = 0; k < r * r; k++) {
    R[k] = solve->sigma[k] + (k % (r + 1) == 0 ? 1e-15 : 0);
    trace += k % (r + 1) == 0 ? R[k] : 0;
  }
  if (!dw_cholesky(R, r)) {
    return dw_fail(DIVW_ERROR_NUMERICAL, "the dual state of order inf is not definite");
  }
  *gradient = (dw_gradient){-1 / (solve->spectrum.mu[r - 1] * trace), 0, 0, 0};
  return DIVW_OK;
}

/* D and the constants for the dual states of `count` smoothings, in one pass. */
static divw_status marginal_diversity(dw_solve *solve, const double *smoothing, int64_t count, double *const *D,
                                      double *constant) {
  divw_status status;
  dw_gradient gradient[2] = {{0, 0, 0, 0}, {0, 0, 0, 0}};
  double order = solve->options->objective.order;
  for (int64_t j = 0; j < count; j++) {
    DW_TRY(isinf(order) ? gradient_inf(solve, solve->R[j], &gradient[j])
                        : dw_spectrum_gradient(&solve->spectrum, order, smoothing[j], solve->R[j], &gradient[j]));
  }
  DW_TRY(dw_kernel_quadratic(solve->kernel, (const double *const *)solve->R, count, D));
  solve->row_passes++;
  for (int64_t j = 0; j < count; j++) {
    for (int64_t i = 0; i < solve->n; i++) {
      D[j][i] = gradient[j].scale * (D[j][i] - gradient[j].shift);
    }
    constant[j] = gradient[j].constant + gradient[j].rounding + rounding_allowance(solve, D[j]);
  }
fail:
  return status;
}

static double gap_of(const dw_solve *solve, const dw_point *point, const double *D, double constant) {
  double order = solve->options->objective.order;
  double level = dw_level_in_nats(order, point->log_vendi);
  double gap = dw_softmax_of(D, point->lambda, solve->n).value + constant - level + point->lambda * point->deficit;
  return dw_exact_gap(order, fmax(gap, 0));
}

void dw_certify_for_objective(const dw_solve *solve, dw_point *point) {
  point->lambda = dw_objective_lambda(&solve->options->objective, point->log_vendi);
  point->gap = gap_of(solve, point, point->D, point->constant);
}

/* Tries smoothed dual states, and takes one that closes the gap; otherwise D stays the gradient at p. */
static divw_status try_smoothing(dw_solve *solve, double target, dw_point *point) {
  divw_status status;
  double smoothing[2] = {target, target / 4}, constant[2];
  for (int j = 0; j < 2; j++) {
    if (solve->smoothed[j] == NULL) {
      DW_TRY(dw_alloc(&solve->smoothed[j], solve->n, sizeof *solve->smoothed[j]));
    }
  }
  DW_TRY(marginal_diversity(solve, smoothing, 2, solve->smoothed, constant));
  for (int j = 0; j < 2 && point->gap > target; j++) {
    double gap = gap_of(solve, point, solve->smoothed[j], constant[j]);
    if (gap <= target) {
      double *sharper = solve->smoothed[j];
      solve->smoothed[j] = point->D;
      point->D = sharper;
      point->gap = gap;
      point->constant = constant[j];
    }
  }
fail:
  return status;
}

divw_status dw_evaluate(dw_solve *solve, dw_problem problem, double target, dw_point *point) {
  divw_status status;
  const dw_objective *objective = &solve->options->objective;
  double none = 0;
  dw_normalise(point->logit, point->p, solve->n);
  DW_TRY(dw_spectrum_compute(&solve->spectrum, solve->kernel, point->p));
  solve->row_passes++;
  solve->iterations++;
  point->log_vendi = dw_log_vendi(solve->spectrum.mu, solve->r, objective->order);
  point->deficit = dw_entropy_deficit(point->p, point->logit, solve->n);
  point->objective = dw_objective_value(objective, point->log_vendi, log((double)solve->n) - point->deficit);
  point->lambda = problem.fixed ? problem.slope / dw_level_scale(objective->order, point->log_vendi)
                                : dw_objective_lambda(objective, point->log_vendi);
  DW_TRY(marginal_diversity(solve, &none, 1, &point->D, &point->constant));
  point->gap = gap_of(solve, point, point->D, point->constant);
  if (point->gap > target && objective->order <= 1 && point->lambda < SMOOTHING_LAMBDA &&
      (solve->iterations % SMOOTHING_PERIOD == 0 || solve->smooths_always)) {
    DW_TRY(try_smoothing(solve, target, point));
  }
fail:
  return status;
}

/* ---- what methods share ---- */

/* What is maximised, and the size of its terms. */
static double merit(const dw_solve *solve, dw_problem problem, const dw_point *point, double *size) {
  if (!problem.fixed) {
    *size = fmax(point->objective, 1);
    return point->objective;
  }
  double level = dw_level(solve->options->objective.order, point->log_vendi);
  *size = fabs(level) + problem.slope * log((double)solve->n);
  return level - problem.slope * point->deficit;
}

bool dw_is_lower(const dw_solve *solve, dw_problem problem, const dw_point *point, const dw_point *than) {
  double size, before = merit(solve, problem, than, &size);
  return !(merit(solve, problem, point, &size) >= before - 16 * DBL_EPSILON * size);
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
