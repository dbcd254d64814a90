/* The points of a trade-off curve as a table, JSON and CSV. */
#include "curve.h"

#include "output.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* In nats of entropy and of the logarithm of what is weighed against it. */
static double distance(const curve_point *a, const curve_point *b) {
  return hypot(a->entropy - b->entropy, log(a->value / b->value));
}

/* The width of the gap in which a point lies; INFINITY at an end. */
static double gap_around(const cli_curve *curve, const curve_point *point) {
  const curve_point *below = NULL, *above = NULL;
  for (const curve_point *at = curve->points; at < curve->points + curve->count; at++) {
    below = at->balance < point->balance && (below == NULL || at->balance > below->balance) ? at : below;
    above = at->balance > point->balance && (above == NULL || at->balance < above->balance) ? at : above;
  }
  return below == NULL || above == NULL ? INFINITY : distance(below, above);
}

void curve_add(cli_curve *curve, const divw_weights *weights) {
  const double quality = divw_weights_quality(weights), score = divw_weights_vendi_score(weights);
  curve_point *added = &curve->points[curve->count];
  *added = (curve_point){.value = isnan(quality) ? score : quality * score,
                         .balance = divw_weights_balance(weights),
                         .entropy_weight = divw_weights_entropy_weight(weights),
                         .vendi_score = score,
                         .vendi_score_low = divw_weights_vendi_score_low(weights),
                         .vendi_score_high = divw_weights_vendi_score_high(weights),
                         .entropy = divw_weights_entropy(weights),
                         .effective_examples = divw_weights_effective_examples(weights),
                         .gap = divw_weights_gap(weights),
                         .objective_value = divw_weights_objective_value(weights),
                         .global_gap = divw_weights_global_gap(weights),
                         .seconds = divw_weights_seconds(weights),
                         .iterations = divw_weights_iterations(weights),
                         .stop_reason = divw_weights_stop_reason(weights)};
  curve->divided = gap_around(curve, added);
  curve->count++;
}

static int compare_balances(const void *a, const void *b) {
  const double x = ((const curve_point *)a)->balance, y = ((const curve_point *)b)->balance;
  return (x > y) - (x < y);
}

void curve_sort(cli_curve *curve) {
  qsort(curve->points, (size_t)curve->count, sizeof *curve->points, compare_balances);
}

/* ---- the numbers ---- */

static const struct {
  const char *key;
  size_t field;
} numbers[] = {{"balance", offsetof(curve_point, balance)},
               {"entropy_weight", offsetof(curve_point, entropy_weight)},
               {"vendi_score", offsetof(curve_point, vendi_score)},
               {"vendi_score_low", offsetof(curve_point, vendi_score_low)},
               {"vendi_score_high", offsetof(curve_point, vendi_score_high)},
               {"entropy", offsetof(curve_point, entropy)},
               {"effective_examples", offsetof(curve_point, effective_examples)},
               {"gap", offsetof(curve_point, gap)},
               {"objective_value", offsetof(curve_point, objective_value)},
               {"global_gap", offsetof(curve_point, global_gap)},
               {"seconds", offsetof(curve_point, seconds)}};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

static double number_of(const curve_point *point, int k) {
  return *(const double *)((const char *)point + numbers[k].field);
}

void curve_print_json(const cli_curve *curve) {
  json_open("points", '[');
  for (const curve_point *at = curve->points; at < curve->points + curve->count; at++) {
    json_open(NULL, '{');
    for (int k = 0; k < NUMBERS; k++) {
      json_real(numbers[k].key, number_of(at, k));
    }
    json_whole("iterations", at->iterations);
    json_text("stop_reason", divw_stop_name(at->stop_reason));
    json_close('}');
  }
  json_close(']');
}

static void write_csv(FILE *file, const void *context) {
  const cli_curve *curve = context;
  for (int k = 0; k < NUMBERS; k++) {
    fprintf(file, "%s,", numbers[k].key);
  }
  fputs("iterations,stop_reason\n", file);
  for (const curve_point *at = curve->points; at < curve->points + curve->count; at++) {
    for (int k = 0; k < NUMBERS; k++) {
      const double value = number_of(at, k);
      fprintf(file, isnan(value) ? "," : "%.17g,", value); /* not known: empty */
    }
    fprintf(file, "%" PRId64 ",%s\n", at->iterations, divw_stop_name(at->stop_reason));
  }
}

bool curve_save_csv(const cli_curve *curve, const char *path) { return save_file(path, write_csv, curve); }

/* ---- for people ---- */

bool curve_jumps(const cli_curve *curve, int64_t k) {
  const curve_point *a = &curve->points[k - 1], *b = &curve->points[k];
  double length = 0;
  for (int64_t j = 1; j < curve->count; j++) {
    length += distance(&curve->points[j - 1], &curve->points[j]);
  }
  const bool converged = a->stop_reason == DIVW_STOP_CONVERGED && b->stop_reason == DIVW_STOP_CONVERGED;
  return converged && curve->is_even && distance(a, b) > fmax(1.001 * curve->divided, 0.05 * length);
}

void curve_print(const cli_curve *curve) {
  printf("%10s %11s %12s %10s %10s %8s %11s %11s %9s\n", "balance", "lambda", "Vendi Score", "entropy", "effective",
         "gap", "global gap", "iterations", "seconds");
  for (int64_t k = 0; k < curve->count; k++) {
    const curve_point *at = &curve->points[k];
    if (k > 0 && curve_jumps(curve, k)) {
      printf("%10s a jump: none of the weights between are the best at any balance\n", "");
    }
    printf("%10.6g %11.6g %12.6f %10.6f %10.1f %8.2g %11.2g %11" PRId64 " %9.3g%s%s\n", at->balance, at->entropy_weight,
           at->vendi_score, at->entropy, at->effective_examples, at->gap, at->global_gap, at->iterations, at->seconds,
           at->stop_reason == DIVW_STOP_CONVERGED ? "" : "  ",
           at->stop_reason == DIVW_STOP_CONVERGED ? "" : divw_stop_name(at->stop_reason));
  }
}
