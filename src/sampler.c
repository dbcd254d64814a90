/* The sampler: weights -> whole numbers -> alias table -> draws.
 *
 * Symbols: n rows with weights p_i, k of them positive; w_i whole numbers with sum 2^64; u a uniform 64-bit number.
 *
 * 1. Whole numbers. With e the smallest exponent for which max p < 2^e, m_i = floor(p_i 2^(63-e)) and M = sum m_i,
 *
 *        w_i = [p_i > 0] + floor((m_i (2^64 - k) + c_i) / M),    c_0 = 0, c_(i+1) = the remainder of that division:
 *
 *    every row of positive weight has one outcome, the other 2^64 - k are shared out in proportion, and what a division
 *    leaves over goes on to the next row. The quotients sum to floor((2^64 - k) M / M), so nothing is left to settle at
 *    the end. 128 bits hold all of it: m_i < 2^63 and c_i < M < n 2^63 <= 2^103.
 *
 *    Error, with s_i = p_i / sum p and X = sum p_i 2^(63-e): flooring gives 0 <= X - M < k, the largest row gives
 *    M >= 2^62, the carries move a quotient by less than 1. Hence w_i - 2^64 s_i
 *        < 1 + 1 + s_i (2^64 - k) X / M - 2^64 s_i  <  2 + k s_i (2^64 / M - 1)  <=  2 + 3 k s_i   and
 *        > 1 - 1 - (2^64 - k) / X - k s_i           > -4 - k s_i.
 *
 * 2. Alias table. Column j owns the outcomes u in [start_j, start_(j+1)), start_j = ceil(j 2^64 / n): those with
 *    floor(u n / 2^64) = j. Below threshold_j they mean row j, from there on row alias_j. Capacities
 *    c_j = start_(j+1) - start_j differ by at most 1. With w_j the mass of row j not yet given away, column j is poor
 *    where w_j < c_j and rich where w_j > c_j. A poor column is filled: w_j outcomes for its own row, c_j - w_j from a
 *    rich one, after which both its mass and its capacity count as c_j.
 *    - Filling keeps sum w = sum c = 2^64, so while a column is poor, another is rich, and in the end all w_j = c_j.
 *    - A rich w is at least c + 1 >= c_j >= c_j - w_j: no row gives more than it has.
 *    - At the end every outcome of a row is in its own column or was given away: exactly w_i outcomes mean row i.
 *    - A row of mass 0 is never rich, so it is nobody's alias, and its own part of its column is empty.
 *    Columns are taken in order, and a row that giving has made poor is filled at once by the next rich row. That needs
 *    no lists of rich and poor, unlike Vose's loop, and goes through memory forwards; the order is part of the frozen
 *    stream.
 *
 * Why whole numbers: in floating point the columns do not quite add up, and the leftovers can make a row of weight 0
 * appear. Here there are no leftovers.
 *
 * Sources: Walker, ACM TOMS 3 (1977) 253-256; Vose, IEEE TSE 17 (1991) 972-975; a sweep in place of lists:
 * Huebschle-Schneider, Sanders, Parallel weighted random sampling, ESA 2019, 59:1-59:24. */
#include "array_file.h"
#include "random.h"

#include <divweights/runtime.h>
#include <divweights/sampler.h>

#include <math.h>
#include <string.h>

__extension__ typedef unsigned __int128 uint128;

#define MAX_COUNT (INT64_C(1) << 40)

enum {
  BATCH = 128,      /* draws worked on at once: 1 KiB of random numbers on the stack */
  PIECE = 8 * BATCH /* draws written at once */
};

typedef struct {
  uint64_t threshold;
  int64_t alias;
} column;

struct divw_sampler {
  int64_t count;
  uint64_t seed;
  column *table;
};

/* ---- whole numbers ---- */

typedef struct {
  const double *p;
  int64_t count;
  int64_t positive; /* how many are above 0 */
  int64_t heaviest; /* position of the largest */
} weight_vector;

static divw_status check_weights(weight_vector *weights) {
  const double *p = weights->p;
  for (int64_t i = 0; i < weights->count; i++) {
    if (!(p[i] >= 0 && isfinite(p[i]))) {
      return dw_fail(DIVW_ERROR_DATA, "divw_sampler_create: p[%lld] is %g, expected a finite number >= 0", (long long)i,
                     p[i]);
    }
    weights->positive += p[i] > 0;
    if (p[i] > p[weights->heaviest]) {
      weights->heaviest = i;
    }
  }
  if (weights->positive == 0) {
    return dw_fail(DIVW_ERROR_DATA, "divw_sampler_create: all %lld weights are 0, expected one above 0",
                   (long long)weights->count);
  }
  return DIVW_OK;
}

/* floor(p 2^(63-e)); what underflows on the way is below 1, hence 0 all the same. */
static uint64_t scaled(double p, int e) { return (uint64_t)ldexp(p, 63 - e); }

static void whole_numbers(const weight_vector *weights, uint64_t *w) {
  const double *p = weights->p;
  const uint128 shared = ((uint128)1 << 64) - (uint128)weights->positive;
  uint128 total = 0, carry = 0;
  int e;
  frexp(p[weights->heaviest], &e);
  for (int64_t i = 0; i < weights->count; i++) {
    total += scaled(p[i], e);
  }
  for (int64_t i = 0; i < weights->count; i++) {
    uint128 part = scaled(p[i], e) * shared + carry, quotient = part / total;
    carry = part - quotient * total;
    w[i] = (uint64_t)quotient + (p[i] > 0);
  }
}

/* ---- alias table ---- */

/* start_j = ceil(j 2^64 / n); start_n = 2^64 shows as 0. */
static uint64_t start(int64_t j, int64_t n) {
  return (uint64_t)((((uint128)(uint64_t)j << 64) + (uint128)(n - 1)) / (uint64_t)n);
}

static uint64_t capacity(int64_t j, int64_t n) { return start(j + 1, n) - start(j, n); }

static void fill_poor_columns(column *table, uint64_t *w, int64_t n) {
  int64_t rich = 0;
  for (int64_t j = 0; j < n; j++) {
    for (int64_t poor = j; w[poor] < capacity(poor, n); poor = rich) {
      while (w[rich] <= capacity(rich, n)) {
        rich++;
      }
      uint64_t given = capacity(poor, n) - w[poor];
      table[poor] = (column){start(poor, n) + w[poor], rich};
      w[rich] -= given;
      w[poor] += given;
    }
  }
}

static divw_status build(column *table, const weight_vector *weights) {
  const int64_t n = weights->count;
  const bool one_has_all = weights->positive == 1; /* its mass, 2^64, is no 64-bit number */
  for (int64_t j = 0; j < n; j++) {
    table[j] = (column){start(j, n), one_has_all ? weights->heaviest : j};
  }
  uint64_t *w = NULL;
  divw_status status = DIVW_OK;
  if (!one_has_all) {
    DW_TRY(dw_alloc(&w, n, sizeof *w));
    whole_numbers(weights, w);
    fill_poor_columns(table, w, n);
  }
fail:
  divw_free(w);
  return status;
}

divw_status divw_sampler_create(divw_sampler **out, const double *p, int64_t count, uint64_t seed) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(p);
  if (count < 1 || count > MAX_COUNT) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "divw_sampler_create: count is %lld, expected 1 to 2^40", (long long)count);
  }
  weight_vector weights = {p, count, 0, 0};
  divw_sampler *sampler = NULL;
  divw_status status;
  DW_TRY(check_weights(&weights));
  DW_TRY(dw_alloc_zero(&sampler, 1, sizeof *sampler));
  sampler->count = count;
  sampler->seed = seed;
  DW_TRY(dw_alloc(&sampler->table, count, sizeof(column)));
  DW_TRY(build(sampler->table, &weights));
  *out = sampler;
  return DIVW_OK;
fail:
  divw_sampler_destroy(sampler);
  return status;
}

void divw_sampler_destroy(divw_sampler *sampler) {
  if (sampler != NULL) {
    divw_free(sampler->table);
    divw_free(sampler);
  }
}

int64_t divw_sampler_count(const divw_sampler *sampler) { return sampler == NULL ? 0 : sampler->count; }

divw_status divw_sampler_mass(const divw_sampler *sampler, uint64_t *mass) {
  DW_REQUIRE(sampler);
  DW_REQUIRE(mass);
  int64_t n = sampler->count;
  memset(mass, 0, (size_t)n * sizeof *mass);
  for (int64_t j = 0; j < n; j++) {
    column c = sampler->table[j];
    mass[j] += c.threshold - start(j, n);
    mass[c.alias] += start(j + 1, n) - c.threshold;
  }
  return DIVW_OK;
}

/* ---- draws ---- */

static divw_status check_range(const char *function, int64_t epoch, int64_t first, int64_t count) {
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
  return DIVW_OK;
}

/* u < threshold ? j : alias, without a branch, which no predictor could guess: with uneven weights on 10^4 rows a draw
 * takes 5 ns instead of 7. */
static inline int64_t look_up(const column *table, uint64_t n, uint64_t u) {
  int64_t j = (int64_t)((uint128)u * n >> 64);
  column c = table[j];
  return c.alias ^ ((c.alias ^ j) & -(int64_t)(u < c.threshold));
}

static void draw(const divw_sampler *sampler, int64_t epoch, int64_t first, int64_t count, int64_t *indices) {
  const column *table = sampler->table;
  const uint64_t n = (uint64_t)sampler->count;
  const dw_sequence sequence = {sampler->seed, (uint32_t)epoch, DW_PURPOSE_DRAWS};
  uint64_t u[BATCH];
  for (int64_t done = 0, take; done < count; done += take) {
    int64_t odd = (first + done) % 2; /* a range that begins with the second number of a pair */
    take = dw_min(count - done, BATCH - odd);
    dw_random_pairs(sequence, (uint64_t)(first + done) / 2, (odd + take + 1) / 2, u);
    for (int64_t k = 0; k < take; k++) {
      indices[done + k] = look_up(table, n, u[odd + k]);
    }
  }
}

divw_status divw_sampler_draw(const divw_sampler *sampler, int64_t epoch, int64_t first, int64_t count,
                              int64_t *indices) {
  DW_REQUIRE(sampler);
  DW_REQUIRE(indices);
  divw_status status = check_range(__func__, epoch, first, count);
  if (status == DIVW_OK) {
    draw(sampler, epoch, first, count, indices);
  }
  return status;
}

divw_status divw_sampler_save_draws(const divw_sampler *sampler, int64_t epoch, int64_t first, int64_t count,
                                    const int64_t *rows, const char *path) {
  DW_REQUIRE(sampler);
  DW_REQUIRE(path);
  int64_t indices[PIECE] = {0};
  dw_writer *writer = NULL;
  divw_status status;
  DW_TRY(check_range(__func__, epoch, first, count));
  DW_TRY(dw_writer_open(&writer, path));
  DW_TRY(dw_npy_write_header(writer, DW_INT64, count));
  for (int64_t done = 0, take; done < count; done += take) {
    take = dw_min(count - done, PIECE);
    draw(sampler, epoch, first + done, take, indices);
    for (int64_t k = 0; rows != NULL && k < take; k++) {
      indices[k] = rows[indices[k]];
    }
    DW_TRY(dw_npy_write_values(writer, indices, take));
  }
  return dw_writer_commit(writer);
fail:
  dw_writer_abort(writer);
  return status;
}
