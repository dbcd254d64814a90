/* How often examples repeat in an epoch, on average.
 *
 * Symbols: d draws, G groups, P_i the probability of row i within its group; D = d / G.
 *
 * With replacement row i is missed by all D draws with probability (1 - P_i)^D, which expm1 and log1p give without
 * losing small P_i. A systematic epoch holds floor or ceil(D P_i) copies, so it has row i at all with probability
 * min(1, D P_i). The repeats are what remains of d when the expected number of distinct rows is taken away. */
#include "sample.h"

#include <math.h>

static double distinct(const divw_sampler *sampler, double draws, double p) {
  switch (sampler->scheme) {
  case DIVW_SCHEME_WITH_REPLACEMENT: return -expm1(draws * log1p(-p));
  default: return fmin(1, draws * p);
  }
}

static void count_repeats(const divw_sampler *sampler, const uint64_t *mass, double draws, double *repeats,
                          double *heaviest, int64_t *row) {
  const double each = draws / (double)sampler->groups;
  double found = 0;
  *heaviest = -1;
  for (int64_t g = 0; g < sampler->groups; g++) {
    for (int64_t k = sampler->group[g].first; k < sampler->group[g + 1].first; k++) {
      const int64_t i = sampler->order == NULL ? k : sampler->order[k];
      const bool has_all = mass[i] == 0 && sampler->group[g].positive == 1 && i == sampler->group[g].heaviest;
      const double p = has_all ? 1 : ldexp((double)mass[i], -64), count = each * p;
      found += distinct(sampler, each, p);
      if (count > *heaviest || (count == *heaviest && i < *row)) {
        *heaviest = count;
        *row = i;
      }
    }
  }
  *repeats = fmax(0, draws - found); /* rounding may say -1e-10 */
}

divw_status divw_sampler_repeats(const divw_sampler *sampler, int64_t draws, double *repeats, double *heaviest,
                                 int64_t *row) {
  DW_REQUIRE(sampler);
  DW_REQUIRE(repeats);
  DW_REQUIRE(heaviest);
  DW_REQUIRE(row);
  const bool endless = sampler->epoch_length == 0;
  if (draws < 0 || (!endless && draws > 0)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: draws is %lld, expected 0%s", __func__, (long long)draws,
                   endless ? " or more" : ", as an epoch has its own length");
  }
  const int64_t length = !endless ? sampler->epoch_length : draws == 0 ? sampler->count : draws;
  uint64_t *mass = NULL;
  divw_status status;
  *repeats = *heaviest = 0;
  *row = 0;
  DW_TRY(dw_alloc(&mass, sampler->count, sizeof *mass));
  DW_TRY(divw_sampler_mass(sampler, mass));
  count_repeats(sampler, mass, (double)length, repeats, heaviest, row);
  if (sampler->scheme == DIVW_SCHEME_WITHOUT_REPLACEMENT) {
    *repeats = 0;
    *heaviest = fmin(1, *heaviest);
  }
fail:
  divw_free(mass);
  return status;
}
