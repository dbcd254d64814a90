/* Output: a small JSON writer (numbers with 17 digits, which read back exactly), and files that appear complete or
 * not at all. */
#define _POSIX_C_SOURCE 200809L

#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int stdout_error; /* errno of the first write that failed */

void print_row(const char *name, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf("%-18s ", name);
  vprintf(format, arguments);
  putchar('\n');
  va_end(arguments);
}

bool stdout_is_fine(void) {
  if (ferror(stdout) && stdout_error == 0) {
    stdout_error = errno;
  }
  return stdout_error == 0;
}

int finish_output(int status) {
  fflush(stdout);
  if (!stdout_is_fine()) {
    fail("standard output: cannot be written: %s", strerror(stdout_error));
    return STATUS_FAILED;
  }
  return status;
}

/* ---- JSON ---- */

static bool needs_comma;

static void json_key(const char *key) {
  fputs(needs_comma ? ", " : "", stdout);
  if (key != NULL) {
    printf("\"%s\": ", key);
  }
  needs_comma = true;
}

void json_open(const char *key, char bracket) {
  json_key(key);
  putchar(bracket);
  needs_comma = false;
}

void json_close(char bracket) {
  putchar(bracket);
  needs_comma = true;
}

void json_whole(const char *key, int64_t value) {
  json_key(key);
  printf("%" PRId64, value);
}

void json_real(const char *key, double value) {
  json_key(key);
  if (isfinite(value)) {
    printf("%.17g", value);
  } else {
    fputs(isnan(value) ? "null" : "\"inf\"", stdout);
  }
}

void json_text(const char *key, const char *value) {
  json_key(key);
  putchar('"');
  for (; *value != '\0'; value++) {
    const unsigned char byte = (unsigned char)*value;
    if (byte < ' ') {
      printf("\\u%04x", byte);
    } else {
      printf(byte == '"' || byte == '\\' ? "\\%c" : "%c", byte);
    }
  }
  putchar('"');
}

void json_raw(const char *key, const char *json) {
  json_key(key);
  fputs(json, stdout);
}

/* ---- files ---- */

bool ends_in(const char *name, const char *ending) {
  const size_t length = strlen(name), last = strlen(ending);
  return length >= last && strcmp(name + length - last, ending) == 0;
}

bool is_other_than_npy(const char *name) {
  return ends_in(name, ".csv") || ends_in(name, ".tsv") || ends_in(name, ".txt") || ends_in(name, ".json") ||
         ends_in(name, ".npz");
}

char *report_path(const char *weights_path) {
  size_t length = strlen(weights_path);
  char *path = allocate((int64_t)length + 6, 1);
  if (length > 4 && ends_in(weights_path, ".npy")) {
    length -= 4;
  }
  snprintf(path, length + 6, "%.*s.json", (int)length, weights_path);
  return path;
}

/* Makes an empty file beside `path`; its name is to be freed. -1 on failure, see errno. */
static int open_beside(const char *path, char **name) {
  const size_t length = strlen(path);
  *name = allocate((int64_t)length + 8, 1);
  memcpy(*name, path, length);
  memcpy(*name + length, ".XXXXXX", 8);
  return mkstemp(*name);
}

/* Tries rather than asks for permissions: a folder may also be missing, a file, or on a disk that is read-only. */
static bool is_writable(const char *path) {
  struct stat found;
  char *name;
  if (stat(path, &found) == 0 && !S_ISREG(found.st_mode)) {
    return fail("%s: cannot be written: it is there and no regular file", path);
  }
  const int file = open_beside(path, &name);
  const int reason = errno;
  if (file >= 0) {
    close(file);
    unlink(name);
  }
  free(name);
  return file >= 0 || fail("%s: cannot be written: %s", path, strerror(reason));
}

static bool is_same_file(const char *a, const char *b) {
  struct stat x, y;
  return strcmp(a, b) == 0 || (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

bool files_are_writable(const file_plan *plan) {
  for (int k = 0; k < MAX_OUTPUTS; k++) {
    const char *path = plan->outputs[k];
    for (int j = 0; path != NULL && j < MAX_INPUTS; j++) {
      if (plan->inputs[j] != NULL && is_same_file(path, plan->inputs[j])) {
        return fail("%s: is read and would be overwritten, expected another name for the output", path);
      }
    }
    for (int j = 0; path != NULL && j < k; j++) {
      if (plan->outputs[j] != NULL && is_same_file(path, plan->outputs[j])) {
        return fail("%s: would be written twice, expected different names", path);
      }
    }
    if (path != NULL && !is_writable(path)) {
      return false;
    }
  }
  return true;
}

static bool write_all(int descriptor, void (*write)(FILE *file, const void *context), const void *context) {
  const mode_t mask = umask(0);
  umask(mask);
  FILE *file = fdopen(descriptor, "w");
  if (file == NULL) {
    close(descriptor);
    return false;
  }
  write(file, context);
  const bool written =
      fflush(file) == 0 && !ferror(file) && fchmod(descriptor, 0666 & ~mask) == 0 && fsync(descriptor) == 0;
  return fclose(file) == 0 && written;
}

bool save_file(const char *path, void (*write)(FILE *file, const void *context), const void *context) {
  char *name;
  const int descriptor = open_beside(path, &name);
  const bool done = descriptor >= 0 && write_all(descriptor, write, context) && rename(name, path) == 0;
  if (!done) {
    fail("%s: cannot be written: %s", path, strerror(errno));
    if (descriptor >= 0) {
      unlink(name);
    }
  }
  free(name);
  return done;
}

typedef struct {
  const char *text;
  size_t length;
} text_block;

static void write_block(FILE *file, const void *context) {
  const text_block *block = context;
  fwrite(block->text, 1, block->length, file);
}

bool save_text(const char *path, const char *text, size_t length) {
  return save_file(path, write_block, &(text_block){text, length});
}
