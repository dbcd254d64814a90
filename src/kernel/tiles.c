/* The two products of a pass, in single and in double precision:
 *
 *     gram       S += sum_i x_i x_i^T        squares    D_i = |R x_i|^2, R upper triangular
 *
 * A tile of results is kept in registers while the sums of products run over it: 8 rows x 32 floats or 16 doubles with
 * AVX-512. One loop does both: the sums of `gram` run over rows and those of `squares` over features, from the diagonal
 * of R on. What leaves the registers is added in double at once (gram), or squared and added up, so that neither R x
 * nor a sum in single precision is ever stored.
 *
 * Why not BLAS: its threads share the columns of one product out, and with a triangle as small as r x r they wait for
 * each other; of OpenBLAS 0.3.21 ssyrk with two threads is as fast as with one (100,000 x 128: 27 and 28 ms). On one
 * thread this code is as fast as that of BLAS (docs/benchmarks.md), and conversion, weights and squares are part of it.
 *
 * Tiles as in Goto, van de Geijn, ACM Trans. Math. Softw. 34 (2008), without their packing where rows are short enough
 * for the second-level cache. The file is compiled with fused multiply-adds: results are right to some sqrt(rows) and
 * sqrt(r) roundings, as those of any BLAS, and differ in those from processor to processor. */
#include "tiles.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)

#define TILE(name) avx512_single_##name
#define TARGET __attribute__((target("avx512f,fma")))
#define REAL float
#define LANES 16
#define TALL 8
#define WIDE 2
#include "tile_loops.h"

#define TILE(name) avx512_double_##name
#define TARGET __attribute__((target("avx512f,fma")))
#define REAL double
#define LANES 8
#define TALL 8
#define WIDE 2
#include "tile_loops.h"

#define TILE(name) avx2_single_##name
#define TARGET __attribute__((target("avx2,fma")))
#define REAL float
#define LANES 8
#define TALL 4
#define WIDE 2
#include "tile_loops.h"

#define TILE(name) avx2_double_##name
#define TARGET __attribute__((target("avx2,fma")))
#define REAL double
#define LANES 4
#define TALL 4
#define WIDE 2
#include "tile_loops.h"

#endif

#define TILE(name) plain_single_##name
#define TARGET
#define REAL float
#define LANES 4
#define TALL 4
#define WIDE 2
#include "tile_loops.h"

#define TILE(name) plain_double_##name
#define TARGET
#define REAL double
#define LANES 2
#define TALL 4
#define WIDE 2
#include "tile_loops.h"

#define BOTH(kind)                                                                                                     \
  {                                                                                                                    \
    {#kind, sizeof(double), kind##_double_gram, kind##_double_pack, kind##_double_squares}, {                          \
#kind, sizeof(float), kind##_single_gram, kind##_single_pack, kind##_single_squares                              \
    }                                                                                                                  \
  }

const dw_tiles *dw_tiles_of(int kind, bool single) {
  enum { KINDS = 3 };
  static const dw_tiles plain[] = BOTH(plain);
  const dw_tiles *all[KINDS] = {plain};
#if defined(__x86_64__) && defined(__GNUC__)
  static const dw_tiles avx512[] = BOTH(avx512), avx2[] = BOTH(avx2);
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  all[1] = has_avx2 ? avx2 : NULL;
  all[2] = has_avx2 && __builtin_cpu_supports("avx512f") ? avx512 : NULL;
#endif
  for (int k = KINDS - 1; k >= 0; k--) {
    if (all[k] != NULL && kind-- == 0) {
      return &all[k][single];
    }
  }
  return NULL;
}

/* The panels of any width up to DW_PANEL have at most (r + DW_PANEL/2)^2 / 2. */
int64_t dw_tile_factor_numbers(int64_t r) { return (r + DW_PANEL / 2) * (r + DW_PANEL / 2) / 2; }
