/* What an example adds: marginal diversities, modes, and the gain of new rows, against the score of the mixture itself,
 * which is computed with the new row among the examples. */
#include "check.h"
#include "linalg.h"
#include "make.h"
#include "rank_one.h"

#include <math.h>
#include <stdlib.h>

static const double orders[] = {0.5, 1, 2, 5};
enum { ORDERS = 4 };

static divw_dataset *doubles(const double *x, int64_t n, int64_t d) {
  divw_dataset *dataset;
  ok(divw_dataset_create_copy(&dataset, x, n, d, DIVW_FLOAT64, 0));
  return dataset;
}

static void random_weights(double *p, int64_t n, uint64_t seed) {
  test_random random = {seed};
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += p[i] = 0.01 + next_uniform(&random) * next_uniform(&random);
  }
  for (int64_t i = 0; i < n; i++) {
    p[i] /= sum;
  }
}

static double log_score(const divw_kernel *kernel, const double *p, double order) {
  double score;
  ok(divw_vendi_score(kernel, p, order, &score));
  return log(score);
}

/* Examples and new rows with known relations: 0, 1 and 2 are examples 0, 1 and 2 (times a number), 3 is a sum of two.
 */
typedef struct {
  int64_t n, d, m;
  double *x, *y, p[64];
  divw_kernel *kernel;
  divw_dataset *rows;
} scene;

static void make_scene(scene *s, int64_t n, int64_t d, int64_t zero_columns) {
  *s = (scene){.n = n, .d = d, .m = 9, .x = make_rows(n, d, 31), .y = make_rows(9, d, 32)};
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < zero_columns; j++) {
      s->x[i * d + 2 * j] = 0;
    }
  }
  for (int64_t j = 0; j < d; j++) {
    for (int64_t i = 0; i < 3; i++) {
      s->y[i * d + j] = (1.5 - (double)i) * s->x[i * d + j];
    }
    s->y[3 * d + j] = s->x[4 * d + j] + s->x[5 * d + j];
  }
  random_weights(s->p, n, 33);
  s->kernel = make_kernel(s->x, n, d);
  s->rows = doubles(s->y, s->m, d);
}

static void end_scene(scene *s) {
  divw_dataset_destroy(s->rows);
  divw_kernel_destroy(s->kernel);
  free(s->y);
  free(s->x);
}

/* All columns, some columns, fewer rows than columns with and without columns of zeros, as many. */
static const int64_t shapes[][3] = {{50, 8, 0}, {50, 12, 4}, {12, 40, 0}, {12, 60, 9}, {16, 16, 0}};
enum { SHAPES = 5 };

/* log VS of the examples with new row j among them, at share t. */
static double log_score_of_mixture(const scene *s, int64_t j, double t, double order) {
  double *x = malloc((size_t)((s->n + 1) * s->d) * sizeof *x), p[65];
  memcpy(x, s->x, (size_t)(s->n * s->d) * sizeof *x);
  memcpy(x + s->n * s->d, s->y + j * s->d, (size_t)s->d * sizeof *x);
  for (int64_t i = 0; i < s->n; i++) {
    p[i] = (1 - t) * s->p[i];
  }
  p[s->n] = t;
  divw_kernel *kernel = make_kernel(x, s->n + 1, s->d);
  const double found = log_score(kernel, p, order);
  divw_kernel_destroy(kernel);
  free(x);
  return found;
}

static void gains_are_those_of_the_mixture(void **state) {
  (void)state;
  static const double all[] = {0.5, 0.9995, 1, 2, 5, INFINITY}, shares[] = {1e-4, 0.05, 0.9};
  for (int k = 0; k < SHAPES * 6 * 3; k++) {
    scene s;
    double gain[9], order = all[k / 3 % 6], t = shares[k % 3];
    const int64_t *shape = shapes[k / 18];
    make_scene(&s, shape[0], shape[1], shape[2]);
    ok(divw_vendi_gain(s.kernel, s.p, order, s.rows, t, NULL, gain));
    for (int64_t j = 0; j < s.m; j++) {
      near(gain[j], log_score_of_mixture(&s, j, t, order) - log_score(s.kernel, s.p, order),
           fabs(order - 1) < 1e-2 ? 1e-11 : 1e-12);
    }
    end_scene(&s);
  }
}

/* The limit of gain / t for small t, by extrapolation from two of them. */
static void marginal_diversity_is_the_rate_of_the_gain(void **state) {
  (void)state;
  for (int k = 0; k < ORDERS * SHAPES; k++) {
    scene s;
    double D[9], large[9], small[9], order = orders[k % ORDERS], t = 1e-6;
    const int64_t *shape = shapes[k / ORDERS];
    make_scene(&s, shape[0], shape[1], shape[2]);
    ok(divw_vendi_gain(s.kernel, s.p, order, s.rows, t, D, large));
    ok(divw_vendi_gain(s.kernel, s.p, order, s.rows, t / 2, NULL, small));
    double mean = order == 1 ? log_score(s.kernel, s.p, 1) : order / (1 - order);
    for (int64_t j = 0; j < s.m; j++) {
      if (isfinite(D[j])) {
        near((4 * small[j] - large[j]) / t, D[j] - mean, 2e-7);
      }
    }
    end_scene(&s);
  }
}

static void known_rows_have_the_marginal_diversity_of_the_examples(void **state) {
  (void)state;
  for (int k = 0; k < ORDERS * SHAPES; k++) {
    scene s;
    double D[9], own[64], sum = 0, order = orders[k % ORDERS];
    const int64_t *shape = shapes[k / ORDERS];
    make_scene(&s, shape[0], shape[1], shape[2]);
    ok(divw_vendi_gain(s.kernel, s.p, order, s.rows, 0.01, D, NULL));
    ok(divw_vendi_marginal(s.kernel, s.p, order, own));
    for (int64_t i = 0; i < s.n; i++) {
      sum += s.p[i] * own[i];
    }
    for (int64_t j = 0; j < 3; j++) {
      near(D[j], own[j], 1e-11);
    }
    assert_true(isfinite(D[3])); /* in the span of two */
    near(sum, order == 1 ? log_score(s.kernel, s.p, 1) : order / (1 - order), 1e-12);
    end_scene(&s);
  }
}

/* An orthogonal row: (1-t) mu and t are the spectrum of the mixture. */
static void rows_outside_the_span_have_an_infinite_rate_and_a_known_gain(void **state) {
  (void)state;
  for (int wide = 0; wide < 2; wide++) {
    const int64_t n = wide ? 5 : 30, d = 10;
    double *x = make_rows(n, d, 5), y[10] = {0}, D, gain, t = 0.1;
    for (int64_t i = 0; i < n; i++) {
      x[i * d + 7] = 0;
    }
    y[7] = -3;
    divw_kernel *kernel = make_kernel(x, n, d);
    divw_dataset *rows = doubles(y, 1, d);
    const double f = log_score(kernel, NULL, 1), log_two = log_score(kernel, NULL, 2);
    ok(divw_vendi_gain(kernel, NULL, 1, rows, t, &D, &gain));
    assert_true(isinf(D) && D > 0);
    near(gain, -t * f - t * log(t) - (1 - t) * log1p(-t), 1e-13);
    ok(divw_vendi_gain(kernel, NULL, 0.5, rows, t, &D, NULL));
    assert_true(isinf(D) && D > 0);
    ok(divw_vendi_gain(kernel, NULL, 2, rows, t, &D, &gain));
    near(D, 0, 1e-14);
    near(gain, -log((1 - t) * (1 - t) * exp(-log_two) + t * t) - log_two, 1e-13);
    ok(divw_vendi_gain(kernel, NULL, INFINITY, rows, t, &D, &gain));
    assert_true(isnan(D));
    near(gain, -log1p(-t), 1e-13);
    divw_dataset_destroy(rows);
    divw_kernel_destroy(kernel);
    free(x);
  }
}

/* The second example has no weight: it lies outside what has, in part. */
static void examples_without_weight_may_lie_outside(void **state) {
  (void)state;
  double x[6] = {1, 0, 1, 1, 2, 0}, p[3] = {0.5, 0, 0.5}, D[3];
  divw_kernel *kernel = make_kernel(x, 3, 2);
  ok(divw_vendi_marginal(kernel, p, 1, D));
  assert_true(D[0] == 0 && isinf(D[1]) && D[2] == 0);
  ok(divw_vendi_marginal(kernel, p, 2, D));
  near(D[0], -2, 1e-14);
  near(D[1], -1, 1e-14); /* half of it lies inside */
  divw_kernel_destroy(kernel);
}

static void marginal_diversity_is_that_of_the_solver(void **state) {
  (void)state;
  double *x = make_rows(60, 7, 3), D[60];
  divw_kernel *kernel = make_kernel(x, 60, 7);
  divw_weights *weights = make_weights(kernel, 0.5, 1e-6);
  ok(divw_vendi_marginal(kernel, divw_weights_values(weights), 1, D));
  for (int i = 0; i < 60; i++) {
    near(D[i], divw_weights_marginal_diversity(weights)[i], 1e-12);
  }
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  free(x);
}

static void modes_are_orthonormal_and_share_out_the_weight(void **state) {
  (void)state;
  for (int k = 0; k < SHAPES; k++) {
    scene s;
    make_scene(&s, shapes[k][0], shapes[k][1], shapes[k][2]);
    const int64_t r = divw_kernel_features(s.kernel);
    double *mu = malloc((size_t)(2 * r + r * r + s.n * r) * sizeof *mu), *same = mu + r, *V = same + r,
           *phi = V + r * r;
    ok(divw_vendi_modes(s.kernel, s.p, mu, V));
    ok(divw_vendi_spectrum(s.kernel, s.p, same));
    ok(divw_kernel_read(s.kernel, 0, s.n, phi));
    for (int64_t k2 = 0; k2 < r; k2++) { /* by eigenvalues with and without vectors */
      near(mu[k2], same[k2], 1e-14);
    }
    for (int64_t a = 0; a < r; a++) {
      double weight = 0;
      for (int64_t i = 0; i < s.n; i++) {
        double inner = 0;
        for (int64_t j = 0; j < r; j++) {
          inner += V[a * r + j] * phi[i * r + j];
        }
        weight += s.p[i] * inner * inner;
      }
      near(weight, mu[a], 1e-13);
      for (int64_t b = 0; b < r; b++) {
        double inner = 0;
        for (int64_t j = 0; j < r; j++) {
          inner += V[a * r + j] * V[b * r + j];
        }
        near(inner, a == b, 1e-13);
      }
    }
    free(mu);
    end_scene(&s);
  }
}

/* More rows than are worked on at a time, on both sides; a row gives what it gives alone. */
static void rows_may_be_many(void **state) {
  (void)state;
  for (int wide = 0; wide < 2; wide++) {
    const int64_t n = wide ? 100 : 700, d = 600, m = 1000, places[] = {0, 872, 873, 999};
    double *x = make_rows(n, d, 1), *y = make_rows(m, d, 2), *gain = malloc((size_t)m * sizeof *gain), alone;
    divw_kernel *kernel = make_kernel(x, n, d);
    divw_dataset *rows = doubles(y, m, d);
    ok(divw_vendi_gain(kernel, NULL, 2, rows, 0.5, gain, NULL));
    for (int k = 0; k < 4; k++) {
      divw_dataset *row = doubles(y + places[k] * d, 1, d);
      ok(divw_vendi_gain(kernel, NULL, 2, row, 0.5, &alone, NULL));
      near(gain[places[k]], alone, 1e-13);
      divw_dataset_destroy(row);
    }
    divw_dataset_destroy(rows);
    divw_kernel_destroy(kernel);
    free(gain);
    free(y);
    free(x);
  }
}

/* ---- the secular equation ---- */

static void check_roots(const double *d, const double *z, int64_t m) {
  double w[24] = {0}, roots[24], mu[24], S[24 * 24], V[24 * 24], sum = 0;
  for (int64_t i = 0; i < m; i++) {
    w[i] = z[i] * z[i];
    sum += d[i] + w[i];
    for (int64_t j = 0; j < m; j++) {
      S[i * m + j] = z[i] * z[j] + (i == j ? d[i] : 0);
    }
  }
  dw_rank_one(d, w, m, roots);
  ok(dw_eigen(S, m, mu, V));
  for (int64_t k = 0; k < m; k++) {
    near(roots[k], mu[k], 2e-14 * fmax(mu[m - 1], 1e-300));
    assert_true(roots[k] >= d[k] && (k == m - 1 || roots[k] <= d[k + 1]));
    sum -= roots[k];
  }
  near(sum, 0, 2e-14 * mu[m - 1]);
}

static void roots_are_eigenvalues(void **state) {
  (void)state;
  test_random random = {4};
  for (int k = 0; k < 600; k++) {
    const int64_t m = 1 + k % 24;
    double d[24], z[24], sum = 0;
    for (int64_t j = 0; j < m; j++) { /* steps of any size between poles, parts of any size */
      sum += k % 3 == 0 ? next_uniform(&random) : pow(10, -17 * next_uniform(&random));
      d[j] = j == 0 && k % 2 ? 0 : sum;
      z[j] = pow(10, -(k % 4 == 0 ? 10 : 2) * next_uniform(&random));
    }
    check_roots(d, z, m);
  }
}

static void equal_poles_and_a_lone_one_have_roots(void **state) {
  (void)state;
  check_roots((double[]){0.25, 0.25, 0.25, 0.25}, (double[]){0.1, 0.2, 0.3, 0.4}, 4);
  check_roots((double[]){0, 0.5, 0.5, 0.5 + 1e-16}, (double[]){1e-9, 1e-9, 0.3, 0.1}, 4);
  check_roots((double[]){0}, (double[]){0.5}, 1);
  double root, d = 0, w = 1e-300;
  dw_rank_one(&d, &w, 1, &root);
  near(root, 1e-300, 1e-314);
  double pair[2] = {0, 1}, parts[2] = {1e-12, 1e-3}, roots[2]; /* the small root keeps its digits: det / trace */
  dw_rank_one(pair, parts, 2, roots);
  near(roots[0] * roots[1] / 1e-12, 1, 1e-14);
  dw_rank_one(pair, parts, 0, roots);
}

/* ---- what is refused ---- */

static void bad_arguments_are_refused(void **state) {
  (void)state;
  double x[4] = {1, 0, 0, 1}, y[6] = {1, 2, 3, 4, 5, 6}, D[3], bad[2] = {0.5, 0.6}, mu[2], V[4];
  divw_kernel *kernel = make_kernel(x, 2, 2);
  divw_dataset *rows = doubles(y, 3, 2), *wide = doubles(y, 2, 3);
  fails(divw_vendi_marginal(NULL, NULL, 1, D), DIVW_ERROR_ARGUMENT, "divw_vendi_marginal: kernel is NULL");
  fails(divw_vendi_marginal(kernel, NULL, 1, NULL), DIVW_ERROR_ARGUMENT, "D is NULL");
  fails(divw_vendi_marginal(kernel, NULL, 0, D), DIVW_ERROR_ARGUMENT, "order is 0, expected more than 0 and finite");
  fails(divw_vendi_marginal(kernel, NULL, NAN, D), DIVW_ERROR_ARGUMENT, "order is nan");
  fails(divw_vendi_marginal(kernel, NULL, INFINITY, D), DIVW_ERROR_ARGUMENT, "order is inf");
  fails(divw_vendi_marginal(kernel, bad, 1, D), DIVW_ERROR_ARGUMENT, "divw_vendi_marginal: the weights sum to 1.1");
  fails(divw_vendi_modes(NULL, NULL, mu, V), DIVW_ERROR_ARGUMENT, "divw_vendi_modes: kernel is NULL");
  fails(divw_vendi_modes(kernel, NULL, NULL, V), DIVW_ERROR_ARGUMENT, "mu is NULL");
  fails(divw_vendi_modes(kernel, NULL, mu, NULL), DIVW_ERROR_ARGUMENT, "modes is NULL");
  fails(divw_vendi_modes(kernel, bad, mu, V), DIVW_ERROR_ARGUMENT, "divw_vendi_modes: the weights sum to 1.1");
  fails(divw_vendi_gain(NULL, NULL, 1, rows, 0.1, D, D), DIVW_ERROR_ARGUMENT, "divw_vendi_gain: kernel is NULL");
  fails(divw_vendi_gain(kernel, NULL, 1, NULL, 0.1, D, D), DIVW_ERROR_ARGUMENT, "rows is NULL");
  fails(divw_vendi_gain(kernel, NULL, 0, rows, 0.1, D, D), DIVW_ERROR_ARGUMENT, "order is 0, expected more than 0");
  fails(divw_vendi_gain(kernel, NULL, 1, rows, 0, D, D), DIVW_ERROR_ARGUMENT, "share is 0, expected more than 0");
  fails(divw_vendi_gain(kernel, NULL, 1, rows, 1, D, D), DIVW_ERROR_ARGUMENT, "share is 1, expected");
  fails(divw_vendi_gain(kernel, NULL, 1, rows, NAN, D, D), DIVW_ERROR_ARGUMENT, "share is nan");
  fails(divw_vendi_gain(kernel, bad, 1, rows, 0.1, D, D), DIVW_ERROR_ARGUMENT, "divw_vendi_gain: the weights sum to");
  fails(divw_vendi_gain(kernel, NULL, 1, wide, 0.1, D, D), DIVW_ERROR_ARGUMENT,
        "divw_vendi_gain: rows have 3 columns, expected 2, as those of the kernel");
  ok(divw_vendi_gain(kernel, NULL, 1, rows, 0.1, NULL, NULL));
  divw_dataset_destroy(wide);
  divw_dataset_destroy(rows);
  divw_kernel_destroy(kernel);
}

static void new_rows_are_checked_like_old_ones(void **state) {
  (void)state;
  for (int wide = 0; wide < 2; wide++) {
    const int64_t n = wide ? 2 : 9;
    double *x = make_rows(n, 3, 1), y[6] = {1, 2, 3, 0, 0, 0}, D[2];
    divw_kernel *kernel = make_kernel(x, n, 3), *linear;
    divw_dataset *rows = doubles(y, 2, 3), *unit = doubles((double[]){0, 1, 0, 0.6, 0, 0.8}, 2, 3);
    fails(divw_vendi_gain(kernel, NULL, 1, rows, 0.1, D, NULL), DIVW_ERROR_DATA, "row 1 of the data is all zeros");
    divw_dataset_destroy(rows);
    y[4] = NAN;
    rows = doubles(y, 2, 3);
    fails(divw_vendi_gain(kernel, NULL, 1, rows, 0.1, D, NULL), DIVW_ERROR_DATA, "row 1, column 1 of the data is nan");
    ok(divw_kernel_create(&linear, unit, DIVW_KERNEL_LINEAR));
    fails(divw_vendi_gain(linear, NULL, 1, rows, 0.1, D, NULL), DIVW_ERROR_DATA,
          "row 0 of the data has norm 3.7416573");
    divw_dataset_destroy(rows);
    divw_dataset_destroy(unit);
    divw_kernel_destroy(linear);
    divw_kernel_destroy(kernel);
    free(x);
  }
}

/* ---- memory ---- */

static divw_status measure(void *context) {
  const scene *s = context;
  double D[64], gain[64], mu[64], V[64 * 64];
  divw_status status = divw_vendi_gain(s->kernel, s->p, 1, s->rows, 0.1, D, gain);
  status = status == DIVW_OK ? divw_vendi_marginal(s->kernel, s->p, 1, D) : status;
  return status == DIVW_OK ? divw_vendi_modes(s->kernel, s->p, mu, V) : status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  for (int k = 1; k < 4; k++) {
    scene s;
    make_scene(&s, shapes[k][0], shapes[k][1], shapes[k][2]);
    fail_every_allocation(measure, &s);
    end_scene(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gains_are_those_of_the_mixture),
      cmocka_unit_test(marginal_diversity_is_the_rate_of_the_gain),
      cmocka_unit_test(known_rows_have_the_marginal_diversity_of_the_examples),
      cmocka_unit_test(rows_outside_the_span_have_an_infinite_rate_and_a_known_gain),
      cmocka_unit_test(examples_without_weight_may_lie_outside),
      cmocka_unit_test(marginal_diversity_is_that_of_the_solver),
      cmocka_unit_test(modes_are_orthonormal_and_share_out_the_weight),
      cmocka_unit_test(rows_may_be_many),
      cmocka_unit_test(roots_are_eigenvalues),
      cmocka_unit_test(equal_poles_and_a_lone_one_have_roots),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(new_rows_are_checked_like_old_ones),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
