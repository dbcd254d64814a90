/* Flags: one table per verb that getopt_long reads with and that help is printed from. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "cli.h"

#include <float.h>

typedef enum {
  FLAG_SWITCH, /* bool */
  FLAG_TEXT,   /* const char *: a file */
  FLAG_NAME,   /* const char * */
  FLAG_CHOICE, /* const char *: one of the words of `value`, separated by | */
  FLAG_REAL,   /* double in [least, most] */
  FLAG_WHOLE,  /* int64_t in [least, most] */
  FLAG_SIZE,   /* double: bytes, at least 1 */
  FLAG_LIST,   /* whole_list: whole numbers separated by commas */
  FLAG_REALS,  /* real_list: numbers in [least, most] separated by commas */
  FLAG_SHAPE   /* image_shape */
} flag_kind;

struct cli_flag {
  const char *name; /* without dashes */
  flag_kind kind;
  size_t field;        /* where in the settings */
  const char *value;   /* how help shows the value */
  const char *initial; /* the default as one would type it; NULL: none */
  double least, most;
  bool required;
  const char *help;
};

#define ABOVE_0 DBL_TRUE_MIN /* least of a flag that takes any positive number */

#define FIELD(name) offsetof(cli_settings, name)

/* clang-format off */
#define FLAG_JSON {"json", FLAG_SWITCH, FIELD(json), .help = "print one JSON object and nothing else"}

#define FLAG_THREADS                                                                                                   \
  {"threads", FLAG_WHOLE, FIELD(threads), "N", NULL, 1, 1024,                                                          \
   .help = "threads to compute with; when not given, OPENBLAS_NUM_THREADS or all cores"}
/* clang-format on */

#define EXIT_STATUSES                                                                                                  \
  "exit status: 0 done; 1 failed, with one sentence on stderr; 2 bad usage;\n"                                         \
  "130 after Ctrl-C\n"

/* Reads the arguments of a verb (argv[0] is its name) into settings. false: bad usage, and said so.
 * settings->help: help was asked for, and the rest may be missing. */
bool options_parse(cli_settings *out, const cli_verb *verb, int argc, char **argv);

/* Whether a flag was on the command line, rather than its default. */
bool option_given(const cli_settings *settings, const cli_verb *verb, const char *name);

/* Prints the help of a verb; STATUS_DONE. */
int options_help(const cli_verb *verb);

/* Says what is wrong with the arguments of a verb, and where to read on; STATUS_USAGE. */
int usage_error(const cli_verb *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
