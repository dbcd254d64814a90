/* A plot is a row of a table: a name, and a function that writes its data (NAME.csv) and the part of its gnuplot
 * script that is its own (NAME.gp). All data and scripts are there before gnuplot draws NAME.svg and NAME.png, so that
 * plots can be had later, or otherwise, from the same folder.
 *
 * Uniform weights are grey, dashed or light, the weights found are blue, solid and dark: told apart by anybody, on
 * paper too. */
#define _POSIX_C_SOURCE 200809L

#include "plots.h"

#include "gnuplot.h"
#include "input.h"
#include "output.h"
#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct cli_plots {
  const cli_settings *settings;
  bool made_folder;
  char *trace; /* NULL: none */
};

/* What a plot is made from, and where its data and the body of its script go. */
typedef struct {
  const cli_plots *plots;
  const cli_examples *examples;
  FILE *data, *script;
} plot_job;

/* ---- sorted weights ---- */

static int heavier(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

/* A plot shows no more than this; beyond, ranks are taken at equal steps of their logarithm. */
static const double MOST_POINTS = 5000;

static bool write_sorted_weights(const plot_job *job) {
  const int64_t n = job->examples->n;
  const double growth = pow((double)n, 1 / MOST_POINTS);
  double *p = allocate(n, sizeof *p);
  memcpy(p, job->examples->p, (size_t)n * sizeof *p);
  qsort(p, (size_t)n, sizeof *p, heavier);
  fputs("rank,weight,times_uniform\n", job->data);
  for (int64_t rank = 1; rank <= n;) {
    fprintf(job->data, "%" PRId64 ",%.17g,%.17g\n", rank, p[rank - 1], p[rank - 1] * (double)n);
    const int64_t next = (double)n > MOST_POINTS ? (int64_t)((double)rank * growth) : 0;
    rank = rank < n && next > n ? n : next > rank ? next : rank + 1;
  }
  fprintf(job->script,
          "set xlabel 'examples, heaviest first (rank)'\n"
          "set ylabel 'weight (multiples of uniform)'\n"
          "set logscale xy\n"
          "set xrange [1:%" PRId64 "]\n"
          "set yrange [1e-4:*]\n"
          "set format y '%%g'\n"
          "unset mytics\n"
          "set key bottom left\n"
          "plot 1 with lines linestyle 1 title 'uniform', \\\n"
          "     'sorted_weights.csv' using 1:3 skip 1 with lines linestyle 2 title 'diversity weights'\n",
          n > 1 ? n : 2);
  free(p);
  return true;
}

/* ---- spectrum ---- */

static bool write_spectra(const plot_job *job, const double *before, const double *after, int64_t r) {
  fputs("rank,uniform,weighted\n", job->data);
  for (int64_t k = 0; k < r; k++) {
    fprintf(job->data, "%" PRId64 ",%.17g,%.17g\n", k + 1, before[k], after[k]);
  }
  fprintf(job->script,
          "set xlabel 'eigenvalue, largest first (rank)'\n"
          "set ylabel 'eigenvalue (all add up to 1)'\n"
          "set logscale xy\n"
          "set xrange [1:%" PRId64 "]\n"
          "set yrange [1e-6:1]\n"
          "set format y '10^{%%T}'\n"
          "unset mytics\n"
          "set key bottom left\n"
          "plot 'spectrum.csv' using 1:2 skip 1 with lines linestyle 1 title 'uniform: Vendi Score %.1f', \\\n"
          "     'spectrum.csv' using 1:3 skip 1 with lines linestyle 2 title 'diversity weights: Vendi Score %.1f'\n",
          r > 1 ? r : 2, divw_vendi_of_spectrum(before, r, 1), divw_vendi_of_spectrum(after, r, 1));
  return true;
}

static bool write_spectrum(const plot_job *job) {
  divw_kernel *kernel = NULL;
  double *mu = NULL;
  bool done = bind_kernel(&kernel, job->examples->dataset, job->plots->settings);
  if (done) {
    const int64_t r = divw_kernel_features(kernel);
    mu = allocate(2 * r, sizeof *mu);
    done = ok(divw_vendi_spectrum(kernel, NULL, mu)) && ok(divw_vendi_spectrum(kernel, job->examples->p, mu + r)) &&
           write_spectra(job, mu, mu + r, r);
  }
  free(mu);
  divw_kernel_destroy(kernel);
  return done;
}

/* ---- steps ---- */

/* gnuplot would put eleven numbers on an axis that has room for five: it does not look at the height of a panel. */
static bool write_steps(const plot_job *job) {
  fputs(job->plots->trace, job->data);
  fputs("round(x) = (e = 10 ** floor(log10(x)), x > 5 * e ? 10 * e : x > 2 * e ? 5 * e : 2 * e)\n"
        "distance(low, high) = round(high - low > 1e-6 * high ? (high - low) / 4 : 1)\n"
        "stats 'steps.csv' using 2 skip 1 name 'score' nooutput\n"
        "stats 'steps.csv' using 3 skip 1 name 'entropy' nooutput\n"
        "set multiplot layout 3,1 margins 0.13,0.97,0.14,0.98 spacing 0,0.06\n"
        "unset key\n"
        "set xrange [0:*] noextend\n"
        "if (score_records < 9) {set xtics 1}\n"
        "set format x ''\n"
        "set ylabel 'Vendi Score'\n"
        "set ytics distance(score_min, score_max)\n"
        "plot 'steps.csv' using 1:2 skip 1 with linespoints linestyle 2\n"
        "set ylabel 'entropy (nats)'\n"
        "set ytics distance(entropy_min, entropy_max)\n"
        "plot 'steps.csv' using 1:3 skip 1 with linespoints linestyle 2\n"
        "set format x '%g'\n"
        "set xlabel 'step'\n"
        "set ylabel 'gap (nats)'\n"
        "set logscale y\n"
        "set ytics 100\n"
        "unset mytics\n"
        "set format y '10^{%T}'\n"
        "plot 'steps.csv' using 1:5 skip 1 with linespoints linestyle 2\n"
        "unset multiplot\n",
        job->script);
  return true;
}

/* ---- classes ---- */

static bool write_classes(const plot_job *job) {
  int64_t count;
  class_share *classes = find_classes(job->examples, &count);
  fputs("class,examples,share,weighted\n", job->data);
  for (int64_t k = 0; k < count; k++) {
    fprintf(job->data, "%" PRId64 ",%" PRId64 ",%.17g,%.17g\n", classes[k].label, classes[k].count,
            (double)classes[k].count / (double)job->examples->n, classes[k].mass);
  }
  fprintf(job->script,
          "set xlabel 'class'\n"
          "set ylabel 'share (%%)'\n"
          "set style data histograms\n"
          "set style histogram clustered gap 1\n"
          "set style fill solid noborder\n"
          "set yrange [0:*]\n"
          "plot 'classes.csv' using (100 * $3):xtic(int($0) %% %" PRId64
          " == 0 ? stringcolumn(1) : '') skip 1 linestyle 3 title 'of the examples', \\\n"
          "     'classes.csv' using (100 * $4) skip 1 linestyle 2 title 'of the weight'\n",
          1 + count / 25);
  free(classes);
  return true;
}

/* ---- all of them ---- */

static const struct {
  const char *name, *script;
  int height; /* pixels; all are 700 wide */
  bool needs_trace, needs_labels;
  bool (*write)(const plot_job *job);
} plots_of_weights[] = {{"sorted_weights", "sorted_weights.gp", 400, false, false, write_sorted_weights},
                        {"spectrum", "spectrum.gp", 400, false, false, write_spectrum},
                        {"steps", "steps.gp", 560, true, false, write_steps},
                        {"classes", "classes.gp", 400, false, true, write_classes}};
enum { PLOTS = sizeof plots_of_weights / sizeof plots_of_weights[0] };

static bool has_data(const cli_plots *plots, const cli_examples *examples, int k) {
  const bool has_steps = plots->trace != NULL && plots->trace[strlen(trace_header)] != '\0'; /* none at balance 0 */
  return (has_steps || !plots_of_weights[k].needs_trace) &&
         (examples->labels != NULL || !plots_of_weights[k].needs_labels);
}

/* "FOLDER/NAME.ENDING"; to be freed. */
static char *path_of(const cli_plots *plots, const char *name, const char *ending) {
  const char *folder = plots->settings->plots;
  const size_t size = strlen(folder) + strlen(name) + strlen(ending) + 3;
  char *path = allocate((int64_t)size, 1);
  snprintf(path, size, "%s/%s.%s", folder, name, ending);
  return path;
}

/* Takes old pictures away, so that none ever stands beside data that it does not show. */
static void remove_pictures(const cli_plots *plots) {
  for (int k = 0; k < 2 * PLOTS; k++) {
    char *path = path_of(plots, plots_of_weights[k / 2].name, k % 2 == 0 ? "svg" : "png");
    unlink(path);
    free(path);
  }
}

static void begin_script(FILE *script, int k) {
  const char *name = plots_of_weights[k].name;
  fprintf(script,
          "# gnuplot %s.gp, in this folder, draws %s.svg and %s.png from %s.csv\n"
          "do for [type in 'svg png'] {\n"
          "reset\n"
          "%s"
          "if (type eq 'svg') {\n"
          "  set terminal svg size 700,%d font 'Helvetica,15' background '#ffffff'\n"
          "} else {\n"
          "  set terminal pngcairo size 700,%d font 'Sans,11' background '#ffffff'\n"
          "}\n"
          "set output '%s.' . type\n",
          name, name, name, name, gnuplot_style, plots_of_weights[k].height, plots_of_weights[k].height, name);
}

static FILE *open_text(char **text, size_t *length) {
  FILE *stream = open_memstream(text, length);
  if (stream == NULL) {
    fail("out of memory: %s", strerror(errno));
    exit(STATUS_FAILED);
  }
  return stream;
}

typedef struct {
  char *data, *script; /* NULL: this plot is not made */
  size_t data_length, script_length;
} plot_text;

static bool compose(plot_text *text, const cli_plots *plots, const cli_examples *examples, int k) {
  const plot_job job = {plots, examples, open_text(&text->data, &text->data_length),
                        open_text(&text->script, &text->script_length)};
  begin_script(job.script, k);
  bool done = plots_of_weights[k].write(&job);
  fputs("unset output\n}\n", job.script);
  done &= fclose(job.data) == 0;
  done &= fclose(job.script) == 0;
  return done;
}

static bool save_as(const cli_plots *plots, int k, const char *ending, const char *text, size_t length) {
  char *path = path_of(plots, plots_of_weights[k].name, ending);
  const bool saved = save_text(path, text, length);
  free(path);
  return saved;
}

static bool save_and_draw(const cli_plots *plots, const plot_text *texts) {
  const char *scripts[PLOTS + 1] = {NULL};
  bool done = true;
  remove_pictures(plots);
  for (int k = 0, count = 0; k < PLOTS && done; k++) {
    if (texts[k].data != NULL) {
      scripts[count++] = plots_of_weights[k].script;
      done = save_as(plots, k, "csv", texts[k].data, texts[k].data_length) &&
             save_as(plots, k, "gp", texts[k].script, texts[k].script_length);
    }
  }
  if (done && !run_gnuplot(plots->settings->plots, scripts)) {
    remove_pictures(plots);
    done = false;
  }
  return done;
}

bool plots_save(const cli_plots *plots, const cli_examples *examples) {
  plot_text texts[PLOTS] = {{0}};
  bool done = true;
  for (int k = 0; k < PLOTS && plots != NULL && done; k++) {
    done = !has_data(plots, examples, k) || compose(&texts[k], plots, examples, k);
  }
  done = plots == NULL || (done && save_and_draw(plots, texts));
  for (int k = 0; k < PLOTS; k++) {
    free(texts[k].data);
    free(texts[k].script);
  }
  return done;
}

bool plots_open(cli_plots **out, const cli_settings *settings) {
  *out = NULL;
  if (settings->plots == NULL) {
    return true;
  }
  cli_plots *made = allocate(1, sizeof *made);
  made->settings = settings;
  if (settings->trace != NULL && !read_trace(&made->trace, settings->trace)) {
    plots_close(made);
    return false;
  }
  made->made_folder = mkdir(settings->plots, 0777) == 0;
  if (!made->made_folder && errno != EEXIST) {
    const int reason = errno;
    plots_close(made);
    return fail("%s: cannot be made: %s", settings->plots, strerror(reason));
  }
  *out = made;
  char *first = path_of(made, plots_of_weights[0].name, "csv");
  const bool writable = files_are_writable(&(file_plan){.outputs = {first}});
  free(first);
  return writable;
}

void plots_close(cli_plots *plots) {
  if (plots != NULL) {
    if (plots->made_folder) {
      rmdir(plots->settings->plots); /* fails, as it should, unless it is empty */
    }
    free(plots->trace);
    free(plots);
  }
}
