/* Distances by differences, which keep the digits that inner products lose where rows nearly agree. Four sums, so that
 * additions need not wait for each other. */
#ifndef DW_DISTANCE_H
#define DW_DISTANCE_H

#include <math.h>
#include <stdint.h>

/* |x - sign y|^2 of d numbers. */
static inline double dw_square_distance(const double *x, const double *y, double sign, int64_t d) {
  double sum[4] = {0};
  for (int64_t l = 0; l < d - d % 4; l += 4) {
    for (int64_t s = 0; s < 4; s++) {
      const double difference = x[l + s] - sign * y[l + s];
      sum[s] += difference * difference;
    }
  }
  for (int64_t l = d - d % 4; l < d; l++) {
    sum[0] += (x[l] - sign * y[l]) * (x[l] - sign * y[l]);
  }
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* sum |x_l - y_l| */
static inline double dw_manhattan_distance(const double *x, const double *y, int64_t d) {
  double sum[4] = {0};
  for (int64_t l = 0; l < d - d % 4; l += 4) {
    for (int64_t s = 0; s < 4; s++) {
      sum[s] += fabs(x[l + s] - y[l + s]);
    }
  }
  for (int64_t l = d - d % 4; l < d; l++) {
    sum[0] += fabs(x[l] - y[l]);
  }
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

#endif
