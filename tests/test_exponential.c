/* exp and expm1 of vectors against long double, and what they do at the ends. */
#include "check.h"
#include "exponential.h"

#include <math.h>
#include <stdlib.h>

enum { N = 200003 };

/* In units of the last place of the true value. */
static double distance(double x, long double truth) {
  const double size = fabs((double)truth);
  return (double)fabsl(x - truth) / (nextafter(size, INFINITY) - size);
}

static double draw(int shape, test_random *random) {
  const double u = next_uniform(random), sign = next_uniform(random) < 0.5 ? -1 : 1;
  switch (shape) {
  case 0: return -708 * u;
  case 1: return 709 * u;
  case 2: return sign * u;
  default: return sign * exp(-50 * u); /* near 0 on all scales */
  }
}

static void both_are_right_to_two_units_of_the_last_place(void **state) {
  (void)state;
  double *x = malloc(N * sizeof *x), *e = malloc(N * sizeof *e), *m = malloc(N * sizeof *m), worst[2] = {0, 0};
  test_random random = {11};
  for (int shape = 0; shape < 4; shape++) {
    for (int i = 0; i < N; i++) {
      x[i] = draw(shape, &random);
    }
    dw_exp(x, N, e);
    dw_expm1(x, N, m);
    for (int i = 0; i < N; i++) {
      worst[0] = fmax(worst[0], distance(e[i], expl(x[i])));
      worst[1] = fmax(worst[1], distance(m[i], expm1l(x[i])));
    }
    near(worst[0], 0, 2);
    near(worst[1], 0, 2);
  }
  free(m);
  free(e);
  free(x);
}

static void the_ends_are_what_they_say(void **state) {
  (void)state;
  double x[] = {0, -708.5, -INFINITY, NAN, INFINITY, 1e5, -708, 1e-300}, e[8], m[8];
  dw_exp(x, 8, e);
  dw_expm1(x, 8, m);
  assert_true(e[0] == 1 && m[0] == 0);
  assert_true(e[1] == 0 && m[1] == -1 && e[2] == 0 && m[2] == -1);
  assert_true(isnan(e[3]) && isnan(m[3]));
  assert_true(e[4] == INFINITY && m[4] == INFINITY && e[5] == INFINITY && m[5] == INFINITY);
  assert_true(e[6] > 0 && e[7] == 1 && m[7] == 1e-300);
}

static void lengths_and_places_do_not_matter(void **state) {
  (void)state;
  enum { MOST = 19 };
  double x[MOST], whole[MOST], part[MOST];
  for (int i = 0; i < MOST; i++) {
    x[i] = 0.3 * i - 4;
  }
  dw_expm1(x, MOST, whole);
  for (int first = 0; first < MOST; first++) {
    dw_expm1(x + first, MOST - first, part);
    assert_memory_equal(part, whole + first, (size_t)(MOST - first) * sizeof *part);
  }
  dw_expm1(x, MOST, x); /* in place */
  assert_memory_equal(x, whole, sizeof x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_are_right_to_two_units_of_the_last_place),
      cmocka_unit_test(the_ends_are_what_they_say),
      cmocka_unit_test(lengths_and_places_do_not_matter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
