/* Features of low rank of any similarity, without its n x n matrix: randomly pivoted Cholesky.
 *
 *     phi <- [phi, (K_T - phi phi_T^T) L^-T],    L L^T = K_TT - phi_T phi_T^T,    delta_i = K_ii - |phi_i|^2
 *
 * takes the columns K_T of a few pivots T at a time, about n r^2 operations in all, most of them in gemm, and
 * n r similarities. What is left, E = K - phi phi^T, is positive semidefinite with the diagonal delta, all of which is
 * known: from it follow bounds for K itself (interval.c; docs/mathematics.md, 13).
 *
 * Pivots are drawn with probabilities delta_i / sum delta, anew after each: that is as good as the best rank r up to a
 * logarithm, and neither falls for outliers, as the largest delta does, nor misses small groups, as uniform ones do. A
 * block of candidates is drawn from delta as it is at its begin, and one after the other accepted with the probability
 * delta_now / delta_then, which is the same distribution; and it is safe, since what earlier pivots of the block have
 * explained is refused, copies above all.
 *
 * Source: Chen, Epperly, Tropp, Webber, Randomly pivoted Cholesky, Comm. Pure Appl. Math. 78 (2025), arXiv 2207.06503;
 * Epperly, Tropp, Webber, Embrace rejection, arXiv 2410.03969 (2024), algorithm 2.2. */
#include "parts.h"

#include "../linalg.h"
#include "../random.h"
#include "../simplex.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { LEAST_CANDIDATES = 16, MOST_CANDIDATES = 128, ROWS = 4096, FIRST_ROOM = 256, PURPOSE_PIVOTS = 81 };

/* By how much |phi_i|^2 may exceed 1 before the similarity is to blame. */
#define NOT_ROUNDING 1e-6

typedef struct {
  divw_kernel *kernel;
  int64_t n, most, room, rank; /* columns of phi: as many as may be; there is room for; are filled */
  uint64_t seed;
  uint32_t round;
  double *phi;        /* n x room, the kernel's */
  double *rest;       /* n: delta */
  double *cumulative; /* n */
  double nothing;     /* what rounding may have left of 0 */
  int64_t candidates, accepted;
  int64_t *candidate; /* row numbers; the accepted ones come first, in the end */
  double *H, *L;      /* candidates x candidates: what is left of K; accepted x accepted */
  double *taken;      /* features of candidates, x room */
  double *block;      /* ROWS x candidates */
  double *other;      /* as many, for similarities of the caller; NULL: not needed */
} factor;

/* ---- pivots ---- */

static double uniform(const uint64_t *random, int64_t k) { return (double)(random[k] >> 11) * 0x1p-53; }

static int64_t find(const double *cumulative, int64_t n, double x) {
  int64_t low = 0, high = n - 1;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    *(cumulative[middle] > x ? &high : &low) = cumulative[middle] > x ? middle : middle + 1;
  }
  return low;
}

/* Rows by delta, with replacement. False when nothing is left. */
static bool draw(factor *f, const uint64_t *random) {
  double total = 0;
  for (int64_t i = 0; i < f->n; i++) {
    total += f->rest[i] > f->nothing ? f->rest[i] : 0;
    f->cumulative[i] = total;
  }
  for (int64_t c = 0; c < f->candidates; c++) {
    f->candidate[c] = find(f->cumulative, f->n, uniform(random, 2 * c) * total);
  }
  return total > 0;
}

/* Features of candidates, one row each. */
static void take_features(factor *f, int64_t count) {
  for (int64_t c = 0; c < count; c++) {
    memcpy(f->taken + c * f->rank, f->phi + f->candidate[c] * f->room, (size_t)f->rank * sizeof *f->taken);
  }
}

/* Accepts candidate c: its column of the factor, of all candidates, goes to row `accepted` of L; H loses it. */
static void accept(factor *f, int64_t c) {
  const int64_t m = f->candidates;
  double *column = f->L + f->accepted * m, root = sqrt(f->H[c * (m + 1)]);
  for (int64_t k = 0; k < m; k++) {
    column[k] = f->H[c * m + k] / root;
  }
  for (int64_t k = c; k < m; k++) {
    for (int64_t l = c; l < m; l++) {
      f->H[k * m + l] -= column[k] * column[l];
    }
  }
  f->candidate[f->accepted] = f->candidate[c];
  for (int64_t k = 0; k <= f->accepted; k++) { /* row c of the factor moves with it */
    f->L[k * m + f->accepted] = f->L[k * m + c];
  }
  f->accepted++;
}

/* Each with probability delta_now / delta_then. L becomes accepted x accepted, lower triangular. */
static divw_status choose(factor *f, const uint64_t *random) {
  divw_status status;
  const int64_t m = f->candidates;
  const dw_some_rows rows = {f->kernel->dataset, f->candidate, 0, m};
  double then[MOST_CANDIDATES];
  DW_TRY(dw_similarity_block(&f->kernel->similarity, rows, rows, f->H, m));
  take_features(f, m);
  dw_subtract_products(f->H, m, f->taken, f->rank, m, f->taken, f->rank, m, f->rank);
  for (int64_t c = 0; c < m; c++) {
    then[c] = f->H[c * (m + 1)];
    f->rest[f->candidate[c]] = then[c] > f->nothing ? f->rest[f->candidate[c]] : 0;
  }
  f->accepted = 0;
  for (int64_t c = 0; c < m && f->rank + f->accepted < f->most; c++) {
    const double now = f->H[c * (m + 1)];
    if (now > f->nothing && uniform(random, 2 * c + 1) * then[c] < now) {
      accept(f, c);
    }
  }
  for (int64_t k = 0; k < f->accepted; k++) { /* columns of m numbers become rows of `accepted` */
    for (int64_t l = 0; l < f->accepted; l++) {
      f->H[k * f->accepted + l] = l <= k ? f->L[l * m + k] : 0;
    }
  }
fail:
  return status;
}

/* ---- columns ---- */

static divw_status not_definite(const factor *f, int64_t i) {
  const int64_t others = f->rank + f->accepted;
  return dw_fail(DIVW_ERROR_DATA,
                 "the %s similarity is not positive semidefinite: row %lld is more alike to %lld others than any "
                 "vector of its length can be",
                 divw_kernel_name(f->kernel->similarity.options.kind),
                 (long long)divw_dataset_row(f->kernel->dataset, i), (long long)others);
}

/* New columns of phi for all rows. */
static divw_status extend(factor *f) {
  divw_status status = DIVW_OK;
  const int64_t t = f->accepted, k = f->rank;
  const dw_some_rows pivots = {f->kernel->dataset, f->candidate, 0, t};
  take_features(f, t);
  for (int64_t first = 0; first < f->n; first += ROWS) {
    const int64_t count = dw_min(ROWS, f->n - first);
    const dw_some_rows rows = {f->kernel->dataset, NULL, first, count};
    double *phi = f->phi + first * f->room;
    DW_TRY(dw_similarity_block_checked(&f->kernel->similarity, rows, pivots, f->block, f->other));
    dw_subtract_products(f->block, t, phi, f->room, count, f->taken, k, t, k);
    dw_solve_rows(f->block, count, f->H, t);
    for (int64_t i = 0; i < count; i++) {
      const double *row = f->block + i * t;
      double square = 0;
      for (int64_t l = 0; l < t; l++) {
        square += row[l] * row[l];
      }
      memcpy(phi + i * f->room + k, row, (size_t)t * sizeof *phi);
      if (square > f->rest[first + i] + NOT_ROUNDING) {
        return not_definite(f, first + i);
      }
      f->rest[first + i] = fmax(f->rest[first + i] - square, 0);
    }
  }
  memcpy(f->kernel->pivots + k, f->candidate, (size_t)t * sizeof *f->candidate);
  f->rank += t;
fail:
  return status;
}

static divw_status check_room(int64_t n, int64_t columns) {
  const double has = dw_machine_bytes(), needs = 8.0 * (double)n * (double)columns;
  return needs <= has
             ? DIVW_OK
             : dw_fail(DIVW_ERROR_MEMORY,
                       "%lld features of each of %lld examples take %.3g GB, and this machine has %.3g GB: ask for a "
                       "smaller rank, at most %.0f, or a larger residual",
                       (long long)columns, (long long)n, needs / 1e9, has / 1e9, floor(has / 8 / (double)n));
}

/* Room for so many columns; those that are filled move. */
static divw_status reserve(factor *f, int64_t room) {
  divw_status status;
  double *phi = NULL, *taken = NULL;
  DW_TRY(check_room(f->n, room));
  DW_TRY(dw_alloc(&taken, f->candidates, (size_t)room * sizeof *taken));
  DW_TRY(dw_alloc(&phi, f->n, (size_t)room * sizeof *phi));
  for (int64_t i = 0; f->rank > 0 && i < f->n; i++) {
    memcpy(phi + i * room, f->phi + i * f->room, (size_t)f->rank * sizeof *phi);
  }
  divw_free(f->phi);
  divw_free(f->taken);
  f->kernel->phi = f->phi = phi;
  f->taken = taken;
  f->room = room;
  return DIVW_OK;
fail:
  divw_free(taken);
  return status;
}

/* Twice as much where the next block may not fit. */
static divw_status widen(factor *f) {
  return f->room == f->most || f->rank + f->candidates <= f->room ? DIVW_OK : reserve(f, dw_min(f->most, 2 * f->room));
}

static double mean_rest(const factor *f) {
  dw_sum sum = {0, 0};
  for (int64_t i = 0; i < f->n; i++) {
    dw_sum_add(&sum, f->rest[i]);
  }
  return dw_sum_value(&sum) / (double)f->n;
}

static divw_status run(factor *f, double residual) {
  divw_status status = DIVW_OK;
  dw_decay *decay = &f->kernel->decay;
  uint64_t random[2 * MOST_CANDIDATES];
  double mean = 1;
  for (bool is_left = true; is_left && f->rank < f->most && mean > residual; f->round++) {
    dw_random_pairs((dw_sequence){f->seed, f->round, PURPOSE_PIVOTS}, 0, f->candidates, random);
    is_left = draw(f, random);
    if (is_left) {
      DW_TRY(widen(f));
      DW_TRY(choose(f, random));
      DW_TRY(f->accepted > 0 ? extend(f) : DIVW_OK);
      mean = mean_rest(f);
      dw_decay_add(decay, f->rank, mean);
    }
  }
fail:
  return status;
}

/* ---- the whole ---- */

/* Rows of `rank` numbers, and the deficits anew, from what phi has become. Where none is left beyond rounding, the
 * features are exact: rows are scaled to length 1. */
static void finish(factor *f) {
  divw_kernel *kernel = f->kernel;
  double largest = 0;
  for (int64_t i = 0; i < f->n; i++) {
    double *row = f->phi + i * f->rank, square = 0;
    memmove(row, f->phi + i * f->room, (size_t)f->rank * sizeof *row);
    for (int64_t k = 0; k < f->rank; k++) {
      square += row[k] * row[k];
    }
    f->rest[i] = fmax(1 - square, 0);
    largest = fmax(largest, f->rest[i]);
  }
  kernel->r = f->rank;
  if (largest > f->nothing) {
    kernel->deficit = f->rest;
    f->rest = NULL;
    return;
  }
  for (int64_t i = 0; i < f->n; i++) {
    double *row = f->phi + i * f->rank, scale = 1 / sqrt(1 - f->rest[i]);
    for (int64_t k = 0; k < f->rank; k++) {
      row[k] *= scale;
    }
  }
}

static int64_t candidates_of(int64_t most) { return dw_max(LEAST_CANDIDATES, dw_min(MOST_CANDIDATES, most / 8)); }

/* How many features there can be: more than LAPACK can index would be of no use. */
static int64_t most_of(int64_t n, int64_t rank) { return dw_min(dw_min(rank, n), DW_MAX_ORDER); }

/* All of them at once, unless a residual may end with fewer. */
static int64_t first_room(int64_t most, double residual) { return residual > 0 ? dw_min(most, FIRST_ROOM) : most; }

double dw_low_rank_numbers(int64_t n, int64_t rank, double residual, int64_t d) {
  const int64_t most = most_of(n, rank), m = candidates_of(most);
  const double moving = first_room(most, residual) < most ? 0.5 * (double)n * (double)most : 0;
  return moving + (double)n + (double)m + 2 * (double)(m * m) + (double)(m * most) + 2 * (double)(dw_min(ROWS, n) * m) +
         2 * (double)dw_kernel_block(n, d + 1) * (double)(d + 2) + (double)d;
}

divw_status dw_kernel_make_low_rank(divw_kernel *kernel, int64_t rank, double residual, uint64_t seed) {
  divw_status status;
  factor f = {.kernel = kernel, .n = kernel->n, .most = most_of(kernel->n, rank), .seed = seed};
  f.candidates = candidates_of(f.most);
  f.nothing = (double)(f.most + kernel->similarity.d) * DBL_EPSILON;
  DW_TRY(dw_alloc(&kernel->pivots, f.most, sizeof *kernel->pivots));
  DW_TRY(reserve(&f, first_room(f.most, residual)));
  DW_TRY(dw_alloc(&f.rest, f.n, sizeof *f.rest));
  DW_TRY(dw_alloc(&f.cumulative, f.n, sizeof *f.cumulative));
  DW_TRY(dw_alloc(&f.candidate, f.candidates, sizeof *f.candidate));
  DW_TRY(dw_alloc(&f.H, f.candidates * f.candidates, sizeof *f.H));
  DW_TRY(dw_alloc(&f.L, f.candidates * f.candidates, sizeof *f.L));
  DW_TRY(dw_alloc(&f.block, dw_min(ROWS, f.n) * f.candidates, sizeof *f.block));
  if ((kernel->similarity.kind->has & DW_HAS_CHECKS) != 0) {
    DW_TRY(dw_alloc(&f.other, dw_min(ROWS, f.n) * f.candidates, sizeof *f.other));
  }
  for (int64_t i = 0; i < f.n; i++) {
    f.rest[i] = 1;
  }
  DW_TRY(run(&f, residual));
  finish(&f);
fail:
  divw_free(f.other);
  divw_free(f.block);
  divw_free(f.taken);
  divw_free(f.L);
  divw_free(f.H);
  divw_free(f.candidate);
  divw_free(f.cumulative);
  divw_free(f.rest);
  return status;
}
