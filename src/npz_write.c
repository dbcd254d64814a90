/* A zip archive of stored members, written forwards in one go:
 *
 *     (local header, name, npy header, numbers) of each member
 *     (central header, name) of each member, and the end
 *
 * minizip goes back in a file to fill in what it did not know; here all is known before, and the file can go through
 * dw_writer, which never shows a part of it. Nothing is compressed: these are digits. Archives beyond 4 GiB would need
 * the 64-bit records of zip; they are refused.
 *
 * Source: PKWARE, .ZIP File Format Specification 6.3.10, 4.3.7 to 4.3.16. */
#include "npz_write.h"

#include "array_file.h"

#include <string.h>
#include <zlib.h>

enum { MAX_MEMBERS = 16, MAX_NAME = 64, VERSION = 20, JANUARY_1_1980 = 0x21, BLOCK = 1024 };

/* ---- bytes of a record ---- */

typedef struct {
  unsigned char bytes[64 + MAX_NAME];
  int64_t length;
} record;

static void put(record *to, int size, uint64_t value) {
  for (int b = 0; b < size; b++) {
    to->bytes[to->length++] = (unsigned char)(value >> 8 * b);
  }
}

static void put_name(record *to, const char *name) {
  for (; *name != '\0'; name++) {
    put(to, 1, (unsigned char)*name);
  }
  for (const char *suffix = ".npy"; *suffix != '\0'; suffix++) {
    put(to, 1, (unsigned char)*suffix);
  }
}

static int64_t count_values(const dw_npz_member *member) {
  return member->axes == 1 ? member->shape[0] : member->shape[0] * member->shape[1];
}

static uint64_t member_bytes(const dw_npz_member *member) { return DW_NPY_HEADER + 8 * (uint64_t)count_values(member); }

/* What local and central headers have in common, from the version that is needed to the length of what follows. */
static void put_common(record *to, const dw_npz_member *member, uint32_t checksum) {
  put(to, 2, VERSION);
  put(to, 2, 0); /* no flags */
  put(to, 2, 0); /* stored */
  put(to, 2, 0); /* midnight */
  put(to, 2, JANUARY_1_1980);
  put(to, 4, checksum);
  put(to, 4, member_bytes(member)); /* packed and unpacked */
  put(to, 4, member_bytes(member));
  put(to, 2, strlen(member->name) + 4);
  put(to, 2, 0); /* no extra fields */
}

static record local_header(const dw_npz_member *member, uint32_t checksum) {
  record header = {.length = 0};
  put(&header, 4, 0x04034b50);
  put_common(&header, member, checksum);
  put_name(&header, member->name);
  return header;
}

static record central_header(const dw_npz_member *member, uint32_t checksum, uint64_t offset) {
  record header = {.length = 0};
  put(&header, 4, 0x02014b50);
  put(&header, 2, VERSION);
  put_common(&header, member, checksum);
  put(&header, 2, 0); /* no comment */
  put(&header, 2, 0); /* disk */
  put(&header, 2, 0); /* attributes */
  put(&header, 4, 0);
  put(&header, 4, offset);
  put_name(&header, member->name);
  return header;
}

static record end_of_archive(int64_t count, uint64_t start, uint64_t end) {
  record header = {.length = 0};
  put(&header, 4, 0x06054b50);
  put(&header, 4, 0); /* disks */
  put(&header, 2, (uint64_t)count);
  put(&header, 2, (uint64_t)count);
  put(&header, 4, end - start);
  put(&header, 4, start);
  put(&header, 2, 0); /* no comment */
  return header;
}

/* Offsets and sizes are 32 bits wide. */
static divw_status check_size(const char *path, const dw_npz_member *members, int64_t count) {
  uint64_t total = 0;
  for (int64_t k = 0; k < count; k++) {
    total += member_bytes(&members[k]) + 2 * sizeof(record);
  }
  return total <= UINT32_MAX ? DIVW_OK
                             : dw_fail(DIVW_ERROR_SIZE, "%s: would have %llu bytes, a zip archive has at most %lu",
                                       path, (unsigned long long)total, (unsigned long)UINT32_MAX);
}

/* ---- a file of them ---- */

static void npy_header(const dw_npz_member *member, unsigned char header[DW_NPY_HEADER]) {
  dw_npy_format_header(header, DW_FLOAT64, member->axes, member->shape);
}

static uint32_t checksum_of(const dw_npz_member *member) {
  unsigned char bytes[8 * BLOCK];
  npy_header(member, bytes);
  uLong sum = crc32(0, bytes, DW_NPY_HEADER);
  for (int64_t first = 0, count = count_values(member); first < count; first += BLOCK) {
    const int64_t block = dw_min(BLOCK, count - first);
    dw_npy_pack(member->values + first, block, bytes);
    sum = crc32(sum, bytes, (uInt)(8 * block));
  }
  return (uint32_t)sum;
}

static divw_status write_member(dw_writer *writer, const dw_npz_member *member, uint32_t checksum, uint64_t *offset) {
  divw_status status;
  unsigned char header[DW_NPY_HEADER];
  const record local = local_header(member, checksum);
  npy_header(member, header);
  DW_TRY(dw_writer_write(writer, local.bytes, local.length));
  DW_TRY(dw_writer_write(writer, header, sizeof header));
  DW_TRY(dw_npy_write_values(writer, member->values, count_values(member)));
  *offset += (uint64_t)local.length + member_bytes(member);
fail:
  return status;
}

divw_status dw_npz_save(const char *path, const dw_npz_member *members, int64_t count) {
  divw_status status;
  dw_writer *writer = NULL;
  uint32_t checksums[MAX_MEMBERS] = {0};
  uint64_t offsets[MAX_MEMBERS + 1] = {0}, end;
  assert(count <= MAX_MEMBERS);
  DW_TRY(check_size(path, members, count));
  DW_TRY(dw_writer_open(&writer, path));
  for (int64_t k = 0; k < count; k++) {
    assert(strlen(members[k].name) + 4 <= MAX_NAME);
    checksums[k] = checksum_of(&members[k]);
    offsets[k + 1] = offsets[k];
    DW_TRY(write_member(writer, &members[k], checksums[k], &offsets[k + 1]));
  }
  end = offsets[count];
  for (int64_t k = 0; k < count; k++) {
    const record central = central_header(&members[k], checksums[k], offsets[k]);
    DW_TRY(dw_writer_write(writer, central.bytes, central.length));
    end += (uint64_t)central.length;
  }
  const record last = end_of_archive(count, offsets[count], end);
  DW_TRY(dw_writer_write(writer, last.bytes, last.length));
  return dw_writer_commit(writer);
fail:
  dw_writer_abort(writer);
  return status;
}
