/* Bytes out of files; every array that the library reads passes here.
 *
 * System calls rather than stdio, so that large blocks land where they belong without another copy and a
 * failure keeps its errno. gzip goes through inflate() rather than gzread(), which reads a file with a damaged header
 * as if it were plain, and allocates outside our hooks. */
#include "file.h"

#include "inflate.h"
#include "npz.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOW = 1 << 16 };

divw_status dw_fail_errno(const char *path, const char *what) {
  char reason[128];
  const bool known = strerror_r(errno, reason, sizeof reason) == 0;
  return dw_fail(DIVW_ERROR_FILE, "%s: cannot be %s: %s", path, what, known ? reason : "unknown reason");
}

int dw_open_patiently(const char *path, int flags, mode_t mode) {
  int file;
  do {
    file = open(path, flags | O_CLOEXEC, mode);
  } while (file < 0 && errno == EINTR);
  return file;
}

struct dw_reader {
  int file;
  bool gzip;
  bool sized;     /* the size of the file is known, and `unread` counts */
  bool in_member; /* gzip: a member was begun and has not ended */
  dw_zip *zip;    /* NULL: no zip archive */
  int64_t unread; /* bytes of the file that the system still has */
  dw_file_identity identity;
  z_stream stream; /* next_in, avail_in: bytes of `window` that are waiting, gzip or not */
  char path[PATH_MAX];
  unsigned char window[WINDOW];
};

/* Reads until `bytes` are there or the file ends. */
static divw_status read_file(dw_reader *reader, unsigned char *buffer, int64_t bytes, int64_t *got) {
  *got = 0;
  while (*got < bytes) {
    const ssize_t count = read(reader->file, buffer + *got, (size_t)(bytes - *got));
    if (count == 0) {
      break;
    }
    if (count > 0) {
      *got += count;
    } else if (errno != EINTR) {
      return dw_fail_errno(reader->path, "read");
    }
  }
  reader->unread -= *got;
  return DIVW_OK;
}

static divw_status fill_window(dw_reader *reader) {
  int64_t got;
  divw_status status = read_file(reader, reader->window, WINDOW, &got);
  reader->stream.next_in = reader->window;
  reader->stream.avail_in = (uInt)got;
  return status;
}

/* The window holds what opening looked at; the rest goes straight into place. */
static divw_status read_plain(dw_reader *reader, unsigned char *buffer, int64_t bytes, int64_t *got) {
  z_stream *z = &reader->stream;
  const uInt waiting = (uInt)dw_min(bytes, z->avail_in);
  memcpy(buffer, z->next_in, waiting);
  z->next_in += waiting;
  z->avail_in -= waiting;
  divw_status status = read_file(reader, buffer + waiting, bytes - waiting, got);
  *got += waiting;
  return status;
}

/* One step of inflate() with input at hand. A file may be several gzip members, one after the other. */
static divw_status inflate_some(dw_reader *reader, unsigned char *buffer, int64_t bytes, int64_t *got) {
  z_stream *z = &reader->stream;
  const uInt space = (uInt)dw_min(bytes, 1 << 30);
  z->next_out = buffer;
  z->avail_out = space;
  int code = inflate(z, Z_NO_FLUSH);
  *got = space - z->avail_out;
  reader->in_member = code != Z_STREAM_END;
  if (code == Z_STREAM_END) {
    code = inflateReset(z);
  }
  if (code == Z_MEM_ERROR) {
    return DIVW_ERROR_MEMORY; /* the hook left the sentence */
  }
  if (code != Z_OK) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: the gzip data are damaged: %s", reader->path,
                   z->msg != NULL ? z->msg : "no valid block");
  }
  return DIVW_OK;
}

static divw_status read_gzip(dw_reader *reader, unsigned char *buffer, int64_t bytes, int64_t *got) {
  divw_status status = DIVW_OK;
  *got = 0;
  while (*got < bytes) {
    int64_t more;
    if (reader->stream.avail_in == 0) {
      DW_TRY(fill_window(reader));
    }
    if (reader->stream.avail_in == 0) {
      return reader->in_member ? dw_fail(DIVW_ERROR_FORMAT, "%s: truncated: the gzip data have no end", reader->path)
                               : DIVW_OK;
    }
    DW_TRY(inflate_some(reader, buffer + *got, bytes - *got, &more));
    *got += more;
  }
fail:
  return status;
}

divw_status dw_reader_read_some(dw_reader *reader, void *buffer, int64_t bytes, int64_t *got) {
  if (reader->zip != NULL) {
    return dw_zip_read(reader->zip, buffer, bytes, got);
  }
  return reader->gzip ? read_gzip(reader, buffer, bytes, got) : read_plain(reader, buffer, bytes, got);
}

static divw_status recognise_gzip(dw_reader *reader) {
  z_stream *z = &reader->stream;
  if (z->avail_in < 2 || z->next_in[0] != 0x1f || z->next_in[1] != 0x8b) {
    return DIVW_OK;
  }
  divw_status status = dw_inflate_begin(z, 15 + 16, reader->path); /* the largest window, gzip framing only */
  reader->gzip = status == DIVW_OK;
  return status;
}

/* What comes from the archive is read through its own door; the window and the size serve no more. */
static divw_status recognise_zip(dw_reader *reader, const char *name) {
  if (!dw_zip_recognise(reader->window, reader->stream.avail_in)) {
    return name == NULL ? DIVW_OK
                        : dw_fail(DIVW_ERROR_ARGUMENT, "%s: is no zip archive (npz), and has no array named %s",
                                  reader->path, name);
  }
  if (!reader->sized) {
    return dw_fail(DIVW_ERROR_FILE, "%s: is a zip archive in a pipe, expected it in a file", reader->path);
  }
  const int64_t bytes = reader->unread + reader->stream.avail_in;
  return dw_zip_open(&reader->zip, reader->file, bytes, reader->window, reader->path, name);
}

divw_status dw_reader_open_member(dw_reader **out, const char *path, const char *name) {
  divw_status status;
  struct stat about = {0};
  dw_reader *reader = NULL;
  *out = NULL;
  DW_TRY(dw_alloc_zero(&reader, 1, sizeof *reader));
  reader->file = dw_open_patiently(path, O_RDONLY, 0);
  if (reader->file < 0 || fstat(reader->file, &about) != 0) {
    DW_TRY(dw_fail_errno(path, "opened"));
  }
  if (S_ISDIR(about.st_mode)) {
    DW_TRY(dw_fail(DIVW_ERROR_FILE, "%s: is a folder, expected a file", path));
  }
  snprintf(reader->path, sizeof reader->path, "%s", path); /* it could be opened, so it fits */
  reader->sized = S_ISREG(about.st_mode) && about.st_size > 0;
  reader->unread = about.st_size;
  reader->identity = dw_file_identify(&about);
  DW_TRY(fill_window(reader));
  if (reader->stream.avail_in == 0) {
    DW_TRY(dw_fail(DIVW_ERROR_FORMAT, "%s: is empty", path));
  }
  DW_TRY(recognise_gzip(reader));
  DW_TRY(recognise_zip(reader, name));
  *out = reader;
  return DIVW_OK;
fail:
  dw_reader_close(reader);
  return status;
}

divw_status dw_reader_open(dw_reader **out, const char *path) { return dw_reader_open_member(out, path, NULL); }

void dw_reader_close(dw_reader *reader) {
  if (reader == NULL) {
    return;
  }
  dw_zip_close(reader->zip);
  if (reader->gzip) {
    inflateEnd(&reader->stream);
  }
  if (reader->file >= 0) {
    close(reader->file);
  }
  divw_free(reader);
}

static divw_status truncated(const dw_reader *reader, const char *what, int64_t bytes, int64_t left) {
  return dw_fail(DIVW_ERROR_FORMAT, "%s: truncated: %s takes %lld bytes, at most %lld are left", reader->path, what,
                 (long long)bytes, (long long)left);
}

divw_status dw_reader_read(dw_reader *reader, void *buffer, int64_t bytes, const char *what) {
  int64_t got;
  divw_status status = dw_reader_read_some(reader, buffer, bytes, &got);
  if (status == DIVW_OK && got < bytes) {
    status = truncated(reader, what, bytes, got);
  }
  return status;
}

divw_status dw_trailing_bytes(const char *path) {
  return dw_fail(DIVW_ERROR_FORMAT, "%s: has trailing bytes after the array that its header describes", path);
}

divw_status dw_reader_expect_end(dw_reader *reader) {
  unsigned char byte;
  int64_t got;
  divw_status status = dw_reader_read_some(reader, &byte, 1, &got);
  if (status == DIVW_OK && got > 0) {
    status = dw_trailing_bytes(reader->path);
  }
  return status;
}

divw_status dw_reader_expect_bytes(const dw_reader *reader, int64_t bytes, const char *what) {
  int64_t left = dw_max(reader->unread, 0) + reader->stream.avail_in;
  if (reader->zip != NULL) {
    left = dw_zip_left(reader->zip);
  } else if (reader->gzip) {
    left = dw_most_inflated(left);
  }
  return !reader->sized || bytes <= left ? DIVW_OK : truncated(reader, what, bytes, left);
}

bool dw_reader_can_reread(const dw_reader *reader) { return reader->sized; }

const char *dw_reader_path(const dw_reader *reader) { return reader->path; }

divw_status dw_reader_identify(const dw_reader *reader, dw_file_identity *identity) {
  if (!reader->sized) {
    return dw_fail(DIVW_ERROR_FILE, "%s: is no regular file, expected one that can be read again", reader->path);
  }
  if (reader->gzip) {
    return dw_fail(DIVW_ERROR_FORMAT,
                   "%s: is gzipped, and can only be read from its beginning: unpack it, or read it whole",
                   reader->path);
  }
  *identity = reader->identity;
  if (reader->zip != NULL) {
    return dw_zip_locate(reader->zip, &identity->offset, &identity->bytes);
  }
  identity->bytes = reader->unread + reader->stream.avail_in;
  identity->offset = identity->size - identity->bytes;
  return DIVW_OK;
}
