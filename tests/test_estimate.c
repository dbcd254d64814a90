/* Estimates against what the library asks its allocator for; headers; the limit on memory. */
#include "make.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- an allocator that counts ---- */

enum { ROOM = 64 };

static struct { uint64_t live, peak; } memory;

static void *count_up(uint64_t bytes, void *user) {
  unsigned char *block = aligned_alloc(ROOM, (bytes + 2 * ROOM - 1) / ROOM * ROOM);
  (void)user;
  if (block == NULL) {
    return NULL;
  }
  memcpy(block, &bytes, sizeof bytes);
  memory.live += bytes;
  memory.peak = memory.live > memory.peak ? memory.live : memory.peak;
  return block + ROOM;
}

static void count_down(void *block, void *user) {
  uint64_t bytes;
  (void)user;
  memcpy(&bytes, (unsigned char *)block - ROOM, sizeof bytes);
  memory.live -= bytes;
  free((unsigned char *)block - ROOM);
}

/* ---- data ---- */

/* n rows of d numbers that are all above 0, as a .npy of the type. */
static const char *write_rows(int64_t n, int64_t d, int32_t dtype) {
  static const char *const names[] = {"", "<f8", "<f4", "<f2", "|u1"};
  static const int64_t sizes[] = {0, 8, 4, 2, 1};
  const int64_t size = sizes[dtype];
  unsigned char *file = calloc(1, (size_t)(128 + n * d * size));
  char text[118 + 1], dictionary[118];
  test_random random = {(uint64_t)(n + d)};
  assert_non_null(file);
  snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (%lld, %lld), }",
           names[dtype], (long long)n, (long long)d);
  snprintf(text, sizeof text, "%-117s\n", dictionary);
  memcpy(file, "\x93NUMPY\x01\x00\x76\x00", 10);
  memcpy(file + 10, text, 118);
  for (int64_t k = 0; k < n * d; k++) {
    const double value = 0.01 + next_uniform(&random) * next_uniform(&random);
    const float narrow = (float)value;
    const unsigned char byte = (unsigned char)(1 + 200 * value);
    memcpy(file + 128 + k * size,
           size == 8   ? (const void *)&value
           : size == 4 ? (const void *)&narrow
                       : &byte,
           (size_t)size);
  }
  const char *path = scratch_file("rows.npy", file, (size_t)(128 + n * d * size));
  free(file);
  return path;
}

typedef struct {
  const char *name;
  int64_t n, d;
  int32_t dtype;
  int64_t selected, components; /* 0: all, none */
  int32_t method;
  double order, balance;
  int64_t iterations;
  double cap;
} shape;

static divw_solver *make_solver(const shape *of) {
  divw_solver *solver;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_method(solver, of->method));
  ok(divw_solver_set_order(solver, of->order));
  ok(divw_solver_set_balance(solver, of->balance));
  ok(divw_solver_set_max_iterations(solver, of->iterations));
  ok(divw_solver_set_tolerance(solver, 1e-13));
  ok(divw_solver_set_max_solves(solver, 2));
  ok(divw_solver_set_max_weight(solver, of->cap));
  return solver;
}

static divw_estimate *make_estimate(const shape *of, const divw_solver *solver, const char *path) {
  divw_estimate *estimate;
  int64_t n, d;
  int32_t dtype;
  ok(divw_dataset_describe(path, NULL, &n, &d, &dtype));
  assert_true(n == of->n && d == of->d && dtype == of->dtype);
  ok(divw_estimate_create(&estimate, solver, n, d, dtype, of->selected > 0 ? of->selected : n, of->components));
  return estimate;
}

/* Reads, selects, reduces, makes the kernel; the height of that. */
static divw_kernel *prepare(const shape *of, const char *path) {
  divw_dataset *rows, *next;
  divw_kernel *kernel;
  ok(divw_dataset_load(&rows, path));
  if (of->selected > 0) {
    int64_t *list = calloc((size_t)of->selected, sizeof *list);
    for (int64_t i = 0; i < of->selected; i++) {
      list[i] = of->n - 1 - i;
    }
    ok(divw_dataset_select_rows(&next, rows, list, of->selected));
    free(list);
    divw_dataset_destroy(rows);
    rows = next;
  }
  if (of->components > 0) {
    ok(divw_dataset_components(&next, rows, of->components));
    divw_dataset_destroy(rows);
    rows = next;
  }
  ok(divw_kernel_create(&kernel, rows, DIVW_KERNEL_COSINE));
  divw_dataset_destroy(rows);
  return kernel;
}

static void check_part(const char *name, const char *part, double predicted, uint64_t real) {
  const double ratio = predicted / (double)real;
  print_message("%-28s %-11s %12.0f predicted %12llu real %6.3f\n", name, part, predicted, (unsigned long long)real,
                ratio);
  assert_true(ratio >= 1);
  assert_true(ratio <= 1.3);
}

static void check_shape(const shape *of) {
  const char *path = write_rows(of->n, of->d, of->dtype);
  divw_solver *solver = make_solver(of);
  divw_estimate *estimate = make_estimate(of, solver, path);
  divw_weights *weights;
  const uint64_t before = memory.live;
  memory.peak = before;
  divw_kernel *kernel = prepare(of, path);
  const uint64_t prepared = memory.peak - before, stays = memory.live - before;
  memory.peak = memory.live;
  ok(divw_solver_solve(solver, kernel, &weights));
  const uint64_t solved = memory.peak - before, peak = solved > prepared ? solved : prepared;
  const int32_t part =
      divw_estimate_bytes(estimate, DIVW_MEMORY_SOLVER) > divw_estimate_bytes(estimate, DIVW_MEMORY_INTERIOR_POINT)
          ? DIVW_MEMORY_SOLVER
          : DIVW_MEMORY_INTERIOR_POINT;
  check_part(of->name, "solve", divw_estimate_bytes(estimate, part), solved - stays);
  check_part(of->name, "peak", divw_estimate_bytes(estimate, DIVW_MEMORY_PEAK), peak);
  assert_true(divw_estimate_bytes(estimate, DIVW_MEMORY_PREPARATION) >= (double)prepared);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  divw_estimate_destroy(estimate);
  divw_solver_destroy(solver);
}

static void memory_is_what_was_estimated_and_at_most_a_third_less(void **state) {
  (void)state;
  const shape shapes[] = {
      {"many rows, uint8", 20000, 24, DIVW_UINT8, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 30, INFINITY},
      {"many rows, float32", 8000, 48, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 0.5, 0.99, 25, INFINITY},
      {"many rows, float64, capped", 8000, 32, DIVW_FLOAT64, 0, 0, DIVW_METHOD_ACCELERATED, 2, 0.5, 30, 3},
      {"few iterations", 8000, 32, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 6, INFINITY},
      {"square", 400, 300, DIVW_FLOAT64, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 19, INFINITY},
      {"fewer rows than columns", 250, 3000, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.5, 19, INFINITY},
      {"far fewer rows", 100, 20000, DIVW_UINT8, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.5, 19, INFINITY},
      {"some of the rows", 20000, 64, DIVW_FLOAT32, 2000, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 30, INFINITY},
      {"components", 5000, 256, DIVW_FLOAT32, 0, 16, DIVW_METHOD_ACCELERATED, 1, 0.99, 30, INFINITY},
      {"components of few rows", 300, 2000, DIVW_UINT8, 0, 100, DIVW_METHOD_ACCELERATED, 1, 0.99, 30, INFINITY},
      {"interior point", 700, 40, DIVW_FLOAT32, 0, 0, DIVW_METHOD_INTERIOR_POINT, 1, 0.9, 6, INFINITY},
      {"interior point, order 2", 700, 40, DIVW_UINT8, 0, 0, DIVW_METHOD_INTERIOR_POINT, 2, 0.9, 6, 5},
      {"interior point, order inf", 500, 40, DIVW_FLOAT64, 0, 0, DIVW_METHOD_AUTO, INFINITY, 0.9, 6, INFINITY},
      {"columns generated", 12000, 24, DIVW_FLOAT32, 0, 0, DIVW_METHOD_INTERIOR_POINT, 1, 0.9, 22, INFINITY},
      {"published optimiser", 8000, 24, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ADAM, 1, 0.99, 6, INFINITY},
  };
  ok(divw_set_allocator(count_up, count_down, NULL));
  for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
    check_shape(&shapes[k]);
  }
  assert_int_equal(memory.live, 0);
  ok(divw_set_allocator(NULL, NULL, NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_is_what_was_estimated_and_at_most_a_third_less),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
