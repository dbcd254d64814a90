/* Rows as the bytes that files and functions hand over, and what has to come of them wherever they are. */
#ifndef ELEMENTS_H
#define ELEMENTS_H

#include "make.h"

/* n x d positive numbers of a type; half: 1 to 2, by their bits. Of sparse ones most columns are 0, so that there is
 * much to read and little to compute. To be freed. */
unsigned char *make_elements(int64_t n, int64_t d, int32_t dtype, uint64_t seed);
unsigned char *make_sparse_elements(int64_t n, int64_t d, int32_t dtype, uint64_t seed);

/* A .npy of n x d elements from `bytes`; order '<', '>' or '|'. */
const char *write_npy(const char *name, const void *bytes, int64_t n, int64_t d, int32_t dtype, char order,
                      bool fortran);

/* Large enough for several windows of 4 MiB: sparse elements of seed 1, float32. */
enum { LARGE_N = 9000, LARGE_D = 600 };
const char *write_large(void);

void have_the_same_rows(const divw_dataset *a, const divw_dataset *b);
divw_status every_third(divw_dataset **out, const divw_dataset *all);

/* Weights of a few iterations. */
divw_status solve_briefly(const divw_dataset *dataset, divw_weights **weights);
void solve_to_the_same_bits(const divw_dataset *a, const divw_dataset *b);

#endif
