/* Metrics of weighted sets: what weights mean, what is refused, memory. */
#include "check.h"
#include "make.h"
#include "sets.h"

#include <math.h>
#include <stdlib.h>

/* ---- sets of rows ---- */

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
      cmocka_unit_test(uniform_weights_are_no_weights),
      cmocka_unit_test(a_row_of_weight_0_is_not_there),
      cmocka_unit_test(whole_weights_are_repeated_rows),
      cmocka_unit_test(a_single_weight_leaves_means_and_no_variances),
      cmocka_unit_test(a_weight_of_nearly_1_keeps_the_digits_of_the_rest),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(numbers_that_cannot_be_used_are_named),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
