/* Running sums of the whole numbers, and finding the row that owns an outcome.
 *
 * Symbols: starts_i = w_0 + ... + w_(i-1); row i owns the outcomes x with starts_i <= x < starts_(i+1), and the sums
 * end at 2^64, which shows as 0: `used` rows can own anything, and none of those after them is looked at.
 *
 * A guide cuts the outcomes into cells of equal width, about four rows a cell, and knows the row of the first outcome
 * of each. The row of x lies between that of its cell and that of the next: O(1) steps of bisection on average over x,
 * whatever the weights, and log2 n at worst. 8 bytes a row for the sums and 2 for the guide.
 *
 * Source of the guide: Chen, Asau, AIIE Transactions 6 (1974) 163-166. */
#include "sample.h"

typedef struct {
  uint64_t *starts;
  const dw_masses *masses;
  uint64_t fingerprint[DW_MAX_PARTS];
} sums;

static void sum_part(void *context, int part) {
  sums *all = context;
  const dw_masses *masses = all->masses;
  const int64_t end = dw_part_start(masses->count, masses->parts, part + 1);
  uint64_t sum, fingerprint = 0;
  dw_mass_cursor cursor = dw_masses_at(masses, part, &sum);
  for (int64_t i = cursor.next; i < end; i++) {
    const uint64_t w = dw_next_mass(masses, &cursor);
    all->starts[i] = sum;
    sum += w;
    fingerprint += dw_weight(masses, i) > 0 ? dw_fingerprint(w, dw_row(masses, i)) : 0;
  }
  all->fingerprint[part] = fingerprint;
}

void dw_cumulative_build(uint64_t *starts, const dw_masses *masses, int64_t *used, uint64_t *fingerprint) {
  sums all = {.starts = starts, .masses = masses};
  dw_run_parts(masses->parts, sum_part, &all);
  for (int part = 0; part < masses->parts; part++) {
    *fingerprint += all.fingerprint[part];
  }
  *used = masses->count;
  while (!(dw_weight(masses, *used - 1) > 0)) {
    --*used;
  }
}

void dw_guide_build(int64_t *guide, const uint64_t *starts, int64_t first, int64_t count, int64_t used) {
  const int64_t cells = dw_guide_cells(count);
  int64_t row = 0;
  for (int64_t c = 0; c < cells; c++) {
    const uint64_t outcome = (uint64_t)((((dw_uint128)(uint64_t)c << 64) + (dw_uint128)(cells - 1)) / (uint64_t)cells);
    while (row + 1 < used && starts[row + 1] <= outcome) {
      row++;
    }
    guide[c] = first + row;
  }
  guide[cells] = first + used - 1;
}

dw_guide_query dw_guide_ask(const divw_sampler *sampler, int64_t g, uint64_t outcome) {
  const uint64_t cells = (uint64_t)dw_guide_cells(dw_group_count(sampler, g));
  const int64_t cell = (int64_t)((dw_uint128)outcome * cells >> 64);
  const dw_guide_query query = {outcome, sampler->guide + dw_guide_first(sampler, g) + cell, 0, 0};
  __builtin_prefetch(query.cell);
  return query;
}

void dw_guide_narrow(const divw_sampler *sampler, dw_guide_query *query) {
  query->low = query->cell[0];
  query->high = query->cell[1];
  __builtin_prefetch(&sampler->starts[(query->low + query->high + 1) / 2]);
}

/* The last row with starts <= outcome, which is where the outcome lies: rows without mass start where the next one
 * does. */
int64_t dw_guide_answer(const divw_sampler *sampler, const dw_guide_query *query) {
  int64_t low = query->low, high = query->high;
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    const bool after = sampler->starts[middle] <= query->outcome;
    low = after ? middle : low;
    high = after ? high : middle - 1;
  }
  return low;
}
