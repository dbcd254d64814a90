/* Products in registers against naive loops in long double, for every kind of code that this processor can run, in both
 * precisions; and the
 * passes that they make: the same bits every time, and nearly the same with any number of threads. */
#include "check.h"
#include "kernel.h"
#include "kernel/tiles.h"
#include "make.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- tiles ---- */

typedef struct {
  int64_t r, count, length, stride;
  void *rows, *panels, *factor, *scratch; /* float or double */
  double *x, *R, *S, *D;
  double unit; /* of rounding */
} problem;

static void put(const dw_tiles *tiles, void *numbers, int64_t at, double value) {
  if (tiles->size == sizeof(float)) {
    ((float *)numbers)[at] = (float)value;
  } else {
    ((double *)numbers)[at] = value;
  }
}

static problem make_problem(const dw_tiles *tiles, int64_t r, int64_t count) {
  problem t = {.r = r, .count = count, .length = (count + 7) / 8 * 8, .stride = r + 3};
  const int64_t wide = (r + DW_PANEL - 1) / DW_PANEL * DW_PANEL;
  t.unit = tiles->size == sizeof(float) ? FLT_EPSILON : DBL_EPSILON;
  t.rows = calloc((size_t)(t.length * t.stride), tiles->size);
  t.panels = calloc((size_t)(t.length * wide), tiles->size);
  t.factor = calloc((size_t)dw_tile_factor_numbers(r), tiles->size);
  t.scratch = calloc((size_t)((t.length + DW_TALLEST) * DW_TILE_SCRATCH), tiles->size);
  t.x = calloc((size_t)(count * r), sizeof *t.x);
  t.R = calloc((size_t)(r * r), sizeof *t.R);
  t.S = calloc((size_t)(r * r), sizeof *t.S);
  t.D = calloc((size_t)count, sizeof *t.D);
  test_random random = {(uint64_t)(r + 1000 * count)};
  for (int64_t i = 0; i < count; i++) {
    for (int64_t j = 0; j < r; j++) {
      const double x = next_normal(&random);
      t.x[i * r + j] = tiles->size == sizeof(float) ? (double)(float)x : x;
      put(tiles, t.rows, i * t.stride + j, x);
      put(tiles, t.panels, (j / DW_PANEL * t.length + i) * DW_PANEL + j % DW_PANEL, x);
    }
  }
  for (int64_t k = 0; k < r * r; k++) {
    t.R[k] = k % r >= k / r ? next_normal(&random) : NAN; /* what is below the diagonal is not looked at */
    t.S[k] = 1;
  }
  return t;
}

static void end_problem(problem *t) {
  void *const owned[] = {t->rows, t->panels, t->factor, t->scratch, t->x, t->R, t->S, t->D};
  for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) {
    free(owned[k]);
  }
}

static void check_gram(const dw_tiles *tiles, const problem *t) {
  tiles->gram(t->S, t->r, t->panels, t->length, t->count);
  for (int64_t i = 0; i < t->r; i++) {
    for (int64_t j = i; j < t->r; j++) {
      long double sum = 1, size = 1;
      for (int64_t k = 0; k < t->count; k++) {
        const long double product = (long double)t->x[k * t->r + i] * t->x[k * t->r + j];
        sum += product;
        size += fabsl(product);
      }
      near(t->S[i * t->r + j], (double)sum, 8 * t->unit * (double)size);
    }
  }
}

static void check_squares(const dw_tiles *tiles, const problem *t) {
  tiles->pack(t->factor, t->R, t->r);
  tiles->squares(t->D, t->factor, t->r, t->rows, t->stride, t->count, t->scratch);
  for (int64_t i = 0; i < t->count; i++) {
    long double square = 0, size = 0;
    for (int64_t j = 0; j < t->r; j++) {
      long double sum = 0, most = 0;
      for (int64_t k = j; k < t->r; k++) {
        const long double product = (long double)t->R[j * t->r + k] * t->x[i * t->r + k];
        sum += product;
        most += fabsl(product);
      }
      square += sum * sum;
      size += most * most;
    }
    near(t->D[i], (double)square, 16 * t->unit * (double)size);
  }
}

static void every_kind_multiplies_as_naive_loops_do(void **state) {
  (void)state;
  static const int64_t orders[] = {1, 2, 7, 16, 31, 32, 33, 63, 100, 129}, counts[] = {1, 5, 8, 77};
  int kinds = 0;
  for (const dw_tiles *tiles; (tiles = dw_tiles_of(kinds / 2, kinds % 2 == 0)) != NULL; kinds++) {
    print_message("%s, %d bytes\n", tiles->name, (int)tiles->size);
    for (size_t k = 0; k < 40; k++) {
      problem t = make_problem(tiles, orders[k / 4], counts[k % 4]);
      check_gram(tiles, &t);
      check_squares(tiles, &t);
      end_problem(&t);
    }
  }
  assert_true(kinds >= 2);
}

/* The buffer that a factor is packed into ends where it says: behind it lies what must stay. */
static void packed_factors_fit(void **state) {
  (void)state;
  for (int64_t r = 1; r <= 130; r++) {
    const int64_t room = dw_tile_factor_numbers(r);
    double *R = calloc((size_t)(r * r), sizeof *R);
    char *factor = malloc((size_t)(room + 1) * sizeof(double));
    const dw_tiles *tiles;
    for (int kind = 0; (tiles = dw_tiles_of(kind / 2, kind % 2 == 0)) != NULL; kind++) {
      const size_t end = (size_t)room * tiles->size;
      factor[end] = 42;
      tiles->pack(factor, R, r);
      assert_int_equal(factor[end], 42);
    }
    free(factor);
    free(R);
  }
}

/* ---- passes ---- */

enum { ROWS = 9001, FEATURES = 70 };

static divw_status run_passes(void *context) {
  double *S = malloc(FEATURES * FEATURES * sizeof *S), *D = malloc(ROWS * sizeof *D);
  const double *const R[] = {S};
  divw_status status = dw_kernel_moment(context, NULL, true, S);
  if (status == DIVW_OK) {
    status = dw_kernel_quadratic(context, R, 1, false, &D);
  }
  free(D);
  free(S);
  return status;
}

static void check_repeats(bool single) {
  double *x = make_rows(ROWS, FEATURES, 4), S[5][FEATURES * FEATURES], *D = malloc(5 * ROWS * sizeof *D);
  divw_kernel *kernel = make_kernel(x, ROWS, FEATURES);
  const int32_t before = divw_threads();
  for (int run = 0; run < 5; run++) {
    const double *const R[] = {S[0]};
    double *out = D + (int64_t)run * ROWS;
    ok(divw_set_threads(run == 0 ? 1 : run < 3 ? 2 : 7));
    ok(dw_kernel_moment(kernel, NULL, single, S[run]));
    ok(dw_kernel_quadratic(kernel, R, 1, single, &out));
    assert_memory_equal(out, D, ROWS * sizeof *D); /* no sum runs over rows */
    for (int k = 0; k < FEATURES * FEATURES; k++) {
      near(S[run][k], S[0][k], single ? 1e-8 : 1e-16);
    }
  }
  assert_memory_equal(S[2], S[1], sizeof S[1]);
  assert_memory_equal(S[4], S[3], sizeof S[3]);
  ok(divw_set_threads(3));
  fail_every_allocation(run_passes, kernel);
  ok(divw_set_threads(before));
  divw_kernel_destroy(kernel);
  free(D);
  free(x);
}

static void passes_are_repeatable_with_any_number_of_threads(void **state) {
  (void)state;
  check_repeats(true);
  check_repeats(false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_kind_multiplies_as_naive_loops_do),
      cmocka_unit_test(packed_factors_fit),
      cmocka_unit_test(passes_are_repeatable_with_any_number_of_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
