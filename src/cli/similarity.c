/* From the flags to a similarity, and back to words. */
#include "similarity.h"

#include "low_rank.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *flag, *kernels; /* those that have it, between bars */
} fits[] = {{"bandwidth", "|gaussian|laplacian|matern|"},
            {"degree", "|polynomial|arc-cosine|"},
            {"offset", "|polynomial|"},
            {"power", "|cosine-power|"},
            {"nu", "|matern|"},
            {"bits", "|tanimoto|"},
            {"normalise", "|precomputed|"},
            {"clip-negative", "|precomputed|"},
            {"center", "|cosine|linear|gaussian|laplacian|matern|polynomial|cosine-power|arc-cosine|"},
            {"components", "|cosine|linear|gaussian|laplacian|matern|polynomial|cosine-power|arc-cosine|"}};

static int32_t number_of(const char *name) {
  int32_t kind = DIVW_KERNEL_COSINE;
  while (kind < DIVW_KERNEL_FUNCTION && strcmp(divw_kernel_name(kind), name) != 0) {
    kind++;
  }
  return kind;
}

static bool read_number(const char *text, double least, double *value) {
  char *end;
  *value = strtod(text, &end);
  return end != text && *end == '\0' && *value > least && *value < INFINITY;
}

/* How --bandwidth is meant: one of the numbers is not 0, or the median by a seed. */
typedef struct {
  double number, score, seed;
} bandwidth;

/* A number, "median", "median=" and a seed, or "vendi=" and a number. */
static bool read_bandwidth(const char *text, bandwidth *out) {
  static const char vendi[] = "vendi=", median[] = "median=";
  *out = (bandwidth){.seed = 1};
  if (strncmp(text, vendi, strlen(vendi)) == 0) {
    return read_number(text + strlen(vendi), 1, &out->score);
  }
  if (strncmp(text, median, strlen(median)) == 0) {
    return read_number(text + strlen(median), -1, &out->seed) && out->seed >= 0 && out->seed == floor(out->seed) &&
           out->seed < 0x1p53;
  }
  return strcmp(text, "median") == 0 || read_number(text, 0, &out->number);
}

static bool read_degree(const char *text, int32_t *degree) {
  char *end;
  const long value = strtol(text, &end, 10);
  *degree = (int32_t)value;
  return end != text && *end == '\0' && value >= 0 && value <= 64;
}

/* `kernels` are those that the flag is for, between bars. */
static void does_not_go(const cli_settings *settings, const cli_verb *verb, const char *flag, const char *kernels) {
  char words[200] = "";
  size_t length = 0;
  for (const char *at = kernels + 1; at[1] != '\0'; at++) {
    length += (size_t)snprintf(words + length, sizeof words - length, *at == '|' ? ", " : "%c", *at);
  }
  usage_error(verb, "--%s is given, which does not go with --kernel %s: it is for %s", flag, settings->kernel, words);
}

bool similarity_is_sound(const cli_settings *settings, const cli_verb *verb) {
  char name[40];
  bandwidth read;
  snprintf(name, sizeof name, "|%s|", settings->kernel);
  for (size_t k = 0; k < sizeof fits / sizeof *fits; k++) {
    if (option_given(settings, verb, fits[k].flag) && strstr(fits[k].kernels, name) == NULL) {
      does_not_go(settings, verb, fits[k].flag, fits[k].kernels);
      return false;
    }
  }
  if (settings->kernel_bandwidth != NULL && !read_bandwidth(settings->kernel_bandwidth, &read)) {
    usage_error(verb,
                "--bandwidth is %s, expected a number above 0, median, median= and a seed, or vendi= and a number "
                "above 1",
                settings->kernel_bandwidth);
    return false;
  }
  int32_t degree;
  const bool is_arc = strcmp(settings->kernel, "arc-cosine") == 0;
  if (settings->kernel_degree != NULL &&
      !(read_degree(settings->kernel_degree, &degree) && degree >= !is_arc && degree <= (is_arc ? 2 : 64))) {
    usage_error(verb, "--degree is %s, expected a whole number from %s for --kernel %s", settings->kernel_degree,
                is_arc ? "0 to 2" : "1 to 64", settings->kernel);
    return false;
  }
  const double nu = settings->kernel_nu;
  if (option_given(settings, verb, "nu") && nu != 0.5 && nu != 1.5 && nu != 2.5) {
    usage_error(verb, "--nu is %g, expected 0.5, 1.5 or 2.5", nu);
    return false;
  }
  return low_rank_is_sound(settings, verb);
}

static divw_status set_bandwidth(divw_similarity *similarity, const char *text) {
  bandwidth read;
  if (text == NULL || !read_bandwidth(text, &read)) {
    return DIVW_OK;
  }
  return read.score > 0    ? divw_similarity_set_bandwidth_vendi(similarity, read.score)
         : read.number > 0 ? divw_similarity_set_bandwidth(similarity, read.number)
                           : divw_similarity_set_bandwidth_median(similarity, (uint64_t)read.seed);
}

static divw_status set_parameters(divw_similarity *similarity, const cli_settings *settings) {
  switch (divw_similarity_kind(similarity)) {
  case DIVW_KERNEL_MATERN: {
    const divw_status status = divw_similarity_set_nu(similarity, settings->kernel_nu);
    return status == DIVW_OK ? set_bandwidth(similarity, settings->kernel_bandwidth) : status;
  }
  case DIVW_KERNEL_GAUSSIAN:
  case DIVW_KERNEL_LAPLACIAN: return set_bandwidth(similarity, settings->kernel_bandwidth);
  case DIVW_KERNEL_COSINE_POWER: return divw_similarity_set_degree(similarity, (int32_t)settings->kernel_power);
  case DIVW_KERNEL_TANIMOTO: return divw_similarity_set_bits(similarity, settings->kernel_bits);
  case DIVW_KERNEL_PRECOMPUTED: {
    const divw_status status = divw_similarity_set_normalise(similarity, settings->kernel_normalise);
    return status == DIVW_OK ? divw_similarity_set_clip_negative(similarity, settings->kernel_clip) : status;
  }
  case DIVW_KERNEL_POLYNOMIAL: return divw_similarity_set_offset(similarity, settings->kernel_offset);
  default: return DIVW_OK;
  }
}

bool make_similarity(divw_similarity **similarity, const cli_settings *settings) {
  int32_t degree;
  return ok(divw_similarity_create(similarity, number_of(settings->kernel))) &&
         ok(set_parameters(*similarity, settings)) &&
         (settings->kernel_degree == NULL ||
          (read_degree(settings->kernel_degree, &degree) && ok(divw_similarity_set_degree(*similarity, degree))));
}

/* ---- back ---- */

static double degree_of(const divw_similarity *similarity) {
  const double degree = (double)divw_similarity_degree(similarity);
  return degree >= 0 ? degree : NAN;
}

void print_similarity(const divw_similarity *similarity, const divw_kernel *kernel) {
  char words[160];
  int length = snprintf(words, sizeof words, "%s", divw_kernel_name(divw_similarity_kind(similarity)));
  const struct {
    const char *name;
    double value;
  } parameters[] = {{"bandwidth", divw_similarity_bandwidth(similarity)},
                    {"degree", degree_of(similarity)},
                    {"offset", divw_similarity_offset(similarity)},
                    {"nu", divw_similarity_nu(similarity)}};
  for (size_t p = 0; p < sizeof parameters / sizeof *parameters; p++) {
    if (!isnan(parameters[p].value)) {
      length +=
          snprintf(words + length, sizeof words - (size_t)length, ", %s %.6g", parameters[p].name, parameters[p].value);
    }
  }
  print_row("kernel", "%s", words);
  if (divw_kernel_clipped(kernel) > 0) {
    print_row("", "negative eigenvalues down to %.3g set to 0, %.3g of the sum of all",
              divw_kernel_least_eigenvalue(kernel), divw_kernel_clipped(kernel));
  }
  print_approximation(kernel);
}

void json_similarity(const divw_similarity *similarity, int32_t approximation, double clipped) {
  json_text("kernel", divw_kernel_name(divw_similarity_kind(similarity)));
  json_real("bandwidth", divw_similarity_bandwidth(similarity));
  json_real("degree", degree_of(similarity));
  json_real("offset", divw_similarity_offset(similarity));
  json_real("nu", divw_similarity_nu(similarity));
  json_real("clipped", divw_similarity_kind(similarity) == DIVW_KERNEL_PRECOMPUTED ? clipped : NAN);
  json_text("approximation", divw_approximation_name(approximation));
}

void json_kernel(const divw_kernel *kernel) {
  json_similarity(divw_kernel_parameters(kernel), divw_kernel_approximation(kernel), divw_kernel_clipped(kernel));
}
