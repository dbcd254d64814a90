/* What the report of weights says about their kernel stands in for flags that are not given: a bandwidth that was
 * chosen by the data, or a degree, need not be remembered to look at the weights again. */
#include "known_kernel.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void differs(const cli_settings *settings, const char *flag, const char *given, const char *reported) {
  fprintf(stderr, "divweights: warning: --%s is %s, but the report of %s has %s\n", flag, given, settings->weights,
          reported);
}

/* Whether the report decides; where a flag does, and says another number, that is told. */
static bool decides(const cli_settings *settings, const cli_verb *verb, const char *flag, double given,
                    double reported) {
  char words[2][32];
  if (isnan(reported) || !option_given(settings, verb, flag)) {
    return !isnan(reported);
  }
  if (!isnan(given) && fabs(given - reported) > 1e-9 * fabs(reported)) {
    snprintf(words[0], sizeof words[0], "%.9g", given);
    snprintf(words[1], sizeof words[1], "%.9g", reported);
    differs(settings, flag, words[0], words[1]);
  }
  return false;
}

static double number_in(const char *text) {
  char *end;
  const double value = text == NULL ? NAN : strtod(text, &end);
  return text == NULL || end == text || *end != '\0' ? NAN : value; /* median, vendi= */
}

static void take_bandwidth_and_degree(cli_settings *settings, kernel_words *words, const cli_verb *verb,
                                      const divw_similarity *known) {
  const double bandwidth = divw_similarity_bandwidth(known);
  const double degree = divw_similarity_degree(known) < 0 ? NAN : (double)divw_similarity_degree(known);
  const bool is_power = divw_similarity_kind(known) == DIVW_KERNEL_COSINE_POWER;
  if (decides(settings, verb, "bandwidth", number_in(settings->kernel_bandwidth), bandwidth)) {
    snprintf(words->bandwidth, sizeof words->bandwidth, "%.17g", bandwidth);
    settings->kernel_bandwidth = words->bandwidth;
  }
  if (is_power && decides(settings, verb, "power", (double)settings->kernel_power, degree)) {
    settings->kernel_power = (int64_t)degree;
  }
  if (!is_power && decides(settings, verb, "degree", number_in(settings->kernel_degree), degree)) {
    snprintf(words->degree, sizeof words->degree, "%.0f", degree);
    settings->kernel_degree = words->degree;
  }
}

static void take_parameters(cli_settings *settings, kernel_words *words, const cli_verb *verb,
                            const divw_similarity *known) {
  const double offset = divw_similarity_offset(known), nu = divw_similarity_nu(known);
  take_bandwidth_and_degree(settings, words, verb, known);
  if (decides(settings, verb, "offset", settings->kernel_offset, offset)) {
    settings->kernel_offset = offset;
  }
  if (decides(settings, verb, "nu", settings->kernel_nu, nu)) {
    settings->kernel_nu = nu;
  }
  settings->kernel_bits |= divw_similarity_bits(known) != 0;
  settings->kernel_normalise |= divw_similarity_normalise(known) != 0;
  settings->kernel_clip |= divw_similarity_clip_negative(known) != 0;
}

/* As many features as there were, by the same seed. With --residual alone the pivots may have been others. */
static void take_approximation(cli_settings *settings, const cli_verb *verb, const divw_weights *weights) {
  const int32_t kind = divw_weights_approximation(weights);
  const bool is_exact = kind == 0 || kind == DIVW_APPROXIMATION_NONE;
  const bool said = option_given(settings, verb, "rank") || option_given(settings, verb, "residual");
  if (said && kind != 0 && is_exact) {
    differs(settings, settings->kernel_rank > 0 ? "rank" : "residual", "given", "exact features");
  }
  if (!said && !is_exact) {
    settings->kernel_rank = divw_weights_features(weights);
    settings->kernel_approximation = divw_approximation_name(kind);
    settings->kernel_seed = divw_weights_approximation_seed(weights);
  }
}

static bool take(cli_settings *settings, kernel_words *words, const cli_verb *verb, const divw_weights *weights) {
  const int32_t kind = divw_weights_similarity(weights);
  divw_similarity *known;
  if (kind == 0 || kind == DIVW_KERNEL_FUNCTION) {
    return true;
  }
  if (option_given(settings, verb, "kernel") && strcmp(settings->kernel, divw_kernel_name(kind)) != 0) {
    differs(settings, "kernel", settings->kernel, divw_kernel_name(kind));
    return true;
  }
  settings->kernel = divw_kernel_name(kind);
  const bool done = ok(divw_weights_parameters(weights, &known));
  if (done) {
    take_parameters(settings, words, verb, known);
    take_approximation(settings, verb, weights);
  }
  divw_similarity_destroy(known);
  return done;
}

bool take_kernel_of_weights(cli_settings *settings, kernel_words *words, const cli_verb *verb) {
  divw_weights *weights;
  const bool done = ok(divw_weights_load(&weights, settings->weights)) && take(settings, words, verb, weights);
  divw_weights_destroy(weights);
  return done;
}
