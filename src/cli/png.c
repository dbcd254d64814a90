/* The one file that knows libpng, and the one that is different without it.
 *
 * The image is encoded in memory and handed to save_text(), so that the file appears complete or not at all; libpng's
 * simplified interface reports errors as sentences where the older one jumps. */
#define _POSIX_C_SOURCE 200809L

#include "canvas.h"
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef DIVWEIGHTS_PNG
#include <png.h>

bool png_is_built_in(void) { return true; }

bool canvas_save(const cli_canvas *canvas, const char *path) {
  png_image image = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)canvas->width,
                     .height = (png_uint_32)canvas->height,
                     .format = canvas->channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY};
  char *bytes = NULL;
  size_t length;
  FILE *stream = open_memstream(&bytes, &length);
  if (stream == NULL) {
    return fail("%s: cannot be written: %s", path, strerror(errno));
  }
  bool done = png_image_write_to_stdio(&image, stream, 0, canvas->pixels, 0, NULL) != 0;
  done = fclose(stream) == 0 && done;
  done = done ? save_text(path, bytes, length) : fail("%s: cannot be written: libpng: %s", path, image.message);
  free(bytes);
  return done;
}

#else

bool png_is_built_in(void) {
  return fail("--contact-sheet: this divweights was built without libpng; install it (apt-get install libpng-dev) and "
              "build again");
}

bool canvas_save(const cli_canvas *canvas, const char *path) {
  (void)canvas;
  (void)path;
  return png_is_built_in();
}

#endif
