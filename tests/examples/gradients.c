/* The trainer's mathematics against computations that share nothing with it: its gradient against central differences,
 * all parameters one by one, in double precision; its loss and its optimiser against closed forms.
 *
 * Built by test_trainer.py with -DREAL_IS_DOUBLE from examples/trainer/model.c, adam.c and random.c. */
#include "adam.h"
#include "model.h"
#include "random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { D = 10, ROWS = 5 };

static int failures;

static void near(const char *what, double found, double expected, double tolerance) {
  if (!(fabs(found - expected) <= tolerance)) {
    printf("%s: %.12g, expected %.12g\n", what, found, expected);
    failures++;
  }
}

/* (L(theta + h) - L(theta - h)) / 2h is the derivative up to h^2 L'''/6 and rounding of about 1e-15 |L| / h: both are
 * below 1e-9 here. A unit whose input changes sign within h adds to that: with this seed there is none. */
static void gradient_is_that_of_differences(void) {
  const double h = 1e-5;
  double x[ROWS * D], noise[ROWS * LATENT];
  model vae;
  if (!model_create(&vae, D, ROWS, 3)) {
    abort();
  }
  for (int i = 0; i < ROWS * D; i++) {
    x[i] = random_uniform(random_part(1, 9, 0), (uint64_t)i);
  }
  random_normal(random_part(1, RANDOM_NOISE, 0), ROWS * LATENT, noise);
  for (int64_t i = 0; i < vae.size; i++) {
    vae.parameters[i] *= 1.5; /* away from small codes */
  }
  double *gradient = malloc((size_t)vae.size * sizeof *gradient), largest = 0, worst = 0;
  model_loss(&vae, x, noise, ROWS);
  for (int64_t i = 0; i < vae.size; i++) {
    gradient[i] = vae.gradient[i];
    largest = fmax(largest, fabs(gradient[i]));
  }
  for (int64_t i = 0; i < vae.size; i++) {
    const double kept = vae.parameters[i];
    vae.parameters[i] = kept + h;
    const double above = model_loss(&vae, x, noise, ROWS);
    vae.parameters[i] = kept - h;
    const double below = model_loss(&vae, x, noise, ROWS);
    vae.parameters[i] = kept;
    worst = fmax(worst, fabs((above - below) / (2 * h) - gradient[i]));
  }
  printf("gradient: %lld parameters, largest %.3g, worst difference %.2g\n", (long long)vae.size, largest, worst);
  near("worst difference of gradients", worst, 0, 1e-8);
  near("a gradient that is all zeros", largest > 0.1, 1, 0);
  free(gradient);
  model_destroy(&vae);
}

/* Without weights every pixel is 1/2, and the codes have the moments that the offsets say. */
static void loss_is_that_of_closed_forms(void) {
  const double m = 0.7, s = -0.4;
  double x[ROWS * D], noise[ROWS * LATENT] = {0};
  model vae;
  if (!model_create(&vae, D, ROWS, 0)) {
    abort();
  }
  for (int i = 0; i < ROWS * D; i++) {
    x[i] = i % 3 / 2.0;
  }
  for (int64_t i = 0; i < vae.size; i++) {
    vae.parameters[i] = 0;
  }
  near("loss of nothing", model_loss(&vae, x, noise, ROWS), D * log(2), 1e-12);
  for (int k = 0; k < LATENT; k++) {
    vae.parameters[vae.layers[1].b + k] = m;
    vae.parameters[vae.layers[1].b + LATENT + k] = s;
  }
  near("loss of codes", model_loss(&vae, x, noise, ROWS), D * log(2) + LATENT * (m * m + exp(s) - s - 1) / 2, 1e-12);
  double means[ROWS * D], codes[ROWS * LATENT] = {0}, offset = 3;
  vae.parameters[vae.layers[3].b + 4] = offset;
  model_decode(&vae, codes, ROWS, means);
  near("a mean pixel", means[D + 4], 1 / (1 + exp(-offset)), 1e-15);
  near("another", means[D + 5], 0.5, 1e-15);
  model_destroy(&vae);
}

/* A gradient that stays g: both averages are corrected to g and g^2, and each step is the rate, against the sign. */
static void constant_gradients_move_at_the_rate(void) {
  const double gradient[3] = {5, -0.02, 0};
  double parameters[3] = {1, 2, 3};
  adam optimiser;
  if (!adam_create(&optimiser, 3)) {
    abort();
  }
  for (int step = 0; step < 250; step++) {
    adam_step(&optimiser, parameters, gradient);
  }
  near("steps against a positive gradient", parameters[0], 1 - 0.25, 1e-8);
  near("steps against a negative gradient", parameters[1], 2 + 0.25, 1e-6);
  near("steps without a gradient", parameters[2], 3, 0);
  adam_destroy(&optimiser);
}

/* Moments of 100,000 numbers: five standard errors. */
static void noise_is_normal(void) {
  enum { COUNT = 100000 };
  double *noise = malloc(COUNT * sizeof *noise), again[6], moments[5] = {0};
  random_normal(random_part(7, RANDOM_NOISE, 1), COUNT, noise);
  for (int i = 0; i < COUNT; i++) {
    for (int k = 1; k <= 4; k++) {
      moments[k] += pow(noise[i], k) / COUNT;
    }
  }
  near("mean of noise", moments[1], 0, 5 * sqrt(1.0 / COUNT));
  near("variance of noise", moments[2], 1, 5 * sqrt(2.0 / COUNT));
  near("third moment of noise", moments[3], 0, 5 * sqrt(15.0 / COUNT));
  near("fourth moment of noise", moments[4], 3, 5 * sqrt(96.0 / COUNT));
  random_normal(random_part(7, RANDOM_NOISE, 1), 5, again);
  near("the same place, the same number", again[4], noise[4], 0);
  random_normal(random_part(7, RANDOM_NOISE, 2), 5, again);
  near("another part, other numbers", fabs(again[4] - noise[4]) > 1e-3, 1, 0);
  free(noise);
}

int main(void) {
  gradient_is_that_of_differences();
  loss_is_that_of_closed_forms();
  constant_gradients_move_at_the_rate();
  noise_is_normal();
  return failures > 0;
}
