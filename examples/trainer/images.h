/* Rows as files: an array for programs, and a picture for the eye. */
#ifndef IMAGES_H
#define IMAGES_H

#include <divweights/divweights.h>

#include <stdbool.h>
#include <stdint.h>

/* What one row is: height x width pixels of 1 number (grey) or 3 (red, green, blue); all 0 where it is no image. */
typedef struct {
  int64_t height, width, channels;
} image_shape;

/* As the axes of the file say; a file whose rows have one axis of a square number is taken for square grey images. */
image_shape image_shape_of(const divw_dataset *dataset);

/* Writes count rows as `.npy`, uint8 or float32, of the shape of an image or of d numbers. */
bool save_npy(const char *path, const void *rows, int64_t count, int64_t d, int32_t dtype, image_shape shape);

enum { GRID_COLUMNS = 10, GRID_ROWS = 8, GRID_IMAGES = GRID_COLUMNS * GRID_ROWS };

/* Writes a PNG with the first images of each of several sets, at most 8 rows of 10 of each, side by side. Numbers of
 * uint8 are what they are, others go from 0, black, to 1, white; what is outside is cut off. */
bool save_grid(const char *path, divw_dataset *const *sets, int count, image_shape shape);

#endif
