/* The set of weights that are allowed, and the two questions that every method asks of it:
 *
 *     project    argmax over the set of <x, p> + H(p): what softmax is on the simplex
 *     support    W(D, lambda) = max over the set of <D, p> - lambda g(p),   g = log n - H = sum p log(n p)
 *
 * The set is  { p : sum p = 1, lower_i <= p_i <= upper_i, least_g <= mass of group g <= most_g }, groups being a
 * partition of the rows. A plain set is the whole simplex, and costs what it did without constraints. */
#ifndef DW_FEASIBLE_H
#define DW_FEASIBLE_H

#include "../simplex.h"

/* Where a decreasing function of a shift takes the value that is wanted. */
typedef struct {
  double shift, least, most; /* the root is between least and most, which are finite */
} dw_root;

typedef struct {
  double least, most;     /* bounds of the mass */
  double mass, free_mass; /* at the shift, and how much of it is not clipped */
  dw_sum mass_sum, free_sum;
  double wanted; /* the bound that the mass is held at; NAN: none */
  dw_root root;
} dw_group;

typedef struct {
  int64_t n;
  double *lower, *upper;          /* n each, upper INFINITY where there is none; NULL: the set is plain */
  double *low_logit, *high_logit; /* log(n lower), log(n upper) */
  int32_t *group;                 /* of each row; NULL: all in the first */
  dw_group *groups;
  int32_t group_count;
  double *scaled; /* n numbers to work with, and n to sort */
  struct dw_ranked *ranked;
  double least_deficit; /* no p of the set has a smaller g */
  double deficit_limit; /* g(p) may not be larger: effective examples; INFINITY without */
} dw_feasible;

void dw_feasible_plain(dw_feasible *set, int64_t n);
void dw_feasible_destroy(dw_feasible *set);

/* Makes room for bounds, none as yet, and for groups: one, of all rows, with the mass 1; or `group_count`, of which
 * the caller fills in bounds and members. Then, with bounds and groups filled in, completes the set. */
divw_status dw_feasible_constrain(dw_feasible *set, int32_t group_count);
void dw_feasible_complete(dw_feasible *set);

static inline bool dw_feasible_is_plain(const dw_feasible *set) { return set->lower == NULL; }

/* Whether row i can have weight at all. */
static inline bool dw_feasible_allows(const dw_feasible *set, int64_t i) {
  return dw_feasible_is_plain(set) || set->upper[i] > 0;
}

static inline bool dw_feasible_may_move(const dw_feasible *set, int64_t i) {
  return dw_feasible_is_plain(set) || set->lower[i] < set->upper[i];
}

/* log(n p_i) of a projected point; 0 where p_i is fixed to 0. */
static inline double dw_feasible_log(const dw_feasible *set, const double *logit, int64_t i) {
  if (dw_feasible_is_plain(set)) {
    return logit[i];
  }
  if (set->upper[i] == 0) {
    return 0;
  }
  double raised = logit[i] > set->low_logit[i] ? logit[i] : set->low_logit[i];
  return raised < set->high_logit[i] ? raised : set->high_logit[i];
}

/* p = argmax <logit, p> + H(p); logit becomes log(n p_i) where no bound of row i holds p_i, and is larger than that
 * where the upper one does, smaller where the lower one does. Returns the deficit g(p), NaN where p is NULL, not
 * wanted. deficit_limit is not looked at. */
double dw_feasible_project(const dw_feasible *set, double *logit, double *p);

/* p again, to the last bit, from such a logit. */
void dw_feasible_weights(const dw_feasible *set, const double *logit, double *p);

/* The same as dw_feasible_project() for t logit with the largest t <= 1 for which g(p) <= deficit_limit. */
double dw_feasible_temper(const dw_feasible *set, double *logit, double *p);

/* W, which rounding may make larger but not smaller, and the deficit of its maximiser; lambda = 0: the linear
 * programme.
 */
dw_softmax dw_feasible_support(const dw_feasible *set, const double *D, double lambda);

/* The least lambda for which W(D, lambda) + lambda deficit_limit is smallest: the multiplier of the limit. */
double dw_feasible_multiplier(const dw_feasible *set, const double *D);

#endif
