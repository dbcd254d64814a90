/* Files in and out: the reader and writer, npy and IDX, whole numbers. */
#define _DEFAULT_SOURCE /* syscall */

#include "array_file.h"
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

/* ---- system calls that go wrong on demand, in place of the C library's ---- */

static struct {
  const char *call; /* which one misbehaves; NULL: none */
  int error;        /* what it fails with */
  int after;        /* how many times it still succeeds */
  bool stutter;     /* read and write: every other call is interrupted, the rest move 7 bytes at most */
  bool interrupted;
} plan;

static bool goes_wrong(const char *call) {
  if (plan.call == NULL || strcmp(plan.call, call) != 0 || plan.after-- > 0) {
    return false;
  }
  errno = plan.error;
  return true;
}

static bool stutters(size_t *count) {
  if (plan.stutter) {
    plan.interrupted = !plan.interrupted;
    *count = *count > 7 ? 7 : *count;
    errno = EINTR;
  }
  return plan.stutter && plan.interrupted;
}

ssize_t read(int file, void *buffer, size_t count) {
  return stutters(&count) || goes_wrong("read") ? -1 : syscall(SYS_read, file, buffer, count);
}

ssize_t write(int file, const void *buffer, size_t count) {
  return stutters(&count) || goes_wrong("write") ? -1 : syscall(SYS_write, file, buffer, count);
}

int fsync(int file) { return goes_wrong("fsync") ? -1 : (int)syscall(SYS_fsync, file); }

int rename(const char *from, const char *to) {
  return goes_wrong("rename") ? -1 : (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

static int everything_works(void **state) {
  (void)state;
  memset(&plan, 0, sizeof plan);
  return 0;
}

/* ---- files to read ---- */

/* A gzip file; mode "wb" begins it, "ab" appends a member. */
static const char *gzipped(const char *name, const char *mode, const void *bytes, size_t count) {
  const char *path = scratch(name);
  gzFile file = gzopen(path, mode);
  assert_non_null(file);
  assert_int_equal(gzwrite(file, bytes, (unsigned)count), count);
  assert_int_equal(gzclose(file), Z_OK);
  return path;
}

static size_t slurp(const char *path, unsigned char *bytes, size_t capacity) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  const size_t count = fread(bytes, 1, capacity, file);
  assert_int_equal(fclose(file), 0);
  return count;
}

enum { LARGE = 200000 };

static const unsigned char *noise(void) {
  static unsigned char bytes[LARGE];
  test_random random = {1};
  for (int i = 0; i < LARGE; i++) {
    bytes[i] = (unsigned char)(256 * next_uniform(&random));
  }
  return bytes;
}

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
  const size_t count = slurp(gzipped("gzip", "wb", noise(), LARGE), bytes, sizeof bytes - 1);
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
  assert_int_equal(slurp(path, bytes, sizeof bytes), strlen(text));
  assert_memory_equal(bytes, text, strlen(text));
}

static bool any_temporary_file(void) {
  bool any = false;
  DIR *folder = opendir(scratch("."));
  assert_non_null(folder);
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    any = any || strstr(entry->d_name, ".tmp-") != NULL;
  }
  closedir(folder);
  return any;
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

/* ---- npy ---- */

/* An npy file of any version, header text and data. */
static size_t build_npy(unsigned char *file, int major, const char *text, const void *data, size_t bytes) {
  const size_t length = strlen(text), start = major == 1 ? 10 : 12;
  const unsigned char preamble[12] = {
      0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)major, 0, (unsigned char)length, (unsigned char)(length >> 8)};
  memcpy(file, preamble, start);
  memcpy(file + start, text, length);
  memcpy(file + start + length, data, bytes);
  return start + length + bytes;
}

static const char *npy(int major, const char *text, const void *data, size_t bytes) {
  static unsigned char file[1 << 20];
  return scratch_file("array.npy", file, build_npy(file, major, text, data, bytes));
}

static divw_status read_array(const char *path, dw_array_header *header, void *rows) {
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

static void headers_of_all_versions_are_read(void **state) {
  (void)state;
  const char *texts[] = {
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }         \n",
      "{'descr':'<f4','fortran_order':False,'shape':(1,2)}",
      "{\"shape\": (1, 2,), \"fortran_order\" : False , \"descr\": \"<f4\"}\n",
      "{\t'fortran_order'\n:\n False,\n 'descr': '<f4', 'shape' : ( 1 , 2 , ) , }  ",
  };
  const unsigned char data[8] = {0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0}; /* 1, -2.5 */
  for (int major = 1; major <= 3; major++) {
    for (int k = 0; k < 4; k++) {
      dw_array_header header;
      float values[2] = {0};
      ok(read_array(npy(major, texts[k], data, 8), &header, values));
      assert_int_equal(header.dtype, DW_FLOAT32);
      assert_int_equal(header.axes, 2);
      assert_true(values[0] == 1 && values[1] == -2.5f);
    }
  }
}

static void every_header_that_npy_does_not_know_is_refused(void **state) {
  (void)state;
  const struct {
    const char *text, *sentence;
  } cases[] = {
      {"", "at byte 0 of its text, expected a dictionary"},
      {" {'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "expected a dictionary at the beginning"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)", "a comma or a closing brace"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x", "only spaces and a newline after"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}\n ", "only spaces and a newline after"},
      {"{'descr': '<f8', 'fortran_order': False}", "expected descr, fortran_order and shape before"},
      {"{}", "expected descr, fortran_order and shape before"},
      {"{,}", "a string in quotes"},
      {"{'descr': '<f8' 'fortran_order': False, 'shape': (1,)}", "a comma or a closing brace"},
      {"{'descr' '<f8', 'fortran_order': False, 'shape': (1,)}", "a colon"},
      {"{'descr: 1", "a closing quote"},
      {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "has the key 'descr'"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}", "has the key 'x'"},
      {"{'a key of far more than thirty-one letters': 1}", "at most 31 printable"},
      {"{'descr\\x41': '<f8'}", "printable characters"},
      {"{'descr': '<f8\x01'}", "printable characters"},
      {"{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}", "True or False"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': ()}", "the shape (), a single number"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1)}", "a comma after the only length"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': 1}", "a shape in parentheses"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1 2)}", "a comma or a closing parenthesis"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,,)}", "expected a length"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", "expected a length"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (01,)}", "without leading zeros"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000000,)}", "at most 18 digits"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", "has more than 8 axes"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,", "expected a length"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    dw_array_header header;
    double value;
    fails(read_array(npy(1, cases[k].text, "12345678", 8), &header, &value), DIVW_ERROR_FORMAT, cases[k].sentence);
  }
}

static void element_types_that_are_no_numbers_are_refused_by_name(void **state) {
  (void)state;
  const struct {
    const char *descr, *sentence;
  } cases[] = {
      {"'|O'", "holds Python objects (a pickle, which can run code when it is read) (descr '|O')"},
      {"'<c16'", "holds complex numbers"},
      {"'|b1'", "holds booleans"},
      {"'|S8'", "holds byte strings"},
      {"'<U2'", "holds strings"},
      {"'|V8'", "holds structured or raw bytes"},
      {"'<M8[ns]'", "holds dates"},
      {"'<m8[ns]'", "holds time spans"},
      {"'<f16'", "holds an unknown type (descr '<f16'), accepted are float64"},
      {"'f8'", "holds a type without a byte order"},
      {"''", "holds a type without a byte order"},
      {"'<'", "holds an unknown type"},
      {"[('a', '<f8')]", "holds structured records"},
      {"8", "a string in quotes"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char text[200];
    dw_array_header header;
    double value;
    snprintf(text, sizeof text, "{'descr': %s, 'fortran_order': False, 'shape': (1,)}", cases[k].descr);
    fails(read_array(npy(1, text, "12345678", 8), &header, &value), DIVW_ERROR_FORMAT, cases[k].sentence);
  }
}

static void magic_and_version_are_checked(void **state) {
  (void)state;
  dw_array_header header;
  double value;
  unsigned char file[200];
  const size_t count = build_npy(file, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "12345678", 8);
  const struct {
    int place, value;
    const char *sentence;
  } cases[] = {{0, 0x94, "it begins with 94 4e 55 4d, accepted are npy (93 4e 55 4d) and IDX"},
               {4, 'Q', "then 51 59 and version 1.0"},
               {6, 0, "version 0.0, accepted are 50 59 and versions 1.0, 2.0 and 3.0"},
               {6, 4, "version 4.0"},
               {7, 1, "version 1.1"},
               {9, 1, "truncated: the npy header takes 311 bytes"}};
  for (int k = 0; k < 6; k++) {
    const unsigned char old = file[cases[k].place];
    file[cases[k].place] = (unsigned char)cases[k].value;
    fails(read_array(scratch_file("magic.npy", file, count), &header, &value), DIVW_ERROR_FORMAT, cases[k].sentence);
    file[cases[k].place] = old;
  }
  ok(read_array(scratch_file("magic.npy", file, count), &header, &value));
  fails(read_array(scratch_file("two", file, 2), &header, &value), DIVW_ERROR_FORMAT, "truncated: the magic number");
}

static void lying_headers_are_refused_before_memory_is_asked_for(void **state) {
  (void)state;
  dw_reader *reader;
  dw_array_header header;
  int64_t count;
  const unsigned char long_header[12] = {0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 1, 0, 1, 0}; /* 65,537 bytes */
  fails(dw_array_open(&reader, &header, &count, scratch_file("long.npy", long_header, 12)), DIVW_ERROR_FORMAT,
        "claims an npy header of 65537 bytes, accepted are at most 65536");
  const char *rows = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000, 3)}";
  fails(dw_array_open(&reader, &header, &count, npy(1, rows, "12345678", 8)), DIVW_ERROR_FORMAT,
        "truncated: the array takes 24000000000000000 bytes, at most 8 are left");
  const char *product = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 10000000000, 10000000000)}";
  fails(dw_array_open(&reader, &header, &count, npy(1, product, "12345678", 8)), DIVW_ERROR_SIZE,
        "array.npy: claims more than 2^63 bytes");
  const char *bytes = "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999, 9999999999)}";
  fails(dw_array_open(&reader, &header, &count, npy(1, bytes, "12345678", 8)), DIVW_ERROR_SIZE, "2^63 bytes");
  const char *one = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}";
  double value;
  fails(read_array(npy(1, one, "123456789", 9), &header, &value), DIVW_ERROR_FORMAT, "trailing bytes");
  fails(read_array(npy(1, one, "1234567", 7), &header, &value), DIVW_ERROR_FORMAT, "truncated");
}

static void eight_axes_are_flattened(void **state) {
  (void)state;
  dw_array_header header;
  int64_t count;
  dw_reader *reader;
  ok(dw_array_open(&reader, &header, &count,
                   npy(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (2,1,1,1,1,1,1,2)}", "1234", 4)));
  assert_int_equal(header.axes, 8);
  assert_int_equal(count, 2);
  dw_reader_close(reader);
}

/* Element i of a test array of this element size: some pattern of which every byte matters. */
static uint64_t element(int64_t i, int64_t size) {
  return ((uint64_t)i * 0x9e3779b97f4a7c15u + 0x123456789abcdefu) >> (64 - 8 * size);
}

static void put_element(unsigned char *to, uint64_t value, int64_t size, bool big_endian) {
  for (int64_t b = 0; b < size; b++) {
    to[big_endian ? size - 1 - b : b] = (unsigned char)(value >> 8 * b);
  }
}

/* An n x a x b array of element(i * a * b + j * b + k) in either order comes out in C order. */
static void check_orders(int64_t n, int64_t a, int64_t b, const char *type, int64_t size) {
  const int64_t total = n * a * b;
  static unsigned char data[400000], rows[400000];
  assert_true(total * size <= (int64_t)sizeof data);
  for (int variant = 0; variant < 4; variant++) {
    const bool fortran = variant & 1, big_endian = variant & 2;
    char text[200];
    dw_array_header header;
    snprintf(text, sizeof text, "{'descr': '%c%s', 'fortran_order': %s, 'shape': (%d, %d, %d)}", big_endian ? '>' : '<',
             type, fortran ? "True" : "False", (int)n, (int)a, (int)b);
    for (int64_t i = 0, c = 0; i < n; i++) {
      for (int64_t j = 0; j < a; j++) {
        for (int64_t k = 0; k < b; k++, c++) {
          put_element(data + size * (fortran ? i + n * (j + a * k) : c), element(c, size), size, big_endian);
        }
      }
    }
    ok(read_array(npy(1, text, data, (size_t)(total * size)), &header, rows));
    for (int64_t c = 0; c < total; c++) {
      unsigned char expected[8];
      put_element(expected, element(c, size), size, dw_big_endian());
      assert_memory_equal(rows + size * c, expected, size);
    }
  }
}

static void both_orders_of_bytes_and_axes_are_read(void **state) {
  (void)state;
  const struct {
    const char *type;
    int64_t size;
  } types[] = {{"u1", 1}, {"f2", 2}, {"f4", 4}, {"f8", 8}, {"i8", 8}, {"u2", 2}};
  for (int k = 0; k < 6; k++) {
    check_orders(3, 4, 5, types[k].type, types[k].size);
    check_orders(1, 7, 2, types[k].type, types[k].size);
    check_orders(9, 1, 1, types[k].type, types[k].size);
    check_orders(1001, 7, 5, types[k].type, types[k].size);
  }
}

static void fortran_order_larger_than_the_window_is_transposed(void **state) {
  (void)state;
  enum { ROWS = 777777, COLUMNS = 4 };
  const char *text = "{'descr': '|u1', 'fortran_order': True, 'shape': (777777, 4)}";
  unsigned char *file = malloc(100 + ROWS * COLUMNS), *rows = malloc(ROWS * COLUMNS);
  const size_t start = build_npy(file, 1, text, "", 0);
  for (int64_t k = 0; k < ROWS * COLUMNS; k++) {
    file[start + (size_t)k] = (unsigned char)element(k % ROWS * COLUMNS + k / ROWS, 1);
  }
  dw_array_header header;
  ok(read_array(gzipped("large.npy", "wb1", file, start + ROWS * COLUMNS), &header, rows));
  for (int64_t k = 0; k < ROWS * COLUMNS; k++) {
    assert_int_equal(rows[k], element(k, 1));
  }
  free(rows);
  free(file);
}

static void a_large_array_that_ends_early_is_refused(void **state) {
  (void)state;
  enum { BYTES = 1500000 };
  dw_array_header header;
  unsigned char *file = calloc(1, 100 + BYTES), *rows = malloc(2 * BYTES);
  const size_t start = build_npy(file, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1500001,)}", "", 0);
  fails(read_array(gzipped("large.npy", "wb1", file, start + BYTES), &header, rows), DIVW_ERROR_FORMAT,
        "large.npy: truncated: the next part of the array takes 451425 bytes, at most 451424 are left");
  free(rows);
  free(file);
}

static void native_byte_order_is_taken_as_it_is(void **state) {
  (void)state;
  dw_array_header header;
  const double value = 0.1;
  const char marks[] = {'=', '|'};
  for (int k = 0; k < 2; k++) {
    char text[100];
    double read;
    snprintf(text, sizeof text, "{'descr': '%cf8', 'fortran_order': True, 'shape': (1,)}", marks[k]);
    ok(read_array(npy(1, text, &value, 8), &header, &read));
    assert_true(read == value);
  }
}

/* ---- IDX ---- */

static void idx_files_of_all_types_are_read(void **state) {
  (void)state;
  const struct {
    unsigned char code, bytes[8];
    int size, dtype;
    double expected;
  } cases[] = {{0x08, {0xfe}, 1, DW_UINT8, 254},
               {0x09, {0xfe}, 1, DW_INT8, -2},
               {0x0b, {0xfe, 0x01}, 2, DW_INT16, -511},
               {0x0c, {0xff, 0xff, 0xfe, 0x01}, 4, DW_INT32, -511},
               {0x0d, {0xc0, 0x20, 0, 0}, 4, DW_FLOAT32, -2.5},
               {0x0e, {0xc0, 0x04, 0, 0, 0, 0, 0, 0}, 8, DW_FLOAT64, -2.5}};
  for (int k = 0; k < 6; k++) {
    unsigned char file[20] = {0, 0, cases[k].code, 2, 0, 0, 0, 1, 0, 0, 0, 1};
    unsigned char value[8] = {0};
    dw_array_header header;
    memcpy(file + 12, cases[k].bytes, 8);
    ok(read_array(scratch_file("idx", file, (size_t)(12 + cases[k].size)), &header, value));
    assert_int_equal(header.dtype, cases[k].dtype);
    assert_int_equal(header.axes, 2);
    int16_t i16;
    int32_t i32;
    float f32;
    double f64;
    memcpy(&i16, value, 2), memcpy(&i32, value, 4), memcpy(&f32, value, 4), memcpy(&f64, value, 8);
    const double values[] = {value[0], (signed char)value[0], i16, i32, f32, f64};
    assert_true(values[k] == cases[k].expected);
  }
}

static void idx_headers_are_checked(void **state) {
  (void)state;
  dw_array_header header;
  unsigned char value[8];
  const struct {
    unsigned char file[10];
    const char *sentence;
    divw_status status;
  } cases[] = {
      {{0, 0, 0x0a, 1, 0, 0, 0, 2, 1, 2}, "has the element type 0a, accepted are 08 (uint8)", DIVW_ERROR_FORMAT},
      {{0, 0, 0x08, 0, 0, 0, 0, 2, 1, 2}, "has 0 axes, accepted are 1 to 8", DIVW_ERROR_FORMAT},
      {{0, 0, 0x08, 9, 0, 0, 0, 2, 1, 2}, "has 9 axes, accepted are 1 to 8", DIVW_ERROR_FORMAT},
      {{0, 0, 0x08, 2, 0, 0, 0, 2, 1, 2}, "truncated: the IDX header takes 8 bytes, at most 6", DIVW_ERROR_FORMAT},
      {{0, 0, 0x08, 1, 0xff, 0, 0, 2, 1, 2}, "the array takes 4278190082 bytes", DIVW_ERROR_FORMAT},
      {{0, 0, 0x08, 1, 0, 0, 0, 1, 1, 2}, "trailing bytes", DIVW_ERROR_FORMAT},
  };
  for (int k = 0; k < 6; k++) {
    fails(read_array(scratch_file("idx", cases[k].file, 10), &header, value), cases[k].status, cases[k].sentence);
  }
  unsigned char huge[40] = {0, 0, 0x08, 8};
  memset(huge + 4, 0xff, 32);
  fails(read_array(scratch_file("idx", huge, 40), &header, value), DIVW_ERROR_SIZE, "2^63 bytes");
}

static void types_have_names_and_sizes(void **state) {
  (void)state;
  assert_string_equal(dw_dtype_name(DW_FLOAT16), "float16");
  assert_string_equal(dw_dtype_name(DW_UINT64), "uint64");
  assert_string_equal(dw_dtype_name(0), "unknown");
  assert_string_equal(dw_dtype_name(14), "unknown");
  assert_int_equal(dw_dtype_size(DW_UINT16), 2);
  assert_int_equal(dw_dtype_size(0), 0);
  assert_int_equal(dw_dtype_size(-1), 0);
}

/* ---- whole numbers ---- */

static void indices_are_what_was_saved(void **state) {
  (void)state;
  static int64_t many[20000];
  int64_t *values, count;
  for (int64_t k = 0; k < 20000; k++) {
    many[k] = (int64_t)element(k, 8);
  }
  for (int64_t n = 0; n <= 20000; n = 27 * n + 1) {
    ok(divw_indices_save(scratch("indices.npy"), n == 0 ? NULL : many, n));
    ok(divw_indices_load(scratch("indices.npy"), &values, &count));
    assert_int_equal(count, n);
    assert_non_null(values);
    assert_memory_equal(values, many, (size_t)n * 8);
    divw_free(values);
  }
}

static void indices_that_cannot_be_written_leave_the_old_file(void **state) {
  (void)state;
  static int64_t many[20000];
  int64_t *values, count;
  ok(divw_indices_save(scratch("indices.npy"), many, 3));
  plan.call = "write", plan.error = ENOSPC, plan.after = 1;
  fails(divw_indices_save(scratch("indices.npy"), many, 20000), DIVW_ERROR_FILE, "No space left on device");
  ok(divw_indices_load(scratch("indices.npy"), &values, &count));
  assert_int_equal(count, 3);
  divw_free(values);
  assert_false(any_temporary_file());
}

static void saved_indices_are_these_bytes(void **state) {
  (void)state;
  unsigned char file[200];
  const int64_t values[] = {1, -2};
  ok(divw_indices_save(scratch("indices.npy"), values, 2));
  assert_int_equal(slurp(scratch("indices.npy"), file, sizeof file), 128 + 16);
  assert_memory_equal(file,
                      "\x93NUMPY\x01\x00\x76\x00{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }          "
                      "                                                  \n"
                      "\x01\x00\x00\x00\x00\x00\x00\x00\xfe\xff\xff\xff\xff\xff\xff\xff",
                      128 + 16);
}

static void integers_of_every_type_become_int64(void **state) {
  (void)state;
  const struct {
    const char *type;
    int size;
    int64_t expected;
  } types[] = {{"|i1", 1, -2},          {"|u1", 1, 254},         {"<i2", 2, -2}, {">i2", 2, -2},
               {"<u2", 2, 65534},       {">u2", 2, 65534},       {"<i4", 4, -2}, {">i4", 4, -2},
               {"<u4", 4, 4294967294u}, {">u4", 4, 4294967294u}, {"<i8", 8, -2}, {">i8", 8, -2}};
  for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
    unsigned char data[24];
    char text[100];
    int64_t *values, count;
    const bool big_endian = types[k].type[0] == '>';
    put_element(data, 7, types[k].size, big_endian);
    put_element(data + types[k].size, (uint64_t)-2, types[k].size, big_endian);
    put_element(data + 2 * types[k].size, 9, types[k].size, big_endian);
    snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (3,)}", types[k].type);
    ok(divw_indices_load(npy(1, text, data, (size_t)(3 * types[k].size)), &values, &count));
    assert_int_equal(count, 3);
    assert_int_equal(values[0], 7);
    assert_int_equal(values[1], types[k].expected);
    assert_int_equal(values[2], 9);
    divw_free(values);
  }
}

static void a_number_beyond_int64_is_refused(void **state) {
  (void)state;
  int64_t *values, count;
  const char *text = "{'descr': '<u8', 'fortran_order': False, 'shape': (2,)}";
  unsigned char data[16];
  put_element(data, 5, 8, false);
  put_element(data + 8, INT64_MAX, 8, false);
  ok(divw_indices_load(npy(1, text, data, 16), &values, &count));
  assert_int_equal(values[1], INT64_MAX);
  divw_free(values);
  put_element(data + 8, (uint64_t)INT64_MAX + 1, 8, false);
  fails(divw_indices_load(npy(1, text, data, 16), &values, &count), DIVW_ERROR_FORMAT,
        "array.npy: number 1 is 9223372036854775808, accepted are at most 2^63 - 1");
  assert_null(values);
  assert_int_equal(count, 0);
}

static void indices_must_be_integers_on_one_axis(void **state) {
  (void)state;
  int64_t *values, count;
  fails(divw_indices_load(npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "12345678", 8), &values,
                          &count),
        DIVW_ERROR_FORMAT, "array.npy: holds float64, expected integers");
  fails(divw_indices_load(npy(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (1,1)}", "12345678", 8), &values,
                          &count),
        DIVW_ERROR_FORMAT, "array.npy: has 2 axes, expected 1");
  fails(divw_indices_load(scratch("missing"), &values, &count), DIVW_ERROR_FILE, "missing: cannot be opened");
}

static void arguments_of_indices_are_checked(void **state) {
  (void)state;
  int64_t *values, count, one = 1;
  fails(divw_indices_load(NULL, &values, &count), DIVW_ERROR_ARGUMENT, "divw_indices_load: path is NULL");
  assert_null(values);
  fails(divw_indices_load("x", NULL, &count), DIVW_ERROR_ARGUMENT, "divw_indices_load: values is NULL");
  fails(divw_indices_load("x", &values, NULL), DIVW_ERROR_ARGUMENT, "divw_indices_load: count is NULL");
  fails(divw_indices_save(NULL, &one, 1), DIVW_ERROR_ARGUMENT, "divw_indices_save: path is NULL");
  fails(divw_indices_save("x", NULL, 1), DIVW_ERROR_ARGUMENT, "divw_indices_save: values is NULL");
  fails(divw_indices_save("x", &one, -1), DIVW_ERROR_ARGUMENT, "divw_indices_save: count is -1, expected 0 or more");
  fails(divw_indices_save(scratch("no-folder/x"), &one, 1), DIVW_ERROR_FILE, "no-folder/x: cannot be written");
}

static divw_status load_and_free(void *path) {
  int64_t *values, count;
  divw_status status = divw_indices_load(path, &values, &count);
  assert_true((status == DIVW_OK) == (values != NULL));
  divw_free(values);
  return status;
}

static divw_status save_one(void *path) {
  const int64_t one = 1;
  return divw_indices_save(path, &one, 1);
}

static divw_status read_fortran(void *path) {
  dw_array_header header;
  unsigned char rows[4];
  return read_array(path, &header, rows);
}

static void every_failed_allocation_is_an_error(void **state) {
  (void)state;
  unsigned char file[200];
  const size_t count = build_npy(file, 1, "{'descr': '<i4', 'fortran_order': False, 'shape': (1,)}", "1234", 4);
  fail_every_allocation(load_and_free, (void *)scratch_file("indices.npy", file, count));
  fail_every_allocation(load_and_free, (void *)gzipped("indices.npy.gz", "wb", file, count));
  fail_every_allocation(save_one, (void *)scratch("saved.npy"));
  fail_every_allocation(read_fortran,
                        (void *)npy(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2,2)}", "1234", 4));
  assert_false(any_temporary_file());
}

static void mnist_labels_are_read(void **state) {
  (void)state;
  int64_t *values, count, zeros_and_ones = 0;
  const char *path = real_data("t10k-labels-idx1-ubyte.gz");
  if (path == NULL) {
    skip();
  }
  ok(divw_indices_load(path, &values, &count));
  assert_int_equal(count, 10000);
  for (int64_t k = 0; k < count; k++) {
    assert_true(values[k] >= 0 && values[k] <= 9);
    zeros_and_ones += values[k] <= 1;
  }
  assert_int_equal(zeros_and_ones, 2115);
  assert_int_equal(values[0], 7);
  divw_free(values);
}

/* ---- hostile files ---- */

/* Loading gives a result that can be used, or an error that belongs to files. */
static void survives(const unsigned char *bytes, size_t count) {
  const char *path = scratch_file("hostile", bytes, count);
  divw_dataset *dataset;
  int64_t *values, n;
  divw_status status = divw_dataset_load(&dataset, path);
  assert_true(status == DIVW_OK || status == DIVW_ERROR_FORMAT || status == DIVW_ERROR_SIZE);
  assert_true((status == DIVW_OK) == (dataset != NULL));
  if (status == DIVW_OK) {
    double row[64];
    assert_true(divw_dataset_count(dataset) >= 1 && divw_dataset_dimension(dataset) <= 64);
    ok(divw_dataset_read(dataset, divw_dataset_count(dataset) - 1, 1, row));
    divw_dataset_destroy(dataset);
  } else {
    assert_non_null(strstr(divw_error_message(), "hostile: "));
  }
  status = divw_indices_load(path, &values, &n);
  assert_true(status == DIVW_OK || status == DIVW_ERROR_FORMAT || status == DIVW_ERROR_SIZE);
  divw_free(values);
}

static void survives_every_damage(unsigned char *seed, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const unsigned char old = seed[k];
    const unsigned char damages[] = {0, 0xff, old ^ 1, old ^ 0x80, (unsigned char)(old + 1)};
    survives(seed, k);
    for (int damage = 0; damage < 5; damage++) {
      seed[k] = damages[damage];
      survives(seed, count);
    }
    seed[k] = old;
  }
}

static void damaged_files_are_refused_or_read(void **state) {
  (void)state;
  static const char *const texts[] = {
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n",
      "{'descr': '<f2', 'fortran_order': True, 'shape': (3, 2, 2), } \n",
      "{'descr': '>f8', 'fortran_order': False, 'shape': (3,), }     \n",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 6), }   \n",
      "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }     \n",
  };
  unsigned char seed[300], packed[300];
  for (int k = 0; k < 5; k++) {
    const size_t count = build_npy(seed, 1 + k % 3, texts[k], noise(), 24);
    survives_every_damage(seed, count);
    if (k < 2) {
      survives_every_damage(packed, slurp(gzipped("seed.gz", "wb", seed, count), packed, sizeof packed));
    }
  }
  unsigned char idx[24] = {0, 0, 0x0d, 2, 0, 0, 0, 1, 0, 0, 0, 3};
  survives_every_damage(idx, sizeof idx);
  unsigned char labels[11] = {0, 0, 0x08, 1, 0, 0, 0, 3, 1, 2, 3};
  survives_every_damage(labels, sizeof labels);
}

#define TEST(name) cmocka_unit_test_setup(name, everything_works)

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
      TEST(headers_of_all_versions_are_read),
      TEST(every_header_that_npy_does_not_know_is_refused),
      TEST(element_types_that_are_no_numbers_are_refused_by_name),
      TEST(magic_and_version_are_checked),
      TEST(lying_headers_are_refused_before_memory_is_asked_for),
      TEST(eight_axes_are_flattened),
      TEST(both_orders_of_bytes_and_axes_are_read),
      TEST(fortran_order_larger_than_the_window_is_transposed),
      TEST(a_large_array_that_ends_early_is_refused),
      TEST(native_byte_order_is_taken_as_it_is),
      TEST(idx_files_of_all_types_are_read),
      TEST(idx_headers_are_checked),
      TEST(types_have_names_and_sizes),
      TEST(indices_are_what_was_saved),
      TEST(indices_that_cannot_be_written_leave_the_old_file),
      TEST(saved_indices_are_these_bytes),
      TEST(integers_of_every_type_become_int64),
      TEST(a_number_beyond_int64_is_refused),
      TEST(indices_must_be_integers_on_one_axis),
      TEST(arguments_of_indices_are_checked),
      TEST(every_failed_allocation_is_an_error),
      TEST(mnist_labels_are_read),
      TEST(damaged_files_are_refused_or_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
