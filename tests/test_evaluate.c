/* Metrics against closed forms, naive loops and their own symmetries. */
#include "check.h"
#include "make.h"
#include "npz_write.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>

/* ---- sets of rows ---- */

typedef struct {
  int64_t n, d;
  double *x, *p;
  divw_dataset *dataset;
} set;

/* n normal rows around `offset`, and random weights of which every seventh is 0. */
static set make_set(int64_t n, int64_t d, double offset, uint64_t seed) {
  set made = {n, d, make_rows(n, d, seed), malloc((size_t)n * sizeof *made.p), NULL};
  test_random random = {seed + 100};
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += made.p[i] = i % 7 == 3 ? 0 : next_uniform(&random);
  }
  for (int64_t i = 0; i < n; i++) {
    made.p[i] /= sum;
  }
  for (int64_t k = 0; k < n * d; k++) {
    made.x[k] += offset;
  }
  ok(divw_dataset_create_borrowed(&made.dataset, made.x, n, d, DIVW_FLOAT64, 0));
  return made;
}

static set set_of(const double *x, int64_t n, int64_t d) {
  set made = {n, d, malloc((size_t)(n * d) * sizeof *x), malloc((size_t)n * sizeof *x), NULL};
  memcpy(made.x, x, (size_t)(n * d) * sizeof *x);
  for (int64_t i = 0; i < n; i++) {
    made.p[i] = 1 / (double)n;
  }
  ok(divw_dataset_create_borrowed(&made.dataset, made.x, n, d, DIVW_FLOAT64, 0));
  return made;
}

static void forget(set *s) {
  divw_dataset_destroy(s->dataset);
  free(s->p);
  free(s->x);
}

/* Row i of `s` is given the weight (i % 4) / sum, and comes i % 4 times in the set that is returned. */
static set repeat_rows(set *s) {
  int64_t total = 0;
  for (int64_t i = 0; i < s->n; i++) {
    total += i % 4;
  }
  double *x = malloc((size_t)(total * s->d) * sizeof *x), *to = x;
  for (int64_t i = 0; i < s->n; i++) {
    s->p[i] = (double)(i % 4) / (double)total;
    for (int64_t k = 0; k < i % 4; k++, to += s->d) {
      memcpy(to, s->x + i * s->d, (size_t)s->d * sizeof *x);
    }
  }
  set repeated = set_of(x, total, s->d);
  free(x);
  return repeated;
}

/* The rows of positive weight alone. */
static set without_zeros(const set *s) {
  set kept = set_of(s->x, s->n, s->d);
  kept.n = 0;
  for (int64_t i = 0; i < s->n; i++) {
    if (s->p[i] > 0) {
      memcpy(kept.x + kept.n * s->d, s->x + i * s->d, (size_t)s->d * sizeof *s->x);
      kept.p[kept.n++] = s->p[i];
    }
  }
  divw_dataset_destroy(kept.dataset);
  ok(divw_dataset_create_borrowed(&kept.dataset, kept.x, kept.n, s->d, DIVW_FLOAT64, 0));
  return kept;
}

static double fid_of(const set *a, const double *p, const set *b, const double *v, int32_t covariance) {
  divw_statistics *s, *t;
  double distance, back;
  ok(divw_statistics_create(&s, a->dataset, p, covariance));
  ok(divw_statistics_create(&t, b->dataset, v, covariance));
  ok(divw_evaluate_fid(s, t, &distance));
  ok(divw_evaluate_fid(t, s, &back));
  near(distance, back, 1e-11 * (1 + distance));
  divw_statistics_destroy(t);
  divw_statistics_destroy(s);
  return distance;
}

/* ---- effective n ---- */

static void effective_counts_are_those_of_kish(void **state) {
  (void)state;
  near(divw_evaluate_effective_count(NULL, 7), 7, 0);
  near(divw_evaluate_effective_count((const double[]){0.25, 0.25, 0.25, 0.25}, 4), 4, 1e-14);
  near(divw_evaluate_effective_count((const double[]){1, 0, 0}, 3), 1, 0);
  near(divw_evaluate_effective_count((const double[]){3, 1}, 2), 1.6, 1e-14); /* scaled to sum 1 */
  assert_true(isnan(divw_evaluate_effective_count(NULL, 0)));
  assert_true(isnan(divw_evaluate_effective_count((const double[]){0, 0}, 2)));
  assert_true(isnan(divw_evaluate_effective_count((const double[]){1, -1}, 2)));
  assert_true(isnan(divw_evaluate_effective_count((const double[]){1, INFINITY}, 2)));
}

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

/* ---- what weights mean ---- */

typedef struct {
  double fid, mmd, unbiased, unbiased_error, prdc[4], errors[4], diversity, score;
} measures;

static measures measure(const set *a, const double *p, const set *b, const double *v, int32_t covariance) {
  measures m = {.fid = fid_of(a, p, b, v, covariance)};
  divw_kernel *kernel = make_kernel(a->x, a->n, a->d);
  ok(divw_evaluate_mmd(a->dataset, p, b->dataset, v, DIVW_MMD_POLYNOMIAL, 3, &m.mmd, &m.unbiased, &m.unbiased_error));
  ok(divw_evaluate_prdc(a->dataset, p, b->dataset, v, 3, m.prdc, m.errors));
  ok(divw_evaluate_internal_diversity(kernel, p, &m.diversity));
  ok(divw_vendi_score(kernel, p, 2, &m.score));
  divw_kernel_destroy(kernel);
  return m;
}

static void are_equal(const measures *a, const measures *b, double tolerance) {
  const double *x = (const double *)a, *y = (const double *)b;
  for (size_t k = 0; k < sizeof *a / sizeof *x; k++) {
    near(x[k], y[k], tolerance * (1 + fabs(y[k])));
  }
}

static void uniform_weights_are_no_weights(void **state) {
  (void)state;
  set a = make_set(60, 4, 0, 11), b = make_set(45, 4, 0.3, 12), x = set_of(a.x, 60, 4), y = set_of(b.x, 45, 4);
  for (int32_t c = 1; c <= 3; c++) {
    const measures with = measure(&x, x.p, &y, y.p, c), none = measure(&a, NULL, &b, NULL, c);
    are_equal(&with, &none, 1e-12);
  }
  near(fid_of(&a, NULL, &b, NULL, DIVW_COVARIANCE_EFFECTIVE), fid_of(&a, NULL, &b, NULL, DIVW_COVARIANCE_SAMPLE),
       1e-12);
  forget(&y);
  forget(&x);
  forget(&b);
  forget(&a);
}

static void a_row_of_weight_0_is_not_there(void **state) {
  (void)state;
  set a = make_set(60, 4, 0, 13), b = make_set(45, 4, 0.3, 14), x = without_zeros(&a), y = without_zeros(&b);
  assert_true(x.n < a.n && y.n < b.n);
  for (int32_t c = 1; c <= 3; c++) {
    const measures with = measure(&a, a.p, &b, b.p, c), without = measure(&x, x.p, &y, y.p, c);
    are_equal(&with, &without, 1e-12);
  }
  forget(&y);
  forget(&x);
  forget(&b);
  forget(&a);
}

/* Where the measure is one of the weighted set alone. */
static void whole_weights_are_repeated_rows(void **state) {
  (void)state;
  set a = make_set(40, 4, 0, 15), b = make_set(50, 4, 0.3, 16), x = repeat_rows(&a), y = repeat_rows(&b);
  const measures weighted = measure(&a, a.p, &b, b.p, DIVW_COVARIANCE_POPULATION);
  const measures repeated = measure(&x, NULL, &y, NULL, DIVW_COVARIANCE_POPULATION);
  near(weighted.fid, repeated.fid, 1e-9);
  near(weighted.mmd, repeated.mmd, 1e-9);
  near(weighted.diversity, repeated.diversity, 1e-9);
  near(weighted.score, repeated.score, 1e-9);
  /* copies are neighbours, so that balls depend on how often a row comes: the set that is averaged over may repeat */
  const measures precise = measure(&a, a.p, &b, b.p, 1), of_rows = measure(&a, a.p, &y, NULL, 1);
  near(precise.prdc[DIVW_PRDC_PRECISION], of_rows.prdc[DIVW_PRDC_PRECISION], 1e-9);
  near(precise.prdc[DIVW_PRDC_DENSITY], of_rows.prdc[DIVW_PRDC_DENSITY], 1e-9);
  near(precise.prdc[DIVW_PRDC_COVERAGE], of_rows.prdc[DIVW_PRDC_COVERAGE], 1e-9);
  near(precise.prdc[DIVW_PRDC_RECALL], measure(&x, NULL, &b, b.p, 1).prdc[DIVW_PRDC_RECALL], 1e-9);
  /* and where it is an estimate of what is behind it, a copy is another witness */
  assert_true(fabs(weighted.unbiased - repeated.unbiased) > 1e-4);
  forget(&y);
  forget(&x);
  forget(&b);
  forget(&a);
}

static void a_single_weight_leaves_means_and_no_variances(void **state) {
  (void)state;
  set a = make_set(12, 3, 0, 17), b = make_set(15, 3, 0, 18);
  double biased, unbiased, error, values[4], errors[4];
  divw_statistics *s;
  memset(a.p, 0, 12 * sizeof *a.p);
  a.p[4] = 1;
  fails(divw_statistics_create(&s, a.dataset, a.p, DIVW_COVARIANCE_EFFECTIVE), DIVW_ERROR_DATA,
        "a single row has positive weight");
  fails(divw_statistics_create(&s, a.dataset, a.p, DIVW_COVARIANCE_SAMPLE), DIVW_ERROR_DATA, "expected two such rows");
  assert_null(s);
  ok(divw_statistics_create(&s, a.dataset, a.p, DIVW_COVARIANCE_POPULATION));
  near(divw_statistics_effective_count(s), 1, 0);
  divw_statistics_destroy(s);
  ok(divw_evaluate_mmd(a.dataset, a.p, b.dataset, NULL, DIVW_MMD_LINEAR, 0, &biased, &unbiased, &error));
  double square = 0;
  for (int j = 0; j < 3; j++) {
    double difference = a.x[4 * 3 + j];
    for (int i = 0; i < 15; i++) {
      difference -= b.x[i * 3 + j] / 15;
    }
    square += difference * difference;
  }
  near(biased, square, 1e-12); /* with the linear kernel MMD is the distance of the means */
  assert_true(isnan(unbiased) && isnan(error));
  ok(divw_evaluate_prdc(a.dataset, a.p, b.dataset, NULL, 5, values, errors));
  assert_true(isnan(values[DIVW_PRDC_PRECISION]) && isnan(values[DIVW_PRDC_DENSITY]));
  assert_true(isnan(values[DIVW_PRDC_COVERAGE]) && isnan(errors[DIVW_PRDC_COVERAGE]));
  assert_true(values[DIVW_PRDC_RECALL] == 0 || values[DIVW_PRDC_RECALL] == 1); /* of the one row */
  assert_true(isnan(errors[DIVW_PRDC_RECALL]));
  forget(&b);
  forget(&a);
}

/* Nearly all weight on one row: 1 - sum p^2 keeps its digits. */
static void a_weight_of_nearly_1_keeps_the_digits_of_the_rest(void **state) {
  (void)state;
  const double x[4] = {0, 0, 3, 4};
  const double p[2] = {1, 1e-30};
  set a = set_of(x, 2, 2);
  divw_statistics *s;
  double sigma[4];
  ok(divw_statistics_create(&s, a.dataset, p, DIVW_COVARIANCE_EFFECTIVE));
  ok(divw_statistics_read(s, NULL, sigma)); /* p q x x^T / (2 p q) */
  near(sigma[0], 4.5, 1e-12);
  near(sigma[1], 6, 1e-12);
  near(sigma[3], 8, 1e-12);
  divw_statistics_destroy(s);
  forget(&a);
}

/* ---- MMD ---- */

static double naive_kernel(int32_t kernel, double parameter, const double *x, const double *y, int64_t d) {
  double xy = 0, xx = 0, yy = 0, distance = 0;
  for (int64_t j = 0; j < d; j++) {
    xy += x[j] * y[j];
    xx += x[j] * x[j];
    yy += y[j] * y[j];
    distance += (x[j] - y[j]) * (x[j] - y[j]);
  }
  switch (kernel) {
  case DIVW_MMD_POLYNOMIAL: return pow(xy / (double)d + 1, parameter);
  case DIVW_MMD_GAUSSIAN: return exp(-distance / (2 * parameter * parameter));
  case DIVW_MMD_COSINE: return xy / sqrt(xx * yy);
  default: return xy;
  }
}

/* sum p_i q_j k(x_i, y_j), i = j left out where asked for. */
static double naive_sum(const set *a, const set *b, bool off_diagonal, int32_t kernel, double parameter) {
  double sum = 0;
  for (int64_t i = 0; i < a->n; i++) {
    for (int64_t j = 0; j < b->n; j++) {
      sum += off_diagonal && i == j
                 ? 0
                 : a->p[i] * b->p[j] * naive_kernel(kernel, parameter, a->x + i * a->d, b->x + j * b->d, a->d);
    }
  }
  return sum;
}

static double naive_rest(const set *s) {
  double sum = 0;
  for (int64_t i = 0; i < s->n; i++) {
    sum += s->p[i] * s->p[i];
  }
  return 1 - sum;
}

/* The share of `a` in the squared standard error, from the pull of every row. */
static double naive_error(const set *a, const set *b, int32_t kernel, double parameter) {
  double *pull = calloc((size_t)a->n, sizeof *pull), mean = 0, sum = 0;
  for (int64_t i = 0; i < a->n; i++) {
    for (int64_t j = 0; j < a->n; j++) {
      pull[i] += i == j ? 0
                        : 2 * a->p[j] / (1 - a->p[i]) *
                              naive_kernel(kernel, parameter, a->x + i * a->d, a->x + j * a->d, a->d);
    }
    for (int64_t j = 0; j < b->n; j++) {
      pull[i] -= 2 * b->p[j] * naive_kernel(kernel, parameter, a->x + i * a->d, b->x + j * b->d, a->d);
    }
    mean += a->p[i] * pull[i];
  }
  for (int64_t i = 0; i < a->n; i++) {
    sum += a->p[i] * a->p[i] * (pull[i] - mean) * (pull[i] - mean);
  }
  free(pull);
  return sum / naive_rest(a);
}

static const struct {
  int32_t kernel;
  double parameter;
} kernels[] = {{DIVW_MMD_POLYNOMIAL, 3}, {DIVW_MMD_POLYNOMIAL, 1}, {DIVW_MMD_POLYNOMIAL, 20},
               {DIVW_MMD_GAUSSIAN, 2},   {DIVW_MMD_COSINE, 0},     {DIVW_MMD_LINEAR, 0}};

static void discrepancies_are_those_of_their_sums(void **state) {
  (void)state;
  set a = make_set(57, 5, 0.1, 21), b = make_set(41, 5, -0.2, 22);
  for (int64_t i = 0; i < a.n; i++) { /* one heavy row */
    a.p[i] = 0.6 * a.p[i] + (i == 5 ? 0.4 : 0);
  }
  for (int k = 0; k < 6; k++) {
    const int32_t kernel = kernels[k].kernel;
    const double parameter = kernels[k].parameter, xy = naive_sum(&a, &b, false, kernel, parameter);
    double biased, unbiased, only, error;
    ok(divw_evaluate_mmd(a.dataset, a.p, b.dataset, b.p, kernel, parameter, &biased, &unbiased, &error));
    const double expected =
        naive_sum(&a, &a, false, kernel, parameter) + naive_sum(&b, &b, false, kernel, parameter) - 2 * xy;
    const double without = naive_sum(&a, &a, true, kernel, parameter) / naive_rest(&a) +
                           naive_sum(&b, &b, true, kernel, parameter) / naive_rest(&b) - 2 * xy;
    near(biased, expected, 1e-11 * (fabs(xy) + fabs(expected)));
    near(unbiased, without, 1e-11 * (fabs(xy) + fabs(without)));
    near(error, sqrt(naive_error(&a, &b, kernel, parameter) + naive_error(&b, &a, kernel, parameter)), 1e-9 * error);
    ok(divw_evaluate_mmd(a.dataset, a.p, b.dataset, b.p, kernel, parameter, NULL, &only, NULL));
    near(only, unbiased, 0);
    /* one block of everything is everything, in another order */
    set x = without_zeros(&a), y = set_of(b.x, x.n < b.n ? x.n : b.n, 5);
    x.n = y.n;
    divw_dataset *first;
    ok(divw_dataset_select_first(&first, x.dataset, x.n));
    ok(divw_evaluate_mmd(first, NULL, y.dataset, NULL, kernel, parameter, NULL, &unbiased, NULL));
    ok(divw_evaluate_mmd_blocks(first, NULL, y.dataset, NULL, kernel, parameter, x.n, 5, &only, &error));
    near(only, unbiased, 1e-11 * (fabs(xy) + fabs(unbiased)));
    assert_true(isnan(error));
    divw_dataset_destroy(first);
    forget(&y);
    forget(&x);
  }
  forget(&b);
  forget(&a);
}

static void a_set_has_no_discrepancy_with_itself(void **state) {
  (void)state;
  set a = make_set(1500, 6, 0.5, 23); /* more than a tile */
  for (int k = 0; k < 6; k++) {
    double biased;
    ok(divw_evaluate_mmd(a.dataset, a.p, a.dataset, a.p, kernels[k].kernel, kernels[k].parameter, &biased, NULL, NULL));
    near(biased, 0, 1e-12 * naive_sum(&a, &a, false, kernels[k].kernel, kernels[k].parameter));
  }
  forget(&a);
}

/* 300 pairs of sets from the same and from different distributions: the estimate is right on average, also with
 * weights, and varies as much as its standard error says. */
static void estimates_are_unbiased_and_vary_as_they_say(void **state) {
  (void)state;
  enum { TIMES = 300, N = 40 };
  static const double shifts[] = {0, 0.7};
  for (int s = 0; s < 2; s++) {
    double sum = 0, square = 0, variance = 0;
    for (uint64_t t = 0; t < TIMES; t++) {
      set a = make_set(N, 2, 0, 1000 + 2 * t), b = make_set(N, 2, shifts[s], 1001 + 2 * t);
      double value, error;
      for (int i = 0; i < N; i++) {
        a.p[i] = (i + 1) / (N * (N + 1) / 2.0);
      }
      ok(divw_evaluate_mmd(a.dataset, a.p, b.dataset, NULL, DIVW_MMD_LINEAR, 0, NULL, &value, &error));
      sum += value / TIMES;
      square += value * value / TIMES;
      variance += error * error / TIMES;
      forget(&b);
      forget(&a);
    }
    const double deviation = sqrt(square - sum * sum), expected = 2 * shifts[s] * shifts[s];
    near(sum, expected, 3.5 * deviation / sqrt(TIMES));
    if (shifts[s] > 0) {
      near(sqrt(variance), deviation, 0.15 * deviation);
    } else {
      assert_true(sqrt(variance) > 0.8 * deviation && sqrt(variance) < 3 * deviation);
    }
  }
}

static void blocks_are_drawn_by_the_seed_and_agree_with_all_pairs(void **state) {
  (void)state;
  set a = make_set(400, 3, 0, 31), b = make_set(380, 3, 0.4, 32);
  double full, error, blocks, again, other, blocks_error;
  ok(divw_evaluate_mmd(a.dataset, a.p, b.dataset, b.p, DIVW_MMD_POLYNOMIAL, 3, NULL, &full, &error));
  ok(divw_evaluate_mmd_blocks(a.dataset, a.p, b.dataset, b.p, DIVW_MMD_POLYNOMIAL, 3, 20, 1, &blocks, &blocks_error));
  ok(divw_evaluate_mmd_blocks(a.dataset, a.p, b.dataset, b.p, DIVW_MMD_POLYNOMIAL, 3, 20, 1, &again, NULL));
  ok(divw_evaluate_mmd_blocks(a.dataset, a.p, b.dataset, b.p, DIVW_MMD_POLYNOMIAL, 3, 20, 2, &other, NULL));
  near(blocks, again, 0);
  assert_true(blocks != other);
  near(blocks, full, 4 * (blocks_error + error));
  near(blocks_error / error, 1, 0.6);
  fails(divw_evaluate_mmd_blocks(a.dataset, a.p, b.dataset, b.p, 1, 3, 1, 1, &blocks, NULL), DIVW_ERROR_ARGUMENT,
        "block is 1, expected 2 to 326");
  fails(divw_evaluate_mmd_blocks(a.dataset, a.p, b.dataset, b.p, 1, 3, 327, 1, &blocks, NULL), DIVW_ERROR_ARGUMENT,
        "block is 327, expected 2 to 326, the smaller number of rows of positive weight");
  forget(&b);
  forget(&a);
}

/* ---- precision, recall, density, coverage ---- */

static double naive_distance(const set *a, int64_t i, const set *b, int64_t j) {
  double sum = 0;
  for (int64_t l = 0; l < a->d; l++) {
    sum += (a->x[i * a->d + l] - b->x[j * b->d + l]) * (a->x[i * a->d + l] - b->x[j * b->d + l]);
  }
  return sum;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* By the definition: all distances of a row, sorted. Weights must be positive. */
static void naive_radii(const set *s, int64_t k, double *radius) {
  double *row = malloc((size_t)s->n * sizeof *row);
  for (int64_t i = 0; i < s->n; i++) {
    int64_t count = 0;
    for (int64_t j = 0; j < s->n; j++) {
      if (j != i) {
        row[count++] = naive_distance(s, i, s, j);
      }
    }
    qsort(row, (size_t)count, sizeof *row, ascending);
    radius[i] = row[k - 1];
  }
  free(row);
}

static void naive_prdc(const set *a, const set *b, int64_t k, double values[4]) {
  double *r = malloc((size_t)(a->n + b->n) * sizeof *r), *s = r + a->n;
  naive_radii(a, k, r);
  naive_radii(b, k, s);
  memset(values, 0, 4 * sizeof *values);
  for (int64_t j = 0; j < b->n; j++) {
    double mass = 0;
    bool inside = false;
    for (int64_t i = 0; i < a->n; i++) {
      const bool in = naive_distance(a, i, b, j) < r[i];
      mass += in ? a->p[i] : 0;
      inside = inside || in;
    }
    values[DIVW_PRDC_PRECISION] += inside ? b->p[j] : 0;
    values[DIVW_PRDC_DENSITY] += b->p[j] * mass * (double)a->n / (double)k;
  }
  for (int64_t i = 0; i < a->n; i++) {
    bool inside = false, covered = false;
    for (int64_t j = 0; j < b->n; j++) {
      inside = inside || naive_distance(a, i, b, j) < s[j];
      covered = covered || naive_distance(a, i, b, j) < r[i];
    }
    values[DIVW_PRDC_RECALL] += inside ? a->p[i] : 0;
    values[DIVW_PRDC_COVERAGE] += covered ? a->p[i] : 0;
  }
  free(r);
}

static void is_naive_prdc(const set *a, const set *b, int64_t k) {
  set x = without_zeros(a), y = without_zeros(b);
  double values[4], expected[4];
  ok(divw_evaluate_prdc(a->dataset, a->p, b->dataset, b->p, k, values, NULL));
  naive_prdc(&x, &y, k, expected);
  for (int place = 0; place < 4; place++) {
    near(values[place], expected[place], 1e-12);
  }
  forget(&y);
  forget(&x);
}

static void balls_hold_what_the_definition_says(void **state) {
  (void)state;
  set a = make_set(150, 4, 0, 41), b = make_set(110, 4, 0.5, 42);
  for (int64_t k = 1; k < 90; k += 1 + k) {
    is_naive_prdc(&a, &b, k);
  }
  forget(&b);
  forget(&a);
}

/* Small whole numbers: distances tie by the hundred and many rows are copies. */
static void ties_and_copies_are_decided_as_by_the_definition(void **state) {
  (void)state;
  static const double offsets[] = {0, 1e6,
                                   4e15}; /* the last: neighbouring whole numbers differ in the last bit but 1 */
  for (int o = 0; o < 3; o++) {
    set a = make_set(200, 3, 0, 43), b = make_set(160, 3, 0.5, 44);
    for (int64_t k = 0; k < 600; k++) {
      a.x[k] = floor(1.3 * a.x[k]) + offsets[o];
    }
    for (int64_t k = 0; k < 480; k++) {
      b.x[k] = floor(1.3 * b.x[k]) + offsets[o];
    }
    for (int64_t k = 1; k <= 10; k += 3) {
      is_naive_prdc(&a, &b, k);
    }
    forget(&b);
    forget(&a);
  }
}

/* Two clusters so far apart that inner products see nothing of what is inside of them. */
static void near_copies_far_from_0_are_told_apart(void **state) {
  (void)state;
  set a = make_set(120, 5, 0, 45), b = make_set(100, 5, 0, 46);
  for (int64_t k = 0; k < 600; k++) {
    a.x[k] = (k / 5 % 2 == 0 ? 1e8 : -1e8) + 1e-3 * a.x[k];
  }
  for (int64_t k = 0; k < 500; k++) {
    b.x[k] = (k / 5 % 2 == 0 ? 1e8 : -1e8) + 1e-3 * b.x[k];
  }
  is_naive_prdc(&a, &b, 5);
  forget(&b);
  forget(&a);
}

static void numbers_near_the_ends_of_the_range_are_scaled(void **state) {
  (void)state;
  static const double scales[] = {1e300, 1e-280};
  set a = make_set(60, 3, 0, 47), b = make_set(50, 3, 0.2, 48);
  double expected[4], values[4];
  ok(divw_evaluate_prdc(a.dataset, a.p, b.dataset, b.p, 3, expected, NULL));
  for (int s = 0; s < 2; s++) {
    set x = set_of(a.x, 60, 3), y = set_of(b.x, 50, 3);
    for (int k = 0; k < 180; k++) {
      x.x[k] *= scales[s];
    }
    for (int k = 0; k < 150; k++) {
      y.x[k] *= scales[s];
    }
    ok(divw_evaluate_prdc(x.dataset, a.p, y.dataset, b.p, 3, values, NULL));
    for (int place = 0; place < 4; place++) {
      near(values[place], expected[place], 1e-12);
    }
    forget(&y);
    forget(&x);
  }
  forget(&b);
  forget(&a);
}

static void a_set_fills_its_own_balls(void **state) {
  (void)state;
  set a = make_set(2500, 2, 0, 49); /* three tiles */
  double values[4], errors[4];
  ok(divw_evaluate_prdc(a.dataset, NULL, a.dataset, NULL, 5, values, errors));
  for (int place = 0; place < 4; place++) {
    near(values[place], 1, 1e-12);
  }
  near(errors[DIVW_PRDC_PRECISION], 0, 0);
  forget(&a);
}

static void copies_have_empty_balls(void **state) {
  (void)state;
  double x[40];
  for (int k = 0; k < 40; k++) {
    x[k] = 0.1 + k % 2;
  }
  set a = set_of(x, 20, 2); /* twenty copies of one row */
  double values[4];
  ok(divw_evaluate_prdc(a.dataset, NULL, a.dataset, NULL, 5, values, NULL));
  for (int place = 0; place < 4; place++) {
    near(values[place], 0, 0); /* no distance is below 0 */
  }
  forget(&a);
}

static void sets_far_from_each_other_share_nothing(void **state) {
  (void)state;
  set a = make_set(80, 3, 0, 50), b = make_set(70, 3, 1000, 51);
  double values[4], errors[4];
  ok(divw_evaluate_prdc(a.dataset, a.p, b.dataset, b.p, 5, values, errors));
  for (int place = 0; place < 4; place++) {
    near(values[place], 0, 0);
    near(errors[place], 0, 0);
  }
  forget(&b);
  forget(&a);
}

/* A share of rows with independent outcomes: error^2 = s (1 - s) / (n - 1). */
static void errors_are_those_of_means(void **state) {
  (void)state;
  set a = make_set(90, 3, 0, 52), b = make_set(70, 3, 0.8, 53); /* half of them overlap */
  double values[4], errors[4];
  ok(divw_evaluate_prdc(a.dataset, NULL, b.dataset, NULL, 1, values, errors));
  const double precision = values[DIVW_PRDC_PRECISION], recall = values[DIVW_PRDC_RECALL];
  assert_true(precision > 0.1 && precision < 0.95 && recall > 0.1 && recall < 0.95);
  near(errors[DIVW_PRDC_PRECISION], sqrt(precision * (1 - precision) / 69), 1e-12);
  near(errors[DIVW_PRDC_RECALL], sqrt(recall * (1 - recall) / 89), 1e-12);
  forget(&b);
  forget(&a);
}

static void sets_of_no_more_than_k_rows_have_no_balls(void **state) {
  (void)state;
  set a = make_set(30, 3, 0, 54), b = set_of(a.x, 5, 3);
  double values[4];
  ok(divw_evaluate_prdc(a.dataset, NULL, b.dataset, NULL, 5, values, NULL));
  assert_true(isnan(values[DIVW_PRDC_RECALL]));
  near(values[DIVW_PRDC_PRECISION], 1, 1e-14);
  ok(divw_evaluate_prdc(b.dataset, NULL, a.dataset, NULL, 5, values, NULL));
  assert_true(isnan(values[DIVW_PRDC_PRECISION]) && isnan(values[DIVW_PRDC_DENSITY]));
  assert_false(isnan(values[DIVW_PRDC_RECALL]));
  ok(divw_evaluate_prdc(b.dataset, NULL, a.dataset, NULL, 4, values, NULL));
  assert_false(isnan(values[DIVW_PRDC_PRECISION]));
  forget(&b);
  forget(&a);
}

static void the_nearest_row_is_the_first_of_the_nearest(void **state) {
  (void)state;
  set a = make_set(1300, 2, 0, 55), b = make_set(200, 2, 0.5, 56);
  int64_t nearest[200];
  for (int64_t k = 0; k < 2600; k++) {
    a.x[k] = floor(4 * a.x[k]);
  }
  for (int64_t k = 0; k < 400; k++) {
    b.x[k] = floor(4 * b.x[k]);
  }
  ok(divw_evaluate_nearest(a.dataset, b.dataset, nearest));
  for (int64_t j = 0; j < 200; j++) {
    int64_t first = 0;
    for (int64_t i = 1; i < a.n; i++) {
      first = naive_distance(&a, i, &b, j) < naive_distance(&a, first, &b, j) ? i : first;
    }
    assert_int_equal(nearest[j], first);
  }
  forget(&b);
  forget(&a);
}

static int64_t held, peak;

static void *measuring_allocate(uint64_t bytes, void *user) {
  uint64_t *memory = malloc(bytes + 64);
  (void)user;
  *memory = bytes;
  held += (int64_t)bytes;
  peak = held > peak ? held : peak;
  return memory + 8;
}

static void measuring_deallocate(void *memory, void *user) {
  uint64_t *block = (uint64_t *)memory - 8;
  (void)user;
  held -= (int64_t)*block;
  free(block);
}

/* The published code keeps matrices of n x n, three of them: 2.4 GB here. */
static void balls_need_no_matrix_of_distances(void **state) {
  (void)state;
  enum { N = 10000 };
  double values[4];
  set a = make_set(N, 4, 0, 57);
  ok(divw_set_allocator(measuring_allocate, measuring_deallocate, NULL));
  ok(divw_evaluate_prdc(a.dataset, NULL, a.dataset, NULL, 5, values, NULL));
  ok(divw_set_allocator(NULL, NULL, NULL));
  assert_int_equal(held, 0);
  assert_true(20 * peak < (int64_t)sizeof(double) * N * N);
  forget(&a);
}

/* ---- diversity ---- */

static void orthogonal_rows_score_the_size_of_a_subset(void **state) {
  (void)state;
  double x[144] = {0}, score, again, error;
  for (int i = 0; i < 12; i++) {
    x[i * 13] = 1 + i;
  }
  divw_kernel *kernel = make_kernel(x, 12, 12);
  for (int64_t size = 1; size <= 12; size += size < 4 ? 1 : 4) {
    ok(divw_evaluate_vendi_subset(kernel, NULL, 1, size, 7, 3, &score));
    near(score, (double)size, 1e-12);
  }
  const double p[12] = {0.25, 0.25, 0.25, 0.25};
  ok(divw_evaluate_vendi_subset(kernel, p, 1, 2, 7, 3, &score));
  near(score, 2, 1e-12);
  fails(divw_evaluate_vendi_subset(kernel, p, 1, 5, 7, 3, &score), DIVW_ERROR_ARGUMENT, "size is 5, expected 1 to 4");
  fails(divw_evaluate_vendi_subset(kernel, NULL, 1, 0, 7, 3, &score), DIVW_ERROR_ARGUMENT, "size is 0, expected 1");
  ok(divw_evaluate_vendi_error(kernel, NULL, 1, 200, 5, &error));
  ok(divw_evaluate_vendi_error(kernel, NULL, 1, 200, 5, &again));
  near(error, again, 0);
  ok(divw_evaluate_vendi_error(kernel, NULL, 1, 200, 6, &again));
  assert_true(error != again);
  near(error, again, 0.3 * error);
  divw_kernel_destroy(kernel);
}

static void a_subset_of_everything_is_everything(void **state) {
  (void)state;
  set a = make_set(40, 6, 0, 61);
  divw_kernel *kernel = make_kernel(a.x, 40, 6);
  double score, whole, half;
  int64_t positive = 0;
  for (int i = 0; i < 40; i++) {
    positive += a.p[i] > 0;
  }
  ok(divw_vendi_score(kernel, a.p, 2, &whole));
  ok(divw_evaluate_vendi_subset(kernel, a.p, 2, positive, 1, 0, &score));
  near(score, whole, 1e-12);
  ok(divw_evaluate_vendi_subset(kernel, a.p, 2, positive / 2, 30, 0, &half));
  assert_true(half < whole);
  divw_kernel_destroy(kernel);
  forget(&a);
}

static void copies_of_a_row_score_1_without_error(void **state) {
  (void)state;
  const double x[8] = {1, 2, 1, 2, 2, 4, 3, 6};
  divw_kernel *kernel = make_kernel(x, 4, 2);
  double error, diversity;
  ok(divw_evaluate_vendi_error(kernel, NULL, 1, 20, 1, &error));
  near(error, 0, 1e-13);
  ok(divw_evaluate_internal_diversity(kernel, NULL, &diversity));
  near(diversity, 0, 1e-13);
  divw_kernel_destroy(kernel);
}

/* Two kinds of rows, orthogonal: log VS of a sample with share s of the first is its binary entropy, so that the
 * deviation is |d entropy / d s| sqrt(s (1-s) / n) to first order. */
static void the_bootstrap_error_is_that_of_the_delta_method(void **state) {
  (void)state;
  enum { N = 400 };
  double x[2 * N] = {0}, error;
  for (int i = 0; i < N; i++) {
    x[2 * i + (i % 4 == 0)] = 1;
  }
  divw_kernel *kernel = make_kernel(x, N, 2);
  ok(divw_evaluate_vendi_error(kernel, NULL, 1, 2000, 1, &error));
  near(error, log(3) * sqrt(0.25 * 0.75 / N), 0.06 * error);
  divw_kernel_destroy(kernel);
}

static void internal_diversity_is_one_minus_the_mean_similarity(void **state) {
  (void)state;
  static const int64_t shapes[][2] = {{30, 5}, {8, 20}};
  for (int s = 0; s < 2; s++) {
    set a = make_set(shapes[s][0], shapes[s][1], 0.3, 62);
    double *K = malloc((size_t)(a.n * a.n) * sizeof *K), diversity, expected = 1;
    divw_kernel *kernel = make_kernel(a.x, a.n, a.d);
    reference_cosine(a.x, a.n, a.d, K);
    for (int64_t k = 0; k < a.n * a.n; k++) {
      expected -= a.p[k / a.n] * a.p[k % a.n] * K[k];
    }
    ok(divw_evaluate_internal_diversity(kernel, a.p, &diversity));
    near(diversity, expected, 1e-13);
    divw_kernel_destroy(kernel);
    free(K);
    forget(&a);
  }
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

/* ---- refusals ---- */

static void bad_arguments_are_refused(void **state) {
  (void)state;
  set a = make_set(10, 3, 0, 81), b = make_set(10, 2, 0, 82);
  divw_statistics *s, *t;
  divw_kernel *kernel = make_kernel(a.x, 10, 3);
  double values[4], value;
  int64_t nearest[10];
  double half[10] = {0.5}, negative[10] = {2, -1};
  const char *text = "rows of the reference have 3 numbers, generated ones have 2";
  fails(divw_statistics_create(NULL, a.dataset, NULL, 1), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_statistics_create(&s, NULL, NULL, 1), DIVW_ERROR_ARGUMENT, "dataset is NULL");
  fails(divw_statistics_create(&s, a.dataset, NULL, 0), DIVW_ERROR_ARGUMENT, "covariance is 0, expected DIVW_COV");
  fails(divw_statistics_create(&s, a.dataset, NULL, 4), DIVW_ERROR_ARGUMENT, "covariance is 4");
  fails(divw_statistics_create(&s, a.dataset, half, 1), DIVW_ERROR_ARGUMENT, "the weights sum to 0.5");
  fails(divw_statistics_create(&s, a.dataset, negative, 1), DIVW_ERROR_ARGUMENT, "weight 1 is -1");
  fails(divw_statistics_load(NULL, "x"), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_statistics_load(&s, NULL), DIVW_ERROR_ARGUMENT, "path is NULL");
  ok(divw_statistics_create(&s, a.dataset, NULL, 1));
  ok(divw_statistics_create(&t, b.dataset, NULL, 1));
  fails(divw_statistics_save(NULL, "x"), DIVW_ERROR_ARGUMENT, "statistics is NULL");
  fails(divw_statistics_save(s, NULL), DIVW_ERROR_ARGUMENT, "path is NULL");
  fails(divw_statistics_save(s, scratch("no/folder.npz")), DIVW_ERROR_FILE, "cannot be written");
  fails(divw_statistics_read(NULL, values, NULL), DIVW_ERROR_ARGUMENT, "statistics is NULL");
  fails(divw_evaluate_fid(NULL, s, &value), DIVW_ERROR_ARGUMENT, "reference is NULL");
  fails(divw_evaluate_fid(s, NULL, &value), DIVW_ERROR_ARGUMENT, "generated is NULL");
  fails(divw_evaluate_fid(s, s, NULL), DIVW_ERROR_ARGUMENT, "distance is NULL");
  fails(divw_evaluate_fid(s, t, &value), DIVW_ERROR_ARGUMENT, text);
  divw_statistics_destroy(t);
  divw_statistics_destroy(s);
  fails(divw_evaluate_mmd(NULL, NULL, a.dataset, NULL, 1, 3, &value, NULL, NULL), DIVW_ERROR_ARGUMENT,
        "reference is NULL");
  fails(divw_evaluate_mmd(a.dataset, NULL, NULL, NULL, 1, 3, &value, NULL, NULL), DIVW_ERROR_ARGUMENT,
        "generated is NULL");
  fails(divw_evaluate_mmd(a.dataset, NULL, b.dataset, NULL, 1, 3, &value, NULL, NULL), DIVW_ERROR_ARGUMENT, text);
  fails(divw_evaluate_mmd(a.dataset, NULL, a.dataset, NULL, 0, 3, &value, NULL, NULL), DIVW_ERROR_ARGUMENT,
        "kernel is 0");
  fails(divw_evaluate_mmd(a.dataset, NULL, a.dataset, NULL, 5, 3, &value, NULL, NULL), DIVW_ERROR_ARGUMENT,
        "kernel is 5");
  fails(divw_evaluate_mmd(a.dataset, NULL, a.dataset, NULL, 1, 2.5, &value, NULL, NULL), DIVW_ERROR_ARGUMENT,
        "parameter is 2.5, expected a degree, 1 to 20");
  fails(divw_evaluate_mmd(a.dataset, NULL, a.dataset, NULL, 1, 21, &value, NULL, NULL), DIVW_ERROR_ARGUMENT,
        "parameter is 21");
  fails(divw_evaluate_mmd(a.dataset, NULL, a.dataset, NULL, 2, 0, &value, NULL, NULL), DIVW_ERROR_ARGUMENT,
        "parameter is 0, expected a bandwidth above 0");
  fails(divw_evaluate_mmd(a.dataset, half, a.dataset, NULL, 1, 3, &value, NULL, NULL), DIVW_ERROR_ARGUMENT,
        "divw_evaluate_mmd: the weights sum");
  fails(divw_evaluate_mmd_blocks(NULL, NULL, a.dataset, NULL, 1, 3, 2, 0, &value, NULL), DIVW_ERROR_ARGUMENT, "NULL");
  fails(divw_evaluate_mmd_blocks(a.dataset, NULL, NULL, NULL, 1, 3, 2, 0, &value, NULL), DIVW_ERROR_ARGUMENT, "NULL");
  fails(divw_evaluate_mmd_blocks(a.dataset, NULL, a.dataset, NULL, 1, 3, 2, 0, NULL, NULL), DIVW_ERROR_ARGUMENT,
        "unbiased is NULL");
  fails(divw_evaluate_prdc(NULL, NULL, a.dataset, NULL, 5, values, NULL), DIVW_ERROR_ARGUMENT, "reference is NULL");
  fails(divw_evaluate_prdc(a.dataset, NULL, NULL, NULL, 5, values, NULL), DIVW_ERROR_ARGUMENT, "generated is NULL");
  fails(divw_evaluate_prdc(a.dataset, NULL, a.dataset, NULL, 5, NULL, NULL), DIVW_ERROR_ARGUMENT, "values is NULL");
  fails(divw_evaluate_prdc(a.dataset, NULL, a.dataset, NULL, 0, values, NULL), DIVW_ERROR_ARGUMENT, "k is 0, expected");
  fails(divw_evaluate_prdc(a.dataset, NULL, b.dataset, NULL, 5, values, NULL), DIVW_ERROR_ARGUMENT, text);
  fails(divw_evaluate_prdc(a.dataset, NULL, a.dataset, half, 5, values, NULL), DIVW_ERROR_ARGUMENT, "sum to 0.5");
  fails(divw_evaluate_nearest(NULL, a.dataset, nearest), DIVW_ERROR_ARGUMENT, "reference is NULL");
  fails(divw_evaluate_nearest(a.dataset, NULL, nearest), DIVW_ERROR_ARGUMENT, "generated is NULL");
  fails(divw_evaluate_nearest(a.dataset, a.dataset, NULL), DIVW_ERROR_ARGUMENT, "nearest is NULL");
  fails(divw_evaluate_nearest(a.dataset, b.dataset, nearest), DIVW_ERROR_ARGUMENT, text);
  fails(divw_evaluate_vendi_error(NULL, NULL, 1, 9, 0, &value), DIVW_ERROR_ARGUMENT, "kernel is NULL");
  fails(divw_evaluate_vendi_error(kernel, NULL, 1, 9, 0, NULL), DIVW_ERROR_ARGUMENT, "error is NULL");
  fails(divw_evaluate_vendi_error(kernel, NULL, -1, 9, 0, &value), DIVW_ERROR_ARGUMENT, "order is -1");
  fails(divw_evaluate_vendi_error(kernel, NULL, 1, 1, 0, &value), DIVW_ERROR_ARGUMENT, "samples is 1, expected 2");
  fails(divw_evaluate_vendi_error(kernel, half, 1, 9, 0, &value), DIVW_ERROR_ARGUMENT, "sum to 0.5");
  fails(divw_evaluate_vendi_subset(NULL, NULL, 1, 2, 9, 0, &value), DIVW_ERROR_ARGUMENT, "kernel is NULL");
  fails(divw_evaluate_vendi_subset(kernel, NULL, 1, 2, 9, 0, NULL), DIVW_ERROR_ARGUMENT, "score is NULL");
  fails(divw_evaluate_vendi_subset(kernel, NULL, 1, 2, 1000001, 0, &value), DIVW_ERROR_ARGUMENT, "samples is 1000001");
  fails(divw_evaluate_vendi_subset(kernel, NULL, NAN, 2, 1, 0, &value), DIVW_ERROR_ARGUMENT, "order is nan");
  fails(divw_evaluate_internal_diversity(NULL, NULL, &value), DIVW_ERROR_ARGUMENT, "kernel is NULL");
  fails(divw_evaluate_internal_diversity(kernel, NULL, NULL), DIVW_ERROR_ARGUMENT, "diversity is NULL");
  fails(divw_evaluate_internal_diversity(kernel, negative, &value), DIVW_ERROR_ARGUMENT, "weight 1 is -1");
  divw_kernel_destroy(kernel);
  forget(&b);
  forget(&a);
}

static void numbers_that_cannot_be_used_are_named(void **state) {
  (void)state;
  set a = make_set(10, 3, 0, 83), b = make_set(10, 3, 0, 84);
  divw_statistics *s, *t;
  double values[4], value;
  int64_t nearest[10];
  b.x[4] = NAN;
  const char *text = "row 1, column 1 of the data is nan";
  fails(divw_statistics_create(&s, b.dataset, NULL, 1), DIVW_ERROR_DATA, text);
  fails(divw_evaluate_mmd(a.dataset, NULL, b.dataset, NULL, 1, 3, &value, NULL, NULL), DIVW_ERROR_DATA, text);
  fails(divw_evaluate_mmd_blocks(b.dataset, NULL, a.dataset, NULL, 1, 3, 5, 0, &value, NULL), DIVW_ERROR_DATA, text);
  fails(divw_evaluate_prdc(a.dataset, NULL, b.dataset, NULL, 5, values, NULL), DIVW_ERROR_DATA, text);
  fails(divw_evaluate_nearest(b.dataset, a.dataset, nearest), DIVW_ERROR_DATA, text);
  b.x[4] = 1e200;
  fails(divw_statistics_create(&s, b.dataset, NULL, 1), DIVW_ERROR_DATA, "their squares overflow");
  fails(divw_evaluate_mmd(a.dataset, NULL, b.dataset, NULL, 1, 3, &value, NULL, NULL), DIVW_ERROR_DATA,
        "row 1 of the data has norm inf, expected at most 1e150");
  b.x[4] = 1e120;
  fails(divw_evaluate_mmd(a.dataset, NULL, b.dataset, NULL, 1, 3, &value, NULL, NULL), DIVW_ERROR_DATA,
        "the kernel of rows of the data overflows");
  memset(b.x + 3, 0, 3 * sizeof *b.x);
  fails(divw_evaluate_mmd(a.dataset, NULL, b.dataset, NULL, 3, 0, &value, NULL, NULL), DIVW_ERROR_DATA,
        "row 1 of the data is all zeros, which has no direction for the cosine kernel");
  const double far[2] = {1e153, 1e153}, near_by[2] = {-1e154, -1e154};
  set x = set_of(far, 1, 2), y = set_of(near_by, 1, 2);
  y.x[0] = y.x[1] = -1e200;
  ok(divw_statistics_create(&s, x.dataset, NULL, 1));
  ok(divw_statistics_create(&t, y.dataset, NULL, 1));
  fails(divw_evaluate_fid(s, t, &value), DIVW_ERROR_DATA, "the distance overflows");
  divw_statistics_destroy(t);
  divw_statistics_destroy(s);
  forget(&y);
  forget(&x);
  forget(&b);
  forget(&a);
}

/* ---- memory ---- */

static divw_status measure_once(void *context) {
  const set *s = context;
  divw_statistics *a = NULL, *b = NULL, *c = NULL;
  divw_kernel *kernel = NULL;
  double values[4], value;
  int64_t nearest[64];
  divw_status status = divw_statistics_create(&a, s[0].dataset, s[0].p, 3);
  status = status != DIVW_OK ? status : divw_statistics_create(&b, s[1].dataset, s[1].p, 3);
  status = status != DIVW_OK ? status : divw_statistics_save(b, scratch("memory.npz"));
  status = status != DIVW_OK ? status : divw_statistics_load(&c, scratch("memory.npz"));
  status = status != DIVW_OK ? status : divw_evaluate_fid(a, c, &value);
  status = status != DIVW_OK ? status : divw_evaluate_fid(a, b, &value);
  status = status != DIVW_OK ? status
                             : divw_evaluate_mmd(s[0].dataset, s[0].p, s[1].dataset, NULL, 1, 3, &value, NULL, NULL);
  status = status != DIVW_OK
               ? status
               : divw_evaluate_mmd_blocks(s[0].dataset, NULL, s[1].dataset, NULL, 1, 3, 2, 0, &value, NULL);
  status = status != DIVW_OK ? status : divw_evaluate_prdc(s[0].dataset, s[0].p, s[1].dataset, NULL, 2, values, NULL);
  status = status != DIVW_OK ? status : divw_evaluate_nearest(s[0].dataset, s[1].dataset, nearest);
  status = status != DIVW_OK ? status : divw_kernel_create(&kernel, s[0].dataset, DIVW_KERNEL_COSINE);
  status = status != DIVW_OK ? status : divw_evaluate_vendi_error(kernel, s[0].p, 1, 2, 0, &value);
  status = status != DIVW_OK ? status : divw_evaluate_vendi_subset(kernel, NULL, 1, 5, 2, 0, &value);
  status = status != DIVW_OK ? status : divw_evaluate_internal_diversity(kernel, NULL, &value);
  divw_kernel_destroy(kernel);
  divw_statistics_destroy(c);
  divw_statistics_destroy(b);
  divw_statistics_destroy(a);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  set s[2] = {make_set(20, 6, 0, 91), make_set(4, 6, 0, 92)};
  fail_every_allocation(measure_once, s);
  forget(&s[1]);
  forget(&s[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(effective_counts_are_those_of_kish),
      cmocka_unit_test(statistics_are_weighted_mean_and_covariance),
      cmocka_unit_test(nothing_is_known_of_no_statistics),
      cmocka_unit_test(gaussians_with_axes_have_the_distance_of_their_formula),
      cmocka_unit_test(distances_are_those_of_the_definition),
      cmocka_unit_test(a_set_is_at_distance_0_from_itself),
      cmocka_unit_test(disjoint_supports_add_their_traces),
      cmocka_unit_test(a_constant_set_has_no_spread_and_is_as_far_as_its_mean),
      cmocka_unit_test(uniform_weights_are_no_weights),
      cmocka_unit_test(a_row_of_weight_0_is_not_there),
      cmocka_unit_test(whole_weights_are_repeated_rows),
      cmocka_unit_test(a_single_weight_leaves_means_and_no_variances),
      cmocka_unit_test(a_weight_of_nearly_1_keeps_the_digits_of_the_rest),
      cmocka_unit_test(discrepancies_are_those_of_their_sums),
      cmocka_unit_test(a_set_has_no_discrepancy_with_itself),
      cmocka_unit_test(estimates_are_unbiased_and_vary_as_they_say),
      cmocka_unit_test(blocks_are_drawn_by_the_seed_and_agree_with_all_pairs),
      cmocka_unit_test(balls_hold_what_the_definition_says),
      cmocka_unit_test(ties_and_copies_are_decided_as_by_the_definition),
      cmocka_unit_test(near_copies_far_from_0_are_told_apart),
      cmocka_unit_test(numbers_near_the_ends_of_the_range_are_scaled),
      cmocka_unit_test(a_set_fills_its_own_balls),
      cmocka_unit_test(copies_have_empty_balls),
      cmocka_unit_test(sets_far_from_each_other_share_nothing),
      cmocka_unit_test(errors_are_those_of_means),
      cmocka_unit_test(sets_of_no_more_than_k_rows_have_no_balls),
      cmocka_unit_test(the_nearest_row_is_the_first_of_the_nearest),
      cmocka_unit_test(balls_need_no_matrix_of_distances),
      cmocka_unit_test(orthogonal_rows_score_the_size_of_a_subset),
      cmocka_unit_test(a_subset_of_everything_is_everything),
      cmocka_unit_test(copies_of_a_row_score_1_without_error),
      cmocka_unit_test(the_bootstrap_error_is_that_of_the_delta_method),
      cmocka_unit_test(internal_diversity_is_one_minus_the_mean_similarity),
      cmocka_unit_test(statistics_come_back_from_files),
      cmocka_unit_test(files_of_other_programs_need_only_mu_and_sigma),
      cmocka_unit_test(files_that_hold_no_statistics_are_refused),
      cmocka_unit_test(an_archive_beyond_4_gib_is_refused),
      cmocka_unit_test(numbers_that_make_no_sense_are_taken_as_not_known),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(numbers_that_cannot_be_used_are_named),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
