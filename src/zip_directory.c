/* The directory of a zip archive:
 *
 *     members, each behind a header of its own | directory | (its size and place in 64 bits) | the same in 32 bits
 *
 * What does not fit into 32 bits is there as 2^32 - 1, and follows as 64 bits in an extra field of the entry; NumPy
 * writes so from 2 GiB on. Read here and not by minizip, whose version 1.1 takes these entries for members of 4 GiB on
 * 64-bit machines. Every offset and length is compared with the file before it is used, and what is used of a member's
 * own header is only how long it is.
 *
 * Source: PKWARE, .ZIP File Format Specification (APPNOTE) 6.3.10, sections 4.3 and 4.5.3. */
#define _POSIX_C_SOURCE 200809L /* pread */

#include "zip_directory.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { END = 22, END_64 = 56, LOCATOR = 20, ENTRY = 46, HEADER = 30, IN_64_BITS = 1 };

divw_status dw_zip_damaged(const dw_zip_archive *archive, const char *how) {
  return dw_fail(DIVW_ERROR_FORMAT, "%s: the zip archive is damaged: %s", archive->path, how);
}

static uint64_t number(const unsigned char *bytes, int count) {
  uint64_t value = 0;
  for (int b = count - 1; b >= 0; b--) {
    value = value << 8 | bytes[b];
  }
  return value;
}

divw_status dw_zip_read_at(const dw_zip_archive *archive, int64_t position, void *buffer, int64_t bytes, int64_t *got) {
  *got = 0;
  while (*got < bytes) {
    const ssize_t count =
        pread(archive->file, (char *)buffer + *got, (size_t)dw_min(bytes - *got, 1 << 30), position + *got);
    if (count == 0) {
      break;
    }
    if (count > 0) {
      *got += count;
    } else if (errno != EINTR) {
      char reason[128];
      const bool known = strerror_r(errno, reason, sizeof reason) == 0;
      return dw_fail(DIVW_ERROR_FILE, "%s: cannot be read: %s", archive->path, known ? reason : "unknown reason");
    }
  }
  return DIVW_OK;
}

/* Exactly so many bytes of the directory, or it is damaged. */
static divw_status read_directory(dw_zip_archive *archive, void *buffer, int64_t bytes) {
  int64_t got;
  divw_status status;
  if (bytes > archive->end - archive->at) {
    return dw_zip_damaged(archive, "its directory cannot be read");
  }
  DW_TRY(dw_zip_read_at(archive, archive->at, buffer, bytes, &got));
  archive->at += got;
  if (got < bytes) {
    status = dw_zip_damaged(archive, "it is truncated");
  }
fail:
  return status;
}

/* ---- where it is ---- */

/* A directory of `bytes` bytes from `begin` on has to end before `limit`. */
static divw_status go_to(dw_zip_archive *archive, uint64_t begin, uint64_t bytes, int64_t limit) {
  if (begin > (uint64_t)limit || bytes > (uint64_t)limit - begin) {
    return dw_zip_damaged(archive, "it has no directory where its end says");
  }
  archive->at = (int64_t)begin;
  archive->end = (int64_t)(begin + bytes);
  return DIVW_OK;
}

/* The record that a locator in front of the end points at. */
static divw_status find_in_64_bits(dw_zip_archive *archive, const unsigned char *locator, int64_t limit) {
  unsigned char record[END_64] = {0};
  divw_status status;
  DW_TRY(go_to(archive, number(locator + 8, 8), END_64, limit));
  DW_TRY(read_directory(archive, record, END_64));
  if (memcmp(record, "PK\6\6", 4) != 0) {
    return dw_zip_damaged(archive, "it has no directory where its end says");
  }
  status = go_to(archive, number(record + 48, 8), number(record + 40, 8), limit);
fail:
  return status;
}

/* The end is the last place that looks like it; a comment may follow. */
divw_status dw_zip_find_directory(dw_zip_archive *archive) {
  divw_status status;
  const int64_t first = dw_max(0, archive->bytes - DW_ZIP_WINDOW);
  const unsigned char *window = archive->window;
  int64_t got;
  DW_TRY(dw_zip_read_at(archive, first, archive->window, DW_ZIP_WINDOW, &got));
  for (int64_t k = got - END; k >= 0; k--) {
    const unsigned char *end = window + k;
    if (memcmp(end, "PK\5\6", 4) == 0) {
      const bool large = k >= LOCATOR && memcmp(end - LOCATOR, "PK\6\7", 4) == 0;
      return large ? find_in_64_bits(archive, end - LOCATOR, first + k)
                   : go_to(archive, number(end + 16, 4), number(end + 12, 4), first + k);
    }
  }
  status = dw_zip_damaged(archive, "it has no directory at its end");
fail:
  return status;
}

/* ---- what it says ---- */

/* Takes what is saturated from the field in 64 bits, where the values follow one another in this order. */
static bool take_64_bits(dw_zip_entry *entry, const unsigned char *field, int64_t bytes) {
  uint64_t *const values[] = {&entry->unpacked, &entry->packed, &entry->header};
  for (int k = 0; k < 3; k++) {
    if (*values[k] == UINT32_MAX) {
      if (bytes < 8) {
        return false;
      }
      *values[k] = number(field, 8);
      field += 8;
      bytes -= 8;
    }
  }
  return true;
}

static divw_status read_extra(dw_zip_archive *archive, dw_zip_entry *entry, int64_t bytes) {
  divw_status status;
  DW_TRY(read_directory(archive, archive->window, bytes));
  const unsigned char *field = archive->window, *end = field + bytes;
  while (end - field >= 4) {
    const int64_t id = (int64_t)number(field, 2), length = (int64_t)number(field + 2, 2);
    if (length > end - field - 4 || (id == IN_64_BITS && !take_64_bits(entry, field + 4, length))) {
      return dw_zip_damaged(archive, "its directory cannot be read");
    }
    field += 4 + length;
  }
fail:
  return status;
}

divw_status dw_zip_next(dw_zip_archive *archive, dw_zip_entry *entry, char name[DW_ZIP_NAME]) {
  unsigned char fixed[ENTRY] = {0};
  divw_status status;
  DW_TRY(read_directory(archive, fixed, ENTRY));
  if (memcmp(fixed, "PK\1\2", 4) != 0) {
    return dw_zip_damaged(archive, "its directory cannot be read");
  }
  *entry = (dw_zip_entry){.flags = (uint32_t)number(fixed + 8, 2),
                          .method = (uint32_t)number(fixed + 10, 2),
                          .checksum = (uint32_t)number(fixed + 16, 4),
                          .packed = number(fixed + 20, 4),
                          .unpacked = number(fixed + 24, 4),
                          .name_length = (uint32_t)number(fixed + 28, 2),
                          .header = number(fixed + 42, 4)};
  DW_TRY(read_directory(archive, name, entry->name_length));
  name[entry->name_length] = '\0';
  DW_TRY(read_extra(archive, entry, (int64_t)number(fixed + 30, 2)));
  DW_TRY(read_directory(archive, archive->window, (int64_t)number(fixed + 32, 2))); /* a comment */
fail:
  return status;
}

divw_status dw_zip_begin_of(const dw_zip_archive *archive, const dw_zip_entry *entry, int64_t *begin) {
  unsigned char header[HEADER] = {0};
  int64_t got = 0;
  divw_status status = DIVW_OK;
  if (entry->header <= (uint64_t)archive->bytes) {
    DW_TRY(dw_zip_read_at(archive, (int64_t)entry->header, header, HEADER, &got));
  }
  if (got < HEADER || memcmp(header, "PK\3\4", 4) != 0 || number(header + 8, 2) != entry->method ||
      number(header + 26, 2) != entry->name_length) {
    return dw_zip_damaged(archive, "a member does not begin where its directory says");
  }
  *begin = (int64_t)(entry->header + HEADER + entry->name_length + number(header + 28, 2));
  if (*begin > archive->bytes || entry->packed > (uint64_t)(archive->bytes - *begin)) {
    status = dw_zip_damaged(archive, "a member goes on behind the end of the file");
  }
fail:
  return status;
}
