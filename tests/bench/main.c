/* Flags, and the table of cases. */
#include "bench.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

typedef struct {
  const char *name, *sets;
  int64_t repeats;
  void (*run)(const bench_options *options, bench_table *table);
} bench_case;

static const bench_case cases[] = {
    {"methods", "mnist01-500,mnist01,mixture-800x64,mixture-5000x64,mixture-5000x128,digits-2000", 1, bench_methods},
    {"iteration", "mixture-100000x128,mixture-100000x512,mixture-100000x1024", 15, bench_iteration},
    {"solve", "digits-10000,mixture-100000x512", 5, bench_solve},
    {"bars", "", 9, bench_bars},
    {"rows", NULL, 1, bench_rows}};

static const char help[] =
    "Usage: divweights-bench CASE [flags]\n"
    "\n"
    "Measures the library and prints a Markdown table.\n"
    "\n"
    "  methods      iterations, row passes and seconds to a gap, for every order and balance\n"
    "  iteration    one iteration against the floor: a bare syrk and trmm of the rows (n x r)\n"
    "               and a bare dsyevd (r x r), in turn with the iterations of one solve\n"
    "  solve        a whole solve against its iterations times the floor\n"
    "  bars         the figures of iteration and solve that are aimed at, each with its aim:\n"
    "               minutes and 7 GB; published.py and streamed rows are apart\n"
    "  rows         writes a set to --output FILE.npy\n"
    "\n"
    "  --set A,B,...       mixture-NxD: N x D signed rows, a long-tailed mixture of 1,000\n"
    "                      clusters on the sphere; digits-N: made digits, 784 columns;\n"
    "                      mnist[-N], mnist01[-N]: the first N MNIST test images, of digits 0\n"
    "                      and 1, from $DIVWEIGHTS_DATA or ../shared/data, left out where they\n"
    "                      are not. :float32, :float64 or :uint8 after a name chooses the type\n"
    "                      (mixtures are float32, images uint8)\n"
    "  --order Q,...       orders of the Vendi Score (methods: 0.5,1,2,5,inf; otherwise 1)\n"
    "  --balance B,...     balances (methods: 0,0.1,...,0.9,0.99,1; otherwise 0.5)\n"
    "  --method M,...      methods of the solver (auto; iteration: accelerated)\n"
    "  --tolerance X       gap to reach (1e-6)\n"
    "  --max-iterations N  of a solve (500)\n"
    "  --seconds X         after which a solve is given up (60)\n"
    "  --repeats N         of which the median is taken (iteration 15, solve 5)\n"
    "  --floor TYPE        precision of the floor's syrk and trmm: single (default) or double\n"
    "  --threads N         of the library and of the floor (OPENBLAS_NUM_THREADS, or all cores)\n"
    "  --divide N          bars: with an N-th of the rows, to try the command (1); of the flags above it takes\n"
    "                      --repeats, --max-iterations, --floor and --threads\n"
    "  --json              JSON in place of Markdown\n"
    "  --output FILE       of rows\n"
    "\n"
    "Exit status: 0 done, 2 bad usage, 1 any other failure.\n";

void die(int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("divweights-bench: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(status);
}

void must(divw_status status) {
  if (status != DIVW_OK) {
    die(EXIT_FAILURE, "%s", divw_error_message());
  }
}

void *allocate(int64_t count, size_t size) {
  void *memory = calloc((size_t)count, size);
  if (memory == NULL) {
    die(EXIT_FAILURE, "out of memory: %lld x %zu bytes", (long long)count, size);
  }
  return memory;
}

/* ---- lists ---- */

bool next_item(const char **list, char *item, size_t room) {
  size_t length = strcspn(*list, ",");
  if (**list == '\0') {
    return false;
  }
  if (length == 0 || length >= room) {
    die(EXIT_USAGE, "\"%s\" is no list, expected items with commas between them: see --help", *list);
  }
  memcpy(item, *list, length);
  item[length] = '\0';
  *list += length;
  if (**list == ',' && (*list)[1] != '\0') { /* a comma at the end is an empty item, and refused next time */
    ++*list;
  }
  return true;
}

double number_of(const char *what, const char *text, double low, double high) {
  char *end;
  double number = strtod(text, &end);
  if (end == text || *end != '\0' || !(number >= low && number <= high)) {
    die(EXIT_USAGE, "%s is %s, expected a number from %g to %g", what, text, low, high);
  }
  return number;
}

/* ---- flags ---- */

static const bench_case *case_of(const char *name) {
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    if (strcmp(cases[k].name, name) == 0) {
      return &cases[k];
    }
  }
  die(EXIT_USAGE, "%s is no case, expected methods, iteration, solve, bars or rows: see --help", name);
}

static void set_flag(bench_options *options, const char *flag, const char *value) {
  const struct {
    const char *flag;
    const char **text;
    int64_t *whole;
    double *real;
  } flags[] = {{"--set", &options->sets, NULL, NULL},
               {"--order", &options->orders, NULL, NULL},
               {"--balance", &options->balances, NULL, NULL},
               {"--method", &options->methods, NULL, NULL},
               {"--output", &options->output, NULL, NULL},
               {"--repeats", NULL, &options->repeats, NULL},
               {"--threads", NULL, &options->threads, NULL},
               {"--divide", NULL, &options->divide, NULL},
               {"--max-iterations", NULL, &options->max_iterations, NULL},
               {"--tolerance", NULL, NULL, &options->tolerance},
               {"--seconds", NULL, NULL, &options->seconds}};
  for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
    if (strcmp(flags[k].flag, flag) != 0) {
      continue;
    }
    if (flags[k].text != NULL) {
      *flags[k].text = value;
    } else if (flags[k].whole != NULL) {
      *flags[k].whole = (int64_t)number_of(flag, value, 1, 1e6);
    } else {
      *flags[k].real = number_of(flag, value, 0, 1e9);
    }
    return;
  }
  if (strcmp(flag, "--floor") != 0 || (strcmp(value, "single") != 0 && strcmp(value, "double") != 0)) {
    die(EXIT_USAGE, "%s %s is no flag: see --help", flag, value);
  }
  options->double_floor = strcmp(value, "double") == 0;
}

/* What is measured by bars is fixed, and --divide is for it alone. */
static void check_flag(const bench_case *chosen, const char *flag) {
  static const char *const of_bars[] = {"--repeats", "--threads", "--floor", "--divide", "--max-iterations"};
  bool is_of_bars = false;
  for (size_t k = 0; k < sizeof of_bars / sizeof *of_bars; k++) {
    is_of_bars |= strcmp(of_bars[k], flag) == 0;
  }
  if (chosen->run == bench_bars ? !is_of_bars : strcmp(flag, "--divide") == 0) {
    die(EXIT_USAGE, "%s is no flag of %s: see --help", flag, chosen->name);
  }
}

static bench_options parse(const bench_case *chosen, int count, char **arguments) {
  bool sweeps = chosen->run == bench_methods;
  bench_options options = {.sets = chosen->sets,
                           .orders = sweeps ? "0.5,1,2,5,inf" : "1",
                           .balances = sweeps ? "0,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,0.99,1" : "0.5",
                           .methods = chosen->run == bench_iteration ? "accelerated" : "auto",
                           .tolerance = 1e-6,
                           .seconds = 60,
                           .repeats = chosen->repeats,
                           .max_iterations = 500,
                           .divide = 1};
  for (int k = 0; k < count; k++) {
    if (strcmp(arguments[k], "--json") == 0) {
      options.json = true;
    } else if (k + 1 < count) {
      check_flag(chosen, arguments[k]);
      set_flag(&options, arguments[k], arguments[k + 1]);
      k++;
    } else {
      die(EXIT_USAGE, "%s needs a value, or is no flag: see --help", arguments[k]);
    }
  }
  if (options.sets == NULL) {
    die(EXIT_USAGE, "--set is missing: see --help");
  }
  return options;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    die(EXIT_USAGE, "the case is missing: see --help");
  }
  if (strcmp(argv[1], "--help") == 0) {
    fputs(help, stdout);
    return EXIT_SUCCESS;
  }
  const bench_case *chosen = case_of(argv[1]);
  bench_options options = parse(chosen, argc - 2, argv + 2);
  must(divw_set_threads(options.threads > 0 ? (int32_t)options.threads : divw_threads())); /* as the command does */
  bench_table *table = table_begin(chosen->name, options.json);
  chosen->run(&options, table);
  table_end(table);
  if (fflush(stdout) != 0 || ferror(stdout)) {
    die(EXIT_FAILURE, "stdout: cannot be written: %s", strerror(errno));
  }
  return EXIT_SUCCESS;
}
