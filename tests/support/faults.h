/* System calls that go wrong on demand, in place of the C library's: to be included once in a program. */
#ifndef FAULTS_H
#define FAULTS_H

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

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

#define TEST(name) cmocka_unit_test_setup(name, everything_works)

#endif
