/* Rows by label, for batches that are balanced over labels: sorted once, then every group has its part of the tables,
 * as if it were a sampler of its own. */
#include "sample.h"

static int64_t count_groups(const dw_pair *pairs, int64_t count) {
  int64_t groups = 1;
  for (int64_t i = 1; i < count; i++) {
    groups += pairs[i].key != pairs[i - 1].key;
  }
  return groups;
}

static void split(divw_sampler *sampler, const dw_pair *pairs) {
  int64_t g = 0;
  for (int64_t i = 0; i < sampler->count; i++) {
    sampler->order[i] = pairs[i].row;
    if (i == 0 || pairs[i].key != pairs[i - 1].key) {
      sampler->group[g++].first = i;
    }
  }
  sampler->group[g].first = sampler->count;
}

divw_status dw_groups_make(divw_sampler *sampler, const int64_t *labels) {
  const int64_t n = sampler->count;
  dw_pair *pairs = NULL, *scratch = NULL;
  divw_status status;
  DW_TRY(dw_alloc(&pairs, n, sizeof *pairs));
  DW_TRY(dw_alloc(&scratch, n, sizeof *scratch));
  for (int64_t i = 0; i < n; i++) {
    pairs[i] = (dw_pair){(uint64_t)labels[i] ^ UINT64_C(1) << 63, i}; /* negative labels come first */
  }
  dw_sort_pairs(pairs, scratch, n);
  sampler->groups = count_groups(pairs, n);
  DW_TRY(dw_alloc_zero(&sampler->group, sampler->groups + 1, sizeof *sampler->group));
  DW_TRY(dw_alloc(&sampler->order, n, sizeof *sampler->order));
  split(sampler, pairs);
fail:
  divw_free(pairs);
  divw_free(scratch);
  return status;
}
