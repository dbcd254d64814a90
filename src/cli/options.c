/* Flags are read with getopt_long from the same table that help is printed from, so that they cannot disagree; a
 * default is text in that table, and read like a value that was typed.
 *
 * The command never calls setlocale, so that strtod and printf use the decimal point of the "C" locale. */
#define _POSIX_C_SOURCE 200809L

#include "options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FLAGS = 60, CODE_HELP = 256, CODE_FIRST_FLAG = 257 }; /* codes beyond those of short flags */

int usage_error(const cli_verb *verb, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "divweights %s: ", verb->name);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\nsee: divweights %s --help\n", verb->name);
  va_end(arguments);
  return STATUS_USAGE;
}

/* ---- values ---- */

typedef struct {
  char text[160];
} phrase;

/* What a flag accepts, in words: for help and for errors. */
static phrase accepted(const cli_flag *flag) {
  phrase words = {""};
  char range[80];
  if (flag->least == ABOVE_0 && isinf(flag->most)) {
    snprintf(range, sizeof range, "above 0");
  } else if (flag->least == flag->most) {
    snprintf(range, sizeof range, "equal to %.12g", flag->least);
  } else if (isinf(flag->most)) {
    snprintf(range, sizeof range, "of at least %.12g", flag->least);
  } else {
    snprintf(range, sizeof range, "from %.12g to %.12g", flag->least, flag->most);
  }
  switch (flag->kind) {
  case FLAG_SWITCH: break;
  case FLAG_TEXT: snprintf(words.text, sizeof words.text, "the name of a file"); break;
  case FLAG_NAME: snprintf(words.text, sizeof words.text, "a name"); break;
  case FLAG_CHOICE: snprintf(words.text, sizeof words.text, "%s", flag->value); break;
  case FLAG_SIZE:
    snprintf(words.text, sizeof words.text, "a number of bytes, or of K, M, G or T (each 1024 times the one before)");
    break;
  case FLAG_LIST: snprintf(words.text, sizeof words.text, "whole numbers separated by commas"); break;
  case FLAG_REALS: snprintf(words.text, sizeof words.text, "numbers %s, separated by commas", range); break;
  case FLAG_SHAPE: snprintf(words.text, sizeof words.text, "HEIGHTxWIDTH or HEIGHTxWIDTHx3"); break;
  case FLAG_WHOLE: snprintf(words.text, sizeof words.text, "a whole number %s", range); break;
  case FLAG_REAL:
    snprintf(words.text, sizeof words.text, "a number %s%s", range, isinf(flag->most) ? ", or inf" : "");
    break;
  }
  return words;
}

static bool read_real(const char *text, const cli_flag *flag, double *value) {
  char *end;
  errno = 0;
  *value = strtod(text, &end);
  const bool overflow = errno == ERANGE && isinf(*value);
  return !isspace((unsigned char)*text) && end != text && *end == '\0' && !overflow && *value >= flag->least &&
         *value <= flag->most; /* both false for NaN */
}

/* Reads a whole number up to `stop`, and says where it ended; NULL when there is none. */
static const char *read_digits(const char *text, char stop, int64_t *value) {
  char *end;
  errno = 0;
  *value = strtoll(text, &end, 10);
  const bool fine = !isspace((unsigned char)*text) && end != text && errno == 0 && (*end == stop || *end == '\0');
  return fine ? end : NULL;
}

static bool read_whole(const char *text, const cli_flag *flag, int64_t *value) {
  return read_digits(text, '\0', value) != NULL && (double)*value >= flag->least && (double)*value <= flag->most;
}

/* "640M" */
static bool read_size(const char *text, double *bytes) {
  static const char units[] = "KMGT";
  char *end;
  *bytes = strtod(text, &end);
  const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
  if (!isdigit((unsigned char)*text) || (*end != '\0' && (unit == NULL || end[1] != '\0'))) {
    return false;
  }
  *bytes = ldexp(*bytes, unit == NULL ? 0 : 10 * (int)(unit - units + 1));
  return *bytes >= 1 && isfinite(*bytes);
}

static bool read_list(const char *text, whole_list *list) {
  int64_t capacity = 1;
  for (const char *c = text; *c != '\0'; c++) {
    capacity += *c == ',';
  }
  free(list->values);
  list->values = allocate(capacity, sizeof *list->values);
  for (list->count = 0; list->count < capacity; list->count++) {
    text = read_digits(text, ',', &list->values[list->count]);
    if (text == NULL) {
      return false;
    }
    text += *text == ',';
  }
  return true;
}

/* Like read_list(); every number has to be one that the flag takes by itself. */
static bool read_reals(const char *text, const cli_flag *flag, real_list *list) {
  int64_t capacity = 1;
  for (const char *c = text; *c != '\0'; c++) {
    capacity += *c == ',';
  }
  char *copy = allocate((int64_t)strlen(text) + 1, 1), *at = copy;
  strcpy(copy, text);
  free(list->values);
  list->values = allocate(capacity, sizeof *list->values);
  bool fine = true;
  for (list->count = 0; fine && list->count < capacity; list->count++) {
    char *end = at + strcspn(at, ",");
    *end = '\0';
    fine = read_real(at, flag, &list->values[list->count]);
    at = end + 1;
  }
  free(copy);
  return fine;
}

static bool read_shape(const char *text, image_shape *shape) {
  enum { LONGEST = 65535 };
  int64_t lengths[3] = {0, 0, 1};
  for (int axis = 0; axis == 0 || *text != '\0'; axis++) {
    text = axis < 3 ? read_digits(text, 'x', &lengths[axis]) : NULL;
    if (text == NULL || lengths[axis] < 1 || lengths[axis] > LONGEST || (text[0] == 'x' && text[1] == '\0')) {
      return false;
    }
    text += *text == 'x';
  }
  *shape = (image_shape){lengths[0], lengths[1], lengths[2]};
  return shape->width > 0 && (shape->channels == 1 || shape->channels == 3);
}

/* Whether `word` is one of the words of `words`, which are separated by |. */
static bool is_one_of(const char *word, const char *words) {
  const size_t length = strlen(word);
  while (true) {
    const size_t next = strcspn(words, "|");
    if (next == length && strncmp(words, word, length) == 0) {
      return true;
    }
    if (words[next] == '\0') {
      return false;
    }
    words += next + 1;
  }
}

static bool read_value(cli_settings *out, const cli_flag *flag, const char *text) {
  void *field = (char *)out + flag->field;
  switch (flag->kind) {
  case FLAG_SWITCH: *(bool *)field = true; return true;
  case FLAG_TEXT:
  case FLAG_NAME: *(const char **)field = text; return *text != '\0';
  case FLAG_CHOICE: *(const char **)field = text; return is_one_of(text, flag->value);
  case FLAG_REAL: return read_real(text, flag, field);
  case FLAG_WHOLE: return read_whole(text, flag, field);
  case FLAG_SIZE: return read_size(text, field);
  case FLAG_LIST: return read_list(text, field);
  case FLAG_REALS: return read_reals(text, flag, field);
  case FLAG_SHAPE: return read_shape(text, field);
  }
  return false;
}

/* ---- the command line ---- */

/* Says why getopt_long stopped at an argument. */
static void explain(const cli_verb *verb, int code, char **argv) {
  const cli_flag *flag = optopt >= CODE_FIRST_FLAG ? &verb->flags[optopt - CODE_FIRST_FLAG] : NULL;
  if (flag != NULL && code == ':') {
    usage_error(verb, "--%s needs a value, expected %s", flag->name, accepted(flag).text);
  } else if (flag != NULL || optopt == CODE_HELP) {
    usage_error(verb, "--%s takes no value", flag != NULL ? flag->name : "help");
  } else if (optopt != 0) {
    usage_error(verb, "-%c is no flag of this verb", optopt);
  } else {
    usage_error(verb, "%s is no flag of this verb", argv[optind - 1]);
  }
}

/* getopt_long also takes --bal for --balance; a script that relies on it would break with the next flag that is added,
 * so flags have to be spelled out. */
static bool read_flag(cli_settings *out, const cli_verb *verb, const cli_flag *flag, char **argv) {
  const char *word = argv[optind - (optarg == argv[optind - 1] ? 2 : 1)];
  if (strcspn(word + 2, "=") != strlen(flag->name)) {
    usage_error(verb, "%s is no flag of this verb, but --%s is", word, flag->name);
    return false;
  }
  if (!read_value(out, flag, optarg)) {
    usage_error(verb, "--%s is %s, expected %s", flag->name, *optarg == '\0' ? "empty" : optarg, accepted(flag).text);
    return false;
  }
  return true;
}

static bool read_operand(cli_settings *out, const cli_verb *verb, int argc, char **argv) {
  if (optind >= argc || *argv[optind] == '\0') {
    usage_error(verb, "%s is missing", verb->operand);
    return false;
  }
  const int taken = verb->second != NULL && optind + 1 < argc ? 2 : 1;
  if (optind + taken < argc) {
    usage_error(verb, "%s is one argument too many after %s", argv[optind + taken], argv[optind + taken - 1]);
    return false;
  }
  out->input = argv[optind];
  out->second = taken == 2 ? argv[optind + 1] : NULL;
  return true;
}

bool options_parse(cli_settings *out, const cli_verb *verb, int argc, char **argv) {
  struct option table[MAX_FLAGS + 2] = {{"help", no_argument, NULL, CODE_HELP}};
  bool given[MAX_FLAGS] = {false};
  for (int k = 0; verb->flags[k].name != NULL; k++) {
    assert(k < MAX_FLAGS);
    const cli_flag *flag = &verb->flags[k];
    const int argument = flag->kind == FLAG_SWITCH ? no_argument : required_argument;
    table[k + 1] = (struct option){flag->name, argument, NULL, CODE_FIRST_FLAG + k};
    if (flag->initial != NULL) {
      read_value(out, flag, flag->initial);
    }
  }
  opterr = 0;
  for (int code; (code = getopt_long(argc, argv, ":h", table, NULL)) != -1;) {
    if (code == 'h' || code == CODE_HELP) {
      out->help = true;
      return true;
    }
    if (code == '?' || code == ':') {
      explain(verb, code, argv);
      return false;
    }
    if (!read_flag(out, verb, &verb->flags[code - CODE_FIRST_FLAG], argv)) {
      return false;
    }
    given[code - CODE_FIRST_FLAG] = true;
    out->given |= UINT64_C(1) << (code - CODE_FIRST_FLAG);
  }
  for (int k = 0; verb->flags[k].name != NULL; k++) {
    if (verb->flags[k].required && !given[k]) {
      usage_error(verb, "--%s is missing, expected %s", verb->flags[k].name, accepted(&verb->flags[k]).text);
      return false;
    }
  }
  return read_operand(out, verb, argc, argv);
}

bool option_given(const cli_settings *settings, const cli_verb *verb, const char *name) {
  for (int k = 0; verb->flags[k].name != NULL; k++) {
    if (strcmp(verb->flags[k].name, name) == 0) {
      return (settings->given >> k & 1) != 0;
    }
  }
  return false;
}

/* ---- help ---- */

enum { HELP_COLUMN = 28, HELP_WIDTH = 80 };

/* Prints words from column `column` on, in lines that start at HELP_COLUMN. */
static void print_wrapped(const char *text, int column) {
  while (*text != '\0') {
    const int length = (int)strcspn(text, " ");
    if (column + 1 + length > HELP_WIDTH) {
      printf("\n%*s", HELP_COLUMN, "");
      column = HELP_COLUMN;
    }
    printf(" %.*s", length, text);
    column += 1 + length;
    text += length;
    text += strspn(text, " ");
  }
}

/* "one, other" of "one|other", which a line can end in. */
static phrase words_of(const char *choices) {
  phrase words = {""};
  size_t length = 0;
  for (; *choices != '\0' && length + 3 < sizeof words.text; choices++) {
    words.text[length] = *choices;
    if (*choices == '|') {
      words.text[length++] = ',';
      words.text[length] = ' ';
    }
    length++;
  }
  return words;
}

static void print_flag(const cli_flag *flag) {
  const bool number = flag->kind == FLAG_REAL || flag->kind == FLAG_WHOLE;
  char notes[200] = "", text[600];
  if (flag->required) {
    snprintf(notes, sizeof notes, " (required; %s)", accepted(flag).text);
  } else if (number && flag->initial != NULL) {
    snprintf(notes, sizeof notes, " (default %s; %s)", flag->initial, accepted(flag).text);
  } else if (number) {
    snprintf(notes, sizeof notes, " (%s)", accepted(flag).text);
  } else if (flag->initial != NULL) {
    snprintf(notes, sizeof notes, " (default %s)", flag->initial);
  }
  const bool is_long = flag->kind == FLAG_CHOICE && strlen(flag->value) > HELP_WIDTH / 2;
  snprintf(text, sizeof text, "%s%s%s%s", flag->help, is_long ? ": " : "", is_long ? words_of(flag->value).text : "",
           notes);
  const int written = printf("  --%s %s", flag->name, is_long ? "NAME" : flag->value != NULL ? flag->value : "");
  const int padding = written < HELP_COLUMN ? HELP_COLUMN - written : 0;
  printf("%*s", padding, "");
  print_wrapped(text, written + padding);
  printf("\n");
}

int options_help(const cli_verb *verb) {
  printf("divweights %s: %s\n\nusage: divweights %s %s%s%s", verb->name, verb->summary, verb->name, verb->operand,
         verb->second != NULL ? " " : "", verb->second != NULL ? verb->second : "");
  for (const cli_flag *flag = verb->flags; flag->name != NULL; flag++) {
    if (flag->required) {
      printf(" --%s %s", flag->name, flag->value);
    }
  }
  printf(" [flags]\n\n%s\nflags:\n", verb->about);
  for (const cli_flag *flag = verb->flags; flag->name != NULL; flag++) {
    print_flag(flag);
  }
  printf("  -h, --help                 this text\n\nexamples:\n%s\n%s", verb->examples, EXIT_STATUSES);
  return STATUS_DONE;
}
