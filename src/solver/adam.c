/* One solve: the published optimiser, step for step, on the cheap side.
 *
 * Berns, Colton and Guckelsberger (arXiv 2304.11961) climb J(softmax(theta)) from theta = 0 with Adam, through an
 * eigen-decomposition of the n x n matrix in every step and automatic differentiation of it. The same gradient comes
 * from the marginal diversities that every iteration here has anyway: with w = d J / d log VS and lambda = (1 -
 * balance) / w,
 *
 *     dJ / dp_i     = w (D_i - lambda log(n p_i)) + const,
 *     dJ / dtheta_i = p_i (dJ / dp_i - sum_j p_j dJ / dp_j),
 *
 * where the softmax takes care of every constant; O(n r^2) in place of O(n^3). Normalised logits differ from theta by a
 * constant too, which moves neither p nor a later step, so theta is the trial's logit.
 *
 *     m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2,
 *     theta <- theta + rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)
 *
 * It is here to be compared with: it knows no line search and no stopping rule, a step may lower the objective, and a
 * gap of 1e-6 is far beyond a hundred steps. The point returned is the best one met, with its proof as from any method.
 *
 * Source: Kingma, Ba, ICLR 2015, arXiv 1412.6980; the constants are those of the published code. */
#include "solve.h"

#include "../simplex.h"

#include <math.h>
#include <string.h>

enum { STEPS_PER_RATE = 5 };
#define RATE 0.1
#define RATE_DECAY 0.99 /* every STEPS_PER_RATE steps */
#define BETA1 0.9
#define BETA2 0.999
#define EPSILON 1e-8

typedef struct {
  dw_solve *solve;
  int64_t n;
  double *gradient, *m, *v; /* n each */
  int64_t steps;            /* taken */
  dw_point trial, *best;
  dw_progress progress;
} adam;

/* g = d objective / d theta; `slope` is d objective / d log VS (with quality scores, d log(p.s VS)). */
static void differentiate(adam *a, const dw_point *at, double slope) {
  for (int64_t i = 0; i < a->n; i++) {
    a->gradient[i] = at->D[i] - at->lambda * at->logit[i];
  }
  double mean = dw_weighted_sum(at->p, a->gradient, a->n);
  for (int64_t i = 0; i < a->n; i++) {
    a->gradient[i] = slope * at->p[i] * (a->gradient[i] - mean);
  }
}

static void step(adam *a, double *theta) {
  int64_t decays = a->steps++ / STEPS_PER_RATE;
  double rate = RATE * pow(RATE_DECAY, (double)decays), t = (double)a->steps;
  double bias1 = 1 - pow(BETA1, t), bias2 = 1 - pow(BETA2, t);
  for (int64_t i = 0; i < a->n; i++) {
    double g = a->gradient[i];
    a->m[i] = BETA1 * a->m[i] + (1 - BETA1) * g;
    a->v[i] = BETA2 * a->v[i] + (1 - BETA2) * g * g;
    theta[i] += rate * a->m[i] / bias1 / (sqrt(a->v[i] / bias2) + EPSILON);
  }
}

static divw_status visit(void *self, dw_archive *archive) {
  divw_status status;
  adam *a = self;
  DW_TRY(dw_point_visit(a->best, a->n, archive));
  DW_TRY(dw_point_visit(&a->trial, a->n, archive));
  DW_TRY(dw_archive_bytes(archive, a->m, a->n * (int64_t)sizeof *a->m));
  DW_TRY(dw_archive_bytes(archive, a->v, a->n * (int64_t)sizeof *a->v));
  DW_VISIT(archive, a->steps);
  status = dw_progress_visit(&a->progress, archive);
fail:
  return status;
}

static void go_on(adam *a, dw_problem problem) {
  const dw_objective *objective = &a->solve->objective;
  differentiate(a, &a->trial,
                problem.fixed ? dw_level_scale(objective->exponent, a->trial.log_value)
                              : dw_objective_slope(objective, a->trial.log_value));
  step(a, a->trial.logit);
}

static divw_status climb(adam *a, dw_problem problem, double target, int32_t *stop_reason) {
  divw_status status;
  dw_solve *solve = a->solve;
  if (dw_checkpoint_is_resuming(solve)) {
    DW_TRY(dw_checkpoint_read(solve, (dw_stateful){a, visit}));
    DW_TRY(dw_checkpoint_resumed(solve));
    *stop_reason = dw_reason_when_resumed(solve, false);
    if (*stop_reason != 0) {
      return status;
    }
    go_on(a, problem);
  }
  for (;; go_on(a, problem)) {
    DW_TRY(dw_evaluate(solve, problem, target, &a->trial));
    dw_report_progress(solve, &a->trial);
    *stop_reason = dw_reason_to_stop(solve, &a->trial, target, INT64_MAX, &a->progress);
    if (a->steps == 0 || *stop_reason == DIVW_STOP_CONVERGED || !dw_is_lower(solve, problem, &a->trial, a->best)) {
      dw_point_copy(a->best, &a->trial, a->n);
    }
    DW_TRY(dw_checkpoint_keep(solve, (dw_stateful){a, visit}, *stop_reason));
    if (*stop_reason != 0) {
      break;
    }
  }
fail:
  return status;
}

divw_status dw_adam(dw_solve *solve, dw_problem problem, double target, dw_point *point, int32_t *stop_reason) {
  divw_status status;
  adam a = {.solve = solve, .n = solve->n, .best = point, .progress = {INFINITY, -INFINITY, 0}};
  DW_TRY(dw_alloc_zero(&a.m, a.n, sizeof *a.m));
  DW_TRY(dw_alloc_zero(&a.v, a.n, sizeof *a.v));
  DW_TRY(dw_alloc(&a.gradient, a.n, sizeof *a.gradient));
  DW_TRY(dw_point_create(&a.trial, a.n));
  memcpy(a.trial.logit, point->logit, (size_t)a.n * sizeof *point->logit);
  status = climb(&a, problem, target, stop_reason);
fail:
  dw_point_destroy(&a.trial);
  divw_free(a.gradient);
  divw_free(a.v);
  divw_free(a.m);
  return status;
}
