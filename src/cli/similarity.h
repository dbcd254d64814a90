/* --kernel and the flags of its parameters. */
#ifndef SIMILARITY_H
#define SIMILARITY_H

#include "options.h"

#include <math.h>

#define NAMES_OF_KERNELS                                                                                               \
  "cosine|linear|gaussian|laplacian|matern|polynomial|cosine-power|arc-cosine|tanimoto|precomputed"

/* clang-format off */
#define FLAGS_SIMILARITY                                                                                               \
  {"kernel", FLAG_CHOICE, FIELD(kernel), NAMES_OF_KERNELS, "cosine",                                                   \
   .help = "how alike two examples are; of a precomputed one INPUT is the matrix"},                                    \
  {"bandwidth", FLAG_NAME, FIELD(kernel_bandwidth), "S|median|vendi=V",                                                \
   .help = "of gaussian, laplacian and matern: a distance; the median of up to 10,000 distances (default), drawn by "  \
           "the seed K of median=K (1); or that at which the examples, evenly weighted, have the Vendi Score V"},      \
  {"degree", FLAG_NAME, FIELD(kernel_degree), "M",                                                       \
   .help = "of polynomial (3 when not given) and of arc-cosine (0, 1 or 2; 1 when not given)"},                        \
  {"offset", FLAG_REAL, FIELD(kernel_offset), "C", "1", 0, 1e300, .help = "of polynomial"},                            \
  {"power", FLAG_WHOLE, FIELD(kernel_power), "M", "2", 1, 64, .help = "of cosine-power"},                              \
  {"nu", FLAG_REAL, FIELD(kernel_nu), "NU", "1.5", 0.5, 2.5, .help = "smoothness of matern: 0.5, 1.5 or 2.5"},         \
  {"bits", FLAG_SWITCH, FIELD(kernel_bits), .help = "of tanimoto: every byte of a row is eight bits"},                 \
  {"normalise", FLAG_SWITCH, FIELD(kernel_normalise),                                                                  \
   .help = "of precomputed: divide by the roots of the diagonal, which has to be 1 otherwise"},                        \
  {"clip-negative", FLAG_SWITCH, FIELD(kernel_clip),                                                                   \
   .help = "of precomputed: set negative eigenvalues to 0, which are an error otherwise"}
/* clang-format on */

/* Whether the flags fit the kernel; says so when they do not. */
bool similarity_is_sound(const cli_settings *settings, const cli_verb *verb);

/* The similarity that the flags name; NULL on failure. */
bool make_similarity(divw_similarity **similarity, const cli_settings *settings);

/* "kernel" and its parameters, those that the data chose included; and how features stand for it (kernel NULL: there
 * are none, and nothing is left out). */
void print_similarity(const divw_similarity *similarity, const divw_kernel *kernel);

/* The same as JSON: of a kernel, or from its parts. */
void json_kernel(const divw_kernel *kernel);
void json_similarity(const divw_similarity *similarity, int32_t approximation, double clipped);

#endif
