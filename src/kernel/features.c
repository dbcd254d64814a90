/* Random features of similarities k(x - y), an estimate of them.
 *
 *     k(x - y) = E cos <w, x - y>,     phi(x) = (cos <w_j, x>, sin <w_j, x>) / sqrt m,     j = 1..m
 *
 * with w from the Fourier transform of k, which is a probability density (Bochner). With lengths in units of the
 * bandwidth s:
 *
 *     gaussian    w = g / s                                    g normal
 *     matern      w = g / s sqrt(2 nu / c)                     c chi-square with 2 nu degrees of freedom: Student's t
 *     laplacian   w_l = tan(pi (u - 1/2)) / s                  Cauchy, each coordinate by itself
 *
 * The first two depend on |w| alone, so the directions g / |g| of up to d frequencies are made orthogonal: k is
 * estimated as well as by independent ones or better, and still without bias. Sine and cosine, not a cosine with a
 * random phase: |phi| = 1 exactly, so that everything after this is exact for the kernel phi phi^T.
 *
 * Source: Rahimi, Recht, NIPS 2007; Yu, Suresh, Choromanski, Holtmann-Rice, Kumar, Orthogonal random features, NIPS
 * 2016, section 3; Rasmussen, Williams, Gaussian Processes for Machine Learning (2006), 4.2.1. */
#include "parts.h"

#include "../linalg.h"
#include "../random.h"

#include <math.h>

enum { PURPOSE_FREQUENCIES = 82 };
#define PI 3.14159265358979323846

/* ---- frequencies ---- */

/* Normal numbers of a sequence, from the uniform ones `first` and after (Box, Muller); count rounded up to even. */
static void normals(dw_sequence sequence, int64_t first, int64_t count, double *out) {
  for (int64_t k = 0; k < count; k += 2) {
    uint64_t random[2];
    dw_random_pairs(sequence, (uint64_t)((first + k) / 2), 1, random);
    const double radius = sqrt(-2 * log(((double)(random[0] >> 11) + 0.5) * 0x1p-53));
    const double angle = 2 * PI * ((double)(random[1] >> 11) * 0x1p-53);
    out[k] = radius * cos(angle);
    if (k + 1 < count) {
      out[k + 1] = radius * sin(angle);
    }
  }
}

static double inner(const double *a, const double *b, int64_t d) {
  double sum = 0;
  for (int64_t l = 0; l < d; l++) {
    sum += a[l] * b[l];
  }
  return sum;
}

/* Rows of length 1 and orthogonal; twice, since once leaves rounding where rows nearly agree. */
static void orthonormalise(double *rows, int64_t count, int64_t d) {
  for (int64_t j = 0; j < count; j++) {
    double *row = rows + j * d;
    for (int64_t k = 0; k < 2 * j; k++) {
      const double *other = rows + k % j * d, part = inner(row, other, d);
      for (int64_t l = 0; l < d; l++) {
        row[l] -= part * other[l];
      }
    }
    const double length = sqrt(inner(row, row, d));
    for (int64_t l = 0; l < d; l++) {
      row[l] /= length;
    }
  }
}

/* Frequencies number j, of length |g| and for matern as Student's t has it; `room` has d + 1 numbers. */
static double radius(const divw_similarity *options, dw_sequence sequence, int64_t d, double *room) {
  const int64_t stride = d + 8 + d % 2; /* even */
  double scale = 1 / options->bandwidth;
  normals(sequence, 0, d, room);
  scale *= sqrt(inner(room, room, d));
  if (options->kind == DIVW_KERNEL_MATERN) {
    const int64_t freedom = (int64_t)(2 * options->nu);
    normals(sequence, stride, freedom, room);
    scale *= sqrt((double)freedom / inner(room, room, freedom));
  }
  return scale;
}

static divw_status draw_rotated(divw_kernel *kernel, int64_t m, uint64_t seed) {
  divw_status status;
  const int64_t d = kernel->similarity.d;
  double *room;
  DW_TRY(dw_alloc(&room, d + 8, sizeof *room));
  for (int64_t first = 0; first < m; first += d) {
    double *rows = kernel->frequencies + first * d;
    const int64_t count = dw_min(d, m - first);
    for (int64_t j = 0; j < count; j++) {
      normals((dw_sequence){seed, (uint32_t)(2 * (first + j)), PURPOSE_FREQUENCIES}, 0, d, rows + j * d);
    }
    orthonormalise(rows, count, d);
    for (int64_t j = 0; j < count; j++) {
      const dw_sequence sequence = {seed, (uint32_t)(2 * (first + j) + 1), PURPOSE_FREQUENCIES};
      const double scale = radius(&kernel->similarity.options, sequence, d, room);
      for (int64_t l = 0; l < d; l++) {
        rows[j * d + l] *= scale;
      }
    }
  }
  divw_free(room);
fail:
  return status;
}

static void draw_cauchy(divw_kernel *kernel, int64_t m, uint64_t seed) {
  const int64_t d = kernel->similarity.d;
  for (int64_t k = 0; k < m * d; k++) {
    uint64_t random[2];
    dw_random_pairs((dw_sequence){seed, 0, PURPOSE_FREQUENCIES}, (uint64_t)k, 1, random);
    const double u = ((double)(random[0] >> 11) + 0.5) * 0x1p-53;
    kernel->frequencies[k] = tan(PI * (u - 0.5)) / kernel->similarity.options.bandwidth;
  }
}

/* ---- features ---- */

divw_status dw_random_features(const divw_kernel *kernel, const divw_dataset *rows, int64_t first, int64_t count,
                               double *phi) {
  divw_status status;
  const int64_t d = kernel->similarity.d, m = kernel->r / 2;
  const double scale = 1 / sqrt((double)m);
  double *x = NULL, *angles = NULL;
  dw_cursor cursor = {0};
  dw_window window;
  DW_TRY(dw_alloc(&x, count, (size_t)d * sizeof *x));
  DW_TRY(dw_alloc(&angles, count, (size_t)m * sizeof *angles));
  DW_TRY(dw_cursor_open(&cursor, rows));
  for (int64_t i = 0; i < count; i += window.count) {
    DW_TRY(dw_cursor_rows(&cursor, first + i, count - i, &window));
    for (int64_t k = 0; k < window.count; k++) {
      DW_TRY(dw_window_row_finite(&window, k, x + (i + k) * d));
    }
  }
  dw_row_products(angles, m, x, count, kernel->frequencies, m, d);
  for (int64_t i = 0; i < count; i++) {
    for (int64_t j = 0; j < m; j++) {
      phi[i * 2 * m + j] = scale * cos(angles[i * m + j]);
      phi[i * 2 * m + m + j] = scale * sin(angles[i * m + j]);
    }
  }
fail:
  dw_cursor_close(&cursor);
  divw_free(angles);
  divw_free(x);
  return status;
}

double dw_random_features_numbers(int64_t n, int64_t count, int64_t d) {
  return (double)dw_kernel_block(n, count) * ((double)d + (double)count / 2) + (double)d + 8;
}

divw_status dw_kernel_make_features(divw_kernel *kernel, int64_t count, uint64_t seed) {
  divw_status status;
  const int64_t n = kernel->n, m = count / 2, rows = dw_kernel_block(n, count);
  kernel->r = count;
  DW_TRY(dw_check_order(count, "the number of random features"));
  DW_TRY(dw_alloc(&kernel->frequencies, m, (size_t)kernel->similarity.d * sizeof *kernel->frequencies));
  DW_TRY(dw_alloc(&kernel->phi, n, (size_t)count * sizeof *kernel->phi));
  if (kernel->similarity.options.kind == DIVW_KERNEL_LAPLACIAN) {
    draw_cauchy(kernel, m, seed);
  } else {
    DW_TRY(draw_rotated(kernel, m, seed));
  }
  for (int64_t first = 0; first < n; first += rows) {
    const int64_t some = dw_min(rows, n - first);
    DW_TRY(dw_random_features(kernel, kernel->dataset, first, some, kernel->phi + first * count));
  }
fail:
  return status;
}
