/* The whole numbers of docs/sampler.md, section 2, from the definition; and weights of every kind to try it on. */
#ifndef MASSES_H
#define MASSES_H

#include "check.h"

/* w_i = [p_i > 0] + floor(S_(i+1) (2^64 - k) / M) - floor(S_i (2^64 - k) / M), modulo 2^64. */
void expected_masses(const double *p, int64_t n, uint64_t *w);

/* A sampler of these weights holds exactly the expected masses, none of them 0 but those of weight 0, and their sum is
 * 2^64. */
void expect_exact_masses(const double *p, int64_t n);

enum { WEIGHT_KINDS = 8 };

/* A weight of one of several kinds, from even to as uneven as doubles can be. */
double any_weight(test_random *random, int kind);

/* Uneven weights with zeros, copies and, for odd seeds, a heavy row. */
void fill_weights(double *p, int64_t n, uint64_t seed);

/* How many standard deviations the chi-square statistic of counts is from what chance gives. Seeds of tests are fixed,
 * so a test of it passes or fails for good. */
double deviation(const int64_t *hits, const double *expected, int64_t cells);

#endif
