/* The rate at which an example raises log VS: against marginal diversities less their mean, and at orders so near to 1
 * that those have no digits left. */
#include "check.h"
#include "make.h"

#include <math.h>
#include <stdlib.h>

enum { N = 12, COLUMNS = 5, NEW = 4 };

/* Examples of `columns` numbers, the first two without weight, and new rows. */
typedef struct {
  double p[N];
  divw_kernel *kernel;
  divw_dataset *rows;
} scene;

static scene make_scene(int64_t columns) {
  scene s = {.p = {0}};
  double *x = make_rows(N, columns, 5), *y = make_rows(NEW, columns, 6);
  for (int64_t i = 2; i < N; i++) {
    s.p[i] = (double)i / 75; /* 2 + .. + 11 = 65 */
  }
  s.p[2] += 10.0 / 75;
  s.kernel = make_kernel(x, N, columns);
  ok(divw_dataset_create_copy(&s.rows, y, NEW, columns, DIVW_FLOAT64, 0));
  free(y);
  free(x);
  return s;
}

static void end_scene(scene *s) {
  divw_dataset_destroy(s->rows);
  divw_kernel_destroy(s->kernel);
}

static double mean_of(const double *p, const double *D) {
  double sum = 0;
  for (int i = 0; i < N; i++) {
    sum += p[i] > 0 ? p[i] * D[i] : 0;
  }
  return sum;
}

static void the_rate_is_what_marginal_diversity_is_above_its_mean(void **state) {
  (void)state;
  const double orders[] = {0.1, 0.5, 1, 1.5, 2, 5};
  const int64_t columns[] = {COLUMNS, 3 * N}; /* more columns than rows: those without weight lie outside */
  for (int k = 0; k < 12; k++) {
    const double order = orders[k / 2];
    scene s = make_scene(columns[k % 2]);
    double D[N], rate[N], new_D[NEW], new_rate[NEW];
    ok(divw_vendi_marginal(s.kernel, s.p, order, D));
    ok(divw_vendi_rate(s.kernel, s.p, order, NULL, rate));
    ok(divw_vendi_gain(s.kernel, s.p, order, s.rows, 0.1, new_D, NULL));
    ok(divw_vendi_rate(s.kernel, s.p, order, s.rows, new_rate));
    const double mean = mean_of(s.p, D);
    near(mean_of(s.p, rate), 0, 1e-12);
    for (int i = 0; i < N; i++) {
      near(isinf(D[i]) ? 0 : D[i] - mean, isinf(rate[i]) ? 0 : rate[i], 1e-11);
      assert_int_equal(isinf(D[i]), isinf(rate[i]));
    }
    assert_int_equal(isinf(rate[0]), order <= 1 && k % 2 == 1);
    for (int i = 0; i < NEW; i++) {
      near(isinf(new_D[i]) ? 0 : new_D[i] - mean, isinf(new_rate[i]) ? 0 : new_rate[i], 1e-11);
      assert_int_equal(isinf(new_D[i]), isinf(new_rate[i]));
    }
    end_scene(&s);
  }
}

/* D has -1e15 in it at the last of these orders. */
static void orders_near_one_keep_all_digits(void **state) {
  (void)state;
  const double away[] = {1e-6, -1e-9, 1e-12, -1e-15};
  scene s = make_scene(COLUMNS);
  double at_one[N], rate[N], new_at_one[NEW], new_rate[NEW];
  ok(divw_vendi_rate(s.kernel, s.p, 1, NULL, at_one));
  ok(divw_vendi_rate(s.kernel, s.p, 1, s.rows, new_at_one));
  for (int k = 0; k < 4; k++) {
    ok(divw_vendi_rate(s.kernel, s.p, 1 + away[k], NULL, rate));
    ok(divw_vendi_rate(s.kernel, s.p, 1 + away[k], s.rows, new_rate));
    for (int i = 0; i < N; i++) {
      near(rate[i], at_one[i], 100 * fabs(away[k]) + 1e-12);
    }
    for (int i = 0; i < NEW; i++) {
      near(new_rate[i], new_at_one[i], 100 * fabs(away[k]) + 1e-12);
    }
  }
  end_scene(&s);
}

/* The first weight on a new row, by differences of scores. */
static void the_rate_is_the_slope_of_the_gain(void **state) {
  (void)state;
  const double orders[] = {0.5, 1, 1 + 1e-9, 2, 3.5}, t = 1e-6;
  scene s = make_scene(COLUMNS);
  double rate[NEW], gain[NEW], twice[NEW];
  for (int k = 0; k < 5; k++) {
    ok(divw_vendi_rate(s.kernel, s.p, orders[k], s.rows, rate));
    ok(divw_vendi_gain(s.kernel, s.p, orders[k], s.rows, t, NULL, gain));
    ok(divw_vendi_gain(s.kernel, s.p, orders[k], s.rows, 2 * t, NULL, twice));
    for (int i = 0; i < NEW; i++) {
      near((2 * gain[i] - twice[i] / 2) / t, rate[i], 1e-6);
    }
  }
  end_scene(&s);
}

static void what_features_of_low_rank_leave_out_has_its_part(void **state) {
  (void)state;
  const double orders[] = {0.5, 1, 2};
  double *x = make_rows(N, 3, 8), p[N], D[N], rate[N];
  divw_dataset *dataset;
  divw_similarity *similarity;
  divw_kernel *kernel;
  for (int i = 0; i < N; i++) {
    p[i] = (1 + (double)i) / (N * (N + 1) / 2);
  }
  ok(divw_dataset_create_copy(&dataset, x, N, 3, DIVW_FLOAT64, 0));
  ok(divw_similarity_create(&similarity, DIVW_KERNEL_GAUSSIAN));
  ok(divw_kernel_create_low_rank(&kernel, dataset, similarity, 5, 0, 1));
  for (int k = 0; k < 3; k++) {
    ok(divw_vendi_marginal(kernel, p, orders[k], D));
    ok(divw_vendi_rate(kernel, p, orders[k], NULL, rate));
    for (int i = 0; i < N; i++) {
      near(rate[i] - rate[0], D[i] - D[0], 1e-11);
    }
  }
  divw_kernel_destroy(kernel);
  divw_similarity_destroy(similarity);
  divw_dataset_destroy(dataset);
  free(x);
}

static void bad_arguments_are_refused(void **state) {
  (void)state;
  scene s = make_scene(COLUMNS);
  double rate[N];
  fails(divw_vendi_rate(NULL, s.p, 1, NULL, rate), DIVW_ERROR_ARGUMENT, "divw_vendi_rate: kernel is NULL");
  fails(divw_vendi_rate(s.kernel, s.p, 1, NULL, NULL), DIVW_ERROR_ARGUMENT, "divw_vendi_rate: rate is NULL");
  fails(divw_vendi_rate(s.kernel, s.p, 0, NULL, rate), DIVW_ERROR_ARGUMENT, "divw_vendi_rate: order is 0");
  fails(divw_vendi_rate(s.kernel, s.p, INFINITY, s.rows, rate), DIVW_ERROR_ARGUMENT, "divw_vendi_rate: order is inf");
  fails(divw_vendi_rate(s.kernel, s.p, NAN, s.rows, rate), DIVW_ERROR_ARGUMENT, "divw_vendi_rate: order is nan");
  s.p[3] = -1;
  fails(divw_vendi_rate(s.kernel, s.p, 1, NULL, rate), DIVW_ERROR_ARGUMENT, "divw_vendi_rate: ");
  fails(divw_vendi_rate(s.kernel, s.p, 1, s.rows, rate), DIVW_ERROR_ARGUMENT, "divw_vendi_rate: ");
  end_scene(&s);
}

static divw_status measure(void *context) {
  const scene *s = context;
  double rate[N];
  const divw_status status = divw_vendi_rate(s->kernel, s->p, 1, NULL, rate);
  return status == DIVW_OK ? divw_vendi_rate(s->kernel, s->p, 1, s->rows, rate) : status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  scene s = make_scene(COLUMNS);
  fail_every_allocation(measure, &s);
  end_scene(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_rate_is_what_marginal_diversity_is_above_its_mean),
      cmocka_unit_test(orders_near_one_keep_all_digits),
      cmocka_unit_test(the_rate_is_the_slope_of_the_gain),
      cmocka_unit_test(what_features_of_low_rank_leave_out_has_its_part),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
