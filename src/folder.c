/* Shards: what is in a folder, and in which order.
 *
 * Natural order: shard-2 before shard-10. Runs of ASCII digits are compared as numbers of any length, the rest as
 * bytes, so that the order is the same on every machine, whatever its language and file system. */
#include "folder.h"

#include "file.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool dw_is_folder(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Compares the numbers that a and b begin with, and steps over them. */
static int compare_numbers(const char **a, const char **b) {
  *a += strspn(*a, "0");
  *b += strspn(*b, "0");
  const size_t longer = strspn(*a, "0123456789"), shorter = strspn(*b, "0123456789");
  const int order = longer != shorter ? (longer > shorter) - (longer < shorter) : strncmp(*a, *b, longer);
  *a += longer;
  *b += shorter;
  return order;
}

int dw_natural_order(const char *a, const char *b) {
  const char *x = a, *y = b;
  while (*x != '\0' && *y != '\0') {
    if (is_digit(*x) && is_digit(*y)) {
      const int order = compare_numbers(&x, &y);
      if (order != 0) {
        return order;
      }
    } else if (*x != *y) {
      break;
    } else {
      x++;
      y++;
    }
  }
  const int order = (unsigned char)*x - (unsigned char)*y;
  return order != 0 ? order : strcmp(a, b);
}

static int compare_paths(const void *a, const void *b) {
  return dw_natural_order(*(char *const *)a, *(char *const *)b);
}

static bool ends_in(const char *name, const char *suffix) {
  const size_t length = strlen(name), tail = strlen(suffix);
  return length >= tail && strcmp(name + length - tail, suffix) == 0;
}

static bool is_array(const char *name) { return name[0] != '.' && (ends_in(name, ".npy") || ends_in(name, ".npy.gz")); }

/* Appends "folder/name" to the paths. */
static divw_status append_path(dw_text *paths, const char *folder, const char *name) {
  divw_status status;
  DW_TRY(dw_text_append(paths, folder, (int64_t)strlen(folder)));
  DW_TRY(dw_text_append(paths, "/", ends_in(folder, "/") ? 0 : 1));
  DW_TRY(dw_text_append(paths, name, (int64_t)strlen(name) + 1));
fail:
  return status;
}

static divw_status list_paths(DIR *listing, const char *folder, dw_text *paths, int64_t *count) {
  divw_status status = DIVW_OK;
  const struct dirent *entry;
  while (errno = 0, (entry = readdir(listing)) != NULL) {
    if (is_array(entry->d_name)) {
      DW_TRY(append_path(paths, folder, entry->d_name));
      (*count)++;
    }
  }
  if (errno != 0) {
    status = dw_fail_errno(folder, "read");
  }
fail:
  return status;
}

divw_status dw_folder_arrays(const char *folder, char ***paths, int64_t *count) {
  divw_status status;
  dw_text text = {0};
  *paths = NULL;
  *count = 0;
  DIR *listing = opendir(folder);
  if (listing == NULL) {
    return dw_fail_errno(folder, "read");
  }
  DW_TRY(list_paths(listing, folder, &text, count));
  if (*count == 0) {
    DW_TRY(dw_fail(DIVW_ERROR_FORMAT, "%s: is a folder without .npy files, expected at least one", folder));
  }
  DW_TRY(dw_text_to_list(&text, *count, paths));
  qsort(*paths, (size_t)*count, sizeof **paths, compare_paths);
fail:
  closedir(listing);
  divw_free(text.bytes);
  return status;
}
