/* Where the weights lie: mass per class, heaviest and lightest examples. */
#ifndef BREAKDOWN_H
#define BREAKDOWN_H

#include "cli.h"

/* Examples with what is known of them; what is not is NULL. */
typedef struct {
  int64_t n;
  const int64_t *labels;
  const double *p;             /* weights */
  const divw_dataset *dataset; /* knows the row numbers, */
  const int64_t *rows;         /* or these are they, or positions are; */
  const char *const *ids;      /* where there is no dataset to know them */
} cli_examples;

typedef struct {
  int64_t label;
  int64_t count;
  double mass; /* 0 without weights */
} class_share;

/* The classes by label, and how many; needs labels. To be freed. */
class_share *find_classes(const cli_examples *examples, int64_t *count);

/* Positions of the `count` largest sign * value of n, largest first; of equal ones the first. To be freed. */
int64_t *find_extremes(const double *values, int64_t n, double sign, int64_t count);

/* The number of an example in the file it came from. */
int64_t row_of(const cli_examples *examples, int64_t i);

/* Row, weight, and where they are known label and id of an example: as members of an open JSON object, or as a line. */
void name_as_json(const cli_examples *examples, int64_t i);
void name_as_row(const cli_examples *examples, int64_t i);
void print_names_header(const cli_examples *examples);

/* How many examples and how much weight each class has; nothing without labels. */
void show_classes(const cli_examples *examples, bool json);

/* The `count` heaviest and as many lightest examples; nothing without weights. */
void show_extremes(const cli_examples *examples, int64_t count, bool json);

#endif
