/* What is maximised, for every order q: units, lambda, and the objective as a function of diversity and entropy.
 *
 * The concave function behind VS_q is the norm |rho|_q = (tr rho^q)^(1/q) = VS^e, e = (1-q) / q: concave in rho for q <
 * 1, convex for q > 1. Up to a constant the *level* is
 *
 *     y = VS^e / e,     log VS at e = 0 (q = 1),     -max mu = -1 / VS at e = -1 (q = inf),
 *
 * concave in rho and increasing in VS. For q < 1/2, where |rho|_q is convex in VS, it is VS itself: e = 1. So e is in
 * [-1, 1] for every order, and no power of VS over- or underflows. Everything an iteration works with is in nats of log
 * VS: y divided by the scale s = dy / dlog VS = VS^e. lambda is always in nats of log VS per nat of H.
 */
#ifndef DW_OBJECTIVE_H
#define DW_OBJECTIVE_H

#include "../internal.h"

typedef struct {
  double order;     /* q in (0, inf] */
  double exponent;  /* e of the level: dw_level_exponent(q); 0 with quality scores up to order 1 (y = log VS_q) */
  double balance;   /* in [0, 1] */
  bool logarithmic; /* G = balance log VS + (1 - balance) H instead of J = balance VS + (1 - balance) H */
} dw_objective;

/* J or G at this diversity and entropy. */
double dw_objective_value(const dw_objective *objective, double log_vendi, double entropy);

/* d objective / d log VS: what a nat of gap is worth. */
double dw_objective_slope(const dw_objective *objective, double log_vendi);

/* lambda for which a stationary point with this log VS is optimal. */
double dw_objective_lambda(const dw_objective *objective, double log_vendi);

/* Whether the objective is concave in the weights: its local maximum is the global one. */
bool dw_objective_is_concave(const dw_objective *objective);

/* e; then y, s, y / s, and log VS of a level (infinite where no spectrum has it). */
double dw_level_exponent(double order);
double dw_level(double exponent, double log_vendi);
double dw_level_scale(double exponent, double log_vendi);
double dw_level_in_nats(double exponent, double log_vendi);
double dw_level_log_vendi(double exponent, double level);

/* How much log VS is larger where the level, in nats, is larger by `growth`; the same as a bound, where H may differ.
 * The three agree to first order. */
double dw_level_growth(double exponent, double growth);
double dw_exact_gap(double exponent, double gap);

#endif
