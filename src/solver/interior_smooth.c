/* The concave value of smooth orders for interior-point methods, in nats: tr rho^q / (1-q), with log p.s beside it, or
 * up to order 1 log p.s + log VS_q, with quality scores.
 *
 * In the basis of eigenvectors of rho, minus the Hessian of the first is
 *
 *     F_ij = sum_kl Gamma_kl y_ik y_il y_jk y_jl
 *
 * with the divided differences Gamma of the gradient's matrix function (divided.c). Scores add s s^T / (p.s)^2, and the
 * logarithm in front of tr rho^q, for q <= 1, the square of its gradient, (1-q) h h^T, h = D less its mean. Above order
 * 1 that would be negative: there log p.s stands beside tr rho^q / (1-q) with a weight that follows VS, as lambda does
 * (newton_border.c).
 *
 * The level of objective.h is VS^e / e, e = (1-q) / q; this one, VS^(1-q) / (1-q), is more concave. It has the same
 * maximum, and Newton's steps on it are the safer ones: on the level, a norm, they overshoot by far at large q. */
#include "divided.h"
#include "interior.h"

#include "../linalg.h"

#include <float.h>
#include <math.h>

typedef struct {
  dw_solve *solve;
  dw_active active;
  int64_t m, r;
  double *rows, *turned; /* phi, and phi in the basis of eigenvectors; m x r each */
  double *gamma, *mu;    /* r x r; r */
  double *terms[2];      /* DW_MOST_TERMS x r each */
  int64_t count;         /* of them */
  double *score, *spike; /* m and 2 x m, with scores */
  double *own;           /* m, where rows have a deficit */
} smooth;

static double order_of(const smooth *v) { return v->solve->objective.order; }

static void find_gamma(smooth *v) {
  const dw_spectrum *spectrum = &v->solve->spectrum;
  double order = order_of(v), log_power = (1 - order) * dw_spectrum_log_vendi(spectrum, order);
  for (int64_t k = 0; k < v->r; k++) { /* directions that no example has do not matter */
    v->mu[k] = spectrum->mu[dw_max(k, spectrum->null)];
  }
  dw_divided_differences(order, v->mu, v->r, log_power, v->gamma);
  v->count = dw_divided_terms(order, v->mu, v->r, log_power, v->terms[0], v->terms[1]);
}

/* Order 2 needs no eigenvalues: 2 / tr rho^2 whatever the basis. */
static void find_gamma_two(smooth *v, const dw_point *at) {
  double gamma = 2 * exp(at->log_vendi);
  v->count = 1;
  for (int64_t k = 0; k < v->r; k++) {
    v->terms[0][k] = v->terms[1][k] = sqrt(gamma);
  }
  for (int64_t k = 0; k < v->r * v->r; k++) {
    v->gamma[k] = gamma;
  }
}

/* What rows have of their own: delta_i^2 beside p_i delta_i. */
static void find_own(smooth *v, const dw_point *at) {
  const dw_spectrum *spectrum = &v->solve->spectrum;
  const double order = order_of(v), log_power = (1 - order) * at->log_vendi;
  for (int64_t k = 0; k < v->m; k++) {
    const double deficit = spectrum->deficit[v->active.row[k]];
    const double own = fmax(spectrum->mu[spectrum->r + v->active.row[k]], DBL_MIN);
    v->own[k] = deficit * deficit * order * exp((order - 2) * log(own) - log_power);
  }
}

static void find_spikes(smooth *v, const dw_point *at) {
  const double share = dw_score_unit(v->solve, at), q = order_of(v);
  for (int64_t k = 0; k < v->m; k++) {
    int64_t i = v->active.row[k];
    v->score[k] = share * v->solve->quality[i];
    v->spike[k] = sqrt(at->omega) * v->score[k];
    v->spike[v->m + k] = q > 1 ? 0 : sqrt(1 - q) * (at->D[i] - v->score[k] - at->log_vendi);
  }
}

static divw_status prepare(void *self, const dw_point *at, dw_curvature *curvature) {
  smooth *v = self;
  if (order_of(v) == 2) {
    find_gamma_two(v, at);
  } else {
    dw_row_products(v->turned, v->r, v->rows, v->m, v->solve->spectrum.V, v->r, v->r);
    find_gamma(v);
  }
  if (v->own != NULL) {
    find_own(v, at);
  }
  if (v->spike != NULL) {
    find_spikes(v, at);
  }
  *curvature = (dw_curvature){order_of(v) == 2 ? v->rows : v->turned,
                              v->gamma,
                              v->terms[0],
                              v->terms[1],
                              v->count,
                              v->spike,
                              v->spike == NULL ? 0 : 2,
                              v->own};
  return DIVW_OK;
}

static void first_gradient(void *self, const dw_point *at, double *g) {
  const smooth *v = self;
  for (int64_t k = 0; k < v->m; k++) {
    g[k] = at->D[v->active.row[k]];
  }
}

static void gradient(void *self, const dw_point *at, double kappa, double *g) {
  (void)kappa;
  first_gradient(self, at, g);
}

static divw_status make_room(smooth *v) {
  divw_status status;
  int64_t m = v->m, r = v->r;
  DW_TRY(dw_alloc(&v->rows, m * r, sizeof *v->rows));
  DW_TRY(dw_alloc(&v->gamma, r * (r + 1 + 2 * (int64_t)DW_MOST_TERMS), sizeof *v->gamma));
  v->mu = v->gamma + r * r;
  v->terms[0] = v->mu + r;
  v->terms[1] = v->terms[0] + DW_MOST_TERMS * r;
  if (order_of(v) != 2) {
    DW_TRY(dw_alloc(&v->turned, m * r, sizeof *v->turned));
  }
  if (v->solve->quality != NULL) {
    DW_TRY(dw_alloc(&v->score, 3 * m, sizeof *v->score));
    v->spike = v->score + m;
  }
  if (v->solve->spectrum.count > r) {
    DW_TRY(dw_alloc(&v->own, m, sizeof *v->own));
  }
  DW_TRY(dw_read_active(v->solve, v->active, v->rows));
fail:
  return status;
}

divw_status dw_interior_smooth(dw_solve *solve, dw_problem problem, double target, dw_active active, dw_point *best,
                               double *theta, int32_t *stop_reason) {
  divw_status status;
  smooth v = {.solve = solve, .active = active, .m = active.count, .r = solve->r};
  dw_concave value = {.self = &v,
                      .unit = 1,
                      .exponent = solve->quality == NULL || dw_is_ratio(solve) ? 1 - solve->objective.order : 0,
                      .spikes = solve->quality == NULL ? 0 : 2,
                      .prepare = prepare,
                      .first_gradient = first_gradient,
                      .gradient = gradient};
  DW_TRY(make_room(&v));
  value.score = v.score;
  DW_TRY(dw_newton_iterate(solve, problem, target, active, &value, best, theta, stop_reason));
fail:
  divw_free(v.own);
  divw_free(v.score);
  divw_free(v.turned);
  divw_free(v.gamma);
  divw_free(v.rows);
  return status;
}
