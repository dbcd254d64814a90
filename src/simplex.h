/* Reductions over the n examples, and points of the simplex. Sums and maxima over examples are taken here (and, for the
 * small matrices of products, in solver/anderson.c), so that a version with rows on several machines changes these and
 * the kernel.
 *
 * Everything is carried relative to uniform weights: a point as logit_i = log(n p_i), entropy as the deficit
 * g = log n - H(p) = sum p_i log(n p_i) >= 0, and the soft maximum as
 *
 *     W(D, lambda) = lambda log( (1/n) sum exp(D_i / lambda) )        (max D at lambda = 0)
 *
 * rather than as log p, H and lambda log sum exp: the terms lambda log n cancel in every gap, and for large lambda
 * (small balance) they would take its digits with them. */
#ifndef DW_SIMPLEX_H
#define DW_SIMPLEX_H

#include "internal.h"

/* A sum with compensation (Neumaier 1974); begin with {0, 0}. */
typedef struct {
  double sum, compensation;
} dw_sum;

void dw_sum_add(dw_sum *total, double part);
double dw_sum_value(const dw_sum *total);

/* Checks that p is a probability vector (finite, non-negative, |sum - 1| <= slack) and gives its sum. The sentence
 * starts with `who` and names the first bad entry. NaN, negative: `code`. */
divw_status dw_check_probabilities(const double *p, int64_t n, double slack, divw_status code, const char *who,
                                   double *sum);

/* logit -= log mean exp logit;  p = exp(logit) / n, NULL: not wanted. */
void dw_normalise(double *logit, double *p, int64_t n);

/* p = exp(logit) / n */
void dw_weights_of(const double *logit, double *p, int64_t n);

/* sum p_i log(n p_i), from normalised logits. */
double dw_entropy_deficit(const double *p, const double *logit, int64_t n);

/* -sum p_i log p_i, 0 log 0 = 0. */
double dw_entropy(const double *p, int64_t n);

/* sum p_i x_i. */
double dw_weighted_sum(const double *p, const double *x, int64_t n);

/* sqrt sum p_i (x_i - y_i)^2. */
double dw_weighted_distance(const double *p, const double *x, const double *y, int64_t n);

/* A point of the curve that one vector D spans: W(D, lambda), and the entropy deficit of softmax(D / lambda). */
typedef struct {
  double value;
  double deficit;
} dw_softmax;

dw_softmax dw_softmax_of(const double *D, double lambda, int64_t n);

double dw_maximum(const double *x, int64_t n);

#endif
