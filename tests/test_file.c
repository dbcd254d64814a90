/* Files in and out: the reader and the writer. */
#define _DEFAULT_SOURCE /* syscall */

#include "array_file.h"
#include "arrays.h"
#include "check.h"
#include "faults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

/* ---- files to read ---- */

/* The file has exactly these bytes, read in pieces of `piece`. */
static void reads_as(const char *path, const unsigned char *expected, int64_t count, int64_t piece) {
  dw_reader *reader;
  unsigned char *bytes = malloc((size_t)count);
  ok(dw_reader_open(&reader, path));
  assert_string_equal(dw_reader_path(reader), path);
  for (int64_t k = 0; k < count; k += piece) {
    ok(dw_reader_expect_bytes(reader, count - k, "the rest"));
    ok(dw_reader_read(reader, bytes + k, count - k < piece ? count - k : piece, "a piece"));
  }
  ok(dw_reader_expect_end(reader));
  assert_memory_equal(bytes, expected, count);
  dw_reader_close(reader);
  free(bytes);
}

static divw_status open_and_read(const char *path, void *buffer, int64_t bytes) {
  dw_reader *reader;
  divw_status status = dw_reader_open(&reader, path);
  if (status != DIVW_OK) {
    assert_null(reader);
    return status;
  }
  status = dw_reader_read(reader, buffer, bytes, "the text");
  status = status == DIVW_OK ? dw_reader_expect_end(reader) : status;
  dw_reader_close(reader);
  return status;
}

static void plain_and_gzipped_files_read_the_same(void **state) {
  (void)state;
  const char *plain = scratch_file("plain", noise(), LARGE), *gzip = gzipped("gzip", "wb", noise(), LARGE);
  for (int64_t piece = 999; piece <= LARGE; piece = 10 * piece + 1) {
    reads_as(plain, noise(), LARGE, piece);
    reads_as(gzip, noise(), LARGE, piece);
  }
  reads_as(plain, noise(), LARGE, LARGE);
  reads_as(gzip, noise(), LARGE, LARGE);
}

static void members_of_a_gzip_file_are_read_one_after_the_other(void **state) {
  (void)state;
  gzipped("members", "wb", "", 0);
  gzipped("members", "ab", noise(), 100000);
  gzipped("members", "ab", "", 0);
  reads_as(gzipped("members", "ab", noise() + 100000, LARGE - 100000), noise(), LARGE, 77777);
}

static void interrupted_and_short_reads_are_repeated(void **state) {
  (void)state;
  const char *plain = scratch_file("plain", noise(), 5000), *gzip = gzipped("gzip", "wb", noise(), 5000);
  plan.stutter = true;
  reads_as(plain, noise(), 5000, 5000);
  reads_as(gzip, noise(), 5000, 1234);
}

static void a_pipe_is_read_like_a_file(void **state) {
  (void)state;
  int ends[2];
  char path[32];
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(syscall(SYS_write, ends[1], noise(), 3000), 3000);
  close(ends[1]);
  snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
  reads_as(path, noise(), 3000, 1000);
  close(ends[0]);
}

static void a_file_that_cannot_be_opened_is_named_with_the_reason(void **state) {
  (void)state;
  char byte;
  fails(open_and_read(scratch("missing"), &byte, 1), DIVW_ERROR_FILE,
        "missing: cannot be opened: No such file or directory");
  assert_int_equal(mkdir(scratch("folder"), 0777), 0);
  fails(open_and_read(scratch("folder"), &byte, 1), DIVW_ERROR_FILE, "folder: is a folder, expected a file");
  fails(open_and_read(scratch_file("empty", "", 0), &byte, 1), DIVW_ERROR_FORMAT, "empty: is empty");
}

static void a_read_that_fails_is_an_error_wherever_it_happens(void **state) {
  (void)state;
  unsigned char bytes[LARGE];
  const char *paths[] = {scratch_file("plain", noise(), LARGE), gzipped("gzip", "wb", noise(), LARGE)};
  for (int k = 0; k < 2; k++) {
    for (int after = 0; after < 3; after++) {
      plan.call = "read", plan.error = EIO, plan.after = after;
      fails(open_and_read(paths[k], bytes, LARGE), DIVW_ERROR_FILE, "cannot be read: Input/output error");
    }
  }
}

static void missing_and_trailing_bytes_are_refused(void **state) {
  (void)state;
  char bytes[8];
  const char *paths[] = {scratch_file("five", "12345", 5), gzipped("five.gz", "wb", "12345", 5)};
  for (int k = 0; k < 2; k++) {
    ok(open_and_read(paths[k], bytes, 5));
    fails(open_and_read(paths[k], bytes, 6), DIVW_ERROR_FORMAT,
          "truncated: the text takes 6 bytes, at most 5 are left");
    fails(open_and_read(paths[k], bytes, 4), DIVW_ERROR_FORMAT, "has trailing bytes");
  }
}

static void damaged_gzip_is_refused(void **state) {
  (void)state;
  static unsigned char bytes[LARGE + 1000], out[LARGE];
  const size_t count = slurp_into(gzipped("gzip", "wb", noise(), LARGE), bytes, sizeof bytes - 1);
  assert_true(count > LARGE);
  fails(open_and_read(scratch_file("short.gz", bytes, count - 1), out, LARGE), DIVW_ERROR_FORMAT,
        "truncated: the gzip data have no end");
  fails(open_and_read(scratch_file("half.gz", bytes, count / 2), out, LARGE), DIVW_ERROR_FORMAT,
        "truncated: the gzip data have no end");
  fails(open_and_read(scratch_file("longer.gz", bytes, count + 1), out, LARGE), DIVW_ERROR_FORMAT, "truncated");
  bytes[count - 8] ^= 1;
  fails(open_and_read(scratch_file("sum.gz", bytes, count), out, LARGE), DIVW_ERROR_FORMAT,
        "sum.gz: the gzip data are damaged: incorrect data check");
  bytes[3] = 0xff;
  fails(open_and_read(scratch_file("flags.gz", bytes, count), out, LARGE), DIVW_ERROR_FORMAT,
        "flags.gz: the gzip data are damaged: unknown header flags set");
}

static void more_bytes_than_a_file_can_hold_are_refused_without_reading(void **state) {
  (void)state;
  dw_reader *reader;
  static const unsigned char zeros[LARGE];
  ok(dw_reader_open(&reader, scratch_file("plain", noise(), LARGE)));
  ok(dw_reader_expect_bytes(reader, LARGE, "it"));
  fails(dw_reader_expect_bytes(reader, LARGE + 1, "it"), DIVW_ERROR_FORMAT, "it takes 200001 bytes, at most 200000");
  fails(dw_reader_expect_bytes(reader, INT64_MAX, "it"), DIVW_ERROR_FORMAT, "plain: truncated");
  dw_reader_close(reader);
  ok(dw_reader_open(&reader, gzipped("gzip", "wb9", zeros, LARGE))); /* zeros are what gzip packs best */
  ok(dw_reader_expect_bytes(reader, LARGE, "it"));
  fails(dw_reader_expect_bytes(reader, 10 * LARGE, "it"), DIVW_ERROR_FORMAT, "gzip: truncated: it takes 2000000");
  dw_reader_close(reader);
  dw_reader_close(NULL);
}

/* ---- writing ---- */

static divw_status write_text(const char *path, const char *text) {
  dw_writer *writer;
  divw_status status = dw_writer_open(&writer, path);
  if (status != DIVW_OK) {
    assert_null(writer);
    return status;
  }
  status = dw_writer_write(writer, text, (int64_t)strlen(text));
  if (status != DIVW_OK) {
    dw_writer_abort(writer);
    return status;
  }
  return dw_writer_commit(writer);
}

static void holds_text(const char *path, const char *text) {
  unsigned char bytes[100];
  assert_int_equal(slurp_into(path, bytes, sizeof bytes), strlen(text));
  assert_memory_equal(bytes, text, strlen(text));
}

static void bytes_arrive_whatever_the_pieces(void **state) {
  (void)state;
  const int64_t pieces[] = {999, 65535, 65536, 65537, LARGE};
  for (int k = 0; k < 6; k++) {
    dw_writer *writer;
    const int64_t piece = k < 5 ? pieces[k] : 1000;
    const int64_t total = k < 5 ? LARGE : 3000;
    plan.stutter = k == 5;
    ok(dw_writer_open(&writer, scratch("written")));
    for (int64_t i = 0; i < total; i += piece) {
      ok(dw_writer_write(writer, noise() + i, piece < total - i ? piece : total - i));
    }
    ok(dw_writer_commit(writer));
    reads_as(scratch("written"), noise(), total, total);
  }
  assert_false(any_temporary_file());
}

static void a_failed_write_leaves_the_old_file(void **state) {
  (void)state;
  const struct {
    const char *call, *sentence;
    int error;
  } cases[] = {{"write", "target: cannot be written: No space left on device", ENOSPC},
               {"fsync", "target: cannot be written: Input/output error", EIO},
               {"rename", "target: cannot be written: Permission denied", EACCES}};
  ok(write_text(scratch("target"), "old"));
  for (int k = 0; k < 3; k++) {
    plan.call = cases[k].call, plan.error = cases[k].error, plan.after = 0;
    fails(write_text(scratch("target"), "new"), DIVW_ERROR_FILE, cases[k].sentence);
    holds_text(scratch("target"), "old");
    assert_false(any_temporary_file());
  }
  plan.call = "fsync", plan.after = 1; /* of the folder: the new file is complete */
  ok(write_text(scratch("target"), "new"));
  holds_text(scratch("target"), "new");
}

static void a_large_write_that_fails_is_an_error(void **state) {
  (void)state;
  dw_writer *writer;
  for (int after = 0; after < 2; after++) {
    ok(dw_writer_open(&writer, scratch("large")));
    ok(dw_writer_write(writer, "begin", 5));
    plan.call = "write", plan.error = ENOSPC, plan.after = after;
    fails(dw_writer_write(writer, noise(), LARGE), DIVW_ERROR_FILE, "No space left on device");
    dw_writer_abort(writer);
  }
  assert_int_not_equal(access(scratch("large"), F_OK), 0);
  assert_false(any_temporary_file());
}

static void an_aborted_write_leaves_nothing(void **state) {
  (void)state;
  dw_writer *writer;
  ok(dw_writer_open(&writer, scratch("aborted")));
  assert_true(any_temporary_file());
  ok(dw_writer_write(writer, "text", 4));
  dw_writer_abort(writer);
  dw_writer_abort(NULL);
  assert_false(any_temporary_file());
  assert_int_not_equal(access(scratch("aborted"), F_OK), 0);
}

static void two_writers_of_one_file_do_not_meet(void **state) {
  (void)state;
  dw_writer *first, *second;
  ok(dw_writer_open(&first, scratch("shared")));
  ok(dw_writer_open(&second, scratch("shared")));
  ok(dw_writer_write(first, "first", 5));
  ok(dw_writer_write(second, "second", 6));
  ok(dw_writer_commit(second));
  holds_text(scratch("shared"), "second");
  ok(dw_writer_commit(first));
  holds_text(scratch("shared"), "first");
}

static void a_target_that_cannot_be_written_is_named_with_the_reason(void **state) {
  (void)state;
  static char long_path[5000];
  memset(long_path, 'x', sizeof long_path - 1);
  fails(write_text(scratch("no-folder/file"), "text"), DIVW_ERROR_FILE,
        "no-folder/file: cannot be written: No such file or directory");
  fails(write_text(scratch("."), "text"), DIVW_ERROR_FILE, "cannot be written: Is a directory");
  fails(write_text(long_path, "text"), DIVW_ERROR_FILE, "xxx");
  fails(write_text("", "text"), DIVW_ERROR_FILE, ": cannot be written: No such file or directory");
}

static void devices_are_written_and_not_replaced(void **state) {
  (void)state;
  struct stat about;
  ok(write_text("/dev/null", "text"));
  assert_int_equal(stat("/dev/null", &about), 0);
  assert_true(S_ISCHR(about.st_mode));
  fails(write_text("/dev/full", "text"), DIVW_ERROR_FILE, "/dev/full: cannot be written: No space left on device");
}

static void a_link_stays_a_link(void **state) {
  (void)state;
  struct stat about;
  ok(write_text(scratch("linked"), "old"));
  assert_int_equal(symlink(scratch("linked"), scratch("link")), 0);
  ok(write_text(scratch("link"), "new"));
  assert_int_equal(lstat(scratch("link"), &about), 0);
  assert_true(S_ISLNK(about.st_mode));
  holds_text(scratch("linked"), "new");
}

static mode_t mode_of(const char *path) {
  struct stat about;
  assert_int_equal(stat(path, &about), 0);
  return about.st_mode & 07777;
}

static void permissions_follow_the_umask_and_the_old_file(void **state) {
  (void)state;
  const mode_t mask = umask(027);
  ok(write_text(scratch("mode"), "new"));
  assert_int_equal(mode_of(scratch("mode")), 0640);
  assert_int_equal(chmod(scratch("mode"), 0600), 0);
  ok(write_text(scratch("mode"), "newer"));
  assert_int_equal(mode_of(scratch("mode")), 0600);
  umask(mask);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(plain_and_gzipped_files_read_the_same),
      TEST(members_of_a_gzip_file_are_read_one_after_the_other),
      TEST(interrupted_and_short_reads_are_repeated),
      TEST(a_pipe_is_read_like_a_file),
      TEST(a_file_that_cannot_be_opened_is_named_with_the_reason),
      TEST(a_read_that_fails_is_an_error_wherever_it_happens),
      TEST(missing_and_trailing_bytes_are_refused),
      TEST(damaged_gzip_is_refused),
      TEST(more_bytes_than_a_file_can_hold_are_refused_without_reading),
      TEST(bytes_arrive_whatever_the_pieces),
      TEST(a_failed_write_leaves_the_old_file),
      TEST(a_large_write_that_fails_is_an_error),
      TEST(an_aborted_write_leaves_nothing),
      TEST(two_writers_of_one_file_do_not_meet),
      TEST(a_target_that_cannot_be_written_is_named_with_the_reason),
      TEST(devices_are_written_and_not_replaced),
      TEST(a_link_stays_a_link),
      TEST(permissions_follow_the_umask_and_the_old_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
