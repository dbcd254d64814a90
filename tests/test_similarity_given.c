/* Matrices and functions of the caller's; options, and rows that a similarity cannot take. */
#include "check.h"
#include "formulas.h"
#include "make.h"

#include <divweights/similarity.h>
#include <math.h>
#include <stdlib.h>

/* ---- matrices and functions of the caller's ---- */

static divw_status create(divw_kernel **kernel, const double *x, int64_t n, int64_t d,
                          const divw_similarity *similarity) {
  divw_dataset *dataset;
  ok(divw_dataset_create_copy(&dataset, x, n, d, DIVW_FLOAT64, 0));
  const divw_status status = divw_kernel_create_with(kernel, dataset, similarity);
  divw_dataset_destroy(dataset);
  return status;
}

static void a_matrix_is_what_it_says(void **state) {
  (void)state;
  const double K[] = {1, 0.5, 0.2, 0.5, 1, 0.1, 0.2, 0.1, 1};
  const double twice[] = {2, 1, 0.4, 1, 2, 0.2, 0.4, 0.2, 2};
  divw_kernel *kernel;
  divw_similarity *similarity = similarity_of(DIVW_KERNEL_PRECOMPUTED);
  double phi[9];
  for (int k = 0; k < 2; k++) {
    ok(create(&kernel, k == 0 ? K : twice, 3, 3, similarity));
    assert_int_equal(divw_kernel_features(kernel), 3);
    ok(divw_kernel_read(kernel, 0, 3, phi));
    for (int c = 0; c < 9; c++) {
      near(dot(phi + 3 * (c / 3), phi + 3 * (c % 3), 3), K[c], 1e-15);
    }
    near(divw_kernel_clipped(kernel), 0, 0);
    divw_kernel_destroy(kernel);
    fails(create(&kernel, twice, 3, 3, similarity), k == 0 ? DIVW_ERROR_DATA : DIVW_OK, "");
    divw_kernel_destroy(kernel);
    ok(divw_similarity_set_normalise(similarity, 1));
  }
  divw_similarity_destroy(similarity);
}

static void some_rows_of_a_matrix_take_their_columns(void **state) {
  (void)state;
  const double K[] = {1, 0.5, 0.2, 0.5, 1, 0.1, 0.2, 0.1, 1};
  divw_dataset *whole, *part;
  divw_kernel *kernel;
  double phi[4];
  ok(divw_dataset_create_copy(&whole, K, 3, 3, DIVW_FLOAT64, 0));
  ok(divw_dataset_select_rows(&part, whole, (const int64_t[]){2, 0}, 2));
  ok(divw_kernel_create(&kernel, part, DIVW_KERNEL_PRECOMPUTED));
  ok(divw_kernel_read(kernel, 0, 2, phi));
  near(dot(phi, phi + 2, 2), 0.2, 1e-15);
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(part);
  divw_dataset_destroy(whole);
}

static void matrices_that_are_none_of_similarities_are_refused(void **state) {
  (void)state;
  static const struct {
    double K[9];
    const char *sentence;
  } bad[] = {{{1, 0.5, 0.2, 0.5, 1, 0.1, 0.3, 0.1, 1},
              "row 0 with row 2 is 0.2, that of row 2 with row 0 is 0.3, expected the same"},
             {{1, 0.5, 0.2, 0.5, 1.01, 0.1, 0.2, 0.1, 1}, "row 1 with itself is 1.01, expected 1"},
             {{1, 0.5, 0.2, 0.5, -1, 0.1, 0.2, 0.1, 1}, "row 1 with itself is -1, expected a number above 0"},
             {{1, 0.5, 0.2, 0.5, NAN, 0.1, 0.2, 0.1, 1}, "row 1 with itself is nan"},
             {{1, 0.5, NAN, 0.5, 1, 0.1, 0.2, 0.1, 1}, "row 0, column 2 of the data is nan"},
             {{1, 0.5, 0.2, 0.5, 1, INFINITY, 0.2, 0.1, 1}, "row 1, column 2 of the data is inf"},
             {{1, 2, 0, 2, 1, 0, 0, 0, 1}, "has the eigenvalue -1, expected none below 0"}};
  divw_kernel *kernel;
  divw_similarity *similarity = similarity_of(DIVW_KERNEL_PRECOMPUTED);
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    fails(create(&kernel, bad[k].K, 3, 3, similarity), DIVW_ERROR_DATA, bad[k].sentence);
    assert_null(kernel);
  }
  fails(create(&kernel, (const double[]){1, 0, 0, 1, 0, 0}, 3, 2, similarity), DIVW_ERROR_DATA,
        "has 2 columns but a row 2, expected as many");
  ok(divw_similarity_set_clip_negative(similarity, 1));
  double phi[9];
  ok(create(&kernel, bad[6].K, 3, 3, similarity)); /* (3, -1, 1) becomes (3, 0, 1): rows 0 and 1 are alike */
  assert_int_equal(divw_kernel_features(kernel), 2);
  near(divw_kernel_least_eigenvalue(kernel), -1, 1e-14);
  near(divw_kernel_clipped(kernel), 1.0 / 3, 1e-14);
  ok(divw_kernel_read(kernel, 0, 3, phi));
  near(dot(phi, phi + 2, 2), 1, 1e-14);
  divw_kernel_destroy(kernel);
  divw_similarity_destroy(similarity);
}

/* A Gaussian of width 2 as a caller would write it; user: what it does wrong. */
static double pair(void *user, const double *x, const double *y, int64_t d) {
  const double *wrong = user, far = distance(x, y, d);
  return far > 0 ? wrong[0] + exp(-far * far / 8) : 1;
}

static int32_t block(void *user, const double *x, int64_t m, const double *y, int64_t n, int64_t d, double *k) {
  const double *wrong = user;
  for (int64_t c = 0; c < m * n; c++) {
    k[c] = pair(user, x + c / n * d, y + c % n * d, d);
  }
  return (int32_t)wrong[1];
}

static void functions_are_asked_by_blocks_and_by_pairs(void **state) {
  (void)state;
  double *x = make_rows(70, 3, 2), right[2] = {0, 0}, wrong[2] = {NAN, 0}, ends[2] = {0, 7}, less[2] = {-0.5, 0};
  divw_similarity *gauss = similarity_of(DIVW_KERNEL_GAUSSIAN), *function = similarity_of(DIVW_KERNEL_FUNCTION);
  divw_kernel *kernel, *expected;
  double score, same;
  ok(divw_similarity_set_bandwidth(gauss, 2));
  ok(create(&expected, x, 70, 3, gauss));
  ok(divw_vendi_score(expected, NULL, 1, &same));
  fails(create(&kernel, x, 70, 3, function), DIVW_ERROR_ARGUMENT, "the similarity has no function");
  for (int k = 0; k < 2; k++) {
    ok(k == 0 ? divw_similarity_set_function(function, block, right)
              : divw_similarity_set_pair_function(function, pair, right));
    ok(create(&kernel, x, 70, 3, function));
    ok(divw_vendi_score(kernel, NULL, 1, &score));
    near(score, same, 1e-10);
    divw_kernel_destroy(kernel);
    ok(k == 0 ? divw_similarity_set_function(function, block, wrong)
              : divw_similarity_set_pair_function(function, pair, wrong));
    fails(create(&kernel, x, 70, 3, function), DIVW_ERROR_DATA, "row 0 with row 1 is nan, expected a finite number");
    ok(k == 0 ? divw_similarity_set_function(function, block, less)
              : divw_similarity_set_pair_function(function, pair, less));
    fails(create(&kernel, x, 70, 3, function), DIVW_ERROR_DATA, "is not positive semidefinite");
  }
  ok(divw_similarity_set_function(function, block, ends));
  fails(create(&kernel, x, 70, 3, function), DIVW_ERROR_DATA, "the similarity function answered 7, expected 0");
  divw_kernel_destroy(expected);
  divw_similarity_destroy(function);
  divw_similarity_destroy(gauss);
  free(x);
}

/* Similar where both are even or both are odd. */
static int32_t parity(void *user, const double *x, int64_t m, const double *y, int64_t n, int64_t d, double *k) {
  (void)user;
  for (int64_t c = 0; c < m * n; c++) {
    k[c] = d == 1 && ((int64_t)x[c / n] + (int64_t)y[c % n]) % 2 == 0 ? 1 : 0;
  }
  return 0;
}

static void examples_need_not_be_numbers(void **state) {
  (void)state;
  divw_kernel *kernel;
  double score;
  ok(divw_kernel_create_function(&kernel, 30, parity, NULL));
  assert_int_equal(divw_kernel_features(kernel), 2);
  ok(divw_vendi_score(kernel, NULL, 1, &score));
  near(score, 2, 1e-12);
  divw_kernel_destroy(kernel);
  fails(divw_kernel_create_function(&kernel, 0, parity, NULL), DIVW_ERROR_ARGUMENT, "n is 0, expected at least 1");
  fails(divw_kernel_create_function(&kernel, 3, NULL, NULL), DIVW_ERROR_ARGUMENT, "function is NULL");
}

/* ---- options ---- */

static void options_are_the_documented_ones_until_they_are_set(void **state) {
  (void)state;
  divw_similarity *s = similarity_of(DIVW_KERNEL_MATERN);
  assert_int_equal(divw_similarity_kind(s), DIVW_KERNEL_MATERN);
  assert_int_equal(divw_similarity_bandwidth_rule(s), DIVW_BANDWIDTH_MEDIAN);
  assert_int_equal(divw_similarity_bandwidth_seed(s), 1);
  assert_true(isnan(divw_similarity_bandwidth(s)) && isnan(divw_similarity_bandwidth_vendi(s)));
  near(divw_similarity_nu(s), 1.5, 0);
  assert_int_equal(divw_similarity_degree(s), -1);
  assert_true(isnan(divw_similarity_offset(s)));
  ok(divw_similarity_set_bandwidth(s, 3));
  near(divw_similarity_bandwidth(s), 3, 0);
  assert_int_equal(divw_similarity_bandwidth_rule(s), DIVW_BANDWIDTH_GIVEN);
  ok(divw_similarity_set_bandwidth_median(s, 5));
  assert_int_equal(divw_similarity_bandwidth_seed(s), 5);
  assert_true(isnan(divw_similarity_bandwidth(s)));
  divw_similarity_destroy(s);
  s = similarity_of(DIVW_KERNEL_POLYNOMIAL);
  assert_int_equal(divw_similarity_degree(s), 3);
  near(divw_similarity_offset(s), 1, 0);
  assert_int_equal(divw_similarity_bandwidth_rule(s), 0);
  assert_true(isnan(divw_similarity_nu(s)));
  divw_similarity_destroy(s);
  s = similarity_of(DIVW_KERNEL_PRECOMPUTED);
  assert_true(!divw_similarity_normalise(s) && !divw_similarity_clip_negative(s) && !divw_similarity_bits(s));
  ok(divw_similarity_set_normalise(s, 2));
  ok(divw_similarity_set_clip_negative(s, 2));
  assert_true(divw_similarity_normalise(s) == 1 && divw_similarity_clip_negative(s) == 1);
  divw_similarity_destroy(s);
  divw_similarity_destroy(NULL);
  assert_int_equal(divw_similarity_kind(NULL), 0);
  assert_int_equal(divw_similarity_degree(NULL), 0);
  assert_int_equal(divw_similarity_bandwidth_seed(NULL), 0);
  assert_true(isnan(divw_kernel_clipped(NULL)) && isnan(divw_kernel_least_eigenvalue(NULL)));
  assert_null(divw_kernel_parameters(NULL));
}

static void options_out_of_range_are_refused(void **state) {
  (void)state;
  divw_similarity *none, *matern = similarity_of(DIVW_KERNEL_MATERN), *cosine_of = similarity_of(DIVW_KERNEL_COSINE);
  divw_similarity *polynomial_of = similarity_of(DIVW_KERNEL_POLYNOMIAL), *arc = similarity_of(DIVW_KERNEL_ARC_COSINE);
  fails(divw_similarity_create(&none, 0), DIVW_ERROR_ARGUMENT, "kind is 0");
  fails(divw_similarity_create(NULL, 1), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_similarity_set_bandwidth(matern, 0), DIVW_ERROR_ARGUMENT, "bandwidth is 0, expected a number above 0");
  fails(divw_similarity_set_bandwidth(NULL, 1), DIVW_ERROR_ARGUMENT, "similarity is NULL");
  fails(divw_similarity_set_bandwidth(cosine_of, 1), DIVW_ERROR_ARGUMENT,
        "similarity is cosine, which has no bandwidth");
  fails(divw_similarity_set_bandwidth_median(cosine_of, 1), DIVW_ERROR_ARGUMENT, "no bandwidth");
  fails(divw_similarity_set_bandwidth_vendi(matern, 1), DIVW_ERROR_ARGUMENT, "score is 1, expected a number above 1");
  fails(divw_similarity_set_nu(matern, 1), DIVW_ERROR_ARGUMENT, "nu is 1, expected 0.5, 1.5 or 2.5");
  fails(divw_similarity_set_degree(polynomial_of, 0), DIVW_ERROR_ARGUMENT, "degree is 0, expected 1 to 64");
  fails(divw_similarity_set_degree(arc, 3), DIVW_ERROR_ARGUMENT, "degree is 3, expected 0 to 2");
  fails(divw_similarity_set_offset(polynomial_of, -1), DIVW_ERROR_ARGUMENT, "offset is -1, expected a number of at");
  fails(divw_similarity_set_bits(arc, 1), DIVW_ERROR_ARGUMENT, "has no bits");
  fails(divw_similarity_set_normalise(arc, 1), DIVW_ERROR_ARGUMENT, "has no diagonal but 1");
  fails(divw_similarity_set_clip_negative(arc, 1), DIVW_ERROR_ARGUMENT, "has no negative eigenvalues");
  fails(divw_similarity_set_function(arc, parity, NULL), DIVW_ERROR_ARGUMENT, "expected one of DIVW_KERNEL_FUNCTION");
  fails(divw_similarity_set_pair_function(NULL, pair, NULL), DIVW_ERROR_ARGUMENT, "similarity is NULL");
  divw_similarity_destroy(arc);
  divw_similarity_destroy(polynomial_of);
  divw_similarity_destroy(cosine_of);
  divw_similarity_destroy(matern);
}

/* ---- rows that a similarity cannot take ---- */

static void rows_that_cannot_be_used_are_named(void **state) {
  (void)state;
  static const struct {
    int32_t kind;
    double x[6];
    const char *sentence;
  } bad[] = {{DIVW_KERNEL_GAUSSIAN, {1, 2, 3, NAN, 5, 6}, "row 1, column 1 of the data is nan"},
             {DIVW_KERNEL_LAPLACIAN, {1, 2, 3, 4, INFINITY, 6}, "row 2, column 0 of the data is inf"},
             {DIVW_KERNEL_TANIMOTO, {1, 2, 3, -4, 5, 6}, "row 1, column 1 of the data is -4, expected a number of at"},
             {DIVW_KERNEL_ARC_COSINE, {1, 2, 0, 0, 5, 6}, "row 1 of the data is all zeros"},
             {DIVW_KERNEL_COSINE_POWER, {1, 2, 3, 4, 0, 0}, "row 2 of the data is all zeros"},
             {DIVW_KERNEL_GAUSSIAN, {0, 0, 0, 0, 1e300, 1e300}, "from the others, expected less"}};
  divw_kernel *kernel;
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    divw_similarity *similarity = similarity_of(bad[k].kind);
    if (bad[k].kind == DIVW_KERNEL_GAUSSIAN) {
      ok(divw_similarity_set_bandwidth(similarity, 1));
    }
    fails(create(&kernel, bad[k].x, 3, 2, similarity), DIVW_ERROR_DATA, bad[k].sentence);
    assert_null(kernel);
    divw_similarity_destroy(similarity);
  }
}

/* More than the machine holds, or than LAPACK can index where it holds that. */
static void too_many_examples_for_the_matrix_are_refused_with_the_figure(void **state) {
  (void)state;
  enum { N = 100000 };
  static const uint8_t x[N];
  divw_dataset *dataset;
  divw_kernel *kernel;
  ok(divw_dataset_create_borrowed(&dataset, x, N, 1, DIVW_UINT8, 0));
  const divw_status status = divw_kernel_create(&kernel, dataset, DIVW_KERNEL_GAUSSIAN);
  assert_true(status == DIVW_ERROR_MEMORY || status == DIVW_ERROR_SIZE);
  assert_non_null(strstr(divw_error_message(), "100000"));
  if (status == DIVW_ERROR_MEMORY) {
    assert_non_null(strstr(divw_error_message(), "take 160 GB, and this machine has"));
  }
  assert_null(kernel);
  divw_dataset_destroy(dataset);
}

static void copies_alone_are_one_example(void **state) {
  (void)state;
  double x[40], score;
  divw_kernel *kernel;
  for (int k = 0; k < 40; k++) {
    x[k] = 0.1 * (k % 4);
  }
  for (int32_t kind = DIVW_KERNEL_GAUSSIAN; kind <= DIVW_KERNEL_TANIMOTO; kind++) {
    divw_similarity *similarity = similarity_of(kind);
    ok(create(&kernel, x, 10, 4, similarity));
    assert_int_equal(divw_kernel_features(kernel), 1);
    ok(divw_vendi_score(kernel, NULL, 1, &score));
    near(score, 1, 1e-12);
    divw_kernel_destroy(kernel);
    ok(create(&kernel, x, 1, 4, similarity));
    divw_kernel_destroy(kernel);
    divw_similarity_destroy(similarity);
  }
}

static divw_status make_and_project(void *context) {
  const divw_similarity *similarity = context;
  const double K[] = {1, 2, 0.5, 2, 1, 0, 0.5, 0, 1};
  divw_dataset *dataset = NULL;
  divw_kernel *kernel = NULL;
  double D[3], gain[3];
  divw_status status = divw_dataset_create_copy(&dataset, K, 3, 3, DIVW_FLOAT64, 0);
  if (status == DIVW_OK && (status = divw_kernel_create_with(&kernel, dataset, similarity)) == DIVW_OK) {
    status = divw_vendi_gain(kernel, NULL, 1, dataset, 0.1, D, gain);
  }
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(dataset);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  const double right[2] = {0, 0};
  divw_similarity *similarities[] = {similarity_of(DIVW_KERNEL_GAUSSIAN), similarity_of(DIVW_KERNEL_TANIMOTO),
                                     similarity_of(DIVW_KERNEL_PRECOMPUTED), similarity_of(DIVW_KERNEL_FUNCTION)};
  ok(divw_similarity_set_bandwidth_vendi(similarities[0], 2));
  ok(divw_similarity_set_clip_negative(similarities[2], 1));
  ok(divw_similarity_set_function(similarities[3], block, (void *)(uintptr_t)right));
  for (int k = 0; k < 4; k++) {
    fail_every_allocation(make_and_project, similarities[k]);
    divw_similarity_destroy(similarities[k]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_matrix_is_what_it_says),
      cmocka_unit_test(some_rows_of_a_matrix_take_their_columns),
      cmocka_unit_test(matrices_that_are_none_of_similarities_are_refused),
      cmocka_unit_test(functions_are_asked_by_blocks_and_by_pairs),
      cmocka_unit_test(examples_need_not_be_numbers),
      cmocka_unit_test(options_are_the_documented_ones_until_they_are_set),
      cmocka_unit_test(options_out_of_range_are_refused),
      cmocka_unit_test(rows_that_cannot_be_used_are_named),
      cmocka_unit_test(too_many_examples_for_the_matrix_are_refused_with_the_figure),
      cmocka_unit_test(copies_alone_are_one_example),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
