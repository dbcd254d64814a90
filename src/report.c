/* The report of weights as JSON, written and read from one table of fields.
 *
 * Infinite numbers are the string "inf", unknown ones null; numbers have the fewest digits that read back the same. The
 * reader takes any flat object: a file that another version wrote loads too. */
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { COUNT, NUMBER, NAME } field_type;

typedef struct {
  const char *key;
  field_type type;
  size_t offset;
} field;

#define FIELD(type, name)                                                                                              \
  { #name, type, offsetof(dw_report, name) }

static const field fields[] = {
    FIELD(COUNT, n),
    FIELD(COUNT, dimension),
    FIELD(COUNT, rank),
    FIELD(NAME, kernel),
    FIELD(NUMBER, bandwidth),
    FIELD(NUMBER, degree),
    FIELD(NUMBER, offset),
    FIELD(NUMBER, nu),
    FIELD(COUNT, bits),
    FIELD(COUNT, normalised),
    FIELD(NUMBER, clipped),
    FIELD(NAME, approximation),
    FIELD(COUNT, features),
    FIELD(COUNT, approximation_seed),
    FIELD(NUMBER, residual),
    FIELD(COUNT, rank_needed),
    FIELD(NUMBER, order),
    FIELD(NUMBER, balance),
    FIELD(NAME, objective),
    FIELD(NAME, method),
    FIELD(NAME, precision),
    FIELD(NUMBER, tolerance),
    FIELD(NUMBER, max_weight),
    FIELD(NUMBER, min_weight),
    FIELD(NUMBER, least_effective_examples),
    FIELD(COUNT, groups_bounded),
    FIELD(COUNT, excluded),
    FIELD(NUMBER, quality),
    FIELD(NUMBER, vendi_score_uniform),
    FIELD(NUMBER, vendi_score),
    FIELD(NUMBER, vendi_score_low),
    FIELD(NUMBER, vendi_score_high),
    FIELD(NUMBER, entropy),
    FIELD(NUMBER, effective_examples),
    FIELD(NUMBER, objective_value),
    FIELD(NUMBER, entropy_weight),
    FIELD(NUMBER, certified_value),
    FIELD(NUMBER, upper_bound),
    FIELD(NUMBER, gap),
    FIELD(NUMBER, error_bar),
    FIELD(NUMBER, global_upper_bound),
    FIELD(NUMBER, global_gap),
    FIELD(COUNT, iterations),
    FIELD(COUNT, solves),
    FIELD(COUNT, row_passes),
    FIELD(COUNT, streamed),
    FIELD(NAME, stop_reason),
    FIELD(NUMBER, seconds),
    FIELD(NUMBER, seconds_read),
};

enum { FIELDS = sizeof fields / sizeof *fields, LINE_SIZE = 96 };

void dw_report_clear(dw_report *report) {
  memset(report, 0, sizeof *report);
  for (int k = 0; k < FIELDS; k++) {
    if (fields[k].type == NUMBER) {
      double unknown = NAN;
      memcpy((char *)report + fields[k].offset, &unknown, sizeof unknown);
    }
  }
}

/* ---- writing ---- */

static void format_number(char *text, size_t size, double x) {
  if (isnan(x)) {
    snprintf(text, size, "null");
  } else if (isinf(x)) {
    snprintf(text, size, x > 0 ? "\"inf\"" : "\"-inf\"");
  } else {
    for (int digits = 15; digits <= 17; digits++) {
      snprintf(text, size, "%.*g", digits, x);
      if (strtod(text, NULL) == x) {
        break;
      }
    }
  }
}

static void format_field(char *text, size_t size, const dw_report *report, const field *f) {
  const char *at = (const char *)report + f->offset;
  int64_t count;
  double number;
  switch (f->type) {
  case COUNT:
    memcpy(&count, at, sizeof count);
    snprintf(text, size, "%lld", (long long)count);
    break;
  case NUMBER:
    memcpy(&number, at, sizeof number);
    format_number(text, size, number);
    break;
  case NAME: snprintf(text, size, "\"%s\"", at); break;
  }
}

divw_status dw_report_write(char **text, const dw_report *report) {
  divw_status status;
  char value[LINE_SIZE / 2];
  size_t length = 0, size = (size_t)FIELDS * LINE_SIZE + 8;
  DW_TRY(dw_alloc(text, (int64_t)size, 1));
  dw_numeric_locale c = dw_enter_c_locale();
  for (int k = 0; k < FIELDS; k++) {
    format_field(value, sizeof value, report, &fields[k]);
    length +=
        (size_t)snprintf(*text + length, size - length, "%s  \"%s\": %s", k == 0 ? "{\n" : ",\n", fields[k].key, value);
  }
  snprintf(*text + length, size - length, "\n}\n");
  dw_leave_c_locale(c);
fail:
  return status;
}

/* ---- reading ---- */

typedef struct {
  const char *at;
  const char *path;
} cursor;

/* One value of the object: a string, a number, or neither (null, true, false). */
typedef struct {
  bool is_text, is_number;
  char text[DW_NAME_SIZE];
  double number;
} json_value;

static divw_status bad_report(const cursor *c, const char *expected) {
  return dw_fail(DIVW_ERROR_FORMAT, "%s: not a report of weights: expected %s at \"%.20s\"", c->path, expected, c->at);
}

static bool take(cursor *c, const char *symbol) {
  c->at += strspn(c->at, " \t\r\n");
  size_t length = strlen(symbol);
  if (strncmp(c->at, symbol, length) != 0) {
    return false;
  }
  c->at += length;
  return true;
}

/* A string of fewer than DW_NAME_SIZE plain characters. */
static bool take_text(cursor *c, char *text) {
  if (!take(c, "\"")) {
    return false;
  }
  size_t length = strcspn(c->at, "\"\\\n");
  if (c->at[length] != '"' || length >= DW_NAME_SIZE) {
    return false;
  }
  memcpy(text, c->at, length);
  text[length] = '\0';
  c->at += length + 1;
  return true;
}

static bool take_value(cursor *c, json_value *value) {
  memset(value, 0, sizeof *value);
  value->number = NAN;
  if (take(c, "null") || take(c, "true") || take(c, "false")) {
    return true;
  }
  value->is_text = take_text(c, value->text);
  if (!value->is_text && strchr("-0123456789", *c->at) != NULL && *c->at != '\0') {
    char *end;
    value->number = strtod(c->at, &end);
    value->is_number = end != c->at && isfinite(value->number);
    c->at = end;
  }
  return value->is_text || value->is_number;
}

/* Stores a value under its key; false when it is of the wrong kind. */
static bool store(dw_report *report, const char *key, const json_value *value) {
  for (int k = 0; k < FIELDS; k++) {
    char *at = (char *)report + fields[k].offset;
    if (strcmp(fields[k].key, key) != 0) {
      continue;
    }
    if (fields[k].type == NAME) {
      memcpy(at, value->text, DW_NAME_SIZE);
      return value->is_text;
    }
    double number = value->number;
    if (value->is_text) {
      number = strcmp(value->text, "inf") == 0 ? INFINITY : strcmp(value->text, "-inf") == 0 ? -INFINITY : NAN;
    }
    if (fields[k].type == NUMBER) {
      memcpy(at, &number, sizeof number);
      return !value->is_text || isinf(number);
    }
    int64_t count = value->is_number && number >= 0 && number <= 0x1p53 ? (int64_t)number : -1;
    memcpy(at, &count, sizeof count);
    return count >= 0 && (double)count == number;
  }
  return true;
}

static divw_status read_object(dw_report *report, cursor *c) {
  char key[DW_NAME_SIZE];
  json_value value;
  if (!take(c, "{")) {
    return bad_report(c, "an object");
  }
  for (bool more = !take(c, "}"); more;) {
    if (!take_text(c, key) || !take(c, ":")) {
      return bad_report(c, "a name and a colon");
    }
    if (!take_value(c, &value) || !store(report, key, &value)) {
      return bad_report(c, "another kind of value before this");
    }
    more = take(c, ",");
    if (!more && !take(c, "}")) {
      return bad_report(c, "a comma or a brace");
    }
  }
  return take(c, "") && *c->at == '\0' ? DIVW_OK : bad_report(c, "the end");
}

divw_status dw_report_read(dw_report *report, const char *text, const char *path) {
  dw_numeric_locale c = dw_enter_c_locale();
  dw_report_clear(report);
  divw_status status = read_object(report, &(cursor){text, path});
  dw_leave_c_locale(c);
  return status;
}
