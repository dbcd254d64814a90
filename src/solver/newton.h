/* The state of an interior-point solve: shared by its steps (newton.c), their few unknowns (newton_border.c) and its
 * first point (newton_start.c). */
#ifndef DW_NEWTON_H
#define DW_NEWTON_H

#include "interior.h"

#include <math.h>

/* What is beside the value and no constant: its logarithm falls by rate d log VS, or d log(p.s VS). That is lambda, or
 * with scores first both weights and then lambda. */
typedef struct {
  double rate;
  bool of_value;                      /* the latter: lambda */
  double *response, *answer, divisor; /* dp and unknowns for one more of the logarithm */
} dw_follower;

typedef struct {
  dw_solve *solve;
  dw_concave *value;
  dw_active active;
  int64_t m;
  dw_point trial, *best; /* the point that is looked at, and the best one met */
  dw_problem problem;
  dw_progress progress;
  const dw_point *at;
  bool capped, limited, is_part;
  int64_t looks;
  double lambda;      /* of this iteration, in units of the value */
  double *restricted; /* n, with some rows only */
  dw_newton_matrix *matrix;
  double *p, *g, *dp, *base;
  /* groups: members, and where in the border each one's mass and multiplier are */
  int32_t groups, loose;
  double *theta, *mass, *fixed_mass, *dtheta, *dmass, *room;
  int32_t *loose_group, *members; /* the groups whose mass may move; the active rows of each group */
  double nu, dnu, dlambda, fixed_deficit;
  /* pairs: lower bounds (m), upper bounds (m, where there are any), least and most mass (loose each), the limit */
  int64_t pairs;
  double *slack, *dual, *dslack, *ddual, *second;
  /* the border */
  int64_t columns, unknowns;
  double *border, *small, *unknown; /* M^-1 times its columns; the small system */
  int32_t *pivots;
  dw_follower followers[2];
  int follower_count;
  bool responds; /* their responses are there */
} dw_newton;

static inline int32_t dw_newton_group(const dw_newton *w, int64_t k) {
  const dw_feasible *set = &w->solve->set;
  return set->group == NULL ? 0 : set->group[w->active.row[k]];
}

static inline double dw_newton_lower(const dw_newton *w, int64_t k) {
  const dw_feasible *set = &w->solve->set;
  return dw_feasible_is_plain(set) ? 0 : set->lower[w->active.row[k]];
}

static inline double dw_newton_upper(const dw_newton *w, int64_t k) {
  const dw_feasible *set = &w->solve->set;
  return dw_feasible_is_plain(set) ? INFINITY : set->upper[w->active.row[k]];
}

static inline double dw_newton_n(const dw_newton *w) { return (double)w->solve->n; }

/* Where the pairs of groups and of the limit begin. */
static inline int64_t dw_newton_group_pairs(const dw_newton *w) { return w->capped ? 2 * w->m : w->m; }
static inline int64_t dw_newton_limit_pair(const dw_newton *w) {
  return dw_newton_group_pairs(w) + 2 * (int64_t)w->loose;
}

/* g(p) after a step: the rows that do not move, and those that do. */
static inline double dw_newton_deficit(const dw_newton *w, double step) {
  double sum = w->fixed_deficit;
  for (int64_t k = 0; k < w->m; k++) {
    double p = w->p[k] + step * w->dp[k];
    sum += p * log(dw_newton_n(w) * p);
  }
  return sum;
}

static inline double dw_newton_room(const dw_newton *w, double step) {
  return w->solve->set.deficit_limit - dw_newton_deficit(w, step);
}

/* The derivative of g: log(n p) + 1. */
static inline double dw_newton_slope(const dw_newton *w, int64_t k) { return log(dw_newton_n(w) * w->p[k]) + 1; }

/* (kappa - second) / slack: what eliminating a multiplier leaves on the other side. */
static inline double dw_newton_pull(const dw_newton *w, int64_t pair, double kappa) {
  return (kappa - w->second[pair]) / w->slack[pair];
}

static inline double dw_newton_stiffness(const dw_newton *w, int64_t pair) { return w->dual[pair] / w->slack[pair]; }

/* newton_border.c, once M is factored: its border; then from M^-1 times the right-hand side in base the directions of
 * p, groups, nu and lambda, and the unknown of the value. False where rounding makes it impossible. */
void dw_newton_border_factor(dw_newton *w);
bool dw_newton_border_solve(dw_newton *w, double kappa);

/* newton_start.c: what the solve needs and has to give back; the first p, well inside its bounds, with the masses that
 * go with it; and multipliers for it, once it has been looked at. */
divw_status dw_newton_create(dw_newton *w);
void dw_newton_destroy(dw_newton *w);
void dw_newton_start(dw_newton *w, const dw_point *best, dw_point *trial);
void dw_newton_start_multipliers(dw_newton *w, const dw_point *at);

#endif
