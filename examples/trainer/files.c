/* A temporary file beside the target, fsync, rename: whatever is killed at whatever moment, the target is the old file
 * or the complete new one. */
#define _POSIX_C_SOURCE 200809L
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%s: ", program_name);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return false;
}

bool ok(divw_status status) { return status == DIVW_OK || fail("%s", divw_error_message()); }

void *allocate(int64_t count, size_t size) {
  void *memory = calloc((size_t)count, size);
  if (memory == NULL) {
    fail("out of memory");
    exit(EXIT_FAILURE);
  }
  return memory;
}

/* Its name is to be freed; NULL and errno where it cannot be made. */
static FILE *open_beside(const char *path, char **name) {
  const size_t length = strlen(path) + 32;
  struct stat found;
  FILE *file = NULL;
  *name = allocate((int64_t)length, 1);
  if (stat(path, &found) == 0 && !S_ISREG(found.st_mode)) {
    errno = EEXIST;
  } else {
    snprintf(*name, length, "%s.%ld.tmp", path, (long)getpid());
    const int descriptor = open(*name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    file = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
  }
  return file;
}

bool save_file(const char *path, bool (*write)(FILE *file, const void *what), const void *what) {
  char *name;
  FILE *file = open_beside(path, &name);
  bool done = file != NULL;
  if (done) {
    done = write(file, what) && fflush(file) == 0 && fsync(fileno(file)) == 0;
    done = fclose(file) == 0 && done;
    done = done && rename(name, path) == 0;
    if (!done) {
      const int reason = errno;
      unlink(name);
      errno = reason;
    }
  }
  free(name);
  return done || fail("%s: cannot be written: %s", path, strerror(errno));
}

bool is_writable(const char *path) {
  char *name;
  FILE *file = open_beside(path, &name);
  const int reason = errno;
  if (file != NULL) {
    fclose(file);
    unlink(name);
  }
  free(name);
  return file != NULL || fail("%s: cannot be written: %s", path, strerror(reason));
}
