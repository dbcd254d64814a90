/* Streams for tests, and where they are. */
#ifndef STREAMS_H
#define STREAMS_H

#include "check.h"

enum { WITH = DIVW_SCHEME_WITH_REPLACEMENT, WITHOUT = DIVW_SCHEME_WITHOUT_REPLACEMENT, EVEN = DIVW_SCHEME_SYSTEMATIC };

divw_sampler *make(int64_t n, int32_t scheme, int64_t length, uint64_t seed);

divw_stream *stream_of(const divw_sampler *sampler, int64_t batch_size);

void expect_place(const divw_stream *stream, int64_t epoch, int64_t position);

#endif
