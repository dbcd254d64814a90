/* Newton's matrix M = F + diag(d) of m rows: F is minus the Hessian of a value that depends on p through rho.
 *
 * With A_i,kl = sqrt((2 - [k = l]) Gamma_kl) y_ik y_il, k <= l, and the spikes as further columns, F = A A^T; A is m x
 * N, N = r (r+1) / 2 + spikes. M is factored on its smaller side, or where both are large, not at all. */
#ifndef DW_NEWTON_MATRIX_H
#define DW_NEWTON_MATRIX_H

#include "../internal.h"

/* F_ij = sum over k, l of Gamma_kl y_ik y_il y_jk y_jl, and s_i s_j for each spike s. Gamma is symmetric, >= 0. Where
 * it is also (nearly) a sum of products, sum over t of (a_tk b_tl + a_tl b_tk) / 2, fewer operations do. */
typedef struct {
  const double *y;     /* m x r: phi in some basis */
  const double *gamma; /* r x r */
  const double *a, *b; /* terms x r each */
  int64_t terms;       /* 0: gamma has no such form that is short */
  const double *spike; /* spikes x m */
  int64_t spikes;
  const double *own; /* m, of the diagonal alone; NULL: none */
} dw_curvature;

typedef struct dw_newton_matrix dw_newton_matrix;

/* For m rows of r features, so many spikes, and the curvature of an order. */
divw_status dw_newton_matrix_create(dw_newton_matrix **out, int64_t m, int64_t r, int64_t spikes, double order);
void dw_newton_matrix_destroy(dw_newton_matrix *s);

/* Factors F + diag(d), all d > 0; false when rounding has made it indefinite. What the curvature points to has to stay.
 */
bool dw_newton_matrix_factor(dw_newton_matrix *s, dw_curvature curvature, const double *d);

/* Solutions of M x = b for `count` vectors of m numbers, one after the other, in their place. */
void dw_newton_matrix_solve(dw_newton_matrix *s, double *b, int64_t count);

/* What is factored: M, m x m; what is left of it on the side of features, N x N; or no more than a part of M, or
 * that of a sample of rows, with which conjugate gradients are preconditioned. */
typedef enum { DW_BY_ROWS, DW_BY_FEATURES, DW_BY_GRADIENTS, DW_BY_SAMPLE } dw_newton_side;
dw_newton_side dw_newton_side_of(double m, double r, double order);

/* Operations of a step, INFINITY where there are too many rows for it; and numbers of memory. */
double dw_newton_matrix_operations(double m, double r, double order);
double dw_newton_matrix_numbers(double m, double r, int64_t spikes, double order);

/* ---- columns of A ---- */

/* sqrt((2 - [k = l]) Gamma_kl), one after the other. */
void dw_curvature_weights(const dw_curvature *curvature, int64_t r, double *weights);

/* Columns of the pairs (k, l), first <= k < end, of row i of A, times a number; returns how many. */
int64_t dw_curvature_fill(const dw_curvature *curvature, int64_t r, const double *weights, int64_t i, int64_t first,
                          int64_t end, double factor, double *out);

/* ---- newton_rows.c ---- */

typedef struct dw_newton_rows dw_newton_rows;
divw_status dw_newton_rows_create(dw_newton_rows **out, int64_t m, int64_t r);
void dw_newton_rows_destroy(dw_newton_rows *s);
void dw_newton_rows_resize(dw_newton_rows *s, int64_t m); /* to at most those it was made for */
bool dw_newton_rows_factor(dw_newton_rows *s, dw_curvature curvature, const double *d);
void dw_newton_rows_solve(dw_newton_rows *s, double *b, int64_t count);
double dw_newton_rows_operations(double m, double r, int64_t products);
double dw_newton_rows_numbers(double m, double r);

/* ---- newton_features.c: where rows far outnumber the columns of A ---- */

typedef struct dw_newton_features dw_newton_features;
divw_status dw_newton_features_create(dw_newton_features **out, int64_t m, int64_t r, int64_t spikes);
void dw_newton_features_destroy(dw_newton_features *s);
bool dw_newton_features_factor(dw_newton_features *s, dw_curvature curvature, const double *d);
void dw_newton_features_solve(dw_newton_features *s, double *b);
double dw_newton_features_operations(double m, double N);
double dw_newton_features_numbers(double m, double r, double N);

/* ---- newton_conjugate.c: where there are many of both; solutions with a hundredth of the residual left ---- */

typedef struct dw_newton_conjugate dw_newton_conjugate;
divw_status dw_newton_conjugate_create(dw_newton_conjugate **out, int64_t m, int64_t r, int64_t spikes);
void dw_newton_conjugate_destroy(dw_newton_conjugate *s);
bool dw_newton_conjugate_factor(dw_newton_conjugate *s, dw_curvature curvature, const double *d);
void dw_newton_conjugate_solve(dw_newton_conjugate *s, double *b);
double dw_newton_conjugate_operations(double m, double r, int64_t products);
double dw_newton_conjugate_numbers(double m, double r, int64_t spikes);

/* ---- newton_sample.c: the same for order inf and large ones ---- */

typedef struct dw_newton_sample dw_newton_sample;
divw_status dw_newton_sample_create(dw_newton_sample **out, int64_t m, int64_t r, int64_t spikes);
void dw_newton_sample_destroy(dw_newton_sample *s);
bool dw_newton_sample_factor(dw_newton_sample *s, dw_curvature curvature, const double *d);
void dw_newton_sample_solve(dw_newton_sample *s, double *b);
double dw_newton_sample_operations(double m, double r);
double dw_newton_sample_numbers(double m, double r, int64_t spikes);

#endif
