/* Tanimoto similarity, of sets and of counts.
 *
 *     sets     |x & y| / |x | y|, rows packed into words of 64 bits: the bits in common are counted, those of either
 *              follow from the numbers of bits of both
 *     counts   sum min(x, y) / sum max(x, y), the same for sets; sum max = sum x + sum y - sum min
 *
 * Two empty rows are alike: 1. Bits are counted by the instruction that the processor has for it, of 64 bits or of 512,
 * which is found out when the program runs; elsewhere the compiler's way. */
#include "similarity.h"

#include <math.h>
#include <string.h>

/* ---- counting bits ---- */

/* Bits in common of a row with each of n rows of `words` words. */
typedef void (*count_fn)(const uint64_t *x, const uint64_t *y, int64_t n, int64_t words, int64_t *common);

static inline __attribute__((always_inline)) void count_common(const uint64_t *restrict x, const uint64_t *restrict y,
                                                               int64_t n, int64_t words, int64_t *restrict common) {
  for (int64_t j = 0; j < n; j++) {
    int64_t sum = 0;
    for (int64_t w = 0; w < words; w++) {
      sum += __builtin_popcountll(x[w] & y[j * words + w]);
    }
    common[j] = sum;
  }
}

static void count_plain(const uint64_t *x, const uint64_t *y, int64_t n, int64_t words, int64_t *common) {
  count_common(x, y, n, words, common);
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("popcnt"))) static void count_popcnt(const uint64_t *x, const uint64_t *y, int64_t n,
                                                           int64_t words, int64_t *common) {
  count_common(x, y, n, words, common);
}

__attribute__((target("avx512f,avx512vl,avx512vpopcntdq,prefer-vector-width=512"))) static void
count_avx512(const uint64_t *x, const uint64_t *y, int64_t n, int64_t words, int64_t *common) {
  count_common(x, y, n, words, common);
}

static count_fn best_count(void) {
  return __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512vl") ? count_avx512
         : __builtin_cpu_supports("popcnt")                                              ? count_popcnt
                                                                                         : count_plain;
}
#else
static count_fn best_count(void) { return count_plain; }
#endif

/* ---- sets ---- */

static divw_status needs(const char *what, const dw_window *window, int64_t k, int64_t column, double value) {
  return dw_fail(DIVW_ERROR_DATA, "row %lld, column %lld of the data is %g, expected %s for tanimoto similarity",
                 (long long)dw_window_number(window, k), (long long)column, value, what);
}

/* Words of 64 bits from bytes (8 to a word) or from numbers 0 and 1 (64 to a word). */
static divw_status take_bits(const dw_similarity *similarity, const dw_window *window, int64_t k, double *whole,
                             double *x, double *note) {
  uint64_t *words = (uint64_t *)(void *)x;
  const int64_t each = similarity->options.bits ? 8 : 1, most = similarity->options.bits ? 255 : 1;
  divw_status status = dw_window_row_finite(window, k, whole);
  int64_t count = 0;
  memset(words, 0, (size_t)similarity->width * sizeof *words);
  for (int64_t j = 0; status == DIVW_OK && j < similarity->d; j++) {
    if (!(whole[j] >= 0 && whole[j] <= (double)most && whole[j] == floor(whole[j]))) {
      status = needs(most == 1 ? "0 or 1, as in the examples," : "a byte", window, k, j, whole[j]);
    } else {
      const uint64_t bits = (uint64_t)whole[j];
      words[j * each / 64] |= bits << (j * each % 64);
      count += __builtin_popcountll(bits);
    }
  }
  *note = (double)count;
  return status;
}

static divw_status compare_bits(const dw_similarity *similarity, const dw_taken *a, const dw_taken *b, double *z,
                                int64_t stride) {
  divw_status status;
  const int64_t words = similarity->width;
  const uint64_t *x = (const uint64_t *)(const void *)a->x, *y = (const uint64_t *)(const void *)b->x;
  const count_fn count = best_count();
  int64_t *common;
  DW_TRY(dw_alloc(&common, b->count, sizeof *common));
  for (int64_t i = 0; i < a->count; i++) {
    count(x + i * words, y, b->count, words, common);
    for (int64_t j = 0; j < b->count; j++) {
      const double either = a->note[i] + b->note[j] - (double)common[j];
      z[i * stride + j] = either > 0 ? (double)common[j] / either : 1;
    }
  }
  divw_free(common);
fail:
  return status;
}

/* ---- counts ---- */

/* Four sums, so that additions need not wait for each other. */
static double sum_of_minima(const double *x, const double *y, int64_t d) {
  double sum[4] = {0};
  for (int64_t l = 0; l < d - d % 4; l += 4) {
    for (int64_t s = 0; s < 4; s++) {
      sum[s] += x[l + s] < y[l + s] ? x[l + s] : y[l + s];
    }
  }
  for (int64_t l = d - d % 4; l < d; l++) {
    sum[0] += x[l] < y[l] ? x[l] : y[l];
  }
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static divw_status take_counts(const dw_similarity *similarity, const dw_window *window, int64_t k, double *x,
                               double *note) {
  divw_status status = dw_window_row_finite(window, k, x);
  for (int64_t j = 0; status == DIVW_OK && j < similarity->d; j++) {
    if (x[j] < 0) {
      status = needs("a number of at least 0", window, k, j, x[j]);
    }
  }
  if (status == DIVW_OK && !((*note = sum_of_minima(x, x, similarity->d)) <= 1e300)) {
    status = dw_fail(DIVW_ERROR_DATA, "row %lld of the data has the sum %g, expected at most 1e300",
                     (long long)dw_window_number(window, k), *note);
  }
  return status;
}

static void compare_counts(const dw_similarity *similarity, const dw_taken *a, const dw_taken *b, double *z,
                           int64_t stride) {
  const int64_t d = similarity->width;
  for (int64_t i = 0; i < a->count; i++) {
    for (int64_t j = 0; j < b->count; j++) {
      const double least = sum_of_minima(a->x + i * d, b->x + j * d, d), most = a->note[i] + b->note[j] - least;
      z[i * stride + j] = most > 0 ? least / most : 1;
    }
  }
}

/* ---- both ---- */

static divw_status look(dw_similarity *similarity) {
  divw_status status = DIVW_OK;
  const divw_dataset *rows = similarity->dataset;
  const int64_t d = similarity->d;
  double *x = NULL;
  dw_walk walk = {.window = {.count = 0}};
  similarity->binary = true;
  if (similarity->options.bits && divw_dataset_dtype(rows) != DIVW_UINT8) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "rows of packed bits are of type %s, expected uint8",
                   divw_dtype_name(divw_dataset_dtype(rows)));
  }
  DW_TRY(dw_alloc(&x, d, sizeof *x));
  DW_TRY(dw_walk_open(&walk, rows));
  for (int64_t i = 0; !similarity->options.bits && similarity->binary && i < divw_dataset_count(rows); i++) {
    DW_TRY(dw_walk_row(&walk, i, x));
    for (int64_t j = 0; j < d; j++) {
      similarity->binary &= x[j] == 0 || x[j] == 1;
    }
  }
  if (similarity->binary) {
    similarity->width = similarity->options.bits ? (d + 7) / 8 : (d + 63) / 64;
  }
fail:
  dw_walk_close(&walk);
  divw_free(x);
  return status;
}

static divw_status take_either(const dw_similarity *similarity, const dw_window *window, int64_t k, double *whole,
                               double *x, double *note) {
  return similarity->binary ? take_bits(similarity, window, k, whole, x, note)
                            : take_counts(similarity, window, k, x, note);
}

static divw_status compare_either(const dw_similarity *similarity, const dw_taken *a, const dw_taken *b, double *z,
                                  int64_t stride) {
  if (similarity->binary) {
    return compare_bits(similarity, a, b, z, stride);
  }
  compare_counts(similarity, a, b, z, stride);
  return DIVW_OK;
}

const dw_measure dw_overlap = {look, take_either, compare_either, false};
