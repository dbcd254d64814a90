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

/* The last of the rows low .. high with starts <= x, which is where x lies: rows without mass start where the next
 * one does. */
static int64_t last_start(const uint64_t *starts, int64_t low, int64_t high, uint64_t x) {
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    if (starts[middle] <= x) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

void dw_guide_build(int64_t *guide, const uint64_t *starts, int64_t count, int64_t used) {
  const int64_t cells = dw_guide_cells(count);
  int64_t row = 0;
  for (int64_t c = 0; c < cells; c++) {
    const uint64_t first = (uint64_t)((((dw_uint128)(uint64_t)c << 64) + (dw_uint128)(cells - 1)) / (uint64_t)cells);
    while (row + 1 < used && starts[row + 1] <= first) {
      row++;
    }
    guide[c] = row;
  }
}

int64_t dw_guide_find(const int64_t *guide, const uint64_t *starts, int64_t count, int64_t used, uint64_t outcome) {
  const int64_t cells = dw_guide_cells(count);
  const int64_t cell = (int64_t)((dw_uint128)outcome * (uint64_t)cells >> 64);
  return last_start(starts, guide[cell], cell + 1 < cells ? guide[cell + 1] : used - 1, outcome);
}
