/* What one example adds: its marginal diversity, and how much a new one would raise the score.
 *
 *     D(x) = sum_k z_k^2 h(mu_k),   z_k = <v_k, phi(x)>,   rho(p) = sum_k mu_k v_k v_k^T
 *     h(mu) = -log mu  (q = 1),     q/(1-q) (mu VS_q)^(q-1)  otherwise, in nats of log VS_q
 *
 * and the rate, D less its mean sum p D, which at orders near 1 is what D is a huge constant beside: it has h less that
 * mean, q/(1-q) ((mu VS_q)^(q-1) - 1), by expm1.
 *
 * Rows go through the eigenvectors rather than through the triangular factor of the solver (spectrum.h), since both
 * uses need z: mass of phi(x) where rho is 0, or outside the features altogether, makes D infinite for q <= 1, and the
 * spectrum with a new example,
 *
 *     (1-t) rho + t phi phi^T  =  V^T ( diag((1-t) mu) + t z z^T ) V ,
 *
 * is that of a diagonal matrix and a rank-one one (rank_one.c); all directions without weight make one coordinate.
 * Where features are of low rank every example has a coordinate of its own (spectrum.h), and so has a new one. */
#include "interval.h"
#include "kernel/project.h"
#include "linalg.h"
#include "rank_one.h"
#include "simplex.h"
#include "spectrum.h"

#include <divweights/vendi.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A share of |phi|^2 in directions without weight that rounding may have made: n^2 u for n = 6,000 rows that are fewer
 * than their columns (project.c); elsewhere some u. */
#define NEGLIGIBLE_OUTSIDE 1e-8

/* Of t z_k^2: moves no eigenvalue that counts. */
#define NEGLIGIBLE_PART 1e-20

typedef struct {
  dw_spectrum spectrum;
  int64_t null; /* mu = 0 before it */
  double order, log_vendi, share;
  bool relative;             /* values less their mean */
  double *h;                 /* of mu_k */
  double *d, *w, *mu;        /* r + 1 each, mu with what rows have of their own: the spectrum with a new example */
  double *phi, *z, *outside; /* of a block of rows */
  int64_t rows;
} gains;

/* h(mu), or what it is more than the mean; mu may be 0. */
static double value_at(const gains *g, double mu) {
  const double q = g->order, x = log(mu) + g->log_vendi;
  if (q == 1) {
    return g->relative ? -x : -log(mu);
  }
  return q / (1 - q) * (g->relative ? expm1((q - 1) * x) : exp((q - 1) * x));
}

static void gains_destroy(gains *g) {
  dw_spectrum_destroy(&g->spectrum);
  divw_free(g->h);
  divw_free(g->d);
  divw_free(g->phi);
}

/* Diagonalises rho(p), for blocks of `rows` rows. */
static divw_status gains_create(gains *g, const divw_kernel *kernel, const double *p, double order, bool relative,
                                int64_t rows, const char *function) {
  divw_status status;
  const int64_t r = divw_kernel_features(kernel);
  double sum;
  *g = (gains){.order = order, .relative = relative, .rows = rows};
  if (p != NULL) {
    DW_TRY(dw_check_probabilities(p, divw_kernel_count(kernel), 1e-6, DIVW_ERROR_ARGUMENT, function, &sum));
  }
  DW_TRY(dw_spectrum_create(&g->spectrum, kernel));
  DW_TRY(dw_alloc_zero(&g->h, r, sizeof *g->h));
  DW_TRY(dw_alloc(&g->d, 3 * (r + 1) + g->spectrum.count - r + 1, sizeof *g->d));
  DW_TRY(dw_alloc(&g->phi, g->rows * (2 * r + 1), sizeof *g->phi));
  g->w = g->d + r + 1;
  g->mu = g->w + r + 1;
  g->z = g->phi + g->rows * r;
  g->outside = g->z + g->rows * r;
  DW_TRY(dw_spectrum_compute(&g->spectrum, kernel, p));
  g->log_vendi = dw_spectrum_log_vendi(&g->spectrum, order);
  while (g->spectrum.mu[g->null] == 0) {
    g->null++;
  }
  for (int64_t k = g->null; k < r; k++) {
    g->h[k] = value_at(g, g->spectrum.mu[k]);
  }
fail:
  return status;
}

/* Parts z of `count` rows; the squared length where rho has no weight is added to `outside`. */
static void take_parts(gains *g, int64_t count) {
  const int64_t r = g->spectrum.r;
  dw_row_products(g->z, r, g->phi, count, g->spectrum.V, r, r);
  for (int64_t i = 0; i < count; i++) {
    for (int64_t k = 0; k < g->null; k++) {
      g->outside[i] += g->z[i * r + k] * g->z[i * r + k];
    }
    g->outside[i] = g->outside[i] > NEGLIGIBLE_OUTSIDE ? g->outside[i] : 0;
  }
}

static double marginal(const gains *g, const double *z, double outside) {
  double D = 0;
  if (isinf(g->order)) {
    return NAN;
  }
  for (int64_t k = g->null; k < g->spectrum.r; k++) {
    D += z[k] * z[k] * g->h[k];
  }
  return outside > 0 ? D + outside * value_at(g, 0) : D;
}

/* What the coordinate of its own adds to that of example i. */
static double own_marginal(const gains *g, int64_t i) {
  const double deficit = g->spectrum.count > g->spectrum.r ? g->spectrum.deficit[i] : 0;
  const double own = deficit > 0 ? g->spectrum.mu[g->spectrum.r + i] : 0;
  return own > 0 || deficit > NEGLIGIBLE_OUTSIDE ? deficit * value_at(g, own) : 0;
}

/* log VS with a new example in it, less log VS without. */
static double gain_of(const gains *g, const double *z, double outside) {
  const double t = g->share;
  int64_t moved = 0, kept = 0;
  if (outside > 0) {
    g->d[moved] = 0;
    g->w[moved++] = t * outside;
  }
  for (int64_t k = g->null; k < g->spectrum.r; k++) {
    const double pole = (1 - t) * g->spectrum.mu[k], part = t * z[k] * z[k];
    if (part > NEGLIGIBLE_PART) {
      g->d[moved] = pole;
      g->w[moved++] = part;
    } else {
      g->mu[kept++] = pole;
    }
  }
  dw_rank_one(g->d, g->w, moved, g->mu + kept);
  kept += moved;
  for (int64_t k = g->spectrum.r; k < g->spectrum.count; k++) {
    g->mu[kept++] = (1 - t) * g->spectrum.mu[k];
  }
  return dw_log_vendi(g->mu, kept, g->order) - g->log_vendi;
}

static divw_status check_smooth(double order, const char *function) {
  return order > 0 && !isinf(order)
             ? DIVW_OK
             : dw_fail(DIVW_ERROR_ARGUMENT,
                       "%s: order is %g, expected more than 0 and finite: the others have no gradient", function,
                       order);
}

static divw_status measure_examples(const divw_kernel *kernel, const double *p, double order, bool relative, double *D,
                                    const char *function) {
  divw_status status;
  gains g;
  const int64_t n = divw_kernel_count(kernel), r = divw_kernel_features(kernel);
  DW_TRY(gains_create(&g, kernel, p, order, relative, dw_kernel_block(n, r), function));
  for (int64_t first = 0; first < n; first += g.rows) {
    const int64_t count = dw_min(g.rows, n - first);
    DW_TRY(divw_kernel_read(kernel, first, count, g.phi));
    memset(g.outside, 0, (size_t)count * sizeof *g.outside);
    take_parts(&g, count);
    for (int64_t i = 0; i < count; i++) {
      D[first + i] = marginal(&g, g.z + i * r, g.outside[i]) + own_marginal(&g, first + i);
    }
  }
fail:
  gains_destroy(&g);
  return status;
}

divw_status divw_vendi_marginal(const divw_kernel *kernel, const double *p, double order, double *D) {
  DW_REQUIRE(kernel);
  DW_REQUIRE(D);
  const divw_status status = check_smooth(order, __func__);
  return status != DIVW_OK ? status : measure_examples(kernel, p, order, false, D, __func__);
}

/* ---- what is proven of a gain where features are of low rank ---- */

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Into g->mu: the eigenvalues in the span of the features once an example with parts z has weight t, ascending, then
 * what every row has of its own, and the example. A state like g->spectrum, but for vectors. */
static dw_spectrum next_state(gains *g, const double *z, double deficit) {
  const double t = g->share;
  int64_t moved = 0, kept = 0;
  dw_spectrum next = g->spectrum;
  double null = 0;
  for (int64_t k = 0; k < g->null; k++) {
    null += z[k] * z[k];
  }
  if (null > 0) {
    g->d[moved] = 0;
    g->w[moved++] = t * null;
  }
  for (int64_t k = g->null; k < g->spectrum.r; k++) {
    g->d[moved] = (1 - t) * g->spectrum.mu[k];
    g->w[moved] = t * z[k] * z[k];
    if (g->w[moved] > NEGLIGIBLE_PART) {
      moved++;
    } else {
      g->mu[kept++] = g->d[moved];
    }
  }
  dw_rank_one(g->d, g->w, moved, g->mu + kept);
  next.mu = g->mu;
  next.r = kept + moved;
  qsort(g->mu, (size_t)next.r, sizeof *g->mu, by_size);
  next.count = next.r;
  for (int64_t k = g->spectrum.r; k < g->spectrum.count; k++) {
    g->mu[next.count++] = (1 - t) * g->spectrum.mu[k];
  }
  g->mu[next.count++] = t * deficit;
  next.weighted++;
  return next;
}

static double entropy_of(double x) { return x > 0 ? -x * log(x) : 0; }

/* Entropy of the eigenvalues in the span and of all that is outside, taken together. */
static double coarse_entropy(const dw_spectrum *state) {
  double sum = 0, outside = 1;
  for (int64_t k = 0; k < state->r; k++) {
    sum += entropy_of(state->mu[k]);
    outside -= state->mu[k];
  }
  return sum + entropy_of(fmax(outside, 0));
}

/* The ends of the two states; at order 1 also what holds of every mixture, and of one that is seen through the features
 * (docs/mathematics.md, 13.8). */
static divw_status bound_gain(gains *g, const dw_interval *before, const double *z, double deficit, double *low,
                              double *high) {
  const double t = g->share;
  dw_interval after;
  const dw_spectrum next = next_state(g, z, deficit);
  const divw_status status = dw_interval_of(&next, g->order, &after);
  *low = after.low - before->high;
  *high = after.high - before->low;
  if (status == DIVW_OK && g->order == 1) {
    const double error = dw_eigenvalue_error(next.r, DW_ANY_ROWS),
                 slack = 2 * (double)next.r * error * (1 - log(error));
    const double seen = coarse_entropy(&next) - (1 - t) * coarse_entropy(&g->spectrum) -
                        t * (entropy_of(deficit) + entropy_of(1 - deficit)) - slack;
    *low = fmax(*low, fmax(seen, 0) - t * before->high);
    *high = fmin(*high, entropy_of(t) + entropy_of(1 - t) - t * before->low);
  }
  return status;
}

static divw_status check_gain(double order, double share, const char *function) {
  if (!(order > 0)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: order is %g, expected more than 0, INFINITY accepted", function, order);
  }
  if (!(share > 0 && share < 1)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: share is %g, expected more than 0 and less than 1", function, share);
  }
  return DIVW_OK;
}

/* `share` is for gains alone, relative for D. */
static divw_status measure_rows(const divw_kernel *kernel, const double *p, double order, const divw_dataset *rows,
                                double share, bool relative, double *D, double *gain, const char *function) {
  divw_status status;
  gains g = {.order = order};
  dw_projection projection = {0};
  const int64_t m = divw_dataset_count(rows), r = divw_kernel_features(kernel);
  DW_TRY(dw_projection_create(&projection, kernel, rows, function));
  DW_TRY(gains_create(&g, kernel, p, order, relative, projection.block, function));
  g.share = share;
  for (int64_t first = 0; first < m; first += g.rows) {
    const int64_t count = dw_min(g.rows, m - first);
    DW_TRY(dw_projection_read(&projection, first, count, g.phi, g.outside));
    take_parts(&g, count);
    for (int64_t i = 0; i < count; i++) {
      if (D != NULL) {
        D[first + i] = marginal(&g, g.z + i * r, g.outside[i]);
      }
      if (gain != NULL) {
        gain[first + i] = gain_of(&g, g.z + i * r, g.outside[i]);
      }
    }
  }
fail:
  gains_destroy(&g);
  dw_projection_destroy(&projection);
  return status;
}

divw_status divw_vendi_gain(const divw_kernel *kernel, const double *p, double order, const divw_dataset *rows,
                            double share, double *D, double *gain) {
  DW_REQUIRE(kernel);
  DW_REQUIRE(rows);
  const divw_status status = check_gain(order, share, __func__);
  return status != DIVW_OK ? status : measure_rows(kernel, p, order, rows, share, false, D, gain, __func__);
}

divw_status divw_vendi_rate(const divw_kernel *kernel, const double *p, double order, const divw_dataset *rows,
                            double *rate) {
  DW_REQUIRE(kernel);
  DW_REQUIRE(rate);
  const divw_status status = check_smooth(order, __func__);
  if (status != DIVW_OK) {
    return status;
  }
  return rows == NULL ? measure_examples(kernel, p, order, true, rate, __func__)
                      : measure_rows(kernel, p, order, rows, 0, true, rate, NULL, __func__);
}

static divw_status bound_gains(gains *g, const dw_projection *projection, double *low, double *high) {
  divw_status status;
  dw_interval before;
  const int64_t m = divw_dataset_count(projection->rows);
  DW_TRY(dw_interval_of(&g->spectrum, g->order, &before));
  for (int64_t first = 0; first < m; first += g->rows) {
    const int64_t count = dw_min(g->rows, m - first), r = g->spectrum.r;
    DW_TRY(dw_projection_read(projection, first, count, g->phi, g->outside));
    dw_row_products(g->z, r, g->phi, count, g->spectrum.V, r, r);
    for (int64_t i = 0; i < count; i++) {
      DW_TRY(bound_gain(g, &before, g->z + i * r, g->outside[i], &low[first + i], &high[first + i]));
    }
  }
fail:
  return status;
}

divw_status divw_vendi_gain_interval(const divw_kernel *kernel, const double *p, double order, const divw_dataset *rows,
                                     double share, double *low, double *high) {
  DW_REQUIRE(kernel);
  DW_REQUIRE(rows);
  DW_REQUIRE(low);
  DW_REQUIRE(high);
  divw_status status;
  gains g = {.order = order};
  dw_projection projection = {0};
  DW_TRY(check_gain(order, share, __func__));
  if (divw_kernel_approximation(kernel) == DIVW_APPROXIMATION_FEATURES) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: nothing is known of what random features leave out, expected others",
                   __func__);
  }
  if (divw_kernel_deficit(kernel) == NULL) {
    DW_TRY(divw_vendi_gain(kernel, p, order, rows, share, NULL, low));
    memcpy(high, low, (size_t)divw_dataset_count(rows) * sizeof *high);
    return status;
  }
  DW_TRY(dw_projection_create(&projection, kernel, rows, __func__));
  DW_TRY(gains_create(&g, kernel, p, order, false, projection.block, __func__));
  g.share = share;
  DW_TRY(bound_gains(&g, &projection, low, high));
fail:
  gains_destroy(&g);
  dw_projection_destroy(&projection);
  return status;
}
