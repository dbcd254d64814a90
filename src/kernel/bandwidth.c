/* The bandwidth by the data.
 *
 *     median    of the distances of pairs of rows: all of them, or PAIRS drawn at random, in their order (i, j), i < j
 *     vendi     s with VS(K_s / n) = V
 *
 * The second between two numbers that bracket it, on log s, by secants of which an end that stays counts half
 * (Illinois; Dowell, Jarratt, BIT 11 (1971) 168-174): VS falls from the score of the distinct rows (s -> 0) to 1 (s ->
 * inf), for gaussian, laplacian and nu = 0.5 without turning: K_s = K_t o M for s < t with M again a similarity of the
 * kind, and a Schur product with a correlation matrix makes eigenvalues more even (mathematics.md, 6.3). For the other
 * Matern similarities the root that is found may be one of several. */
#include "similarity.h"

#include "../distance.h"
#include "../linalg.h"
#include "../random.h"

#include <math.h>
#include <stdlib.h>

enum { PAIRS = 10000, PURPOSE_PAIRS = 80 };

static const double TOLERANCE = 1e-6; /* of log VS */

/* ---- median ---- */

static double distance(const dw_similarity *similarity, const double *x, const double *y) {
  return similarity->kind->measure == &dw_manhattan ? dw_manhattan_distance(x, y, similarity->d)
                                                    : sqrt(dw_square_distance(x, y, 1, similarity->d));
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Pair number k of n (n - 1) / 2, or one at random. */
static void choose_pair(int64_t n, int64_t k, const uint64_t *random, int64_t *i, int64_t *j) {
  if (random == NULL) {
    for (*i = 0; k >= n - 1 - *i; ++*i) {
      k -= n - 1 - *i;
    }
    *j = *i + 1 + k;
  } else {
    *i = (int64_t)(random[2 * k] % (uint64_t)n);
    *j = (int64_t)(random[2 * k + 1] % (uint64_t)(n - 1));
    *j += *j >= *i;
  }
}

/* Those above 0; *kept of them. */
static divw_status sample_distances(const dw_similarity *similarity, const uint64_t *random, int64_t count,
                                    double *distances, int64_t *kept) {
  divw_status status;
  const int64_t n = divw_dataset_count(similarity->dataset), d = similarity->d;
  double *x = NULL;
  dw_walk walk = {.window = {.count = 0}};
  *kept = 0;
  DW_TRY(dw_alloc(&x, 2 * d, sizeof *x));
  DW_TRY(dw_walk_open(&walk, similarity->dataset));
  for (int64_t k = 0; k < count; k++) {
    int64_t i, j;
    choose_pair(n, k, random, &i, &j);
    DW_TRY(dw_walk_row(&walk, i, x));
    DW_TRY(dw_walk_row(&walk, j, x + d));
    distances[*kept] = distance(similarity, x, x + d);
    *kept += distances[*kept] > 0 && isfinite(distances[*kept]);
  }
fail:
  dw_walk_close(&walk);
  divw_free(x);
  return status;
}

static divw_status take_median(dw_similarity *similarity) {
  divw_status status;
  const int64_t n = divw_dataset_count(similarity->dataset);
  const bool all = n <= 141; /* 141 * 140 / 2 = 9,870 */
  int64_t count = all ? n * (n - 1) / 2 : PAIRS, kept;
  uint64_t *random = NULL;
  double *distances = NULL;
  DW_TRY(dw_alloc(&random, PAIRS, 2 * sizeof *random));
  DW_TRY(dw_alloc(&distances, count + 1, sizeof *distances));
  dw_random_pairs((dw_sequence){similarity->options.seed, 0, PURPOSE_PAIRS}, 0, PAIRS, random);
  DW_TRY(sample_distances(similarity, all ? NULL : random, count, distances, &kept));
  qsort(distances, (size_t)kept, sizeof *distances, compare);
  similarity->options.bandwidth = kept > 0 ? distances[kept / 2] : 1;
fail:
  divw_free(distances);
  divw_free(random);
  return status;
}

/* ---- a Vendi Score ---- */

typedef struct {
  dw_similarity *similarity;
  double *K, *mu;
} search;

typedef struct {
  double t, f; /* log s; log VS - log V */
} point;

/* f at log s = t. */
static divw_status measure(const search *at, double t, point *found) {
  divw_status status;
  const int64_t n = divw_dataset_count(at->similarity->dataset);
  double entropy = 0;
  at->similarity->options.bandwidth = exp(t);
  DW_TRY(dw_similarity_matrix(at->similarity, at->K));
  DW_TRY(dw_eigenvalues(at->K, n, at->mu));
  for (int64_t k = 0; k < n; k++) {
    const double mu = at->mu[k] / (double)n;
    entropy -= mu > 0 ? mu * log(mu) : 0;
  }
  *found = (point){t, entropy - log(at->similarity->options.score)};
fail:
  return status;
}

/* Goes from `near` in steps that double until f has the other sign. */
static divw_status bracket(const search *at, point near, point *far) {
  divw_status status = DIVW_OK;
  const double start = near.t, score = at->similarity->options.score;
  *far = near;
  for (double step = near.f > 0 ? 1 : -1; (far->f > 0) == (near.f > 0) && status == DIVW_OK; step *= 2) {
    if (fabs(step) > 32) {
      return dw_fail(DIVW_ERROR_DATA,
                     "a Vendi Score of %.9g is asked for, but at no bandwidth %s %g have the rows one %s %.9g%s", score,
                     step < 0 ? "down to" : "up to", exp(far->t), step < 0 ? "above" : "below", score * exp(far->f),
                     step < 0 ? ", that of the distinct ones" : "");
    }
    status = measure(at, start + step, far);
  }
  return status;
}

/* Regula falsi; an end that stays counts half (Illinois). */
static divw_status solve(const search *at, point a, point b) {
  enum { MOST_STEPS = 60 };
  divw_status status = DIVW_OK;
  for (int step = 0; step < MOST_STEPS && fabs(b.f) > TOLERANCE; step++) {
    point c;
    DW_TRY(measure(at, (a.t * b.f - b.t * a.f) / (b.f - a.f), &c));
    if ((c.f > 0) != (b.f > 0)) {
      a = b;
    } else {
      a.f /= 2;
    }
    b = c;
  }
fail:
  return status;
}

static divw_status take_score(dw_similarity *similarity) {
  divw_status status;
  const int64_t n = divw_dataset_count(similarity->dataset);
  search at = {similarity, NULL, NULL};
  point near, far;
  DW_TRY(take_median(similarity));
  DW_TRY(dw_check_order(n, "the number of examples, of which a matrix is made,"));
  DW_TRY(dw_alloc(&at.K, n, (size_t)n * sizeof *at.K));
  DW_TRY(dw_alloc(&at.mu, n, sizeof *at.mu));
  DW_TRY(measure(&at, log(similarity->options.bandwidth), &near));
  DW_TRY(bracket(&at, near, &far));
  DW_TRY(solve(&at, near, far));
fail:
  divw_free(at.mu);
  divw_free(at.K);
  return status;
}

divw_status divw_similarity_choose(divw_similarity *similarity, const divw_dataset *dataset) {
  DW_REQUIRE(similarity);
  DW_REQUIRE(dataset);
  dw_similarity bound;
  const divw_status status = dw_similarity_bind(&bound, similarity, dataset);
  if (status == DIVW_OK && (bound.kind->has & DW_HAS_BANDWIDTH) != 0) {
    similarity->rule = DIVW_BANDWIDTH_GIVEN;
    similarity->bandwidth = bound.options.bandwidth;
  }
  dw_similarity_release(&bound);
  return status;
}

divw_status dw_choose_bandwidth(dw_similarity *similarity) {
  switch (similarity->options.rule) {
  case DIVW_BANDWIDTH_MEDIAN: return take_median(similarity);
  case DIVW_BANDWIDTH_VENDI: return take_score(similarity);
  default: return DIVW_OK;
  }
}
