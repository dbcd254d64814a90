/* Low rank against its floor: the factorisation, and a solve on it, beside the bare BLAS and LAPACK calls that they
 * cannot do without, in one process.
 *
 *     factor   for every block of 128 columns after the first k: dgemm (n x k)(k x 128), n r^2 operations in all
 *     solve    for every iteration: dsyrk and dtrmm of the n x r rows, dsyevd of order r; a dsyrk and a dsyevd more at
 *              the begin and the end
 *
 *     build/release/tests/bench/bench_low_rank [n] [d] [rank] [iterations]
 *
 * Each bare call runs once, and counts as often as it is needed. */
#include <divweights/divweights.h>

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void must(divw_status status) {
  if (status != DIVW_OK) {
    fprintf(stderr, "%s\n", divw_error_message());
    exit(1);
  }
}

static double *numbers(int64_t count) {
  double *x = malloc((size_t)count * sizeof *x);
  if (x == NULL) {
    fprintf(stderr, "no memory for %lld numbers\n", (long long)count);
    exit(1);
  }
  return x;
}

/* Normal rows around 1,000 centres, columns of falling size: embeddings, more or less. */
static double *make_rows(int64_t n, int64_t d) {
  uint64_t state = 1;
  double *x = numbers(n * d);
  for (int64_t i = 0; i < n; i++) {
    const uint64_t centre = (uint64_t)(i * i % 1000);
    for (int64_t j = 0; j < d; j++) {
      double sum = 0;
      for (int k = 0; k < 4; k++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        sum += (double)(state >> 11) * 0x1p-53 - 0.5;
      }
      const uint64_t mixed = (centre * 64 + (uint64_t)j + 1) * 0x9E3779B97F4A7C15u;
      x[i * d + j] = (sum + 2 * ((double)(mixed >> 11) * 0x1p-53 - 0.5)) / sqrt(1 + (double)j);
    }
  }
  return x;
}

static double factor_floor(int n, int r, double *rows, double *block) {
  const double begin = now();
  for (int k = 128; k < r; k += 128) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, r - k < 128 ? r - k : 128, k, 1, rows, r, rows, r, 0, block,
                128);
  }
  return now() - begin;
}

/* An iteration without the trmm, then the trmm. */
static void solve_floor(int n, int r, double *rows, double *moment, double *form) {
  double *S = numbers((int64_t)r * r), *mu = numbers(r), *R = numbers((int64_t)r * r), begin = now();
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, r, n, 1, rows, r, 0, S, r);
  LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', r, S, r, mu);
  *moment = now() - begin;
  memset(R, 0, (size_t)r * (size_t)r * sizeof *R);
  for (int k = 0; k < r; k++) {
    R[k * r + k] = 1;
  }
  begin = now();
  cblas_dtrmm(CblasRowMajor, CblasRight, CblasUpper, CblasTrans, CblasNonUnit, n, r, 1, R, r, rows, r);
  *form = now() - begin;
  free(R);
  free(mu);
  free(S);
}

int main(int argc, char **argv) {
  const int64_t n = argc > 1 ? atoll(argv[1]) : 100000, d = argc > 2 ? atoll(argv[2]) : 64;
  const int64_t rank = argc > 3 ? atoll(argv[3]) : 1000, most = argc > 4 ? atoll(argv[4]) : 10;
  double *x = make_rows(n, d), begin, factored, solved, moment, form;
  divw_dataset *dataset;
  divw_similarity *similarity;
  divw_kernel *kernel;
  divw_solver *solver;
  divw_weights *weights;
  must(divw_dataset_create_borrowed(&dataset, x, n, d, DIVW_FLOAT64, 0));
  must(divw_similarity_create(&similarity, DIVW_KERNEL_GAUSSIAN));
  begin = now();
  must(divw_kernel_create_low_rank(&kernel, dataset, similarity, rank, 0, 1));
  factored = now() - begin;
  must(divw_solver_create(&solver));
  must(divw_solver_set_max_iterations(solver, most));
  must(divw_solver_set_max_solves(solver, 1));
  begin = now();
  must(divw_solver_solve(solver, kernel, &weights));
  solved = now() - begin;
  printf("%s\n", divw_weights_report(weights));
  const int64_t r = divw_kernel_features(kernel), iterations = divw_weights_iterations(weights);
  double *rows = numbers(n * r), *block = numbers(n * 128);
  must(divw_kernel_read(kernel, 0, n, rows));
  divw_kernel_destroy(kernel);
  const double columns = factor_floor((int)n, (int)r, rows, block);
  solve_floor((int)n, (int)r, rows, &moment, &form);
  const double passes = (double)iterations * (moment + form) + 2 * moment;
  printf("n %lld, d %lld, rank %lld, %lld iterations\n", (long long)n, (long long)d, (long long)r,
         (long long)iterations);
  printf("factor %8.2f s, floor %8.2f s, ratio %.2f\n", factored, columns, factored / columns);
  printf("solve  %8.2f s, floor %8.2f s, ratio %.2f\n", solved, passes, solved / passes);
  printf("all    %8.2f s, floor %8.2f s, ratio %.2f\n", factored + solved, columns + passes,
         (factored + solved) / (columns + passes));
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  divw_similarity_destroy(similarity);
  divw_dataset_destroy(dataset);
  free(block);
  free(rows);
  free(x);
  return 0;
}
