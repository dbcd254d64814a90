/* Newton's matrix by the side that takes the fewest operations: rows (newton_rows.c), features (newton_features.c), or
 * neither, by conjugate gradients: on p up to order 2 (newton_conjugate.c), on z where the dual state is
 * a variable (newton_sample.c). */
#include "newton_matrix.h"

#include "divided.h"
#include "interior.h"

#include <math.h>

/* Rows up to which a factorisation is worth being exact for; and of which there is one at all. */
enum { FEW_ROWS = 2500, MOST_ROWS = 10000 };
#define MOST_ORDER 2               /* for conjugate gradients on p: what F is against diag(1/p) grows with the order */
#define LONGEST_FACTORISATION 2e12 /* operations above which those on z, which need more iterations, take its place */

struct dw_newton_matrix {
  int64_t m;
  dw_newton_rows *rows; /* one of the four */
  dw_newton_features *features;
  dw_newton_conjugate *conjugate;
  dw_newton_sample *sample;
};

static double pairs_of(double r) { return r * (r + 1) / 2; }

/* How many different a_t and b_t a curvature has (newton_matrix.h); 0: it has no such form. */
static int64_t products_of(double order) {
  return isinf(order) ? 2 : dw_interior_is_dual(order) ? 0 : dw_divided_products(order);
}

/* Where two take about as many operations, the rows' side takes less memory than the features' and is exact. */
dw_newton_side dw_newton_side_of(double m, double r, double order) {
  if (dw_interior_is_dual(order) && m > MOST_ROWS) {
    const bool factors = m > 2 * pairs_of(r) && dw_newton_features_operations(m, pairs_of(r)) <= LONGEST_FACTORISATION;
    return factors ? DW_BY_FEATURES : DW_BY_SAMPLE;
  }
  const bool few = m <= FEW_ROWS || order > MOST_ORDER;
  const double gradients = few ? INFINITY : dw_newton_conjugate_operations(m, r, products_of(order));
  if (m > 2 * pairs_of(r) && dw_newton_features_operations(m, pairs_of(r)) <= gradients) {
    return DW_BY_FEATURES;
  }
  const bool fits = m <= MOST_ROWS || order > MOST_ORDER;
  return fits && dw_newton_rows_operations(m, r, products_of(order)) <= gradients ? DW_BY_ROWS : DW_BY_GRADIENTS;
}

double dw_newton_matrix_numbers(double m, double r, int64_t spikes, double order) {
  switch (dw_newton_side_of(m, r, order)) {
  case DW_BY_ROWS: return dw_newton_rows_numbers(m, r);
  case DW_BY_FEATURES: return dw_newton_features_numbers(m, r, pairs_of(r) + (double)spikes);
  case DW_BY_SAMPLE: return dw_newton_sample_numbers(m, r, spikes);
  case DW_BY_GRADIENTS: break;
  }
  return dw_newton_conjugate_numbers(m, r, spikes);
}

double dw_newton_matrix_operations(double m, double r, double order) {
  switch (dw_newton_side_of(m, r, order)) {
  case DW_BY_ROWS: return m <= MOST_ROWS ? dw_newton_rows_operations(m, r, products_of(order)) : INFINITY;
  case DW_BY_FEATURES: return dw_newton_features_operations(m, pairs_of(r));
  case DW_BY_SAMPLE: return dw_newton_sample_operations(m, r);
  case DW_BY_GRADIENTS: break;
  }
  return dw_newton_conjugate_operations(m, r, products_of(order));
}

/* ---- columns of A ---- */

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

/* ---- the side ---- */

bool dw_newton_matrix_factor(dw_newton_matrix *s, dw_curvature curvature, const double *d) {
  return s->rows != NULL       ? dw_newton_rows_factor(s->rows, curvature, d)
         : s->features != NULL ? dw_newton_features_factor(s->features, curvature, d)
         : s->sample != NULL   ? dw_newton_sample_factor(s->sample, curvature, d)
                               : dw_newton_conjugate_factor(s->conjugate, curvature, d);
}

void dw_newton_matrix_solve(dw_newton_matrix *s, double *b, int64_t count) {
  if (s->rows != NULL) {
    dw_newton_rows_solve(s->rows, b, count);
    return;
  }
  for (int64_t c = 0; c < count; c++) {
    double *x = b + c * s->m;
    s->features != NULL ? dw_newton_features_solve(s->features, x)
    : s->sample != NULL ? dw_newton_sample_solve(s->sample, x)
                        : dw_newton_conjugate_solve(s->conjugate, x);
  }
}

divw_status dw_newton_matrix_create(dw_newton_matrix **out, int64_t m, int64_t r, int64_t spikes, double order) {
  divw_status status;
  dw_newton_matrix *s = NULL;
  DW_TRY(dw_alloc_zero(&s, 1, sizeof *s));
  s->m = m;
  switch (dw_newton_side_of((double)m, (double)r, order)) {
  case DW_BY_ROWS: DW_TRY(dw_newton_rows_create(&s->rows, m, r)); break;
  case DW_BY_FEATURES: DW_TRY(dw_newton_features_create(&s->features, m, r, spikes)); break;
  case DW_BY_SAMPLE: DW_TRY(dw_newton_sample_create(&s->sample, m, r, spikes)); break;
  case DW_BY_GRADIENTS: DW_TRY(dw_newton_conjugate_create(&s->conjugate, m, r, spikes)); break;
  }
  *out = s;
  return DIVW_OK;
fail:
  dw_newton_matrix_destroy(s);
  return status;
}

void dw_newton_matrix_destroy(dw_newton_matrix *s) {
  if (s != NULL) {
    dw_newton_rows_destroy(s->rows);
    dw_newton_features_destroy(s->features);
    dw_newton_conjugate_destroy(s->conjugate);
    dw_newton_sample_destroy(s->sample);
  }
  divw_free(s);
}
