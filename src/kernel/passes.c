/* The two passes over feature rows that everything else is made of, see kernel.h, in double or in single precision:
 * that is for iterations whose proof is left to a later look in double (solver/precision.c says when).
 *
 * Rows go through chunks of some hundred, which stay in the second-level cache: converted, scaled, and multiplied there
 * (tiles.c). Chunks begin at fixed rows and take turns over parts, one for each thread (divw_threads()), so results
 * depend on the number of threads in their last bits and on nothing else: not on who is faster, nor on the windows that
 * a source shows. All parts of a window run at once; of rows in memory that is the whole pass.
 *
 * Products of a chunk are sums in the precision of the pass, and those are added in double: in single precision the
 * moment of n rows is as uncertain as that of a chunk, about sqrt(rows) u of what its diagonal holds (u = 2^-24),
 * whatever n is; and |R phi_i|^2 is a sum of squares of numbers right to sqrt(r) u. */
#include "parts.h"
#include "tiles.h"

#include "../linalg.h"
#include "../parallel.h"

#include <math.h>
#include <string.h>

#define WORTHWHILE 5e6 /* multiplications of a part: 0.1 ms, against 20 us to start a thread */
enum { CHUNK = 1 << 20, SHORTEST = 64, LONGEST = 1024, ALIGNED = 64 };

/* What a part works in: numbers of the precision of the pass. */
typedef struct {
  char *rows, *scratch;
  double *sum; /* of a moment */
  int64_t filled;
} workplace;

typedef struct row_pass row_pass;
struct row_pass {
  const divw_kernel *kernel;
  const dw_tiles *tiles;
  int parts;
  int64_t length, stride;                                             /* rows of a chunk; room for a row */
  void (*take)(const row_pass *pass, workplace *at, int64_t i);       /* row i of the window */
  void (*multiply)(const row_pass *pass, workplace *at, int64_t row); /* a chunk that begins there */
  dw_window window;
  char *memory;
  workplace places[DW_MAX_PARTS];
  const double *p; /* moment; NULL: 1/n each */
  double *sums;    /* of the parts but the first one */
  char *factors;   /* quadratic forms */
  double *const *D;
  int64_t m;
};

/* ---- chunks ---- */

static size_t size_of(bool single) { return single ? sizeof(float) : sizeof(double); }

static int64_t padded(int64_t r) { return (r + DW_PANEL - 1) / DW_PANEL * DW_PANEL; }

/* Not a multiple of a large power of two, which rows side by side would meet in the same sets of a cache. */
static int64_t room(int64_t r) { return padded(r) + ALIGNED / (int64_t)sizeof(float); }

static int64_t chunk_length(int64_t n, int64_t r, bool single) {
  const int64_t fits = CHUNK / (int64_t)size_of(single) / r, length = dw_max(SHORTEST, dw_min(fits, LONGEST));
  return (dw_min(length, n) + DW_TALLEST - 1) / DW_TALLEST * DW_TALLEST;
}

/* Sums of r x r numbers for each part are at most so much memory as rows in single precision. */
static int parts_of(int64_t n, int64_t r, bool single) {
  const int parts = dw_parts((double)n * (double)r * (double)r / 2, WORTHWHILE);
  return (int)dw_min(dw_min(parts, dw_max(2, n / r)), (n - 1) / chunk_length(n, r, single) + 1);
}

static int64_t workplace_numbers(int64_t length, int64_t r) {
  return length * room(r) + dw_max((length + DW_TALLEST) * DW_TILE_SCRATCH, room(r));
}

double dw_pass_bytes(int64_t n, int64_t r, int64_t m, bool single) {
  const double parts = parts_of(n, r, single), square = (double)r * (double)r, size = (double)size_of(single);
  const double chunks = size * parts * (double)workplace_numbers(chunk_length(n, r, single), r) + ALIGNED;
  return chunks + fmax(8 * (parts - 1) * square, size * (double)m * (double)dw_tile_factor_numbers(r));
}

static bool is_single(const row_pass *pass) { return pass->tiles->size == sizeof(float); }

/* `numbers` further on. */
static char *on(const row_pass *pass, char *place, int64_t numbers) {
  return place + numbers * (int64_t)pass->tiles->size;
}

static divw_status prepare(row_pass *pass, const divw_kernel *kernel, bool single) {
  divw_status status;
  pass->kernel = kernel;
  pass->tiles = dw_tiles_of(0, single);
  pass->parts = parts_of(kernel->n, kernel->r, single);
  pass->length = chunk_length(kernel->n, kernel->r, single);
  pass->stride = room(kernel->r);
  const int64_t numbers = workplace_numbers(pass->length, kernel->r),
                bytes = pass->parts * numbers * (int64_t)pass->tiles->size;
  DW_TRY(dw_alloc_zero(&pass->memory, bytes + ALIGNED, 1));
  char *aligned = pass->memory + (ALIGNED - (uintptr_t)pass->memory % ALIGNED) % ALIGNED;
  for (int part = 0; part < pass->parts; part++) {
    char *rows = on(pass, aligned, part * numbers);
    pass->places[part] = (workplace){.rows = rows, .scratch = on(pass, rows, pass->length * pass->stride)};
  }
fail:
  return status;
}

static void row_single(const divw_kernel *kernel, const dw_window *window, int64_t k, double factor, float *out) {
  const int64_t i = window->first + k;
  if (kernel->phi == NULL) {
    dw_window_row_single(window, k, kernel->columns, factor * kernel->scale[i], out);
  } else {
    const double *row = kernel->phi + i * kernel->r;
    for (int64_t j = 0; j < kernel->r; j++) {
      out[j] = (float)(factor * row[j]);
    }
  }
}

static void take_row(const row_pass *pass, int64_t k, double factor, void *out) {
  if (is_single(pass)) {
    row_single(pass->kernel, &pass->window, k, factor, out);
  } else {
    dw_features_row(pass->kernel, &pass->window, k, factor, out);
  }
}

/* What the window shows of the chunks of a part. */
static void work_on_window(void *context, int part) {
  row_pass *pass = context;
  const dw_window *window = &pass->window;
  const int64_t length = pass->length, end = window->first + window->count, first = window->first / length;
  for (int64_t chunk = first + (part + pass->parts - first % pass->parts) % pass->parts; chunk * length < end;
       chunk += pass->parts) {
    const int64_t whole = dw_min((chunk + 1) * length, pass->kernel->n), last = dw_min(whole, end);
    for (int64_t i = dw_max(chunk * length, window->first); i < last; i++) {
      pass->take(pass, &pass->places[part], i - window->first);
    }
    if (last == whole) {
      pass->multiply(pass, &pass->places[part], chunk * length);
      pass->places[part].filled = 0;
    }
  }
}

static divw_status walk(row_pass *pass) {
  divw_status status;
  dw_features features = {0};
  const int64_t n = pass->kernel->n;
  DW_TRY(dw_features_open(&features, pass->kernel));
  for (int64_t first = 0; first < n; first += pass->window.count) {
    DW_TRY(dw_features_rows(&features, first, n - first, &pass->window));
    dw_run_parts(pass->parts, work_on_window, pass);
  }
fail:
  dw_features_close(&features);
  return status;
}

/* ---- moment ---- */

/* Into panels, times the root of its weight; rows that weigh nothing are left out. */
static void take_weighted(const row_pass *pass, workplace *at, int64_t k) {
  const int64_t r = pass->kernel->r;
  const double weight = pass->p == NULL ? 1.0 / (double)pass->kernel->n : pass->p[pass->window.first + k];
  if (!(weight > 0)) {
    return;
  }
  take_row(pass, k, sqrt(weight), at->scratch);
  for (int64_t j = 0; j < r; j += DW_PANEL) {
    char *to = on(pass, at->rows, (j / DW_PANEL * pass->length + at->filled) * DW_PANEL);
    memcpy(to, on(pass, at->scratch, j), DW_PANEL * pass->tiles->size);
  }
  at->filled++;
}

static void add_chunk(const row_pass *pass, workplace *at, int64_t row) {
  (void)row;
  pass->tiles->gram(at->sum, pass->kernel->r, at->rows, pass->length, at->filled);
}

divw_status dw_kernel_moment(const divw_kernel *kernel, const double *p, bool single, double *S) {
  divw_status status;
  const int64_t square = kernel->r * kernel->r;
  row_pass pass = {.take = take_weighted, .multiply = add_chunk, .p = p};
  DW_TRY(prepare(&pass, kernel, single));
  DW_TRY(dw_alloc_zero(&pass.sums, (pass.parts - 1) * square, sizeof *pass.sums));
  memset(S, 0, (size_t)square * sizeof *S);
  for (int part = 0; part < pass.parts; part++) {
    pass.places[part].sum = part == 0 ? S : pass.sums + (part - 1) * square;
  }
  DW_TRY(walk(&pass));
  for (int part = 1; part < pass.parts; part++) {
    for (int64_t k = 0; k < square; k++) {
      S[k] += pass.places[part].sum[k];
    }
  }
  dw_mirror_upper(S, kernel->r);
fail:
  divw_free(pass.sums);
  divw_free(pass.memory);
  return status;
}

/* ---- quadratic forms ---- */

static void take_plain(const row_pass *pass, workplace *at, int64_t k) {
  take_row(pass, k, 1.0, on(pass, at->rows, at->filled++ * pass->stride));
}

static void square_chunk(const row_pass *pass, workplace *at, int64_t row) {
  const int64_t r = pass->kernel->r;
  for (int64_t j = 0; j < pass->m; j++) {
    pass->tiles->squares(pass->D[j] + row, on(pass, pass->factors, j * dw_tile_factor_numbers(r)), r, at->rows,
                         pass->stride, at->filled, at->scratch);
  }
}

divw_status dw_kernel_quadratic(const divw_kernel *kernel, const double *const *R, int64_t m, bool single,
                                double *const *D) {
  divw_status status;
  const int64_t numbers = dw_tile_factor_numbers(kernel->r);
  row_pass pass = {.take = take_plain, .multiply = square_chunk, .D = D, .m = m};
  DW_TRY(prepare(&pass, kernel, single));
  DW_TRY(dw_alloc(&pass.factors, m * numbers, pass.tiles->size));
  for (int64_t j = 0; j < m; j++) {
    pass.tiles->pack(on(&pass, pass.factors, j * numbers), R[j], kernel->r);
  }
  DW_TRY(walk(&pass));
fail:
  divw_free(pass.factors);
  divw_free(pass.memory);
  return status;
}
