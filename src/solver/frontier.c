/* What proofs at single lambdas say about the objective everywhere.
 *
 * J = balance VS_q + (1 - balance) H is not concave, nor is G = balance log VS_q + (1 - balance) H for q > 1; but every
 * stationary point maximises the concave y + slope H for some slope (y: the level of objective.h, f = log VS for q =
 * 1), and for that problem each dual vector D is a proof at EVERY slope, at O(n) and no pass over the rows:
 *
 *     y(p) <= scale (W(D, slope / scale) + constant) + slope g(p),     g = log n - H in [least g, log n] .
 *
 * In the plane (g, y) these are lines; no p lies above their lower envelope. The objective grows with y and falls with
 * g, and is convex along a line (VS is convex in y for every q, log VS for q >= 1), so over the polygon below the
 * envelope it is largest at a vertex.
 *
 * Lines are added where they count. The lines of one dual are the tangents of a concave curve, on which
 * the maximiser of W(D, lambda) touches its line: so between two lines of one dual a third always cuts the vertex, and
 * where curves of two duals cross, tangents nearer to the crossing do. This goes on until the worst vertex is not above
 * what the curves themselves reach, below which these duals cannot bring the bound. Some tens of lines do what a fixed
 * grid of thousands did, and more sharply.
 *
 * With scores above order 1 there is no concave level, and the plane is that of g and log(p.s VS_q) itself; J and G are
 * convex in it too, and ratio.c proves the lines.
 *
 * Proof and what was tried: docs/mathematics.md, 5 and 9. */
#include "ratio.h"

#include <math.h>

enum { MAX_LINES = 512, MAX_REFINEMENTS = 256 };
#define FAR 1000 /* tolerances, of lines that are not where the objective is large */

typedef struct {
  double slope, value; /* y <= value + slope g */
  double touch;        /* the g at which the curve of the dual touches the line */
  int32_t dual;        /* -1: the line log VS <= most */
} line;

struct dw_frontier {
  const dw_feasible *set;
  const dw_ratio *ratio;
  double tolerance;
  dw_objective objective;
  double log_n;
  double least_g;                    /* of allowed weights; the largest is log n */
  double least_slope, largest_slope; /* of stationary points, log VS between least and most */
  dw_dual duals[DW_MAX_DUALS];
  int32_t dual_count;
  line lines[MAX_LINES]; /* those of the envelope over g in [least g, log n], slope descending: in order of g */
  int64_t count;
};

typedef struct {
  double g, y, objective;
  int64_t left, right; /* lines that meet here; the same line at an end of the range */
} vertex;

static double value_at(const dw_frontier *e, double g, double y) {
  return dw_objective_value(&e->objective, dw_level_log_vendi(e->objective.exponent, y), e->log_n - g);
}

static double height(const line *l, double g) { return l->value + l->slope * g; }

static double crossing(const line *a, const line *b) { return (a->value - b->value) / (b->slope - a->slope); }

/* Keeps the lines that are lowest somewhere in [least g, log n]. */
static void prune(dw_frontier *e) {
  line *kept = e->lines;
  int64_t size = 0;
  for (int64_t k = 0; k < e->count; k++) {
    line added = e->lines[k];
    while (size > 0) {
      const line *top = &kept[size - 1];
      bool lower_at_first = height(&added, e->least_g) <= height(top, e->least_g); /* and with a smaller slope, after */
      if (lower_at_first ||
          (size > 1 && added.slope < top->slope && crossing(top, &added) <= crossing(&kept[size - 2], top))) {
        size--;
      } else {
        break;
      }
    }
    if (size == 0 || (added.slope < kept[size - 1].slope && crossing(&kept[size - 1], &added) < e->log_n)) {
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
  for (; k > 0 && e->lines[k - 1].slope < added.slope; k--) {
    e->lines[k] = e->lines[k - 1];
  }
  e->lines[k] = added;
  prune(e);
}

/* By all duals together; they count as the first one. */
static void add_ratio_line(dw_frontier *e, double slope, double tolerance) {
  const dw_ratio_line l = dw_ratio_support(e->ratio, e->duals, e->dual_count, slope, tolerance);
  if (isfinite(l.value)) {
    insert(e, (line){slope, l.value, l.deficit, 0});
  }
}

static void add_line(dw_frontier *e, int32_t dual, double slope) {
  const dw_dual *d = &e->duals[dual];
  if (e->ratio != NULL) {
    add_ratio_line(e, slope, e->tolerance);
    return;
  }
  dw_softmax at = dw_feasible_support(e->set, d->D, slope / d->scale);
  line tangent = {slope, d->scale * (at.value + d->constant), at.deficit, dual};
  if (isfinite(tangent.value)) {
    insert(e, tangent);
  }
}

/* ---- vertices ---- */

static vertex vertex_at(const dw_frontier *e, double g, int64_t left, int64_t right) {
  double y = height(&e->lines[right], g);
  return (vertex){g, y, value_at(e, g, y), left, right};
}

static vertex worst_vertex(const dw_frontier *e) {
  vertex worst = vertex_at(e, e->least_g, 0, 0);
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

/* The largest objective on the curves of the duals, as far as the lines leave it. */
static double best_on_curves(const dw_frontier *e) {
  double best = -INFINITY;
  for (int64_t k = 0; k < e->count; k++) {
    double g = fmax(e->lines[k].touch, e->least_g), y = INFINITY;
    for (int64_t l = 0; l < e->count; l++) {
      y = fmin(y, height(&e->lines[l], g));
    }
    best = fmax(best, value_at(e, g, y));
  }
  return best;
}

/* Adds the tangent of a line's dual above g: the deficit of softmax(D / lambda) goes as lambda^-2 for large lambda. */
static void add_tangent(dw_frontier *e, line l, double g) {
  double step = sqrt(l.touch / g);
  if (l.slope > 0 && step != 1) {
    add_line(e, l.dual, l.slope * fmin(fmax(step, 0.5), 2));
  }
}

/* Adds lines that cut a vertex; false when there are none that lower the objective there by as much as matters. */
static bool cut(dw_frontier *e, const vertex *v, double matters) {
  line left = e->lines[v->left], right = e->lines[v->right];
  if (v->left == v->right || left.slope < 1e-6 * e->least_slope) {
    return false;
  }
  if (left.dual == right.dual) {
    add_line(e, left.dual, sqrt(left.slope * fmax(right.slope, 1e-3 * left.slope)));
  } else {
    add_tangent(e, left, v->g);
    add_tangent(e, right, v->g);
  }
  double y = INFINITY;
  for (int64_t k = 0; k < e->count; k++) {
    y = fmin(y, height(&e->lines[k], v->g));
  }
  return value_at(e, v->g, y) < v->objective - matters;
}

/* Whether a dual was found at about this slope, and at about this scale where that matters. */
static bool solved_near(const dw_frontier *e, double slope, double scale, double nearness) {
  bool near = false;
  for (int32_t s = 0; s < e->dual_count; s++) {
    near |= fabs(e->duals[s].slope - slope) <= nearness * slope &&
            (e->ratio == NULL || fabs(e->duals[s].scale - scale) <= 1e-5 * scale);
  }
  return near;
}

/* Fills in the slopes of a solve that would lower the bound's line of this slope most. */
static bool name_solve(dw_frontier *e, double slope, double nearness, dw_frontier_bound *bound) {
  dw_ratio_line at = {.scale = 1};
  if (e->ratio != NULL && slope > 0) {
    at = dw_ratio_support(e->ratio, e->duals, e->dual_count, slope, e->tolerance);
  }
  if (!(slope > 0) || solved_near(e, slope, at.scale, nearness)) {
    return false;
  }
  bound->slope = slope * at.scale;
  bound->quality_slope = at.scale;
  bound->score_weight = at.score_weight;
  bound->dual = at.dual;
  return true;
}

/* The slope of the lines that stationary points with this log VS lie on. */
static double stationary_slope(const dw_objective *objective, double log_vendi) {
  return dw_objective_lambda(objective, log_vendi) * dw_level_scale(objective->exponent, log_vendi);
}

/* Where a solve promises most: at the slope for which the worst vertex would be stationary; unless that is known
 * already, then at the slope of the lines that meet in the vertex. No slope when that is known too. */
static void name_promising(dw_frontier *e, const vertex *worst, dw_frontier_bound *bound) {
  double stationary = stationary_slope(&e->objective, dw_level_log_vendi(e->objective.exponent, worst->y));
  double between = sqrt(e->lines[worst->left].slope * e->lines[worst->right].slope);
  (void)(name_solve(e, stationary, 1e-3, bound) || name_solve(e, between, 1e-6, bound));
}

/* ---- the interface ---- */

divw_status dw_frontier_create(dw_frontier **out, const dw_feasible *set, double least, double most,
                               const dw_objective *objective, const dw_ratio *ratio, double tolerance) {
  divw_status status;
  dw_objective plane = *objective;
  plane.exponent = ratio == NULL ? objective->exponent : 0;
  double one = stationary_slope(&plane, least), all = stationary_slope(&plane, most);
  DW_TRY(dw_alloc_zero(out, 1, sizeof **out));
  (*out)->set = set;
  (*out)->objective = plane;
  (*out)->ratio = ratio;
  (*out)->tolerance = tolerance;
  (*out)->log_n = log((double)set->n);
  (*out)->least_g = fmin(fmax(set->least_deficit - 1e-14, 0), (*out)->log_n); /* 1e-14: its rounding */
  (*out)->least_slope = fmin(one, all);
  (*out)->largest_slope = fmax(one, all);
  insert(*out, (line){0, dw_level(plane.exponent, most), (*out)->log_n, -1});
fail:
  return status;
}

/* First lines: slope 0, those of stationary points and somewhat beyond, and the dual's own. */
void dw_frontier_add(dw_frontier *e, dw_dual dual) {
  int32_t s = e->dual_count++;
  assert(s < DW_MAX_DUALS);
  e->duals[s] = dual;
  if (e->ratio == NULL) {
    add_line(e, s, 0);
  }
  for (double slope = 2000 * e->largest_slope; slope > 1e-3 * e->least_slope; slope /= 4) {
    e->ratio == NULL ? add_line(e, s, slope) : add_ratio_line(e, slope, FAR * e->tolerance);
  }
  if (dual.slope > 0) {
    add_line(e, s, dual.slope);
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
  dw_frontier_bound bound = {.objective = worst.objective};
  name_promising(e, &worst, &bound);
  double lowest = INFINITY;
  for (int32_t s = 0; e->ratio == NULL && bound.slope > 0 && s < e->dual_count; s++) {
    const dw_dual *d = &e->duals[s];
    double value = d->scale * (dw_feasible_support(e->set, d->D, bound.slope / d->scale).value + d->constant);
    if (value < lowest) {
      lowest = value;
      bound.dual = s;
    }
  }
  return bound;
}

divw_status dw_frontier_visit(dw_frontier *e, const double *const *D, int64_t count, dw_archive *archive) {
  divw_status status;
  int64_t duals = e->dual_count;
  DW_TRY(dw_archive_count(archive, &duals, count, count));
  DW_TRY(dw_archive_count(archive, &e->count, 1, MAX_LINES));
  e->dual_count = (int32_t)duals;
  for (int32_t s = 0; s < e->dual_count; s++) {
    DW_VISIT(archive, e->duals[s].constant);
    DW_VISIT(archive, e->duals[s].scale);
    DW_VISIT(archive, e->duals[s].slope);
    e->duals[s].D = D[s];
  }
  for (int64_t k = 0; k < e->count; k++) {
    int64_t dual = e->lines[k].dual;
    DW_VISIT(archive, e->lines[k].slope);
    DW_VISIT(archive, e->lines[k].value);
    DW_VISIT(archive, e->lines[k].touch);
    DW_TRY(dw_archive_count(archive, &dual, -1, duals - 1));
    e->lines[k].dual = (int32_t)dual;
  }
fail:
  return status;
}
