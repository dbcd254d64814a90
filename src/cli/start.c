/* A warm start. Weights are matched with examples by row number or by id, through a sorted table; examples that the
 * weights do not know start at the mean weight of those that they do. A start is a guess: of rows or ids that occur
 * twice the first counts. */
#include "start.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int64_t row;
  const char *id; /* NULL: known by its row */
  int64_t place;
} known_example;

bool start_is_sound(const cli_settings *settings, const cli_verb *verb) {
  const char *wrong = NULL;
  if (settings->initial == NULL && (settings->initial_rows != NULL || settings->initial_ids != NULL)) {
    wrong = settings->initial_rows != NULL ? "--initial-rows is given but --initial is missing"
                                           : "--initial-ids is given but --initial is missing";
  } else if (settings->initial_rows != NULL && settings->initial_ids != NULL) {
    wrong = "--initial-rows and --initial-ids are given, expected one or the other";
  } else if (settings->initial_ids != NULL && settings->ids == NULL) {
    wrong = "--initial-ids is given but --ids is missing";
  }
  if (wrong != NULL) {
    usage_error(verb, "%s", wrong);
  }
  return wrong == NULL;
}

/* ---- matching ---- */

static int compare_names(const known_example *x, const known_example *y) {
  return x->id != NULL ? strcmp(x->id, y->id) : (x->row > y->row) - (x->row < y->row);
}

static int compare_names_of(const void *a, const void *b) { return compare_names(a, b); }

static int compare(const void *a, const void *b) {
  const known_example *x = a, *y = b;
  const int names = compare_names(x, y);
  return names != 0 ? names : (x->place > y->place) - (x->place < y->place);
}

static const known_example *find(const known_example *known, int64_t count, known_example wanted) {
  const known_example *found = bsearch(&wanted, known, (size_t)count, sizeof *known, compare_names_of);
  while (found != NULL && found > known && compare_names(found - 1, found) == 0) {
    found--;
  }
  return found;
}

/* p of every example; the number of those that are known. */
static int64_t match(double *p, const divw_dataset *dataset, const known_example *known, int64_t count,
                     const double *weights) {
  const int64_t n = divw_dataset_count(dataset);
  int64_t matched = 0;
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    const char *id = known->id != NULL ? divw_dataset_id(dataset, i) : NULL;
    const known_example *found = find(known, count, (known_example){divw_dataset_row(dataset, i), id, 0});
    p[i] = found != NULL ? weights[found->place] : -1;
    sum += found != NULL ? p[i] : 0;
    matched += found != NULL;
  }
  for (int64_t i = 0; i < n; i++) {
    p[i] = p[i] < 0 ? sum / (double)matched : p[i];
  }
  return matched;
}

/* ---- files ---- */

static bool is_one_each(const char *path, int64_t found, const char *what, const cli_settings *settings,
                        int64_t weights) {
  return found == weights || fail("%s: holds %" PRId64 " %s, expected %" PRId64 ", one for each weight of %s", path,
                                  found, what, weights, settings->initial);
}

static known_example *read_rows(const cli_settings *settings, int64_t weights) {
  int64_t *rows, count;
  if (!ok(divw_indices_load(settings->initial_rows, &rows, &count))) {
    return NULL;
  }
  known_example *known = NULL;
  if (is_one_each(settings->initial_rows, count, "rows", settings, weights)) {
    known = allocate(count, sizeof *known);
    for (int64_t i = 0; i < count; i++) {
      known[i] = (known_example){rows[i], NULL, i};
    }
  }
  divw_free(rows);
  return known;
}

/* The ids stay in *ids, to be freed with divw_free(). */
static known_example *read_ids(const cli_settings *settings, int64_t weights, char ***ids) {
  int64_t count;
  if (!ok(divw_ids_load(settings->initial_ids, ids, &count)) ||
      !is_one_each(settings->initial_ids, count, "ids", settings, weights)) {
    return NULL;
  }
  known_example *known = allocate(count, sizeof *known);
  for (int64_t i = 0; i < count; i++) {
    known[i] = (known_example){0, (*ids)[i], i};
  }
  return known;
}

static bool start_from_matches(divw_solver *solver, const divw_dataset *dataset, known_example *known, int64_t count,
                               const double *weights, const char *path) {
  const int64_t n = divw_dataset_count(dataset);
  double *p = allocate(n, sizeof *p);
  qsort(known, (size_t)count, sizeof *known, compare);
  const int64_t matched = match(p, dataset, known, count, weights);
  bool done = matched > 0 || fail("%s: has a weight for none of the %" PRId64 " selected examples", path, n);
  if (done) {
    fprintf(stderr, "divweights: %s: has weights for %" PRId64 " of %" PRId64 " examples", path, matched, n);
    fprintf(stderr, matched < n ? "; the others start at the mean weight\n" : "\n");
    done = ok(divw_solver_set_initial(solver, p, n));
  }
  free(p);
  return done;
}

static bool start_from_all(divw_solver *solver, const divw_dataset *dataset, const divw_weights *weights,
                           const char *path) {
  const int64_t n = divw_dataset_count(dataset), count = divw_weights_count(weights);
  if (count != n) {
    return fail("%s: holds %" PRId64 " weights for %" PRId64
                " selected examples, expected --initial-rows or --initial-ids, which say whose they are",
                path, count, n);
  }
  fprintf(stderr, "divweights: %s: has weights for %" PRId64 " of %" PRId64 " examples\n", path, n, n);
  return ok(divw_solver_set_initial(solver, divw_weights_values(weights), n));
}

bool set_start(divw_solver *solver, const divw_dataset *dataset, const cli_settings *settings) {
  divw_weights *weights = NULL;
  char **ids = NULL;
  if (settings->initial == NULL) {
    return true;
  }
  bool done = ok(divw_weights_load(&weights, settings->initial));
  const int64_t count = divw_weights_count(weights);
  if (done && settings->initial_rows == NULL && settings->initial_ids == NULL) {
    done = start_from_all(solver, dataset, weights, settings->initial);
  } else if (done) {
    known_example *known =
        settings->initial_rows != NULL ? read_rows(settings, count) : read_ids(settings, count, &ids);
    done = known != NULL &&
           start_from_matches(solver, dataset, known, count, divw_weights_values(weights), settings->initial);
    free(known);
  }
  divw_free(ids);
  divw_weights_destroy(weights);
  return done;
}
