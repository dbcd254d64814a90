/* What the weights think of the data, for the eye: rows of images, the heaviest first, then the lightest, each with
 * its weight as a multiple of the uniform one.
 *
 * Pixels are enlarged by a whole number, so that they stay what they are. */
#include "contact_sheet.h"

#include "canvas.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- which images ---- */

static bool refuse_axes(const divw_dataset *dataset, const char *path) {
  char axes[120] = "";
  int length = 0;
  for (int32_t axis = 1; divw_dataset_shape(dataset, axis) > 0 && length < (int)sizeof axes - 24; axis++) {
    length += snprintf(axes + length, sizeof axes - (size_t)length, "%s%" PRId64, axis > 1 ? " x " : "",
                       divw_dataset_shape(dataset, axis));
  }
  return fail("%s: has rows of %s, expected images of HEIGHT x WIDTH or HEIGHT x WIDTH x 3, or --image-shape to say "
              "what they are",
              path, axes);
}

/* The shape that --image-shape says, or else the file. */
static bool find_shape(image_shape *shape, const divw_dataset *dataset, const cli_settings *settings) {
  const int64_t d = divw_dataset_dimension(dataset);
  *shape = settings->image_shape;
  if (shape->height > 0) {
    const int64_t product = shape->height * shape->width * shape->channels;
    return product == d || fail("--image-shape is %" PRId64 " x %" PRId64 " x %" PRId64 ", which is %" PRId64
                                " numbers, expected %" PRId64 ", those of a row of %s",
                                shape->height, shape->width, shape->channels, product, d, settings->input);
  }
  const int64_t depth = divw_dataset_shape(dataset, 3);
  *shape = (image_shape){divw_dataset_shape(dataset, 1), divw_dataset_shape(dataset, 2), depth == 0 ? 1 : depth};
  const bool is_image =
      shape->width > 0 && (shape->channels == 1 || shape->channels == 3) && divw_dataset_shape(dataset, 4) == 0;
  return is_image || refuse_axes(dataset, settings->input);
}

/* ---- where they go ---- */

enum {
  WIDTH = 900,
  MARGIN = 20,
  GAP = 10,        /* least between images, and between blocks */
  WIDEST_GAP = 40, /* between images */
  CELL = 96,       /* images are enlarged to about this, more when they are few */
  LEAST_CELL = 80, /* room for a weight below */
  LARGEST = 256,   /* but not beyond this */
  FRAME = 190,     /* grey of the line around an image */
  HEADING = 16,
  LABEL = 11, /* heights of capitals */
  HEADING_LINE = 44,
  LABEL_LINE = 30,
  MAX_PIXELS = 100000000
};

static const char *const headings[] = {"heaviest: weight as a multiple of uniform",
                                       "lightest: weight as a multiple of uniform"};

typedef struct {
  image_shape image;
  int64_t count, columns, rows; /* images, and how they lie, in one block */
  int64_t scale;                /* pixels of the sheet to one of an image, each way */
  int64_t cell;                 /* width that an image is centred in */
  int64_t step_x, step_y;       /* from a cell to the next */
  int64_t width, block;         /* of the sheet; height of a block */
} sheet_layout;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

static sheet_layout lay_out(image_shape image, int64_t count) {
  const int64_t inside = WIDTH - 2 * MARGIN;
  sheet_layout sheet = {.image = image, .count = count};
  const int64_t columns = most(1, (inside + GAP) / (most(image.width, CELL) + GAP));
  sheet.rows = (count + columns - 1) / columns;
  sheet.columns = (count + sheet.rows - 1) / sheet.rows;
  const int64_t room = (inside + GAP) / sheet.columns - GAP;
  const int64_t enlarged = least(room / image.width, LARGEST / most(image.width, image.height));
  sheet.scale = most(1, enlarged);
  sheet.cell = most(sheet.scale * image.width, LEAST_CELL);
  const int64_t gap = sheet.columns == 1 ? 0 : (inside - sheet.columns * sheet.cell) / (sheet.columns - 1);
  sheet.step_x = sheet.cell + most(GAP, least(WIDEST_GAP, gap));
  sheet.step_y = sheet.scale * image.height + LABEL_LINE;
  const int64_t heading = (int64_t)canvas_text_width(headings[0], HEADING) + 1;
  sheet.width = MARGIN + most(heading, (sheet.columns - 1) * sheet.step_x + sheet.cell) + MARGIN;
  sheet.block = HEADING_LINE + sheet.rows * sheet.step_y;
  return sheet;
}

static int64_t height_of(const sheet_layout *sheet) { return 2 * sheet->block + GAP + MARGIN; }

bool contact_sheet_is_possible(const divw_dataset *dataset, const cli_settings *settings) {
  image_shape image;
  if (settings->contact_sheet == NULL) {
    return true;
  }
  if (!png_is_built_in()) {
    return false;
  }
  if (divw_dataset_dtype(dataset) != DIVW_UINT8) {
    return fail("%s: holds %s, expected images of uint8 for --contact-sheet", settings->input,
                divw_dtype_name(divw_dataset_dtype(dataset)));
  }
  if (!find_shape(&image, dataset, settings)) {
    return false;
  }
  const int64_t count = least(settings->heaviest, divw_dataset_count(dataset));
  const sheet_layout sheet = lay_out(image, count);
  return sheet.width < MAX_PIXELS / height_of(&sheet) ||
         fail("%s: would be %" PRId64 " x %" PRId64 " pixels, expected at most 100 million; a smaller --heaviest helps",
              settings->contact_sheet, sheet.width, height_of(&sheet));
}

/* ---- drawing ---- */

/* `row` holds the numbers of the image, 0 to 255. */
static void draw_image(cli_canvas *canvas, const sheet_layout *sheet, int64_t x, int64_t y, const double *row) {
  const int64_t scale = sheet->scale, height = scale * sheet->image.height, width = scale * sheet->image.width;
  canvas_fill(canvas, x - 1, y - 1, width + 2, height + 2, FRAME);
  for (int64_t i = 0; i < height; i++) {
    unsigned char *pixel = canvas->pixels + ((y + i) * canvas->width + x) * canvas->channels;
    for (int64_t j = 0; j < width; j++) {
      const double *from = row + (i / scale * sheet->image.width + j / scale) * canvas->channels;
      for (int64_t c = 0; c < canvas->channels; c++) {
        *pixel++ = (unsigned char)from[c];
      }
    }
  }
}

static void write_weight(cli_canvas *canvas, const sheet_layout *sheet, int64_t x, int64_t y, double times_uniform) {
  char text[32];
  const char *format = times_uniform >= 99.95   ? "%.0fx"
                       : times_uniform >= 9.995 ? "%.1fx"
                       : times_uniform >= 0.01  ? "%.2fx"
                       : times_uniform > 0      ? "%.0ex"
                                                : "%.0fx";
  snprintf(text, sizeof text, format, times_uniform);
  const double centre = (double)x + (double)(sheet->scale * sheet->image.width) / 2;
  canvas_write(canvas, centre - canvas_text_width(text, LABEL) / 2,
               (double)(y + sheet->scale * sheet->image.height + LABEL + 6), LABEL, text);
}

static bool draw_block(cli_canvas *canvas, const sheet_layout *sheet, const cli_examples *examples, bool heaviest) {
  const int64_t top = heaviest ? 0 : sheet->block + GAP;
  double *row = allocate(divw_dataset_dimension(examples->dataset), sizeof *row);
  int64_t *found = find_extremes(examples->p, examples->n, heaviest ? 1 : -1, sheet->count);
  bool done = true;
  canvas_write(canvas, MARGIN, (double)(top + MARGIN + HEADING - 4), HEADING, headings[heaviest ? 0 : 1]);
  for (int64_t k = 0; k < sheet->count && done; k++) {
    const int64_t x =
        MARGIN + k % sheet->columns * sheet->step_x + (sheet->cell - sheet->scale * sheet->image.width) / 2;
    const int64_t y = top + HEADING_LINE + k / sheet->columns * sheet->step_y;
    done = ok(divw_dataset_read(examples->dataset, found[k], 1, row));
    if (done) {
      draw_image(canvas, sheet, x, y, row);
      write_weight(canvas, sheet, x, y, examples->p[found[k]] * (double)examples->n);
    }
  }
  free(found);
  free(row);
  return done;
}

bool save_contact_sheet(const cli_examples *examples, const cli_settings *settings) {
  image_shape image;
  if (settings->contact_sheet == NULL) {
    return true;
  }
  if (!find_shape(&image, examples->dataset, settings)) {
    return false;
  }
  const sheet_layout sheet = lay_out(image, least(settings->heaviest, examples->n));
  cli_canvas canvas = canvas_create(sheet.width, height_of(&sheet), image.channels);
  const bool done = draw_block(&canvas, &sheet, examples, true) && draw_block(&canvas, &sheet, examples, false) &&
                    canvas_save(&canvas, settings->contact_sheet);
  free(canvas.pixels);
  return done;
}
