/* Newton's matrix M = F + diag(d) where both of its sides are too large to factor: conjugate gradients.
 *
 * M x is a moment of rows, a product of r x r entries and quadratic forms of rows, 4 m r^2 operations:
 *
 *     (M x)_i = d_i x_i + y_i^T (Gamma o S) y_i,     S = sum_j x_j y_j y_j^T .
 *
 * The preconditioner is exact on heavy rows, those with the largest F_ii / d_i, and the diagonal of M on the others:
 *
 *     P = M_hh (+) diag(F_ii + d_i).
 *
 * At order 1, d = (s + lambda) / p and F <= diag(1/p) (data processing), so the diagonal has at least the share
 * (s_i + lambda) / (1 + s_i + lambda) of M on light rows, however close to the solution; what would have less is heavy.
 * A hundredth of the residual is left, in the norm of P^-1: steps are no worse for it (docs/mathematics.md, 9.5).
 *
 * Source: Hestenes, Stiefel, Journal of Research of the NBS 49 (1952). */
#include "newton_matrix.h"

#include "../linalg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1024, MOST_HEAVY = 5000, MOST_STEPS = 300, TYPICAL_STEPS = 100 };
#define HEAVY 0.1 /* F_ii / d_i */
#define ACCURACY 1e-2

struct dw_newton_conjugate {
  int64_t m, r;
  dw_curvature at;
  double *d, *diagonal;                                /* d_i; F_ii + d_i; m each, as the next five */
  double *x, *residual, *direction, *product, *scaled; /* the solution; M times the direction; P^-1 residual */
  double *moment, *block;                              /* r x r; 2 x BLOCK x r */
  int64_t *heavy, most, count;
  double *rows, *spike, *part; /* of the heavy rows: most x r, spikes x most, most */
  dw_newton_rows *matrix;      /* M_hh */
};

static int64_t most_heavy(double m) { return (int64_t)fmin(MOST_HEAVY, ceil(m / 4)); }

double dw_newton_conjugate_numbers(double m, double r, int64_t spikes) {
  double most = (double)most_heavy(m);
  return 7 * m + r * r + 2 * BLOCK * r + most * (r + (double)spikes + 2) + dw_newton_rows_numbers(most, r);
}

double dw_newton_conjugate_operations(double m, double r, int64_t products) {
  return TYPICAL_STEPS * 4 * m * r * r + dw_newton_rows_operations((double)most_heavy(m), r, products);
}

/* ---- M ---- */

/* moment = Gamma o S. */
static void find_moment(dw_newton_conjugate *s, const double *x) {
  const int64_t m = s->m, r = s->r;
  memset(s->moment, 0, (size_t)(r * r) * sizeof *s->moment);
  for (int64_t first = 0; first < m; first += BLOCK) {
    const int64_t rows = dw_min(BLOCK, m - first);
    dw_add_weighted_products(s->moment, x + first, s->at.y + first * r, rows, r, s->block);
  }
  for (int64_t k = 0; k < r * r; k++) {
    s->moment[k] *= s->at.gamma[k];
  }
}

/* out += the quadratic forms of a symmetric r x r matrix; of the squares of rows where `squared`. */
static void add_forms(dw_newton_conjugate *s, const double *matrix, bool squared, double *out) {
  const int64_t m = s->m, r = s->r;
  for (int64_t first = 0; first < m; first += BLOCK) {
    const int64_t rows = dw_min(BLOCK, m - first);
    const double *y = s->at.y + first * r;
    for (int64_t k = 0; squared && k < rows * r; k++) {
      s->block[k] = y[k] * y[k];
    }
    dw_add_forms(out + first, matrix, squared ? s->block : y, rows, r, s->block + BLOCK * r);
  }
}

static void multiply(dw_newton_conjugate *s, const double *x, double *out) {
  const int64_t m = s->m;
  for (int64_t i = 0; i < m; i++) {
    out[i] = s->d[i] * x[i];
  }
  find_moment(s, x);
  add_forms(s, s->moment, false, out);
  for (int64_t t = 0; t < s->at.spikes; t++) {
    const double *spike = s->at.spike + t * m;
    const double along = dw_dot(spike, x, m);
    for (int64_t i = 0; i < m; i++) {
      out[i] += along * spike[i];
    }
  }
}

/* ---- P ---- */

static void find_diagonal(dw_newton_conjugate *s) {
  const int64_t m = s->m;
  memcpy(s->diagonal, s->d, (size_t)m * sizeof *s->d);
  add_forms(s, s->at.gamma, true, s->diagonal);
  for (int64_t k = 0; k < s->at.spikes * m; k++) {
    s->diagonal[k % m] += s->at.spike[k] * s->at.spike[k];
  }
}

static int falling(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

static void find_heavy(dw_newton_conjugate *s) {
  const double *ratio = s->residual;
  double *sorted = s->x, least = 1 + HEAVY;
  int64_t candidates = 0;
  for (int64_t i = 0; i < s->m; i++) {
    s->residual[i] = s->diagonal[i] / s->d[i];
    sorted[candidates] = ratio[i];
    candidates += ratio[i] > least;
  }
  if (candidates > s->most) {
    qsort(sorted, (size_t)candidates, sizeof *sorted, falling);
    least = sorted[s->most];
  }
  s->count = 0;
  for (int64_t i = 0; i < s->m; i++) {
    if (ratio[i] > least) {
      s->heavy[s->count++] = i;
    }
  }
}

static bool factor_heavy(dw_newton_conjugate *s) {
  dw_curvature part = s->at;
  for (int64_t h = 0; h < s->count; h++) {
    const int64_t i = s->heavy[h];
    memcpy(s->rows + h * s->r, s->at.y + i * s->r, (size_t)s->r * sizeof *s->rows);
    s->part[h] = s->d[i];
    for (int64_t t = 0; t < s->at.spikes; t++) {
      s->spike[t * s->count + h] = s->at.spike[t * s->m + i];
    }
  }
  part.y = s->rows;
  part.spike = s->spike;
  dw_newton_rows_resize(s->matrix, s->count);
  return s->count == 0 || dw_newton_rows_factor(s->matrix, part, s->part);
}

bool dw_newton_conjugate_factor(dw_newton_conjugate *s, dw_curvature curvature, const double *d) {
  s->at = curvature;
  memcpy(s->d, d, (size_t)s->m * sizeof *d);
  find_diagonal(s);
  find_heavy(s);
  return factor_heavy(s);
}

/* scaled = P^-1 residual; its product with the residual. */
static double precondition(dw_newton_conjugate *s) {
  for (int64_t i = 0; i < s->m; i++) {
    s->scaled[i] = s->residual[i] / s->diagonal[i];
  }
  for (int64_t h = 0; h < s->count; h++) {
    s->part[h] = s->residual[s->heavy[h]];
  }
  if (s->count > 0) {
    dw_newton_rows_solve(s->matrix, s->part, 1);
  }
  for (int64_t h = 0; h < s->count; h++) {
    s->scaled[s->heavy[h]] = s->part[h];
  }
  return dw_dot(s->residual, s->scaled, s->m);
}

/* ---- conjugate gradients ---- */

void dw_newton_conjugate_solve(dw_newton_conjugate *s, double *b) {
  const int64_t m = s->m;
  memset(s->x, 0, (size_t)m * sizeof *s->x);
  memcpy(s->residual, b, (size_t)m * sizeof *b);
  double size = precondition(s), enough = ACCURACY * ACCURACY * size;
  memcpy(s->direction, s->scaled, (size_t)m * sizeof *b);
  for (int step = 0; step < MOST_STEPS && size > enough; step++) {
    multiply(s, s->direction, s->product);
    const double length = size / dw_dot(s->direction, s->product, m), before = size;
    for (int64_t i = 0; i < m; i++) {
      s->x[i] += length * s->direction[i];
      s->residual[i] -= length * s->product[i];
    }
    size = precondition(s);
    for (int64_t i = 0; i < m; i++) {
      s->direction[i] = s->scaled[i] + size / before * s->direction[i];
    }
  }
  memcpy(b, s->x, (size_t)m * sizeof *b);
}

/* ---- room ---- */

divw_status dw_newton_conjugate_create(dw_newton_conjugate **out, int64_t m, int64_t r, int64_t spikes) {
  divw_status status;
  dw_newton_conjugate *s = NULL;
  DW_TRY(dw_alloc_zero(&s, 1, sizeof *s));
  s->m = m;
  s->r = r;
  s->most = most_heavy((double)m);
  DW_TRY(dw_alloc(&s->d, 7 * m + (r + 2 * (int64_t)BLOCK) * r, sizeof *s->d));
  DW_TRY(dw_alloc(&s->heavy, s->most, sizeof *s->heavy));
  DW_TRY(dw_alloc(&s->rows, s->most * (r + spikes + 1), sizeof *s->rows));
  DW_TRY(dw_newton_rows_create(&s->matrix, s->most, r));
  s->diagonal = s->d + m;
  s->x = s->diagonal + m;
  s->residual = s->x + m;
  s->direction = s->residual + m;
  s->product = s->direction + m;
  s->scaled = s->product + m;
  s->moment = s->scaled + m;
  s->block = s->moment + r * r;
  s->spike = s->rows + s->most * r;
  s->part = s->spike + s->most * spikes;
  *out = s;
  return DIVW_OK;
fail:
  dw_newton_conjugate_destroy(s);
  return status;
}

void dw_newton_conjugate_destroy(dw_newton_conjugate *s) {
  if (s != NULL) {
    dw_newton_rows_destroy(s->matrix);
    divw_free(s->rows);
    divw_free(s->heavy);
    divw_free(s->d);
  }
  divw_free(s);
}
