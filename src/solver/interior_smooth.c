/* The concave value of smooth orders for interior-point methods, in nats: y = T_q / tr rho^q, or log p.s + log VS_q
 * with quality scores.
 *
 * Minus the Hessian of the first is F_ij = sum_kl Gamma_kl (v_k.phi_i)(v_l.phi_i)(v_k.phi_j)(v_l.phi_j), Gamma the
 * divided differences of the gradient's matrix function: F = A A^T, A_i,kl = sqrt(Gamma_kl) (v_k.phi_i)(v_l.phi_i),
 * m x r(r+1)/2, formed and multiplied in slices (a quarter of the work of r products of m x r matrices). At q = 2 it
 * is 2 (phi_i.phi_j)^2 / tr rho^2, the same matrix but for a number. Scores add s s^T / (p.s)^2, and the logarithm in
 * front of tr rho^q the square of its gradient, (1-q) D D^T (q <= 1). */
#include "interior.h"

#include "../linalg.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { SLICE = 512 };
#define EIGENVALUE_FLOOR 1e-14

typedef struct {
  dw_solve *solve;
  dw_active active;
  int64_t m, r;
  double *rows, *turned; /* phi, and phi in the basis of eigenvectors; m x r each */
  double *slice;         /* m x SLICE */
  double *squares;       /* q = 2: (phi_i.phi_j)^2, m x m */
} smooth;

static double order_of(const smooth *v) { return v->solve->objective.order; }

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

static void fill_slice(smooth *v, const double *weights, const int64_t (*pairs)[2], int64_t count) {
  for (int64_t i = 0; i < v->m; i++) {
    const double *y = v->turned + i * v->r;
    double *out = v->slice + i * count;
    for (int64_t c = 0; c < count; c++) {
      out[c] = weights[c] * y[pairs[c][0]] * y[pairs[c][1]];
    }
  }
}

/* H += A A^T, upper triangle. */
static void add_curvature(smooth *v, double *H) {
  const dw_spectrum *spectrum = &v->solve->spectrum;
  double order = order_of(v), weights[SLICE];
  double log_power = (1 - order) * dw_spectrum_log_vendi(spectrum, order);
  int64_t pairs[SLICE][2], count = 0;
  dw_row_products(v->turned, v->r, v->rows, v->m, spectrum->V, v->r, v->r);
  for (int64_t k = 0; k < v->r; k++) {
    for (int64_t l = k; l < v->r; l++) {
      double a = fmax(spectrum->mu[k], EIGENVALUE_FLOOR), b = fmax(spectrum->mu[l], EIGENVALUE_FLOOR);
      weights[count] = sqrt((k == l ? 1 : 2) * divided_difference(a, b, order, log_power));
      pairs[count][0] = k;
      pairs[count++][1] = l;
      if (count == SLICE || (k == v->r - 1 && l == v->r - 1)) {
        fill_slice(v, weights, (const int64_t(*)[2])pairs, count);
        dw_add_outer(H, v->m, v->slice, count);
        count = 0;
      }
    }
  }
}

/* What rows have of their own: delta_i^2 beside p_i delta_i. */
static void add_own(smooth *v, const dw_point *at, double *H) {
  const dw_spectrum *spectrum = &v->solve->spectrum;
  const double order = order_of(v), log_power = (1 - order) * at->log_vendi;
  for (int64_t k = 0; spectrum->count > spectrum->r && k < v->m; k++) {
    const double deficit = spectrum->deficit[v->active.row[k]];
    const double own = fmax(spectrum->mu[spectrum->r + v->active.row[k]], DBL_MIN);
    H[k * (v->m + 1)] += deficit * deficit * order * exp((order - 2) * log(own) - log_power);
  }
}

/* What scores add: two rank-one terms. */
static void add_quality(smooth *v, const dw_point *at, double *H) {
  double share = exp(v->solve->log_scale - at->log_value + at->log_vendi), q = order_of(v);
  for (int64_t k = 0; k < v->m; k++) {
    int64_t i = v->active.row[k];
    double score = share * v->solve->quality[i];
    v->slice[2 * k] = score;
    v->slice[2 * k + 1] = sqrt(1 - q) * (at->D[i] - score);
  }
  dw_add_outer(H, v->m, v->slice, 2);
}

static bool prepare(void *self, const dw_point *at, double *H) {
  smooth *v = self;
  if (v->squares != NULL) {
    double factor = 2 * exp(at->log_vendi);
    for (int64_t k = 0; k < v->m * v->m; k++) {
      H[k] = factor * v->squares[k];
    }
  } else {
    add_curvature(v, H);
  }
  add_own(v, at, H);
  if (v->solve->quality != NULL) {
    add_quality(v, at, H);
  }
  return true;
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
  int64_t m = v->m;
  DW_TRY(dw_alloc(&v->rows, m * v->r, sizeof *v->rows));
  DW_TRY(dw_alloc(&v->slice, m * SLICE, sizeof *v->slice));
  DW_TRY(dw_read_active(v->solve, v->active, v->rows));
  if (order_of(v) != 2) {
    DW_TRY(dw_alloc(&v->turned, m * v->r, sizeof *v->turned));
    return DIVW_OK;
  }
  DW_TRY(dw_alloc_zero(&v->squares, m * m, sizeof *v->squares));
  dw_add_outer(v->squares, m, v->rows, v->r);
  for (int64_t k = 0; k < m * m; k++) {
    v->squares[k] *= v->squares[k];
  }
fail:
  return status;
}

divw_status dw_interior_smooth(dw_solve *solve, dw_problem problem, double target, dw_active active, dw_point *best,
                               double *theta, int32_t *stop_reason) {
  divw_status status;
  smooth v = {.solve = solve, .active = active, .m = active.count, .r = solve->r};
  dw_concave value = {
      .self = &v, .unit = 1, .prepare = prepare, .first_gradient = first_gradient, .gradient = gradient};
  DW_TRY(make_room(&v));
  DW_TRY(dw_newton_iterate(solve, problem, target, active, &value, best, theta, stop_reason));
fail:
  divw_free(v.squares);
  divw_free(v.slice);
  divw_free(v.turned);
  divw_free(v.rows);
  return status;
}
