/* make_digits: writes a data set of handwritten-looking digits with strongly unequal classes, as IDX files.
 *
 * Image k and its label are a function of (seed, k) alone, the label of the shares too: a larger set begins with
 * the smaller one, and rows are written as they are drawn, so memory does not grow with their number. digits.c
 * draws them and says what keeps the files the same on every machine. */
#define _POSIX_C_SOURCE 200809L
#include "digits.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGITS = 10, EXIT_USAGE = 2 };

static const char help[] =
    "Usage: make_digits --count N [--seed S] [--shares A,B,...] [--images FILE] [--labels FILE]\n"
    "\n"
    "Draws N handwritten-looking digits, 28 x 28 pixels, in classes of strongly unequal size.\n"
    "\n"
    "  --count N         how many, 1 to 2147483647\n"
    "  --seed S          which data set, 0 to 2^64 - 1 (default 0); the first rows of a larger set\n"
    "                    are those of a smaller one with the same seed and shares\n"
    "  --shares A,B,...  relative sizes of the classes 0, 1, ..., 9; classes not named are empty.\n"
    "                    95,5 draws 95 % zeros and 5 % ones. Default: 1 is the most common, then\n"
    "                    2, 3, ..., 9, 0, in shares of 1, 1/2^1.5, 1/3^1.5, ..., 1/10^1.5\n"
    "  --images FILE     where to write the images: IDX of N x 28 x 28 unsigned bytes\n"
    "  --labels FILE     where to write the digits: IDX of N unsigned bytes\n"
    "\n"
    "At least one of --images and --labels is needed. Files appear complete or not at all.\n"
    "Exit status: 0 done, 2 bad usage, 1 any other failure.\n";

static void fail(int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("make_digits: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(status);
}

/* ---- what is asked for ---- */

typedef struct {
  uint64_t count, seed;
  double up_to[DIGITS]; /* shares of the classes 0 .. c together, not normalised */
  const char *images, *labels;
} request;

static uint64_t parse_whole(const char *option, const char *text, uint64_t low, uint64_t high) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || errno || value < low || value > high)
    fail(EXIT_USAGE, "%s is %s, expected a whole number from %llu to %llu", option, text, (unsigned long long)low,
         (unsigned long long)high);
  return value;
}

static void default_shares(double up_to[DIGITS]) {
  double total = 0;
  for (int c = 0; c < DIGITS; c++) {
    double rank = c == 0 ? DIGITS : c;
    up_to[c] = total += 1 / (rank * sqrt(rank));
  }
}

static void parse_shares(const char *text, double up_to[DIGITS]) {
  const char *rest = text;
  double total = 0;
  int ok = 1, more = 1;
  for (int c = 0; c < DIGITS; c++) {
    if (more) {
      char *end;
      double share = strtod(rest, &end);
      ok = ok && end > rest && share >= 0 && share <= 1e9;
      more = *end == ',';
      rest = end + more;
      total += share;
    }
    up_to[c] = total;
  }
  if (!ok || more || *rest || !(total > 0))
    fail(EXIT_USAGE, "--shares is %s, expected 1 to 10 numbers from 0 to 1e9 with commas between them, not all 0",
         text);
}

static request parse(int argc, char **argv) {
  request ask = {0};
  default_shares(ask.up_to);
  for (int i = 1; i < argc; i += 2) {
    const char *option = argv[i], *value = argv[i + 1];
    if (!strcmp(option, "--help")) {
      fputs(help, stdout);
      exit(EXIT_SUCCESS);
    }
    if (!value)
      fail(EXIT_USAGE, "%s needs a value, or is no option: see --help", option);
    else if (!strcmp(option, "--count"))
      ask.count = parse_whole(option, value, 1, INT32_MAX);
    else if (!strcmp(option, "--seed"))
      ask.seed = parse_whole(option, value, 0, UINT64_MAX);
    else if (!strcmp(option, "--shares"))
      parse_shares(value, ask.up_to);
    else if (!strcmp(option, "--images"))
      ask.images = value;
    else if (!strcmp(option, "--labels"))
      ask.labels = value;
    else
      fail(EXIT_USAGE, "%s is no option: see --help", option);
  }
  if (!ask.count)
    fail(EXIT_USAGE, "--count is missing: see --help");
  if (!ask.images && !ask.labels)
    fail(EXIT_USAGE, "nothing to write, expected --images FILE, --labels FILE or both");
  if (ask.images && ask.labels && !strcmp(ask.images, ask.labels))
    fail(EXIT_USAGE, "--images and --labels are both %s, expected two files", ask.images);
  return ask;
}

/* ---- files, which get their names when both are complete ---- */

typedef struct {
  const char *path; /* NULL: not asked for, and nothing below does anything */
  char *temporary;
  FILE *file;
} output;

static output images, labels;

static void discard(void) {
  if (images.temporary)
    remove(images.temporary);
  if (labels.temporary)
    remove(labels.temporary);
}

static void put(output *out, const void *bytes, size_t count) {
  if (out->path && fwrite(bytes, 1, count, out->file) != count)
    fail(EXIT_FAILURE, "%s: cannot be written: %s", out->path, strerror(errno));
}

static void put_number(output *out, uint64_t value) {
  put(out, (unsigned char[]){value >> 24 & 255, value >> 16 & 255, value >> 8 & 255, value & 255}, 4);
}

static void open_output(output *out, const char *path) {
  struct stat found;
  if (!path)
    return;
  if (!stat(path, &found) && !S_ISREG(found.st_mode))
    fail(EXIT_FAILURE, "%s: exists and is no regular file, expected a file or a new name", path);
  size_t size = strlen(path) + 32;
  char *temporary = malloc(size);
  if (!temporary)
    fail(EXIT_FAILURE, "%s: no memory for its name", path);
  snprintf(temporary, size, "%s.%ld.tmp", path, (long)getpid());
  out->file = fopen(temporary, "wbx");
  if (!out->file)
    fail(EXIT_FAILURE, "%s: cannot be written: %s", temporary, strerror(errno));
  out->path = path;
  out->temporary = temporary;
}

static void complete(output *out) {
  if (out->path && (fflush(out->file) || fsync(fileno(out->file)) || fclose(out->file)))
    fail(EXIT_FAILURE, "%s: cannot be written: %s", out->path, strerror(errno));
}

static void publish(output *out) {
  if (!out->path)
    return;
  if (rename(out->temporary, out->path))
    fail(EXIT_FAILURE, "%s: cannot be replaced: %s", out->path, strerror(errno));
  free(out->temporary);
  out->temporary = NULL;
}

/* ---- rows ---- */

/* Multiples of the golden ratio, modulo 1, fill [0, 1) more evenly than random numbers do: every run of rows, from
   any place, has close to the shares that were asked for. */
static int label_of(const request *ask, uint64_t number) {
  const uint64_t turn = digit_mix(ask->seed) + number * 0x9E3779B97F4A7C15u;
  const double place = (double)(turn >> 11) / 9007199254740992.0 * ask->up_to[DIGITS - 1];
  int digit = 0;
  while (digit < DIGITS - 1 && place >= ask->up_to[digit])
    digit++;
  return digit;
}

static void put_rows(const request *ask) {
  unsigned char pixels[DIGIT_PIXELS];
  put_number(&images, 0x803);
  put_number(&images, ask->count);
  put_number(&images, DIGIT_SIDE);
  put_number(&images, DIGIT_SIDE);
  put_number(&labels, 0x801);
  put_number(&labels, ask->count);
  for (uint64_t k = 0; k < ask->count; k++) {
    const int digit = label_of(ask, k);
    put(&labels, &(unsigned char){(unsigned char)digit}, 1);
    if (images.path)
      digit_draw(ask->seed, k, digit, pixels);
    put(&images, pixels, sizeof pixels);
  }
}

int main(int argc, char **argv) {
  const request ask = parse(argc, argv);
  atexit(discard);
  open_output(&images, ask.images);
  open_output(&labels, ask.labels);
  put_rows(&ask);
  complete(&images);
  complete(&labels);
  publish(&images);
  publish(&labels);
  return EXIT_SUCCESS;
}
