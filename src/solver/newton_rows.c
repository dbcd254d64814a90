/* Newton's matrix M = F + diag(d), on the side of the rows: M itself and its Cholesky factor. With
 * Gamma = sum_t (a_t b_t^T + b_t a_t^T) / 2
 *
 *     F = sum_t (Y diag(a_t) Y^T) o (Y diag(b_t) Y^T),
 *
 * which is m^2 r operations for each Gram matrix in place of the m^2 N of A A^T. They are made in panels of rows, right
 * of the diagonal only. */
#include "newton_matrix.h"

#include "../linalg.h"

#include <math.h>
#include <string.h>

enum { PANEL = 64, SLICE = 512 };

struct dw_newton_rows {
  int64_t m, r;
  dw_curvature at;
  double *matrix;  /* m x m */
  double *weights; /* of the columns of A */
  double *room;    /* a slice of A; or two panels and a scaled block */
};

static double pairs_of(double r) { return r * (r + 1) / 2; }

static double room_numbers(double m, double r) { return fmax(m * fmax(SLICE, r), PANEL * (2 * m + r)); }

double dw_newton_rows_numbers(double m, double r) { return m * m + pairs_of(r) + room_numbers(m, r); }

/* Whether products of Gram matrices are faster than A A^T. They add up and are no syrk, which costs a half more. */
static bool are_products_faster(double r, int64_t products) {
  return products > 0 && 1.5 * (double)products < (r + 1) / 2;
}

double dw_newton_rows_operations(double m, double r, int64_t products) {
  double fill = are_products_faster(r, products) ? 1.5 * (double)products * r : pairs_of(r);
  return m * m * (fill + m / 3);
}

/* ---- A ---- */

static void add_slices(dw_newton_rows *s) {
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

static bool is_square(const dw_newton_rows *s, int64_t t) {
  return memcmp(s->at.a + t * s->r, s->at.b + t * s->r, (size_t)s->r * sizeof *s->at.a) == 0;
}

/* panel = some rows of Y diag(a) Y^T, from the first diagonal entry on. */
static void inner_products(dw_newton_rows *s, int64_t i, int64_t rows, const double *a, double *panel) {
  int64_t r = s->r;
  double *scaled = s->room + 2 * s->m * PANEL;
  for (int64_t k = 0; k < rows * r; k++) {
    scaled[k] = a[k % r] * s->at.y[i * r + k];
  }
  dw_row_products(panel, s->m - i, scaled, rows, s->at.y + i * r, s->m - i, r);
}

static void add_products(dw_newton_rows *s) {
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

/* ---- both ---- */

bool dw_newton_rows_factor(dw_newton_rows *s, dw_curvature curvature, const double *d) {
  int64_t m = s->m, products = 0;
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

void dw_newton_rows_solve(dw_newton_rows *s, double *b, int64_t count) { dw_cholesky_solve(s->matrix, s->m, b, count); }

void dw_newton_rows_resize(dw_newton_rows *s, int64_t m) { s->m = m; }

divw_status dw_newton_rows_create(dw_newton_rows **out, int64_t m, int64_t r) {
  divw_status status;
  dw_newton_rows *s = NULL;
  DW_TRY(dw_alloc_zero(&s, 1, sizeof *s));
  s->m = m;
  s->r = r;
  DW_TRY(dw_alloc(&s->matrix, m * m, sizeof *s->matrix));
  DW_TRY(dw_alloc(&s->weights, r * (r + 1) / 2, sizeof *s->weights));
  DW_TRY(dw_alloc(&s->room, (int64_t)room_numbers((double)m, (double)r), sizeof *s->room));
  *out = s;
  return DIVW_OK;
fail:
  dw_newton_rows_destroy(s);
  return status;
}

void dw_newton_rows_destroy(dw_newton_rows *s) {
  if (s != NULL) {
    divw_free(s->room);
    divw_free(s->weights);
    divw_free(s->matrix);
  }
  divw_free(s);
}
