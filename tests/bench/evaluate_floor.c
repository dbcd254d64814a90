/* The metrics of evaluate.h against the BLAS and LAPACK calls that they cannot do without, in one process, and their
 * peak of memory against matrices of n x n.
 *
 *     cmake --install build/release --prefix PREFIX
 *     export PKG_CONFIG_PATH=PREFIX/lib/pkgconfig
 *     cc -O2 tests/bench/evaluate_floor.c -o evaluate_floor $(pkg-config --cflags --libs divweights openblas lapacke) \
 *         -lm -Wl,-rpath,PREFIX/lib
 *     ./evaluate_floor fid 50000 2048
 *     ./evaluate_floor prdc 20000 512
 *     ./evaluate_floor kid 20000 512
 *     ./evaluate_floor memory 10000 512
 *
 * Floor of fid: two syrk of n x d in double, two Cholesky factorisations, one gemm of d x d and the singular values of
 * its result; also timed, for comparison, the route by eigenvectors of S1 and eigenvalues of S1^1/2 S2 S1^1/2. Floor of
 * prdc and kid: three gemms of n x n x d, in double. Data are float32, in memory. */
#define _POSIX_C_SOURCE 200809L

#include <cblas.h>
#include <divweights/divweights.h>
#include <lapacke.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Seconds by the clock and of all processors: the latter do not count what the machine does besides. */
typedef struct {
  double wall, cpu;
} seconds;

static seconds now(void) {
  seconds found;
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  found.wall = (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  found.cpu = (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
  return found;
}

static seconds since(seconds start) {
  const seconds end = now();
  return (seconds){end.wall - start.wall, end.cpu - start.cpu};
}

static seconds both(seconds a, seconds b) { return (seconds){a.wall + b.wall, a.cpu + b.cpu}; }

static void report(const char *what, int64_t n, int64_t d, seconds ours, seconds floor) {
  printf("%s %lld x %lld: %.2f s, floor %.2f s, ratio %.2f; processor time %.2f s, floor %.2f s, ratio %.2f\n", what,
         (long long)n, (long long)d, ours.wall, floor.wall, ours.wall / floor.wall, ours.cpu, floor.cpu,
         ours.cpu / floor.cpu);
}

static void check(int failed, const char *what) {
  if (failed) {
    fprintf(stderr, "%s: %s\n", what, divw_error_message());
    exit(1);
  }
}

static void *get(int64_t count, size_t size) {
  void *memory = malloc((size_t)count * size);
  check(memory == NULL, "malloc");
  return memory;
}

/* Sums of four uniform numbers, plus a common offset per column. */
static float *make_rows(int64_t n, int64_t d, uint64_t seed) {
  float *x = get(n * d, sizeof *x);
  for (int64_t i = 0; i < n * d; i++) {
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    x[i] = (float)((z & 0xffff) + (z >> 16 & 0xffff) + (z >> 32 & 0xffff) + (z >> 48)) / 65536 - 2 + (float)(i % d % 7);
  }
  return x;
}

static divw_dataset *borrow(const float *x, int64_t n, int64_t d) {
  divw_dataset *dataset;
  check(divw_dataset_create_borrowed(&dataset, x, n, d, DIVW_FLOAT32, 0), "dataset");
  return dataset;
}

static double *to_double(const float *x, int64_t count) {
  double *y = get(count, sizeof *y);
  for (int64_t i = 0; i < count; i++) {
    y[i] = x[i];
  }
  return y;
}

/* ---- fid ---- */

static seconds fid_floor(const float *x, int64_t n, int64_t d) {
  double *rows = to_double(x, n * d), *S = calloc((size_t)(d * d), 8), *B = get(d * d, 8), *s = get(d, 8);
  const int64_t lwork = 140 * d;
  double *work = get(lwork, 8);
  seconds total = {0, 0}, start;
  int *iwork = get(8 * d, sizeof *iwork);
  for (int side = 0; side < 2; side++) {
    start = now();
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)d, (int)n, 1.0 / (double)n, rows, (int)d, 0, S, (int)d);
    total = both(total, since(start));
    for (int64_t i = 0; i < d; i++) {
      S[i * d + i] += 1e-3;
    }
    start = now();
    check(LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', (int)d, S, (int)d), "dpotrf");
    total = both(total, since(start));
  }
  start = now();
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)d, (int)d, (int)d, 1, S, (int)d, S, (int)d, 0, B, (int)d);
  check(LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'N', (int)d, (int)d, B, (int)d, s, NULL, 1, NULL, 1, work, (int)lwork,
                            iwork),
        "dgesdd");
  total = both(total, since(start));
  free(iwork), free(work), free(s), free(B), free(S), free(rows);
  return total;
}

static seconds eigen_route(int64_t d) {
  double *S = get(d * d, 8), *V = get(d * d, 8), *w = get(d, 8);
  seconds start, total;
  const int64_t lwork = 1 + 6 * d + 2 * d * d, liwork = 3 + 5 * d;
  double *work = get(lwork, 8);
  int *iwork = get(liwork, sizeof *iwork);
  for (int64_t i = 0; i < d * d; i++) {
    S[i] = i % (d + 1) == 0 ? (double)d : 1.0 / (double)(1 + i % 101);
  }
  start = now();
  memcpy(V, S, (size_t)(d * d) * 8);
  check(LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'U', (int)d, V, (int)d, w, work, (int)lwork, iwork, (int)liwork),
        "dsyevd");
  for (int k = 0; k < 3; k++) { /* the root, and its product from both sides */
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)d, (int)d, (int)d, 1, V, (int)d, V, (int)d, 0, S, (int)d);
  }
  check(LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'N', 'U', (int)d, S, (int)d, w, work, (int)lwork, iwork, (int)liwork),
        "dsyevd");
  total = since(start);
  free(iwork), free(work), free(w), free(V), free(S);
  return total;
}

static void fid(int64_t n, int64_t d) {
  float *x = make_rows(n, d, 1), *y = make_rows(n, d, 2);
  divw_dataset *a = borrow(x, n, d), *b = borrow(y, n, d);
  divw_statistics *s, *t;
  double distance;
  seconds start = now(), statistics, ours;
  check(divw_statistics_create(&s, a, NULL, DIVW_COVARIANCE_EFFECTIVE), "statistics");
  check(divw_statistics_create(&t, b, NULL, DIVW_COVARIANCE_EFFECTIVE), "statistics");
  statistics = since(start);
  check(divw_evaluate_fid(s, t, &distance), "fid");
  ours = since(start);
  report("fid", n, d, ours, fid_floor(x, n, d));
  printf("distance %.9g from statistics in %.2f s; by eigenvectors it would take %.2f s of LAPACK\n", distance,
         ours.wall - statistics.wall, eigen_route(d).wall);
  divw_statistics_destroy(t), divw_statistics_destroy(s);
  divw_dataset_destroy(b), divw_dataset_destroy(a);
  free(y), free(x);
}

/* ---- prdc ---- */

static seconds pairs_floor(const float *x, const float *y, int64_t n, int64_t d) {
  enum { ROWS = 1024 };
  double *a = to_double(x, n * d), *b = to_double(y, n * d), *product = get(ROWS * n, 8);
  seconds start = now(), total;
  const double *sides[3][2] = {{a, a}, {b, b}, {a, b}};
  for (int k = 0; k < 3; k++) {
    for (int64_t i = 0; i < n; i += ROWS) {
      const int m = (int)(n - i < ROWS ? n - i : ROWS);
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, (int)n, (int)d, 1, sides[k][0] + i * d, (int)d,
                  sides[k][1], (int)d, 0, product, (int)n);
    }
  }
  total = since(start);
  free(product), free(b), free(a);
  return total;
}

static void kid(int64_t n, int64_t d) {
  float *x = make_rows(n, d, 1), *y = make_rows(n, d, 2);
  divw_dataset *a = borrow(x, n, d), *b = borrow(y, n, d);
  double value, error;
  seconds start = now(), ours;
  check(divw_evaluate_mmd(a, NULL, b, NULL, DIVW_MMD_POLYNOMIAL, 3, NULL, &value, &error), "mmd");
  ours = since(start);
  report("kid", n, d, ours, pairs_floor(x, y, n, d));
  printf("%.3g +- %.3g\n", value, error);
  divw_dataset_destroy(b), divw_dataset_destroy(a);
  free(y), free(x);
}

static void prdc(int64_t n, int64_t d) {
  float *x = make_rows(n, d, 1), *y = make_rows(n, d, 2);
  divw_dataset *a = borrow(x, n, d), *b = borrow(y, n, d);
  double values[4], errors[4];
  seconds start = now(), ours;
  check(divw_evaluate_prdc(a, NULL, b, NULL, 5, values, errors), "prdc");
  ours = since(start);
  report("prdc", n, d, ours, pairs_floor(x, y, n, d));
  printf("%.6f %.6f %.6f %.6f\n", values[0], values[1], values[2], values[3]);
  divw_dataset_destroy(b), divw_dataset_destroy(a);
  free(y), free(x);
}

/* ---- memory ---- */

static int64_t held, peak;

static void *counting_allocate(uint64_t bytes, void *user) {
  uint64_t *memory = malloc(bytes + 64);
  (void)user;
  if (memory == NULL) {
    return NULL;
  }
  *memory = bytes;
  held += (int64_t)bytes;
  peak = held > peak ? held : peak;
  return memory + 8;
}

static void counting_deallocate(void *memory, void *user) {
  (void)user;
  held -= (int64_t)((uint64_t *)memory)[-8];
  free((uint64_t *)memory - 8);
}

static void memory(int64_t n, int64_t d) {
  float *x = make_rows(n, d, 1), *y = make_rows(n, d, 2);
  double values[4];
  check(divw_set_allocator(counting_allocate, counting_deallocate, NULL), "allocator");
  divw_dataset *a = borrow(x, n, d), *b = borrow(y, n, d);
  check(divw_evaluate_prdc(a, NULL, b, NULL, 5, values, NULL), "prdc");
  printf("prdc %lld x %lld: peak %.1f MB; one float64 matrix of n x n %.0f MB, ratio %.0f\n", (long long)n,
         (long long)d, 1e-6 * (double)peak, 8e-6 * (double)(n * n), 8 * (double)(n * n) / (double)peak);
  divw_dataset_destroy(b), divw_dataset_destroy(a);
  free(y), free(x);
}

int main(int argc, char **argv) {
  if (argc == 4) {
    const int64_t n = strtoll(argv[2], NULL, 10), d = strtoll(argv[3], NULL, 10);
    void (*const bench)(int64_t, int64_t) = strcmp(argv[1], "fid") == 0      ? fid
                                            : strcmp(argv[1], "prdc") == 0   ? prdc
                                            : strcmp(argv[1], "kid") == 0    ? kid
                                            : strcmp(argv[1], "memory") == 0 ? memory
                                                                             : NULL;
    if (bench != NULL && n > 0 && d > 0) {
      bench(n, d);
      return 0;
    }
  }
  fputs("usage: evaluate_floor fid|prdc|kid|memory N D\n", stderr);
  return 2;
}
