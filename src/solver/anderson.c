/* Anderson acceleration of the fixed-point iteration x <- G(x), x = log p.
 *
 * With residuals r_k = G(x_k) - x_k and differences over the last m steps,
 *
 *     c = argmin || r - sum c_j dr_j ||_p,      x <- (x - sum c_j dx_j) + a s,      s = r - sum c_j dr_j ,
 *
 * the norm weighted by p: rows that carry no weight may be far from their limit in log p and must not decide.
 *
 * The mixing a is 1 in the textbook. But r changes by -K dx, K with eigenvalues from lambda / (1 + lambda) to 1, and
 * what the last steps cannot explain, s, lies where K is small: the plain step is too short there, by as much. So a is
 * the inverse of K along the s of the step before, of which the change of r tells: |s| / |K s|, the geometric mean of
 * the two steps of Barzilai and Borwein, between 1 and MOST_MIXING.
 *
 * The least-squares problem is solved from its normal equations, columns scaled and small eigenvalues cut, since they
 * are a sum over examples of m^2 products (and one all-reduce if ever rows are spread), where a QR would need all of
 * them at once; measured against SVD at depth 8 to 20 the iteration counts are the same.
 *
 * The differences are most of what a solve holds and reads of each row, so they have 16 bits a number from some
 * thousand rows on, and of many rows 10 steps are kept. They only shape the step; its start and the residual are exact.
 * With 8 bits of significand the iterations to a gap were those with 53 in every case tried, and the last 10 steps are
 * worth nearly as much as 16 (mathematics.md, 8).
 *
 * Sources: Anderson, J. ACM 12 (1965); Walker, Ni, SIAM J. Numer. Anal. 49 (2011); Barzilai, Borwein, IMA J. Numer.
 * Anal. 8 (1988). */
#include "solve.h"

#include "../linalg.h"
#include "../parallel.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 1024, DEPTH_OF_MANY = 10, SHORTENED = 1 << 13, ROWS_OF_A_PART = 16 * BLOCK };
#define MOST_MIXING 8.0

struct dw_anderson {
  int64_t n;
  dw_history history;
  int64_t steps;                                  /* since the last reset */
  void *d_image[DW_DEPTH], *d_residual[DW_DEPTH]; /* n each */
  void *rest;                                     /* s of the last step, n */
  double mixing;                                  /* and its a */
};

divw_status dw_anderson_create(dw_anderson **out, int64_t n, dw_history history) {
  divw_status status = dw_alloc_zero(out, 1, sizeof **out);
  if (status == DIVW_OK) {
    (*out)->n = n;
    (*out)->history = history;
    (*out)->mixing = 1;
  }
  return status;
}

void dw_anderson_destroy(dw_anderson *a) {
  if (a != NULL) {
    for (int j = 0; j < DW_DEPTH; j++) {
      divw_free(a->d_image[j]);
      divw_free(a->d_residual[j]);
    }
    divw_free(a->rest);
    divw_free(a);
  }
}

void dw_anderson_reset(dw_anderson *a) {
  a->steps = 0;
  a->mixing = fmax(1, a->mixing / 2);
}

/* ---- differences, in either width ---- */

dw_history dw_history_of(int64_t n) {
  return (dw_history){n < DW_MANY ? DW_DEPTH : DEPTH_OF_MANY, n < SHORTENED ? sizeof(double) : sizeof(uint16_t)};
}

/* The upper half of a float: 8 bits of exponent, 8 of significand. */
static uint16_t shorten(double x) {
  const float narrow = (float)x;
  uint32_t bits;
  memcpy(&bits, &narrow, sizeof bits);
  return (uint16_t)((bits + 0x8000) >> 16);
}

static double lengthen(uint16_t half) {
  const uint32_t bits = (uint32_t)half << 16;
  float narrow;
  memcpy(&narrow, &bits, sizeof narrow);
  return narrow;
}

static void put(const dw_anderson *a, void *column, int64_t first, int64_t count, const double *differences) {
  if (a->history.width == sizeof(double)) {
    memcpy((double *)column + first, differences, (size_t)count * sizeof *differences);
    return;
  }
  uint16_t *restrict to = (uint16_t *)column + first;
  for (int64_t i = 0; i < count; i++) {
    to[i] = shorten(differences[i]);
  }
}

static void take(const dw_anderson *a, const void *column, int64_t first, int64_t count, double *restrict out) {
  if (a->history.width == sizeof(double)) {
    memcpy(out, (const double *)column + first, (size_t)count * sizeof *out);
    return;
  }
  const uint16_t *restrict from = (const uint16_t *)column + first;
  for (int64_t i = 0; i < count; i++) {
    out[i] = lengthen(from[i]);
  }
}

static divw_status make_column(const dw_anderson *a, void **column) {
  return *column != NULL ? DIVW_OK : dw_alloc(column, a->n, (size_t)a->history.width);
}

/* Room for differences. Memory grows with the history. */
static divw_status make_slot(dw_anderson *a, int64_t j) {
  divw_status status;
  DW_TRY(make_column(a, &a->d_image[j]));
  DW_TRY(make_column(a, &a->d_residual[j]));
fail:
  return status;
}

divw_status dw_anderson_visit(dw_anderson *a, dw_archive *archive) {
  divw_status status;
  int64_t bytes = a->n * a->history.width;
  DW_TRY(dw_archive_count(archive, &a->steps, 0, INT64_MAX));
  for (int64_t j = 0; j < dw_min(a->steps - 1, a->history.depth); j++) {
    DW_TRY(make_slot(a, j));
    DW_TRY(dw_archive_bytes(archive, a->d_image[j], bytes));
    DW_TRY(dw_archive_bytes(archive, a->d_residual[j], bytes));
  }
  DW_VISIT(archive, a->mixing);
  if (a->steps > 0) {
    DW_TRY(make_column(a, &a->rest));
    DW_TRY(dw_archive_bytes(archive, a->rest, bytes));
  }
fail:
  return status;
}

/* ---- the step ---- */

/* Blocks of rows are shared out over parts, each on a thread of its own. */
typedef struct {
  dw_anderson *a;
  int64_t m, newest; /* differences that count, and which of them is the one of this step */
  const double *p;
  dw_step before, now;
  int parts;
  double *work; /* numbers_of_part() for each of them: m + 2 columns of BLOCK, then products */
  double c[DW_DEPTH];
  double *next;
} step;

static int64_t numbers_of_part(int64_t m) { return (m + 2) * BLOCK + (m + 2) * (m + 2); }

double dw_anderson_numbers(int64_t n) {
  return (double)dw_parts((double)n, ROWS_OF_A_PART) * (double)numbers_of_part(DW_DEPTH);
}

typedef void (*block_work)(const step *s, int part, int64_t first, int64_t count);

static void each_block(const step *s, int part, block_work work) {
  const int64_t n = s->a->n, blocks = (n + BLOCK - 1) / BLOCK, end = dw_part_start(blocks, s->parts, part + 1);
  for (int64_t block = dw_part_start(blocks, s->parts, part); block < end; block++) {
    work(s, part, block * BLOCK, dw_min(BLOCK, n - block * BLOCK));
  }
}

static void residual(const step *s, int64_t first, int64_t count, double *restrict out) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = s->now.image[first + i] - s->now.logit[first + i];
  }
}

static void remember(const step *s, int64_t first, int64_t count) {
  double d_image[BLOCK], d_residual[BLOCK];
  for (int64_t k = 0; k < count; k++) {
    const int64_t i = first + k;
    d_image[k] = s->now.image[i] - s->before.image[i];
    d_residual[k] = (s->now.image[i] - s->now.logit[i]) - (s->before.image[i] - s->before.logit[i]);
  }
  put(s->a, s->a->d_image[s->newest], first, count, d_image);
  put(s->a, s->a->d_residual[s->newest], first, count, d_residual);
}

/* Adds to the products sum_i p_i x_i y_i of the m residual differences, the residual, and the rest of the last step. */
static void add_products(const step *s, int part, int64_t first, int64_t count) {
  const int64_t m = s->m, all = m + 2;
  double *columns = s->work + part * numbers_of_part(m), *gram = columns + all * BLOCK, root[BLOCK];
  remember(s, first, count);
  for (int64_t i = 0; i < count; i++) {
    root[i] = sqrt(s->p[first + i]);
  }
  for (int64_t j = 0; j < all; j++) {
    double *restrict column = columns + j * BLOCK;
    if (j == m) {
      residual(s, first, count, column);
    } else {
      take(s->a, j < m ? s->a->d_residual[j] : s->a->rest, first, count, column);
    }
    for (int64_t i = 0; i < count; i++) {
      column[i] *= root[i];
    }
    for (int64_t l = 0; l <= j; l++) {
      gram[l * all + j] += dw_dot(columns + l * BLOCK, column, count);
    }
  }
}

static void products_of_part(void *context, int part) { each_block(context, part, add_products); }

/* From the products of r and s, side by side: s - r = a K s, if but for the rest the last step left nothing. K has no
 * negative directions; where it looks like one the step was too long for such arithmetic. */
static double mixing(double last, const double *products, int64_t stride) {
  const double rr = products[0], rs = products[1], ss = products[stride + 1], change = ss - 2 * rs + rr;
  return ss > rs ? fmin(fmax(last * sqrt(ss / change), 1), MOST_MIXING) : 1;
}

static divw_status coefficients(step *s) {
  double normal[DW_DEPTH * DW_DEPTH], rhs[DW_DEPTH];
  const int64_t m = s->m, all = m + 2, numbers = numbers_of_part(m);
  divw_status status = dw_alloc_zero(&s->work, s->parts * numbers, sizeof *s->work);
  if (status != DIVW_OK) {
    return status;
  }
  dw_run_parts(s->parts, products_of_part, s);
  double *gram = s->work + all * BLOCK;
  for (int64_t k = 0; k < all * all; k++) {
    for (int part = 1; part < s->parts; part++) {
      gram[k] += gram[part * numbers + k];
    }
  }
  dw_mirror_upper(gram, all);
  for (int64_t i = 0; i < m; i++) {
    rhs[i] = gram[i * all + m];
    memcpy(normal + i * m, gram + i * all, (size_t)m * sizeof *normal);
  }
  s->a->mixing = mixing(s->a->mixing, gram + m * all + m, all);
  divw_free(s->work);
  return dw_least_squares(normal, rhs, m, s->c);
}

static void add(double *restrict to, double c, const double *restrict column, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    to[i] += c * column[i];
  }
}

/* rest = r - sum c_j dr_j,  next = image - sum c_j dG_j + (a - 1) rest */
static void combine(const step *s, int part, int64_t first, int64_t count) {
  double column[BLOCK], rest[BLOCK], *restrict next = s->next + first;
  (void)part;
  residual(s, first, count, rest);
  memcpy(next, s->now.image + first, (size_t)count * sizeof *next);
  for (int64_t j = 0; j < s->m; j++) {
    take(s->a, s->a->d_residual[j], first, count, column);
    add(rest, -s->c[j], column, count);
    take(s->a, s->a->d_image[j], first, count, column);
    add(next, -s->c[j], column, count);
  }
  put(s->a, s->a->rest, first, count, rest);
  add(next, s->a->mixing - 1, rest, count);
}

static void combine_part(void *context, int part) { each_block(context, part, combine); }

divw_status dw_anderson_step(dw_anderson *a, const double *p, dw_step before, dw_step now, double *next) {
  divw_status status;
  step s = {.a = a, .p = p, .before = before, .now = now, .next = next, .m = dw_min(a->steps, a->history.depth)};
  s.parts = dw_parts((double)a->n, ROWS_OF_A_PART);
  DW_TRY(make_column(a, &a->rest));
  if (s.m > 0) {
    s.newest = (a->steps - 1) % a->history.depth;
    DW_TRY(make_slot(a, s.newest));
    DW_TRY(coefficients(&s));
  }
  a->steps++;
  dw_run_parts(s.parts, combine_part, &s);
fail:
  return status;
}

divw_status dw_anderson_restart(dw_anderson *a, dw_step now, double *next) {
  dw_anderson_reset(a);
  a->mixing = 1;
  return dw_anderson_step(a, NULL, now, now, next);
}
