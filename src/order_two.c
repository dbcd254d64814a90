/* The Vendi Score of order 2 of any similarity, from blocks of its matrix.
 *
 *     VS_2 = 1 / tr rho^2,     tr rho^2 = sum_ij p_i p_j K_ij^2
 *
 * needs neither eigenvalues nor features, so no factor of n x n: only pairs of rows that have weight, once each. */
#include "kernel/similarity.h"
#include "simplex.h"

#include <divweights/vendi.h>

#include <math.h>

enum { ROWS = 1024 };

typedef struct {
  dw_similarity similarity;
  const divw_dataset *dataset;
  const double *p;
  int64_t *row; /* those with weight */
  int64_t count;
  double *K;
} pairs;

static double weight(const pairs *w, int64_t k) { return w->p == NULL ? 1 : w->p[w->row[k]]; }

/* sum p_i p_j K_ij^2 over a block of pairs, those of its own rows counted once for i <= j. */
static divw_status add_block(pairs *w, int64_t i, int64_t j, dw_sum *sum) {
  const int64_t m = dw_min(ROWS, w->count - i), l = dw_min(ROWS, w->count - j);
  const dw_some_rows a = {w->dataset, w->row + i, 0, m}, b = {w->dataset, w->row + j, 0, l};
  divw_status status = dw_similarity_block(&w->similarity, a, b, w->K, l);
  for (int64_t k = 0; status == DIVW_OK && k < m; k++) {
    double part = 0;
    for (int64_t c = 0; c < l; c++) {
      part += weight(w, j + c) * w->K[k * l + c] * w->K[k * l + c];
    }
    dw_sum_add(sum, (i == j ? 1 : 2) * weight(w, i + k) * part);
  }
  return status;
}

static divw_status add_all(pairs *w, double *score) {
  divw_status status = DIVW_OK;
  dw_sum square = {0, 0}, total = {0, 0};
  for (int64_t k = 0; k < w->count; k++) {
    dw_sum_add(&total, weight(w, k));
  }
  for (int64_t i = 0; i < w->count; i += ROWS) {
    for (int64_t j = i; j < w->count; j += ROWS) {
      DW_TRY(add_block(w, i, j, &square));
    }
  }
  *score = dw_sum_value(&total) / dw_sum_value(&square) * dw_sum_value(&total);
fail:
  return status;
}

divw_status divw_vendi_score_two(const divw_dataset *dataset, const divw_similarity *similarity, const double *p,
                                 double *score) {
  DW_REQUIRE(dataset);
  DW_REQUIRE(similarity);
  DW_REQUIRE(score);
  divw_status status;
  const int64_t n = divw_dataset_count(dataset);
  double sum;
  pairs w = {.dataset = dataset, .p = p};
  if (p != NULL) {
    DW_TRY(dw_check_probabilities(p, n, 1e-6, DIVW_ERROR_ARGUMENT, __func__, &sum));
  }
  DW_TRY(dw_similarity_bind(&w.similarity, similarity, dataset));
  DW_TRY(dw_alloc(&w.row, n, sizeof *w.row));
  DW_TRY(dw_alloc(&w.K, dw_min(ROWS, n) * dw_min(ROWS, n), sizeof *w.K));
  for (int64_t i = 0; i < n; i++) {
    if (p == NULL || p[i] > 0) {
      w.row[w.count++] = i;
    }
  }
  DW_TRY(add_all(&w, score));
fail:
  divw_free(w.K);
  divw_free(w.row);
  dw_similarity_release(&w.similarity);
  return status;
}
