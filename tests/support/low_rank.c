#include "low_rank.h"

#include "make.h"

#include <math.h>
#include <stdlib.h>

const int32_t kinds[4] = {DIVW_KERNEL_GAUSSIAN, DIVW_KERNEL_LAPLACIAN, DIVW_KERNEL_MATERN, DIVW_KERNEL_ARC_COSINE};

low_rank_problem make_problem(int32_t kind, int64_t n, int64_t d, double spread, int64_t rank, uint64_t seed) {
  low_rank_problem out = {.n = n};
  double *x = make_rows(n, d, seed), *centre = make_rows(4, d, seed + 1000);
  test_random random = {seed};
  for (int64_t i = 0; i < n; i++) {
    const int64_t c = (int64_t)(4 * next_uniform(&random) * next_uniform(&random));
    for (int64_t j = 0; j < d; j++) {
      x[i * d + j] += 2 * centre[c * d + j];
    }
  }
  ok(divw_dataset_create_copy(&out.dataset, x, n, d, DIVW_FLOAT64, 0));
  ok(divw_similarity_create(&out.similarity, kind));
  if (kind != DIVW_KERNEL_ARC_COSINE) {
    divw_kernel *probe;
    ok(divw_kernel_create_with(&probe, out.dataset, out.similarity));
    const double median = divw_similarity_bandwidth(divw_kernel_parameters(probe));
    ok(divw_similarity_set_bandwidth(out.similarity, spread * median));
    divw_kernel_destroy(probe);
  }
  ok(divw_kernel_create_with(&out.exact, out.dataset, out.similarity));
  ok(divw_kernel_create_low_rank(&out.low, out.dataset, out.similarity, rank, 0, seed));
  free(centre);
  free(x);
  return out;
}

void destroy_problem(low_rank_problem *problem) {
  divw_kernel_destroy(problem->low);
  divw_kernel_destroy(problem->exact);
  divw_similarity_destroy(problem->similarity);
  divw_dataset_destroy(problem->dataset);
}

double *gram(const divw_kernel *kernel) {
  const int64_t n = divw_kernel_count(kernel), r = divw_kernel_features(kernel);
  double *phi = malloc((size_t)(n * r) * sizeof *phi), *K = calloc((size_t)(n * n), sizeof *K);
  ok(divw_kernel_read(kernel, 0, n, phi));
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      for (int64_t k = 0; k < r; k++) {
        K[i * n + j] += phi[i * r + k] * phi[j * r + k];
      }
    }
  }
  free(phi);
  return K;
}

void random_weights(double *p, int64_t n, double spread, test_random *random) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    p[i] = exp(spread * next_normal(random));
    sum += p[i];
  }
  for (int64_t i = 0; i < n; i++) {
    p[i] /= sum;
  }
}

divw_weights *solve(const divw_kernel *kernel, int32_t objective, double order, double balance) {
  divw_solver *solver;
  divw_weights *weights;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_objective(solver, objective));
  ok(divw_solver_set_order(solver, order));
  ok(divw_solver_set_balance(solver, balance));
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_solver_destroy(solver);
  return weights;
}
