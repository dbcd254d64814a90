#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void rotate(double *a, double *v, int64_t r, int64_t p, int64_t q) {
  double theta = (a[q * r + q] - a[p * r + p]) / (2 * a[p * r + q]);
  double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
  for (int64_t k = 0; k < r; k++) {
    double x = a[k * r + p], y = a[k * r + q];
    a[k * r + p] = c * x - s * y;
    a[k * r + q] = s * x + c * y;
  }
  for (int64_t k = 0; k < r; k++) {
    double x = a[p * r + k], y = a[q * r + k];
    a[p * r + k] = c * x - s * y;
    a[q * r + k] = s * x + c * y;
    x = v[k * r + p];
    y = v[k * r + q];
    v[k * r + p] = c * x - s * y;
    v[k * r + q] = s * x + c * y;
  }
}

void reference_eigen(double *a, int64_t r, double *mu, double *v) {
  for (int64_t i = 0; i < r * r; i++) {
    v[i] = i % (r + 1) == 0;
  }
  for (int sweep = 0; sweep < 60; sweep++) {
    double off = 0;
    for (int64_t p = 0; p < r; p++) {
      for (int64_t q = p + 1; q < r; q++) {
        off = fmax(off, fabs(a[p * r + q]));
        if (fabs(a[p * r + q]) > 1e-300) {
          rotate(a, v, r, p, q);
        }
      }
    }
    if (off < 1e-17) {
      break;
    }
  }
  for (int64_t k = 0; k < r; k++) {
    mu[k] = a[k * r + k];
  }
}

void reference_cosine(const double *x, int64_t n, int64_t d, double *K) {
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      double ij = 0, ii = 0, jj = 0;
      for (int64_t k = 0; k < d; k++) {
        ij += x[i * d + k] * x[j * d + k];
        ii += x[i * d + k] * x[i * d + k];
        jj += x[j * d + k] * x[j * d + k];
      }
      K[i * n + j] = ij / (sqrt(ii) * sqrt(jj));
    }
  }
}

static double entropy(const double *p, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    sum -= p[i] > 0 ? p[i] * log(p[i]) : 0;
  }
  return sum;
}

double reference_vendi(const double *K, const double *p, int64_t n) {
  double *a = malloc((size_t)(2 * n * n + n) * sizeof *a), *mu = a + 2 * n * n;
  for (int64_t i = 0; i < n * n; i++) {
    a[i] = sqrt(p[i / n] * p[i % n]) * K[i];
  }
  reference_eigen(a, n, mu, a + n * n);
  double score = exp(entropy(mu, n));
  free(a);
  return score;
}

/* lambda log sum exp(D / lambda) + log tr sigma for sigma = V diag(mu) V^T, smoothed. */
static double bound(const double *unit, int64_t n, int64_t d, const double *mu, const double *v, double e,
                    double lambda, double *D) {
  double trace = 0, largest = -INFINITY, sum = 0;
  for (int64_t k = 0; k < d; k++) {
    trace += fmax((1 - e) * mu[k] + e / (double)d, 1e-16);
  }
  for (int64_t i = 0; i < n; i++) {
    D[i] = 0;
    for (int64_t k = 0; k < d; k++) {
      double dot = 0;
      for (int64_t j = 0; j < d; j++) {
        dot += unit[i * d + j] * v[j * d + k];
      }
      D[i] -= dot * dot * log(fmax((1 - e) * mu[k] + e / (double)d, 1e-16));
    }
    largest = fmax(largest, D[i]);
  }
  for (int64_t i = 0; i < n; i++) {
    sum += lambda > 0 ? exp((D[i] - largest) / lambda) : 0;
  }
  return largest + (lambda > 0 ? lambda * log(sum) : 0) + log(trace);
}

void reference_moment(const double *x, int64_t n, int64_t d, const double *p, double *unit, double *rho) {
  memset(rho, 0, (size_t)(d * d) * sizeof *rho);
  for (int64_t i = 0; i < n; i++) {
    double square = 0;
    for (int64_t k = 0; k < d; k++) {
      square += x[i * d + k] * x[i * d + k];
    }
    for (int64_t k = 0; k < d; k++) {
      unit[i * d + k] = x[i * d + k] / sqrt(square);
    }
    for (int64_t k = 0; k < d * d; k++) {
      rho[k] += p[i] * unit[i * d + k / d] * unit[i * d + k % d];
    }
  }
}

/* rho of the normalised rows, diagonalised. */
static void spectrum_of(const double *x, int64_t n, int64_t d, const double *p, double *unit, double *mu, double *v) {
  double *rho = malloc((size_t)(d * d) * sizeof *rho);
  reference_moment(x, n, d, p, unit, rho);
  reference_eigen(rho, d, mu, v);
  for (int64_t k = 0; k < d; k++) {
    mu[k] = fmax(mu[k], 1e-16);
  }
  free(rho);
}

double reference_gap(const double *x, int64_t n, int64_t d, const double *p, double lambda, const double *smoothing,
                     int64_t count, double *D) {
  double *unit = malloc((size_t)(n * d + d * d + d + n) * sizeof *unit), *v = unit + n * d, *mu = v + d * d;
  double *work = mu + d, least = INFINITY;
  spectrum_of(x, n, d, p, unit, mu, v);
  for (int64_t j = -1; j < count; j++) {
    double *into = j < 0 && D != NULL ? D : work;
    least = fmin(least, bound(unit, n, d, mu, v, j < 0 ? 0 : smoothing[j], lambda, into));
  }
  double gap = least - entropy(mu, d) - lambda * entropy(p, n);
  free(unit);
  return gap;
}

double reference_gap_of_order(const double *x, int64_t n, int64_t d, const double *p, double lambda, double order,
                              double *log_vendi) {
  double *unit = malloc((size_t)(n * d + d * d + d + n) * sizeof *unit), *v = unit + n * d, *mu = v + d * d,
         *D = mu + d;
  double power = 0, largest = -INFINITY, sum = 0;
  spectrum_of(x, n, d, p, unit, mu, v);
  for (int64_t k = 0; k < d; k++) { /* no row has a part in null directions */
    power += mu[k] > 1e-13 ? pow(mu[k], order) : 0;
  }
  *log_vendi = log(power) / (1 - order);
  double scale = power; /* of T_q: nats times this */
  for (int64_t i = 0; i < n; i++) {
    D[i] = 0;
    for (int64_t k = 0; k < d; k++) {
      double dot = 0;
      for (int64_t j = 0; j < d; j++) {
        dot += unit[i * d + j] * v[j * d + k];
      }
      D[i] += mu[k] > 1e-13 ? order / (1 - order) * dot * dot * pow(mu[k], order - 1) : 0;
    }
    largest = fmax(largest, D[i]);
  }
  for (int64_t i = 0; i < n; i++) {
    sum += lambda > 0 ? exp((D[i] - largest) / (lambda * scale)) : 0;
  }
  double bound = largest + (lambda > 0 ? lambda * scale * log(sum) : 0) + power - 1 / (1 - order);
  double value = (power - 1) / (1 - order) + lambda * scale * entropy(p, n), gap = (bound - value) / scale;
  free(unit);
  double norm = (order - 1) / order; /* VS^-norm is a convex function of rho */
  return order < 1 ? gap : -log1p(-norm * gap) / norm;
}

/* ---- constraints ---- */

/* max over x in [lower, upper] of x (D - theta) - lambda x log x */
static double row_value(double lower, double upper, double excess, double lambda) {
  double x = lambda > 0 ? exp(excess / lambda - 1) : excess > 0 ? upper : lower;
  x = fmin(fmax(x, lower), upper);
  return x * excess - (x > 0 ? lambda * x * log(x) : 0);
}

typedef struct {
  const reference_set *set;
  const double *D;
  double lambda, low, high, nu;
  int32_t g; /* the group at hand */
} dual;

static double golden_minimum(double (*f)(dual *, double), dual *self, double low, double high) {
  const double ratio = (sqrt(5) - 1) / 2;
  double a = high - ratio * (high - low), b = low + ratio * (high - low), fa = f(self, a), fb = f(self, b);
  for (int step = 0; step < 85; step++) {
    if (fa < fb) {
      high = b;
      b = a;
      fb = fa;
      fa = f(self, a = high - ratio * (high - low));
    } else {
      low = a;
      a = b;
      fa = fb;
      fb = f(self, b = low + ratio * (high - low));
    }
  }
  return fmin(fa, fb);
}

static double group_dual(dual *self, double theta) {
  const reference_set *set = self->set;
  double push = theta - self->nu, value = 0;
  if (set->groups > 0) {
    value = push * (push > 0 ? set->most[self->g] : set->least[self->g]);
  }
  for (int64_t i = 0; i < set->n; i++) {
    if (set->groups == 0 || set->group[i] == self->g) {
      value += row_value(set->lower[i], set->upper[i], self->D[i] - theta, self->lambda);
    }
  }
  return value;
}

static double whole_dual(dual *self, double nu) {
  double value = nu;
  self->nu = nu;
  if (self->set->groups == 0) {
    return nu + group_dual(self, nu);
  }
  for (self->g = 0; self->g < self->set->groups; self->g++) {
    value += golden_minimum(group_dual, self, self->low, self->high);
  }
  return value;
}

double reference_support(const reference_set *set, const double *D, double lambda) {
  double least = INFINITY, most = -INFINITY;
  for (int64_t i = 0; i < set->n; i++) {
    least = fmin(least, D[i]);
    most = fmax(most, D[i]);
  }
  dual self = {set, D, lambda, least - 5 - 10 * lambda, most + 5 + 40 * lambda, 0, 0};
  return golden_minimum(whole_dual, &self, self.low, self.high);
}

double reference_constrained_gap(const double *x, int64_t d, const double *p, double lambda, double order,
                                 const double *scores, const reference_set *set, double nats) {
  int64_t n = set->n;
  double *unit = malloc((size_t)(n * d + d * d + d + n) * sizeof *unit), *v = unit + n * d, *mu = v + d * d;
  double *D = mu + d, power = 0, quality = 0;
  spectrum_of(x, n, d, p, unit, mu, v);
  for (int64_t k = 0; k < d; k++) {
    power += pow(mu[k], order);
  }
  for (int64_t i = 0; scores != NULL && i < n; i++) {
    quality += p[i] * scores[i];
  }
  for (int64_t i = 0; i < n; i++) {
    D[i] = scores != NULL ? scores[i] / quality : 0;
    for (int64_t k = 0; k < d; k++) {
      double dot = 0;
      for (int64_t j = 0; j < d; j++) {
        dot += unit[i * d + j] * v[j * d + k];
      }
      D[i] += dot * dot * (order == 1 ? -log(mu[k]) : order / (1 - order) * pow(mu[k], order - 1) / power);
    }
  }
  if (scores != NULL && order > 1) {
    const double c = order / (order - 1), excess = reference_support(set, D, lambda) - lambda * nats - (1 - c);
    free(unit);
    return c * log1p(excess / c);
  }
  double value = order == 1 ? entropy(mu, d) : 1 / (1 - order) - 1;
  double gap = reference_support(set, D, lambda) - value - (scores != NULL ? 1 : 0) - lambda * nats;
  free(unit);
  double norm = (order - 1) / order;
  return order > 1 ? -log1p(-norm * gap) / norm : gap;
}

/* m singles of weight s each, copies of total weight 1 - m s. */
static double copies_objective(double share, int64_t m, int64_t copies, double balance, double order) {
  double s = share / (double)m, c = 1 - share, spread = 0, singles = (double)m, log_vendi;
  spread -= s > 0 ? singles * s * log(s) : 0;
  spread -= c > 0 ? c * log(c / (double)copies) : 0;
  if (order == 1) {
    log_vendi = -(s > 0 ? singles * s * log(s) : 0) - (c > 0 ? c * log(c) : 0);
  } else if (isinf(order)) {
    log_vendi = -log(fmax(s, c));
  } else if (fabs(order - 1) < 1e-3) {
    double power = s > 0 ? share * expm1((order - 1) * log(s)) : 0;
    log_vendi = log1p(power + (c > 0 ? c * expm1((order - 1) * log(c)) : 0)) / (1 - order);
  } else {
    double top = fmax(s, c), power = singles * pow(s / top, order) + pow(c / top, order);
    log_vendi = (order * log(top) + log(power)) / (1 - order);
  }
  return balance * exp(log_vendi) + (1 - balance) * spread;
}

double reference_copies(int64_t m, int64_t copies, double balance, double order) {
  enum { POINTS = 200000 };
  double best = -INFINITY, at = 0, width = 1.0 / POINTS;
  for (int64_t k = 0; k <= POINTS; k++) {
    double value = copies_objective((double)k * width, m, copies, balance, order);
    if (value > best) {
      best = value;
      at = (double)k * width;
    }
  }
  for (double low = fmax(at - width, 0), high = fmin(at + width, 1); high - low > 1e-15;) {
    double a = low + (high - low) / 3, b = high - (high - low) / 3;
    double va = copies_objective(a, m, copies, balance, order), vb = copies_objective(b, m, copies, balance, order);
    best = fmax(best, fmax(va, vb));
    if (va < vb) {
      low = a;
    } else {
      high = b;
    }
  }
  return best;
}
