/* Feature rows, their passes, and every complaint about the data. */
#include "check.h"
#include "kernel.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>

static double *random_rows(int64_t n, int64_t d, uint64_t seed) {
  test_random random = {seed};
  double *x = malloc((size_t)(n * d) * sizeof *x);
  for (int64_t i = 0; i < n * d; i++) {
    x[i] = next_normal(&random);
  }
  return x;
}

static divw_kernel *kernel_of(const double *x, int64_t n, int64_t d, int32_t similarity) {
  divw_dataset *dataset;
  divw_kernel *kernel;
  ok(divw_dataset_create_copy(&dataset, x, n, d, DIVW_FLOAT64, 0));
  ok(divw_kernel_create(&kernel, dataset, similarity));
  divw_dataset_destroy(dataset); /* the kernel keeps what it needs */
  return kernel;
}

/* phi phi^T = K, on whichever side the kernel works. */
static void check_features(const double *x, int64_t n, int64_t d, int64_t expected_r) {
  divw_kernel *kernel = kernel_of(x, n, d, DIVW_KERNEL_COSINE);
  int64_t r = divw_kernel_features(kernel);
  double *K = malloc((size_t)(n * n + n * r) * sizeof *K), *phi = K + n * n;
  assert_int_equal(r, expected_r);
  assert_int_equal(divw_kernel_count(kernel), n);
  reference_cosine(x, n, d, K);
  ok(divw_kernel_read(kernel, 0, n, phi));
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      double product = 0;
      for (int64_t k = 0; k < r; k++) {
        product += phi[i * r + k] * phi[j * r + k];
      }
      near(product, K[i * n + j], 1e-13);
    }
  }
  free(K);
  divw_kernel_destroy(kernel);
}

static void features_reproduce_the_cosine_on_both_sides(void **state) {
  (void)state;
  static const int64_t shapes[][3] = {{1, 1, 1},  {1, 7, 1},    {2, 1, 1},   {30, 8, 8},
                                      {8, 30, 8}, {63, 65, 63}, {65, 64, 64}};
  for (int s = 0; s < 7; s++) {
    double *x = random_rows(shapes[s][0], shapes[s][1], 3);
    check_features(x, shapes[s][0], shapes[s][1], shapes[s][2]);
    free(x);
  }
}

static void columns_that_are_zero_everywhere_are_left_out(void **state) {
  (void)state;
  double *x = random_rows(20, 9, 4);
  for (int i = 0; i < 20; i++) {
    x[i * 9] = x[i * 9 + 5] = x[i * 9 + 8] = 0;
  }
  check_features(x, 20, 9, 6);
  free(x);
}

static void zero_columns_decide_the_side_too(void **state) {
  (void)state;
  double *x = random_rows(5, 9, 4);
  for (int i = 0; i < 5; i++) {
    for (int j = 3; j < 9; j++) {
      x[i * 9 + j] = 0;
    }
  }
  check_features(x, 5, 9, 3);
  free(x);
}

static void null_directions_are_dropped_on_the_row_side(void **state) {
  (void)state;
  double *x = random_rows(6, 20, 8);
  memcpy(x + 20, x, 20 * sizeof *x);
  for (int j = 0; j < 20; j++) {
    x[40 + j] = -3 * x[j];
  }
  check_features(x, 6, 20, 4);
  free(x);
}

static void rows_of_any_magnitude_are_normalised(void **state) {
  (void)state;
  static const double scales[] = {1e-290, 1e-160, 1, 1e160, 1e290};
  double *x = random_rows(5, 3, 2);
  for (int i = 0; i < 15; i++) {
    x[i] *= scales[i / 3];
  }
  divw_kernel *kernel = kernel_of(x, 5, 3, DIVW_KERNEL_COSINE);
  double phi[15];
  ok(divw_kernel_read(kernel, 0, 5, phi));
  for (int i = 0; i < 5; i++) {
    near(phi[3 * i] * phi[3 * i] + phi[3 * i + 1] * phi[3 * i + 1] + phi[3 * i + 2] * phi[3 * i + 2], 1, 1e-15);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void check_passes(int64_t n, int64_t d) {
  double *x = random_rows(n, d, 11), *p = malloc((size_t)n * sizeof *p);
  divw_kernel *kernel = kernel_of(x, n, d, DIVW_KERNEL_COSINE);
  int64_t r = divw_kernel_features(kernel);
  double *phi = malloc((size_t)(n * r + 3 * r * r + 2 * n) * sizeof *phi), *S = phi + n * r, *R = S + r * r;
  double *D = R + 2 * r * r;
  test_random random = {12};
  ok(divw_kernel_read(kernel, 0, n, phi));
  for (int64_t i = 0; i < n; i++) {
    p[i] = i % 3 == 0 ? 0 : next_uniform(&random);
  }
  for (int64_t i = 0; i < 2 * r * r; i++) {
    R[i] = next_normal(&random); /* below the diagonal: must not be read */
  }
  ok(dw_kernel_moment(kernel, p, false, S));
  ok(dw_kernel_quadratic(kernel, (const double *[]){R, R + r * r}, 2, false, (double *[]){D, D + n}));
  for (int64_t a = 0; a < r; a++) {
    for (int64_t b = 0; b < r; b++) {
      double sum = 0;
      for (int64_t i = 0; i < n; i++) {
        sum += p[i] * phi[i * r + a] * phi[i * r + b];
      }
      near(S[a * r + b], sum, 1e-13 * (double)n);
    }
  }
  for (int64_t i = 0; i < 2 * n; i++) {
    double square = 0;
    for (int64_t a = 0; a < r; a++) {
      double dot = 0;
      for (int64_t b = a; b < r; b++) {
        dot += R[(i / n) * r * r + a * r + b] * phi[(i % n) * r + b];
      }
      square += dot * dot;
    }
    near(D[i], square, 1e-11);
  }
  free(phi);
  divw_kernel_destroy(kernel);
  free(p);
  free(x);
}

static void passes_are_the_sums_they_stand_for(void **state) {
  (void)state;
  check_passes(1, 1);
  check_passes(100, 7);
  check_passes(7, 40);
  check_passes(9001, 3); /* several blocks */
}

static void linear_takes_rows_of_norm_one_and_says_so(void **state) {
  (void)state;
  double x[6] = {1, 0, 0.6, 0.8, 0, 1 + 5e-7};
  divw_kernel *kernel = kernel_of(x, 3, 2, DIVW_KERNEL_LINEAR);
  assert_int_equal(divw_kernel_similarity(kernel), DIVW_KERNEL_LINEAR);
  divw_kernel_destroy(kernel);
  x[5] = 1.01;
  divw_dataset *dataset;
  ok(divw_dataset_create_copy(&dataset, x, 3, 2, DIVW_FLOAT64, 0));
  fails(divw_kernel_create(&kernel, dataset, DIVW_KERNEL_LINEAR), DIVW_ERROR_DATA,
        "row 2 of the data has norm 1.01, and linear similarity needs norm 1 within 1e-6: normalise the rows, or use "
        "cosine");
  assert_null(kernel);
  divw_dataset_destroy(dataset);
}

/* Complaints name the row of the source, also through a subset. */
static void check_bad_row(const double *x, const char *sentence) {
  divw_dataset *whole, *part;
  divw_kernel *kernel;
  ok(divw_dataset_create_copy(&whole, x, 4, 2, DIVW_FLOAT64, 0));
  fails(divw_kernel_create(&kernel, whole, DIVW_KERNEL_COSINE), DIVW_ERROR_DATA, sentence);
  ok(divw_dataset_select_rows(&part, whole, (const int64_t[]){0, 3}, 2));
  fails(divw_kernel_create(&kernel, part, DIVW_KERNEL_COSINE), DIVW_ERROR_DATA, sentence);
  divw_dataset_destroy(part);
  ok(divw_dataset_select_first(&part, whole, 3)); /* a bad row that is not selected does no harm */
  ok(divw_kernel_create(&kernel, part, DIVW_KERNEL_COSINE));
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(part);
  divw_dataset_destroy(whole);
}

static void rows_that_cannot_be_used_are_named(void **state) {
  (void)state;
  check_bad_row((const double[]){1, 0, 0, 1, 1, 1, 2, NAN}, "row 3, column 1 of the data is nan");
  check_bad_row((const double[]){1, 0, 0, 1, 1, 1, -INFINITY, 2}, "row 3, column 0 of the data is -inf");
  check_bad_row((const double[]){1, 0, 0, 1, 1, 1, 0, 0}, "row 3 of the data is all zeros");
  check_bad_row((const double[]){1, 0, 0, 1, 1, 1, 1e-310, 0}, "row 3 of the data has norm 1e-310");
  check_bad_row((const double[]){1, 0, 0, 1, 1, 1, 1e308, 1e308}, "expected 1e-300 to 1e300");
}

static void bad_arguments_are_refused(void **state) {
  (void)state;
  divw_dataset *dataset;
  divw_kernel *kernel;
  double x = 1, phi;
  ok(divw_dataset_create_copy(&dataset, &x, 1, 1, DIVW_FLOAT64, 0));
  fails(divw_kernel_create(NULL, dataset, 1), DIVW_ERROR_ARGUMENT, "divw_kernel_create: out is NULL");
  fails(divw_kernel_create(&kernel, NULL, 1), DIVW_ERROR_ARGUMENT, "dataset is NULL");
  fails(divw_kernel_create(&kernel, dataset, 12), DIVW_ERROR_ARGUMENT, "similarity is 12, expected DIVW_KERNEL_COSINE");
  assert_null(kernel);
  ok(divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE));
  fails(divw_kernel_read(kernel, 0, 2, &phi), DIVW_ERROR_ARGUMENT,
        "first is 0 and count 2, expected a range within 0 to 1");
  fails(divw_kernel_read(kernel, INT64_MAX, 1, &phi), DIVW_ERROR_ARGUMENT, "expected a range");
  fails(divw_kernel_read(kernel, -1, 1, &phi), DIVW_ERROR_ARGUMENT, "divw_kernel_read");
  fails(divw_kernel_read(kernel, 0, 1, NULL), DIVW_ERROR_ARGUMENT, "phi_out is NULL");
  divw_kernel_destroy(kernel);
  divw_kernel_destroy(NULL);
  divw_dataset_destroy(dataset);
  assert_int_equal(divw_kernel_count(NULL), 0);
  assert_int_equal(divw_kernel_features(NULL), 0);
  assert_int_equal(divw_kernel_similarity(NULL), 0);
}

static void too_many_columns_for_lapack_are_refused(void **state) {
  (void)state;
  enum { SIZE = 32768 };
  divw_dataset *dataset;
  divw_kernel *kernel;
  uint8_t *x = malloc(SIZE);
  memset(x, 1, SIZE);
  /* n = d = 32,768 examples that all lie on the same byte string: nothing is copied */
  ok(divw_dataset_create_borrowed(&dataset, x, 1, SIZE, DIVW_UINT8, 0));
  divw_dataset *many;
  int64_t *rows = calloc(SIZE, sizeof *rows);
  ok(divw_dataset_select_rows(&many, dataset, rows, SIZE));
  fails(divw_kernel_create(&kernel, many, DIVW_KERNEL_COSINE), DIVW_ERROR_SIZE,
        "the number of columns is 32768, LAPACK handles at most 32766");
  divw_dataset_destroy(many);
  divw_dataset_destroy(dataset);
  free(rows);
  free(x);
}

static divw_status make_and_use(void *context) {
  const double *x = context;
  divw_dataset *dataset = NULL;
  divw_kernel *kernel = NULL;
  double S[16], D[8];
  divw_status status = divw_dataset_create_copy(&dataset, x, 4, 8, DIVW_FLOAT64, 0); /* the row side */
  if (status == DIVW_OK && (status = divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE)) == DIVW_OK &&
      (status = dw_kernel_moment(kernel, NULL, false, S)) == DIVW_OK) {
    status = dw_kernel_quadratic(kernel, (const double *[]){S, S}, 2, false, (double *[]){D, D + 4});
  }
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(dataset);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double *x = random_rows(4, 8, 1);
  fail_every_allocation(make_and_use, x);
  x[0] = x[8] = x[16] = x[24] = 0; /* with a list of columns */
  fail_every_allocation(make_and_use, x);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(features_reproduce_the_cosine_on_both_sides),
      cmocka_unit_test(columns_that_are_zero_everywhere_are_left_out),
      cmocka_unit_test(zero_columns_decide_the_side_too),
      cmocka_unit_test(null_directions_are_dropped_on_the_row_side),
      cmocka_unit_test(rows_of_any_magnitude_are_normalised),
      cmocka_unit_test(passes_are_the_sums_they_stand_for),
      cmocka_unit_test(linear_takes_rows_of_norm_one_and_says_so),
      cmocka_unit_test(rows_that_cannot_be_used_are_named),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(too_many_columns_for_lapack_are_refused),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
