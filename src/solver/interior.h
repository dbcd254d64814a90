/* Interior-point methods: the constraints and the entropy, which they share (newton.c), around a concave value.
 *
 * Vectors run over the m active rows; all other rows keep the weight they have. */
#ifndef DW_INTERIOR_H
#define DW_INTERIOR_H

#include "newton_matrix.h"
#include "solve.h"

/* How many rows are active at a time: all, or where a step on all takes too long, those of column generation. */
int64_t dw_interior_active(const dw_solve *solve);

/* A sum of products that go to zero together, and how many they are. */
typedef struct {
  double sum;
  int64_t count;
} dw_complementarity;

/* Of p and what follows it, and of the multipliers. */
typedef struct {
  double primal, dual;
} dw_steps;

/* The value that is maximised, y(p) in units of which a nat is `unit`. What follows `gradient` is for values with
 * variables and barriers of their own, and NULL without: one variable, -u, which Newton's equations keep,
 *
 *     F dp + column u + ... = g + ...,    column.dp + diagonal u = own_equation,
 *
 * and whatever else follows from u and dp. */
typedef struct {
  void *self;
  double unit;
  double offset;       /* marginal diversities are g / unit, in nats, and this */
  double exponent;     /* y is VS^exponent / exponent, as far as its curvature goes */
  int64_t spikes;      /* of its curvature, always as many */
  const double *score; /* s_i / p.s of the active rows at the point, with scores; NULL: none */
  /* Looks at a point: minus the Hessian F; DIVW_ERROR_NUMERICAL where rounding has the word. At the first point: the
   * gradient g. */
  divw_status (*prepare)(void *self, const dw_point *at, dw_curvature *curvature);
  void (*first_gradient)(void *self, const dw_point *at, double *g);
  /* g in Newton's equations, with what the variables of its own leave there at this kappa. */
  void (*gradient)(void *self, const dw_point *at, double kappa, double *g);
  const double *column;
  double diagonal;
  double (*own_equation)(void *self, double kappa);
  double (*growth)(void *self, double u); /* d log VS of a direction with this u; NULL: that of the gradient */
  void (*respond)(void *self, double u, const double *dp, double kappa); /* its own direction */
  dw_steps (*distance)(void *self, dw_steps step); /* to the boundary along the direction, at most `step` */
  dw_complementarity (*complementarity)(void *self, dw_steps step);
  void (*correct)(void *self); /* from here on, with the second-order term of the last direction */
  void (*move)(void *self, dw_steps step);
  divw_status (*visit)(void *self, dw_archive *archive); /* what of its own variables the next step needs */
  bool is_linear; /* in its variables, so that p and multipliers may take steps of their own */
} dw_concave;

/* The active rows of a solve: all that may move, or some of them. */
typedef struct {
  int64_t *row;
  int64_t count;
} dw_active;

/* From best, moved well inside; best becomes the best point met. Where not all rows are active it may also end, with
 * stop reason 0, when the active ones are not what keeps the gap open. theta (one number a group, or NULL): the
 * multipliers of the masses, in nats. */
divw_status dw_newton_iterate(dw_solve *solve, dw_problem problem, double target, dw_active active, dw_concave *value,
                              dw_point *best, double *theta, int32_t *stop_reason);

/* The same with the value of smooth orders, and of large ones and infinity, whose dual state is a variable. */
bool dw_interior_is_dual(double order);
divw_status dw_interior_smooth(dw_solve *solve, dw_problem problem, double target, dw_active active, dw_point *best,
                               double *theta, int32_t *stop_reason);
divw_status dw_interior_dual(dw_solve *solve, dw_problem problem, double target, dw_active active, dw_point *best,
                             double *theta, int32_t *stop_reason);

/* Reads the rows of phi that are active: count x r numbers. */
divw_status dw_read_active(dw_solve *solve, dw_active active, double *rows);

/* How far along dm the matrix m stays definite, at most `step`; 0 when it is on the boundary already. It is found by
 * trying factorisations, which at r^3 / 3 are cheaper than the eigenvalues that give it. */
double dw_definite_distance(bool (*stays_definite)(void *self, const double *m, const double *dm, double step),
                            void *self, const double *m, const double *dm, double step);

#endif
