/* Eigenvalues, factors and least squares against naive loops. */
#include "check.h"
#include "linalg.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>

static void random_symmetric(double *a, int64_t r, uint64_t seed) {
  test_random random = {seed};
  for (int64_t i = 0; i < r; i++) {
    for (int64_t j = 0; j <= i; j++) {
      a[i * r + j] = a[j * r + i] = next_normal(&random);
    }
  }
}

static void eigenvectors_rebuild_the_matrix(void **state) {
  (void)state;
  static const int64_t sizes[] = {1, 2, 3, 17, 64, 65};
  for (int s = 0; s < 6; s++) {
    int64_t r = sizes[s];
    double *S = malloc((size_t)(2 * r * r + r) * sizeof *S), *V = S + r * r, *mu = V + r * r;
    random_symmetric(S, r, 7);
    ok(dw_eigen(S, r, mu, V));
    for (int64_t i = 0; i < r; i++) {
      for (int64_t j = 0; j < r; j++) {
        double sum = 0;
        for (int64_t k = 0; k < r; k++) {
          sum += V[k * r + i] * mu[k] * V[k * r + j];
        }
        near(sum, S[i * r + j], 1e-12);
      }
    }
    for (int64_t k = 1; k < r; k++) {
      assert_true(mu[k] >= mu[k - 1]);
    }
    free(S);
  }
}

static void a_matrix_with_nan_or_inf_is_refused(void **state) {
  (void)state;
  double S[4] = {1, 0, 0, NAN}, mu[2], V[4];
  fails(dw_eigen(S, 2, mu, V), DIVW_ERROR_NUMERICAL, "has a NaN or Inf");
  S[3] = INFINITY;
  fails(dw_eigen(S, 2, mu, V), DIVW_ERROR_NUMERICAL, "2 x 2 matrix");
}

static void an_order_beyond_lapack_is_refused(void **state) {
  (void)state;
  double S = 1, mu, V;
  ok(dw_check_order(DW_MAX_ORDER, "x"));
  fails(dw_eigen(&S, DW_MAX_ORDER + 1, &mu, &V), DIVW_ERROR_SIZE, "is 32767, LAPACK handles at most 32766");
}

static void zero_matrices_have_zero_eigenvalues(void **state) {
  (void)state;
  double S[9] = {0}, mu[3], V[9];
  ok(dw_eigen(S, 3, mu, V));
  for (int k = 0; k < 3; k++) {
    near(mu[k], 0, 0);
  }
}

static void the_factor_squares_to_the_spectral_matrix(void **state) {
  (void)state;
  enum { r = 9 };
  double S[r * r], V[r * r], mu[r], l[r], R[r * r];
  random_symmetric(S, r, 3);
  ok(dw_eigen(S, r, mu, V));
  for (int k = 0; k < r; k++) {
    l[k] = 0.5 + k;
  }
  ok(dw_factor_spectral(V, l, r, R));
  for (int i = 0; i < r; i++) {
    for (int j = 0; j < r; j++) {
      double left = 0, right = 0;
      for (int k = 0; k < r; k++) {
        left += (k <= i && k <= j) ? R[k * r + i] * R[k * r + j] : 0;
        right += V[k * r + i] * l[k] * V[k * r + j];
      }
      near(left, right, 1e-12);
    }
  }
}

/* Where the product V^T diag(l) V itself would lose the least value to the largest. */
static void a_factor_keeps_values_many_decades_apart(void **state) {
  (void)state;
  enum { r = 4 };
  double S[r * r], V[r * r], mu[r], l[r] = {1e-5, 0.1, 1e6, 1e15}, R[r * r];
  random_symmetric(S, r, 4);
  ok(dw_eigen(S, r, mu, V));
  ok(dw_factor_spectral(V, l, r, R));
  for (int k = 0; k < r; k++) {
    double square = 0;
    for (int i = 0; i < r; i++) {
      double entry = 0;
      for (int j = 0; j < r; j++) {
        entry += R[i * r + j] * V[k * r + j];
        assert_true(j >= i || R[i * r + j] == 0);
      }
      square += entry * entry;
    }
    near(square / l[k], 1, 1e-4);
  }
}

static void a_factor_of_what_is_not_definite_fails(void **state) {
  (void)state;
  double V[4] = {1, 0, 0, 1}, l[2] = {1, -1}, R[4];
  fails(dw_factor_spectral(V, l, 2, R), DIVW_ERROR_NUMERICAL, "LAPACK found no triangular factor of order 2");
}

static void least_squares_finds_the_coefficients(void **state) {
  (void)state;
  /* columns (1,0,1), (0,2,0); b = 3 a_1 - a_2 */
  double gram[4] = {2, 0, 0, 4}, rhs[2] = {6, -4}, c[2];
  ok(dw_least_squares(gram, rhs, 2, c));
  near(c[0], 3, 1e-14);
  near(c[1], -1, 1e-14);
}

static void least_squares_ignores_dependent_and_empty_columns(void **state) {
  (void)state;
  /* three columns: a, a, 0; b = 2 a: the solution of least norm shares the coefficient */
  double gram[9] = {5, 5, 0, 5, 5, 0, 0, 0, 0}, rhs[3] = {10, 10, 0}, c[3];
  ok(dw_least_squares(gram, rhs, 3, c));
  near(c[0], 1, 1e-12);
  near(c[1], 1, 1e-12);
  near(c[2], 0, 0);
}

static void values_alone_are_those_of_the_decomposition(void **state) {
  (void)state;
  static const int64_t sizes[] = {1, 2, 17, 70};
  for (int s = 0; s < 4; s++) {
    const int64_t r = sizes[s];
    double *S = malloc((size_t)(3 * r * r + 3 * r) * sizeof *S), *V = S + r * r, *kept = V + r * r, *mu = kept + r * r;
    double *alone = mu + r, *singular = alone + r;
    random_symmetric(S, r, 11);
    memcpy(kept, S, (size_t)(r * r) * sizeof *S);
    ok(dw_eigen(S, r, mu, V));
    ok(dw_eigenvalues(S, r, alone));
    assert_memory_equal(S, kept, (size_t)(r * r) * sizeof *S);
    for (int64_t k = 0; k < r; k++) {
      near(alone[k], mu[k], 1e-12 * (double)r);
    }
    ok(dw_singular_values(S, r, r, singular)); /* of a symmetric matrix: magnitudes of its eigenvalues */
    for (int64_t k = 0, low = 0, high = r - 1; k < r; k++) {
      const bool from_below = fabs(mu[low]) > fabs(mu[high]);
      near(singular[k], fabs(from_below ? mu[low] : mu[high]), 1e-12 * (double)r);
      low += from_below;
      high -= !from_below;
    }
    free(S);
  }
}

/* Rows (3,0,0,0), (0,0,0,0), (0,4,0,0) and their transpose. */
static void singular_values_of_wide_and_tall_matrices_are_the_same(void **state) {
  (void)state;
  double wide[12] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 4}, tall[12] = {3, 0, 0, 0, 0, 4}, s[3], t[3];
  ok(dw_singular_values(wide, 3, 4, s));
  ok(dw_singular_values(tall, 4, 3, t));
  static const double expected[3] = {4, 3, 0};
  for (int k = 0; k < 3; k++) {
    near(s[k], expected[k], 1e-15);
    near(t[k], expected[k], 1e-15);
  }
}

static void values_of_nan_are_refused(void **state) {
  (void)state;
  double S[4] = {1, 0, 0, NAN}, values[2];
  fails(dw_eigenvalues(S, 2, values), DIVW_ERROR_NUMERICAL, "has a NaN or Inf");
  fails(dw_eigenvalues(S, DW_MAX_ORDER + 1, values), DIVW_ERROR_SIZE, "LAPACK handles at most 32766");
  fails(dw_singular_values(S, 2, 2, values), DIVW_ERROR_NUMERICAL, "no singular values of a 2 x 2 matrix");
}

static divw_status values_once(void *context) {
  double S[4] = {2, 1, 1, 2}, mu[2];
  (void)context;
  const divw_status status = dw_eigenvalues(S, 2, mu);
  return status == DIVW_OK ? dw_singular_values(S, 2, 2, mu) : status;
}

static divw_status eigen_once(void *context) {
  double S[4] = {2, 1, 1, 2}, mu[2], V[4];
  (void)context;
  return dw_eigen(S, 2, mu, V);
}

static void failed_allocations_are_reported(void **state) {
  (void)state;
  fail_every_allocation(eigen_once, NULL);
  fail_every_allocation(values_once, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(eigenvectors_rebuild_the_matrix),
      cmocka_unit_test(a_matrix_with_nan_or_inf_is_refused),
      cmocka_unit_test(an_order_beyond_lapack_is_refused),
      cmocka_unit_test(zero_matrices_have_zero_eigenvalues),
      cmocka_unit_test(the_factor_squares_to_the_spectral_matrix),
      cmocka_unit_test(a_factor_keeps_values_many_decades_apart),
      cmocka_unit_test(a_factor_of_what_is_not_definite_fails),
      cmocka_unit_test(least_squares_finds_the_coefficients),
      cmocka_unit_test(least_squares_ignores_dependent_and_empty_columns),
      cmocka_unit_test(values_alone_are_those_of_the_decomposition),
      cmocka_unit_test(singular_values_of_wide_and_tall_matrices_are_the_same),
      cmocka_unit_test(values_of_nan_are_refused),
      cmocka_unit_test(failed_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
