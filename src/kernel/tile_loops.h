/* The loops of tiles.c, included there once for each kind of processor and each precision, with
 *
 *     TILE(name)    what the functions of this kind are called
 *     TARGET        the instructions that they may use
 *     REAL          float or double
 *     LANES         of them in a vector
 *     TALL, WIDE    a tile in registers: TALL rows of WIDE vectors
 *
 * No guard: it is meant to be included again. */

enum { TILE(columns) = LANES * WIDE };

/* Over memory that is declared as plain numbers, wherever it begins. */
typedef REAL TILE(vector) __attribute__((vector_size(sizeof(REAL) * LANES), aligned(sizeof(REAL)), may_alias));

/* tile[m][c] = sum over k < count of a[m a_row + k a_step] b[k b_step + c], each in the order of k. */
TARGET static inline __attribute__((always_inline)) void TILE(multiply)(const REAL *a, int64_t a_row, int64_t a_step,
                                                                        const REAL *b, int64_t b_step, int64_t count,
                                                                        TILE(vector) (*tile)[WIDE]) {
  TILE(vector) sum[TALL][WIDE] = {{{0}}};
  for (int64_t k = 0; k < count; k++) {
    for (int64_t m = 0; m < TALL; m++) {
      for (int64_t w = 0; w < WIDE; w++) {
        sum[m][w] += a[m * a_row + k * a_step] * *(const TILE(vector) *)(b + k * b_step + w * LANES);
      }
    }
  }
  memcpy(tile, sum, sizeof sum);
}

TARGET static void TILE(add_tile)(double *S, int64_t r, int64_t row, int64_t column, const TILE(vector) (*tile)[WIDE]) {
  for (int64_t m = 0; m < dw_min(TALL, r - row); m++) {
    const REAL *part = (const REAL *)tile[m];
    double *restrict sum = S + (row + m) * r + column;
    if (r - column >= TILE(columns)) {
      for (int64_t j = 0; j < TILE(columns); j++) {
        sum[j] += (double)part[j];
      }
    } else {
      for (int64_t j = 0; j < r - column; j++) {
        sum[j] += (double)part[j];
      }
    }
  }
}

TARGET static void TILE(gram)(double *S, int64_t r, const void *rows, int64_t length, int64_t count) {
  const REAL *panels = rows;
  TILE(vector) tile[TALL][WIDE];
  for (int64_t column = 0; column < r; column += TILE(columns)) {
    const REAL *right = panels + column / DW_PANEL * DW_PANEL * length + column % DW_PANEL;
    for (int64_t row = 0; row < dw_min(column + TILE(columns), r); row += TALL) {
      const REAL *left = panels + row / DW_PANEL * DW_PANEL * length + row % DW_PANEL;
      TILE(multiply)(left, 1, DW_PANEL, right, DW_PANEL, count, tile);
      TILE(add_tile)(S, r, row, column, (const TILE(vector)(*)[WIDE])tile);
    }
  }
}

/* R^T in panels of columns, each from its diagonal on. */
TARGET static void TILE(pack)(void *out, const double *R, int64_t r) {
  REAL *factor = out;
  for (int64_t column = 0; column < r; column += TILE(columns)) {
    for (int64_t k = column; k < r; k++) {
      for (int64_t j = column; j < column + TILE(columns); j++) {
        *factor++ = j <= k ? (REAL)R[j * r + k] : 0;
      }
    }
  }
}

/* Squares are added in each lane, and lanes in double. */
TARGET static void TILE(squares)(double *D, const void *packed, int64_t r, const void *block, int64_t stride,
                                 int64_t count, void *scratch) {
  const REAL *factor = packed, *rows = block;
  TILE(vector) tile[TALL][WIDE], *restrict squares = scratch;
  memset(squares, 0, (size_t)(count + TALL) * sizeof *squares);
  for (int64_t column = 0; column < r; column += TILE(columns)) {
    for (int64_t i = 0; i < count; i += TALL) {
      TILE(multiply)(rows + i * stride + column, stride, 1, factor, TILE(columns), r - column, tile);
      for (int64_t m = 0; m < TALL; m++) {
        for (int64_t w = 0; w < WIDE; w++) {
          squares[i + m] += tile[m][w] * tile[m][w];
        }
      }
    }
    factor += (r - column) * TILE(columns);
  }
  for (int64_t i = 0; i < count; i++) {
    double sum = 0;
    for (int l = 0; l < LANES; l++) {
      sum += (double)squares[i][l];
    }
    D[i] = sum;
  }
}

#undef TILE
#undef TARGET
#undef REAL
#undef LANES
#undef TALL
#undef WIDE
