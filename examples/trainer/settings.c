/* The command line: a table of flags, and what has to go together. */
#define _POSIX_C_SOURCE 200809L
#include "settings.h"

#include "files.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char help_text[] =
    "Usage: trainer INPUT [--weights FILE|uniform] [options]\n"
    "\n"
    "Trains a variational auto-encoder on batches of 128 rows of INPUT, drawn with diversity\n"
    "weights or evenly, and writes samples of what it has learnt.\n"
    "\n"
    "  INPUT                 .npy, IDX, either gzipped, .npz, or a folder of .npy: bytes, which\n"
    "                        are divided by 255, or numbers from 0 to 1\n"
    "  --array NAME          which array of an .npz that holds several\n"
    "  --labels FILE         one whole number per row of INPUT; shares of the batches are printed\n"
    "  --rows FILE           train on these rows of INPUT, as solve --rows-output writes them\n"
    "  --classes A,B,...     train on rows with these labels\n"
    "  --weights FILE        weights of the selected rows, as solve writes them; or uniform\n"
    "                        (default uniform)\n"
    "  --seed N              of parameters, batches, noise and samples (default 0)\n"
    "  --steps N             train on N batches, those of a checkpoint included (default 3000)\n"
    "  --epochs N            or on N times as many as hold the selected rows once\n"
    "  --checkpoint FILE     go on from there, if it exists; written at the end, after every\n"
    "                        --checkpoint-every batches (default 1000), and at Ctrl-C\n"
    "  --samples N           draw N codes from the normal distribution and decode them\n"
    "  --output FILE.npy     all of them, in the units of INPUT\n"
    "  --grid FILE.png       the first 80 as a picture\n"
    "  --means               the decoder's mean images; otherwise each pixel is drawn\n"
    "  --threads N           of OpenBLAS (default 1, which makes runs the same to the bit)\n"
    "  --help                this text\n"
    "\n"
    "Exit status: 0 done, 2 bad usage, 1 any other failure, 130 after Ctrl-C.\n";

enum kind { TEXT, WHOLE, LIST, SWITCH };

static const struct {
  const char *name;
  enum kind kind;
  size_t offset;
  int64_t low, high;
} flags[] = {
    {"--array", TEXT, offsetof(settings, array), 0, 0},
    {"--labels", TEXT, offsetof(settings, labels), 0, 0},
    {"--rows", TEXT, offsetof(settings, rows), 0, 0},
    {"--classes", LIST, 0, 0, 0},
    {"--weights", TEXT, offsetof(settings, weights), 0, 0},
    {"--seed", WHOLE, offsetof(settings, seed), 0, INT64_MAX},
    {"--epochs", WHOLE, offsetof(settings, epochs), 0, 1000000000},
    {"--steps", WHOLE, offsetof(settings, steps), 0, 1000000000000},
    {"--checkpoint", TEXT, offsetof(settings, checkpoint), 0, 0},
    {"--checkpoint-every", WHOLE, offsetof(settings, checkpoint_every), 1, INT64_MAX},
    {"--samples", WHOLE, offsetof(settings, samples), 1, 100000000},
    {"--output", TEXT, offsetof(settings, output), 0, 0},
    {"--grid", TEXT, offsetof(settings, grid), 0, 0},
    {"--means", SWITCH, offsetof(settings, means), 0, 0},
    {"--threads", WHOLE, offsetof(settings, threads), 1, 1024},
    {"--help", SWITCH, offsetof(settings, help), 0, 0},
};
enum { FLAGS = sizeof flags / sizeof flags[0], DEFAULT_STEPS = 3000, DEFAULT_CHECKPOINT_EVERY = 1000 };

static bool read_whole(const char *name, const char *text, int64_t low, int64_t high, int64_t *out) {
  char *end;
  errno = 0;
  *out = strtoll(text, &end, 10);
  return (end > text && *end == '\0' && errno == 0 && *out >= low && *out <= high) ||
         fail("%s is %s, expected a whole number from %" PRId64 " to %" PRId64, name, text, low, high);
}

static bool read_classes(const char *text, settings *out) {
  const char *rest = text;
  for (out->class_count = 0; out->class_count < MOST_CLASSES; rest++) {
    char *end;
    errno = 0;
    out->classes[out->class_count++] = strtoll(rest, &end, 10);
    if (end == rest || errno != 0 || (*end != ',' && *end != '\0')) {
      break;
    }
    if (*end == '\0') {
      return true;
    }
    rest = end;
  }
  return fail("--classes is %s, expected up to %d whole numbers with commas between them", text, MOST_CLASSES);
}

static bool read_value(settings *out, int flag, const char *text) {
  void *place = (char *)out + flags[flag].offset;
  switch (flags[flag].kind) {
  case TEXT: *(const char **)place = text; return true;
  case WHOLE: return read_whole(flags[flag].name, text, flags[flag].low, flags[flag].high, place);
  case LIST: return read_classes(text, out);
  default: *(bool *)place = true; return true;
  }
}

static int find_flag(const char *name) {
  int k = 0;
  while (k < FLAGS && strcmp(flags[k].name, name) != 0) {
    k++;
  }
  return k;
}

static bool read_arguments(settings *out, int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const int flag = find_flag(argv[i]);
    if (flag == FLAGS && strncmp(argv[i], "--", 2) == 0) {
      return fail("%s is no option: see --help", argv[i]);
    }
    if (flag == FLAGS && out->input != NULL) {
      return fail("INPUT is given twice, as %s and as %s", out->input, argv[i]);
    }
    if (flag == FLAGS) {
      out->input = argv[i];
      continue;
    }
    const bool bare = flags[flag].kind == SWITCH;
    if (!bare && i + 1 == argc) {
      return fail("%s needs a value: see --help", argv[i]);
    }
    i += !bare;
    if (!read_value(out, flag, argv[i])) {
      return false;
    }
  }
  return true;
}

static bool is_complete(const settings *out) {
  if (out->input == NULL) {
    return fail("INPUT is missing: see --help");
  }
  if (out->class_count > 0 && out->labels == NULL) {
    return fail("--classes is given but --labels is missing");
  }
  if (out->epochs >= 0 && out->steps >= 0) {
    return fail("--epochs and --steps are both given, expected one of them");
  }
  if (out->samples > 0 && out->output == NULL && out->grid == NULL) {
    return fail("--samples is given but neither --output nor --grid");
  }
  if (out->samples == 0 && (out->output != NULL || out->grid != NULL || out->means)) {
    return fail("--samples is missing: --output, --grid and --means are about samples");
  }
  return true;
}

bool settings_read(settings *out, int argc, char **argv) {
  *out = (settings){.epochs = -1, .steps = -1, .threads = 1, .checkpoint_every = DEFAULT_CHECKPOINT_EVERY};
  if (!read_arguments(out, argc, argv)) {
    return false;
  }
  if (out->help) {
    fputs(help_text, stdout);
    return true;
  }
  if (!is_complete(out)) {
    return false;
  }
  if (out->epochs < 0 && out->steps < 0) {
    out->steps = DEFAULT_STEPS;
  }
  return true;
}
