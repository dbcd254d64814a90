/* What may be asked of weights, and sets that hold none. */
#include "check.h"
#include "make.h"
#include "wishes.h"

#include <math.h>
#include <stdlib.h>

static void bounds_are_checked_when_they_are_set(void **state) {
  (void)state;
  divw_solver *solver;
  ok(divw_solver_create(&solver));
  assert_true(isinf(divw_solver_max_weight(solver)));
  near(divw_solver_min_weight(solver), 0, 0);
  near(divw_solver_effective_examples(solver), 0, 0);
  near(divw_solver_effective_share(solver), 0, 0);
  assert_int_equal(divw_solver_group_count(solver), 0);
  assert_int_equal(divw_solver_excluded_count(solver), 0);
  assert_int_equal(divw_solver_quality_count(solver), 0);
  fails(divw_solver_set_max_weight(solver, 0), DIVW_ERROR_ARGUMENT, "max_weight is 0, expected a positive multiple");
  fails(divw_solver_set_max_weight(solver, NAN), DIVW_ERROR_ARGUMENT, "max_weight is nan");
  fails(divw_solver_set_min_weight(solver, -1), DIVW_ERROR_ARGUMENT, "min_weight is -1, expected a multiple of 1/n in");
  fails(divw_solver_set_min_weight(solver, 1.5), DIVW_ERROR_ARGUMENT, "min_weight is 1.5");
  fails(divw_solver_set_min_weight(solver, NAN), DIVW_ERROR_ARGUMENT, "min_weight is nan");
  fails(divw_solver_set_effective_examples(solver, 0.5), DIVW_ERROR_ARGUMENT, "least is 0.5, expected a number of at");
  fails(divw_solver_set_effective_examples(solver, INFINITY), DIVW_ERROR_ARGUMENT, "least is inf");
  fails(divw_solver_set_effective_examples(solver, NAN), DIVW_ERROR_ARGUMENT, "least is nan");
  fails(divw_solver_set_effective_share(solver, 1.1), DIVW_ERROR_ARGUMENT, "share is 1.1, expected a number in [0, 1]");
  fails(divw_solver_set_effective_share(solver, NAN), DIVW_ERROR_ARGUMENT, "share is nan");
  const int64_t labels[2] = {4, 4}, others[2] = {4, -5};
  const double low[2] = {0.1, 0.5}, high[2] = {0.2, 0.4}, negative[2] = {-0.1, 0}, large[2] = {0.2, 1.5};
  fails(divw_solver_set_group_bounds(solver, labels, low, low, 2), DIVW_ERROR_ARGUMENT, "group 4 has bounds twice");
  fails(divw_solver_set_group_bounds(solver, others, low, high, 2), DIVW_ERROR_ARGUMENT,
        "group -5 has bounds 0.5 and 0.4, expected 0 <= lower <= upper <= 1");
  fails(divw_solver_set_group_bounds(solver, others, negative, high, 2), DIVW_ERROR_ARGUMENT,
        "group 4 has bounds -0.1");
  fails(divw_solver_set_group_bounds(solver, others, low, large, 2), DIVW_ERROR_ARGUMENT,
        "group -5 has bounds 0.5 and");
  fails(divw_solver_set_group_bounds(solver, others, low, (const double[]){NAN, 1}, 2), DIVW_ERROR_ARGUMENT, "0.1 and");
  fails(divw_solver_set_group_bounds(solver, others, low, high, -1), DIVW_ERROR_ARGUMENT, "count is -1, expected 0 to");
  fails(divw_solver_set_group_bounds(solver, others, low, high, 10001), DIVW_ERROR_ARGUMENT, "count is 10001");
  fails(divw_solver_set_group_bounds(solver, NULL, low, high, 2), DIVW_ERROR_ARGUMENT, "labels is NULL");
  fails(divw_solver_set_group_bounds(solver, others, NULL, high, 2), DIVW_ERROR_ARGUMENT, "lower is NULL");
  fails(divw_solver_set_group_bounds(solver, others, low, NULL, 2), DIVW_ERROR_ARGUMENT, "upper is NULL");
  fails(divw_solver_set_excluded(solver, NULL, 2), DIVW_ERROR_ARGUMENT, "rows is NULL");
  fails(divw_solver_set_excluded(solver, labels, -2), DIVW_ERROR_ARGUMENT, "count is -2, expected at least 0");
  fails(divw_solver_set_quality(solver, (const double[]){1, -0.5}, 2), DIVW_ERROR_ARGUMENT,
        "score 1 is -0.5, expected a finite number of at least 0");
  fails(divw_solver_set_quality(solver, (const double[]){INFINITY}, 1), DIVW_ERROR_ARGUMENT, "score 0 is inf");
  fails(divw_solver_set_quality(solver, (const double[]){NAN}, 1), DIVW_ERROR_ARGUMENT, "score 0 is nan");
  fails(divw_solver_set_quality(solver, low, 0), DIVW_ERROR_ARGUMENT, "n is 0, expected at least 1");
  divw_solver_destroy(solver);
}

static void what_was_set_can_be_read_replaced_and_taken_back(void **state) {
  (void)state;
  divw_solver *solver;
  const int64_t labels[2] = {4, 5};
  const double low[2] = {0.1, 0.2}, high[2] = {0.2, 1};
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_max_weight(solver, 3));
  ok(divw_solver_set_min_weight(solver, 0.5));
  ok(divw_solver_set_group_bounds(solver, labels, low, high, 2));
  ok(divw_solver_set_group_bounds(solver, labels, low, high, 1));
  ok(divw_solver_set_excluded(solver, labels, 2));
  ok(divw_solver_set_quality(solver, low, 2));
  ok(divw_solver_set_effective_examples(solver, 12));
  near(divw_solver_max_weight(solver), 3, 0);
  near(divw_solver_min_weight(solver), 0.5, 0);
  assert_int_equal(divw_solver_group_count(solver), 1);
  assert_int_equal(divw_solver_excluded_count(solver), 2);
  assert_int_equal(divw_solver_quality_count(solver), 2);
  near(divw_solver_effective_examples(solver), 12, 0);
  assert_int_equal(divw_solver_objective(solver), DIVW_OBJECTIVE_EFFECTIVE_EXAMPLES);
  assert_string_equal(divw_objective_name(DIVW_OBJECTIVE_EFFECTIVE_EXAMPLES), "effective-examples");
  ok(divw_solver_set_effective_share(solver, 0.25));
  near(divw_solver_effective_share(solver), 0.25, 0);
  near(divw_solver_effective_examples(solver), 0, 0);
  ok(divw_solver_set_group_bounds(solver, NULL, NULL, NULL, 0));
  ok(divw_solver_set_excluded(solver, NULL, 0));
  ok(divw_solver_set_quality(solver, NULL, 0));
  ok(divw_solver_set_effective_share(solver, 0));
  assert_int_equal(divw_solver_group_count(solver), 0);
  assert_int_equal(divw_solver_excluded_count(solver), 0);
  assert_int_equal(divw_solver_quality_count(solver), 0);
  assert_int_equal(divw_solver_objective(solver), DIVW_OBJECTIVE_PUBLISHED);
  divw_solver_destroy(solver);
}

static void no_solver_is_an_error_of_every_function(void **state) {
  (void)state;
  const int64_t label = 1;
  const double one = 1;
  fails(divw_solver_set_max_weight(NULL, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_min_weight(NULL, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_group_bounds(NULL, &label, &one, &one, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_excluded(NULL, &label, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_quality(NULL, &one, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_effective_examples(NULL, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_effective_share(NULL, 1), DIVW_ERROR_ARGUMENT, "solver is NULL");
  assert_true(isnan(divw_solver_max_weight(NULL)) && isnan(divw_solver_min_weight(NULL)));
  assert_true(isnan(divw_solver_effective_examples(NULL)) && isnan(divw_solver_effective_share(NULL)));
  assert_int_equal(divw_solver_group_count(NULL), 0);
  assert_int_equal(divw_solver_excluded_count(NULL), 0);
  assert_int_equal(divw_solver_quality_count(NULL), 0);
}

static void sets_without_any_weights_are_refused_with_the_reason(void **state) {
  (void)state;
  double x[12], zero[2] = {0, 0}, one[2] = {1, 1}, scores[4] = {1, 0, 0, 0}, nothing[4] = {0};
  int64_t labels[4] = {3, 3, 8, 8}, names[2] = {3, 8}, third = 5, first = 0, both[2] = {2, 3};
  test_random random = {2};
  for (int i = 0; i < 12; i++) {
    x[i] = next_normal(&random);
  }
  divw_kernel *kernel = make_labelled(x, 4, 3, labels), *plain = make_kernel(x, 4, 3);
  refused(kernel, (request){.cap = 0.9},
          "the bounds on the weights leave a total mass of 0 to 0.9, expected a range that");
  refused(kernel, (request){.cap = 1.2, .excluded = &first, .excluded_count = 1}, "a total mass of 0 to 0.9");
  refused(kernel, (request){.groups = 2, .labels = names, .least = (double[]){0.6, 0.6}, .most = one},
          "the bounds on groups and examples leave a total mass of 1.2 to 2, expected");
  refused(kernel, (request){.groups = 2, .labels = names, .least = zero, .most = (double[]){0.3, 0.4}},
          "leave a total mass of 0 to 0.7");
  refused(kernel, (request){.cap = 1.5, .groups = 1, .labels = names, .least = (double[]){0.8}, .most = one},
          "group 3 shall have a mass of at least 0.8, but its examples can have 0.75 at most");
  refused(kernel, (request){.floor = 0.8, .groups = 1, .labels = names + 1, .least = zero, .most = (double[]){0.3}},
          "group 8 shall have a mass of at most 0.3, but its examples have 0.4 at least");
  refused(kernel, (request){.groups = 1, .labels = &third, .least = (double[]){0.1}, .most = one},
          "group 5 shall have a mass of at least 0.1, but its examples can have 0 at most");
  refused(kernel,
          (request){.groups = 1,
                    .labels = names + 1,
                    .least = (double[]){0.1},
                    .most = one,
                    .excluded = both,
                    .excluded_count = 2},
          "group 8 shall have a mass of at least 0.1, but its examples can have 0 at most");
  refused(plain, (request){.groups = 1, .labels = names, .least = zero, .most = one},
          "there are bounds on groups, but the dataset has no labels");
  refused(kernel, (request){.effective = 4.1}, "4.1 effective examples are asked for, but there can be 4 at most");
  refused(kernel, (request){.effective = 3.5, .excluded = &first, .excluded_count = 1}, "but there can be 3 at most");
  refused(kernel, (request){.quality = scores, .n = 3}, "there are 3 quality scores for 4 examples");
  refused(kernel, (request){.quality = nothing, .n = 4}, "no example that may have weight has a quality score above 0");
  refused(kernel, (request){.quality = scores, .n = 4, .excluded = &first, .excluded_count = 1},
          "no example that may have weight has a quality score above 0");
  divw_kernel_destroy(plain);
  divw_kernel_destroy(kernel);
}

typedef struct {
  divw_kernel *kernel;
  request request;
  int32_t iterations;
} attempt;

static divw_status set_everything(divw_solver *solver, const request *r) {
  divw_status status = divw_solver_set_group_bounds(solver, r->labels, r->least, r->most, r->groups);
  if (status == DIVW_OK) {
    status = divw_solver_set_excluded(solver, r->excluded, r->excluded_count);
  }
  if (status == DIVW_OK) {
    status = divw_solver_set_quality(solver, r->quality, r->n);
  }
  (void)divw_solver_set_order(solver, r->order);
  (void)divw_solver_set_method(solver, r->method);
  (void)divw_solver_set_max_weight(solver, r->cap);
  (void)divw_solver_set_min_weight(solver, r->floor);
  (void)divw_solver_set_effective_share(solver, r->share);
  (void)divw_solver_set_balance(solver, r->balance);
  return status;
}

static divw_status solve_once(void *context) {
  attempt *a = context;
  divw_solver *solver = NULL;
  divw_weights *weights = NULL;
  divw_status status = divw_solver_create(&solver);
  if (status == DIVW_OK) {
    status = set_everything(solver, &a->request);
    (void)divw_solver_set_max_iterations(solver, 2);
  }
  if (status == DIVW_OK) {
    status = divw_solver_solve(solver, a->kernel, &weights);
  }
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double *x = make_rows(N, D, 31), scores[N];
  int64_t labels[N];
  label_rows(labels);
  make_scores(scores);
  attempt a = {.kernel = make_labelled(x, N, D, labels)};
  static const struct {
    double order, balance;
    int32_t method;
    bool scored, limited;
  } cases[] = {{1, 0.5, DIVW_METHOD_ACCELERATED, true, false}, {0.5, 0.5, DIVW_METHOD_INTERIOR_POINT, true, true},
               {2, 1, DIVW_METHOD_ACCELERATED, true, false},   {2, 0.5, DIVW_METHOD_INTERIOR_POINT, false, true},
               {INFINITY, 0.5, DIVW_METHOD_AUTO, false, true}, {INFINITY, 0, DIVW_METHOD_AUTO, false, false}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    a.request = kind_of(9, scores);
    a.request.order = cases[k].order;
    a.request.balance = cases[k].balance;
    a.request.method = cases[k].method;
    a.request.share = cases[k].limited ? 0.7 : 0;
    a.request.quality = cases[k].scored ? scores : NULL;
    fail_every_allocation(solve_once, &a);
  }
  divw_kernel_destroy(a.kernel);
  free(x);
}

int main(void) {
  /* By ascent at balance 1 with scores, the last bits decide whether a row comes to lie where its weight is too small
   * to grow: then p is the best to 1e-10, and its proof 6e-5. Those of one thread are the same on every number of
   * cores. */
  ok(divw_set_threads(1));
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bounds_are_checked_when_they_are_set),
      cmocka_unit_test(what_was_set_can_be_read_replaced_and_taken_back),
      cmocka_unit_test(no_solver_is_an_error_of_every_function),
      cmocka_unit_test(sets_without_any_weights_are_refused_with_the_reason),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
