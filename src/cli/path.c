/* divweights path: the whole curve of diversity against effective examples. */
#define _POSIX_C_SOURCE 200809L

#include "constraints.h"
#include "curve.h"
#include "input.h"
#include "output.h"
#include "progress.h"
#include "solving.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const cli_flag flags[] = {
    FLAGS_SELECTION,
    FLAG_IDS,
    FLAGS_KERNEL,
    {"balances", FLAG_REALS, FIELD(balances), "0,0.5,1", NULL, 0, 1,
     .help = "solve at these balances, 1: as diverse as can be; 0: all examples the same weight"},
    {"points", FLAG_WHOLE, FIELD(points), "N", "11", 2, 10000,
     .help = "in place of --balances: so many points that cover the curve evenly"},
    FLAG_OBJECTIVE,
    FLAGS_CONSTRAINTS,
    FLAGS_SOLVER,
    FLAG_THREADS,
    {"csv", FLAG_TEXT, FIELD(csv), "FILE", .help = "write the points as CSV"},
    {"plot", FLAG_TEXT, FIELD(plot), "FILE",
     .help = "draw the curve with gnuplot, as .png or .svg; the script stays beside it as .gp"},
    {"output", FLAG_TEXT, FIELD(output), "FOLDER",
     .help = "write the weights of every point to FOLDER/weights-BALANCE.npy, and their report beside them; names that "
             "end as those of files are refused"},
    FLAG_JSON,
    {0}};

typedef struct {
  const cli_settings *settings;
  cli_progress *progress;
  cli_curve curve;
  bool failed;
  bool made_folder; /* that of --output */
} cli_path;

/* ---- points ---- */

/* "FOLDER/weights-0.5.npy", with as many digits as tell the balance from all others; to be freed. */
static char *weights_path(const char *folder, double balance) {
  const size_t size = strlen(folder) + 48;
  char *path = allocate((int64_t)size, 1), number[32];
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(number, sizeof number, "%.*g", digits, balance);
    if (strtod(number, NULL) == balance) {
      break;
    }
  }
  snprintf(path, size, "%s/weights-%s.npy", folder, number);
  return path;
}

static int32_t take_point(int64_t index, const divw_weights *weights, void *user) {
  cli_path *path = user;
  (void)index;
  if (divw_weights_stop_reason(weights) == DIVW_STOP_CANCELLED) {
    return 1; /* somewhere below the curve */
  }
  curve_add(&path->curve, weights);
  if (path->settings->output != NULL) {
    char *file = weights_path(path->settings->output, divw_weights_balance(weights));
    path->failed = !ok(divw_weights_save(weights, file));
    free(file);
  }
  progress_next(path->progress, path->curve.count + 1, path->curve.wanted);
  return path->failed || progress_signal() != 0;
}

static bool solve(cli_path *path, const divw_dataset *dataset, const divw_kernel *kernel) {
  const cli_settings *settings = path->settings;
  const real_list *balances = &settings->balances;
  divw_solver *solver = NULL;
  bool done = make_solver(&solver, dataset, settings, path->progress);
  if (done) {
    progress_next(path->progress, 1, path->curve.wanted);
    const divw_status status = divw_solver_path(solver, kernel, balances->count > 0 ? balances->values : NULL,
                                                path->curve.wanted, take_point, path);
    progress_clear(path->progress);
    done = ok(status) && !path->failed;
  }
  divw_solver_destroy(solver);
  curve_sort(&path->curve);
  if (path->curve.count < path->curve.wanted && progress_signal() == 0) {
    path->curve.divided = 0; /* there was nothing left to divide */
  }
  return done;
}

/* ---- what is told ---- */

static bool save(const cli_path *path) {
  const cli_settings *settings = path->settings;
  bool saved = settings->csv == NULL || curve_save_csv(&path->curve, settings->csv);
  if (settings->plot != NULL && path->curve.count > 0) {
    saved &= curve_draw(&path->curve, settings->plot);
  }
  return saved;
}

static void print_json(const cli_path *path, const divw_kernel *kernel, const divw_dataset *dataset) {
  const cli_settings *settings = path->settings;
  json_open(NULL, '{');
  json_whole("n", divw_dataset_count(dataset));
  json_whole("dimension", divw_dataset_dimension(dataset));
  json_kernel(kernel);
  json_real("order", settings->order);
  json_text("objective", settings->objective);
  json_real("tolerance", settings->tolerance);
  json_real("seconds_read", divw_dataset_seconds_read(dataset));
  curve_print_json(&path->curve);
  json_close('}');
  putchar('\n');
}

static void print(const cli_path *path, const divw_kernel *kernel, const divw_dataset *dataset) {
  const cli_settings *settings = path->settings;
  if (settings->json) {
    print_json(path, kernel, dataset);
    return;
  }
  print_similarity(divw_kernel_parameters(kernel), kernel);
  print_row("examples", "%" PRId64, divw_dataset_count(dataset));
  if (settings->order != 1) {
    print_row("order", "%.12g", settings->order);
  }
  print_row("objective",
            path->curve.logarithmic ? "G = balance log VS + (1 - balance) H" : "J = balance VS + (1 - balance) H");
  putchar('\n');
  curve_print(&path->curve);
  putchar('\n');
  if (path->curve.count < path->curve.wanted && progress_signal() == 0) {
    print_row("points", "%" PRId64 ": no balance between them gives anything new", path->curve.count);
  }
  const char *const files[][2] = {{"csv", settings->csv}, {"plot", settings->plot}, {"weights", settings->output}};
  for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
    if (files[k][1] != NULL) {
      print_row(files[k][0], "%s", files[k][1]);
    }
  }
}

/* ---- the verb ---- */

static bool goal_is_sound(const cli_settings *settings) {
  if (settings->balances.count > 0 && option_given(settings, &verb_path, "points")) {
    usage_error(&verb_path, "--points and --balances are given, expected one or the other");
    return false;
  }
  if (settings->plot != NULL && !curve_can_draw(settings->plot)) {
    usage_error(&verb_path, "--plot is %s, expected a name that ends in .png or .svg, without quotes", settings->plot);
    return false;
  }
  if (settings->output != NULL && (ends_in(settings->output, ".npy") || is_other_than_npy(settings->output))) {
    usage_error(&verb_path,
                "--output is %s, expected the name of a folder, for the weights of every point: --csv writes the "
                "points as a table, --json prints them",
                settings->output);
    return false;
  }
  return selection_is_complete(settings, &verb_path) && similarity_is_sound(settings, &verb_path) &&
         constraints_are_sound(settings, &verb_path) && method_is_sound(settings, &verb_path);
}

static bool is_plan_sound(cli_path *path) {
  const cli_settings *settings = path->settings;
  if (settings->output != NULL) {
    path->made_folder = mkdir(settings->output, 0777) == 0;
    if (!path->made_folder && errno != EEXIST) {
      return fail("%s: cannot be made: %s", settings->output, strerror(errno));
    }
  }
  char *script = settings->plot != NULL ? curve_script_path(settings->plot) : NULL;
  char *first = settings->output != NULL ? weights_path(settings->output, 0) : NULL;
  const file_plan plan = {{settings->csv, settings->plot, script, first},
                          {settings->input, settings->labels, settings->rows, settings->ids, settings->group_bounds,
                           settings->exclude, settings->quality}};
  const bool sound = files_are_writable(&plan);
  free(script);
  free(first);
  return sound;
}

static int run(const cli_settings *settings) {
  divw_dataset *dataset = NULL;
  divw_kernel *kernel = NULL;
  cli_path path = {.settings = settings,
                   .curve = {.wanted = settings->balances.count > 0 ? settings->balances.count : settings->points,
                             .logarithmic = strcmp(settings->objective, "log") == 0,
                             .is_even = settings->balances.count == 0}};
  int status = STATUS_FAILED;
  if (!goal_is_sound(settings)) {
    status = STATUS_USAGE;
  } else if (is_plan_sound(&path) && read_examples(&dataset, &kernel, settings)) {
    path.curve.points = allocate(path.curve.wanted, sizeof *path.curve.points);
    path.progress = progress_start(settings->tolerance, false);
    signal(SIGPIPE, SIG_IGN); /* as in solve: a reader of stderr that has gone must not take the points along */
    const bool done = solve(&path, dataset, kernel) && save(&path);
    signal(SIGPIPE, SIG_DFL);
    if (done) {
      print(&path, kernel, dataset);
      status = STATUS_DONE;
    }
  }
  if (status == STATUS_DONE && progress_signal() != 0) {
    fprintf(stderr, "divweights: interrupted after %" PRId64 " points\n", path.curve.count);
    status = STATUS_SIGNAL + progress_signal();
  }
  if (path.made_folder) {
    rmdir(settings->output); /* fails, as it should, unless it is empty */
  }
  progress_destroy(path.progress);
  free(path.curve.points);
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(dataset);
  return status;
}

const cli_verb verb_path = {
    .name = "path",
    .operand = "INPUT",
    .summary = "solve at many balances: the curve of diversity against evenness",
    .about = "Solves at many balances, each from where the ones before it point, and prints\n"
             "what each achieves and what is proven about it: the trade-off to choose a\n"
             "balance from. Where copies dominate, the curve jumps; then there are points on\n"
             "either side and none between. Ctrl-C stops it and keeps the points so far.\n\n" ABOUT_INPUT,
    .examples = "  divweights path embeddings.npy --plot curve.png\n"
                "  divweights path embeddings.npy --points 21 --objective log --csv curve.csv\n"
                "  divweights path embeddings.npy --balances 0,0.25,0.5,0.75,1 --output weights\n",
    .flags = flags,
    .run = run};
