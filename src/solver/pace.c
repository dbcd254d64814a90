/* The time of an iteration, from pieces of one that are small enough to try:
 *
 *     passes     moment and quadratic form of a block of random rows         goes as n r^2
 *     spectrum   eigenvalues, and the factor of the gradient                 as r^3
 *     vectors    projection, support, and a step with full history           as n
 *     Newton     products that fill the matrix                               as the operations of dw_newton_cost()
 *
 * These are the functions that a solve calls, on rows of the type that it will read, so that conversion and the number
 * of threads are in the figure. The fastest run counts, which a busy machine changes least: what
 * else runs then adds to the solve what it adds. */
#include "pace.h"

#include "../linalg.h"
#include "../parallel.h"

#include <math.h>
#include <string.h>

enum {
  MOST_FEATURES = 320,
  MOST_ROWS = 2048,
  MOST_VECTOR = 16384,
  PANEL = 512,
  HISTORY = 16,
  LEAST_RUNS = 4,
  MOST_RUNS = 20
};
#define LONG_ENOUGH 0.02

/* What the pieces work on. */
typedef struct {
  int64_t n, r;
  double order;
  bool single;
  divw_kernel *kernel;
  double *S, *V, *R, *mu, *D; /* r x r, and n numbers */
  dw_anderson *anderson;
  double *vectors; /* 4 of length */
  int64_t length;
  double *matrix, *panel; /* m x m, m x PANEL */
  int64_t m;
} sample;

typedef divw_status (*piece)(sample *s);

/* The fastest of some runs. */
static divw_status time_piece(piece run, sample *s, double *seconds) {
  divw_status status;
  double total = 0;
  *seconds = INFINITY;
  for (int runs = 0; runs < LEAST_RUNS || (runs < MOST_RUNS && total < LONG_ENOUGH); runs++) {
    double start = dw_seconds();
    DW_TRY(run(s));
    double taken = dw_seconds() - start;
    *seconds = fmin(*seconds, taken);
    total += taken;
  }
fail:
  return status;
}

/* ---- passes and spectrum ---- */

/* Numbers in [1, 2), or 1 to 255: rows that every kernel takes, with no column of zeros. */
static void fill(void *values, int64_t count, int32_t dtype) {
  uint32_t state = 1;
  for (int64_t k = 0; k < count; k++) {
    state = state * 1664525u + 1013904223u;
    uint32_t bits = state >> 8;
    switch (dtype) {
    case DIVW_FLOAT64: ((double *)values)[k] = 1 + bits / 16777216.0; break;
    case DIVW_FLOAT32: ((float *)values)[k] = 1 + (float)bits / 16777216.0F; break;
    case DIVW_FLOAT16: ((uint16_t *)values)[k] = (uint16_t)(0x3c00 | (bits & 0x3ff)); break;
    default: ((unsigned char *)values)[k] = (unsigned char)(bits | 1); break;
    }
  }
}

static divw_status make_rows(sample *s, int32_t dtype) {
  divw_status status;
  void *values = NULL;
  divw_dataset *rows = NULL;
  DW_TRY(dw_alloc(&values, s->n * s->r, sizeof(double)));
  fill(values, s->n * s->r, dtype);
  DW_TRY(divw_dataset_create_copy(&rows, values, s->n, s->r, dtype, 0));
  DW_TRY(divw_kernel_create(&s->kernel, rows, DIVW_KERNEL_COSINE));
fail:
  divw_dataset_destroy(rows);
  divw_free(values);
  return status;
}

static divw_status run_moment(sample *s) { return dw_kernel_moment(s->kernel, NULL, s->single, s->S); }

static divw_status run_quadratic(sample *s) {
  const double *const R[] = {s->R};
  return dw_kernel_quadratic(s->kernel, R, 1, s->single, &s->D);
}

static divw_status run_spectrum(sample *s) {
  divw_status status;
  bool good;
  if (s->order == 2) { /* no eigenvalues: a Cholesky factor */
    memcpy(s->V, s->S, (size_t)(s->r * s->r) * sizeof *s->V);
    dw_cholesky(s->V, s->r);
    return DIVW_OK;
  }
  DW_TRY(s->single ? dw_eigen_single(s->S, s->r, s->mu, s->V, &good) : dw_eigen(s->S, s->r, s->mu, s->V));
  for (int64_t k = 0; k < s->r; k++) {
    s->mu[k] = 1 + fabs(s->mu[k]);
  }
  DW_TRY(s->single ? dw_factor_spectral_single(s->V, s->mu, s->r, s->R, &good)
                   : dw_factor_spectral(s->V, s->mu, s->r, s->R));
fail:
  return status;
}

static divw_status pace_evaluation(sample *s, const dw_pace_problem *problem, double *seconds) {
  divw_status status;
  double moment, quadratic, spectrum, n = (double)problem->n / (double)s->n, r = (double)problem->r / (double)s->r;
  DW_TRY(make_rows(s, problem->dtype));
  DW_TRY(dw_alloc(&s->S, 3 * s->r * s->r + s->r + s->n, sizeof *s->S));
  s->V = s->S + s->r * s->r;
  s->R = s->V + s->r * s->r;
  s->mu = s->R + s->r * s->r;
  s->D = s->mu + s->r;
  DW_TRY(time_piece(run_moment, s, &moment));
  DW_TRY(time_piece(run_spectrum, s, &spectrum));
  if (s->order == 2) {
    memcpy(s->R, s->S, (size_t)(s->r * s->r) * sizeof *s->R);
  }
  DW_TRY(time_piece(run_quadratic, s, &quadratic));
  *seconds = (moment + quadratic) * n * r * r + spectrum * r * r * r;
fail:
  return status;
}

/* ---- vectors ---- */

static divw_status run_vectors(sample *s) {
  double *logit = s->vectors, *p = logit + s->length, *image = p + s->length, *next = image + s->length;
  dw_feasible set;
  dw_feasible_plain(&set, s->length);
  for (int64_t i = 0; i < s->length; i++) {
    logit[i] = next[i];
  }
  dw_feasible_project(&set, logit, p);
  dw_feasible_support(&set, logit, 1);
  for (int64_t i = 0; i < s->length; i++) {
    image[i] = 0.9 * logit[i] + 0.1 * p[i];
  }
  dw_feasible_project(&set, image, p);
  return s->anderson == NULL ? DIVW_OK
                             : dw_anderson_step(s->anderson, p, (dw_step){next, logit}, (dw_step){logit, image}, next);
}

static divw_status pace_vectors(sample *s, const dw_pace_problem *problem, bool accelerated, double *seconds) {
  divw_status status;
  s->length = dw_min(problem->n, MOST_VECTOR);
  DW_TRY(dw_alloc_zero(&s->vectors, 4 * s->length, sizeof *s->vectors));
  for (int64_t i = 0; i < s->length; i++) {
    s->vectors[3 * s->length + i] = (double)(i % 97) / 97;
  }
  if (accelerated) {
    DW_TRY(dw_anderson_create(&s->anderson, s->length, dw_history_of(problem->n)));
    for (int k = 0; k <= HISTORY; k++) {
      DW_TRY(run_vectors(s));
    }
  }
  DW_TRY(time_piece(run_vectors, s, seconds));
  *seconds *= (double)problem->n / (double)s->length;
fail:
  return status;
}

/* ---- Newton's matrix ---- */

static divw_status run_newton(sample *s) {
  dw_add_outer(s->matrix, s->m, s->panel, PANEL);
  return DIVW_OK;
}

static divw_status pace_newton(sample *s, const dw_pace_problem *problem, double *seconds) {
  divw_status status;
  s->m = dw_min(problem->n, PANEL);
  DW_TRY(dw_alloc_zero(&s->matrix, s->m * s->m, sizeof *s->matrix));
  DW_TRY(dw_alloc_zero(&s->panel, s->m * PANEL, sizeof *s->panel));
  DW_TRY(time_piece(run_newton, s, seconds));
  *seconds *= problem->newton_operations / ((double)s->m * (double)s->m * PANEL);
fail:
  return status;
}

/* ---- the iteration ---- */

divw_status dw_pace_measure(const dw_pace_problem *problem, int32_t method, double *seconds) {
  divw_status status;
  double evaluation, vectors, newton = 0;
  sample s = {.r = dw_min(problem->r, MOST_FEATURES), .order = problem->order};
  s.single = problem->single && method == DIVW_METHOD_ACCELERATED;
  s.n = dw_max(s.r, dw_min(dw_min(problem->n, MOST_ROWS), dw_kernel_block(problem->n, s.r)));
  dw_crew_enter();
  DW_TRY(pace_evaluation(&s, problem, &evaluation));
  DW_TRY(pace_vectors(&s, problem, method == DIVW_METHOD_ACCELERATED, &vectors));
  if (method == DIVW_METHOD_INTERIOR_POINT) {
    DW_TRY(pace_newton(&s, problem, &newton));
  }
  *seconds = evaluation + vectors + newton;
fail:
  divw_free(s.panel);
  divw_free(s.matrix);
  divw_free(s.vectors);
  dw_anderson_destroy(s.anderson);
  divw_free(s.S);
  divw_kernel_destroy(s.kernel);
  dw_crew_leave();
  return status;
}
