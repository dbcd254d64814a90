/* New rows, ranked by what each would add by itself: the gain of log VS when the row gets a share t of the weight. At
 * the default, t = 1 / (effective examples + 1), it becomes one of the effective examples.
 *
 * D and the rate of growth at t = 0 are shown too, but do not rank: at orders up to 1 they are infinite for every row
 * that lies, however little, outside the span of the examples, as all do where columns outnumber rows. Where features
 * are of low rank, which all rows are partly outside of, what is proven about the gain is shown in their place. */
#include "added.h"

#include "output.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  double gain;
  int64_t row;
} place;

struct cli_added {
  int64_t count, outside; /* outside: rows whose marginal diversity is infinite */
  double share;
  double *D, *rate, *gain;
  double *low, *high; /* what is proven about the gains; NULL: they are exact, or nothing is known */
  place *places;      /* by gain, the largest first */
  int64_t *rank;      /* of each row, from 1 */
};

/* ---- measuring ---- */

/* As ok(), for what was wrong with a file. */
static bool ok_for(const char *path, divw_status status) {
  return status == DIVW_OK || fail("%s: %s", path, divw_error_message());
}

static int by_gain(const void *a, const void *b) {
  const place *x = a, *y = b;
  return x->gain != y->gain ? (x->gain < y->gain) - (x->gain > y->gain) : (x->row > y->row) - (x->row < y->row);
}

static void rank_rows(cli_added *added) {
  for (int64_t i = 0; i < added->count; i++) {
    added->places[i] = (place){added->gain[i], i};
    added->outside += added->low == NULL && added->D[i] == INFINITY;
  }
  qsort(added->places, (size_t)added->count, sizeof *added->places, by_gain);
  for (int64_t k = 0; k < added->count; k++) {
    added->rank[added->places[k].row] = k + 1;
  }
}

/* There is none at order inf, and what features of low rank leave out has no place in it. */
static bool measure_rates(cli_added *added, const divw_dataset *rows, const divw_kernel *kernel, const double *p,
                          const cli_settings *settings) {
  for (int64_t i = 0; i < added->count; i++) {
    added->rate[i] = NAN;
  }
  return isinf(settings->order) || added->low != NULL ||
         ok_for(settings->added, divw_vendi_rate(kernel, p, settings->order, rows, added->rate));
}

static bool measure(cli_added *added, const divw_dataset *rows, const divw_kernel *kernel, const double *p,
                    const cli_settings *settings) {
  const double effective = exp(divw_entropy(p, divw_kernel_count(kernel)));
  added->count = divw_dataset_count(rows);
  added->share = settings->share > 0 ? settings->share : 1 / (effective + 1);
  added->D = allocate(added->count, sizeof *added->D);
  added->rate = allocate(added->count, sizeof *added->rate);
  added->gain = allocate(added->count, sizeof *added->gain);
  added->places = allocate(added->count, sizeof *added->places);
  added->rank = allocate(added->count, sizeof *added->rank);
  if (divw_kernel_deficit(kernel) != NULL) {
    added->low = allocate(added->count, sizeof *added->low);
    added->high = allocate(added->count, sizeof *added->high);
  }
  return ok_for(settings->added,
                divw_vendi_gain(kernel, p, settings->order, rows, added->share, added->D, added->gain)) &&
         measure_rates(added, rows, kernel, p, settings) &&
         (added->low == NULL ||
          ok_for(settings->added,
                 divw_vendi_gain_interval(kernel, p, settings->order, rows, added->share, added->low, added->high)));
}

bool added_measure(cli_added **out, const divw_dataset *dataset, const divw_kernel *kernel, const double *p,
                   const cli_settings *settings) {
  divw_dataset *rows = NULL, *moved = NULL;
  *out = NULL;
  if (settings->added == NULL) {
    return true;
  }
  *out = allocate(1, sizeof **out);
  const bool done = ok(divw_dataset_load(&rows, settings->added)) &&
                    ok_for(settings->added, divw_dataset_transform_like(&moved, rows, dataset)) &&
                    measure(*out, moved, kernel, p, settings);
  if (done) {
    rank_rows(*out);
  }
  divw_dataset_destroy(moved);
  divw_dataset_destroy(rows);
  return done;
}

void added_destroy(cli_added *added) {
  if (added != NULL) {
    free(added->rank);
    free(added->places);
    free(added->high);
    free(added->low);
    free(added->gain);
    free(added->rate);
    free(added->D);
    free(added);
  }
}

/* ---- files ---- */

/* The gains as .npy of float64, little-endian whatever the machine is. */
static void write_gains(FILE *file, const void *context) {
  const cli_added *added = context;
  char words[118]; /* the header is 128 bytes: 10, these, and the end of the line */
  const int length = snprintf(words, sizeof words,
                              "{'descr': '<f8', 'fortran_order': False, 'shape': (%" PRId64 ",), }", added->count);
  fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file);
  fprintf(file, "%s%*s\n", words, 117 - length, "");
  for (int64_t i = 0; i < added->count; i++) {
    uint64_t bits;
    memcpy(&bits, &added->gain[i], sizeof bits);
    for (int shift = 0; shift < 64; shift += 8) {
      putc((int)(bits >> shift & 255), file);
    }
  }
}

/* Infinite: inf; not known: empty. */
static void write_number(FILE *file, double value) {
  putc(',', file);
  if (!isnan(value)) {
    fprintf(file, "%.17g", value);
  }
}

static void write_table(FILE *file, const void *context) {
  const cli_added *added = context;
  const bool bounded = added->low != NULL;
  fprintf(file, "row,rank,gain,rate,marginal_diversity%s\n", bounded ? ",gain_low,gain_high" : "");
  for (int64_t i = 0; i < added->count; i++) {
    fprintf(file, "%" PRId64 ",%" PRId64, i, added->rank[i]);
    write_number(file, added->gain[i]);
    write_number(file, added->rate[i]);
    write_number(file, bounded ? NAN : added->D[i]);
    if (bounded) {
      write_number(file, added->low[i]);
      write_number(file, added->high[i]);
    }
    putc('\n', file);
  }
}

bool added_save(const cli_added *added, const cli_settings *settings) {
  return added == NULL || ((settings->output == NULL || save_file(settings->output, write_gains, added)) &&
                           (settings->table == NULL || save_file(settings->table, write_table, added)));
}

/* ---- stdout ---- */

static void show_as_json(const cli_added *added, int64_t count) {
  json_open("new", '{');
  json_whole("n", added->count);
  json_real("share", added->share);
  json_whole("outside", added->outside);
  json_open("best", '[');
  for (int64_t k = 0; k < count; k++) {
    const int64_t i = added->places[k].row;
    json_open(NULL, '{');
    json_whole("row", i);
    json_real("gain", added->gain[i]);
    if (added->low != NULL) {
      json_real("gain_low", added->low[i]);
      json_real("gain_high", added->high[i]);
    } else {
      json_real("rate", added->rate[i]);
      json_real("marginal_diversity", added->D[i]);
    }
    json_close('}');
  }
  json_close(']');
  json_close('}');
}

void added_show(const cli_added *added, const cli_settings *settings) {
  if (added == NULL) {
    return;
  }
  const int64_t count = settings->top < added->count ? settings->top : added->count;
  if (settings->json) {
    show_as_json(added, count);
    return;
  }
  print_row("new rows", "%" PRId64 ", each by itself with %.4g of the weight", added->count, added->share);
  if (added->outside > 0) {
    print_row("outside", "%" PRId64 " of them, in part, the span of the examples: infinite rate, finite gain",
              added->outside);
  }
  const bool bounded = added->low != NULL;
  printf("\n%12s %14s %14s %14s\n", "new row", "gain", bounded ? "proven, from" : "rate", bounded ? "to" : "marginal");
  for (int64_t k = 0; k < count; k++) {
    const int64_t i = added->places[k].row;
    printf("%12" PRId64 " %14.6f %14.6f %14.6f\n", i, added->gain[i], bounded ? added->low[i] : added->rate[i],
           bounded ? added->high[i] : added->D[i]);
  }
}
