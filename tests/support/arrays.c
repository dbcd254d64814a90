#define _DEFAULT_SOURCE /* syscall */

#include "arrays.h"

#include <dirent.h>
#include <stdio.h>
#include <zlib.h>

const char *gzipped(const char *name, const char *mode, const void *bytes, size_t count) {
  const char *path = scratch(name);
  gzFile file = gzopen(path, mode);
  assert_non_null(file);
  assert_int_equal(gzwrite(file, bytes, (unsigned)count), count);
  assert_int_equal(gzclose(file), Z_OK);
  return path;
}

size_t slurp_into(const char *path, unsigned char *bytes, size_t capacity) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  const size_t count = fread(bytes, 1, capacity, file);
  assert_int_equal(fclose(file), 0);
  return count;
}

const unsigned char *noise(void) {
  static unsigned char bytes[LARGE];
  test_random random = {1};
  for (int i = 0; i < LARGE; i++) {
    bytes[i] = (unsigned char)(256 * next_uniform(&random));
  }
  return bytes;
}

bool any_temporary_file(void) {
  bool any = false;
  DIR *folder = opendir(scratch("."));
  assert_non_null(folder);
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    any = any || strstr(entry->d_name, ".tmp-") != NULL;
  }
  closedir(folder);
  return any;
}

size_t build_npy(unsigned char *file, int major, const char *text, const void *data, size_t bytes) {
  const size_t length = strlen(text), start = major == 1 ? 10 : 12;
  const unsigned char preamble[12] = {
      0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)major, 0, (unsigned char)length, (unsigned char)(length >> 8)};
  memcpy(file, preamble, start);
  memcpy(file + start, text, length);
  memcpy(file + start + length, data, bytes);
  return start + length + bytes;
}

const char *npy_of(int major, const char *text, const void *data, size_t bytes) {
  static unsigned char file[1 << 20];
  return scratch_file("array.npy", file, build_npy(file, major, text, data, bytes));
}

divw_status read_array(const char *path, dw_array_header *header, void *rows) {
  dw_reader *reader;
  int64_t count;
  divw_status status = dw_array_open(&reader, header, &count, path);
  if (status != DIVW_OK) {
    assert_null(reader);
    return status;
  }
  status = dw_array_read(reader, header, count, rows);
  dw_reader_close(reader);
  return status;
}

uint64_t element(int64_t i, int64_t size) {
  return ((uint64_t)i * 0x9e3779b97f4a7c15u + 0x123456789abcdefu) >> (64 - 8 * size);
}

void put_element(unsigned char *to, uint64_t value, int64_t size, bool big_endian) {
  for (int64_t b = 0; b < size; b++) {
    to[big_endian ? size - 1 - b : b] = (unsigned char)(value >> 8 * b);
  }
}
