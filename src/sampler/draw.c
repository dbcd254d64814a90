/* Draw i of epoch e, for every scheme: a function of (weights, seed, e, i) alone.
 *
 * Groups. With labels, i = G b + q: block b has one draw from each of the G groups, in an order of its own (a shuffle
 * of 0 .. G-1, tweak b), and draw b of group g is what a sampler of that group alone would draw. Without, g = 0 and b =
 * i.
 *
 * With replacement. Number i means a row of the group's alias table.
 *
 * Systematic. m draws a group and epoch, t = 0 .. m-1, look at the outcomes x_t = floor((2^64 t + y_g) / m), evenly
 * spaced from a random offset y_g: draw b is x_t with t the shuffled b. Row i owns W = w_i outcomes from S on, and is
 * met by those t for which S m <= 2^64 t + y < (S + W) m, an interval of length W m: floor or ceil of m w_i / 2^64 of
 * them, and m w_i / 2^64 exactly on average over y. No scheme with these means has a smaller variance row by row. The
 * offset of group g is mix(y + G g), uniform as y is.
 *
 * Without replacement. The race of the epoch has been run, and draw b of group g is its winner number b. */
#include "sample.h"

static dw_sequence sequence_of(const divw_sampler *sampler, int64_t epoch, uint32_t purpose) {
  return (dw_sequence){sampler->seed, (uint32_t)epoch, purpose};
}

static int64_t per_group(const divw_sampler *sampler) { return sampler->epoch_length / sampler->groups; }

static divw_status run_races(const divw_sampler *sampler, dw_epoch *prepared, int64_t epoch) {
  const int64_t length = per_group(sampler);
  divw_status status = DIVW_OK;
  if (prepared->winners == NULL) {
    DW_TRY(dw_alloc(&prepared->winners, sampler->epoch_length, sizeof *prepared->winners));
  }
  for (int64_t g = 0; g < sampler->groups; g++) {
    DW_TRY(dw_race(sampler, g, epoch, length, prepared->winners + g * length));
  }
fail:
  return status;
}

static divw_status prepare(const divw_sampler *sampler, dw_epoch *prepared, int64_t epoch) {
  if (prepared->epoch == epoch) {
    return DIVW_OK;
  }
  prepared->epoch = -1;
  if (sampler->groups > 1) {
    prepared->groups = dw_shuffle_make((uint64_t)sampler->groups, sequence_of(sampler, epoch, DW_PURPOSE_GROUPS));
  }
  if (sampler->scheme == DIVW_SCHEME_SYSTEMATIC) {
    const uint64_t first = 0;
    dw_random_at(sequence_of(sampler, epoch, DW_PURPOSE_OFFSET), &first, 1, &prepared->offset);
    prepared->shuffle = dw_shuffle_make((uint64_t)per_group(sampler), sequence_of(sampler, epoch, DW_PURPOSE_SHUFFLE));
  }
  if (sampler->scheme == DIVW_SCHEME_WITHOUT_REPLACEMENT) {
    divw_status status = run_races(sampler, prepared, epoch);
    if (status != DIVW_OK) {
      return status;
    }
  }
  prepared->epoch = epoch;
  return DIVW_OK;
}

/* The group that draw i is from, and its number there. */
static int64_t group_of(const divw_sampler *sampler, const dw_epoch *prepared, int64_t i, int64_t *number) {
  if (sampler->groups == 1) {
    *number = i;
    return 0;
  }
  *number = i / sampler->groups;
  return (int64_t)dw_shuffle_at(&prepared->groups, (uint64_t)*number, (uint64_t)(i % sampler->groups));
}

/* Numbers first, first + stride, ... of an epoch; gives the first of them within u, which has room for 2 more. */
static const uint64_t *numbers(dw_sequence sequence, int64_t first, int64_t stride, int64_t count, uint64_t *u) {
  if (stride == 1) {
    const int64_t odd = first % 2; /* a range that begins with the second number of a pair */
    dw_random_pairs(sequence, (uint64_t)first / 2, (odd + count + 1) / 2, u);
    return u + odd;
  }
  for (int64_t k = 0; k < count; k++) {
    u[k] = (uint64_t)(first + k * stride);
  }
  dw_random_at(sequence, u, count, u);
  return u;
}

static void draw_with_replacement(const divw_sampler *sampler, const dw_epoch *prepared, int64_t first, int64_t stride,
                                  int64_t count, int64_t *out) {
  uint64_t room[DW_BATCH + 2];
  const uint64_t *u = numbers(sequence_of(sampler, prepared->epoch, DW_PURPOSE_DRAWS), first, stride, count, room);
  if (sampler->order == NULL) {
    dw_alias_look_up(sampler->alias, sampler->count, u, count, out);
    return;
  }
  for (int64_t k = 0, number; k < count; k++) {
    const int64_t g = group_of(sampler, prepared, first + k * stride, &number), base = sampler->group[g].first;
    dw_alias_look_up(dw_alias_from(sampler->alias, base), dw_group_count(sampler, g), &u[k], 1, &out[k]);
    out[k] = sampler->order[base + out[k]];
  }
}

/* In three rounds over a batch, so that the misses of each overlap: the outcomes, their cells, their rows. */
static void draw_systematic(const divw_sampler *sampler, const dw_epoch *prepared, int64_t first, int64_t stride,
                            int64_t count, int64_t *out) {
  dw_guide_query queries[DW_BATCH];
  const uint64_t m = prepared->shuffle.m;
  for (int64_t k = 0, number; k < count; k++) {
    const int64_t g = group_of(sampler, prepared, first + k * stride, &number);
    const uint64_t t = dw_shuffle_at(&prepared->shuffle, (uint64_t)g, (uint64_t)number);
    const uint64_t offset = dw_mix(prepared->offset + DW_GOLDEN * (uint64_t)g);
    queries[k] = dw_guide_ask(sampler, g, (uint64_t)((((dw_uint128)t << 64) + offset) / m));
  }
  for (int64_t k = 0; k < count; k++) {
    dw_guide_narrow(sampler, &queries[k]);
  }
  for (int64_t k = 0; k < count; k++) {
    const int64_t place = dw_guide_answer(sampler, &queries[k]);
    out[k] = sampler->order == NULL ? place : sampler->order[place];
  }
}

static void draw_without_replacement(const divw_sampler *sampler, const dw_epoch *prepared, int64_t first,
                                     int64_t stride, int64_t count, int64_t *out) {
  for (int64_t k = 0, number; k < count; k++) {
    const int64_t g = group_of(sampler, prepared, first + k * stride, &number);
    out[k] = prepared->winners[g * per_group(sampler) + number];
  }
}

/* At most DW_BATCH draws, all of the epoch that is prepared. */
static void draw_batch(const divw_sampler *sampler, const dw_epoch *prepared, int64_t first, int64_t stride,
                       int64_t count, int64_t *out) {
  switch (sampler->scheme) {
  case DIVW_SCHEME_WITH_REPLACEMENT: draw_with_replacement(sampler, prepared, first, stride, count, out); break;
  case DIVW_SCHEME_SYSTEMATIC: draw_systematic(sampler, prepared, first, stride, count, out); break;
  default: draw_without_replacement(sampler, prepared, first, stride, count, out);
  }
}

divw_status dw_draw(const divw_sampler *sampler, dw_epoch *prepared, int64_t epoch, int64_t first, int64_t stride,
                    int64_t count, int64_t *out) {
  const int64_t length = sampler->epoch_length;
  for (int64_t done = 0, take; done < count; done += take) {
    const int64_t place = first + done * stride, laps = length == 0 ? 0 : place / length, i = place - laps * length;
    divw_status status = prepare(sampler, prepared, epoch + laps);
    if (status != DIVW_OK) {
      return status;
    }
    take = dw_min(count - done, DW_BATCH);
    if (length > 0) {
      take = dw_min(take, (length - i - 1) / stride + 1);
    }
    draw_batch(sampler, prepared, i, stride, take, out + done);
  }
  return DIVW_OK;
}

divw_status dw_check_range(const divw_sampler *sampler, const char *function, int64_t epoch, int64_t first,
                           int64_t count) {
  if (epoch < 0 || epoch > UINT32_MAX) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: epoch is %lld, expected 0 to 2^32 - 1", function, (long long)epoch);
  }
  if (first < 0) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: first is %lld, expected 0 or more", function, (long long)first);
  }
  if (count < 0 || count > INT64_MAX - first) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected 0 to 2^63 - 1 - first (first is %lld)", function,
                   (long long)count, (long long)first);
  }
  const int64_t length = sampler->epoch_length, last = first + dw_max(count - 1, 0);
  if (length > 0 && last / length > UINT32_MAX - epoch) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: draw %lld of epoch %lld lies beyond epoch 2^32 - 1 (%lld draws an epoch)",
                   function, (long long)last, (long long)epoch, (long long)length);
  }
  return DIVW_OK;
}
