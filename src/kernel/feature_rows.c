/* Feature rows one after the other, converted and scaled on the way: from rows of the dataset, or from phi where that
 * is in memory. */
#include "parts.h"

/* Rows of a block: about 4 MiB, measured best for products by OpenBLAS from r = 128 to 1024. */
int64_t dw_kernel_block(int64_t n, int64_t r) {
  assert(r > 0);
  int64_t rows = (int64_t)(4 << 20) / (8 * r);
  return dw_min(n, dw_max(64, dw_min(rows, 4096)));
}

divw_status dw_features_open(dw_features *features, const divw_kernel *kernel) {
  features->kernel = kernel;
  return kernel->phi == NULL ? dw_cursor_open(&features->cursor, kernel->dataset) : DIVW_OK;
}

void dw_features_close(dw_features *features) { dw_cursor_close(&features->cursor); }

divw_status dw_features_rows(dw_features *features, int64_t first, int64_t count, dw_window *window) {
  const divw_kernel *kernel = features->kernel;
  if (kernel->phi == NULL) {
    return dw_cursor_rows(&features->cursor, first, count, window);
  }
  *window = (dw_window){.first = first, .count = dw_min(count, kernel->n - first)};
  return DIVW_OK;
}

void dw_features_row(const divw_kernel *kernel, const dw_window *window, int64_t k, double factor, double *out) {
  const int64_t i = window->first + k;
  if (kernel->phi == NULL) {
    dw_window_row(window, k, kernel->columns, factor * kernel->scale[i], out);
  } else {
    const double *row = kernel->phi + i * kernel->r;
    for (int64_t j = 0; j < kernel->r; j++) {
      out[j] = factor * row[j];
    }
  }
}

divw_status dw_features_fetch(dw_features *features, int64_t first, int64_t count, double *block) {
  divw_status status = DIVW_OK;
  const divw_kernel *kernel = features->kernel;
  dw_window window;
  for (int64_t done = 0; done < count; done += window.count) {
    DW_TRY(dw_features_rows(features, first + done, count - done, &window));
    for (int64_t k = 0; k < window.count; k++) {
      dw_features_row(kernel, &window, k, 1.0, block + (done + k) * kernel->r);
    }
  }
fail:
  return status;
}
