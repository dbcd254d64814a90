/* A similarity bound to examples, and its matrix in blocks.
 *
 * Rows are taken in tiles of about 4 MiB, at most 1024 rows, as they are needed: nothing of n x d numbers is kept, and
 * a tile of the other side is taken again for each of this, which costs 2 to 3 % of a gemm of 1024 rows. */
#include "similarity.h"

#include "../kernel.h"
#include "../linalg.h"

#include <math.h>
#include <string.h>

/* ---- rows one by one ---- */

divw_status dw_walk_open(dw_walk *walk, const divw_dataset *dataset) {
  *walk = (dw_walk){.window = {.dataset = dataset}};
  return dw_cursor_open(&walk->cursor, dataset);
}

void dw_walk_close(dw_walk *walk) { dw_cursor_close(&walk->cursor); }

divw_status dw_walk_to(dw_walk *walk, int64_t position, int64_t *k) {
  divw_status status = DIVW_OK;
  dw_window *window = &walk->window;
  if (position < window->first || position >= window->first + window->count) {
    status = dw_cursor_rows(&walk->cursor, position, divw_dataset_count(window->dataset) - position, window);
  }
  *k = position - window->first;
  return status;
}

divw_status dw_walk_row(dw_walk *walk, int64_t position, double *x) {
  int64_t k;
  const divw_status status = dw_walk_to(walk, position, &k);
  return status == DIVW_OK ? dw_window_row_finite(&walk->window, k, x) : status;
}

/* ---- tiles of rows ---- */

static int64_t tile_rows(const dw_similarity *similarity, int64_t count) {
  return dw_min(dw_kernel_block(count, similarity->width), 1024);
}

static void destroy_taken(dw_taken *taken) {
  dw_walk_close(&taken->walk);
  divw_free(taken->row);
  divw_free(taken->note);
  divw_free(taken->x);
}

static divw_status create_taken(dw_taken *taken, const dw_similarity *similarity, const divw_dataset *dataset,
                                int64_t rows, bool numbers_only) {
  divw_status status;
  DW_TRY(dw_walk_open(&taken->walk, dataset));
  DW_TRY(dw_alloc(&taken->row, rows, sizeof *taken->row));
  DW_TRY(dw_alloc(&taken->note, rows, sizeof *taken->note));
  if (!numbers_only) {
    DW_TRY(dw_alloc(&taken->x, rows, (size_t)similarity->width * sizeof *taken->x));
  }
fail:
  return status;
}

static int64_t position_of(const dw_some_rows *rows, int64_t k) {
  return rows->position == NULL ? rows->first + k : rows->position[k];
}

/* Rows number first .. first + count - 1 of a selection. */
static divw_status take(const dw_similarity *similarity, const dw_some_rows *some, int64_t first, int64_t count,
                        double *whole, dw_taken *taken) {
  divw_status status = DIVW_OK;
  taken->count = count;
  for (int64_t k = 0; k < count; k++) {
    const int64_t position = position_of(some, first + k);
    double *x = taken->x == NULL ? NULL : taken->x + k * similarity->width;
    int64_t at;
    taken->row[k] = divw_dataset_row(some->dataset, position);
    DW_TRY(dw_walk_to(&taken->walk, position, &at));
    DW_TRY(similarity->kind->measure->take(similarity, &taken->walk.window, at, whole, x, &taken->note[k]));
  }
fail:
  return status;
}

dw_some_rows dw_all_rows(const divw_dataset *dataset) {
  return (dw_some_rows){dataset, NULL, 0, divw_dataset_count(dataset)};
}

/* ---- blocks ---- */

static divw_status fill(const dw_similarity *similarity, const dw_taken *a, const dw_taken *b, double *K,
                        int64_t stride) {
  divw_status status = similarity->kind->measure->compare(similarity, a, b, K, stride);
  for (int64_t i = 0; status == DIVW_OK && similarity->kind->apply != NULL && i < a->count; i++) {
    similarity->kind->apply(&similarity->options, b->count, K + i * stride);
  }
  return status;
}

divw_status dw_similarity_block(const dw_similarity *similarity, dw_some_rows a, dw_some_rows b, double *K,
                                int64_t stride) {
  divw_status status;
  const int64_t rows = tile_rows(similarity, a.count), columns = tile_rows(similarity, b.count);
  double *whole = NULL;
  dw_taken x = {.x = NULL}, y = {.x = NULL};
  DW_TRY(dw_alloc(&whole, similarity->d, sizeof *whole));
  DW_TRY(create_taken(&x, similarity, a.dataset, rows, false));
  DW_TRY(create_taken(&y, similarity, b.dataset, columns, similarity->kind->measure->looks_up));
  for (int64_t i = 0; i < a.count; i += rows) {
    DW_TRY(take(similarity, &a, i, dw_min(rows, a.count - i), whole, &x));
    for (int64_t j = 0; j < b.count; j += columns) {
      if (i == 0 || columns < b.count) {
        DW_TRY(take(similarity, &b, j, dw_min(columns, b.count - j), whole, &y));
      }
      DW_TRY(fill(similarity, &x, &y, K + i * stride + j, stride));
    }
  }
fail:
  destroy_taken(&y);
  destroy_taken(&x);
  divw_free(whole);
  return status;
}

/* ---- the whole matrix ---- */

/* The tiles on and above the diagonal. */
static divw_status upper_half(const dw_similarity *similarity, double *K) {
  divw_status status = DIVW_OK;
  const dw_some_rows all = dw_all_rows(similarity->dataset);
  const int64_t n = all.count, rows = tile_rows(similarity, n);
  for (int64_t i = 0; i < n && status == DIVW_OK; i += rows) {
    const dw_some_rows a = {all.dataset, NULL, i, dw_min(rows, n - i)}, b = {all.dataset, NULL, i, n - i};
    status = dw_similarity_block(similarity, a, b, K + i * n + i, n);
  }
  return status;
}

static divw_status differs(const dw_similarity *similarity, int64_t i, int64_t j, double x, double y) {
  const long long a = (long long)divw_dataset_row(similarity->dataset, i);
  const long long b = (long long)divw_dataset_row(similarity->dataset, j);
  return dw_fail(DIVW_ERROR_DATA,
                 "the similarity of row %lld with row %lld is %.9g, that of row %lld with row %lld is %.9g, expected "
                 "the same: the matrix is not symmetric",
                 a, b, x, b, a, y);
}

/* Tiles, because half of what is read lies n numbers apart. */
static divw_status symmetrise(const dw_similarity *similarity, double *K) {
  enum { TILE = 32 };
  const int64_t n = divw_dataset_count(similarity->dataset);
  const double slack = similarity->slack;
  for (int64_t first = 0; first < n; first += TILE) {
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = dw_max(i + 1, first); j < dw_min(n, first + TILE); j++) {
        double *above = &K[i * n + j], *below = &K[j * n + i];
        if (!(fabs(*above - *below) <= slack)) {
          return differs(similarity, i, j, *above, *below);
        }
        *above = *below = 0.5 * (*above + *below);
      }
    }
  }
  return DIVW_OK;
}

divw_status dw_similarity_block_checked(const dw_similarity *similarity, dw_some_rows a, dw_some_rows b, double *K,
                                        double *other) {
  divw_status status;
  DW_TRY(dw_similarity_block(similarity, a, b, K, b.count));
  if ((similarity->kind->has & DW_HAS_CHECKS) == 0) {
    return status;
  }
  DW_TRY(dw_similarity_block(similarity, b, a, other, a.count));
  for (int64_t k = 0; k < a.count * b.count; k++) {
    const int64_t i = k / b.count, j = k % b.count;
    if (!(fabs(K[k] - other[j * a.count + i]) <= similarity->slack)) {
      return differs(similarity, position_of(&a, i), position_of(&b, j), K[k], other[j * a.count + i]);
    }
  }
fail:
  return status;
}

static void mirror(double *K, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    K[i * n + i] = 1;
  }
  dw_mirror_upper(K, n);
}

divw_status dw_similarity_matrix(const dw_similarity *similarity, double *K) {
  divw_status status;
  const dw_some_rows all = dw_all_rows(similarity->dataset);
  if ((similarity->kind->has & DW_HAS_CHECKS) != 0) {
    DW_TRY(dw_similarity_block(similarity, all, all, K, all.count));
    DW_TRY(symmetrise(similarity, K));
  } else {
    DW_TRY(upper_half(similarity, K));
  }
  mirror(K, all.count);
fail:
  return status;
}

/* ---- binding ---- */

/* Rows are checked when they are taken. */
static divw_status check_rows(const dw_similarity *similarity) {
  divw_status status;
  dw_taken taken = {.x = NULL};
  double *whole = NULL;
  const dw_some_rows all = dw_all_rows(similarity->dataset);
  DW_TRY(dw_alloc(&whole, similarity->d, sizeof *whole));
  DW_TRY(create_taken(&taken, similarity, all.dataset, 1, false));
  for (int64_t i = 0; i < all.count; i++) {
    DW_TRY(take(similarity, &all, i, 1, whole, &taken));
  }
fail:
  destroy_taken(&taken);
  divw_free(whole);
  return status;
}

divw_status dw_similarity_bind(dw_similarity *similarity, const divw_similarity *options, const divw_dataset *dataset) {
  divw_status status = DIVW_OK;
  const int64_t d = divw_dataset_dimension(dataset);
  *similarity = (dw_similarity){.options = *options, .kind = dw_kind_of(options->kind), .dataset = dataset, .d = d};
  similarity->width = similarity->columns.count = d;
  if (similarity->kind->measure->prepare != NULL) {
    DW_TRY(similarity->kind->measure->prepare(similarity));
  }
  if ((similarity->kind->has & DW_HAS_BANDWIDTH) != 0) {
    DW_TRY(dw_choose_bandwidth(similarity));
  }
  DW_TRY(check_rows(similarity));
fail:
  return status;
}

void dw_similarity_release(dw_similarity *similarity) {
  divw_free(similarity->diagonal);
  divw_free(similarity->shift);
}
