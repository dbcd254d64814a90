/* What proofs at single lambdas say about J = balance VS + (1 - balance) H everywhere.
 *
 * J is not concave, but every one of its stationary points maximises the concave f + lambda H for some lambda, and for
 * that problem each dual vector D is a proof at EVERY lambda, at O(n) and no pass over the rows:
 *
 *     f(p) <= W(D, lambda) + log tr sigma + lambda g(p),     g = log n - H in [0, log n] .
 *
 * In the plane (g, f) these are lines; no p lies above their lower envelope. J grows with f and falls with g, and is
 * convex along a line, so over the polygon below the envelope it is largest at a vertex:
 *
 *     max_p J(p)  <=  max over vertices of  balance exp(f) + (1 - balance) (log n - g) .
 *
 * Lines are added where they count. The lines of one dual are the tangents of a concave curve, on which
 * softmax(D / lambda) touches line lambda: so between two lines of one dual a third always cuts the vertex, and where
 * curves of two duals cross, tangents nearer to the crossing do. This goes on until the worst vertex is not above what
 * the curves themselves reach, below which these duals cannot bring the bound. Some tens of lines do what a fixed grid
 * of thousands did, and more sharply.
 *
 * Proof and what was tried: docs/mathematics.md, 4. */
#include "frontier.h"

#include "../simplex.h"

#include <math.h>

enum { MAX_LINES = 512, MAX_REFINEMENTS = 256 };

typedef struct {
  double lambda, value; /* f <= value + lambda g */
  double touch;         /* the g at which the curve of the dual touches the line */
  int32_t dual;         /* -1: the line f <= log r */
} line;

struct dw_frontier {
  int64_t n;
  double balance, log_n;
  dw_dual duals[DW_MAX_DUALS];
  int32_t dual_count;
  line lines[MAX_LINES]; /* those of the envelope over g in [0, log n], lambda descending: from g = 0 on */
  int64_t count;
};

typedef struct {
  double g, f, objective;
  int64_t left, right; /* lines that meet here; the same line at an end of the range */
} vertex;

static double objective(const dw_frontier *e, double g, double f) {
  return e->balance * exp(f) + (1 - e->balance) * fmax(e->log_n - g, 0);
}

static double height(const line *l, double g) { return l->value + l->lambda * g; }

static double crossing(const line *a, const line *b) { return (a->value - b->value) / (b->lambda - a->lambda); }

/* Keeps the lines that are lowest somewhere in [0, log n]. */
static void prune(dw_frontier *e) {
  line *kept = e->lines;
  int64_t size = 0;
  for (int64_t k = 0; k < e->count; k++) {
    line added = e->lines[k];
    while (size > 0) {
      const line *top = &kept[size - 1];
      bool lower_at_zero = added.value <= top->value; /* and its slope is smaller: lower everywhere */
      if (lower_at_zero ||
          (size > 1 && added.lambda < top->lambda && crossing(top, &added) <= crossing(&kept[size - 2], top))) {
        size--;
      } else {
        break;
      }
    }
    if (size == 0 || (added.lambda < kept[size - 1].lambda && crossing(&kept[size - 1], &added) < e->log_n)) {
      kept[size++] = added;
    }
  }
  e->count = size;
}

static void insert(dw_frontier *e, line added) {
  if (e->count == MAX_LINES) {
    return; /* fewer lines are a bound too */
  }
  int64_t k = e->count++;
  for (; k > 0 && e->lines[k - 1].lambda < added.lambda; k--) {
    e->lines[k] = e->lines[k - 1];
  }
  e->lines[k] = added;
  prune(e);
}

static void add_line(dw_frontier *e, int32_t dual, double lambda) {
  dw_softmax at = dw_softmax_of(e->duals[dual].D, lambda, e->n);
  insert(e, (line){lambda, at.value + e->duals[dual].log_trace, at.deficit, dual});
}

/* ---- vertices ---- */

static vertex vertex_at(const dw_frontier *e, double g, int64_t left, int64_t right) {
  double f = height(&e->lines[right], g);
  return (vertex){g, f, objective(e, g, f), left, right};
}

static vertex worst_vertex(const dw_frontier *e) {
  vertex worst = vertex_at(e, 0, 0, 0);
  for (int64_t k = 0; k < e->count; k++) {
    bool last = k == e->count - 1;
    double g = last ? e->log_n : crossing(&e->lines[k], &e->lines[k + 1]);
    vertex here = vertex_at(e, g, k, last ? k : k + 1);
    if (here.objective > worst.objective) {
      worst = here;
    }
  }
  return worst;
}

/* The largest J on the curves of the duals, as far as the lines leave it. */
static double best_on_curves(const dw_frontier *e) {
  double best = -INFINITY;
  for (int64_t k = 0; k < e->count; k++) {
    double g = e->lines[k].touch, f = INFINITY;
    for (int64_t l = 0; l < e->count; l++) {
      f = fmin(f, height(&e->lines[l], g));
    }
    best = fmax(best, objective(e, g, f));
  }
  return best;
}

/* Adds the tangent of a line's dual above g: the deficit of softmax(D / lambda) goes as lambda^-2 for large lambda. */
static void add_tangent(dw_frontier *e, line l, double g) {
  double step = sqrt(l.touch / g);
  if (l.lambda > 0 && step != 1) {
    add_line(e, l.dual, l.lambda * fmin(fmax(step, 0.5), 2));
  }
}

/* Adds lines that cut a vertex; false when there are none that lower J there by as much as matters. */
static bool cut(dw_frontier *e, const vertex *v, double matters) {
  line left = e->lines[v->left], right = e->lines[v->right];
  if (v->left == v->right || left.lambda < 1e-12) {
    return false;
  }
  if (left.dual == right.dual) {
    add_line(e, left.dual, sqrt(left.lambda * fmax(right.lambda, 1e-3 * left.lambda)));
  } else {
    add_tangent(e, left, v->g);
    add_tangent(e, right, v->g);
  }
  double f = INFINITY;
  for (int64_t k = 0; k < e->count; k++) {
    f = fmin(f, height(&e->lines[k], v->g));
  }
  return objective(e, v->g, f) < v->objective - matters;
}

/* Whether a dual was found at about this lambda. */
static bool solved_near(const dw_frontier *e, double lambda, double nearness) {
  bool near = false;
  for (int32_t s = 0; s < e->dual_count; s++) {
    near |= fabs(e->duals[s].lambda - lambda) <= nearness * lambda;
  }
  return near;
}

/* Where a solve promises most: at the lambda for which the worst vertex would be stationary for J; unless that is known
 * already, then at the lambda of the lines that meet in the vertex. 0 when that is known too. */
static double promising_lambda(const dw_frontier *e, const vertex *worst) {
  double stationary = dw_published_lambda(e->balance, worst->f);
  double between = sqrt(e->lines[worst->left].lambda * e->lines[worst->right].lambda);
  if (!solved_near(e, stationary, 1e-3)) {
    return stationary;
  }
  return between > 0 && !solved_near(e, between, 1e-6) ? between : 0;
}

/* ---- the interface ---- */

divw_status dw_frontier_create(dw_frontier **out, int64_t n, int64_t r, double balance) {
  divw_status status;
  DW_TRY(dw_alloc_zero(out, 1, sizeof **out));
  (*out)->n = n;
  (*out)->balance = balance;
  (*out)->log_n = log((double)n);
  insert(*out, (line){0, log((double)r), (*out)->log_n, -1});
fail:
  return status;
}

/* First lines: lambda = 0, those of stationary points (VS between 1 and r, so log2 of n at most steps cover them), the
 * dual's own, and coarsely beyond. */
void dw_frontier_add(dw_frontier *e, dw_dual dual) {
  double largest = dw_published_lambda(e->balance, 0);
  int32_t s = e->dual_count++;
  assert(s < DW_MAX_DUALS);
  e->duals[s] = dual;
  add_line(e, s, 0);
  for (double lambda = largest; lambda > 1e-3 * largest / (double)e->n; lambda /= 4) {
    add_line(e, s, lambda);
  }
  for (double lambda = 4 * largest; lambda > 0 && lambda < 4000 * largest; lambda *= 4) {
    add_line(e, s, lambda);
  }
  if (dual.lambda > 0) {
    add_line(e, s, dual.lambda);
  }
}

dw_frontier_bound dw_frontier_find_bound(dw_frontier *e, double best, double target) {
  vertex worst = worst_vertex(e);
  for (int refinements = 0; refinements < MAX_REFINEMENTS; refinements++) {
    double reached = best_on_curves(e), slack = fmax(0.1 * target, 0.01 * (reached - best));
    if (worst.objective <= best + 0.1 * target || worst.objective <= reached + slack ||
        !cut(e, &worst, 1e-3 * target)) {
      break;
    }
    worst = worst_vertex(e);
  }
  dw_frontier_bound bound = {worst.objective, promising_lambda(e, &worst), 0};
  double lowest = INFINITY;
  for (int32_t s = 0; bound.lambda > 0 && s < e->dual_count; s++) {
    double value = dw_softmax_of(e->duals[s].D, bound.lambda, e->n).value + e->duals[s].log_trace;
    if (value < lowest) {
      lowest = value;
      bound.dual = s;
    }
  }
  return bound;
}
