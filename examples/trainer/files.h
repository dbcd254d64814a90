/* Sentences about what went wrong, and files that appear complete or not at all. */
#ifndef FILES_H
#define FILES_H

#include <divweights/divweights.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What sentences begin with. */
extern const char program_name[];

/* Prints a sentence; always false, to be returned. */
bool fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether a call of the library succeeded; prints its sentence otherwise. */
bool ok(divw_status status);

/* Room for count > 0 things; ends the program when there is none. */
void *allocate(int64_t count, size_t size) __attribute__((returns_nonnull));

/* Writes beside the target, to the disk, and renames; `write` is true when all it has is written. */
bool save_file(const char *path, bool (*write)(FILE *file, const void *what), const void *what);

/* Whether a file could be written there; says why not. Nothing is left behind. */
bool is_writable(const char *path);

#endif
