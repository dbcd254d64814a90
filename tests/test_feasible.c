/* The set of allowed weights: its projection and support function against bisection, enumeration and duality. */
#include "check.h"
#include "simplex.h"
#include "solver/feasible.h"

#include <float.h>
#include <math.h>

enum { N = 24, GROUPS = 4 };

/* ---- sets ---- */

static void begin(dw_feasible *set, int64_t n, int32_t groups) {
  dw_feasible_plain(set, n);
  ok(dw_feasible_constrain(set, groups));
}

/* A random set around a random point: never empty. Some rows are excluded, some fixed, some groups without bounds. */
static void make_random_set(dw_feasible *set, int32_t groups, test_random *random) {
  double p[N], mass[GROUPS + 1] = {0}, sum = 0;
  begin(set, N, groups);
  for (int64_t i = 0; i < N; i++) {
    p[i] = next_uniform(random) < 0.1 ? 0 : exp(2 * next_normal(random));
    sum += p[i];
  }
  for (int64_t i = 0; i < N; i++) {
    double kind = next_uniform(random);
    p[i] /= sum;
    set->lower[i] = kind < 0.5 ? p[i] * next_uniform(random) : 0;
    set->upper[i] = p[i] == 0 ? 0 : kind < 0.7 ? p[i] * (1 + 3 * next_uniform(random)) : INFINITY;
    if (kind > 0.95) {
      set->lower[i] = set->upper[i] = p[i];
    }
    if (groups > 0) {
      set->group[i] = (int32_t)(next_uniform(random) * groups);
      mass[set->group[i]] += p[i];
    }
  }
  for (int32_t g = 0; g < groups; g++) {
    bool fixed = next_uniform(random) < 0.2;
    set->groups[g].least = fixed ? mass[g] : mass[g] * next_uniform(random);
    set->groups[g].most = fixed ? mass[g] : fmin(1, mass[g] * (1 + next_uniform(random)));
  }
  dw_feasible_complete(set);
}

static int32_t group_of(const dw_feasible *set, int64_t i) { return set->group == NULL ? 0 : set->group[i]; }

static void assert_allowed(const dw_feasible *set, const double *p, double slack) {
  double sum = 0;
  for (int64_t i = 0; i < set->n; i++) {
    assert_true(p[i] >= set->lower[i] && p[i] <= set->upper[i]);
    sum += p[i];
  }
  near(sum, 1, slack);
  for (int32_t g = 0; g < set->group_count; g++) {
    double mass = 0;
    for (int64_t i = 0; i < set->n; i++) {
      mass += group_of(set, i) == g ? p[i] : 0;
    }
    assert_true(mass >= set->groups[g].least - slack && mass <= set->groups[g].most + slack);
  }
}

/* ---- the same by bisection, and nothing else ---- */

static double clipped(const dw_feasible *set, int64_t i, double x, double shift) {
  return fmin(fmax(exp(x - shift) / (double)set->n, set->lower[i]), set->upper[i]);
}

static double mass_at(const dw_feasible *set, const double *x, int32_t g, double shift) {
  double mass = 0;
  for (int64_t i = 0; i < set->n; i++) {
    mass += group_of(set, i) == g ? clipped(set, i, x[i], shift) : 0;
  }
  return mass;
}

static double kept(const dw_group *group, double mass) { return fmin(fmax(mass, group->least), group->most); }

static double total_at(const dw_feasible *set, const double *x, double nu) {
  double total = 0;
  for (int32_t g = 0; g < set->group_count; g++) {
    total += kept(&set->groups[g], mass_at(set, x, g, nu));
  }
  return total;
}

static void project_by_bisection(const dw_feasible *set, const double *x, double *p) {
  double low = -1e4, high = 1e4;
  for (int step = 0; step < 100; step++) {
    double middle = (low + high) / 2;
    *(total_at(set, x, middle) > 1 ? &low : &high) = middle;
  }
  double nu = high;
  for (int32_t g = 0; g < set->group_count; g++) {
    double mass = mass_at(set, x, g, nu), wanted = kept(&set->groups[g], mass), theta = nu;
    low = -1e4;
    high = 1e4;
    for (int step = 0; step < 100 && mass != wanted; step++) {
      theta = (low + high) / 2;
      *(mass_at(set, x, g, theta) > wanted ? &low : &high) = theta;
    }
    for (int64_t i = 0; i < set->n; i++) {
      p[i] = group_of(set, i) == g ? clipped(set, i, x[i], theta) : p[i];
    }
  }
}

static double dot(const double *a, const double *b) {
  double sum = 0;
  for (int i = 0; i < N; i++) {
    sum += a[i] * b[i];
  }
  return sum;
}

static double deficit_of(const double *p, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += p[i] > 0 ? p[i] * log((double)n * p[i]) : 0;
  }
  return sum;
}

/* ---- projection ---- */

static void projections_are_those_of_bisection(void **state) {
  (void)state;
  test_random random = {11};
  for (int trial = 0; trial < 300; trial++) {
    dw_feasible set;
    double x[N], logit[N], p[N], expected[N], spread = pow(10, 3 * next_uniform(&random) - 1);
    make_random_set(&set, trial % (GROUPS + 1), &random);
    for (int i = 0; i < N; i++) {
      logit[i] = x[i] = spread * next_normal(&random);
    }
    double deficit = dw_feasible_project(&set, logit, p);
    project_by_bisection(&set, x, expected);
    assert_allowed(&set, p, 1e-14);
    near(deficit, deficit_of(p, N), 1e-13);
    for (int i = 0; i < N; i++) {
      near(p[i], expected[i], 1e-12);
      if (p[i] > set.lower[i] && p[i] < set.upper[i]) {
        near(dw_feasible_log(&set, logit, i), log(N * p[i]), 1e-12);
      }
    }
    dw_feasible_destroy(&set);
  }
}

/* <x, p> + H(p) is not larger anywhere else in the set, least of all close by. */
static void projections_are_maximisers(void **state) {
  (void)state;
  test_random random = {12};
  for (int trial = 0; trial < 60; trial++) {
    dw_feasible set;
    double x[N], logit[N], p[N], other[N], q[N];
    make_random_set(&set, trial % (GROUPS + 1), &random);
    for (int i = 0; i < N; i++) {
      logit[i] = x[i] = 3 * next_normal(&random);
    }
    double deficit = dw_feasible_project(&set, logit, p), best = dot(x, p) - deficit;
    for (int k = 0; k < 20; k++) {
      double amount = pow(10, -4.0 * k / 20);
      for (int i = 0; i < N; i++) {
        other[i] = x[i] + amount * next_normal(&random);
      }
      project_by_bisection(&set, other, q);
      assert_true(dot(x, q) - deficit_of(q, N) <= best + 1e-12);
    }
    dw_feasible_destroy(&set);
  }
}

static void a_plain_set_is_softmax(void **state) {
  (void)state;
  dw_feasible set;
  double logit[3] = {0, log(2), log(5)}, p[3];
  dw_feasible_plain(&set, 3);
  assert_true(dw_feasible_is_plain(&set) && dw_feasible_allows(&set, 1) && dw_feasible_may_move(&set, 1));
  near(dw_feasible_project(&set, logit, p), deficit_of((double[]){0.125, 0.25, 0.625}, 3), 1e-15);
  near(p[2], 0.625, 1e-15);
  near(dw_feasible_log(&set, logit, 2), log(3 * 0.625), 1e-15);
  near(dw_feasible_support(&set, (double[]){1, 2, 3}, 0).value, 3, 0);
}

/* Bounds that leave one point, to the last bit or but for rounding. */
static void tight_sets_have_one_point(void **state) {
  (void)state;
  for (int kind = 0; kind < 4; kind++) {
    dw_feasible set;
    double x[10], p[10], D[10], expected = 0, deficit = 0;
    test_random random = {(uint64_t)kind};
    begin(&set, 10, kind == 3 ? 10 : 0);
    for (int i = 0; i < 10; i++) {
      double only = 0.1 + 0.01 * (i - 4.5);
      set.lower[i] = kind == 0 || kind == 1 ? only : 0;
      set.upper[i] = kind == 0 || kind == 2 ? only : INFINITY;
      if (kind == 3) {
        set.group[i] = i;
        set.groups[i].least = 0;
        set.groups[i].most = only;
      }
      x[i] = 20 * next_normal(&random);
      D[i] = x[i];
      expected += only * D[i];
      deficit += only * log(10 * only);
    }
    dw_feasible_complete(&set);
    dw_feasible_project(&set, x, p);
    for (int i = 0; i < 10; i++) {
      near(p[i], 0.1 + 0.01 * (i - 4.5), 1e-14);
    }
    static const double lambdas[] = {0, 1e-6, 1e-2, 1, 1e4};
    for (int k = 0; k < 5; k++) {
      dw_softmax at = dw_feasible_support(&set, D, lambdas[k]);
      near(at.value, expected - lambdas[k] * deficit, 1e-12 * (1 + lambdas[k]));
      near(at.deficit, deficit, lambdas[k] > 0 ? 1e-13 + 1e-14 / lambdas[k] : 1e-13); /* shifts have ulps, too */
    }
    dw_feasible_destroy(&set);
  }
}

/* Sums of bounds that miss 1 by rounding leave no root; the bound stays where it belongs. */
static void sets_that_rounding_has_emptied_keep_a_finite_bound(void **state) {
  (void)state;
  for (int sign = -1; sign <= 1; sign += 2) {
    dw_feasible set;
    double D[10], p[10];
    begin(&set, 10, 2);
    for (int i = 0; i < 10; i++) {
      set.group[i] = i % 2;
      set.upper[i] = sign < 0 ? 0.1 * (1 - 1e-14) : INFINITY;
      set.lower[i] = sign > 0 ? 0.1 * (1 + 1e-14) : 0;
      D[i] = p[i] = i;
    }
    set.groups[0].most = set.groups[1].most = 1;
    set.groups[0].least = 0;
    dw_feasible_complete(&set);
    near(dw_feasible_support(&set, D, 0.5).value, 4.5, 1e-9);
    near(dw_feasible_support(&set, D, 0).value, 4.5, 1e-9);
    dw_feasible_project(&set, D, p);
    for (int i = 0; i < 10; i++) {
      near(p[i], 0.1, 1e-14);
    }
    dw_feasible_destroy(&set);
  }
}

/* Nearly all rows at their floors, one group at its most: Newton's steps have nothing to go by at first. */
static void a_far_root_is_found(void **state) {
  (void)state;
  dw_feasible set;
  double x[N], logit[N], p[N], expected[N];
  begin(&set, N, 3);
  for (int i = 0; i < N; i++) {
    set.group[i] = i % 3;
    set.lower[i] = i % 8 == 0 ? 0 : 0.5 / N;
    set.upper[i] = i % 8 == 0 ? 0 : INFINITY;
  }
  double masses[3][2] = {{0.07, 0.32}, {0.1, 0.16}, {0, 1}};
  for (int g = 0; g < 3; g++) {
    set.groups[g].least = masses[g][0];
    set.groups[g].most = masses[g][1];
  }
  dw_feasible_complete(&set);
  for (int far = 0; far < 60; far++) {
    for (int i = 0; i < N; i++) {
      x[i] = logit[i] = i == 1 ? 3 * far : i % 8 == 0 ? 500 : 1e-3 * i;
    }
    dw_feasible_project(&set, logit, p);
    assert_allowed(&set, p, 1e-14);
    project_by_bisection(&set, x, expected);
    for (int i = 0; i < N; i++) {
      near(p[i], expected[i], 1e-12);
    }
  }
  dw_feasible_destroy(&set);
}

static void groups_may_be_empty_or_have_nothing(void **state) {
  (void)state;
  dw_feasible set;
  double x[6] = {1, 2, 3, 4, 5, 6}, p[6];
  begin(&set, 6, 3); /* group 1 has no rows; group 2 may have no mass */
  for (int i = 0; i < 6; i++) {
    set.group[i] = i < 4 ? 0 : 2;
    set.upper[i] = i < 4 ? INFINITY : 0;
  }
  set.groups[0].most = set.groups[1].most = 1;
  set.groups[0].least = 0;
  dw_feasible_complete(&set);
  double Z = exp(-3) + exp(-2) + exp(-1) + 1;
  dw_feasible_project(&set, x, p);
  near(p[3], 1 / Z, 1e-15);
  near(p[5], 0, 0);
  assert_false(dw_feasible_allows(&set, 5) || dw_feasible_may_move(&set, 5));
  near(dw_feasible_log(&set, x, 5), 0, 0);
  near(dw_feasible_support(&set, (double[]){1, 2, 3, 4, 5, 6}, 1).value, 4 + log(Z / 6), 1e-13);
  near(dw_feasible_support(&set, (double[]){1, 2, 3, 4, 5, 6}, 0).value, 4, 1e-15);
  dw_feasible_destroy(&set);
}

/* ---- support ---- */

/* W is reached by the projection of D / lambda and exceeded by none; its derivative in lambda is minus the deficit. */
static void support_is_the_maximum_and_its_slope_the_deficit(void **state) {
  (void)state;
  test_random random = {13};
  for (int trial = 0; trial < 200; trial++) {
    dw_feasible set;
    double D[N], x[N], p[N], q[N], lambda = pow(10, 4 * next_uniform(&random) - 2), step = 1e-4 * lambda;
    make_random_set(&set, trial % (GROUPS + 1), &random);
    for (int i = 0; i < N; i++) {
      D[i] = next_normal(&random);
      x[i] = D[i] / lambda;
    }
    dw_softmax at = dw_feasible_support(&set, D, lambda);
    project_by_bisection(&set, x, p);
    near(at.value, dot(D, p) - lambda * deficit_of(p, N), 1e-12 * (1 + lambda));
    near(at.deficit, deficit_of(p, N), 1e-11);
    double up = dw_feasible_support(&set, D, lambda + step).value,
           down = dw_feasible_support(&set, D, lambda - step).value;
    near((up - down) / (2 * step), -at.deficit, 1e-5 * (1 + at.deficit));
    assert_true(up + down - 2 * at.value >= -1e-13 * (1 + lambda)); /* convex in lambda */
    for (int k = 0; k < 5; k++) {
      for (int i = 0; i < N; i++) {
        x[i] = 5 * next_normal(&random);
      }
      project_by_bisection(&set, x, q);
      assert_true(dot(D, q) - lambda * deficit_of(q, N) <= at.value + 1e-13);
    }
    dw_feasible_destroy(&set);
  }
}

/* From the linear programme at lambda = 0 to the most even weights at large lambda, without a jump. */
static void support_is_continuous_in_lambda(void **state) {
  (void)state;
  test_random random = {14};
  for (int trial = 0; trial < 40; trial++) {
    dw_feasible set;
    double D[N], even[N] = {0}, p[N];
    make_random_set(&set, trial % (GROUPS + 1), &random);
    for (int i = 0; i < N; i++) {
      D[i] = next_normal(&random);
    }
    double linear = dw_feasible_support(&set, D, 0).value;
    for (double lambda = 1e-12; lambda < 1e-3; lambda *= 10) {
      near(dw_feasible_support(&set, D, lambda).value, linear, 1e-12 + lambda * log(N));
    }
    double least = dw_feasible_project(&set, even, p), large = 1e8;
    dw_softmax at = dw_feasible_support(&set, D, large);
    near(at.deficit, least, 1e-7);
    near(at.value + large * least, dot(D, p), 1e-6);
    assert_true(at.value + large * least >= dot(D, p) - 1e-15 * large * least); /* rounding never lowers it */
    dw_feasible_destroy(&set);
  }
}

/* The constraints are totally unimodular: with bounds in twelfths some optimal p is in twelfths too, and there are few
 * of those. */
enum { PARTS = 12, ROWS = 6 };

static void best_in_parts(const int *least, const int *most, const int *group, const int (*mass)[2], const double *D,
                          int row, int left, int *taken, double value, double *best) {
  if (row == ROWS) {
    bool allowed = left == 0;
    for (int g = 0; g < 2; g++) {
      allowed = allowed && taken[g] >= mass[g][0] && taken[g] <= mass[g][1];
    }
    *best = allowed ? fmax(*best, value) : *best;
    return;
  }
  for (int k = least[row]; k <= most[row] && k <= left; k++) {
    taken[group[row]] += k;
    best_in_parts(least, most, group, mass, D, row + 1, left - k, taken, value + k * D[row] / PARTS, best);
    taken[group[row]] -= k;
  }
}

static void linear_programmes_are_solved_as_by_enumeration(void **state) {
  (void)state;
  test_random random = {15};
  int solved = 0;
  for (int trial = 0; trial < 400; trial++) {
    dw_feasible set;
    int least[ROWS], most[ROWS], group[ROWS], mass[2][2], taken[2] = {0, 0};
    double D[ROWS], best = -INFINITY;
    begin(&set, ROWS, 2);
    for (int i = 0; i < ROWS; i++) {
      least[i] = (int)(3 * next_uniform(&random));
      most[i] = least[i] + (int)(6 * next_uniform(&random));
      group[i] = set.group[i] = (int)(2 * next_uniform(&random));
      set.lower[i] = (double)least[i] / PARTS;
      set.upper[i] = (double)most[i] / PARTS;
      D[i] = trial % 3 == 0 ? (int)(3 * next_uniform(&random)) : next_normal(&random); /* ties, too */
    }
    for (int g = 0; g < 2; g++) {
      mass[g][0] = (int)(5 * next_uniform(&random));
      mass[g][1] = mass[g][0] + (int)(9 * next_uniform(&random));
      set.groups[g].least = (double)mass[g][0] / PARTS;
      set.groups[g].most = (double)mass[g][1] / PARTS;
    }
    dw_feasible_complete(&set);
    best_in_parts(least, most, group, (const int(*)[2])mass, D, 0, PARTS, taken, 0, &best);
    if (isfinite(best)) {
      near(dw_feasible_support(&set, D, 0).value, best, 1e-14);
      near(dw_feasible_support(&set, D, 1e-9).value, best, 1e-8);
      solved++;
    }
    dw_feasible_destroy(&set);
  }
  assert_true(solved > 100);
}

static void many_equal_bounds_add_up_without_drift(void **state) {
  (void)state;
  enum { MANY = 300000 };
  dw_feasible set;
  begin(&set, MANY, 0);
  double *D = set.high_logit; /* not needed for the linear programme */
  for (int i = 0; i < MANY; i++) {
    set.lower[i] = 0.7 / MANY;
    set.upper[i] = 1.1 / MANY;
    D[i] = i < MANY / 4 ? 3 : 1;
  }
  near(dw_feasible_support(&set, D, 0).value, 3 * 1.1 / 4 + (1 - 1.1 / 4), 1e-15);
  dw_feasible_destroy(&set);
}

static void what_is_no_number_bounds_nothing(void **state) {
  (void)state;
  dw_feasible set;
  begin(&set, 2, 0);
  dw_feasible_complete(&set);
  assert_true(isinf(dw_feasible_support(&set, (double[]){NAN, NAN}, 1).value));
  dw_feasible_destroy(&set);
}

/* ---- the limit on the deficit ---- */

static void tempered_points_keep_the_limit_and_no_more(void **state) {
  (void)state;
  test_random random = {16};
  for (int trial = 0; trial < 100; trial++) {
    dw_feasible set;
    double x[N], logit[N], even[N] = {0}, p[N];
    make_random_set(&set, trial % (GROUPS + 1), &random);
    double least = dw_feasible_project(&set, even, p);
    for (int i = 0; i < N; i++) {
      logit[i] = x[i] = 4 * next_normal(&random);
    }
    double free = dw_feasible_project(&set, logit, p);
    set.deficit_limit = least + (free - least) * (1.5 * next_uniform(&random) + 0.01);
    memcpy(logit, x, sizeof x);
    double deficit = dw_feasible_temper(&set, logit, p);
    assert_allowed(&set, p, 1e-14);
    near(deficit, fmin(set.deficit_limit, free), 1e-11);
    assert_true(deficit <= set.deficit_limit + 1e-14);
    /* ... and it is the projection of a multiple of x: the best there is under the limit */
    if (deficit < free - 1e-6) {
      double low = 0, high = 1, expected[N], y[N];
      for (int step = 0; step < 60; step++) {
        double t = (low + high) / 2;
        for (int i = 0; i < N; i++) {
          y[i] = t * x[i];
        }
        project_by_bisection(&set, y, expected);
        *(deficit_of(expected, N) > set.deficit_limit ? &high : &low) = t;
      }
      for (int i = 0; i < N; i++) {
        near(p[i], expected[i], 1e-7);
      }
    }
    dw_feasible_destroy(&set);
  }
}

static void the_multiplier_makes_the_bound_smallest(void **state) {
  (void)state;
  test_random random = {17};
  for (int trial = 0; trial < 60; trial++) {
    dw_feasible set;
    double D[N], even[N] = {0}, p[N];
    make_random_set(&set, trial % (GROUPS + 1), &random);
    double least = dw_feasible_project(&set, even, p);
    for (int i = 0; i < N; i++) {
      D[i] = next_normal(&random);
    }
    double free = dw_feasible_support(&set, D, 1e-9).deficit;
    set.deficit_limit = least + (free - least) * (1.2 * next_uniform(&random) + 1e-3);
    double lambda = dw_feasible_multiplier(&set, D);
    dw_softmax at = dw_feasible_support(&set, D, lambda);
    if (set.deficit_limit > free) {
      near(lambda, 0, 0);
    } else {
      near(at.deficit, set.deficit_limit, 1e-9 + 1e-7 * free);
    }
    double bound = at.value + lambda * set.deficit_limit;
    for (double other = 1e-6; other < 1e6; other *= 1.5) {
      assert_true(dw_feasible_support(&set, D, other).value + other * set.deficit_limit >= bound - 1e-12);
    }
    dw_feasible_destroy(&set);
  }
}

static void limits_at_the_ends_are_kept(void **state) {
  (void)state;
  dw_feasible set;
  double logit[4] = {0, 1, 2, 3}, p[4];
  dw_feasible_plain(&set, 4);
  set.deficit_limit = 0; /* as even as can be */
  near(dw_feasible_temper(&set, logit, p), 0, 1e-14);
  near(p[3], 0.25, 1e-14);
  set.deficit_limit = log(4); /* none at all */
  memcpy(logit, (double[]){0, 0, 0, 900}, sizeof logit);
  near(dw_feasible_temper(&set, logit, p), log(4), 1e-14);
  near(dw_feasible_multiplier(&set, (double[]){1, 2, 3, 4}), 0, 0);
}

static divw_status constrain(void *context) {
  dw_feasible set;
  (void)context;
  dw_feasible_plain(&set, 5);
  divw_status status = dw_feasible_constrain(&set, 2);
  dw_feasible_destroy(&set);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  fail_every_allocation(constrain, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(projections_are_those_of_bisection),
      cmocka_unit_test(projections_are_maximisers),
      cmocka_unit_test(a_plain_set_is_softmax),
      cmocka_unit_test(tight_sets_have_one_point),
      cmocka_unit_test(sets_that_rounding_has_emptied_keep_a_finite_bound),
      cmocka_unit_test(a_far_root_is_found),
      cmocka_unit_test(groups_may_be_empty_or_have_nothing),
      cmocka_unit_test(support_is_the_maximum_and_its_slope_the_deficit),
      cmocka_unit_test(support_is_continuous_in_lambda),
      cmocka_unit_test(linear_programmes_are_solved_as_by_enumeration),
      cmocka_unit_test(many_equal_bounds_add_up_without_drift),
      cmocka_unit_test(what_is_no_number_bounds_nothing),
      cmocka_unit_test(tempered_points_keep_the_limit_and_no_more),
      cmocka_unit_test(the_multiplier_makes_the_bound_smallest),
      cmocka_unit_test(limits_at_the_ends_are_kept),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
