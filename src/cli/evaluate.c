/* divweights evaluate: how close generated examples are to weighted ones. */
#include "evaluation.h"
#include "input.h"
#include "output.h"

#include <string.h>

static const cli_flag flags[] = {
    {"metrics", FLAG_NAME, FIELD(metrics), "fid,kid,...",
     .help = "which of fid, kid (with mmd), prdc (or one of precision, recall, density, coverage: they come together), "
             "vendi and modes (needs --labels); all that can be measured when not given"},
    {"weights", FLAG_TEXT, FIELD(weights), "FILE",
     .help = "weights of the selected rows of REFERENCE, as solve writes them; without it all weigh the same"},
    {"generated-weights", FLAG_TEXT, FIELD(generated_weights), "FILE", .help = "weights of the rows of GENERATED"},
    FLAGS_SELECTION,
    {"generated-array", FLAG_NAME, FIELD(generated_array), "NAME",
     .help = "which array of GENERATED, where it is an .npz that holds several"},
    {"ddof", FLAG_CHOICE, FIELD(ddof), "0|1|effective", "effective",
     .help = "what covariances are multiplied by: 1, n/(n-1), or 1/(1 - sum p^2), which for equal weights is n/(n-1)"},
    {"save-stats", FLAG_TEXT, FIELD(save_stats), "FILE",
     .help = "write mean and covariance of the weighted REFERENCE as .npz with mu and sigma, as pytorch-fid does"},
    {"load-stats", FLAG_TEXT, FIELD(load_stats), "FILE",
     .help = "take them from such a file for fid; REFERENCE may then be left out"},
    {"k", FLAG_WHOLE, FIELD(neighbour), "K", "5", 1, INFINITY,
     .help = "prdc: balls reach to the K-th nearest other row of their set"},
    {"mmd-kernel", FLAG_CHOICE, FIELD(mmd_kernel), "polynomial|gaussian|cosine|linear", "polynomial",
     .help = "kernel of kid: (<x,y>/d + 1)^N, exp(-|x-y|^2 / (2 S^2)), cosine, or <x,y>"},
    {"mmd-degree", FLAG_WHOLE, FIELD(mmd_degree), "N", "3", 1, 20, .help = "of the polynomial kernel of kid"},
    {"mmd-bandwidth", FLAG_REAL, FIELD(mmd_bandwidth), "S", NULL, 1e-300, 1e300,
     .help = "of the gaussian kernel of kid"},
    {"kid-block", FLAG_WHOLE, FIELD(kid_block), "N", "0", 0, INFINITY,
     .help = "kid as the mean over disjoint random blocks of N rows a side, and not over all pairs; 0: all pairs"},
    FLAGS_SIMILARITY,
    FLAGS_LOW_RANK,
    {"order", FLAG_REAL, FIELD(order), "Q", "1", 0, INFINITY, .help = "order of the Vendi Score"},
    {"resamples", FLAG_WHOLE, FIELD(resamples), "N", "50", 0, 1e6,
     .help = "vendi: how many bootstrap samples are behind an interval, and random subsets behind a score at equal "
             "size; each costs as much as the score. 0: neither"},
    {"sample-size", FLAG_WHOLE, FIELD(sample_size), "N", NULL, 1, INFINITY,
     .help = "vendi: the equal size that scores are compared at; the size of the smaller set when not given"},
    {"seed", FLAG_WHOLE, FIELD(seed), "N", "0", 0, INFINITY, .help = "of everything that is drawn"},
    FLAG_THREADS,
    FLAG_JSON,
    {0}};

/* ---- what is asked for ---- */

static const struct {
  const char *name;
  unsigned bit;
} metric_names[] = {{"fid", METRIC_FID},      {"kid", METRIC_KID},        {"mmd", METRIC_KID},
                    {"prdc", METRIC_PRDC},    {"precision", METRIC_PRDC}, {"recall", METRIC_PRDC},
                    {"density", METRIC_PRDC}, {"coverage", METRIC_PRDC},  {"vendi", METRIC_VENDI},
                    {"modes", METRIC_MODES}};

static unsigned metric_named(const char *name, size_t length) {
  for (size_t k = 0; k < sizeof metric_names / sizeof metric_names[0]; k++) {
    if (strlen(metric_names[k].name) == length && strncmp(metric_names[k].name, name, length) == 0) {
      return metric_names[k].bit;
    }
  }
  return 0;
}

/* 0 after a sentence. */
static unsigned choose_metrics(const cli_settings *settings) {
  unsigned chosen = 0;
  const char *word = settings->metrics;
  if (word == NULL) {
    chosen = METRIC_FID | METRIC_VENDI;
    chosen |= settings->second != NULL ? METRIC_KID | METRIC_PRDC : 0;
    return chosen | (settings->labels != NULL ? METRIC_MODES : 0);
  }
  while (true) {
    const size_t length = strcspn(word, ",");
    const unsigned bit = metric_named(word, length);
    if (bit == 0) {
      usage_error(&verb_evaluate, "--metrics has %.*s, expected some of fid, kid, prdc, vendi, modes, with commas",
                  length > 0 ? (int)length : 5, length > 0 ? word : "empty");
      return 0;
    }
    chosen |= bit;
    if (word[length] == '\0') {
      return chosen;
    }
    word += length + 1;
  }
}

/* The name of a flag that says something about REFERENCE, if one was given. */
static const char *flag_of_reference(const cli_settings *settings) {
  static const char *const names[] = {"weights", "array", "labels", "classes", "rows", "limit", "save-stats"};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    if (option_given(settings, &verb_evaluate, names[k])) {
      return names[k];
    }
  }
  return NULL;
}

static bool is_complete(const cli_settings *settings, unsigned metrics) {
  const cli_verb *verb = &verb_evaluate;
  if (settings->second == NULL && settings->load_stats == NULL) {
    usage_error(verb, "GENERATED is missing");
  } else if (settings->second == NULL && flag_of_reference(settings) != NULL) {
    usage_error(verb, "--%s is given but REFERENCE is missing", flag_of_reference(settings));
  } else if (settings->second == NULL && (metrics & (METRIC_KID | METRIC_PRDC | METRIC_MODES)) != 0) {
    usage_error(verb, "--metrics kid, prdc and modes need REFERENCE, not only statistics of it");
  } else if ((metrics & METRIC_MODES) != 0 && settings->labels == NULL) {
    usage_error(verb, "--metrics has modes but --labels is missing");
  } else if (strcmp(settings->mmd_kernel, "gaussian") == 0 && settings->mmd_bandwidth == 0) {
    usage_error(verb, "--mmd-kernel is gaussian but --mmd-bandwidth is missing");
  } else if (strcmp(settings->kernel, "precomputed") == 0 && metrics != METRIC_VENDI) {
    usage_error(verb, "--kernel precomputed takes matrices of similarities, which have Vendi Scores alone: expected "
                      "--metrics vendi");
  } else {
    return selection_is_complete(settings, verb) && similarity_is_sound(settings, verb);
  }
  return false;
}

/* ---- reading ---- */

/* As INPUT is read. */
static bool load_generated(divw_dataset **out, const cli_settings *settings) {
  cli_settings generated = *settings;
  generated.input = settings->second != NULL ? settings->second : settings->input;
  generated.array = settings->generated_array;
  generated.rows = NULL; /* what is selected are rows of the other one */
  generated.classes.count = generated.limit = 0;
  return load_input(out, &generated);
}

static bool read_sets(comparison *sets) {
  const cli_settings *settings = sets->settings;
  return use_threads(settings) &&
         (settings->second == NULL ||
          (load_input(&sets->reference, settings) && select_examples(&sets->reference, settings))) &&
         (settings->weights == NULL ||
          read_weights(&sets->p, settings->weights, divw_dataset_count(sets->reference))) &&
         load_generated(&sets->generated, settings) &&
         (settings->generated_weights == NULL ||
          read_weights(&sets->v, settings->generated_weights, divw_dataset_count(sets->generated))) &&
         (settings->load_stats == NULL || ok(divw_statistics_load(&sets->loaded, settings->load_stats)));
}

static void forget_sets(comparison *sets) {
  divw_statistics_destroy(sets->loaded);
  divw_weights_destroy(sets->v);
  divw_weights_destroy(sets->p);
  divw_dataset_destroy(sets->generated);
  divw_dataset_destroy(sets->reference);
}

static int run(const cli_settings *settings) {
  evaluation result = {.warning_count = 0};
  comparison sets = {.settings = settings, .metrics = choose_metrics(settings)};
  const file_plan plan = {{settings->save_stats},
                          {settings->input, settings->second, settings->weights, settings->generated_weights,
                           settings->labels, settings->rows, settings->load_stats}};
  if (sets.metrics == 0 || !is_complete(settings, sets.metrics)) {
    return STATUS_USAGE;
  }
  const bool done = files_are_writable(&plan) && read_sets(&sets) && evaluate_all(&result, &sets);
  if (done) {
    show_evaluation(&result, &sets);
  }
  evaluation_destroy(&result);
  forget_sets(&sets);
  return done ? STATUS_DONE : STATUS_FAILED;
}

const cli_verb verb_evaluate = {
    .name = "evaluate",
    .operand = "REFERENCE",
    .second = "GENERATED",
    .summary = "compare generated examples with weighted ones",
    .about = "Prints how close GENERATED, such as features of images that a model made, is to\n"
             "REFERENCE under weights: Frechet distance (fid), kernel distance (kid),\n"
             "precision, recall, density and coverage (prdc), Vendi Scores of both, and the\n"
             "share of every class (modes). Give the selection flags that the weights were\n"
             "made with; they are about REFERENCE. --kernel is that of the Vendi Scores; a\n"
             "bandwidth that is left to the data is chosen on REFERENCE, and the same for all.\n\n"
             "Both hold one example per row, as INPUT of the other verbs: .npy, IDX, an array\n"
             "of an .npz, or a folder of .npy files.\n",
    .examples = "  divweights evaluate features.npy generated.npy --weights weights.npy\n"
                "  divweights evaluate features.npy generated.npy --metrics fid,kid --json\n"
                "  divweights evaluate generated.npy --load-stats reference.npz --metrics fid\n",
    .flags = flags,
    .run = run};
