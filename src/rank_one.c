/* Eigenvalues of diag(d) + z z^T: the roots of the secular function, one between any two neighbours of d and one above,
 *
 *     f(x) = 1 + sum_j w_j / (d_j - x),   w_j = z_j^2,     d_k <= x_k <= d_(k+1),   x_m <= d_m + sum w
 *
 * f increases from -inf to +inf between its poles. Around a point x it is replaced by c + a / (d_k - x) + b / (d_(k+1)
 * - x), where the sums over the poles on the left and on the right are met in value and slope; the root of that is a
 * quadratic equation, and the next point. It converges quadratically, and from one side (Bunch, Nielsen and Sorensen,
 * Numerische Mathematik 31, 1978); a step that leaves the bracket is replaced by bisection.
 *
 * m roots of m terms each: r^2 operations for a new example, where an eigen-decomposition has 9 r^3. Roots are right to
 * a few u relative to the largest eigenvalue, like those of LAPACK, and relative to themselves where d_1 = 0. */
#include "rank_one.h"

#include <float.h>
#include <math.h>

enum { MAX_STEPS = 100 };

/* Sums over the poles 0 .. k, or k+1 .. m-1, at a point. */
typedef struct {
  double value, slope;
} pole_sum;

static pole_sum sum_poles(const double *d, const double *w, int64_t first, int64_t end, double x) {
  pole_sum sum = {0, 0};
  for (int64_t j = first; j < end; j++) {
    const double term = w[j] / (d[j] - x);
    sum.value += term;
    sum.slope += term / (d[j] - x);
  }
  return sum;
}

/* The root of the interpolant, relative to x; `right` is infinite above the last pole. */
static double step(pole_sum below, pole_sum above, double left, double right) {
  const double f = 1 + below.value + above.value;
  if (isinf(right)) {
    return left + left * left * below.slope / (f - left * below.slope);
  }
  const double c = f - left * below.slope - right * above.slope;
  const double a = (left + right) * f - left * right * (below.slope + above.slope), b = left * right * f;
  const double root = sqrt(fmax(a * a - 4 * b * c, 0));
  return a <= 0 ? (a - root) / (2 * c) : 2 * b / (a + root);
}

static double find_root(const double *d, const double *w, int64_t m, int64_t k, double total) {
  const bool last = k == m - 1;
  double low = d[k], high = last ? d[k] + total : d[k + 1], x = 0.5 * (low + high);
  for (int i = 0; i < MAX_STEPS && x > low && x < high; i++) { /* until no number is left between */
    const pole_sum below = sum_poles(d, w, 0, k + 1, x), above = sum_poles(d, w, k + 1, m, x);
    const double f = 1 + below.value + above.value;
    *(f < 0 ? &low : &high) = x;
    const double move = step(below, above, d[k] - x, last ? INFINITY : d[k + 1] - x);
    if (fabs(move) <= DBL_EPSILON * x || f == 0) {
      break;
    }
    x = x + move > low && x + move < high ? x + move : 0.5 * (low + high);
  }
  return x;
}

void dw_rank_one(const double *d, const double *w, int64_t m, double *roots) {
  double total = 0;
  for (int64_t k = 0; k < m; k++) {
    total += w[k];
  }
  for (int64_t k = 0; k < m; k++) {
    roots[k] = find_root(d, w, m, k, total);
  }
}
