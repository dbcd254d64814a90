/* divweights score: how diverse examples are, with and without weights. */
#include "input.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const cli_flag flags[] = {
    FLAGS_SELECTION,
    FLAGS_KERNEL,
    {"weights", FLAG_TEXT, FIELD(weights), "FILE",
     .help = "weights of the selected rows, as solve writes them; without it all weigh the same"},
    {"order", FLAG_REAL, FIELD(order), "Q", "1", 0, INFINITY,
     .help = "order of the Vendi Score: the larger, the less rare kinds count; 0 counts dimensions"},
    FLAG_THREADS,
    FLAG_JSON,
    {0}};

typedef struct {
  int64_t n, dimension, rank;
  double order, vendi_score, vendi_score_uniform, entropy;
} cli_scores;

static bool compute(cli_scores *out, const divw_dataset *dataset, const divw_kernel *kernel, const double *p) {
  const int64_t r = divw_kernel_features(kernel);
  double *mu = allocate(r, sizeof *mu);
  bool done = ok(divw_vendi_spectrum(kernel, NULL, mu));
  if (done) {
    out->n = divw_kernel_count(kernel);
    out->dimension = divw_dataset_dimension(dataset);
    out->rank = divw_vendi_rank(mu, r);
    out->entropy = divw_entropy(p, out->n);
    out->vendi_score = out->vendi_score_uniform = divw_vendi_of_spectrum(mu, r, out->order);
  }
  if (done && p != NULL) {
    done = ok(divw_vendi_score(kernel, p, out->order, &out->vendi_score));
  }
  free(mu);
  return done;
}

static void print_json(const cli_scores *scores, const char *kernel) {
  json_open(NULL, '{');
  json_whole("n", scores->n);
  json_whole("dimension", scores->dimension);
  json_whole("rank", scores->rank);
  json_text("kernel", kernel);
  json_real("order", scores->order);
  json_real("vendi_score", scores->vendi_score);
  json_real("vendi_score_uniform", scores->vendi_score_uniform);
  json_real("entropy", scores->entropy);
  json_real("effective_examples", exp(scores->entropy));
  json_close('}');
  putchar('\n');
}

static void print_table(const cli_scores *scores, const char *kernel, bool weighted) {
  print_row("examples", "%" PRId64 " of %" PRId64 " numbers, rank %" PRId64, scores->n, scores->dimension,
            scores->rank);
  print_row("kernel", "%s", kernel);
  print_row("order", "%g", scores->order);
  print_row("Vendi Score", "%.6f with uniform weights", scores->vendi_score_uniform);
  if (weighted) {
    print_row("", "%.6f with the given weights", scores->vendi_score);
    print_row("entropy", "%.6f nats", scores->entropy);
    print_row("effective examples", "%.1f", exp(scores->entropy));
  }
}

static int run(const cli_settings *settings) {
  divw_dataset *dataset = NULL;
  divw_kernel *kernel = NULL;
  divw_weights *weights = NULL;
  cli_scores scores = {.order = settings->order};
  if (!selection_is_complete(settings, &verb_score)) {
    return STATUS_USAGE;
  }
  const bool done =
      read_examples(&dataset, &kernel, settings) &&
      (settings->weights == NULL || read_weights(&weights, settings->weights, divw_kernel_count(kernel))) &&
      compute(&scores, dataset, kernel, divw_weights_values(weights));
  if (done && settings->json) {
    print_json(&scores, settings->kernel);
  } else if (done) {
    print_table(&scores, settings->kernel, weights != NULL);
  }
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(dataset);
  return done ? STATUS_DONE : STATUS_FAILED;
}

const cli_verb verb_score = {
    .name = "score",
    .operand = "INPUT",
    .summary = "measure how diverse examples are, with and without weights",
    .about = "Prints the Vendi Score: the number of completely different examples that would\n"
             "be as diverse. Give the selection flags that the weights were made with.\n\n" ABOUT_INPUT,
    .examples = "  divweights score embeddings.npy\n"
                "  divweights score embeddings.npy --weights weights.npy --order 2 --json\n",
    .flags = flags,
    .run = run};
