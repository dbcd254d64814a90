/* The trade-off curve: solves at one balance after the other, each from where the ones before it point.
 *
 * In the plane of H and V (V = VS_q, or log VS_q for DIVW_OBJECTIVE_LOG) the objective is the linear function
 * balance V + (1 - balance) H; its maximum h(balance) over all p is convex in balance, and the curve is made of the
 * points that touch their own line h.
 *
 * Start. log p is nearly linear in log lambda, so it is continued through the two points before (or, where the next
 * balance lies between two points, interpolated): six to nine tenths of the iterations of solves from uniform weights
 * (docs/mathematics.md, 5.6).
 *
 * An even cover. The widest gap between neighbours a, b, in nats of H and log VS, is divided at the balance at which
 * both are worth the same,
 *
 *     balance_c = (H_a - H_b) / (H_a - H_b + V_b - V_a),
 *
 * the slope of their chord: by the mean value theorem that point of the curve lies between them, near the middle where
 * the curve bends evenly. Where copies dominate, J jumps, and the chord is all there is: if h(balance_c) is what a and
 * b have there, then by convexity h is that of a or b at every balance between, and no balance there gives anything
 * new. The chord of the upper bounds of h at a and b says so without a solve where it can.
 *
 * Source: chord rule of sandwich algorithms (Burkard, Hamacher, Rote, Naval Research Logistics 38, 1991); Cohon's
 * estimation of a non-inferior set (1978). */
#include "solve.h"

#include <math.h>
#include <string.h>

typedef struct {
  double balance, lambda;
  double log_value;          /* log VS, of (sum p s) VS with quality scores s */
  double diversity, entropy; /* V and H */
  double bound;              /* h at this balance is not larger */
  double *p;                 /* n */
  int failures;              /* solves between this point and the next that gave nothing new */
} node;

typedef struct {
  divw_solver options; /* those of the host, with balance and start of our own */
  const divw_solver *host;
  const divw_kernel *kernel;
  int64_t n;
  double *start; /* n */
  divw_path_fn callback;
  void *user;
  node before, last, next; /* of a walk, with room for p */
  node *nodes;             /* of an even cover: what was delivered, with ascending balance */
  int64_t found;
  bool ended; /* somebody asked to stop */
} path;

/* ---- one point ---- */

static bool shows_the_way(const node *a) { return a != NULL && a->lambda > 0 && isfinite(a->lambda); }

/* softmax of log p, linear in log lambda through a and b; at most as far beyond b as b is from a. */
static void predict(path *s, const node *a, const node *b) {
  double lambda = dw_objective_lambda(&s->options.objective, b->log_value), maximum = -INFINITY;
  double along = fmin(log(lambda / b->lambda) / log(b->lambda / a->lambda), 1);
  for (int64_t i = 0; i < s->n; i++) {
    double at_a = log(fmax(a->p[i], 1e-300)), at_b = log(fmax(b->p[i], 1e-300));
    s->start[i] = at_b + along * (at_b - at_a);
    maximum = fmax(maximum, s->start[i]);
  }
  for (int64_t i = 0; i < s->n; i++) {
    s->start[i] = exp(s->start[i] - maximum);
  }
}

/* From points on either side, or from the two before, b the nearer one in VS; both may be NULL. */
static void choose_start(path *s, const node *a, const node *b) {
  s->options.initial = s->start;
  s->options.initial_count = s->n;
  if (shows_the_way(a) && shows_the_way(b) && a->lambda != b->lambda) {
    predict(s, a, b);
  } else if (shows_the_way(a) || shows_the_way(b)) {
    memcpy(s->start, shows_the_way(b) ? b->p : a->p, (size_t)s->n * sizeof *s->start);
  } else {
    s->options.initial = s->host->initial;
    s->options.initial_count = s->host->initial_count;
  }
}

/* Solves at a balance; `out`, which has room for p, becomes the point. */
static divw_status solve_at(path *s, double balance, const node *a, const node *b, node *out, divw_weights **weights) {
  divw_status status;
  s->options.objective.balance = balance;
  choose_start(s, a, b);
  DW_TRY(divw_solver_solve(&s->options, s->kernel, weights));
  double quality = divw_weights_quality(*weights); /* NaN without scores */
  double log_value = log(divw_weights_vendi_score(*weights) * (isnan(quality) ? 1 : quality));
  *out = (node){.balance = balance,
                .lambda = divw_weights_entropy_weight(*weights),
                .log_value = log_value,
                .diversity = s->options.objective.logarithmic ? log_value : exp(log_value),
                .entropy = divw_weights_entropy(*weights),
                .bound = divw_weights_global_upper_bound(*weights),
                .p = out->p};
  memcpy(out->p, divw_weights_values(*weights), (size_t)s->n * sizeof *out->p);
  s->ended = divw_weights_stop_reason(*weights) == DIVW_STOP_CANCELLED;
fail:
  return status;
}

/* The next point of a walk: from the two before, which it moves on. */
static divw_status go_to(path *s, double balance, divw_weights **weights) {
  divw_status status;
  DW_TRY(solve_at(s, balance, &s->before, &s->last, &s->next, weights));
  node oldest = s->before;
  s->before = s->last;
  s->last = s->next;
  s->next = oldest;
fail:
  return status;
}

static void deliver(path *s, int64_t index, const divw_weights *weights) {
  s->ended |= s->callback(index, weights, s->user) != 0;
}

/* ---- a list of balances ---- */

/* Places of the balances, ascending. */
static divw_status sort_balances(int64_t **order, const double *balances, int64_t count) {
  divw_status status;
  DW_TRY(dw_alloc(order, count, sizeof **order));
  for (int64_t k = 0; k < count; k++) {
    int64_t place = k;
    for (; place > 0 && balances[(*order)[place - 1]] > balances[k]; place--) {
      (*order)[place] = (*order)[place - 1];
    }
    (*order)[place] = k;
  }
fail:
  return status;
}

static divw_status follow(path *s, const double *balances, int64_t count) {
  divw_status status;
  int64_t *order = NULL;
  divw_weights *weights = NULL;
  DW_TRY(sort_balances(&order, balances, count));
  for (int64_t k = 0; k < count && !s->ended; k++) {
    DW_TRY(go_to(s, balances[order[k]], &weights));
    deliver(s, order[k], weights);
    divw_weights_destroy(weights);
    weights = NULL;
  }
fail:
  divw_weights_destroy(weights);
  divw_free(order);
  return status;
}

/* ---- an even cover ---- */

static double chord(const node *a, const node *b) {
  double less = a->entropy - b->entropy, more = b->diversity - a->diversity;
  return less / (less + more);
}

static double worth(const node *a, double balance) { return balance * a->diversity + (1 - balance) * a->entropy; }

/* A balance between two points, with as few digits as leave it near their chord; the chord itself where that has given
 * nothing new, since only that proves that nothing does. */
static double balance_between(const node *a, const node *b) {
  double c = chord(a, b), near = 0.02 * fmin(c - a->balance, b->balance - c);
  for (double scale = 10; a->failures == 0 && scale < 1e16; scale *= 10) {
    double rounded = round(c * scale) / scale;
    if (fabs(rounded - c) <= near) {
      return rounded;
    }
  }
  return c;
}

/* What is too little to be told from nothing at a point. */
static double indifference(const path *s, double balance, const node *b) {
  dw_objective objective = s->options.objective;
  objective.balance = balance;
  return 2 * s->options.tolerance * dw_objective_slope(&objective, b->log_value);
}

/* Whether a point between a and b may be better than both, as far as the bounds at a and b say. */
static bool is_open(const path *s, const node *a, const node *b) {
  double c = chord(a, b), share = (c - a->balance) / (b->balance - a->balance);
  return a->failures < 2 && share > 0 && share < 1 &&
         (1 - share) * a->bound + share * b->bound - worth(b, c) > indifference(s, c, b);
}

static bool is_new(const path *s, const node *added, const node *a, const node *b) {
  double c = added->balance;
  return worth(added, c) - fmax(worth(a, c), worth(b, c)) > indifference(s, c, b);
}

/* The first point of the widest gap in which there may be something new; NULL when there is none. */
static node *widest_gap(const path *s) {
  node *widest = NULL;
  double most = 0;
  for (node *a = s->nodes; a + 1 < s->nodes + s->found; a++) {
    double length = hypot(a[0].entropy - a[1].entropy, a[0].log_value - a[1].log_value);
    if (length > most && is_open(s, a, a + 1)) {
      most = length;
      widest = a;
    }
  }
  return widest;
}

static divw_status insert(path *s, int64_t place, const node *point, const divw_weights *weights) {
  divw_status status;
  double *p;
  DW_TRY(dw_alloc(&p, s->n, sizeof *p));
  memcpy(p, point->p, (size_t)s->n * sizeof *p);
  memmove(s->nodes + place + 1, s->nodes + place, (size_t)(s->found - place) * sizeof *s->nodes);
  s->nodes[place] = *point;
  s->nodes[place].p = p;
  deliver(s, s->found++, weights);
fail:
  return status;
}

static divw_status find_ends(path *s) {
  divw_status status = DIVW_OK;
  divw_weights *weights = NULL;
  for (int end = 0; end <= 1 && !s->ended; end++) {
    DW_TRY(go_to(s, end, &weights));
    DW_TRY(insert(s, end, &s->last, weights));
    divw_weights_destroy(weights);
    weights = NULL;
  }
fail:
  divw_weights_destroy(weights);
  return status;
}

static divw_status divide(path *s, node *a) {
  divw_status status;
  divw_weights *weights = NULL;
  DW_TRY(solve_at(s, balance_between(a, a + 1), a, a + 1, &s->next, &weights));
  if (s->ended || is_new(s, &s->next, a, a + 1)) {
    DW_TRY(insert(s, a - s->nodes + 1, &s->next, weights));
  } else {
    a->failures++;
  }
fail:
  divw_weights_destroy(weights);
  return status;
}

static divw_status cover(path *s, int64_t count) {
  divw_status status;
  DW_TRY(dw_alloc_zero(&s->nodes, count, sizeof *s->nodes));
  DW_TRY(find_ends(s));
  while (s->found < count && !s->ended) {
    node *widest = widest_gap(s);
    if (widest == NULL) {
      break;
    }
    DW_TRY(divide(s, widest));
  }
fail:
  for (int64_t k = 0; k < s->found; k++) {
    divw_free(s->nodes[k].p);
  }
  divw_free(s->nodes);
  return status;
}

/* ---- the call ---- */

divw_status divw_solver_path(const divw_solver *solver, const divw_kernel *kernel, const double *balances,
                             int64_t count, divw_path_fn callback, void *user) {
  DW_REQUIRE(solver);
  DW_REQUIRE(kernel);
  DW_REQUIRE(callback);
  if (count < (balances == NULL ? 2 : 1)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected at least %s", __func__, (long long)count,
                   balances == NULL ? "2, for both ends of the curve" : "1");
  }
  if (solver->constraints.effective > 0) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: with a number of effective examples there is no balance, expected DIVW_OBJECTIVE_PUBLISHED or "
                   "DIVW_OBJECTIVE_LOG",
                   __func__);
  }
  for (int64_t k = 0; balances != NULL && k < count; k++) {
    if (!(balances[k] >= 0 && balances[k] <= 1)) {
      return dw_fail(DIVW_ERROR_ARGUMENT, "%s: balances[%lld] is %g, expected a number in [0, 1]", __func__,
                     (long long)k, balances[k]);
    }
  }
  divw_status status;
  path s = {.options = *solver,
            .host = solver,
            .kernel = kernel,
            .n = divw_kernel_count(kernel),
            .callback = callback,
            .user = user};
  double **rooms[] = {&s.start, &s.before.p, &s.last.p, &s.next.p};
  for (int k = 0; k < 4; k++) {
    DW_TRY(dw_alloc(rooms[k], s.n, sizeof **rooms[k]));
  }
  DW_TRY(balances != NULL ? follow(&s, balances, count) : cover(&s, count));
fail:
  divw_free(s.next.p);
  divw_free(s.last.p);
  divw_free(s.before.p);
  divw_free(s.start);
  return status;
}
