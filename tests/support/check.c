#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void check_ok(divw_status status, const char *call, const char *file, int line) {
  if (status != DIVW_OK) {
    print_error("%s\n  gave %s: %s\n", call, divw_status_name(status), divw_error_message());
    _fail(file, line);
  }
}

void check_fails(divw_status status, divw_status expected, const char *text, const char *call, const char *file,
                 int line) {
  if (status != expected || strstr(divw_error_message(), text) == NULL) {
    print_error("%s\n  gave %s: %s\n  expected %s with: %s\n", call, divw_status_name(status), divw_error_message(),
                divw_status_name(expected), text);
    _fail(file, line);
  }
}

void check_near(double a, double b, double tolerance, const char *what, const char *file, int line) {
  if (!(fabs(a - b) <= tolerance)) {
    print_error("%s is %.17g, expected %.17g within %g (off by %g)\n", what, a, b, tolerance, fabs(a - b));
    _fail(file, line);
  }
}

static struct { int64_t live, made, fail_at; } counter;

static void *counting_allocate(uint64_t bytes, void *user) {
  (void)user;
  if (++counter.made == counter.fail_at) {
    return NULL;
  }
  void *memory = malloc(bytes);
  counter.live += memory != NULL;
  return memory;
}

static void counting_deallocate(void *memory, void *user) {
  (void)user;
  counter.live--;
  free(memory);
}

void fail_every_allocation(divw_status (*attempt)(void *context), void *context) {
  divw_status status = DIVW_ERROR_MEMORY;
  ok(divw_set_allocator(counting_allocate, counting_deallocate, NULL));
  for (int64_t k = 1; status != DIVW_OK; k++) {
    counter.live = counter.made = 0;
    counter.fail_at = k;
    status = attempt(context);
    if (counter.made >= k) {
      fails(status, DIVW_ERROR_MEMORY, "out of memory");
    } else {
      ok(status);
    }
    assert_int_equal(counter.live, 0);
    assert_true(k < 10000);
  }
  ok(divw_set_allocator(NULL, NULL, NULL));
}

static void forget_scratch_folder(void);
static char folder[256];

const char *scratch(const char *name) {
  static char paths[8][512];
  static int next;
  if (folder[0] == '\0') {
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/divweights-test-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(folder) == NULL) {
      fail_msg("cannot make a folder for temporary files: %s", folder);
    }
    atexit(forget_scratch_folder);
  }
  next = (next + 1) % 8;
  snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
  return paths[next];
}

static void forget_scratch_folder(void) {
  char command[300];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  if (system(command) != 0) {
    fprintf(stderr, "could not remove %s\n", folder);
  }
}

const char *scratch_file(const char *name, const void *bytes, size_t count) {
  const char *path = scratch(name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, count, file), count);
  assert_int_equal(fclose(file), 0);
  return path;
}

const char *real_data(const char *name) {
  static char path[1024];
  const char *folders[] = {getenv("DIVWEIGHTS_DATA"), SOURCE_DIR "/../shared/data"};
  for (int k = 0; k < 2; k++) {
    if (folders[k] != NULL) {
      snprintf(path, sizeof path, "%s/%s", folders[k], name);
      if (access(path, R_OK) == 0) {
        return path;
      }
    }
  }
  print_message("skipped: %s is neither in $DIVWEIGHTS_DATA nor in ../shared/data\n", name);
  return NULL;
}

/* splitmix64 (Steele, Lea, Flood 2014) */
double next_uniform(test_random *random) {
  uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

double next_normal(test_random *random) {
  double u = next_uniform(random), v = next_uniform(random);
  return sqrt(-2 * log1p(-u)) * cos(6.283185307179586 * v);
}
