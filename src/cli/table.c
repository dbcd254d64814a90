/* CSV as RFC 4180 quotes it, lines ended by LF, numbers with the 17 digits that read back exactly. */
#include "table.h"

#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  const divw_weights *weights;
  const int64_t *labels;
} columns;

static void write_text(FILE *file, const char *text) {
  if (strpbrk(text, ",\"\r\n") == NULL) {
    fputs(text, file);
    return;
  }
  putc('"', file);
  for (; *text != '\0'; text++) {
    fputs(*text == '"' ? "\"\"" : (char[]){*text, '\0'}, file);
  }
  putc('"', file);
}

static void write_table(FILE *file, const void *context) {
  const columns *known = context;
  const int64_t *rows = divw_weights_rows(known->weights);
  const double *p = divw_weights_values(known->weights), *D = divw_weights_marginal_diversity(known->weights);
  fputs("row,id,label,weight,marginal_diversity\n", file);
  for (int64_t i = 0; i < divw_weights_count(known->weights); i++) {
    const char *id = divw_weights_id(known->weights, i);
    fprintf(file, "%" PRId64 ",", rows[i]);
    write_text(file, id != NULL ? id : "");
    if (known->labels != NULL) {
      fprintf(file, ",%" PRId64, known->labels[i]);
    } else {
      putc(',', file);
    }
    fprintf(file, ",%.17g,%.17g\n", p[i], D[i]);
  }
}

bool save_table(const divw_weights *weights, const int64_t *labels, const char *path) {
  const columns known = {weights, labels};
  return save_file(path, write_table, &known);
}
