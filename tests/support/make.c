#include "make.h"

#include <stdlib.h>

divw_kernel *make_kernel(const double *x, int64_t n, int64_t d) {
  divw_dataset *dataset;
  divw_kernel *kernel;
  ok(divw_dataset_create_copy(&dataset, x, n, d, DIVW_FLOAT64, 0));
  ok(divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE));
  divw_dataset_destroy(dataset);
  return kernel;
}

divw_kernel *make_digits_kernel(bool zeros_and_ones, int64_t limit) {
  divw_dataset *all, *chosen, *first;
  divw_kernel *kernel;
  const char *images = real_data("t10k-images-idx3-ubyte.gz");
  if (images == NULL) {
    return NULL;
  }
  ok(divw_dataset_load(&all, images));
  ok(divw_dataset_load_labels(all, real_data("t10k-labels-idx1-ubyte.gz")));
  ok(divw_dataset_select_labels(&chosen, all, (const int64_t[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
                                zeros_and_ones ? 2 : 10));
  ok(divw_dataset_select_first(&first, chosen, limit > 0 ? limit : divw_dataset_count(chosen)));
  ok(divw_kernel_create(&kernel, first, DIVW_KERNEL_COSINE));
  divw_dataset_destroy(first);
  divw_dataset_destroy(chosen);
  divw_dataset_destroy(all);
  return kernel;
}

divw_weights *make_weights(const divw_kernel *kernel, double balance, double tolerance) {
  divw_solver *solver;
  divw_weights *weights;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_balance(solver, balance));
  ok(divw_solver_set_tolerance(solver, tolerance));
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_solver_destroy(solver);
  return weights;
}

double *make_rows(int64_t n, int64_t d, uint64_t seed) {
  test_random random = {seed};
  double *x = malloc((size_t)(n * d) * sizeof *x);
  for (int64_t i = 0; i < n * d; i++) {
    x[i] = next_normal(&random);
  }
  return x;
}

double *make_copies(int64_t m, int64_t copies) {
  int64_t n = m + copies, d = m + 1;
  double *x = calloc((size_t)(n * d), sizeof *x);
  for (int64_t i = 0; i < n; i++) {
    x[i * d + (i < m ? i : m)] = 1;
  }
  return x;
}
