/* Newton's matrix M = F + diag(d), on the side of the rows (m <= 2 N): M itself and its Cholesky factor. With
 * Gamma = sum_t (a_t b_t^T + b_t a_t^T) / 2
 *
 *     F = sum_t (Y diag(a_t) Y^T) o (Y diag(b_t) Y^T),
 *
 * which is m^2 r operations for each Gram matrix in place of the m^2 N of A A^T. They are made in panels of rows, right
 * of the diagonal only. With more rows: newton_features.c. */
#include "newton_matrix.h"

#include "../linalg.h"

#include <math.h>
#include <string.h>

enum { PANEL = 64, SLICE = 512 };

struct dw_newton_matrix {
  int64_t m, r;
  dw_curvature at;
  double *matrix;               /* m x m */
  double *weights;              /* of the columns of A */
  double *room;                 /* a slice of A; or two panels and a scaled block */
  dw_newton_features *features; /* in place of all that; NULL: not */
};

static double pairs_of(double r) { return r * (r + 1) / 2; }

/* Where both sides take about as many operations, the rows' take less memory. */
bool dw_newton_matrix_is_by_features(double m, double r) { return m > 2 * pairs_of(r); }

static double room_numbers(double m, double r) { return fmax(m * fmax(SLICE, r), PANEL * (2 * m + r)); }

double dw_newton_matrix_numbers(double m, double r, int64_t spikes) {
  return dw_newton_matrix_is_by_features(m, r) ? dw_newton_features_numbers(m, r, pairs_of(r) + (double)spikes)
                                               : m * m + pairs_of(r) + room_numbers(m, r);
}

/* Whether products of Gram matrices are faster than A A^T. They add up and are no syrk, which costs a half more. */
static bool are_products_faster(double r, int64_t products) {
  return products > 0 && 1.5 * (double)products < (r + 1) / 2;
}

double dw_newton_matrix_operations(double m, double r, int64_t products) {
  double fill = are_products_faster(r, products) ? 1.5 * (double)products * r : pairs_of(r);
  return dw_newton_matrix_is_by_features(m, r) ? dw_newton_features_operations(m, pairs_of(r)) : m * m * (fill + m / 3);
}

/* ---- A ---- */

void dw_curvature_weights(const dw_curvature *curvature, int64_t r, double *weights) {
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = k; l < r; l++) {
      *weights++ = sqrt((k == l ? 1 : 2) * curvature->gamma[k * r + l]);
    }
  }
}

int64_t dw_curvature_fill(const dw_curvature *curvature, int64_t r, const double *weights, int64_t i, int64_t first,
                          int64_t end, double factor, double *out) {
  const double *y = curvature->y + i * r;
  int64_t count = 0;
  weights += first * r - first * (first - 1) / 2;
  for (int64_t k = first; k < end; k++) {
    double at_k = factor * y[k];
    for (int64_t l = k; l < r; l++, count++) {
      out[count] = weights[count] * at_k * y[l];
    }
  }
  return count;
}

static void add_slices(dw_newton_matrix *s) {
  int64_t most = dw_max(SLICE, s->r);
  dw_curvature_weights(&s->at, s->r, s->weights);
  for (int64_t first = 0, end; first < s->r; first = end) {
    int64_t count = 0;
    for (end = first; end < s->r && count + s->r - end <= most; end++) {
      count += s->r - end;
    }
    for (int64_t i = 0; i < s->m; i++) {
      dw_curvature_fill(&s->at, s->r, s->weights, i, first, end, 1, s->room + i * count);
    }
    dw_add_outer(s->matrix, s->m, s->room, count);
  }
}

/* ---- products ---- */

static bool is_square(const dw_newton_matrix *s, int64_t t) {
  return memcmp(s->at.a + t * s->r, s->at.b + t * s->r, (size_t)s->r * sizeof *s->at.a) == 0;
}

/* panel = some rows of Y diag(a) Y^T, from the first diagonal entry on. */
static void inner_products(dw_newton_matrix *s, int64_t i, int64_t rows, const double *a, double *panel) {
  int64_t r = s->r;
  double *scaled = s->room + 2 * s->m * PANEL;
  for (int64_t k = 0; k < rows * r; k++) {
    scaled[k] = a[k % r] * s->at.y[i * r + k];
  }
  dw_row_products(panel, s->m - i, scaled, rows, s->at.y + i * r, s->m - i, r);
}

static void add_products(dw_newton_matrix *s) {
  double *panel = s->room, *other = panel + s->m * PANEL;
  for (int64_t i = 0; i < s->m; i += PANEL) {
    int64_t rows = dw_min(PANEL, s->m - i), width = s->m - i;
    for (int64_t t = 0; t < s->at.terms; t++) {
      const double *second = is_square(s, t) ? panel : other;
      inner_products(s, i, rows, s->at.a + t * s->r, panel);
      if (second == other) {
        inner_products(s, i, rows, s->at.b + t * s->r, other);
      }
      for (int64_t j = 0; j < rows; j++) {
        double *out = s->matrix + (i + j) * s->m + i;
        for (int64_t k = 0; k < width; k++) {
          out[k] += panel[j * width + k] * second[j * width + k];
        }
      }
    }
  }
}

/* ---- either side ---- */

bool dw_newton_matrix_factor(dw_newton_matrix *s, dw_curvature curvature, const double *d) {
  int64_t m = s->m, products = 0;
  if (s->features != NULL) {
    return dw_newton_features_factor(s->features, curvature, d);
  }
  s->at = curvature;
  memset(s->matrix, 0, (size_t)(m * m) * sizeof *s->matrix);
  for (int64_t t = 0; t < s->at.terms; t++) {
    products += is_square(s, t) ? 1 : 2;
  }
  are_products_faster((double)s->r, products) ? add_products(s) : add_slices(s);
  for (int64_t t = 0; t < s->at.spikes; t++) {
    dw_add_outer(s->matrix, m, s->at.spike + t * m, 1);
  }
  for (int64_t i = 0; i < m; i++) {
    s->matrix[i * (m + 1)] += d[i];
  }
  return dw_cholesky(s->matrix, m);
}

void dw_newton_matrix_solve(dw_newton_matrix *s, double *b, int64_t count) {
  if (s->features == NULL) {
    dw_cholesky_solve(s->matrix, s->m, b, count);
    return;
  }
  for (int64_t c = 0; c < count; c++) {
    dw_newton_features_solve(s->features, b + c * s->m);
  }
}

divw_status dw_newton_matrix_create(dw_newton_matrix **out, int64_t m, int64_t r, int64_t spikes) {
  divw_status status;
  dw_newton_matrix *s = NULL;
  DW_TRY(dw_alloc_zero(&s, 1, sizeof *s));
  s->m = m;
  s->r = r;
  if (dw_newton_matrix_is_by_features((double)m, (double)r)) {
    DW_TRY(dw_newton_features_create(&s->features, m, r, spikes));
  } else {
    DW_TRY(dw_alloc(&s->matrix, m * m, sizeof *s->matrix));
    DW_TRY(dw_alloc(&s->weights, r * (r + 1) / 2, sizeof *s->weights));
    DW_TRY(dw_alloc(&s->room, (int64_t)room_numbers((double)m, (double)r), sizeof *s->room));
  }
  *out = s;
  return DIVW_OK;
fail:
  dw_newton_matrix_destroy(s);
  return status;
}

void dw_newton_matrix_destroy(dw_newton_matrix *s) {
  if (s != NULL) {
    dw_newton_features_destroy(s->features);
    divw_free(s->room);
    divw_free(s->weights);
    divw_free(s->matrix);
  }
  divw_free(s);
}
