/* Draws one digit as a pen would: a smooth curve through a few knots, then ink where the pen went.
 *
 *   glyph -> knots -> curve -> pixels
 *   glyph   one of the ways in which people write a digit, a row of the table below
 *   knots   the points of the glyph, moved as this writer has the habit of, and as it happened this time
 *   curve   centripetal Catmull-Rom spline: without loops or cusps between the knots however these are moved
 *           (Yuksel, Schaefer, Keyser 2011), which a uniform spline has where knots come close
 *   pixels  grey levels from the distance to the curve, linear across the edge of the ink
 *
 * Size, place, weight and grey levels are close to those of MNIST: the longer side of the ink is about 20 pixels,
 * its centre of mass is in the middle of the image.
 *
 * The same bytes on every machine: random numbers are integers until the last step, and floating point is + - * /
 * sqrt floor and comparisons, which IEEE 754 fixes to the last bit. It takes double arithmetic evaluated as double
 * (not x87) and a compiler told to fuse nothing (-ffp-contract=off, no -ffast-math; CMakeLists.txt does). */
#include "digits.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { WRITERS = 500, MAX_KNOTS = 16, STEPS = 8, MAX_POINTS = MAX_KNOTS * STEPS };

/* ---- how people write digits ---- */

/* Knots are "x,y" on a sheet of 100 x 100, y downwards. At "!" the pen turns sharply, at "/" it is lifted. */
typedef struct {
  int digit, share; /* share: how many writers in 100 write the digit this way */
  const char *knots;
} glyph;

static const glyph glyphs[] = {
    /* round; narrow; begun with a hook */
    {0, 55, "56,3 24,12 6,44 16,82 48,98 82,84 95,50 82,16 50,2"},
    {0, 30, "60,2 34,14 20,48 26,84 48,98 70,84 80,48 72,14 52,4"},
    {0, 15, "40,14 20,30 10,62 26,94 56,94 84,64 84,24 58,4 32,14 24,26"},
    /* a stroke; bent; with a serif; with serif and base */
    {1, 60, "50,1 50,99"},
    {1, 25, "54,1 52,30 47,66 48,99"},
    {1, 9, "30,24 54,2! 52,50 51,99"},
    {1, 6, "28,22 52,2! 51,50 50,97 / 24,98 50,97 78,97"},
    /* sharp foot; small loop in the foot; wide loop; swung like a z */
    {2, 35, "14,24 32,6 58,3 76,20 70,46 44,76 12,97! 50,95 92,94"},
    {2, 30, "16,22 34,5 60,4 74,22 66,50 42,82 20,95 12,86 26,78 54,89 92,95"},
    {2, 15, "22,16 44,2 68,10 74,34 56,70 28,97 8,90 16,70 44,74 92,97"},
    {2, 20, "10,14 40,5 74,7 76,26 48,62 16,90 14,95! 54,90 88,92"},
    /* round; flat top; small loop in the waist; flowing */
    {3, 45, "16,14 40,2 66,8 70,26 56,42 34,48! 62,52 80,70 68,92 38,99 12,89"},
    {3, 15, "14,5 46,4 78,3! 60,24 40,42! 66,48 80,68 66,92 38,99 12,90"},
    {3, 15, "18,12 46,1 70,14 62,36 42,49 32,47 40,41 60,50 76,70 62,94 34,99 10,84"},
    {3, 25, "20,10 52,2 68,18 56,36 42,45 64,55 70,76 48,95 20,97"},
    /* open; open and round; closed; closed in one stroke */
    {4, 45, "26,8 18,32 10,58! 46,55 88,52 / 74,2 68,48 60,99"},
    {4, 25, "22,6 12,34 20,54 48,54 72,36 80,8! 72,52 62,99"},
    {4, 18, "62,2 38,30 8,62! 50,61 90,60 / 63,1 61,50 59,99"},
    {4, 12, "66,44 40,58 18,54 30,34 68,4! 64,50 54,99"},
    /* top stroke last; in one stroke; flowing like an s; wide top */
    {5, 35, "28,6 25,24 22,44! 48,37 74,52 74,80 46,98 12,92 / 28,6 54,5 86,2"},
    {5, 25, "84,4 58,4 32,7! 28,26 24,45! 50,40 74,56 70,84 42,98 10,92"},
    {5, 25, "86,6 58,4 36,12 30,30 44,46 64,60 66,82 44,97 12,92"},
    {5, 15, "96,4 66,6 42,10! 36,28 30,44! 56,50 58,74 38,94 6,97"},
    /* curved back, wide bowl; straight back, small bowl; bowl that crosses its back */
    {6, 45, "62,2 36,22 17,54 20,86 46,98 72,86 72,64 52,52 30,62 20,80"},
    {6, 30, "44,1 30,30 22,64 28,92 48,98 64,86 62,70 46,65 28,78"},
    {6, 25, "70,6 36,16 14,48 20,84 52,97 80,76 64,54 38,62 24,86"},
    /* sharp; with a serif; with a bar; round shoulder */
    {7, 45, "8,8 46,6 84,4! 62,46 44,99"},
    {7, 15, "10,22 13,6! 48,6 84,5! 66,46 52,99"},
    {7, 20, "12,7 46,6 82,4! 62,46 42,99 / 26,53 54,50 84,47"},
    {7, 20, "12,14 36,5 66,4 80,16 70,52 58,99"},
    /* in one stroke from the right; from the middle; as two rings */
    {8, 50, "76,14 54,2 28,10 30,32 52,48 70,68 66,92 42,99 22,86 30,66 54,46 74,26 72,8"},
    {8, 30, "52,47 32,34 30,12 52,1 72,12 68,32 46,52 28,74 34,94 56,99 72,84 66,62 44,43"},
    {8, 20, "50,46 28,34 30,10 52,2 72,14 68,38 48,47 / 50,46 24,60 22,88 48,99 76,88 76,60 48,45"},
    /* straight stem; curved tail; drawn in one swing; slanted stem */
    {9, 40, "72,16 48,3 24,16 22,42 44,50 66,34 73,8! 70,50 66,99"},
    {9, 15, "72,16 50,3 26,14 22,36 44,48 66,34 74,10! 74,54 62,90 40,98 18,86"},
    {9, 25, "66,30 48,46 28,42 26,20 48,4 70,12 72,36 64,66 56,99"},
    {9, 20, "76,12 52,2 28,18 22,40 40,48 62,32 76,8! 62,54 42,99"},
};

/* ---- random numbers ---- */

uint64_t digit_mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static uint64_t next(uint64_t *state) { return digit_mix(*state += 0x9E3779B97F4A7C15u); }

enum { OF_WRITER = 1, OF_SHAPE, OF_IMAGE };

static uint64_t stream(uint64_t seed, uint64_t purpose, uint64_t number) {
  return digit_mix(digit_mix(digit_mix(seed) + purpose) + number);
}

/* Mean 0, variance 1, never beyond 3.5: the sum of four uniform numbers, which needs no logarithm. */
static double normal(uint64_t *state) {
  const uint64_t z = next(state);
  const double sum = (double)((z & 0xFFFF) + (z >> 16 & 0xFFFF) + (z >> 32 & 0xFFFF) + (z >> 48));
  return (sum / 65536 - 2) * 1.7320508075688772;
}

/* What varies has two sources: the habit of a writer, the same in all images by that writer, and the moment. */
typedef struct {
  uint64_t habit, moment;
} hand;

static double vary(hand *h, double habit, double moment) {
  return habit * normal(&h->habit) + moment * normal(&h->moment);
}

/* ---- from the glyph to a curve ---- */

typedef struct {
  double x, y, r; /* r: half the width of the ink */
  char pen;       /* 'd' put down here, 't' turns sharply here, 's' passes smoothly */
} point;

typedef struct {
  int count;
  point at[MAX_POINTS];
} path;

static const glyph *choose_glyph(int digit, hand *h) {
  int percent = (int)(next(&h->habit) % 100);
  const glyph *g = glyphs;
  while (g->digit != digit)
    g++;
  while (percent >= g->share)
    percent -= g++->share;
  return g;
}

/* Reads the knots into [-1, 1]; each, and the pressure of the pen, drifts away in part with the one before. */
static void place_knots(const char *text, hand *h, path *knots) {
  point drift = {0, 0, 0, 0};
  char pen = 'd', *end;
  for (knots->count = 0; *text; text = end) {
    point *p = &knots->at[knots->count++];
    drift.x = 0.7 * drift.x + vary(h, 0.03, 0.022);
    drift.y = 0.7 * drift.y + vary(h, 0.03, 0.022);
    drift.r = 0.6 * drift.r + vary(h, 0.06, 0.1);
    p->x = (double)strtol(text, &end, 10) / 50 - 1 + drift.x;
    p->y = (double)strtol(end + 1, &end, 10) / 50 - 1 + drift.y;
    p->r = 1 + drift.r;
    p->pen = pen;
    if (*end == '!') {
      p->pen = 't';
      end++;
    }
    pen = end[0] && end[1] == '/' ? 'd' : 's';
    end += pen == 'd' ? 2 : 0;
  }
}

/* Bends the sheet by a cubic map, so that neighbouring parts of a digit change together. */
static void bend(path *knots, hand *h, double habit, double moment) {
  double cx[6], cy[6];
  for (int j = 0; j < 6; j++) {
    cx[j] = vary(h, habit, moment);
    cy[j] = vary(h, habit, moment);
  }
  for (point *p = knots->at; p < knots->at + knots->count; p++) {
    const double x = p->x, y = p->y, terms[6] = {x * x, x * y, y * y, x * x * y, x * y * y, y * y * y - 0.6 * y};
    for (int j = 0; j < 6; j++) {
      p->x += cx[j] * terms[j];
      p->y += cy[j] * terms[j];
    }
  }
}

/* Width, slant, then a rotation by an angle given as t = tan(angle / 2). */
static void lean(path *knots, double width, double slant, double t) {
  const double cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
  for (point *p = knots->at; p < knots->at + knots->count; p++) {
    const double x = width * p->x - slant * p->y, y = p->y;
    p->x = cosine * x - sine * y;
    p->y = sine * x + cosine * y;
  }
}

static double distance(point a, point b) { return sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)); }

/* Where the line is at time t that is at a at time ta and at b at time tb. */
static point between(point a, point b, double ta, double tb, double t) {
  const double s = (t - ta) / (tb - ta);
  return (point){a.x + s * (b.x - a.x), a.y + s * (b.y - a.y), a.r + s * (b.r - a.r), 's'};
}

/* The span from b to c of the spline a b c d, whose knots are at times sqrt(distance) apart, as six lines (Barry,
   Goldman 1988). */
static void add_span(path *curve, point a, point b, point c, point d) {
  const double tiny = 1e-3; /* keeps times apart where knots coincide */
  const double tb = sqrt(distance(a, b)) + tiny, tc = tb + sqrt(distance(b, c)) + tiny;
  const double td = tc + sqrt(distance(c, d)) + tiny;
  for (int i = 1; i <= STEPS; i++) {
    const double t = tb + (tc - tb) * i / STEPS;
    const point ab = between(a, b, 0, tb, t), bc = between(b, c, tb, tc, t), cd = between(c, d, tc, td, t);
    curve->at[curve->count++] = between(between(ab, bc, 0, tc, t), between(bc, cd, tb, td, t), tb, tc, t);
  }
}

/* Where a smooth piece begins or ends, the spline goes on straight. */
static void add_curve(path *curve, const path *knots) {
  curve->count = 0;
  for (int i = 0; i < knots->count; i++) {
    const point *p = &knots->at[i];
    if (p->pen == 'd') {
      curve->at[curve->count++] = *p;
      continue;
    }
    const int first = p[-1].pen != 's', last = i + 1 == knots->count || p->pen == 't' || p[1].pen == 'd';
    const point before = first ? between(p[-1], p[0], 0, 1, -1) : p[-2];
    const point after = last ? between(p[-1], p[0], 0, 1, 2) : p[1];
    add_span(curve, before, p[-1], p[0], after);
  }
}

/* ---- from the curve to pixels ---- */

static double smaller(double a, double b) { return a < b ? a : b; }
static double larger(double a, double b) { return a > b ? a : b; }

/* Makes the ink `side` pixels long on its longer side and 2 r wide on average; moves its centre of mass to (x, y). */
static void fit(path *curve, double side, double r, double x, double y) {
  double left = DBL_MAX, right = -DBL_MAX, top = DBL_MAX, bottom = -DBL_MAX, mass = 0, mx = 0, my = 0;
  for (int i = 0; i < curve->count; i++) {
    const point *p = &curve->at[i];
    left = smaller(left, p->x), right = larger(right, p->x);
    top = smaller(top, p->y), bottom = larger(bottom, p->y);
    if (p->pen == 'd')
      continue;
    const double m = distance(p[-1], p[0]) * (p[-1].r + p[0].r);
    mass += m, mx += m * (p[-1].x + p[0].x) / 2, my += m * (p[-1].y + p[0].y) / 2;
  }
  const double scale = (side - 2 * r) / larger(right - left, bottom - top);
  for (point *p = curve->at; p < curve->at + curve->count; p++) {
    p->x = x + scale * (p->x - mx / mass);
    p->y = y + scale * (p->y - my / mass);
    p->r *= r;
  }
}

/* In pixels: half the width of the band in which ink fades to paper, and how rough the paper makes its edge. */
static const double fade = 0.6, grain = 0.12;

static int pixel_at(double x) { return (int)smaller(larger(floor(x), 0), DIGIT_SIDE); }

/* depth: how far the middle of each pixel lies inside the edge of the ink; kept from -fade, deep in the paper, up. */
static void ink_segment(double *depth, point a, point b) {
  const double reach = larger(a.r, b.r) + fade, dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
  const int x0 = pixel_at(smaller(a.x, b.x) - reach), x1 = pixel_at(larger(a.x, b.x) + reach + 1);
  const int y0 = pixel_at(smaller(a.y, b.y) - reach), y1 = pixel_at(larger(a.y, b.y) + reach + 1);
  for (int y = y0; y < y1; y++)
    for (int x = x0; x < x1; x++) {
      const double px = x + 0.5 - a.x, py = y + 0.5 - a.y;
      const double s = length2 > 0 ? smaller(larger((px * dx + py * dy) / length2, 0), 1) : 0;
      const double ex = px - s * dx, ey = py - s * dy;
      double *d = &depth[y * DIGIT_SIDE + x];
      *d = larger(*d, a.r + s * (b.r - a.r) - sqrt(ex * ex + ey * ey));
    }
}

static void ink(const path *curve, uint64_t *random, uint8_t pixels[DIGIT_PIXELS]) {
  double depth[DIGIT_PIXELS];
  for (int i = 0; i < DIGIT_PIXELS; i++)
    depth[i] = -fade;
  for (int i = 1; i < curve->count; i++)
    if (curve->at[i].pen != 'd')
      ink_segment(depth, curve->at[i - 1], curve->at[i]);
  for (int i = 0; i < DIGIT_PIXELS; i++) {
    const double rough = depth[i] > -fade ? grain * normal(random) : 0;
    pixels[i] = (uint8_t)(255 * smaller(larger((depth[i] + rough + fade) / (2 * fade), 0), 1) + 0.5);
  }
}

void digit_draw(uint64_t seed, uint64_t number, int digit, uint8_t pixels[DIGIT_PIXELS]) {
  path knots, curve;
  hand h = {0, stream(seed, OF_IMAGE, number)};
  const uint64_t writer = next(&h.moment) % WRITERS;
  h.habit = stream(seed, OF_WRITER, writer);
  const double slant = 0.14 + vary(&h, 0.2, 0.1), width = 1 + vary(&h, 0.13, 0.1), turn = vary(&h, 0.03, 0.04);
  const double r = larger(1.3 + vary(&h, 0.26, 0.13), 0.5);
  const double x = 14.5 + vary(&h, 0, 0.2), y = 14.5 + vary(&h, 0, 0.2);

  h.habit = stream(seed, OF_SHAPE, 10 * writer + (uint64_t)digit);
  place_knots(choose_glyph(digit, &h)->knots, &h, &knots);
  bend(&knots, &h, 0.11, 0.07);
  lean(&knots, width, slant, turn);
  add_curve(&curve, &knots);
  fit(&curve, 19, r, x, y);
  ink(&curve, &h.moment, pixels);
}
