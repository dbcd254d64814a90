/* grid: the first images of several sets side by side, as PNG.
 *
 *     grid PICTURE.png SET... */
#include "files.h"
#include "images.h"

#include <stdlib.h>
#include <string.h>

const char program_name[] = "grid";

enum { MOST_SETS = 8, EXIT_USAGE = 2 };

/* Whether a set holds images, of the shape of those of the first. */
static bool is_like(const divw_dataset *first, const divw_dataset *set, const char *path) {
  const image_shape one = image_shape_of(first), other = image_shape_of(set);
  return (other.width > 0 && memcmp(&one, &other, sizeof one) == 0) ||
         fail("%s: expected images of HEIGHT x WIDTH or HEIGHT x WIDTH x 3 numbers, all sets of the same", path);
}

int main(int argc, char **argv) {
  divw_dataset *sets[MOST_SETS] = {NULL};
  const int count = argc - 2;
  if (count < 1 || count > MOST_SETS) {
    fail("expected PICTURE.png and 1 to %d files of images, got %d arguments", MOST_SETS, argc - 1);
    return EXIT_USAGE;
  }
  bool done = true;
  for (int k = 0; done && k < count; k++) {
    done = ok(divw_dataset_load(&sets[k], argv[2 + k])) && is_like(sets[0], sets[k], argv[2 + k]);
  }
  done = done && save_grid(argv[1], sets, count, image_shape_of(sets[0]));
  for (int k = 0; k < count; k++) {
    divw_dataset_destroy(sets[k]);
  }
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
