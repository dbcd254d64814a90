/* Checkpoints: a solve that was interrupted, wherever, ends with the bits of one that was not; and files that are not
 * of this solve are refused, with what differs. */
#include "check.h"
#include "make.h"

#include "solver/solve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 90, D = 7 };

typedef struct {
  double order, balance;
  int32_t method;
  double effective; /* examples, 0: none */
  int64_t active;   /* rows of column generation, 0: all */
} options;

static int32_t keep_first(int64_t iteration, double vendi_score, double entropy, double objective, double gap,
                          double seconds, void *user) {
  (void)vendi_score, (void)entropy, (void)objective, (void)gap, (void)seconds;
  int64_t *first = user;
  *first = *first == 0 ? iteration : *first;
  return 0;
}

static int32_t cancel_at(int64_t iteration, double vendi_score, double entropy, double objective, double gap,
                         double seconds, void *user) {
  (void)vendi_score, (void)entropy, (void)objective, (void)gap, (void)seconds;
  return iteration >= *(int64_t *)user;
}

static divw_solver *make_solver(options o) {
  divw_solver *solver;
  ok(divw_solver_create(&solver));
  ok(divw_solver_set_order(solver, o.order));
  ok(divw_solver_set_balance(solver, o.balance));
  ok(divw_solver_set_method(solver, o.method));
  ok(divw_solver_set_effective_examples(solver, o.effective));
  solver->most_active = o.active;
  ok(divw_solver_set_max_iterations(solver, o.method == DIVW_METHOD_ADAM ? 20 : 500));
  return solver;
}

static divw_weights *solve(divw_solver *solver, const divw_kernel *kernel) {
  divw_weights *weights;
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_solver_destroy(solver);
  return weights;
}

/* A solve that ends at an iteration leaves its state behind. */
static void interrupt(options o, const divw_kernel *kernel, const char *path, int64_t iteration) {
  divw_solver *solver = make_solver(o);
  ok(divw_solver_set_checkpoint(solver, path, 0, 0));
  ok(divw_solver_set_progress(solver, cancel_at, &iteration));
  divw_weights *weights = solve(solver, kernel);
  assert_int_equal(divw_weights_stop_reason(weights), DIVW_STOP_CANCELLED);
  divw_weights_destroy(weights);
}

static void same_bits(const divw_weights *a, const divw_weights *b) {
  const int64_t n = divw_weights_count(a);
  assert_memory_equal(divw_weights_values(a), divw_weights_values(b), (size_t)n * sizeof(double));
  assert_memory_equal(divw_weights_marginal_diversity(a), divw_weights_marginal_diversity(b),
                      (size_t)n * sizeof(double));
  assert_int_equal(divw_weights_iterations(a), divw_weights_iterations(b));
  assert_int_equal(divw_weights_solves(a), divw_weights_solves(b));
  assert_true(divw_weights_global_upper_bound(a) == divw_weights_global_upper_bound(b));
  assert_int_equal(divw_weights_stop_reason(a), divw_weights_stop_reason(b));
}

/* Interrupts at every iteration in turn; the next one is the first that the resumed solve has to do. */
static void check_everywhere(options o, const divw_kernel *kernel) {
  const char *path = scratch("everywhere.checkpoint");
  int64_t total = 0;
  divw_weights *whole = solve(make_solver(o), kernel);
  for (int64_t at = 1; at == 1 || at < total; at++) {
    int64_t first = 0;
    divw_solver *solver = make_solver(o);
    interrupt(o, kernel, path, at);
    ok(divw_solver_set_resume(solver, path));
    ok(divw_solver_set_progress(solver, keep_first, &first));
    divw_weights *resumed = solve(solver, kernel);
    same_bits(whole, resumed);
    assert_int_equal(first, at + 1);
    total = divw_weights_iterations(whole);
    divw_weights_destroy(resumed);
  }
  divw_weights_destroy(whole);
}

static void a_resumed_solve_ends_with_the_same_bits(void **state) {
  (void)state;
  static const options tried[] = {{1, 0.5, DIVW_METHOD_ACCELERATED, 0, 0},
                                  {0.5, 0.9, DIVW_METHOD_ACCELERATED, 0, 0},
                                  {2, 0.9, DIVW_METHOD_ACCELERATED, 0, 0},
                                  {1, 1, DIVW_METHOD_AUTO, 0, 0},
                                  {1, 1, DIVW_METHOD_AUTO, 40, 0},
                                  {INFINITY, 0.9, DIVW_METHOD_AUTO, 0, 0},
                                  {1, 0.9, DIVW_METHOD_INTERIOR_POINT, 0, 0},
                                  {5, 0.5, DIVW_METHOD_INTERIOR_POINT, 0, 0},
                                  {1, 1, DIVW_METHOD_INTERIOR_POINT, 0, 30}, /* column generation */
                                  {INFINITY, 0.9, DIVW_METHOD_AUTO, 0, 40},
                                  {1, 0.8, DIVW_METHOD_AUTO, 0, 0}, /* ascent, then interior points */
                                  {1, 0.5, DIVW_METHOD_ADAM, 0, 0}};
  double *x = make_rows(N, D, 77);
  divw_kernel *kernel = make_kernel(x, N, D);
  for (size_t k = 0; k < sizeof tried / sizeof *tried; k++) {
    check_everywhere(tried[k], kernel);
  }
  divw_kernel_destroy(kernel);
  free(x);
}

/* 20 orthonormal rows and 400 copies of one: several solves before the bound is closed. */
/* From 131,072 rows on the history is kept in other numbers. */
static void a_solve_of_many_rows_resumes_too(void **state) {
  (void)state;
  enum { MANY = 132000 };
  const options o = {1, 0.97, DIVW_METHOD_ACCELERATED, 0, 0};
  double *x = make_rows(MANY, 6, 4);
  for (int64_t k = 0; k < MANY * 6; k++) {
    x[k] /= (double)((k % 6 + 1) * (k % 6 + 1));
  }
  divw_kernel *kernel = make_kernel(x, MANY, 6);
  divw_weights *whole = solve(make_solver(o), kernel);
  const int64_t total = divw_weights_iterations(whole);
  assert_true(total > 8);
  for (int64_t at = 4; at < total; at += total - 6) {
    const char *path = scratch("many.checkpoint");
    divw_solver *solver = make_solver(o);
    interrupt(o, kernel, path, at);
    ok(divw_solver_set_resume(solver, path));
    divw_weights *resumed = solve(solver, kernel);
    same_bits(whole, resumed);
    divw_weights_destroy(resumed);
  }
  divw_weights_destroy(whole);
  divw_kernel_destroy(kernel);
  free(x);
}

static void a_search_of_several_solves_resumes_too(void **state) {
  (void)state;
  enum { SINGLES = 20, COPIES = 400 };
  double *x = calloc((SINGLES + COPIES) * SINGLES, sizeof *x);
  for (int64_t i = 0; i < SINGLES + COPIES; i++) {
    x[i * SINGLES + (i < SINGLES ? i : 0)] = 1;
  }
  divw_kernel *kernel = make_kernel(x, SINGLES + COPIES, SINGLES);
  const options o = {1, 0.12, DIVW_METHOD_ACCELERATED, 0, 0};
  const char *path = scratch("search.checkpoint");
  divw_weights *whole = solve(make_solver(o), kernel);
  assert_true(divw_weights_solves(whole) > 1);
  for (int64_t at = 2; at < 60; at += 7) {
    int64_t stop = at;
    divw_solver *first = make_solver(o), *second = make_solver(o);
    ok(divw_solver_set_checkpoint(first, path, 0, 0));
    ok(divw_solver_set_progress(first, cancel_at, &stop));
    divw_weights_destroy(solve(first, kernel));
    ok(divw_solver_set_resume(second, path));
    divw_weights *resumed = solve(second, kernel);
    same_bits(whole, resumed);
    divw_weights_destroy(resumed);
  }
  divw_weights_destroy(whole);
  divw_kernel_destroy(kernel);
  free(x);
}

static void the_largest_number_of_iterations_may_change(void **state) {
  (void)state;
  const options o = {1, 0.5, DIVW_METHOD_ACCELERATED, 0, 0};
  double *x = make_rows(N, D, 3);
  divw_kernel *kernel = make_kernel(x, N, D);
  const char *path = scratch("limit.checkpoint");
  divw_weights *whole = solve(make_solver(o), kernel);
  divw_solver *first = make_solver(o), *second = make_solver(o);
  ok(divw_solver_set_max_iterations(first, 4));
  ok(divw_solver_set_checkpoint(first, path, 0, 3));
  divw_weights_destroy(solve(first, kernel));
  ok(divw_solver_set_resume(second, path));
  divw_weights *resumed = solve(second, kernel);
  same_bits(whole, resumed);
  divw_weights_destroy(resumed);
  divw_weights_destroy(whole);
  divw_kernel_destroy(kernel);
  free(x);
}

/* ---- what is refused ---- */

/* Where no more iterations are allowed than were taken, none is. */
static void a_solve_that_has_used_its_iterations_resumes_to_its_end(void **state) {
  (void)state;
  static const options tried[] = {{1, 0.5, DIVW_METHOD_ACCELERATED, 0, 0},
                                  {0.5, 0.9, DIVW_METHOD_ACCELERATED, 0, 0},
                                  {1, 1, DIVW_METHOD_AUTO, 40, 0},
                                  {INFINITY, 0.9, DIVW_METHOD_AUTO, 0, 0},
                                  {1, 0.9, DIVW_METHOD_INTERIOR_POINT, 0, 0},
                                  {1, 1, DIVW_METHOD_INTERIOR_POINT, 0, 30},
                                  {1, 0.5, DIVW_METHOD_ADAM, 0, 0}};
  double *x = make_rows(N, D, 77);
  divw_kernel *kernel = make_kernel(x, N, D);
  for (size_t k = 0; k < sizeof tried / sizeof *tried; k++) {
    for (int64_t most = 1; most < 6; most++) {
      const char *path = scratch("used.checkpoint");
      divw_solver *whole = make_solver(tried[k]), *again = make_solver(tried[k]);
      ok(divw_solver_set_max_iterations(whole, most));
      ok(divw_solver_set_max_iterations(again, most));
      ok(divw_solver_set_checkpoint(whole, path, 0, 0));
      ok(divw_solver_set_resume(again, path));
      divw_weights *weights = solve(whole, kernel), *resumed = solve(again, kernel);
      same_bits(weights, resumed);
      divw_weights_destroy(resumed);
      divw_weights_destroy(weights);
    }
  }
  divw_kernel_destroy(kernel);
  free(x);
}

static void refuses(const divw_kernel *kernel, divw_solver *solver, const char *path, divw_status status,
                    const char *sentence) {
  divw_weights *weights;
  ok(divw_solver_set_resume(solver, path));
  fails(divw_solver_solve(solver, kernel, &weights), status, sentence);
  assert_null(weights);
  divw_solver_destroy(solver);
}

static void a_checkpoint_of_something_else_is_refused(void **state) {
  (void)state;
  const options o = {1, 0.5, DIVW_METHOD_ACCELERATED, 0, 0};
  double *x = make_rows(N, D, 3), scores[N], initial[N];
  const int64_t rows[] = {3};
  for (int i = 0; i < N; i++) {
    scores[i] = initial[i] = 1;
  }
  divw_kernel *kernel = make_kernel(x, N, D), *fewer = make_kernel(x, N - 1, D);
  const char *path = scratch("other.checkpoint");
  interrupt(o, kernel, path, 5);
  x[5] += 0.1;
  divw_kernel *other = make_kernel(x, N, D);
  refuses(other, make_solver(o), path, DIVW_ERROR_DATA, "other data");
  refuses(fewer, make_solver(o), path, DIVW_ERROR_DATA, "examples 90, expected 89");
  refuses(kernel, make_solver((options){2, 0.5, DIVW_METHOD_ACCELERATED, 0, 0}), path, DIVW_ERROR_DATA,
          "order 1, expected 2");
  refuses(kernel, make_solver((options){1, 0.25, DIVW_METHOD_ACCELERATED, 0, 0}), path, DIVW_ERROR_DATA,
          "balance 0.5, expected 0.25");
  refuses(kernel, make_solver((options){1, 0.5, DIVW_METHOD_AUTO, 0, 0}), path, DIVW_ERROR_DATA,
          "method accelerated, expected auto");
  refuses(kernel, make_solver((options){1, 0.5, DIVW_METHOD_ACCELERATED, 9, 0}), path, DIVW_ERROR_DATA,
          "objective published, expected effective-examples");
  divw_solver *solver = make_solver(o);
  ok(divw_solver_set_excluded(solver, rows, 1));
  refuses(kernel, solver, path, DIVW_ERROR_DATA, "other exclusions");
  solver = make_solver(o);
  ok(divw_solver_set_quality(solver, scores, N));
  refuses(kernel, solver, path, DIVW_ERROR_DATA, "other quality scores");
  solver = make_solver(o);
  ok(divw_solver_set_initial(solver, initial, N));
  refuses(kernel, solver, path, DIVW_ERROR_DATA, "other initial weights");
  solver = make_solver(o);
  ok(divw_solver_set_max_weight(solver, 2));
  refuses(kernel, solver, path, DIVW_ERROR_DATA, "max_weight inf, expected 2");
  divw_kernel_destroy(other);
  divw_kernel_destroy(fewer);
  divw_kernel_destroy(kernel);
  free(x);
}

/* Every byte of the file matters: one that is changed, and an end that is missing, are found out. */
static void a_damaged_checkpoint_is_refused(void **state) {
  (void)state;
  const options o = {1, 0.5, DIVW_METHOD_ACCELERATED, 0, 0};
  double *x = make_rows(N, D, 3);
  divw_kernel *kernel = make_kernel(x, N, D);
  const char *path = scratch("damaged.checkpoint");
  static unsigned char bytes[1 << 20];
  interrupt(o, kernel, path, 6);
  FILE *file = fopen(path, "rb");
  const size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  assert_true(size > 1000 && size < sizeof bytes);
  for (size_t k = 0; k < size; k += size / 97) {
    divw_weights *weights;
    divw_solver *solver = make_solver(o);
    bytes[k] ^= 0x41;
    ok(divw_solver_set_resume(solver, scratch_file("changed.checkpoint", bytes, size)));
    assert_int_not_equal(divw_solver_solve(solver, kernel, &weights), DIVW_OK);
    bytes[k] ^= 0x41;
    divw_solver_destroy(solver);
  }
  refuses(kernel, make_solver(o), scratch_file("short.checkpoint", bytes, size - 9), DIVW_ERROR_FORMAT, "truncated");
  refuses(kernel, make_solver(o), scratch_file("empty.checkpoint", bytes, 0), DIVW_ERROR_FORMAT, "is empty");
  bytes[0] = 'X';
  refuses(kernel, make_solver(o), scratch_file("magic.checkpoint", bytes, size), DIVW_ERROR_FORMAT, "is no checkpoint");
  bytes[0] = 'D';
  bytes[8]++;
  refuses(kernel, make_solver(o), scratch_file("version.checkpoint", bytes, size), DIVW_ERROR_FORMAT,
          "another version of this library wrote it, and can go on from it");
  refuses(kernel, make_solver(o), scratch("there/is/none"), DIVW_ERROR_FILE, "cannot be opened");
  divw_kernel_destroy(kernel);
  free(x);
}

static void options_are_checked(void **state) {
  (void)state;
  divw_solver *solver;
  ok(divw_solver_create(&solver));
  assert_null(divw_solver_checkpoint(solver));
  assert_null(divw_solver_resume(solver));
  fails(divw_solver_set_checkpoint(NULL, "a", 0, 0), DIVW_ERROR_ARGUMENT, "solver is NULL");
  fails(divw_solver_set_checkpoint(solver, "a", -1, 0), DIVW_ERROR_ARGUMENT, "seconds is -1");
  fails(divw_solver_set_checkpoint(solver, "a", NAN, 0), DIVW_ERROR_ARGUMENT, "seconds is nan");
  fails(divw_solver_set_checkpoint(solver, "a", 0, -2), DIVW_ERROR_ARGUMENT, "iterations is -2");
  fails(divw_solver_set_resume(NULL, "a"), DIVW_ERROR_ARGUMENT, "solver is NULL");
  ok(divw_solver_set_checkpoint(solver, "a", 1, 2));
  ok(divw_solver_set_resume(solver, "b"));
  assert_string_equal(divw_solver_checkpoint(solver), "a");
  assert_string_equal(divw_solver_resume(solver), "b");
  ok(divw_solver_set_resume(solver, NULL));
  assert_null(divw_solver_resume(solver));
  assert_null(divw_solver_checkpoint(NULL));
  assert_null(divw_solver_resume(NULL));
  divw_solver_destroy(solver);
}

static void a_checkpoint_that_cannot_be_written_is_said_at_once(void **state) {
  (void)state;
  double *x = make_rows(N, D, 3);
  divw_kernel *kernel = make_kernel(x, N, D);
  divw_weights *weights;
  divw_solver *solver = make_solver((options){1, 0.5, DIVW_METHOD_AUTO, 0, 0});
  ok(divw_solver_set_checkpoint(solver, scratch("there/is/none"), 60, 0));
  fails(divw_solver_solve(solver, kernel, &weights), DIVW_ERROR_FILE, "there/is/none");
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  free(x);
}

typedef struct {
  const divw_kernel *kernel;
  const char *from, *to;
} attempt_context;

static divw_status attempt(void *context) {
  const attempt_context *c = context;
  divw_solver *solver = NULL;
  divw_weights *weights = NULL;
  divw_status status = divw_solver_create(&solver);
  status = status == DIVW_OK ? divw_solver_set_checkpoint(solver, c->to, 0, 1) : status;
  status = status == DIVW_OK ? divw_solver_set_resume(solver, c->from) : status;
  status = status == DIVW_OK ? divw_solver_set_method(solver, DIVW_METHOD_ACCELERATED) : status;
  status = status == DIVW_OK ? divw_solver_set_max_iterations(solver, 8) : status;
  status = status == DIVW_OK ? divw_solver_solve(solver, c->kernel, &weights) : status;
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  return status;
}

/* A checkpoint that fails in between for want of memory is tried again: the solve itself goes on. */
static divw_status resume_only(void *context) {
  attempt_context c = *(attempt_context *)context;
  c.to = NULL;
  return attempt(&c);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double *x = make_rows(30, 4, 3);
  divw_kernel *kernel = make_kernel(x, 30, 4);
  const char *path = scratch("memory.checkpoint");
  attempt_context context = {kernel, path, scratch("memory2.checkpoint")};
  interrupt((options){1, 0.5, DIVW_METHOD_ACCELERATED, 0, 0}, kernel, path, 5);
  fail_every_allocation(resume_only, &context);
  ok(attempt(&context));
  divw_kernel_destroy(kernel);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_resumed_solve_ends_with_the_same_bits),
      cmocka_unit_test(a_solve_of_many_rows_resumes_too),
      cmocka_unit_test(a_search_of_several_solves_resumes_too),
      cmocka_unit_test(the_largest_number_of_iterations_may_change),
      cmocka_unit_test(a_solve_that_has_used_its_iterations_resumes_to_its_end),
      cmocka_unit_test(a_checkpoint_of_something_else_is_refused),
      cmocka_unit_test(a_damaged_checkpoint_is_refused),
      cmocka_unit_test(options_are_checked),
      cmocka_unit_test(a_checkpoint_that_cannot_be_written_is_said_at_once),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
