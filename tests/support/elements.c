#include "elements.h"

#include <stdio.h>
#include <stdlib.h>

static void swap(unsigned char *bytes, size_t count, size_t size) {
  for (size_t k = 0; k < count; k += size) {
    for (size_t b = 0; b < size / 2; b++) {
      const unsigned char kept = bytes[k + b];
      bytes[k + b] = bytes[k + size - 1 - b];
      bytes[k + size - 1 - b] = kept;
    }
  }
}

static const char *const codes[] = {"", "f8", "f4", "f2", "u1"};
static const size_t sizes[] = {0, 8, 4, 2, 1};

static unsigned char *make_columns(int64_t n, int64_t d, int32_t dtype, uint64_t seed, int64_t every) {
  test_random random = {seed};
  unsigned char *bytes = calloc((size_t)(n * d), sizes[dtype]);
  assert_non_null(bytes);
  for (int64_t k = 0; k < n * d; k++) {
    const double value = 0.01 + next_uniform(&random) * next_uniform(&random);
    const float narrow = (float)value;
    const uint16_t half = (uint16_t)(0x3c00 + (int)(1000 * value));
    const unsigned char byte = (unsigned char)(1 + 200 * value);
    const void *const forms[] = {NULL, &value, &narrow, &half, &byte};
    if (k % d % every == 0) {
      memcpy(bytes + (size_t)k * sizes[dtype], forms[dtype], sizes[dtype]);
    }
  }
  return bytes;
}

unsigned char *make_elements(int64_t n, int64_t d, int32_t dtype, uint64_t seed) {
  return make_columns(n, d, dtype, seed, 1);
}

unsigned char *make_sparse_elements(int64_t n, int64_t d, int32_t dtype, uint64_t seed) {
  return make_columns(n, d, dtype, seed, 40);
}

const char *write_npy(const char *name, const void *bytes, int64_t n, int64_t d, int32_t dtype, char order,
                      bool fortran) {
  const size_t count = (size_t)(n * d) * sizes[dtype];
  unsigned char *file = malloc(128 + count);
  char text[119], dictionary[118];
  assert_non_null(file);
  snprintf(dictionary, sizeof dictionary, "{'descr': '%c%s', 'fortran_order': %s, 'shape': (%lld, %lld), }", order,
           codes[dtype], fortran ? "True" : "False", (long long)n, (long long)d);
  snprintf(text, sizeof text, "%-117s\n", dictionary);
  memcpy(file, "\x93NUMPY\x01\x00\x76\x00", 10);
  memcpy(file + 10, text, 118);
  memcpy(file + 128, bytes, count);
  if (order == '>') {
    swap(file + 128, count, sizes[dtype]);
  }
  const char *path = scratch_file(name, file, 128 + count);
  free(file);
  return path;
}

const char *write_large(void) {
  unsigned char *bytes = make_sparse_elements(LARGE_N, LARGE_D, DIVW_FLOAT32, 1);
  const char *path = write_npy("large.npy", bytes, LARGE_N, LARGE_D, DIVW_FLOAT32, '<', false);
  free(bytes);
  return path;
}

void have_the_same_rows(const divw_dataset *a, const divw_dataset *b) {
  const int64_t n = divw_dataset_count(a), d = divw_dataset_dimension(a);
  double *x = malloc((size_t)(n * d) * sizeof *x), *y = malloc((size_t)(n * d) * sizeof *y);
  assert_int_equal(n, divw_dataset_count(b));
  assert_int_equal(d, divw_dataset_dimension(b));
  assert_int_equal(divw_dataset_dtype(a), divw_dataset_dtype(b));
  ok(divw_dataset_read(a, 0, n, x));
  ok(divw_dataset_read(b, 0, n, y));
  assert_memory_equal(x, y, (size_t)(n * d) * sizeof *x);
  memset(y, 0, (size_t)(n * d) * sizeof *y);
  for (int64_t i = n - 1; i >= 0; i -= 1 + n / 7) { /* backwards, one at a time */
    ok(divw_dataset_read(b, i, 1, y));
    assert_memory_equal(x + i * d, y, (size_t)d * sizeof *x);
  }
  free(x);
  free(y);
}

divw_status solve_briefly(const divw_dataset *dataset, divw_weights **weights) {
  divw_kernel *kernel = NULL;
  divw_solver *solver = NULL;
  *weights = NULL;
  divw_status status = divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE);
  if (status == DIVW_OK && (status = divw_solver_create(&solver)) == DIVW_OK) {
    ok(divw_solver_set_method(solver, DIVW_METHOD_ACCELERATED));
    ok(divw_solver_set_max_iterations(solver, 4));
    status = divw_solver_solve(solver, kernel, weights);
  }
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  return status;
}

void solve_to_the_same_bits(const divw_dataset *a, const divw_dataset *b) {
  divw_weights *x, *y;
  ok(solve_briefly(a, &x));
  ok(solve_briefly(b, &y));
  const size_t bytes = (size_t)divw_weights_count(x) * sizeof(double);
  assert_int_equal(divw_weights_count(x), divw_weights_count(y));
  assert_memory_equal(divw_weights_values(x), divw_weights_values(y), bytes);
  near(divw_weights_gap(x), divw_weights_gap(y), 0);
  divw_weights_destroy(x);
  divw_weights_destroy(y);
}

divw_status every_third(divw_dataset **out, const divw_dataset *dataset) {
  int64_t rows[LARGE_N / 3];
  for (int64_t i = 0; i < LARGE_N / 3; i++) {
    rows[i] = 3 * i;
  }
  return divw_dataset_select_rows(out, dataset, rows, LARGE_N / 3);
}
