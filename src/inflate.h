/* zlib, with memory of ours. */
#ifndef DW_INFLATE_H
#define DW_INFLATE_H

#include "internal.h"

#include <zlib.h>

/* inflateInit2() of a stream that is zero but for next_in and avail_in; DIVW_ERROR_MEMORY, naming the path. */
divw_status dw_inflate_begin(z_stream *stream, int bits, const char *path);

/* What a deflate stream of `bytes` bytes can become at most. It spends at least two bits on a match of at most 258
 * bytes: 1032 bytes for each. zlib may have taken up to 8 bytes more than it has given out for. */
static inline int64_t dw_most_inflated(int64_t bytes) { return 1032 * (dw_min(bytes, INT64_MAX / 1032 - 8) + 8); }

#endif
