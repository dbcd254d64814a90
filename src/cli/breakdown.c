/* Mass per class, heaviest and lightest examples, as tables or as JSON. */
#include "breakdown.h"

#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- classes ---- */

static int by_label(const void *a, const void *b) {
  const int64_t x = ((const class_share *)a)->label, y = ((const class_share *)b)->label;
  return (x > y) - (x < y);
}

/* One entry per example, sorted, then merged in place: any number of classes, no table of labels. */
class_share *find_classes(const cli_examples *examples, int64_t *count) {
  class_share *classes = allocate(examples->n, sizeof *classes);
  for (int64_t i = 0; i < examples->n; i++) {
    classes[i] = (class_share){examples->labels[i], 1, examples->p != NULL ? examples->p[i] : 0};
  }
  qsort(classes, (size_t)examples->n, sizeof *classes, by_label);
  int64_t last = 0;
  for (int64_t i = 1; i < examples->n; i++) {
    if (classes[i].label == classes[last].label) {
      classes[last].count++;
      classes[last].mass += classes[i].mass;
    } else {
      classes[++last] = classes[i];
    }
  }
  *count = last + 1;
  return classes;
}

static void class_as_json(const class_share *class, double share, bool weighted) {
  json_open(NULL, '{');
  json_whole("label", class->label);
  json_whole("examples", class->count);
  json_real("share", share);
  if (weighted) {
    json_real("weight", class->mass);
  }
  json_close('}');
}

void show_classes(const cli_examples *examples, bool json) {
  const bool weighted = examples->p != NULL;
  int64_t count;
  if (examples->labels == NULL) {
    return;
  }
  class_share *classes = find_classes(examples, &count);
  if (json) {
    json_open("classes", '[');
  } else {
    printf("\n%12s %12s %10s%s\n", "class", "examples", "share", weighted ? "   weighted" : "");
  }
  for (int64_t k = 0; k < count; k++) {
    const double share = (double)classes[k].count / (double)examples->n;
    if (json) {
      class_as_json(&classes[k], share, weighted);
    } else {
      printf("%12" PRId64 " %12" PRId64 " %9.2f%%", classes[k].label, classes[k].count, 100 * share);
      printf(weighted ? " %9.2f%%\n" : "\n", 100 * classes[k].mass);
    }
  }
  if (json) {
    json_close(']');
  }
  free(classes);
}

/* ---- heaviest and lightest ---- */

int64_t *find_extremes(const double *values, int64_t n, double sign, int64_t count) {
  int64_t *found = allocate(count, sizeof *found), held = 0;
  for (int64_t i = 0; count > 0 && i < n; i++) {
    const double value = sign * values[i];
    if (held == count && !(value > sign * values[found[held - 1]])) {
      continue;
    }
    int64_t k = held < count ? held++ : held - 1;
    for (; k > 0 && value > sign * values[found[k - 1]]; k--) {
      found[k] = found[k - 1];
    }
    found[k] = i;
  }
  return found;
}

int64_t row_of(const cli_examples *examples, int64_t i) {
  if (examples->dataset != NULL) {
    return divw_dataset_row(examples->dataset, i);
  }
  return examples->rows != NULL ? examples->rows[i] : i;
}

/* NULL without ids. */
static const char *id_of(const cli_examples *examples, int64_t i) {
  if (examples->dataset != NULL) {
    return divw_dataset_id(examples->dataset, i);
  }
  return examples->ids != NULL ? examples->ids[i] : NULL;
}

void name_as_json(const cli_examples *examples, int64_t i) {
  json_whole("row", row_of(examples, i));
  if (id_of(examples, i) != NULL) {
    json_text("id", id_of(examples, i));
  }
  if (examples->labels != NULL) {
    json_whole("label", examples->labels[i]);
  }
  json_real("weight", examples->p[i]);
  json_real("times_uniform", examples->p[i] * (double)examples->n);
}

/* Nothing that a terminal would obey. */
static void print_id(const char *id) {
  fputs(id != NULL ? "  " : "", stdout);
  for (; id != NULL && *id != '\0'; id++) {
    putchar((unsigned char)*id < ' ' || *id == 127 ? '?' : *id);
  }
}

void name_as_row(const cli_examples *examples, int64_t i) {
  printf("%12" PRId64 " %14.6e %14.4g", row_of(examples, i), examples->p[i], examples->p[i] * (double)examples->n);
  if (examples->labels != NULL) {
    printf(" %8" PRId64, examples->labels[i]);
  }
  print_id(id_of(examples, i));
  putchar('\n');
}

void print_names_header(const cli_examples *examples) {
  printf("%12s %14s %14s%s%s\n", "row", "weight", "times uniform", examples->labels ? "    label" : "",
         id_of(examples, 0) != NULL ? "  id" : "");
}

static void show_largest(const cli_examples *examples, double sign, int64_t count, const char *name, bool json) {
  int64_t *found = find_extremes(examples->p, examples->n, sign, count);
  if (json) {
    json_open(name, '[');
  } else {
    printf("\n%s\n", name);
    print_names_header(examples);
  }
  for (int64_t k = 0; k < count; k++) {
    if (json) {
      json_open(NULL, '{');
      name_as_json(examples, found[k]);
      json_close('}');
    } else {
      name_as_row(examples, found[k]);
    }
  }
  if (json) {
    json_close(']');
  }
  free(found);
}

void show_extremes(const cli_examples *examples, int64_t count, bool json) {
  if (examples->p == NULL) {
    return;
  }
  count = count < examples->n ? count : examples->n;
  show_largest(examples, 1, count, "heaviest", json);
  show_largest(examples, -1, count, "lightest", json);
}
