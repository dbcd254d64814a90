/* Newton's matrix M = F + diag(d), F = A A^T, where rows outnumber the N = r (r+1) / 2 columns of A: any number of rows
 * is within reach while r stays below about a hundred.
 *
 * M x = b is  d x + A z = b,  z = A^T x. Eliminating all of x leaves N equations (Woodbury),
 *
 *     C z = A^T (b / d),   C = I + A^T diag(1/d) A,   x = (b - A z) / d,
 *
 * m N^2 operations to form C. Near the solution d of rows with weight is tiny, there are fewer of those than N, and the
 * condition of C is that of |a_i|^2 / d_i, which at order inf grows as the inverse square of the gap: 1e13 at 1e-6. So
 * such heavy rows (index h, at most N) are not eliminated, but what is left after z is:
 *
 *     C = I + A_l^T diag(1/d_l) A_l = U^T U over the others,   V = A_h U^-1,   t = U^-T A_l^T (b_l / d_l),
 *     (diag(d_h) + V V^T) x_h = b_h - V t,   U z = t + V^T x_h,   x_l = (b_l - A_l z) / d_l,
 *
 * where nothing cancels. A is made in blocks and forgotten; A^T x is a moment of rows and A z their quadratic forms,
 * m r^2 each. A step of iterative refinement follows. */
#include "newton_matrix.h"

#include "../linalg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256 };
#define HEAVY 1e3 /* |a_i|^2 / d_i */

struct dw_newton_features {
  int64_t m, r, N;
  dw_curvature at;
  double *C, *V, *M; /* N x N, heavy x N, heavy x heavy: factors of C and of what is left, and V */
  double *weights;   /* of the columns of A */
  double *block;     /* BLOCK x N */
  double *d, *ratio; /* m; |a_i|^2 / d_i, m */
  int64_t *heavy, count;
  double *x, *residual, *t, *z, *x_heavy, *moment; /* m, m, N, N, N, r x r */
};

/* C, V and M; the last two are no larger than C. */
double dw_newton_features_operations(double m, double N) { return m * N * N + 3 * N * N * N; }

double dw_newton_features_numbers(double m, double r, double N) { return 3 * N * N + (BLOCK + 5) * N + 4 * m + r * r; }

/* ---- products with A ---- */

/* Row i of A, times a number. */
static void fill(const dw_newton_features *s, int64_t i, double factor, double *out) {
  int64_t pairs = dw_curvature_fill(&s->at, s->r, s->weights, i, 0, s->r, factor, out);
  for (int64_t t = 0; t < s->at.spikes; t++) {
    out[pairs + t] = factor * s->at.spike[t * s->m + i];
  }
}

/* z = A^T x. */
static void gather(dw_newton_features *s, const double *x, double *z) {
  int64_t m = s->m, r = s->r, at = 0;
  memset(s->moment, 0, (size_t)(r * r) * sizeof *s->moment);
  for (int64_t i = 0; i < m; i += BLOCK) {
    int64_t rows = dw_min(BLOCK, m - i);
    const double *y = s->at.y + i * r;
    for (int64_t k = 0; k < rows * r; k++) {
      s->block[k] = x[i + k / r] * y[k];
    }
    dw_add_products(s->moment, s->block, r, y, r, rows);
  }
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = k; l < r; l++, at++) {
      z[at] = s->weights[at] * s->moment[k * r + l];
    }
  }
  for (int64_t t = 0; t < s->at.spikes; t++) {
    z[at + t] = dw_dot(s->at.spike + t * m, x, m);
  }
}

/* out -= A z. */
static void subtract(dw_newton_features *s, const double *z, double *out) {
  int64_t m = s->m, r = s->r, at = 0;
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = k; l < r; l++, at++) {
      s->moment[k * r + l] = s->moment[l * r + k] = s->weights[at] * z[at] * (k == l ? 1 : 0.5);
    }
  }
  for (int64_t i = 0; i < m; i += BLOCK) {
    int64_t rows = dw_min(BLOCK, m - i);
    const double *y = s->at.y + i * r;
    dw_row_products(s->block, r, y, rows, s->moment, r, r);
    for (int64_t j = 0; j < rows; j++) {
      out[i + j] -= dw_dot(s->block + j * r, y + j * r, r);
    }
  }
  for (int64_t t = 0; t < s->at.spikes; t++) {
    for (int64_t i = 0; i < m; i++) {
      out[i] -= z[at + t] * s->at.spike[t * m + i];
    }
  }
}

/* ---- factorisation ---- */

static int falling(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

/* The rows with the largest |a_i|^2 / d_i, in order. */
static void find_heavy(dw_newton_features *s) {
  double least = HEAVY;
  int64_t candidates = 0;
  for (int64_t i = 0; i < s->m; i++) {
    fill(s, i, 1, s->block);
    s->ratio[i] = dw_dot(s->block, s->block, s->N) / s->d[i];
    if (s->ratio[i] > HEAVY) {
      s->x[candidates++] = s->ratio[i];
    }
  }
  if (candidates > s->N) {
    qsort(s->x, (size_t)candidates, sizeof *s->x, falling);
    least = s->x[s->N];
  }
  s->count = 0;
  for (int64_t i = 0; i < s->m; i++) {
    if (s->ratio[i] > least) {
      s->heavy[s->count++] = i;
    }
  }
}

/* C = I + A_l^T diag(1/d_l) A_l, and the rows of A that are not in it. */
static void fill_C(dw_newton_features *s) {
  int64_t N = s->N, filled = 0, heavy = 0;
  memset(s->C, 0, (size_t)(N * N) * sizeof *s->C);
  for (int64_t i = 0; i < s->m; i++) {
    if (heavy < s->count && s->heavy[heavy] == i) {
      fill(s, i, 1, s->V + N * heavy++);
    } else {
      fill(s, i, 1 / sqrt(s->d[i]), s->block + N * filled++);
    }
    if (filled == BLOCK || i == s->m - 1) {
      dw_add_gram(s->C, N, s->block, filled);
      filled = 0;
    }
  }
  for (int64_t k = 0; k < N; k++) {
    s->C[k * (N + 1)] += 1;
  }
}

bool dw_newton_features_factor(dw_newton_features *s, dw_curvature curvature, const double *d) {
  s->at = curvature;
  memcpy(s->d, d, (size_t)s->m * sizeof *d);
  dw_curvature_weights(&s->at, s->r, s->weights);
  find_heavy(s);
  fill_C(s);
  if (!dw_cholesky(s->C, s->N)) {
    return false;
  }
  if (s->count == 0) {
    return true;
  }
  dw_divide_rows(s->V, s->count, s->C, s->N);
  memset(s->M, 0, (size_t)(s->count * s->count) * sizeof *s->M);
  dw_add_outer(s->M, s->count, s->V, s->N);
  for (int64_t h = 0; h < s->count; h++) {
    s->M[h * (s->count + 1)] += s->d[s->heavy[h]];
  }
  return dw_cholesky(s->M, s->count);
}

/* ---- solution ---- */

/* x_h from t, and t + V^T x_h into z. */
static void solve_heavy(dw_newton_features *s, const double *b) {
  dw_row_products(s->x_heavy, s->count, s->t, 1, s->V, s->count, s->N);
  for (int64_t h = 0; h < s->count; h++) {
    s->x_heavy[h] = b[s->heavy[h]] - s->x_heavy[h];
  }
  dw_cholesky_solve(s->M, s->count, s->x_heavy, 1);
  dw_add_products(s->z, s->V, s->N, s->x_heavy, 1, s->count);
}

/* x += the solution for b. */
static void add_solution(dw_newton_features *s, const double *b, double *x) {
  const int64_t count = s->count, N = s->N;
  for (int64_t i = 0; i < s->m; i++) {
    s->x[i] = b[i] / s->d[i];
  }
  for (int64_t h = 0; h < count; h++) {
    s->x[s->heavy[h]] = 0;
  }
  gather(s, s->x, s->t);
  dw_divide_rows(s->t, 1, s->C, N);
  memcpy(s->z, s->t, (size_t)N * sizeof *s->z);
  if (count > 0) {
    solve_heavy(s, b);
  }
  dw_divide(s->z, s->C, N);
  memcpy(s->x, b, (size_t)s->m * sizeof *b);
  subtract(s, s->z, s->x);
  for (int64_t i = 0; i < s->m; i++) {
    s->x[i] /= s->d[i];
  }
  for (int64_t h = 0; h < count; h++) {
    s->x[s->heavy[h]] = s->x_heavy[h];
  }
  for (int64_t i = 0; i < s->m; i++) {
    x[i] += s->x[i];
  }
}

void dw_newton_features_solve(dw_newton_features *s, double *b) {
  int64_t m = s->m;
  double *x = s->ratio; /* not wanted any more */
  memset(x, 0, (size_t)m * sizeof *x);
  memcpy(s->residual, b, (size_t)m * sizeof *b);
  add_solution(s, s->residual, x);
  for (int64_t i = 0; i < m; i++) {
    s->residual[i] -= s->d[i] * x[i];
  }
  gather(s, x, s->z);
  subtract(s, s->z, s->residual);
  add_solution(s, s->residual, x);
  memcpy(b, x, (size_t)m * sizeof *b);
}

/* ---- room ---- */

divw_status dw_newton_features_create(dw_newton_features **out, int64_t m, int64_t r, int64_t spikes) {
  divw_status status;
  int64_t N = r * (r + 1) / 2 + spikes;
  dw_newton_features *s = NULL;
  DW_TRY(dw_alloc_zero(&s, 1, sizeof *s));
  s->m = m;
  s->r = r;
  s->N = N;
  DW_TRY(dw_alloc(&s->C, 3 * N * N, sizeof *s->C));
  DW_TRY(dw_alloc(&s->block, BLOCK * N, sizeof *s->block));
  DW_TRY(dw_alloc(&s->heavy, N, sizeof *s->heavy));
  DW_TRY(dw_alloc(&s->d, 4 * m + 4 * N + r * r, sizeof *s->d));
  s->V = s->C + N * N;
  s->M = s->V + N * N;
  s->ratio = s->d + m;
  s->x = s->ratio + m;
  s->residual = s->x + m;
  s->weights = s->residual + m;
  s->t = s->weights + N;
  s->z = s->t + N;
  s->x_heavy = s->z + N;
  s->moment = s->x_heavy + N;
  *out = s;
  return DIVW_OK;
fail:
  dw_newton_features_destroy(s);
  return status;
}

void dw_newton_features_destroy(dw_newton_features *s) {
  if (s != NULL) {
    divw_free(s->d);
    divw_free(s->heavy);
    divw_free(s->block);
    divw_free(s->C);
  }
  divw_free(s);
}
