/* What a solve will need: memory, added up from what the files of this folder hold at the same time, and whether there
 * is enough of it.
 *
 * An upper bound that only sizes and options go into: the history of the acceleration and the dual vectors count as if
 * all of them came to be. tests/test_estimate.c compares it with what the allocator is asked for; who adds an
 * allocation that grows with n or r adds it here. */
#include "divided.h"
#include "interior.h"

#include <math.h>

/* As in frontier.c, and file.c and file_write.c, of which a reader and a writer can be open at once. */
enum { FRONTIER = 20 << 10, CHECKPOINT = 192 << 10 };

static bool has_limit(const dw_solve *s) { return s->options->constraints.effective > 0; }

double dw_eigen_numbers(double r) { return 2 * r * r + 6 * r + (5 * r + 3) / 2 + 1; }

double dw_block_numbers(int64_t n, int64_t r) { return (double)dw_kernel_block(n, r) * (double)r; }

/* Beside n-vectors, at the height of dw_evaluate(): workspace of LAPACK, or blocks of rows and the factors of dual
 * states, in either precision. */
static double numbers_to_evaluate(const dw_solve *s) {
  const int64_t states = 1 + dw_smoothed_states(s);
  const double single = dw_may_estimate(s) ? dw_pass_bytes(s->n, s->r, states, true) : 0;
  const double blocks = fmax(dw_pass_bytes(s->n, s->r, states, false), single) / 8;
  return s->objective.order == 2 ? blocks : fmax(dw_eigen_numbers((double)s->r), blocks);
}

/* What a call of so many solves holds in the last of them, whatever the method: the point at work, and of the solves
 * before it the best point and dual vectors. */
static double numbers_of_call(const dw_solve *s, int64_t solves) {
  const dw_constraints *c = &s->options->constraints;
  double n = (double)s->n, r = (double)s->r, vectors = solves > 1 ? 6 : 3;
  vectors += s->quality != NULL;
  vectors += dw_is_ratio(s) ? 2 : (double)dw_smoothed_states(s);
  vectors += dw_constraints_bound_rows(c) ? 7 : 0;
  vectors += c->group_count > 0 ? 0.5 : 0;
  vectors += dw_is_gap_global(s) ? 0 : (double)solves - 1;
  vectors += dw_has_deficits(s) ? 5 : 0; /* eigenvalues of every row's own, those of a dual state, and curvature */
  return n * vectors + r + (3 + (double)dw_smoothed_states(s)) * r * r +
         (double)c->group_count * (double)sizeof(dw_group) / 8;
}

static double numbers_to_ascend(const dw_solve *s, int64_t iterations) {
  dw_history history = dw_history_of(s->n);
  double columns = (2 * (double)dw_max(0, dw_min(history.depth, iterations - 2)) + 1) * (double)history.width / 8;
  double step = fmax(numbers_to_evaluate(s), dw_anderson_numbers(s->n));
  return (double)s->n * (3 + columns) + step;
}

/* Newton's matrix, and the vectors and borders around it (newton.c), of m active rows. */
static double newton_numbers(const dw_solve *s, double m) {
  const dw_constraints *c = &s->options->constraints;
  double groups = c->group_count > 0 ? (double)c->group_count + 1 : 1, loose = groups > 1 ? groups : 0;
  double pairs = (isfinite(c->max_weight) ? 2 : 1) * m + 2 * loose + has_limit(s);
  double columns = groups + has_limit(s) + dw_interior_is_dual(s->objective.order),
         unknowns = columns + loose + (loose > 0);
  return dw_newton_matrix_numbers(m, (double)s->r,
                                  s->quality == NULL                        ? 0
                                  : dw_interior_is_dual(s->objective.order) ? 1
                                                                            : 2,
                                  s->objective.order) +
         (s->quality == NULL ? 5 : 6) * m + 5 * pairs + columns * m + unknowns * (unknowns + 4) + columns + 7 * groups;
}

static double value_numbers(const dw_solve *s, double m) {
  double r = (double)s->r;
  if (dw_interior_is_dual(s->objective.order)) {
    return 3 * m * r + (s->quality == NULL ? 1 : 3) * m + 5 * r + 11 * r * r;
  }
  return (s->objective.order == 2 ? 1 : 2) * m * r + r * (r + 1 + 2 * DW_MOST_TERMS) + (s->quality == NULL ? 0 : 3 * m);
}

static double step_numbers(const dw_solve *s, double m) { return newton_numbers(s, m) + value_numbers(s, m); }

static double numbers_of_interior_point(const dw_solve *s) {
  enum { APPROACH = 15 };
  double n = (double)s->n, m = (double)dw_interior_active(s);
  bool all = m == n;
  /* column generation comes to m by fewer, of which up to r (r + 1) may be factored on the side of the rows */
  double most =
      all ? step_numbers(s, m) : fmax(step_numbers(s, m), step_numbers(s, fmin(m, (double)s->r * (double)(s->r + 1))));
  double newton = (all ? 3 : 4) * n + most + numbers_to_evaluate(s);
  bool ascends = !all && isfinite(s->objective.order);
  return n * (all ? 1 : 3) + (ascends ? fmax(newton, numbers_to_ascend(s, APPROACH)) : newton);
}

static double bytes_of(const dw_solve *s, int32_t method, int64_t solves) {
  int64_t iterations = s->options->max_iterations;
  bool keeps_point = method == DIVW_METHOD_INTERIOR_POINT || /* while another method tries to find a better one */
                     (s->options->method == DIVW_METHOD_AUTO && dw_interior_active(s) == s->n);
  double base = numbers_of_call(s, solves) + (keeps_point ? 3 * (double)s->n : 0), more = 0;
  switch (method) {
  case DIVW_METHOD_INTERIOR_POINT: more = numbers_of_interior_point(s); break;
  case DIVW_METHOD_ADAM: more = 6 * (double)s->n + numbers_to_evaluate(s); break;
  default: more = numbers_to_ascend(s, iterations); break;
  }
  bool kept = s->options->checkpoint_path != NULL || s->options->resume_path != NULL;
  return 8 * (base + more) + FRONTIER + (kept ? CHECKPOINT : 0);
}

bool dw_interior_point_fits(const dw_solve *s) {
  return bytes_of(s, DIVW_METHOD_INTERIOR_POINT, 1) <= s->options->max_memory;
}

/* The method that a solve cannot do without. */
static int32_t least_method(const dw_solve *s) {
  bool interior = isinf(s->objective.order) || s->options->method == DIVW_METHOD_INTERIOR_POINT;
  return interior                                 ? DIVW_METHOD_INTERIOR_POINT
         : s->options->method == DIVW_METHOD_ADAM ? DIVW_METHOD_ADAM
                                                  : DIVW_METHOD_ACCELERATED;
}

/* Solves after the first one serve the bound and can be done without. */
int64_t dw_most_solves(const dw_solve *s) {
  int64_t solves = s->options->max_solves;
  double most = s->options->max_memory;
  bool interior = dw_interior_point_fits(s) && least_method(s) != DIVW_METHOD_INTERIOR_POINT;
  while (solves > 1 && (bytes_of(s, least_method(s), solves) > most ||
                        (interior && bytes_of(s, DIVW_METHOD_INTERIOR_POINT, solves) > most))) {
    solves--;
  }
  return solves;
}

double dw_solve_bytes(const dw_solve *s, int32_t method) { return bytes_of(s, method, dw_most_solves(s)); }

divw_status dw_check_memory(const dw_solve *s) {
  int32_t method = least_method(s);
  double needed = dw_solve_bytes(s, method);
  if (needed <= s->options->max_memory) {
    return DIVW_OK;
  }
  return dw_fail(
      DIVW_ERROR_MEMORY,
      "divw_solver_solve: %lld examples of %lld features may take %.0f bytes by method %s, max_memory allows "
      "%.0f",
      (long long)s->n, (long long)s->r, needed, divw_method_name(method), s->options->max_memory);
}
