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
 * 12 bytes a column rather than 16: a third more rows in every cache.
 *
 * Sources: Walker, ACM TOMS 3 (1977) 253-256; Vose, IEEE TSE 17 (1991) 972-975; the sweep, and beginning it anywhere:
 * Huebschle-Schneider, Sanders, Parallel weighted random sampling, ESA 2019, 59:1-59:24. */
#include "sample.h"

#include <string.h>

typedef struct {
  uint64_t threshold;
  int64_t alias;
} column;

/* start_j; start_n = 2^64 shows as 0. */
static uint64_t start_of(int64_t j, int64_t n) {
  return (uint64_t)((((dw_uint128)(uint64_t)j << 64) + (dw_uint128)(n - 1)) / (uint64_t)n);
}

static void write_column(dw_alias_table table, int64_t j, uint64_t threshold, int64_t alias) {
  const uint32_t low = (uint32_t)alias;
  unsigned char *to = table.columns + DW_COLUMN_BYTES * j;
  memcpy(to, &threshold, sizeof threshold);
  memcpy(to + sizeof threshold, &low, sizeof low);
  if (table.high != NULL) {
    table.high[j] = (uint8_t)(alias >> 32);
  }
}

static inline column read_column(dw_alias_table table, int64_t j) {
  uint64_t threshold;
  uint32_t low;
  const unsigned char *from = table.columns + DW_COLUMN_BYTES * j;
  memcpy(&threshold, from, sizeof threshold);
  memcpy(&low, from + sizeof threshold, sizeof low);
  return (column){threshold, table.high == NULL ? (int64_t)low : (int64_t)low | (int64_t)table.high[j] << 32};
}

/* ---- building ---- */

/* Stands at a column and knows all about it. */
typedef struct {
  int64_t index; /* n: past the end */
  uint64_t start, capacity, mass;
  uint64_t ahead; /* start n - index 2^64, from 0 to n-1 */
  dw_mass_cursor cursor;
} walker;

typedef struct {
  dw_alias_table table;
  const dw_masses *masses;
  uint64_t floor, remainder;                                   /* of 2^64 / n */
  uint64_t lacking[DW_MAX_PARTS + 1], spare[DW_MAX_PARTS + 1]; /* D and X before each part */
  uint64_t fingerprint[DW_MAX_PARTS];
} plan;

/* start_(j+1) = start_j + floor or floor + 1, which of them `ahead` says: no division. */
static void arrive(const plan *p, walker *at) {
  if (at->index < p->masses->count) {
    at->capacity = p->floor + (at->ahead < p->remainder);
    at->mass = dw_next_mass(p->masses, &at->cursor);
  }
}

static void step(const plan *p, walker *at) {
  at->index++;
  at->start += at->capacity;
  at->ahead += (at->ahead < p->remainder ? (uint64_t)p->masses->count : 0) - p->remainder;
  arrive(p, at);
}

static walker walker_at(const plan *p, int part) {
  uint64_t sum;
  walker at = {.cursor = dw_masses_at(p->masses, part, &sum)};
  const uint64_t n = (uint64_t)p->masses->count;
  at.index = at.cursor.next;
  at.start = start_of(at.index, (int64_t)n);
  at.ahead = at.start * n; /* modulo 2^64 */
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
      write_column(p->table, rich->index, rich->start, rich->index);
    } else {
      write_column(p->table, rich->index, rich->start + rich->mass, next.index);
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
      write_column(p->table, poor.index, poor.start, poor.index);
    } else if (poor.mass < poor.capacity) {
      write_column(p->table, poor.index, poor.start + poor.mass, rich.index);
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
    write_column(table, j, start_of(j, n), row);
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

/* First all columns are asked for, then they are read: a batch of misses at once, however far the processor looks
 * ahead (7 ns against 9 at 10^6 rows).
 *
 * u < threshold ? j : alias without a branch, which no predictor could guess. As compilers see through a comparison and
 * make a branch of it (5 ns instead of 3 on 10^4 rows), the mask is the borrow of a subtraction. */
void dw_alias_look_up(dw_alias_table table, int64_t count, const uint64_t *numbers, int64_t draws, int64_t *out) {
  for (int64_t k = 0; k < draws; k++) {
    out[k] = (int64_t)((dw_uint128)numbers[k] * (uint64_t)count >> 64);
    __builtin_prefetch(table.columns + DW_COLUMN_BYTES * out[k]);
  }
  for (int64_t k = 0; k < draws; k++) {
    const column c = read_column(table, out[k]);
    const int64_t below = (int64_t)(((dw_uint128)numbers[k] - c.threshold) >> 64);
    out[k] = c.alias ^ ((c.alias ^ out[k]) & below);
  }
}

void dw_alias_masses(dw_alias_table table, int64_t count, uint64_t *mass) {
  memset(mass, 0, (size_t)count * sizeof *mass);
  for (int64_t j = 0; j < count; j++) {
    const column c = read_column(table, j);
    mass[j] += c.threshold - start_of(j, count);
    mass[c.alias] += start_of(j + 1, count) - c.threshold;
  }
}
