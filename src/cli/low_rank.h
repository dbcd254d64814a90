/* --rank, --residual and --approximation: features of low rank in place of the kernel itself. */
#ifndef LOW_RANK_H
#define LOW_RANK_H

#include "options.h"

#include <math.h>

/* clang-format off */
#define FLAGS_LOW_RANK                                                                                                 \
  {"rank", FLAG_WHOLE, FIELD(kernel_rank), "R", NULL, 1, INFINITY,                                                     \
   .help = "at most R features in place of the n x n matrix, 8 n R bytes; what is proven is still proven for the "     \
           "kernel itself"},                                                                                           \
  {"residual", FLAG_REAL, FIELD(kernel_residual), "TOL", NULL, 1e-15, 1,                                               \
   .help = "as many features as leave out no more than this of a row, of 1, on average; at most R with --rank"},       \
  {"approximation", FLAG_CHOICE, FIELD(kernel_approximation), "cholesky|features", NULL,                               \
   .help = "how --rank is meant: randomly pivoted Cholesky (default), or random Fourier features of gaussian, "        \
           "laplacian or matern, which are an estimate without a bound"},                                              \
  {"approximation-seed", FLAG_WHOLE, FIELD(kernel_seed), "S", "0", 0, 9007199254740992.0,                              \
   .help = "of its random numbers"}
/* clang-format on */

/* Whether features of low rank are asked for. */
bool wants_low_rank(const cli_settings *settings);

/* Whether the flags go together; says so when they do not. */
bool low_rank_is_sound(const cli_settings *settings, const cli_verb *verb);

/* DIVW_APPROXIMATION_*, and how many features of n examples there can be. */
int32_t approximation_of(const cli_settings *settings);
int64_t most_features(const cli_settings *settings, int64_t n);

/* The kernel that the flags name; NULL on failure. */
bool bind_similarity(divw_kernel **kernel, const divw_dataset *dataset, const divw_similarity *similarity,
                     const cli_settings *settings);

/* What features leave out of a row on average, p its weights (NULL: even ones); 0 where they are exact, NaN where
 * nothing is known. */
double residual_of(const divw_kernel *kernel, const double *p);

/* "approximation", where features are not exact. */
void print_approximation(const divw_kernel *kernel);

#endif
