/* Orders and objectives as scalar functions. Formulas: docs/mathematics.md, 9. */
#include "objective.h"

#include <math.h>

double dw_objective_value(const dw_objective *objective, double log_vendi, double entropy) {
  double diversity = objective->logarithmic ? log_vendi : exp(log_vendi);
  return objective->balance * diversity + (1 - objective->balance) * fmax(entropy, 0);
}

double dw_objective_slope(const dw_objective *objective, double log_vendi) {
  return objective->balance * (objective->logarithmic ? 1 : exp(log_vendi));
}

double dw_objective_lambda(const dw_objective *objective, double log_vendi) {
  return (1 - objective->balance) / dw_objective_slope(objective, log_vendi);
}

bool dw_objective_is_concave(const dw_objective *objective) {
  return objective->balance == 1 || objective->exponent >= (objective->logarithmic ? 0 : 1);
}

double dw_level_exponent(double order) { return isinf(order) ? -1 : order < 0.5 ? 1 : (1 - order) / order; }

/* 1 near 0, where VS^e / e is 1 / e and little else; 0 where taking it away would cost digits of a small VS^e. */
static double origin(double exponent) { return fabs(exponent) < 0.5; }

double dw_level(double exponent, double log_vendi) {
  if (exponent == 0) {
    return log_vendi;
  }
  return (origin(exponent) != 0 ? expm1(exponent * log_vendi) : exp(exponent * log_vendi)) / exponent;
}

double dw_level_scale(double exponent, double log_vendi) { return exp(exponent * log_vendi); }

double dw_level_in_nats(double exponent, double log_vendi) {
  return exponent == 0 ? log_vendi : (origin(exponent) != 0 ? -expm1(-exponent * log_vendi) : 1) / exponent;
}

double dw_level_log_vendi(double exponent, double level) {
  if (exponent == 0) {
    return level;
  }
  double power = exponent * level, rest = power + origin(exponent) - 1; /* VS^e, and that less 1 */
  if (!(rest > -1)) {
    return exponent < 0 ? INFINITY : -INFINITY;
  }
  return (origin(exponent) != 0 ? log1p(power) : log(power)) / exponent;
}

double dw_level_growth(double exponent, double growth) {
  if (exponent == 0) {
    return growth;
  }
  return exponent * growth > -1 ? log1p(exponent * growth) / exponent : exponent < 0 ? INFINITY : -INFINITY;
}

double dw_exact_gap(double exponent, double gap) {
  return exponent >= 0 ? gap : dw_level_growth(exponent, gap); /* log VS is concave in the level where that is >= 0 */
}
