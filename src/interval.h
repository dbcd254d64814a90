/* What is known of the Vendi Score where features are of low rank. */
#ifndef DW_INTERVAL_H
#define DW_INTERVAL_H

#include "spectrum.h"

/* Logarithms of scores: that of K is between low and high. Without deficits all three are the same. */
typedef struct {
  double low, high, estimate;
  double residual; /* sum p_i delta_i */
} dw_interval;

/* Of a state with its eigenvalues. */
divw_status dw_interval_of(const dw_spectrum *spectrum, double order, dw_interval *interval);

#endif
