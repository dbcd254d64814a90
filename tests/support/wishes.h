/* Solves with constraints, and data for them. */
#ifndef WISHES_H
#define WISHES_H

#include "check.h"

/* What is asked of a solve; 0 and NULL: nothing. */
typedef struct {
  double order, balance, tolerance;
  int32_t objective, method;
  double cap, floor, share, effective;
  int64_t groups;
  const int64_t *labels;
  const double *least, *most;
  const int64_t *excluded;
  int64_t excluded_count;
  const double *quality;
  int64_t n;      /* of quality */
  int64_t active; /* rows of an interior-point step; 0: by size */
} request;

divw_weights *solved(const divw_kernel *kernel, request r);

void refused(const divw_kernel *kernel, request r, const char *sentence);

divw_kernel *make_labelled(const double *x, int64_t n, int64_t d, const int64_t *labels);

extern const double orders[5];

enum { N = 40, D = 5, GROUPS = 2, OUT = 3 };

extern const int64_t bounded[GROUPS], excluded[OUT];

extern const double least_mass[GROUPS], most_mass[GROUPS];

/* Groups 7 and 9, and the others. */
void label_rows(int64_t *labels);

void make_scores(double *scores);

/* The constraints alone and together. */
enum { KINDS = 10 };

request kind_of(int kind, const double *scores);

bool is_out(const request *r, int i);

#endif
