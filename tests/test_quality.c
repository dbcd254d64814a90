/* Quality scores at every order and beside the entropy: known answers, scans of small simplices, and the bounds of
 * ratios. */
#include "check.h"
#include "make.h"
#include "solver/ratio.h"
#include "wishes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- known answers ---- */

/* Orthonormal rows at order 1: log p.s + H(p) is largest where p is proportional to exp(s_i / p.s). */
static void quality_of_orthogonal_rows_has_a_closed_form(void **state) {
  (void)state;
  enum { n = 5 };
  double x[n * n] = {0}, s[n] = {3, 1, 0.5, 0, 2}, low = 0, high = 3, p[n], mean = 0;
  for (int i = 0; i < n; i++) {
    x[i * (n + 1)] = 1;
  }
  for (int step = 0; step < 100; step++) {
    double sum = 0;
    mean = 0;
    for (int i = 0; i < n; i++) {
      p[i] = exp((s[i] - 3) / ((low + high) / 2));
      sum += p[i];
      mean += p[i] * s[i];
    }
    mean /= sum;
    *(mean > (low + high) / 2 ? &low : &high) = (low + high) / 2;
    for (int i = 0; i < n; i++) {
      p[i] /= sum;
    }
  }
  divw_kernel *kernel = make_kernel(x, n, n);
  for (int method = DIVW_METHOD_AUTO; method <= DIVW_METHOD_INTERIOR_POINT; method++) {
    divw_weights *weights =
        solved(kernel, (request){.balance = 1, .tolerance = 1e-10, .method = method, .quality = s, .n = n});
    for (int i = 0; i < n; i++) {
      near(divw_weights_values(weights)[i], p[i], 1e-5);
    }
    near(divw_weights_quality(weights), mean, 1e-5);
    near(divw_weights_objective_value(weights), mean * exp(divw_entropy(p, n)), 1e-8);
    assert_true(divw_weights_global_upper_bound(weights) >= mean * exp(divw_entropy(p, n)) - 1e-12);
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
}

/* Three rows in the plane: log VS_q, log p.s and H of every p of a grid. */
enum { STEPS = 400 };

static const double plane[6] = {1, 0, 0.6, 0.8, 0.96, -0.28}, merit[3] = {0.7, 1.9, 1.2};

static double vendi_in_plane(const double *p, double order) {
  double a = 0, b = 0, c = 0;
  for (int i = 0; i < 3; i++) {
    a += p[i] * plane[2 * i] * plane[2 * i];
    b += p[i] * plane[2 * i] * plane[2 * i + 1];
    c += p[i] * plane[2 * i + 1] * plane[2 * i + 1];
  }
  const double root = sqrt((a - c) * (a - c) + 4 * b * b), high = (1 + root) / 2, low = fmax(1 - high, 1e-300);
  return isinf(order) ? 1 / high
         : order == 1 ? exp(-high * log(high) - low * log(low))
         : fabs(order - 1) < 1e-3
             ? exp(log1p(high * expm1((order - 1) * log(high)) + low * expm1((order - 1) * log(low))) / (1 - order))
             : pow(pow(high, order) + pow(low, order), 1 / (1 - order));
}

static double value_in_plane(const double *p, const request *r) {
  const double quality = p[0] * merit[0] + p[1] * merit[1] + p[2] * merit[2];
  const double value = quality * vendi_in_plane(p, r->order), entropy = divw_entropy(p, 3);
  if (r->effective > 0) {
    return entropy >= log(r->effective) ? value : -INFINITY;
  }
  return r->balance * (r->objective == DIVW_OBJECTIVE_LOG ? log(value) : value) + (1 - r->balance) * entropy;
}

static double scan_plane(const request *r) {
  double best = -INFINITY;
  for (int i = 0; i <= STEPS; i++) {
    for (int j = 0; i + j <= STEPS; j++) {
      const double p[3] = {(double)i / STEPS, (double)j / STEPS, (double)(STEPS - i - j) / STEPS};
      best = fmax(best, value_in_plane(p, r));
    }
  }
  return best;
}

static void check_in_plane(const divw_kernel *kernel, request r) {
  const double best = scan_plane(&r);
  divw_weights *weights = solved(kernel, r);
  near(divw_weights_objective_value(weights), value_in_plane(divw_weights_values(weights), &r), 1e-10);
  assert_true(divw_weights_objective_value(weights) >= best - r.tolerance * 10);
  near(divw_weights_objective_value(weights), best, 1e-3); /* the grid */
  assert_true(divw_weights_global_upper_bound(weights) >= best - 1e-12);
  assert_true(divw_weights_global_gap(weights) <= 2e-7);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
  divw_weights_destroy(weights);
}

static const double some[] = {0.5, 1, 1 + 1e-12, 1 + 1e-9, 1.0001, 1.5, 2, 5, 20, 50, 1000, INFINITY};
enum { SOME = sizeof some / sizeof *some };

static void three_rows_are_solved_as_by_a_scan(void **state) {
  (void)state;
  divw_kernel *kernel = make_kernel(plane, 3, 2);
  for (int q = 0; q < SOME; q++) {
    request r = {.order = some[q], .tolerance = 1e-8, .quality = merit, .n = 3};
    for (int k = 0; k < 6; k++) {
      r.balance = (double[]){0.3, 0.7, 1}[k / 2];
      r.objective = 1 + k % 2;
      check_in_plane(kernel, r);
    }
    r.effective = 2.5;
    check_in_plane(kernel, r);
  }
  divw_kernel_destroy(kernel);
}

/* Equal scores are none at all: of copies, whose even weights lead to a local maximum that is not the global one. */
static void equal_scores_are_none(void **state) {
  (void)state;
  enum { SINGLES = 7, COPIES = 150, ALL = SINGLES + COPIES };
  static const double above_one[] = {1.5, 2, 5, 20}, balances[] = {0.05, 0.2, 0.6};
  double *x = make_copies(SINGLES, COPIES), one[ALL];
  divw_kernel *kernel = make_kernel(x, ALL, SINGLES + 1);
  for (int i = 0; i < ALL; i++) {
    one[i] = 1;
  }
  for (int k = 0; k < 12; k++) {
    for (int32_t objective = 1; objective <= 2; objective++) {
      request r = {.order = above_one[k / 3], .balance = balances[k % 3], .objective = objective, .tolerance = 1e-6};
      divw_weights *without = solved(kernel, r);
      r.quality = one;
      r.n = ALL;
      divw_weights *with = solved(kernel, r);
      near(divw_weights_objective_value(with), divw_weights_objective_value(without), 2e-6 * SINGLES);
      assert_true(divw_weights_global_upper_bound(with) >= divw_weights_objective_value(without) - 1e-12);
      assert_true(divw_weights_global_gap(with) <= 1e-5);
      divw_weights_destroy(with);
      divw_weights_destroy(without);
    }
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* Methods end at the same value, within what each of them proves. */
static void methods_agree_above_order_one(void **state) {
  (void)state;
  static const double above_one[] = {1.2, 2, 5}, balances[] = {0.4, 0.9, 1};
  double *x = make_rows(60, 6, 35), scores[60];
  test_random random = {36};
  divw_kernel *kernel = make_kernel(x, 60, 6);
  for (int i = 0; i < 60; i++) {
    scores[i] = next_uniform(&random);
  }
  for (int k = 0; k < 9; k++) {
    divw_weights *by[2];
    for (int m = 0; m < 2; m++) {
      by[m] = solved(kernel, (request){.order = above_one[k / 3],
                                       .balance = balances[k % 3],
                                       .tolerance = 1e-6,
                                       .method = m == 0 ? DIVW_METHOD_INTERIOR_POINT : DIVW_METHOD_ACCELERATED,
                                       .quality = scores,
                                       .n = 60});
      assert_int_equal(divw_weights_stop_reason(by[m]), DIVW_STOP_CONVERGED);
    }
    near(divw_weights_objective_value(by[0]), divw_weights_objective_value(by[1]), 1e-5);
    assert_true(divw_weights_objective_value(by[0]) <= divw_weights_global_upper_bound(by[1]));
    assert_true(divw_weights_objective_value(by[1]) <= divw_weights_global_upper_bound(by[0]));
    assert_true(divw_weights_iterations(by[0]) <= 15);
    divw_weights_destroy(by[0]);
    divw_weights_destroy(by[1]);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* ---- bounds ---- */

enum { ROWS = 30, WIDTH = 4 };

/* A solve without scores proves with any: its D, of mean -c, is -c t. */
static dw_dual dual_of(const divw_weights *weights, double c) {
  const double log_vendi = log(divw_weights_vendi_score(weights));
  return (dw_dual){divw_weights_marginal_diversity(weights), c, exp(-log_vendi / c), 1, log_vendi};
}

static double log_value_of(const divw_kernel *kernel, const double *p, const double *scores, double order) {
  double score, quality = 0;
  ok(divw_vendi_score(kernel, p, order, &score));
  for (int i = 0; i < ROWS; i++) {
    quality += p[i] * scores[i];
  }
  return log(quality * score);
}

/* Weights of all sorts: powers of uniform numbers. */
static void draw_weights(test_random *random, double *p) {
  const double power = 8 * next_uniform(random);
  double sum = 0;
  for (int i = 0; i < ROWS; i++) {
    p[i] = pow(next_uniform(random), power);
    sum += p[i];
  }
  for (int i = 0; i < ROWS; i++) {
    p[i] /= sum;
  }
}

static void lines_lie_above_all_weights(void **state) {
  (void)state;
  static const double above_one[] = {1.1, 2, 7, INFINITY}, slopes[] = {1e-3, 0.1, 1, 30};
  double *x = make_rows(ROWS, WIDTH, 3), scores[ROWS], p[ROWS];
  test_random random = {17};
  divw_kernel *kernel = make_kernel(x, ROWS, WIDTH);
  dw_feasible set;
  dw_feasible_plain(&set, ROWS);
  for (int i = 0; i < ROWS; i++) {
    scores[i] = next_uniform(&random);
  }
  for (int q = 0; q < 4; q++) {
    const double order = above_one[q], c = isinf(order) ? 1 : order / (order - 1);
    double room[2 * ROWS], before[4] = {INFINITY, INFINITY, INFINITY, INFINITY};
    const dw_ratio ratio = {&set, scores, 0, c, log((double)WIDTH), room};
    divw_weights *weights[2];
    dw_dual duals[2];
    for (int count = 1; count <= 2; count++) {
      weights[count - 1] = solved(kernel, (request){.order = order, .balance = count == 1 ? 0.9 : 0.2});
      duals[count - 1] = dual_of(weights[count - 1], c);
      for (int k = 0; k < 4; k++) {
        const dw_ratio_line line = dw_ratio_support(&ratio, duals, count, slopes[k], 1e-6);
        for (int trial = 0; trial < 300; trial++) {
          draw_weights(&random, p);
          const double g = log((double)ROWS) - divw_entropy(p, ROWS);
          assert_true(log_value_of(kernel, p, scores, order) <= line.value + slopes[k] * g + 1e-12);
        }
        assert_true(line.value <= before[k] + 1e-6); /* another dual makes no bound worse */
        before[k] = line.value;
      }
    }
    divw_weights_destroy(weights[0]);
    divw_weights_destroy(weights[1]);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* At the maximum of log(p.s VS) + lambda H the line of its own dual goes through it, and the gap is nothing; elsewhere
 * the gap covers what weights with as much entropy have more. */
static void bounds_are_sharp_where_they_are_attained(void **state) {
  (void)state;
  static const double above_one[] = {1.5, 3, 12};
  double *x = make_rows(ROWS, WIDTH, 4), scores[ROWS], p[ROWS], mixed[ROWS], plain[ROWS];
  test_random random = {19};
  divw_kernel *kernel = make_kernel(x, ROWS, WIDTH);
  dw_feasible set;
  dw_feasible_plain(&set, ROWS);
  for (int i = 0; i < ROWS; i++) {
    scores[i] = 0.01 + 0.99 * next_uniform(&random);
  }
  for (int q = 0; q < 3; q++) {
    const double order = above_one[q], c = order / (order - 1);
    double room[2 * ROWS];
    const dw_ratio ratio = {&set, scores, 0, c, log((double)WIDTH), room};
    divw_weights *weights = solved(kernel, (request){.order = order,
                                                     .balance = 0.6,
                                                     .objective = DIVW_OBJECTIVE_LOG,
                                                     .tolerance = 1e-9,
                                                     .quality = scores,
                                                     .n = ROWS});
    const double *best = divw_weights_values(weights), lambda = divw_weights_entropy_weight(weights),
                 log_vendi = log(divw_weights_vendi_score(weights)), log_quality = log(divw_weights_quality(weights)),
                 g = log((double)ROWS) - divw_entropy(best, ROWS);
    for (int i = 0; i < ROWS; i++) {
      plain[i] = divw_weights_marginal_diversity(weights)[i] - scores[i] / divw_weights_quality(weights);
      mixed[i] = divw_weights_marginal_diversity(weights)[i] + log_vendi + c;
    }
    const dw_dual dual = {plain, c, exp(-log_vendi / c), lambda, log_vendi};
    const double value = log_vendi + log_quality - lambda * g;
    near(dw_ratio_support(&ratio, &dual, 1, lambda, 1e-8).value, value, 1e-6);
    const dw_ratio_at at = {mixed, log_quality - 1, log_vendi, log_quality};
    assert_true(dw_ratio_gap(&ratio, &at, lambda, g) <= 1e-8);
    const double gap = dw_ratio_gap(&ratio, &at, lambda, 2 * g);
    assert_true(gap > 1e-3 && gap <= 1.1 * lambda * g * exp(gap / c)); /* that of the first order, and little more */
    for (int trial = 0; trial < 2000; trial++) {
      draw_weights(&random, p);
      if (log((double)ROWS) - divw_entropy(p, ROWS) <= 2 * g) {
        assert_true(log_value_of(kernel, p, scores, order) <= log_vendi + log_quality + gap);
      }
    }
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* Many features at a small lambda, where the slope of the bound in w has steps: one solve proves it. */
static void small_lambdas_are_proved_by_one_solve(void **state) {
  (void)state;
  enum { MANY = 120 };
  double *x = make_rows(MANY, 200, 8), scores[MANY];
  test_random random = {21};
  divw_kernel *kernel = make_kernel(x, MANY, 200);
  for (int i = 0; i < MANY; i++) {
    scores[i] = next_uniform(&random);
  }
  for (int q = 0; q < 2; q++) {
    divw_weights *weights = solved(
        kernel,
        (request){.order = q == 0 ? 2 : INFINITY, .balance = 0.9, .tolerance = 1e-6, .quality = scores, .n = MANY});
    assert_int_equal(divw_weights_solves(weights), 1);
    assert_true(divw_weights_global_gap(weights) <= 1e-6 * divw_weights_objective_value(weights));
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quality_of_orthogonal_rows_has_a_closed_form),
      cmocka_unit_test(three_rows_are_solved_as_by_a_scan),
      cmocka_unit_test(equal_scores_are_none),
      cmocka_unit_test(methods_agree_above_order_one),
      cmocka_unit_test(lines_lie_above_all_weights),
      cmocka_unit_test(bounds_are_sharp_where_they_are_attained),
      cmocka_unit_test(small_lambdas_are_proved_by_one_solve),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
