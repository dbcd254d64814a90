/* The data as everything after this stage sees it: two passes over feature rows phi_i in R^r, |phi_i| = 1
 * (less where they are of low rank).
 *
 *     moment     S = sum_i p_i phi_i phi_i^T         r x r
 *     quadratic  D_i = |R_j phi_i|^2, j = 1..m       n numbers for each of m triangular matrices, in one read
 *
 * A kernel is whatever offers these; nothing else in the library touches a row. */
#ifndef DW_KERNEL_H
#define DW_KERNEL_H

#include "internal.h"
#include "kernel/decay.h"

#include <divweights/kernel.h>

/* S = sum p_i phi_i phi_i^T, whole symmetric matrix; p NULL: 1/n each. Rows with p_i = 0 are not fetched. In double, or
 * with products in single precision. */
divw_status dw_kernel_moment(const divw_kernel *kernel, const double *p, bool single, double *S);

/* D[j][i] = |R[j] phi_i|^2 for m upper triangular r x r matrices. */
divw_status dw_kernel_quadratic(const divw_kernel *kernel, const double *const *R, int64_t m, bool single,
                                double *const *D);

/* The memory that one of these takes. */
double dw_pass_bytes(int64_t n, int64_t r, int64_t m, bool single);

/* delta_i = 1 - |phi_i|^2 of every row where the features are of low rank; NULL: 0. */
const double *dw_kernel_deficit(const divw_kernel *kernel);

/* Of the random numbers of an approximation; 0 where there are none. */
uint64_t dw_kernel_seed(const divw_kernel *kernel);

/* How they fell with the rank. */
const dw_decay *dw_kernel_decay(const divw_kernel *kernel);

/* What making features of low rank, or so many random ones, of n rows of d numbers holds beside them at its height. */
double dw_low_rank_numbers(int64_t n, int64_t rank, double residual, int64_t d);
double dw_random_features_numbers(int64_t n, int64_t count, int64_t d);

/* How many of n rows of r numbers are worked on at a time. */
int64_t dw_kernel_block(int64_t n, int64_t r);

/* The dataset that the kernel was made on (the kernel's own reference). */
const divw_dataset *dw_kernel_dataset(const divw_kernel *kernel);

#endif
