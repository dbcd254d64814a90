/* Every allocation of the library, through the host's hooks.
 *
 * Blocks come from aligned_alloc by default: rows that start on a cache line are what BLAS packs fastest. */
#include "internal.h"

#include <divweights/runtime.h>

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64

static void *default_allocate(uint64_t bytes, void *user) {
  (void)user;
  return bytes > SIZE_MAX - ALIGNMENT ? NULL
                                      : aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

static void default_deallocate(void *memory, void *user) {
  (void)user;
  free(memory);
}

static struct {
  divw_allocate_fn allocate;
  divw_deallocate_fn deallocate;
  void *user;
} hooks = {default_allocate, default_deallocate, NULL};

divw_status divw_set_allocator(divw_allocate_fn allocate, divw_deallocate_fn deallocate, void *user) {
  if ((allocate == NULL) != (deallocate == NULL)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "divw_set_allocator: %s is NULL, expected both functions or neither",
                   allocate == NULL ? "allocate" : "deallocate");
  }
  hooks.allocate = allocate == NULL ? default_allocate : allocate;
  hooks.deallocate = deallocate == NULL ? default_deallocate : deallocate;
  hooks.user = user;
  return DIVW_OK;
}

divw_status dw_alloc(void *out, int64_t count, size_t size) {
  void *memory = NULL;
  int64_t bytes;
  assert(count >= 0 && size > 0);
  if (dw_multiply(count, (int64_t)size, &bytes)) {
    memory = hooks.allocate((uint64_t)dw_max(bytes, 1), hooks.user);
  }
  memcpy(out, &memory, sizeof memory); /* out is the address of a typed pointer */
  if (memory == NULL) {
    return dw_fail(DIVW_ERROR_MEMORY, "out of memory: %lld x %zu bytes could not be allocated", (long long)count, size);
  }
  return DIVW_OK;
}

divw_status dw_alloc_zero(void *out, int64_t count, size_t size) {
  divw_status status = dw_alloc(out, count, size);
  if (status == DIVW_OK) {
    void *memory;
    memcpy(&memory, out, sizeof memory);
    memset(memory, 0, (size_t)count * size);
  }
  return status;
}

void divw_free(void *memory) {
  if (memory != NULL) {
    hooks.deallocate(memory, hooks.user);
  }
}
