/* Constraints on the weights as options: each number is checked when it is set. constraint_set.c: what they make of the
 * examples, once those are known. */
#include "solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void dw_constraints_clear(dw_constraints *c) {
  void *owned[] = {c->labels, c->least, c->most, c->excluded, c->quality};
  for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) {
    divw_free(owned[k]);
  }
  *c = (dw_constraints){.max_weight = INFINITY};
}

static divw_status copy(void *out, const void *values, int64_t count, size_t size) {
  divw_status status = dw_alloc(out, count, size);
  if (status == DIVW_OK && count > 0) {
    memcpy(*(void **)out, values, (size_t)count * size);
  }
  return status;
}

divw_status divw_solver_set_max_weight(divw_solver *solver, double max_weight) {
  DW_REQUIRE(solver);
  if (!(max_weight > 0)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: max_weight is %g, expected a positive multiple of 1/n, or INFINITY",
                   __func__, max_weight);
  }
  solver->constraints.max_weight = max_weight;
  return DIVW_OK;
}

double divw_solver_max_weight(const divw_solver *solver) {
  return solver == NULL ? NAN : solver->constraints.max_weight;
}

divw_status divw_solver_set_min_weight(divw_solver *solver, double min_weight) {
  DW_REQUIRE(solver);
  if (!(min_weight >= 0 && min_weight <= 1)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: min_weight is %g, expected a multiple of 1/n in [0, 1]", __func__,
                   min_weight);
  }
  solver->constraints.min_weight = min_weight;
  return DIVW_OK;
}

double divw_solver_min_weight(const divw_solver *solver) {
  return solver == NULL ? NAN : solver->constraints.min_weight;
}

static divw_status check_group_bounds(const char *who, const int64_t *labels, const double *least, const double *most,
                                      int64_t count) {
  for (int64_t g = 0; g < count; g++) {
    if (!(least[g] >= 0 && least[g] <= most[g] && most[g] <= 1)) {
      return dw_fail(DIVW_ERROR_ARGUMENT, "%s: group %lld has bounds %g and %g, expected 0 <= lower <= upper <= 1", who,
                     (long long)labels[g], least[g], most[g]);
    }
    for (int64_t h = 0; h < g; h++) {
      if (labels[h] == labels[g]) {
        return dw_fail(DIVW_ERROR_ARGUMENT, "%s: group %lld has bounds twice", who, (long long)labels[g]);
      }
    }
  }
  return DIVW_OK;
}

divw_status divw_solver_set_group_bounds(divw_solver *solver, const int64_t *labels, const double *lower,
                                         const double *upper, int64_t count) {
  enum { MOST = 10000 };
  DW_REQUIRE(solver);
  divw_status status;
  dw_constraints added = {0}, *c = &solver->constraints;
  if (count < 0 || count > MOST) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected 0 to %d", __func__, (long long)count, MOST);
  }
  if (count > 0) {
    DW_REQUIRE(labels);
    DW_REQUIRE(lower);
    DW_REQUIRE(upper);
    DW_TRY(check_group_bounds(__func__, labels, lower, upper, count));
  }
  DW_TRY(copy(&added.labels, labels, count, sizeof *labels));
  DW_TRY(copy(&added.least, lower, count, sizeof *lower));
  DW_TRY(copy(&added.most, upper, count, sizeof *upper));
  divw_free(c->labels);
  divw_free(c->least);
  divw_free(c->most);
  c->labels = added.labels;
  c->least = added.least;
  c->most = added.most;
  c->group_count = count;
  return DIVW_OK;
fail:
  divw_free(added.least);
  divw_free(added.labels);
  return status;
}

int64_t divw_solver_group_count(const divw_solver *solver) {
  return solver == NULL ? 0 : solver->constraints.group_count;
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

divw_status divw_solver_set_excluded(divw_solver *solver, const int64_t *rows, int64_t count) {
  DW_REQUIRE(solver);
  divw_status status;
  int64_t *excluded;
  if (count < 0) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected at least 0", __func__, (long long)count);
  }
  if (count > 0) {
    DW_REQUIRE(rows);
  }
  DW_TRY(copy(&excluded, rows, count, sizeof *rows));
  qsort(excluded, (size_t)count, sizeof *excluded, by_value);
  divw_free(solver->constraints.excluded);
  solver->constraints.excluded = excluded;
  solver->constraints.excluded_count = count;
fail:
  return status;
}

bool dw_constraints_exclude(const dw_constraints *c, int64_t row) {
  return c->excluded_count > 0 && bsearch(&row, c->excluded, (size_t)c->excluded_count, sizeof row, by_value) != NULL;
}

int64_t divw_solver_excluded_count(const divw_solver *solver) {
  return solver == NULL ? 0 : solver->constraints.excluded_count;
}

divw_status divw_solver_set_quality(divw_solver *solver, const double *scores, int64_t n) {
  DW_REQUIRE(solver);
  divw_status status = DIVW_OK;
  double *quality = NULL;
  if (scores != NULL) {
    if (n < 1) {
      return dw_fail(DIVW_ERROR_ARGUMENT, "%s: n is %lld, expected at least 1", __func__, (long long)n);
    }
    for (int64_t i = 0; i < n; i++) {
      if (!(scores[i] >= 0) || isinf(scores[i])) {
        return dw_fail(DIVW_ERROR_ARGUMENT, "%s: score %lld is %g, expected a finite number of at least 0", __func__,
                       (long long)i, scores[i]);
      }
    }
    DW_TRY(copy(&quality, scores, n, sizeof *scores));
  }
  divw_free(solver->constraints.quality);
  solver->constraints.quality = quality;
  solver->constraints.quality_count = scores == NULL ? 0 : n;
fail:
  return status;
}

int64_t divw_solver_quality_count(const divw_solver *solver) {
  return solver == NULL ? 0 : solver->constraints.quality_count;
}

static divw_status set_effective(divw_solver *solver, double amount, bool is_share) {
  solver->constraints.effective = amount;
  solver->constraints.is_share = is_share;
  return DIVW_OK;
}

divw_status divw_solver_set_effective_examples(divw_solver *solver, double least) {
  DW_REQUIRE(solver);
  if (!(least == 0 || least >= 1) || isinf(least)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: least is %g, expected a number of at least 1, or 0 for none", __func__,
                   least);
  }
  return set_effective(solver, least, false);
}

divw_status divw_solver_set_effective_share(divw_solver *solver, double share) {
  DW_REQUIRE(solver);
  if (!(share >= 0 && share <= 1)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: share is %g, expected a number in [0, 1], 0 for none", __func__, share);
  }
  return set_effective(solver, share, true);
}

double divw_solver_effective_examples(const divw_solver *solver) {
  return solver == NULL ? NAN : solver->constraints.is_share ? 0 : solver->constraints.effective;
}

double divw_solver_effective_share(const divw_solver *solver) {
  return solver == NULL ? NAN : solver->constraints.is_share ? solver->constraints.effective : 0;
}
