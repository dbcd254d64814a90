/* INPUT and the flags that choose examples from it, the same for every verb that reads examples. */
#ifndef INPUT_H
#define INPUT_H

#include "cli.h"
#include "options.h"

#include <math.h>

#define ABOUT_INPUT                                                                                                    \
  "INPUT holds one example per row: a .npy file (float16, float32, float64, uint8;\n"                                  \
  "further axes are flattened) or an IDX file (the MNIST format), gzipped or not.\n"

/* clang-format off */
#define FLAGS_SELECTION                                                                                                \
  {"labels", FLAG_TEXT, FIELD(labels), "FILE", .help = "labels of the rows of INPUT: IDX or .npy of whole numbers"},   \
  {"classes", FLAG_LIST, FIELD(classes), "0,1", .help = "keep the rows with one of these labels; needs --labels"},     \
  {"rows", FLAG_TEXT, FIELD(rows), "FILE", .help = "keep these rows of INPUT: .npy of row numbers from 0"},            \
  {"limit", FLAG_WHOLE, FIELD(limit), "N", NULL, 1, INFINITY,                                                          \
   .help = "keep the first N rows of those that --rows and --classes leave"}

#define FLAG_KERNEL                                                                                                    \
  {"kernel", FLAG_CHOICE, FIELD(kernel), "cosine|linear", "cosine",                                                    \
   .help = "how alike two examples are: cosine of their angle, or inner product of rows of length 1"}
/* clang-format on */

/* Whether the selection flags make sense together; says so when they do not. */
bool selection_is_complete(const cli_settings *settings, const cli_verb *verb);

/* Replaces a dataset by the part of it that the selection flags name; labels are put on it. */
bool select_examples(divw_dataset **dataset, const cli_settings *settings);

/* Binds the kernel that the flags name; NULL on failure. */
bool bind_kernel(divw_kernel **kernel, const divw_dataset *dataset, const cli_settings *settings);

/* Reads INPUT, selects, and binds the kernel. Both are the caller's; NULL on failure. */
bool read_examples(divw_dataset **dataset, divw_kernel **kernel, const cli_settings *settings);

/* Reads weights, which have to be as many as there are examples. */
bool read_weights(divw_weights **weights, const char *path, int64_t count);

#endif
