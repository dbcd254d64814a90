/* Datasets from npz archives, read into memory: every way to pack them, and every damage. */
#define _DEFAULT_SOURCE /* mkfifo */

#include "files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
  fail_every_allocation(load_and_destroy, (void *)archive("small.npz", &(member){"a.npy", rows(0, 2)}, 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
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
