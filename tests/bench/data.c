/* The sets of examples: made here, the same on every run, or the MNIST test images where they are.
 *
 * mixture   c_1 ... c_1000 uniform on the sphere, chosen with probability proportional to k^-1.1; a row is
 *           (c_k + 0.1 z / sqrt(d)) normalised, z standard normal: signed, with a long tail. Row i depends on i alone,
 *           so a larger set begins with the smaller one. As uint8, the positive half of 64 sqrt(d) x.
 * digits    what examples/made_digits writes with --count N
 * mnist     as pixels */
#include "bench.h"

#include "digits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLUSTERS = 1000 };
static const double NOISE = 0.1, TAIL = 1.1;

/* ---- random numbers ---- */

typedef struct {
  uint64_t state;
} generator;

/* splitmix64 (Steele, Lea, Flood 2014) */
static double uniform(generator *random) {
  random->state += 0x9e3779b97f4a7c15u;
  return (double)(digit_mix(random->state) >> 11) * 0x1p-53;
}

/* Standard normal numbers, two at a time (Box, Muller 1958). */
static void normals(generator *random, double *x, int64_t count) {
  for (int64_t j = 0; j < count; j += 2) {
    double radius = sqrt(-2 * log1p(-uniform(random))), angle = 6.283185307179586 * uniform(random);
    x[j] = radius * cos(angle);
    if (j + 1 < count) {
      x[j + 1] = radius * sin(angle);
    }
  }
}

static void normalise(double *x, int64_t count) {
  double square = 0;
  for (int64_t j = 0; j < count; j++) {
    square += x[j] * x[j];
  }
  for (int64_t j = 0; j < count; j++) {
    x[j] /= sqrt(square);
  }
}

/* ---- mixtures ---- */

static void make_mixture(bench_set *set) {
  generator random = {1};
  double total = 0;
  set->centres = allocate(CLUSTERS * set->d, sizeof *set->centres);
  set->shares = allocate(CLUSTERS, sizeof *set->shares);
  for (int64_t k = 0; k < CLUSTERS; k++) {
    normals(&random, set->centres + k * set->d, set->d);
    normalise(set->centres + k * set->d, set->d);
    set->shares[k] = total += pow((double)(k + 1), -TAIL);
  }
}

static void fill_mixture(const bench_set *set, int64_t row, double *x) {
  generator random = {digit_mix((uint64_t)row + 1)};
  double place = uniform(&random) * set->shares[CLUSTERS - 1];
  int64_t k = 0, last = CLUSTERS - 1;
  while (k < last) { /* to the first share above the place */
    int64_t middle = (k + last) / 2;
    if (set->shares[middle] > place) {
      last = middle;
    } else {
      k = middle + 1;
    }
  }
  normals(&random, x, set->d);
  for (int64_t j = 0; j < set->d; j++) {
    x[j] = set->centres[k * set->d + j] + NOISE / sqrt((double)set->d) * x[j];
  }
  normalise(x, set->d);
  if (set->dtype == DIVW_UINT8) {
    for (int64_t j = 0; j < set->d; j++) {
      x[j] *= 64 * sqrt((double)set->d);
    }
  }
}

/* ---- images ---- */

/* The label that make_digits gives to a row: see its label_of(). */
static int label_of(int64_t row) {
  uint64_t turn = digit_mix(0) + (uint64_t)row * 0x9e3779b97f4a7c15u;
  double up_to[10], total = 0;
  for (int digit = 0; digit < 10; digit++) {
    double rank = digit == 0 ? 10 : digit;
    up_to[digit] = total += 1 / (rank * sqrt(rank));
  }
  double place = (double)(turn >> 11) * 0x1p-53 * total;
  int digit = 0;
  while (digit < 9 && place >= up_to[digit]) {
    digit++;
  }
  return digit;
}

static void fill_digit(const bench_set *set, int64_t row, double *x) {
  uint8_t pixels[DIGIT_PIXELS];
  digit_draw(0, (uint64_t)row, label_of(row), pixels);
  for (int64_t j = 0; j < set->d; j++) {
    x[j] = pixels[j];
  }
}

static void fill_image(const bench_set *set, int64_t row, double *x) {
  must(divw_dataset_read(set->source, row, 1, x));
}

static bool find(char *path, size_t room, const char *file) {
  const char *folders[] = {getenv("DIVWEIGHTS_DATA"), SOURCE_DIR "/../shared/data"};
  for (int k = 0; k < 2; k++) {
    if (folders[k] != NULL) {
      snprintf(path, room, "%s/%s", folders[k], file);
      if (access(path, R_OK) == 0) {
        return true;
      }
    }
  }
  return false;
}

/* False where the images are not there. */
static bool load_images(bench_set *set, bool zeros_and_ones, int64_t limit) {
  char images[1024], labels[1024];
  divw_dataset *all, *chosen;
  if (!find(images, sizeof images, "t10k-images-idx3-ubyte.gz") ||
      !find(labels, sizeof labels, "t10k-labels-idx1-ubyte.gz")) {
    return false;
  }
  must(divw_dataset_load(&all, images));
  must(divw_dataset_load_labels(all, labels));
  must(divw_dataset_select_labels(&chosen, all, (const int64_t[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
                                  zeros_and_ones ? 2 : 10));
  must(divw_dataset_select_first(&set->source, chosen, limit > 0 ? limit : divw_dataset_count(chosen)));
  divw_dataset_destroy(chosen);
  divw_dataset_destroy(all);
  set->n = divw_dataset_count(set->source);
  set->d = divw_dataset_dimension(set->source);
  return true;
}

/* ---- sets ---- */

/* The type after a colon, which is cut off; 0: none. */
static int32_t type_of(char *name) {
  char *colon = strchr(name, ':');
  if (colon == NULL) {
    return 0;
  }
  for (int32_t dtype = DIVW_FLOAT64; dtype <= DIVW_UINT8; dtype++) {
    if (strcmp(divw_dtype_name(dtype), colon + 1) == 0 && dtype != DIVW_FLOAT16) {
      *colon = '\0';
      return dtype;
    }
  }
  die(2, "%s: is no type, expected float32, float64 or uint8", colon + 1);
}

/* "name" or "name-N". */
static bool is_family(const char *text, const char *name, long long *count) {
  size_t length = strlen(name);
  char end;
  *count = 0;
  return strncmp(text, name, length) == 0 &&
         (text[length] == '\0' || (sscanf(text + length, "-%lld%c", count, &end) == 1 && *count > 0));
}

bench_set *set_open(const char *name) {
  bench_set *set = allocate(1, sizeof *set);
  char text[sizeof set->name], end;
  long long n, d;
  snprintf(set->name, sizeof set->name, "%s", name);
  snprintf(text, sizeof text, "%s", name);
  int32_t dtype = type_of(text);
  if (sscanf(text, "mixture-%lldx%lld%c", &n, &d, &end) == 2 && n > 0 && d > 0) {
    *set = (bench_set){.n = n, .d = d, .dtype = dtype != 0 ? dtype : DIVW_FLOAT32, .fill = fill_mixture};
    make_mixture(set);
  } else if (is_family(text, "digits", &n) && n > 0) {
    *set = (bench_set){.n = n, .d = DIGIT_PIXELS, .dtype = dtype != 0 ? dtype : DIVW_UINT8, .fill = fill_digit};
  } else if (is_family(text, "mnist", &n) || is_family(text, "mnist01", &n)) {
    *set = (bench_set){.dtype = dtype != 0 ? dtype : DIVW_UINT8, .fill = fill_image};
    if (!load_images(set, strncmp(text, "mnist01", 7) == 0, n)) {
      fprintf(stderr, "divweights-bench: %s left out: no MNIST test images in $DIVWEIGHTS_DATA or ../shared/data\n",
              name);
      free(set);
      return NULL;
    }
  } else {
    die(2, "%s is no set, expected mixture-NxD, digits-N, mnist or mnist01: see --help", name);
  }
  snprintf(set->name, sizeof set->name, "%s", name);
  return set;
}

void set_close(bench_set *set) {
  divw_kernel_destroy(set->kernel);
  divw_dataset_destroy(set->source);
  free(set->rows);
  free(set->shares);
  free(set->centres);
  free(set);
}

bench_set *next_set(const char **list) {
  char name[64];
  while (next_item(list, name, sizeof name)) {
    bench_set *set = set_open(name);
    if (set != NULL) {
      return set;
    }
  }
  return NULL;
}

int64_t set_row_bytes(const bench_set *set) {
  return set->d * (set->dtype == DIVW_FLOAT64 ? 8 : set->dtype == DIVW_FLOAT32 ? 4 : 1);
}

void set_fill(const bench_set *set, int64_t first, int64_t count, void *rows) {
  double *x = allocate(set->d, sizeof *x);
  for (int64_t i = 0; i < count; i++) {
    set->fill(set, first + i, x);
    for (int64_t j = 0, at = i * set->d; j < set->d; j++, at++) {
      if (set->dtype == DIVW_FLOAT64) {
        ((double *)rows)[at] = x[j];
      } else if (set->dtype == DIVW_FLOAT32) {
        ((float *)rows)[at] = (float)x[j];
      } else {
        ((uint8_t *)rows)[at] = (uint8_t)lrint(fmin(fmax(x[j], 0), 255));
      }
    }
  }
  free(x);
}

const divw_kernel *set_kernel(bench_set *set) {
  if (set->kernel == NULL) {
    divw_dataset *dataset;
    set->rows = allocate(set->n, (size_t)set_row_bytes(set));
    set_fill(set, 0, set->n, set->rows);
    must(divw_dataset_create_borrowed(&dataset, set->rows, set->n, set->d, set->dtype, 0));
    must(divw_kernel_create(&set->kernel, dataset, DIVW_KERNEL_COSINE));
    divw_dataset_destroy(dataset);
  }
  return set->kernel;
}
