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

double dw_objective_decline(const dw_objective *objective) {
  double of_scale = isinf(objective->level_order) ? 1 : objective->level_order - 1;
  return objective->balance == 1 ? 0 : of_scale + !objective->logarithmic;
}

double dw_level(double order, double log_vendi) {
  if (order == 1) {
    return log_vendi;
  }
  return isinf(order) ? -exp(-log_vendi) : exp((1 - order) * log_vendi) / (1 - order);
}

double dw_level_scale(double order, double log_vendi) {
  if (order == 1) {
    return 1;
  }
  return isinf(order) ? exp(-log_vendi) : exp((1 - order) * log_vendi);
}

double dw_level_in_nats(double order, double log_vendi) {
  if (order == 1) {
    return log_vendi;
  }
  return isinf(order) ? -1 : 1 / (1 - order);
}

double dw_level_log_vendi(double order, double level) {
  if (order == 1) {
    return level;
  }
  if (isinf(order)) {
    return level < 0 ? -log(-level) : INFINITY;
  }
  double power = (1 - order) * level; /* tr rho^q */
  return power > 0 ? log(power) / (1 - order) : (order > 1 ? INFINITY : -INFINITY);
}

double dw_exact_gap(double order, double gap) {
  if (order <= 1) {
    return gap; /* log VS is concave in the level: the first order is the bound, also where H differs */
  }
  if (isinf(order)) {
    return gap < 1 ? -log1p(-gap) : INFINITY;
  }
  return (1 - order) * gap > -1 ? log1p((1 - order) * gap) / (1 - order) : INFINITY;
}
