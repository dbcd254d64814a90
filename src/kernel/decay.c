/* How the mean deficit fell while features were made, and at which rank it would have a value that is smaller.
 *
 * Over the last half of the columns the fall is taken as a power of the rank, or as geometric in it, whichever
 * foretells the last value better from the half before; and continued. */
#include "decay.h"

#include <math.h>

void dw_decay_add(dw_decay *decay, int64_t rank, double mean) {
  if (decay->count == DW_DECAY_POINTS) { /* every other one makes room */
    decay->count /= 2;
    for (int64_t k = 0; k < decay->count; k++) {
      decay->rank[k] = decay->rank[2 * k + 1];
      decay->mean[k] = decay->mean[2 * k + 1];
    }
  }
  decay->rank[decay->count] = rank;
  decay->mean[decay->count++] = mean;
}

/* The first point with at least this rank. */
static int64_t point_at(const dw_decay *decay, double rank) {
  int64_t k = 0;
  while (k < decay->count - 1 && (double)decay->rank[k] < rank) {
    k++;
  }
  return k;
}

int64_t dw_decay_rank(const dw_decay *decay, double factor, int64_t n) {
  if (decay->count < 3) {
    return n;
  }
  const int64_t last = decay->count - 1;
  const double r = (double)decay->rank[last], d = decay->mean[last];
  const int64_t b = point_at(decay, r / 2), a = point_at(decay, r / 4);
  const double rb = (double)decay->rank[b], ra = (double)decay->rank[a], db = decay->mean[b], da = decay->mean[a];
  const double power = log(db / d) / log(r / rb), rate = log(db / d) / (r - rb);
  const double by_power = fabs(log(db / d) - log(da / db) / log(rb / ra) * log(r / rb));
  const double by_rate = fabs(log(db / d) - log(da / db) / (rb - ra) * (r - rb));
  const double rank = by_power <= by_rate ? r * pow(factor, -1 / power) : r - log(factor) / rate;
  return rank > r && rank < (double)n ? (int64_t)ceil(rank) : n;
}
