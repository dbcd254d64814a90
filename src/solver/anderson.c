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
 * The differences are most of what a solve holds of each row, so of many rows they are kept shorter: 10 steps of 16
 * bits a number. They only shape the step; its start and the residual are exact. With 8 bits of significand the
 * iterations to a gap were those with 53 in every case tried, and the last 10 steps are worth nearly as much as 16
 * (mathematics.md, 8).
 *
 * Sources: Anderson, J. ACM 12 (1965); Walker, Ni, SIAM J. Numer. Anal. 49 (2011). */
#include "solve.h"

#include "../linalg.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 1024, DEPTH_OF_MANY = 10 };

struct dw_anderson {
  int64_t n;
  dw_history history;
  int64_t steps;                                  /* since the last reset */
  void *d_image[DW_DEPTH], *d_residual[DW_DEPTH]; /* n each */
};

divw_status dw_anderson_create(dw_anderson **out, int64_t n, dw_history history) {
  divw_status status = dw_alloc_zero(out, 1, sizeof **out);
  if (status == DIVW_OK) {
    (*out)->n = n;
    (*out)->history = history;
  }
  return status;
}

void dw_anderson_destroy(dw_anderson *a) {
  if (a != NULL) {
    for (int j = 0; j < DW_DEPTH; j++) {
      divw_free(a->d_image[j]);
      divw_free(a->d_residual[j]);
    }
    divw_free(a);
  }
}

void dw_anderson_reset(dw_anderson *a) { a->steps = 0; }

/* ---- differences, in either width ---- */

dw_history dw_history_of(int64_t n) {
  return n < DW_MANY ? (dw_history){DW_DEPTH, sizeof(double)} : (dw_history){DEPTH_OF_MANY, sizeof(uint16_t)};
}

/* The upper half of a float: 8 bits of exponent, 8 of significand. */
static uint16_t shorten(double x) {
  const float narrow = (float)x;
  uint32_t bits;
  memcpy(&bits, &narrow, sizeof bits);
  return (uint16_t)((bits + 0x8000) >> 16);
}

static double lengthen(uint16_t half) {
  const uint32_t bits = (uint32_t)half << 16;
  float narrow;
  memcpy(&narrow, &bits, sizeof narrow);
  return narrow;
}

static void put(const dw_anderson *a, void *column, int64_t first, int64_t count, const double *differences) {
  if (a->history.width == sizeof(double)) {
    memcpy((double *)column + first, differences, (size_t)count * sizeof *differences);
    return;
  }
  uint16_t *restrict to = (uint16_t *)column + first;
  for (int64_t i = 0; i < count; i++) {
    to[i] = shorten(differences[i]);
  }
}

static void take(const dw_anderson *a, const void *column, int64_t first, int64_t count, double *restrict out) {
  if (a->history.width == sizeof(double)) {
    memcpy(out, (const double *)column + first, (size_t)count * sizeof *out);
    return;
  }
  const uint16_t *restrict from = (const uint16_t *)column + first;
  for (int64_t i = 0; i < count; i++) {
    out[i] = lengthen(from[i]);
  }
}

/* Room for differences. Memory grows with the history. */
static divw_status make_slot(dw_anderson *a, int64_t j) {
  divw_status status = DIVW_OK;
  if (a->d_image[j] == NULL) {
    DW_TRY(dw_alloc(&a->d_image[j], a->n, (size_t)a->history.width));
  }
  if (a->d_residual[j] == NULL) {
    DW_TRY(dw_alloc(&a->d_residual[j], a->n, (size_t)a->history.width));
  }
fail:
  return status;
}

static divw_status remember(dw_anderson *a, dw_step before, dw_step now, int64_t j) {
  divw_status status;
  double d_image[BLOCK], d_residual[BLOCK];
  DW_TRY(make_slot(a, j));
  for (int64_t first = 0; first < a->n; first += BLOCK) {
    const int64_t count = dw_min(BLOCK, a->n - first);
    for (int64_t k = 0; k < count; k++) {
      const int64_t i = first + k;
      d_image[k] = now.image[i] - before.image[i];
      d_residual[k] = (now.image[i] - now.logit[i]) - (before.image[i] - before.logit[i]);
    }
    put(a, a->d_image[j], first, count, d_image);
    put(a, a->d_residual[j], first, count, d_residual);
  }
fail:
  return status;
}

divw_status dw_anderson_visit(dw_anderson *a, dw_archive *archive) {
  divw_status status;
  int64_t bytes = a->n * a->history.width;
  DW_TRY(dw_archive_count(archive, &a->steps, 0, INT64_MAX));
  for (int64_t j = 0; j < dw_min(a->steps - 1, a->history.depth); j++) {
    DW_TRY(make_slot(a, j));
    DW_TRY(dw_archive_bytes(archive, a->d_image[j], bytes));
    DW_TRY(dw_archive_bytes(archive, a->d_residual[j], bytes));
  }
fail:
  return status;
}

/* ---- the step ---- */

/* The (m+1) x (m+1) matrix of products sum_i p_i x_i y_i of m residual differences and, last, the residual. */
static divw_status weighted_gram(const dw_anderson *a, int64_t m, const double *p, dw_step now, double *gram) {
  divw_status status;
  double *block, column[BLOCK];
  int64_t width = m + 1;
  DW_TRY(dw_alloc(&block, BLOCK * width, sizeof *block));
  memset(gram, 0, (size_t)(width * width) * sizeof *gram);
  for (int64_t first = 0; first < a->n; first += BLOCK) {
    int64_t count = dw_min(BLOCK, a->n - first);
    for (int64_t j = 0; j < m; j++) {
      take(a, a->d_residual[j], first, count, column);
      for (int64_t i = 0; i < count; i++) {
        block[i * width + j] = sqrt(p[first + i]) * column[i];
      }
    }
    for (int64_t i = 0; i < count; i++) {
      block[i * width + m] = sqrt(p[first + i]) * (now.image[first + i] - now.logit[first + i]);
    }
    dw_add_gram(gram, width, block, count);
  }
  dw_mirror_upper(gram, width);
  divw_free(block);
fail:
  return status;
}

static divw_status coefficients(const dw_anderson *a, int64_t m, const double *p, dw_step now, double *c) {
  double gram[(DW_DEPTH + 1) * (DW_DEPTH + 1)], normal[DW_DEPTH * DW_DEPTH], rhs[DW_DEPTH];
  divw_status status = weighted_gram(a, m, p, now, gram);
  for (int64_t i = 0; status == DIVW_OK && i < m; i++) {
    rhs[i] = gram[i * (m + 1) + m];
    for (int64_t j = 0; j < m; j++) {
      normal[i * m + j] = gram[i * (m + 1) + j];
    }
  }
  return status != DIVW_OK ? status : dw_least_squares(normal, rhs, m, c);
}

/* next = image - sum c_j dG_j */
static void combine(const dw_anderson *a, int64_t m, const double *c, const double *image, double *next) {
  double column[BLOCK];
  for (int64_t first = 0; first < a->n; first += BLOCK) {
    int64_t count = dw_min(BLOCK, a->n - first);
    memcpy(next + first, image + first, (size_t)count * sizeof *next);
    for (int64_t j = 0; j < m; j++) {
      take(a, a->d_image[j], first, count, column);
      for (int64_t i = 0; i < count; i++) {
        next[first + i] -= c[j] * column[i];
      }
    }
  }
}

divw_status dw_anderson_step(dw_anderson *a, const double *p, dw_step before, dw_step now, double *next) {
  divw_status status = DIVW_OK;
  int64_t m = dw_min(a->steps, a->history.depth);
  double c[DW_DEPTH];
  if (m > 0) {
    DW_TRY(remember(a, before, now, (a->steps - 1) % a->history.depth));
    DW_TRY(coefficients(a, m, p, now, c));
  }
  a->steps++;
  combine(a, m, c, now.image, next);
fail:
  return status;
}
