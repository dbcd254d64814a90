/* From files and flags to constraints on a solver. */
#include "constraints.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool read_effective(const char *text, double *amount, bool *is_share) {
  char *end;
  *amount = strtod(text, &end);
  *is_share = end != text && strcmp(end, "%") == 0;
  if (end == text || (*end != '\0' && !*is_share)) {
    return false;
  }
  *amount /= *is_share ? 100 : 1;
  return *is_share ? *amount > 0 && *amount <= 1 : *amount >= 1 && !isinf(*amount);
}

bool constraints_are_sound(const cli_settings *settings, const cli_verb *verb) {
  if (settings->group_bounds != NULL && settings->labels == NULL) {
    usage_error(verb, "--group-bounds is given but --labels is missing");
    return false;
  }
  return true;
}

/* ---- group bounds ---- */

typedef struct {
  int64_t *labels;
  double *lower, *upper;
  int64_t count, room;
} bounds;

static void add(bounds *all, int64_t label, double lower, double upper) {
  if (all->count == all->room) {
    const bounds old = *all;
    all->room = 2 * all->room + 16;
    all->labels = allocate(all->room, sizeof *all->labels);
    all->lower = allocate(all->room, sizeof *all->lower);
    all->upper = allocate(all->room, sizeof *all->upper);
    for (int64_t k = 0; k < old.count; k++) {
      all->labels[k] = old.labels[k];
      all->lower[k] = old.lower[k];
      all->upper[k] = old.upper[k];
    }
    free(old.labels);
    free(old.lower);
    free(old.upper);
  }
  all->labels[all->count] = label;
  all->lower[all->count] = lower;
  all->upper[all->count++] = upper;
}

static const char *skip_blanks(const char *text) { return text + strspn(text, " \t\r\n"); }

/* "label,lower,upper" */
static bool read_line(const char *text, int64_t *label, double *lower, double *upper) {
  char *end;
  errno = 0;
  *label = strtoll(text, &end, 10);
  if (end == text || errno != 0 || *skip_blanks(end) != ',') {
    return false;
  }
  text = skip_blanks(end) + 1;
  *lower = strtod(text, &end);
  if (end == text || *skip_blanks(end) != ',') {
    return false;
  }
  text = skip_blanks(end) + 1;
  *upper = strtod(text, &end);
  return end != text && *skip_blanks(end) == '\0';
}

/* Leaves out what of a line did not fit. */
static void end_line(const char *line, FILE *file) {
  for (int c = 0; strchr(line, '\n') == NULL && c != '\n' && c != EOF;) {
    c = getc(file);
  }
}

/* Empty lines and those that begin with # do not count; nor does a heading before the first bounds. */
static bool read_bounds(const char *path, FILE *file, bounds *all) {
  char line[1024];
  for (int64_t number = 1; fgets(line, sizeof line, file) != NULL; number++) {
    const char *text = skip_blanks(line);
    int64_t label;
    double lower, upper;
    const bool is_heading = all->count == 0 && strncmp(text, "label", 5) == 0;
    end_line(line, file);
    if (*text == '\0' || *text == '#' || is_heading) {
      continue;
    }
    if (!read_line(text, &label, &lower, &upper)) {
      return fail("%s: line %" PRId64 " is \"%.60s\", expected label,lower,upper: a whole number and two shares of 1",
                  path, number, strtok(line, "\r\n"));
    }
    add(all, label, lower, upper);
  }
  if (ferror(file)) {
    return fail("%s: cannot be read: %s", path, strerror(errno));
  }
  return all->count > 0 || fail("%s: holds no bounds, expected lines label,lower,upper", path);
}

static bool set_group_bounds(divw_solver *solver, const char *path) {
  bounds all = {0};
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    return fail("%s: cannot be read: %s", path, strerror(errno));
  }
  const bool done = read_bounds(path, file, &all) &&
                    ok(divw_solver_set_group_bounds(solver, all.labels, all.lower, all.upper, all.count));
  fclose(file);
  free(all.labels);
  free(all.lower);
  free(all.upper);
  return done;
}

/* ---- rows and scores ---- */

static bool set_excluded(divw_solver *solver, const char *path) {
  int64_t *rows, count;
  if (!ok(divw_indices_load(path, &rows, &count))) {
    return false;
  }
  const bool done = ok(divw_solver_set_excluded(solver, rows, count));
  divw_free(rows);
  return done;
}

/* A dataset of one column is a column of numbers. */
static bool load_column(const char *path, double **values, int64_t *count) {
  divw_dataset *column = NULL;
  *values = NULL;
  if (!ok(divw_dataset_load(&column, path))) {
    return false;
  }
  *count = divw_dataset_count(column);
  bool done =
      divw_dataset_dimension(column) == 1 ||
      fail("%s: has rows of %" PRId64 " numbers, expected one score a row", path, divw_dataset_dimension(column));
  if (done) {
    *values = allocate(*count, sizeof **values);
    done = ok(divw_dataset_read(column, 0, *count, *values));
  }
  divw_dataset_destroy(column);
  return done;
}

/* One score for each selected row, or for each row of INPUT, of which the selected ones are picked out. */
static bool set_quality(divw_solver *solver, const char *path, const divw_dataset *dataset) {
  const int64_t n = divw_dataset_count(dataset);
  double *scores = NULL, *picked = allocate(n, sizeof *picked);
  int64_t count = 0, last = 0;
  bool done = load_column(path, &scores, &count);
  for (int64_t i = 0; i < n; i++) {
    const int64_t row = divw_dataset_row(dataset, i);
    last = row > last ? row : last;
    picked[i] = done && row < count ? scores[row] : 0;
  }
  if (done && count != n && count <= last) {
    done = fail("%s: holds %" PRId64 " scores, expected %" PRId64
                ", one for each selected row, or one for each row of the input, of which row %" PRId64 " is selected",
                path, count, n, last);
  }
  done = done && ok(divw_solver_set_quality(solver, count == n ? scores : picked, n));
  free(scores);
  free(picked);
  return done;
}

bool set_constraints(divw_solver *solver, const cli_settings *settings, const divw_dataset *dataset) {
  return (settings->max_weight == 0 || ok(divw_solver_set_max_weight(solver, settings->max_weight))) &&
         ok(divw_solver_set_min_weight(solver, settings->min_weight)) &&
         (settings->group_bounds == NULL || set_group_bounds(solver, settings->group_bounds)) &&
         (settings->exclude == NULL || set_excluded(solver, settings->exclude)) &&
         (settings->quality == NULL || set_quality(solver, settings->quality, dataset));
}
