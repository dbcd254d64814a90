/* Rows that stay in files or behind a function: the same results as in memory, and every way in which they can fail. */
#define _GNU_SOURCE /* syscall, truncate, RTLD_NEXT */

#include "make.h"

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

/* ---- files ---- */

static void swap(unsigned char *bytes, size_t count, size_t size) {
  for (size_t k = 0; k < count; k += size) {
    for (size_t b = 0; b < size / 2; b++) {
      const unsigned char kept = bytes[k + b];
      bytes[k + b] = bytes[k + size - 1 - b];
      bytes[k + size - 1 - b] = kept;
    }
  }
}

static const char *const codes[] = {"", "f8", "f4", "f2", "u1"};
static const size_t sizes[] = {0, 8, 4, 2, 1};

/* n x d positive numbers of a type; half: 1 to 2, by their bits. Of wide rows most columns are 0, so that there is much
 * to read and little to compute. To be freed. */
static unsigned char *make_elements(int64_t n, int64_t d, int32_t dtype, uint64_t seed) {
  test_random random = {seed};
  unsigned char *bytes = calloc((size_t)(n * d), sizes[dtype]);
  assert_non_null(bytes);
  for (int64_t k = 0; k < n * d; k++) {
    const double value = 0.01 + next_uniform(&random) * next_uniform(&random);
    const float narrow = (float)value;
    const uint16_t half = (uint16_t)(0x3c00 + (int)(1000 * value));
    const unsigned char byte = (unsigned char)(1 + 200 * value);
    const void *const forms[] = {NULL, &value, &narrow, &half, &byte};
    if (d < 100 || k % d % 40 == 0) {
      memcpy(bytes + (size_t)k * sizes[dtype], forms[dtype], sizes[dtype]);
    }
  }
  return bytes;
}

/* A .npy of n x d elements from `bytes`; order '<', '>' or '|'. */
static const char *write_npy(const char *name, const void *bytes, int64_t n, int64_t d, int32_t dtype, char order,
                             bool fortran) {
  const size_t count = (size_t)(n * d) * sizes[dtype];
  unsigned char *file = malloc(128 + count);
  char text[119], dictionary[118];
  assert_non_null(file);
  snprintf(dictionary, sizeof dictionary, "{'descr': '%c%s', 'fortran_order': %s, 'shape': (%lld, %lld), }", order,
           codes[dtype], fortran ? "True" : "False", (long long)n, (long long)d);
  snprintf(text, sizeof text, "%-117s\n", dictionary);
  memcpy(file, "\x93NUMPY\x01\x00\x76\x00", 10);
  memcpy(file + 10, text, 118);
  memcpy(file + 128, bytes, count);
  if (order == '>') {
    swap(file + 128, count, sizes[dtype]);
  }
  const char *path = scratch_file(name, file, 128 + count);
  free(file);
  return path;
}

/* Large enough for several windows of 4 MiB. */
enum { N = 9000, D = 600 };

static const char *write_large(void) {
  unsigned char *bytes = make_elements(N, D, DIVW_FLOAT32, 1);
  const char *path = write_npy("large.npy", bytes, N, D, DIVW_FLOAT32, '<', false);
  free(bytes);
  return path;
}

/* ---- the same as in memory ---- */

static void have_the_same_rows(const divw_dataset *a, const divw_dataset *b) {
  const int64_t n = divw_dataset_count(a), d = divw_dataset_dimension(a);
  double *x = malloc((size_t)(n * d) * sizeof *x), *y = malloc((size_t)(n * d) * sizeof *y);
  assert_int_equal(n, divw_dataset_count(b));
  assert_int_equal(d, divw_dataset_dimension(b));
  assert_int_equal(divw_dataset_dtype(a), divw_dataset_dtype(b));
  ok(divw_dataset_read(a, 0, n, x));
  ok(divw_dataset_read(b, 0, n, y));
  assert_memory_equal(x, y, (size_t)(n * d) * sizeof *x);
  memset(y, 0, (size_t)(n * d) * sizeof *y);
  for (int64_t i = n - 1; i >= 0; i -= 1 + n / 7) { /* backwards, one at a time */
    ok(divw_dataset_read(b, i, 1, y));
    assert_memory_equal(x + i * d, y, (size_t)d * sizeof *x);
  }
  free(x);
  free(y);
}

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

/* Weights of a few iterations. */
static divw_status solve(const divw_dataset *dataset, divw_weights **weights) {
  divw_kernel *kernel = NULL;
  divw_solver *solver = NULL;
  *weights = NULL;
  divw_status status = divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE);
  if (status == DIVW_OK && (status = divw_solver_create(&solver)) == DIVW_OK) {
    ok(divw_solver_set_method(solver, DIVW_METHOD_ACCELERATED));
    ok(divw_solver_set_max_iterations(solver, 4));
    status = divw_solver_solve(solver, kernel, weights);
  }
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  return status;
}

static void solve_to_the_same_bits(const divw_dataset *a, const divw_dataset *b) {
  divw_weights *x, *y;
  ok(solve(a, &x));
  ok(solve(b, &y));
  const size_t bytes = (size_t)divw_weights_count(x) * sizeof(double);
  assert_int_equal(divw_weights_count(x), divw_weights_count(y));
  assert_memory_equal(divw_weights_values(x), divw_weights_values(y), bytes);
  near(divw_weights_gap(x), divw_weights_gap(y), 0);
  divw_weights_destroy(x);
  divw_weights_destroy(y);
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
  unsigned char *bytes = make_elements(20, 90000, DIVW_FLOAT64, 5);
  const char *path = write_npy("wide.npy", bytes, 20, 90000, DIVW_FLOAT64, '<', false);
  free(bytes);
  ok(divw_dataset_load(&loaded, path));
  ok(divw_dataset_open(&opened, path));
  solve_to_the_same_bits(loaded, opened);
  divw_dataset_destroy(loaded);
  divw_dataset_destroy(opened);
}

typedef divw_status (*change_fn)(divw_dataset **out, const divw_dataset *dataset);

static divw_status every_third(divw_dataset **out, const divw_dataset *dataset) {
  int64_t rows[N / 3];
  for (int64_t i = 0; i < N / 3; i++) {
    rows[i] = 3 * i;
  }
  return divw_dataset_select_rows(out, dataset, rows, N / 3);
}

/* Runs of five, the last one first. */
static divw_status back_to_front(divw_dataset **out, const divw_dataset *dataset) {
  int64_t rows[N];
  for (int64_t i = 0; i < N; i++) {
    rows[i] = N - 5 * (i / 5 + 1) + i % 5;
  }
  return divw_dataset_select_rows(out, dataset, rows, N);
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
  unsigned char *bytes = make_elements(SHARDS * 50, 300, DIVW_FLOAT64, 3);
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
  double row[D];
  snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
  assert_non_null(getcwd(before, sizeof before));
  assert_int_equal(chdir(folder), 0);
  ok(divw_dataset_open(&opened, "large.npy"));
  assert_int_equal(chdir("/"), 0);
  ok(divw_dataset_read(opened, N - 1, 1, row));
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
  ok(solve(opened, &weights));
  divw_weights_destroy(weights);
  const int total = plan.reads;
  assert_true(total > 30);
  for (int k = 0; k < total; k += k < 12 ? 1 : 7) {
    plan.reads = 0;
    plan.fail_read = k;
    fails(solve(opened, &weights), DIVW_ERROR_FILE, "large.npy: cannot be read: Input/output error");
    assert_null(weights);
    assert_int_equal(plan.open, 0);
  }
  plan.fail_read = -1;
  ok(solve(opened, &weights));
  divw_weights_destroy(weights);
  plan.fail_open = EMFILE;
  fails(solve(opened, &weights), DIVW_ERROR_FILE, "large.npy: cannot be opened again: Too many open files");
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
      unsigned char *bytes = make_elements(N, D, DIVW_FLOAT32, 1);
      write_npy("large.npy.new", bytes, N, D, DIVW_FLOAT32, '<', false);
      free(bytes);
      snprintf(victim, sizeof victim, "%s", write_large());
      ok(divw_dataset_open(&opened, victim));
      plan.reads = 0;
      plan.fail_read = k;
      plan.meddle = ways[way];
      fails(solve(opened, &weights), DIVW_ERROR_FILE,
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

/* ---- callbacks ---- */

typedef struct {
  const unsigned char *bytes;
  int64_t n, row_bytes;
  pthread_t caller;
  int calls, fail_call; /* -1: none */
  int change_call;      /* from which on rows are twice as long; -1: never */
} holder;

static int32_t hand_over(int64_t first, int64_t count, void *rows, void *user) {
  holder *h = user;
  assert_true(pthread_equal(pthread_self(), h->caller));
  assert_true(first >= 0 && count >= 1 && first + count <= h->n);
  memcpy(rows, h->bytes + first * h->row_bytes, (size_t)(count * h->row_bytes));
  if (h->change_call >= 0 && h->calls >= h->change_call) {
    for (int64_t k = 0; k < count * h->row_bytes / 4; k++) {
      ((float *)rows)[k] *= 2;
    }
  }
  return h->calls++ == h->fail_call ? 42 : 0;
}

static holder make_holder(unsigned char *bytes) {
  return (holder){
      .bytes = bytes, .n = N, .row_bytes = D * 4, .caller = pthread_self(), .fail_call = -1, .change_call = -1};
}

static void rows_of_a_callback_are_the_same_and_asked_for_on_the_callers_thread(void **state) {
  (void)state;
  unsigned char *bytes = make_elements(N, D, DIVW_FLOAT32, 1);
  holder h = make_holder(bytes);
  divw_dataset *borrowed, *streamed, *some;
  ok(divw_dataset_create_borrowed(&borrowed, bytes, N, D, DIVW_FLOAT32, 0));
  ok(divw_dataset_create_stream(&streamed, N, D, DIVW_FLOAT32, hand_over, &h));
  assert_int_equal(h.calls, 0);
  assert_int_equal(divw_dataset_is_streamed(streamed), 1);
  assert_int_equal(divw_dataset_is_streamed(NULL), 0);
  have_the_same_rows(borrowed, streamed);
  solve_to_the_same_bits(borrowed, streamed);
  ok(every_third(&some, streamed));
  divw_dataset_destroy(streamed); /* the subset goes on */
  ok(every_third(&streamed, borrowed));
  have_the_same_rows(streamed, some);
  divw_dataset_destroy(some);
  divw_dataset_destroy(streamed);
  divw_dataset_destroy(borrowed);
  free(bytes);
}

static void a_callback_that_fails_ends_the_call(void **state) {
  (void)state;
  unsigned char *bytes = make_elements(N, D, DIVW_FLOAT32, 1);
  holder h = make_holder(bytes);
  divw_dataset *streamed;
  divw_weights *weights;
  ok(divw_dataset_create_stream(&streamed, N, D, DIVW_FLOAT32, hand_over, &h));
  for (h.fail_call = 0; h.fail_call < 60; h.fail_call += 13) {
    h.calls = 0;
    fails(solve(streamed, &weights), DIVW_ERROR_FILE, "the function that has them returned 42");
    assert_int_equal(h.calls, h.fail_call + 1);
  }
  divw_dataset_destroy(streamed);
  free(bytes);
}

static void rows_that_change_their_length_are_found_out(void **state) {
  (void)state;
  unsigned char *bytes = make_elements(N, D, DIVW_FLOAT32, 1);
  holder h = make_holder(bytes);
  divw_dataset *streamed;
  divw_weights *weights;
  ok(divw_dataset_create_stream(&streamed, N, D, DIVW_FLOAT32, hand_over, &h));
  h.change_call = 30;
  fails(solve(streamed, &weights), DIVW_ERROR_DATA, "the rows have changed since the kernel was made");
  h.calls = 0;
  h.change_call = -1;
  ((float *)bytes)[D * 4321 + 77] = NAN;
  fails(solve(streamed, &weights), DIVW_ERROR_DATA, "row 4321, column 77 of the data is nan");
  divw_dataset_destroy(streamed);
  free(bytes);
}

/* ---- sizes ---- */

static int32_t never(int64_t first, int64_t count, void *rows, void *user) {
  (void)first;
  (void)count;
  (void)rows;
  *(bool *)user = true;
  return 1;
}

static void *at_most_a_gigabyte(uint64_t bytes, void *user) {
  (void)user;
  return bytes > UINT64_C(1) << 30 ? NULL : malloc(bytes);
}

static void release(void *memory, void *user) {
  (void)user;
  free(memory);
}

static void more_rows_than_memory_can_count_are_refused_with_the_figure_before_they_are_asked_for(void **state) {
  (void)state;
  const int64_t n = 3000000000;
  bool asked = false;
  divw_dataset *streamed, *some;
  divw_kernel *kernel;
  divw_solver *solver;
  divw_estimate *estimate;
  ok(divw_dataset_create_stream(&streamed, n, 512, DIVW_FLOAT32, never, &asked));
  assert_int_equal(divw_dataset_count(streamed), n);
  assert_int_equal(divw_dataset_row(streamed, n - 1), n - 1);
  ok(divw_set_allocator(at_most_a_gigabyte, release, NULL));
  fails(divw_kernel_create(&kernel, streamed, DIVW_KERNEL_COSINE), DIVW_ERROR_MEMORY,
        "3000000000 x 8 bytes could not be allocated");
  ok(divw_set_allocator(NULL, NULL, NULL));
  assert_false(asked);
  ok(divw_solver_create(&solver));
  ok(divw_estimate_create_streamed(&estimate, solver, NULL, n, 512, DIVW_FLOAT32, n, 0));
  assert_true(divw_estimate_bytes(estimate, DIVW_MEMORY_SOLVER) > 90.0 * (double)n);
  assert_true(divw_estimate_bytes(estimate, DIVW_MEMORY_PEAK) < 1e12);
  divw_estimate_destroy(estimate);
  divw_solver_destroy(solver);
  ok(divw_dataset_select_first(&some, streamed, 5));
  fails(divw_kernel_create(&kernel, some, DIVW_KERNEL_COSINE), DIVW_ERROR_FILE, "returned 1");
  divw_dataset_destroy(some);
  divw_dataset_destroy(streamed);
}

static void sizes_are_checked(void **state) {
  (void)state;
  divw_dataset *out;
  bool asked;
  fails(divw_dataset_create_stream(NULL, 1, 1, DIVW_UINT8, never, NULL), DIVW_ERROR_ARGUMENT, "out is NULL");
  fails(divw_dataset_create_stream(&out, 1, 1, DIVW_UINT8, NULL, NULL), DIVW_ERROR_ARGUMENT, "read is NULL");
  assert_null(out);
  fails(divw_dataset_create_stream(&out, 0, 1, DIVW_UINT8, never, NULL), DIVW_ERROR_ARGUMENT, "n is 0");
  fails(divw_dataset_create_stream(&out, 1, -1, DIVW_UINT8, never, NULL), DIVW_ERROR_ARGUMENT, "d is -1");
  fails(divw_dataset_create_stream(&out, 1, 1, 9, never, NULL), DIVW_ERROR_ARGUMENT, "dtype is 9");
  fails(divw_dataset_create_stream(&out, INT64_MAX, 2, DIVW_UINT8, never, NULL), DIVW_ERROR_SIZE, "2^63 bytes");
  fails(divw_dataset_create_stream(&out, INT64_MAX / 4, 1, DIVW_FLOAT64, never, NULL), DIVW_ERROR_SIZE, "2^63 bytes");
  fails(divw_dataset_create_stream(&out, 1, INT64_MAX, DIVW_FLOAT32, never, NULL), DIVW_ERROR_SIZE, "2^63 bytes");
  ok(divw_dataset_create_stream(&out, INT64_MAX, 1, DIVW_UINT8, never, &asked));
  divw_kernel *kernel;
  fails(divw_kernel_create(&kernel, out, DIVW_KERNEL_COSINE), DIVW_ERROR_MEMORY, "out of memory");
  divw_dataset_destroy(out);
}

/* ---- memory and threads ---- */

static divw_status open_and_solve(void *context) {
  divw_dataset *opened;
  divw_weights *weights;
  divw_status status = divw_dataset_open(&opened, context);
  if (status == DIVW_OK) {
    status = solve(opened, &weights);
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
  ok(solve(dataset, &weights));
  return weights;
}

static void threads_may_read_the_same_dataset(void **state) {
  (void)state;
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  divw_dataset *opened;
  divw_weights *expected, *found;
  ok(divw_dataset_open(&opened, write_shards()));
  ok(solve(opened, &expected));
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
      TEST(rows_of_a_callback_are_the_same_and_asked_for_on_the_callers_thread),
      TEST(a_callback_that_fails_ends_the_call),
      TEST(rows_that_change_their_length_are_found_out),
      TEST(more_rows_than_memory_can_count_are_refused_with_the_figure_before_they_are_asked_for),
      TEST(sizes_are_checked),
      TEST(every_failed_allocation_is_an_error),
      TEST(threads_may_read_the_same_dataset),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
