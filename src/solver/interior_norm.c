/* Primal-dual interior point with entropy for large finite orders: VS_q = |rho|_q^-c, c = q / (q-1), by its dual.
 *
 * -|rho|_q = min over |sigma|_q* = 1, q* = 1 + e, e = 1 / (q-1), of -tr(rho sigma). At the solution rho = tau sigma^e
 * with tau = |rho|_q. Newton's method on p alone takes powers rho^(q-1) for what they are, and steps of 1/q; here sigma
 * is a variable of its own, as at q = inf (interior_inf.c), which is e = 0. With Z = tau I - rho >= 0 the equations are
 *
 *     Z sigma = kappa I + psi(sigma),     psi(s) = tau s (1 - s^e),     tr sigma^(1+e) = 1,     kappa -> 0,
 *
 * where s^e hardly depends on s. Let T Z T^T = I and T^-T sigma T^-1 = diag(w) (rows of T: a basis in which both are
 * diagonal), y = T phi, d sigma = T^T X T, d rho = sum dp_j y_j y_j^T in it. As Z and sigma commute at the solution,
 * row k of T is an eigenvector of both there, z_k = 1 / |t_k|^2, s_k = w_k |t_k|^2, and with divided differences Psi of
 * psi
 *
 *     X_kl (1 - Psi_kl / sqrt(z_k z_l)) = (kappa I + P - diag(w) - second)_kl + (d rho_kl + u E_kl) (w_k + w_l) / 2,
 *
 * u = -dtau, P = sym(T^-T psi(sigma) T^T), E = T sigma^e T^T. So Gamma_kl = (w_k + w_l) / 2 / (1 - Psi_kl / sqrt(z_k
 * z_l)). tr(sigma^e d sigma) = sum E X is the equation of u. What commuting is assumed for is the matrix alone, not its
 * right-hand side. */
#include "interior.h"

#include "../linalg.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef struct {
  dw_solve *solve;
  dw_active active;
  int64_t m, r;
  double e, tau, dtau;
  double *rows, *y, *product;        /* phi; T phi; room: m x r each */
  double *column;                    /* m */
  double *w, *z, *s, *psi;           /* r each; s: eigenvalues of sigma, then those by rows of T */
  double *sigma;                     /* r x r each, as all that follow */
  double *T, *gamma, *P, *E, *slope; /* slope: T psi'(sigma) T^T */
  double *X, *dZ, *second, *work, *room;
  double psi_trace, power; /* tr psi(sigma), tr sigma^(1+e) */
  dw_concave *value;
} norm;

static double psi_of(const norm *v, double s) { return -v->tau * s * expm1(v->e * log(s)); }

static double psi_slope(const norm *v, double s) {
  const double power = exp(v->e * log(s));
  return v->tau * (1 - power - v->e * power);
}

/* out = A diag(d) B^T, symmetrised. */
static void symmetric_product(norm *v, const double *A, const double *d, const double *B, double *out) {
  const int64_t r = v->r;
  for (int64_t k = 0; k < r * r; k++) {
    v->room[k] = A[k] * d[k % r];
  }
  dw_row_products(out, r, v->room, r, B, r, r);
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l < k; l++) {
      out[k * r + l] = out[l * r + k] = (out[k * r + l] + out[l * r + k]) / 2;
    }
  }
}

/* ---- the basis ---- */

/* w and T; its inverse transposed, T Z, into `inverse`. */
static divw_status find_basis(norm *v, double *inverse) {
  divw_status status;
  const dw_spectrum *spectrum = &v->solve->spectrum;
  const int64_t r = v->r;
  double *Q = v->X, *root = v->z;
  for (int64_t k = 0; k < r; k++) {
    root[k] = sqrt(v->tau - spectrum->mu[k]);
  }
  dw_row_products(v->work, r, spectrum->V, r, v->sigma, r, r);
  dw_row_products(v->room, r, v->work, r, spectrum->V, r, r);
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l < r; l++) {
      v->work[k * r + l] = root[k] * root[l] * (v->room[k * r + l] + v->room[l * r + k]) / 2;
    }
  }
  DW_TRY(dw_eigen(v->work, r, v->w, Q));
  memset(v->T, 0, (size_t)(r * r) * sizeof *v->T);
  memset(inverse, 0, (size_t)(r * r) * sizeof *inverse);
  for (int64_t k = 0; k < r * r; k++) { /* rows of Q^T, as dw_add_products wants them */
    v->work[(k % r) * r + k / r] = Q[k] / root[k % r];
    v->room[(k % r) * r + k / r] = Q[k] * root[k % r];
  }
  dw_add_products(v->T, v->work, r, spectrum->V, r, r);
  dw_add_products(inverse, v->room, r, spectrum->V, r, r);
  for (int64_t k = 0; k < r; k++) {
    v->w[k] = fmax(v->w[k], DBL_MIN);
    v->z[k] = 1 / dw_dot(v->T + k * r, v->T + k * r, r);
  }
fail:
  return status;
}

/* What is a function of sigma: P, E, slope; uses T Z in `inverse`. */
static divw_status find_functions(norm *v, const double *inverse) {
  divw_status status;
  const int64_t r = v->r;
  double *U = v->X, *left = v->second, *right = v->dZ;
  DW_TRY(dw_eigen(v->sigma, r, v->s, U));
  dw_row_products(left, r, inverse, r, U, r, r);
  dw_row_products(right, r, v->T, r, U, r, r);
  v->psi_trace = v->power = 0;
  for (int64_t k = 0; k < r; k++) {
    v->s[k] = fmax(v->s[k], DBL_MIN);
    v->psi[k] = psi_of(v, v->s[k]);
    v->psi_trace += v->psi[k];
    v->power += v->s[k] * exp(v->e * log(v->s[k]));
  }
  symmetric_product(v, left, v->psi, right, v->P);
  for (int64_t k = 0; k < r; k++) {
    v->psi[k] = psi_slope(v, v->s[k]);
  }
  symmetric_product(v, right, v->psi, right, v->slope);
  for (int64_t k = 0; k < r; k++) {
    v->psi[k] = exp(v->e * log(v->s[k]));
  }
  symmetric_product(v, right, v->psi, right, v->E);
fail:
  return status;
}

/* 1 - Psi_kk / z_k, which at the solution is at least e s^e tau / z_k. */
static double least_of(const norm *v, int64_t k) { return fmin(v->tau * v->e * exp(v->e * log(v->s[k])) / v->z[k], 1); }

static double divided_difference(const norm *v, int64_t k, int64_t l) {
  const double a = v->s[k], b = v->s[l];
  if (fabs(a - b) <= 1e-6 * fmax(a, b)) {
    return (psi_slope(v, a) + psi_slope(v, b)) / 2;
  }
  return (psi_of(v, a) - psi_of(v, b)) / (a - b);
}

/* work: the divisor of X. */
static void find_gamma(norm *v) {
  const int64_t r = v->r;
  for (int64_t k = 0; k < r; k++) {
    v->s[k] = fmin(v->w[k] / v->z[k], 1);
  }
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l <= k; l++) {
      const double divisor = 1 - divided_difference(v, k, l) / sqrt(v->z[k] * v->z[l]);
      v->work[k * r + l] = v->work[l * r + k] = fmax(divisor, sqrt(least_of(v, k) * least_of(v, l)));
      v->gamma[k * r + l] = v->gamma[l * r + k] = (v->w[k] + v->w[l]) / 2 / v->work[k * r + l];
    }
  }
}

/* diag of Y m Y^T. */
static void forms(norm *v, const double *m, double *out) {
  memset(out, 0, (size_t)v->m * sizeof *out);
  dw_add_forms(out, m, v->y, v->m, v->r, v->product);
}

/* y = -c |rho|_q, of which -tr(rho sigma) leaves out c; and D has the mean log VS. */
static void set_unit(norm *v, const dw_point *at) {
  const double exponent = v->value->exponent;
  v->value->unit = -exponent * dw_level_scale(exponent, at->log_vendi);
  v->value->offset = at->log_vendi - 1 / exponent;
}

static divw_status prepare(void *self, const dw_point *at, dw_curvature *curvature) {
  norm *v = self;
  divw_status status;
  const int64_t r = v->r;
  set_unit(v, at);
  /* rho is that of the projected weights, which may be a little beyond tau */
  v->tau = fmax(v->tau, v->solve->spectrum.mu[r - 1] * (1 + 0.01 * fmin(at->gap, 1)));
  DW_TRY(find_basis(v, v->gamma));
  DW_TRY(find_functions(v, v->gamma));
  find_gamma(v);
  dw_row_products(v->y, r, v->rows, v->m, v->T, r, r);
  v->value->diagonal = 0;
  for (int64_t k = 0; k < r * r; k++) {
    v->X[k] = v->E[k] * v->gamma[k];
    v->value->diagonal += v->E[k] * v->X[k];
  }
  forms(v, v->X, v->column);
  memset(v->second, 0, (size_t)(r * r) * sizeof *v->second);
  *curvature = (dw_curvature){.y = v->y, .gamma = v->gamma};
fail:
  return status;
}

/* ---- Newton ---- */

static void first_gradient(void *self, const dw_point *at, double *g) {
  norm *v = self;
  v->tau = 1.5 * exp(v->value->exponent * at->log_vendi);
  set_unit(v, at);
  for (int64_t i = 0; i < v->m; i++) {
    g[i] = -v->sigma[0]; /* sigma is a multiple of I */
  }
}

/* What X is without dp and u. */
static double rest(const norm *v, int64_t k, double kappa) {
  const bool on_diagonal = k % (v->r + 1) == 0;
  return ((on_diagonal ? kappa - v->w[k / v->r] : 0) + v->P[k] - v->second[k]) / v->work[k];
}

static void gradient(void *self, const dw_point *at, double kappa, double *g) {
  norm *v = self;
  const int64_t r = v->r;
  (void)at;
  for (int64_t k = 0; k < r * r; k++) {
    v->X[k] = -rest(v, k, kappa) - (k % (r + 1) == 0 ? v->w[k / r] : 0);
  }
  forms(v, v->X, g);
}

static double norm_equation(void *self, double kappa) {
  const norm *v = self;
  double sum = (1 - v->power) / (1 + v->e);
  for (int64_t k = 0; k < v->r * v->r; k++) {
    sum -= v->E[k] * rest(v, k, kappa);
  }
  return sum;
}

/* log VS = -c log |rho|_q, and that is tau but for what kappa leaves between them. */
static double growth(void *self, double u) {
  const norm *v = self;
  return (1 + v->e) * u / v->tau;
}

static void respond(void *self, double u, const double *dp, double kappa) {
  norm *v = self;
  const int64_t r = v->r;
  double *drho = v->room;
  v->dtau = -u;
  memset(drho, 0, (size_t)(r * r) * sizeof *drho);
  dw_add_weighted_products(drho, dp, v->y, v->m, r, v->product);
  for (int64_t k = 0; k < r * r; k++) {
    v->X[k] = rest(v, k, kappa) + (drho[k] + u * v->E[k]) * v->gamma[k];
  }
  dw_row_products(v->dZ, r, v->T, r, v->T, r, r);
  for (int64_t k = 0; k < r * r; k++) {
    v->dZ[k] = v->dtau * v->dZ[k] - drho[k];
  }
}

/* Whether the diagonal matrix d is definite so far along dm; d NULL: I. */
static bool stays_definite(void *self, const double *d, const double *dm, double step) {
  norm *v = self;
  for (int64_t k = 0; k < v->r * v->r; k++) {
    const double scale = d == NULL ? 1 : sqrt(d[k / v->r] * d[k % v->r]);
    v->room[k] = (k % (v->r + 1) == 0 ? 1 : 0) + step * dm[k] / scale;
  }
  return dw_cholesky(v->room, v->r);
}

static dw_steps distance(void *self, dw_steps step) {
  norm *v = self;
  step.primal = dw_definite_distance(stays_definite, v, NULL, v->dZ, step.primal);
  step.dual = dw_definite_distance(stays_definite, v, v->w, v->X, step.dual);
  return step;
}

/* tr Z sigma - tr psi(sigma), which is r kappa, psi to first order. */
static dw_complementarity complementarity(void *self, dw_steps step) {
  const norm *v = self;
  const int64_t r = v->r;
  double sum = -v->psi_trace * (1 + step.primal * v->dtau / v->tau);
  for (int64_t k = 0; k < r * r; k++) {
    const double one = k % (r + 1) == 0 ? 1 : 0;
    sum += (one + step.primal * v->dZ[k]) * (one * v->w[k / r] + step.dual * v->X[k]);
    sum -= step.dual * v->slope[k] * v->X[k];
  }
  return (dw_complementarity){fmax(sum, 0), r};
}

static void correct(void *self) {
  norm *v = self;
  const int64_t r = v->r;
  dw_row_products(v->room, r, v->dZ, r, v->X, r, r);
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l < r; l++) {
      v->second[k * r + l] = (v->room[k * r + l] + v->room[l * r + k]) / 2;
    }
  }
}

/* sigma = T^T (diag(w) + X) T */
static void move(void *self, dw_steps step) {
  norm *v = self;
  const int64_t r = v->r;
  v->tau += step.primal * v->dtau;
  for (int64_t k = 0; k < r * r; k++) {
    v->X[k] = step.dual * v->X[k] + (k % (r + 1) == 0 ? v->w[k / r] : 0);
  }
  memset(v->room, 0, (size_t)(r * r) * sizeof *v->room);
  dw_add_products(v->room, v->X, r, v->T, r, r);
  memset(v->sigma, 0, (size_t)(r * r) * sizeof *v->sigma);
  dw_add_products(v->sigma, v->T, r, v->room, r, r);
}

static divw_status visit(void *self, dw_archive *archive) {
  divw_status status;
  norm *v = self;
  DW_VISIT(archive, v->tau);
  status = dw_archive_bytes(archive, v->sigma, v->r * v->r * (int64_t)sizeof *v->sigma);
fail:
  return status;
}

/* ---- the solve ---- */

static divw_status make_room(norm *v) {
  divw_status status;
  const int64_t m = v->m, r = v->r;
  DW_TRY(dw_alloc(&v->rows, 3 * m * r + m, sizeof *v->rows));
  DW_TRY(dw_alloc(&v->w, 4 * r, sizeof *v->w));
  DW_TRY(dw_alloc_zero(&v->sigma, 11 * r * r, sizeof *v->sigma));
  v->y = v->rows + m * r;
  v->product = v->y + m * r;
  v->column = v->product + m * r;
  v->z = v->w + r;
  v->s = v->z + r;
  v->psi = v->s + r;
  double **matrices[] = {&v->T, &v->gamma, &v->P, &v->E, &v->slope, &v->X, &v->dZ, &v->second, &v->work, &v->room};
  for (int64_t k = 0; k < 10; k++) {
    *matrices[k] = v->sigma + (k + 1) * r * r;
  }
  DW_TRY(dw_read_active(v->solve, v->active, v->rows));
fail:
  return status;
}

bool dw_interior_is_norm(double order) { return order > 32 && isfinite(order); }

divw_status dw_interior_norm(dw_solve *solve, dw_problem problem, double target, dw_active active, dw_point *best,
                             double *theta, int32_t *stop_reason) {
  divw_status status;
  norm v = {.solve = solve, .active = active, .m = active.count, .r = solve->r, .e = 1 / (solve->objective.order - 1)};
  dw_concave value = {.self = &v,
                      .exponent = solve->objective.exponent,
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
  for (int64_t k = 0; k < v.r; k++) { /* |sigma|_q* = 1 */
    v.sigma[k * (v.r + 1)] = exp(-log((double)v.r) / (1 + v.e));
  }
  solve->sigma = v.sigma;
  v.value = &value;
  DW_TRY(dw_newton_iterate(solve, problem, target, active, &value, best, theta, stop_reason));
fail:
  solve->sigma = NULL;
  divw_free(v.sigma);
  divw_free(v.w);
  divw_free(v.rows);
  return status;
}
