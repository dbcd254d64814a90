/* Files of bytes and arrays, for the tests of readers and writers. */
#ifndef ARRAYS_H
#define ARRAYS_H

#include "array_file.h"
#include "check.h"

/* A gzip file; mode "wb" begins it, "ab" appends a member. */
const char *gzipped(const char *name, const char *mode, const void *bytes, size_t count);

size_t slurp_into(const char *path, unsigned char *bytes, size_t capacity);

enum { LARGE = 200000 };

const unsigned char *noise(void);

bool any_temporary_file(void);

/* An npy file of any version, header text and data. */
size_t build_npy(unsigned char *file, int major, const char *text, const void *data, size_t bytes);

const char *npy_of(int major, const char *text, const void *data, size_t bytes);

divw_status read_array(const char *path, dw_array_header *header, void *rows);

/* Element i of a test array of this element size: some pattern of which every byte matters. */
uint64_t element(int64_t i, int64_t size);

void put_element(unsigned char *to, uint64_t value, int64_t size, bool big_endian);

#endif
