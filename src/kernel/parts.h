/* What a kernel is made of, shared by the files of this folder:
 *
 *     kernel.c       its life; rows are looked at once
 *     options.c      which similarity, as a caller says it
 *     kinds.c        the table of similarities: a measure and a function of it each
 *     measures.c, tanimoto.c, given.c   how two rows are compared
 *     similarity.c   a similarity bound to examples; its matrix in blocks
 *     bandwidth.c    the parameter that the data choose
 *     feature_rows.c   feature rows one after the other
 *     passes.c       the two passes over them, in double or single precision
 *     tiles.c        products of rows, in registers; tile_loops.h: its loops
 *     exact.c        features from the n x n matrix
 *     positive.c     what to do where that has negative eigenvalues
 *     low_rank.c     features of low rank, with what they leave out
 *     decay.c        how that fell with the rank
 *     features.c     random features
 *     approximate.c  the life of these two
 *     project.c      features of rows that it was not made on
 */
#ifndef DW_KERNEL_PARTS_H
#define DW_KERNEL_PARTS_H

#include "../dataset.h"
#include "../kernel.h"
#include "similarity.h"

struct divw_kernel {
  int64_t n, r;
  divw_dataset *dataset;
  dw_similarity similarity;
  dw_columns columns; /* those that are not zero everywhere; NULL: all */
  int64_t *column_list;
  double *scale;                    /* 1 / |x_i| */
  double *phi;                      /* n x r, else NULL: rows are fetched from the dataset */
  int64_t *pivots;                  /* with phi: r examples whose features are a lower triangular matrix */
  double least_eigenvalue, clipped; /* of a matrix that was made positive semidefinite; 0: there was no need */
  int32_t approximation;            /* DIVW_APPROXIMATION_* */
  uint64_t seed;                    /* of its random numbers */
  double *deficit;                  /* 1 - |phi_i|^2, n; NULL: 0 */
  dw_decay decay;                   /* of these, as the rank grew */
  double *frequencies;              /* r/2 x d, of random features */
};

/* A walk over feature rows, as dw_cursor over the rows of a dataset. */
typedef struct {
  const divw_kernel *kernel;
  dw_cursor cursor; /* not where phi is in memory */
} dw_features;

divw_status dw_features_open(dw_features *features, const divw_kernel *kernel);
void dw_features_close(dw_features *features);

/* Feature rows from `first` on, before columns are chosen and rows are scaled: as dw_cursor_rows(). */
divw_status dw_features_rows(dw_features *features, int64_t first, int64_t count, dw_window *window);

/* factor * phi of row k of such a window, r numbers. */
void dw_features_row(const divw_kernel *kernel, const dw_window *window, int64_t k, double factor, double *out);

/* Exactly `count` feature rows, count x r. */
divw_status dw_features_fetch(dw_features *features, int64_t first, int64_t count, double *block);

/* What the machine can hold: an allocation beyond it would be granted, and the process ended when it is used. */
double dw_machine_bytes(void);

/* Fills phi, pivots and r from the n x n matrix of similarities. */
divw_status dw_kernel_make_exact(divw_kernel *kernel);

/* Refuses a matrix of the caller's with negative eigenvalues, or makes it one without. */
divw_status dw_make_positive(divw_kernel *kernel, double *K);

/* Fills phi, pivots, r, deficit and decay: at most `rank` features, fewer where the mean deficit is at most `residual`
 * before. */
divw_status dw_kernel_make_low_rank(divw_kernel *kernel, int64_t rank, double residual, uint64_t seed);

/* Fills phi, frequencies and r = count. */
divw_status dw_kernel_make_features(divw_kernel *kernel, int64_t count, uint64_t seed);

/* Such features of any rows, count x r. */
divw_status dw_random_features(const divw_kernel *kernel, const divw_dataset *rows, int64_t first, int64_t count,
                               double *phi);

#endif
