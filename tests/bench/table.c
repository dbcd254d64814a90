/* What was measured: a Markdown table with the machine above it, or one JSON object. Rows appear as they come, so that
 * a long run can be watched and one that was cut short has its first rows. */
#include "bench.h"

#include <cblas.h>

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 24, WIDTH = 80 };

struct bench_table {
  bool json;
  int64_t rows;
  int columns;
  char head[COLUMNS][WIDTH], cell[COLUMNS][WIDTH]; /* of the row that is being filled */
};

static void machine_name(char *name, size_t room) {
  char line[256];
  FILE *file = fopen("/proc/cpuinfo", "r");
  snprintf(name, room, "unknown CPU");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    const char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
      snprintf(name, room, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
      break;
    }
  }
  if (file != NULL) {
    fclose(file);
  }
}

/* A JSON string; what is written here holds no control characters. */
static void print_string(const char *text) {
  putchar('"');
  for (; *text != '\0'; text++) {
    if (*text == '"' || *text == '\\') {
      putchar('\\');
    }
    putchar(*text);
  }
  putchar('"');
}

bench_table *table_begin(const char *name, bool json) {
  bench_table *table = allocate(1, sizeof *table);
  char machine[128];
  table->json = json;
  machine_name(machine, sizeof machine);
  if (json) {
    printf("{\"case\": \"%s\", \"machine\": ", name);
    print_string(machine);
    printf(", \"blas\": \"OpenBLAS %s\", \"threads\": %d, \"version\": \"%s\", \"rows\": [", openblas_get_corename(),
           divw_threads(), divw_version());
  } else {
    printf("%s: %s, %d threads (OpenBLAS %s), divweights %s\n\n", name, machine, divw_threads(),
           openblas_get_corename(), divw_version());
  }
  fflush(stdout);
  return table;
}

bool table_is_json(const bench_table *table) { return table->json; }

static char *next_cell(bench_table *table, const char *column) {
  if (table->columns == COLUMNS) {
    die(1, "more than %d columns", COLUMNS);
  }
  snprintf(table->head[table->columns], WIDTH, "%s", column);
  return table->cell[table->columns++];
}

void table_text(bench_table *table, const char *column, const char *text) {
  char *cell = next_cell(table, column);
  snprintf(cell, WIDTH, table->json ? "\"%s\"" : "%s", text); /* names only: nothing to escape */
}

void table_number(bench_table *table, const char *column, const char *format, double number) {
  char *cell = next_cell(table, column);
  if (isfinite(number)) {
    snprintf(cell, WIDTH, table->json ? "%.9g" : format, number);
  } else {
    const char *name = isnan(number) ? "null" : "inf";
    snprintf(cell, WIDTH, table->json && !isnan(number) ? "\"%s\"" : "%s", name);
  }
}

static void print_line(const bench_table *table, const char (*texts)[WIDTH]) {
  putchar('|');
  for (int k = 0; k < table->columns; k++) {
    printf(" %s |", texts == NULL ? "---" : texts[k]);
  }
  putchar('\n');
}

/* "iteration / floor" has the key iteration_floor. */
static void print_key(const char *head) {
  bool gap = false;
  putchar('"');
  for (; *head != '\0'; head++) {
    if (isalnum((unsigned char)*head)) {
      printf("%s%c", gap ? "_" : "", *head);
    }
    gap = !isalnum((unsigned char)*head);
  }
  putchar('"');
}

static void print_object(const bench_table *table) {
  printf("%s\n  {", table->rows > 0 ? "," : "");
  for (int k = 0; k < table->columns; k++) {
    printf("%s", k > 0 ? ", " : "");
    print_key(table->head[k]);
    printf(": %s", table->cell[k]);
  }
  putchar('}');
}

void table_row(bench_table *table) {
  if (table->json) {
    print_object(table);
  } else {
    if (table->rows == 0) {
      print_line(table, (const char(*)[WIDTH])table->head);
      print_line(table, NULL);
    }
    print_line(table, (const char(*)[WIDTH])table->cell);
  }
  fflush(stdout);
  table->rows++;
  table->columns = 0;
}

void table_note(bench_table *table, const char *format, ...) {
  if (!table->json) {
    va_list arguments;
    va_start(arguments, format);
    putchar('\n');
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
  }
}

void table_end(bench_table *table) {
  if (table->json) {
    puts("\n]}");
  }
  free(table);
}
