/* How many threads the BLAS has while the library calls it. Included by the files behind linalg.h alone. */
#ifndef DW_BLAS_THREADS_H
#define DW_BLAS_THREADS_H

#include <stdint.h>

/* Before and after calls of the BLAS: a product of a x b and b x c, or anything else with a matrix of this order. Pairs
 * may be nested; the outermost decides. */
void dw_blas_begin_product(int64_t a, int64_t b, int64_t c);
void dw_blas_begin_order(int64_t order);
void dw_blas_end(void);

#endif
