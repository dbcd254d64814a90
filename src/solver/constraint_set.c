/* The set of weights that the constraints leave for the examples of a kernel. One that is empty is refused with the
 * bound, and the group, that makes it so. */
#include "../kernel.h"
#include "solve.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/* Sums of bounds that users round to some digits may miss 1 by this much. */
#define SLACK 1e-9
#define TINY (8 * DBL_EPSILON)

static const char SOLVE[] = "divw_solver_solve";

bool dw_constraints_bound_rows(const dw_constraints *c) {
  return isfinite(c->max_weight) || c->min_weight > 0 || c->group_count > 0 || c->excluded_count > 0;
}

static divw_status bound_rows(const dw_constraints *c, const divw_dataset *dataset, dw_feasible *set) {
  double n = (double)set->n;
  int64_t excluded = 0;
  for (int64_t i = 0; i < set->n; i++) {
    bool out = dw_constraints_exclude(c, divw_dataset_row(dataset, i));
    set->lower[i] = out ? 0 : c->min_weight / n;
    set->upper[i] = out ? 0 : c->max_weight / n;
    excluded += out;
  }
  if (c->excluded_count > 0 && excluded == 0) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: none of the %lld excluded rows is among the %lld examples", SOLVE,
                   (long long)c->excluded_count, (long long)set->n);
  }
  if (excluded == set->n) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: all %lld examples are excluded", SOLVE, (long long)set->n);
  }
  return DIVW_OK;
}

/* Bounded groups come first, in the order given; all other rows are one more. */
static divw_status bound_groups(const dw_constraints *c, const divw_dataset *dataset, dw_feasible *set) {
  const int64_t *labels = divw_dataset_labels(dataset);
  if (c->group_count == 0) {
    return DIVW_OK;
  }
  if (labels == NULL) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: there are bounds on groups, but the dataset has no labels", SOLVE);
  }
  for (int64_t g = 0; g <= c->group_count; g++) {
    set->groups[g].least = g < c->group_count ? c->least[g] : 0;
    set->groups[g].most = g < c->group_count ? c->most[g] : 1;
  }
  for (int64_t i = 0; i < set->n; i++) {
    int32_t g = 0;
    while (g < c->group_count && c->labels[g] != labels[i]) {
      g++;
    }
    set->group[i] = g;
    if (g < c->group_count && c->most[g] == 0) {
      set->lower[i] = set->upper[i] = 0;
    }
  }
  return DIVW_OK;
}

/* What the bounds of rows make of each group's mass: at least mass, at most free_mass. */
static void sum_bounds(dw_feasible *set) {
  for (int32_t g = 0; g < set->group_count; g++) {
    set->groups[g].mass_sum = set->groups[g].free_sum = (dw_sum){0, 0};
  }
  for (int64_t i = 0; i < set->n; i++) {
    dw_group *group = &set->groups[set->group == NULL ? 0 : set->group[i]];
    dw_sum_add(&group->mass_sum, set->lower[i]);
    dw_sum_add(&group->free_sum, fmin(set->upper[i], 2));
  }
  for (int32_t g = 0; g < set->group_count; g++) {
    set->groups[g].mass = dw_sum_value(&set->groups[g].mass_sum);
    set->groups[g].free_mass = dw_sum_value(&set->groups[g].free_sum);
  }
}

static divw_status check_group(const dw_constraints *c, int32_t g, dw_group *group) {
  long long label = g < c->group_count ? (long long)c->labels[g] : 0;
  if (group->least > group->free_mass * (1 + SLACK)) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: group %lld shall have a mass of at least %g, but its examples can have %g at most", SOLVE,
                   label, group->least, group->free_mass);
  }
  if (group->mass > group->most * (1 + SLACK)) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: group %lld shall have a mass of at most %g, but its examples have %g at least", SOLVE, label,
                   group->most, group->mass);
  }
  group->least = fmin(group->least, group->free_mass);
  group->most = fmax(group->most, group->mass);
  return DIVW_OK;
}

/* A factor above 1 raises the upper bound, one below 1 lowers the lower one; what was fixed stays fixed. */
static void scale_bounds(double factor, double *lower, double *upper) {
  bool fixed = *lower == *upper;
  double *moved = factor > 1 ? upper : lower;
  *moved *= factor;
  if (fixed) {
    *lower = *upper = *moved;
  }
}

/* Where the least masses sum to 1, or the largest do, they are the only ones; and where the bounds on rows make up all
 * the mass that a group may have, or no more than it must, so are they. Said outright, for methods that start inside.
 */
static void fix_what_is_tight(dw_feasible *set, bool is_least, bool is_most) {
  sum_bounds(set);
  for (int32_t g = 0; g < set->group_count && (is_least || is_most); g++) {
    dw_group *group = &set->groups[g];
    group->least = group->most = is_least ? fmax(group->least, group->mass) : fmin(group->most, group->free_mass);
  }
  for (int64_t i = 0; i < set->n; i++) {
    const dw_group *group = &set->groups[set->group == NULL ? 0 : set->group[i]];
    if (group->mass >= group->most * (1 - TINY)) {
      set->upper[i] = set->lower[i];
    } else if (group->free_mass <= group->least * (1 + TINY)) {
      set->lower[i] = set->upper[i];
    }
  }
}

/* Says which group asks for the most, or allows the least. */
static divw_status refuse_total(const dw_constraints *c, const dw_feasible *set, double least, double most) {
  char group[80] = "";
  int32_t extreme = 0;
  for (int32_t g = 1; g < c->group_count; g++) {
    const dw_group *here = &set->groups[g], *worst = &set->groups[extreme];
    if (least > 1 ? here->least > worst->least : here->most < worst->most) {
      extreme = g;
    }
  }
  if (c->group_count > 0) {
    const dw_group *worst = &set->groups[extreme];
    snprintf(group, sizeof group, least > 1 ? "; of group %lld it is %g at least" : "; of group %lld it is %g at most",
             (long long)c->labels[extreme], least > 1 ? worst->least : worst->most);
  }
  return dw_fail(DIVW_ERROR_ARGUMENT,
                 "%s: the bounds%s leave a total mass of %g to %g, expected a range that holds 1%s", SOLVE,
                 c->group_count > 0 ? " on groups and examples" : " on the weights", least, most, group);
}

/* Whether any weights keep the bounds: on each group, and with masses that sum to 1. Where rounding of the bounds is
 * what they miss it by, they are moved by that much. */
static divw_status check_masses(const dw_constraints *c, dw_feasible *set) {
  divw_status status;
  dw_sum least = {0, 0}, most = {0, 0};
  sum_bounds(set);
  for (int32_t g = 0; g < set->group_count; g++) {
    dw_group *group = &set->groups[g];
    if (c->group_count > 0) {
      DW_TRY(check_group(c, g, group));
    }
    dw_sum_add(&least, c->group_count > 0 ? fmax(group->least, group->mass) : group->mass);
    dw_sum_add(&most, c->group_count > 0 ? fmin(group->most, group->free_mass) : group->free_mass);
  }
  double least_total = dw_sum_value(&least), most_total = dw_sum_value(&most);
  if (least_total > 1 + SLACK || most_total < 1 - SLACK) {
    return refuse_total(c, set, least_total, most_total);
  }
  double factor = 1 / (most_total < 1 ? most_total : fmax(least_total, 1));
  for (int64_t i = 0; factor != 1 && i < set->n; i++) {
    scale_bounds(factor, &set->lower[i], &set->upper[i]);
  }
  for (int32_t g = 0; c->group_count > 0 && factor != 1 && g < set->group_count; g++) {
    scale_bounds(factor, &set->groups[g].least, &set->groups[g].most);
  }
  fix_what_is_tight(set, least_total >= 1 - TINY, most_total <= 1 + TINY);
  return DIVW_OK;
fail:
  return status;
}

/* How even weights can be, and the limit on the deficit that a number of effective examples is. */
static divw_status limit_deficit(const dw_constraints *c, dw_feasible *set) {
  divw_status status;
  double n = (double)set->n, wanted = c->is_share ? c->effective * n : c->effective, *even;
  DW_TRY(dw_alloc_zero(&even, 2 * set->n, sizeof *even));
  set->least_deficit = dw_feasible_is_plain(set) ? 0 : dw_feasible_project(set, even, even + set->n);
  divw_free(even);
  if (c->effective == 0) {
    return DIVW_OK;
  }
  double most = n * exp(-set->least_deficit);
  if (wanted > most * (1 + SLACK)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: %g effective examples are asked for, but there can be %g at most", SOLVE,
                   wanted, most);
  }
  bool is_all = wanted >= most * (1 - TINY); /* then only the most even weights are left */
  set->deficit_limit = is_all ? set->least_deficit : fmax(log(n / fmax(wanted, 1)), set->least_deficit);
fail:
  return status;
}

divw_status dw_constraints_set(const dw_constraints *c, const divw_kernel *kernel, dw_feasible *set) {
  divw_status status;
  const divw_dataset *dataset = dw_kernel_dataset(kernel);
  dw_feasible_plain(set, divw_kernel_count(kernel));
  if (dw_constraints_bound_rows(c)) {
    DW_TRY(dw_feasible_constrain(set, c->group_count > 0 ? (int32_t)c->group_count + 1 : 0));
    DW_TRY(bound_rows(c, dataset, set));
    DW_TRY(bound_groups(c, dataset, set));
    DW_TRY(check_masses(c, set));
    dw_feasible_complete(set);
  }
  return limit_deficit(c, set);
fail:
  return status;
}

divw_status dw_constraints_quality(const dw_constraints *c, const dw_feasible *set, double **quality,
                                   double *log_scale) {
  divw_status status = DIVW_OK;
  double largest = 0;
  if (c->quality == NULL) {
    return DIVW_OK;
  }
  if (c->quality_count != set->n) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: there are %lld quality scores for %lld examples", SOLVE,
                   (long long)c->quality_count, (long long)set->n);
  }
  for (int64_t i = 0; i < set->n; i++) {
    largest = dw_feasible_allows(set, i) ? fmax(largest, c->quality[i]) : largest;
  }
  if (largest == 0) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: no example that may have weight has a quality score above 0", SOLVE);
  }
  DW_TRY(dw_alloc(quality, set->n, sizeof **quality));
  for (int64_t i = 0; i < set->n; i++) {
    (*quality)[i] = dw_feasible_allows(set, i) ? c->quality[i] / largest : 0; /* or it would cost digits of D */
  }
  *log_scale = log(largest);
fail:
  return status;
}
