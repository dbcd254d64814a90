/* Arrays that lie in an npz as they are, read by position: the same rows as when they are loaded, and archives that say
 * they lie where they do not. */
#define _GNU_SOURCE /* truncate */

#include "files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

static const char *stored(const char *name, const member *members, int count) {
  return archive_at_level(name, members, count, false, 0);
}

/* ---- the same rows ---- */

static void a_stored_array_is_read_where_it_lies(void **state) {
  (void)state;
  for (int zip64 = 0; zip64 < 2; zip64++) {
    divw_dataset *dataset;
    const char *path = archive_at_level("one.npz", &(member){"arr_0.npy", rows(0, 7)}, 1, zip64, 0);
    ok(divw_dataset_open(&dataset, path));
    assert_int_equal(divw_dataset_is_streamed(dataset), 1);
    counts_through(dataset, 7);
    divw_dataset_destroy(dataset);
    ok(divw_dataset_open_array(&dataset, path, "arr_0"));
    counts_through(dataset, 7);
    divw_dataset_destroy(dataset);
  }
}

static void the_byte_order_and_the_axes_are_those_of_the_array(void **state) {
  (void)state;
  divw_dataset *dataset;
  double row[4];
  static const unsigned char numbers[] = {0, 0, 0x3f, 0x80, 0, 0, 0x40, 0, 0, 0, 0x40, 0x40, 0, 0, 0xc0, 0x80, 0, 0};
  ok(divw_dataset_open(&dataset, stored("axes.npz", &(member){"a.npy", npy(">f4", "(1, 2, 2)", numbers + 2, 16)}, 1)));
  assert_int_equal(divw_dataset_shape(dataset, 2), 2);
  ok(divw_dataset_read(dataset, 0, 1, row));
  assert_true(row[0] == 1 && row[1] == 2 && row[2] == 3 && row[3] == -4);
  divw_dataset_destroy(dataset);
}

static void of_several_arrays_one_is_opened_by_name(void **state) {
  (void)state;
  divw_dataset *dataset;
  const member members[] = {{"labels.npy", rows(3, 2)}, {"readme.txt", {"hello", 5}}, {"a/b.npy", rows(0, 4)}};
  const char *path = stored("several.npz", members, 3);
  fails(divw_dataset_open(&dataset, path), DIVW_ERROR_FORMAT,
        "several.npz: holds 2 arrays, expected the name of the one to read: labels, a/b");
  assert_null(dataset);
  ok(divw_dataset_open_array(&dataset, path, "a/b"));
  counts_through(dataset, 4);
  divw_dataset_destroy(dataset);
  fails(divw_dataset_open_array(&dataset, path, "b"), DIVW_ERROR_ARGUMENT, "several.npz: has no array named b");
}

static void arguments_of_open_array_are_checked(void **state) {
  (void)state;
  divw_dataset *dataset = (divw_dataset *)&state;
  const char *plain = put("plain.npy", rows(0, 1));
  fails(divw_dataset_open_array(&dataset, plain, "a"), DIVW_ERROR_ARGUMENT,
        "plain.npy: is no zip archive (npz), and has no array named a");
  assert_null(dataset);
  fails(divw_dataset_open_array(&dataset, plain, NULL), DIVW_ERROR_ARGUMENT, "divw_dataset_open_array: name is NULL");
  fails(divw_dataset_open_array(&dataset, NULL, "a"), DIVW_ERROR_ARGUMENT, "path is NULL");
  fails(divw_dataset_open_array(NULL, plain, "a"), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_dataset_open_array(&dataset, scratch("missing"), "a"), DIVW_ERROR_FILE, "missing: cannot be opened");
  fails(divw_dataset_open_array(&dataset, "/tmp", "a"), DIVW_ERROR_ARGUMENT, "is a folder, and has no array named a");
}

/* Larger than the windows of a walk, behind another member, in a number of bytes that no power of two divides. */
static void a_large_array_is_read_window_by_window(void **state) {
  (void)state;
  enum { N = 90001, D = 101 };
  const size_t bytes = (size_t)N * D;
  const file_content header = npy("|u1", "(90001, 101)", "", 0);
  unsigned char *file = malloc(header.count + bytes);
  divw_dataset *dataset;
  double row[D];
  memcpy(file, header.bytes, header.count);
  for (size_t k = 0; k < bytes; k++) {
    file[header.count + k] = (unsigned char)(k % 251);
  }
  const char *path =
      archive_with_large("large.npz", (member){"first.npy", rows(0, 9)}, "a.npy", file, header.count + bytes);
  ok(divw_dataset_open_array(&dataset, path, "a"));
  for (int64_t i = 0; i < N; i++) {
    ok(divw_dataset_read(dataset, i, 1, row));
    for (int j = 0; j < D; j += 50) {
      assert_true(row[j] == (double)((i * D + j) % 251));
    }
    i += i % 1000 == 7 ? 900 : 0;
  }
  divw_dataset_destroy(dataset);
  free(file);
}

/* ---- what cannot be read by position ---- */

static void what_is_compressed_or_column_by_column_is_refused(void **state) {
  (void)state;
  divw_dataset *dataset;
  fails(divw_dataset_open(&dataset, archive("packed.npz", &(member){"a.npy", rows(0, 5)}, 1)), DIVW_ERROR_FORMAT,
        "packed.npz: is compressed (npz), and can only be read from its beginning: save it with numpy.savez, or read "
        "it whole");
  file_content columns = rows(0, 5);
  patch(&columns, "False", 5, 0, "True ", 5);
  fails(divw_dataset_open(&dataset, stored("columns.npz", &(member){"a.npy", columns}, 1)), DIVW_ERROR_FORMAT,
        "columns.npz: is in Fortran order");
  file_content longer = rows(0, 5);
  longer.count++;
  fails(divw_dataset_open(&dataset, stored("longer.npz", &(member){"a.npy", longer}, 1)), DIVW_ERROR_FORMAT,
        "longer.npz: has trailing bytes");
  longer.count -= 2;
  fails(divw_dataset_open(&dataset, stored("shorter.npz", &(member){"a.npy", longer}, 1)), DIVW_ERROR_FORMAT,
        "shorter.npz: truncated: the array takes 10 bytes, at most 9 are left");
  assert_null(dataset);
}

/* ---- archives that lie ---- */

static void put_number(unsigned char *to, uint64_t value, int bytes) {
  for (int b = 0; b < bytes; b++) {
    to[b] = (unsigned char)(value >> 8 * b);
  }
}

typedef struct {
  uint64_t packed, unpacked, offset; /* what the directory says of the member */
  uint16_t name, extra;              /* what the member's own header says it has before its bytes */
} claims;

enum { LOCAL = 30 + 5, ENTRY = 46 + 5, FIELD = 28, RECORD = 56, LOCATOR = 20, END = 22 };

/* The end of an archive in 64 bits, and what points at it. */
static unsigned char *put_large_end(unsigned char *to, size_t directory) {
  memcpy(to, "PK\6\6\54\0\0\0\0\0\0\0\55\0\55\0", 16);
  put_number(to + 24, 1, 8);
  put_number(to + 32, 1, 8);
  put_number(to + 40, ENTRY + FIELD, 8);
  put_number(to + 48, directory, 8);
  memcpy(to + RECORD, "PK\6\7", 4);
  put_number(to + RECORD + 8, directory + ENTRY + FIELD, 8);
  return to + RECORD + LOCATOR;
}

/* An archive of one stored member a.npy, all of whose numbers are in 64 bits; its own header leaves the sizes to the
 * directory. */
static const char *craft(const char *name, const file_content *content, const claims *says) {
  file_content file = {"PK\3\4\55\0\0\0\0", 0};
  const uint32_t sum = (uint32_t)crc32(0, content->bytes, (unsigned)content->count);
  const size_t directory = LOCAL + content->count;
  put_number(file.bytes + 14, sum, 4);
  memset(file.bytes + 18, 0xff, 8);
  put_number(file.bytes + 26, says->name, 2);
  put_number(file.bytes + 28, says->extra, 2);
  memcpy(file.bytes + 30, "a.npy", 5);
  memcpy(file.bytes + LOCAL, content->bytes, content->count);
  unsigned char *entry = file.bytes + directory, *field = entry + ENTRY;
  memcpy(entry, "PK\1\2\55\0\55\0", 8);
  put_number(entry + 16, sum, 4);
  memset(entry + 20, 0xff, 8);
  put_number(entry + 28, 5, 2);
  put_number(entry + 30, FIELD, 2);
  memset(entry + 42, 0xff, 4);
  memcpy(entry + 46, "a.npy", 5);
  memcpy(field, "\1\0\30\0", 4);
  put_number(field + 4, says->unpacked, 8);
  put_number(field + 12, says->packed, 8);
  put_number(field + 20, says->offset, 8);
  unsigned char *end = put_large_end(field + FIELD, directory);
  memcpy(end, "PK\5\6\0\0\0\0\1\0\1\0", 12);
  memset(end + 12, 0xff, 8);
  file.count = (size_t)(end + END - file.bytes);
  return put(name, file);
}

static void sizes_and_offsets_are_held_against_the_file(void **state) {
  (void)state;
  const file_content content = rows(0, 20);
  const uint64_t size = content.count, huge = UINT64_C(1) << 63;
  const struct {
    claims says;
    const char *sentence;
  } cases[] = {
      {{size, size + 1, 0, 5, 0}, "a stored member has one size packed and another unpacked"},
      {{size + 1, size, 0, 5, 0}, "a stored member has one size packed and another unpacked"},
      {{huge, huge, 0, 5, 0}, "a member goes on behind the end of the file"},
      {{UINT64_MAX, UINT64_MAX, 0, 5, 0}, "a member goes on behind the end of the file"},
      {{size + 200, size + 200, 0, 5, 0}, "a member goes on behind the end of the file"},
      {{size + 1, size + 1, 0, 5, 0}, "lies.npz: has trailing bytes"},
      {{size - 1, size - 1, 0, 5, 0}, "lies.npz: truncated"},
      {{20, 20, 0, 5, 0}, "lies.npz: "},
      {{0, 0, 0, 5, 0}, "lies.npz: "},
      {{size, size, 1, 5, 0}, "a member does not begin where its directory says"},
      {{size, size, huge, 5, 0}, "a member does not begin where its directory says"},
      {{size, size, UINT64_MAX - 10, 5, 0}, "a member does not begin where its directory says"},
      {{size, size, 0, 5, 60000}, "a member goes on behind the end of the file"},
      {{size, size, 0, 5, 50}, "lies.npz: "}, /* within the file, and in the middle of the array */
      {{size, size, 0, 6, 0}, "a member does not begin where its directory says"},
  };
  divw_dataset *dataset;
  const char *sound = craft("sound.npz", &content, &(claims){size, size, 0, 5, 0});
  ok(divw_dataset_open(&dataset, sound));
  counts_through(dataset, 20);
  divw_dataset_destroy(dataset);
  ok(divw_dataset_load(&dataset, sound));
  counts_through(dataset, 20);
  divw_dataset_destroy(dataset);
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    fails(divw_dataset_open(&dataset, craft("lies.npz", &content, &cases[k].says)), DIVW_ERROR_FORMAT,
          cases[k].sentence);
    assert_null(dataset);
  }
}

/* Two members that share their bytes, or one that has those of the directory, are rows like others. */
static void members_may_overlap(void **state) {
  (void)state;
  divw_dataset *dataset;
  const file_content content = npy("|u1", "(250, 2)", "\0\1", 2); /* 500 bytes more than there are */
  const uint64_t size = content.count + 500;
  const char *path = craft("overlaps.npz", &content, &(claims){size, size, 0, 5, 0});
  fails(divw_dataset_open(&dataset, path), DIVW_ERROR_FORMAT, "a member goes on behind the end of the file");
  const file_content less = npy("|u1", "(20, 2)", "\0\1", 2);
  const uint64_t within = less.count + 38;
  path = craft("overlaps.npz", &less, &(claims){within, within, 0, 5, 0});
  ok(divw_dataset_open(&dataset, path));
  double row[2];
  ok(divw_dataset_read(dataset, 1, 1, row));
  assert_true(row[0] == 'P' && row[1] == 'K');
  divw_dataset_destroy(dataset);
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "a checksum is wrong");
}

static void a_wrong_checksum_is_found_by_loading_alone(void **state) {
  (void)state;
  divw_dataset *dataset;
  file_content file = slurp(stored("good.npz", &(member){"a.npy", rows(0, 5)}, 1));
  patch(&file, "\36\37", 2, 0, "\377", 1);
  const char *path = put("bad.npz", file);
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT,
        "bad.npz: the zip archive is damaged: a checksum is wrong");
  ok(divw_dataset_open(&dataset, path));
  double row[2];
  ok(divw_dataset_read(dataset, 3, 1, row));
  assert_true(row[0] == 255 && row[1] == 31);
  divw_dataset_destroy(dataset);
}

static void survives(const file_content *file) {
  divw_dataset *dataset;
  double row[64];
  const divw_status status = divw_dataset_open(&dataset, put("hostile.npz", *file));
  assert_true(status == DIVW_OK || status == DIVW_ERROR_FORMAT || status == DIVW_ERROR_SIZE ||
              status == DIVW_ERROR_FILE);
  assert_true((status == DIVW_OK) == (dataset != NULL));
  for (int64_t i = 0; i < divw_dataset_count(dataset); i++) {
    assert_true(divw_dataset_dimension(dataset) <= 64);
    ok(divw_dataset_read(dataset, i, 1, row));
  }
  divw_dataset_destroy(dataset);
}

static void every_damage_is_refused_or_leaves_rows_within_the_file(void **state) {
  (void)state;
  const file_content content = rows(0, 3);
  const uint64_t size = content.count;
  for (int crafted = 0; crafted < 2; crafted++) {
    const char *seed = crafted ? craft("seed.npz", &content, &(claims){size, size, 0, 5, 0})
                               : stored("seed.npz", &(member){"a.npy", content}, 1);
    file_content file = slurp(seed);
    const size_t count = file.count;
    for (size_t k = 0; k < count; k++) {
      const unsigned char old = file.bytes[k];
      const unsigned char damages[] = {0, 0xff, old ^ 1, old ^ 0x80, (unsigned char)(old + 1)};
      file.count = k;
      survives(&file);
      file.count = count;
      for (int damage = 0; damage < 5; damage++) {
        file.bytes[k] = damages[damage];
        survives(&file);
      }
      file.bytes[k] = old;
    }
  }
}

static void an_archive_that_changes_is_an_error(void **state) {
  (void)state;
  divw_dataset *dataset;
  double row[2];
  const char *path = stored("changes.npz", &(member){"a.npy", rows(0, 5)}, 1);
  ok(divw_dataset_open(&dataset, path));
  assert_int_equal(truncate(path, 80), 0);
  fails(divw_dataset_read(dataset, 0, 1, row), DIVW_ERROR_FILE, "changes.npz: has changed since it was opened");
  divw_dataset_destroy(dataset);
}

/* ---- memory ---- */

static divw_status open_and_read(void *path) {
  divw_dataset *dataset;
  double row[2];
  divw_status status = divw_dataset_open_array(&dataset, path, "b");
  status = status != DIVW_OK ? status : divw_dataset_read(dataset, 1, 1, row);
  divw_dataset_destroy(dataset);
  return status;
}

static void every_failed_allocation_is_an_error(void **state) {
  (void)state;
  const member members[] = {{"a.npy", rows(0, 2)}, {"b.npy", rows(0, 3)}};
  fail_every_allocation(open_and_read, (void *)stored("small.npz", members, 2));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stored_array_is_read_where_it_lies),
      cmocka_unit_test(the_byte_order_and_the_axes_are_those_of_the_array),
      cmocka_unit_test(of_several_arrays_one_is_opened_by_name),
      cmocka_unit_test(arguments_of_open_array_are_checked),
      cmocka_unit_test(a_large_array_is_read_window_by_window),
      cmocka_unit_test(what_is_compressed_or_column_by_column_is_refused),
      cmocka_unit_test(sizes_and_offsets_are_held_against_the_file),
      cmocka_unit_test(members_may_overlap),
      cmocka_unit_test(a_wrong_checksum_is_found_by_loading_alone),
      cmocka_unit_test(every_damage_is_refused_or_leaves_rows_within_the_file),
      cmocka_unit_test(an_archive_that_changes_is_an_error),
      cmocka_unit_test(every_failed_allocation_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
