/* Members of zip archives, through minizip.
 *
 * An archive says of a member how large it is, packed and unpacked, and what its checksum is. minizip never gives out
 * more than the size; that it gives out no less, and the checksum, are checked at the end. No claim is believed beyond
 * what the file could hold when memory is asked for. minizip allocates 62 KiB outside our hooks while a member is open.
 *
 * A stored member lies in the file as it is, and can be read by position without minizip: where it begins, behind its
 * local header, minizip knows once it has opened it. That it ends within the file is checked here; its checksum, which
 * would take a read of all of it, is not. */
#include "npz.h"

#include "text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unzip.h>

enum { MAX_NAME = 65535, STORED = 0, DEFLATED = 8 };

struct dw_zip {
  unzFile archive;
  bool reading; /* a member is open */
  unz_file_info64 member;
  int64_t file_bytes;
  int64_t begin;    /* of the member's bytes in the file */
  int64_t done;     /* bytes of it that were given out */
  const char *path; /* the caller's, for sentences */
};

bool dw_zip_recognise(const unsigned char *bytes, int64_t count) {
  return count >= 4 && memcmp(bytes, "PK\3\4", 4) == 0;
}

static divw_status damaged(const dw_zip *zip, const char *how) {
  return dw_fail(DIVW_ERROR_FORMAT, "%s: the zip archive is damaged: %s", zip->path, how);
}

/* ---- finding a member ---- */

/* What a walk through an archive has met. */
typedef struct {
  unz64_file_pos place; /* of the last match */
  int64_t arrays, matches;
  dw_text names; /* for sentences, separated by commas */
  bool cut;      /* not all of them */
} findings;

/* "a.npy" -> "a"; false for members that are no arrays. */
static bool cut_suffix(char *member) {
  const size_t length = strlen(member);
  if (length < 4 || strcmp(member + length - 4, ".npy") != 0) {
    return false;
  }
  member[length - 4] = '\0';
  return true;
}

/* Keeps the sentence short, and the name free of what a terminal would obey. */
static divw_status note_name(findings *found, char *name) {
  enum { ENOUGH = 400 };
  divw_status status;
  if (found->cut) {
    return DIVW_OK;
  }
  for (char *c = name; *c != '\0'; c++) {
    if ((unsigned char)*c < ' ' || *c == 127) {
      *c = '?';
    }
  }
  const int64_t length = (int64_t)strlen(name);
  found->cut = found->names.length + length > ENOUGH;
  DW_TRY(dw_text_append(&found->names, ", ", found->arrays > 1 ? 2 : 0));
  DW_TRY(dw_text_append(&found->names, found->cut ? "..." : name, found->cut ? 3 : length));
fail:
  return status;
}

static divw_status walk(const dw_zip *zip, const char *name, char *buffer, findings *found) {
  divw_status status = DIVW_OK;
  int code = unzGoToFirstFile(zip->archive);
  for (; code == UNZ_OK; code = unzGoToNextFile(zip->archive)) {
    if (unzGetCurrentFileInfo64(zip->archive, NULL, buffer, MAX_NAME + 1, NULL, 0, NULL, 0) != UNZ_OK) {
      return damaged(zip, "its directory cannot be read");
    }
    if (!cut_suffix(buffer)) {
      continue;
    }
    found->arrays++;
    if (name == NULL || strcmp(name, buffer) == 0) {
      found->matches++;
      unzGetFilePos64(zip->archive, &found->place);
    }
    DW_TRY(note_name(found, buffer));
  }
  if (code != UNZ_END_OF_LIST_OF_FILE) {
    status = damaged(zip, "its directory cannot be read");
  }
fail:
  return status;
}

static divw_status judge(const dw_zip *zip, const char *name, findings *found) {
  divw_status status;
  DW_TRY(dw_text_append(&found->names, "", 1));
  if (found->arrays == 0) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: is a zip archive without arrays, expected members that end in .npy",
                   zip->path);
  }
  if (name != NULL && found->matches != 1) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: has %s array named %s, expected the name of one of: %s", zip->path,
                   found->matches == 0 ? "no" : "more than one", name, found->names.bytes);
  }
  if (found->matches > 1) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: holds %lld arrays, expected the name of the one to read: %s", zip->path,
                   (long long)found->arrays, found->names.bytes);
  }
fail:
  return status;
}

static divw_status find(dw_zip *zip, const char *name) {
  divw_status status;
  char *buffer = NULL;
  findings found = {.arrays = 0};
  DW_TRY(dw_alloc_zero(&buffer, MAX_NAME + 1, 1));
  DW_TRY(walk(zip, name, buffer, &found));
  DW_TRY(judge(zip, name, &found));
  if (unzGoToFilePos64(zip->archive, &found.place) != UNZ_OK ||
      unzGetCurrentFileInfo64(zip->archive, &zip->member, NULL, 0, NULL, 0, NULL, 0) != UNZ_OK) {
    status = damaged(zip, "its directory cannot be read");
  }
fail:
  divw_free(buffer);
  divw_free(found.names.bytes);
  return status;
}

/* ---- reading it ---- */

static divw_status open_member(dw_zip *zip) {
  enum { ENCRYPTED = 1 };
  if ((zip->member.flag & ENCRYPTED) != 0) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: is encrypted, expected a zip archive without a password", zip->path);
  }
  if (zip->member.compression_method != STORED && zip->member.compression_method != DEFLATED) {
    return dw_fail(DIVW_ERROR_FORMAT,
                   "%s: is compressed by method %lu of zip, accepted are 0 (stored) and 8 (deflated)", zip->path,
                   zip->member.compression_method);
  }
  if (unzOpenCurrentFile(zip->archive) != UNZ_OK) {
    return damaged(zip, "a member does not begin where its directory says");
  }
  zip->reading = true;
  const uint64_t begin = unzGetCurrentFileZStreamPos64(zip->archive), end = (uint64_t)zip->file_bytes;
  if (begin > end || zip->member.compressed_size > end - begin) {
    return damaged(zip, "a member goes on behind the end of the file");
  }
  zip->begin = (int64_t)begin;
  return DIVW_OK;
}

divw_status dw_zip_open(dw_zip **out, const char *path, int64_t file_bytes, const char *name) {
  divw_status status;
  dw_zip *zip;
  *out = NULL;
  DW_TRY(dw_alloc_zero(&zip, 1, sizeof *zip));
  zip->path = path;
  zip->file_bytes = file_bytes;
  zip->archive = unzOpen64(path);
  if (zip->archive == NULL) {
    DW_TRY(damaged(zip, "it has no directory at its end"));
  }
  DW_TRY(find(zip, name));
  DW_TRY(open_member(zip));
  *out = zip;
  return DIVW_OK;
fail:
  dw_zip_close(zip);
  return status;
}

void dw_zip_close(dw_zip *zip) {
  if (zip == NULL) {
    return;
  }
  if (zip->reading) {
    unzCloseCurrentFile(zip->archive);
  }
  if (zip->archive != NULL) {
    unzClose(zip->archive);
  }
  divw_free(zip);
}

static divw_status read_failed(const dw_zip *zip, int code) {
  char reason[128];
  if (code == UNZ_ERRNO && errno != 0 && strerror_r(errno, reason, sizeof reason) == 0) {
    return dw_fail(DIVW_ERROR_FILE, "%s: cannot be read: %s", zip->path, reason);
  }
  return damaged(zip, code == UNZ_ERRNO ? "it is truncated" : "a member cannot be unpacked");
}

/* The end of the member was met: what has come is all that was said to. */
static divw_status finish(dw_zip *zip) {
  zip->reading = false;
  const int code = unzCloseCurrentFile(zip->archive);
  if ((uint64_t)zip->done != zip->member.uncompressed_size) {
    return damaged(zip, "a member is shorter than its directory says");
  }
  return code == UNZ_OK ? DIVW_OK : damaged(zip, "a checksum is wrong");
}

divw_status dw_zip_read(dw_zip *zip, unsigned char *buffer, int64_t bytes, int64_t *got) {
  divw_status status = DIVW_OK;
  *got = 0;
  while (*got < bytes && zip->reading && status == DIVW_OK) {
    errno = 0;
    const int count = unzReadCurrentFile(zip->archive, buffer + *got, (unsigned)dw_min(bytes - *got, 1 << 30));
    if (count < 0) {
      status = read_failed(zip, count);
    } else if (count == 0) {
      status = finish(zip);
    } else {
      *got += count;
      zip->done += count;
    }
  }
  return status;
}

int64_t dw_zip_left(const dw_zip *zip) {
  const uint64_t claimed = zip->member.uncompressed_size;
  const int64_t packed = (int64_t)zip->member.compressed_size;
  const int64_t most = zip->member.compression_method == STORED ? packed : dw_most_inflated(packed);
  return (claimed < (uint64_t)most ? (int64_t)claimed : most) - zip->done;
}

divw_status dw_zip_locate(const dw_zip *zip, int64_t *offset, int64_t *bytes) {
  const uint64_t size = zip->member.uncompressed_size;
  if (zip->member.compression_method != STORED) {
    return dw_fail(DIVW_ERROR_FORMAT,
                   "%s: is compressed (npz), and can only be read from its beginning: save it with numpy.savez, or "
                   "read it whole",
                   zip->path);
  }
  if (size != zip->member.compressed_size) {
    return damaged(zip, "a stored member has one size packed and another unpacked");
  }
  *offset = zip->begin + zip->done;
  *bytes = (int64_t)size - zip->done;
  return DIVW_OK;
}
