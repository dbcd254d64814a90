/* Centring and principal components, against naive loops and known answers. */
#include "check.h"
#include "dataset.h"
#include "internal.h"
#include "make.h"

#include <math.h>
#include <stdlib.h>

static divw_dataset *doubles(const double *x, int64_t n, int64_t d) {
  divw_dataset *dataset;
  ok(divw_dataset_create_copy(&dataset, x, n, d, DIVW_FLOAT64, 0));
  return dataset;
}

static double *read_all(const divw_dataset *dataset) {
  const int64_t n = divw_dataset_count(dataset), d = divw_dataset_dimension(dataset);
  double *x = malloc((size_t)(n * d) * sizeof *x);
  ok(divw_dataset_read(dataset, 0, n, x));
  return x;
}

/* Replaces a dataset by what is made of it. */
static divw_dataset *centered(divw_dataset *dataset) {
  divw_dataset *result;
  ok(divw_dataset_center(&result, dataset));
  divw_dataset_destroy(dataset);
  return result;
}

static divw_dataset *reduced(divw_dataset *dataset, int64_t components) {
  divw_dataset *result;
  ok(divw_dataset_components(&result, dataset, components));
  divw_dataset_destroy(dataset);
  return result;
}

/* ---- centring ---- */

static void the_mean_is_subtracted_from_rows_of_every_type(void **state) {
  (void)state;
  const double x[6] = {1, 2, 3, 5, 8, 5};
  const float floats[6] = {1, 2, 3, 5, 8, 5};
  const uint16_t halves[6] = {0x3c00, 0x4000, 0x4200, 0x4500, 0x4800, 0x4500};
  const uint8_t bytes[6] = {1, 2, 3, 5, 8, 5};
  const void *rows[] = {x, floats, halves, bytes};
  for (int32_t dtype = DIVW_FLOAT64; dtype <= DIVW_UINT8; dtype++) {
    divw_dataset *dataset;
    double found[6];
    ok(divw_dataset_create_borrowed(&dataset, rows[dtype - 1], 3, 2, dtype, 0));
    dataset = centered(dataset);
    assert_int_equal(divw_dataset_dtype(dataset), DIVW_FLOAT64);
    assert_int_equal(divw_dataset_dimension(dataset), 2);
    ok(divw_dataset_read(dataset, 0, 3, found));
    assert_true(found[0] == -3 && found[2] == -1 && found[4] == 4); /* the mean is (4, 4) */
    assert_true(found[1] == -2 && found[3] == 1 && found[5] == 1);
    double one[2] = {0, -7};
    const int64_t column = 1;
    dw_cursor cursor;
    ok(dw_cursor_open(&cursor, dataset));
    ok(dw_cursor_fetch(&cursor, 2, 1, (dw_columns){.columns = &column, .count = 1}, 0.5, one));
    assert_true(one[0] == 0.5 && one[1] == -7);
    ok(dw_cursor_fetch(&cursor, 2, 1, (dw_columns){.count = 2}, 0.5, one));
    assert_true(one[0] == 2 && one[1] == 0.5);
    dw_cursor_close(&cursor);
    divw_dataset_destroy(dataset);
  }
}

/* Numbers squeezed into a cone: a large common part, which must not cost the digits of what differs. */
static void the_mean_is_exact_under_a_large_common_part(void **state) {
  (void)state;
  enum { N = 30000, D = 3 };
  test_random random = {5};
  double *x = malloc(N * D * sizeof *x);
  for (int i = 0; i < N * D; i++) {
    x[i] = 1e6 * (i % D + 1) + next_normal(&random);
  }
  divw_dataset *dataset = centered(doubles(x, N, D));
  double *y = read_all(dataset);
  for (int j = 0; j < D; j++) {
    long double sum = 0;
    for (int i = 0; i < N; i++) {
      sum += x[i * D + j];
    }
    const double mean = (double)(sum / N);
    for (int i = 0; i < N; i++) {
      near(y[i * D + j], x[i * D + j] - mean, 5e-10); /* a unit in the last place of 3e6 */
    }
  }
  free(y);
  free(x);
  divw_dataset_destroy(dataset);
}

static void rows_that_are_the_mean_are_named_by_the_kernel(void **state) {
  (void)state;
  double equal[50], x[6] = {1. / 7, 2. / 7, 3. / 7, 4. / 7, 2. / 7, 3. / 7};
  divw_kernel *kernel;
  for (int i = 0; i < 50; i++) {
    equal[i] = i % 2 ? 0.1 : 1e9 / 3;
  }
  divw_dataset *dataset = centered(doubles(equal, 25, 2));
  fails(divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE), DIVW_ERROR_DATA, "row 0 of the data is all zeros");
  divw_dataset_destroy(dataset);
  dataset = centered(doubles(x, 3, 2)); /* (a, b, (a + b) / 2) */
  fails(divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE), DIVW_ERROR_DATA, "row 2 of the data is all zeros");
  divw_dataset_destroy(dataset);
}

static void centering_twice_is_centering_once(void **state) {
  (void)state;
  double *x = make_rows(200, 7, 3);
  divw_dataset *once = centered(doubles(x, 200, 7)), *twice;
  ok(divw_dataset_center(&twice, once));
  double *a = read_all(once), *b = read_all(twice);
  for (int i = 0; i < 1400; i++) {
    near(a[i], b[i], 1e-15);
  }
  free(a);
  free(b);
  free(x);
  divw_dataset_destroy(once);
  divw_dataset_destroy(twice);
}

static void subsets_keep_the_mean_of_the_whole(void **state) {
  (void)state;
  const double x[4] = {1, 2, 3, 6};
  divw_dataset *dataset = centered(doubles(x, 4, 1)), *some;
  double values[2];
  ok(divw_dataset_select_rows(&some, dataset, (int64_t[]){3, 0}, 2));
  divw_dataset_destroy(dataset);
  ok(divw_dataset_read(some, 0, 2, values));
  assert_true(values[0] == 3 && values[1] == -2);
  assert_int_equal(divw_dataset_row(some, 0), 3);
  some = centered(some);
  ok(divw_dataset_read(some, 0, 2, values));
  assert_true(values[0] == 2.5 && values[1] == -2.5);
  divw_dataset_destroy(some);
}

static void numbers_that_have_no_mean_are_named(void **state) {
  (void)state;
  double x[6] = {1, 2, 3, NAN, 5, 6};
  divw_dataset *dataset = doubles(x, 3, 2), *some, *out;
  fails(divw_dataset_center(&out, dataset), DIVW_ERROR_DATA, "row 1, column 1 of the data is nan");
  assert_null(out);
  ok(divw_dataset_select_rows(&some, dataset, (int64_t[]){2, 1}, 2));
  fails(divw_dataset_center(&out, some), DIVW_ERROR_DATA, "row 1, column 1 of the data is nan");
  fails(divw_dataset_components(&out, some, 1), DIVW_ERROR_DATA, "row 1, column 1 of the data is nan");
  divw_dataset_destroy(some);
  divw_dataset_destroy(dataset);
  x[3] = -INFINITY;
  dataset = doubles(x, 3, 2);
  fails(divw_dataset_center(&out, dataset), DIVW_ERROR_DATA, "row 1, column 1 of the data is -inf");
  divw_dataset_destroy(dataset);
  dataset = doubles((double[]){1, 1e308, 2, -1e308, 3, 1e308}, 3, 2);
  fails(divw_dataset_center(&out, dataset), DIVW_ERROR_DATA,
        "column 1 of the data has numbers so large that their sum");
  divw_dataset_destroy(dataset);
  fails(divw_dataset_center(&out, NULL), DIVW_ERROR_ARGUMENT, "divw_dataset_center: dataset is NULL");
  fails(divw_dataset_center(NULL, NULL), DIVW_ERROR_ARGUMENT, "divw_dataset_center: out is NULL");
}

/* ---- components ---- */

static double inner(const double *a, const double *b, int64_t count) {
  double sum = 0;
  for (int64_t j = 0; j < count; j++) {
    sum += a[j] * b[j];
  }
  return sum;
}

/* Columns of z are orthogonal, of falling length, and Z Z^T is the best approximation of X X^T: the rest has what is
 * left of its trace. With all components, Z Z^T = X X^T. */
static void check_components(const double *x, int64_t n, int64_t d, int64_t k) {
  divw_dataset *dataset = reduced(doubles(x, n, d), k);
  double *z = read_all(dataset), *w = calloc((size_t)k, sizeof *w), total = 0, kept = 0;
  assert_int_equal(divw_dataset_dimension(dataset), k);
  assert_int_equal(divw_dataset_shape(dataset, 1), k);
  assert_int_equal(divw_dataset_shape(dataset, 2), 0);
  assert_int_equal(divw_dataset_count(dataset), n);
  total = inner(x, x, n * d);
  for (int64_t a = 0; a < k; a++) {
    for (int64_t b = a; b < k; b++) {
      double product = 0;
      for (int64_t i = 0; i < n; i++) {
        product += z[i * k + a] * z[i * k + b];
      }
      if (a == b) {
        w[a] = product;
      } else {
        near(product, 0, 1e-12 * total);
      }
    }
    assert_true(a == 0 || w[a] <= w[a - 1] * (1 + 1e-12));
    kept += w[a];
  }
  for (int64_t i = 0; k == dw_min(n, d) && i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      near(inner(z + i * k, z + j * k, k), inner(x + i * d, x + j * d, d), 1e-12 * total);
    }
  }
  /* X^T z_a = w_a v_a with |v_a| = 1: each column is an eigenvector, not just some orthogonal direction */
  for (int64_t a = 0; a < k; a++) {
    double *v = calloc((size_t)d, sizeof *v);
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < d; j++) {
        v[j] += x[i * d + j] * z[i * k + a];
      }
    }
    near(inner(v, v, d), w[a] * w[a], 1e-11 * total * total);
    for (int64_t i = 0; i < n; i++) {
      near(inner(v, x + i * d, d), w[a] * z[i * k + a], 1e-11 * total * sqrt(total));
    }
    free(v);
  }
  assert_true(kept <= total * (1 + 1e-12));
  free(w);
  free(z);
  divw_dataset_destroy(dataset);
}

static void components_are_eigenvectors_in_order_on_both_sides(void **state) {
  (void)state;
  const struct {
    int64_t n, d, k;
  } cases[] = {{1, 1, 1},  {1, 5, 1},  {5, 1, 1},    {40, 6, 6}, {40, 6, 2},
               {6, 40, 6}, {6, 40, 3}, {20, 20, 20}, {9, 600, 4}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    double *x = make_rows(cases[c].n, cases[c].d, c + 1);
    for (int64_t i = 0; i < cases[c].n * cases[c].d; i++) {
      x[i] = x[i] * (double)(1 + i % cases[c].d % 7) + 1;
    }
    check_components(x, cases[c].n, cases[c].d, cases[c].k);
    free(x);
  }
}

/* The leading components of a set with known directions. */
static void known_directions_are_found(void **state) {
  (void)state;
  const double x[8] = {3, 3, -3, -3, 1, -1, -1, 1};
  divw_dataset *dataset = reduced(doubles(x, 4, 2), 1);
  double *z = read_all(dataset);
  near(fabs(z[0]), 3 * sqrt(2), 1e-14);
  near(z[1], -z[0], 1e-14);
  assert_true(z[2] == 0 && z[3] == 0); /* nothing of them is in that direction, and rounding is cleared away */
  divw_kernel *kernel;
  fails(divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE), DIVW_ERROR_DATA, "row 2 of the data is all zeros");
  free(z);
  divw_dataset_destroy(dataset);
}

static void rounding_is_no_direction_on_the_side_of_the_rows_either(void **state) {
  (void)state;
  const double x[12] = {3, 3, 3, 3, -6, -6, -6, -6, 0.1, -0.1, 0.1, -0.1};
  divw_dataset *dataset = reduced(doubles(x, 3, 4), 1);
  double *z = read_all(dataset);
  near(z[1], -2 * z[0], 1e-13);
  assert_true(z[2] == 0);
  free(z);
  divw_dataset_destroy(dataset);
}

static void all_components_change_no_score(void **state) {
  (void)state;
  double *x = make_rows(60, 8, 11), score, other;
  divw_dataset *dataset = doubles(x, 60, 8), *rotated, *center, *turned;
  divw_kernel *kernel;
  divw_dataset *pairs[2][2];
  ok(divw_dataset_components(&rotated, dataset, 8));
  ok(divw_dataset_center(&center, dataset));
  ok(divw_dataset_components(&turned, center, 8));
  pairs[0][0] = dataset, pairs[0][1] = rotated, pairs[1][0] = center, pairs[1][1] = turned;
  for (int k = 0; k < 2; k++) {
    ok(divw_kernel_create(&kernel, pairs[k][0], DIVW_KERNEL_COSINE));
    ok(divw_vendi_score(kernel, NULL, 1, &score));
    divw_kernel_destroy(kernel);
    ok(divw_kernel_create(&kernel, pairs[k][1], DIVW_KERNEL_COSINE));
    ok(divw_vendi_score(kernel, NULL, 1, &other));
    divw_kernel_destroy(kernel);
    near(score, other, 1e-12);
    divw_dataset_destroy(pairs[k][0]);
    divw_dataset_destroy(pairs[k][1]);
  }
  free(x);
}

static void rows_of_any_size_have_components(void **state) {
  (void)state;
  const double scales[] = {1e-300, 1e-160, 1, 1e160, 1e300};
  double *x = make_rows(12, 5, 2), *expected = NULL;
  for (int c = 0; c < 2; c++) { /* 12 x 5, then 5 x 12 */
    const int64_t n = c == 0 ? 12 : 5, d = 17 - n;
    divw_dataset *plain = reduced(doubles(x, n, d), 2);
    expected = read_all(plain);
    divw_dataset_destroy(plain);
    for (int s = 0; s < 5; s++) {
      double scaled[60];
      for (int i = 0; i < 60; i++) {
        scaled[i] = scales[s] * x[i];
      }
      divw_dataset *dataset = reduced(doubles(scaled, n, d), 2);
      double *z = read_all(dataset);
      for (int64_t i = 0; i < 2 * n; i++) {
        near(fabs(z[i] / scales[s]), fabs(expected[i]), 1e-13);
      }
      free(z);
      divw_dataset_destroy(dataset);
    }
    free(expected);
  }
  const double zeros[6] = {0};
  divw_dataset *dataset = reduced(doubles(zeros, 3, 2), 2);
  double *z = read_all(dataset);
  assert_memory_equal(z, zeros, sizeof zeros);
  free(z);
  free(x);
  divw_dataset_destroy(dataset);
}

static void the_number_of_components_has_a_range(void **state) {
  (void)state;
  double *x = make_rows(5, 3, 1);
  divw_dataset *dataset = doubles(x, 5, 3), *out = dataset;
  fails(divw_dataset_components(&out, dataset, 4), DIVW_ERROR_ARGUMENT,
        "divw_dataset_components: components is 4, expected 1 to 3, the smaller number of 5 rows and 3 columns");
  assert_null(out);
  fails(divw_dataset_components(&out, dataset, 0), DIVW_ERROR_ARGUMENT, "components is 0, expected 1 to 3");
  fails(divw_dataset_components(&out, dataset, -1), DIVW_ERROR_ARGUMENT, "components is -1");
  fails(divw_dataset_components(&out, NULL, 1), DIVW_ERROR_ARGUMENT, "dataset is NULL");
  fails(divw_dataset_components(NULL, dataset, 1), DIVW_ERROR_ARGUMENT, "out is NULL");
  divw_dataset_destroy(dataset);
  free(x);
  ok(divw_dataset_create_borrowed(&dataset, "", 32767, 40000, DIVW_UINT8, 0)); /* refused before a row is looked at */
  fails(divw_dataset_components(&out, dataset, 4), DIVW_ERROR_SIZE,
        "the smaller number of rows and columns is 32767, LAPACK handles at most 32766");
  divw_dataset_destroy(dataset);
}

/* Row numbers, labels and ids go through every transformation and subset. */
static void what_is_known_of_rows_is_kept(void **state) {
  (void)state;
  double *x = make_rows(10, 4, 9);
  static const char *const names[10] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  const int64_t labels[10] = {0, 1, 4, 9, 16, 25, 36, 49, 64, 81};
  divw_dataset *dataset = doubles(x, 10, 4), *some, *fewer;
  ok(divw_dataset_set_ids(dataset, names, 10));
  ok(divw_dataset_set_labels(dataset, labels, 10));
  ok(divw_dataset_select_rows(&some, dataset, (int64_t[]){9, 3, 5, 3, 7, 1}, 6));
  some = reduced(centered(some), 3);
  some = reduced(some, 2);
  ok(divw_dataset_select_rows(&fewer, some, (int64_t[]){5, 1, 0}, 3));
  const int64_t expected[3] = {1, 3, 9};
  for (int64_t i = 0; i < 3; i++) {
    assert_int_equal(divw_dataset_row(fewer, i), expected[i]);
    assert_int_equal(divw_dataset_labels(fewer)[i], labels[expected[i]]);
    assert_string_equal(divw_dataset_id(fewer, i), names[expected[i]]);
  }
  assert_int_equal(divw_dataset_dtype(fewer), DIVW_FLOAT64);
  assert_true(divw_dataset_seconds_read(fewer) == 0);
  divw_dataset_destroy(some);
  divw_dataset_destroy(fewer);
  divw_dataset_destroy(dataset);
  free(x);
}

/* ---- other rows, likewise ---- */

static divw_dataset *like(const double *x, int64_t n, int64_t d, const divw_dataset *model) {
  divw_dataset *rows = doubles(x, n, d), *result;
  ok(divw_dataset_transform_like(&result, rows, model));
  divw_dataset_destroy(rows);
  return result;
}

/* The rows that a model was made of, given as new ones, become the model's; the mean of two becomes the mean of two. */
static void check_like(const double *x, int64_t n, int64_t d, const divw_dataset *model, double tolerance) {
  double between[40];
  for (int64_t j = 0; j < d; j++) {
    between[j] = (x[j] + x[d + j]) / 2;
  }
  divw_dataset *same = like(x, n, d, model), *middle = like(between, 1, d, model);
  const int64_t k = divw_dataset_dimension(model);
  double *expected = read_all(model), *found = read_all(same), *mean = read_all(middle);
  assert_int_equal(divw_dataset_dimension(same), k);
  assert_int_equal(divw_dataset_dtype(same), DIVW_FLOAT64);
  for (int64_t i = 0; i < n * k; i++) {
    near(found[i], expected[i], tolerance);
  }
  for (int64_t j = 0; j < k; j++) {
    near(mean[j], (expected[j] + expected[k + j]) / 2, tolerance);
  }
  free(mean);
  free(found);
  free(expected);
  divw_dataset_destroy(middle);
  divw_dataset_destroy(same);
}

static void other_rows_are_moved_and_turned_alike(void **state) {
  (void)state;
  for (int wide = 0; wide < 2; wide++) {
    const int64_t n = wide ? 7 : 40, d = wide ? 40 : 7;
    double *x = make_rows(n, d, 8);
    for (int64_t i = 0; i < n * d; i++) {
      x[i] += 3;
    }
    divw_dataset *model = doubles(x, n, d);
    check_like(x, n, d, model, 0); /* nothing to do */
    model = centered(model);
    check_like(x, n, d, model, 1e-14);
    model = reduced(model, 6); /* as many as there are, on the side of the rows */
    check_like(x, n, d, model, 1e-13);
    model = reduced(centered(reduced(model, 5)), 3);
    check_like(x, n, d, model, 1e-12);
    model = centered(model);
    check_like(x, n, d, model, 1e-12);
    divw_dataset *some, *one;
    ok(divw_dataset_select_rows(&some, model, (int64_t[]){4, 2}, 2));
    one = like(x + 4 * d, 1, d, some); /* a subset keeps what was found on the whole */
    double *found = read_all(one), *expected = read_all(some);
    for (int j = 0; j < 3; j++) {
      near(found[j], expected[j], 1e-12);
    }
    free(expected);
    free(found);
    divw_dataset_destroy(one);
    divw_dataset_destroy(some);
    divw_dataset_destroy(model);
    free(x);
  }
}

/* A direction that is rounding is none for new rows either: three rows in a plane have two. */
static void other_rows_are_not_turned_into_rounding(void **state) {
  (void)state;
  const double x[15] = {1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0}, y[10] = {0, 0, 0, 5, 0, 1, 2, 7, 0, 0};
  divw_dataset *model = reduced(doubles(x, 3, 5), 3), *rows = like(y, 2, 5, model);
  double *z = read_all(rows);
  assert_true(z[0] == 0 && z[1] == 0 && z[2] == 0); /* nothing in common: a row of zeros */
  near(z[3] * z[3] + z[4] * z[4] + z[5] * z[5], 5, 1e-13);
  free(z);
  divw_dataset_destroy(rows);
  divw_dataset_destroy(model);
  double *wide = make_rows(12, 40, 3), whole = 0, part = 0; /* six pairs of copies: six directions, one never met */
  for (int i = 0; i < 12; i++) {
    wide[i * 40] = 0;
    memcpy(wide + i * 40, wide + i % 6 * 40, 40 * sizeof *wide);
  }
  model = reduced(doubles(wide, 12, 40), 12);
  for (int j = 0; j < 40; j++) {
    whole += wide[j] * wide[j];
  }
  wide[0] = 3;
  rows = like(wide, 1, 40, model);
  z = read_all(rows);
  for (int k = 0; k < 12; k++) {
    part += z[k] * z[k];
  }
  near(part, whole, 1e-12 * whole);
  free(wide);
  free(z);
  divw_dataset_destroy(rows);
  divw_dataset_destroy(model);
}

static void other_rows_must_fit(void **state) {
  (void)state;
  double *x = make_rows(6, 4, 1), bad[4] = {0, 1, NAN, 0};
  divw_dataset *plain = doubles(x, 6, 4), *model = reduced(centered(doubles(x, 6, 4)), 2), *moved = NULL,
               *narrow = doubles(x, 8, 3), *nan = doubles(bad, 1, 4), *out = plain;
  ok(divw_dataset_center(&moved, plain));
  fails(divw_dataset_transform_like(NULL, plain, model), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_dataset_transform_like(&out, NULL, model), DIVW_ERROR_ARGUMENT, "dataset is NULL");
  assert_null(out);
  fails(divw_dataset_transform_like(&out, plain, NULL), DIVW_ERROR_ARGUMENT, "model is NULL");
  fails(divw_dataset_transform_like(&out, narrow, model), DIVW_ERROR_ARGUMENT,
        "divw_dataset_transform_like: dataset has 3 columns, expected 4, those that model was made of");
  fails(divw_dataset_transform_like(&out, moved, model), DIVW_ERROR_ARGUMENT, "dataset is centered, expected rows as");
  fails(divw_dataset_transform_like(&out, nan, model), DIVW_ERROR_DATA, "row 0, column 2 of the data is nan");
  divw_dataset_destroy(nan);
  divw_dataset_destroy(narrow);
  divw_dataset_destroy(moved);
  divw_dataset_destroy(model);
  divw_dataset_destroy(plain);
  free(x);
}

/* ---- memory ---- */

static divw_status transform(void *context) {
  divw_status status;
  const int64_t *shape = context;
  static double x[12] = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233};
  divw_dataset *all, *some = NULL, *center = NULL, *again = NULL, *components = NULL, *last = NULL, *other = NULL;
  DW_TRY(divw_dataset_create_borrowed(&all, x, shape[0], shape[1], DIVW_FLOAT64, 0));
  DW_TRY(divw_dataset_set_ids(all, (const char *const[]){"a", "b", "c", "d", "e", "f"}, shape[0]));
  DW_TRY(divw_dataset_select_rows(&some, all, (int64_t[]){1, 0}, 2));
  DW_TRY(divw_dataset_center(&center, some));
  DW_TRY(divw_dataset_center(&again, center));
  DW_TRY(divw_dataset_components(&components, again, 1));
  DW_TRY(divw_dataset_center(&last, components));
  DW_TRY(divw_dataset_transform_like(&other, all, last));
fail:
  divw_dataset_destroy(other);
  divw_dataset_destroy(last);
  divw_dataset_destroy(components);
  divw_dataset_destroy(again);
  divw_dataset_destroy(center);
  divw_dataset_destroy(some);
  divw_dataset_destroy(all);
  return status;
}

static void every_failed_allocation_is_an_error(void **state) {
  (void)state;
  fail_every_allocation(transform, (int64_t[]){6, 2});
  fail_every_allocation(transform, (int64_t[]){2, 6});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_mean_is_subtracted_from_rows_of_every_type),
      cmocka_unit_test(the_mean_is_exact_under_a_large_common_part),
      cmocka_unit_test(rows_that_are_the_mean_are_named_by_the_kernel),
      cmocka_unit_test(centering_twice_is_centering_once),
      cmocka_unit_test(subsets_keep_the_mean_of_the_whole),
      cmocka_unit_test(numbers_that_have_no_mean_are_named),
      cmocka_unit_test(components_are_eigenvectors_in_order_on_both_sides),
      cmocka_unit_test(known_directions_are_found),
      cmocka_unit_test(rounding_is_no_direction_on_the_side_of_the_rows_either),
      cmocka_unit_test(all_components_change_no_score),
      cmocka_unit_test(rows_of_any_size_have_components),
      cmocka_unit_test(the_number_of_components_has_a_range),
      cmocka_unit_test(what_is_known_of_rows_is_kept),
      cmocka_unit_test(other_rows_are_moved_and_turned_alike),
      cmocka_unit_test(other_rows_are_not_turned_into_rounding),
      cmocka_unit_test(other_rows_must_fit),
      cmocka_unit_test(every_failed_allocation_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
