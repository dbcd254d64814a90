/* The picture of a trade-off curve: Vendi Score against effective examples, labelled by balance.
 *
 * The axes are those in which the objective is a linear function: entropy, which is effective examples on a log scale,
 * and VS (for G: on a log scale too). So the curve is concave, its slope at a point says what entropy is worth there,
 * and a jump is a straight line, which is drawn dashed. The script holds its data, so that it draws by itself. */
#define _POSIX_C_SOURCE 200809L

#include "curve.h"

#include "gnuplot.h"
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 700, HEIGHT = 440, LABEL_WIDTH = 52, LABEL_HEIGHT = 18 };

/* An axis from the smallest to the largest value, and somewhat beyond. */
typedef struct {
  bool logarithmic;
  double low, high;
} axis;

/* Over less than a factor of two, a log scale looks like a linear one, and has fewer round numbers. */
static axis make_axis(double low, double high, bool logarithmic) {
  if (logarithmic && high >= 2 * low) {
    const double margin = 0.08 * log(high / low);
    return (axis){true, low * exp(-margin), high * exp(margin)};
  }
  const double margin = fmax(0.08 * (high - low), 0.005 * high); /* a curve of one point has a picture too */
  return (axis){false, fmax(low - margin, 0), high + margin};
}

/* Where on the axis a value is, 0 to 1. */
static double position(const axis *along, double value) {
  return along->logarithmic ? log(value / along->low) / log(along->high / along->low)
                            : (value - along->low) / (along->high - along->low);
}

static void find_axes(const cli_curve *curve, axis *x, axis *y) {
  double left = INFINITY, right = 0, bottom = INFINITY, top = 0;
  for (const curve_point *at = curve->points; at < curve->points + curve->count; at++) {
    left = fmin(left, at->effective_examples);
    right = fmax(right, at->effective_examples);
    bottom = fmin(bottom, at->vendi_score);
    top = fmax(top, at->vendi_score);
  }
  *x = make_axis(left, right, true);
  *y = make_axis(bottom, top, curve->logarithmic);
}

/* Numbers on an axis, in every power of ten: the more of them, the less the axis spans. */
static const struct {
  double least_ratio, mantissas[16]; /* ends with 0 */
} tics[] = {
    {12, {1, 2, 5}}, {3, {1, 1.5, 2, 3, 4, 5, 7}}, {1, {1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9}}};

/* gnuplot puts numbers at powers of ten only, of which a curve may hold none. */
static void write_tics(FILE *script, char letter, const axis *along) {
  if (!along->logarithmic) {
    return;
  }
  size_t row = 0;
  while (along->high < tics[row].least_ratio * along->low) {
    row++;
  }
  fprintf(script, "set logscale %c\nset %ctics (", letter, letter);
  const char *comma = "";
  for (double power = pow(10, floor(log10(along->low))); power <= along->high; power *= 10) {
    for (const double *mantissa = tics[row].mantissas; *mantissa > 0; mantissa++) {
      const double at = *mantissa * power;
      if (at >= along->low && at <= along->high) {
        fprintf(script, "%s%.6g", comma, at);
        comma = ", ";
      }
    }
  }
  fputs(")\n", script);
}

/* The points that get a label: the ends, then whatever has room. */
static bool *choose_labels(const cli_curve *curve, const axis *x, const axis *y) {
  bool *chosen = allocate(curve->count, sizeof *chosen);
  for (int64_t k = -1; k < curve->count; k++) {
    const int64_t tried = k < 0 ? curve->count - 1 : k;
    const curve_point *at = &curve->points[tried];
    bool fits = true;
    for (int64_t j = 0; j < curve->count; j++) {
      const curve_point *other = &curve->points[j];
      const double across = position(x, at->effective_examples) - position(x, other->effective_examples);
      const double up = position(y, at->vendi_score) - position(y, other->vendi_score);
      fits &= !chosen[j] || j == tried || fabs(across) * 0.85 * WIDTH > LABEL_WIDTH ||
              fabs(up) * 0.8 * HEIGHT > LABEL_HEIGHT;
    }
    chosen[tried] |= fits;
  }
  return chosen;
}

/* Every line of the data: effective examples, Vendi Score, label. An empty line breaks the curve. */
static void write_points(FILE *script, const cli_curve *curve, const bool *labelled) {
  fputs("$points << end\n", script);
  for (int64_t k = 0; k < curve->count; k++) {
    const curve_point *at = &curve->points[k];
    fprintf(script, "%s%.17g %.17g \"", k > 0 && curve_jumps(curve, k) ? "\n" : "", at->effective_examples,
            at->vendi_score);
    fprintf(script, labelled[k] ? "%.3g\"\n" : "\"\n", at->balance);
  }
  fputs("end\n", script);
}

/* Pairs of points; gives how many, and the balance of the last. */
static int64_t write_jumps(FILE *script, const cli_curve *curve, double *balance) {
  int64_t count = 0;
  fputs("$jumps << end\n", script);
  for (int64_t k = 1; k < curve->count; k++) {
    const curve_point *a = &curve->points[k - 1], *b = a + 1;
    if (curve_jumps(curve, k)) {
      fprintf(script, "%.17g %.17g\n%.17g %.17g\n\n", a->effective_examples, a->vendi_score, b->effective_examples,
              b->vendi_score);
      *balance = b->balance;
      count++;
    }
  }
  fputs("end\n", script);
  return count;
}

static void write_script(FILE *script, const cli_curve *curve, const char *name) {
  axis x, y;
  double balance = 0;
  find_axes(curve, &x, &y);
  bool *labelled = choose_labels(curve, &x, &y);
  const bool is_png = strcmp(name + strlen(name) - 4, ".png") == 0;
  fprintf(script, "# gnuplot %.*s.gp, in this folder, draws %s\n%s", (int)strlen(name) - 4, name, name, gnuplot_style);
  fprintf(script,
          is_png ? "set terminal pngcairo size %d,%d font 'Sans,11' background '#ffffff'\n"
                 : "set terminal svg size %d,%d font 'Helvetica,15' background '#ffffff'\n",
          WIDTH, HEIGHT);
  fprintf(script,
          "set datafile separator whitespace\n"
          "set output '%s'\n"
          "set xlabel 'effective examples'\n"
          "set ylabel 'Vendi Score'\n"
          "set xrange [%.6g:%.6g]\n"
          "set yrange [%.6g:%.6g]\n",
          name, x.low, x.high, y.low, y.high);
  write_tics(script, 'x', &x);
  write_tics(script, 'y', &y);
  write_points(script, curve, labelled);
  const int64_t jumps = write_jumps(script, curve, &balance);
  fputs("set key bottom left\nplot ", script);
  if (jumps > 0) {
    fprintf(script, "$jumps using 1:2 with lines linestyle 1 title '");
    fprintf(script, jumps == 1 ? "a jump, at balance %.3g', " : "jumps', ", balance);
  }
  fputs("$points using 1:2 with linespoints linestyle 2 pointsize 0.8 title 'the best weights at balance ...', \\\n"
        "     $points using 1:2:3 with labels left offset 0.7,0.6 textcolor '#333333' notitle\n"
        "unset output\n",
        script);
  free(labelled);
}

bool curve_can_draw(const char *path) {
  const size_t length = strlen(path);
  return length > 4 && (strcmp(path + length - 4, ".png") == 0 || strcmp(path + length - 4, ".svg") == 0) &&
         path[length - 5] != '/' && strpbrk(path, "'\\\n") == NULL;
}

char *curve_script_path(const char *path) {
  const size_t length = strlen(path);
  char *script = allocate((int64_t)length + 1, 1);
  memcpy(script, path, length - 4);
  strcpy(script + length - 4, ".gp");
  return script;
}

typedef struct {
  const cli_curve *curve;
  const char *name;
} picture;

static void write_picture(FILE *script, const void *context) {
  const picture *drawn = context;
  write_script(script, drawn->curve, drawn->name);
}

bool curve_draw(const cli_curve *curve, const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
  char *script = curve_script_path(path), *folder = allocate((int64_t)strlen(path) + 2, 1);
  memcpy(folder, slash == NULL ? "." : path, slash == NULL ? 1 : (size_t)(slash - path) + 1);
  const char *scripts[] = {script + (name - path), NULL};
  remove(path); /* so that no old picture stands beside a new script */
  const bool done = save_file(script, write_picture, &(picture){curve, name}) && run_gnuplot(folder, scripts);
  free(folder);
  free(script);
  return done;
}
