/* Files that were opened once and are read again later, by position.
 *
 * Every read is followed by a look at size and time of the last change, so that bytes of a file that is being replaced
 * or written to are not taken for those that its header described. */
#define _DEFAULT_SOURCE /* posix_fadvise, st_mtim */

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

dw_file_identity dw_file_identify(const struct stat *about) {
  return (dw_file_identity){.device = (int64_t)about->st_dev,
                            .inode = (int64_t)about->st_ino,
                            .size = about->st_size,
                            .seconds = about->st_mtim.tv_sec,
                            .nanoseconds = about->st_mtim.tv_nsec};
}

divw_status dw_absolute_path(char **out, const char *path) {
  char folder[PATH_MAX] = "";
  *out = NULL;
  if (path[0] != '/' && getcwd(folder, sizeof folder) == NULL) {
    return dw_fail_errno(path, "found from the working directory");
  }
  const size_t length = strlen(folder) + strlen(path) + 2;
  divw_status status = dw_alloc(out, (int64_t)length, 1);
  if (status == DIVW_OK) {
    snprintf(*out, length, "%s%s%s", folder, path[0] == '/' ? "" : "/", path);
  }
  return status;
}

static divw_status has_changed(const char *path) {
  return dw_fail(DIVW_ERROR_FILE, "%s: has changed since it was opened, and rows are still read from it", path);
}

static divw_status check_identity(int file, const char *path, const dw_file_identity *expected) {
  struct stat about;
  if (fstat(file, &about) != 0) {
    return dw_fail_errno(path, "read");
  }
  const dw_file_identity found = dw_file_identify(&about);
  const bool same = found.device == expected->device && found.inode == expected->inode &&
                    found.size == expected->size && found.seconds == expected->seconds &&
                    found.nanoseconds == expected->nanoseconds;
  return same ? DIVW_OK : has_changed(path);
}

divw_status dw_file_reopen(int *file, const char *path, const dw_file_identity *identity) {
  divw_status status;
  *file = dw_open_patiently(path, O_RDONLY, 0);
  if (*file < 0) {
    return dw_fail_errno(path, "opened again");
  }
  DW_TRY(check_identity(*file, path, identity));
  posix_fadvise(*file, 0, 0, POSIX_FADV_SEQUENTIAL); /* of no consequence where it fails */
  return DIVW_OK;
fail:
  dw_file_close(*file);
  *file = -1;
  return status;
}

divw_status dw_file_read_at(int file, const char *path, const dw_file_identity *identity, int64_t position,
                            void *buffer, int64_t bytes) {
  for (int64_t got = 0; got < bytes;) {
    const ssize_t count = pread(file, (char *)buffer + got, (size_t)(bytes - got), identity->offset + position + got);
    if (count == 0) {
      return has_changed(path);
    }
    if (count > 0) {
      got += count;
    } else if (errno != EINTR) {
      return dw_fail_errno(path, "read");
    }
  }
  return check_identity(file, path, identity);
}

void dw_file_close(int file) {
  if (file >= 0) {
    close(file);
  }
}
