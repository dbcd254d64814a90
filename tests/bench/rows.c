/* Writes a set as an .npy file (version 1.0), block by block, so that it may be larger than memory: for programs that
 * are compared with, and for solves of files. */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 4096, HEADER = 128 };

/* Numbers are written in the order of the machine, which `byte order` of the header says. */
static void put_header(FILE *file, const bench_set *set) {
  const uint16_t one = 1;
  char order = *(const char *)&one == 1 ? '<' : '>', text[HEADER - 10 + 1];
  const char *type = set->dtype == DIVW_FLOAT64 ? "f8" : set->dtype == DIVW_FLOAT32 ? "f4" : "u1";
  snprintf(text, sizeof text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (%lld, %lld), }",
           set->dtype == DIVW_UINT8 ? '|' : order, type, (long long)set->n, (long long)set->d);
  fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file); /* 118 bytes of text follow */
  fprintf(file, "%-117s\n", text);
}

static void put_rows(FILE *file, const bench_set *set) {
  void *block = allocate(BLOCK, (size_t)set_row_bytes(set));
  for (int64_t first = 0; first < set->n; first += BLOCK) {
    int64_t count = set->n - first < BLOCK ? set->n - first : BLOCK;
    set_fill(set, first, count, block);
    fwrite(block, (size_t)set_row_bytes(set), (size_t)count, file);
  }
  free(block);
}

void bench_rows(const bench_options *options, bench_table *table) {
  const char *sets = options->sets;
  bench_set *set = next_set(&sets);
  if (set == NULL || *sets != '\0' || options->output == NULL) {
    die(2, "rows takes one --set that there is, and --output FILE");
  }
  FILE *file = fopen(options->output, "wb");
  if (file == NULL) {
    die(1, "%s: cannot be written: %s", options->output, strerror(errno));
  }
  put_header(file, set);
  put_rows(file, set);
  bool failed = ferror(file) != 0;
  if (fclose(file) != 0 || failed) {
    die(1, "%s: cannot be written: %s", options->output, strerror(errno));
  }
  table_text(table, "set", set->name);
  table_number(table, "n", "%.0f", (double)set->n);
  table_number(table, "d", "%.0f", (double)set->d);
  table_text(table, "type", divw_dtype_name(set->dtype));
  table_row(table);
  set_close(set);
}
