/* The table of similarities: each a measure of two rows (measures.c, tanimoto.c, given.c) and a function of it.
 *
 * Why each is positive semidefinite: mathematics.md, 6.1. */
#include "similarity.h"

#include <math.h>

static void gaussian(const divw_similarity *options, int64_t count, double *z) {
  (void)options;
  for (int64_t j = 0; j < count; j++) {
    z[j] = exp(-0.5 * z[j]);
  }
}

static void laplacian(const divw_similarity *options, int64_t count, double *z) {
  (void)options;
  for (int64_t j = 0; j < count; j++) {
    z[j] = exp(-z[j]);
  }
}

/* Of nu = m + 1/2 they are polynomials of degree m times exp. */
static void matern(const divw_similarity *options, int64_t count, double *z) {
  const double linear = options->nu > 1 ? 1 : 0, square = options->nu > 2 ? 1.0 / 3 : 0;
  for (int64_t j = 0; j < count; j++) {
    const double r = sqrt(2 * options->nu * z[j]);
    z[j] = (1 + r * (linear + square * r)) * exp(-r);
  }
}

static void power(const divw_similarity *options, int64_t count, double *z) {
  for (int64_t j = 0; j < count; j++) {
    double result = 1, base = z[j];
    for (int32_t m = options->degree; m > 0; m /= 2, base *= base) {
      result *= m % 2 != 0 ? base : 1;
    }
    z[j] = result;
  }
}

/* J_m(angle) / J_m(0) of Cho and Saul, which is pi, pi and 3 pi. */
static void arc_cosine(const divw_similarity *options, int64_t count, double *z) {
  static const double pi = 3.14159265358979323846;
  for (int64_t j = 0; j < count; j++) {
    const double rest = 1 - z[j] / pi, c = cos(z[j]), s = sin(z[j]) / pi;
    switch (options->degree) {
    case 0: z[j] = rest; break;
    case 1: z[j] = s + rest * c; break;
    default: z[j] = s * c + rest * (1 + 2 * c * c) / 3;
    }
  }
}

static const dw_kind kinds[] = {
    {DIVW_KERNEL_COSINE, "cosine", &dw_cosine, NULL, 0},
    {DIVW_KERNEL_LINEAR, "linear", &dw_cosine, NULL, 0},
    {DIVW_KERNEL_GAUSSIAN, "gaussian", &dw_square, gaussian, DW_HAS_BANDWIDTH},
    {DIVW_KERNEL_LAPLACIAN, "laplacian", &dw_manhattan, laplacian, DW_HAS_BANDWIDTH},
    {DIVW_KERNEL_MATERN, "matern", &dw_square, matern, DW_HAS_BANDWIDTH | DW_HAS_NU},
    {DIVW_KERNEL_POLYNOMIAL, "polynomial", &dw_augmented, power, DW_HAS_DEGREE | DW_HAS_OFFSET},
    {DIVW_KERNEL_COSINE_POWER, "cosine-power", &dw_cosine, power, DW_HAS_DEGREE},
    {DIVW_KERNEL_ARC_COSINE, "arc-cosine", &dw_angle, arc_cosine, DW_HAS_DEGREE},
    {DIVW_KERNEL_TANIMOTO, "tanimoto", &dw_overlap, NULL, DW_HAS_BITS},
    {DIVW_KERNEL_PRECOMPUTED, "precomputed", &dw_lookup, NULL, DW_HAS_CHECKS},
    {DIVW_KERNEL_FUNCTION, "function", &dw_call, NULL, DW_HAS_CHECKS},
};

const dw_kind *dw_kind_of(int32_t number) {
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    if (kinds[k].number == number) {
      return &kinds[k];
    }
  }
  return NULL;
}

const char *divw_kernel_name(int32_t similarity) {
  const dw_kind *kind = dw_kind_of(similarity);
  return kind == NULL ? "unknown" : kind->name;
}
