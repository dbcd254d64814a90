/* A picture in memory: grey or colour, white at first, with text; and the PNG file it becomes. */
#ifndef CANVAS_H
#define CANVAS_H

#include "cli.h"

typedef struct {
  int64_t width, height;
  int64_t channels; /* 1: grey; 3: red, green, blue */
  unsigned char *pixels;
} cli_canvas;

/* A white canvas; ends the command when there is no memory. To be ended with free(canvas.pixels). */
cli_canvas canvas_create(int64_t width, int64_t height, int64_t channels);

/* One grey for all channels of the pixels from (x, y) on. */
void canvas_fill(cli_canvas *canvas, int64_t x, int64_t y, int64_t width, int64_t height, unsigned char grey);

/* Writes black text with its left end at x and its baseline at y; capitals are `size` pixels high. The font has the
 * characters that contact sheets need (canvas.c lists them); others are left out. */
void canvas_write(cli_canvas *canvas, double x, double y, double size, const char *text);

/* How wide canvas_write() would make the text. */
double canvas_text_width(const char *text, double size);

/* Whether this command was built with libpng; says so when it was not. */
bool png_is_built_in(void);

/* Writes a PNG file that appears complete or not at all. */
bool canvas_save(const cli_canvas *canvas, const char *path);

#endif
