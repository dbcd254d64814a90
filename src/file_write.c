/* Bytes into files; every file that the library writes passes here.
 *
 * Temporary file beside the target -> fsync -> rename -> fsync of the folder. Whatever is killed at whatever moment,
 * the target is the old file or the complete new one. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 1 << 16 };

struct dw_writer {
  int file;
  int used;                      /* bytes of the window that wait to be written */
  char path[PATH_MAX];           /* as the caller names it, for sentences */
  char target[PATH_MAX];         /* the same with symbolic links followed: what is replaced */
  char temporary[PATH_MAX + 32]; /* "" where bytes go straight into a pipe or a device */
  unsigned char window[WINDOW];
};

/* open() with O_EXCL and not mkstemp(): the umask applies, and cannot be read without a race. */
static int open_temporary(dw_writer *writer, mode_t mode) {
  int file = -1;
  for (int attempt = 0; attempt < 1000; attempt++) {
    snprintf(writer->temporary, sizeof writer->temporary, "%s.tmp-%ld-%d", writer->target, (long)getpid(), attempt);
    file = dw_open_patiently(writer->temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (file >= 0 || errno != EEXIST) {
      break;
    }
  }
  if (file < 0) {
    writer->temporary[0] = '\0';
  }
  return file;
}

/* Follows links, so that one to a file on another disk stays a link; never replaces what is not a regular file; gives
 * the new file no permission that the old one did not have. */
static int open_target(dw_writer *writer) {
  struct stat old;
  if (realpath(writer->path, writer->target) == NULL) {
    memcpy(writer->target, writer->path, sizeof writer->target);
  }
  if (stat(writer->target, &old) != 0) {
    return open_temporary(writer, 0666);
  }
  return S_ISREG(old.st_mode) ? open_temporary(writer, old.st_mode & 0666)
                              : dw_open_patiently(writer->target, O_WRONLY, 0);
}

divw_status dw_writer_open(dw_writer **out, const char *path) {
  divw_status status;
  dw_writer *writer = NULL;
  *out = NULL;
  DW_TRY(dw_alloc_zero(&writer, 1, sizeof *writer));
  writer->file = -1;
  const int length = snprintf(writer->path, sizeof writer->path, "%s", path);
  errno = ENAMETOOLONG;
  if (length < PATH_MAX) {
    writer->file = open_target(writer);
  }
  if (writer->file < 0) {
    DW_TRY(dw_fail_errno(path, "written"));
  }
  *out = writer;
  return DIVW_OK;
fail:
  dw_writer_abort(writer);
  return status;
}

static divw_status write_file(dw_writer *writer, const unsigned char *buffer, int64_t bytes) {
  while (bytes > 0) {
    const ssize_t count = write(writer->file, buffer, (size_t)bytes);
    if (count >= 0) {
      buffer += count;
      bytes -= count;
    } else if (errno != EINTR) {
      return dw_fail_errno(writer->path, "written");
    }
  }
  return DIVW_OK;
}

static divw_status flush_window(dw_writer *writer) {
  const int used = writer->used;
  writer->used = 0;
  return write_file(writer, writer->window, used);
}

divw_status dw_writer_write(dw_writer *writer, const void *buffer, int64_t bytes) {
  divw_status status = DIVW_OK;
  if (bytes > WINDOW - writer->used) {
    DW_TRY(flush_window(writer));
  }
  if (bytes > WINDOW) {
    DW_TRY(write_file(writer, buffer, bytes));
  } else {
    memcpy(writer->window + writer->used, buffer, (size_t)bytes);
    writer->used += (int)bytes;
  }
fail:
  return status;
}

/* Makes the rename last. The result does not matter: after a crash the name is the old file or the new one. */
static void sync_folder(char *path) {
  const int folder = dw_open_patiently(dirname(path), O_RDONLY | O_DIRECTORY, 0);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
}

divw_status dw_writer_commit(dw_writer *writer) {
  divw_status status;
  DW_TRY(flush_window(writer));
  if (writer->temporary[0] != '\0') {
    if (fsync(writer->file) != 0 || rename(writer->temporary, writer->target) != 0) {
      DW_TRY(dw_fail_errno(writer->path, "written"));
    }
    writer->temporary[0] = '\0';
    sync_folder(writer->target);
  }
fail:
  dw_writer_abort(writer);
  return status;
}

void dw_writer_abort(dw_writer *writer) {
  if (writer == NULL) {
    return;
  }
  if (writer->file >= 0) {
    close(writer->file);
  }
  if (writer->temporary[0] != '\0') {
    unlink(writer->temporary);
  }
  divw_free(writer);
}
