/* Estimates against what the library asks its allocator for; headers. */
#define _POSIX_C_SOURCE 200809L

#include "elements.h"
#include "solver/solve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

static const char *write_rows(int64_t n, int64_t d, int32_t dtype) {
  unsigned char *bytes = make_elements(n, d, dtype, (uint64_t)(n + d));
  const char *path = write_npy("rows.npy", bytes, n, d, dtype, dtype == DIVW_UINT8 ? '|' : '<', false);
  free(bytes);
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
  int32_t kind; /* 0: cosine */
  int32_t approximation;
  int64_t rank;
} shape;

static bool is_streamed(const shape *of) { return strstr(of->name, "in a file") != NULL; }
static int32_t kind_of(const shape *of) { return of->kind == 0 ? DIVW_KERNEL_COSINE : of->kind; }

static divw_solver *make_solver(const shape *of) {
  divw_solver *solver;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_method(solver, of->method));
  ok(divw_solver_set_order(solver, of->order));
  ok(divw_solver_set_balance(solver, of->balance));
  ok(divw_solver_set_max_iterations(solver, of->iterations));
  ok(divw_solver_set_tolerance(solver, 1e-13));
  ok(divw_solver_set_max_solves(solver, 1));
  ok(divw_solver_set_max_weight(solver, of->cap));
  solver->most_active = strcmp(of->name, "columns generated") == 0 ? 1000 : 0;
  return solver;
}

static divw_estimate *make_estimate(const shape *of, const divw_solver *solver, const char *path) {
  divw_estimate *estimate;
  int64_t n, d;
  int32_t dtype;
  ok(divw_dataset_describe(path, NULL, &n, &d, &dtype));
  assert_true(n == of->n && d == of->d && dtype == of->dtype);
  divw_similarity *similarity;
  ok(divw_similarity_create(&similarity, kind_of(of)));
  const int64_t selected = of->selected > 0 ? of->selected : n;
  ok(of->approximation != 0 ? divw_estimate_create_low_rank(&estimate, solver, similarity, of->approximation, of->rank,
                                                            0, is_streamed(of), n, d, dtype, selected, of->components)
                            : (is_streamed(of) ? divw_estimate_create_streamed : divw_estimate_create_with)(
                                  &estimate, solver, similarity, n, d, dtype, selected, of->components));
  divw_similarity_destroy(similarity);
  return estimate;
}

/* Reads, selects, reduces, makes the kernel; the height of that. */
static divw_kernel *prepare(const shape *of, const char *path) {
  divw_dataset *rows, *next;
  divw_kernel *kernel;
  ok((is_streamed(of) ? divw_dataset_open : divw_dataset_load)(&rows, path));
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
  divw_similarity *similarity;
  ok(divw_similarity_create(&similarity, kind_of(of)));
  ok(of->approximation == DIVW_APPROXIMATION_CHOLESKY
         ? divw_kernel_create_low_rank(&kernel, rows, similarity, of->rank, 0, 1)
     : of->approximation == DIVW_APPROXIMATION_FEATURES
         ? divw_kernel_create_features(&kernel, rows, similarity, of->rank, 1)
         : divw_kernel_create(&kernel, rows, kind_of(of)));
  divw_similarity_destroy(similarity);
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
  if (!is_streamed(of)) { /* windows on rows are counted as rows, and there only while a pass is going on */
    check_part(of->name, "solve", divw_estimate_bytes(estimate, part), solved - stays);
  }
  check_part(of->name, "peak", divw_estimate_bytes(estimate, DIVW_MEMORY_PEAK), peak);
  assert_true(divw_estimate_bytes(estimate, DIVW_MEMORY_PREPARATION) >= (double)prepared);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  divw_estimate_destroy(estimate);
  divw_solver_destroy(solver);
}

static void memory_stays_below_the_estimate_by_less_than_a_third(void **state) {
  (void)state;
  const shape shapes[] = {
      {"many rows, uint8", 20000, 24, DIVW_UINT8, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 30, INFINITY, 0, 0, 0},
      {"many rows, float32", 8000, 48, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 0.5, 0.99, 60, INFINITY, 0, 0, 0},
      {"many rows, float64, capped", 8000, 32, DIVW_FLOAT64, 0, 0, DIVW_METHOD_ACCELERATED, 2, 0.5, 30, 3, 0, 0, 0},
      {"few iterations", 8000, 32, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 6, INFINITY, 0, 0, 0},
      {"square", 400, 300, DIVW_FLOAT64, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 19, INFINITY, 0, 0, 0},
      {"fewer rows than columns", 250, 3000, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.5, 19, INFINITY, 0, 0,
       0},
      {"far fewer rows", 100, 20000, DIVW_UINT8, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.5, 19, INFINITY, 0, 0, 0},
      {"gaussian", 300, 20, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.5, 19, INFINITY, DIVW_KERNEL_GAUSSIAN, 0,
       0},
      {"some of the rows", 20000, 64, DIVW_FLOAT32, 2000, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 30, INFINITY, 0, 0, 0},
      {"components", 5000, 256, DIVW_FLOAT32, 0, 16, DIVW_METHOD_ACCELERATED, 1, 0.99, 30, INFINITY, 0, 0, 0},
      {"components of few rows", 300, 2000, DIVW_UINT8, 0, 100, DIVW_METHOD_ACCELERATED, 1, 0.99, 30, INFINITY, 0, 0,
       0},
      {"interior point", 700, 40, DIVW_FLOAT32, 0, 0, DIVW_METHOD_INTERIOR_POINT, 1, 0.9, 6, INFINITY, 0, 0, 0},
      {"interior point, order 2", 700, 40, DIVW_UINT8, 0, 0, DIVW_METHOD_INTERIOR_POINT, 2, 0.9, 6, 5, 0, 0, 0},
      {"interior point, order inf", 500, 40, DIVW_FLOAT64, 0, 0, DIVW_METHOD_AUTO, INFINITY, 0.9, 6, INFINITY, 0, 0, 0},
      {"interior point, many rows", 12000, 24, DIVW_FLOAT32, 0, 0, DIVW_METHOD_INTERIOR_POINT, 1, 0.9, 6, INFINITY, 0,
       0, 0},
      {"interior point, conjugate gradients", 2600, 60, DIVW_FLOAT32, 0, 0, DIVW_METHOD_INTERIOR_POINT, 1, 0.9, 3,
       INFINITY, 0, 0, 0},
      {"interior point, a sample of rows", 10100, 105, DIVW_FLOAT32, 0, 0, DIVW_METHOD_INTERIOR_POINT, INFINITY, 0.9, 2,
       INFINITY, 0, 0, 0},
      {"many features, order 5", 300, 200, DIVW_FLOAT32, 0, 0, DIVW_METHOD_INTERIOR_POINT, 5, 0.9, 6, INFINITY, 0, 0,
       0},
      {"columns generated", 12000, 24, DIVW_FLOAT32, 0, 0, DIVW_METHOD_INTERIOR_POINT, 1, 0.9, 22, INFINITY, 0, 0, 0},
      {"published optimiser", 8000, 24, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ADAM, 1, 0.99, 6, INFINITY, 0, 0, 0},
      {"rows in a file", 60000, 64, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 19, INFINITY, 0, 0, 0},
      {"some of the rows in a file", 60000, 64, DIVW_FLOAT32, 40000, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 8, INFINITY, 0,
       0, 0},
      {"low rank", 4000, 12, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 10, INFINITY, DIVW_KERNEL_GAUSSIAN,
       DIVW_APPROXIMATION_CHOLESKY, 60},
      {"low rank, order 2", 4000, 12, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 2, 0.9, 10, INFINITY,
       DIVW_KERNEL_LAPLACIAN, DIVW_APPROXIMATION_CHOLESKY, 60},
      {"low rank, interior point", 500, 5, DIVW_FLOAT64, 0, 0, DIVW_METHOD_INTERIOR_POINT, 1, 0.9, 6, INFINITY,
       DIVW_KERNEL_ARC_COSINE, DIVW_APPROXIMATION_CHOLESKY, 60},
      {"low rank in a file", 30000, 64, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 8, INFINITY,
       DIVW_KERNEL_GAUSSIAN, DIVW_APPROXIMATION_CHOLESKY, 30},
      {"random features", 4000, 12, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.9, 10, INFINITY,
       DIVW_KERNEL_MATERN, DIVW_APPROXIMATION_FEATURES, 60},
      {"very many rows", 140000, 24, DIVW_FLOAT32, 0, 0, DIVW_METHOD_ACCELERATED, 1, 0.99, 19, INFINITY, 0, 0, 0},
  };
  ok(divw_set_allocator(count_up, count_down, NULL));
  for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
    check_shape(&shapes[k]);
  }
  assert_int_equal(memory.live, 0);
  ok(divw_set_allocator(NULL, NULL, NULL));
}

/* Of divw_vendi_score_two(), which makes no features; and of a score with its interval. */
static void scores_stay_below_their_estimate_too(void **state) {
  (void)state;
  enum { ROWS = 3000, COLUMNS = 20, RANK = 150 };
  double *x = make_rows(ROWS, COLUMNS, 3), score, low, high;
  divw_estimate *two, *interval;
  divw_similarity *similarity;
  divw_dataset *dataset;
  divw_kernel *kernel;
  ok(divw_similarity_create(&similarity, DIVW_KERNEL_GAUSSIAN));
  ok(divw_estimate_create_score_two(&two, similarity, 0, ROWS, COLUMNS, DIVW_FLOAT64, ROWS, 0));
  ok(divw_estimate_create_low_rank(&interval, NULL, similarity, DIVW_APPROXIMATION_CHOLESKY, RANK, 0, 0, ROWS, COLUMNS,
                                   DIVW_FLOAT64, ROWS, 0));
  ok(divw_dataset_create_copy(&dataset, x, ROWS, COLUMNS, DIVW_FLOAT64, 0));
  ok(divw_set_allocator(count_up, count_down, NULL));
  memory.live = memory.peak = 0;
  ok(divw_vendi_score_two(dataset, similarity, NULL, &score));
  check_part("order 2 by pairs", "score",
             divw_estimate_bytes(two, DIVW_MEMORY_SOLVER) + divw_estimate_bytes(two, DIVW_MEMORY_KERNEL), memory.peak);
  ok(divw_kernel_create_low_rank(&kernel, dataset, similarity, RANK, 0, 1));
  const uint64_t before = memory.peak = memory.live;
  ok(divw_vendi_interval(kernel, NULL, 1, &low, &high));
  check_part("low rank, interval", "score", divw_estimate_bytes(interval, DIVW_MEMORY_SOLVER), memory.peak - before);
  divw_kernel_destroy(kernel);
  ok(divw_set_allocator(NULL, NULL, NULL));
  divw_dataset_destroy(dataset);
  divw_similarity_destroy(similarity);
  divw_estimate_destroy(interval);
  divw_estimate_destroy(two);
  free(x);
}

/* Copies lead the first solve to a worse local maximum. */
static void further_solves_are_counted_and_given_up_where_memory_ends(void **state) {
  (void)state;
  enum { SINGLES = 60, COPIES = 4000, ROWS = SINGLES + COPIES };
  double *x = make_copies(SINGLES, COPIES);
  divw_kernel *kernel = make_kernel(x, ROWS, SINGLES + 1);
  divw_solver *solver;
  divw_weights *weights;
  divw_estimate *estimate;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_method(solver, DIVW_METHOD_ACCELERATED));
  ok(divw_solver_set_balance(solver, 0.1));
  ok(divw_set_allocator(count_up, count_down, NULL));
  for (int32_t most = 16; most >= 1; most -= 15) {
    double bytes = INFINITY;
    ok(divw_solver_set_max_solves(solver, most));
    ok(divw_estimate_create(&estimate, solver, ROWS, SINGLES + 1, DIVW_FLOAT64, ROWS, 0));
    bytes = divw_estimate_bytes(estimate, DIVW_MEMORY_SOLVER);
    divw_estimate_destroy(estimate);
    ok(divw_solver_set_max_solves(solver, 16));
    ok(divw_solver_set_max_memory(solver, bytes));
    memory.peak = memory.live;
    const uint64_t before = memory.live;
    ok(divw_solver_solve(solver, kernel, &weights));
    assert_true((double)(memory.peak - before) <= bytes);
    assert_int_equal(divw_weights_solves(weights) > 1, most > 1);
    divw_weights_destroy(weights);
    ok(divw_solver_set_max_memory(solver, INFINITY));
  }
  ok(divw_set_allocator(NULL, NULL, NULL));
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  free(x);
}

/* ---- headers ---- */

static void headers_alone_tell_number_length_and_type_of_rows(void **state) {
  (void)state;
  static const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
  int64_t n, d;
  int32_t dtype;
  ok(divw_dataset_describe(write_rows(7, 5, DIVW_FLOAT32), NULL, &n, &d, &dtype));
  assert_true(n == 7 && d == 5 && dtype == DIVW_FLOAT32);
  ok(divw_dataset_describe(scratch_file("images.idx", images, sizeof images), NULL, &n, &d, &dtype));
  assert_true(n == 2 && d == 3 && dtype == DIVW_UINT8);
}

static void headers_of_all_shards_are_added_up(void **state) {
  (void)state;
  char folder[512], shard[600];
  int64_t n, d;
  int32_t dtype;
  snprintf(folder, sizeof folder, "%s", scratch("shards"));
  assert_int_equal(mkdir(folder, 0777), 0);
  for (int64_t k = 1; k <= 3; k++) {
    snprintf(shard, sizeof shard, "%s/%d.npy", folder, (int)k);
    assert_int_equal(rename(write_rows(k, 4, DIVW_FLOAT64), shard), 0);
  }
  ok(divw_dataset_describe(folder, NULL, &n, &d, &dtype));
  assert_true(n == 6 && d == 4 && dtype == DIVW_FLOAT64);
  assert_int_equal(rename(write_rows(2, 5, DIVW_FLOAT64), shard), 0);
  fails(divw_dataset_describe(folder, NULL, &n, &d, &dtype), DIVW_ERROR_FORMAT, "has rows of 5 numbers, expected 4");
  assert_true(n == 0 && d == 0 && dtype == 0);
  fails(divw_dataset_describe(folder, "a", &n, &d, &dtype), DIVW_ERROR_ARGUMENT, "is a folder");
}

/* A file of 40 GB with a hole in place of the rows. */
static const char *write_hole(void) {
  static const char dictionary[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (100000000, 100), }";
  char header[128];
  snprintf(header, sizeof header, "%-117s\n", dictionary);
  memmove(header + 10, header, 118);
  memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
  const char *path = scratch_file("hole.npy", header, sizeof header);
  assert_int_equal(truncate(path, 128 + INT64_C(40000000000)), 0);
  return path;
}

static void rows_are_not_read_to_describe_them(void **state) {
  (void)state;
  int64_t n, d;
  int32_t dtype;
  ok(divw_set_allocator(count_up, count_down, NULL));
  memory.peak = memory.live;
  ok(divw_dataset_describe(write_hole(), NULL, &n, &d, &dtype));
  assert_true(memory.peak < 1000000);
  ok(divw_set_allocator(NULL, NULL, NULL));
  assert_true(n == 100000000 && d == 100 && dtype == DIVW_FLOAT32);
}

static void what_cannot_be_described_is_refused(void **state) {
  (void)state;
  int64_t n = 1, d = 1;
  int32_t dtype = 1;
  const char *path = write_rows(2, 2, DIVW_UINT8);
  fails(divw_dataset_describe(NULL, NULL, &n, &d, &dtype), DIVW_ERROR_ARGUMENT, "path is NULL");
  fails(divw_dataset_describe(path, NULL, NULL, &d, &dtype), DIVW_ERROR_ARGUMENT, "n is NULL");
  fails(divw_dataset_describe(path, NULL, &n, NULL, &dtype), DIVW_ERROR_ARGUMENT, "d is NULL");
  fails(divw_dataset_describe(path, NULL, &n, &d, NULL), DIVW_ERROR_ARGUMENT, "dtype is NULL");
  fails(divw_dataset_describe(path, "a", &n, &d, &dtype), DIVW_ERROR_ARGUMENT, "no array named a");
  fails(divw_dataset_describe(scratch("nowhere.npy"), NULL, &n, &d, &dtype), DIVW_ERROR_FILE, "cannot be opened");
  fails(divw_dataset_describe(write_rows(0, 2, DIVW_UINT8), NULL, &n, &d, &dtype), DIVW_ERROR_FORMAT,
        "has 0 rows of 2 numbers");
  path = write_rows(9, 9, DIVW_FLOAT64);
  assert_int_equal(truncate(path, 400), 0);
  fails(divw_dataset_describe(path, NULL, &n, &d, &dtype), DIVW_ERROR_FORMAT, "truncated");
  assert_true(n == 0 && d == 0 && dtype == 0);
}

/* ---- estimates ---- */

static void wrong_sizes_are_refused(void **state) {
  (void)state;
  divw_estimate *estimate;
  divw_solver *solver;
  double seconds;
  ok(divw_solver_create(&solver));
  fails(divw_estimate_create(NULL, solver, 1, 1, DIVW_UINT8, 1, 0), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_estimate_create(&estimate, solver, 0, 1, DIVW_UINT8, 1, 0), DIVW_ERROR_ARGUMENT, "rows is 0");
  assert_null(estimate);
  fails(divw_estimate_create(&estimate, solver, 1, -1, DIVW_UINT8, 1, 0), DIVW_ERROR_ARGUMENT, "d is -1");
  fails(divw_estimate_create(&estimate, solver, 1, 1, DIVW_UINT8, 0, 0), DIVW_ERROR_ARGUMENT, "n is 0");
  fails(
      divw_estimate_create_low_rank(&estimate, solver, NULL, DIVW_APPROXIMATION_NONE, 1, 0, 0, 1, 1, DIVW_UINT8, 1, 0),
      DIVW_ERROR_ARGUMENT, "approximation is 1, expected DIVW_APPROXIMATION_CHOLESKY or");
  fails(divw_estimate_create_low_rank(&estimate, solver, NULL, DIVW_APPROXIMATION_CHOLESKY, 0, 0, 0, 1, 1, DIVW_UINT8,
                                      1, 0),
        DIVW_ERROR_ARGUMENT, "rank is 0, expected 1 or more");
  fails(divw_estimate_create_low_rank(NULL, solver, NULL, 2, 1, 0, 0, 1, 1, DIVW_UINT8, 1, 0), DIVW_ERROR_ARGUMENT,
        "out is NULL");
  fails(divw_estimate_create_score_two(NULL, NULL, 0, 1, 1, DIVW_UINT8, 1, 0), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_estimate_create_score_two(&estimate, NULL, 0, 1, 0, DIVW_UINT8, 1, 0), DIVW_ERROR_ARGUMENT, "d is 0");
  fails(divw_estimate_create(&estimate, solver, 1, 1, 5, 1, 0), DIVW_ERROR_ARGUMENT, "dtype is 5");
  fails(divw_estimate_create(&estimate, solver, 9, 5, DIVW_UINT8, 4, 5), DIVW_ERROR_ARGUMENT,
        "components is 5, expected 0 to 4");
  fails(divw_estimate_create(&estimate, solver, 9, 5, DIVW_UINT8, 4, -1), DIVW_ERROR_ARGUMENT, "components is -1");
  fails(divw_estimate_create_streamed(NULL, solver, NULL, 1, 1, DIVW_UINT8, 1, 0), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_estimate_create_streamed(&estimate, solver, NULL, 1, 0, DIVW_UINT8, 1, 0), DIVW_ERROR_ARGUMENT,
        "divw_estimate_create_streamed: d is 0");
  ok(divw_estimate_create(&estimate, solver, 9, 5, DIVW_UINT8, 9, 0));
  fails(divw_estimate_seconds(NULL, DIVW_METHOD_ADAM, &seconds), DIVW_ERROR_ARGUMENT, "estimate is NULL");
  fails(divw_estimate_seconds(estimate, DIVW_METHOD_ADAM, NULL), DIVW_ERROR_ARGUMENT, "seconds is NULL");
  fails(divw_estimate_seconds(estimate, DIVW_METHOD_AUTO, &seconds), DIVW_ERROR_ARGUMENT, "method is 1");
  fails(divw_estimate_seconds(estimate, 5, &seconds), DIVW_ERROR_ARGUMENT, "method is 5");
  assert_true(isnan(divw_estimate_bytes(NULL, DIVW_MEMORY_PEAK)));
  assert_true(isnan(divw_estimate_bytes(estimate, 0)) && isnan(divw_estimate_bytes(estimate, 7)));
  assert_int_equal(divw_estimate_uses(NULL, DIVW_METHOD_ACCELERATED), 0);
  assert_int_equal(divw_estimate_uses(estimate, -1) + divw_estimate_uses(estimate, 9), 0);
  divw_estimate_destroy(estimate);
  divw_estimate_destroy(NULL);
  ok(divw_estimate_create(&estimate, NULL, 9, 5, DIVW_UINT8, 9, 0));
  fails(divw_estimate_seconds(estimate, DIVW_METHOD_ADAM, &seconds), DIVW_ERROR_ARGUMENT, "without a solver");
  divw_estimate_destroy(estimate);
  divw_solver_destroy(solver);
}

static void methods_that_may_be_used_are_named(void **state) {
  (void)state;
  static const struct {
    int64_t n, d;
    int32_t method;
    double order;
    bool ascends, interior, adam;
  } cases[] = {
      {500, 20, DIVW_METHOD_AUTO, 1, true, true, false},
      {500, 20, DIVW_METHOD_AUTO, INFINITY, false, true, false},
      {500, 20, DIVW_METHOD_AUTO, 5, true, true, false},
      {500, 20, DIVW_METHOD_ACCELERATED, 5, true, false, false},
      {500, 20, DIVW_METHOD_INTERIOR_POINT, 1, false, true, false},
      {20000, 20, DIVW_METHOD_INTERIOR_POINT, 1, false, true, false},
      {20000, 200, DIVW_METHOD_INTERIOR_POINT, 1, false, true, false},
      {20000, 200, DIVW_METHOD_INTERIOR_POINT, 5, true, true, false},
      {20000, 200, DIVW_METHOD_INTERIOR_POINT, 100, false, true, false},
      {20000, 20, DIVW_METHOD_INTERIOR_POINT, INFINITY, false, true, false},
      {20000, 20, DIVW_METHOD_AUTO, 1, true, true, false},
      {20000, 200, DIVW_METHOD_AUTO, 1, true, false, false},
      {500, 20, DIVW_METHOD_ADAM, 1, false, false, true},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    divw_solver *solver;
    divw_estimate *estimate;
    ok(divw_solver_create(&solver));
    ok(divw_solver_set_method(solver, cases[k].method));
    ok(divw_solver_set_order(solver, cases[k].order));
    ok(divw_estimate_create(&estimate, solver, cases[k].n, cases[k].d, DIVW_FLOAT32, cases[k].n, 0));
    assert_int_equal(divw_estimate_uses(estimate, DIVW_METHOD_AUTO), 0);
    assert_int_equal(divw_estimate_uses(estimate, DIVW_METHOD_ACCELERATED), cases[k].ascends);
    assert_int_equal(divw_estimate_uses(estimate, DIVW_METHOD_INTERIOR_POINT), cases[k].interior);
    assert_int_equal(divw_estimate_uses(estimate, DIVW_METHOD_ADAM), cases[k].adam);
    assert_int_equal(divw_estimate_bytes(estimate, DIVW_MEMORY_INTERIOR_POINT) > 0, cases[k].interior);
    divw_estimate_destroy(estimate);
    divw_solver_destroy(solver);
  }
}

static void scoring_takes_what_was_estimated(void **state) {
  (void)state;
  const shape of = {.name = "score", .n = 3000, .d = 60, .dtype = DIVW_UINT8};
  const char *path = write_rows(of.n, of.d, of.dtype);
  double score;
  ok(divw_set_allocator(count_up, count_down, NULL));
  divw_estimate *estimate = make_estimate(&of, NULL, path);
  const uint64_t before = memory.live;
  memory.peak = before;
  divw_kernel *kernel = prepare(&of, path);
  ok(divw_vendi_score(kernel, NULL, 1, &score));
  check_part("score", "peak", divw_estimate_bytes(estimate, DIVW_MEMORY_PEAK), memory.peak - before);
  divw_kernel_destroy(kernel);
  divw_estimate_destroy(estimate);
  ok(divw_set_allocator(NULL, NULL, NULL));
}

static divw_estimate *estimate_of(double order, int64_t n, int64_t d, int32_t dtype) {
  divw_solver *solver;
  divw_estimate *estimate;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_order(solver, order));
  ok(divw_estimate_create(&estimate, solver, n, d, dtype, n, 0));
  divw_solver_destroy(solver); /* the estimate does without it */
  return estimate;
}

/* The least of some tries: what else the machine does only adds to one. */
static double seconds_of(const divw_estimate *estimate, int32_t method) {
  double least = INFINITY;
  for (int k = 0; k < 5; k++) {
    double seconds;
    ok(divw_estimate_seconds(estimate, method, &seconds));
    least = fmin(least, seconds);
  }
  return least;
}

static void time_grows_with_the_rows_whatever_their_type(void **state) {
  (void)state;
  for (int32_t dtype = DIVW_FLOAT64; dtype <= DIVW_UINT8; dtype++) {
    divw_estimate *few = estimate_of(1, 2000, 16, dtype), *many = estimate_of(1, 2000000, 16, dtype);
    const double short_time = seconds_of(few, DIVW_METHOD_ACCELERATED),
                 long_time = seconds_of(many, DIVW_METHOD_ACCELERATED);
    assert_true(short_time > 0 && long_time > 20 * short_time && isfinite(long_time));
    divw_estimate_destroy(few);
    divw_estimate_destroy(many);
  }
}

static void every_method_and_order_has_a_time(void **state) {
  (void)state;
  static const double orders[] = {0.5, 1, 2, INFINITY};
  for (size_t k = 0; k < sizeof orders / sizeof *orders; k++) {
    divw_estimate *estimate = estimate_of(orders[k], 5000, 20, DIVW_FLOAT32), *wide = estimate_of(orders[k], 3, 9, 1);
    for (int32_t method = DIVW_METHOD_ACCELERATED; method <= DIVW_METHOD_ADAM; method++) {
      const double seconds = seconds_of(estimate, method), tiny = seconds_of(wide, method);
      assert_true(tiny > 0 && seconds > tiny && isfinite(seconds));
    }
    divw_estimate_destroy(estimate);
    divw_estimate_destroy(wide);
  }
}

static divw_status attempt_everything(void *context) {
  divw_solver *solver = NULL;
  divw_estimate *estimate = NULL;
  int64_t n, d;
  int32_t dtype;
  double seconds;
  divw_status status = divw_dataset_describe(context, NULL, &n, &d, &dtype);
  if (status == DIVW_OK) {
    status = divw_solver_create(&solver);
  }
  if (status == DIVW_OK) {
    status = divw_estimate_create(&estimate, solver, n, d, dtype, n, 0);
  }
  if (status == DIVW_OK) {
    status = divw_estimate_seconds(estimate, DIVW_METHOD_INTERIOR_POINT, &seconds);
  }
  if (status == DIVW_OK) {
    status = divw_estimate_seconds(estimate, DIVW_METHOD_ACCELERATED, &seconds);
  }
  divw_estimate_destroy(estimate);
  divw_solver_destroy(solver);
  return status;
}

static void failing_allocations_leave_nothing_behind(void **state) {
  (void)state;
  fail_every_allocation(attempt_everything, (void *)(uintptr_t)write_rows(5, 2, DIVW_FLOAT32));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_stays_below_the_estimate_by_less_than_a_third),
      cmocka_unit_test(scores_stay_below_their_estimate_too),
      cmocka_unit_test(further_solves_are_counted_and_given_up_where_memory_ends),
      cmocka_unit_test(headers_alone_tell_number_length_and_type_of_rows),
      cmocka_unit_test(headers_of_all_shards_are_added_up),
      cmocka_unit_test(rows_are_not_read_to_describe_them),
      cmocka_unit_test(what_cannot_be_described_is_refused),
      cmocka_unit_test(wrong_sizes_are_refused),
      cmocka_unit_test(methods_that_may_be_used_are_named),
      cmocka_unit_test(scoring_takes_what_was_estimated),
      cmocka_unit_test(time_grows_with_the_rows_whatever_their_type),
      cmocka_unit_test(every_method_and_order_has_a_time),
      cmocka_unit_test(failing_allocations_leave_nothing_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
