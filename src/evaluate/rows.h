/* Weighted rows as the metrics see them, shared by the files of this folder:
 *
 *     rows.c        rows of positive weight, means over them, all pairs of them
 *     statistics.c  mean and covariance, in memory and in files
 *     frechet.c     the Frechet distance
 *     mmd.c         maximum mean discrepancy
 *     neighbours.c  exact nearest neighbours from inner products that are not
 *     prdc.c        precision, recall, density, coverage
 *     diversity.c   how far Vendi Scores can be trusted; internal diversity
 *     resample.c    random numbers, permutations */
#ifndef DW_EVALUATE_ROWS_H
#define DW_EVALUATE_ROWS_H

#include "../dataset.h"

typedef struct {
  const divw_dataset *dataset; /* the caller's */
  dw_cursor *cursor;           /* over it */
  int64_t n, d;                /* n: rows of positive weight */
  int64_t *position;           /* of each in the dataset */
  double *weight;              /* sum 1 */
  double rest;                 /* 1 - sum weight^2 */
  double scale;                /* rows are taken as scale * x - shift */
  const double *shift;         /* the caller's, d numbers; NULL: 0 */
  double *square;              /* |row|^2; NULL before dw_rows_measure() */
} dw_rows;

/* Checks weights and every number. `who` begins the sentence about weights. To be destroyed, also on failure. */
divw_status dw_rows_create(dw_rows *rows, const divw_dataset *dataset, const double *p, const char *who);
void dw_rows_destroy(dw_rows *rows);

/* DIVW_ERROR_ARGUMENT where rows of the two have different lengths. */
divw_status dw_check_dimensions(const divw_dataset *reference, const divw_dataset *generated, const char *who);

/* 1 - sum p_i^2 for weights of sum 1, as sum p_i (1 - p_i), whose terms keep their digits where one p_i is nearly 1. */
double dw_rest(const double *p, int64_t n);

/* Row i, scaled and shifted; dw_rows_fetch_plain: only scaled. */
divw_status dw_rows_fetch(const dw_rows *rows, int64_t i, double *out);
divw_status dw_rows_fetch_plain(const dw_rows *rows, int64_t i, double *out);

/* Weighted mean of the scaled rows. */
divw_status dw_rows_mean(const dw_rows *rows, double *mean);

/* Fills in `square`, by the scale and shift that are set. */
divw_status dw_rows_measure(dw_rows *rows);

/* sum w_i x_i and its standard error for independent x_i and given weights,
 * error^2 = sum w_i^2 (x_i - mean)^2 / (1 - sum w^2); NaN for one row. */
void dw_rows_average(const dw_rows *rows, const double *x, double *mean, double *error);

/* Rows i .. i+m-1 of one set against j .. j+n-1 of another: their inner products, m x n, which may be overwritten. */
typedef struct {
  int64_t i, m, j, n;
  double *product;
} dw_tile;
typedef divw_status (*dw_tile_fn)(const dw_tile *tile, void *context);

/* All pairs, tile by tile, the first set outside. Of a set with itself (a == b) only the tiles that have pairs i <= j:
 * pairs i >= j of those are to be passed over. */
divw_status dw_for_pairs(const dw_rows *a, const dw_rows *b, dw_tile_fn each, void *context);

#endif
