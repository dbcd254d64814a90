/* Weights in files: round trips, reports, and what is refused. */
#include "check.h"
#include "make.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static divw_weights *solved(int64_t n) {
  double *x = make_rows(n, 4, 3);
  divw_kernel *kernel = make_kernel(x, n, 4);
  divw_weights *weights = make_weights(kernel, 0.5, 1e-6);
  divw_kernel_destroy(kernel);
  free(x);
  return weights;
}

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

/* A npy 1.0 file of little-endian numbers. */
static const char *npy(const char *name, const char *descr, int64_t n, const void *values, size_t bytes) {
  char buffer[4096];
  memset(buffer, ' ', 128);
  memcpy(buffer, "\x93NUMPY\x01\x00\x76\x00", 10);
  int length =
      snprintf(buffer + 10, 100, "{'descr': '%s', 'fortran_order': False, 'shape': (%lld,), }", descr, (long long)n);
  buffer[10 + length] = ' ';
  buffer[127] = '\n';
  memcpy(buffer + 128, values, bytes);
  return scratch_file(name, buffer, 128 + bytes);
}

static void a_round_trip_keeps_every_bit(void **state) {
  (void)state;
  divw_weights *weights = solved(40), *again;
  const char *path = scratch("w.npy");
  ok(divw_weights_save(weights, path));
  ok(divw_weights_load(&again, path));
  assert_int_equal(divw_weights_count(again), 40);
  assert_memory_equal(divw_weights_values(weights), divw_weights_values(again), 40 * sizeof(double));
  assert_string_equal(divw_weights_report(weights), divw_weights_report(again));
  assert_int_equal(divw_weights_rows(again)[39], 39);
  assert_null(divw_weights_marginal_diversity(again));
#define SAME(name) near((double)divw_weights_##name(again), (double)divw_weights_##name(weights), 1e-15)
  SAME(vendi_score);
  SAME(vendi_score_uniform);
  SAME(entropy);
  SAME(effective_examples);
  SAME(balance);
  SAME(objective_value);
  SAME(entropy_weight);
  SAME(certified_value);
  SAME(upper_bound);
  SAME(gap);
  SAME(error_bar);
  SAME(similarity);
  SAME(global_upper_bound);
  SAME(global_gap);
  SAME(iterations);
  SAME(solves);
  SAME(row_passes);
  SAME(stop_reason);
  SAME(seconds);
  divw_weights_destroy(weights);
  divw_weights_destroy(again);
}

static void infinite_numbers_survive_too(void **state) {
  (void)state;
  double x[4] = {1, 0, 0, 1};
  divw_kernel *kernel = make_kernel(x, 2, 2);
  divw_weights *weights = make_weights(kernel, 0, 1e-6), *again;
  ok(divw_weights_save(weights, scratch("inf.npy")));
  ok(divw_weights_load(&again, scratch("inf.npy")));
  assert_true(isinf(divw_weights_entropy_weight(again)));
  assert_true(divw_weights_error_bar(again) == 0);
  assert_true(isnan(divw_weights_upper_bound(again)));
  divw_weights_destroy(weights);
  divw_weights_destroy(again);
  divw_kernel_destroy(kernel);
}

/* sum |p - p*| of weights found to a tolerance, p* to a much smaller one, at the same lambda. */
static double distance_and_bar(const divw_kernel *kernel, double order, double tolerance, double *bar) {
  divw_solver *solver;
  divw_weights *loose, *sharp;
  double distance = 0;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_order(solver, order));
  ok(divw_solver_set_objective(solver, DIVW_OBJECTIVE_LOG));
  ok(divw_solver_set_balance(solver, 0.9));
  ok(divw_solver_set_tolerance(solver, 1e-11));
  ok(divw_solver_solve(solver, kernel, &sharp));
  ok(divw_solver_set_tolerance(solver, tolerance));
  ok(divw_solver_solve(solver, kernel, &loose));
  for (int64_t i = 0; i < divw_weights_count(loose); i++) {
    distance += fabs(divw_weights_values(loose)[i] - divw_weights_values(sharp)[i]);
  }
  *bar = divw_weights_error_bar(loose);
  near(*bar, fmin(2, sqrt(2 * divw_weights_gap(loose) / divw_weights_entropy_weight(loose))), 1e-15);
  divw_weights_destroy(loose);
  divw_weights_destroy(sharp);
  divw_solver_destroy(solver);
  return distance;
}

static void the_error_bar_holds_for_the_weights(void **state) {
  (void)state;
  double *x = make_rows(80, 6, 12), bar;
  divw_kernel *kernel = make_kernel(x, 80, 6);
  for (double order = 0.5; order <= 1; order += 0.5) {
    for (double tolerance = 1; tolerance > 1e-7; tolerance /= 10) {
      const double distance = distance_and_bar(kernel, order, tolerance, &bar);
      assert_true(distance <= bar && bar > 0);
    }
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static double bar_of(const char *report) {
  double p[2] = {0.5, 0.5};
  divw_weights *weights;
  const char *path = npy("bar.npy", "<f8", 2, p, sizeof p);
  write_text(scratch("bar.json"), report);
  ok(divw_weights_load(&weights, path));
  const double bar = divw_weights_error_bar(weights);
  divw_weights_destroy(weights);
  return bar;
}

static void the_error_bar_is_known_where_gap_and_lambda_are(void **state) {
  (void)state;
  near(bar_of("{\"gap\": 2e-6, \"entropy_weight\": 0.01}"), 0.02, 1e-15);
  near(bar_of("{\"gap\": 2e-6, \"entropy_weight\": 0.01, \"error_bar\": 7}"), 0.02, 1e-15); /* as it follows */
  near(bar_of("{\"gap\": 3, \"entropy_weight\": 0.01}"), 2, 0);
  near(bar_of("{\"gap\": \"inf\", \"entropy_weight\": 1}"), 2, 0);
  near(bar_of("{\"gap\": 1e-9, \"entropy_weight\": 0}"), 2, 0);
  near(bar_of("{\"gap\": 0, \"entropy_weight\": 0}"), 2, 0);
  near(bar_of("{\"gap\": -1, \"entropy_weight\": 1}"), 2, 0); /* no gap that a solve reports */
  assert_true(isnan(bar_of("{\"gap\": 1e-9}")) && isnan(bar_of("{\"entropy_weight\": 1}")));
}

static void the_similarity_is_that_of_the_report(void **state) {
  (void)state;
  double p = 1;
  divw_weights *weights;
  static const char *names[] = {"linear", "cosine", "another"};
  static const int32_t similarities[] = {DIVW_KERNEL_LINEAR, DIVW_KERNEL_COSINE, 0};
  for (int k = 0; k < 3; k++) {
    char report[64];
    const char *path = npy("kernel.npy", "<f8", 1, &p, sizeof p);
    snprintf(report, sizeof report, "{\"kernel\": \"%s\"}", names[k]);
    write_text(scratch("kernel.json"), report);
    ok(divw_weights_load(&weights, path));
    assert_int_equal(divw_weights_similarity(weights), similarities[k]);
    divw_weights_destroy(weights);
  }
  assert_int_equal(divw_weights_similarity(NULL), 0);
}

static void the_parameters_of_the_similarity_are_those_of_the_report(void **state) {
  (void)state;
  double p = 1;
  divw_weights *weights;
  divw_similarity *similarity;
  const char *path = npy("parameters.npy", "<f8", 1, &p, sizeof p);
  write_text(scratch("parameters.json"), "{\"kernel\": \"matern\", \"bandwidth\": 2.5, \"nu\": 0.5, "
                                         "\"approximation\": \"cholesky\", \"approximation_seed\": 7}");
  ok(divw_weights_load(&weights, path));
  ok(divw_weights_parameters(weights, &similarity));
  assert_int_equal(divw_similarity_kind(similarity), DIVW_KERNEL_MATERN);
  assert_true(divw_similarity_bandwidth(similarity) == 2.5 && divw_similarity_nu(similarity) == 0.5);
  assert_int_equal(divw_weights_approximation_seed(weights), 7);
  divw_similarity_destroy(similarity);
  fails(divw_weights_parameters(NULL, &similarity), DIVW_ERROR_ARGUMENT, "weights is NULL");
  fails(divw_weights_parameters(weights, NULL), DIVW_ERROR_ARGUMENT, "out is NULL");
  divw_weights_destroy(weights);
  write_text(scratch("parameters.json"), "{\"kernel\": \"matern\", \"bandwidth\": -2.5}");
  ok(divw_weights_load(&weights, path));
  fails(divw_weights_parameters(weights, &similarity), DIVW_ERROR_ARGUMENT, "bandwidth is -2.5");
  assert_null(similarity);
  divw_weights_destroy(weights);
  write_text(scratch("parameters.json"), "{}");
  ok(divw_weights_load(&weights, path));
  fails(divw_weights_parameters(weights, &similarity), DIVW_ERROR_ARGUMENT, "the similarity is not known");
  divw_weights_destroy(weights);
  assert_int_equal(divw_weights_approximation_seed(NULL), 0);
}

static void without_a_report_the_scalars_are_unknown(void **state) {
  (void)state;
  double p[3] = {0.5, 0.25, 0.25};
  divw_weights *weights;
  ok(divw_weights_load(&weights, npy("alone.npy", "<f8", 3, p, sizeof p)));
  assert_memory_equal(divw_weights_values(weights), p, sizeof p);
  assert_true(isnan(divw_weights_vendi_score(weights)) && isnan(divw_weights_gap(weights)));
  assert_int_equal(divw_weights_iterations(weights), 0);
  assert_int_equal(divw_weights_stop_reason(weights), 0);
  near(divw_weights_entropy(weights), 1.5 * log(2), 1e-15);
  near(divw_weights_effective_examples(weights), exp(1.5 * log(2)), 1e-14);
  divw_weights_destroy(weights);
}

static void single_precision_and_small_errors_of_the_sum_are_scaled_away(void **state) {
  (void)state;
  float p[4] = {0.1f, 0.2f, 0.3f, 0.40001f};
  double sum = 0;
  divw_weights *weights;
  ok(divw_weights_load(&weights, npy("single.npy", "<f4", 4, p, sizeof p)));
  for (int i = 0; i < 4; i++) {
    sum += divw_weights_values(weights)[i];
  }
  near(sum, 1, 1e-15);
  divw_weights_destroy(weights);
}

static void values_that_are_no_probabilities_are_named(void **state) {
  (void)state;
  divw_weights *weights;
  double negative[2] = {1.5, -0.5}, nan[2] = {NAN, 1}, sum[2] = {0.5, 0.6};
  fails(divw_weights_load(&weights, npy("a.npy", "<f8", 2, negative, 16)), DIVW_ERROR_DATA, "weight 1 is -0.5");
  assert_null(weights);
  fails(divw_weights_load(&weights, npy("b.npy", "<f8", 2, nan, 16)), DIVW_ERROR_DATA, "b.npy: weight 0 is nan");
  fails(divw_weights_load(&weights, npy("c.npy", "<f8", 2, sum, 16)), DIVW_ERROR_DATA,
        "c.npy: the weights sum to 1.1, expected 1 within 0.0001");
}

static void other_arrays_are_refused(void **state) {
  (void)state;
  divw_weights *weights;
  uint8_t bytes[2] = {0, 1};
  fails(divw_weights_load(&weights, npy("u.npy", "|u1", 2, bytes, 2)), DIVW_ERROR_FORMAT,
        "u.npy: 1 axes of uint8, expected weights: one axis of float64 or float32");
  fails(divw_weights_load(&weights, scratch("missing.npy")), DIVW_ERROR_FILE, "missing.npy");
  fails(divw_weights_load(&weights, NULL), DIVW_ERROR_ARGUMENT, "path is NULL");
  fails(divw_weights_load(NULL, "x"), DIVW_ERROR_ARGUMENT, "out is NULL");
}

static void try_report(const char *text, divw_status expected, const char *sentence) {
  double p[2] = {0.5, 0.5};
  divw_weights *weights;
  const char *path = npy("r.npy", "<f8", 2, p, sizeof p);
  write_text(scratch("r.json"), text);
  if (expected == DIVW_OK) {
    ok(divw_weights_load(&weights, path));
    divw_weights_destroy(weights);
  } else {
    fails(divw_weights_load(&weights, path), expected, sentence);
    assert_null(weights);
  }
  unlink(scratch("r.json"));
}

static void reports_of_other_versions_load(void **state) {
  (void)state;
  try_report("{}", DIVW_OK, "");
  try_report("{\"n\": 2, \"later\": \"key\", \"flag\": true, \"gap\": null, \"another\": -1.5e-3}", DIVW_OK, "");
  try_report(" {\n\"gap\" :1e-7 ,\"entropy_weight\":\"inf\"} \n", DIVW_OK, "");
}

static void damaged_reports_are_refused(void **state) {
  (void)state;
  static const char *damaged[] = {"",
                                  "[]",
                                  "{",
                                  "{\"gap\"",
                                  "{\"gap\":",
                                  "{\"gap\": }",
                                  "{\"gap\": 1",
                                  "{\"gap\": 1,}",
                                  "{\"gap\": 1} x",
                                  "{\"gap\": \"small\"}",
                                  "{\"gap\": 1e999}",
                                  "{\"n\": 2.5}",
                                  "{\"n\": -2}",
                                  "{\"n\": \"two\"}",
                                  "{\"kernel\": 1}",
                                  "{\"kernel\": \"a name that is much longer than any name of a kernel\"}",
                                  "{\"kernel\": \"es\\\"caped\"}",
                                  "{\"nested\": {}}",
                                  "{gap: 1}"};
  for (size_t k = 0; k < sizeof damaged / sizeof *damaged; k++) {
    try_report(damaged[k], DIVW_ERROR_FORMAT, "r.json: not a report of weights");
  }
  try_report("{\"n\": 3}", DIVW_ERROR_FORMAT, "r.json: a report of 3 weights beside 2 weights");
}

static void oversized_and_binary_reports_are_refused(void **state) {
  (void)state;
  double p[2] = {0.5, 0.5};
  divw_weights *weights;
  char *large = malloc(100000);
  memset(large, ' ', 100000);
  const char *path = npy("big.npy", "<f8", 2, p, sizeof p);
  scratch_file("big.json", large, 100000);
  fails(divw_weights_load(&weights, path), DIVW_ERROR_FORMAT, "larger than 65536 bytes");
  scratch_file("big.json", "{}\0{}", 5);
  fails(divw_weights_load(&weights, path), DIVW_ERROR_FORMAT, "it has a zero byte");
  free(large);
}

static void an_unwritable_target_is_an_error_and_leaves_nothing(void **state) {
  (void)state;
  divw_weights *weights = solved(5);
  fails(divw_weights_save(weights, scratch("no/such/folder/w.npy")), DIVW_ERROR_FILE, "no/such/folder");
  fails(divw_weights_save(weights, NULL), DIVW_ERROR_ARGUMENT, "path is NULL");
  fails(divw_weights_save(NULL, "w.npy"), DIVW_ERROR_ARGUMENT, "weights is NULL");
  divw_weights_destroy(weights);
}

static void names_without_npy_get_a_report_beside_them(void **state) {
  (void)state;
  divw_weights *weights = solved(5);
  ok(divw_weights_save(weights, scratch("plain")));
  assert_int_equal(access(scratch("plain.json"), R_OK), 0);
  divw_weights_destroy(weights);
}

static void getters_answer_null(void **state) {
  (void)state;
  assert_int_equal(divw_weights_count(NULL), 0);
  assert_null(divw_weights_values(NULL));
  assert_null(divw_weights_rows(NULL));
  assert_null(divw_weights_marginal_diversity(NULL));
  assert_null(divw_weights_report(NULL));
  assert_true(isnan(divw_weights_gap(NULL)) && isnan(divw_weights_error_bar(NULL)));
  assert_int_equal(divw_weights_solves(NULL), 0);
  assert_int_equal(divw_weights_stop_reason(NULL), 0);
  divw_weights_destroy(NULL);
}

static divw_status save_and_load(void *context) {
  divw_weights *again = NULL;
  divw_status status = divw_weights_save(context, scratch("m.npy"));
  if (status == DIVW_OK) {
    status = divw_weights_load(&again, scratch("m.npy"));
  }
  divw_weights_destroy(again);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  divw_weights *weights = solved(5);
  fail_every_allocation(save_and_load, weights);
  divw_weights_destroy(weights);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_round_trip_keeps_every_bit),
      cmocka_unit_test(infinite_numbers_survive_too),
      cmocka_unit_test(the_error_bar_holds_for_the_weights),
      cmocka_unit_test(the_error_bar_is_known_where_gap_and_lambda_are),
      cmocka_unit_test(the_similarity_is_that_of_the_report),
      cmocka_unit_test(the_parameters_of_the_similarity_are_those_of_the_report),
      cmocka_unit_test(without_a_report_the_scalars_are_unknown),
      cmocka_unit_test(single_precision_and_small_errors_of_the_sum_are_scaled_away),
      cmocka_unit_test(values_that_are_no_probabilities_are_named),
      cmocka_unit_test(other_arrays_are_refused),
      cmocka_unit_test(reports_of_other_versions_load),
      cmocka_unit_test(damaged_reports_are_refused),
      cmocka_unit_test(oversized_and_binary_reports_are_refused),
      cmocka_unit_test(an_unwritable_target_is_an_error_and_leaves_nothing),
      cmocka_unit_test(names_without_npy_get_a_report_beside_them),
      cmocka_unit_test(getters_answer_null),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
