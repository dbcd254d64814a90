/* What has to hold for every weight vector and every draw, for many: --long for all of them (minutes), otherwise a few.
 *
 *     test_exactness [--long]
 */
#include "masses.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool all; /* --long */

static double *allocate_weights(int64_t n) {
  double *p = malloc((size_t)n * sizeof *p);
  assert_non_null(p);
  return p;
}

/* Of 100 vectors, 99 have up to 10^4 rows and one up to 10^7 (10^5 in a short run), log-uniformly; the last one has as
 * many as can be. */
static int64_t any_count(test_random *random, int64_t trial, int64_t trials) {
  const double most = all ? 7 : 5, x = next_uniform(random);
  return (int64_t)pow(10, trial == trials - 1 ? most : trial % 100 == 99 ? 4 + (most - 4) * x : 4 * x);
}

static void tables_are_exact_for_random_weight_vectors(void **state) {
  (void)state;
  const int64_t trials = all ? 10000 : 200;
  test_random random = {2026};
  int64_t rows = 0;
  for (int64_t trial = 0; trial < trials; trial++) {
    const int64_t n = any_count(&random, trial, trials);
    const int kind = (int)(trial % WEIGHT_KINDS);
    double *p = allocate_weights(n);
    for (int64_t i = 0; i < n; i++) {
      p[i] = any_weight(&random, kind);
    }
    p[(int64_t)((double)n * next_uniform(&random))] += kind == 5 ? 5e-324 : 1e-30; /* never all 0 */
    expect_exact_masses(p, n);
    free(p);
    rows += n;
  }
  print_message("%lld vectors, %lld rows\n", (long long)trials, (long long)rows);
}

/* Half of the rows have weight 0, next to some of 5e-324 and some of 1e300. */
static void zero_weights_are_never_drawn(void **state) {
  (void)state;
  enum { N = 100003, COUNT = 1 << 16 };
  static int64_t drawn[COUNT];
  const int64_t batches = (all ? 1000000000 : 4000000) / COUNT + 1;
  double *p = allocate_weights(N);
  for (int64_t i = 0; i < N; i++) {
    p[i] = i % 2 == 0 ? 0 : i % 1001 == 0 ? 5e-324 : i % 77 == 0 ? 1e300 : 1e298 * (double)(i % 50);
  }
  for (int32_t scheme = DIVW_SCHEME_WITH_REPLACEMENT; scheme <= DIVW_SCHEME_SYSTEMATIC; scheme++) {
    divw_sampler *sampler;
    divw_stream *stream;
    ok(divw_sampler_create_epochs(&sampler, p, N, 5, scheme, 0, NULL));
    ok(divw_stream_create(&stream, sampler, COUNT));
    const int64_t enough = scheme == DIVW_SCHEME_WITH_REPLACEMENT ? batches : batches / 100 + 1;
    for (int64_t b = 0; b < enough; b++) {
      int64_t count, zeros = 0;
      ok(divw_stream_next_batch(stream, drawn, &count));
      for (int64_t k = 0; k < count; k++) {
        zeros += p[drawn[k]] == 0;
      }
      assert_int_equal(zeros, 0);
    }
    divw_stream_destroy(stream);
    divw_sampler_destroy(sampler);
  }
  free(p);
}

/* 10^6 rows (10^5 in a short run): every count of an epoch is floor or ceil of m w_i / 2^64. */
static void systematic_epochs_of_many_rows_are_exact(void **state) {
  (void)state;
  const int64_t n = all ? 1000000 : 100000, lengths[] = {n / 3, n, 2 * n + 1};
  test_random random = {7};
  double *p = allocate_weights(n);
  for (int64_t i = 0; i < n; i++) {
    p[i] = any_weight(&random, 2);
  }
  uint64_t *mass = malloc((size_t)n * sizeof *mass);
  int64_t *hits = malloc((size_t)n * sizeof *hits), *drawn = malloc((size_t)(2 * n + 1) * sizeof *drawn);
  assert_true(mass != NULL && hits != NULL && drawn != NULL);
  for (int l = 0; l < 3; l++) {
    const int64_t m = lengths[l];
    divw_sampler *sampler;
    ok(divw_sampler_create_epochs(&sampler, p, n, 5, DIVW_SCHEME_SYSTEMATIC, m, NULL));
    ok(divw_sampler_mass(sampler, mass));
    ok(divw_sampler_draw(sampler, 3, 0, m, drawn));
    memset(hits, 0, (size_t)n * sizeof *hits);
    for (int64_t k = 0; k < m; k++) {
      hits[drawn[k]]++;
    }
    for (int64_t i = 0; i < n; i++) {
      const double expected = (double)m * ldexp((double)mass[i], -64);
      assert_true(fabs((double)hits[i] - expected) < 1);
    }
    divw_sampler_destroy(sampler);
  }
  free(p);
  free(mass);
  free(hits);
  free(drawn);
}

int main(int argc, char **argv) {
  all = argc > 1 && strcmp(argv[1], "--long") == 0;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tables_are_exact_for_random_weight_vectors),
      cmocka_unit_test(zero_weights_are_never_drawn),
      cmocka_unit_test(systematic_epochs_of_many_rows_are_exact),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
