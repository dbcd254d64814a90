/* Similarities, as naive as they are written. */
#ifndef FORMULAS_H
#define FORMULAS_H

#include "check.h"

double dot(const double *x, const double *y, int64_t d);

double distance(const double *x, const double *y, int64_t d);

double cosine(const double *x, const double *y, int64_t d, const divw_similarity *parameters);

double matern(const double *x, const double *y, int64_t d, const divw_similarity *parameters);

divw_similarity *similarity_of(int32_t kind);

#endif
