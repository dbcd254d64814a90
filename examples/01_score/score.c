/* How diverse is a file of examples: as it is, and with weights?
 *
 *     score FILE [WEIGHTS.npy]
 */
#include <divweights/divweights.h>

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Whether a call succeeded. When it did not, the library has a sentence that says what to mend. */
static bool ok(divw_status status) {
  if (status != DIVW_OK) {
    fprintf(stderr, "score: %s\n", divw_error_message());
  }
  return status == DIVW_OK;
}

/* One line of the table; p is NULL for uniform weights. */
static bool print_score(const char *name, const divw_kernel *kernel, const double *p) {
  double vendi_score;
  if (!ok(divw_vendi_score(kernel, p, 1, &vendi_score))) {
    return false;
  }
  printf("%-20s %16.4f %16.1f\n", name, vendi_score, exp(divw_entropy(p, divw_kernel_count(kernel))));
  return true;
}

/* A row of p belongs to a row of the file, so there have to be as many. */
static bool fits(const divw_weights *weights, const divw_dataset *dataset) {
  const int64_t found = divw_weights_count(weights), expected = divw_dataset_count(dataset);
  if (found != expected) {
    fprintf(stderr, "score: %" PRId64 " weights for %" PRId64 " examples, expected as many\n", found, expected);
  }
  return found == expected;
}

int main(int argc, char **argv) {
  divw_dataset *dataset = NULL;
  divw_kernel *kernel = NULL;
  divw_weights *weights = NULL;
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: score FILE [WEIGHTS.npy]\n");
    return 2;
  }

  bool done = ok(divw_dataset_load(&dataset, argv[1])) && ok(divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE));
  if (done) {
    printf("%" PRId64 " examples of %" PRId64 " numbers\n\n", divw_dataset_count(dataset),
           divw_dataset_dimension(dataset));
    printf("%-20s %16s %16s\n", "", "Vendi Score", "effective n");
    done = print_score("as they are", kernel, NULL);
  }
  if (done && argc == 3) {
    done = ok(divw_weights_load(&weights, argv[2])) && fits(weights, dataset) &&
           print_score("with weights", kernel, divw_weights_values(weights));
  }

  divw_weights_destroy(weights);
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(dataset);
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
