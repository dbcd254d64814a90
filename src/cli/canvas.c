/* Pixels, and a font small enough to be a table.
 *
 * A glyph is a few strokes of a round pen rather than a bitmap, so that one table serves every size without stairs:
 * the points P_0 .. P_k of a stroke are those of a quadratic B-spline, which begins in P_0, ends in P_k, and between
 * them runs through the middles of P_j P_(j+1) with P_j as control points (the way TrueType outlines are stored); two
 * points are a line, and a square's four corners become the letter o. A pixel is covered as far as the pen, centred
 * on the nearest point of a stroke, reaches into it. */
#include "canvas.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

cli_canvas canvas_create(int64_t width, int64_t height, int64_t channels) {
  const cli_canvas made = {width, height, channels, allocate(width * height, (size_t)channels)};
  memset(made.pixels, 255, (size_t)(width * height * channels));
  return made;
}

void canvas_fill(cli_canvas *canvas, int64_t x, int64_t y, int64_t width, int64_t height, unsigned char grey) {
  assert(x >= 0 && y >= 0 && x + width <= canvas->width && y + height <= canvas->height);
  for (int64_t row = y; row < y + height; row++) {
    memset(canvas->pixels + (row * canvas->width + x) * canvas->channels, grey, (size_t)(width * canvas->channels));
  }
}

/* ---- the font ---- */

enum { CAP_HEIGHT = 10, PAPER = 3, SPACE = 4, CURVE = 8 }; /* font units; units between glyphs; lines to a curve */
static const double PEN = 0.62;                            /* radius, font units */

/* Strokes are words, points two hexadecimal digits: x from the left, y from the top of a capital down; the baseline
 * is at y = a. */
static const struct {
  char character;
  const char *strokes;
} font[] = {
    {'0', "30000a6a6030"},
    {'1', "0340 404a"},
    {'2', "020060640a 0a6a"},
    {'3', "0200505525 25656a0a08"},
    {'4', "4a40 4007 0767"},
    {'5', "5010 1005 0523636a0a08"},
    {'6', "500107 070a6a640407"},
    {'7', "0060 602a"},
    {'8', "300005656030 35050a6a6535"},
    {'9', "636606006063 63691a"},
    {'.', "0a0a"},
    {':', "0505 0a0a"},
    {'-', "0646"},
    {'a', "646a 6764040a6a67"},
    {'e', "0767 6764040a5a69"},
    {'f', "401013 131a 0444"},
    {'g', "646a 6a6e1e0d 6764040a6a67"},
    {'h', "000a 07045457 575a"},
    {'i', "040a 0101"},
    {'l', "000a"},
    {'m', "040a 07044447 474a 47448487 878a"},
    {'n', "040a 07045457 575a"},
    {'o', "34040a6a6434"},
    {'p', "040e 0704646a0a07"},
    {'r', "040a 070444"},
    {'s', "55540407575a0a09"},
    {'t', "2127 272a4a 0444"},
    {'u', "0407 070a5a57 545a"},
    {'v', "043a 3a64"},
    {'w', "042a 2a44 446a 6a84"},
    {'x', "045a 540a"},
};

typedef struct {
  double x, y;
} point;

static const char *strokes_of(char character) {
  for (size_t k = 0; k < sizeof font / sizeof *font; k++) {
    if (font[k].character == character) {
      return font[k].strokes;
    }
  }
  return "";
}

static double digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

/* From the left end of a glyph to that of the next, in font units. */
static double advance_of(char character) {
  const char *strokes = strokes_of(character);
  double right = 0;
  for (const char *at = strokes; *at != '\0'; at += at[2] == ' ' ? 3 : 2) {
    right = fmax(right, digit(*at));
  }
  return *strokes == '\0' ? SPACE : right + PAPER;
}

double canvas_text_width(const char *text, double size) {
  double width = 0;
  for (; *text != '\0'; text++) {
    width += advance_of(*text);
  }
  return fmax(width - PAPER, 0) * size / CAP_HEIGHT;
}

static double distance_to_line(point p, point a, point b) {
  const double dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
  const double along = square == 0 ? 0 : fmin(fmax(((p.x - a.x) * dx + (p.y - a.y) * dy) / square, 0), 1);
  const double x = a.x + along * dx - p.x, y = a.y + along * dy - p.y;
  return sqrt(x * x + y * y);
}

/* From a to b with control point c, as a chain of lines. */
static double distance_to_curve(point p, point a, point c, point b) {
  double least = INFINITY;
  point from = a;
  for (int k = 1; k <= CURVE; k++) {
    const double t = (double)k / CURVE, s = 1 - t;
    const point to = {s * s * a.x + 2 * s * t * c.x + t * t * b.x, s * s * a.y + 2 * s * t * c.y + t * t * b.y};
    least = fmin(least, distance_to_line(p, from, to));
    from = to;
  }
  return least;
}

static point middle(point a, point b) { return (point){(a.x + b.x) / 2, (a.y + b.y) / 2}; }

static double distance_to_stroke(point p, const point *points, int count) {
  double least = count == 2 ? distance_to_line(p, points[0], points[1]) : INFINITY;
  point from = points[0];
  for (int j = 1; j + 1 < count; j++) {
    const point to = j + 2 < count ? middle(points[j], points[j + 1]) : points[j + 1];
    least = fmin(least, distance_to_curve(p, from, points[j], to));
    from = to;
  }
  return least;
}

static double distance_to_glyph(point p, const char *strokes) {
  enum { MAX_POINTS = 16 };
  double least = INFINITY;
  while (*strokes != '\0') {
    point points[MAX_POINTS];
    int count = 0;
    for (; *strokes != ' ' && *strokes != '\0'; strokes += 2) {
      assert(count < MAX_POINTS);
      points[count++] = (point){digit(strokes[0]), digit(strokes[1])};
    }
    strokes += *strokes == ' ';
    least = fmin(least, distance_to_stroke(p, points, count));
  }
  return least;
}

/* Darkens by the share of the pixel that the pen covers. */
static void ink(cli_canvas *canvas, int64_t x, int64_t y, double covered) {
  if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height || covered <= 0) {
    return;
  }
  unsigned char *pixel = canvas->pixels + (y * canvas->width + x) * canvas->channels;
  for (int64_t c = 0; c < canvas->channels; c++) {
    pixel[c] = (unsigned char)(pixel[c] * (1 - fmin(covered, 1)) + 0.5);
  }
}

static void write_glyph(cli_canvas *canvas, double x, double y, double unit, char character) {
  enum { BELOW = 5 }; /* units from the baseline to the foot of a g */
  const char *strokes = strokes_of(character);
  const double top = y - (CAP_HEIGHT + 1) * unit, right = x + (advance_of(character) - PAPER + 1) * unit;
  for (int64_t row = (int64_t)floor(top); *strokes != '\0' && (double)row < y + BELOW * unit; row++) {
    for (int64_t column = (int64_t)floor(x - unit); (double)column <= right; column++) {
      const point at = {((double)column + 0.5 - x) / unit, ((double)row + 0.5 - y) / unit + CAP_HEIGHT};
      ink(canvas, column, row, (PEN - distance_to_glyph(at, strokes)) * unit + 0.5);
    }
  }
}

void canvas_write(cli_canvas *canvas, double x, double y, double size, const char *text) {
  const double unit = size / CAP_HEIGHT;
  for (; *text != '\0'; text++) {
    write_glyph(canvas, x, y, unit, *text);
    x += advance_of(*text) * unit;
  }
}
