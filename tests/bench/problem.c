/* Loops over the sets, methods, orders and balances of a case. */
#include "bench.h"

#include <math.h>
#include <string.h>

static bool next_number(const char **list, const char *flag, double *number) {
  char item[32];
  bool found = next_item(list, item, sizeof item);
  *number = found ? number_of(flag, item, 0, INFINITY) : NAN;
  return found;
}

static bool next_method(const char **list, int32_t *method) {
  char item[32];
  if (!next_item(list, item, sizeof item)) {
    return false;
  }
  for (*method = 1; strcmp(divw_method_name(*method), item) != 0; ++*method) {
    if (strcmp(divw_method_name(*method), "unknown") == 0) {
      die(2, "--method is %s, expected a method of divweights solve", item);
    }
  }
  return true;
}

void each_problem(const bench_options *options, bench_table *table, bench_measure measure) {
  const char *sets = options->sets;
  bench_problem at;
  while ((at.set = next_set(&sets)) != NULL) {
    for (const char *methods = options->methods; next_method(&methods, &at.method);) {
      for (const char *orders = options->orders; next_number(&orders, "--order", &at.order);) {
        for (const char *balances = options->balances; next_number(&balances, "--balance", &at.balance);) {
          measure(options, table, &at);
        }
      }
    }
    set_close(at.set);
  }
}

divw_solver *make_solver(const bench_options *options, const bench_problem *problem) {
  divw_solver *solver;
  must(divw_solver_create(&solver));
  must(divw_solver_set_method(solver, problem->method));
  must(divw_solver_set_order(solver, problem->order));
  must(divw_solver_set_balance(solver, problem->balance));
  must(divw_solver_set_tolerance(solver, options->tolerance));
  must(divw_solver_set_max_iterations(solver, options->max_iterations));
  return solver;
}

void table_problem(bench_table *table, const bench_problem *problem) {
  table_text(table, "set", problem->set->name);
  table_number(table, "n", "%.0f", (double)problem->set->n);
  table_number(table, "r", "%.0f", (double)divw_kernel_features(set_kernel(problem->set)));
  table_text(table, "method", divw_method_name(problem->method));
  table_number(table, "order", "%g", problem->order);
  table_number(table, "balance", "%g", problem->balance);
}
