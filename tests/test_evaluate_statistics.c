/* Mean, covariance and the distance of two Gaussians, against closed forms; their files. */
#include "check.h"
#include "npz_write.h"
#include "reference.h"
#include "sets.h"

#include <math.h>

/* ---- statistics ---- */

static void statistics_are_weighted_mean_and_covariance(void **state) {
  (void)state;
  static const int64_t shapes[][2] = {{40, 5}, {6, 9}};
  for (int k = 0; k < 2; k++) {
    set s = make_set(shapes[k][0], shapes[k][1], 1000, 5);
    const int64_t d = s.d;
    double mean[9], sigma[81], squares = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < s.n; i++) {
      squares += s.p[i] * s.p[i];
      n += s.p[i] > 0;
    }
    const double factors[] = {1, (double)n / (double)(n - 1), 1 / (1 - squares)};
    for (int32_t c = DIVW_COVARIANCE_POPULATION; c <= DIVW_COVARIANCE_EFFECTIVE; c++) {
      divw_statistics *statistics;
      ok(divw_statistics_create(&statistics, s.dataset, s.p, c));
      assert_int_equal(divw_statistics_count(statistics), n);
      assert_int_equal(divw_statistics_dimension(statistics), d);
      assert_int_equal(divw_statistics_covariance(statistics), c);
      near(divw_statistics_effective_count(statistics), 1 / squares, 1e-12 * (double)n);
      ok(divw_statistics_read(statistics, mean, sigma));
      ok(divw_statistics_read(statistics, NULL, NULL));
      for (int64_t a = 0; a < d; a++) {
        for (int64_t b = 0; b < d; b++) {
          double ma = 0, mb = 0, sum = 0;
          for (int64_t i = 0; i < s.n; i++) {
            ma += s.p[i] * s.x[i * d + a];
            mb += s.p[i] * s.x[i * d + b];
          }
          for (int64_t i = 0; i < s.n; i++) {
            sum += s.p[i] * (s.x[i * d + a] - ma) * (s.x[i * d + b] - mb);
          }
          near(sigma[a * d + b], factors[c - 1] * sum, 1e-10);
          near(mean[a], ma, 1e-10);
        }
      }
      divw_statistics_destroy(statistics);
    }
    forget(&s);
  }
}

static void nothing_is_known_of_no_statistics(void **state) {
  (void)state;
  assert_int_equal(divw_statistics_count(NULL), 0);
  assert_int_equal(divw_statistics_dimension(NULL), 0);
  assert_int_equal(divw_statistics_covariance(NULL), 0);
  assert_true(isnan(divw_statistics_effective_count(NULL)));
  divw_statistics_destroy(NULL);
}

/* (+-a, +-b): covariance diag(a^2, b^2) of the population, so FID is |difference of means|^2 + sum (sigma - tau)^2. */
static void gaussians_with_axes_have_the_distance_of_their_formula(void **state) {
  (void)state;
  const double x[8] = {2, 3, -2, 3, 2, -3, -2, -3}, y[8] = {6, 3, 4, 3, 6, -1, 4, -1};
  set a = set_of(x, 4, 2), b = set_of(y, 4, 2);
  near(fid_of(&a, NULL, &b, NULL, DIVW_COVARIANCE_POPULATION), 25 + 1 + 1 + 1, 1e-12);
  near(fid_of(&a, NULL, &b, NULL, DIVW_COVARIANCE_SAMPLE), 26 + 4 / 3.0 * 2, 1e-12);
  forget(&b);
  forget(&a);
}

/* By the definition, through the symmetric root and Jacobi's eigenvalues. */
static double reference_fid(const set *a, const set *b) {
  enum { D = 6 };
  double mean[2][D] = {{0}}, S[2][D * D] = {{0}}, mu[D], v[D * D], root[D * D], M[D * D], half[D * D], fid = 0;
  for (int k = 0; k < 2; k++) {
    const set *s = k == 0 ? a : b;
    double rest = 1;
    for (int64_t i = 0; i < s->n; i++) {
      rest -= s->p[i] * s->p[i];
      for (int j = 0; j < D; j++) {
        mean[k][j] += s->p[i] * s->x[i * D + j];
      }
    }
    for (int64_t i = 0; i < s->n; i++) {
      for (int j = 0; j < D * D; j++) {
        S[k][j] += s->p[i] / rest * (s->x[i * D + j / D] - mean[k][j / D]) * (s->x[i * D + j % D] - mean[k][j % D]);
      }
    }
    for (int j = 0; j < D; j++) {
      fid += S[k][j * D + j];
    }
  }
  memcpy(M, S[0], sizeof M);
  reference_eigen(M, D, mu, v);
  for (int i = 0; i < D * D; i++) {
    root[i] = 0;
    for (int k = 0; k < D; k++) {
      root[i] += v[i / D * D + k] * sqrt(fmax(mu[k], 0)) * v[i % D * D + k];
    }
  }
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < D * D; i++) {
      double sum = 0;
      for (int k = 0; k < D; k++) {
        sum += round == 0 ? root[i / D * D + k] * S[1][k * D + i % D] : half[i / D * D + k] * root[k * D + i % D];
      }
      (round == 0 ? half : M)[i] = sum;
    }
  }
  reference_eigen(M, D, mu, v);
  for (int k = 0; k < D; k++) {
    fid += (mean[0][k] - mean[1][k]) * (mean[0][k] - mean[1][k]) - 2 * sqrt(fmax(mu[k], 0));
  }
  return fid;
}

static void distances_are_those_of_the_definition(void **state) {
  (void)state;
  set a = make_set(50, 6, 3, 1), b = make_set(30, 6, 3.5, 2), few = make_set(5, 6, 2, 3);
  near(fid_of(&a, a.p, &b, b.p, DIVW_COVARIANCE_EFFECTIVE), reference_fid(&a, &b), 1e-10);
  near(fid_of(&a, a.p, &few, few.p, DIVW_COVARIANCE_EFFECTIVE), reference_fid(&a, &few), 1e-6);
  forget(&few);
  forget(&b);
  forget(&a);
}

static double trace_of(const set *s) {
  double mean = 0, square = 0;
  for (int64_t k = 0; k < s->n * s->d; k++) {
    mean += s->x[k] / (double)(s->n * s->d);
  }
  for (int64_t k = 0; k < s->n * s->d; k++) {
    square += (s->x[k] - mean) * (s->x[k] - mean);
  }
  return square / (double)s->n;
}

/* Also with constant columns, repeated columns and fewer rows than columns, where roots of rounding would show. */
static void a_set_is_at_distance_0_from_itself(void **state) {
  (void)state;
  static const int64_t shapes[][2] = {{200, 40}, {30, 40}, {40, 40}, {2, 40}, {300, 3}};
  for (int s = 0; s < 5; s++) {
    for (int kind = 0; kind < 3; kind++) {
      set a = make_set(shapes[s][0], shapes[s][1], 50, 9);
      for (int64_t i = 0; kind > 0 && i < a.n; i++) {
        a.x[i * a.d + 1] = kind == 1 ? 7 : a.x[i * a.d];
      }
      set copy = set_of(a.x, a.n, a.d);
      near(fid_of(&a, NULL, &copy, NULL, DIVW_COVARIANCE_EFFECTIVE), 0, 1e-12 * trace_of(&a));
      near(fid_of(&a, a.p, &copy, a.p, DIVW_COVARIANCE_POPULATION), 0, 1e-12 * trace_of(&a));
      forget(&copy);
      forget(&a);
    }
  }
}

/* Supports in orthogonal spaces that no axis shows: reflected in a plane. The distance is the sum of the traces. */
static void disjoint_supports_add_their_traces(void **state) {
  (void)state;
  double x[12 * 8] = {0}, y[12 * 8] = {0};
  for (int i = 0; i < 12; i++) {
    for (int j = 0; j < 3; j++) {
      x[i * 8 + j] = cos(1.7 * i * (j + 1));
      y[i * 8 + 4 + j] = sin(2.3 * i * (j + 1));
    }
    double along_x = 0, along_y = 0; /* (1, ..., 8), of square 204 */
    for (int j = 0; j < 8; j++) {
      along_x += (j + 1) * x[i * 8 + j];
      along_y += (j + 1) * y[i * 8 + j];
    }
    for (int j = 0; j < 8; j++) {
      x[i * 8 + j] -= 2 * along_x * (j + 1) / 204;
      y[i * 8 + j] -= 2 * along_y * (j + 1) / 204;
    }
  }
  set a = set_of(x, 12, 8), b = set_of(y, 12, 8), few = set_of(y, 5, 8);
  const set *others[] = {&b, &few};
  for (int k = 0; k < 2; k++) {
    double mean[2][8], S[2][64], expected = 0;
    for (int side = 0; side < 2; side++) {
      divw_statistics *statistics;
      ok(divw_statistics_create(&statistics, side == 0 ? a.dataset : others[k]->dataset, NULL, 3));
      ok(divw_statistics_read(statistics, mean[side], S[side]));
      divw_statistics_destroy(statistics);
    }
    for (int j = 0; j < 8; j++) {
      expected += S[0][9 * j] + S[1][9 * j] + (mean[0][j] - mean[1][j]) * (mean[0][j] - mean[1][j]);
    }
    near(fid_of(&a, NULL, others[k], NULL, DIVW_COVARIANCE_EFFECTIVE), expected, 1e-12);
  }
  forget(&few);
  forget(&b);
  forget(&a);
}

static void a_constant_set_has_no_spread_and_is_as_far_as_its_mean(void **state) {
  (void)state;
  const double x[6] = {1, 2, 1, 2, 1, 2}, y[6] = {4, 6, 4, 6, 4, 6};
  set a = set_of(x, 3, 2), b = set_of(y, 3, 2), one = set_of(y, 1, 2);
  near(fid_of(&a, NULL, &b, NULL, DIVW_COVARIANCE_SAMPLE), 25, 1e-14);
  near(fid_of(&a, NULL, &one, NULL, DIVW_COVARIANCE_POPULATION), 25, 1e-14);
  forget(&one);
  forget(&b);
  forget(&a);
}

/* ---- files ---- */

static void statistics_come_back_from_files(void **state) {
  (void)state;
  static const int64_t shapes[][2] = {{50, 6}, {4, 6}};
  for (int k = 0; k < 2; k++) {
    set a = make_set(shapes[k][0], shapes[k][1], 2, 71);
    const char *path = scratch("statistics.npz");
    divw_statistics *s, *t;
    double mean[2][6], sigma[2][36], distance;
    ok(divw_statistics_create(&s, a.dataset, a.p, DIVW_COVARIANCE_EFFECTIVE));
    ok(divw_statistics_save(s, path));
    ok(divw_statistics_load(&t, path));
    assert_int_equal(divw_statistics_count(t), divw_statistics_count(s));
    assert_int_equal(divw_statistics_covariance(t), DIVW_COVARIANCE_EFFECTIVE);
    near(divw_statistics_effective_count(t), divw_statistics_effective_count(s), 0);
    ok(divw_statistics_read(s, mean[0], sigma[0]));
    ok(divw_statistics_read(t, mean[1], sigma[1]));
    assert_memory_equal(mean[0], mean[1], sizeof mean[0]);
    assert_memory_equal(sigma[0], sigma[1], sizeof sigma[0]);
    ok(divw_evaluate_fid(s, t, &distance));
    near(distance, 0, 1e-12);
    divw_statistics_destroy(t);
    divw_statistics_destroy(s);
    forget(&a);
  }
}

static void files_of_other_programs_need_only_mu_and_sigma(void **state) {
  (void)state;
  const double mu[2] = {1, 2}, sigma[4] = {2, 0.5, 0.5 + 1e-9, 3};
  const dw_npz_member members[] = {{"sigma", 2, {2, 2}, sigma}, {"mu", 1, {2}, mu}};
  const char *path = scratch("foreign.npz");
  divw_statistics *s;
  double read[4];
  ok(dw_npz_save(path, members, 2));
  ok(divw_statistics_load(&s, path));
  assert_int_equal(divw_statistics_count(s), 0);
  assert_int_equal(divw_statistics_covariance(s), 0);
  assert_true(isnan(divw_statistics_effective_count(s)));
  ok(divw_statistics_read(s, NULL, read));
  assert_true(read[1] == read[2]);
  ok(divw_statistics_save(s, path)); /* what is not known is not written */
  divw_statistics_destroy(s);
  ok(divw_statistics_load(&s, path));
  assert_int_equal(divw_statistics_count(s), 0);
  divw_statistics_destroy(s);
}

static void files_that_hold_no_statistics_are_refused(void **state) {
  (void)state;
  const double mu[3] = {1, 2, NAN}, sigma[9] = {2, 0.5, 0.7, 3, 0, 0, 0, 0, -1}, wide = 0;
  const dw_npz_member three = {"mu", 1, {3}, sigma}, two = {"mu", 1, {2}, mu}, nan = {"mu", 1, {3}, mu},
                      square = {"sigma", 2, {2, 2}, sigma}, flat = {"sigma", 1, {4}, sigma},
                      negative = {"sigma", 2, {3, 3}, sigma}, other = {"n", 1, {1}, &wide};
  const struct {
    dw_npz_member members[2];
    divw_status status;
    const char *text;
  } cases[] = {{{three, square}, DIVW_ERROR_FORMAT, "mu has the shape (3, 1) and sigma (2, 2), expected d and d x d"},
               {{two, flat}, DIVW_ERROR_FORMAT, "sigma (4, 1)"},
               {{two, square}, DIVW_ERROR_DATA, "sigma is no covariance: it has 0.7 at (1, 0) and 0.5 at (0, 1)"},
               {{three, negative}, DIVW_ERROR_DATA, "sigma is no covariance"},
               {{nan, negative}, DIVW_ERROR_DATA, "mu or sigma has a NaN or Inf"},
               {{two, other}, DIVW_ERROR_ARGUMENT, "has no array named sigma, expected the name of one of: mu, n"},
               {{square, other}, DIVW_ERROR_ARGUMENT, "has no array named mu"}};
  divw_statistics *s;
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const char *path = scratch("wrong.npz");
    ok(dw_npz_save(path, cases[k].members, 2));
    fails(divw_statistics_load(&s, path), cases[k].status, cases[k].text);
    assert_null(s);
  }
  fails(divw_statistics_load(&s, scratch("nowhere.npz")), DIVW_ERROR_FILE, "cannot be opened");
  fails(divw_statistics_load(&s, scratch_file("text.npz", "text", 4)), DIVW_ERROR_ARGUMENT, "is no zip archive");
}

static void an_archive_beyond_4_gib_is_refused(void **state) {
  (void)state;
  const dw_npz_member members[] = {{"mu", 1, {23170}, NULL}, {"sigma", 2, {23170, 23170}, NULL}};
  fails(dw_npz_save(scratch("large.npz"), members, 2), DIVW_ERROR_SIZE, "a zip archive has at most 4294967295");
}

static void numbers_that_make_no_sense_are_taken_as_not_known(void **state) {
  (void)state;
  const double mu = 1, sigma = 4, bad[] = {-3, NAN, 0.5, 1e300};
  for (int k = 0; k < 4; k++) {
    const dw_npz_member members[] = {{"mu", 1, {1}, &mu},
                                     {"sigma", 2, {1, 1}, &sigma},
                                     {"n", 1, {1}, &bad[k]},
                                     {"effective_n", 1, {1}, &bad[k]},
                                     {"covariance", 1, {1}, &bad[k]}};
    const char *path = scratch("odd.npz");
    divw_statistics *s;
    ok(dw_npz_save(path, members, 5));
    ok(divw_statistics_load(&s, path));
    assert_int_equal(divw_statistics_count(s), 0);
    assert_int_equal(divw_statistics_covariance(s), 0);
    assert_true(isnan(divw_statistics_effective_count(s)));
    divw_statistics_destroy(s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(statistics_are_weighted_mean_and_covariance),
      cmocka_unit_test(nothing_is_known_of_no_statistics),
      cmocka_unit_test(gaussians_with_axes_have_the_distance_of_their_formula),
      cmocka_unit_test(distances_are_those_of_the_definition),
      cmocka_unit_test(a_set_is_at_distance_0_from_itself),
      cmocka_unit_test(disjoint_supports_add_their_traces),
      cmocka_unit_test(a_constant_set_has_no_spread_and_is_as_far_as_its_mean),
      cmocka_unit_test(statistics_come_back_from_files),
      cmocka_unit_test(files_of_other_programs_need_only_mu_and_sigma),
      cmocka_unit_test(files_that_hold_no_statistics_are_refused),
      cmocka_unit_test(an_archive_beyond_4_gib_is_refused),
      cmocka_unit_test(numbers_that_make_no_sense_are_taken_as_not_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
