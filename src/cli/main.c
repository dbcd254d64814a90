/* The command: finds the verb, lets its table of flags read the arguments, runs it. */
#define _POSIX_C_SOURCE 200809L

#include "cli.h"
#include "options.h"
#include "output.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cli_verb *const verbs[] = {&verb_solve,  &verb_path,    &verb_score,
                                        &verb_sample, &verb_inspect, &verb_evaluate};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

static const char about[] = "divweights finds diversity weights: one probability per training example, chosen\n"
                            "so that the weighted data set is as diverse as possible, with a proof of how\n"
                            "close to the best they are. Then it draws training batches with them.\n"
                            "\n"
                            "usage: divweights VERB INPUT [flags]\n"
                            "\n";

static const char more[] = "\n"
                           "  divweights VERB --help   every flag of a verb, with examples\n"
                           "  divweights --version     the version\n"
                           "\n"
                           "examples:\n"
                           "  divweights inspect embeddings.npy\n"
                           "  divweights solve embeddings.npy --output weights.npy\n"
                           "  divweights score embeddings.npy --weights weights.npy\n"
                           "  divweights sample weights.npy --count 64 --seed 1\n"
                           "\n" EXIT_STATUSES;

bool fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("divweights: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return false;
}

bool ok(divw_status status) { return status == DIVW_OK || fail("%s", divw_error_message()); }

void *allocate(int64_t count, size_t size) {
  void *memory = count < 0 ? NULL : calloc((size_t)count + (count == 0), size);
  if (memory == NULL) {
    fail("out of memory: %lld x %zu bytes could not be allocated", (long long)count, size);
    exit(STATUS_FAILED);
  }
  return memory;
}

static int print_help(void) {
  fputs(about, stdout);
  for (int k = 0; k < VERBS; k++) {
    printf("  %-8s %s\n", verbs[k]->name, verbs[k]->summary);
  }
  fputs(more, stdout);
  return STATUS_DONE;
}

static int print_version(void) {
  printf("divweights %s\n", divw_version());
  return STATUS_DONE;
}

static int run_verb(const cli_verb *verb, int argc, char **argv) {
  cli_settings given = {0};
  int status = STATUS_USAGE;
  if (options_parse(&given, verb, argc, argv)) {
    status = given.help ? options_help(verb) : verb->run(&given);
  }
  free(given.classes.values);
  free(given.balances.values);
  free(given.example.values);
  return status;
}

static int run(int argc, char **argv) {
  const char *word = argc > 1 ? argv[1] : "";
  const bool help = strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
  if (help && argc == 2) {
    return print_help();
  }
  if (strcmp(word, "--version") == 0) {
    return print_version();
  }
  const char *name = help ? argv[2] : word;
  for (int k = 0; k < VERBS; k++) {
    if (strcmp(verbs[k]->name, name) == 0) {
      return help ? options_help(verbs[k]) : run_verb(verbs[k], argc - 1, argv + 1);
    }
  }
  if (*name == '\0') {
    fail("a verb is missing, expected solve, path, score, sample, inspect or evaluate");
  } else {
    fail("%s is no verb, expected solve, path, score, sample, inspect or evaluate", name);
  }
  fputs("see: divweights --help\n", stderr);
  return STATUS_USAGE;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_DFL); /* a reader that has gone (head, less) ends the command quietly, whatever the parent set */
  return finish_output(run(argc, argv));
}
