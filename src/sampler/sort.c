/* Radix sort of (key, row), a byte at a time from the lowest: eight counts in one pass, then a pass for each byte in
 * which keys differ. Stable and O(n), where comparisons would take n log n of them; labels usually need one pass. */
#include "sample.h"

#include <string.h>

enum { DIGITS = 8, VALUES = 256 };

static int digit(uint64_t key, int d) { return (int)(key >> (8 * d) & (VALUES - 1)); }

void dw_sort_pairs(dw_pair *pairs, dw_pair *scratch, int64_t count) {
  int64_t places[DIGITS][VALUES] = {{0}};
  dw_pair *from = pairs, *to = scratch;
  for (int64_t i = 0; i < count; i++) {
    for (int d = 0; d < DIGITS; d++) {
      places[d][digit(pairs[i].key, d)]++;
    }
  }
  for (int d = 0; d < DIGITS; d++) {
    if (count == 0 || places[d][digit(pairs[0].key, d)] == count) {
      continue; /* all keys agree in this byte */
    }
    int64_t place = 0;
    for (int value = 0; value < VALUES; value++) {
      const int64_t here = places[d][value];
      places[d][value] = place;
      place += here;
    }
    for (int64_t i = 0; i < count; i++) {
      to[places[d][digit(from[i].key, d)]++] = from[i];
    }
    dw_pair *swap = from;
    from = to;
    to = swap;
  }
  if (from != pairs) {
    memcpy(pairs, from, (size_t)count * sizeof *pairs);
  }
}
