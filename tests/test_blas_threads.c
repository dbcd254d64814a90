/* How many threads the BLAS has: the host's number until the host asks for one, then what the work asks for, from any
 * number of threads at once, and the same bits whoever else is computing. */
#include "blas_threads.h"
#include "linalg.h"
#include "make.h"

#include <cblas.h>

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

enum { ASKED = 3, SMALL = 600, LARGE = 1000 };

/* The first test: nothing has been asked for in this process. */
static void nothing_is_touched_before_the_host_asks(void **state) {
  (void)state;
  const int before = openblas_get_num_threads();
  openblas_set_num_threads(2);
  dw_blas_begin_order(SMALL);
  assert_int_equal(openblas_get_num_threads(), 2);
  dw_blas_end();
  assert_int_equal(openblas_get_num_threads(), 2);
  assert_int_equal(divw_threads(), 2);
  openblas_set_num_threads(before);
  assert_int_equal(divw_threads(), before);
}

static void expect_within(int64_t order, int expected) {
  dw_blas_begin_order(order);
  assert_int_equal(openblas_get_num_threads(), expected);
  dw_blas_end();
}

static void expect_of_product(int64_t a, int64_t b, int64_t c, int expected) {
  dw_blas_begin_product(a, b, c);
  assert_int_equal(openblas_get_num_threads(), expected);
  dw_blas_end();
}

static void small_work_gets_one_thread_and_large_work_all(void **state) {
  (void)state;
  ok(divw_set_threads(ASKED));
  expect_within(SMALL, 1);
  expect_within(LARGE, ASKED);
  expect_of_product(100, 100, 100, 1);
  expect_of_product(INT32_MAX, INT32_MAX, INT32_MAX, ASKED);
  assert_int_equal(openblas_get_num_threads(), ASKED);
  openblas_set_num_threads(2); /* somebody else's */
  expect_within(SMALL, 1);
  assert_int_equal(openblas_get_num_threads(), ASKED);
  assert_int_equal(divw_threads(), ASKED);
  ok(divw_set_threads(1));
  expect_within(LARGE, 1);
}

static void the_outermost_pair_decides(void **state) {
  (void)state;
  ok(divw_set_threads(ASKED));
  dw_blas_begin_order(LARGE);
  expect_within(SMALL, ASKED);
  expect_within(LARGE, ASKED);
  assert_int_equal(openblas_get_num_threads(), ASKED);
  dw_blas_end();
  dw_blas_begin_order(SMALL);
  expect_of_product(INT32_MAX, INT32_MAX, INT32_MAX, 1);
  dw_blas_end();
  assert_int_equal(openblas_get_num_threads(), ASKED);
}

/* Every failure of LAPACK and of memory leaves the number as it was. */
static divw_status decompose_and_factor(void *context) {
  double S[4] = {2, 1, 1, 2}, mu[2], V[4], R[4];
  bool good;
  (void)context;
  divw_status status = dw_eigen(S, 2, mu, V);
  status = status != DIVW_OK ? status : dw_eigen_single(S, 2, mu, V, &good);
  status = status != DIVW_OK ? status : dw_factor_spectral(V, mu, 2, R);
  status = status != DIVW_OK ? status : dw_factor_spectral_single(V, mu, 2, R, &good);
  status = status != DIVW_OK ? status : dw_eigenvalues(S, 2, mu);
  assert_int_equal(openblas_get_num_threads(), ASKED);
  return status != DIVW_OK ? status : dw_singular_values(S, 2, 2, mu);
}

static void failures_give_the_number_back(void **state) {
  (void)state;
  double S[4] = {NAN, 0, 0, 1}, mu[2], V[4];
  int64_t order[2], rank;
  ok(divw_set_threads(ASKED));
  fail_every_allocation(decompose_and_factor, NULL);
  fails(dw_eigen(S, 2, mu, V), DIVW_ERROR_NUMERICAL, "NaN");
  fails(dw_eigenvalues(S, 2, mu), DIVW_ERROR_NUMERICAL, "NaN");
  S[0] = S[3] = -1;
  fails(dw_pivoted_cholesky(S, 2, 10, order, &rank), DIVW_ERROR_NUMERICAL, "pivot");
  assert_int_equal(openblas_get_num_threads(), ASKED);
  expect_within(SMALL, 1);
}

static void *take_turns(void *context) {
  const int64_t order = *(const int64_t *)context;
  for (int k = 0; k < 500; k++) {
    dw_blas_begin_order(order);
    sched_yield(); /* to those who might change it */
    const int found = openblas_get_num_threads();
    dw_blas_end();
    if (found != (order == SMALL ? 1 : ASKED)) {
      return context;
    }
  }
  return NULL;
}

static void work_of_different_sizes_takes_turns(void **state) {
  (void)state;
  int64_t orders[6] = {SMALL, LARGE, SMALL, LARGE, SMALL, SMALL};
  pthread_t threads[6];
  void *failed;
  ok(divw_set_threads(ASKED));
  for (int k = 0; k < 6; k++) {
    assert_int_equal(pthread_create(&threads[k], NULL, take_turns, &orders[k]), 0);
  }
  for (int k = 0; k < 50; k++) {
    ok(divw_set_threads(ASKED)); /* waits for its turn, too */
  }
  for (int k = 0; k < 6; k++) {
    pthread_join(threads[k], &failed);
    assert_null(failed);
  }
  assert_int_equal(openblas_get_num_threads(), ASKED);
}

enum { ROWS = 300, COLUMNS = 40, SOLVES = 4 };

static void *solve(void *kernel) { return make_weights(kernel, 0.5, 1e-6); }

static void a_solve_gives_the_same_bits_beside_others(void **state) {
  (void)state;
  double *x = make_rows(ROWS, COLUMNS, 1), *large = calloc(LARGE * LARGE, sizeof *large);
  divw_kernel *kernel = make_kernel(x, ROWS, COLUMNS);
  pthread_t threads[SOLVES];
  ok(divw_set_threads(2));
  divw_weights *alone = solve(kernel);
  for (int k = 0; k < SOLVES; k++) {
    assert_int_equal(pthread_create(&threads[k], NULL, solve, kernel), 0);
  }
  for (int k = 0; k < 20; k++) { /* meanwhile, on all threads */
    for (int64_t i = 0; i < LARGE; i++) {
      large[i * (LARGE + 1)] = 1;
    }
    assert_true(dw_cholesky(large, LARGE));
  }
  for (int k = 0; k < SOLVES; k++) {
    void *beside;
    pthread_join(threads[k], &beside);
    assert_memory_equal(divw_weights_values(beside), divw_weights_values(alone), ROWS * sizeof(double));
    divw_weights_destroy(beside);
  }
  divw_weights_destroy(alone);
  divw_kernel_destroy(kernel);
  free(large);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_touched_before_the_host_asks),
      cmocka_unit_test(small_work_gets_one_thread_and_large_work_all),
      cmocka_unit_test(the_outermost_pair_decides),
      cmocka_unit_test(failures_give_the_number_back),
      cmocka_unit_test(work_of_different_sizes_takes_turns),
      cmocka_unit_test(a_solve_gives_the_same_bits_beside_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
