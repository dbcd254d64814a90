/* Leading principal components of rows: x_i becomes z_i, its coordinates in the K directions that hold most of
 * sum |x_i|^2.
 *
 *     d <= n:  C = X^T X = V^T diag(w) V (d x d),   z_i = V_K x_i
 *     n <  d:  G = X X^T = U^T diag(w) U (n x n),   z_ik = sqrt(w_k) U_ki,   V_K = diag(w)^(-1/2) U_K X
 *
 * The smaller matrix is diagonalised; both give the same z up to the signs of its columns. z is kept, n x K doubles: to
 * project in every fetch instead would cost 2 d K operations a row in each of the hundreds of passes of a solve, which
 * need K^2 themselves. V_K is kept too, for rows that come later (like.c); where z was found without it, it is not used
 * for z, since it has lost digits where w_k is small.
 *
 * Rows are scaled by a power of two on the way, so that no square overflows or vanishes. Eigenvectors are exact to
 * rounding divided by the distance to the next eigenvalue; a row that is left with less than 1e-12 of its length has
 * nothing in these directions but that, and becomes a row of zeros, which a kernel names. */
#include "view.h"

#include "../linalg.h"

#include <divweights/transform.h>

#include <float.h>
#include <math.h>
#include <string.h>

enum { COLUMNS_AT_A_TIME = 256 };

/* What is being computed, of which rows. */
typedef struct {
  const divw_dataset *dataset;
  int64_t n, d, k;
  dw_cursor cursor;          /* over them */
  double scale;              /* of rows while they are worked on */
  double *z;                 /* n x k */
  dw_directions *directions; /* V_K */
} projection;

/* Looks at every number once. */
static divw_status choose_scale(projection *p) {
  divw_status status;
  dw_window window;
  double *x, largest = 0;
  int exponent;
  DW_TRY(dw_alloc(&x, p->d, sizeof *x));
  for (int64_t i = 0; i < p->n && status == DIVW_OK; i += window.count) {
    status = dw_cursor_rows(&p->cursor, i, p->n - i, &window);
    for (int64_t k = 0; status == DIVW_OK && k < window.count; k++) {
      status = dw_window_row_finite(&window, k, x);
      for (int64_t j = 0; j < p->d; j++) {
        largest = fmax(largest, fabs(x[j]));
      }
    }
  }
  divw_free(x);
  frexp(largest, &exponent);
  p->scale = ldexp(1, (int)dw_max(-1000, dw_min(1000, -exponent)));
fail:
  return status;
}

/* z_i = 0 where it is all rounding; `square` is |x_i|^2. */
static void clear_lost_row(const projection *p, int64_t i, double square) {
  double *z = p->z + i * p->k, kept = 0;
  for (int64_t k = 0; k < p->k; k++) {
    kept += z[k] * z[k];
  }
  if (kept <= 1e-24 * square) {
    memset(z, 0, (size_t)p->k * sizeof *z);
  }
}

/* ---- at least as many rows as columns ---- */

/* About 4 MiB, as the kernel's passes. */
static int64_t block_rows(const projection *p) {
  return dw_min(p->n, dw_max(64, dw_min((int64_t)(4 << 20) / (8 * p->d), 4096)));
}

static divw_status fetch_block(projection *p, int64_t first, double *block, int64_t *count) {
  *count = dw_min(block_rows(p), p->n - first);
  return dw_cursor_fetch(&p->cursor, first, *count, (dw_columns){.count = p->d}, p->scale, block);
}

static divw_status column_moments(projection *p, double *block, double *C) {
  divw_status status = DIVW_OK;
  for (int64_t first = 0, count; first < p->n; first += count) {
    DW_TRY(fetch_block(p, first, block, &count));
    dw_add_gram(C, p->d, block, count);
  }
  dw_mirror_upper(C, p->d);
fail:
  return status;
}

static divw_status project(projection *p, double *block) {
  divw_status status = DIVW_OK;
  for (int64_t first = 0, count; first < p->n; first += count) {
    DW_TRY(fetch_block(p, first, block, &count));
    dw_row_products(p->z + first * p->k, p->k, block, count, p->directions->V, p->k, p->d);
    for (int64_t i = 0; i < count; i++) {
      double square = 0;
      for (int64_t j = 0; j < p->d; j++) {
        square += block[i * p->d + j] * block[i * p->d + j];
      }
      clear_lost_row(p, first + i, square);
    }
  }
fail:
  return status;
}

static divw_status from_columns(projection *p) {
  divw_status status;
  const int64_t d = p->d;
  double *C = NULL, *V = NULL, *w = NULL, *block = NULL;
  DW_TRY(dw_alloc_zero(&C, d * d, sizeof *C));
  DW_TRY(dw_alloc(&V, d * d, sizeof *V));
  DW_TRY(dw_alloc(&w, d, sizeof *w));
  DW_TRY(dw_alloc(&block, block_rows(p) * d, sizeof *block));
  DW_TRY(column_moments(p, block, C));
  DW_TRY(dw_eigen(C, d, w, V));
  for (int64_t k = 0; k < p->k; k++) { /* largest eigenvalue first */
    memcpy(p->directions->V + k * d, V + (d - 1 - k) * d, (size_t)d * sizeof *V);
  }
  DW_TRY(project(p, block));
fail:
  divw_free(block);
  divw_free(w);
  divw_free(V);
  divw_free(C);
  return status;
}

/* ---- fewer rows than columns ---- */

static void reverse_rows(double *rows, int64_t count, int64_t length) {
  for (int64_t a = 0, b = count - 1; a < b; a++, b--) {
    for (int64_t j = 0; j < length; j++) {
      const double x = rows[a * length + j];
      rows[a * length + j] = rows[b * length + j];
      rows[b * length + j] = x;
    }
  }
}

/* Columns from `first` on, transposed: count x n. */
static divw_status fetch_columns(projection *p, int64_t first, double *block, int64_t *count) {
  divw_status status = DIVW_OK;
  double x[COLUMNS_AT_A_TIME];
  int64_t columns[COLUMNS_AT_A_TIME];
  dw_window window;
  *count = dw_min(COLUMNS_AT_A_TIME, p->d - first);
  for (int64_t j = 0; j < *count; j++) {
    columns[j] = first + j;
  }
  for (int64_t i = 0; i < p->n; i += window.count) {
    DW_TRY(dw_cursor_rows(&p->cursor, i, p->n - i, &window));
    for (int64_t k = 0; k < window.count; k++) {
      dw_window_row(&window, k, (dw_columns){.columns = columns, .count = *count}, p->scale, x);
      for (int64_t j = 0; j < *count; j++) {
        block[j * p->n + i + k] = x[j];
      }
    }
  }
fail:
  return status;
}

/* G = X X^T from blocks of columns, so that one syrk adds each. */
static divw_status row_products(projection *p, double *G) {
  divw_status status;
  double *block = NULL;
  DW_TRY(dw_alloc(&block, COLUMNS_AT_A_TIME * p->n, sizeof *block));
  for (int64_t first = 0, count; first < p->d; first += count) {
    DW_TRY(fetch_columns(p, first, block, &count));
    dw_add_gram(G, p->n, block, count);
  }
  dw_mirror_upper(G, p->n);
fail:
  divw_free(block);
  return status;
}

/* V_K from the rows of U, which are scaled to that end. Directions whose w is rounding are left 0: no row has a part in
 * them. */
static divw_status directions_from_rows(projection *p, double *U, const double *w) {
  divw_status status;
  const int64_t n = p->n;
  double *block = NULL, *leading = U + (n - p->k) * n; /* ascending: the last come first below */
  DW_TRY(dw_alloc(&block, COLUMNS_AT_A_TIME * n, sizeof *block));
  for (int64_t k = n - p->k; k < n; k++) {
    const double factor = w[k] > (double)n * DBL_EPSILON * w[n - 1] ? 1 / sqrt(w[k]) : 0;
    for (int64_t i = 0; i < n; i++) {
      U[k * n + i] *= factor;
    }
  }
  reverse_rows(leading, p->k, n);
  for (int64_t first = 0, count; first < p->d; first += count) {
    DW_TRY(fetch_columns(p, first, block, &count));
    dw_row_products(p->directions->V + first, p->d, leading, p->k, block, count, n);
  }
fail:
  divw_free(block);
  return status;
}

static divw_status from_rows(projection *p) {
  divw_status status;
  const int64_t n = p->n;
  double *G = NULL, *U = NULL, *w = NULL;
  DW_TRY(dw_alloc_zero(&G, n * n, sizeof *G));
  DW_TRY(dw_alloc(&U, n * n, sizeof *U));
  DW_TRY(dw_alloc(&w, n, sizeof *w));
  DW_TRY(row_products(p, G));
  DW_TRY(dw_eigen(G, n, w, U));
  for (int64_t i = 0; i < n; i++) {
    for (int64_t k = 0; k < p->k; k++) {
      p->z[i * p->k + k] = sqrt(fmax(w[n - 1 - k], 0)) * U[(n - 1 - k) * n + i];
    }
    clear_lost_row(p, i, G[i * n + i]);
  }
  DW_TRY(directions_from_rows(p, U, w));
fail:
  divw_free(w);
  divw_free(U);
  divw_free(G);
  return status;
}

/* ---- the dataset of them ---- */

/* Takes z over, also on failure. */
static divw_status make_dataset(divw_dataset **out, projection *p) {
  for (int64_t i = 0; i < p->n * p->k; i++) {
    p->z[i] /= p->scale;
  }
  divw_status status = dw_dataset_make_from(out, p->z, p->k, DIVW_FLOAT64, p->dataset);
  if (status == DIVW_OK) {
    dw_retain(&p->directions->references);
    (*out)->source->directions = p->directions;
  }
  return status;
}

static divw_status make_directions(dw_directions **out, const divw_dataset *dataset, int64_t k) {
  divw_status status = dw_alloc_zero(out, 1, sizeof **out);
  if (status != DIVW_OK) {
    return status;
  }
  atomic_init(&(*out)->references, 1);
  (*out)->k = k;
  (*out)->d = dataset->source->d;
  (*out)->center = dataset->center;
  (*out)->before = dataset->source->directions;
  if (dataset->center != NULL) {
    dw_retain(&dataset->center->references);
  }
  if (dataset->source->directions != NULL) {
    dw_retain(&dataset->source->directions->references);
  }
  return dw_alloc(&(*out)->V, k, (size_t)dataset->source->d * sizeof *(*out)->V);
}

divw_status divw_dataset_components(divw_dataset **out, const divw_dataset *dataset, int64_t components) {
  divw_status status;
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  projection p = {.dataset = dataset, .n = dataset->n, .d = dataset->source->d, .k = components, .scale = 1};
  if (components < 1 || components > dw_min(p.n, p.d)) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: components is %lld, expected 1 to %lld, the smaller number of %lld rows and %lld columns",
                   __func__, (long long)components, (long long)dw_min(p.n, p.d), (long long)p.n, (long long)p.d);
  }
  DW_TRY(dw_check_order(dw_min(p.n, p.d), "the smaller number of rows and columns"));
  DW_TRY(dw_cursor_open(&p.cursor, dataset));
  DW_TRY(choose_scale(&p));
  DW_TRY(make_directions(&p.directions, dataset, components));
  DW_TRY(dw_alloc(&p.z, p.n, (size_t)components * sizeof *p.z));
  DW_TRY((p.d <= p.n ? from_columns : from_rows)(&p));
  status = make_dataset(out, &p);
  p.z = NULL;
fail:
  dw_cursor_close(&p.cursor);
  divw_free(p.z);
  dw_directions_release(p.directions);
  return status;
}

divw_status dw_dataset_project(divw_dataset **out, const divw_dataset *dataset, dw_directions *directions) {
  divw_status status;
  double *block = NULL;
  projection p = {.dataset = dataset,
                  .n = dataset->n,
                  .d = directions->d,
                  .k = directions->k,
                  .scale = 1,
                  .directions = directions};
  DW_TRY(dw_cursor_open(&p.cursor, dataset));
  DW_TRY(choose_scale(&p));
  DW_TRY(dw_alloc(&block, block_rows(&p) * p.d, sizeof *block));
  DW_TRY(dw_alloc(&p.z, p.n, (size_t)p.k * sizeof *p.z));
  DW_TRY(project(&p, block));
  status = make_dataset(out, &p);
  p.z = NULL;
fail:
  dw_cursor_close(&p.cursor);
  divw_free(p.z);
  divw_free(block);
  return status;
}
