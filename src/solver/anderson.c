/* Anderson acceleration of the fixed-point iteration x <- G(x), x = log p.
 *
 * With residuals r_k = G(x_k) - x_k and differences over the last m steps,
 *
 *     c = argmin || r - sum c_j dr_j ||_p,      x <- G(x) - sum c_j dG_j ,
 *
 * the norm weighted by p: rows that carry no weight may be far from their limit in log p and must not decide. The
 * least-squares problem is solved from its normal equations, columns scaled and small eigenvalues cut, since they are a
 * sum over examples of m^2 products (one syrk, and one all-reduce if ever rows are spread), where a QR would need all
 * of them at once; measured against SVD at depth 8 to 20 the iteration counts are the same.
 *
 * Sources: Anderson, J. ACM 12 (1965); Walker, Ni, SIAM J. Numer. Anal. 49 (2011). */
#include "solve.h"

#include "../linalg.h"

#include <math.h>
#include <string.h>

enum { DEPTH = 16, BLOCK = 1024 };

struct dw_anderson {
  int64_t n;
  int64_t steps;            /* since the last reset */
  double *image, *residual; /* of the last step */
  double *d_image[DEPTH], *d_residual[DEPTH];
};

divw_status dw_anderson_create(dw_anderson **out, int64_t n) {
  divw_status status;
  dw_anderson *a;
  *out = NULL;
  DW_TRY(dw_alloc_zero(&a, 1, sizeof *a));
  *out = a;
  a->n = n;
  DW_TRY(dw_alloc(&a->image, n, sizeof *a->image));
  DW_TRY(dw_alloc(&a->residual, n, sizeof *a->residual));
  return DIVW_OK;
fail:
  dw_anderson_destroy(*out);
  *out = NULL;
  return status;
}

void dw_anderson_destroy(dw_anderson *a) {
  if (a != NULL) {
    for (int j = 0; j < DEPTH; j++) {
      divw_free(a->d_image[j]);
      divw_free(a->d_residual[j]);
    }
    divw_free(a->image);
    divw_free(a->residual);
    divw_free(a);
  }
}

void dw_anderson_reset(dw_anderson *a) { a->steps = 0; }

/* Room for differences. */
static divw_status make_slot(dw_anderson *a, int64_t j) {
  divw_status status = DIVW_OK;
  if (a->d_image[j] == NULL) {
    DW_TRY(dw_alloc(&a->d_image[j], a->n, sizeof **a->d_image));
  }
  if (a->d_residual[j] == NULL) {
    DW_TRY(dw_alloc(&a->d_residual[j], a->n, sizeof **a->d_residual));
  }
fail:
  return status;
}

divw_status dw_anderson_visit(dw_anderson *a, dw_archive *archive) {
  divw_status status;
  int64_t bytes = a->n * (int64_t)sizeof *a->image;
  DW_TRY(dw_archive_count(archive, &a->steps, 0, INT64_MAX));
  DW_TRY(dw_archive_bytes(archive, a->image, bytes));
  DW_TRY(dw_archive_bytes(archive, a->residual, bytes));
  for (int64_t j = 0; j < dw_min(a->steps - 1, DEPTH); j++) {
    DW_TRY(make_slot(a, j));
    DW_TRY(dw_archive_bytes(archive, a->d_image[j], bytes));
    DW_TRY(dw_archive_bytes(archive, a->d_residual[j], bytes));
  }
fail:
  return status;
}

/* Puts the differences to the last step into slot `j` and this step in its place. Memory grows with the history. */
static divw_status remember(dw_anderson *a, const double *logit, const double *image, int64_t j) {
  divw_status status = DIVW_OK;
  if (j >= 0) {
    DW_TRY(make_slot(a, j));
  }
  for (int64_t i = 0; i < a->n; i++) {
    double residual = image[i] - logit[i];
    if (j >= 0) {
      a->d_image[j][i] = image[i] - a->image[i];
      a->d_residual[j][i] = residual - a->residual[i];
    }
    a->image[i] = image[i];
    a->residual[i] = residual;
  }
fail:
  return status;
}

/* The (m+1) x (m+1) matrix of products sum_i p_i x_i y_i of m residual differences and, last, the residual. */
static divw_status weighted_gram(const dw_anderson *a, int64_t m, const double *p, double *gram) {
  divw_status status;
  double *block;
  int64_t width = m + 1;
  DW_TRY(dw_alloc(&block, BLOCK * width, sizeof *block));
  memset(gram, 0, (size_t)(width * width) * sizeof *gram);
  for (int64_t first = 0; first < a->n; first += BLOCK) {
    int64_t count = dw_min(BLOCK, a->n - first);
    for (int64_t i = 0; i < count; i++) {
      double root = sqrt(p[first + i]);
      for (int64_t j = 0; j < m; j++) {
        block[i * width + j] = root * a->d_residual[j][first + i];
      }
      block[i * width + m] = root * a->residual[first + i];
    }
    dw_add_gram(gram, width, block, count);
  }
  dw_mirror_upper(gram, width);
  divw_free(block);
fail:
  return status;
}

static divw_status coefficients(const dw_anderson *a, int64_t m, const double *p, double *c) {
  double gram[(DEPTH + 1) * (DEPTH + 1)], normal[DEPTH * DEPTH], rhs[DEPTH];
  divw_status status = weighted_gram(a, m, p, gram);
  for (int64_t i = 0; status == DIVW_OK && i < m; i++) {
    rhs[i] = gram[i * (m + 1) + m];
    for (int64_t j = 0; j < m; j++) {
      normal[i * m + j] = gram[i * (m + 1) + j];
    }
  }
  return status != DIVW_OK ? status : dw_least_squares(normal, rhs, m, c);
}

divw_status dw_anderson_step(dw_anderson *a, const double *p, const double *logit, const double *image, double *next) {
  divw_status status;
  int64_t m = dw_min(a->steps, DEPTH);
  double c[DEPTH];
  DW_TRY(remember(a, logit, image, m > 0 ? (a->steps - 1) % DEPTH : -1));
  a->steps++;
  memcpy(next, image, (size_t)a->n * sizeof *next);
  if (m > 0) {
    DW_TRY(coefficients(a, m, p, c));
    for (int64_t j = 0; j < m; j++) {
      for (int64_t i = 0; i < a->n; i++) {
        next[i] -= c[j] * a->d_image[j][i];
      }
    }
  }
fail:
  return status;
}
