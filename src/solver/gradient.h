/* Marginal diversities of a dual state, and its share in the bound. */
#ifndef DW_GRADIENT_H
#define DW_GRADIENT_H

#include "../spectrum.h"

/* What the gradient is as a function of an eigenvalue of sigma. */
typedef struct {
  double order, smoothing;
  double trace;     /* of sigma before it is scaled to 1 */
  double log_vendi; /* of sigma */
  double log_top;   /* of its largest eigenvalue; */
  double top_power; /* and log(that^(q-1) / tr sigma^q), at orders above 2 */
} dw_dual_state;

/* Marginal diversities in nats, from a pass over the rows:
 * D_i = offset + scale (|R phi_i|^2 - shift |phi_i|^2), and what the deficit of the row adds. */
typedef struct {
  double offset, scale, shift;
  double rounding; /* below order 1, what the rounding of small eigenvalues may have made of log VS */
  double constant; /* what the level of sigma has more than that of rho, in nats of the latter */
  dw_dual_state state;
} dw_gradient;

/* R and the rest for an order below infinity and the level of exponent e (objective.h). Order 2 takes S as it
 * is, and no smoothing. */
divw_status dw_gradient_of(const dw_spectrum *spectrum, double order, double exponent, double smoothing, double *R,
                           dw_gradient *gradient);

/* Squares |R phi_i|^2 of n rows into D_i. */
void dw_gradient_finish(const dw_spectrum *spectrum, const dw_gradient *gradient, int64_t n, double *D);

#endif
