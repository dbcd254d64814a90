/* Loops that are compiled twice: for any processor, and for AVX2, entered only where the processor says that it has
 * it. The loop itself is DW_INLINE and called from a plain function and from one that is DW_WIDE. Without fused
 * multiply-add in either (-ffp-contract=off) both give the same bits. */
#ifndef DW_WIDE_H
#define DW_WIDE_H

#include <stdbool.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define DW_WIDE __attribute__((target("avx2")))
#define DW_INLINE static inline __attribute__((always_inline))
static inline bool dw_is_wide(void) { return __builtin_cpu_supports("avx2") != 0; }
#else
#define DW_WIDE
#define DW_INLINE static inline
static inline bool dw_is_wide(void) { return false; }
#endif

#endif
