/* NumPy's `.npy`, version 1.0: the text of a Python dictionary, padded to a multiple of 64 bytes, then the numbers. And
 * PNG by libpng's simplified interface, which reports errors as sentences where the older one jumps. */
#define _POSIX_C_SOURCE 200809L
#include "images.h"

#include "files.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

image_shape image_shape_of(const divw_dataset *dataset) {
  const int64_t d = divw_dataset_dimension(dataset), depth = divw_dataset_shape(dataset, 3);
  const int64_t side = (int64_t)llround(sqrt((double)d));
  const image_shape shape = {divw_dataset_shape(dataset, 1), divw_dataset_shape(dataset, 2), depth == 0 ? 1 : depth};
  if (shape.width == 0 && side * side == d) {
    return (image_shape){side, side, 1};
  }
  const bool is_image =
      shape.width > 0 && (shape.channels == 1 || shape.channels == 3) && divw_dataset_shape(dataset, 4) == 0;
  return is_image ? shape : (image_shape){0, 0, 0};
}

/* ---- .npy ---- */

typedef struct {
  const void *rows;
  size_t bytes;
  char header[192];
} npy;

static bool write_npy(FILE *file, const void *what) {
  const npy *array = what;
  const unsigned length = (unsigned)strlen(array->header);
  const unsigned char start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, length & 255, length >> 8};
  return fwrite(start, 1, sizeof start, file) == sizeof start && fwrite(array->header, 1, length, file) == length &&
         fwrite(array->rows, 1, array->bytes, file) == array->bytes;
}

static void describe_axes(char *out, size_t size, int64_t d, image_shape shape) {
  if (shape.width == 0) {
    snprintf(out, size, "%" PRId64, d);
  } else if (shape.channels == 1) {
    snprintf(out, size, "%" PRId64 ", %" PRId64, shape.height, shape.width);
  } else {
    snprintf(out, size, "%" PRId64 ", %" PRId64 ", %" PRId64, shape.height, shape.width, shape.channels);
  }
}

bool save_npy(const char *path, const void *rows, int64_t count, int64_t d, int32_t dtype, image_shape shape) {
  const bool bytes = dtype == DIVW_UINT8;
  npy array = {.rows = rows, .bytes = (size_t)(count * d) * (bytes ? 1 : sizeof(float))};
  char axes[80];
  describe_axes(axes, sizeof axes, d, shape);
  const int one = 1;
  const char order = *(const char *)&one == 1 ? '<' : '>';
  int length = snprintf(array.header, sizeof array.header,
                        "{'descr': '%c%s', 'fortran_order': False, 'shape': (%" PRId64 ", %s), }", bytes ? '|' : order,
                        bytes ? "u1" : "f4", count, axes);
  while ((10 + length + 1) % 64 != 0) {
    array.header[length++] = ' ';
  }
  array.header[length] = '\n';
  array.header[length + 1] = '\0';
  return save_file(path, write_npy, &array);
}

/* ---- a grid ---- */

enum { GAP = 2, BETWEEN = 16, WHITE = 255 };

typedef struct {
  int64_t width, height, channels;
  unsigned char *pixels;
} canvas;

static bool write_png(FILE *file, const void *what) {
  const canvas *picture = what;
  png_image image = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)picture->width,
                     .height = (png_uint_32)picture->height,
                     .format = picture->channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY};
  if (png_image_write_to_stdio(&image, file, 0, picture->pixels, 0, NULL) == 0) {
    fail("libpng: %s", image.message);
    errno = EIO;
    return false;
  }
  return true;
}

/* Image number k of a set whose grid begins at column `left` of the canvas. */
static void draw_image(canvas *picture, int64_t left, int64_t k, const double *row, image_shape shape, double white) {
  const int64_t line = shape.width * shape.channels;
  const int64_t x = left + GAP + k % GRID_COLUMNS * (shape.width + GAP);
  const int64_t y = GAP + k / GRID_COLUMNS * (shape.height + GAP);
  for (int64_t i = 0; i < shape.height; i++) {
    unsigned char *pixel = picture->pixels + ((y + i) * picture->width + x) * picture->channels;
    for (int64_t j = 0; j < line; j++) {
      pixel[j] = (unsigned char)lround(fmin(fmax(row[i * line + j] / white, 0), 1) * WHITE);
    }
  }
}

static bool draw_set(canvas *picture, int64_t left, const divw_dataset *set, image_shape shape) {
  const int64_t n = divw_dataset_count(set), count = n < GRID_IMAGES ? n : GRID_IMAGES;
  const double white = divw_dataset_dtype(set) == DIVW_UINT8 ? WHITE : 1;
  double *row = allocate(divw_dataset_dimension(set), sizeof *row);
  bool done = true;
  for (int64_t k = 0; done && k < count; k++) {
    done = ok(divw_dataset_read(set, k, 1, row));
    if (done) {
      draw_image(picture, left, k, row, shape, white);
    }
  }
  free(row);
  return done;
}

bool save_grid(const char *path, divw_dataset *const *sets, int count, image_shape shape) {
  const int64_t step = GAP + GRID_COLUMNS * (shape.width + GAP) + BETWEEN;
  canvas picture = {count * step - BETWEEN, GAP + GRID_ROWS * (shape.height + GAP), shape.channels, NULL};
  const int64_t size = picture.width * picture.height * picture.channels;
  bool done = true;
  picture.pixels = allocate(size, 1);
  memset(picture.pixels, WHITE, (size_t)size);
  for (int k = 0; done && k < count; k++) {
    done = draw_set(&picture, k * step, sets[k], shape);
  }
  done = done && save_file(path, write_png, &picture);
  free(picture.pixels);
  return done;
}
