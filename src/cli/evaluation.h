/* What evaluate measures, and how it is shown: evaluation.c measures, evaluation_report.c shows. */
#ifndef EVALUATION_H
#define EVALUATION_H

#include "cli.h"

#include "breakdown.h"

/* A number with what is known of its accuracy: NaN where there is none. */
typedef struct {
  double value, low, high;
} measured;

/* Reference, weighted reference, generated. */
enum { PLAIN, WEIGHTED, GENERATED, SETS };

enum { METRIC_FID = 1, METRIC_KID = 2, METRIC_PRDC = 4, METRIC_VENDI = 8, METRIC_MODES = 16 };
enum { MAX_WARNINGS = 12 };

typedef struct {
  class_share share; /* of the reference */
  double generated;
} mode_share;

/* The two sets; those that are not there are NULL. */
typedef struct {
  const cli_settings *settings;
  unsigned metrics;
  divw_dataset *reference, *generated;
  divw_weights *p, *v;
  divw_statistics *loaded;
} comparison;

typedef struct {
  double fid;
  measured kid, prdc[4], vendi[SETS];
  double mmd_squared, kid_error;
  double equal[SETS], internal_diversity[SETS];
  divw_similarity *similarity; /* of the scores, with what the data chose; NULL: there are none */
  int32_t approximation;       /* of its features */
  measured proven[SETS];       /* of low rank: what they leave out of a row, and what is proven of the score */
  int64_t equal_n;             /* 0: not asked for */
  mode_share *modes;
  int64_t mode_count;
  char *warnings[MAX_WARNINGS];
  int warning_count;
} evaluation;

/* Measures all that is asked for. False after a sentence. To be ended with evaluation_destroy() in either case. */
bool evaluate_all(evaluation *out, const comparison *sets);
void evaluation_destroy(evaluation *e);

/* On stdout; warnings on stderr. */
void show_evaluation(const evaluation *e, const comparison *sets);

#endif
