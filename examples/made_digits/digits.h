/* Handwritten-looking digits, drawn one at a time: see digits.c. */
#ifndef MADE_DIGITS_DIGITS_H
#define MADE_DIGITS_DIGITS_H

#include <stdint.h>

enum { DIGIT_SIDE = 28, DIGIT_PIXELS = DIGIT_SIDE * DIGIT_SIDE };

/* Draws a digit 0..9 as white ink (255) on black (0), rows from top to bottom. The image depends on the three
   numbers alone: `number` is its place in the data set that `seed` names. */
void digit_draw(uint64_t seed, uint64_t number, int digit, uint8_t pixels[DIGIT_PIXELS]);

/* A well-mixed 64-bit number (the finaliser of SplitMix64): equal input, equal output, nothing else in common. */
uint64_t digit_mix(uint64_t z);

#endif
