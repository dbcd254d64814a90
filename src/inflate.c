/* zlib allocates what its host wants it to: through the hooks of divw_set_allocator(), as everything here. */
#include "inflate.h"

static void *allocate(void *opaque, uInt count, uInt size) {
  void *memory;
  (void)opaque;
  return dw_alloc(&memory, count, size) == DIVW_OK ? memory : NULL;
}

static void deallocate(void *opaque, void *memory) {
  (void)opaque;
  divw_free(memory);
}

divw_status dw_inflate_begin(z_stream *stream, int bits, const char *path) {
  stream->zalloc = allocate;
  stream->zfree = deallocate;
  return inflateInit2(stream, bits) == Z_OK ? DIVW_OK : dw_fail(DIVW_ERROR_MEMORY, "%s: out of memory for zlib", path);
}
