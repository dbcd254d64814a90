/* What is maximised, for every order q: units, lambda, and the objective as a function of diversity and entropy.
 *
 * The concave function behind VS_q is T_q = (1 - tr rho^q) / (q - 1), up to a constant the *level*
 *
 *     y = log VS (q = 1),   tr rho^q / (1 - q) = VS^(1-q) / (1 - q),   -max mu = -1 / VS (q = inf),
 *
 * increasing in VS. Everything an iteration works with is in nats of log VS: y divided by the scale s = dy / dlog VS =
 * VS^(1-q) (1; 1/VS), so that nothing depends on how small tr rho^q is. lambda is always in nats of log VS per nat of
 * H.
 */
#ifndef DW_OBJECTIVE_H
#define DW_OBJECTIVE_H

#include "../internal.h"

typedef struct {
  double order;       /* q in (0, inf] */
  double level_order; /* that of the level y: q, or 1 with quality scores (y = log(p.s VS_q)) */
  double balance;     /* in [0, 1] */
  bool logarithmic;   /* G = balance log VS + (1 - balance) H instead of J = balance VS + (1 - balance) H */
} dw_objective;

/* J or G at this diversity and entropy. */
double dw_objective_value(const dw_objective *objective, double log_vendi, double entropy);

/* d objective / d log VS: what a nat of gap is worth. */
double dw_objective_slope(const dw_objective *objective, double log_vendi);

/* lambda for which a stationary point with this log VS is optimal. */
double dw_objective_lambda(const dw_objective *objective, double log_vendi);

/* -d log(s lambda) / d log VS: how the weight of the entropy beside y falls where VS grows. */
double dw_objective_decline(const dw_objective *objective);

/* y, s, and log VS of a level (infinite where no spectrum has it). Orders up to DW_LARGEST_ORDER keep s, VS^(1-q),
 * above the smallest number for VS up to a thousand. */
#define DW_SMALLEST_ORDER 0.01 /* nearer 0 the score is the numerical rank, whatever the weights */
#define DW_LARGEST_ORDER 100.0
double dw_level(double order, double log_vendi);
double dw_level_scale(double order, double log_vendi);
double dw_level_in_nats(double order, double log_vendi); /* y / s, also where both underflow */
double dw_level_log_vendi(double order, double level);

/* How much log VS can be larger where the level in nats can by `gap`: the two agree to first order. */
double dw_exact_gap(double order, double gap);

#endif
