/* A similarity whole and of low rank, on the same rows. */
#ifndef LOW_RANK_H
#define LOW_RANK_H

#include "check.h"

typedef struct {
  divw_dataset *dataset;
  divw_similarity *similarity;
  divw_kernel *exact, *low;
  int64_t n;
} low_rank_problem;

extern const int32_t kinds[4];

/* Rows around a few centres, at a bandwidth that is some multiple of the median of distances. */
low_rank_problem make_problem(int32_t kind, int64_t n, int64_t d, double spread, int64_t rank, uint64_t seed);

void destroy_problem(low_rank_problem *problem);

/* phi phi^T of a kernel, to be freed. */
double *gram(const divw_kernel *kernel);

/* Log-normal ones of sum 1. */
void random_weights(double *p, int64_t n, double spread, test_random *random);

divw_weights *solve(const divw_kernel *kernel, int32_t objective, double order, double balance);

#endif
