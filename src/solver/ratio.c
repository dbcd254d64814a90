/* Bounds with quality scores above order 1: the value p.s VS_q = p.s / |rho|_q^c, c = q / (q-1), is a ratio.
 *
 * Its logarithm is not concave, log p.s being concave and -c log|rho|_q convex in a convex function; but any dual state
 * gives t with |rho(p)|_q >= p.t for all p. Two questions are answered by that.
 *
 * The gap. Relative to a point, where p.s = p.t = 1, no p has a ratio (p.s)^(1/c) / p.t above k as soon as 1 + (p.s -
 * 1) / c <= k p.t for all p, since (p.s)^(1/c) is at most the left side. Among the p with g(p) <= allowed that is so
 * where
 *
 *     W(s - k c t, lambda) + lambda allowed <= 1 - c      for some lambda >= 0 .
 *
 * D - log VS - c is s - c t, so the left side is W of (1-k) s + k (D - log VS - c): convex in k, and the least k is
 * found by chords, whose zeros lie above it, and tangents, whose zeros lie below. Superlevel sets of a ratio are
 * convex: at a stationary point this is exact.
 *
 * A line log(p.s VS_q) <= value + lambda g for all p, which the frontier is made of. With B = 1 / |rho(p)|_q,
 *
 *     -c log|rho|_q = c log B + c - c B |rho|_q <= c log B + c - c B p.t,     log p.s <= w p.s - log w - 1,
 *     value <= max over B of  c log B + c + Phi(B),     Phi(B) = min over w of W(w s - c B t, lambda) - log w - 1 .
 *
 * Phi is convex, being a maximum of linear functions of B: between two values of B it lies below its chord, and c log B
 * plus a chord has its maximum in closed form. Intervals are divided there until what they leave is not above what
 * single values of B reach.
 *
 * Source: Dinkelbach, Management Science 13 (1967), for the ratio; docs/mathematics.md, 12.5, for both. */
#include "ratio.h"

#include <float.h>
#include <math.h>

enum { MOST_NODES = 48, MOST_STEPS = 40, NEWTON_STEPS = 10 };
#define LEAST_SHARE 0.05 /* of an interval, that a part of it has */

divw_status dw_ratio_create(dw_ratio **out, const dw_solve *solve) {
  const double order = solve->objective.order, c = isinf(order) ? 1 : order / (order - 1);
  divw_status status;
  DW_TRY(dw_alloc(out, 1, sizeof **out));
  **out = (dw_ratio){&solve->set, solve->quality, solve->log_scale, c, dw_log_most_vendi(solve), NULL};
  status = dw_alloc(&(*out)->room, 2 * solve->n, sizeof *(*out)->room);
fail:
  return status;
}

void dw_ratio_destroy(dw_ratio *ratio) {
  if (ratio != NULL) {
    divw_free(ratio->room);
    divw_free(ratio);
  }
}

dw_dual dw_ratio_dual(const dw_ratio *ratio, const dw_point *point, double scale, double *D) {
  const double share = point->omega * exp(ratio->log_scale - dw_log_quality(point));
  for (int64_t i = 0; i < ratio->set->n; i++) {
    D[i] -= share * ratio->scores[i];
  }
  const double constant = point->constant - dw_log_quality(point) + point->omega;
  return (dw_dual){D, constant - point->log_vendi - ratio->c, scale, point->lambda / point->omega};
}

/* What c times numbers near 1 have of rounding. */
static double rounding(const dw_ratio *ratio) { return 8 * DBL_EPSILON * ratio->c; }

/* ---- the gap ---- */

typedef struct {
  double k, excess; /* proof: excess <= 0 */
} trial;

static trial try_ratio(const dw_ratio *ratio, const dw_ratio_at *at, double lambda, double allowed, double k) {
  const double share = exp(ratio->log_scale - at->log_quality), known = at->log_vendi + ratio->c,
               slack = fmax(at->constant - at->log_quality + 1, 0);
  for (int64_t i = 0; i < ratio->set->n; i++) {
    ratio->room[i] = share * ratio->scores[i] * (1 - k) + k * (at->D[i] - known);
  }
  const double support = dw_feasible_support(ratio->set, ratio->room, lambda).value;
  return (trial){k, support + lambda * allowed - (1 - ratio->c) + k * slack};
}

static double zero_of(trial a, trial b) { return a.k - a.excess * (b.k - a.k) / (b.excess - a.excess); }

double dw_ratio_gap(const dw_ratio *ratio, const dw_ratio_at *at, double lambda, double allowed) {
  trial left = try_ratio(ratio, at, lambda, allowed, 1);
  if (left.excess <= 0) {
    return rounding(ratio);
  }
  trial right = try_ratio(ratio, at, lambda, allowed, 1 + 1.01 * left.excess / ratio->c);
  for (int step = 0; !(right.excess <= 0); step++) {
    if (step == MOST_STEPS || !isfinite(right.excess)) {
      return INFINITY;
    }
    left = right;
    right = try_ratio(ratio, at, lambda, allowed, 1 + 2 * (right.k - 1));
  }
  for (int step = 0; step < MOST_STEPS && right.k - left.k > 1e-3 * (right.k - 1) + 1e-15; step++) {
    trial middle = try_ratio(ratio, at, lambda, allowed, zero_of(left, right)), before = right;
    if (!(middle.k > left.k && middle.k < right.k)) {
      break;
    }
    *(middle.excess <= 0 ? &right : &left) = middle;
    const double below = zero_of(right, before);
    if (middle.excess <= 0 && below > left.k && below < right.k) {
      trial lower = try_ratio(ratio, at, lambda, allowed, below);
      *(lower.excess <= 0 ? &right : &left) = lower;
    }
  }
  return ratio->c * log(right.k) + rounding(ratio);
}

/* ---- a line ---- */

/* Phi of one dual at one B: W(B scale D + w scores) - log w - 1 + B scale constant at about the best w. */
typedef struct {
  double value, deficit, w;
} inner;

static bool is_free(const dw_feasible *set, const double *p, int64_t i) {
  return dw_feasible_is_plain(set) || (p[i] > set->lower[i] && p[i] < set->upper[i]);
}

/* The mean of the scores under p, and lambda d mean / dw: the variance over the rows that no bound holds, where masses
 * are free. */
static void moments(const dw_ratio *ratio, const double *p, double *mean, double *variance) {
  double mass = 0, sum = 0, square = 0;
  *mean = dw_weighted_sum(p, ratio->scores, ratio->set->n);
  for (int64_t i = 0; i < ratio->set->n; i++) {
    const double from_mean = ratio->scores[i] - *mean, free = is_free(ratio->set, p, i) ? p[i] : 0;
    mass += free;
    sum += free * from_mean;
    square += free * from_mean * from_mean;
  }
  *variance = mass > 0 ? square - sum * sum / mass : 0;
}

/* By Newton's method on log w, in which the function is convex, from w on, to within `error`; at small lambda its slope
 * has steps, and where Newton's method leaves the interval that signs of slopes have left, that is halved. Any w is a
 * bound. */
static inner minimise(const dw_ratio *ratio, const dw_dual *dual, double B, double lambda, double w, double error) {
  const int64_t n = ratio->set->n;
  double *x = ratio->room, *p = x + n, mean, variance, least = -INFINITY, most = INFINITY, at_log = log(w);
  for (int step = 0; step < MOST_STEPS; step++) {
    w = exp(at_log);
    for (int64_t i = 0; i < n; i++) {
      x[i] = (B * dual->scale * dual->D[i] + w * ratio->scores[i]) / lambda;
    }
    dw_feasible_project(ratio->set, x, p);
    moments(ratio, p, &mean, &variance);
    const double slope = w * mean - 1, curvature = w * mean + w * w * variance / lambda;
    *(slope < 0 ? &least : &most) = at_log;
    if (!(slope * slope > error && fabs(slope) * (most - least) > error)) {
      break;
    }
    double next = at_log - fmin(fmax(slope / curvature, -2), 2);
    if (!(next > least && next < most) || (isfinite(most - least) && step > NEWTON_STEPS)) {
      next = least + (most - least) / 2;
    }
    if (!isfinite(next)) {
      break;
    }
    at_log = next;
  }
  for (int64_t i = 0; i < n; i++) {
    x[i] = B * dual->scale * dual->D[i] + w * ratio->scores[i];
  }
  const dw_softmax at = dw_feasible_support(ratio->set, x, lambda);
  return (inner){at.value - log(w) - 1 + B * dual->scale * dual->constant, at.deficit, w};
}

/* A value of B, and Phi of each dual there. */
typedef struct {
  double B, phi[DW_MAX_DUALS];
} node;

typedef struct {
  const dw_ratio *ratio;
  const dw_dual *duals;
  int32_t count;
  double lambda, error;
  double w; /* the last one, from which the next one is not far */
  node nodes[MOST_NODES];
  int size;
  double reached;    /* by a single B, */
  dw_ratio_line top; /* which is this one */
} division;

static void add_node(division *d, double B) {
  for (int k = 0; k < d->size; k++) {
    if (d->nodes[k].B == B) {
      return;
    }
  }
  int at = d->size++;
  for (; at > 0 && d->nodes[at - 1].B > B; at--) {
    d->nodes[at] = d->nodes[at - 1];
  }
  dw_ratio_line here = {INFINITY, 0, 1 / B, 0, 0};
  d->nodes[at].B = B;
  for (int32_t s = 0; s < d->count; s++) {
    const inner found = minimise(d->ratio, &d->duals[s], B, d->lambda, d->w, d->error);
    d->nodes[at].phi[s] = found.value;
    if (found.value < here.value) {
      here = (dw_ratio_line){found.value, found.deficit, 1 / B, s, found.w / (B * d->duals[s].scale)};
      d->w = found.w;
    }
  }
  const double value = d->ratio->c * (log(B) + 1) + here.value;
  if (value > d->reached) {
    d->reached = value;
    d->top = here;
  }
}

/* The largest value on an interval by one dual, and where: c log B + c + the chord. */
static double over(const division *d, const node *a, const node *b, int32_t s, double *where) {
  const double c = d->ratio->c, chord = (b->phi[s] - a->phi[s]) / (b->B - a->B);
  *where = chord < 0 ? fmin(fmax(-c / chord, a->B), b->B) : b->B;
  return c * (log(*where) + 1) + a->phi[s] + chord * (*where - a->B);
}

/* By the sharpest dual on each interval, which is a node where that is at an end; the largest of them all, and where.
 */
static double worst(const division *d, double *where) {
  double largest = -INFINITY;
  for (int k = 0; k + 1 < d->size; k++) {
    double least = INFINITY, at = 0;
    for (int32_t s = 0; s < d->count; s++) {
      double B, value = over(d, &d->nodes[k], &d->nodes[k + 1], s, &B);
      at = value < least ? B : at;
      least = fmin(least, value);
    }
    if (least > largest) {
      largest = least;
      const double a = d->nodes[k].B, b = d->nodes[k + 1].B;
      *where = fmin(fmax(at, a + LEAST_SHARE * (b - a)), b - LEAST_SHARE * (b - a));
    }
  }
  return largest;
}

dw_ratio_line dw_ratio_support(const dw_ratio *ratio, const dw_dual *duals, int32_t count, double lambda,
                               double tolerance) {
  division d = {.ratio = ratio,
                .duals = duals,
                .count = count,
                .lambda = lambda,
                .error = 0.1 * tolerance,
                .w = 1,
                .reached = -INFINITY};
  double where, most = exp(ratio->log_most / ratio->c);
  add_node(&d, most);
  for (int32_t s = 0; s < count && d.size < MOST_NODES / 2; s++) { /* where a dual was found it is the sharpest */
    const double B = 1 / duals[s].scale;
    if (B > 1 && B < most) {
      add_node(&d, B);
    }
  }
  add_node(&d, 1);
  for (int size = 0; d.size > size && d.size < MOST_NODES && worst(&d, &where) > d.reached + tolerance;) {
    size = d.size; /* no B between two neighbouring numbers is new */
    add_node(&d, where);
  }
  d.top.value = fmax(worst(&d, &where), d.reached) + ratio->log_scale + rounding(ratio);
  return d.top;
}
