/**
 * @file version.h
 * @brief Version of the headers (macros) and of the library that was loaded (function).
 */
#ifndef DIVWEIGHTS_VERSION_H
#define DIVWEIGHTS_VERSION_H

#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DIVW_VERSION_MAJOR 0 /**< major version of these headers */
#define DIVW_VERSION_MINOR 1 /**< minor version of these headers */
#define DIVW_VERSION_PATCH 0 /**< patch version of these headers */

/**
 * @brief The version of the loaded library, "major.minor.patch".
 * @return a constant string, never NULL
 * @since 0.1
 */
DIVW_API const char *divw_version(void);

/**
 * @brief The version of the loaded library as one number.
 * @return 10000 major + 100 minor + patch
 * @since 0.1
 */
DIVW_API int32_t divw_version_number(void);

#ifdef __cplusplus
}
#endif

#endif
