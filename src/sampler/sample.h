/* The sampler's parts and what they share.
 *
 *     sort.c        radix sort of (key, row)
 *     masses.c      weights -> whole numbers with sum 2^64
 *     alias.c       with replacement: the alias table
 *     cumulative.c  systematic epochs and the race: running sums of the whole numbers, and finding a row in them
 *     race.c        without replacement: the order of one epoch
 *     shuffle.c     permutations of 0 .. m-1 of which any element can be had alone
 *     groups.c      rows by label
 *     draw.c        draw i of epoch e, for every scheme
 *     sampler.c     the object
 *     repeats.c     how often examples repeat in an epoch
 *     stream.c      a cursor over it
 *     state.c       the cursor as bytes
 *     reweight.c    other uses of weights */
#ifndef DW_SAMPLE_H
#define DW_SAMPLE_H

#include "parallel.h"
#include "random.h"

#include <divweights/sampler.h>
#include <divweights/stream.h>

__extension__ typedef unsigned __int128 dw_uint128;

/* Rows of a table of which a thread has at least so many: some ms of work, against 20 us to start it. */
enum { DW_ROWS_OF_A_PART = 1 << 16 };

/* ---- sort.c ---- */

typedef struct {
  uint64_t key;
  int64_t row;
} dw_pair;

/* Sorts by key; equal keys keep their order. `scratch` has room for as many. */
void dw_sort_pairs(dw_pair *pairs, dw_pair *scratch, int64_t count);

/* ---- masses.c ---- */

/* Some weights of an array, and what their whole numbers follow from (symbols in masses.c). */
typedef struct {
  const double *p;
  const int64_t *rows; /* p[rows[0]], ..., p[rows[count-1]]; NULL: p[0], ..., p[count-1] */
  int64_t count;
  int parts;
  int64_t positive; /* k */
  int64_t heaviest; /* position of the first of the largest */
  double up[2];
  double ratio; /* a little less than (2^64 - k) / M */
  dw_uint128 total;
  dw_uint128 before[DW_MAX_PARTS + 1];       /* sums of m before each part */
  int64_t positive_before[DW_MAX_PARTS + 1]; /* and of positive weights */
  const char *function, *whose;              /* for sentences: "weights of label 7" */
} dw_masses;

/* A place in the sequence of whole numbers. */
typedef struct {
  int64_t next;
  dw_uint128 carry;
} dw_mass_cursor;

/* p, rows, count, parts and function are set; checks the weights and fills in the rest. DIVW_ERROR_DATA. */
divw_status dw_masses_prepare(dw_masses *masses);

/* The cursor at the first row of a part; *sum = w_0 + ... of the rows before it, modulo 2^64. */
dw_mass_cursor dw_masses_at(const dw_masses *masses, int part, uint64_t *sum);

static inline int64_t dw_row(const dw_masses *masses, int64_t i) { return masses->rows == NULL ? i : masses->rows[i]; }

static inline double dw_weight(const dw_masses *masses, int64_t i) { return masses->p[dw_row(masses, i)]; }

/* w of the next row; 2^64, when one row has all the weight, shows as 0. */
static inline uint64_t dw_next_mass(const dw_masses *masses, dw_mass_cursor *cursor) {
  const double p = dw_weight(masses, cursor->next++);
  const uint64_t m = (uint64_t)(p * masses->up[0] * masses->up[1]);
  dw_uint128 rest = (dw_uint128)m * (0 - (uint64_t)masses->positive) + cursor->carry;
  uint64_t quotient = (uint64_t)((double)m * masses->ratio); /* at most the true one */
  rest -= masses->total * quotient;
  for (; rest >= masses->total; rest -= masses->total) {
    quotient++;
  }
  cursor->carry = rest;
  return quotient + (p > 0);
}

/* What tells one vector of whole numbers from another: the sum of this over its rows of positive weight. */
static inline uint64_t dw_fingerprint(uint64_t mass, int64_t row) {
  return dw_mix(mass + (uint64_t)(row + 1) * DW_GOLDEN);
}

/* ---- alias.c ---- */

/* Three arrays of n, for n = `count` columns. All of a table or, with pointers moved on, the part of a group. */
typedef struct {
  uint64_t *hot;  /* upper half of T_j, and below it the lower 32 bits of alias_j: what a draw reads */
  uint32_t *cold; /* lower half of T_j, which one draw in 2^32 reads */
  uint8_t *high;  /* upper bits of alias_j; NULL up to 2^32 rows: all 0 */
} dw_alias_table;

/* The part of a table that begins with a column. */
static inline dw_alias_table dw_alias_from(dw_alias_table table, int64_t first) {
  return (dw_alias_table){table.hot + first, table.cold + first, table.high == NULL ? NULL : table.high + first};
}

/* Fills the columns of `masses` into a table, and adds its fingerprint. */
void dw_alias_build(dw_alias_table table, const dw_masses *masses, uint64_t *fingerprint);

enum { DW_BATCH = 256 }; /* draws worked on at once: 2 KiB of random numbers on the stack */

/* out[k] = the row that numbers[k] means among `count`; at most DW_BATCH draws. */
void dw_alias_look_up(dw_alias_table table, int64_t count, const uint64_t *restrict numbers, int64_t draws,
                      int64_t *restrict out);

/* Counts the outcomes of every row from the table. */
void dw_alias_masses(dw_alias_table table, int64_t count, uint64_t *mass);

/* ---- cumulative.c ---- */

/* starts[i] = the sum of w before row i, modulo 2^64, for all rows, and the fingerprint. *used = 1 + the last row with
 * w_i > 0. */
void dw_cumulative_build(uint64_t *starts, const dw_masses *masses, int64_t *used, uint64_t *fingerprint);

/* One cell for about 4 rows. */
static inline int64_t dw_guide_cells(int64_t count) { return dw_max(count / 4, 1); }

/* guide[c] = `first` + the row of the first outcome of cell c; guide[cells] = `first` + the last row used. */
void dw_guide_build(int64_t *guide, const uint64_t *starts, int64_t first, int64_t count, int64_t used);

/* w_i, modulo 2^64. */
static inline uint64_t dw_cumulative_mass(const uint64_t *starts, int64_t used, int64_t i) {
  return i >= used ? 0 : (i + 1 < used ? starts[i + 1] : 0) - starts[i];
}

/* ---- shuffle.c ---- */

enum { DW_MOST_ROUNDS = 24 };

/* A permutation of 0 .. m-1 for each 64-bit tweak. */
typedef struct {
  uint64_t m, width, height; /* m <= width height */
  uint64_t keys[DW_MOST_ROUNDS];
  int rounds;
} dw_shuffle;

/* Keys from the first numbers of a sequence; m from 1 to 2^40. */
dw_shuffle dw_shuffle_make(uint64_t m, dw_sequence sequence);

uint64_t dw_shuffle_at(const dw_shuffle *shuffle, uint64_t tweak, uint64_t x);

/* ---- the object ---- */

/* Rows that are drawn from together: all, or those of one label. */
typedef struct {
  int64_t first; /* place of its first row in `order` and in the tables */
  int64_t used;  /* 1 + the last of its rows that can be drawn (cumulative tables) */
  int64_t positive;
  int64_t heaviest; /* the row with the largest weight, the first of them */
} dw_group;

struct divw_sampler {
  int64_t count;
  int64_t groups;
  int32_t scheme;
  uint64_t seed;
  int64_t epoch_length; /* 0: without end; else a multiple of groups */
  uint64_t fingerprint;
  dw_group *group;      /* groups + 1 of them: the last one is the end */
  int64_t *order;       /* rows by group; NULL: one group, row i at place i */
  dw_alias_table alias; /* with replacement; otherwise empty */
  uint64_t *starts;     /* the other schemes */
  int64_t *guide;       /* systematic: cells of group g from dw_guide_first() on */
};

static inline int64_t dw_group_count(const divw_sampler *sampler, int64_t g) {
  return sampler->group[g + 1].first - sampler->group[g].first;
}

static inline int64_t dw_guide_first(const divw_sampler *sampler, int64_t g) {
  return sampler->group[g].first / 4 + 2 * g;
}

/* The place in the tables of a row with starts[row] <= outcome < starts[row + 1], in three steps: each asks for the
 * memory that the next one reads. */
typedef struct {
  uint64_t outcome;
  const int64_t *cell; /* in the guide */
  int64_t low, high;   /* places: the row is one of these */
} dw_guide_query;

dw_guide_query dw_guide_ask(const divw_sampler *sampler, int64_t g, uint64_t outcome);
void dw_guide_narrow(const divw_sampler *sampler, dw_guide_query *query);
int64_t dw_guide_answer(const divw_sampler *sampler, const dw_guide_query *query);

/* ---- groups.c ---- */

/* Rows sorted by label, those of one label in their order; groups by ascending label. */
divw_status dw_groups_make(divw_sampler *sampler, const int64_t *labels);

/* ---- race.c ---- */

/* The first `length` rows of a group in the order in which they win the race of an epoch. */
divw_status dw_race(const divw_sampler *sampler, int64_t g, int64_t epoch, int64_t length, int64_t *winners);

/* An exponential variable from a uniform 64-bit number, the same double on every machine. */
double dw_exponential(uint64_t number);

/* ---- draw.c ---- */

/* What draws of one epoch need. Begins as {.epoch = -1}; ends with divw_free(winners). */
typedef struct {
  int64_t epoch;
  uint64_t offset;
  dw_shuffle shuffle, groups;
  int64_t *winners; /* without replacement: the whole epoch, group after group */
} dw_epoch;

/* Draws first, first + stride, ... of an epoch; what lies beyond its end belongs to the next ones. */
divw_status dw_draw(const divw_sampler *sampler, dw_epoch *prepared, int64_t epoch, int64_t first, int64_t stride,
                    int64_t count, int64_t *out);

/* Whether draws first .. first + count - 1 of an epoch exist; says what does not. */
divw_status dw_check_range(const divw_sampler *sampler, const char *function, int64_t epoch, int64_t first,
                           int64_t count);

/* ---- stream.c ---- */

struct divw_stream {
  const divw_sampler *sampler;
  int64_t epoch, position;
  int64_t rank, world, batch_size;
  int32_t layout, last_batch;
  dw_epoch prepared;
};

#endif
