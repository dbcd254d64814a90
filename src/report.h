/* The scalars of weights, and their form in files: one flat JSON object. */
#ifndef DW_REPORT_H
#define DW_REPORT_H

#include "ids.h"
#include "internal.h"

#include <divweights/weights.h>

enum { DW_NAME_SIZE = 32 };

typedef struct {
  int64_t n, dimension, rank;
  char kernel[DW_NAME_SIZE];
  double bandwidth, degree, offset, nu, clipped; /* NaN: the similarity has none */
  int64_t bits, normalised;                      /* 1: rows are packed bits, similarities were divided */
  double order, balance;
  char objective[DW_NAME_SIZE], method[DW_NAME_SIZE], precision[DW_NAME_SIZE];
  double tolerance;
  double max_weight, min_weight, least_effective_examples;
  int64_t groups_bounded, excluded;
  double quality;
  char approximation[DW_NAME_SIZE];
  int64_t features, approximation_seed;
  int64_t rank_needed;
  double residual, vendi_score_low, vendi_score_high;
  double vendi_score_uniform, vendi_score, entropy, effective_examples;
  double objective_value, entropy_weight, certified_value, upper_bound, gap, error_bar, global_upper_bound, global_gap;
  int64_t iterations, solves, row_passes, streamed; /* whether rows were read again in every pass: 1 or 0 */
  char stop_reason[DW_NAME_SIZE];
  double seconds, seconds_read;
} dw_report;

/* Nothing known: numbers NaN, counts 0, names "". */
void dw_report_clear(dw_report *report);

/* The JSON text, to be freed with divw_free(). */
divw_status dw_report_write(char **text, const dw_report *report);

/* Reads such a text; keys that are not known are skipped, those that are missing stay cleared. `path` is for the
 * sentences. */
divw_status dw_report_read(dw_report *report, const char *text, const char *path);

/* Weights from their parts: takes over p, rows and D (may be NULL) on success only. */
divw_status dw_weights_create(divw_weights **out, const dw_report *report, double *p, int64_t *rows, double *D);

/* Ids for weights just made, which have none: the first n of these; NULL: none. */
void dw_weights_set_ids(divw_weights *weights, dw_ids *ids);

#endif
