/* What every test file includes: cmocka, checks of statuses with their sentence, and failing allocations. */
#ifndef CHECK_H
#define CHECK_H

#include <divweights/divweights.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The call succeeds; otherwise its sentence is printed. */
#define ok(call) check_ok((call), #call, __FILE__, __LINE__)

/* The call fails with `code`, and its sentence contains `text`. */
#define fails(call, code, text) check_fails((call), (code), (text), #call, __FILE__, __LINE__)

/* |a - b| <= tolerance, with both numbers in the message. NaN never passes. */
#define near(a, b, tolerance) check_near((a), (b), (tolerance), #a, __FILE__, __LINE__)

void check_ok(divw_status status, const char *call, const char *file, int line);
void check_fails(divw_status status, divw_status expected, const char *text, const char *call, const char *file,
                 int line);
void check_near(double a, double b, double tolerance, const char *what, const char *file, int line);

/* Runs `attempt` with its 1st, 2nd, ... allocation failing until it succeeds. Every failure must be
 * DIVW_ERROR_MEMORY and leave nothing allocated; attempt must clean up after itself when it succeeds. */
void fail_every_allocation(divw_status (*attempt)(void *context), void *context);

/* A path in the folder of this test run; the string lives until the next call but seven. */
const char *scratch(const char *name);

/* Writes a file of exactly these bytes into the scratch folder and returns its path. */
const char *scratch_file(const char *name, const void *bytes, size_t count);

/* Path of a file of real data ($DIVWEIGHTS_DATA, then ../shared/data beside the sources), or NULL with a message. */
const char *real_data(const char *name);

/* Uniform in [0,1), and standard normal: a small generator for test data, deterministic per seed. */
typedef struct {
  uint64_t state;
} test_random;
double next_uniform(test_random *random);
double next_normal(test_random *random);

#endif
