#include "formulas.h"

#include <divweights/similarity.h>
#include <math.h>

double dot(const double *x, const double *y, int64_t d) {
  double sum = 0;
  for (int64_t j = 0; j < d; j++) {
    sum += x[j] * y[j];
  }
  return sum;
}

double distance(const double *x, const double *y, int64_t d) {
  double sum = 0;
  for (int64_t j = 0; j < d; j++) {
    sum += (x[j] - y[j]) * (x[j] - y[j]);
  }
  return sqrt(sum);
}

double cosine(const double *x, const double *y, int64_t d, const divw_similarity *parameters) {
  (void)parameters;
  return dot(x, y, d) / sqrt(dot(x, x, d) * dot(y, y, d));
}

double matern(const double *x, const double *y, int64_t d, const divw_similarity *parameters) {
  const double nu = divw_similarity_nu(parameters), s = divw_similarity_bandwidth(parameters);
  const double z = sqrt(2 * nu) * distance(x, y, d) / s;
  return exp(-z) * (nu == 0.5 ? 1 : nu == 1.5 ? 1 + z : 1 + z + z * z / 3);
}

divw_similarity *similarity_of(int32_t kind) {
  divw_similarity *similarity;
  ok(divw_similarity_create(&similarity, kind));
  return similarity;
}
