/* From the flags to features of low rank, and what is told about them. */
#include "low_rank.h"

#include "output.h"

#include <inttypes.h>
#include <string.h>

bool wants_low_rank(const cli_settings *settings) { return settings->kernel_rank > 0 || settings->kernel_residual > 0; }

static bool wants_features(const cli_settings *settings) {
  return settings->kernel_approximation != NULL && strcmp(settings->kernel_approximation, "features") == 0;
}

static bool features_are_sound(const cli_settings *settings, const cli_verb *verb) {
  if (settings->kernel_residual > 0) {
    usage_error(verb, "--residual is given, which does not go with --approximation features: nothing is known of what "
                      "they leave out");
  } else if (strstr("|gaussian|laplacian|matern|", settings->kernel) == NULL) {
    usage_error(verb, "--approximation features does not go with --kernel %s, expected gaussian, laplacian or matern",
                settings->kernel);
  } else if (settings->kernel_rank % 2 != 0) {
    usage_error(verb, "--rank is %" PRId64 ", expected an even number for --approximation features",
                settings->kernel_rank);
  } else {
    return true;
  }
  return false;
}

bool low_rank_is_sound(const cli_settings *settings, const cli_verb *verb) {
  static const char *const others[] = {"approximation", "approximation-seed"};
  for (size_t k = 0; k < sizeof others / sizeof *others && !wants_low_rank(settings); k++) {
    if (option_given(settings, verb, others[k])) {
      usage_error(verb, "--%s is given but --rank is missing", others[k]);
      return false;
    }
  }
  if (wants_low_rank(settings) && settings->kernel_clip) {
    usage_error(verb, "--clip-negative is given, which needs all eigenvalues of the matrix: expected no --rank or "
                      "--residual");
    return false;
  }
  return !wants_features(settings) || features_are_sound(settings, verb);
}

int32_t approximation_of(const cli_settings *settings) {
  return !wants_low_rank(settings)  ? DIVW_APPROXIMATION_NONE
         : wants_features(settings) ? DIVW_APPROXIMATION_FEATURES
                                    : DIVW_APPROXIMATION_CHOLESKY;
}

int64_t most_features(const cli_settings *settings, int64_t n) {
  return settings->kernel_rank > 0 ? settings->kernel_rank : n;
}

bool bind_similarity(divw_kernel **kernel, const divw_dataset *dataset, const divw_similarity *similarity,
                     const cli_settings *settings) {
  const int64_t rank = most_features(settings, divw_dataset_count(dataset));
  const uint64_t seed = (uint64_t)settings->kernel_seed;
  if (!wants_low_rank(settings)) {
    return ok(divw_kernel_create_with(kernel, dataset, similarity));
  }
  return ok(wants_features(settings)
                ? divw_kernel_create_features(kernel, dataset, similarity, rank, seed)
                : divw_kernel_create_low_rank(kernel, dataset, similarity, rank, settings->kernel_residual, seed));
}

double residual_of(const divw_kernel *kernel, const double *p) {
  const double *deficit = divw_kernel_deficit(kernel);
  const int64_t n = divw_kernel_count(kernel);
  double sum = divw_kernel_approximation(kernel) == DIVW_APPROXIMATION_FEATURES ? NAN : 0;
  for (int64_t i = 0; i < n && deficit != NULL; i++) {
    sum += deficit[i] * (p != NULL ? p[i] : 1 / (double)n);
  }
  return sum;
}

void print_approximation(const divw_kernel *kernel) {
  const int64_t r = divw_kernel_features(kernel);
  switch (divw_kernel_approximation(kernel)) {
  case DIVW_APPROXIMATION_CHOLESKY:
    print_row("approximation", "cholesky, %" PRId64 " features, which leave out %.3g of a row, of 1, on average", r,
              residual_of(kernel, NULL));
    break;
  case DIVW_APPROXIMATION_FEATURES:
    print_row("approximation", "%" PRId64 " random features: an estimate, without a bound", r);
    break;
  default: break;
  }
}
