/* The frontier of diversity against entropy, from above: bounds on J that hold for every p. */
#ifndef DW_FRONTIER_H
#define DW_FRONTIER_H

#include "solve.h"

enum { DW_MAX_DUALS = 64 };

/* A proof: for every p and every slope, y <= scale (W(D, slope / scale) + constant) + slope g. */
typedef struct {
  const double *D; /* n numbers in nats, borrowed */
  double constant;
  double scale;     /* dw_level_scale() of the point that D was found at */
  double slope;     /* at which it was found, and is sharp */
  double log_vendi; /* at its point: for ratios alone */
} dw_dual;

/* With scores above order 1 the frontier is that of log(p.s VS_q) against entropy, and all duals prove a line together
 * (ratio.h). Theirs have no scores in D, y <= scale (W(D, ...) + constant) with y = -c |rho|_q, and the slope of a
 * line. */
typedef struct dw_ratio dw_ratio;

typedef struct dw_frontier dw_frontier;

typedef struct {
  double objective; /* that of no p is larger */
  double slope;     /* of y, where a further solve would lower this most; 0: nowhere */
  double quality_slope;
  int32_t dual;        /* which dual is the sharpest there */
  double score_weight; /* of a score beside its D */
} dw_frontier_bound;

/* Log VS, plus log quality, is at most `most` for every p, and usually at least `least`. `ratio`: with scores above
 * order 1, otherwise NULL; `tolerance`, in nats: of its lines. End with divw_free(). */
divw_status dw_frontier_create(dw_frontier **out, const dw_feasible *set, double least, double most,
                               const dw_objective *objective, const dw_ratio *ratio, double tolerance);
void dw_frontier_add(dw_frontier *e, dw_dual dual);

/* The lines and the duals, but for D of each, which the caller keeps: `D` are `count` of them. */
divw_status dw_frontier_visit(dw_frontier *e, const double *const *D, int64_t count, dw_archive *archive);

/* The bound from all duals so far; not sharpened below best + target / 10. */
dw_frontier_bound dw_frontier_find_bound(dw_frontier *e, double best, double target);

#endif
