/* Primal-dual interior point with entropy, smooth orders: a few iterations where ascent takes hundreds (small lambda,
 * large q), each of n^2 min(n, r^2) operations, so for n up to some thousands.
 *
 * maximise y(p) + lambda H(p) over the simplex, in nats; s_i >= 0 belongs to p_i >= 0, nu to sum p = 1:
 *
 *     -D_i + lambda (log p_i + 1) + nu - s_i = 0,    p_i s_i = kappa -> 0,    sum p = 1 .
 *
 * At kappa = 0 the true s is 0 for lambda > 0; carrying it along is what makes small lambda easy. Newton's equations:
 *
 *     (F + diag((s + lambda) / p)) dp + dnu 1 = -residual + kappa / p - s,      sum dp = 1 - sum p
 *
 * with the Hessian F_ij = sum_kl Gamma_kl (v_k.phi_i)(v_l.phi_i)(v_k.phi_j)(v_l.phi_j), Gamma the divided differences
 * of the gradient's matrix function: F = A A^T, A_i,kl = sqrt(Gamma_kl) (v_k.phi_i)(v_l.phi_i), n x r(r+1)/2, formed
 * and multiplied in slices (a quarter of the work of r products of n x r matrices). Mehrotra's predictor sets kappa and
 * the second-order term; one factorisation serves both. lambda follows the objective from iteration to iteration.
 *
 * Source: Mehrotra, SIAM J. Optim. 2 (1992); with entropy: docs/mathematics.md, 9. */
#include "interior.h"

#include "../linalg.h"
#include "../simplex.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { SLICE = 512, PATIENCE = 20 };
#define EIGENVALUE_FLOOR 1e-14
#define UNIFORM_SHARE 0.1 /* of the first point: with a half, warm starts take 6 to 7 iterations in place of 4 to 6 */

typedef struct {
  dw_solve *solve;
  int64_t n, r;
  double *rows, *turned; /* phi, and phi in the basis of eigenvectors; n x r each */
  double *slice;         /* n x SLICE */
  double *M;             /* n x n */
  double *p, *s;
  double nu;
  double *dp, *ds, *correction, *ones; /* n each; ones = M^-1 1 */
  double dnu;
} interior;

/* ---- the Newton matrix ---- */

/* -(F(a) - F(b)) / (a - b) for the matrix function of the gradient, in nats. */
static double divided_difference(double a, double b, double order, double log_power) {
  if (fabs(a - b) <= 1e-7 * fmax(a, b)) {
    double middle = (a + b) / 2;
    return order == 1 ? 1 / middle : order * exp((order - 2) * log(middle) - log_power);
  }
  if (order == 1) {
    return (log(a) - log(b)) / (a - b);
  }
  double at_a = exp((order - 1) * log(a) - log_power), at_b = exp((order - 1) * log(b) - log_power);
  return order / (order - 1) * (at_a - at_b) / (a - b);
}

static void fill_slice(interior *ip, const double *weights, const int64_t (*pairs)[2], int64_t count) {
  for (int64_t i = 0; i < ip->n; i++) {
    const double *y = ip->turned + i * ip->r;
    double *out = ip->slice + i * count;
    for (int64_t c = 0; c < count; c++) {
      out[c] = weights[c] * y[pairs[c][0]] * y[pairs[c][1]];
    }
  }
}

/* M = A A^T, upper triangle. */
static void add_hessian(interior *ip) {
  const dw_spectrum *spectrum = &ip->solve->spectrum;
  double order = ip->solve->options->objective.order, weights[SLICE];
  double log_power = (1 - order) * dw_log_vendi(spectrum->mu, ip->r, order);
  int64_t pairs[SLICE][2], count = 0;
  for (int64_t k = 0; k < ip->r; k++) {
    for (int64_t l = k; l < ip->r; l++) {
      double a = fmax(spectrum->mu[k], EIGENVALUE_FLOOR), b = fmax(spectrum->mu[l], EIGENVALUE_FLOOR);
      weights[count] = sqrt((k == l ? 1 : 2) * divided_difference(a, b, order, log_power));
      pairs[count][0] = k;
      pairs[count++][1] = l;
      if (count == SLICE || (k == ip->r - 1 && l == ip->r - 1)) {
        fill_slice(ip, weights, (const int64_t(*)[2])pairs, count);
        dw_add_outer(ip->M, ip->n, ip->slice, count);
        count = 0;
      }
    }
  }
}

static bool factor(interior *ip, double lambda) {
  memset(ip->M, 0, (size_t)(ip->n * ip->n) * sizeof *ip->M);
  dw_row_products(ip->turned, ip->r, ip->rows, ip->n, ip->solve->spectrum.V, ip->r, ip->r);
  add_hessian(ip);
  for (int64_t i = 0; i < ip->n; i++) {
    ip->M[i * ip->n + i] += (ip->s[i] + lambda) / ip->p[i];
  }
  return dw_cholesky(ip->M, ip->n);
}

/* ---- steps ---- */

static void direction(interior *ip, const dw_point *at, double kappa) {
  double sum = 0, sum_ones = 0, total = 0;
  for (int64_t i = 0; i < ip->n; i++) {
    double residual = -at->D[i] + at->lambda * (log(ip->p[i]) + 1) + ip->nu - ip->s[i];
    ip->dp[i] = -residual + (kappa - ip->correction[i]) / ip->p[i] - ip->s[i];
  }
  dw_cholesky_solve(ip->M, ip->n, ip->dp);
  for (int64_t i = 0; i < ip->n; i++) {
    sum += ip->dp[i];
    sum_ones += ip->ones[i];
    total += ip->p[i];
  }
  ip->dnu = (sum - (1 - total)) / sum_ones;
  for (int64_t i = 0; i < ip->n; i++) {
    ip->dp[i] -= ip->dnu * ip->ones[i];
    ip->ds[i] = (kappa - ip->correction[i]) / ip->p[i] - ip->s[i] - ip->s[i] / ip->p[i] * ip->dp[i];
  }
}

/* Mean of p_i s_i after steps of these lengths. */
static double complementarity(const interior *ip, double step_p, double step_s) {
  double sum = 0;
  for (int64_t i = 0; i < ip->n; i++) {
    sum += (ip->p[i] + step_p * ip->dp[i]) * (ip->s[i] + step_s * ip->ds[i]);
  }
  return sum / (double)ip->n;
}

static void take_step(interior *ip, const dw_point *at) {
  int64_t n = ip->n;
  for (int64_t i = 0; i < n; i++) {
    ip->ones[i] = 1;
    ip->correction[i] = ip->dp[i] = ip->ds[i] = 0;
  }
  dw_cholesky_solve(ip->M, n, ip->ones);
  double now = complementarity(ip, 0, 0);
  direction(ip, at, 0);
  double after = complementarity(ip, dw_longest_step(ip->p, ip->dp, n), dw_longest_step(ip->s, ip->ds, n));
  for (int64_t i = 0; i < n; i++) {
    ip->correction[i] = ip->dp[i] * ip->ds[i];
  }
  direction(ip, at, fmax(0.02, fmin(1, pow(after / now, 3))) * now);
  double step = fmin(dw_longest_step(ip->p, ip->dp, n), dw_longest_step(ip->s, ip->ds, n));
  ip->nu += step * ip->dnu;
  for (int64_t i = 0; i < n; i++) {
    ip->p[i] += step * ip->dp[i];
    ip->s[i] += step * ip->ds[i];
  }
}

/* s of the first point: what stationarity asks for, shifted to be positive. */
static void start(interior *ip, const dw_point *at) {
  double highest = dw_maximum(at->D, ip->n), lowest = highest, least = INFINITY, mean = 0;
  for (int64_t i = 0; i < ip->n; i++) {
    lowest = fmin(lowest, at->D[i]);
  }
  ip->nu = highest + 0.1 * (highest - lowest);
  for (int64_t i = 0; i < ip->n; i++) {
    ip->s[i] = ip->nu - at->D[i] + at->lambda * (log(ip->p[i]) + 1);
    least = fmin(least, ip->s[i]);
    mean += fabs(ip->s[i]) / (double)ip->n;
  }
  for (int64_t i = 0; i < ip->n; i++) {
    ip->s[i] += 0.1 * fmax(mean, 1e-3) - least;
  }
}

/* ---- what interior-point methods share ---- */

double dw_longest_step(const double *x, const double *dx, int64_t n) {
  double step = 1;
  for (int64_t i = 0; i < n; i++) {
    if (dx[i] < 0) {
      step = fmin(step, -DW_TO_THE_BOUNDARY * x[i] / dx[i]);
    }
  }
  return step;
}

divw_status dw_interior_iterate(dw_solve *solve, dw_problem problem, double target, dw_point *best, double *p,
                                dw_interior method, int64_t *iterations, int32_t *stop_reason) {
  divw_status status;
  dw_progress progress = {INFINITY, -INFINITY, 0};
  int64_t n = solve->n, before = solve->iterations;
  dw_point trial;
  DW_TRY(dw_point_create(&trial, n));
  dw_normalise(best->logit, p, n);
  for (int64_t i = 0; i < n; i++) {
    p[i] = (1 - UNIFORM_SHARE) * p[i] + UNIFORM_SHARE / (double)n; /* well inside */
  }
  solve->smooths_always = true;
  *stop_reason = 0;
  for (bool first = true; *stop_reason == 0; first = false) {
    for (int64_t i = 0; i < n; i++) {
      trial.logit[i] = log(p[i]);
    }
    DW_TRY(dw_evaluate(solve, problem, target, &trial));
    dw_report_progress(solve, &trial);
    *stop_reason = dw_reason_to_stop(solve, &trial, target, PATIENCE, &progress);
    if (first || *stop_reason == DIVW_STOP_CONVERGED || !dw_is_lower(solve, problem, &trial, best)) {
      dw_point_copy(best, &trial, n);
    }
    if (first) {
      method.begin(method.self, &trial);
    }
    if (*stop_reason == 0 && !method.step(method.self, &trial)) {
      *stop_reason = DIVW_STOP_STALLED; /* the Newton matrix is no longer definite: rounding has the word */
    }
  }
  *iterations = solve->iterations - before;
fail:
  solve->smooths_always = false;
  dw_point_destroy(&trial);
  return status;
}

/* ---- the solve ---- */

static void begin(void *self, const dw_point *at) { start(self, at); }

static bool step(void *self, const dw_point *at) {
  interior *ip = self;
  if (!factor(ip, at->lambda)) {
    return false;
  }
  take_step(ip, at);
  return true;
}

static divw_status make_room(interior *ip) {
  divw_status status;
  int64_t n = ip->n;
  DW_TRY(dw_alloc(&ip->rows, n * ip->r, sizeof *ip->rows));
  DW_TRY(dw_alloc(&ip->turned, n * ip->r, sizeof *ip->turned));
  DW_TRY(dw_alloc(&ip->slice, n * SLICE, sizeof *ip->slice));
  DW_TRY(dw_alloc(&ip->M, n * n, sizeof *ip->M));
  DW_TRY(dw_alloc(&ip->p, 6 * n, sizeof *ip->p));
  ip->s = ip->p + n;
  ip->dp = ip->s + n;
  ip->ds = ip->dp + n;
  ip->correction = ip->ds + n;
  ip->ones = ip->correction + n;
  DW_TRY(divw_kernel_read(ip->solve->kernel, 0, n, ip->rows));
  ip->solve->row_passes++;
fail:
  return status;
}

static divw_status smooth_interior_point(dw_solve *solve, dw_problem problem, double target, dw_point *point,
                                         int64_t *iterations, int32_t *stop_reason) {
  divw_status status;
  interior ip = {.solve = solve, .n = solve->n, .r = solve->r};
  DW_TRY(make_room(&ip));
  status = dw_interior_iterate(solve, problem, target, point, ip.p, (dw_interior){&ip, begin, step}, iterations,
                               stop_reason);
fail:
  divw_free(ip.p);
  divw_free(ip.M);
  divw_free(ip.slice);
  divw_free(ip.turned);
  divw_free(ip.rows);
  return status;
}

static divw_status check_count(int64_t n) {
  if (n > DW_INTERIOR_POINT_COUNT) {
    return dw_fail(DIVW_ERROR_SIZE,
                   "divw_solver_solve: the interior-point method holds n x n numbers; n is %lld, expected at most %d",
                   (long long)n, DW_INTERIOR_POINT_COUNT);
  }
  return DIVW_OK;
}

divw_status dw_interior_point(dw_solve *solve, dw_problem problem, double target, dw_point *point, int64_t *iterations,
                              int32_t *stop_reason) {
  divw_status status;
  DW_TRY(check_count(solve->n));
  if (isinf(solve->options->objective.order)) {
    return dw_interior_point_inf(solve, problem, target, point, iterations, stop_reason);
  }
  return smooth_interior_point(solve, problem, target, point, iterations, stop_reason);
fail:
  return status;
}
