/* Second stage: feature rows phi_i with <phi_i, phi_j> = k(x_i, x_j).
 *
 * Cosine needs no matrix K: phi_i = x_i / |x_i| reproduces it with r = d numbers a row, and rho = sum p_i phi_i phi_i^T
 * (r x r) has the same non-zero spectrum as the n x n matrix diag(sqrt p) K diag(sqrt p). Columns that are zero in
 * every row are left out (images have many). With fewer rows than columns the n-row side (row_side.c) is cheaper. */
#include "parts.h"

#include "../linalg.h"

#include <math.h>

/* ---- looking at the data, once ---- */

/* |x| without overflow or underflow on the way. */
static double norm(const double *x, int64_t d) {
  double square = 0, largest = 0;
  for (int64_t j = 0; j < d; j++) {
    square += x[j] * x[j];
  }
  if (square > 1e-200 && square < 1e200) {
    return sqrt(square);
  }
  for (int64_t j = 0; j < d; j++) {
    largest = fmax(largest, fabs(x[j]));
  }
  square = 0;
  for (int64_t j = 0; largest > 0 && j < d; j++) {
    square += (x[j] / largest) * (x[j] / largest);
  }
  return largest * sqrt(square);
}

static divw_status check_norm(int32_t similarity, double length, long long row) {
  if (length == 0) {
    return dw_fail(DIVW_ERROR_DATA,
                   "row %lld of the data is all zeros, which has no direction: %s similarity needs other rows", row,
                   divw_kernel_name(similarity));
  }
  if (!(length >= 1e-300 && length <= 1e300)) {
    return dw_fail(DIVW_ERROR_DATA, "row %lld of the data has norm %g, expected 1e-300 to 1e300", row, length);
  }
  if (similarity == DIVW_KERNEL_LINEAR && !(fabs(length - 1) <= 1e-6)) {
    return dw_fail(DIVW_ERROR_DATA,
                   "row %lld of the data has norm %.9g, and linear similarity needs norm 1 within 1e-6: "
                   "normalise the rows, or use cosine similarity, which does",
                   row, length);
  }
  return DIVW_OK;
}

divw_status dw_kernel_look(int32_t similarity, const dw_window *window, int64_t k, double *x, double *scale) {
  divw_status status = dw_window_row_finite(window, k, x);
  if (status == DIVW_OK) {
    double length = norm(x, divw_dataset_dimension(window->dataset));
    *scale = 1 / length;
    status = check_norm(similarity, length, (long long)divw_dataset_row(window->dataset, window->first + k));
  }
  return status;
}

/* Checks every row, fills kernel->scale, and marks the columns that are used. */
static divw_status scan_rows(divw_kernel *kernel, int64_t d, unsigned char *used) {
  divw_status status;
  dw_cursor cursor = {0};
  dw_window window;
  double *x = NULL;
  DW_TRY(dw_alloc(&x, d, sizeof *x));
  DW_TRY(dw_cursor_open(&cursor, kernel->dataset));
  for (int64_t i = 0; i < kernel->n; i += window.count) {
    DW_TRY(dw_cursor_rows(&cursor, i, kernel->n - i, &window));
    for (int64_t k = 0; k < window.count; k++) {
      DW_TRY(dw_kernel_look(kernel->similarity, &window, k, x, &kernel->scale[i + k]));
      for (int64_t j = 0; j < d; j++) {
        used[j] |= x[j] != 0;
      }
    }
  }
fail:
  dw_cursor_close(&cursor);
  divw_free(x);
  return status;
}

static divw_status choose_columns(divw_kernel *kernel, int64_t d, const unsigned char *used) {
  divw_status status = DIVW_OK;
  int64_t count = 0;
  for (int64_t j = 0; j < d; j++) {
    count += used[j];
  }
  kernel->columns = (dw_columns){NULL, d};
  if (count < d) {
    DW_TRY(dw_alloc(&kernel->column_list, count, sizeof *kernel->column_list));
    for (int64_t j = 0, k = 0; j < d; j++) {
      if (used[j]) {
        kernel->column_list[k++] = j;
      }
    }
    kernel->columns = (dw_columns){kernel->column_list, count};
  }
fail:
  return status;
}

/* ---- public ---- */

static divw_status prepare(divw_kernel *kernel) {
  divw_status status;
  unsigned char *used = NULL;
  int64_t d = divw_dataset_dimension(kernel->dataset);
  DW_TRY(dw_alloc(&kernel->scale, kernel->n, sizeof *kernel->scale));
  DW_TRY(dw_alloc_zero(&used, d, sizeof *used));
  DW_TRY(scan_rows(kernel, d, used));
  DW_TRY(choose_columns(kernel, d, used));
  kernel->r = kernel->columns.count;
  if (kernel->n < kernel->r) {
    DW_TRY(dw_kernel_make_row_side(kernel));
  }
  DW_TRY(dw_check_order(kernel->r, "the number of columns"));
fail:
  divw_free(used);
  return status;
}

divw_status divw_kernel_create(divw_kernel **out, const divw_dataset *dataset, int32_t similarity) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  if (similarity != DIVW_KERNEL_COSINE && similarity != DIVW_KERNEL_LINEAR) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "divw_kernel_create: similarity is %d, expected DIVW_KERNEL_COSINE or DIVW_KERNEL_LINEAR",
                   similarity);
  }
  divw_status status;
  divw_kernel *kernel = NULL;
  DW_TRY(dw_alloc_zero(&kernel, 1, sizeof *kernel));
  kernel->similarity = similarity;
  kernel->n = divw_dataset_count(dataset);
  DW_TRY(dw_dataset_share(&kernel->dataset, dataset));
  DW_TRY(prepare(kernel));
  *out = kernel;
  return DIVW_OK;
fail:
  divw_kernel_destroy(kernel);
  return status;
}

void divw_kernel_destroy(divw_kernel *kernel) {
  if (kernel != NULL) {
    divw_free(kernel->deficit);
    divw_free(kernel->phi);
    divw_free(kernel->scale);
    divw_free(kernel->column_list);
    divw_dataset_destroy(kernel->dataset);
    divw_free(kernel);
  }
}

const char *divw_kernel_name(int32_t similarity) {
  switch (similarity) {
  case DIVW_KERNEL_COSINE: return "cosine";
  case DIVW_KERNEL_LINEAR: return "linear";
  default: return "unknown";
  }
}

int64_t divw_kernel_count(const divw_kernel *kernel) { return kernel == NULL ? 0 : kernel->n; }

int64_t divw_kernel_features(const divw_kernel *kernel) { return kernel == NULL ? 0 : kernel->r; }

int32_t divw_kernel_similarity(const divw_kernel *kernel) { return kernel == NULL ? 0 : kernel->similarity; }

const dw_decay *dw_kernel_decay(const divw_kernel *kernel) { return &kernel->decay; }

const double *dw_kernel_deficit(const divw_kernel *kernel) { return kernel->deficit; }

const divw_dataset *dw_kernel_dataset(const divw_kernel *kernel) { return kernel->dataset; }

divw_status divw_kernel_read(const divw_kernel *kernel, int64_t first, int64_t count, double *phi_out) {
  divw_status status;
  dw_features features = {0};
  DW_REQUIRE(kernel);
  DW_REQUIRE(phi_out);
  if (first < 0 || count < 0 || first > kernel->n - count) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: first is %lld and count %lld, expected a range within 0 to %lld", __func__,
                   (long long)first, (long long)count, (long long)kernel->n);
  }
  DW_TRY(dw_features_open(&features, kernel));
  DW_TRY(dw_features_fetch(&features, first, count, phi_out));
fail:
  dw_features_close(&features);
  return status;
}
