/* Similarities of rows in blocks, K_ab = k(a, b): what every kernel but a plain inner product of rows is made from.
 *
 * A similarity is a measure and a function of it. The measure says how rows are taken and two of them compared, for
 * whole blocks at a time; the function makes similarities of an array of measures. One row of a table (kinds.c) each:
 *
 *     cosine        of rows of length 1                    gemm
 *     angle         between rows                           gemm; rows that nearly agree again by differences
 *     square        |x - y|^2 in units of the bandwidth    likewise
 *     manhattan     sum |x_l - y_l| in that unit           differences
 *     overlap       sum min / sum max                      popcount, or minima
 *     lookup        a number of the matrix
 *     call          the caller's function
 *
 * k(x, x) = 1 for every kind: what is not so by itself is divided by the root of k(x, x) k(y, y). */
#ifndef DW_SIMILARITY_H
#define DW_SIMILARITY_H

#include "../dataset.h"

#include <divweights/kernel.h>
#include <divweights/similarity.h>

struct divw_similarity {
  int32_t kind, rule; /* DIVW_KERNEL_*, DIVW_BANDWIDTH_* */
  double bandwidth;   /* 0: not chosen yet */
  double score;       /* that the bandwidth is chosen by */
  uint64_t seed;
  int32_t degree;
  double offset, nu;
  bool bits, normalise, clip;
  divw_similarity_fn function; /* one of the two */
  divw_similarity_pair_fn pair_function;
  void *user;
};

typedef struct dw_measure dw_measure;

/* A row of the table. */
typedef struct {
  int32_t number; /* DIVW_KERNEL_* */
  const char *name;
  const dw_measure *measure;
  void (*apply)(const divw_similarity *options, int64_t count, double *z); /* NULL: the measure is the similarity */
  int32_t has;                                                             /* DW_HAS_* */
} dw_kind;

enum {
  DW_HAS_BANDWIDTH = 1,
  DW_HAS_DEGREE = 2,
  DW_HAS_OFFSET = 4,
  DW_HAS_NU = 8,
  DW_HAS_BITS = 16,
  DW_HAS_CHECKS = 32
};

/* NULL where there is no such kind. */
const dw_kind *dw_kind_of(int32_t number);

divw_similarity dw_similarity_defaults(int32_t kind);

/* Options bound to examples. */
typedef struct {
  divw_similarity options; /* all chosen */
  const dw_kind *kind;
  const divw_dataset *dataset; /* the examples; the caller's */
  int64_t d;                   /* numbers per row */
  int64_t width;               /* per row of a block */
  dw_columns columns;          /* of the examples that are not zero everywhere; NULL: all. Others are not compared */
  double *shift;               /* d numbers that are subtracted from rows; NULL: none */
  bool binary;                 /* rows are sets of bits, in words of 64 */
  double *diagonal;            /* k(x, x) of the examples where it may not be 1, else NULL */
  double slack;                /* how far similarities of the caller may be from what they should be */
} dw_similarity;

/* Checks every row of the examples and chooses the bandwidth. To be released, also on failure. */
divw_status dw_similarity_bind(dw_similarity *similarity, const divw_similarity *options, const divw_dataset *dataset);
void dw_similarity_release(dw_similarity *similarity);

/* Rows of a dataset: those at `count` positions, or (position NULL) count from `first` on. */
typedef struct {
  const divw_dataset *dataset;
  const int64_t *position;
  int64_t first, count;
} dw_some_rows;

/* All rows of a dataset. */
dw_some_rows dw_all_rows(const divw_dataset *dataset);

/* K[a * stride + b] = k(a, b) of some rows, which may be new ones, and some of the examples. Rows are checked. Memory
 * for three blocks. */
divw_status dw_similarity_block(const dw_similarity *similarity, dw_some_rows a, dw_some_rows b, double *K,
                                int64_t stride);

/* The same; of similarities of the caller also that k(b, a) is the same, `other` being room for as many. */
divw_status dw_similarity_block_checked(const dw_similarity *similarity, dw_some_rows a, dw_some_rows b, double *K,
                                        double *other);

/* All of K, n x n, symmetric to the last bit, K_ii = 1; half of it is computed. */
divw_status dw_similarity_matrix(const dw_similarity *similarity, double *K);

/* ---- rows one by one ---- */

typedef struct {
  dw_cursor cursor;
  dw_window window;
} dw_walk;

/* To be closed, also on failure. */
divw_status dw_walk_open(dw_walk *walk, const divw_dataset *dataset);
void dw_walk_close(dw_walk *walk);

/* walk->window shows row `position`, as its row *k. */
divw_status dw_walk_to(dw_walk *walk, int64_t position, int64_t *k);

/* Its d numbers, which have to be finite. */
divw_status dw_walk_row(dw_walk *walk, int64_t position, double *x);

/* ---- measures, for kinds.c ---- */

/* Rows that were taken from a dataset. */
typedef struct {
  dw_walk walk;
  double *x;    /* count x width; words of 64 bits where rows are sets */
  double *note; /* of each: |x|^2, its sum, its number of bits, or what the similarity is divided by */
  int64_t *row; /* their numbers in the source */
  int64_t count;
} dw_taken;

struct dw_measure {
  /* Looks at the examples; NULL: there is no need. */
  divw_status (*prepare)(dw_similarity *similarity);
  /* Row k of a window into x, checked, with its note; `whole` has room for d numbers. */
  divw_status (*take)(const dw_similarity *similarity, const dw_window *window, int64_t k, double *whole, double *x,
                      double *note);
  /* z[i * stride + j] of a_i and b_j. */
  divw_status (*compare)(const dw_similarity *similarity, const dw_taken *a, const dw_taken *b, double *z,
                         int64_t stride);
  bool looks_up; /* the second rows are not taken, only their numbers */
};

extern const dw_measure dw_cosine, dw_augmented, dw_angle, dw_square, dw_manhattan, dw_overlap, dw_lookup, dw_call;

/* The number in the source of row k of a window. */
int64_t dw_window_number(const dw_window *window, int64_t k);

/* Fetches row k of a window, checks that its numbers are finite and its direction can be had; *scale = 1 / |x|. */
divw_status dw_take_direction(int32_t kind, const dw_window *window, int64_t k, double *x, double *scale);

/* Chooses the bandwidth by the rule of the options. */
divw_status dw_choose_bandwidth(dw_similarity *similarity);

#endif
