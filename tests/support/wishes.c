#include "wishes.h"

#include "solver/solve.h"

#include <math.h>

static void apply(divw_solver *solver, const request *r) {
  solver->most_active = r->active;
  ok(divw_solver_set_order(solver, r->order > 0 ? r->order : 1));
  ok(divw_solver_set_balance(solver, r->balance));
  ok(divw_solver_set_objective(solver, r->objective > 0 ? r->objective : DIVW_OBJECTIVE_PUBLISHED));
  ok(divw_solver_set_method(solver, r->method > 0 ? r->method : DIVW_METHOD_AUTO));
  ok(divw_solver_set_tolerance(solver, r->tolerance > 0 ? r->tolerance : 1e-8));
  ok(divw_solver_set_max_weight(solver, r->cap > 0 ? r->cap : INFINITY));
  ok(divw_solver_set_min_weight(solver, r->floor));
  ok(divw_solver_set_group_bounds(solver, r->labels, r->least, r->most, r->groups));
  ok(divw_solver_set_excluded(solver, r->excluded, r->excluded_count));
  ok(divw_solver_set_quality(solver, r->quality, r->n));
  if (r->share > 0) {
    ok(divw_solver_set_effective_share(solver, r->share));
  } else {
    ok(divw_solver_set_effective_examples(solver, r->effective));
  }
}

divw_weights *solved(const divw_kernel *kernel, request r) {
  divw_solver *solver;
  divw_weights *weights;
  ok(divw_solver_create(&solver));
  apply(solver, &r);
  ok(divw_solver_solve(solver, kernel, &weights));
  divw_solver_destroy(solver);
  return weights;
}

void refused(const divw_kernel *kernel, request r, const char *sentence) {
  divw_solver *solver;
  divw_weights *weights;
  ok(divw_solver_create(&solver));
  apply(solver, &r);
  fails(divw_solver_solve(solver, kernel, &weights), DIVW_ERROR_ARGUMENT, sentence);
  assert_null(weights);
  divw_solver_destroy(solver);
}

divw_kernel *make_labelled(const double *x, int64_t n, int64_t d, const int64_t *labels) {
  divw_dataset *dataset;
  divw_kernel *kernel;
  ok(divw_dataset_create_copy(&dataset, x, n, d, DIVW_FLOAT64, 0));
  ok(divw_dataset_set_labels(dataset, labels, n));
  ok(divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE));
  divw_dataset_destroy(dataset);
  return kernel;
}

const double orders[] = {0.5, 1, 2, 5, INFINITY};

const int64_t bounded[GROUPS] = {7, 9}, excluded[OUT] = {0, 11, 22};

const double least_mass[GROUPS] = {0.1, 0.3}, most_mass[GROUPS] = {0.2, 0.3};

void label_rows(int64_t *labels) {
  for (int i = 0; i < N; i++) {
    labels[i] = 7 + i % 4;
  }
}

void make_scores(double *scores) {
  test_random random = {5};
  for (int i = 0; i < N; i++) {
    scores[i] = i == 4 ? 0 : 10 * next_uniform(&random);
  }
}

request kind_of(int kind, const double *scores) {
  request r = {.tolerance = 1e-7};
  if (kind == 0 || kind >= 7) {
    r.cap = 2.5;
  }
  if (kind == 1 || kind >= 7) {
    r.floor = 0.3;
  }
  if (kind == 2 || kind >= 6) {
    r.groups = GROUPS;
    r.labels = bounded;
    r.least = least_mass;
    r.most = most_mass;
  }
  if (kind == 3 || kind >= 6) {
    r.excluded = excluded;
    r.excluded_count = OUT;
  }
  if (kind == 4 || kind >= 8) {
    r.share = 0.7;
  }
  if (kind == 5 || kind == 9) {
    r.quality = scores;
    r.n = N;
  }
  return r;
}

bool is_out(const request *r, int i) { return r->excluded_count > 0 && i % 11 == 0 && i < 33; }
