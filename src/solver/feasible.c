/* Weights under constraints: softmax, clipped.
 *
 * With bounds l <= p <= u and group masses in [L, U], the maximiser of <x, p> + H(p) is
 *
 *     p_i = clip( exp(x_i - theta_g(i)) / n, l_i, u_i )
 *
 * with one shift theta_g for each group: theta_g = nu, one number for all, where that leaves the mass of the group
 * within its bounds, and otherwise whatever puts it on the bound that it violates; nu is the root of sum p = 1. Each
 * root is found by Newton's method on the logarithm of the mass that is not clipped, which is exact once the clipped
 * rows are the right ones, inside a bracket; a step is one pass over the n numbers for all groups together.
 *
 * The support function is evaluated by weak duality: for ANY nu and theta,
 *
 *     W(D, lambda) <= nu + sum_g max(U_g (theta_g - nu), L_g (theta_g - nu))
 *                        + sum_i max over x in [l_i, u_i] of  x (D_i - theta_g(i)) - lambda (x log(n x) - x + 1/n)
 *
 * (sum p = 1 makes the last two terms vanish), so a root that is not exact costs sharpness and not the proof. At
 * lambda = 0 it is a linear programme over nested sets, which the greedy choice solves: lower bounds first, then the
 * best rows of each group up to its least mass, then the best rows of all.
 *
 * Derivation and proofs: docs/mathematics.md, 12. */
#include "feasible.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 200, LIGHTEST = 745 }; /* exp(-LIGHTEST) is 0 */
#define LEAST_MULTIPLIER 1e-12            /* of nats per nat; below it a limit is taken for slack */

struct dw_ranked {
  double value;
  int64_t row;
};

/* ---- the set ---- */

void dw_feasible_plain(dw_feasible *set, int64_t n) {
  memset(set, 0, sizeof *set);
  set->n = n;
  set->deficit_limit = INFINITY;
}

void dw_feasible_destroy(dw_feasible *set) {
  void *owned[] = {set->lower, set->group, set->groups, set->ranked};
  for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) {
    divw_free(owned[k]);
  }
  memset(set, 0, sizeof *set);
}

divw_status dw_feasible_constrain(dw_feasible *set, int32_t group_count) {
  divw_status status;
  int64_t n = set->n;
  DW_TRY(dw_alloc(&set->lower, 5 * n, sizeof *set->lower));
  DW_TRY(dw_alloc(&set->ranked, n, sizeof *set->ranked));
  DW_TRY(dw_alloc_zero(&set->groups, dw_max(group_count, 1), sizeof *set->groups));
  if (group_count > 0) {
    DW_TRY(dw_alloc_zero(&set->group, n, sizeof *set->group));
  }
  set->upper = set->lower + n;
  set->low_logit = set->upper + n;
  set->high_logit = set->low_logit + n;
  set->scaled = set->high_logit + n;
  set->group_count = (int32_t)dw_max(group_count, 1);
  set->groups[0].least = set->groups[0].most = 1;
  for (int64_t i = 0; i < n; i++) {
    set->lower[i] = 0;
    set->upper[i] = INFINITY;
  }
fail:
  return status;
}

void dw_feasible_complete(dw_feasible *set) {
  double n = (double)set->n;
  for (int64_t i = 0; i < set->n; i++) {
    set->low_logit[i] = log(n * set->lower[i]);
    set->high_logit[i] = log(n * set->upper[i]);
  }
}

static dw_group *group_of(const dw_feasible *set, int64_t i) {
  return &set->groups[set->group == NULL ? 0 : set->group[i]];
}

static double clip(double x, double least, double most) { return fmin(fmax(x, least), most); }

/* ---- shifts ---- */

static void tally(const dw_feasible *set, const double *x) {
  double n = (double)set->n;
  for (int32_t g = 0; g < set->group_count; g++) {
    set->groups[g].mass_sum = set->groups[g].free_sum = (dw_sum){0, 0};
  }
  for (int64_t i = 0; i < set->n; i++) {
    dw_group *group = group_of(set, i);
    double z = x[i] - group->root.shift, unclipped = z < -LIGHTEST - 1 ? 0 : exp(z) / n; /* underflow is slow */
    double p = clip(unclipped, set->lower[i], fmin(set->upper[i], 2)); /* above 1 the shift is too small anyway */
    dw_sum_add(&group->mass_sum, p);
    dw_sum_add(&group->free_sum, p == unclipped ? p : 0);
  }
  for (int32_t g = 0; g < set->group_count; g++) {
    set->groups[g].mass = dw_sum_value(&set->groups[g].mass_sum);
    set->groups[g].free_mass = dw_sum_value(&set->groups[g].free_sum);
  }
}

/* True when the shift is the root, as far as numbers can tell; otherwise moves it. */
static bool advance(dw_root *at, double mass, double free_mass, double wanted) {
  if (fabs(mass - wanted) <= 4 * DBL_EPSILON * wanted) {
    return true;
  }
  *(mass > wanted ? &at->least : &at->most) = at->shift;
  double left = wanted - (mass - free_mass), next = left > 0 && free_mass > 0 ? at->shift + log(free_mass / left) : NAN;
  if (!(next > at->least && next < at->most)) {
    next = at->least + (at->most - at->least) / 2;
  }
  bool stuck = !(next > at->least && next < at->most);
  at->shift = stuck ? at->shift : next;
  return stuck;
}

static bool is_held(const dw_group *group) { return !isnan(group->wanted); }

/* nu: with it as the shift of every group, masses that are kept within their bounds sum to 1. */
static double common_shift(const dw_feasible *set, const double *x, dw_root nu) {
  for (int step = 0; step < MAX_STEPS; step++) {
    double total = 0, movable = 0, loose = 0;
    for (int32_t g = 0; g < set->group_count; g++) {
      set->groups[g].root.shift = nu.shift;
    }
    tally(set, x);
    for (int32_t g = 0; g < set->group_count; g++) {
      const dw_group *group = &set->groups[g];
      bool inside = group->mass > group->least && group->mass < group->most;
      total += clip(group->mass, group->least, group->most);
      movable += inside ? group->free_mass : 0;
      loose += group->most - group->least;
    }
    if (loose == 0 || advance(&nu, total, movable, 1)) {
      break; /* with every mass fixed any number will do */
    }
  }
  return nu.shift;
}

/* Groups that are out of bounds at the common shift nu are held at the bound, each by a shift of its own: above nu
 * where the mass would be too large, below it where it would be too small. */
static void hold_groups(const dw_feasible *set, const double *x, dw_root range) {
  for (int32_t g = 0; g < set->group_count; g++) {
    dw_group *group = &set->groups[g];
    double nu = group->root.shift;
    bool above = group->mass > group->most, below = group->mass < group->least;
    group->wanted = above ? group->most : below ? group->least : NAN;
    group->root.least = above ? nu : range.least;
    group->root.most = below ? nu : range.most;
  }
  bool done = false;
  for (int step = 0; !done && step < MAX_STEPS; step++) {
    done = true;
    for (int32_t g = 0; g < set->group_count; g++) {
      dw_group *group = &set->groups[g];
      done &= !is_held(group) || advance(&group->root, group->mass, group->free_mass, group->wanted);
    }
    if (!done) {
      tally(set, x);
    }
  }
}

/* Where shifts can be: at one end every row would have a weight of 1 or its upper bound, at the other one nothing or
 * its lower bound. A range that is finite keeps the bound meaningful where rounding leaves a tight set without a root.
 */
static dw_root range_of_shifts(const dw_feasible *set, const double *x) {
  double least = INFINITY, most = -INFINITY;
  for (int64_t i = 0; i < set->n; i++) {
    if (set->upper[i] > 0) {
      least = fmin(least, x[i]);
      most = fmax(most, x[i]);
    }
  }
  return (dw_root){most, least - log((double)set->n) - 1, most + LIGHTEST};
}

/* Fills in the shifts of all groups and returns nu. */
static double find_shifts(const dw_feasible *set, const double *x) {
  dw_root range = range_of_shifts(set, x);
  double nu = common_shift(set, x, range);
  hold_groups(set, x, range);
  return nu;
}

/* ---- projection ---- */

static double deficit(const dw_feasible *set, const double *logit, const double *p) {
  dw_sum sum = {0, 0};
  for (int64_t i = 0; i < set->n; i++) {
    dw_sum_add(&sum, p[i] > 0 ? p[i] * dw_feasible_log(set, logit, i) : 0);
  }
  return fmax(dw_sum_value(&sum), 0);
}

void dw_feasible_weights(const dw_feasible *set, const double *logit, double *p) {
  dw_weights_of(logit, p, set->n);
  for (int64_t i = 0; !dw_feasible_is_plain(set) && i < set->n; i++) {
    p[i] = clip(p[i], set->lower[i], set->upper[i]);
  }
}

double dw_feasible_project(const dw_feasible *set, double *logit, double *p) {
  if (dw_feasible_is_plain(set)) {
    dw_normalise(logit, p, set->n);
    return p == NULL ? NAN : dw_entropy_deficit(p, logit, set->n);
  }
  for (int round = 0; round < 2; round++) { /* as in dw_normalise(): the second is of the rounding of the first */
    find_shifts(set, logit);
    for (int64_t i = 0; i < set->n; i++) {
      logit[i] -= group_of(set, i)->root.shift;
    }
  }
  if (p == NULL) {
    return NAN;
  }
  dw_feasible_weights(set, logit, p);
  return deficit(set, logit, p);
}

/* ---- support ---- */

/* max over x in [lower, upper] of x z - (x log(n x) - x + 1/n), and p log(n p) of the maximiser. */
static double row_value(const dw_feasible *set, int64_t i, double z, double *p_log) {
  double n = (double)set->n, bound = z > set->high_logit[i] ? set->upper[i] : set->lower[i];
  if (z >= set->low_logit[i] && z <= set->high_logit[i]) {
    *p_log = exp(z) * z / n;
    return expm1(z) / n;
  }
  double logarithm = bound > 0 ? log(n * bound) : 0;
  *p_log = bound * logarithm;
  return bound * (z - logarithm + 1) - 1 / n;
}

static dw_softmax smooth_support(const dw_feasible *set, const double *D, double lambda) {
  double maximum = dw_maximum(D, set->n), part;
  double *x = set->scaled;
  dw_sum value = {0, 0}, deficit = {0, 0};
  for (int64_t i = 0; i < set->n; i++) {
    x[i] = (D[i] - maximum) / lambda;
  }
  double nu = find_shifts(set, x);
  dw_sum_add(&value, nu);
  for (int32_t g = 0; g < set->group_count; g++) {
    const dw_group *group = &set->groups[g];
    double push = is_held(group) ? group->root.shift - nu : 0;
    dw_sum_add(&value, push * (push > 0 ? group->most : group->least));
  }
  for (int64_t i = 0; i < set->n; i++) {
    const dw_group *group = group_of(set, i);
    dw_sum_add(&value, row_value(set, i, x[i] - (is_held(group) ? group->root.shift : nu), &part));
    dw_sum_add(&deficit, part);
  }
  return (dw_softmax){maximum + lambda * dw_sum_value(&value), fmax(dw_sum_value(&deficit), 0)};
}

static int falling(const void *a, const void *b) {
  double x = ((const struct dw_ranked *)a)->value, y = ((const struct dw_ranked *)b)->value;
  return (x < y) - (x > y);
}

/* Gives row i as much weight as its bound, `group_left` and what is left of the total allow. */
static void give(const dw_feasible *set, int64_t i, double group_left, dw_sum *left) {
  double amount = fmin(fmin(set->upper[i] - set->scaled[i], group_left), dw_sum_value(left));
  if (amount > 0) {
    set->scaled[i] += amount;
    dw_sum_add(&group_of(set, i)->mass_sum, amount);
    dw_sum_add(left, -amount);
  }
}

static dw_softmax linear_support(const dw_feasible *set, const double *D) {
  double *p = set->scaled, n = (double)set->n;
  dw_sum value = {0, 0}, deficit = {0, 0}, left = {1, 0};
  for (int32_t g = 0; g < set->group_count; g++) {
    set->groups[g].mass_sum = (dw_sum){0, 0};
  }
  for (int64_t i = 0; i < set->n; i++) {
    set->ranked[i] = (struct dw_ranked){D[i], i};
    p[i] = set->lower[i];
    dw_sum_add(&group_of(set, i)->mass_sum, p[i]);
    dw_sum_add(&left, -p[i]);
  }
  qsort(set->ranked, (size_t)set->n, sizeof *set->ranked, falling);
  for (int round = 0; round < 2; round++) { /* up to the least masses; then as far as possible */
    for (int64_t k = 0; k < set->n; k++) {
      const dw_group *group = group_of(set, set->ranked[k].row);
      double bound = round == 0 ? group->least : group->most;
      give(set, set->ranked[k].row, bound - dw_sum_value(&group->mass_sum), &left);
    }
  }
  for (int64_t i = 0; i < set->n; i++) {
    dw_sum_add(&value, p[i] * D[i]);
    dw_sum_add(&deficit, p[i] > 0 ? p[i] * log(n * p[i]) : 0);
  }
  return (dw_softmax){dw_sum_value(&value), fmax(dw_sum_value(&deficit), 0)};
}

dw_softmax dw_feasible_support(const dw_feasible *set, const double *D, double lambda) {
  if (dw_feasible_is_plain(set)) {
    return dw_softmax_of(D, lambda, set->n);
  }
  dw_softmax support = lambda > 0 ? smooth_support(set, D, lambda) : linear_support(set, D);
  support.value += 8 * DBL_EPSILON * lambda * (1 + support.deficit); /* rounding of lambda g */
  return isnan(support.value) ? (dw_softmax){INFINITY, 0} : support;
}

/* ---- the limit on the deficit ---- */

/* The least lambda in [from, largest] at which the maximiser of <x, p> - lambda g(p) keeps the limit. The deficit falls
 * with lambda, as its inverse square for large lambda: secants of log deficit against log lambda. */
static double least_lambda(const dw_feasible *set, const double *x, double from, double largest) {
  double limit = set->deficit_limit, low = log(from), high = low, resolution = 64 * DBL_EPSILON;
  double above = dw_feasible_support(set, x, from).deficit, below = above;
  if (above <= limit) {
    return from;
  }
  if (limit < 1e-14) {
    return largest; /* as even as the set allows */
  }
  for (double stride = 1; below > limit && high < log(largest); stride *= 2) {
    low = high;
    above = below;
    high = fmin(high + stride, log(largest));
    below = dw_feasible_support(set, x, exp(high)).deficit;
  }
  for (int step = 0; step < MAX_STEPS && below < limit * (1 - 1e-12) && high - low > resolution; step++) {
    double share = log(above / limit) / log(above / below), middle = low + (high - low) * (step % 3 == 2 ? 0.5 : share);
    double at = dw_feasible_support(set, x, exp(middle)).deficit;
    if (at > limit) {
      low = middle;
      above = at;
    } else {
      high = middle;
      below = at;
    }
  }
  return exp(high);
}

double dw_feasible_temper(const dw_feasible *set, double *logit, double *p) {
  if (isfinite(set->deficit_limit)) {
    double lambda = least_lambda(set, logit, 1, 1e15);
    for (int64_t i = 0; lambda > 1 && i < set->n; i++) {
      logit[i] /= lambda;
    }
  }
  return dw_feasible_project(set, logit, p);
}

double dw_feasible_multiplier(const dw_feasible *set, const double *D) {
  double lambda = least_lambda(set, D, LEAST_MULTIPLIER, 1e15);
  return lambda > LEAST_MULTIPLIER ? lambda : 0;
}
