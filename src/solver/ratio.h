/* Bounds with quality scores above order 1: the value p.s VS_q = p.s / |rho|_q^c, c = q / (q-1), is a ratio. */
#ifndef DW_RATIO_H
#define DW_RATIO_H

#include "frontier.h"

struct dw_ratio {
  const dw_feasible *set;
  const double *scores; /* n, at most 1 */
  double log_scale;     /* of that scaling */
  double c;
  double log_most; /* no weights have a larger log VS_q */
  double *room;    /* 2 n */
};

/* Of a solve, once its spectrum is known; set and scores are borrowed. */
divw_status dw_ratio_create(dw_ratio **out, const dw_solve *solve);
void dw_ratio_destroy(dw_ratio *ratio);

/* What an evaluation knows at a point: D, with the scores in it once, and its constant. */
typedef struct {
  const double *D;
  double constant, log_vendi, log_quality;
} dw_ratio_at;

/* By how much log(p.s VS_q) may be larger than at the point for weights with a deficit of at most `allowed`; lambda:
 * the multiplier of that. At most some tens of W. */
double dw_ratio_gap(const dw_ratio *ratio, const dw_ratio_at *at, double lambda, double allowed);

/* For all weights log(p.s VS_q) <= value + lambda g, lambda > 0, by the proofs of `count` duals at once, to within
 * `tolerance` of what they can prove. */
typedef struct {
  double value;
  double deficit;      /* g about where it is attained */
  double scale;        /* and |rho|_q there: the slope at which a further proof would lower it most */
  int32_t dual;        /* the sharpest one there */
  double score_weight; /* its maximiser is the projection of (D + score_weight scores) dual scale / (scale lambda) */
} dw_ratio_line;

dw_ratio_line dw_ratio_support(const dw_ratio *ratio, const dw_dual *duals, int32_t count, double lambda,
                               double tolerance);

#endif
