/* thin: row numbers of some examples of each class, so that a balanced data set becomes an unbalanced one.
 *
 *     thin LABELS ROWS.npy LABEL=COUNT...     the first COUNT rows with each of these labels, in the order of the file
 */
#include "files.h"

#include <inttypes.h>
#include <stdlib.h>

const char program_name[] = "thin";

enum { MOST_LABELS = 64, EXIT_USAGE = 2 };

typedef struct {
  int64_t label, wanted, found;
} quota;

static bool read_quota(const char *text, quota *out) {
  char *end;
  out->found = 0;
  out->label = strtoll(text, &end, 10);
  if (end > text && *end == '=') {
    const char *count = end + 1;
    out->wanted = strtoll(count, &end, 10);
    if (end > count && *end == '\0' && out->wanted >= 1) {
      return true;
    }
  }
  return fail("an argument is %s, expected LABEL=COUNT, a whole number and how many rows, at least 1", text);
}

static bool is_wanted(quota *quotas, int count, int64_t label) {
  for (int k = 0; k < count; k++) {
    if (quotas[k].label == label && quotas[k].found < quotas[k].wanted) {
      quotas[k].found++;
      return true;
    }
  }
  return false;
}

static bool choose(const char *path, const int64_t *labels, int64_t n, quota *quotas, int count) {
  int64_t *rows = allocate(n + 1, sizeof *rows), kept = 0;
  bool done = true;
  for (int64_t i = 0; i < n; i++) {
    if (is_wanted(quotas, count, labels[i])) {
      rows[kept++] = i;
    }
  }
  for (int k = 0; done && k < count; k++) {
    done = quotas[k].found == quotas[k].wanted || fail("label %" PRId64 " is there %" PRId64 " times, not %" PRId64,
                                                       quotas[k].label, quotas[k].found, quotas[k].wanted);
  }
  done = done && ok(divw_indices_save(path, rows, kept));
  free(rows);
  return done;
}

int main(int argc, char **argv) {
  quota quotas[MOST_LABELS] = {0};
  int64_t *labels, n;
  const int count = argc - 3;
  if (count < 1 || count > MOST_LABELS) {
    fail("expected LABELS, ROWS.npy and 1 to %d times LABEL=COUNT", MOST_LABELS);
    return EXIT_USAGE;
  }
  for (int k = 0; k < count; k++) {
    if (!read_quota(argv[3 + k], &quotas[k])) {
      return EXIT_USAGE;
    }
  }
  if (!ok(divw_indices_load(argv[1], &labels, &n))) {
    return EXIT_FAILURE;
  }
  const bool done = choose(argv[2], labels, n, quotas, count);
  divw_free(labels);
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
