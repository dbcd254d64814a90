/* Primal-dual interior point with entropy for order infinity and large finite orders: VS_q = |rho|_q^-c, c = q / (q-1),
 * by its dual.
 *
 * -|rho|_q = min over |sigma|_q* = 1, q* = 1 + e, e = 1 / (q-1), of -tr(rho sigma). At the solution rho = tau sigma^e
 * with tau = |rho|_q. Newton's method on p alone takes powers rho^(q-1) for what they are, and steps of 1/q; here sigma
 * is a variable of its own. At q = inf, e = 0 and this is the least eigenvalue problem with its dual state, tr sigma =
 * 1. With Z = tau I - rho >= 0 the equations are
 *
 *     Z sigma = kappa I + psi(sigma),     psi(s) = tau s (1 - s^e),     tr sigma^(1+e) = 1,     kappa -> 0,
 *
 * where s^e hardly depends on s. Let T Z T^T = I and T^-T sigma T^-1 = diag(w) (rows of T: a basis in which both are
 * diagonal), y = T phi, d sigma = T^T X T, d rho = sum dp_j y_j y_j^T in it. Linearised and symmetrised as Helmberg and
 * others do (HKM), with P = sym(T^-T psi(sigma) T^T), E = T sigma^e T^T, u = -dtau,
 *
 *     X_kl (1 - Psi_kl / sqrt(z_k z_l)) = (kappa I + P - diag(w) - second)_kl + (d rho_kl + u E_kl) (w_k + w_l) / 2 .
 *
 * Psi: as Z and sigma commute at the solution, row k of T is an eigenvector of both there, z_k = 1 / |t_k|^2, s_k = w_k
 * |t_k|^2, and Psi are divided differences of psi. So Gamma_kl = (w_k + w_l) / 2 / (1 - Psi_kl / sqrt(z_k z_l)), and
 * tr(sigma^e d sigma) = sum E X is the equation of u. What commuting is assumed for is the matrix alone, not its
 * right-hand side. At e = 0 nothing is assumed: psi = 0, and Gamma = (w_k + w_l) / 2 is a sum of one product.
 *
 * With scores s the value has omega log x beside it, x = p.s, with omega in its units. log x = min over a > 0 of a x -
 * log a - 1: a is a dual variable as sigma is, a x = omega an equation as those of the multipliers are, so that p and
 * the multipliers may still take steps of their own. Without da it is a part of the gradient, (omega - second) s / x,
 * and the curvature a / x s s^T.
 *
 * Source of the direction at e = 0: Helmberg, Rendl, Vanderbei, Wolkowicz, SIAM J. Optim. 6 (1996). */
#include "dual_state.h"
#include "interior.h"

#include "../linalg.h"

#include <math.h>
#include <string.h>

typedef struct {
  dw_solve *solve;
  dw_active active;
  int64_t m;
  dw_dual_state state;
  double *rows, *y, *product; /* phi; T phi; room: m x r each */
  double *column;             /* m */
  double *score, *spike;      /* s / x and its multiple; m each, NULL without scores */
  double omega, a, ax;        /* in units of the value */
  double dax, growth, second; /* x da, d log x; their product in the direction before */
  dw_concave *value;
} dual;

/* diag of Y m Y^T. */
static void forms(dual *v, const double *m, double *out) {
  memset(out, 0, (size_t)v->m * sizeof *out);
  dw_add_forms(out, m, v->y, v->m, v->state.r, v->product);
}

/* y = -c |rho|_q, of which -tr(rho sigma) leaves out c; and D has the mean log VS. */
static void set_unit(dual *v, const dw_point *at) {
  const double exponent = v->value->exponent;
  v->value->unit = -exponent * dw_level_scale(exponent, at->log_vendi);
  v->value->offset = at->log_vendi - 1 / exponent;
}

/* s / x of the active rows, and a x. */
static void find_scores(dual *v, const dw_point *at) {
  const double x = 1 / dw_score_unit(v->solve, at);
  v->ax = v->a * x;
  for (int64_t k = 0; k < v->m; k++) {
    v->score[k] = v->solve->quality[v->active.row[k]] / x;
    v->spike[k] = sqrt(v->ax) * v->score[k];
  }
}

/* Their part of the gradient. */
static void add_scores(const dual *v, double omega, double *g) {
  for (int64_t k = 0; v->score != NULL && k < v->m; k++) {
    g[k] += omega * v->score[k];
  }
}

static divw_status prepare(void *self, const dw_point *at, dw_curvature *curvature) {
  dual *v = self;
  divw_status status;
  const int64_t r = v->state.r;
  set_unit(v, at);
  /* rho is that of the projected weights, which may be a little beyond tau */
  v->state.tau = fmax(v->state.tau, v->solve->spectrum.mu[r - 1] * (1 + 0.01 * fmin(at->gap, 1)));
  DW_TRY(dw_dual_state_find(&v->state, &v->solve->spectrum));
  dw_row_products(v->y, r, v->rows, v->m, v->state.T, r, r);
  v->value->diagonal = 0;
  for (int64_t k = 0; k < r * r; k++) {
    v->state.X[k] = v->state.E[k] * v->state.gamma[k];
    v->value->diagonal += v->state.E[k] * v->state.X[k];
  }
  forms(v, v->state.X, v->column);
  v->second = 0;
  if (v->score != NULL) {
    find_scores(v, at);
  }
  *curvature = (dw_curvature){.y = v->y,
                              .gamma = v->state.gamma,
                              .a = v->state.w,
                              .b = v->state.one,
                              .terms = v->state.e == 0,
                              .spike = v->spike,
                              .spikes = v->spike != NULL};
fail:
  return status;
}

/* ---- Newton ---- */

static void first_gradient(void *self, const dw_point *at, double *g) {
  dual *v = self;
  v->state.tau = 1.5 * exp(v->value->exponent * at->log_vendi);
  set_unit(v, at);
  for (int64_t i = 0; i < v->m; i++) {
    g[i] = -v->state.sigma[0]; /* sigma is a multiple of I */
  }
  if (v->score != NULL) {
    const double omega = v->value->unit * at->omega;
    v->a = omega * dw_score_unit(v->solve, at);
    find_scores(v, at);
    add_scores(v, omega, g);
  }
}

static void gradient(void *self, const dw_point *at, double kappa, double *g) {
  dual *v = self;
  const int64_t r = v->state.r;
  for (int64_t k = 0; k < r * r; k++) {
    v->state.X[k] = -dw_dual_state_rest(&v->state, k, kappa) - (k % (r + 1) == 0 ? v->state.w[k / r] : 0);
  }
  forms(v, v->state.X, g);
  add_scores(v, v->value->unit * at->omega - v->second, g);
  v->omega = v->value->unit * at->omega;
}

static double norm_equation(void *self, double kappa) { return dw_dual_state_equation(&((dual *)self)->state, kappa); }

/* log VS = -c log |rho|_q, and that is tau but for what kappa leaves between them. */
static double growth(void *self, double u) {
  const dual *v = self;
  return (1 + v->state.e) * u / v->state.tau;
}

static void respond(void *self, double u, const double *dp, double kappa) {
  dual *v = self;
  const int64_t r = v->state.r;
  double *drho = v->state.room;
  memset(drho, 0, (size_t)(r * r) * sizeof *drho);
  dw_add_weighted_products(drho, dp, v->y, v->m, r, v->product);
  dw_dual_state_respond(&v->state, u, drho, kappa);
  if (v->score != NULL) {
    v->growth = dw_dot(v->score, dp, v->m);
    v->dax = v->omega - v->second - v->ax * (1 + v->growth);
  }
}

static dw_steps distance(void *self, dw_steps step) {
  dual *v = self;
  step.dual = v->score != NULL && v->dax < 0 ? fmin(step.dual, -v->ax / v->dax) : step.dual;
  return dw_dual_state_distance(&v->state, step);
}

static dw_complementarity complementarity(void *self, dw_steps step) {
  return dw_dual_state_complementarity(&((const dual *)self)->state, step);
}

static void correct(void *self) {
  dual *v = self;
  v->second = v->score != NULL ? v->dax * v->growth : 0;
  dw_dual_state_correct(&v->state);
}

static void move(void *self, dw_steps step) {
  dual *v = self;
  v->a *= v->score != NULL ? 1 + step.dual * v->dax / v->ax : 1;
  dw_dual_state_move(&v->state, step);
}

static divw_status visit(void *self, dw_archive *archive) {
  divw_status status;
  dual *v = self;
  DW_VISIT(archive, v->a);
  status = dw_dual_state_visit(&v->state, archive);
fail:
  return status;
}

/* ---- the solve ---- */

static divw_status make_room(dual *v) {
  divw_status status;
  const int64_t m = v->m, r = v->solve->r;
  DW_TRY(dw_alloc(&v->rows, 3 * m * r + m, sizeof *v->rows));
  DW_TRY(dw_dual_state_create(&v->state, r, v->solve->objective.order));
  v->y = v->rows + m * r;
  v->product = v->y + m * r;
  v->column = v->product + m * r;
  if (v->solve->quality != NULL) {
    DW_TRY(dw_alloc(&v->score, 2 * m, sizeof *v->score));
    v->spike = v->score + m;
  }
  DW_TRY(dw_read_active(v->solve, v->active, v->rows));
fail:
  return status;
}

bool dw_interior_is_dual(double order) { return order > 32; }

divw_status dw_interior_dual(dw_solve *solve, dw_problem problem, double target, dw_active active, dw_point *best,
                             double *theta, int32_t *stop_reason) {
  divw_status status;
  dual v = {.solve = solve, .active = active, .m = active.count};
  dw_concave value = {.self = &v,
                      .exponent = solve->objective.exponent,
                      .spikes = solve->quality != NULL,
                      .prepare = prepare,
                      .first_gradient = first_gradient,
                      .gradient = gradient,
                      .own_equation = norm_equation,
                      .growth = growth,
                      .respond = respond,
                      .distance = distance,
                      .complementarity = complementarity,
                      .correct = correct,
                      .move = move,
                      .visit = visit,
                      .is_linear = true};
  DW_TRY(make_room(&v));
  value.column = v.column;
  value.score = v.score;
  solve->sigma = v.state.sigma;
  v.value = &value;
  DW_TRY(dw_newton_iterate(solve, problem, target, active, &value, best, theta, stop_reason));
fail:
  solve->sigma = NULL;
  dw_dual_state_destroy(&v.state);
  divw_free(v.score);
  divw_free(v.rows);
  return status;
}
