/* The alias table: drawing with replacement, one number and one look into memory a draw.
 *
 * Symbols: n rows, w_i whole numbers with sum 2^64 (masses.c), u a uniform 64-bit number.
 *
 * Column j owns the outcomes u in [start_j, start_(j+1)), start_j = ceil(j 2^64 / n): those with floor(u n / 2^64) = j.
 * Below threshold_j they mean row j, from there on row alias_j. Capacities c_j = start_(j+1) - start_j differ by at
 * most 1. With w_j the mass of row j not yet given away, column j is poor where w_j < c_j and rich where w_j > c_j. A
 * poor column is filled: w_j outcomes for its own row, c_j - w_j from a rich one, after which both its mass and its
 * capacity count as c_j.
 * - Filling keeps sum w = sum c = 2^64, so while a column is poor, another is rich, and in the end all w_j = c_j.
 * - A rich w is at least c + 1 >= c_j >= c_j - w_j: no row gives more than it has.
 * - At the end every outcome of a row is in its own column or was given away: exactly w_i outcomes mean row i.
 * - A row of mass 0 is never rich, so it is nobody's alias, and its own part of its column is empty.
 * Columns are taken in order, and a row that giving has made poor is filled at once by the next rich row. That needs no
 * lists of rich and poor, unlike Vose's loop, and goes through memory forwards; the order is part of the frozen stream.
 *
 * Why whole numbers: in floating point the columns do not quite add up, and the leftovers can make a row of weight 0
 * appear. Here there are no leftovers.
 *
 * Parts. Two walkers go through the rows, one over the poor, one over the rich, and both compute masses as they go: the
 * table needs no memory but its own. When all poor columns before j are filled, they have taken D = sum (c - w) over
 * the poor before j, so the rich walker stands at the first row where the sum X of (w - c) over the rich up to and with
 * it exceeds D, and X - D is what that row has above its capacity. Hence any part can begin alone: it needs D, and X
 * part by part. Every column is written by one part: poor ones by the part they lie in, rich ones by the part whose
 * walker leaves them.
 *
 * Reading a column. u n = 2^64 j + l, and l tells as well as u on which side of the threshold u lies: for the outcome
 * number r of column j, u = start_j + r, it is l = n r + a_j with a_j = start_j n - 2^64 j, 0 <= a_j < n. So with
 *
 *     T_j = n (threshold_j - start_j) + a_j,      u < threshold_j  if and only if  l < T_j,
 *
 * and l is all but uniform over 64 bits whatever the weights: its upper half decides, but for one draw in 2^32. So the
 * lower halves of all T_j lie apart, and a draw reads 8 bytes where the whole column has 12: half as many rows again in
 * every cache. (A column that is full has its own row as alias; its T_j decides nothing.)
 *
 * Sources: Walker, ACM TOMS 3 (1977) 253-256; Vose, IEEE TSE 17 (1991) 972-975; the sweep, and beginning it anywhere:
 * Huebschle-Schneider, Sanders, Parallel weighted random sampling, ESA 2019, 59:1-59:24. */
#include "sample.h"

#include <string.h>

/* start_j; start_n = 2^64 shows as 0. */
static uint64_t start_of(int64_t j, int64_t n) {
  return (uint64_t)((((dw_uint128)(uint64_t)j << 64) + (dw_uint128)(n - 1)) / (uint64_t)n);
}

static void write_column(dw_alias_table table, int64_t j, uint64_t limit, int64_t alias) {
  table.hot[j] = (limit >> 32 << 32) | (uint32_t)alias;
  table.cold[j] = (uint32_t)limit;
  if (table.high != NULL) {
    table.high[j] = (uint8_t)(alias >> 32);
  }
}

static inline int64_t alias_of(dw_alias_table table, int64_t j, uint64_t hot) {
  return table.high == NULL ? (int64_t)(uint32_t)hot : (int64_t)(uint32_t)hot | (int64_t)table.high[j] << 32;
}

static uint64_t limit_of(dw_alias_table table, int64_t j) { return (table.hot[j] >> 32 << 32) | table.cold[j]; }

/* ---- building ---- */

/* Stands at a column and knows all about it. */
typedef struct {
  int64_t index; /* n: past the end */
  uint64_t capacity, mass;
  uint64_t ahead; /* a_j = start_j n - 2^64 j */
  dw_mass_cursor cursor;
} walker;

typedef struct {
  dw_alias_table table;
  const dw_masses *masses;
  uint64_t floor, remainder;                                   /* of 2^64 / n */
  uint64_t lacking[DW_MAX_PARTS + 1], spare[DW_MAX_PARTS + 1]; /* D and X before each part */
  uint64_t fingerprint[DW_MAX_PARTS];
} plan;

/* c_j is floor(2^64 / n) or one more, which of them `ahead` says: no division. */
static void arrive(const plan *p, walker *at) {
  if (at->index < p->masses->count) {
    at->capacity = p->floor + (at->ahead < p->remainder);
    at->mass = dw_next_mass(p->masses, &at->cursor);
  }
}

static void step(const plan *p, walker *at) {
  at->index++;
  at->ahead += (at->ahead < p->remainder ? (uint64_t)p->masses->count : 0) - p->remainder;
  arrive(p, at);
}

static walker walker_at(const plan *p, int part) {
  uint64_t sum;
  walker at = {.cursor = dw_masses_at(p->masses, part, &sum)};
  const uint64_t n = (uint64_t)p->masses->count;
  at.index = at.cursor.next;
  at.ahead = start_of(at.index, (int64_t)n) * n; /* modulo 2^64 */
  arrive(p, &at);
  return at;
}

static void weigh_part(void *context, int part) {
  plan *p = context;
  const dw_masses *masses = p->masses;
  const int64_t end = dw_part_start(masses->count, masses->parts, part + 1);
  uint64_t lacking = 0, spare = 0;
  for (walker at = walker_at(p, part); at.index < end; step(p, &at)) {
    lacking += at.mass < at.capacity ? at.capacity - at.mass : 0;
    spare += at.mass > at.capacity ? at.mass - at.capacity : 0;
  }
  p->lacking[part + 1] = lacking;
  p->spare[part + 1] = spare;
}

/* `own` outcomes for the row of a column, the rest for another. */
static void share_column(const plan *p, const walker *at, uint64_t own, int64_t alias) {
  write_column(p->table, at->index, own * (uint64_t)p->masses->count + at->ahead, alias);
}

/* The row that gives when all poor columns before a part are filled, with what it still has. */
static walker first_rich(const plan *p, int part) {
  const int parts = p->masses->parts;
  const uint64_t given = p->lacking[part];
  int where = 0;
  while (where < parts && p->spare[where + 1] <= given) {
    where++;
  }
  if (where == parts) {
    return (walker){.index = p->masses->count};
  }
  walker rich = walker_at(p, where);
  uint64_t rest = given - p->spare[where];
  for (; rich.index < p->masses->count; step(p, &rich)) {
    const uint64_t spare = rich.mass > rich.capacity ? rich.mass - rich.capacity : 0;
    if (spare > rest) {
      rich.mass -= rest;
      break;
    }
    rest -= spare;
  }
  return rich;
}

/* While the giving row is not rich any more, the next rich one fills what it lacks and takes over. */
static void pass_on(const plan *p, walker *rich) {
  while (rich->mass <= rich->capacity) {
    walker next = *rich;
    do {
      step(p, &next);
    } while (next.index < p->masses->count && next.mass <= next.capacity);
    if (rich->mass == rich->capacity) {
      share_column(p, rich, 0, rich->index);
    } else {
      share_column(p, rich, rich->mass, next.index);
      next.mass -= rich->capacity - rich->mass;
    }
    *rich = next;
    if (next.index == p->masses->count) {
      return;
    }
  }
}

static void fill_part(void *context, int part) {
  plan *p = context;
  uint64_t fingerprint = 0;
  const int64_t end = dw_part_start(p->masses->count, p->masses->parts, part + 1);
  walker rich = first_rich(p, part);
  for (walker poor = walker_at(p, part); poor.index < end; step(p, &poor)) {
    if (poor.mass == poor.capacity) {
      share_column(p, &poor, 0, poor.index);
    } else if (poor.mass < poor.capacity) {
      share_column(p, &poor, poor.mass, rich.index);
      rich.mass -= poor.capacity - poor.mass;
      pass_on(p, &rich);
    }
    fingerprint += poor.mass > 0 ? dw_fingerprint(poor.mass, dw_row(p->masses, poor.index)) : 0;
  }
  p->fingerprint[part] = fingerprint;
}

/* 2^64 is no 64-bit number, but this table is simple. */
static void give_all_to(dw_alias_table table, int64_t n, int64_t row) {
  for (int64_t j = 0; j < n; j++) {
    write_column(table, j, start_of(j, n) * (uint64_t)n, row);
  }
}

void dw_alias_build(dw_alias_table table, const dw_masses *masses, uint64_t *fingerprint) {
  const uint64_t n = (uint64_t)masses->count;
  if (masses->positive == 1) {
    give_all_to(table, masses->count, masses->heaviest);
    *fingerprint += dw_fingerprint(0, dw_row(masses, masses->heaviest));
    return;
  }
  plan p = {.table = table, .masses = masses, .remainder = (0 - n) % n};
  p.floor = (uint64_t)(((dw_uint128)1 << 64) / n);
  if (masses->parts == 1) {
    p.spare[1] = UINT64_MAX; /* some, and nobody asks how much */
  } else {
    dw_run_parts(masses->parts, weigh_part, &p);
  }
  for (int part = 1; part < masses->parts; part++) {
    p.lacking[part + 1] += p.lacking[part];
    p.spare[part + 1] += p.spare[part];
  }
  dw_run_parts(masses->parts, fill_part, &p);
  for (int part = 0; part < masses->parts; part++) {
    *fingerprint += p.fingerprint[part];
  }
}

/* ---- using ---- */

/* One draw with all the digits of its column. */
static int64_t look_closely(dw_alias_table table, int64_t count, uint64_t number) {
  const dw_uint128 product = (dw_uint128)number * (uint64_t)count;
  const int64_t j = (int64_t)(product >> 64);
  return (uint64_t)product < limit_of(table, j) ? j : alias_of(table, j, table.hot[j]);
}

/* Three passes over a batch: the columns are asked for, read, and decided on. The first lets all misses of a batch
 * overlap, however far the processor looks ahead; the last is arithmetic without memory, so that compilers put it in
 * lanes (together 1.5 ns a draw in a near cache, against 1.8 in two passes).
 *
 * l < T ? j : alias without a branch, which no predictor could guess; as compilers see through a comparison and make a
 * branch of it (5 ns in place of 3, numbers included), the mask is the sign of a difference of upper halves. Where two
 * of these are equal, which happens to one batch in 2^24, the batch is done again with all digits. */
void dw_alias_look_up(dw_alias_table table, int64_t count, const uint64_t *restrict numbers, int64_t draws,
                      int64_t *restrict out) {
  uint64_t fraction[DW_BATCH], hot[DW_BATCH], differs = UINT64_MAX; /* upper bit: so far all differ */
  assert(draws <= DW_BATCH);
  for (int64_t k = 0; k < draws; k++) {
    const dw_uint128 product = (dw_uint128)numbers[k] * (uint64_t)count;
    out[k] = (int64_t)(product >> 64);
    fraction[k] = (uint64_t)product;
    __builtin_prefetch(&table.hot[out[k]]);
  }
  for (int64_t k = 0; k < draws; k++) {
    hot[k] = table.hot[out[k]];
  }
  for (int64_t k = 0; k < draws; k++) {
    const uint64_t j = (uint64_t)out[k], alias = hot[k] & UINT32_MAX;
    const uint64_t difference = (fraction[k] >> 32) - (hot[k] >> 32), below = 0 - (difference >> 63);
    differs &= difference | (0 - difference);
    out[k] = (int64_t)(alias ^ ((alias ^ j) & below));
  }
  for (int64_t k = 0; (differs >> 63 == 0 || table.high != NULL) && k < draws; k++) {
    out[k] = look_closely(table, count, numbers[k]);
  }
}

/* Row j has (T_j - a_j) / n outcomes of its own column. */
void dw_alias_masses(dw_alias_table table, int64_t count, uint64_t *mass) {
  memset(mass, 0, (size_t)count * sizeof *mass);
  uint64_t begin = 0;
  for (int64_t j = 0; j < count; j++) {
    const uint64_t end = start_of(j + 1, count), n = (uint64_t)count, own = (limit_of(table, j) - begin * n) / n;
    mass[j] += own;
    mass[alias_of(table, j, table.hot[j])] += end - begin - own;
    begin = end;
  }
}
