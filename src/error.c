/* Status names and the sentence of the last failure, one per thread. */
#include "internal.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static _Thread_local char message[1024];

divw_status dw_fail(divw_status status, const char *format, ...) {
  va_list arguments;
  dw_numeric_locale c = dw_enter_c_locale();
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  dw_leave_c_locale(c);
  return status;
}

dw_numeric_locale dw_enter_c_locale(void) {
  dw_numeric_locale entered = {newlocale(LC_NUMERIC_MASK, "C", (locale_t)0), (locale_t)0};
  if (entered.c != (locale_t)0) {
    entered.previous = uselocale(entered.c);
  }
  return entered;
}

void dw_leave_c_locale(dw_numeric_locale entered) {
  if (entered.c != (locale_t)0) {
    uselocale(entered.previous);
    freelocale(entered.c);
  }
}

const char *divw_error_message(void) { return message; }

const char *divw_status_name(divw_status status) {
  switch (status) {
  case DIVW_OK: return "DIVW_OK";
  case DIVW_ERROR_ARGUMENT: return "DIVW_ERROR_ARGUMENT";
  case DIVW_ERROR_MEMORY: return "DIVW_ERROR_MEMORY";
  case DIVW_ERROR_FILE: return "DIVW_ERROR_FILE";
  case DIVW_ERROR_FORMAT: return "DIVW_ERROR_FORMAT";
  case DIVW_ERROR_DATA: return "DIVW_ERROR_DATA";
  case DIVW_ERROR_NUMERICAL: return "DIVW_ERROR_NUMERICAL";
  case DIVW_ERROR_SIZE: return "DIVW_ERROR_SIZE";
  default: return "DIVW_ERROR_UNKNOWN";
  }
}

double dw_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
