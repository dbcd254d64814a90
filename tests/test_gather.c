/* Rows of a dataset in memory of their own: those of the subset, whatever they are read from, and no others. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

enum { N = 12000, D = 350 };

/* Row i begins with i, in one number. */
typedef struct {
  int calls, fail_call; /* -1: none */
  int64_t rows;         /* that were asked for */
} holder;

static float element(int64_t i, int64_t j) { return (float)(1 + (i + 7 * j) % 1013); }

static int32_t hand_over(int64_t first, int64_t count, void *rows, void *user) {
  holder *h = user;
  float *x = rows;
  for (int64_t i = 0; i < count; i++) {
    for (int64_t j = 0; j < D; j++) {
      x[i * D + j] = element(first + i, j);
    }
  }
  h->rows += count;
  return h->calls++ == h->fail_call ? 7 : 0;
}

/* Rows that a stream shows, in a file of three axes. */
static const char *write_file(void) {
  holder h = {0, -1, 0};
  const char *path = scratch("rows.npy");
  FILE *file = fopen(path, "wb");
  float *x = malloc((size_t)N * D * sizeof *x);
  char text[119];
  assert_non_null(file);
  hand_over(0, N, x, &h);
  snprintf(text, sizeof text, "%-117s\n", "{'descr': '<f4', 'fortran_order': False, 'shape': (12000, 35, 10), }");
  fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file);
  fwrite(text, 1, 118, file);
  fwrite(x, sizeof *x, (size_t)N * D, file);
  assert_int_equal(fclose(file), 0);
  free(x);
  return path;
}

/* ---- selections ---- */

typedef struct {
  const char *name;
  int64_t count, first, step, modulo;
} selection;

/* Row k is first + step k, modulo `modulo`. */
static const selection selections[] = {
    {"one", 1, N - 1, 0, N},          {"the first", 3100, 0, 1, N},      {"dense", 4000, 5, 3, N},
    {"sparse", 300, 9, 97, N},        {"backwards", 4000, N - 1, -1, N}, {"again and again", 50, 9345, 0, N},
    {"in disorder", 500, 1, 37, 401}, {"far apart", 40, 17, 5003, N},
};

static divw_dataset *choose(const divw_dataset *dataset, const selection *s) {
  divw_dataset *chosen;
  int64_t *rows = malloc((size_t)s->count * sizeof *rows);
  for (int64_t k = 0; k < s->count; k++) {
    rows[k] = (s->first + s->step * k) % s->modulo;
  }
  ok(divw_dataset_select_rows(&chosen, dataset, rows, s->count));
  free(rows);
  return chosen;
}

static void are_the_same(const divw_dataset *a, const divw_dataset *b) {
  const int64_t n = divw_dataset_count(a);
  double x[D], y[D];
  assert_int_equal(divw_dataset_count(b), n);
  assert_int_equal(divw_dataset_dtype(a), divw_dataset_dtype(b));
  for (int64_t i = 0; i < n; i++) {
    ok(divw_dataset_read(a, i, 1, x));
    ok(divw_dataset_read(b, i, 1, y));
    assert_memory_equal(x, y, sizeof x);
    assert_int_equal(divw_dataset_row(a, i), divw_dataset_row(b, i));
  }
}

static void rows_of_every_selection_are_those_of_the_dataset(void **state) {
  (void)state;
  holder h = {0, -1, 0};
  divw_dataset *sources[3];
  const char *path = write_file();
  ok(divw_dataset_load(&sources[0], path));
  ok(divw_dataset_open(&sources[1], path));
  ok(divw_dataset_create_stream(&sources[2], N, D, DIVW_FLOAT32, hand_over, &h));
  for (size_t k = 0; k < sizeof selections / sizeof *selections; k++) {
    for (int source = 0; source < 3; source++) {
      divw_dataset *expected = choose(sources[0], &selections[k]), *gathered;
      divw_dataset *chosen = choose(sources[source], &selections[k]);
      ok(divw_dataset_gather(&gathered, chosen));
      divw_dataset_destroy(chosen);
      assert_int_equal(divw_dataset_is_streamed(gathered), 0);
      are_the_same(expected, gathered);
      assert_int_equal(divw_dataset_shape(gathered, 1), source == 2 ? D : 35);
      divw_dataset_destroy(gathered);
      divw_dataset_destroy(expected);
    }
  }
  for (int source = 0; source < 3; source++) {
    divw_dataset_destroy(sources[source]);
  }
}

static void no_others_are_asked_for_but_those_in_between(void **state) {
  (void)state;
  holder h = {0, -1, 0};
  divw_dataset *stream;
  ok(divw_dataset_create_stream(&stream, N, D, DIVW_FLOAT32, hand_over, &h));
  for (size_t k = 0; k < sizeof selections / sizeof *selections; k++) {
    divw_dataset *chosen = choose(stream, &selections[k]), *gathered;
    h.rows = 0;
    ok(divw_dataset_gather(&gathered, chosen));
    assert_true(h.rows <= 8 * selections[k].count);
    divw_dataset_destroy(gathered);
    divw_dataset_destroy(chosen);
  }
  divw_dataset *first, *gathered;
  ok(divw_dataset_select_first(&first, stream, 5));
  h.rows = 0;
  ok(divw_dataset_gather(&gathered, first));
  assert_int_equal(h.rows, 5);
  divw_dataset_destroy(gathered);
  divw_dataset_destroy(first);
  divw_dataset_destroy(stream);
}

/* ---- what goes with rows ---- */

static void labels_ids_and_the_mean_go_with_them(void **state) {
  (void)state;
  static const float x[][2] = {{1, 2}, {3, 5}, {4, 4}, {8, 1}};
  static const int64_t labels[] = {3, 4, 5, 6};
  static const char *const ids[] = {"a", "b", "c", "d"};
  divw_dataset *dataset, *chosen, *centered, *gathered, *again;
  double row[2], expected[2];
  ok(divw_dataset_create_copy(&dataset, x, 4, 2, DIVW_FLOAT32, 0));
  ok(divw_dataset_set_labels(dataset, labels, 4));
  ok(divw_dataset_set_ids(dataset, ids, 4));
  ok(divw_dataset_select_rows(&chosen, dataset, (const int64_t[]){3, 1}, 2));
  ok(divw_dataset_center(&centered, chosen));
  ok(divw_dataset_gather(&gathered, centered));
  ok(divw_dataset_gather(&again, gathered));
  divw_dataset_destroy(dataset);
  divw_dataset_destroy(chosen);
  divw_dataset_destroy(gathered);
  assert_int_equal(divw_dataset_row(again, 0), 3);
  assert_int_equal(divw_dataset_labels(again)[1], 4);
  assert_string_equal(divw_dataset_id(again, 0), "d");
  assert_int_equal(divw_dataset_dtype(again), DIVW_FLOAT64); /* what is centred is read as doubles */
  for (int64_t i = 0; i < 2; i++) {
    ok(divw_dataset_read(again, i, 1, row));
    ok(divw_dataset_read(centered, i, 1, expected));
    assert_memory_equal(row, expected, sizeof row);
  }
  divw_dataset_destroy(again);
  divw_dataset_destroy(centered);
}

static divw_weights *solve(const divw_dataset *dataset) {
  divw_kernel *kernel;
  divw_solver *solver;
  divw_weights *weights;
  ok(divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE));
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_max_iterations(solver, 4));
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  return weights;
}

static void weights_are_those_of_the_subset_to_the_last_bit(void **state) {
  (void)state;
  holder h = {0, -1, 0};
  divw_dataset *stream, *gathered;
  ok(divw_dataset_create_stream(&stream, N, D, DIVW_FLOAT32, hand_over, &h));
  divw_dataset *chosen = choose(stream, &selections[2]);
  ok(divw_dataset_gather(&gathered, chosen));
  divw_weights *a = solve(chosen), *b = solve(gathered);
  assert_int_equal(divw_weights_count(a), selections[2].count);
  assert_memory_equal(divw_weights_values(a), divw_weights_values(b), (size_t)selections[2].count * sizeof(double));
  assert_memory_equal(divw_weights_rows(a), divw_weights_rows(b), (size_t)selections[2].count * sizeof(int64_t));
  divw_weights_destroy(a);
  divw_weights_destroy(b);
  divw_dataset_destroy(gathered);
  divw_dataset_destroy(chosen);
  divw_dataset_destroy(stream);
}

/* ---- what goes wrong ---- */

static void reads_that_fail_are_errors(void **state) {
  (void)state;
  holder h = {0, -1, 0};
  divw_dataset *stream, *out;
  ok(divw_dataset_create_stream(&stream, N, D, DIVW_FLOAT32, hand_over, &h));
  divw_dataset *dense = choose(stream, &selections[2]), *sparse = choose(stream, &selections[3]);
  const divw_dataset *const datasets[] = {stream, dense, sparse};
  for (int k = 0; k < 3; k++) {
    h.calls = 0;
    h.fail_call = 2;
    fails(divw_dataset_gather(&out, datasets[k]), DIVW_ERROR_FILE, "the function that has them returned 7");
    assert_null(out);
  }
  divw_dataset_destroy(dense);
  divw_dataset_destroy(sparse);
  divw_dataset_destroy(stream);
  fails(divw_dataset_gather(NULL, NULL), DIVW_ERROR_ARGUMENT, "divw_dataset_gather: out is NULL");
  fails(divw_dataset_gather(&out, NULL), DIVW_ERROR_ARGUMENT, "divw_dataset_gather: dataset is NULL");
}

static divw_status open_and_gather(void *path) {
  divw_dataset *opened = NULL, *chosen = NULL, *gathered = NULL;
  divw_status status = divw_dataset_open(&opened, path);
  status = status != DIVW_OK ? status : divw_dataset_select_rows(&chosen, opened, (const int64_t[]){4, 6, 5}, 3);
  status = status != DIVW_OK ? status : divw_dataset_gather(&gathered, chosen);
  divw_dataset_destroy(gathered);
  divw_dataset_destroy(chosen);
  divw_dataset_destroy(opened);
  return status;
}

static void every_failed_allocation_is_an_error(void **state) {
  (void)state;
  fail_every_allocation(open_and_gather, (void *)write_file());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_of_every_selection_are_those_of_the_dataset),
      cmocka_unit_test(no_others_are_asked_for_but_those_in_between),
      cmocka_unit_test(labels_ids_and_the_mean_go_with_them),
      cmocka_unit_test(weights_are_those_of_the_subset_to_the_last_bit),
      cmocka_unit_test(reads_that_fail_are_errors),
      cmocka_unit_test(every_failed_allocation_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
