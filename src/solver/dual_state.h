/* The dual state sigma of large orders and order infinity, in the basis of Newton's equations for it. */
#ifndef DW_DUAL_STATE_H
#define DW_DUAL_STATE_H

#include "interior.h"

/* Symbols are those of interior_dual.c; matrices are r x r. */
typedef struct {
  int64_t r;
  double e, tau;
  double *sigma;
  double *T, *w, *z; /* the basis; sigma and, by row of T, Z there */
  double *P, *E;
  double *slope;           /* T psi'(sigma) T^T */
  double psi_trace, power; /* tr psi(sigma), tr sigma^(1+e) */
  double *divisor, *gamma; /* of X; Gamma, at e = 0 that of the product of w and `one` */
  double *one;             /* r times 1 */
  double dtau;
  double *X, *dZ, *second; /* the direction and its second-order term; room of dw_dual_state_find() */
  double *room, *s, *f;    /* s, f: r numbers */
} dw_dual_state;

/* sigma is the multiple of I with |sigma|_q* = 1. */
divw_status dw_dual_state_create(dw_dual_state *v, int64_t r, double order);
void dw_dual_state_destroy(dw_dual_state *v);

/* All that follows from sigma, tau > the largest eigenvalue of rho, and these. At e = 0 one eigen-decomposition and
 * five products, otherwise two and twelve. */
divw_status dw_dual_state_find(dw_dual_state *v, const dw_spectrum *spectrum);

/* Entry k of X without dp and u; and what sum E X, the equation of u, has on its right-hand side. */
double dw_dual_state_rest(const dw_dual_state *v, int64_t k, double kappa);
double dw_dual_state_equation(const dw_dual_state *v, double kappa);

/* The direction for u = -dtau and d rho in the basis; how far it may go; tr Z sigma - tr psi(sigma), which is r kappa,
 * psi to first order. Then its second-order term, for the next direction; or the step. */
void dw_dual_state_respond(dw_dual_state *v, double u, const double *drho, double kappa);
dw_steps dw_dual_state_distance(dw_dual_state *v, dw_steps step);
dw_complementarity dw_dual_state_complementarity(const dw_dual_state *v, dw_steps step);
void dw_dual_state_correct(dw_dual_state *v);
void dw_dual_state_move(dw_dual_state *v, dw_steps step);

divw_status dw_dual_state_visit(dw_dual_state *v, dw_archive *archive);

#endif
