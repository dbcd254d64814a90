/* Primal-dual interior point with entropy for q = inf: the least eigenvalue problem behind VS_inf = 1 / max mu.
 *
 * y(p) = -max mu = max over tau of -tau with Z = tau I - rho(p) >= 0. The dual state sigma >= 0, tr sigma = 1, belongs
 * to Z; the gradient is -phi_i^T sigma phi_i. With the HKM linearisation of Z sigma = kappa I,
 *
 *     d sigma = kappa Z^-1 - sigma - sym(Z^-1 dZ sigma),     dZ = dtau I - sum dp_j phi_j phi_j^T,
 *
 * tr(sigma + d sigma) = 1 becomes  b.dp - c dtau = 1 - kappa tr Z^-1,  and what is left for dp is
 *
 *     F_ij = (phi_i^T Z^-1 phi_j)(phi_i^T sigma phi_j),     g_i = -kappa phi_i^T Z^-1 phi_i,     -b_i beside dtau
 *
 * with b_i = phi_i^T sym(Z^-1 sigma) phi_i, c = tr Z^-1 sigma. Everything is done in the basis of eigenvectors of rho,
 * where Z is diagonal; but for F, where Z^-1/2 phi is turned so that both factors are: with Z^1/2 sigma Z^1/2 =
 * Q^T diag(w) Q, all w near kappa, and y = Q Z^-1/2 phi,
 *
 *     F_ij = sum_kl w_k y_ik y_jk y_il y_jl,      Gamma_kl = (w_k + w_l) / 2 .
 *
 * Source of the direction: Helmberg, Rendl, Vanderbei, Wolkowicz, SIAM J. Optim. 6 (1996). */
#include "interior.h"

#include "../linalg.h"

#include <math.h>
#include <string.h>

typedef struct {
  dw_solve *solve;
  dw_active active;
  int64_t m, r;
  double *rows, *y;       /* phi, and phi in the eigenbasis; m x r each */
  double *half, *product; /* the basis of F; room; m x r each */
  double *a, *b, *cz;     /* phi^T Z^-1 phi, phi^T sym(Z^-1 sigma) phi; second-order term of phi^T sigma phi */
  double *z, *w, *one;    /* r: 1 / (tau - mu), eigenvalues of Z^1/2 sigma Z^1/2, 1 */
  double *sigma, *turned, *dsigma, *dZ, *second, *work, *basis, *back, *gamma; /* r x r each */
  double tau, dtau, c, trace_second;
  dw_concave *value; /* its unit and diagonal are those of the point at hand */
} least_eigenvalue;

/* ---- small matrices ---- */

/* out = V m V^T for symmetric m; V's rows are the new basis. */
static void turn(least_eigenvalue *v, const double *m, const double *V, double *out) {
  dw_row_products(v->work, v->r, V, v->r, m, v->r, v->r);
  dw_row_products(out, v->r, v->work, v->r, V, v->r, v->r);
}

static void transpose(const double *m, int64_t r, double *out) {
  for (int64_t i = 0; i < r; i++) {
    for (int64_t j = 0; j < r; j++) {
      out[j * r + i] = m[i * r + j];
    }
  }
}

/* out = sym(Z^-1 A B) for symmetric A, B in the eigenbasis. */
static void symmetric_product(least_eigenvalue *v, const double *A, const double *B, double *out) {
  int64_t r = v->r;
  dw_row_products(v->work, r, A, r, B, r, r); /* A B^T = A B */
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l < r; l++) {
      out[k * r + l] = (v->z[k] * v->work[k * r + l] + v->z[l] * v->work[l * r + k]) / 2;
    }
  }
}

/* diag of Y m Y^T for symmetric m. */
static void forms(least_eigenvalue *v, const double *m, double *out) {
  memset(out, 0, (size_t)v->m * sizeof *out);
  dw_add_forms(out, m, v->y, v->m, v->r, v->product);
}

static double trace(const double *m, int64_t r) {
  double sum = 0;
  for (int64_t k = 0; k < r; k++) {
    sum += m[k * r + k];
  }
  return sum;
}

/* ---- Newton ---- */

/* Z^-1, sigma and their forms at the current point, in the eigenbasis of rho. */
static void turn_basis(least_eigenvalue *v) {
  const dw_spectrum *spectrum = &v->solve->spectrum;
  int64_t m = v->m, r = v->r;
  memcpy(v->basis, spectrum->V, (size_t)(r * r) * sizeof *v->basis);
  transpose(v->basis, r, v->back);
  dw_row_products(v->y, r, v->rows, m, v->basis, r, r);
  turn(v, v->sigma, v->basis, v->turned);
  v->c = 0;
  for (int64_t k = 0; k < r; k++) {
    v->z[k] = 1 / (v->tau - spectrum->mu[k]);
    v->c += v->z[k] * v->turned[k * r + k];
  }
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l < r; l++) {
      v->dZ[k * r + l] = (v->z[k] + v->z[l]) / 2 * v->turned[k * r + l];
    }
  }
  forms(v, v->dZ, v->b);
  v->value->diagonal = v->c;
}

/* The basis in which sigma and Z^-1 are diagonal, and Gamma there. */
static divw_status turn_both(least_eigenvalue *v) {
  divw_status status;
  int64_t r = v->r;
  double *Q = v->back;
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l < r; l++) {
      double mean = (v->turned[k * r + l] + v->turned[l * r + k]) / 2; /* equal up to rounding */
      v->work[k * r + l] = mean / sqrt(v->z[k] * v->z[l]);
    }
  }
  DW_TRY(dw_eigen(v->work, r, v->w, Q));
  for (int64_t k = 0; k < r; k++) {
    v->w[k] = fmax(v->w[k], 0); /* positive by the rule for steps, up to what turning costs */
    v->one[k] = 1;
    for (int64_t l = 0; l < r; l++) {
      Q[k * r + l] *= sqrt(v->z[l]);
    }
  }
  for (int64_t k = 0; k < r * r; k++) {
    v->gamma[k] = (v->w[k / r] + v->w[k % r]) / 2;
  }
  dw_row_products(v->half, r, v->y, v->m, Q, r, r);
fail:
  return status;
}

static void set_unit(least_eigenvalue *v, const dw_point *at) {
  v->value->unit = dw_level_scale(-1, at->log_vendi);
  v->value->offset = at->log_vendi + 1;
}

static divw_status prepare(void *self, const dw_point *at, dw_curvature *curvature) {
  least_eigenvalue *v = self;
  divw_status status;
  int64_t m = v->m, r = v->r;
  set_unit(v, at);
  /* rho is that of the projected weights, which may be a little beyond tau */
  v->tau = fmax(v->tau, v->solve->spectrum.mu[r - 1] * (1 + 0.01 * fmin(at->gap, 1)));
  turn_basis(v);
  DW_TRY(turn_both(v));
  for (int64_t i = 0; i < m; i++) {
    v->a[i] = dw_dot(v->half + i * r, v->half + i * r, r);
    v->cz[i] = 0;
  }
  *curvature = (dw_curvature){.y = v->half, .gamma = v->gamma, .a = v->w, .b = v->one, .terms = 1};
  memset(v->second, 0, (size_t)(r * r) * sizeof *v->second);
  v->trace_second = 0;
fail:
  return status;
}

static void first_gradient(void *self, const dw_point *at, double *g) {
  least_eigenvalue *v = self;
  v->tau = 1.5 * exp(-at->log_vendi);
  set_unit(v, at);
  for (int64_t i = 0; i < v->m; i++) {
    g[i] = -1 / (double)v->r;
  }
}

/* b.dp - c dtau, as tr(sigma + d sigma) = 1 wants it. */
static double trace_equation(void *self, double kappa) {
  const least_eigenvalue *v = self;
  double inverse = 0;
  for (int64_t k = 0; k < v->r; k++) {
    inverse += v->z[k];
  }
  return 1 - kappa * inverse + v->trace_second;
}

static void gradient(void *self, const dw_point *at, double kappa, double *g) {
  const least_eigenvalue *v = self;
  (void)at;
  for (int64_t i = 0; i < v->m; i++) {
    g[i] = v->cz[i] - kappa * v->a[i];
  }
}

/* VS = 1 / tau, but for what kappa leaves between them. */
static double growth(void *self, double u) { return u / ((const least_eigenvalue *)self)->tau; }

/* dZ and d sigma, in the eigenbasis. */
static void respond(void *self, double u, const double *dp, double kappa) {
  least_eigenvalue *v = self;
  int64_t r = v->r;
  v->dtau = -u;
  memset(v->dZ, 0, (size_t)(r * r) * sizeof *v->dZ);
  dw_add_weighted_products(v->dZ, dp, v->y, v->m, r, v->product);
  for (int64_t k = 0; k < r * r; k++) {
    v->dZ[k] = (k % (r + 1) == 0 ? v->dtau : 0) - v->dZ[k];
  }
  symmetric_product(v, v->dZ, v->turned, v->dsigma);
  for (int64_t k = 0; k < r * r; k++) {
    double inverse = k % (r + 1) == 0 ? kappa * v->z[k / r] : 0;
    v->dsigma[k] = inverse - v->turned[k] - v->dsigma[k] - v->second[k];
  }
}

/* Whether m + step dm is positive definite; m NULL: Z. */
static bool stays_definite(void *self, const double *m, const double *dm, double step) {
  least_eigenvalue *v = self;
  for (int64_t k = 0; k < v->r * v->r; k++) {
    double at = m != NULL ? m[k] : k % (v->r + 1) == 0 ? 1 / v->z[k / v->r] : 0;
    v->work[k] = at + step * dm[k];
  }
  return dw_cholesky(v->work, v->r);
}

static dw_steps distance(void *self, dw_steps step) {
  least_eigenvalue *v = self;
  step.primal = dw_definite_distance(stays_definite, v, NULL, v->dZ, step.primal);
  step.dual = dw_definite_distance(stays_definite, v, v->turned, v->dsigma, step.dual);
  return step;
}

static dw_complementarity complementarity(void *self, dw_steps step) {
  const least_eigenvalue *v = self;
  int64_t r = v->r;
  dw_complementarity all = {0, r};
  for (int64_t k = 0; k < r * r; k++) {
    double Z = (k % (r + 1) == 0 ? 1 / v->z[k / r] : 0) + step.primal * v->dZ[k];
    all.sum += Z * (v->turned[k] + step.dual * v->dsigma[k]);
  }
  return all;
}

static void correct(void *self) {
  least_eigenvalue *v = self;
  memcpy(v->back, v->dsigma, (size_t)(v->r * v->r) * sizeof *v->back);
  symmetric_product(v, v->dZ, v->back, v->second);
  v->trace_second = trace(v->second, v->r);
  forms(v, v->second, v->cz);
}

static void move(void *self, dw_steps step) {
  least_eigenvalue *v = self;
  int64_t r = v->r;
  v->tau += step.primal * v->dtau;
  for (int64_t k = 0; k < r * r; k++) {
    v->turned[k] += step.dual * v->dsigma[k];
  }
  transpose(v->basis, r, v->back);
  turn(v, v->turned, v->back, v->sigma);
}

static divw_status visit(void *self, dw_archive *archive) {
  divw_status status;
  least_eigenvalue *v = self;
  DW_VISIT(archive, v->tau);
  status = dw_archive_bytes(archive, v->sigma, v->r * v->r * (int64_t)sizeof *v->sigma);
fail:
  return status;
}

/* ---- the solve ---- */

static divw_status make_room(least_eigenvalue *v) {
  divw_status status;
  int64_t m = v->m, r = v->r;
  DW_TRY(dw_alloc(&v->rows, 4 * m * r, sizeof *v->rows));
  DW_TRY(dw_alloc(&v->a, 3 * m, sizeof *v->a));
  DW_TRY(dw_alloc(&v->z, 3 * r, sizeof *v->z));
  DW_TRY(dw_alloc_zero(&v->sigma, 9 * r * r, sizeof *v->sigma));
  v->y = v->rows + m * r;
  v->half = v->y + m * r;
  v->product = v->half + m * r;
  v->w = v->z + r;
  v->one = v->w + r;
  v->b = v->a + m;
  v->cz = v->b + m;
  double **matrices[] = {&v->turned, &v->dsigma, &v->dZ, &v->second, &v->work, &v->basis, &v->back, &v->gamma};
  for (int64_t k = 0; k < 8; k++) {
    *matrices[k] = v->sigma + (k + 1) * r * r;
  }
  DW_TRY(dw_read_active(v->solve, v->active, v->rows));
fail:
  return status;
}

divw_status dw_interior_inf(dw_solve *solve, dw_problem problem, double target, dw_active active, dw_point *best,
                            double *theta, int32_t *stop_reason) {
  divw_status status;
  least_eigenvalue v = {.solve = solve, .active = active, .m = active.count, .r = solve->r};
  dw_concave value = {.self = &v,
                      .exponent = -1,
                      .prepare = prepare,
                      .first_gradient = first_gradient,
                      .gradient = gradient,
                      .own_equation = trace_equation,
                      .growth = growth,
                      .respond = respond,
                      .distance = distance,
                      .complementarity = complementarity,
                      .correct = correct,
                      .move = move,
                      .visit = visit,
                      .is_linear = true};
  DW_TRY(make_room(&v));
  value.column = v.b;
  for (int64_t k = 0; k < v.r; k++) {
    v.sigma[k * (v.r + 1)] = 1 / (double)v.r;
  }
  solve->sigma = v.sigma;
  v.value = &value;
  DW_TRY(dw_newton_iterate(solve, problem, target, active, &value, best, theta, stop_reason));
fail:
  solve->sigma = NULL;
  divw_free(v.sigma);
  divw_free(v.z);
  divw_free(v.a);
  divw_free(v.rows);
  return status;
}
