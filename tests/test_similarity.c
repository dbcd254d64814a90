/* Every similarity against its formula, what is refused, and rows out of sample. */
#include "check.h"
#include "make.h"

#include <divweights/similarity.h>

#include <math.h>
#include <stdlib.h>

/* ---- formulas, as naive as they are written ---- */

typedef double (*formula)(const double *x, const double *y, int64_t d, const divw_similarity *parameters);

static double dot(const double *x, const double *y, int64_t d) {
  double sum = 0;
  for (int64_t j = 0; j < d; j++) {
    sum += x[j] * y[j];
  }
  return sum;
}

static double distance(const double *x, const double *y, int64_t d) {
  double sum = 0;
  for (int64_t j = 0; j < d; j++) {
    sum += (x[j] - y[j]) * (x[j] - y[j]);
  }
  return sqrt(sum);
}

static double cosine(const double *x, const double *y, int64_t d, const divw_similarity *parameters) {
  (void)parameters;
  return dot(x, y, d) / sqrt(dot(x, x, d) * dot(y, y, d));
}

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

static double matern(const double *x, const double *y, int64_t d, const divw_similarity *parameters) {
  const double nu = divw_similarity_nu(parameters), s = divw_similarity_bandwidth(parameters);
  const double z = sqrt(2 * nu) * distance(x, y, d) / s;
  return exp(-z) * (nu == 0.5 ? 1 : nu == 1.5 ? 1 + z : 1 + z + z * z / 3);
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
  double u[64], v[64];
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

static divw_similarity *similarity_of(int32_t kind) {
  divw_similarity *similarity;
  ok(divw_similarity_create(&similarity, kind));
  return similarity;
}

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
          "gives the rows a Vendi Score of 39.5");
    divw_similarity_destroy(similarity);
  }
  divw_dataset_destroy(dataset);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(features_reproduce_every_similarity),
      cmocka_unit_test(the_bandwidth_of_a_vendi_score_gives_that_score),
  };
  (void)tanimoto;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
