/* Arrays in zip archives.
 *
 * An archive says of a member how large it is, packed and unpacked, and what its checksum is. No more than the size is
 * given out; that it is no less, and the checksum, are checked at the end. No claim is believed beyond what the file
 * could hold when memory is asked for.
 *
 * A stored member lies in the file as it is, and can be read by position, too. Then nobody compares the checksum, which
 * would take a read of all of it. */
#include "npz.h"

#include "inflate.h"
#include "text.h"
#include "zip_directory.h"

#include <string.h>

struct dw_zip {
  dw_zip_archive archive;
  dw_zip_entry member;
  int64_t begin;  /* of the member's bytes in the file */
  int64_t taken;  /* of them, packed */
  int64_t done;   /* bytes that were given out */
  uint32_t sum;   /* their checksum */
  bool unpacking; /* the stream is begun, */
  bool ended;     /* and at its end */
  z_stream stream;
};

bool dw_zip_recognise(const unsigned char *bytes, int64_t count) {
  return count >= 4 && memcmp(bytes, "PK\3\4", 4) == 0;
}

/* ---- finding a member ---- */

/* What a walk through an archive has met. */
typedef struct {
  dw_zip_entry match; /* the last one */
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

static divw_status walk(dw_zip *zip, const char *name, char *buffer, findings *found) {
  divw_status status;
  dw_zip_entry entry;
  DW_TRY(dw_zip_find_directory(&zip->archive));
  while (zip->archive.at < zip->archive.end) {
    DW_TRY(dw_zip_next(&zip->archive, &entry, buffer));
    if (!cut_suffix(buffer)) {
      continue;
    }
    found->arrays++;
    if (name == NULL || strcmp(name, buffer) == 0) {
      found->matches++;
      found->match = entry;
    }
    DW_TRY(note_name(found, buffer));
  }
fail:
  return status;
}

static divw_status judge(const dw_zip *zip, const char *name, findings *found) {
  divw_status status;
  DW_TRY(dw_text_append(&found->names, "", 1));
  if (found->arrays == 0) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: is a zip archive without arrays, expected members that end in .npy",
                   zip->archive.path);
  }
  if (name != NULL && found->matches != 1) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: has %s array named %s, expected the name of one of: %s", zip->archive.path,
                   found->matches == 0 ? "no" : "more than one", name, found->names.bytes);
  }
  if (found->matches > 1) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: holds %lld arrays, expected the name of the one to read: %s",
                   zip->archive.path, (long long)found->arrays, found->names.bytes);
  }
fail:
  return status;
}

static divw_status find(dw_zip *zip, const char *name) {
  divw_status status;
  char *buffer = NULL;
  findings found = {.arrays = 0};
  DW_TRY(dw_alloc(&buffer, DW_ZIP_NAME, 1));
  DW_TRY(walk(zip, name, buffer, &found));
  DW_TRY(judge(zip, name, &found));
  zip->member = found.match;
fail:
  divw_free(buffer);
  divw_free(found.names.bytes);
  return status;
}

/* ---- opening it ---- */

static divw_status open_member(dw_zip *zip) {
  enum { ENCRYPTED = 1 };
  divw_status status;
  const dw_zip_entry *member = &zip->member;
  if ((member->flags & ENCRYPTED) != 0) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: is encrypted, expected a zip archive without a password", zip->archive.path);
  }
  if (member->method != DW_ZIP_STORED && member->method != DW_ZIP_DEFLATED) {
    return dw_fail(DIVW_ERROR_FORMAT,
                   "%s: is compressed by method %lu of zip, accepted are 0 (stored) and 8 (deflated)",
                   zip->archive.path, (unsigned long)member->method);
  }
  DW_TRY(dw_zip_begin_of(&zip->archive, member, &zip->begin));
  if (member->method == DW_ZIP_STORED) {
    return member->unpacked == member->packed
               ? DIVW_OK
               : dw_zip_damaged(&zip->archive, "a stored member has one size packed and another unpacked");
  }
  DW_TRY(dw_inflate_begin(&zip->stream, -15, zip->archive.path)); /* the largest window, no framing */
  zip->unpacking = true;
fail:
  return status;
}

divw_status dw_zip_open(dw_zip **out, int file, int64_t file_bytes, unsigned char *window, const char *path,
                        const char *name) {
  divw_status status;
  dw_zip *zip;
  *out = NULL;
  DW_TRY(dw_alloc_zero(&zip, 1, sizeof *zip));
  zip->archive = (dw_zip_archive){.file = file, .bytes = file_bytes, .path = path, .window = window};
  DW_TRY(find(zip, name));
  DW_TRY(open_member(zip));
  *out = zip;
  return DIVW_OK;
fail:
  dw_zip_close(zip);
  return status;
}

void dw_zip_close(dw_zip *zip) {
  if (zip != NULL) {
    if (zip->unpacking) {
      inflateEnd(&zip->stream);
    }
    divw_free(zip);
  }
}

/* ---- reading it ---- */

/* The next bytes of the member as they are in the file. */
static divw_status take(dw_zip *zip, unsigned char *buffer, int64_t bytes) {
  int64_t got;
  divw_status status;
  DW_TRY(dw_zip_read_at(&zip->archive, zip->begin + zip->taken, buffer, bytes, &got));
  zip->taken += got;
  if (got < bytes) {
    status = dw_zip_damaged(&zip->archive, "it is truncated");
  }
fail:
  return status;
}

static divw_status fill_window(dw_zip *zip) {
  const int64_t bytes = dw_min(DW_ZIP_WINDOW, (int64_t)zip->member.packed - zip->taken);
  if (bytes == 0) {
    return dw_zip_damaged(&zip->archive, "a member cannot be unpacked");
  }
  zip->stream.next_in = zip->archive.window;
  zip->stream.avail_in = (uInt)bytes;
  return take(zip, zip->archive.window, bytes);
}

static divw_status unpack(dw_zip *zip, unsigned char *buffer, int64_t bytes, int64_t *got) {
  z_stream *z = &zip->stream;
  divw_status status = DIVW_OK;
  z->next_out = buffer;
  z->avail_out = (uInt)bytes;
  while (z->avail_out > 0 && !zip->ended) {
    DW_TRY(z->avail_in == 0 ? fill_window(zip) : DIVW_OK);
    const int code = inflate(z, Z_NO_FLUSH);
    zip->ended = code == Z_STREAM_END;
    if (code == Z_MEM_ERROR) {
      return DIVW_ERROR_MEMORY; /* the hook left the sentence */
    }
    if (code != Z_OK && code != Z_STREAM_END) {
      return dw_zip_damaged(&zip->archive, "a member cannot be unpacked");
    }
  }
  *got = bytes - z->avail_out;
fail:
  return status;
}

/* Once all has come that was said to, or no more does (`short_of`). */
static divw_status check_end(const dw_zip *zip, bool short_of) {
  if ((uint64_t)zip->done < zip->member.unpacked) {
    return short_of && zip->ended ? dw_zip_damaged(&zip->archive, "a member is shorter than its directory says")
                                  : DIVW_OK;
  }
  return zip->sum == zip->member.checksum ? DIVW_OK : dw_zip_damaged(&zip->archive, "a checksum is wrong");
}

divw_status dw_zip_read(dw_zip *zip, unsigned char *buffer, int64_t bytes, int64_t *got) {
  enum { PIECE = 1 << 20 }; /* so that the checksum finds it in the cache */
  divw_status status = DIVW_OK;
  int64_t more = 1;
  for (*got = 0; more > 0; *got += more) {
    more = dw_min(dw_min(bytes - *got, PIECE), dw_zip_left(zip));
    if (zip->unpacking) {
      DW_TRY(unpack(zip, buffer + *got, more, &more));
    } else {
      DW_TRY(take(zip, buffer + *got, more));
    }
    zip->sum = (uint32_t)crc32(zip->sum, buffer + *got, (uInt)more);
    zip->done += more;
  }
  status = check_end(zip, *got < bytes);
fail:
  return status;
}

/* packed is at most the bytes of the file: dw_zip_begin_of(). */
int64_t dw_zip_left(const dw_zip *zip) {
  const int64_t packed = (int64_t)zip->member.packed, most = zip->unpacking ? dw_most_inflated(packed) : packed;
  return (int64_t)(zip->member.unpacked < (uint64_t)most ? zip->member.unpacked : (uint64_t)most) - zip->done;
}

divw_status dw_zip_locate(const dw_zip *zip, int64_t *offset, int64_t *bytes) {
  if (zip->unpacking) {
    return dw_fail(DIVW_ERROR_FORMAT,
                   "%s: is compressed (npz), and can only be read from its beginning: save it with numpy.savez, or "
                   "read it whole",
                   zip->archive.path);
  }
  *offset = zip->begin + zip->done;
  *bytes = dw_zip_left(zip);
  return DIVW_OK;
}
