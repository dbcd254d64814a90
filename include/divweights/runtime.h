/**
 * @file runtime.h
 * @brief What the whole process shares: memory hooks and the number of threads.
 */
#ifndef DIVWEIGHTS_RUNTIME_H
#define DIVWEIGHTS_RUNTIME_H

#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Allocates `bytes` > 0 bytes, aligned for any type; NULL when there are none.
 *
 * Called from whichever thread calls the library, so it must be safe for the threads of the host. @since 0.1
 */
typedef void *(*divw_allocate_fn)(uint64_t bytes, void *user);

/** @brief Gives back memory of the matching @ref divw_allocate_fn; never called with NULL. @since 0.1 */
typedef void (*divw_deallocate_fn)(void *memory, void *user);

/**
 * @brief Routes every allocation of the library through the host.
 *
 * Call it before the first object is made, or when none is alive: memory is always given back to the hooks
 * that are in force then. OpenBLAS keeps work buffers of its own, which do not pass through here.
 * @param allocate   the host's allocator; NULL (then both must be) goes back to the C library's
 * @param deallocate its counterpart
 * @param user       handed to both, may be NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT when only one of the two is NULL
 * @since 0.1
 */
DIVW_API divw_status divw_set_allocator(divw_allocate_fn allocate, divw_deallocate_fn deallocate, void *user);

/**
 * @brief Gives back memory that the library handed over (divw_indices_load(), divw_ids_load()).
 * @param memory what it handed over; NULL is accepted
 * @since 0.1
 */
DIVW_API void divw_free(void *memory);

/**
 * @brief Sets with how many threads the library computes, and makes the number of threads of the BLAS its own.
 *
 * Unless this is called the library takes the number that the BLAS has, for its own loops too, and leaves it alone,
 * since the host may use the same BLAS. From the first call on
 * - the library's own loops use up to `threads`;
 * - while the library calls the BLAS, that has one thread or `threads`, whichever suits the size of the work (a
 *   decomposition of order 600 is faster with one, and the threads of OpenBLAS would be in the way of the library's);
 * - in between the BLAS has `threads`, for the whole process. Calls of the host's own may meet one thread where another
 *   of its threads is in the library at that moment.
 *
 * Several threads of the host may use the library at the same time; each of their calls computes with up to `threads`.
 * Where they call the BLAS with work of different sizes, one waits for the other, so that results depend, to the last
 * bit, on `threads` but not on who else is computing. The number may be changed at any time; a solve that is running
 * then ends with other last bits, and valid.
 * @param threads 1 to 1024; BLAS and loops have limits of their own (64 as Debian builds OpenBLAS, and 64)
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT when out of range
 * @since 0.1
 */
DIVW_API divw_status divw_set_threads(int32_t threads);

/**
 * @brief With how many threads the library computes: the number last given to @ref divw_set_threads, else that of the
 *        BLAS.
 * @return at least 1
 * @since 0.1
 */
DIVW_API int32_t divw_threads(void);

#ifdef __cplusplus
}
#endif

#endif
