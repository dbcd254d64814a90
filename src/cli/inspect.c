/* divweights inspect: what is in a file of examples or of weights, before anything is computed with it.
 *
 * A file of weights is recognised by what it holds: one column of floats that are probabilities. */
#include "breakdown.h"
#include "contact_sheet.h"
#include "explain.h"
#include "input.h"
#include "known_kernel.h"
#include "output.h"
#include "plots.h"
#include "summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const cli_flag flags[] = {
    FLAGS_SELECTION,
    FLAG_IDS,
    {"weights", FLAG_TEXT, FIELD(weights), "FILE", .help = "weights of the selected rows, as solve writes them"},
    {"heaviest", FLAG_WHOLE, FIELD(heaviest), "K", "5", 0, 1000000,
     .help = "how many of the heaviest and of the lightest examples to show; with --example, how many neighbours and "
             "modes"},
    {"example", FLAG_LIST, FIELD(example), "I,J",
     .help = "show why these rows of INPUT have their weights: marginal diversity, nearest neighbours, the modes they "
             "lie in and who carries those; needs --weights"},
    {"order", FLAG_REAL, FIELD(order), "Q", NULL, ABOVE_0, INFINITY,
     .help = "order of the Vendi Score, for --example; that of the report of the weights when not given, or 1"},
    {"contact-sheet", FLAG_TEXT, FIELD(contact_sheet), "FILE",
     .help = "write a PNG of their images, from uint8 images; needs --weights"},
    {"image-shape", FLAG_SHAPE, FIELD(image_shape), "28x28",
     .help = "what a row is an image of, such as 32x32x3, where the file does not say"},
    {"plots", FLAG_TEXT, FIELD(plots), "DIR",
     .help = "write data, gnuplot scripts and, with gnuplot, plots (SVG, PNG) of weights, spectrum, steps and classes "
             "into this folder; needs --weights"},
    {"trace", FLAG_TEXT, FIELD(trace), "FILE", .help = "the --trace of the solve, for the plot of steps"},
    FLAGS_KERNEL,
    FLAG_JSON,
    {0}};

/* ---- looking at every value ---- */

typedef struct {
  double least, most, sum; /* of the finite values; NaN: there are none */
  int64_t zero_rows, first_zero_row;
  int64_t not_finite, first_row, first_column; /* NaN and Inf */
} findings;

static void look_at_row(findings *found, const double *row, int64_t d, int64_t number) {
  bool zero = true;
  for (int64_t j = 0; j < d; j++) {
    zero &= row[j] == 0;
    if (isfinite(row[j])) {
      found->least = fmin(found->least, row[j]); /* fmin and fmax pass NaN over */
      found->most = fmax(found->most, row[j]);
      found->sum += row[j];
    } else if (found->not_finite++ == 0) {
      found->first_row = number;
      found->first_column = j;
    }
  }
  if (zero && found->zero_rows++ == 0) {
    found->first_zero_row = number;
  }
}

static bool look(findings *found, const divw_dataset *dataset) {
  const int64_t n = divw_dataset_count(dataset), d = divw_dataset_dimension(dataset);
  const int64_t block = d < 65536 ? 65536 / d : 1;
  double *rows = allocate(block * d, sizeof *rows);
  bool done = true;
  *found = (findings){.least = NAN, .most = NAN};
  for (int64_t first = 0; first < n && done; first += block) {
    const int64_t count = n - first < block ? n - first : block;
    done = ok(divw_dataset_read(dataset, first, count, rows));
    for (int64_t i = 0; i < count && done; i++) {
      look_at_row(found, rows + i * d, d, divw_dataset_row(dataset, first + i));
    }
  }
  free(rows);
  return done;
}

/* False, with a sentence, when a solve would refuse the examples. */
static bool are_usable(const findings *found, const char *path) {
  if (found->not_finite > 0) {
    return fail("%s: row %" PRId64 ", column %" PRId64 " is NaN or Inf (%" PRId64
                " such values), expected finite numbers",
                path, found->first_row, found->first_column, found->not_finite);
  }
  if (found->zero_rows > 0) {
    return fail("%s: row %" PRId64 " is all zeros (%" PRId64 " such rows), which has no cosine with anything", path,
                found->first_zero_row, found->zero_rows);
  }
  return true;
}

/* ---- a file of examples ---- */

static int64_t bytes_of(const divw_dataset *dataset) {
  static const int bytes[] = {[DIVW_FLOAT64] = 8, [DIVW_FLOAT32] = 4, [DIVW_FLOAT16] = 2, [DIVW_UINT8] = 1};
  return divw_dataset_count(dataset) * divw_dataset_dimension(dataset) * bytes[divw_dataset_dtype(dataset)];
}

static void dataset_as_json(const divw_dataset *dataset, const findings *found) {
  json_text("kind", "examples");
  json_whole("n", divw_dataset_count(dataset));
  json_whole("dimension", divw_dataset_dimension(dataset));
  json_text("dtype", divw_dtype_name(divw_dataset_dtype(dataset)));
  json_whole("bytes", bytes_of(dataset));
  json_real("minimum", found->least);
  json_real("maximum", found->most);
  json_whole("zero_rows", found->zero_rows);
  json_whole("not_finite", found->not_finite);
}

static void dataset_as_table(const divw_dataset *dataset, const findings *found) {
  print_row("examples", "%" PRId64, divw_dataset_count(dataset));
  print_row("dimension", "%" PRId64, divw_dataset_dimension(dataset));
  print_row("type", "%s", divw_dtype_name(divw_dataset_dtype(dataset)));
  print_row("memory", "%.1f MB", (double)bytes_of(dataset) / 1e6);
  print_row("values", "%g to %g", found->least, found->most);
  print_row("rows of zeros", "%" PRId64, found->zero_rows);
  print_row("NaN or Inf", "%" PRId64, found->not_finite);
}

static void show_weights_of(const cli_examples *examples, bool json) {
  if (examples->p == NULL) {
    return;
  }
  const double entropy = divw_entropy(examples->p, examples->n);
  if (json) {
    json_real("entropy", entropy);
    json_real("effective_examples", exp(entropy));
  } else {
    print_row("entropy", "%.6f nats, of the weights", entropy);
    print_row("effective examples", "%.1f", exp(entropy));
  }
}

/* All that can be wrong is asked about before the first file is written. */
static bool draw_pictures(const cli_examples *examples, const cli_settings *settings) {
  cli_plots *plots = NULL;
  const file_plan plan = {{settings->contact_sheet},
                          {settings->input, settings->labels, settings->rows, settings->weights, settings->ids}};
  const bool done = contact_sheet_is_possible(examples->dataset, settings) && plots_open(&plots, settings) &&
                    files_are_writable(&plan) && save_contact_sheet(examples, settings) && plots_save(plots, examples);
  plots_close(plots);
  return done;
}

static void name_pictures(const cli_settings *settings) {
  if (settings->contact_sheet != NULL) {
    print_row("contact sheet", "%s", settings->contact_sheet);
  }
  if (settings->plots != NULL) {
    print_row("plots", "%s", settings->plots);
  }
}

static void print_examples(const cli_examples *examples, const findings *found, const cli_settings *settings) {
  if (settings->json) {
    json_open(NULL, '{');
  }
  (settings->json ? dataset_as_json : dataset_as_table)(examples->dataset, found);
  show_weights_of(examples, settings->json);
  if (!settings->json) {
    name_pictures(settings);
  }
  show_classes(examples, settings->json);
  show_extremes(examples, settings->heaviest, settings->json);
  if (settings->json) {
    json_close('}');
    putchar('\n');
  }
}

static bool inspect_dataset(divw_dataset **dataset, const cli_settings *settings) {
  divw_weights *weights = NULL;
  findings found;
  bool done = select_examples(dataset, settings) && look(&found, *dataset) &&
              (settings->weights == NULL || read_weights(&weights, settings->weights, divw_dataset_count(*dataset)));
  if (done) {
    const cli_examples examples = {.n = divw_dataset_count(*dataset),
                                   .labels = divw_dataset_labels(*dataset),
                                   .p = divw_weights_values(weights),
                                   .dataset = *dataset};
    const bool usable = found.not_finite == 0 && found.zero_rows == 0;
    done = !usable || draw_pictures(&examples, settings);
    if (done && usable && settings->example.count > 0) {
      done = explain_examples(&examples, weights, settings);
    } else if (done) {
      print_examples(&examples, &found, settings);
      done = are_usable(&found, settings->input);
    }
  }
  divw_weights_destroy(weights);
  return done;
}

/* ---- a file of weights ---- */

static bool holds_probabilities(const divw_dataset *dataset, bool *answer) {
  const int32_t dtype = divw_dataset_dtype(dataset);
  findings found;
  *answer = false;
  if (divw_dataset_dimension(dataset) > 1 || (dtype != DIVW_FLOAT64 && dtype != DIVW_FLOAT32)) {
    return true;
  }
  if (!look(&found, dataset)) {
    return false;
  }
  *answer = found.not_finite == 0 && found.least >= 0 && fabs(found.sum - 1) <= 1e-4; /* as divw_weights_load() */
  return true;
}

/* The rows of INPUT that the weights belong to, when --rows tells. */
static bool read_rows_of_weights(int64_t **rows, int64_t n, const cli_settings *settings) {
  int64_t count;
  if (settings->rows == NULL) {
    return true;
  }
  return ok(divw_indices_load(settings->rows, rows, &count)) &&
         (count == n || fail("%s: holds %" PRId64 " numbers, expected %" PRId64 ", one for each weight of %s",
                             settings->rows, count, n, settings->input));
}

/* Whether a file of `count` labels or ids has one for every weight: for its row of INPUT, or by position. */
static bool rows_are_in(const int64_t *rows, int64_t n, int64_t count, const char *what, const char *path,
                        const cli_settings *settings) {
  if (rows == NULL) {
    return count == n ||
           fail("%s: holds %" PRId64 " %s for %" PRId64 " weights, expected as many, or --rows to tell whose", path,
                count, what, n);
  }
  for (int64_t i = 0; i < n; i++) {
    if (rows[i] < 0 || rows[i] >= count) {
      return fail("%s: names row %" PRId64 ", expected 0 to %" PRId64 ", the rows of %s", settings->rows, rows[i],
                  count - 1, path);
    }
  }
  return true;
}

/* Labels are of all rows of the file the weights were made from: takes those of the rows that have a weight. */
static bool read_labels_of_weights(int64_t **labels, const int64_t *rows, int64_t n, const cli_settings *settings) {
  int64_t count, *all;
  if (settings->labels == NULL) {
    return true;
  }
  if (!ok(divw_indices_load(settings->labels, &all, &count))) {
    return false;
  }
  const bool done = rows_are_in(rows, n, count, "labels", settings->labels, settings);
  *labels = allocate(n, sizeof **labels);
  for (int64_t i = 0; i < n && done; i++) {
    (*labels)[i] = all[rows != NULL ? rows[i] : i];
  }
  divw_free(all);
  return done;
}

/* The same for ids; `all` owns the texts. */
static bool read_ids_of_weights(const char ***ids, char ***all, const int64_t *rows, int64_t n,
                                const cli_settings *settings) {
  int64_t count;
  if (settings->ids == NULL) {
    return true;
  }
  if (!ok(divw_ids_load(settings->ids, all, &count)) || !rows_are_in(rows, n, count, "ids", settings->ids, settings)) {
    return false;
  }
  *ids = allocate(n, sizeof **ids);
  for (int64_t i = 0; i < n; i++) {
    (*ids)[i] = (*all)[rows != NULL ? rows[i] : i];
  }
  return true;
}

static void show_weights(const divw_weights *weights, const cli_examples *examples, const cli_settings *settings) {
  int64_t zeros = 0;
  for (int64_t i = 0; i < examples->n; i++) {
    zeros += examples->p[i] == 0;
  }
  if (settings->json) {
    json_open(NULL, '{');
    json_text("kind", "weights");
    json_whole("n", examples->n);
    json_whole("zero_weights", zeros);
    json_real("entropy", divw_weights_entropy(weights));
    json_real("effective_examples", divw_weights_effective_examples(weights));
    json_raw("report", isnan(divw_weights_vendi_score(weights)) ? "null" : divw_weights_report(weights));
  } else {
    print_summary(weights);
    print_row("weights of zero", "%" PRId64, zeros);
  }
  show_classes(examples, settings->json);
  show_extremes(examples, settings->heaviest, settings->json);
  if (settings->json) {
    json_close('}');
    putchar('\n');
  }
}

static bool inspect_weights(const cli_settings *settings) {
  divw_weights *weights;
  int64_t *rows = NULL, *labels = NULL;
  char **all_ids = NULL;
  const char **ids = NULL;
  bool done = ok(divw_weights_load(&weights, settings->input));
  if (done) {
    const int64_t n = divw_weights_count(weights);
    done = read_rows_of_weights(&rows, n, settings) && read_labels_of_weights(&labels, rows, n, settings) &&
           read_ids_of_weights(&ids, &all_ids, rows, n, settings);
    const cli_examples examples = {
        .n = n, .labels = labels, .p = divw_weights_values(weights), .rows = rows, .ids = ids};
    if (done) {
      show_weights(weights, &examples, settings);
    }
  }
  free(ids);
  divw_free(all_ids);
  free(labels);
  divw_free(rows);
  divw_weights_destroy(weights);
  return done;
}

/* Whether the flags make sense together; says so when they do not. */
static bool flags_are_complete(const cli_settings *settings) {
  const bool sheet = settings->contact_sheet != NULL, plots = settings->plots != NULL,
             explained = settings->example.count > 0;
  const char *alone = settings->image_shape.height > 0 && !sheet ? "--image-shape is given but --contact-sheet"
                      : settings->trace != NULL && !plots        ? "--trace is given but --plots"
                      : sheet && settings->weights == NULL       ? "--contact-sheet is given but --weights"
                      : plots && settings->weights == NULL       ? "--plots is given but --weights"
                      : explained && settings->weights == NULL   ? "--example is given but --weights"
                      : settings->order != 0 && !explained       ? "--order is given but --example"
                                                                 : NULL;
  if (alone != NULL) {
    usage_error(&verb_inspect, "%s is missing", alone);
  } else if (sheet && settings->heaviest == 0) {
    usage_error(&verb_inspect, "--heaviest is 0, expected at least 1 for --contact-sheet");
    return false;
  }
  return alone == NULL;
}

static int run(const cli_settings *given) {
  cli_settings known = *given;
  const cli_settings *settings = &known;
  kernel_words words;
  divw_dataset *dataset;
  bool weights;
  if (settings->example.count > 0 && settings->weights != NULL &&
      !take_kernel_of_weights(&known, &words, &verb_inspect)) {
    return STATUS_FAILED;
  }
  if (!selection_is_complete(settings, &verb_inspect) || !similarity_is_sound(settings, &verb_inspect) ||
      !flags_are_complete(settings)) {
    return STATUS_USAGE;
  }
  bool done = load_input(&dataset, settings) && holds_probabilities(dataset, &weights);
  if (done && weights && (settings->classes.count > 0 || settings->limit > 0 || settings->weights != NULL)) {
    divw_dataset_destroy(dataset);
    return usage_error(&verb_inspect, "--classes, --limit and --weights are for examples, but %s holds weights",
                       settings->input);
  }
  done = done && (weights ? inspect_weights(settings) : inspect_dataset(&dataset, settings));
  divw_dataset_destroy(dataset);
  return done ? STATUS_DONE : STATUS_FAILED;
}

const cli_verb verb_inspect = {
    .name = "inspect",
    .operand = "INPUT",
    .summary = "show what is in a file of examples or weights",
    .about = "Prints size, type and range of the values, and what would stop a solve (NaN,\n"
             "rows of zeros). With --labels: the share of every class; with --weights: its\n"
             "weight, too, and the heaviest and lightest examples, also as pictures; with\n"
             "--example: why an example has its weight.\n\n" ABOUT_INPUT
             "It may also be a file of weights; then --labels and --ids are those of the\n"
             "examples that the weights were made from, and --rows says which of them have a\n"
             "weight.\n",
    .examples = "  divweights inspect images.idx.gz --labels labels.idx.gz\n"
                "  divweights inspect embeddings.npy --labels labels.npy --weights weights.npy\n"
                "  divweights inspect images.idx.gz --weights weights.npy --heaviest 24 \\\n"
                "             --contact-sheet sheet.png --trace steps.csv --plots plots\n"
                "  divweights inspect embeddings.npy --weights weights.npy --example 17,4\n"
                "  divweights inspect weights.npy --heaviest 20\n",
    .flags = flags,
    .run = run};
