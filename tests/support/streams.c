#define _POSIX_C_SOURCE 200809L

#include "streams.h"

#include <stdlib.h>

divw_sampler *make(int64_t n, int32_t scheme, int64_t length, uint64_t seed) {
  double *p = malloc((size_t)n * sizeof *p);
  assert_non_null(p);
  for (int64_t i = 0; i < n; i++) {
    p[i] = 1 + (double)(i * i % 97);
  }
  divw_sampler *sampler;
  ok(divw_sampler_create_epochs(&sampler, p, n, seed, scheme, length, NULL));
  free(p);
  return sampler;
}

divw_stream *stream_of(const divw_sampler *sampler, int64_t batch_size) {
  divw_stream *stream;
  ok(divw_stream_create(&stream, sampler, batch_size));
  return stream;
}

void expect_place(const divw_stream *stream, int64_t epoch, int64_t position) {
  assert_int_equal(divw_stream_epoch(stream), epoch);
  assert_int_equal(divw_stream_position(stream), position);
}
