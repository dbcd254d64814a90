/* The two products of a pass in single precision:
 *
 *     gram       S += sum_i x_i x_i^T        squares    D_i = |R x_i|^2, R upper triangular
 *
 * A tile of results is kept in registers while the sums of products run over it: 8 rows x 32 columns with AVX-512. One
 * loop does both: the sums of `gram` run over rows and those of `squares` over features, from the diagonal of R on.
 * What leaves the registers is added in double at once (gram), or squared and added up, so that neither R x nor a sum
 * in single precision is ever stored.
 *
 * Why not BLAS: its threads share the columns of one product out, and with a triangle as small as r x r they wait for
 * each other; of OpenBLAS 0.3.21 ssyrk with two threads is as fast as with one (100,000 x 128: 27 and 28 ms). Calls
 * from threads of our own would need BLAS set to one thread, for the whole process. On one thread this code is as fast
 * as that of BLAS (docs/benchmarks.md), and conversion, weights and squares are part of it.
 *
 * Tiles as in Goto, van de Geijn, ACM Trans. Math. Softw. 34 (2008), without their packing where rows are short enough
 * for the second-level cache. The file is compiled with fused multiply-adds: results are estimates, right to some
 * sqrt(rows) and sqrt(r) roundings, and differ in those from processor to processor. */
#include "tiles.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)

#define TILE(name) avx512_##name
#define TARGET __attribute__((target("avx512f,fma")))
#define LANES 16
#define TALL 8
#define WIDE 2
#include "tile_loops.h"

#define TILE(name) avx2_##name
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define TALL 4
#define WIDE 2
#include "tile_loops.h"

#endif

#define TILE(name) plain_##name
#define TARGET
#define LANES 4
#define TALL 4
#define WIDE 2
#include "tile_loops.h"

const dw_tiles *dw_tiles_of(int kind) {
  enum { KINDS = 3 };
  static const dw_tiles plain = {"plain", plain_gram, plain_pack, plain_squares};
  const dw_tiles *all[KINDS] = {&plain};
#if defined(__x86_64__) && defined(__GNUC__)
  static const dw_tiles avx512 = {"avx512", avx512_gram, avx512_pack, avx512_squares},
                        avx2 = {"avx2", avx2_gram, avx2_pack, avx2_squares};
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  all[1] = has_avx2 ? &avx2 : NULL;
  all[2] = has_avx2 && __builtin_cpu_supports("avx512f") ? &avx512 : NULL;
#endif
  for (int k = KINDS - 1; k >= 0; k--) {
    if (all[k] != NULL && kind-- == 0) {
      return all[k];
    }
  }
  return NULL;
}

/* The panels of any width up to DW_PANEL have at most (r + DW_PANEL/2)^2 / 2. */
int64_t dw_tile_factor_numbers(int64_t r) { return (r + DW_PANEL / 2) * (r + DW_PANEL / 2) / 2; }
