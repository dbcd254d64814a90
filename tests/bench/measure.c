/* Clock, median, and the floor of an iteration.
 *
 * An iteration cannot do without S = sum p_i phi_i phi_i^T, D_i = |R phi_i|^2 and the eigenvalues of S. The floor is
 * these three as bare calls of the same BLAS, which has all threads of divw_threads() meanwhile, whatever the library
 * has left it with: one syrk and one trmm over all rows at once, one dsyevd; no rows fetched or converted, no weights,
 * no sums. R is the identity, stored like any triangular matrix, so that the rows stay the same from run to run; no
 * kernel looks for zeros. */
#include "bench.h"

#include <cblas.h>
#include <lapacke.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench_floor {
  bool in_double;
  int n, r;
  void *rows, *R, *S; /* n x r, r x r, r x r; float or double */
  double *V, *mu, *work;
  lapack_int *iwork;
};

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double median(double *x, int64_t count) {
  qsort(x, (size_t)count, sizeof *x, ascending);
  return (x[(count - 1) / 2] + x[count / 2]) / 2;
}

static void put(const bench_floor *floor, void *matrix, int64_t at, double value) {
  if (floor->in_double) {
    ((double *)matrix)[at] = value;
  } else {
    ((float *)matrix)[at] = (float)value;
  }
}

static int64_t work_size(int64_t r) { return 1 + 6 * r + 2 * r * r; }

static int64_t iwork_size(int64_t r) { return 3 + 5 * r; }

bench_floor *floor_create(const divw_kernel *kernel, bool in_double) {
  bench_floor *floor = allocate(1, sizeof *floor);
  int64_t n = divw_kernel_count(kernel), r = divw_kernel_features(kernel);
  size_t size = in_double ? sizeof(double) : sizeof(float);
  if (n > INT32_MAX || work_size(r) > INT32_MAX) {
    die(1, "the floor of %lld x %lld rows is beyond 32-bit BLAS and LAPACK", (long long)n, (long long)r);
  }
  *floor = (bench_floor){.in_double = in_double, .n = (int)n, .r = (int)r};
  floor->rows = allocate(n * r, size);
  floor->R = allocate(r * r, size);
  floor->S = allocate(r * r, size);
  floor->V = allocate(r * r, sizeof *floor->V);
  floor->mu = allocate(r, sizeof *floor->mu);
  floor->work = allocate(work_size(r), sizeof *floor->work);
  floor->iwork = allocate(iwork_size(r), sizeof *floor->iwork);
  for (int64_t i = 0; i < n; i++) {
    must(divw_kernel_read(kernel, i, 1, floor->V)); /* V has room for a row */
    for (int64_t j = 0; j < r; j++) {
      put(floor, floor->rows, i * r + j, floor->V[j]);
    }
  }
  for (int64_t j = 0; j < r; j++) {
    put(floor, floor->R, j * (r + 1), 1);
  }
  return floor;
}

void floor_destroy(bench_floor *floor) {
  free(floor->iwork);
  free(floor->work);
  free(floor->mu);
  free(floor->V);
  free(floor->S);
  free(floor->R);
  free(floor->rows);
  free(floor);
}

static void syrk(bench_floor *floor) {
  int n = floor->n, r = floor->r;
  if (floor->in_double) {
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, r, n, 1.0 / n, floor->rows, r, 0.0, floor->S, r);
  } else {
    cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, r, n, 1.0F / (float)n, floor->rows, r, 0.0F, floor->S, r);
  }
}

static void trmm(bench_floor *floor) {
  int n = floor->n, r = floor->r;
  if (floor->in_double) {
    cblas_dtrmm(CblasRowMajor, CblasRight, CblasUpper, CblasTrans, CblasNonUnit, n, r, 1.0, floor->R, r, floor->rows,
                r);
  } else {
    cblas_strmm(CblasRowMajor, CblasRight, CblasUpper, CblasTrans, CblasNonUnit, n, r, 1.0F, floor->R, r, floor->rows,
                r);
  }
}

static void eigen(bench_floor *floor) {
  lapack_int r = floor->r;
  if (LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'L', r, floor->V, r, floor->mu, floor->work, (lapack_int)work_size(r),
                          floor->iwork, (lapack_int)iwork_size(r)) != 0) {
    die(1, "dsyevd failed");
  }
}

/* After their work the threads of OpenBLAS go on asking for more for 2^28 ticks (100 ms), on cores that
 * what is compared needs. */
static void rest(void) {
  const struct timespec time = {.tv_nsec = 150000000};
  nanosleep(&time, NULL);
}

floor_time floor_run(bench_floor *floor) {
  int64_t square = (int64_t)floor->r * floor->r;
  const int threads = openblas_get_num_threads();
  openblas_set_num_threads(divw_threads());
  double began = now();
  syrk(floor);
  double multiplied = now();
  trmm(floor);
  double passed = now();
  for (int64_t k = 0; k < square; k++) { /* row-major upper is column-major lower */
    floor->V[k] = floor->in_double ? ((double *)floor->S)[k] : (double)((float *)floor->S)[k];
  }
  double copied = now();
  eigen(floor);
  floor_time time = {multiplied - began, passed - multiplied, now() - copied, 0};
  time.sum = time.syrk + time.trmm + time.eigen;
  openblas_set_num_threads(threads);
  rest();
  return time;
}

floor_time floor_median(const floor_time *runs, int64_t count) {
  double *part[4];
  for (int k = 0; k < 4; k++) {
    part[k] = allocate(count, sizeof *part[k]);
  }
  for (int64_t i = 0; i < count; i++) {
    part[0][i] = runs[i].syrk;
    part[1][i] = runs[i].trmm;
    part[2][i] = runs[i].eigen;
    part[3][i] = runs[i].sum;
  }
  floor_time middle = {median(part[0], count), median(part[1], count), median(part[2], count), median(part[3], count)};
  for (int k = 0; k < 4; k++) {
    free(part[k]);
  }
  return middle;
}
