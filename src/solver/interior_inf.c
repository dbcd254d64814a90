/* Primal-dual interior point with entropy for q = inf: the least eigenvalue problem behind VS_inf = 1 / max mu.
 *
 * minimise tau - lambda H(p) over p in the simplex with Z = tau I - rho(p) >= 0. The dual state sigma >= 0, tr sigma =
 * 1, belongs to Z, s >= 0 to p >= 0, nu to sum p = 1 (units: the level y = -max mu):
 *
 *     phi_i^T sigma phi_i + lambda (log p_i + 1) + nu - s_i = 0,   Z sigma = kappa I,   p_i s_i = kappa,   tr sigma = 1
 * .
 *
 * Newton's equations with the HKM linearisation, d sigma = kappa Z^-1 - sigma - sym(Z^-1 dZ sigma), leave
 *
 *     [ M   -b  1 ] [dp  ]     M_ij = (phi_i^T Z^-1 phi_j)(phi_i^T sigma phi_j) + [i = j] (s_i + lambda) / p_i
 *     [ b^T -c  0 ] [dtau]     b_i = phi_i^T sym(Z^-1 sigma) phi_i,   c = tr Z^-1 sigma
 *     [ 1^T  0  0 ] [dnu ]
 *
 * Everything is done in the basis of eigenvectors of rho, where Z is diagonal. Predictor and corrector as in
 * interior.c.
 *
 * Sources: Helmberg, Rendl, Vanderbei, Wolkowicz, SIAM J. Optim. 6 (1996) for the direction; Mehrotra, SIAM J. Optim. 2
 * (1992). */
#include "interior.h"

#include "../linalg.h"

#include <math.h>
#include <string.h>

typedef struct {
  dw_solve *solve;
  int64_t n, r;
  double *rows, *y;               /* phi, and phi in the eigenbasis; n x r each */
  double *half, *M, *N;           /* n x r; n x n; n x n */
  double *p, *s, *dp, *ds;        /* n each */
  double *a, *b, *e;              /* phi^T Z^-1 phi, phi^T sym(Z^-1 sigma) phi, phi^T sigma phi */
  double *u0, *u1, *u2, *cs, *cz; /* solutions; second-order terms of p s and of phi^T sigma phi */
  double *z;                      /* r: 1 / (tau - mu) */
  double *sigma, *turned, *dsigma, *dZ, *second, *work, *basis, *back; /* r x r each */
  double tau, nu, dtau, dnu, c, trace_second;
} interior;

/* ---- small matrices ---- */

/* out = V m V^T for symmetric m; V's rows are the new basis. */
static void turn(interior *ip, const double *m, const double *V, double *out) {
  dw_row_products(ip->work, ip->r, V, ip->r, m, ip->r, ip->r);
  dw_row_products(out, ip->r, ip->work, ip->r, V, ip->r, ip->r);
}

static void transpose(const double *m, int64_t r, double *out) {
  for (int64_t i = 0; i < r; i++) {
    for (int64_t j = 0; j < r; j++) {
      out[j * r + i] = m[i * r + j];
    }
  }
}

/* out = sym(Z^-1 A B) for symmetric A, B in the eigenbasis. */
static void symmetric_product(interior *ip, const double *A, const double *B, double *out) {
  int64_t r = ip->r;
  dw_row_products(ip->work, r, A, r, B, r, r); /* A B^T = A B */
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l < r; l++) {
      out[k * r + l] = (ip->z[k] * ip->work[k * r + l] + ip->z[l] * ip->work[l * r + k]) / 2;
    }
  }
}

/* diag of Y m Y^T for symmetric m. */
static void forms(interior *ip, const double *m, double *out) {
  int64_t r = ip->r;
  dw_row_products(ip->half, r, ip->y, ip->n, m, r, r);
  for (int64_t i = 0; i < ip->n; i++) {
    double sum = 0;
    for (int64_t k = 0; k < r; k++) {
      sum += ip->half[i * r + k] * ip->y[i * r + k];
    }
    out[i] = sum;
  }
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
static void prepare(interior *ip) {
  const dw_spectrum *spectrum = &ip->solve->spectrum;
  int64_t n = ip->n, r = ip->r;
  memcpy(ip->basis, spectrum->V, (size_t)(r * r) * sizeof *ip->basis);
  transpose(ip->basis, r, ip->back);
  dw_row_products(ip->y, r, ip->rows, n, ip->basis, r, r);
  turn(ip, ip->sigma, ip->basis, ip->turned);
  ip->c = 0;
  for (int64_t k = 0; k < r; k++) {
    ip->z[k] = 1 / (ip->tau - spectrum->mu[k]);
    ip->c += ip->z[k] * ip->turned[k * r + k];
  }
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = 0; l < r; l++) {
      ip->dZ[k * r + l] = (ip->z[k] + ip->z[l]) / 2 * ip->turned[k * r + l];
    }
  }
  forms(ip, ip->dZ, ip->b);
  forms(ip, ip->turned, ip->e);
}

static bool factor(interior *ip, double lambda) {
  int64_t n = ip->n, r = ip->r;
  memcpy(ip->work, ip->turned, (size_t)(r * r) * sizeof *ip->work);
  if (!dw_cholesky(ip->work, r)) {
    return false;
  }
  memcpy(ip->half, ip->y, (size_t)(n * r) * sizeof *ip->half);
  dw_multiply_rows(ip->half, n, ip->work, r);
  memset(ip->M, 0, (size_t)(n * n) * sizeof *ip->M);
  dw_add_outer(ip->M, n, ip->half, r);
  for (int64_t i = 0; i < n; i++) {
    ip->a[i] = 0;
    for (int64_t k = 0; k < r; k++) {
      ip->half[i * r + k] = sqrt(ip->z[k]) * ip->y[i * r + k];
      ip->a[i] += ip->half[i * r + k] * ip->half[i * r + k];
    }
  }
  memset(ip->N, 0, (size_t)(n * n) * sizeof *ip->N);
  dw_add_outer(ip->N, n, ip->half, r);
  for (int64_t i = 0; i < n * n; i++) {
    ip->M[i] *= ip->N[i];
  }
  for (int64_t i = 0; i < n; i++) {
    ip->M[i * n + i] += (ip->s[i] + lambda) / ip->p[i];
  }
  return dw_cholesky(ip->M, n);
}

/* dZ = dtau I - sum dp_j phi_j phi_j^T and d sigma, in the eigenbasis. */
static void matrix_steps(interior *ip, double kappa) {
  int64_t n = ip->n, r = ip->r;
  for (int64_t k = 0; k < r; k++) { /* columns of y, weighted and plain, as rows */
    for (int64_t i = 0; i < n; i++) {
      ip->half[k * n + i] = ip->dp[i] * ip->y[i * r + k];
      ip->N[k * n + i] = ip->y[i * r + k];
    }
  }
  dw_row_products(ip->dZ, r, ip->half, r, ip->N, r, n);
  for (int64_t k = 0; k < r * r; k++) {
    ip->dZ[k] = (k % (r + 1) == 0 ? ip->dtau : 0) - ip->dZ[k];
  }
  symmetric_product(ip, ip->dZ, ip->turned, ip->dsigma);
  for (int64_t k = 0; k < r * r; k++) {
    double inverse = k % (r + 1) == 0 ? kappa * ip->z[k / r] : 0;
    ip->dsigma[k] = inverse - ip->turned[k] - ip->dsigma[k] - ip->second[k];
  }
}

static double dot(const double *x, const double *y, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += x[i] * y[i];
  }
  return sum;
}

static void direction(interior *ip, double lambda, double kappa) {
  int64_t n = ip->n;
  double inverse = 0, total = 0, sum0 = 0, sum1 = 0, sum2 = 0;
  for (int64_t k = 0; k < ip->r; k++) {
    inverse += ip->z[k];
  }
  for (int64_t i = 0; i < n; i++) {
    ip->u0[i] =
        -(kappa * ip->a[i] - ip->cz[i] + lambda * (log(ip->p[i]) + 1) + ip->nu) + (kappa - ip->cs[i]) / ip->p[i];
    total += ip->p[i];
  }
  dw_cholesky_solve(ip->M, n, ip->u0);
  for (int64_t i = 0; i < n; i++) {
    sum0 += ip->u0[i];
    sum1 += ip->u1[i];
    sum2 += ip->u2[i];
  }
  /* b.dp - c dtau = one, 1.dp = two, with dp = u0 + dtau u1 - dnu u2 */
  double one = 1 - kappa * inverse + ip->trace_second - dot(ip->b, ip->u0, n), two = 1 - total - sum0;
  double b1 = dot(ip->b, ip->u1, n) - ip->c, b2 = dot(ip->b, ip->u2, n), determinant = -b1 * sum2 + b2 * sum1;
  ip->dtau = (-one * sum2 + b2 * two) / determinant;
  ip->dnu = (b1 * two - sum1 * one) / determinant;
  for (int64_t i = 0; i < n; i++) {
    ip->dp[i] = ip->u0[i] + ip->dtau * ip->u1[i] - ip->dnu * ip->u2[i];
    ip->ds[i] = (kappa - ip->cs[i]) / ip->p[i] - ip->s[i] - ip->s[i] / ip->p[i] * ip->dp[i];
  }
  matrix_steps(ip, kappa);
}

/* Whether m + step dm is positive definite; diagonal: m's diagonal is 1 / z. */
static bool stays_definite(interior *ip, const double *m, const double *dm, double step) {
  for (int64_t k = 0; k < ip->r * ip->r; k++) {
    double at = m != NULL ? m[k] : k % (ip->r + 1) == 0 ? 1 / ip->z[k / ip->r] : 0;
    ip->work[k] = at + step * dm[k];
  }
  return dw_cholesky(ip->work, ip->r);
}

/* The longest common step that keeps p, s, Z and sigma inside. Definiteness is tried by factorisation, which at r^3 / 3
 * is cheaper than the eigenvalues that would give the boundary. */
static double common_step(interior *ip) {
  double step = fmin(dw_longest_step(ip->p, ip->dp, ip->n), dw_longest_step(ip->s, ip->ds, ip->n)),
         reach = step / DW_TO_THE_BOUNDARY;
  while (reach > 1e-6 &&
         !(stays_definite(ip, NULL, ip->dZ, reach) && stays_definite(ip, ip->turned, ip->dsigma, reach))) {
    reach *= 0.9;
  }
  return fmin(step, DW_TO_THE_BOUNDARY * reach);
}

/* (p.s + tr Z sigma) / (n + r) after a step. */
static double complementarity(const interior *ip, double step) {
  int64_t r = ip->r;
  double sum = 0;
  for (int64_t i = 0; i < ip->n; i++) {
    sum += (ip->p[i] + step * ip->dp[i]) * (ip->s[i] + step * ip->ds[i]);
  }
  for (int64_t k = 0; k < r * r; k++) {
    double Z = (k % (r + 1) == 0 ? 1 / ip->z[k / r] : 0) + step * ip->dZ[k];
    sum += Z * (ip->turned[k] + step * ip->dsigma[k]);
  }
  return sum / (double)(ip->n + r);
}

static void take_step(interior *ip, double lambda) {
  int64_t n = ip->n, r = ip->r;
  for (int64_t i = 0; i < n; i++) {
    ip->u1[i] = ip->b[i];
    ip->u2[i] = 1;
    ip->cs[i] = ip->cz[i] = 0;
  }
  dw_cholesky_solve(ip->M, n, ip->u1);
  dw_cholesky_solve(ip->M, n, ip->u2);
  memset(ip->second, 0, (size_t)(r * r) * sizeof *ip->second);
  ip->trace_second = 0;
  double now = (dot(ip->p, ip->s, n) + ip->tau * trace(ip->turned, r)) / (double)(n + r);
  for (int64_t k = 0; k < r; k++) {
    now -= ip->solve->spectrum.mu[k] * ip->turned[k * r + k] / (double)(n + r);
  }
  direction(ip, lambda, 0);
  double after = complementarity(ip, common_step(ip));
  for (int64_t i = 0; i < n; i++) {
    ip->cs[i] = ip->dp[i] * ip->ds[i];
  }
  memcpy(ip->back, ip->dsigma, (size_t)(r * r) * sizeof *ip->back);
  symmetric_product(ip, ip->dZ, ip->back, ip->second);
  ip->trace_second = trace(ip->second, r);
  forms(ip, ip->second, ip->cz);
  direction(ip, lambda, fmax(0.02, fmin(1, pow(after / now, 3))) * now);
  double step = common_step(ip);
  ip->tau += step * ip->dtau;
  ip->nu += step * ip->dnu;
  for (int64_t i = 0; i < n; i++) {
    ip->p[i] += step * ip->dp[i];
    ip->s[i] += step * ip->ds[i];
  }
  for (int64_t k = 0; k < r * r; k++) {
    ip->turned[k] += step * ip->dsigma[k];
  }
  transpose(ip->basis, r, ip->back);
  turn(ip, ip->turned, ip->back, ip->sigma);
}

static void start(interior *ip, double lambda) {
  double largest = ip->solve->spectrum.mu[ip->r - 1], least = INFINITY, mean = 0;
  ip->tau = 1.5 * largest;
  ip->nu = 0;
  for (int64_t i = 0; i < ip->n; i++) {
    ip->s[i] = 1 / (double)ip->r + lambda * (log(ip->p[i]) + 1);
    least = fmin(least, ip->s[i]);
    mean += fabs(ip->s[i]) / (double)ip->n;
  }
  ip->nu = 0.1 * mean - least;
  for (int64_t i = 0; i < ip->n; i++) {
    ip->s[i] += ip->nu;
  }
}

/* ---- the solve ---- */

static void begin(void *self, const dw_point *at) { start(self, at->lambda * dw_level_scale(INFINITY, at->log_vendi)); }

static bool step(void *self, const dw_point *at) {
  interior *ip = self;
  double lambda = at->lambda * dw_level_scale(INFINITY, at->log_vendi);
  prepare(ip);
  if (!factor(ip, lambda)) {
    return false;
  }
  take_step(ip, lambda);
  return true;
}

static divw_status make_room(interior *ip) {
  divw_status status;
  int64_t n = ip->n, r = ip->r;
  DW_TRY(dw_alloc(&ip->rows, 3 * n * r, sizeof *ip->rows));
  DW_TRY(dw_alloc(&ip->M, 2 * n * n, sizeof *ip->M));
  DW_TRY(dw_alloc(&ip->p, 12 * n, sizeof *ip->p));
  DW_TRY(dw_alloc(&ip->z, r, sizeof *ip->z));
  DW_TRY(dw_alloc_zero(&ip->sigma, 8 * r * r, sizeof *ip->sigma));
  ip->y = ip->rows + n * r;
  ip->half = ip->y + n * r;
  ip->N = ip->M + n * n;
  double **vectors[] = {&ip->s, &ip->dp, &ip->ds, &ip->a, &ip->b, &ip->e, &ip->u0, &ip->u1, &ip->u2, &ip->cs, &ip->cz};
  for (int64_t k = 0; k < 11; k++) {
    *vectors[k] = ip->p + (k + 1) * n;
  }
  double **matrices[] = {&ip->turned, &ip->dsigma, &ip->dZ, &ip->second, &ip->work, &ip->basis, &ip->back};
  for (int64_t k = 0; k < 7; k++) {
    *matrices[k] = ip->sigma + (k + 1) * r * r;
  }
  DW_TRY(divw_kernel_read(ip->solve->kernel, 0, n, ip->rows));
  ip->solve->row_passes++;
fail:
  return status;
}

divw_status dw_interior_point_inf(dw_solve *solve, dw_problem problem, double target, dw_point *point,
                                  int64_t *iterations, int32_t *stop_reason) {
  divw_status status;
  interior ip = {.solve = solve, .n = solve->n, .r = solve->r};
  DW_TRY(make_room(&ip));
  for (int64_t k = 0; k < ip.r; k++) {
    ip.sigma[k * (ip.r + 1)] = 1 / (double)ip.r;
  }
  solve->sigma = ip.sigma;
  status = dw_interior_iterate(solve, problem, target, point, ip.p, (dw_interior){&ip, begin, step}, iterations,
                               stop_reason);
fail:
  solve->sigma = NULL;
  divw_free(ip.sigma);
  divw_free(ip.z);
  divw_free(ip.p);
  divw_free(ip.M);
  divw_free(ip.rows);
  return status;
}
