/* What the command writes: rows of a table for people, JSON for programs, files. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "cli.h"

#include <stdio.h>

/* ---- stdout ---- */

/* One row of a table: a name, padded, and a value. */
void print_row(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether all writes so far went well; to be asked after every block of a long output. */
bool stdout_is_fine(void);

/* Flushes stdout. A failed write turns the status into STATUS_FAILED, with a sentence. */
int finish_output(int status);

/* ---- JSON on stdout, one member after the other; key is NULL inside arrays ---- */

void json_open(const char *key, char bracket);
void json_close(char bracket);
void json_whole(const char *key, int64_t value);
void json_real(const char *key, double value);      /* +infinity: "inf"; NaN: null */
void json_text(const char *key, const char *value); /* UTF-8 */
void json_raw(const char *key, const char *json);   /* JSON already */

/* ---- files ---- */

enum { MAX_OUTPUTS = 8, MAX_INPUTS = 10 };

/* The files that a verb is about to write, asked about before the long work; NULL entries are skipped. False with a
 * sentence when one cannot be written, or is one of the inputs, or another output. */
typedef struct {
  const char *outputs[MAX_OUTPUTS];
  const char *inputs[MAX_INPUTS];
} file_plan;
bool files_are_writable(const file_plan *plan);

bool ends_in(const char *name, const char *ending);

/* Whether a name promises another file than a .npy; names without an ending promise nothing. */
bool is_other_than_npy(const char *name);

/* Where divw_weights_save() puts the report of weights; to be freed. */
char *report_path(const char *weights_path);

/* Writes what `write` does to a file that appears complete or not at all. */
bool save_file(const char *path, void (*write)(FILE *file, const void *context), const void *context);

/* The same with text that there is. */
bool save_text(const char *path, const char *text, size_t length);

#endif
