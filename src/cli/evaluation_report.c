/* Shows what evaluate measured: a JSON object, or a table. Every number stands with the sizes and the conventions that
 * it depends on. */
#include "evaluation.h"
#include "output.h"
#include "similarity.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static const char *const prdc_names[4] = {"precision", "recall", "density", "coverage"};
static const char *const set_names[SETS] = {"reference", "weighted", "generated"};

/* ---- JSON ---- */

static void number_of(const char *name, const char *set, const char *suffix, double value) {
  char key[64];
  snprintf(key, sizeof key, "%s_%s%s", name, set, suffix);
  json_real(key, value);
}

static void interval(const char *key, measured value) {
  char name[80];
  if (isnan(value.low) || isnan(value.high)) {
    return;
  }
  snprintf(name, sizeof name, "%s_interval", key);
  json_open(name, '[');
  json_real(NULL, value.low);
  json_real(NULL, value.high);
  json_close(']');
}

static void number(const char *key, measured value) {
  json_real(key, value.value);
  interval(key, value);
}

static void sizes_as_json(const comparison *sets) {
  if (sets->reference != NULL) {
    const int64_t n = divw_dataset_count(sets->reference);
    const double *p = divw_weights_values(sets->p), entropy = divw_entropy(p, n);
    json_whole("n_reference", n);
    json_real("effective_n_reference", divw_evaluate_effective_count(p, n));
    json_real("entropy", entropy);
    json_real("effective_examples", exp(entropy));
  } else {
    const int64_t n = divw_statistics_count(sets->loaded);
    json_real("n_reference", n > 0 ? (double)n : NAN);
    json_real("effective_n_reference", divw_statistics_effective_count(sets->loaded));
  }
  const int64_t m = divw_dataset_count(sets->generated);
  json_whole("n_generated", m);
  json_real("effective_n_generated", divw_evaluate_effective_count(divw_weights_values(sets->v), m));
  json_whole("dimension", divw_dataset_dimension(sets->generated));
}

static void kid_as_json(const evaluation *e, const cli_settings *settings) {
  number("kid", e->kid);
  json_real("kid_standard_error", e->kid_error);
  json_real("mmd_squared", e->mmd_squared);
  json_text("kid_kernel", settings->mmd_kernel);
  if (*settings->mmd_kernel == 'p') {
    json_whole("kid_degree", settings->mmd_degree);
  } else if (*settings->mmd_kernel == 'g') {
    json_real("kid_bandwidth", settings->mmd_bandwidth);
  }
  json_whole("kid_block", settings->kid_block);
}

static void vendi_as_json(const evaluation *e, const cli_settings *settings) {
  for (int k = 0; k < SETS; k++) {
    char key[64];
    snprintf(key, sizeof key, "vendi_score_%s", set_names[k]);
    number(key, e->vendi[k]);
    number_of("renyi_entropy", set_names[k], "", log(e->vendi[k].value));
    number_of("internal_diversity", set_names[k], "", e->internal_diversity[k]);
    if (e->approximation != DIVW_APPROXIMATION_NONE) {
      number_of("vendi_score", set_names[k], "_low", e->proven[k].low);
      number_of("vendi_score", set_names[k], "_high", e->proven[k].high);
      number_of("residual", set_names[k], "", e->proven[k].value);
    }
    if (e->equal_n > 0) {
      number_of("vendi_score", set_names[k], "_equal_n", e->equal[k]);
    }
  }
  if (e->equal_n > 0) {
    json_whole("equal_n", e->equal_n);
  }
  json_similarity(e->similarity, e->approximation, NAN);
  json_real("order", settings->order);
  json_whole("resamples", settings->resamples);
}

static void modes_as_json(const evaluation *e, int64_t n, bool weighted) {
  json_open("modes", '[');
  for (int64_t k = 0; k < e->mode_count; k++) {
    const class_share *class = &e->modes[k].share;
    const double share = (double)class->count / (double)n;
    json_open(NULL, '{');
    json_whole("label", class->label);
    json_whole("examples", class->count);
    json_real("reference", share);
    json_real("weighted", weighted ? class->mass : share);
    json_real("generated", e->modes[k].generated);
    json_close('}');
  }
  json_close(']');
}

static void warnings_as_json(const evaluation *e) {
  json_open("warnings", '[');
  for (int k = 0; k < e->warning_count; k++) {
    json_text(NULL, e->warnings[k]);
  }
  json_close(']');
}

static void show_json(const evaluation *e, const comparison *sets) {
  const cli_settings *settings = sets->settings;
  json_open(NULL, '{');
  sizes_as_json(sets);
  if ((sets->metrics & METRIC_FID) != 0) {
    json_real("fid", e->fid);
    json_text("ddof", settings->ddof);
  }
  if ((sets->metrics & METRIC_KID) != 0) {
    kid_as_json(e, settings);
  }
  for (int k = 0; (sets->metrics & METRIC_PRDC) != 0 && k < 4; k++) {
    number(prdc_names[k], e->prdc[k]);
  }
  if ((sets->metrics & METRIC_PRDC) != 0) {
    json_whole("k", settings->neighbour);
  }
  if ((sets->metrics & METRIC_VENDI) != 0) {
    vendi_as_json(e, settings);
  }
  if ((sets->metrics & METRIC_MODES) != 0) {
    modes_as_json(e, divw_dataset_count(sets->reference), sets->p != NULL);
  }
  json_whole("seed", settings->seed);
  warnings_as_json(e);
  json_close('}');
  putchar('\n');
}

/* ---- a table ---- */

static void row(const char *name, measured value) {
  if (isnan(value.value)) {
    print_row(name, "not defined");
  } else if (isnan(value.low)) {
    print_row(name, "%.6g", value.value);
  } else {
    print_row(name, "%-12.6g 95 %%: %.6g to %.6g", value.value, value.low, value.high);
  }
}

static void show_sizes(const comparison *sets) {
  if (sets->reference != NULL) {
    const int64_t n = divw_dataset_count(sets->reference);
    const double *p = divw_weights_values(sets->p);
    print_row("reference", "%" PRId64 " rows, effective n %.1f (1 / sum p^2)", n, divw_evaluate_effective_count(p, n));
    print_row("", "entropy of the weights %.6f nats, effective examples %.1f", divw_entropy(p, n),
              exp(divw_entropy(p, n)));
  } else {
    const int64_t n = divw_statistics_count(sets->loaded);
    if (n > 0) {
      print_row("reference", "statistics of %" PRId64 " rows, effective n %.1f", n,
                divw_statistics_effective_count(sets->loaded));
    } else {
      print_row("reference", "statistics of rows whose number is not known");
    }
  }
  const int64_t m = divw_dataset_count(sets->generated);
  print_row("generated", "%" PRId64 " rows, effective n %.1f", m,
            divw_evaluate_effective_count(divw_weights_values(sets->v), m));
  print_row("columns", "%" PRId64, divw_dataset_dimension(sets->generated));
}

static void show_vendi(const evaluation *e, const comparison *sets) {
  static const char *const names[SETS] = {"  reference", "  weighted", "  generated"};
  print_row("Vendi Score", "of order %g", sets->settings->order);
  print_similarity(e->similarity, NULL);
  if (e->approximation == DIVW_APPROXIMATION_FEATURES) {
    print_row("", "random features: estimates, without a bound");
  }
  for (int k = 0; k < SETS; k++) {
    if (!isnan(e->vendi[k].value) && (k != WEIGHTED || sets->p != NULL)) {
      row(names[k], e->vendi[k]);
      if (!isnan(e->proven[k].low)) {
        print_row("", "proven: that of the kernel itself is from %.6g to %.6g", e->proven[k].low, e->proven[k].high);
      }
      if (e->equal_n > 0) {
        print_row("", "%-12.6g at %" PRId64 " rows", e->equal[k], e->equal_n);
      }
      print_row("", "Renyi entropy %.6f nats, internal diversity %.6f", log(e->vendi[k].value),
                e->internal_diversity[k]);
    }
  }
}

static void show_modes(const evaluation *e, int64_t n, bool weighted) {
  printf("\n%12s %12s %10s%s %10s\n", "class", "examples", "share", weighted ? "   weighted" : "", "generated");
  for (int64_t k = 0; k < e->mode_count; k++) {
    const class_share *class = &e->modes[k].share;
    printf("%12" PRId64 " %12" PRId64 " %9.2f%%", class->label, class->count, 100 * (double)class->count / (double)n);
    if (weighted) {
      printf(" %9.2f%%", 100 * class->mass);
    }
    printf(" %9.2f%%\n", 100 * e->modes[k].generated);
  }
}

static void show_table(const evaluation *e, const comparison *sets) {
  const cli_settings *settings = sets->settings;
  show_sizes(sets);
  if ((sets->metrics & METRIC_FID) != 0) {
    row("FID", (measured){e->fid, NAN, NAN});
    print_row("", "covariances with ddof %s", settings->ddof);
  }
  if ((sets->metrics & METRIC_KID) != 0) {
    row("KID", e->kid);
    print_row("", "%s kernel%s", settings->mmd_kernel, settings->kid_block > 0 ? ", mean of blocks" : "");
  }
  for (int k = 0; (sets->metrics & METRIC_PRDC) != 0 && k < 4; k++) {
    row(prdc_names[k], e->prdc[k]);
  }
  if ((sets->metrics & METRIC_PRDC) != 0) {
    print_row("", "balls to neighbour number %" PRId64, settings->neighbour);
  }
  if ((sets->metrics & METRIC_VENDI) != 0) {
    show_vendi(e, sets);
  }
  if ((sets->metrics & METRIC_MODES) != 0) {
    show_modes(e, divw_dataset_count(sets->reference), sets->p != NULL);
  }
}

void show_evaluation(const evaluation *e, const comparison *sets) {
  (sets->settings->json ? show_json : show_table)(e, sets);
  for (int k = 0; k < e->warning_count; k++) {
    fprintf(stderr, "divweights: warning: %s\n", e->warnings[k]);
  }
}
