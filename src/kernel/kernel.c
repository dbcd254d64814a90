/* Second stage: feature rows phi_i with <phi_i, phi_j> = k(x_i, x_j).
 *
 * Cosine needs no matrix K: phi_i = x_i / |x_i| reproduces it with r = d numbers a row, and rho = sum p_i phi_i phi_i^T
 * (r x r) has the same non-zero spectrum as the n x n matrix diag(sqrt p) K diag(sqrt p). Columns that are zero in
 * every row are left out (images have many). With fewer rows than columns features from K (exact.c) are cheaper; other
 * similarities have no others. */
#include "parts.h"

#include "../linalg.h"

#include <math.h>

/* ---- looking at the data, once ---- */

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
      DW_TRY(dw_take_direction(kernel->similarity.options.kind, &window, k, x, &kernel->scale[i + k]));
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
  kernel->columns = (dw_columns){.count = d};
  if (count < d) {
    DW_TRY(dw_alloc(&kernel->column_list, 2 * count, sizeof *kernel->column_list));
    for (int64_t j = 0, k = 0; j < d; j++) {
      if (used[j]) {
        kernel->column_list[k++] = j;
      }
    }
    int64_t *run = kernel->column_list + count;
    for (int64_t k = count - 1; k >= 0; k--) {
      run[k] = k + 1 < count && kernel->column_list[k + 1] == kernel->column_list[k] + 1 ? run[k + 1] + 1 : 1;
    }
    kernel->columns = (dw_columns){kernel->column_list, count, run};
  }
fail:
  return status;
}

/* Scaled rows as features, or, where there are fewer rows than columns, features from K. */
static divw_status prepare_directions(divw_kernel *kernel) {
  divw_status status;
  unsigned char *used = NULL;
  int64_t d = divw_dataset_dimension(kernel->dataset);
  DW_TRY(dw_alloc(&kernel->scale, kernel->n, sizeof *kernel->scale));
  DW_TRY(dw_alloc_zero(&used, d, sizeof *used));
  DW_TRY(scan_rows(kernel, d, used));
  DW_TRY(choose_columns(kernel, d, used));
  kernel->r = kernel->columns.count;
fail:
  divw_free(used);
  return status;
}

static divw_status prepare(divw_kernel *kernel, const divw_similarity *options) {
  divw_status status;
  const bool is_direction = options->kind == DIVW_KERNEL_COSINE || options->kind == DIVW_KERNEL_LINEAR;
  kernel->similarity.options = *options;
  if (is_direction) {
    DW_TRY(prepare_directions(kernel));
  }
  if (!is_direction || kernel->n < kernel->r) {
    DW_TRY(dw_similarity_bind(&kernel->similarity, options, kernel->dataset));
    if (is_direction) {
      kernel->similarity.columns = kernel->columns;
      kernel->similarity.width = kernel->columns.count;
    }
    DW_TRY(dw_kernel_make_exact(kernel));
  }
  DW_TRY(dw_check_order(kernel->r, "the number of columns"));
fail:
  return status;
}

/* ---- public ---- */

static divw_status create(divw_kernel **out, const divw_dataset *dataset, const divw_similarity *options) {
  divw_status status;
  divw_kernel *kernel = NULL;
  DW_TRY(dw_alloc_zero(&kernel, 1, sizeof *kernel));
  kernel->n = divw_dataset_count(dataset);
  DW_TRY(dw_dataset_share(&kernel->dataset, dataset));
  DW_TRY(prepare(kernel, options));
  *out = kernel;
  return DIVW_OK;
fail:
  divw_kernel_destroy(kernel);
  return status;
}

divw_status divw_kernel_create(divw_kernel **out, const divw_dataset *dataset, int32_t similarity) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  if (dw_kind_of(similarity) == NULL || similarity == DIVW_KERNEL_FUNCTION) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "divw_kernel_create: similarity is %d, expected DIVW_KERNEL_COSINE to DIVW_KERNEL_PRECOMPUTED",
                   similarity);
  }
  const divw_similarity options = dw_similarity_defaults(similarity);
  return create(out, dataset, &options);
}

divw_status divw_kernel_create_with(divw_kernel **out, const divw_dataset *dataset, const divw_similarity *similarity) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  DW_REQUIRE(similarity);
  return create(out, dataset, similarity);
}

divw_status divw_kernel_create_function(divw_kernel **out, int64_t n, divw_similarity_fn function, void *user) {
  divw_status status;
  double *places = NULL;
  divw_dataset *dataset = NULL;
  divw_similarity options = dw_similarity_defaults(DIVW_KERNEL_FUNCTION);
  DW_REQUIRE(out);
  *out = NULL;
  if (n < 1) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: n is %lld, expected at least 1", __func__, (long long)n);
  }
  DW_TRY(divw_similarity_set_function(&options, function, user));
  DW_TRY(dw_alloc(&places, n, sizeof *places));
  for (int64_t i = 0; i < n; i++) {
    places[i] = (double)i;
  }
  DW_TRY(divw_dataset_create_copy(&dataset, places, n, 1, DIVW_FLOAT64, 0));
  DW_TRY(create(out, dataset, &options));
fail:
  divw_dataset_destroy(dataset);
  divw_free(places);
  return status;
}

void divw_kernel_destroy(divw_kernel *kernel) {
  if (kernel != NULL) {
    divw_free(kernel->pivots);
    divw_free(kernel->phi);
    dw_similarity_release(&kernel->similarity);
    divw_free(kernel->scale);
    divw_free(kernel->column_list);
    divw_dataset_destroy(kernel->dataset);
    divw_free(kernel);
  }
}

int64_t divw_kernel_count(const divw_kernel *kernel) { return kernel == NULL ? 0 : kernel->n; }

int64_t divw_kernel_features(const divw_kernel *kernel) { return kernel == NULL ? 0 : kernel->r; }

int32_t divw_kernel_similarity(const divw_kernel *kernel) {
  return kernel == NULL ? 0 : kernel->similarity.options.kind;
}

double divw_kernel_clipped(const divw_kernel *kernel) { return kernel == NULL ? NAN : kernel->clipped; }

double divw_kernel_least_eigenvalue(const divw_kernel *kernel) {
  return kernel == NULL ? NAN : kernel->least_eigenvalue;
}

const divw_similarity *divw_kernel_parameters(const divw_kernel *kernel) {
  return kernel == NULL ? NULL : &kernel->similarity.options;
}

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
