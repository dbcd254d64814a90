/* Before the rows are read.
 *
 * Selection looks at row numbers and labels only. So the flags are tried on a stand-in with as many rows as INPUT, of
 * one byte each that nobody reads, and what they leave is counted by the code that will do it again later. */
#include "plan.h"

#include "output.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static int32_t never_called(int64_t first, int64_t count, void *rows, void *user) {
  (void)first;
  (void)count;
  (void)rows;
  (void)user;
  return 1;
}

bool plan_examples(cli_plan *plan, const cli_settings *settings) {
  *plan = (cli_plan){0};
  if (!ok(divw_dataset_describe(settings->input, settings->array, &plan->rows, &plan->dimension, &plan->dtype)) ||
      !ok(divw_dataset_create_stream(&plan->examples, plan->rows, 1, DIVW_UINT8, never_called, NULL)) ||
      !choose_examples(&plan->examples, settings)) {
    return false;
  }
  plan->labelled = settings->labels != NULL;
  plan->kept = can_gather(settings) ? divw_dataset_count(plan->examples) : plan->rows;
  return true;
}

void plan_destroy(cli_plan *plan) {
  divw_estimate_destroy(plan->estimate);
  divw_dataset_destroy(plan->examples);
}

/* ---- memory ---- */

enum { HOST = 12 << 20, THREAD = 4 << 20, LARGE = 1 << 20 };

static double bytes_of(int32_t dtype) {
  return dtype == DIVW_FLOAT64 ? 8 : dtype == DIVW_FLOAT32 ? 4 : dtype == DIVW_FLOAT16 ? 2 : 1;
}

typedef struct {
  char text[32];
} size_text;

/* As --max-memory takes it, rounded up so that the same number is enough. */
static size_text size_of(double bytes) {
  static const char *const units[] = {"", "K", "M", "G", "T"};
  size_text words;
  int unit = 0;
  for (; bytes >= 1000 && unit < 4; unit++) {
    bytes /= 1024;
  }
  snprintf(words.text, sizeof words.text, "%.*f%s", unit > 0 ? 2 : 0, ceil(bytes * 100) / 100, units[unit]);
  return words;
}

/* Labels and numbers of rows that are selected from, and a stretch of them while the others are read. */
static double selection(const cli_plan *plan) {
  enum { STRETCH = 4 << 20, READER = 128 << 10 };
  const double n = (double)divw_dataset_count(plan->examples), rows = (double)plan->rows;
  const double row = (double)plan->dimension * bytes_of(plan->dtype), stretch = fmax(STRETCH, row);
  return plan->kept == plan->rows || plan->streams
             ? 0
             : fmax((plan->labelled ? 32 * rows : 0) + 16 * n + READER, n * (row + 32) + stretch);
}

static double part(const cli_plan *plan, int32_t which) {
  const double bytes = divw_estimate_bytes(plan->estimate, which);
  const bool at_first = which == DIVW_MEMORY_PREPARATION || which == DIVW_MEMORY_PEAK;
  return at_first ? fmax(bytes, selection(plan)) : bytes;
}

/* Blocks that are freed are given back to the system at once: otherwise the C library keeps up to 64 MB of them. */
static void give_back_early(void) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, LARGE);
  mallopt(M_TRIM_THRESHOLD, LARGE);
#endif
}

static double peak(const cli_plan *plan) { return part(plan, DIVW_MEMORY_PEAK) + plan->host; }

/* Program, libraries and what they keep, and for each thread what OpenBLAS touches of its buffers: measured with
 * /usr/bin/time, against what the allocator was asked for (docs/pages/stage_solver.md). */
static double host_memory(const cli_plan *plan) {
  const double r = (double)plan->dimension, panel = 8 * 384 * fmin(r, 8192);
  return HOST + divw_threads() * (THREAD + panel);
}

static divw_status estimate(cli_plan *plan, const divw_solver *solver, const divw_similarity *similarity,
                            const cli_settings *settings) {
  const int64_t n = divw_dataset_count(plan->examples), rows = plan->streams ? plan->rows : plan->kept;
  if (plan->by_pairs) {
    return divw_estimate_create_score_two(&plan->estimate, similarity, plan->streams, rows, plan->dimension,
                                          plan->dtype, n, settings->components);
  }
  if (wants_low_rank(settings)) {
    return divw_estimate_create_low_rank(&plan->estimate, solver, similarity, approximation_of(settings),
                                         most_features(settings, n), settings->kernel_residual, plan->streams, rows,
                                         plan->dimension, plan->dtype, n, settings->components);
  }
  return (plan->streams ? divw_estimate_create_streamed : divw_estimate_create_with)(
      &plan->estimate, solver, similarity, rows, plan->dimension, plan->dtype, n, settings->components);
}

static bool make_estimate(cli_plan *plan, const divw_solver *solver, const cli_settings *settings) {
  divw_similarity *similarity;
  divw_estimate_destroy(plan->estimate);
  plan->estimate = NULL;
  const bool done = make_similarity(&similarity, settings) && ok(estimate(plan, solver, similarity, settings));
  divw_similarity_destroy(similarity);
  return done;
}

static const char *solver_name(const divw_solver *solver) { return solver != NULL ? "the solver" : "the score"; }

/* What would take less, where there is such a thing. */
static const char *advice(const cli_plan *plan, const cli_settings *settings) {
  const bool is_large = part(plan, DIVW_MEMORY_KERNEL) > settings->max_memory / 2;
  return !is_large                    ? ""
         : !wants_low_rank(settings)  ? ". Features of low rank take less: --rank R"
         : settings->kernel_rank == 0 ? ". As many features as examples are reckoned with: --rank R bounds them"
                                      : ". A smaller --rank takes less";
}

static bool refuse(const cli_plan *plan, const cli_settings *settings, const char *name) {
  const double solver = part(plan, DIVW_MEMORY_SOLVER), interior = part(plan, DIVW_MEMORY_INTERIOR_POINT);
  return fail(
      "%s: may take %s of memory at its height%s, more than the %s of --max-memory: reading and preparing %s; then "
      "rows %s, kernel %s, and %s %s; and the process itself %s%s%s%s",
      settings->input, size_of(peak(plan)).text, plan->streams ? " with the rows streamed" : "",
      size_of(settings->max_memory).text, size_of(part(plan, DIVW_MEMORY_PREPARATION)).text,
      size_of(part(plan, DIVW_MEMORY_ROWS)).text, size_of(part(plan, DIVW_MEMORY_KERNEL)).text,
      interior > solver ? "interior points" : name, size_of(fmax(solver, interior)).text, size_of(plan->host).text,
      plan->why[0] == '\0' ? "" : ". Streaming the rows would take less, but ", plan->why, advice(plan, settings));
}

/* Estimates; with a limit, what that leaves for the solver. */
static bool estimate_within(cli_plan *plan, divw_solver *solver, const cli_settings *settings) {
  const double limit = settings->max_memory;
  if (solver != NULL && !ok(divw_solver_set_max_memory(solver, INFINITY))) {
    return false;
  }
  if (!make_estimate(plan, solver, settings) || limit == 0 || solver == NULL) {
    return plan->estimate != NULL;
  }
  const double left = limit - plan->host - part(plan, DIVW_MEMORY_ROWS) - part(plan, DIVW_MEMORY_KERNEL);
  return ok(divw_solver_set_max_memory(solver, fmax(left, 1))) && make_estimate(plan, solver, settings);
}

/* Whether INPUT can be read more than once, and from the middle; and otherwise why not. */
static bool can_stream(cli_plan *plan, const cli_settings *settings) {
  divw_dataset *dataset = NULL;
  const bool can = open_input(&dataset, settings) == DIVW_OK;
  if (!can) {
    snprintf(plan->why, sizeof plan->why, "%s", divw_error_message());
  }
  divw_dataset_destroy(dataset);
  return can;
}

bool plan_memory(cli_plan *plan, divw_solver *solver, const cli_settings *settings) {
  const double limit = settings->max_memory;
  plan->host = host_memory(plan);
  if (limit > 0) {
    give_back_early();
  }
  if (!estimate_within(plan, solver, settings)) {
    return false;
  }
  if (limit > 0 && peak(plan) > limit && can_stream(plan, settings)) {
    const double in_memory = peak(plan);
    plan->streams = true;
    if (!estimate_within(plan, solver, settings)) {
      return false;
    }
    if (peak(plan) > limit && in_memory <= peak(plan)) { /* of few rows windows are more */
      plan->streams = false;
      return estimate_within(plan, solver, settings) && refuse(plan, settings, solver_name(solver));
    }
  }
  return limit == 0 || peak(plan) <= limit || refuse(plan, settings, solver_name(solver));
}

/* ---- what is shown ---- */

static const struct {
  const char *name, *key;
  int32_t part;
} parts[] = {{"reading, preparing", "memory_preparation", DIVW_MEMORY_PREPARATION},
             {"rows", "memory_rows", DIVW_MEMORY_ROWS},
             {"kernel", "memory_kernel", DIVW_MEMORY_KERNEL},
             {"solver", "memory_solver", DIVW_MEMORY_SOLVER},
             {"interior points", "memory_interior_point", DIVW_MEMORY_INTERIOR_POINT}};
enum { PARTS = sizeof parts / sizeof parts[0] };

typedef struct {
  double seconds[DIVW_METHOD_ADAM + 1]; /* NaN: not used */
} cli_pace;

static bool measure(const cli_plan *plan, cli_pace *pace) {
  bool done = true;
  for (int32_t method = DIVW_METHOD_AUTO; method <= DIVW_METHOD_ADAM; method++) {
    pace->seconds[method] = NAN;
    if (divw_estimate_uses(plan->estimate, method)) {
      done = done && ok(divw_estimate_seconds(plan->estimate, method, &pace->seconds[method]));
    }
  }
  return done;
}

static void show_as_json(const cli_plan *plan, const cli_pace *pace, const cli_settings *settings) {
  json_open(NULL, '{');
  json_whole("n", divw_dataset_count(plan->examples));
  json_whole("dimension", plan->dimension);
  json_whole("rows", plan->rows);
  json_text("dtype", divw_dtype_name(plan->dtype));
  json_whole("streamed", plan->streams);
  json_text("approximation", divw_approximation_name(approximation_of(settings)));
  json_whole("memory", (int64_t)ceil(peak(plan)));
  json_whole("memory_process", (int64_t)plan->host);
  for (int k = 0; k < PARTS; k++) {
    json_whole(parts[k].key, (int64_t)part(plan, parts[k].part));
  }
  json_open("seconds_per_iteration", '{');
  for (int32_t method = DIVW_METHOD_AUTO; method <= DIVW_METHOD_ADAM; method++) {
    if (!isnan(pace->seconds[method])) {
      json_real(divw_method_name(method), pace->seconds[method]);
    }
  }
  json_close('}');
  json_close('}');
  putchar('\n');
}

static void show_as_table(const cli_plan *plan, const cli_pace *pace, const cli_settings *settings) {
  print_row("examples", "%" PRId64 " of %" PRId64 ", with %" PRId64 " numbers of %s each",
            divw_dataset_count(plan->examples), plan->rows, plan->dimension, divw_dtype_name(plan->dtype));
  print_row("rows kept", "%s", plan->streams ? "in INPUT (streamed)" : "in memory");
  if (wants_low_rank(settings)) {
    print_row("features", "at most %" PRId64 ", %s%s", most_features(settings, divw_dataset_count(plan->examples)),
              divw_approximation_name(approximation_of(settings)),
              settings->kernel_rank > 0 ? "" : "; fewer with --rank");
  }
  printf("\nmemory, in bytes or units of 1024\n");
  print_row("at its height", "%s", size_of(peak(plan)).text);
  for (int k = 0; k < PARTS; k++) {
    if (part(plan, parts[k].part) > 0) {
      print_row(parts[k].name, "%s", size_of(part(plan, parts[k].part)).text);
    }
  }
  print_row("process", "%s", size_of(plan->host).text);
  printf("\nseconds an iteration\n");
  for (int32_t method = DIVW_METHOD_AUTO; method <= DIVW_METHOD_ADAM; method++) {
    if (!isnan(pace->seconds[method])) {
      print_row(divw_method_name(method), "%.2g", pace->seconds[method]);
    }
  }
}

bool plan_show(const cli_plan *plan, const cli_settings *settings) {
  cli_pace pace;
  const bool done = measure(plan, &pace);
  if (done) {
    (settings->json ? show_as_json : show_as_table)(plan, &pace, settings);
  }
  return done;
}
