/* Improved precision and recall, density and coverage under weights.
 *
 *     r_i, s_j   distance of x_i, y_j to its k-th nearest other row of its own set (weights aside)
 *     [ij]       1 where |x_i - y_j| < r_i,   [ji] 1 where |x_i - y_j| < s_j
 *
 *     precision  sum_j v_j max_i [ij]            recall    sum_i p_i max_j [ji]
 *     density    sum_j v_j (n/k) sum_i p_i [ij]  coverage  sum_i p_i max_j [ij]
 *
 * With uniform weights these are the definitions of Naeem et al. Three passes over pairs, two for the radii; nothing of
 * n x n is kept, only numbers per row. Comparisons are of squared distances, exact as neighbours.c has it: an example
 * that was copied from the reference lies at distance 0, and a ball of radius 0 (k copies of its centre) holds nothing.
 *
 * Sources: Kynkaanniemi et al., Improved precision and recall metric, NeurIPS 2019; Naeem et al., Reliable fidelity and
 * diversity metrics for generative models, ICML 2020. */
#include "neighbours.h"

#include <divweights/evaluate.h>

#include <math.h>

typedef struct {
  dw_rows rows;
  double *radius; /* squared; 0 where there is none, so that nothing is in the ball */
  double *inside; /* whether the row is in a ball of the other set */
  double *other;  /* reference: whether its ball holds a row; generated: mass of the balls that it is in */
} side;

typedef struct {
  dw_distances distances;
  side *x, *y;
} comparison;

static divw_status create_side(side *s, const divw_dataset *dataset, const double *p, const char *who) {
  divw_status status;
  DW_TRY(dw_rows_create(&s->rows, dataset, p, who));
  DW_TRY(dw_alloc_zero(&s->radius, s->rows.n, sizeof *s->radius));
  DW_TRY(dw_alloc_zero(&s->inside, s->rows.n, sizeof *s->inside));
  DW_TRY(dw_alloc_zero(&s->other, s->rows.n, sizeof *s->other));
fail:
  return status;
}

static void destroy_side(side *s) {
  divw_free(s->other);
  divw_free(s->inside);
  divw_free(s->radius);
  dw_rows_destroy(&s->rows);
}

static divw_status note(comparison *with, int64_t i, int64_t j) {
  double distance = INFINITY;
  const divw_status status = dw_distance(&with->distances, i, j, &distance);
  if (distance < with->x->radius[i]) {
    with->y->inside[j] = 1;
    with->y->other[j] += with->x->rows.weight[i];
    with->x->other[i] = 1;
  }
  if (distance < with->y->radius[j]) {
    with->x->inside[i] = 1;
  }
  return status;
}

/* Pairs that are surely outside of both balls are passed over; of the others there are about k a row. */
static divw_status compare_tile(const dw_tile *tile, void *context) {
  divw_status status = DIVW_OK;
  comparison *with = context;
  for (int64_t i = 0; i < tile->m; i++) {
    const double limit = with->x->radius[tile->i + i];
    for (int64_t j = 0; j < tile->n; j++) {
      j = dw_next_candidate(&with->distances, tile, i, j, limit, with->y->radius + tile->j);
      if (j < tile->n) {
        DW_TRY(note(with, tile->i + i, tile->j + j));
      }
    }
  }
fail:
  return status;
}

static divw_status compare(side *x, side *y, int64_t k) {
  divw_status status;
  double *shift = NULL;
  comparison with = {.x = x, .y = y};
  DW_TRY(dw_alloc(&shift, x->rows.d, sizeof *shift));
  DW_TRY(dw_prepare_distances(&x->rows, &y->rows, shift));
  if (x->rows.n > k) {
    DW_TRY(dw_kth_distances(&x->rows, k, x->radius));
  }
  if (y->rows.n > k) {
    DW_TRY(dw_kth_distances(&y->rows, k, y->radius));
  }
  DW_TRY(dw_distances_create(&with.distances, &x->rows, &y->rows));
  DW_TRY(dw_for_pairs(&x->rows, &y->rows, compare_tile, &with));
fail:
  dw_distances_destroy(&with.distances);
  divw_free(shift);
  return status;
}

static void summarise(const side *x, const side *y, int64_t k, double *values, double *errors) {
  const double density = (double)x->rows.n / (double)k;
  dw_rows_average(&y->rows, y->inside, &values[DIVW_PRDC_PRECISION], &errors[DIVW_PRDC_PRECISION]);
  dw_rows_average(&x->rows, x->inside, &values[DIVW_PRDC_RECALL], &errors[DIVW_PRDC_RECALL]);
  dw_rows_average(&y->rows, y->other, &values[DIVW_PRDC_DENSITY], &errors[DIVW_PRDC_DENSITY]);
  dw_rows_average(&x->rows, x->other, &values[DIVW_PRDC_COVERAGE], &errors[DIVW_PRDC_COVERAGE]);
  values[DIVW_PRDC_DENSITY] *= density;
  errors[DIVW_PRDC_DENSITY] *= density;
  for (int place = 0; place < 4; place++) {
    if ((place == DIVW_PRDC_RECALL ? y : x)->rows.n <= k) {
      values[place] = errors[place] = NAN;
    }
  }
}

divw_status divw_evaluate_prdc(const divw_dataset *reference, const double *p, const divw_dataset *generated,
                               const double *v, int64_t k, double *values, double *errors) {
  divw_status status;
  side x = {.radius = NULL}, y = {.radius = NULL};
  double ignored[4];
  DW_REQUIRE(reference);
  DW_REQUIRE(generated);
  DW_REQUIRE(values);
  if (k < 1) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: k is %lld, expected at least 1", __func__, (long long)k);
  }
  DW_TRY(dw_check_dimensions(reference, generated, __func__));
  DW_TRY(create_side(&x, reference, p, __func__));
  DW_TRY(create_side(&y, generated, v, __func__));
  DW_TRY(compare(&x, &y, k));
  summarise(&x, &y, k, values, errors != NULL ? errors : ignored);
fail:
  destroy_side(&y);
  destroy_side(&x);
  return status;
}

divw_status divw_evaluate_nearest(const divw_dataset *reference, const divw_dataset *generated, int64_t *nearest) {
  divw_status status;
  dw_rows x = {.n = 0}, y = {.n = 0};
  double *shift = NULL;
  DW_REQUIRE(reference);
  DW_REQUIRE(generated);
  DW_REQUIRE(nearest);
  DW_TRY(dw_check_dimensions(reference, generated, __func__));
  DW_TRY(dw_rows_create(&x, reference, NULL, __func__));
  DW_TRY(dw_rows_create(&y, generated, NULL, __func__));
  DW_TRY(dw_alloc(&shift, x.d, sizeof *shift));
  DW_TRY(dw_prepare_distances(&x, &y, shift));
  DW_TRY(dw_nearest_rows(&y, &x, nearest));
fail:
  divw_free(shift);
  dw_rows_destroy(&y);
  dw_rows_destroy(&x);
  return status;
}
