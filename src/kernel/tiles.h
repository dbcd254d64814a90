/* Products of blocks of rows in single or double precision, on the thread that calls. */
#ifndef DW_TILES_H
#define DW_TILES_H

#include "../internal.h"

/* Rows of a block may be in panels, for dw_tiles.gram: column j of row i of a block with room for `length` rows is
 * number (j / DW_PANEL length + i) DW_PANEL + j % DW_PANEL. Columns from r on fill the last panel up, with zeros. */
enum { DW_PANEL = 32 };

/* The code for one kind of processor and one precision: rows, panels, packed factors and scratch hold numbers of `size`
 * bytes, float or double. */
typedef struct {
  const char *name;
  size_t size;

  /* The upper triangle of S, r x r, plus sum over i < count of x_i x_i^T. What it leaves below is anything. */
  void (*gram)(double *S, int64_t r, const void *panels, int64_t length, int64_t count);

  /* An upper triangular R, r x r, as `squares` wants it: dw_tile_factor_numbers(r). */
  void (*pack)(void *factor, const double *R, int64_t r);

  /* D_i = |R x_i|^2, i < count, of rows `stride` apart. Reads rows up to the next multiple of DW_TALLEST; scratch:
   * DW_TILE_SCRATCH numbers for each of them. */
  void (*squares)(double *D, const void *factor, int64_t r, const void *rows, int64_t stride, int64_t count,
                  void *scratch);
} dw_tiles;

enum { DW_TALLEST = 8, DW_TILE_SCRATCH = 16 };

/* Kinds that this processor has, from the best one (0) down; NULL after the last. */
const dw_tiles *dw_tiles_of(int kind, bool single);

int64_t dw_tile_factor_numbers(int64_t r);

#endif
