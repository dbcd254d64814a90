/* Small array files and archives of them, made in memory. */
#ifndef FILES_H
#define FILES_H

#include "check.h"

typedef struct {
  unsigned char bytes[2048];
  size_t count;
} file_content;

/* A npy file of this type and shape, with the data behind it. */
file_content npy(const char *descr, const char *shape, const void *data, size_t bytes);

/* Rows first, first + 1, ... of two bytes (10 i, 10 i + 1). */
file_content rows(int first, int count);

/* The dataset has rows numbered 0 .. n-1 as rows() makes them. */
void counts_through(const divw_dataset *dataset, int64_t n);

/* Into the scratch folder, and back. */
const char *put(const char *name, file_content file);
file_content slurp(const char *path);

/* Replaces `count` bytes at the first place that begins with `pattern`, `offset` behind it. */
void patch(file_content *file, const char *pattern, size_t length, size_t offset, const void *bytes, size_t count);

/* ---- zip archives (npz) ---- */

typedef struct {
  const char *name;
  file_content content;
} member;

/* At level 0 members are stored as they are. */
const char *archive_at_level(const char *name, const member *members, int count, bool zip64, int level);

/* The same, deflated. */
const char *archive(const char *name, const member *members, int count);

/* Two stored members, the second one as large as may be. */
const char *archive_with_large(const char *name, member first, const char *second, const void *bytes, size_t count);

#endif
