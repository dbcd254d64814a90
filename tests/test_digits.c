/* MNIST test images, where they are there, against the optima of docs/mathematics.md, section 8. The larger cases only
 * with --long.
 *
 *     test_digits [--long]
 */
#include "check.h"
#include "make.h"

#include <string.h>

typedef struct {
  bool two;
  int64_t limit;
  double balance, tolerance, score, entropy, objective;
  int64_t iterations;
} digits_case;

static void check_digits(const digits_case *c) {
  divw_kernel *kernel = make_digits_kernel(c->two, c->limit);
  if (kernel == NULL) {
    skip();
  }
  divw_weights *weights = make_weights(kernel, c->balance, c->tolerance);
  double allowed = c->balance * c->score * c->tolerance, exact = c->tolerance < 1e-9 ? 1e-6 : 1e-3;
  double flat = c->tolerance < 1e-9 ? 10 : 1; /* the entropy moves as the root of the gap */
  assert_true(divw_weights_gap(weights) <= c->tolerance && divw_weights_gap(weights) >= 0);
  assert_true(divw_weights_global_gap(weights) <= allowed * 1.01);
  assert_true(divw_weights_objective_value(weights) >= c->objective - allowed - 1e-6);
  assert_true(divw_weights_objective_value(weights) <= c->objective + 1e-6);
  near(divw_weights_vendi_score(weights), c->score, exact * c->score);
  near(divw_weights_entropy(weights), c->entropy, flat * exact * c->entropy);
  assert_true(divw_weights_iterations(weights) <= c->iterations);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
}

static void check_all(const digits_case *cases, size_t count) {
  for (size_t k = 0; k < count; k++) {
    check_digits(&cases[k]);
  }
}

static void real_digits_reach_the_known_optimum(void **state) {
  (void)state;
  static const digits_case cases[] = {
      {true, 500, 0.5, 1e-6, 22.448351, 5.072983, 13.760667, 30},
      {true, 500, 0.5, 1e-10, 22.448351, 5.072983, 13.760667, 60},
      {true, 500, 0.9, 1e-6, 22.541669, 4.906698, 20.778172, 60},
      {true, 500, 1, 1e-5, 22.542746, 4.8874, 22.542746, 120},
      {true, 0, 0.5, 1e-6, 29.944790, 5.496700, 17.720745, 30},
  };
  check_all(cases, sizeof cases / sizeof *cases);
}

static void more_real_digits_reach_the_known_optimum(void **state) {
  (void)state;
  static const digits_case cases[] = {
      {true, 0, 0.5, 1e-10, 29.944790, 5.496700, 17.720745, 60},
      {true, 0, 0.9, 1e-6, 30.044444, 5.319121, 27.571912, 60},
      {false, 0, 0.5, 1e-6, 59.880383, 6.317398, 33.098891, 30},
  };
  check_all(cases, sizeof cases / sizeof *cases);
}

int main(int argc, char **argv) {
  bool more = argc > 1 && strcmp(argv[1], "--long") == 0;
  const struct CMUnitTest some[] = {cmocka_unit_test(real_digits_reach_the_known_optimum)};
  const struct CMUnitTest all[] = {cmocka_unit_test(real_digits_reach_the_known_optimum),
                                   cmocka_unit_test(more_real_digits_reach_the_known_optimum)};
  return more ? cmocka_run_group_tests(all, NULL, NULL) : cmocka_run_group_tests(some, NULL, NULL);
}
