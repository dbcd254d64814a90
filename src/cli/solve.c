/* divweights solve: from examples to weights with a proof. */
#define _POSIX_C_SOURCE 200809L

#include "constraints.h"
#include "input.h"
#include "output.h"
#include "progress.h"
#include "summary.h"
#include "table.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cli_flag flags[] = {
    FLAGS_SELECTION,
    FLAG_IDS,
    FLAGS_KERNEL,
    {"balance", FLAG_REAL, FIELD(balance), "X", "0.5", 0, 1,
     .help = "1: as diverse as can be; 0: all examples the same weight"},
    {"objective", FLAG_CHOICE, FIELD(objective), "published|log", "published",
     .help = "published: J = balance VS + (1 - balance) H, with VS the Vendi Score and H the entropy of the weights in "
             "nats; log: G = balance log VS + (1 - balance) H, where a balance means the same for every number of "
             "examples"},
    {"entropy-weight", FLAG_REAL, FIELD(entropy_weight), "X", NULL, 1e-9, INFINITY,
     .help = "maximise log VS + X H, in place of --balance and --objective"},
    {"effective-examples", FLAG_NAME, FIELD(effective_examples), "N|P%",
     .help = "maximise VS over weights that are worth at least N examples, or P% of them, in place of --balance and "
             "--objective"},
    FLAGS_CONSTRAINTS,
    {"order", FLAG_REAL, FIELD(order), "Q", "1", 0.5, INFINITY,
     .help =
         "order of the Vendi Score: the larger, the less rare kinds count; 1, or at least 0.001 from it, to 100, or "
         "inf"},
    {"method", FLAG_CHOICE, FIELD(method), "auto|accelerated|interior-point|adam", "auto",
     .help = "how to climb: accelerated takes any number of examples, interior-point up to some thousands but hardly "
             "more than ten iterations; auto chooses; adam is the published optimiser, to compare with"},
    {"tolerance", FLAG_REAL, FIELD(tolerance), "X", "1e-6", 1e-13, 1,
     .help = "gap at which to stop, in nats of log VS"},
    {"max-iterations", FLAG_WHOLE, FIELD(max_iterations), "N", "500", 1, INFINITY,
     .help = "iterations of all solves together"},
    {"max-solves", FLAG_WHOLE, FIELD(max_solves), "N", "16", 1, 64,
     .help = "solves that may be spent on the global bound; ordinary data need 1"},
    FLAG_THREADS,
    {"trace", FLAG_TEXT, FIELD(trace), "FILE", .help = "write one line per iteration as CSV"},
    {"output", FLAG_TEXT, FIELD(output), "FILE",
     .help = "write the weights as .npy, in the order of the selected rows, and the report beside it as .json; "
             "without it only the report is printed"},
    {"rows-output", FLAG_TEXT, FIELD(rows_output), "FILE",
     .help = "write the row number in INPUT of every weight as .npy, for sample --rows"},
    {"ids-output", FLAG_TEXT, FIELD(ids_output), "FILE",
     .help = "write the id of every weight as text, one per line, for sample --ids; needs --ids"},
    {"table", FLAG_TEXT, FIELD(table), "FILE",
     .help = "write row, id, label, weight and marginal diversity of every selected example as CSV"},
    FLAG_JSON,
    {0}};

static bool is_plan_sound(const cli_settings *settings, const char *report) {
  const file_plan plan = {
      {settings->output, report, settings->rows_output, settings->trace, settings->ids_output, settings->table},
      {settings->input, settings->labels, settings->rows, settings->ids, settings->group_bounds, settings->exclude,
       settings->quality}};
  return files_are_writable(&plan);
}

static int32_t method_of(const cli_settings *settings) {
  for (int32_t method = DIVW_METHOD_AUTO; method < DIVW_METHOD_ADAM; method++) {
    if (strcmp(settings->method, divw_method_name(method)) == 0) {
      return method;
    }
  }
  return DIVW_METHOD_ADAM;
}

static bool set_objective(divw_solver *solver, const cli_settings *settings) {
  double amount;
  bool is_share;
  if (settings->effective_examples != NULL && read_effective(settings->effective_examples, &amount, &is_share)) {
    return ok(is_share ? divw_solver_set_effective_share(solver, amount)
                       : divw_solver_set_effective_examples(solver, amount));
  }
  if (settings->entropy_weight > 0) {
    return ok(divw_solver_set_entropy_weight(solver, settings->entropy_weight));
  }
  const bool logarithm = strcmp(settings->objective, divw_objective_name(DIVW_OBJECTIVE_LOG)) == 0;
  return ok(divw_solver_set_balance(solver, settings->balance)) &&
         ok(divw_solver_set_objective(solver, logarithm ? DIVW_OBJECTIVE_LOG : DIVW_OBJECTIVE_PUBLISHED));
}

static bool make_solver(divw_solver **solver, const divw_dataset *dataset, const cli_settings *settings,
                        cli_progress *progress) {
  return ok(divw_solver_create(solver)) && set_objective(*solver, settings) &&
         set_constraints(*solver, settings, dataset) && ok(divw_solver_set_order(*solver, settings->order)) &&
         ok(divw_solver_set_method(*solver, method_of(settings))) &&
         ok(divw_solver_set_tolerance(*solver, settings->tolerance)) &&
         ok(divw_solver_set_max_iterations(*solver, settings->max_iterations)) &&
         ok(divw_solver_set_max_solves(*solver, (int32_t)settings->max_solves)) &&
         ok(divw_solver_set_progress(*solver, progress_step, progress));
}

static bool solve(divw_weights **weights, const divw_dataset *dataset, const divw_kernel *kernel,
                  const cli_settings *settings, cli_progress *progress) {
  divw_solver *solver = NULL;
  if (!make_solver(&solver, dataset, settings, progress)) {
    divw_solver_destroy(solver);
    return false;
  }
  const divw_status status = divw_solver_solve(solver, kernel, weights);
  progress_clear(progress);
  divw_solver_destroy(solver);
  return ok(status);
}

static bool save_ids(const divw_weights *weights, const char *path) {
  const int64_t n = divw_weights_count(weights);
  const char **ids = allocate(n, sizeof *ids);
  for (int64_t i = 0; i < n; i++) {
    ids[i] = divw_weights_id(weights, i);
  }
  const bool done = ok(divw_ids_save(path, ids, n));
  free(ids);
  return done;
}

/* Every file is tried, so that one that fails does not cost the others. */
static bool save(const divw_weights *weights, const divw_dataset *dataset, const cli_settings *settings,
                 cli_progress *progress) {
  bool saved = settings->output == NULL || ok(divw_weights_save(weights, settings->output));
  if (settings->rows_output != NULL) {
    saved &= ok(divw_indices_save(settings->rows_output, divw_weights_rows(weights), divw_weights_count(weights)));
  }
  if (settings->ids_output != NULL) {
    saved &= save_ids(weights, settings->ids_output);
  }
  if (settings->table != NULL) {
    saved &= save_table(weights, divw_dataset_labels(dataset), settings->table);
  }
  if (settings->trace != NULL) {
    saved &= progress_save_trace(progress, settings->trace);
  }
  return saved;
}

/* Ctrl-C in `divweights solve ... 2>&1 | tee log` ends tee as well; what is said to it afterwards must not end this
 * process before the weights are written. */
static bool solve_and_save(divw_weights **weights, const divw_dataset *dataset, const divw_kernel *kernel,
                           const cli_settings *settings, cli_progress *progress) {
  signal(SIGPIPE, SIG_IGN);
  const bool done = solve(weights, dataset, kernel, settings, progress) && save(*weights, dataset, settings, progress);
  signal(SIGPIPE, SIG_DFL);
  return done;
}

static void print(const divw_weights *weights, const divw_dataset *dataset, const cli_settings *settings,
                  const char *report) {
  if (settings->json) {
    fputs(divw_weights_report(weights), stdout);
    return;
  }
  print_summary(weights);
  print_row("seconds", "%.3g, and %.3g reading", divw_weights_seconds(weights), divw_dataset_seconds_read(dataset));
  if (settings->output != NULL) {
    print_row("weights", "%s", settings->output);
    print_row("report", "%s", report);
  } else {
    print_row("weights", "not kept; --output FILE keeps them");
  }
  const char *const files[][2] = {{"rows", settings->rows_output},
                                  {"ids", settings->ids_output},
                                  {"table", settings->table},
                                  {"trace", settings->trace}};
  for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
    if (files[k][1] != NULL) {
      print_row(files[k][0], "%s", files[k][1]);
    }
  }
}

static void say_interrupted(const divw_weights *weights, const cli_settings *settings, const char *report) {
  fprintf(stderr, "divweights: interrupted at gap %.2g nats after %" PRId64 " iterations; ", divw_weights_gap(weights),
          divw_weights_iterations(weights));
  if (settings->output != NULL) {
    fprintf(stderr, "the best weights so far are in %s, their report in %s\n", settings->output, report);
  } else {
    fprintf(stderr, "the weights are lost, --output FILE keeps them\n");
  }
}

/* Whether the flags say one thing; says what they contradict. */
static bool goal_is_sound(const cli_settings *settings) {
  const double order = settings->order;
  static const char *const goals[] = {"effective-examples", "entropy-weight", "balance", "objective"};
  double amount;
  bool is_share;
  for (int k = 0; k < 2; k++) {
    for (int other = k + 1; other < 4 && option_given(settings, &verb_solve, goals[k]); other++) {
      if (option_given(settings, &verb_solve, goals[other])) {
        usage_error(&verb_solve, "--%s takes the place of --%s, expected one or the other", goals[k], goals[other]);
        return false;
      }
    }
  }
  if (settings->effective_examples != NULL && !read_effective(settings->effective_examples, &amount, &is_share)) {
    usage_error(&verb_solve, "--effective-examples is %s, expected a number of at least 1, or a share like 30%%",
                settings->effective_examples);
    return false;
  }
  if ((isfinite(order) && order > 100) || (order != 1 && fabs(order - 1) < 0.999e-3)) {
    usage_error(&verb_solve, "--order is %.12g, expected 0.5 to 100 (1, or at least 0.001 from it), or inf", order);
    return false;
  }
  if (isinf(order) && (strcmp(settings->method, "accelerated") == 0 || strcmp(settings->method, "adam") == 0)) {
    usage_error(&verb_solve, "--method %s has no gradient to climb at --order inf, expected auto or interior-point",
                settings->method);
    return false;
  }
  return true;
}

static int run(const cli_settings *settings) {
  divw_dataset *dataset = NULL;
  divw_kernel *kernel = NULL;
  divw_weights *weights = NULL;
  cli_progress *progress = NULL;
  char *report = settings->output != NULL ? report_path(settings->output) : NULL;
  int status = STATUS_FAILED;
  if (!selection_is_complete(settings, &verb_solve) || !goal_is_sound(settings) ||
      !constraints_are_sound(settings, &verb_solve)) {
    status = STATUS_USAGE;
  } else if (settings->ids_output != NULL && settings->ids == NULL) {
    status = usage_error(&verb_solve, "--ids-output is given but --ids is missing");
  } else if (is_plan_sound(settings, report) && read_examples(&dataset, &kernel, settings)) {
    progress = progress_start(settings->tolerance, settings->trace != NULL);
    if (solve_and_save(&weights, dataset, kernel, settings, progress)) {
      print(weights, dataset, settings, report);
      status = STATUS_DONE;
    }
  }
  if (status == STATUS_DONE && progress_signal() != 0) {
    say_interrupted(weights, settings, report);
    status = STATUS_SIGNAL + progress_signal();
  }
  progress_destroy(progress);
  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(dataset);
  free(report);
  return status;
}

const cli_verb verb_solve = {
    .name = "solve",
    .operand = "INPUT",
    .summary = "find the weights that make examples as diverse as they can be",
    .about = "Finds one probability per example that maximises diversity against evenness of\n"
             "the weights, prints what it achieves, and proves how far from the best it can\n"
             "be at most (the gap). Ctrl-C stops it and keeps the best weights so far.\n\n" ABOUT_INPUT,
    .examples = "  divweights solve embeddings.npy --output weights.npy\n"
                "  divweights solve images.idx.gz --labels labels.idx.gz --classes 0,1 \\\n"
                "             --balance 0.9 --output weights.npy --rows-output rows.npy\n"
                "  divweights solve shards/ --ids names.txt --center --components 64 \\\n"
                "             --output weights.npy --table weights.csv\n",
    .flags = flags,
    .run = run};
