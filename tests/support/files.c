#include "files.h"

#include <stdio.h>
#include <zip.h>
#include <zlib.h>

file_content npy(const char *descr, const char *shape, const void *data, size_t bytes) {
  file_content file = {{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}, 0};
  const int length =
      snprintf((char *)file.bytes + 10, 200, "{'descr': '%s', 'fortran_order': False, 'shape': %s}\n", descr, shape);
  file.bytes[8] = (unsigned char)length;
  file.count = 10 + (size_t)length;
  memcpy(file.bytes + file.count, data, bytes);
  file.count += bytes;
  return file;
}

file_content rows(int first, int count) {
  unsigned char data[64];
  char shape[20];
  for (int i = 0; i < count; i++) {
    data[2 * i] = (unsigned char)(10 * (first + i));
    data[2 * i + 1] = (unsigned char)(10 * (first + i) + 1);
  }
  snprintf(shape, sizeof shape, "(%d, 2)", count);
  return npy("|u1", shape, data, 2 * (size_t)count);
}

const char *put(const char *name, file_content file) { return scratch_file(name, file.bytes, file.count); }

void counts_through(const divw_dataset *dataset, int64_t n) {
  double row[2];
  assert_int_equal(divw_dataset_count(dataset), n);
  for (int64_t i = 0; i < n; i++) {
    ok(divw_dataset_read(dataset, i, 1, row));
    assert_true(row[0] == 10 * (double)i && row[1] == 10 * (double)i + 1);
    assert_int_equal(divw_dataset_row(dataset, i), i);
  }
}

/* ---- zip archives ---- */

static void add_to_archive(zipFile zip, const char *name, const void *bytes, size_t count, bool zip64, int level) {
  const zip_fileinfo about = {{0}, 0, 0, 0};
  assert_int_equal(
      zipOpenNewFileInZip64(zip, name, &about, NULL, 0, NULL, 0, NULL, level == 0 ? 0 : Z_DEFLATED, level, zip64),
      ZIP_OK);
  assert_int_equal(zipWriteInFileInZip(zip, bytes, (unsigned)count), ZIP_OK);
  assert_int_equal(zipCloseFileInZip(zip), ZIP_OK);
}

const char *archive_at_level(const char *name, const member *members, int count, bool zip64, int level) {
  const char *path = scratch(name);
  zipFile zip = zipOpen64(path, APPEND_STATUS_CREATE);
  assert_non_null(zip);
  for (int k = 0; k < count; k++) {
    add_to_archive(zip, members[k].name, members[k].content.bytes, members[k].content.count, zip64, level);
  }
  assert_int_equal(zipClose(zip, NULL), ZIP_OK);
  return path;
}

const char *archive(const char *name, const member *members, int count) {
  return archive_at_level(name, members, count, false, 6);
}

const char *archive_with_large(const char *name, member first, const char *second, const void *bytes, size_t count) {
  const char *path = scratch(name);
  zipFile zip = zipOpen64(path, APPEND_STATUS_CREATE);
  assert_non_null(zip);
  add_to_archive(zip, first.name, first.content.bytes, first.content.count, false, 0);
  add_to_archive(zip, second, bytes, count, false, 0);
  assert_int_equal(zipClose(zip, NULL), ZIP_OK);
  return path;
}

file_content slurp(const char *path) {
  file_content file;
  FILE *stream = fopen(path, "rb");
  assert_non_null(stream);
  file.count = fread(file.bytes, 1, sizeof file.bytes, stream);
  assert_true(file.count < sizeof file.bytes);
  assert_int_equal(fclose(stream), 0);
  return file;
}

void patch(file_content *file, const char *pattern, size_t length, size_t offset, const void *bytes, size_t count) {
  for (size_t k = 0; k + length <= file->count; k++) {
    if (memcmp(file->bytes + k, pattern, length) == 0) {
      memcpy(file->bytes + k + offset, bytes, count);
      return;
    }
  }
  fail_msg("there is nothing to patch");
}
