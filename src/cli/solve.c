/* divweights solve: from examples to weights with a proof. */
#define _POSIX_C_SOURCE 200809L

#include "constraints.h"
#include "input.h"
#include "output.h"
#include "plan.h"
#include "solving.h"
#include "start.h"
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
    FLAG_OBJECTIVE,
    {"entropy-weight", FLAG_REAL, FIELD(entropy_weight), "X", NULL, 1e-9, INFINITY,
     .help = "maximise log VS + X H, in place of --balance and --objective"},
    {"effective-examples", FLAG_NAME, FIELD(effective_examples), "N|P%",
     .help = "maximise VS over weights that are worth at least N examples, or P% of them, in place of --balance and "
             "--objective"},
    FLAGS_CONSTRAINTS,
    FLAGS_SOLVER,
    FLAGS_INITIAL,
    {"checkpoint", FLAG_TEXT, FIELD(checkpoint), "FILE",
     .help = "keep the state of the solve in FILE: at the beginning, in between, and after Ctrl-C"},
    {"checkpoint-seconds", FLAG_REAL, FIELD(checkpoint_seconds), "T", "60", 0, INFINITY,
     .help = "how often; 0: not by time"},
    {"checkpoint-iterations", FLAG_WHOLE, FIELD(checkpoint_iterations), "K", "0", 0, INFINITY,
     .help = "also every K iterations; 0: not by iterations"},
    {"resume", FLAG_TEXT, FIELD(resume), "FILE",
     .help =
         "go on from a checkpoint of the same data and options, which ends with the same weights to the last bit as "
         "a solve that was not interrupted; checkpoints go to FILE again unless --checkpoint names another"},
    FLAG_MAX_MEMORY,
    {"dry-run", FLAG_SWITCH, FIELD(dry_run),
     .help = "print the memory that this will take and the time of an iteration, and end before the rows are read"},
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
      {settings->output, report, settings->rows_output, settings->trace, settings->ids_output, settings->table,
       settings->checkpoint},
      {settings->input, settings->labels, settings->rows, settings->ids, settings->group_bounds, settings->exclude,
       settings->quality}}; /* --initial may be the output: weights are brought up to date in place */
  return files_are_writable(&plan);
}

static bool set_goal(divw_solver *solver, const cli_settings *settings) {
  double amount;
  bool is_share;
  if (settings->effective_examples != NULL && read_effective(settings->effective_examples, &amount, &is_share)) {
    return ok(is_share ? divw_solver_set_effective_share(solver, amount)
                       : divw_solver_set_effective_examples(solver, amount));
  }
  return settings->entropy_weight > 0 ? ok(divw_solver_set_entropy_weight(solver, settings->entropy_weight))
                                      : ok(divw_solver_set_balance(solver, settings->balance));
}

static const char *checkpoint_file(const cli_settings *settings) {
  return settings->checkpoint != NULL ? settings->checkpoint : settings->resume;
}

static bool set_checkpoints(divw_solver *solver, const cli_settings *settings) {
  return ok(divw_solver_set_checkpoint(solver, checkpoint_file(settings), settings->checkpoint_seconds,
                                       settings->checkpoint_iterations)) &&
         ok(divw_solver_set_resume(solver, settings->resume));
}

/* What comes before the rows are read: whether they will be, and in *max_memory what --max-memory leaves for the solve.
 */
static bool plan(cli_settings *settings, double *max_memory) {
  cli_plan plan = {0};
  divw_solver *solver = NULL;
  *max_memory = INFINITY;
  if (!settings->dry_run && settings->max_memory == 0) {
    return true;
  }
  const bool done = use_threads(settings) && plan_examples(&plan, settings) &&
                    make_solver(&solver, plan.examples, settings, NULL) && set_goal(solver, settings) &&
                    set_checkpoints(solver, settings) && plan_memory(&plan, solver, settings) &&
                    (!settings->dry_run || plan_show(&plan, settings));
  *max_memory = divw_solver_max_memory(solver);
  settings->streams = plan.streams;
  divw_solver_destroy(solver);
  plan_destroy(&plan);
  return done;
}

static bool solve(divw_weights **weights, const divw_dataset *dataset, const divw_kernel *kernel,
                  const cli_settings *settings, cli_progress *progress, double max_memory) {
  divw_solver *solver = NULL;
  bool done = make_solver(&solver, dataset, settings, progress) && set_goal(solver, settings) &&
              set_start(solver, dataset, settings) && set_checkpoints(solver, settings) &&
              ok(divw_solver_set_max_memory(solver, max_memory));
  if (done) {
    const divw_status status = divw_solver_solve(solver, kernel, weights);
    progress_clear(progress);
    done = ok(status);
  }
  divw_solver_destroy(solver);
  return done;
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
                           const cli_settings *settings, cli_progress *progress, double max_memory) {
  signal(SIGPIPE, SIG_IGN);
  const bool done =
      solve(weights, dataset, kernel, settings, progress, max_memory) && save(*weights, dataset, settings, progress);
  signal(SIGPIPE, SIG_DFL);
  return done;
}

static void print(const divw_weights *weights, const divw_kernel *kernel, const divw_dataset *dataset,
                  const cli_settings *settings, const char *report) {
  if (settings->json) {
    fputs(divw_weights_report(weights), stdout);
    return;
  }
  print_similarity(divw_kernel_parameters(kernel), kernel);
  print_summary(weights);
  if (settings->max_memory > 0) {
    print_row("rows kept", "%s", settings->streams ? "in INPUT (streamed)" : "in memory");
  }
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
  if (checkpoint_file(settings) != NULL) {
    fprintf(stderr, "divweights: the same command with --resume %s goes on from here\n", checkpoint_file(settings));
  }
}

static bool files_are_named_well(const cli_settings *settings) {
  const char *const files[][2] = {{"output", settings->output}, {"rows-output", settings->rows_output}};
  for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
    if (files[k][1] != NULL && is_other_than_npy(files[k][1])) {
      usage_error(&verb_solve, "--%s is %s, expected a name that ends in .npy: --table writes rows and weights as CSV",
                  files[k][0], files[k][1]);
      return false;
    }
  }
  return true;
}

/* Whether the flags say one thing; says what they contradict. */
static bool goal_is_sound(const cli_settings *settings) {
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
  return files_are_named_well(settings) && method_is_sound(settings, &verb_solve) &&
         start_is_sound(settings, &verb_solve);
}

static int run(const cli_settings *given) {
  cli_settings planned = *given, *settings = &planned;
  divw_dataset *dataset = NULL;
  divw_kernel *kernel = NULL;
  divw_weights *weights = NULL;
  cli_progress *progress = NULL;
  char *report = settings->output != NULL ? report_path(settings->output) : NULL;
  int status = STATUS_FAILED;
  double max_memory;
  if (!selection_is_complete(settings, &verb_solve) || !similarity_is_sound(settings, &verb_solve) ||
      !goal_is_sound(settings) || !constraints_are_sound(settings, &verb_solve)) {
    status = STATUS_USAGE;
  } else if (settings->ids_output != NULL && settings->ids == NULL) {
    status = usage_error(&verb_solve, "--ids-output is given but --ids is missing");
  } else if (!is_plan_sound(settings, report) || !plan(settings, &max_memory)) {
    status = STATUS_FAILED;
  } else if (settings->dry_run) {
    status = STATUS_DONE;
  } else if (read_examples(&dataset, &kernel, settings)) {
    progress = progress_start(settings->tolerance, settings->trace != NULL);
    if (solve_and_save(&weights, dataset, kernel, settings, progress, max_memory)) {
      print(weights, kernel, dataset, settings, report);
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
