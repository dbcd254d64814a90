/* The type that the model computes in: float, or double (-DREAL_IS_DOUBLE) to hold its gradient against finite
 * differences. */
#ifndef REAL_H
#define REAL_H

#include <cblas.h>

#ifdef REAL_IS_DOUBLE
typedef double real;
#define gemm cblas_dgemm
#else
typedef float real;
#define gemm cblas_sgemm
#endif

#endif
