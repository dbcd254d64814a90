/* Drawing without replacement: the order of one epoch, by an exponential race.
 *
 * Symbols: rows i with whole numbers w_i > 0, u_i uniform 64-bit numbers, E_i = -log(1 - (u_i + 1/2) / 2^64).
 *
 * Row i arrives at time E_i / w_i. The first to arrive is row i with probability w_i / sum w, and after it the others
 * run on as if they had just started, so the order of arrival is that of drawing one after the other without
 * replacement: its first k rows are an exact weighted sample of k, all of it a weighted permutation. (Keys u^(1/w), the
 * same thing, run out of digits at small w.)
 *
 * The same order everywhere. Logarithms of C libraries differ in their last bits, so this one is computed here, of
 * additions, multiplications and divisions in double, each of which IEEE 754 rounds in one way (the compiler is kept
 * from fusing them). log(1 - z) goes through atanh: with s = z / (2 - z), -log(1 - z) = 2 atanh s, and with s =
 * (f - 1) / (f + 1), log f = 2 atanh s. |s| <= 0.2, so eleven terms leave 0.2^22 / 23 = 1.8e-17 of relative error. Near
 * z = 0, where the winners of large races come from, the first form keeps every digit of z.
 *
 * Cost. Times of n rows; of k of them the winners. Positive doubles order as their bits do. A count over the highest 16
 * bits tells below which time there are k rows: few more, as a cell is 1/16 of an octave, which at most 2.3 % of
 * exponential times fall into on average. Those alone are stored, 32 bytes each, and sorted by radix: O(n), and memory
 * for k and 2.3 % of n.
 *
 * Source: Efraimidis, Spirakis, Information Processing Letters 97 (2006) 181-185. */
#include "sample.h"

#include <math.h>
#include <string.h>

enum { BATCH = 128, CELLS = 1 << 16, CELL_SHIFT = 48 };

/* 2 atanh s = 2 s (1 + s^2/3 + s^4/5 + ... + s^20/21) */
static double twice_atanh(double s) {
  const double square = s * s;
  double sum = 1.0 / 21;
  for (int odd = 19; odd >= 1; odd -= 2) {
    sum = sum * square + 1.0 / odd;
  }
  return 2 * s * sum;
}

double dw_exponential(uint64_t number) {
  if (number >> 62 == 0) {
    const double z = ((double)number + 0.5) * 0x1p-64;
    return twice_atanh(z / (2 - z));
  }
  int exponent;
  double f = frexp((double)~number + 0.5, &exponent);
  if (f < 0.75) {
    f *= 2;
    exponent--;
  }
  return (64 - exponent) * 0x1.62e42fefa39efp-1 - twice_atanh((f - 1) / (f + 1));
}

typedef struct {
  const divw_sampler *sampler;
  const dw_group *group;
  dw_sequence sequence;
} race;

/* Times of the rows at `count` places from `first` on, without those of weight 0; how many there are. */
static int64_t arrivals(const race *r, int64_t first, int64_t count, dw_pair out[BATCH]) {
  const divw_sampler *sampler = r->sampler;
  const uint64_t *starts = sampler->starts + r->group->first;
  uint64_t numbers[BATCH] = {0}, masses[BATCH];
  int64_t found = 0;
  for (int64_t i = first; i < first + count; i++) {
    const uint64_t w = dw_cumulative_mass(starts, r->group->used, i);
    if (w > 0 || (r->group->positive == 1 && i == r->group->used - 1)) {
      const int64_t place = r->group->first + i;
      out[found].row = sampler->order == NULL ? place : sampler->order[place];
      numbers[found] = (uint64_t)out[found].row;
      masses[found++] = w;
    }
  }
  dw_random_at(r->sequence, numbers, found, numbers);
  for (int64_t k = 0; k < found; k++) {
    const double w = masses[k] > 0 ? (double)masses[k] : 0x1p64, time = dw_exponential(numbers[k]) / w;
    memcpy(&out[k].key, &time, sizeof time);
  }
  return found;
}

/* The first cell up to which there are `length` rows; *rows = how many there are. */
static uint64_t last_cell(const race *r, int64_t *cells, int64_t length, int64_t *rows) {
  dw_pair batch[BATCH];
  for (int64_t first = 0; first < r->group->used; first += BATCH) {
    const int64_t found = arrivals(r, first, dw_min(BATCH, r->group->used - first), batch);
    for (int64_t k = 0; k < found; k++) {
      cells[batch[k].key >> CELL_SHIFT]++;
    }
  }
  uint64_t cell = 0;
  for (*rows = cells[0]; *rows < length; *rows += cells[cell]) {
    cell++;
  }
  return cell;
}

static void collect(const race *r, uint64_t cell, dw_pair *pairs) {
  dw_pair batch[BATCH];
  int64_t rows = 0;
  for (int64_t first = 0; first < r->group->used; first += BATCH) {
    const int64_t found = arrivals(r, first, dw_min(BATCH, r->group->used - first), batch);
    for (int64_t k = 0; k < found; k++) {
      if (batch[k].key >> CELL_SHIFT <= cell) {
        pairs[rows++] = batch[k];
      }
    }
  }
}

divw_status dw_race(const divw_sampler *sampler, int64_t g, int64_t epoch, int64_t length, int64_t *winners) {
  const race r = {sampler, &sampler->group[g], {sampler->seed, (uint32_t)epoch, DW_PURPOSE_RACE}};
  int64_t *cells = NULL, rows;
  dw_pair *pairs = NULL, *scratch = NULL;
  divw_status status;
  assert(length <= r.group->positive);
  uint64_t cell = CELLS;
  rows = r.group->positive;
  if (length < rows && rows > CELLS) { /* otherwise there is nothing to save */
    DW_TRY(dw_alloc_zero(&cells, CELLS, sizeof *cells));
    cell = last_cell(&r, cells, length, &rows);
  }
  DW_TRY(dw_alloc(&pairs, rows, sizeof *pairs));
  DW_TRY(dw_alloc(&scratch, rows, sizeof *scratch));
  collect(&r, cell, pairs);
  dw_sort_pairs(pairs, scratch, rows);
  for (int64_t k = 0; k < length; k++) {
    winners[k] = pairs[k].row;
  }
fail:
  divw_free(cells);
  divw_free(pairs);
  divw_free(scratch);
  return status;
}
