/* Constraints on the weights and effective examples: known answers, and certificates recomputed, with quality too. */
#include "check.h"
#include "make.h"
#include "reference.h"
#include "wishes.h"

#include <math.h>
#include <stdlib.h>

/* VS_q of these eigenvalues. */
static double hill(const double *mu, int64_t r, double order) {
  double sum = 0, largest = 0;
  for (int64_t k = 0; k < r; k++) {
    sum += mu[k] <= 0 ? 0 : order == 1 ? -mu[k] * log(mu[k]) : pow(mu[k], order);
    largest = fmax(largest, mu[k]);
  }
  return isinf(order) ? 1 / largest : order == 1 ? exp(sum) : pow(sum, 1 / (1 - order));
}

/* ---- known answers ---- */

enum { SINGLES = 6, COPIES = 30, ALL = SINGLES + COPIES };

/* Copies share what singles leave; all that constraints do is to fix that share. */
static void check_share(const divw_kernel *kernel, request r, double single, double tolerance) {
  for (int q = 0; q < 5; q++) {
    r.order = orders[q];
    for (int method = DIVW_METHOD_AUTO; method <= DIVW_METHOD_INTERIOR_POINT; method++) {
      double mu[SINGLES + 1];
      if (method == DIVW_METHOD_ACCELERATED && isinf(r.order)) {
        continue;
      }
      r.method = method;
      divw_weights *weights = solved(kernel, r);
      const double *p = divw_weights_values(weights);
      mu[SINGLES] = 1 - SINGLES * single;
      for (int i = 0; i < SINGLES; i++) {
        mu[i] = single;
        near(p[i], single, tolerance);
      }
      near(divw_weights_vendi_score(weights), hill(mu, SINGLES + 1, r.order), 10 * tolerance);
      assert_true(divw_weights_gap(weights) <= r.tolerance);
      assert_true(divw_weights_objective_value(weights) <= divw_weights_global_upper_bound(weights));
      assert_true(divw_weights_global_gap(weights) <= 10 * r.tolerance);
      divw_weights_destroy(weights);
    }
  }
}

static void caps_floors_and_groups_fix_the_share_of_copies(void **state) {
  (void)state;
  double *x = make_copies(SINGLES, COPIES);
  int64_t labels[ALL], one = 1;
  for (int i = 0; i < ALL; i++) {
    labels[i] = i >= SINGLES;
  }
  divw_kernel *kernel = make_labelled(x, ALL, SINGLES + 1, labels);
  /* free, every kind would have 1/7 */
  check_share(kernel, (request){.balance = 1, .tolerance = 1e-7, .cap = 3}, 3.0 / ALL, 1e-6);
  check_share(kernel, (request){.balance = 1, .tolerance = 1e-7, .floor = 0.6}, (1 - 0.6 * COPIES / ALL) / SINGLES,
              1e-6);
  double least = 0.4, most = 0.05, everything = 1, nothing = 0;
  check_share(
      kernel,
      (request){.balance = 1, .tolerance = 1e-7, .groups = 1, .labels = &one, .least = &least, .most = &everything},
      0.6 / SINGLES, 1e-6);
  check_share(kernel,
              (request){.balance = 1, .tolerance = 1e-7, .groups = 1, .labels = &one, .least = &nothing, .most = &most},
              0.95 / SINGLES, 1e-6);
  check_share(
      kernel,
      (request){.balance = 1, .tolerance = 1e-6, .groups = 1, .labels = &one, .least = &nothing, .most = &nothing},
      1.0 / SINGLES, 1e-6);
  /* a group and a cap against each other: the cap wins */
  check_share(kernel,
              (request){.balance = 1,
                        .tolerance = 1e-7,
                        .cap = 2,
                        .groups = 1,
                        .labels = &one,
                        .least = &nothing,
                        .most = &everything},
              2.0 / ALL, 1e-6);
  divw_kernel_destroy(kernel);
  free(x);
}

/* H = log N fixes the share of the singles: H(x) = f(x) + (1 - x) log COPIES falls beyond the even share. */
static void effective_examples_fix_the_share_of_copies(void **state) {
  (void)state;
  double *x = make_copies(SINGLES, COPIES);
  divw_kernel *kernel = make_kernel(x, ALL, SINGLES + 1);
  static const double wanted[] = {35, 25, 20};
  for (int k = 0; k < 3; k++) {
    double low = (double)SINGLES / ALL, high = SINGLES / (SINGLES + 1.0);
    for (int step = 0; step < 100; step++) {
      double share = (low + high) / 2;
      double entropy = -share * log(share / SINGLES) - (1 - share) * log((1 - share) / COPIES);
      *(entropy > log(wanted[k]) ? &low : &high) = share;
    }
    check_share(kernel, (request){.tolerance = 1e-8, .effective = wanted[k]}, low / SINGLES, 1e-7);
  }
  /* what VS wants anyway costs nothing: seven kinds of the same mass */
  check_share(kernel, (request){.tolerance = 1e-8, .effective = 2}, 1 / 7.0, 1e-4);
  divw_kernel_destroy(kernel);
  free(x);
}

static void the_constraint_of_effective_examples_is_met_exactly_and_priced(void **state) {
  (void)state;
  enum { n = 150 };
  double *x = make_rows(n, 30, 21), lambda = INFINITY;
  divw_kernel *kernel = make_kernel(x, n, 30);
  static const double wanted[] = {149, 145, 135, 125};
  for (int k = 0; k < 4; k++) {
    divw_weights *weights = solved(kernel, (request){.effective = wanted[k]});
    near(divw_weights_effective_examples(weights), wanted[k], 1e-7 * wanted[k]);
    assert_true(divw_weights_effective_examples(weights) >= wanted[k] * (1 - 1e-12));
    assert_int_equal(divw_weights_objective(weights), DIVW_OBJECTIVE_EFFECTIVE_EXAMPLES);
    near(divw_weights_objective_value(weights), divw_weights_vendi_score(weights), 1e-12);
    assert_true(isnan(divw_weights_balance(weights)));
    assert_true(divw_weights_entropy_weight(weights) < lambda); /* fewer examples are cheaper */
    lambda = divw_weights_entropy_weight(weights);
    /* at that price the entropy comes out of itself */
    divw_solver *solver;
    divw_weights *priced;
    ok(divw_solver_create(&solver));
    ok(divw_solver_set_entropy_weight(solver, lambda));
    ok(divw_solver_set_tolerance(solver, 1e-10));
    ok(divw_solver_solve(solver, kernel, &priced));
    near(divw_weights_effective_examples(priced), wanted[k], 1e-2);
    near(divw_weights_vendi_score(priced), divw_weights_vendi_score(weights), 1e-4);
    divw_weights_destroy(priced);
    divw_solver_destroy(solver);
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* ---- certificates ---- */

/* The same set for the reference. */
static void describe(const request *r, double *lower, double *upper, int32_t *group, double *least, double *most,
                     reference_set *set) {
  *set = (reference_set){N, lower, upper, group, least, most, r->groups > 0 ? GROUPS + 1 : 0};
  for (int i = 0; i < N; i++) {
    lower[i] = is_out(r, i) ? 0 : r->floor / N;
    upper[i] = is_out(r, i) ? 0 : r->cap > 0 ? r->cap / N : 1;
    group[i] = i % 4 == 0 ? 0 : i % 4 == 2 ? 1 : 2;
  }
  for (int g = 0; g < GROUPS; g++) {
    least[g] = least_mass[g];
    most[g] = most_mass[g];
  }
  least[GROUPS] = 0;
  most[GROUPS] = 1;
}

static void assert_allowed(const request *r, const reference_set *set, const double *p) {
  double sum = 0, mass[GROUPS + 1] = {0};
  for (int i = 0; i < N; i++) {
    assert_true(p[i] >= set->lower[i] && p[i] <= set->upper[i]);
    sum += p[i];
    mass[set->group[i]] += p[i];
  }
  near(sum, 1, 1e-14);
  for (int g = 0; g < set->groups; g++) {
    assert_true(mass[g] >= set->least[g] - 1e-14 && mass[g] <= set->most[g] + 1e-14);
  }
  assert_true(divw_entropy(p, N) >= log(fmax(r->share * N, 1)) - 1e-12);
}

static double objective_of(const divw_kernel *kernel, const request *r, const double *p) {
  double score, quality = r->quality == NULL ? 1 : 0;
  ok(divw_vendi_score(kernel, p, r->order, &score));
  for (int i = 0; r->quality != NULL && i < N; i++) {
    quality += p[i] * r->quality[i];
  }
  double diversity = r->objective == DIVW_OBJECTIVE_LOG ? log(quality * score) : quality * score;
  return r->share > 0 ? quality * score : r->balance * diversity + (1 - r->balance) * divw_entropy(p, N);
}

/* What the report says is true: of p, by the kernel's eigenvalues; of the gap, by the reference. */
static void check_weights(const double *x, const divw_kernel *kernel, const request *r, const divw_weights *weights) {
  double lower[N], upper[N], least[GROUPS + 1], most[GROUPS + 1], score;
  int32_t group[N];
  reference_set set;
  const double *p = divw_weights_values(weights);
  describe(r, lower, upper, group, least, most, &set);
  assert_allowed(r, &set, p);
  ok(divw_vendi_score(kernel, p, r->order, &score));
  near(divw_weights_vendi_score(weights), score, 1e-9 * score);
  near(divw_weights_objective_value(weights), objective_of(kernel, r, p), 1e-9);
  near(divw_weights_entropy(weights), divw_entropy(p, N), 1e-12);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
  assert_true(divw_weights_gap(weights) <= r->tolerance);
  double lambda = divw_weights_entropy_weight(weights);
  if (isfinite(r->order) && lambda > 0.02) { /* below that, smoothed dual states are sharper than the plain one */
    double entropy = r->share > 0 ? log(r->share * N) : divw_entropy(p, N);
    double gap = reference_constrained_gap(x, D, p, lambda, r->order, r->quality, &set, entropy);
    assert_true(gap >= -1e-9 && gap <= 2 * r->tolerance);
  }
}

/* No mixture of weights that are allowed, and so is a mixture, exceeds the bound. */
static void check_bound(const divw_kernel *kernel, const request *r, const divw_weights *weights,
                        const double *(*others)[3], test_random *random) {
  const double *p = divw_weights_values(weights);
  double mixed[N];
  for (int trial = 0; trial < 6; trial++) {
    const double *other = (*others)[trial % 3];
    double amount = pow(next_uniform(random), 4);
    for (int i = 0; i < N; i++) {
      mixed[i] = (1 - amount) * p[i] + amount * other[i];
    }
    assert_true(objective_of(kernel, r, mixed) <= divw_weights_global_upper_bound(weights) + 1e-12);
  }
}

static void certificates_hold_under_every_constraint(void **state) {
  (void)state;
  double *x = make_rows(N, D, 31), scores[N];
  int64_t labels[N];
  test_random random = {9};
  label_rows(labels);
  make_scores(scores);
  divw_kernel *kernel = make_labelled(x, N, D, labels);
  for (int kind = 0; kind < KINDS; kind++) {
    divw_weights *elsewhere[3];
    const double *others[3];
    for (int k = 0; k < 3; k++) { /* other weights that are allowed */
      request r = kind_of(kind, scores);
      r.balance = 0.45 * k;
      r.quality = NULL;
      elsewhere[k] = solved(kernel, r);
      others[k] = divw_weights_values(elsewhere[k]);
    }
    for (int q = 0; q < 5; q++) {
      for (int b = 0; b < 3; b++) {
        for (int32_t objective = 1; objective <= 2; objective++) {
          request r = kind_of(kind, scores);
          divw_weights *by[2] = {NULL, NULL};
          r.order = orders[q];
          r.balance = (double[]){0.2, 0.7, 1}[b];
          r.objective = objective;
          if (r.share > 0 && (b > 0 || objective > 1)) {
            continue; /* the same as before */
          }
          for (int m = 0; m < 2; m++) {
            r.method = m == 0 ? DIVW_METHOD_ACCELERATED : DIVW_METHOD_INTERIOR_POINT;
            if (m == 0 && isinf(r.order)) {
              continue;
            }
            by[m] = solved(kernel, r);
            check_weights(x, kernel, &r, by[m]);
            check_bound(kernel, &r, by[m], &others, &random);
          }
          if (by[0] != NULL && by[1] != NULL) {
            if (r.order <= 1 && r.objective == DIVW_OBJECTIVE_LOG) { /* concave: two methods, one optimum */
              near(divw_weights_objective_value(by[0]), divw_weights_objective_value(by[1]), r.tolerance);
            }
            for (int m = 0; m < 2; m++) {
              assert_true(divw_weights_objective_value(by[m]) <= divw_weights_global_upper_bound(by[1 - m]) + 1e-12);
            }
          }
          divw_weights_destroy(by[0]);
          divw_weights_destroy(by[1]);
        }
      }
    }
    for (int k = 0; k < 3; k++) {
      divw_weights_destroy(elsewhere[k]);
    }
  }
  divw_kernel_destroy(kernel);
  free(x);
}

int main(void) {
  /* By ascent at balance 1 with scores, the last bits decide whether a row comes to lie where its weight is too small
   * to grow: then p is the best to 1e-10, and its proof 6e-5. Those of one thread are the same on every number of
   * cores. */
  ok(divw_set_threads(1));
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(caps_floors_and_groups_fix_the_share_of_copies),
      cmocka_unit_test(effective_examples_fix_the_share_of_copies),
      cmocka_unit_test(the_constraint_of_effective_examples_is_met_exactly_and_priced),
      cmocka_unit_test(certificates_hold_under_every_constraint),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
