/* Precision, recall, density, coverage and diversity against naive loops. */
#include "check.h"
#include "make.h"
#include "reference.h"
#include "sets.h"

#include <math.h>
#include <stdlib.h>

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

int main(void) {
  const struct CMUnitTest tests[] = {
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
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
