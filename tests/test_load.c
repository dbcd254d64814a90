/* Datasets from folders of shards and from npz archives. */
#define _DEFAULT_SOURCE /* syscall */

#include "check.h"
#include "folder.h"
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zip.h>
#include <zlib.h>

/* ---- files ---- */

/* Called once, at the next close(): how a file changes between two looks at it. */
static void (*on_close)(void);

int close(int file) {
  void (*callback)(void) = on_close;
  on_close = NULL;
  const int result = (int)syscall(SYS_close, file);
  if (callback != NULL) {
    callback();
  }
  return result;
}

typedef struct {
  unsigned char bytes[1024];
  size_t count;
} file_content;

/* A npy file of this type and shape, with the data behind it. */
static file_content npy(const char *descr, const char *shape, const void *data, size_t bytes) {
  file_content file = {{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}, 0};
  const int length =
      snprintf((char *)file.bytes + 10, 200, "{'descr': '%s', 'fortran_order': False, 'shape': %s}\n", descr, shape);
  file.bytes[8] = (unsigned char)length;
  file.count = 10 + (size_t)length;
  memcpy(file.bytes + file.count, data, bytes);
  file.count += bytes;
  return file;
}

/* Shard: rows first, first + 1, ... of two bytes (10 i, 10 i + 1). */
static file_content rows(int first, int count) {
  unsigned char data[64];
  char shape[20];
  for (int i = 0; i < count; i++) {
    data[2 * i] = (unsigned char)(10 * (first + i));
    data[2 * i + 1] = (unsigned char)(10 * (first + i) + 1);
  }
  snprintf(shape, sizeof shape, "(%d, 2)", count);
  return npy("|u1", shape, data, 2 * (size_t)count);
}

static const char *folder(const char *name) {
  const char *path = scratch(name);
  assert_true(mkdir(path, 0777) == 0 || errno == EEXIST);
  return path;
}

static const char *put(const char *name, file_content file) { return scratch_file(name, file.bytes, file.count); }

/* The dataset has rows numbered 0 .. n-1 as rows() makes them. */
static void counts_through(const divw_dataset *dataset, int64_t n) {
  double row[2];
  assert_int_equal(divw_dataset_count(dataset), n);
  for (int64_t i = 0; i < n; i++) {
    ok(divw_dataset_read(dataset, i, 1, row));
    assert_true(row[0] == 10 * (double)i && row[1] == 10 * (double)i + 1);
    assert_int_equal(divw_dataset_row(dataset, i), i);
  }
}

/* ---- natural order ---- */

static int sign(int order) { return (order > 0) - (order < 0); }

static void names_are_in_natural_order(void **state) {
  (void)state;
  /* clang-format off */
  static const char *const ordered[] = {
      "", "0", "00", "01", "1", "1.npy", "1a", "2", "9", "010", "10",
      "99999999999999999999999999", "100000000000000000000000000",
      "a", "a-2.npy", "a-10.npy", "a-10b", "a.npy", "a0b1", "a0b2", "a00b10", "ab",
      "shard-2-of-10.npy", "shard-10-of-10.npy", "x\x7f", "x\xc3\xa4"};
  /* clang-format on */
  const int count = sizeof ordered / sizeof *ordered;
  for (int i = 0; i < count; i++) {
    for (int j = 0; j < count; j++) {
      if (sign(dw_natural_order(ordered[i], ordered[j])) != (i > j) - (i < j)) {
        fail_msg("'%s' and '%s' are in the wrong order", ordered[i], ordered[j]);
      }
    }
  }
}

/* ---- folders ---- */

static void shards_are_put_one_after_the_other_in_natural_order(void **state) {
  (void)state;
  divw_dataset *dataset, *some;
  folder("shards");
  put("shards/part-10.npy", rows(6, 3));
  put("shards/part-1.npy", rows(0, 1));
  put("shards/part-3.npy", rows(6, 0));
  put("shards/.part-4.npy", rows(40, 1));
  put("shards/part-5.txt", rows(50, 1));
  put("shards/npy", rows(60, 1));
  folder("shards/inside");
  const file_content second = rows(1, 5);
  gzFile file = gzopen(scratch("shards/part-2.npy.gz"), "wb");
  assert_int_equal(gzwrite(file, second.bytes, (unsigned)second.count), second.count);
  assert_int_equal(gzclose(file), Z_OK);
  ok(divw_dataset_load(&dataset, scratch("shards")));
  counts_through(dataset, 9);
  assert_int_equal(divw_dataset_dimension(dataset), 2);
  assert_int_equal(divw_dataset_dtype(dataset), DIVW_UINT8);
  assert_int_equal(divw_dataset_shape(dataset, 0), 9);
  assert_true(divw_dataset_seconds_read(dataset) > 0);
  const int64_t across[] = {8, 0, 5, 6, 1, 1};
  double values[12];
  ok(divw_dataset_select_rows(&some, dataset, across, 6));
  divw_dataset_destroy(dataset);
  ok(divw_dataset_read(some, 0, 6, values));
  for (int i = 0; i < 6; i++) {
    assert_int_equal(divw_dataset_row(some, i), across[i]);
    assert_true(values[2 * i] == 10 * (double)across[i]);
  }
  divw_dataset_destroy(some);
  ok(divw_dataset_load(&dataset, scratch("shards/")));
  counts_through(dataset, 9);
  divw_dataset_destroy(dataset);
}

static void orders_of_bytes_and_axes_may_differ_between_shards(void **state) {
  (void)state;
  static const unsigned char little[] = {0, 0, 0, 0, 0, 0, 0x80, 0x3f}, big[] = {0x41, 0x20, 0, 0, 0x41, 0x30, 0, 0};
  divw_dataset *dataset;
  const char *path = folder("orders");
  put("orders/1.npy", npy("<f4", "(1, 1, 2)", little, 8));
  put("orders/2.npy", npy(">f4", "(1, 2)", big, 8));
  ok(divw_dataset_load(&dataset, path));
  counts_through(dataset, 2);
  assert_int_equal(divw_dataset_shape(dataset, 1), 1);
  assert_int_equal(divw_dataset_shape(dataset, 2), 2);
  divw_dataset_destroy(dataset);
}

static void shards_that_do_not_fit_are_named_with_both_values(void **state) {
  (void)state;
  static const unsigned char zeros[64];
  divw_dataset *dataset;
  const char *path = folder("mixed");
  put("mixed/1.npy", rows(0, 2));
  put("mixed/2.npy", npy("|u1", "(4, 3)", zeros, 12));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "mixed/2.npy: has rows of 3 numbers, expected 2 as in");
  assert_non_null(strstr(divw_error_message(), "mixed/1.npy"));
  assert_null(dataset);
  put("mixed/2.npy", npy("<f2", "(4, 2)", zeros, 16));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "mixed/2.npy: holds float16, expected uint8 as in");
  put("mixed/2.npy", npy("<i4", "(4, 2)", zeros, 32));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "mixed/2.npy: holds int32, accepted are float64");
  put("mixed/2.npy", npy("|u1", "(4, 2)", zeros, 7));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "mixed/2.npy: truncated");
  put("mixed/2.npy", npy("|u1", "(4, 2)", zeros, 9));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "mixed/2.npy: has trailing bytes");
}

static void folders_without_rows_are_refused(void **state) {
  (void)state;
  divw_dataset *dataset;
  const char *path = folder("bare");
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "bare: is a folder without .npy files");
  put("bare/.hidden.npy", rows(0, 1));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "bare: is a folder without .npy files");
  put("bare/1.npy", rows(0, 0));
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT, "bare: has 0 rows of 2 numbers, expected at least one");
  folder("bare/2.npy");
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FILE, "bare/2.npy: is a folder, expected a file");
  fails(divw_dataset_load_array(&dataset, path, "a"), DIVW_ERROR_ARGUMENT,
        "bare: is a folder, and has no array named a");
}

static void rows_beyond_counting_are_refused(void **state) {
  (void)state;
  divw_dataset *dataset;
  char name[20], **paths;
  int64_t count;
  folder("endless");
  for (int k = 0; k < 10; k++) {
    snprintf(name, sizeof name, "endless/%d.npy", k);
    put(name, npy("|u1", "(999999999999999999, 0)", "", 0));
  }
  fails(divw_dataset_load(&dataset, scratch("endless")), DIVW_ERROR_SIZE,
        "endless/9.npy: claims more than 2^63 rows with those before it");
  fails(dw_folder_arrays(scratch("missing"), &paths, &count), DIVW_ERROR_FILE,
        "missing: cannot be read: No such file or directory");
}

static void grow(void) { put("moving/1.npy", rows(0, 3)); }
static void shrink(void) { put("moving/1.npy", rows(0, 1)); }
static void retype(void) { put("moving/1.npy", npy("<f2", "(2, 2)", "01234567", 8)); }

static void a_shard_that_changes_while_it_is_read_is_refused(void **state) {
  (void)state;
  void (*const changes[])(void) = {grow, shrink, retype};
  divw_dataset *dataset;
  const char *path = folder("moving");
  for (int k = 0; k < 3; k++) {
    put("moving/1.npy", rows(0, 2));
    on_close = changes[k];
    fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT,
          k < 2 ? "moving: has changed while it was read" : "holds float16, expected uint8");
  }
}

/* ---- npz ---- */

typedef struct {
  const char *name;
  file_content content;
} member;

static void add_to_archive(zipFile zip, const member *m, bool zip64, int level) {
  const zip_fileinfo about = {{0}, 0, 0, 0};
  assert_int_equal(
      zipOpenNewFileInZip64(zip, m->name, &about, NULL, 0, NULL, 0, NULL, level == 0 ? 0 : Z_DEFLATED, level, zip64),
      ZIP_OK);
  assert_int_equal(zipWriteInFileInZip(zip, m->content.bytes, (unsigned)m->content.count), ZIP_OK);
  assert_int_equal(zipCloseFileInZip(zip), ZIP_OK);
}

static const char *archive_at_level(const char *name, const member *members, int count, bool zip64, int level) {
  const char *path = scratch(name);
  zipFile zip = zipOpen64(path, APPEND_STATUS_CREATE);
  assert_non_null(zip);
  for (int k = 0; k < count; k++) {
    add_to_archive(zip, &members[k], zip64, level);
  }
  assert_int_equal(zipClose(zip, NULL), ZIP_OK);
  return path;
}

static const char *archive(const char *name, const member *members, int count) {
  return archive_at_level(name, members, count, false, 6);
}

static file_content slurp(const char *path) {
  file_content file;
  FILE *stream = fopen(path, "rb");
  assert_non_null(stream);
  file.count = fread(file.bytes, 1, sizeof file.bytes, stream);
  assert_true(file.count < sizeof file.bytes);
  assert_int_equal(fclose(stream), 0);
  return file;
}

/* Replaces `count` bytes at the first place that begins with `pattern`, `offset` behind it. */
static void patch(file_content *file, const char *pattern, size_t length, size_t offset, const void *bytes,
                  size_t count) {
  for (size_t k = 0; k + length <= file->count; k++) {
    if (memcmp(file->bytes + k, pattern, length) == 0) {
      memcpy(file->bytes + k + offset, bytes, count);
      return;
    }
  }
  fail_msg("there is nothing to patch");
}

static void one_array_is_read_however_it_is_packed(void **state) {
  (void)state;
  for (int zip64 = 0; zip64 < 2; zip64++) {
    for (int level = 0; level < 10; level += 3) {
      divw_dataset *dataset;
      const char *path = archive_at_level("one.npz", &(member){"arr_0.npy", rows(0, 7)}, 1, zip64, level);
      ok(divw_dataset_load(&dataset, path));
      counts_through(dataset, 7);
      divw_dataset_destroy(dataset);
      ok(divw_dataset_load_array(&dataset, path, "arr_0"));
      counts_through(dataset, 7);
      divw_dataset_destroy(dataset);
    }
  }
}

static void of_several_arrays_one_is_chosen_by_name(void **state) {
  (void)state;
  divw_dataset *dataset;
  const member members[] = {{"labels.npy", rows(3, 2)}, {"readme.txt", {"hello", 5}}, {"a/b.npy", rows(0, 4)}};
  const char *path = archive("several.npz", members, 3);
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FORMAT,
        "several.npz: holds 2 arrays, expected the name of the one to read: labels, a/b");
  assert_null(dataset);
  ok(divw_dataset_load_array(&dataset, path, "a/b"));
  counts_through(dataset, 4);
  divw_dataset_destroy(dataset);
  fails(divw_dataset_load_array(&dataset, path, "label"), DIVW_ERROR_ARGUMENT,
        "several.npz: has no array named label, expected the name of one of: labels, a/b");
  fails(divw_dataset_load_array(&dataset, path, "readme.txt"), DIVW_ERROR_ARGUMENT, "has no array named readme.txt");
  const member alone[] = {{"readme.txt", {"hello", 5}}, {"a.npy", rows(0, 4)}};
  ok(divw_dataset_load(&dataset, archive("alone.npz", alone, 2)));
  counts_through(dataset, 4);
  divw_dataset_destroy(dataset);
  const member twice[] = {{"a.npy", rows(0, 1)}, {"a.npy", rows(0, 2)}};
  fails(divw_dataset_load_array(&dataset, archive("twice.npz", twice, 2), "a"), DIVW_ERROR_ARGUMENT,
        "twice.npz: has more than one array named a");
}

static void arguments_of_load_array_are_checked(void **state) {
  (void)state;
  divw_dataset *dataset = (divw_dataset *)&state;
  const char *plain = put("plain.npy", rows(0, 1));
  fails(divw_dataset_load_array(&dataset, plain, "a"), DIVW_ERROR_ARGUMENT,
        "plain.npy: is no zip archive (npz), and has no array named a");
  assert_null(dataset);
  fails(divw_dataset_load_array(&dataset, plain, NULL), DIVW_ERROR_ARGUMENT, "divw_dataset_load_array: name is NULL");
  fails(divw_dataset_load_array(&dataset, NULL, "a"), DIVW_ERROR_ARGUMENT, "path is NULL");
  fails(divw_dataset_load_array(NULL, plain, "a"), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_dataset_load_array(&dataset, scratch("missing"), "a"), DIVW_ERROR_FILE, "missing: cannot be opened");
}

static void whatever_holds_one_array_may_be_an_npz(void **state) {
  (void)state;
  int64_t *values, count;
  ok(divw_indices_load(archive("labels.npz", &(member){"y.npy", npy("|i1", "(3,)", "\1\2\377", 3)}, 1), &values,
                       &count));
  assert_int_equal(count, 3);
  assert_int_equal(values[2], -1);
  divw_free(values);
}

static void many_names_make_no_endless_sentence(void **state) {
  (void)state;
  static member members[40];
  static char names[40][40];
  divw_dataset *dataset;
  for (int k = 0; k < 40; k++) {
    snprintf(names[k], sizeof names[k], "a rather long name of an array\033%d.npy", k);
    members[k] = (member){names[k], rows(0, 1)};
  }
  fails(divw_dataset_load(&dataset, archive("many.npz", members, 40)), DIVW_ERROR_FORMAT,
        "many.npz: holds 40 arrays, expected the name of the one to read: a rather long name of an array?0, ");
  const char *end = divw_error_message() + strlen(divw_error_message()) - 3;
  assert_string_equal(end, "...");
}

static void archives_without_arrays_are_refused(void **state) {
  (void)state;
  divw_dataset *dataset;
  fails(divw_dataset_load(&dataset, archive("text.zip", &(member){"a.txt", {"hello", 5}}, 1)), DIVW_ERROR_FORMAT,
        "text.zip: is a zip archive without arrays, expected members that end in .npy");
  fails(divw_dataset_load(&dataset, archive("empty.zip", NULL, 0)), DIVW_ERROR_FORMAT,
        "empty.zip: is not recognised: it begins with 50 4b 05 06");
  fails(divw_dataset_load(&dataset, archive("other.npz", &(member){"a.npy", {"hello", 5}}, 1)), DIVW_ERROR_FORMAT,
        "other.npz: is not recognised");
}

/* In a directory entry, which begins with PK 1 2: flags at 8, method at 10, checksum at 16, sizes at 20 and 24. */
static void archives_that_lie_or_cannot_be_unpacked_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *bytes, *sentence;
    size_t offset, count;
    bool in_both; /* the member has a header of its own: 2 bytes earlier */
  } cases[] = {
      {"\1", "is encrypted, expected a zip archive without a password", 8, 1, false},
      {"\14", "is compressed by method 12 of zip, accepted are 0 (stored) and 8 (deflated)", 10, 1, false},
      {"\1\2\3\4", "the zip archive is damaged: a checksum is wrong", 16, 4, true},
      {"\377\377\377\0", "the zip archive is damaged: a member is shorter than its directory says", 24, 4, true},
      {"\20\0\0\0", "the zip archive is damaged: a checksum is wrong", 24, 4, true},
      {"\3\0\0\0", "a member cannot be unpacked", 20, 4, true},
      {"\377\377\377\177", "a member does not begin where its directory says", 42, 4, false},
  };
  divw_dataset *dataset;
  const file_content good = slurp(archive("good.npz", &(member){"a.npy", rows(0, 5)}, 1));
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    file_content bad = good;
    patch(&bad, "PK\1\2", 4, cases[k].offset, cases[k].bytes, cases[k].count);
    if (cases[k].in_both) {
      patch(&bad, "PK\3\4", 4, cases[k].offset - 2, cases[k].bytes, cases[k].count);
    }
    fails(divw_dataset_load(&dataset, put("bad.npz", bad)), DIVW_ERROR_FORMAT, cases[k].sentence);
    assert_non_null(strstr(divw_error_message(), "bad.npz: "));
  }
  file_content cut = good;
  cut.count -= 30;
  fails(divw_dataset_load(&dataset, put("cut.npz", cut)), DIVW_ERROR_FORMAT,
        "cut.npz: the zip archive is damaged: it has no directory at its end");
}

static void an_archive_in_a_pipe_is_refused(void **state) {
  (void)state;
  divw_dataset *dataset;
  const char *path = scratch("pipe.npz");
  assert_int_equal(mkfifo(path, 0600), 0);
  const pid_t child = fork();
  if (child == 0) {
    _exit(write(open(path, O_WRONLY), "PK\3\4", 4) != 4);
  }
  fails(divw_dataset_load(&dataset, path), DIVW_ERROR_FILE,
        "pipe.npz: is a zip archive in a pipe, expected it in a file");
  assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Refused on the word of the header of the array: nothing of that size is ever asked for. */
static void *refuse_much(uint64_t bytes, void *user) {
  (void)user;
  assert_true(bytes < 1 << 20);
  return malloc(bytes);
}

static void give_back(void *memory, void *user) {
  (void)user;
  free(memory);
}

static void bombs_are_refused_before_memory_is_asked_for(void **state) {
  (void)state;
  divw_dataset *dataset;
  const file_content claims = npy("|u1", "(1099511627776, 2)", "", 0);
  file_content bomb = slurp(archive("bomb.npz", &(member){"a.npy", claims}, 1));
  ok(divw_set_allocator(refuse_much, give_back, NULL));
  fails(divw_dataset_load(&dataset, put("bomb.npz", bomb)), DIVW_ERROR_FORMAT, "bomb.npz: truncated: the array takes");
  patch(&bomb, "PK\1\2", 4, 24, "\377\377\377\376", 4); /* the archive claims 4 GB as well */
  patch(&bomb, "PK\3\4", 4, 22, "\377\377\377\376", 4);
  fails(divw_dataset_load(&dataset, put("bomb.npz", bomb)), DIVW_ERROR_FORMAT, "bomb.npz: truncated: the array takes");
  ok(divw_set_allocator(NULL, NULL, NULL));
}

static void survives(const file_content *file) {
  divw_dataset *dataset;
  const divw_status status = divw_dataset_load(&dataset, put("hostile.npz", *file));
  assert_true(status == DIVW_OK || status == DIVW_ERROR_FORMAT || status == DIVW_ERROR_SIZE ||
              status == DIVW_ERROR_FILE);
  if (status == DIVW_OK) {
    counts_through(dataset, divw_dataset_count(dataset)); /* a checksum vouches for every byte */
  }
  divw_dataset_destroy(dataset);
}

static void every_damage_to_an_archive_is_refused_or_does_not_matter(void **state) {
  (void)state;
  for (int level = 0; level < 7; level += 6) {
    file_content file = slurp(archive_at_level("seed.npz", &(member){"a.npy", rows(0, 3)}, 1, false, level));
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

/* ---- memory ---- */

static divw_status load_and_destroy(void *path) {
  divw_dataset *dataset;
  const divw_status status = divw_dataset_load(&dataset, path);
  divw_dataset_destroy(dataset);
  return status;
}

static void every_failed_allocation_is_an_error(void **state) {
  (void)state;
  const char *path = folder("small");
  put("small/1.npy", rows(0, 1));
  put("small/2.npy", rows(1, 1));
  fail_every_allocation(load_and_destroy, (void *)path);
  fail_every_allocation(load_and_destroy, (void *)archive("small.npz", &(member){"a.npy", rows(0, 2)}, 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_in_natural_order),
      cmocka_unit_test(shards_are_put_one_after_the_other_in_natural_order),
      cmocka_unit_test(orders_of_bytes_and_axes_may_differ_between_shards),
      cmocka_unit_test(shards_that_do_not_fit_are_named_with_both_values),
      cmocka_unit_test(folders_without_rows_are_refused),
      cmocka_unit_test(rows_beyond_counting_are_refused),
      cmocka_unit_test(a_shard_that_changes_while_it_is_read_is_refused),
      cmocka_unit_test(one_array_is_read_however_it_is_packed),
      cmocka_unit_test(of_several_arrays_one_is_chosen_by_name),
      cmocka_unit_test(arguments_of_load_array_are_checked),
      cmocka_unit_test(whatever_holds_one_array_may_be_an_npz),
      cmocka_unit_test(many_names_make_no_endless_sentence),
      cmocka_unit_test(archives_without_arrays_are_refused),
      cmocka_unit_test(archives_that_lie_or_cannot_be_unpacked_are_refused),
      cmocka_unit_test(an_archive_in_a_pipe_is_refused),
      cmocka_unit_test(bombs_are_refused_before_memory_is_asked_for),
      cmocka_unit_test(every_damage_to_an_archive_is_refused_or_does_not_matter),
      cmocka_unit_test(every_failed_allocation_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
