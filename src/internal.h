/* What every stage stands on: failing with a sentence, memory, and a few sizes. Private to the library.
 *
 * Internal functions are named dw_*; only divw_* is exported. */
#ifndef DW_INTERNAL_H
#define DW_INTERNAL_H

#include <divweights/runtime.h>
#include <divweights/status.h>

#include <assert.h>
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- failing ---- */

/* Stores the sentence for divw_error_message() and returns `status`. */
divw_status dw_fail(divw_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Runs a call; on failure leaves through the function's single label `fail`, with the status in `status`. */
#define DW_TRY(expression)                                                                                             \
  do {                                                                                                                 \
    status = (expression);                                                                                             \
    if (status != DIVW_OK) {                                                                                           \
      goto fail;                                                                                                       \
    }                                                                                                                  \
  } while (0)

/* Returns an argument error for a NULL pointer from a public function. */
#define DW_REQUIRE(pointer)                                                                                            \
  do {                                                                                                                 \
    if ((pointer) == NULL) {                                                                                           \
      return dw_fail(DIVW_ERROR_ARGUMENT, "%s: %s is NULL", __func__, #pointer);                                       \
    }                                                                                                                  \
  } while (0)

/* ---- text ---- */

/* Between these, numbers of this thread are written and read with a point, whatever locale the host has set. */
typedef struct {
  locale_t c, previous;
} dw_numeric_locale;
dw_numeric_locale dw_enter_c_locale(void);
void dw_leave_c_locale(dw_numeric_locale entered);

/* ---- memory ---- */

/* count x size bytes through the hooks; *out = NULL and an error when there are none or the product overflows.
 * count = 0 gives a valid pointer. */
divw_status dw_alloc(void *out, int64_t count, size_t size);

/* The same, filled with zeros. */
divw_status dw_alloc_zero(void *out, int64_t count, size_t size);

/* ---- numbers ---- */

/* *product = a * b for a, b >= 0; false on overflow. */
static inline bool dw_multiply(int64_t a, int64_t b, int64_t *product) {
  return !__builtin_mul_overflow(a, b, product);
}

static inline int64_t dw_min(int64_t a, int64_t b) { return a < b ? a : b; }

static inline int64_t dw_max(int64_t a, int64_t b) { return a > b ? a : b; }

/* Seconds of a clock that never goes back. */
double dw_seconds(void);

#endif
