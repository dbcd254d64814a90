/* INPUT and the flags that choose examples from it, the same for every verb that reads examples. */
#ifndef INPUT_H
#define INPUT_H

#include "cli.h"
#include "low_rank.h"
#include "options.h"
#include "similarity.h"

#include <math.h>

#define ABOUT_INPUT                                                                                                    \
  "INPUT holds one example per row: a .npy file (float16, float32, float64, uint8;\n"                                  \
  "further axes are flattened), an IDX file (the MNIST format), either gzipped or\n"                                   \
  "not, an array of an .npz, or a folder of .npy files, whose rows are put one\n"                                      \
  "after the other (part-2.npy before part-10.npy).\n"

/* clang-format off */
#define FLAGS_SELECTION                                                                                                \
  {"array", FLAG_NAME, FIELD(array), "NAME", .help = "which array of an .npz that holds several"},                     \
  {"labels", FLAG_TEXT, FIELD(labels), "FILE", .help = "labels of the rows of INPUT: IDX or .npy of whole numbers"},   \
  {"classes", FLAG_LIST, FIELD(classes), "0,1", .help = "keep the rows with one of these labels; needs --labels"},     \
  {"rows", FLAG_TEXT, FIELD(rows), "FILE", .help = "keep these rows of INPUT: .npy of row numbers from 0"},            \
  {"limit", FLAG_WHOLE, FIELD(limit), "N", NULL, 1, INFINITY,                                                          \
   .help = "keep the first N rows of those that --rows and --classes leave"}

#define FLAG_IDS                                                                                                       \
  {"ids", FLAG_TEXT, FIELD(ids), "FILE",                                                                               \
   .help = "what the rows of INPUT are called: text with one id per line, or .npy of strings"}

#define FLAGS_KERNEL                                                                                                   \
  {"center", FLAG_SWITCH, FIELD(center), .help = "subtract the mean of the selected rows first"},                      \
  {"components", FLAG_WHOLE, FIELD(components), "K", NULL, 1, INFINITY,                                                \
   .help = "reduce the selected rows to their K leading principal components, after --center if given"},               \
  FLAGS_SIMILARITY,                                                                                                    \
  FLAGS_LOW_RANK
/* clang-format on */

/* Whether the selection flags make sense together; says so when they do not. */
bool selection_is_complete(const cli_settings *settings, const cli_verb *verb);

/* Opens INPUT, whose rows stay there. */
divw_status open_input(divw_dataset **dataset, const cli_settings *settings);

/* As many threads as --threads says, else as OpenBLAS has: those of its environment variables, or of all cores. Asking
 * for them lets the library choose how many the BLAS gets (divw_set_threads()). */
bool use_threads(const cli_settings *settings);

/* Whether the flags choose among rows of INPUT that can be read one by one: then no others are read. */
bool can_gather(const cli_settings *settings);

/* Reads INPUT, or opens it where select_examples() will read what is selected; NULL on failure. */
bool load_input(divw_dataset **dataset, const cli_settings *settings);

/* Replaces a dataset by the part of it that the selection flags name; labels and ids are put on it. */
bool choose_examples(divw_dataset **dataset, const cli_settings *settings);

/* The same, and has the rows of INPUT in memory, unless they are streamed. */
bool select_examples(divw_dataset **dataset, const cli_settings *settings);

/* Binds the kernel that the flags name, on the rows transformed as they say; NULL on failure. */
bool bind_kernel(divw_kernel **kernel, const divw_dataset *dataset, const cli_settings *settings);

/* The same on rows that are transformed already. */
bool make_kernel(divw_kernel **kernel, const divw_dataset *dataset, const cli_settings *settings);

/* Reads INPUT, selects and transforms. The caller's; NULL on failure. */
bool read_rows(divw_dataset **dataset, const cli_settings *settings);

/* Reads INPUT, selects, transforms, and binds the kernel. Both are the caller's; NULL on failure. */
bool read_examples(divw_dataset **dataset, divw_kernel **kernel, const cli_settings *settings);

/* Reads weights, which have to be as many as there are examples. */
bool read_weights(divw_weights **weights, const char *path, int64_t count);

#endif
