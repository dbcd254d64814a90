/* The published optimiser: against an Adam of our own on central differences of a naive objective, and against the
 * published trace on real data. */
#include "check.h"
#include "make.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 128 };

typedef struct {
  int64_t count;
  double vendi_score[MOST], objective[MOST], gap[MOST]; /* of iterations 1, 2, ... at 0, 1, ... */
} trace;

static int32_t note(int64_t iteration, double vendi_score, double entropy, double objective, double gap, double seconds,
                    void *user) {
  trace *seen = user;
  (void)entropy;
  (void)seconds;
  assert_true(iteration == seen->count + 1 && iteration <= MOST);
  seen->vendi_score[seen->count] = vendi_score;
  seen->objective[seen->count] = objective;
  seen->gap[seen->count++] = gap;
  return 0;
}

typedef struct {
  double order, balance;
  int32_t objective;
  int64_t iterations;
  const double *quality; /* a score for each example, or NULL */
} options;

static divw_weights *solved(const divw_kernel *kernel, options o, trace *seen) {
  divw_solver *solver;
  divw_weights *weights;
  seen->count = 0;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_order(solver, o.order));
  ok(divw_solver_set_balance(solver, o.balance));
  ok(divw_solver_set_objective(solver, o.objective));
  ok(divw_solver_set_method(solver, DIVW_METHOD_ADAM));
  ok(divw_solver_set_max_iterations(solver, o.iterations));
  ok(divw_solver_set_quality(solver, o.quality, o.quality != NULL ? divw_kernel_count(kernel) : 0));
  ok(divw_solver_set_progress(solver, note, seen));
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_solver_destroy(solver);
  return weights;
}

/* ---- against an Adam that knows no gradient ---- */

enum { n = 9, d = 12 }; /* fewer rows than columns: no eigenvalue is 0, which small orders would feel */

/* J or G of softmax(theta), by the n x n matrix, with (p.s) VS for VS where there are scores s; the Vendi Score too. */
static double naive_objective(const double *K, const double *theta, options o, double *vendi_score) {
  double p[n], A[n * n], mu[n], vectors[n * n], total = 0, entropy = 0, power = 0, quality = 0;
  for (int i = 0; i < n; i++) {
    total += p[i] = exp(theta[i]);
  }
  for (int i = 0; i < n; i++) {
    p[i] /= total;
    entropy -= p[i] * log(p[i]);
    quality += o.quality != NULL ? p[i] * o.quality[i] : p[i];
  }
  for (int k = 0; k < n * n; k++) {
    A[k] = sqrt(p[k / n] * p[k % n]) * K[k];
  }
  reference_eigen(A, n, mu, vectors);
  for (int k = 0; k < n; k++) {
    power += o.order == 1 ? -mu[k] * log(mu[k]) : pow(mu[k], o.order);
  }
  double log_vendi = o.order == 1 ? power : log(power) / (1 - o.order);
  *vendi_score = exp(log_vendi);
  double value = log_vendi + log(quality);
  return o.balance * (o.objective == DIVW_OBJECTIVE_LOG ? value : exp(value)) + (1 - o.balance) * entropy;
}

static void naive_gradient(const double *K, double *theta, options o, double *gradient) {
  const double step = 1e-5;
  double unused;
  for (int i = 0; i < n; i++) {
    double at = theta[i];
    theta[i] = at + step;
    double up = naive_objective(K, theta, o, &unused);
    theta[i] = at - step;
    double down = naive_objective(K, theta, o, &unused);
    theta[i] = at;
    gradient[i] = (up - down) / (2 * step);
  }
}

static void naive_adam(const double *K, options o, trace *expected) {
  double theta[n] = {0}, m[n] = {0}, v[n] = {0}, gradient[n], rate = 0.1;
  for (int64_t t = 1; t <= o.iterations; t++) {
    expected->objective[t - 1] = naive_objective(K, theta, o, &expected->vendi_score[t - 1]);
    naive_gradient(K, theta, o, gradient);
    for (int i = 0; i < n; i++) {
      m[i] = 0.9 * m[i] + 0.1 * gradient[i];
      v[i] = 0.999 * v[i] + 0.001 * gradient[i] * gradient[i];
      theta[i] += rate * (m[i] / (1 - pow(0.9, (double)t))) / (sqrt(v[i] / (1 - pow(0.999, (double)t))) + 1e-8);
    }
    rate *= t % 5 == 0 ? 0.99 : 1;
  }
}

static void every_step_is_that_of_adam_on_central_differences(void **state) {
  (void)state;
  static const double orders[] = {0.5, 1, 2, 5}, balances[] = {0.1, 0.5, 1};
  static const double scores[n] = {1, 0.2, 3, 0, 1, 0.5, 2, 2, 1};
  double *x = make_rows(n, d, 21), K[n * n];
  divw_kernel *kernel = make_kernel(x, n, d);
  reference_cosine(x, n, d, K);
  for (int k = 0; k < 36; k++) {
    trace seen, expected;
    options o = {orders[k % 4], balances[k / 4 % 3], k < 12 ? DIVW_OBJECTIVE_PUBLISHED : DIVW_OBJECTIVE_LOG, 12, NULL};
    if (k >= 24) {
      o.quality = scores;
      o.order = orders[k % 2];
    }
    divw_weights_destroy(solved(kernel, o, &seen));
    naive_adam(K, o, &expected);
    assert_int_equal(seen.count, 12);
    for (int t = 0; t < 12; t++) {
      near(seen.vendi_score[t], expected.vendi_score[t], 1e-6);
      near(seen.objective[t], expected.objective[t], 1e-6);
    }
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* ---- on real data ---- */

static void the_published_trace_is_met_to_six_digits(void **state) {
  (void)state;
  static const struct {
    int step;
    double vendi_score;
  } published[] = {{1, 12.735924},  {10, 18.123817}, {20, 21.177069},
                   {30, 22.150304}, {50, 22.335360}, {100, 22.388620}};
  trace seen;
  divw_kernel *kernel = make_digits_kernel(true, 500);
  if (kernel == NULL) {
    skip();
  }
  divw_weights *weights = solved(kernel, (options){1, 0.5, DIVW_OBJECTIVE_PUBLISHED, 101, NULL}, &seen);
  for (size_t k = 0; k < sizeof published / sizeof *published; k++) {
    near(seen.vendi_score[published[k].step - 1], published[k].vendi_score, 1e-6);
  }
  near(seen.objective[100], 13.74476, 1e-5); /* after 100 steps */
  near(divw_weights_objective_value(weights), 13.74476, 1e-5);
  assert_true(divw_weights_global_upper_bound(weights) >= 13.760667);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
}

/* ---- what it keeps and proves ---- */

static void the_best_point_met_is_kept(void **state) {
  (void)state;
  double *x = make_rows(60, 5, 4);
  divw_kernel *kernel = make_kernel(x, 60, 5);
  trace seen;
  options o = {2, 1, DIVW_OBJECTIVE_PUBLISHED, 100, NULL};
  divw_weights_destroy(solved(kernel, o, &seen));
  int64_t falls = 1;
  while (falls < seen.count && seen.objective[falls] >= seen.objective[falls - 1]) {
    falls++;
  }
  assert_in_range(falls, 2, seen.count - 1); /* Adam overshoots */
  o.iterations = falls + 1;
  divw_weights *weights = solved(kernel, o, &seen);
  near(divw_weights_objective_value(weights), seen.objective[falls - 1], 1e-14);
  near(divw_weights_gap(weights), seen.gap[falls - 1], 1e-14);
  assert_true(seen.objective[falls] < seen.objective[falls - 1]);
  assert_int_equal(divw_weights_iterations(weights), falls + 1);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_MAX_ITERATIONS);
  assert_non_null(strstr(divw_weights_report(weights), "\"method\": \"adam\""));
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  free(x);
}

/* The gap of the last point by naive loops; and where G is concave, the gap of every step is a bound on its maximum. */
static void every_step_proves_its_gap(void **state) {
  (void)state;
  static const double orders[] = {0.5, 1, 2, 5};
  const double lambda = 0.2;
  double *x = make_rows(80, 6, 6), log_vendi;
  divw_kernel *kernel = make_kernel(x, 80, 6);
  for (int q = 0; q < 4; q++) {
    trace seen;
    options o = {orders[q], 1 / (1 + lambda), DIVW_OBJECTIVE_LOG, 40, NULL};
    divw_weights *weights = solved(kernel, o, &seen);
    const double *p = divw_weights_values(weights);
    double gap = orders[q] == 1 ? reference_gap(x, 80, 6, p, lambda, NULL, 0, NULL)
                                : reference_gap_of_order(x, 80, 6, p, lambda, orders[q], &log_vendi);
    near(divw_weights_gap(weights), gap, 1e-10);
    for (int t = 0; t < 40 && orders[q] <= 1; t++) {
      assert_true(seen.objective[t] + o.balance * seen.gap[t] >= divw_weights_objective_value(weights));
    }
    divw_weights_destroy(weights);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* Adam from uniform weights ends at a worse local maximum, at J = 8.144; the global bound says what it missed. */
static void what_it_misses_on_copies_is_in_the_global_gap(void **state) {
  (void)state;
  double *x = make_copies(50, 20000), best = reference_copies(50, 20000, 0.2, 1);
  divw_kernel *kernel = make_kernel(x, 20050, 51);
  trace seen;
  divw_weights *weights = solved(kernel, (options){1, 0.2, DIVW_OBJECTIVE_PUBLISHED, 60, NULL}, &seen);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
  assert_true(divw_weights_objective_value(weights) < best - 1);
  assert_true(divw_weights_global_upper_bound(weights) >= best);
  assert_int_equal(divw_weights_solves(weights), 1);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  free(x);
}

static void it_stops_where_the_gap_is_proved(void **state) {
  (void)state;
  double x[16] = {1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4};
  divw_kernel *kernel = make_kernel(x, 4, 4);
  trace seen;
  divw_weights *weights = solved(kernel, (options){1, 0.4, DIVW_OBJECTIVE_PUBLISHED, 100, NULL}, &seen);
  assert_int_equal(seen.count, 1);
  near(divw_weights_vendi_score(weights), 4, 1e-12);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CONVERGED);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
}

/* ---- arguments and memory ---- */

static void the_infinite_order_is_refused(void **state) {
  (void)state;
  double x = 1;
  divw_kernel *kernel = make_kernel(&x, 1, 1);
  divw_solver *solver;
  divw_weights *weights;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_method(solver, DIVW_METHOD_ADAM));
  assert_int_equal(divw_solver_method(solver), DIVW_METHOD_ADAM);
  assert_string_equal(divw_method_name(DIVW_METHOD_ADAM), "adam");
  fails(divw_solver_set_method(solver, 5), DIVW_ERROR_ARGUMENT, "method is 5");
  ok(divw_solver_set_order(solver, INFINITY));
  fails(divw_solver_solve(solver, kernel, &weights), DIVW_ERROR_ARGUMENT, "order inf has no gradient to ascend");
  assert_null(weights);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
}

static void constraints_are_refused(void **state) {
  (void)state;
  const double least = 0.1, most = 0.9;
  const int64_t row = 3, label = 0, labels[12] = {0, 1};
  double *x = make_rows(12, 3, 3);
  divw_dataset *dataset;
  divw_kernel *kernel;
  divw_weights *weights;
  ok(divw_dataset_create_copy(&dataset, x, 12, 3, DIVW_FLOAT64, 0));
  ok(divw_dataset_set_labels(dataset, labels, 12));
  ok(divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE));
  for (int k = 0; k < 5; k++) {
    divw_solver *solver;
    ok(divw_solver_create(&solver));
    ok(divw_solver_set_method(solver, DIVW_METHOD_ADAM));
    ok(k == 0   ? divw_solver_set_max_weight(solver, 3)
       : k == 1 ? divw_solver_set_min_weight(solver, 0.1)
       : k == 2 ? divw_solver_set_excluded(solver, &row, 1)
       : k == 3 ? divw_solver_set_group_bounds(solver, &label, &least, &most, 1)
                : divw_solver_set_effective_examples(solver, 4));
    fails(divw_solver_solve(solver, kernel, &weights), DIVW_ERROR_ARGUMENT, "DIVW_METHOD_ADAM keeps no constraints");
    assert_null(weights);
    divw_solver_destroy(solver);
  }
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(dataset);
  free(x);
}

static divw_status solve_once(void *kernel) {
  divw_solver *solver = NULL;
  divw_weights *weights = NULL;
  divw_status status = divw_solver_create(&solver);
  if (status == DIVW_OK) {
    (void)divw_solver_set_method(solver, DIVW_METHOD_ADAM);
    (void)divw_solver_set_max_iterations(solver, 2);
    status = divw_solver_solve(solver, kernel, &weights);
  }
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double *x = make_rows(12, 3, 3);
  divw_kernel *kernel = make_kernel(x, 12, 3);
  fail_every_allocation(solve_once, kernel);
  divw_kernel_destroy(kernel);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_step_is_that_of_adam_on_central_differences),
      cmocka_unit_test(the_published_trace_is_met_to_six_digits),
      cmocka_unit_test(the_best_point_met_is_kept),
      cmocka_unit_test(every_step_proves_its_gap),
      cmocka_unit_test(what_it_misses_on_copies_is_in_the_global_gap),
      cmocka_unit_test(it_stops_where_the_gap_is_proved),
      cmocka_unit_test(the_infinite_order_is_refused),
      cmocka_unit_test(constraints_are_refused),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
