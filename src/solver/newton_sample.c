/* Newton's matrix M = F + diag(d), F = A A^T, of order inf and large ones where both of its sides are too large to
 * factor: conjugate gradients on the side of the features, preconditioned by some thousand rows.
 *
 * At order inf nearly all rows are heavy, and conjugate gradients on p have nothing to stand on (newton_conjugate.c).
 * On the other side (newton_features.c) the equations are
 *
 *     C z = A^T (b / d),   C = I + sum_i a_i a_i^T / d_i,   x = (b - A z) / d,
 *
 * z here a symmetric r x r matrix and a number for each spike, and C z costs quadratic forms and a moment of rows, 4 m
 * r^2. Rows are many and alike, so a sample of them stands for all: row i is in it with probability pi_i = min(1, c
 * l_i), l_i = a_i^T diag(C)^-1 a_i / d_i its share of the trace, and then counts 1 / pi_i times,
 *
 *     P = I + e diag(sum over light i of a_i a_i^T / d_i) + sum over heavy h of a_h a_h^T / d_h
 *           + (1 - e) sum over sampled j of a_j a_j^T / (pi_j d_j) .
 *
 * Heavy rows, pi = 1, are not eliminated, or C would lose its digits: x_h is a variable beside z, with the equation d_h
 * x_h + A_h z = b_h, which holds in P as in C, so that the residual is one of z alone. P^-1 is Woodbury's formula with
 * the matrix of heavy and sampled rows, diag(d) + A diag(I + e ...)^-1 A^T, which newton_rows.c factors. The sample is
 * the same in every run: every row adds its pi, and where the sum passes a whole number it is taken.
 *
 * What is missing of x is -M^-1 A res, res the residual of z; in the norm of M that is at most |res|, since A^T M^-1 A
 * = I - C^-1. So the iteration ends at |res|^2 <= ACCURACY^2 b.x, b.x being the square of the norm of x.
 *
 * Sources: projected conjugate gradients, Gould, Hribar, Nocedal, SIAM J. Sci. Comput. 23 (2001); samples by such
 * shares as preconditioners: Cohen et al., ITCS 2015, arXiv 1408.5099. */
#include "newton_matrix.h"

#include "../linalg.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 1024, MOST_ROWS = 2500, MOST_STEPS = 300, TYPICAL_STEPS = 60 };
#define ACCURACY 1e-2
#define LARGEST_FACTOR 100 /* c: rows with less than a hundredth of a unit of the trace are not all sampled */
#define EVEN_SHARE 0.005   /* e */

struct dw_newton_sample {
  int64_t m, r, length;                                                  /* of z: r^2 and the spikes */
  dw_curvature at, part;                                                 /* of all rows; of the sample */
  double *d, *scale, *x;                                                 /* m: 1 / d, 0 on heavy rows; room */
  double *root, *gamma, *moment, *block;                                 /* r x r: sqrt of Gamma; of P; 2 BLOCK x r */
  double *divisor, *right, *z, *residual, *direction, *product, *scaled; /* length each */
  /* the sample: row numbers, 1 / pi (1 - e) of those that are not heavy, A; x_h and its parts of the vectors above */
  int64_t *row, most, count;
  double *share, *rows, *spike, *x_part, *direction_part, *scaled_part, *right_part;
  dw_newton_rows *matrix;
};

static int64_t most_rows(double m) { return (int64_t)fmin(MOST_ROWS, ceil(m / 4)); }

static double length_of(double r, int64_t spikes) { return r * r + (double)spikes; }

double dw_newton_sample_numbers(double m, double r, int64_t spikes) {
  const double most = (double)most_rows(m);
  return 3 * m + 3 * r * r + 2 * BLOCK * r + 7 * length_of(r, spikes) + most * (r + 2 * (double)spikes + 6) +
         dw_newton_rows_numbers(most, r);
}

double dw_newton_sample_operations(double m, double r) {
  return TYPICAL_STEPS * 4 * m * r * r + dw_newton_rows_operations((double)most_rows(m), r, 0);
}

/* ---- A ---- */

/* z += A^T x. */
static void gather(dw_newton_sample *s, const dw_curvature *at, int64_t m, const double *x, double *z) {
  const int64_t r = s->r;
  memset(s->moment, 0, (size_t)(r * r) * sizeof *s->moment);
  for (int64_t first = 0; first < m; first += BLOCK) {
    dw_add_weighted_products(s->moment, x + first, at->y + first * r, dw_min(BLOCK, m - first), r, s->block);
  }
  for (int64_t k = 0; k < r * r; k++) {
    z[k] += s->root[k] * s->moment[k];
  }
  for (int64_t t = 0; t < at->spikes; t++) {
    z[r * r + t] += dw_dot(at->spike + t * m, x, m);
  }
}

/* x += A z. */
static void spread(dw_newton_sample *s, const dw_curvature *at, int64_t m, const double *z, double *x) {
  const int64_t r = s->r;
  for (int64_t k = 0; k < r * r; k++) {
    s->moment[k] = s->root[k] * z[k];
  }
  for (int64_t first = 0; first < m; first += BLOCK) {
    dw_add_forms(x + first, s->moment, at->y + first * r, dw_min(BLOCK, m - first), r, s->block);
  }
  for (int64_t k = 0; k < at->spikes * m; k++) {
    x[k % m] += z[r * r + k / m] * at->spike[k];
  }
}

/* Squares of y, some rows of them. */
static const double *squares(dw_newton_sample *s, int64_t first, int64_t rows) {
  double *out = s->block + BLOCK * s->r;
  for (int64_t k = 0; k < rows * s->r; k++) {
    out[k] = s->at.y[first * s->r + k] * s->at.y[first * s->r + k];
  }
  return out;
}

/* I + share diag(sum_i scale_i a_i a_i^T), and Gamma divided by it. */
static void find_divisor(dw_newton_sample *s, double share) {
  const int64_t r = s->r, m = s->m;
  memset(s->moment, 0, (size_t)(r * r) * sizeof *s->moment);
  for (int64_t first = 0; first < m; first += BLOCK) {
    const int64_t rows = dw_min(BLOCK, m - first);
    dw_add_weighted_products(s->moment, s->scale + first, squares(s, first, rows), rows, r, s->block);
  }
  for (int64_t k = 0; k < r * r; k++) {
    s->divisor[k] = 1 + share * (k % (r + 1) == 0 ? 1 : 2) * s->at.gamma[k] * s->moment[k];
    s->gamma[k] = s->at.gamma[k] / s->divisor[k];
  }
  for (int64_t t = 0; t < s->at.spikes; t++) {
    const double *spike = s->at.spike + t * m;
    double sum = 0;
    for (int64_t i = 0; i < m; i++) {
      sum += s->scale[i] * spike[i] * spike[i];
    }
    s->divisor[r * r + t] = 1 + share * sum;
  }
}

/* ---- the sample ---- */

/* x_i = a_i^T diag(C)^-1 a_i / d_i. */
static void find_shares(dw_newton_sample *s) {
  const int64_t m = s->m;
  for (int64_t i = 0; i < m; i++) {
    s->scale[i] = 1 / s->d[i];
  }
  find_divisor(s, 1);
  memset(s->x, 0, (size_t)m * sizeof *s->x);
  for (int64_t first = 0; first < m; first += BLOCK) {
    const int64_t rows = dw_min(BLOCK, m - first);
    dw_add_forms(s->x + first, s->gamma, squares(s, first, rows), rows, s->r, s->block);
  }
  for (int64_t k = 0; k < s->at.spikes * m; k++) {
    s->x[k % m] += s->at.spike[k] * s->at.spike[k] / s->divisor[s->r * s->r + k / m];
  }
  for (int64_t i = 0; i < m; i++) {
    s->x[i] *= s->scale[i];
  }
}

/* c, with which as many rows are expected as there is room for. */
static double find_factor(const dw_newton_sample *s) {
  double c = LARGEST_FACTOR;
  for (int round = 0; round < 50; round++) {
    double expected = 0;
    for (int64_t i = 0; i < s->m; i++) {
      expected += fmin(1, c * s->x[i]);
    }
    c = expected > 0 ? fmin(LARGEST_FACTOR, c * (double)s->most / expected) : c;
  }
  return c;
}

static void draw(dw_newton_sample *s) {
  double sum = 0.5;
  find_shares(s);
  const double c = find_factor(s);
  s->count = 0;
  for (int64_t i = 0; i < s->m && s->count < s->most; i++) {
    const double pi = c * s->x[i];
    sum += fmin(pi, 1);
    if (pi >= 1 || sum >= 1) {
      sum -= 1;
      s->row[s->count] = i;
      s->share[s->count++] = pi >= 1 ? 1 : pi / (1 - EVEN_SHARE);
      s->scale[i] = pi >= 1 ? 0 : s->scale[i];
    }
  }
  find_divisor(s, EVEN_SHARE);
}

static bool is_heavy(const dw_newton_sample *s, int64_t k) { return s->scale[s->row[k]] == 0; }

bool dw_newton_sample_factor(dw_newton_sample *s, dw_curvature curvature, const double *d) {
  const int64_t r = s->r;
  s->at = curvature;
  memcpy(s->d, d, (size_t)s->m * sizeof *d);
  for (int64_t k = 0; k < r * r; k++) {
    s->root[k] = sqrt(curvature.gamma[k]);
  }
  draw(s);
  s->part = (dw_curvature){.y = s->rows, .gamma = s->gamma, .spike = s->spike, .spikes = curvature.spikes};
  dw_curvature divided = s->part;
  double *spike = s->spike + s->count * curvature.spikes;
  divided.spike = spike;
  for (int64_t k = 0; k < s->count; k++) {
    const int64_t i = s->row[k];
    memcpy(s->rows + k * r, curvature.y + i * r, (size_t)r * sizeof *s->rows);
    s->x_part[k] = d[i] * s->share[k];
    for (int64_t t = 0; t < curvature.spikes; t++) {
      s->spike[t * s->count + k] = curvature.spike[t * s->m + i];
      spike[t * s->count + k] = curvature.spike[t * s->m + i] / sqrt(s->divisor[r * r + t]);
    }
  }
  dw_newton_rows_resize(s->matrix, s->count);
  return s->count == 0 || dw_newton_rows_factor(s->matrix, divided, s->x_part);
}

/* ---- conjugate gradients ---- */

/* P (out, out_part) = (in, part), on heavy rows; part NULL: 0. */
static void precondition(dw_newton_sample *s, const double *in, const double *part, double *out, double *out_part) {
  for (int64_t k = 0; k < s->length; k++) {
    out[k] = -in[k] / s->divisor[k];
  }
  for (int64_t k = 0; k < s->count; k++) {
    out_part[k] = part == NULL ? 0 : part[k];
  }
  spread(s, &s->part, s->count, out, out_part);
  if (s->count > 0) {
    dw_newton_rows_solve(s->matrix, out_part, 1);
  }
  memcpy(out, in, (size_t)s->length * sizeof *out);
  gather(s, &s->part, s->count, out_part, out);
  for (int64_t k = 0; k < s->length; k++) {
    out[k] /= s->divisor[k];
  }
}

/* out = C z without its heavy rows, less A_h^T x_h. */
static void multiply(dw_newton_sample *s, const double *z, const double *part, double *out) {
  memset(s->x, 0, (size_t)s->m * sizeof *s->x);
  spread(s, &s->at, s->m, z, s->x);
  for (int64_t i = 0; i < s->m; i++) {
    s->x[i] *= s->scale[i];
  }
  for (int64_t k = 0; k < s->count; k++) {
    s->x[s->row[k]] = is_heavy(s, k) ? -part[k] : s->x[s->row[k]];
  }
  memcpy(out, z, (size_t)s->length * sizeof *out);
  gather(s, &s->at, s->m, s->x, out);
}

/* Right-hand sides; the sum of squares b^2 / d of rows that are not heavy. */
static double start(dw_newton_sample *s, const double *b) {
  for (int64_t i = 0; i < s->m; i++) {
    s->x[i] = b[i] * s->scale[i];
  }
  const double known = dw_dot(s->x, b, s->m);
  memset(s->right, 0, (size_t)s->length * sizeof *s->right);
  gather(s, &s->at, s->m, s->x, s->right);
  for (int64_t k = 0; k < s->count; k++) {
    s->right_part[k] = is_heavy(s, k) ? b[s->row[k]] : 0;
  }
  precondition(s, s->right, s->right_part, s->z, s->x_part);
  multiply(s, s->z, s->x_part, s->product);
  for (int64_t k = 0; k < s->length; k++) {
    s->residual[k] = s->right[k] - s->product[k];
  }
  return known;
}

static void add(double *y, double factor, const double *x, int64_t count) {
  for (int64_t k = 0; k < count; k++) {
    y[k] += factor * x[k];
  }
}

static void descend(dw_newton_sample *s, double known) {
  double before = INFINITY;
  memset(s->direction, 0, (size_t)s->length * sizeof *s->direction);
  memset(s->direction_part, 0, (size_t)s->most * sizeof *s->direction_part);
  for (int step = 0; step < MOST_STEPS; step++) {
    const double norm = known - dw_dot(s->right, s->z, s->length) + dw_dot(s->right_part, s->x_part, s->count);
    if (!(dw_dot(s->residual, s->residual, s->length) > ACCURACY * ACCURACY * fmax(norm, 0))) {
      return;
    }
    precondition(s, s->residual, NULL, s->scaled, s->scaled_part);
    const double size = dw_dot(s->residual, s->scaled, s->length);
    add(s->scaled, size / before, s->direction, s->length);
    add(s->scaled_part, size / before, s->direction_part, s->count);
    memcpy(s->direction, s->scaled, (size_t)s->length * sizeof *s->direction);
    memcpy(s->direction_part, s->scaled_part, (size_t)s->count * sizeof *s->direction_part);
    multiply(s, s->direction, s->direction_part, s->product);
    const double along = size / dw_dot(s->direction, s->product, s->length);
    add(s->z, along, s->direction, s->length);
    add(s->x_part, along, s->direction_part, s->count);
    add(s->residual, -along, s->product, s->length);
    before = size;
  }
}

void dw_newton_sample_solve(dw_newton_sample *s, double *b) {
  descend(s, start(s, b));
  memset(s->x, 0, (size_t)s->m * sizeof *s->x);
  spread(s, &s->at, s->m, s->z, s->x);
  for (int64_t i = 0; i < s->m; i++) {
    b[i] = (b[i] - s->x[i]) * s->scale[i];
  }
  for (int64_t k = 0; k < s->count; k++) {
    b[s->row[k]] = is_heavy(s, k) ? s->x_part[k] : b[s->row[k]];
  }
}

/* ---- room ---- */

static divw_status make_room(dw_newton_sample *s, int64_t spikes) {
  divw_status status;
  const int64_t m = s->m, r = s->r, most = s->most;
  DW_TRY(dw_alloc(&s->d, 3 * m, sizeof *s->d));
  DW_TRY(dw_alloc(&s->root, (3 * r + 2 * (int64_t)BLOCK) * r, sizeof *s->root));
  DW_TRY(dw_alloc(&s->divisor, 7 * s->length, sizeof *s->divisor));
  DW_TRY(dw_alloc(&s->row, most, sizeof *s->row));
  DW_TRY(dw_alloc(&s->share, most * (r + 2 * spikes + 5), sizeof *s->share));
  DW_TRY(dw_newton_rows_create(&s->matrix, most, r));
  s->scale = s->d + m;
  s->x = s->scale + m;
  s->gamma = s->root + r * r;
  s->moment = s->gamma + r * r;
  s->block = s->moment + r * r;
  double **vectors[] = {&s->right, &s->z, &s->residual, &s->direction, &s->product, &s->scaled};
  for (int64_t k = 0; k < 6; k++) {
    *vectors[k] = s->divisor + (k + 1) * s->length;
  }
  s->x_part = s->share + most;
  s->direction_part = s->x_part + most;
  s->scaled_part = s->direction_part + most;
  s->right_part = s->scaled_part + most;
  s->rows = s->right_part + most;
  s->spike = s->rows + most * r;
fail:
  return status;
}

divw_status dw_newton_sample_create(dw_newton_sample **out, int64_t m, int64_t r, int64_t spikes) {
  divw_status status;
  dw_newton_sample *s = NULL;
  DW_TRY(dw_alloc_zero(&s, 1, sizeof *s));
  s->m = m;
  s->r = r;
  s->length = r * r + spikes;
  s->most = most_rows((double)m);
  DW_TRY(make_room(s, spikes));
  *out = s;
  return DIVW_OK;
fail:
  dw_newton_sample_destroy(s);
  return status;
}

void dw_newton_sample_destroy(dw_newton_sample *s) {
  if (s != NULL) {
    dw_newton_rows_destroy(s->matrix);
    divw_free(s->share);
    divw_free(s->row);
    divw_free(s->divisor);
    divw_free(s->root);
    divw_free(s->d);
  }
  divw_free(s);
}
