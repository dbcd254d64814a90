/* Divided differences of the gradient of tr rho^q, which are the curvature of smooth orders, also as a short sum of
 * products: that makes Newton's matrix cheap where there are many features (newton_matrix.c).
 *
 * For s = q - 1, -1 < s < 1,
 *
 *     (a^s - b^s) / (a - b) = sin(pi s) / pi  integral of t^s / ((a + t) (b + t)) dt        over t > 0
 *
 * (for s = 0, log a - log b, without sin(pi s) / pi). In log t the integrand is analytic in a strip of half width pi,
 * so that equal steps h err by 2 exp(-2 pi^2 / h) of the value, 4e-6 for h = 1.5; and as all Gamma_kl >= 0, Newton's
 * matrix errs by no more in any direction. A margin beyond the spectrum the terms are geometric series, which are
 * summed. At higher orders, q - 1 = m + s with m whole,
 *
 *     x^(m+s) [a,b] = (a^m + b^m) / 2 x^s [a,b] + (a^s + b^s) / 2 x^m [a,b],     x^m [a,b] = sum_j a^j b^(m-1-j). */
#include "divided.h"

#include <math.h>

#define EIGENVALUE_FLOOR 1e-14
#define STEP 1.5
#define MARGIN 4.0 /* in log t: what is left out of the series there is e^-4 of e^-4 (q = 1) */

/* -(F(a) - F(b)) / (a - b) for the matrix function of the gradient, in nats. */
static double divided_difference(double a, double b, double order, double log_power) {
  double s = order - 1, at_b = exp(s * log(b) - log_power);
  if (fabs(a - b) <= 1e-7 / fmax(order, 1) * fmax(a, b)) {
    return order * at_b / b;
  }
  double ratio = log(a / b), growth = s == 0 ? ratio : expm1(s * ratio) / s; /* of x^s, relative to its value at b */
  return order * at_b * growth / (a - b);
}

void dw_divided_differences(double order, const double *mu, int64_t r, double log_power, double *gamma) {
  for (int64_t k = 0; k < r; k++) {
    for (int64_t l = k; l < r; l++) {
      double a = fmax(mu[k], EIGENVALUE_FLOOR), b = fmax(mu[l], EIGENVALUE_FLOOR);
      gamma[k * r + l] = gamma[l * r + k] = divided_difference(a, b, order, log_power);
    }
  }
}

/* ---- sums of products ---- */

typedef struct {
  const double *mu;
  int64_t r, count;
  double *a, *b;
} terms;

/* factor sym( a^i b^j ) / ((a + t) (b + t)); without these two at t = 0. */
typedef struct {
  double factor, i, j, t;
} product;

static void add_term(terms *v, product term) {
  double *a = v->a + v->count * v->r, *b = v->b + v->count * v->r, root = sqrt(term.factor);
  for (int64_t k = 0; k < v->r; k++) {
    double at = fmax(v->mu[k], EIGENVALUE_FLOOR), below = term.t > 0 ? at + term.t : 1;
    a[k] = root * pow(at, term.i) / below;
    b[k] = root * pow(at, term.j) / below;
  }
  v->count++;
}

static double lowest(const double *mu) { return fmax(mu[0], EIGENVALUE_FLOOR); }

/* factor (a^m + b^m) / 2 (a^s - b^s) / (a - b) for -1 < s < 1; s = 0: of logarithms. */
static void add_fraction(terms *v, double factor, double s, double m) {
  double low = log(lowest(v->mu)) - MARGIN, high = log(v->mu[v->r - 1]) + MARGIN;
  int64_t steps = (int64_t)ceil((high - low) / STEP);
  double end = low + STEP * (double)steps;
  factor *= STEP * (s == 0 ? 1 : sin(M_PI * s) / M_PI);
  for (int64_t k = 0; k <= steps; k++) {
    double t = exp(low + STEP * (double)k);
    add_term(v, (product){factor * pow(t, s + 1), m, 0, t});
  }
  /* sum of t^(s+1) / (a b) below, of t^(s-1) above */
  add_term(v, (product){factor * exp((s + 1) * low) / expm1((s + 1) * STEP), m - 1, -1, 0});
  add_term(v, (product){factor * exp((s - 1) * end) / expm1((1 - s) * STEP), m, 0, 0});
}

int64_t dw_divided_terms(double order, const double *mu, int64_t r, double log_power, double *a, double *b) {
  double m = fmax(floor(order - 1), 0), s = order - 1 - m;
  double width = log(mu[r - 1] / lowest(mu)) + 2 * MARGIN,
         factor = order / (order == 1 ? 1 : order - 1) * exp(-log_power);
  bool is_whole = s == 0 && m > 0;
  terms v = {mu, r, 0, a, b};
  if (m + (is_whole ? 0 : width / STEP + 4) > DW_MOST_TERMS) {
    return 0;
  }
  if (!is_whole) {
    add_fraction(&v, factor, s, m);
  }
  for (double j = 0; j < m && (!is_whole || 2 * j <= m - 1); j++) {
    bool twice = is_whole && 2 * j < m - 1; /* j and m-1-j are the same term */
    add_term(&v, (product){twice ? 2 * factor : factor, j + s, m - 1 - j, 0});
  }
  return v.count;
}

int64_t dw_divided_products(double order) {
  enum { QUADRATURE = 16 };
  double m = floor(order - 1);
  return (int64_t)(order < 2 ? QUADRATURE : order == m + 1 ? m : 2 * (QUADRATURE + m));
}
