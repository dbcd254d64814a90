/* Several arrays in one file, as NumPy's savez writes them. */
#ifndef DW_NPZ_WRITE_H
#define DW_NPZ_WRITE_H

#include "internal.h"

/* NAME.npy, of float64 in C order, with one axis or two. */
typedef struct {
  const char *name;
  int32_t axes;
  int64_t shape[2];
  const double *values;
} dw_npz_member;

/* The file appears complete or not at all. At most 16 members; DIVW_ERROR_SIZE beyond 4 GiB. */
divw_status dw_npz_save(const char *path, const dw_npz_member *members, int64_t count);

#endif
