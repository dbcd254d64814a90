/* The points of a trade-off curve, and what is made of them. */
#ifndef CURVE_H
#define CURVE_H

#include "cli.h"

#include <stdio.h>

typedef struct {
  double value; /* VS, times the mean quality where there are scores */
  double balance, entropy_weight, vendi_score, entropy, effective_examples;
  double vendi_score_low, vendi_score_high; /* that of the kernel is between them; NaN: not known */
  double gap, objective_value, global_gap, seconds;
  int64_t iterations;
  int32_t stop_reason;
} curve_point;

typedef struct {
  curve_point *points; /* with ascending balance once curve_sort() has run */
  int64_t count, wanted;
  bool logarithmic; /* the objective is G */
  bool is_even;     /* an even cover rather than a list of balances */
  double divided;   /* of an even cover: the width of the gap that the last point divided; 0 when no gap is left */
} cli_curve;

void curve_add(cli_curve *curve, const divw_weights *weights);
void curve_sort(cli_curve *curve);

/* A table for people, one JSON array under the key "points", and lines of CSV. */
void curve_print(const cli_curve *curve);
void curve_print_json(const cli_curve *curve);
bool curve_save_csv(const cli_curve *curve, const char *path);

/* Whether the curve jumps to point k from the one before: an even cover divides the widest gap, unless there is nothing
 * new in it. */
bool curve_jumps(const cli_curve *curve, int64_t k);

/* Whether a picture can have this name: it ends in .png or .svg. */
bool curve_can_draw(const char *path);

/* The gnuplot script beside a picture: its name with .gp; to be freed. */
char *curve_script_path(const char *path);

/* Writes that script and lets gnuplot draw the picture. */
bool curve_draw(const cli_curve *curve, const char *path);

#endif
