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
 * With D, which is log VS + c + s - c t, and e = c (k - 1) that is W(D - log VS + e/c (D - log VS - s), lambda) - e +
 * lambda allowed <= 1, where nothing is lost as c grows (q near 1). The left side is convex in e: the least one is
 * found by chords, whose zeros lie above it, and tangents, whose zeros lie below. Superlevel sets of a ratio are
 * convex: at a stationary point this is exact.
 *
 * A line log(p.s VS_q) <= value + lambda g for all p, which the frontier is made of. With B = 1 / |rho(p)|_q,
 *
 *     -c log|rho|_q = c log B + c - c B |rho|_q <= c log B + c - c B p.t,     log p.s <= w p.s - log w - 1,
 *     value <= max over B of  c log B + Phi(B),     Phi(B) = c + min over w of W(w s - c B t, lambda) - log w - 1 .
 *
 * Phi is convex, being a maximum of linear functions of B: between two values of B it lies below its chord, and c log B
 * plus a chord has its maximum in closed form. Intervals are divided there until what they leave is not above what
 * single values of B reach. In place of B stands z = c (B - 1), in place of c - c B t, with the D of a dual, without
 * scores, and b = B / B of its point, c - c b + b (D - log VS): again nothing is lost as c grows.
 *
 * Source: Dinkelbach, Management Science 13 (1967), for the ratio; docs/mathematics.md, 12.5, for both. */
#include "ratio.h"

#include <math.h>

enum { MOST_NODES = 48, MOST_STEPS = 40, SECANTS = 10 };
#define LEAST_SHARE 0.05 /* of an interval, that a part of it has */
#define ROUNDING 1e-14   /* of some tens of operations */

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

/* ---- the gap ---- */

typedef struct {
  double e, excess; /* proof: excess <= 0 */
} trial;

static trial try_gap(const dw_ratio *ratio, const dw_ratio_at *at, double lambda, double allowed, double e) {
  const double share = exp(ratio->log_scale - at->log_quality), slack = fmax(at->constant - at->log_quality + 1, 0);
  for (int64_t i = 0; i < ratio->set->n; i++) {
    const double above = at->D[i] - at->log_vendi;
    ratio->room[i] = above + e / ratio->c * (above - share * ratio->scores[i]);
  }
  const double support = dw_feasible_support(ratio->set, ratio->room, lambda).value;
  return (trial){e, support - e + lambda * allowed - 1 + (1 + e / ratio->c) * slack};
}

static double zero_of(trial a, trial b) { return a.e - a.excess * (b.e - a.e) / (b.excess - a.excess); }

double dw_ratio_gap(const dw_ratio *ratio, const dw_ratio_at *at, double lambda, double allowed) {
  trial left = try_gap(ratio, at, lambda, allowed, 0);
  if (left.excess <= 0) {
    return 0;
  }
  trial right = try_gap(ratio, at, lambda, allowed, 1.01 * left.excess);
  for (int step = 0; !(right.excess <= 0); step++) {
    if (step == MOST_STEPS || !isfinite(right.excess)) {
      return INFINITY;
    }
    left = right;
    right = try_gap(ratio, at, lambda, allowed, 2 * right.e);
  }
  for (int step = 0; step < MOST_STEPS && right.e - left.e > 1e-3 * right.e + 1e-15; step++) {
    trial middle = try_gap(ratio, at, lambda, allowed, zero_of(left, right)), before = right;
    if (!(middle.e > left.e && middle.e < right.e)) {
      break;
    }
    *(middle.excess <= 0 ? &right : &left) = middle;
    const double below = zero_of(right, before);
    if (middle.excess <= 0 && below > left.e && below < right.e) {
      trial lower = try_gap(ratio, at, lambda, allowed, below);
      *(lower.excess <= 0 ? &right : &left) = lower;
    }
  }
  return ratio->c * log1p(right.e / ratio->c);
}

/* ---- a line ---- */

/* Phi of one dual at one z, at about the best w. */
typedef struct {
  double value, deficit, w;
} inner;

static bool is_free(const dw_feasible *set, const double *p, int64_t i) {
  return dw_feasible_is_plain(set) || (p[i] > set->lower[i] && p[i] < set->upper[i]);
}

/* The mean of the scores under p, and lambda d mean / dw: the variance over the rows that no bound holds; where groups
 * are held it is less. */
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

/* By secants of the slope in log w, in which the function is convex, from w on, to within `error`, the first step being
 * Newton's. At small lambda the slope has steps: where secants leave the interval that signs of slopes have left, or
 * take long, that is halved. Any w is a bound. */
static inner minimise(const dw_ratio *ratio, const dw_dual *dual, double z, double lambda, double w, double error) {
  const double beyond = expm1(log1p(z / ratio->c) - dual->log_vendi / ratio->c), b = 1 + beyond;
  const int64_t n = ratio->set->n;
  double *x = ratio->room, *p = x + n, mean, variance, least = -INFINITY, most = INFINITY, at_log = log(w),
         previous = NAN, before = NAN;
  for (int step = 0; step < MOST_STEPS; step++) {
    w = exp(at_log);
    for (int64_t i = 0; i < n; i++) {
      x[i] = (b * dual->D[i] + w * ratio->scores[i]) / lambda;
    }
    dw_feasible_project(ratio->set, x, p);
    moments(ratio, p, &mean, &variance);
    const double slope = w * mean - 1, secant = (slope - before) / (at_log - previous);
    const double curvature = secant > 0 ? secant : w * mean + w * w * variance / lambda;
    *(slope < 0 ? &least : &most) = at_log;
    if (!(slope * slope > error && fabs(slope) * (most - least) > error)) {
      break;
    }
    double next = at_log - fmin(fmax(slope / curvature, -2), 2);
    if (!(next > least && next < most) || (isfinite(most - least) && step > SECANTS)) {
      next = least + (most - least) / 2;
    }
    if (!isfinite(next)) {
      break;
    }
    previous = at_log;
    before = slope;
    at_log = next;
  }
  for (int64_t i = 0; i < n; i++) {
    x[i] = b * dual->D[i] + w * ratio->scores[i];
  }
  const dw_softmax at = dw_feasible_support(ratio->set, x, lambda);
  return (inner){at.value + b * dual->constant - ratio->c * beyond - log(w) - 1, at.deficit, w};
}

/* A value of z, and Phi of each dual there. */
typedef struct {
  double z, phi[DW_MAX_DUALS];
} node;

typedef struct {
  const dw_ratio *ratio;
  const dw_dual *duals;
  int32_t count;
  double lambda, error;
  double w; /* the last one, from which the next one is not far */
  node nodes[MOST_NODES];
  int size;
  double reached;    /* by a single z, */
  dw_ratio_line top; /* which is this one */
} division;

static double log_vendi_at(const division *d, double z) { return d->ratio->c * log1p(z / d->ratio->c); }

static void add_node(division *d, double z) {
  for (int k = 0; k < d->size; k++) {
    if (d->nodes[k].z == z) {
      return;
    }
  }
  int at = d->size++;
  for (; at > 0 && d->nodes[at - 1].z > z; at--) {
    d->nodes[at] = d->nodes[at - 1];
  }
  const double scale = 1 / (1 + z / d->ratio->c);
  dw_ratio_line here = {INFINITY, 0, scale, 0, 0};
  d->nodes[at].z = z;
  for (int32_t s = 0; s < d->count; s++) {
    const inner found = minimise(d->ratio, &d->duals[s], z, d->lambda, d->w, d->error);
    d->nodes[at].phi[s] = found.value;
    if (found.value < here.value) {
      here = (dw_ratio_line){found.value, found.deficit, scale, s, found.w * scale / d->duals[s].scale};
      d->w = found.w;
    }
  }
  const double value = log_vendi_at(d, z) + here.value;
  if (value > d->reached) {
    d->reached = value;
    d->top = here;
  }
}

/* The largest value on an interval by one dual, and where: log VS + the chord. */
static double over(const division *d, const node *a, const node *b, int32_t s, double *where) {
  const double c = d->ratio->c, chord = (b->phi[s] - a->phi[s]) / (b->z - a->z);
  *where = chord < 0 ? fmin(fmax(-c * (1 + 1 / chord), a->z), b->z) : b->z;
  return log_vendi_at(d, *where) + a->phi[s] + chord * (*where - a->z);
}

/* By the sharpest dual on each interval; the largest of them all, and where, away from nodes. */
static double worst(const division *d, double *where) {
  double largest = -INFINITY;
  for (int k = 0; k + 1 < d->size; k++) {
    double least = INFINITY, at = 0;
    for (int32_t s = 0; s < d->count; s++) {
      double z, value = over(d, &d->nodes[k], &d->nodes[k + 1], s, &z);
      at = value < least ? z : at;
      least = fmin(least, value);
    }
    if (least > largest) {
      largest = least;
      const double a = d->nodes[k].z, b = d->nodes[k + 1].z;
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
  const double c = ratio->c;
  double where = 0;
  add_node(&d, c * expm1(ratio->log_most / c));
  for (int32_t s = 0; s < count && d.size < MOST_NODES / 2; s++) { /* where a dual was found it is the sharpest */
    if (duals[s].log_vendi > 0 && duals[s].log_vendi < ratio->log_most) {
      add_node(&d, c * expm1(duals[s].log_vendi / c));
    }
  }
  add_node(&d, 0);
  for (int size = 0; d.size > size && d.size < MOST_NODES && worst(&d, &where) > d.reached + tolerance;) {
    size = d.size; /* no z between two neighbouring numbers is new */
    add_node(&d, where);
  }
  d.top.value = fmax(worst(&d, &where), d.reached) + ratio->log_scale + ROUNDING * (1 + ratio->log_most);
  return d.top;
}
