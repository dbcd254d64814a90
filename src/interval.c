/* The Vendi Score of the true K from features of low rank.
 *
 * K = phi phi^T + E, E positive semidefinite, with the diagonal delta_i = 1 - |phi_i|^2 and otherwise unknown. With
 * a the eigenvalues of sum p_i phi_i phi_i^T, residual = sum p_i delta_i = 1 - sum a and N rows that have weight, the
 * spectrum mu of K under p lies, in the order of majorisation, between
 *
 *     low      a with all of the residual on its largest                          (Weyl: mu_k >= a_k)
 *     high     a filled up from below, like water, to sum 1 over N eigenvalues    (likewise)
 *     high     a beside p_i delta_i of every row                                  (pinching)
 *
 * and every VS_q grows as a spectrum gets more even. The estimate between them is that of a / sum a. Rounding may have
 * made every a_k too large by the error of the moment and of the features, 8 sqrt(r) u: so much is subtracted first,
 * and belongs to the residual then. Proofs: docs/mathematics.md, 13. */
#include "interval.h"

#include "linalg.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef struct {
  int64_t r, rows;   /* eigenvalues; rows that have weight */
  double *a;         /* r, ascending, as little as they can be */
  const double *own; /* p_i delta_i of n rows */
  int64_t n;
  double residual; /* 1 - sum a */
  double unknown;  /* the part of it that is rounding */
  double *room;    /* r + 2 n numbers */
} bounds;

/* a with `residual` on its largest. */
static double lowest(const bounds *b, double order) {
  memcpy(b->room, b->a, (size_t)b->r * sizeof *b->room);
  b->room[b->r - 1] += b->residual;
  return dw_log_vendi(b->room, b->r, order);
}

/* a filled up from below to sum 1 over as many eigenvalues as there are rows. */
static double filled(const bounds *b, double order) {
  int64_t k = dw_max(b->r - b->rows, 0), count = dw_max(b->rows - b->r, 0);
  double water = b->residual;
  for (int64_t l = 0; l < k; l++) {
    water += b->a[l];
  }
  while (k < b->r && !(count > 0 && water <= (double)count * b->a[k])) {
    water += b->a[k++];
    count++;
  }
  for (int64_t l = 0; l < count; l++) {
    b->room[l] = water / (double)count;
  }
  memcpy(b->room + count, b->a + k, (size_t)(b->r - k) * sizeof *b->room);
  return dw_log_vendi(b->room, count + b->r - k, order);
}

/* a beside p_i delta_i; what rounding may add is spread as evenly as can be. */
static double pinched(const bounds *b, double order) {
  memcpy(b->room, b->a, (size_t)b->r * sizeof *b->room);
  memcpy(b->room + b->r, b->own, (size_t)b->n * sizeof *b->room);
  for (int64_t i = 0; i < b->rows; i++) {
    b->room[b->r + b->n + i] = b->unknown / (double)b->rows;
  }
  return dw_log_vendi(b->room, b->r + b->n + b->rows, order);
}

static double rounding(const dw_spectrum *spectrum) {
  return dw_eigenvalue_error(spectrum->r, DW_ANY_ROWS) * spectrum->mu[spectrum->r - 1] +
         4 * sqrt((double)spectrum->r) * DBL_EPSILON;
}

divw_status dw_interval_of(const dw_spectrum *spectrum, double order, dw_interval *interval) {
  divw_status status = DIVW_OK;
  const int64_t r = spectrum->r, n = spectrum->count - r;
  const double score = dw_log_vendi(spectrum->mu, r, order), error = rounding(spectrum);
  bounds b = {.r = r, .n = n, .rows = spectrum->weighted, .own = spectrum->mu + r, .residual = 1};
  double known = 0;
  *interval = (dw_interval){score, score, score, 0};
  if (n == 0) {
    return status;
  }
  DW_TRY(dw_alloc(&b.a, r, sizeof *b.a));
  DW_TRY(dw_alloc(&b.room, r + 2 * n, sizeof *b.room));
  for (int64_t k = 0; k < r; k++) {
    b.a[k] =
        fmax(spectrum->mu[k] * (1 - (double)r * error) - error, 0); /* the factor: what dust was, given to others */
    b.residual -= b.a[k];
    known += spectrum->mu[k];
  }
  interval->residual = fmax(1 - known, 0);
  b.unknown = fmax(b.residual - interval->residual, 0);
  interval->low = lowest(&b, order);
  interval->high = fmax(fmin(filled(&b, order), pinched(&b, order)), interval->low);
  interval->estimate = fmin(fmax(score, interval->low), interval->high);
fail:
  divw_free(b.room);
  divw_free(b.a);
  return status;
}
