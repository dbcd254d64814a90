/* exp and expm1 of many numbers at once. */
#ifndef DW_EXPONENTIAL_H
#define DW_EXPONENTIAL_H

#include "internal.h"

/* out_i = exp(x_i) and exp(x_i) - 1, both within 2 units of the last place: of exp(x_i), and of what exp(x_i) - 1 is.
 * exp is 0 below -708, where it is about to lose digits, and Inf above 709. NaN stays NaN; out may be x. */
void dw_exp(const double *x, int64_t count, double *out);
void dw_expm1(const double *x, int64_t count, double *out);

#endif
