/**
 * @file status.h
 * @brief Results of calls: a number, its name, and a sentence that says what to mend.
 */
#ifndef DIVWEIGHTS_STATUS_H
#define DIVWEIGHTS_STATUS_H

#include <stdint.h>

#if defined(__GNUC__)
#define DIVW_API __attribute__((visibility("default")))
#else
#define DIVW_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Result of a call: 0 is success, failures are negative. Values are never renumbered. @since 0.1 */
typedef int32_t divw_status;

/** The values of @ref divw_status. @since 0.1 */
enum {
  DIVW_OK = 0,               /**< done */
  DIVW_ERROR_ARGUMENT = -1,  /**< an argument is NULL, out of range, or does not fit another */
  DIVW_ERROR_MEMORY = -2,    /**< an allocation of the library failed, or would go beyond a limit that was set */
  DIVW_ERROR_FILE = -3,      /**< a file could not be opened, read or written */
  DIVW_ERROR_FORMAT = -4,    /**< the contents of a file are not what its header says, or not understood */
  DIVW_ERROR_DATA = -5,      /**< a value of the data cannot be used: NaN, Inf, a zero row, a norm other than 1 */
  DIVW_ERROR_NUMERICAL = -6, /**< LAPACK failed on finite input */
  DIVW_ERROR_SIZE = -7       /**< a size overflows, or is larger than BLAS and LAPACK can index */
};

/**
 * @brief The name of a status, as in this header: "DIVW_ERROR_DATA".
 * @param status any number
 * @return a constant string; "DIVW_ERROR_UNKNOWN" for a number that is no status. Never NULL.
 * @since 0.1
 */
DIVW_API const char *divw_status_name(divw_status status);

/**
 * @brief What went wrong in the last failed call of this thread.
 *
 * The sentence names the function, the argument or file, its value and what is accepted, for example
 * `divw_solver_set_balance: balance is 1.5, expected a number in [0, 1]`. It is kept until the next failed
 * call of the same thread; successful calls leave it alone.
 * @return a string owned by the library, valid until this thread's next call; "" before the first failure.
 * @since 0.1
 */
DIVW_API const char *divw_error_message(void);

#ifdef __cplusplus
}
#endif

#endif
