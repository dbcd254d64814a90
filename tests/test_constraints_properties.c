/* Constrained weights of changed data and of the ends of what may be asked. */
#include "check.h"
#include "make.h"
#include "wishes.h"

#include <math.h>
#include <stdlib.h>

/* ---- properties ---- */

static void constraints_that_do_not_bind_change_nothing(void **state) {
  (void)state;
  double *x = make_rows(60, 6, 8), one[60];
  divw_kernel *kernel = make_kernel(x, 60, 6);
  for (int i = 0; i < 60; i++) {
    one[i] = 3.5;
  }
  divw_weights *plain = solved(kernel, (request){.balance = 0.5});
  const double *p = divw_weights_values(plain);
  request loose[] = {{.balance = 0.5, .cap = 60}, {.balance = 0.5, .floor = 1e-12}};
  for (int k = 0; k < 2; k++) {
    divw_weights *weights = solved(kernel, loose[k]);
    near(divw_weights_objective_value(weights), divw_weights_objective_value(plain), 1e-7);
    for (int i = 0; i < 60; i++) {
      near(divw_weights_values(weights)[i], p[i], 1e-4);
    }
    divw_weights_destroy(weights);
  }
  /* equal scores scale the value, and for the logarithm that is nothing */
  divw_weights *log_plain = solved(kernel, (request){.balance = 0.5, .objective = DIVW_OBJECTIVE_LOG});
  divw_weights *scored =
      solved(kernel, (request){.balance = 0.5, .objective = DIVW_OBJECTIVE_LOG, .quality = one, .n = 60});
  near(divw_weights_objective_value(scored), divw_weights_objective_value(log_plain) + 0.5 * log(3.5), 1e-7);
  near(divw_weights_quality(scored), 3.5, 1e-12);
  assert_true(isnan(divw_weights_quality(plain)));
  divw_weights_destroy(scored);
  divw_weights_destroy(log_plain);
  divw_weights_destroy(plain);
  divw_kernel_destroy(kernel);
  free(x);
}

static void excluded_rows_are_as_if_they_were_not_there(void **state) {
  (void)state;
  enum { n = 50, d = 6 };
  double *x = make_rows(n, d, 77), *rest = malloc(n * d * sizeof *rest);
  int64_t out[n], outs = 0, kept = 0;
  for (int i = 0; i < n; i++) {
    if (i % 3 == 0) {
      out[outs++] = i;
    } else {
      memcpy(rest + kept++ * d, x + i * d, d * sizeof *x);
    }
  }
  divw_kernel *all = make_kernel(x, n, d), *some = make_kernel(rest, kept, d);
  for (int q = 0; q < 5; q++) {
    request r = {.order = orders[q], .balance = 0.6, .tolerance = 1e-9};
    divw_weights *expected = solved(some, r);
    r.excluded = out;
    r.excluded_count = outs;
    divw_weights *weights = solved(all, r);
    near(divw_weights_objective_value(weights), divw_weights_objective_value(expected), 1e-7);
    assert_true(divw_weights_objective_value(expected) <= divw_weights_global_upper_bound(weights) + 1e-10);
    for (int64_t k = 0; k < outs; k++) {
      near(divw_weights_values(weights)[out[k]], 0, 0);
    }
    assert_int_equal(divw_weights_count(weights), n); /* they keep their place */
    assert_non_null(strstr(divw_weights_report(weights), "\"excluded\": 17"));
    divw_weights_destroy(weights);
    divw_weights_destroy(expected);
  }
  divw_kernel_destroy(all);
  divw_kernel_destroy(some);
  free(rest);
  free(x);
}

/* Excluded rows are named by their number in the file, whatever was selected. */
static void exclusion_follows_row_numbers(void **state) {
  (void)state;
  double *x = make_rows(12, 4, 3);
  divw_dataset *dataset, *subset;
  divw_kernel *kernel;
  ok(divw_dataset_create_copy(&dataset, x, 12, 4, DIVW_FLOAT64, 0));
  ok(divw_dataset_select_rows(&subset, dataset, (const int64_t[]){9, 3, 7, 1}, 4));
  ok(divw_kernel_create(&kernel, subset, DIVW_KERNEL_COSINE));
  divw_weights *weights =
      solved(kernel, (request){.balance = 0.5, .excluded = (const int64_t[]){7, 2, 7}, .excluded_count = 3});
  for (int i = 0; i < 4; i++) {
    assert_true((divw_weights_values(weights)[i] == 0) == (i == 2));
  }
  divw_weights_destroy(weights);
  refused(kernel, (request){.excluded = (const int64_t[]){2, 8}, .excluded_count = 2},
          "none of the 2 excluded rows is among the 4 examples");
  refused(kernel, (request){.excluded = (const int64_t[]){1, 3, 7, 9}, .excluded_count = 4},
          "all 4 examples are excluded");
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(subset);
  divw_dataset_destroy(dataset);
  free(x);
}

static void a_permutation_of_rows_permutes_the_weights(void **state) {
  (void)state;
  double *x = make_rows(N, D, 31), y[N * D], scores[N], turned_scores[N];
  int64_t labels[N], turned_labels[N], out[OUT], turn = 17;
  label_rows(labels);
  make_scores(scores);
  for (int i = 0; i < N; i++) { /* 17 has no factor in common with 40 */
    int64_t to = i * turn % N;
    memcpy(y + to * D, x + i * D, D * sizeof *y);
    turned_labels[to] = labels[i];
    turned_scores[to] = scores[i];
  }
  for (int k = 0; k < OUT; k++) {
    out[k] = excluded[k] * turn % N;
  }
  divw_kernel *kernel = make_labelled(x, N, D, labels), *turned = make_labelled(y, N, D, turned_labels);
  for (int kind = 6; kind < KINDS; kind++) {
    request r = kind_of(kind, scores);
    r.balance = 0.5;
    r.tolerance = 1e-10;
    divw_weights *a = solved(kernel, r);
    r.excluded = out;
    r.quality = r.quality != NULL ? turned_scores : NULL;
    divw_weights *b = solved(turned, r);
    near(divw_weights_objective_value(a), divw_weights_objective_value(b), 1e-8);
    for (int i = 0; i < N; i++) {
      near(divw_weights_values(a)[i], divw_weights_values(b)[i * turn % N], 1e-4);
    }
    divw_weights_destroy(a);
    divw_weights_destroy(b);
  }
  divw_kernel_destroy(kernel);
  divw_kernel_destroy(turned);
  free(x);
}

/* Every example twice: bounds are multiples of 1/n, so all is as before, at half the weight and log 2 more entropy. */
static void a_data_set_twice_over_has_the_same_weights(void **state) {
  (void)state;
  double *x = make_rows(N, D, 31), y[2 * N * D], scores[N], twice_scores[2 * N];
  int64_t labels[N], twice_labels[2 * N], out[2 * OUT];
  label_rows(labels);
  make_scores(scores);
  for (int i = 0; i < 2 * N; i++) {
    memcpy(y + i * D, x + i / 2 * D, D * sizeof *y);
    twice_labels[i] = labels[i / 2];
    twice_scores[i] = scores[i / 2];
  }
  for (int k = 0; k < 2 * OUT; k++) {
    out[k] = 2 * excluded[k / 2] + k % 2;
  }
  divw_kernel *kernel = make_labelled(x, N, D, labels), *twice = make_labelled(y, 2 * N, D, twice_labels);
  for (int kind = 0; kind < KINDS; kind++) {
    request r = kind_of(kind, scores);
    r.balance = 0.5;
    r.tolerance = 1e-10;
    divw_weights *once = solved(kernel, r);
    r.excluded = out;
    r.excluded_count *= 2;
    r.quality = r.quality != NULL ? twice_scores : NULL;
    r.n *= 2;
    divw_weights *both = solved(twice, r);
    const double *p = divw_weights_values(once), *q = divw_weights_values(both);
    near(divw_weights_vendi_score(both), divw_weights_vendi_score(once), 1e-4);
    near(divw_weights_entropy(both), divw_weights_entropy(once) + log(2), 1e-4);
    for (int i = 0; i < N; i++) {
      near(q[2 * i] + q[2 * i + 1], p[i], 1e-4);
      near(q[2 * i], q[2 * i + 1], 1e-6); /* copies share */
    }
    divw_weights_destroy(once);
    divw_weights_destroy(both);
  }
  divw_kernel_destroy(kernel);
  divw_kernel_destroy(twice);
  free(x);
}

static void tighter_bounds_never_help(void **state) {
  (void)state;
  double *x = make_rows(70, 7, 12), before = INFINITY;
  divw_kernel *kernel = make_kernel(x, 70, 7);
  static const double caps[] = {INFINITY, 4, 2, 1.2, 1};
  for (int k = 0; k < 5; k++) {
    divw_weights *weights = solved(kernel, (request){.balance = 0.9, .cap = caps[k]});
    assert_true(divw_weights_objective_value(weights) <= before + 1e-6);
    before = divw_weights_objective_value(weights);
    divw_weights_destroy(weights);
  }
  divw_weights *uniform = solved(kernel, (request){.balance = 0});
  near(before, 0.9 * divw_weights_vendi_score(uniform) + 0.1 * log(70), 1e-9); /* a cap of 1 leaves no choice */
  divw_weights_destroy(uniform);
  divw_kernel_destroy(kernel);
  free(x);
}

/* ---- the ends ---- */

static void balance_zero_gives_the_most_even_weights_that_are_allowed(void **state) {
  (void)state;
  double *x = make_rows(20, 4, 3), least = 0.5, most = 0.6;
  int64_t labels[20], label = 1;
  for (int i = 0; i < 20; i++) {
    labels[i] = i < 5;
  }
  divw_kernel *kernel = make_labelled(x, 20, 4, labels);
  for (int q = 0; q < 5; q++) {
    divw_weights *weights =
        solved(kernel, (request){.order = orders[q], .groups = 1, .labels = &label, .least = &least, .most = &most});
    for (int i = 0; i < 20; i++) {
      near(divw_weights_values(weights)[i], i < 5 ? 0.5 / 5 : 0.5 / 15, 1e-15);
    }
    near(divw_weights_gap(weights), 0, 0);
    near(divw_weights_objective_value(weights), divw_weights_entropy(weights), 1e-14);
    near(divw_weights_global_gap(weights), 0, 0);
    assert_true(isinf(divw_weights_entropy_weight(weights)));
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* Where bounds leave one point, there is nothing to solve, at any order. */
static void sets_without_a_choice_are_answered_at_once(void **state) {
  (void)state;
  double *x = make_rows(10, 3, 6);
  int64_t labels[10], names[10], most_out[9];
  double third[3] = {0.3333333333, 0.3333333333, 0.3333333333};
  for (int i = 0; i < 10; i++) {
    labels[i] = i % 3;
    names[i] = i;
  }
  for (int i = 0; i < 9; i++) {
    most_out[i] = i;
  }
  divw_kernel *kernel = make_labelled(x, 10, 3, labels);
  request only[] = {{.cap = 1},
                    {.cap = 1 - 1e-10},
                    {.floor = 1},
                    {.floor = 1, .cap = 1},
                    {.effective = 10},
                    {.share = 1},
                    {.excluded = most_out, .excluded_count = 9},
                    {.excluded = most_out, .excluded_count = 5, .cap = 2},
                    {.excluded = most_out, .excluded_count = 5, .effective = 5}};
  for (int k = 0; k < 9; k++) {
    for (int q = 0; q < 5; q++) {
      request r = only[k];
      int64_t allowed = 10 - r.excluded_count;
      r.order = orders[q];
      r.balance = 0.5;
      r.tolerance = 1e-5;
      divw_weights *weights = solved(kernel, r);
      for (int i = 0; i < 10; i++) {
        near(divw_weights_values(weights)[i], i < r.excluded_count ? 0 : 1.0 / (double)allowed, 1e-15);
      }
      assert_true(divw_weights_gap(weights) <= r.tolerance);
      near(divw_weights_global_gap(weights), 0, 3e-5);
      assert_true(k == 6 || divw_weights_iterations(weights) == 0);
      divw_weights_destroy(weights);
    }
  }
  /* shares that were rounded sum to 1 all the same */
  divw_weights *weights =
      solved(kernel, (request){.balance = 0.5, .groups = 3, .labels = names, .least = third, .most = third});
  double sum = 0;
  for (int i = 0; i < 10; i++) {
    sum += divw_weights_values(weights)[i];
  }
  near(sum, 1, 1e-15);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  free(x);
}

/* Floors, exclusions and a group at its most, far from uniform: weights once ended at their floors, with a gap of 0. */
static void small_balances_keep_the_bounds(void **state) {
  (void)state;
  const int64_t names[2] = {0, 1}, out[3] = {2, 7, 15};
  int64_t labels[20];
  for (int i = 0; i < 20; i++) {
    labels[i] = i % 4;
  }
  for (uint64_t seed = 0; seed < 5; seed++) {
    double *x = make_rows(20, 4, seed), sum = 0, mass[4] = {0};
    divw_kernel *kernel = make_labelled(x, 20, 4, labels);
    divw_weights *weights = solved(kernel, (request){.order = 0.5,
                                                     .balance = 0.01,
                                                     .tolerance = 1e-6,
                                                     .floor = 0.5,
                                                     .groups = 2,
                                                     .labels = names,
                                                     .least = (const double[]){0.07, 0.1},
                                                     .most = (const double[]){0.32, 0.16},
                                                     .excluded = out,
                                                     .excluded_count = 3});
    for (int i = 0; i < 20; i++) {
      double p = divw_weights_values(weights)[i];
      bool is_out = i == 2 || i == 7 || i == 15;
      assert_true(is_out ? p == 0 : p >= 0.025);
      sum += p;
      mass[i % 4] += p;
    }
    near(sum, 1, 1e-14);
    near(mass[1], 0.16, 1e-6);
    assert_true(mass[0] >= 0.07 && mass[0] <= 0.32 + 1e-14);
    divw_weights_destroy(weights);
    divw_kernel_destroy(kernel);
    free(x);
  }
}

/* Where many rows are excluded, small balances are about the entropy that is left. */
static void the_global_bound_knows_which_entropies_are_allowed(void **state) {
  (void)state;
  double *x = make_rows(60, 6, 3);
  int64_t half[30];
  for (int i = 0; i < 30; i++) {
    half[i] = i;
  }
  divw_kernel *kernel = make_kernel(x, 60, 6);
  static const double balances[] = {1e-8, 1e-4, 0.05};
  for (int q = 0; q < 5; q++) {
    for (int b = 0; b < 3; b++) {
      divw_weights *weights = solved(
          kernel,
          (request){
              .order = orders[q], .balance = balances[b], .tolerance = 1e-6, .excluded = half, .excluded_count = 30});
      assert_true(divw_weights_global_gap(weights) >= 0);
      assert_true(divw_weights_global_gap(weights) <= 2e-6 * balances[b] * divw_weights_vendi_score(weights) + 1e-13);
      divw_weights_destroy(weights);
    }
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* An interior point takes all rows at once, or some at a time; the proof is over all of them. */
static void many_rows_are_taken_at_once_or_in_turn(void **state) {
  (void)state;
  enum { n = 12000, d = 4 };
  double *x = make_rows(n, d, 5), least = 0.5, most = 0.6;
  int64_t *labels = malloc(n * sizeof *labels), label = 0;
  for (int i = 0; i < n; i++) {
    labels[i] = i % 3;
  }
  divw_kernel *kernel = make_labelled(x, n, d, labels);
  request requests[] = {{.order = INFINITY},
                        {.order = 1, .method = DIVW_METHOD_INTERIOR_POINT},
                        {.order = 2, .method = DIVW_METHOD_INTERIOR_POINT},
                        {.order = 1,
                         .method = DIVW_METHOD_INTERIOR_POINT,
                         .cap = 20,
                         .groups = 1,
                         .labels = &label,
                         .least = &least,
                         .most = &most}};
  for (int k = 0; k < 8; k++) {
    request r = requests[k / 2];
    r.balance = 1;
    r.tolerance = 1e-6;
    r.active = k % 2 == 0 ? 0 : 1000;
    divw_weights *weights = solved(kernel, r);
    double score;
    assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
    assert_true(divw_weights_gap(weights) <= 1e-6);
    ok(divw_vendi_score(kernel, divw_weights_values(weights), r.order, &score));
    near(divw_weights_vendi_score(weights), score, 1e-9);
    near(score, d, 1e-5); /* 12,000 directions can make all of them equal */
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(labels);
  free(x);
}

int main(void) {
  /* By ascent at balance 1 with scores, the last bits decide whether a row comes to lie where its weight is too small
   * to grow: then p is the best to 1e-10, and its proof 6e-5. Those of one thread are the same on every number of
   * cores. */
  ok(divw_set_threads(1));
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(constraints_that_do_not_bind_change_nothing),
      cmocka_unit_test(excluded_rows_are_as_if_they_were_not_there),
      cmocka_unit_test(exclusion_follows_row_numbers),
      cmocka_unit_test(a_permutation_of_rows_permutes_the_weights),
      cmocka_unit_test(a_data_set_twice_over_has_the_same_weights),
      cmocka_unit_test(tighter_bounds_never_help),
      cmocka_unit_test(balance_zero_gives_the_most_even_weights_that_are_allowed),
      cmocka_unit_test(sets_without_a_choice_are_answered_at_once),
      cmocka_unit_test(small_balances_keep_the_bounds),
      cmocka_unit_test(the_global_bound_knows_which_entropies_are_allowed),
      cmocka_unit_test(many_rows_are_taken_at_once_or_in_turn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
