/* Divided differences of the gradient of tr rho^q: the curvature of smooth orders. */
#ifndef DW_DIVIDED_H
#define DW_DIVIDED_H

#include "../internal.h"

enum { DW_MOST_TERMS = 48 };

/* Gamma_kl = q / (q-1) (mu_k^(q-1) - mu_l^(q-1)) / (mu_k - mu_l) / e^log_power for ascending mu >= 0, r x r; of
 * logarithms, without q / (q-1), at q = 1, where log_power is 0. Eigenvalues below 1e-14 count as that. */
void dw_divided_differences(double order, const double *mu, int64_t r, double log_power, double *gamma);

/* The same as sum over t of (a_tk b_tl + a_tl b_tk) / 2, right to 1e-4; returns how many terms, 0 where that took more
 * than DW_MOST_TERMS. */
int64_t dw_divided_terms(double order, const double *mu, int64_t r, double log_power, double *a, double *b);

/* About how many different a_t and b_t there are. */
int64_t dw_divided_products(double order);

#endif
