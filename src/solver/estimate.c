/* What a solve will take, for the caller, from sizes and options alone. Bytes of a solve: demand.c; seconds: pace.c.
 *
 * Before a solve memory goes up and down: the file is read, principal components are found, the kernel is made. What
 * each step holds at its height is added to what stays from the steps before. */
#include <divweights/estimate.h>

#include "../array_file.h"
#include "../dataset/windows.h"
#include "../linalg.h"
#include "pace.h"

#include <math.h>

struct divw_estimate {
  double rows, kernel, preparation;
  double window;           /* of rows that stay where they are; counted in `rows` once, and two passes compare rows */
  double solver, interior; /* a solve at its height */
  bool has_solver;
  bool uses[DIVW_METHOD_ADAM + 1];
  dw_pace_problem problem;
};

/* ---- preparation ---- */

enum { READER = 128 << 10, WINDOW = 1 << 20 }; /* file.c with gzip; array_file.c, where columns come first */

static void hold(divw_estimate *e, double bytes) { e->preparation = fmax(e->preparation, bytes); }

/* Labels of all rows and of the selected ones, numbers of these. */
static void read_rows(divw_estimate *e, double rows, double row_bytes, double n) {
  double block = rows * row_bytes;
  e->rows = block + 16 * n;
  hold(e, block + READER + fmin(block, WINDOW));
  hold(e, e->rows + 32 * rows);
}

/* Rows that stay where they are: windows on them, which passes hold. */
static void open_rows(divw_estimate *e, double rows, double row_bytes, double n) {
  e->window = dw_windows_bytes(n, row_bytes);
  e->rows = e->window + 16 * n;
  hold(e, e->rows + 32 * rows + READER);
}

/* components.c; the directions and a mean stay for rows that come later. */
static void reduce_rows(divw_estimate *e, int64_t n, int64_t d, int64_t components) {
  double side = (double)dw_min(n, d), columns = (double)d, k = (double)components;
  double block = d <= n ? dw_block_numbers(n, d) : 256 * (double)n;
  double result = (double)n * (k + 3) + k * columns + 2 * columns;
  hold(e, e->rows + 8 * (result + 2 * side * side + side + fmax(dw_eigen_numbers(side), block) + (d <= n ? block : 0)));
  e->rows = 8 * result;
  e->window = 0;
}

/* Whether features are from the n x n matrix. */
static bool has_matrix(const divw_similarity *similarity, int64_t n, int64_t d) {
  const int32_t kind = divw_similarity_kind(similarity);
  return n < d || (kind != 0 && kind != DIVW_KERNEL_COSINE && kind != DIVW_KERNEL_LINEAR);
}

/* positive.c, with all that dw_eigen() takes; bandwidth.c. */
static double numbers_to_check(int32_t kind, int32_t rule, double m) {
  const bool given = kind == DIVW_KERNEL_PRECOMPUTED || kind == DIVW_KERNEL_FUNCTION;
  return given ? m + m * m + dw_eigen_numbers(m) : rule == DIVW_BANDWIDTH_VENDI ? m * m + 68 * m : 0;
}

/* What an estimate is of. */
typedef struct {
  const char *function;
  const divw_similarity *similarity;
  int64_t rows, d;
  int32_t dtype;
  int64_t n, components;
  bool streamed;
  int32_t approximation; /* 0: by pairs, without features */
  int64_t rank;          /* of approximations, at most */
  double residual;       /* that may end with fewer; 0: none */
} data_size;

static int64_t most_features(const data_size *of) {
  const int64_t rank = dw_min(of->rank, DW_MAX_ORDER);
  return of->approximation == DIVW_APPROXIMATION_FEATURES ? rank : dw_min(rank, of->n);
}

/* low_rank.c, features.c; before them bandwidth.c */
static void approximate(divw_estimate *e, const data_size *of) {
  const bool random = of->approximation == DIVW_APPROXIMATION_FEATURES;
  const double n = (double)of->n, d = (double)of->d, rank = (double)most_features(of);
  const int32_t kind = divw_similarity_kind(of->similarity), rule = divw_similarity_bandwidth_rule(of->similarity);
  const double chooses = rule == DIVW_BANDWIDTH_VENDI ? numbers_to_check(kind, rule, n) : 0;
  const double more = random ? dw_random_features_numbers(of->n, of->rank, of->d)
                             : dw_low_rank_numbers(of->n, of->rank, of->residual, of->d);
  e->kernel = 8 * (n * rank + (random ? rank / 2 * d : rank + 2 * n) + d);
  hold(e, e->rows + e->window + 8 * (chooses + d + n));
  hold(e, e->rows + e->window + e->kernel + 8 * more);
}

/* order_two.c */
static void compare_pairs(divw_estimate *e, const data_size *of) {
  enum { SIDE = 1024 };
  const double side = (double)dw_min(of->n, SIDE), d = (double)of->d;
  const int32_t kind = divw_similarity_kind(of->similarity), rule = divw_similarity_bandwidth_rule(of->similarity);
  const double chooses = rule == DIVW_BANDWIDTH_VENDI ? numbers_to_check(kind, rule, (double)of->n) : 0;
  e->kernel = 8 * (d + (double)of->n);
  e->solver =
      e->window + 8 * ((double)of->n + side * side + 2 * (double)dw_kernel_block(of->n, of->d + 1) * (d + 2) + d);
  hold(e, e->rows + e->window + e->kernel + 8 * chooses);
}

/* kernel.c, exact.c */
static void make_kernel(divw_estimate *e, const divw_similarity *similarity, int64_t n, int64_t d) {
  double m = (double)n, columns = (double)d, matrix = m * m;
  e->kernel = 8 * (m + columns);
  hold(e, e->rows + e->kernel + 9 * columns);
  if (has_matrix(similarity, n, d)) {
    const double check =
        numbers_to_check(divw_similarity_kind(similarity), divw_similarity_bandwidth_rule(similarity), m);
    e->kernel += 8 * m;
    hold(e, e->rows + e->window + e->kernel +
                8 * (matrix + 4 * m + columns + fmax(fmax(check, matrix), 2 * dw_block_numbers(n, d + 1))));
    e->kernel += 8 * matrix;
  }
}

/* ---- the solve ---- */

/* Which methods a solve begins with can depend on the score of uniform weights, which is between 1 and r. */
static void find_methods(divw_estimate *e, dw_solve *s) {
  bool ascent = false, interior = false;
  double scores[] = {1, (double)s->r};
  if (s->options->method == DIVW_METHOD_ADAM) {
    e->uses[DIVW_METHOD_ADAM] = true;
    return;
  }
  for (int k = 0; k < 2; k++) {
    s->vendi_uniform = scores[k];
    *(dw_wants_interior_point(s) ? &interior : &ascent) = true;
  }
  bool columns = interior && dw_interior_active(s) < s->n && isfinite(s->objective.order);
  e->uses[DIVW_METHOD_ACCELERATED] = ascent || columns || (interior && dw_may_switch(s, true));
  e->uses[DIVW_METHOD_INTERIOR_POINT] = interior || (ascent && dw_may_switch(s, false));
}

static void add_solve(divw_estimate *e, const divw_solver *solver, bool low_rank) {
  dw_solve s = {.options = solver,
                .will_have_deficits = low_rank,
                .objective = dw_effective_objective(solver),
                .n = e->problem.n,
                .r = e->problem.r,
                .quality = solver->constraints.quality};
  find_methods(e, &s);
  e->problem.order = s.objective.order;
  e->problem.single = dw_may_estimate(&s);
  e->problem.newton_operations = dw_newton_cost(&s);
  int32_t other = e->uses[DIVW_METHOD_ADAM] ? DIVW_METHOD_ADAM : DIVW_METHOD_ACCELERATED;
  e->solver = e->uses[other] ? dw_solve_bytes(&s, other) : 0;
  e->interior = e->uses[DIVW_METHOD_INTERIOR_POINT] ? dw_solve_bytes(&s, DIVW_METHOD_INTERIOR_POINT) : 0;
}

/* dw_spectrum_values(); dw_spectrum_compute() and interval.c */
static double bytes_to_score(const data_size *of, int64_t r) {
  const double order = (double)r, n = (double)of->n, block = dw_pass_bytes(of->n, r, 1, false) / 8;
  return of->approximation == DIVW_APPROXIMATION_CHOLESKY
             ? 8 * (2 * order * order + 4 * order + 4 * n + fmax(block, dw_eigen_numbers(order)))
             : 8 * (order * order + fmax(block, order * order + 67 * order));
}

/* ---- the interface ---- */

static divw_status check(const char *who, int64_t rows, int64_t d, int32_t dtype, int64_t n, int64_t components) {
  if (rows < 1 || d < 1 || n < 1) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: %s is %lld, expected at least 1", who,
                   rows < 1 ? "rows"
                   : d < 1  ? "d"
                            : "n",
                   (long long)(rows < 1 ? rows
                               : d < 1  ? d
                                        : n));
  }
  if (dtype < DIVW_FLOAT64 || dtype > DIVW_UINT8) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: dtype is %d, expected DIVW_FLOAT64, DIVW_FLOAT32, DIVW_FLOAT16 or "
                   "DIVW_UINT8",
                   who, dtype);
  }
  if (components < 0 || components > dw_min(n, d)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: components is %lld, expected 0 to %lld, the smaller one of n and d", who,
                   (long long)components, (long long)dw_min(n, d));
  }
  return DIVW_OK;
}

/* The kernel, and the rows that passes over it will see. */
static void add_kernel(divw_estimate *e, const data_size *of) {
  const bool is_exact = of->approximation == DIVW_APPROXIMATION_NONE;
  const bool matrix = has_matrix(of->similarity, of->n, of->d);
  e->problem = (dw_pace_problem){.n = of->n, .r = of->d, .dtype = of->dtype, .order = 1};
  if (is_exact) {
    make_kernel(e, of->similarity, of->n, of->d);
  } else if (of->approximation == 0) {
    compare_pairs(e, of);
  } else {
    approximate(e, of);
  }
  if (!is_exact || matrix) {
    e->problem.r = is_exact || of->approximation == 0 ? of->n : most_features(of);
    e->problem.dtype = DIVW_FLOAT64;
  }
}

static divw_status create(divw_estimate **out, const divw_solver *solver, data_size of) {
  divw_status status;
  double row_bytes = (double)of.d * (double)dw_dtype_size(of.dtype);
  DW_TRY(check(of.function, of.rows, of.d, of.dtype, of.n, of.components));
  DW_TRY(dw_alloc_zero(out, 1, sizeof **out));
  divw_estimate *e = *out;
  (of.streamed ? open_rows : read_rows)(e, (double)of.rows, row_bytes, (double)of.n);
  if (of.components > 0) {
    reduce_rows(e, of.n, of.d, of.components);
    of.d = of.components;
    of.dtype = DIVW_FLOAT64;
  }
  add_kernel(e, &of);
  e->has_solver = solver != NULL;
  if (solver != NULL) {
    add_solve(e, solver, of.approximation == DIVW_APPROXIMATION_CHOLESKY);
  } else if (of.approximation != 0) {
    e->solver = bytes_to_score(&of, e->problem.r);
  }
fail:
  return status;
}

divw_status divw_estimate_create(divw_estimate **out, const divw_solver *solver, int64_t rows, int64_t d, int32_t dtype,
                                 int64_t n, int64_t components) {
  DW_REQUIRE(out);
  *out = NULL;
  return create(out, solver,
                (data_size){__func__, NULL, rows, d, dtype, n, components, false, DIVW_APPROXIMATION_NONE, 0, 0});
}

divw_status divw_estimate_create_with(divw_estimate **out, const divw_solver *solver, const divw_similarity *similarity,
                                      int64_t rows, int64_t d, int32_t dtype, int64_t n, int64_t components) {
  DW_REQUIRE(out);
  *out = NULL;
  return create(out, solver,
                (data_size){__func__, similarity, rows, d, dtype, n, components, false, DIVW_APPROXIMATION_NONE, 0, 0});
}

divw_status divw_estimate_create_streamed(divw_estimate **out, const divw_solver *solver,
                                          const divw_similarity *similarity, int64_t rows, int64_t d, int32_t dtype,
                                          int64_t n, int64_t components) {
  DW_REQUIRE(out);
  *out = NULL;
  return create(out, solver,
                (data_size){__func__, similarity, rows, d, dtype, n, components, true, DIVW_APPROXIMATION_NONE, 0, 0});
}

divw_status divw_estimate_create_low_rank(divw_estimate **out, const divw_solver *solver,
                                          const divw_similarity *similarity, int32_t approximation, int64_t rank,
                                          double residual, int32_t streamed, int64_t rows, int64_t d, int32_t dtype,
                                          int64_t n, int64_t components) {
  DW_REQUIRE(out);
  *out = NULL;
  if (approximation != DIVW_APPROXIMATION_CHOLESKY && approximation != DIVW_APPROXIMATION_FEATURES) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: approximation is %d, expected DIVW_APPROXIMATION_CHOLESKY or DIVW_APPROXIMATION_FEATURES",
                   __func__, approximation);
  }
  if (rank < 1) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: rank is %lld, expected 1 or more", __func__, (long long)rank);
  }
  if (!(residual >= 0 && residual <= 1)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: residual is %g, expected 0 to 1", __func__, residual);
  }
  return create(
      out, solver,
      (data_size){__func__, similarity, rows, d, dtype, n, components, streamed != 0, approximation, rank, residual});
}

divw_status divw_estimate_create_score_two(divw_estimate **out, const divw_similarity *similarity, int32_t streamed,
                                           int64_t rows, int64_t d, int32_t dtype, int64_t n, int64_t components) {
  DW_REQUIRE(out);
  *out = NULL;
  return create(out, NULL, (data_size){__func__, similarity, rows, d, dtype, n, components, streamed != 0, 0, 0, 0});
}

void divw_estimate_destroy(divw_estimate *estimate) { divw_free(estimate); }

double divw_estimate_bytes(const divw_estimate *estimate, int32_t part) {
  if (estimate == NULL) {
    return NAN;
  }
  switch (part) {
  case DIVW_MEMORY_PEAK:
    return fmax(estimate->preparation, estimate->rows + estimate->kernel + fmax(estimate->solver, estimate->interior));
  case DIVW_MEMORY_ROWS: return estimate->rows;
  case DIVW_MEMORY_KERNEL: return estimate->kernel;
  case DIVW_MEMORY_SOLVER: return estimate->solver;
  case DIVW_MEMORY_INTERIOR_POINT: return estimate->interior;
  case DIVW_MEMORY_PREPARATION: return estimate->preparation;
  default: return NAN;
  }
}

int32_t divw_estimate_uses(const divw_estimate *estimate, int32_t method) {
  return estimate != NULL && method >= 1 && method <= DIVW_METHOD_ADAM && estimate->uses[method];
}

divw_status divw_estimate_seconds(const divw_estimate *estimate, int32_t method, double *seconds) {
  DW_REQUIRE(estimate);
  DW_REQUIRE(seconds);
  if (method <= DIVW_METHOD_AUTO || method > DIVW_METHOD_ADAM) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: method is %d, expected DIVW_METHOD_ACCELERATED, DIVW_METHOD_INTERIOR_POINT or DIVW_METHOD_ADAM",
                   __func__, method);
  }
  if (!estimate->has_solver) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: estimate was made without a solver", __func__);
  }
  return dw_pace_measure(&estimate->problem, method, seconds);
}
