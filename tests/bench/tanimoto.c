/* Tanimoto similarities of random fingerprints against the bare loop over their words.
 *
 *     build/release/tests/bench_tanimoto [N] [BITS]        5,000 of 2,048 when not given
 *
 * The floor counts the bits in common of every pair once, on one thread, as the library does, and keeps their sum. */
#include "kernel/similarity.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t next(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
  return *state >> 32;
}

#if defined(__x86_64__)
__attribute__((target("popcnt")))
#endif
static int64_t
count_all(const uint64_t *words, int64_t n, int64_t width) {
  int64_t sum = 0;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = i + 1; j < n; j++) {
      for (int64_t w = 0; w < width; w++) {
        sum += __builtin_popcountll(words[i * width + w] & words[j * width + w]);
      }
    }
  }
  return sum;
}

int main(int argc, char **argv) {
  const int64_t n = argc > 1 ? atoll(argv[1]) : 5000, bits = argc > 2 ? atoll(argv[2]) : 2048, width = bits / 64;
  uint64_t state = 1, *words = malloc((size_t)(n * width) * sizeof *words);
  double *K = malloc((size_t)(n * n) * sizeof *K);
  divw_dataset *dataset = NULL;
  divw_similarity *options = NULL;
  dw_similarity similarity = {.shift = NULL};
  for (int64_t k = 0; words != NULL && k < n * width; k++) {
    words[k] = next(&state) << 32 | next(&state); /* one bit in eight */
    words[k] &= next(&state) << 32 | next(&state);
    words[k] &= next(&state) << 32 | next(&state);
  }
  int failed = words == NULL || K == NULL ||
               divw_dataset_create_borrowed(&dataset, words, n, bits / 8, DIVW_UINT8, 0) ||
               divw_similarity_create(&options, DIVW_KERNEL_TANIMOTO) || divw_similarity_set_bits(options, 1) ||
               dw_similarity_bind(&similarity, options, dataset);
  for (int run = 0; run < 3 && !failed; run++) {
    const double begin = dw_seconds();
    failed = dw_similarity_matrix(&similarity, K);
    const double middle = dw_seconds();
    const int64_t sum = count_all(words, n, width);
    const double end = dw_seconds();
    printf("%lld fingerprints of %lld bits: %.3f s, %.2f ns a pair; bare loop %.3f s (%lld bits in common)\n",
           (long long)n, (long long)bits, middle - begin, (middle - begin) / (0.5e-9 * (double)n * (double)(n - 1)),
           end - middle, (long long)sum);
  }
  if (failed) {
    fprintf(stderr, "%s\n", divw_error_message());
  }
  dw_similarity_release(&similarity);
  divw_similarity_destroy(options);
  divw_dataset_destroy(dataset);
  free(K);
  free(words);
  return failed != 0;
}
