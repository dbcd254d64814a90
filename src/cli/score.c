/* divweights score: how diverse examples are, with and without weights. */
#include "added.h"
#include "input.h"
#include "output.h"
#include "plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cli_flag flags[] = {
    FLAGS_SELECTION,
    FLAGS_KERNEL,
    {"weights", FLAG_TEXT, FIELD(weights), "FILE",
     .help = "weights of the selected rows, as solve writes them; without it all weigh the same"},
    {"order", FLAG_REAL, FIELD(order), "Q", "1", 0, INFINITY,
     .help = "order of the Vendi Score: the larger, the less rare kinds count; 0 counts dimensions"},
    {"truncate", FLAG_WHOLE, FIELD(truncate), "T", NULL, 1, INFINITY,
     .help = "also the score that the T largest eigenvalues alone give, and what they say about the whole one"},
    {"new", FLAG_TEXT, FIELD(added), "FILE",
     .help = "rows that came later, with the columns of INPUT: rank them by how much each would add"},
    {"share", FLAG_REAL, FIELD(share), "T", NULL, 1e-9, 0.999,
     .help = "how much of the weight a new row gets; 1 / (effective examples + 1) when not given"},
    {"top", FLAG_WHOLE, FIELD(top), "K", "10", 0, INFINITY, .help = "how many of the new rows to show"},
    {"output", FLAG_TEXT, FIELD(output), "FILE", .help = "write the gains of all new rows as .npy, in their order"},
    {"table", FLAG_TEXT, FIELD(table), "FILE",
     .help = "write rank, gain, rate and marginal diversity of all new rows as CSV"},
    FLAG_MAX_MEMORY,
    FLAG_THREADS,
    FLAG_JSON,
    {0}};

typedef struct {
  const divw_kernel *kernel;         /* NULL: by pairs */
  const divw_similarity *similarity; /* with what the data chose */
  bool weighted;
  int64_t n, dimension, rank;
  double order, vendi_score, vendi_score_uniform, entropy;
  double residual, low, high; /* of the weighted score; NaN: not known */
  int64_t truncate;
  double truncated, truncated_low, truncated_high; /* NaN: not asked for, or not known */
} cli_scores;

/* The rest of the spectrum is bounded by the eigenvalues that are kept only where those are the kernel's. */
static bool truncate_spectrum(cli_scores *out, const double *mu) {
  const int64_t r = divw_kernel_features(out->kernel), count = r < out->n ? r : out->n;
  out->truncated = out->truncated_low = out->truncated_high = NAN;
  if (out->truncate == 0) {
    return true;
  }
  if (out->truncate > count) {
    return fail("--truncate is %" PRId64 ", expected at most %" PRId64 ", the number of eigenvalues", out->truncate,
                count);
  }
  const bool exact = divw_kernel_approximation(out->kernel) == DIVW_APPROXIMATION_NONE;
  return ok(divw_vendi_truncated(mu, count, out->truncate, out->n, out->order, &out->truncated,
                                 exact ? &out->truncated_low : NULL, exact ? &out->truncated_high : NULL));
}

/* What is proven about the score where features are of low rank. */
static bool bound(cli_scores *out, const double *p) {
  out->low = out->high = out->vendi_score;
  out->residual = residual_of(out->kernel, p);
  switch (divw_kernel_approximation(out->kernel)) {
  case DIVW_APPROXIMATION_CHOLESKY: return ok(divw_vendi_interval(out->kernel, p, out->order, &out->low, &out->high));
  case DIVW_APPROXIMATION_FEATURES: out->low = out->high = NAN; return true;
  default: return true;
  }
}

static bool compute(cli_scores *out, const divw_dataset *dataset, const divw_kernel *kernel, const double *p) {
  const int64_t r = divw_kernel_features(kernel);
  double *mu = allocate(r, sizeof *mu);
  bool done = ok(divw_vendi_spectrum(kernel, NULL, mu));
  if (done) {
    out->kernel = kernel;
    out->similarity = divw_kernel_parameters(kernel);
    out->n = divw_kernel_count(kernel);
    out->dimension = divw_dataset_dimension(dataset);
    out->rank = divw_vendi_rank(mu, r);
    out->entropy = divw_entropy(p, out->n);
    out->vendi_score = out->vendi_score_uniform = divw_vendi_of_spectrum(mu, r, out->order);
  }
  if (done && p != NULL) {
    done = ok(divw_vendi_spectrum(kernel, p, mu));
    out->vendi_score = divw_vendi_of_spectrum(mu, r, out->order);
  }
  done = done && truncate_spectrum(out, mu) && bound(out, p);
  free(mu);
  return done;
}

/* ---- order 2, from similarities alone ---- */

/* Multiplications of either way, the rank, which is not known before, taken for n. */
static bool is_cheaper_by_pairs(double n, double d, double scores, bool rows_are_features) {
  const double all = n * n / 2 * d, by_pairs = scores * all;
  const double spectrum = rows_are_features ? scores * (n * d * d + 4.0 / 3 * d * d * d)
                                            : all + n * n * n / 3 + scores * (7.0 / 3 * n * n * n);
  return by_pairs < spectrum;
}

/* Nothing else may be asked for that needs eigenvalues; those of a matrix are looked at in any case. */
static bool goes_by_pairs(const cli_settings *settings, int64_t n, int64_t dimension) {
  const int64_t d = settings->components > 0 ? settings->components : dimension;
  const bool is_direction = strcmp(settings->kernel, "cosine") == 0 || strcmp(settings->kernel, "linear") == 0;
  return settings->order == 2 && settings->truncate == 0 && settings->added == NULL && !wants_low_rank(settings) &&
         strcmp(settings->kernel, "precomputed") != 0 &&
         is_cheaper_by_pairs((double)n, (double)d, settings->weights != NULL ? 2 : 1, is_direction && n >= d);
}

static bool compute_by_pairs(cli_scores *out, const divw_dataset *dataset, divw_similarity *similarity,
                             const double *p) {
  out->similarity = similarity;
  out->n = divw_dataset_count(dataset);
  out->dimension = divw_dataset_dimension(dataset);
  out->entropy = divw_entropy(p, out->n);
  out->truncated = out->truncated_low = out->truncated_high = NAN;
  const bool done = ok(divw_similarity_choose(similarity, dataset)) &&
                    ok(divw_vendi_score_two(dataset, similarity, NULL, &out->vendi_score_uniform));
  out->vendi_score = out->vendi_score_uniform;
  if (!done || (p != NULL && !ok(divw_vendi_score_two(dataset, similarity, p, &out->vendi_score)))) {
    return false;
  }
  out->low = out->high = out->vendi_score;
  return true;
}

/* ---- what is shown ---- */

static void print_json(const cli_scores *scores) {
  json_whole("n", scores->n);
  json_whole("dimension", scores->dimension);
  json_real("rank", scores->kernel != NULL ? (double)scores->rank : NAN);
  json_text("computed_from", scores->kernel != NULL ? "eigenvalues" : "similarities");
  if (scores->kernel != NULL) {
    json_kernel(scores->kernel);
  } else {
    json_similarity(scores->similarity, DIVW_APPROXIMATION_NONE, NAN);
  }
  json_real("order", scores->order);
  json_real("vendi_score", scores->vendi_score);
  json_real("vendi_score_uniform", scores->vendi_score_uniform);
  json_real("residual", scores->residual);
  json_real("vendi_score_low", scores->low);
  json_real("vendi_score_high", scores->high);
  json_real("truncated_score", scores->truncated);
  json_real("truncated_low", scores->truncated_low);
  json_real("truncated_high", scores->truncated_high);
  json_real("entropy", scores->entropy);
  json_real("effective_examples", exp(scores->entropy));
}

/* What is proven about the score, and what little of the spectrum says about it. */
static void print_bounds(const cli_scores *scores) {
  switch (divw_kernel_approximation(scores->kernel)) {
  case DIVW_APPROXIMATION_CHOLESKY:
    print_row("", "proven: that of the kernel itself is from %.6f to %.6f", scores->low, scores->high);
    break;
  case DIVW_APPROXIMATION_FEATURES: print_row("", "an estimate, without a bound"); break;
  default: break;
  }
  if (scores->truncate > 0) {
    print_row("truncated score", "%.6f of %" PRId64 " eigenvalues", scores->truncated, scores->truncate);
  }
  if (!isnan(scores->truncated_low)) {
    print_row("", "with them alone the whole score is known to be from %.6f to %.6f", scores->truncated_low,
              scores->truncated_high);
  }
}

static void print_table(const cli_scores *scores) {
  if (scores->kernel != NULL) {
    print_row("examples", "%" PRId64 " of %" PRId64 " numbers, rank %" PRId64, scores->n, scores->dimension,
              scores->rank);
  } else {
    print_row("examples", "%" PRId64 " of %" PRId64 " numbers", scores->n, scores->dimension);
  }
  print_similarity(scores->similarity, scores->kernel);
  print_row("order", "%.12g%s", scores->order,
            scores->kernel == NULL ? ", from all similarities, without eigenvalues"
            : scores->order == 0   ? ", the eigenvalues that are more than rounding"
                                   : "");
  print_row("Vendi Score", "%.6f with uniform weights", scores->vendi_score_uniform);
  if (scores->weighted) {
    print_row("", "%.6f with the given weights", scores->vendi_score);
  }
  print_bounds(scores);
  if (scores->weighted) {
    print_row("entropy", "%.6f nats", scores->entropy);
    print_row("effective examples", "%.1f", exp(scores->entropy));
  }
}

static void print(const cli_scores *scores, const cli_added *added, const cli_settings *settings) {
  if (settings->json) {
    json_open(NULL, '{');
  }
  (settings->json ? print_json : print_table)(scores);
  added_show(added, settings);
  if (settings->json) {
    json_close('}');
    putchar('\n');
  }
}

/* Whether the flags for new rows make sense; says so when they do not. */
static bool flags_are_complete(const cli_settings *settings) {
  const char *alone = settings->share > 0                          ? "--share"
                      : settings->output != NULL                   ? "--output"
                      : settings->table != NULL                    ? "--table"
                      : option_given(settings, &verb_score, "top") ? "--top"
                                                                   : NULL;
  if (settings->added == NULL && alone != NULL) {
    usage_error(&verb_score, "%s is given but --new is missing", alone);
    return false;
  }
  if (settings->output != NULL && is_other_than_npy(settings->output)) {
    usage_error(&verb_score, "--output is %s, expected a name that ends in .npy: --table writes the gains as CSV",
                settings->output);
    return false;
  }
  if (settings->added != NULL && settings->max_memory > 0) {
    usage_error(&verb_score, "--max-memory knows nothing of the rows of --new, expected one or the other");
    return false;
  }
  if (settings->truncate > 0 && settings->order == 0) {
    usage_error(&verb_score, "--order is 0, expected more than 0 for --truncate");
    return false;
  }
  if (settings->added != NULL && settings->order == 0) {
    usage_error(&verb_score,
                "--order is 0, expected more than 0 for --new: counted dimensions do not grow little by little");
    return false;
  }
  return true;
}

/* Whether there is enough memory, and with the rows in it or not. */
static bool fits(cli_settings *settings) {
  cli_plan plan = {0};
  bool done = settings->max_memory == 0 || plan_examples(&plan, settings);
  if (done && settings->max_memory > 0) {
    plan.by_pairs = goes_by_pairs(settings, divw_dataset_count(plan.examples), plan.dimension);
    done = plan_memory(&plan, NULL, settings);
  }
  settings->streams = plan.streams;
  plan_destroy(&plan);
  return done;
}

/* Reads the examples and scores them, by eigenvalues or by pairs. */
static bool score(cli_scores *out, divw_dataset **dataset, divw_kernel **kernel, divw_similarity **similarity,
                  divw_weights **weights, const cli_settings *settings) {
  if (!read_rows(dataset, settings)) {
    return false;
  }
  const int64_t n = divw_dataset_count(*dataset), d = divw_dataset_dimension(*dataset);
  const bool by_pairs = goes_by_pairs(settings, n, d);
  if ((!by_pairs && !make_kernel(kernel, *dataset, settings)) || (by_pairs && !make_similarity(similarity, settings)) ||
      (settings->weights != NULL && !read_weights(weights, settings->weights, n))) {
    return false;
  }
  const double *p = divw_weights_values(*weights);
  return by_pairs ? compute_by_pairs(out, *dataset, *similarity, p) : compute(out, *dataset, *kernel, p);
}

static int run(const cli_settings *given) {
  cli_settings planned = *given, *settings = &planned;
  divw_similarity *similarity = NULL;
  divw_dataset *dataset = NULL;
  divw_kernel *kernel = NULL;
  divw_weights *weights = NULL;
  cli_added *added = NULL;
  cli_scores scores = {.weighted = settings->weights != NULL, .order = settings->order, .truncate = settings->truncate};
  const file_plan plan = {{settings->output, settings->table},
                          {settings->input, settings->labels, settings->rows, settings->weights, settings->added}};
  if (!selection_is_complete(settings, &verb_score) || !similarity_is_sound(settings, &verb_score) ||
      !flags_are_complete(settings)) {
    return STATUS_USAGE;
  }
  bool done = files_are_writable(&plan) && fits(settings) &&
              score(&scores, &dataset, &kernel, &similarity, &weights, settings) &&
              added_measure(&added, dataset, kernel, divw_weights_values(weights), settings) &&
              added_save(added, settings);
  if (done) {
    print(&scores, added, settings);
  }
  added_destroy(added);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  divw_similarity_destroy(similarity);
  divw_dataset_destroy(dataset);
  return done ? STATUS_DONE : STATUS_FAILED;
}

const cli_verb verb_score = {
    .name = "score",
    .operand = "INPUT",
    .summary = "measure how diverse examples are, with and without weights",
    .about = "Prints the Vendi Score: the number of completely different examples that would\n"
             "be as diverse. Give the selection flags that the weights were made with.\n\n"
             "With --new: the rows of another file, ranked by what each would add, the gain in\n"
             "log VS. They are centered and reduced as INPUT is; selection flags do not apply.\n\n" ABOUT_INPUT,
    .examples = "  divweights score embeddings.npy\n"
                "  divweights score embeddings.npy --weights weights.npy --order 2 --json\n"
                "  divweights score embeddings.npy --weights weights.npy --new candidates.npy \\\n"
                "             --top 20 --output gains.npy\n",
    .flags = flags,
    .run = run};
