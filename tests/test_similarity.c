/* Every similarity against its formula, and rows out of sample. */
#include "check.h"
#include "formulas.h"
#include "make.h"

#include <divweights/similarity.h>
#include <math.h>
#include <stdlib.h>

/* ---- formulas, as naive as they are written ---- */

typedef double (*formula)(const double *x, const double *y, int64_t d, const divw_similarity *parameters);

static double gaussian(const double *x, const double *y, int64_t d, const divw_similarity *parameters) {
  const double s = divw_similarity_bandwidth(parameters);
  return exp(-pow(distance(x, y, d), 2) / (2 * s * s));
}

static double laplacian(const double *x, const double *y, int64_t d, const divw_similarity *parameters) {
  double sum = 0;
  for (int64_t j = 0; j < d; j++) {
    sum += fabs(x[j] - y[j]);
  }
  return exp(-sum / divw_similarity_bandwidth(parameters));
}

static double polynomial(const double *x, const double *y, int64_t d, const divw_similarity *parameters) {
  const double c = divw_similarity_offset(parameters), m = divw_similarity_degree(parameters), size = (double)d;
  return pow(dot(x, y, d) / size + c, m) / sqrt(pow(dot(x, x, d) / size + c, m) * pow(dot(y, y, d) / size + c, m));
}

static double cosine_power(const double *x, const double *y, int64_t d, const divw_similarity *parameters) {
  return pow(cosine(x, y, d, NULL), divw_similarity_degree(parameters));
}

static double arc_cosine(const double *x, const double *y, int64_t d, const divw_similarity *parameters) {
  static const double pi = 3.14159265358979323846;
  double u[64] = {0}, v[64] = {0};
  for (int64_t j = 0; j < d; j++) {
    u[j] = x[j] / sqrt(dot(x, x, d));
    v[j] = y[j] / sqrt(dot(y, y, d));
  }
  const double apart = distance(u, v, d);
  for (int64_t j = 0; j < d; j++) {
    v[j] = -v[j];
  }
  const double angle = 2 * atan2(apart, distance(u, v, d)), s = sin(angle), c = cos(angle), rest = pi - angle;
  switch (divw_similarity_degree(parameters)) {
  case 0: return rest / pi;
  case 1: return (s + rest * c) / pi;
  default: return (3 * s * c + rest * (1 + 2 * c * c)) / (3 * pi);
  }
}

static double tanimoto(const double *x, const double *y, int64_t d, const divw_similarity *parameters) {
  double least = 0, most = 0;
  (void)parameters;
  for (int64_t j = 0; j < d; j++) {
    least += fmin(x[j], y[j]);
    most += fmax(x[j], y[j]);
  }
  return most > 0 ? least / most : 1;
}

/* ---- phi phi^T ---- */

/* Largest difference of phi phi^T and the formula. */
static double error_of(const divw_dataset *dataset, const divw_similarity *similarity, formula k) {
  divw_kernel *kernel;
  ok(divw_kernel_create_with(&kernel, dataset, similarity));
  const int64_t n = divw_kernel_count(kernel), r = divw_kernel_features(kernel), d = divw_dataset_dimension(dataset);
  double *phi = malloc((size_t)(n * r + n * d) * sizeof *phi), *x = phi + n * r, worst = 0;
  ok(divw_kernel_read(kernel, 0, n, phi));
  ok(divw_dataset_read(dataset, 0, n, x));
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      const double expected = k(x + i * d, x + j * d, d, divw_kernel_parameters(kernel));
      worst = fmax(worst, fabs(dot(phi + i * r, phi + j * r, r) - expected));
    }
  }
  free(phi);
  divw_kernel_destroy(kernel);
  return worst;
}

static void check_rows(const double *x, int64_t n, int64_t d, divw_similarity *similarity, formula k) {
  divw_dataset *dataset;
  ok(divw_dataset_create_copy(&dataset, x, n, d, DIVW_FLOAT64, 0));
  near(error_of(dataset, similarity, k), 0, 1e-10);
  divw_dataset_destroy(dataset);
  divw_similarity_destroy(similarity);
}

/* Rows with copies, near copies, opposites, and an offset that inner products lose digits to. */
static double *hard_rows(int64_t n, int64_t d) {
  double *x = make_rows(n, d, 5);
  for (int64_t j = 0; j < d; j++) {
    x[d + j] = x[j];
    x[2 * d + j] = x[j] * (1 + 1e-9 * (double)j);
    x[3 * d + j] = -x[j];
    x[4 * d + j] = -x[j] + (j == 0 ? 1e-7 : 0);
  }
  return x;
}

static void features_reproduce_every_similarity(void **state) {
  (void)state;
  enum { N = 150, D = 24 };
  double *x = hard_rows(N, D);
  check_rows(x, N, D, similarity_of(DIVW_KERNEL_COSINE), cosine);
  check_rows(x, N, D, similarity_of(DIVW_KERNEL_GAUSSIAN), gaussian);
  check_rows(x, N, D, similarity_of(DIVW_KERNEL_LAPLACIAN), laplacian);
  check_rows(x, N, D, similarity_of(DIVW_KERNEL_POLYNOMIAL), polynomial);
  check_rows(x, N, D, similarity_of(DIVW_KERNEL_COSINE_POWER), cosine_power);
  for (int degree = 0; degree < 3; degree++) {
    divw_similarity *similarity = similarity_of(DIVW_KERNEL_ARC_COSINE);
    ok(divw_similarity_set_degree(similarity, degree));
    check_rows(x, N, D, similarity, arc_cosine);
    similarity = similarity_of(DIVW_KERNEL_MATERN);
    ok(divw_similarity_set_nu(similarity, 0.5 + degree));
    check_rows(x, N, D, similarity, matern);
  }
  free(x);
}

static void the_bandwidth_of_a_vendi_score_gives_that_score(void **state) {
  (void)state;
  static const int32_t kinds[] = {DIVW_KERNEL_GAUSSIAN, DIVW_KERNEL_LAPLACIAN, DIVW_KERNEL_MATERN};
  static const double scores[] = {1.01, 7, 36};
  double *x = hard_rows(40, 6), found;
  divw_dataset *dataset;
  divw_kernel *kernel;
  ok(divw_dataset_create_copy(&dataset, x, 40, 6, DIVW_FLOAT64, 0));
  for (int k = 0; k < 9; k++) {
    divw_similarity *similarity = similarity_of(kinds[k / 3]);
    ok(divw_similarity_set_bandwidth_vendi(similarity, scores[k % 3]));
    assert_true(isnan(divw_similarity_bandwidth(similarity)));
    ok(divw_kernel_create_with(&kernel, dataset, similarity));
    ok(divw_vendi_score(kernel, NULL, 1, &found));
    near(log(found / scores[k % 3]), 0, 1.1e-6);
    assert_true(divw_similarity_bandwidth(divw_kernel_parameters(kernel)) > 0);
    near(divw_similarity_bandwidth_vendi(divw_kernel_parameters(kernel)), scores[k % 3], 0);
    divw_kernel_destroy(kernel);
    ok(divw_similarity_set_bandwidth_vendi(similarity, 39.5));
    fails(divw_kernel_create_with(&kernel, dataset, similarity), DIVW_ERROR_DATA,
          "a Vendi Score of 39.5 is asked for, but at no bandwidth");
    divw_similarity_destroy(similarity);
  }
  divw_dataset_destroy(dataset);
  free(x);
}

/* ---- Tanimoto ---- */

static double *small_counts(int64_t n, int64_t d, int64_t most) {
  test_random random = {9};
  double *x = malloc((size_t)(n * d) * sizeof *x);
  for (int64_t k = 0; k < n * d; k++) {
    x[k] = fmin((double)most, floor((double)(most + 1) * next_uniform(&random) * next_uniform(&random) + 0.1));
  }
  memset(x, 0, (size_t)(2 * d) * sizeof *x); /* two empty rows, which are alike */
  return x;
}

static void tanimoto_is_of_counts_and_of_sets(void **state) {
  (void)state;
  for (int64_t d = 1; d < 140; d += 23) {
    for (int most = 1; most < 6; most += 4) {
      double *x = small_counts(60, d, most);
      check_rows(x, 60, d, similarity_of(DIVW_KERNEL_TANIMOTO), tanimoto);
      free(x);
    }
  }
}

/* The same sets, as numbers 0 and 1 and eight to a byte. */
static void packed_bits_are_the_sets_they_stand_for(void **state) {
  (void)state;
  enum { N = 40, BYTES = 37 };
  double *x = small_counts(N, 8 * BYTES, 1);
  uint8_t packed[N * BYTES] = {0};
  for (int64_t k = 0; k < N * BYTES * 8; k++) {
    packed[k / 8] |= (uint8_t)((x[k] > 0 ? 1 : 0) << (k % 8));
  }
  divw_dataset *numbers, *bits;
  divw_kernel *a, *b;
  divw_similarity *similarity = similarity_of(DIVW_KERNEL_TANIMOTO);
  ok(divw_dataset_create_copy(&numbers, x, N, 8 * BYTES, DIVW_FLOAT64, 0));
  ok(divw_dataset_create_copy(&bits, packed, N, BYTES, DIVW_UINT8, 0));
  ok(divw_kernel_create_with(&a, numbers, similarity));
  ok(divw_similarity_set_bits(similarity, 1));
  ok(divw_kernel_create_with(&b, bits, similarity));
  const int64_t r = divw_kernel_features(a);
  double *phi = malloc((size_t)(2 * N * r) * sizeof *phi);
  assert_int_equal(divw_kernel_features(b), r);
  ok(divw_kernel_read(a, 0, N, phi));
  ok(divw_kernel_read(b, 0, N, phi + N * r));
  assert_memory_equal(phi, phi + N * r, (size_t)(N * r) * sizeof *phi);
  divw_kernel_destroy(b);
  fails(divw_kernel_create_with(&b, numbers, similarity), DIVW_ERROR_ARGUMENT, "of type float64, expected uint8");
  free(phi);
  free(x);
  divw_kernel_destroy(a);
  divw_similarity_destroy(similarity);
  divw_dataset_destroy(bits);
  divw_dataset_destroy(numbers);
}

/* ---- rows out of sample ---- */

/* Gains see them: a copy is inside the span, as diverse as the example; a far row is outside. */
static void new_rows_lie_where_their_similarities_say(void **state) {
  (void)state;
  enum { N = 12, D = 4 };
  static const int32_t kinds[] = {DIVW_KERNEL_GAUSSIAN,   DIVW_KERNEL_LAPLACIAN,    DIVW_KERNEL_MATERN,
                                  DIVW_KERNEL_POLYNOMIAL, DIVW_KERNEL_COSINE_POWER, DIVW_KERNEL_ARC_COSINE,
                                  DIVW_KERNEL_TANIMOTO};
  double *x = make_rows(N, D, 3), rows[2 * D], gain[2], D_new[2], D_old[N];
  for (int k = 0; k < N * D; k++) {
    x[k] = fabs(x[k]);
  }
  for (int j = 0; j < D; j++) {
    rows[j] = x[5 * D + j];
    rows[D + j] = 3 * x[j] + 1000 * (j == 2);
  }
  divw_dataset *dataset, *added;
  ok(divw_dataset_create_copy(&dataset, x, N, D, DIVW_FLOAT64, 0));
  ok(divw_dataset_create_copy(&added, rows, 2, D, DIVW_FLOAT64, 0));
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    divw_kernel *kernel;
    ok(divw_kernel_create(&kernel, dataset, kinds[k]));
    ok(divw_vendi_marginal(kernel, NULL, 1, D_old));
    ok(divw_vendi_gain(kernel, NULL, 1, added, 0.1, D_new, gain));
    near(D_new[0], D_old[5], 1e-6);
    if (kinds[k] == DIVW_KERNEL_GAUSSIAN) { /* orthogonal to all: log VS becomes 0.9 log VS + H(0.1, 0.9) */
      double score;
      assert_true(isinf(D_new[1]));
      ok(divw_vendi_score(kernel, NULL, 1, &score));
      near(gain[1], -0.1 * log(score) - 0.1 * log(0.1) - 0.9 * log(0.9), 1e-12);
    }
    divw_kernel_destroy(kernel);
  }
  divw_dataset_destroy(added);
  divw_dataset_destroy(dataset);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(features_reproduce_every_similarity),
      cmocka_unit_test(the_bandwidth_of_a_vendi_score_gives_that_score),
      cmocka_unit_test(tanimoto_is_of_counts_and_of_sets),
      cmocka_unit_test(packed_bits_are_the_sets_they_stand_for),
      cmocka_unit_test(new_rows_lie_where_their_similarities_say),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
