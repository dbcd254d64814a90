/* Rows that stay in files: the same results as in memory, and every way in which they can fail. */
#define _GNU_SOURCE /* syscall, truncate, RTLD_NEXT */

#include "elements.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

/* ---- system calls that go wrong on demand, in place of the C library's ---- */

static struct {
  atomic_int reads;     /* how many there were */
  int fail_read;        /* which one fails with EIO, or before which one `meddle` is called; -1: none */
  void (*meddle)(void); /* NULL: the read fails */
  bool stutters;        /* every other read is interrupted, the rest are short */
  int fail_open;        /* errno of every open(); 0: none */
  bool no_threads;
  int refused_threads;
  atomic_int open, most_open; /* files */
} plan;

ssize_t pread(int file, void *buffer, size_t count, off_t offset) {
  const int number = atomic_fetch_add(&plan.reads, 1);
  if (number == plan.fail_read && plan.meddle != NULL) {
    plan.meddle();
  } else if (number == plan.fail_read) {
    errno = EIO;
    return -1;
  }
  if (plan.stutters && number % 2 == 0) {
    errno = EINTR;
    return -1;
  }
  return syscall(SYS_pread64, file, buffer, plan.stutters && count > 70001 ? 70001 : count, offset);
}

int open(const char *path, int flags, ...) {
  if (plan.fail_open != 0) {
    errno = plan.fail_open;
    return -1;
  }
  const int file = (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
  const int now = file >= 0 ? atomic_fetch_add(&plan.open, 1) + 1 : 0;
  if (now > plan.most_open) {
    plan.most_open = now;
  }
  return file;
}

int close(int file) {
  atomic_fetch_sub(&plan.open, 1);
  return (int)syscall(SYS_close, file);
}

#ifndef __SANITIZE_ADDRESS__ /* which has one of its own */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  if (plan.no_threads) {
    plan.refused_threads++;
    return EAGAIN;
  }
  *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
  return create(thread, attributes, run, argument);
}
#endif

static int everything_works(void **state) {
  (void)state;
  memset(&plan, 0, sizeof plan);
  plan.fail_read = -1;
  return 0;
}

/* ---- the same as in memory ---- */

static void check_file(const char *path) {
  divw_dataset *loaded, *opened;
  ok(divw_dataset_load(&loaded, path));
  ok(divw_dataset_open(&opened, path));
  assert_int_equal(divw_dataset_is_streamed(loaded), 0);
  assert_int_equal(divw_dataset_is_streamed(opened), 1);
  for (int32_t axis = 0; axis < 4; axis++) {
    assert_int_equal(divw_dataset_shape(loaded, axis), divw_dataset_shape(opened, axis));
  }
  have_the_same_rows(loaded, opened);
  divw_dataset_destroy(loaded);
  divw_dataset_destroy(opened);
}

static void rows_of_all_types_in_both_byte_orders_are_those_of_the_file(void **state) {
  (void)state;
  for (int32_t dtype = DIVW_FLOAT64; dtype <= DIVW_UINT8; dtype++) {
    unsigned char *bytes = make_elements(101, 7, dtype, (uint64_t)dtype);
    check_file(write_npy("small.npy", bytes, 101, 7, dtype, dtype == DIVW_UINT8 ? '|' : '<', false));
    if (dtype != DIVW_UINT8) {
      check_file(write_npy("swapped.npy", bytes, 101, 7, dtype, '>', false));
    }
    free(bytes);
  }
  unsigned char images[16 + 60] = {0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 4, 1, 2, 3};
  check_file(scratch_file("images.idx", images, sizeof images));
  unsigned char floats[12 + 24] = {0, 0, 0x0d, 2, 0, 0, 0, 3, 0, 0, 0, 2, 0x3f, 0x80, 0, 0, 0x40};
  check_file(scratch_file("floats.idx", floats, sizeof floats));
  check_file(write_large());
}

static void weights_of_streamed_rows_are_those_of_rows_in_memory_to_the_last_bit(void **state) {
  (void)state;
  divw_dataset *loaded, *opened;
  const char *path = write_large();
  ok(divw_dataset_load(&loaded, path));
  ok(divw_dataset_open(&opened, path));
  solve_to_the_same_bits(loaded, opened);
  plan.stutters = true;
  solve_to_the_same_bits(loaded, opened);
  plan.stutters = false;
  plan.no_threads = true;
  solve_to_the_same_bits(loaded, opened);
#ifndef __SANITIZE_ADDRESS__
  assert_true(plan.refused_threads > 5);
#endif
  divw_dataset_destroy(loaded);
  divw_dataset_destroy(opened);
}

static void fewer_rows_than_columns_are_the_same_too(void **state) {
  (void)state;
  divw_dataset *loaded, *opened;
  unsigned char *bytes = make_sparse_elements(20, 90000, DIVW_FLOAT64, 5);
  const char *path = write_npy("wide.npy", bytes, 20, 90000, DIVW_FLOAT64, '<', false);
  free(bytes);
  ok(divw_dataset_load(&loaded, path));
  ok(divw_dataset_open(&opened, path));
  solve_to_the_same_bits(loaded, opened);
  divw_dataset_destroy(loaded);
  divw_dataset_destroy(opened);
}

typedef divw_status (*change_fn)(divw_dataset **out, const divw_dataset *dataset);

/* Runs of five, the last one first. */
static divw_status back_to_front(divw_dataset **out, const divw_dataset *dataset) {
  int64_t rows[LARGE_N];
  for (int64_t i = 0; i < LARGE_N; i++) {
    rows[i] = LARGE_N - 5 * (i / 5 + 1) + i % 5;
  }
  return divw_dataset_select_rows(out, dataset, rows, LARGE_N);
}

static divw_status eight_components(divw_dataset **out, const divw_dataset *dataset) {
  return divw_dataset_components(out, dataset, 8);
}

static divw_status first_thousand(divw_dataset **out, const divw_dataset *dataset) {
  return divw_dataset_select_first(out, dataset, 1000);
}

static void subsets_and_transformed_rows_are_the_same(void **state) {
  (void)state;
  static const change_fn changes[] = {every_third, back_to_front, first_thousand, divw_dataset_center,
                                      eight_components};
  divw_dataset *loaded, *opened, *a, *b;
  const char *path = write_large();
  ok(divw_dataset_load(&loaded, path));
  ok(divw_dataset_open(&opened, path));
  for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
    ok(changes[k](&a, loaded));
    ok(changes[k](&b, opened));
    assert_int_equal(divw_dataset_is_streamed(b), changes[k] != eight_components);
    have_the_same_rows(a, b);
    if (k < 2) {
      solve_to_the_same_bits(a, b);
    }
    divw_dataset_destroy(a);
    divw_dataset_destroy(b);
  }
  divw_dataset_destroy(loaded);
  divw_dataset_destroy(opened);
}

/* ---- shards ---- */

enum { SHARDS = 40 };

static const char *write_shards(void) {
  static char folder[600];
  char name[64];
  unsigned char *bytes = make_sparse_elements(SHARDS * 50, 300, DIVW_FLOAT64, 3);
  snprintf(folder, sizeof folder, "%s", scratch("shards"));
  mkdir(folder, 0700);
  for (int64_t k = 0; k < SHARDS; k++) {
    snprintf(name, sizeof name, "shards/part-%d.npy", (int)k);
    const int64_t n = k % 7 == 3 ? 0 : 50; /* some are empty */
    write_npy(name, bytes + k * 50 * 300 * 8, n, 300, DIVW_FLOAT64, k % 2 == 0 ? '<' : '>', false);
  }
  free(bytes);
  return folder;
}

static void a_folder_of_shards_takes_one_descriptor(void **state) {
  (void)state;
  const char *folder = write_shards();
  divw_dataset *loaded, *opened;
  ok(divw_dataset_load(&loaded, folder));
  ok(divw_dataset_open(&opened, folder));
  const int before = plan.open;
  plan.most_open = before;
  have_the_same_rows(loaded, opened);
  solve_to_the_same_bits(loaded, opened);
  assert_int_equal(plan.most_open - before, 1);
  assert_int_equal(plan.open, before);
  divw_dataset_destroy(loaded);
  divw_dataset_destroy(opened);
}

static void the_working_directory_may_change(void **state) {
  (void)state;
  char before[600], folder[600];
  const char *path = write_large(), *slash = strrchr(path, '/');
  divw_dataset *opened;
  double row[LARGE_D];
  snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
  assert_non_null(getcwd(before, sizeof before));
  assert_int_equal(chdir(folder), 0);
  ok(divw_dataset_open(&opened, "large.npy"));
  assert_int_equal(chdir("/"), 0);
  ok(divw_dataset_read(opened, LARGE_N - 1, 1, row));
  assert_int_equal(chdir(before), 0);
  divw_dataset_destroy(opened);
}

/* ---- what goes wrong ---- */

static void every_read_that_fails_is_an_error(void **state) {
  (void)state;
  divw_dataset *opened;
  divw_weights *weights;
  ok(divw_dataset_open(&opened, write_large()));
  plan.reads = 0;
  ok(solve_briefly(opened, &weights));
  divw_weights_destroy(weights);
  const int total = plan.reads;
  assert_true(total > 30);
  for (int k = 0; k < total; k += k < 12 ? 1 : 7) {
    plan.reads = 0;
    plan.fail_read = k;
    fails(solve_briefly(opened, &weights), DIVW_ERROR_FILE, "large.npy: cannot be read: Input/output error");
    assert_null(weights);
    assert_int_equal(plan.open, 0);
  }
  plan.fail_read = -1;
  ok(solve_briefly(opened, &weights));
  divw_weights_destroy(weights);
  plan.fail_open = EMFILE;
  fails(solve_briefly(opened, &weights), DIVW_ERROR_FILE, "large.npy: cannot be opened again: Too many open files");
  divw_dataset_destroy(opened);
}

static char victim[600];

static void cut_short(void) { assert_int_equal(truncate(victim, 5000000), 0); }

static void write_into(void) {
  const int file = (int)syscall(SYS_openat, AT_FDCWD, victim, O_WRONLY, 0);
  assert_int_equal(syscall(SYS_pwrite64, file, "x", 1, 300), 1);
  syscall(SYS_close, file);
}

static void replace_it(void) {
  char other[700];
  snprintf(other, sizeof other, "%s.new", victim);
  assert_int_equal(rename(other, victim), 0);
}

static void remove_it(void) { unlink(victim); }

static void a_file_that_changes_while_it_is_read_is_an_error(void **state) {
  (void)state;
  static void (*const ways[])(void) = {cut_short, write_into, replace_it, remove_it};
  for (int way = 0; way < 4; way++) {
    for (int k = 1; k < 40; k += 11) {
      divw_dataset *opened;
      divw_weights *weights;
      unsigned char *bytes = make_sparse_elements(LARGE_N, LARGE_D, DIVW_FLOAT32, 1);
      write_npy("large.npy.new", bytes, LARGE_N, LARGE_D, DIVW_FLOAT32, '<', false);
      free(bytes);
      snprintf(victim, sizeof victim, "%s", write_large());
      ok(divw_dataset_open(&opened, victim));
      plan.reads = 0;
      plan.fail_read = k;
      plan.meddle = ways[way];
      fails(solve_briefly(opened, &weights), DIVW_ERROR_FILE,
            way == 3 ? "large.npy: cannot be opened again" : "large.npy: has changed since it was opened");
      divw_dataset_destroy(opened);
      everything_works(NULL);
    }
  }
}

static void *write_to_pipe(void *pipe) {
  static const unsigned char image[12 + 1] = {0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 1, 1};
  const int file = (int)syscall(SYS_openat, AT_FDCWD, pipe, O_WRONLY, 0);
  syscall(SYS_write, file, image, sizeof image);
  syscall(SYS_close, file);
  return NULL;
}

static void what_can_only_be_read_from_its_beginning_is_refused(void **state) {
  (void)state;
  divw_dataset *opened;
  unsigned char *bytes = make_elements(6, 5, DIVW_FLOAT32, 1);
  fails(divw_dataset_open(NULL, "x"), DIVW_ERROR_ARGUMENT, "divw_dataset_open: out is NULL");
  fails(divw_dataset_open(&opened, NULL), DIVW_ERROR_ARGUMENT, "divw_dataset_open: path is NULL");
  assert_null(opened);
  fails(divw_dataset_open(&opened, scratch("nowhere")), DIVW_ERROR_FILE, "nowhere: cannot be opened");
  fails(divw_dataset_open(&opened, write_npy("f.npy", bytes, 6, 5, DIVW_FLOAT32, '<', true)), DIVW_ERROR_FORMAT,
        "f.npy: is in Fortran order");
  fails(divw_dataset_open(&opened, write_npy("e.npy", bytes, 0, 5, DIVW_FLOAT32, '<', false)), DIVW_ERROR_FORMAT,
        "e.npy: has 0 rows");
  gzFile packed = gzopen(scratch("packed.npy.gz"), "wb");
  gzwrite(packed, "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }", 68);
  for (int k = 0; k < 65; k++) {
    gzwrite(packed, " ", 1);
  }
  gzclose(packed);
  fails(divw_dataset_open(&opened, scratch("packed.npy.gz")), DIVW_ERROR_FORMAT, "packed.npy.gz: ");
  const char *path = write_npy("longer.npy", bytes, 5, 5, DIVW_FLOAT32, '<', false);
  assert_int_equal(truncate(path, 128 + 101), 0);
  fails(divw_dataset_open(&opened, path), DIVW_ERROR_FORMAT, "longer.npy: has trailing bytes");
  assert_int_equal(truncate(path, 128 + 99), 0);
  fails(divw_dataset_open(&opened, path), DIVW_ERROR_FORMAT, "longer.npy: truncated");
  static char pipe[600];
  pthread_t writer;
  snprintf(pipe, sizeof pipe, "%s", scratch("pipe"));
  assert_int_equal(mkfifo(pipe, 0600), 0);
  assert_int_equal(pthread_create(&writer, NULL, write_to_pipe, pipe), 0);
  fails(divw_dataset_open(&opened, pipe), DIVW_ERROR_FILE, "pipe: is no regular file");
  assert_int_equal(pthread_join(writer, NULL), 0);
  assert_null(opened);
  free(bytes);
}

/* ---- memory and threads ---- */

static divw_status open_and_solve(void *context) {
  divw_dataset *opened;
  divw_weights *weights;
  divw_status status = divw_dataset_open(&opened, context);
  if (status == DIVW_OK) {
    status = solve_briefly(opened, &weights);
    divw_weights_destroy(weights);
  }
  divw_dataset_destroy(opened);
  return status;
}

static void every_failed_allocation_is_an_error(void **state) {
  (void)state;
  unsigned char *bytes = make_elements(40, 5, DIVW_FLOAT32, 1);
  char path[600];
  snprintf(path, sizeof path, "%s", write_npy("few.npy", bytes, 40, 5, DIVW_FLOAT32, '<', false));
  fail_every_allocation(open_and_solve, path);
  free(bytes);
  fail_every_allocation(open_and_solve, (void *)write_shards());
}

static void *read_all(void *dataset) {
  divw_weights *weights;
  ok(solve_briefly(dataset, &weights));
  return weights;
}

static void threads_may_read_the_same_dataset(void **state) {
  (void)state;
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  divw_dataset *opened;
  divw_weights *expected, *found;
  ok(divw_dataset_open(&opened, write_shards()));
  ok(solve_briefly(opened, &expected));
  for (int k = 0; k < THREADS; k++) {
    assert_int_equal(pthread_create(&threads[k], NULL, read_all, opened), 0);
  }
  for (int k = 0; k < THREADS; k++) {
    void *result;
    assert_int_equal(pthread_join(threads[k], &result), 0);
    found = result;
    assert_memory_equal(divw_weights_values(found), divw_weights_values(expected),
                        (size_t)divw_weights_count(expected) * sizeof(double));
    divw_weights_destroy(found);
  }
  divw_weights_destroy(expected);
  divw_dataset_destroy(opened);
}

#define TEST(name) cmocka_unit_test_setup(name, everything_works)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(rows_of_all_types_in_both_byte_orders_are_those_of_the_file),
      TEST(weights_of_streamed_rows_are_those_of_rows_in_memory_to_the_last_bit),
      TEST(fewer_rows_than_columns_are_the_same_too),
      TEST(subsets_and_transformed_rows_are_the_same),
      TEST(a_folder_of_shards_takes_one_descriptor),
      TEST(the_working_directory_may_change),
      TEST(every_read_that_fails_is_an_error),
      TEST(a_file_that_changes_while_it_is_read_is_an_error),
      TEST(what_can_only_be_read_from_its_beginning_is_refused),
      TEST(every_failed_allocation_is_an_error),
      TEST(threads_may_read_the_same_dataset),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
