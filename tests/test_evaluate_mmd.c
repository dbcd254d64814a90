/* Kernel discrepancies against their sums, and over many draws. */
#include "check.h"
#include "reference.h"
#include "sets.h"

#include <math.h>
#include <stdlib.h>

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(discrepancies_are_those_of_their_sums),
      cmocka_unit_test(a_set_has_no_discrepancy_with_itself),
      cmocka_unit_test(estimates_are_unbiased_and_vary_as_they_say),
      cmocka_unit_test(blocks_are_drawn_by_the_seed_and_agree_with_all_pairs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
