/* Short ways to kernels and weights for tests. */
#ifndef MAKE_H
#define MAKE_H

#include "check.h"

/* A cosine kernel on n x d doubles, copied. */
divw_kernel *make_kernel(const double *x, int64_t n, int64_t d);

/* A cosine kernel on the MNIST test images: digits 0 and 1 (or all ten), the first `limit` of them (0: all). NULL,
 * after a message, where the data is not there. */
divw_kernel *make_digits_kernel(bool zeros_and_ones, int64_t limit);

/* Solves with the given options; the call must succeed. */
divw_weights *make_weights(const divw_kernel *kernel, double balance, double tolerance);

/* n rows of standard normal numbers, to be freed. */
double *make_rows(int64_t n, int64_t d, uint64_t seed);

/* m orthogonal rows and another one N times, (m + N) x (m + 1), to be freed. */
double *make_copies(int64_t m, int64_t copies);

#endif
