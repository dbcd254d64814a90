/* Reads back what --trace of solve wrote: a header that has to be the same, then six numbers to a line. */
#include "trace.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char trace_header[] = "iteration,vendi_score,entropy,objective,gap,seconds\n";

enum { NUMBERS = 6, LARGEST_TRACE = 1 << 26 };

static bool read_all(char **text, FILE *file, const char *path) {
  size_t held = 0, room = 1 << 16;
  *text = allocate((int64_t)room + 1, 1);
  while ((held += fread(*text + held, 1, room - held, file)) == room && room < LARGEST_TRACE) {
    char *larger = allocate(2 * (int64_t)room + 1, 1);
    memcpy(larger, *text, held);
    free(*text);
    *text = larger;
    room *= 2;
  }
  (*text)[held] = '\0';
  if (ferror(file)) {
    return fail("%s: cannot be read: %s", path, strerror(errno));
  }
  return held < LARGEST_TRACE || fail("%s: is larger than 64 MiB, expected a trace that solve --trace wrote", path);
}

/* Steps over one line of numbers; NULL when it is none. */
static const char *skip_line(const char *at) {
  for (int k = 0; k < NUMBERS; k++) {
    char *end;
    strtod(at, &end);
    if (isspace((unsigned char)*at) || end == at || *end != (k + 1 < NUMBERS ? ',' : '\n')) {
      return NULL;
    }
    at = end + 1;
  }
  return at;
}

static bool check(const char *text, const char *path) {
  const size_t header = strlen(trace_header);
  if (strncmp(text, trace_header, header) != 0) {
    return fail("%s: does not begin with \"%.*s\", expected a trace that solve --trace wrote", path, (int)header - 1,
                trace_header);
  }
  const char *at = text + header;
  for (int64_t line = 2; *at != '\0'; line++) {
    at = skip_line(at);
    if (at == NULL) {
      return fail("%s: line %" PRId64 " is not understood, expected %d numbers separated by commas", path, line,
                  NUMBERS);
    }
  }
  return true;
}

bool read_trace(char **text, const char *path) {
  FILE *file = fopen(path, "rb");
  *text = NULL;
  if (file == NULL) {
    return fail("%s: cannot be opened: %s", path, strerror(errno));
  }
  const bool done = read_all(text, file, path) && check(*text, path);
  fclose(file);
  if (!done) {
    free(*text);
    *text = NULL;
  }
  return done;
}
