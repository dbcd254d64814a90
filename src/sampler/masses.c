/* Weights -> whole numbers with sum exactly 2^64.
 *
 * Symbols: n rows with weights p_i, k of them positive; w_i whole numbers. With e the smallest exponent for which
 * max p < 2^e, m_i = floor(p_i 2^(63-e)) and M = sum m_i,
 *
 *     w_i = [p_i > 0] + floor((m_i (2^64 - k) + c_i) / M),    c_0 = 0, c_(i+1) = the remainder of that division:
 *
 * every row of positive weight has one outcome, the other 2^64 - k are shared out in proportion, and what a division
 * leaves over goes on to the next row. The quotients sum to floor((2^64 - k) M / M), so nothing is left to settle at
 * the end. 128 bits hold all of it: m_i < 2^63 and c_i < M < n 2^63 <= 2^103.
 *
 * Error, with s_i = p_i / sum p and X = sum p_i 2^(63-e): flooring gives 0 <= X - M < k, the largest row gives
 * M >= 2^62, the carries move a quotient by less than 1. Hence w_i - 2^64 s_i
 *     < 1 + 1 + s_i (2^64 - k) X / M - 2^64 s_i  <  2 + k s_i (2^64 / M - 1)  <=  2 + 3 k s_i   and
 *     > 1 - 1 - (2^64 - k) / X - k s_i           > -4 - k s_i.
 *
 * Quotients (dw_next_mass(), in the header to be inlined). q = floor(m (2^64 - k) / M) is at most 2^64 / M <= 4 times
 * m. In double, m r with r = (1 - 2^-49) (2^64 - k) / M, every rounding included, is below the true quotient and above
 * it times 1 - 2^-48; what is missing is added in steps of M. As the quotients sum to less than 2^64, all rows together
 * take fewer than 2^16 + 2 n steps. A division of 128 bits by 128 costs three times as much as all of this.
 *
 * Parts. c_i = (S_i (2^64 - k)) mod M with S_i = m_0 + ... + m_(i-1), so a part can begin anywhere: it needs the sum
 * before it, and one long division. */
#include "sample.h"

#include <math.h>

typedef struct {
  int64_t bad; /* the first weight that is none, or `count` */
  int64_t positive, heaviest;
  dw_uint128 sum;
} part_facts;

typedef struct {
  const dw_masses *masses;
  part_facts parts[DW_MAX_PARTS];
} survey;

static void look_at_part(void *context, int part) {
  survey *all = context;
  const dw_masses *masses = all->masses;
  const int64_t end = dw_part_start(masses->count, masses->parts, part + 1);
  int64_t i = dw_part_start(masses->count, masses->parts, part);
  part_facts facts = {masses->count, 0, i, 0};
  for (; i < end; i++) {
    const double p = dw_weight(masses, i);
    if (!(p >= 0 && isfinite(p))) {
      facts.bad = i;
      break;
    }
    facts.positive += p > 0;
    if (p > dw_weight(masses, facts.heaviest)) {
      facts.heaviest = i;
    }
  }
  all->parts[part] = facts;
}

static void sum_part(void *context, int part) {
  survey *all = context;
  const dw_masses *masses = all->masses;
  const int64_t end = dw_part_start(masses->count, masses->parts, part + 1);
  dw_uint128 sum = 0;
  for (int64_t i = dw_part_start(masses->count, masses->parts, part); i < end; i++) {
    sum += (uint64_t)(dw_weight(masses, i) * masses->up[0] * masses->up[1]);
  }
  all->parts[part].sum = sum;
}

static divw_status gather(dw_masses *masses, const survey *all) {
  for (int part = 0; part < masses->parts; part++) {
    const part_facts *facts = &all->parts[part];
    if (facts->bad < masses->count) {
      const int64_t row = dw_row(masses, facts->bad);
      return dw_fail(DIVW_ERROR_DATA, "%s: p[%lld] is %g, expected a finite number >= 0", masses->function,
                     (long long)row, masses->p[row]);
    }
    masses->positive_before[part + 1] = masses->positive_before[part] + facts->positive;
    if (dw_weight(masses, facts->heaviest) > dw_weight(masses, masses->heaviest)) {
      masses->heaviest = facts->heaviest;
    }
  }
  masses->positive = masses->positive_before[masses->parts];
  if (masses->positive == 0) {
    return dw_fail(DIVW_ERROR_DATA, "%s: all %lld %s are 0, expected one above 0", masses->function,
                   (long long)masses->count, masses->whose);
  }
  return DIVW_OK;
}

divw_status dw_masses_prepare(dw_masses *masses) {
  survey all;
  all.masses = masses;
  masses->heaviest = 0;
  masses->positive_before[0] = 0;
  masses->before[0] = 0;
  dw_run_parts(masses->parts, look_at_part, &all);
  divw_status status = gather(masses, &all);
  if (status != DIVW_OK) {
    return status;
  }
  int e;
  frexp(dw_weight(masses, masses->heaviest), &e);
  /* In two steps, as 2^(63-e) may be beyond the range. What underflows in the first is far below 1 in the end. */
  masses->up[0] = ldexp(1, (63 - e) / 2);
  masses->up[1] = ldexp(1, 63 - e - (63 - e) / 2);
  dw_run_parts(masses->parts, sum_part, &all);
  for (int part = 0; part < masses->parts; part++) {
    masses->before[part + 1] = masses->before[part] + all.parts[part].sum;
  }
  masses->total = masses->before[masses->parts];
  masses->ratio = (1 - 0x1p-49) * (double)(0 - (uint64_t)masses->positive) / (double)masses->total;
  return DIVW_OK;
}

/* floor(a b / c) for a <= c < 2^127, bit by bit: the product has up to 167 bits. */
static uint64_t multiply_divide(dw_uint128 a, uint64_t b, dw_uint128 c, dw_uint128 *rest) {
  uint64_t quotient = 0;
  *rest = 0;
  for (int bit = 63; bit >= 0; bit--) {
    *rest = 2 * *rest + (b >> bit & 1 ? a : 0);
    quotient *= 2;
    for (; *rest >= c; *rest -= c) {
      quotient++;
    }
  }
  return quotient;
}

dw_mass_cursor dw_masses_at(const dw_masses *masses, int part, uint64_t *sum) {
  dw_mass_cursor cursor = {dw_part_start(masses->count, masses->parts, part), 0};
  const uint64_t shared = 0 - (uint64_t)masses->positive;
  *sum = multiply_divide(masses->before[part], shared, masses->total, &cursor.carry) +
         (uint64_t)masses->positive_before[part];
  return cursor;
}
