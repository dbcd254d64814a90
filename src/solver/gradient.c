/* The gradient of diversity at a dual state sigma, in the form that a pass over the rows wants.
 *
 * Let |rho|_q = (tr rho^q)^(1/q), which is VS_q^((1-q)/q). For q > 1 it is convex in rho, for q < 1 concave, and
 * homogeneous: so its tangent at any sigma, of trace 1, bounds log VS_q(rho) from above, to first order by
 *
 *     log VS_q(sigma) + tr(rho h(sigma)),    h(m) = q/(1-q) (m^(q-1) / tr sigma^q - 1),    -log m - log VS(sigma) at 1,
 *
 * and exactly in the level y of objective.h, with the scale s = VS^e:
 *
 *     (y(rho) - y(rho_0)) / s_0 <= constant + tr(rho h(sigma)) s(sigma) / s_0,
 *     constant = (y(sigma) - y(rho_0)) / s_0 .
 *
 * So D_i = log VS_q(rho_0) + phi_i^T h(sigma) phi_i s(sigma) / s_0, which has the mean log VS_q at sigma = rho_0 for
 * every order; near q = 1 no digit is lost to the 1 / (1-q), since h is computed by expm1. At orders above 2 powers go
 * by the ratio to the largest eigenvalue: q times the rounding of a logarithm would be too much.
 *
 * h falls with m. D_i is computed as |R phi_i|^2 - c, R^T R = h + c I, since a triangular R halves the work of the
 * pass; c makes that definite, by a little more than 0 at the largest eigenvalue. With |phi_i|^2 = 1 - delta_i known
 * the shift is undone exactly. delta_i, the deficit of a row, is 0 where features are exact; where not, the coordinate
 * of its own adds delta_i h(p_i delta_i).
 *
 * A floor on eigenvalues keeps h within reason in directions that no example has. It costs nothing in rigour: the bound
 * holds for any sigma, and its constant is computed from the floored one. */
#include "gradient.h"

#include "../linalg.h"
#include "../simplex.h"
#include "objective.h"

#include <float.h>
#include <math.h>

#define LEAST 1e-3 /* of h + c; less at small orders, where h is small */

/* The floor on eigenvalues of a dual state. It costs floor^q each; a lower one would cost digits of R. In single
 * precision what is below some u of the largest is rounding. At order 2 and above h is bounded. */
static double eigenvalue_floor(const dw_spectrum *spectrum, double order) {
  return order >= 2 ? 0 : spectrum->single ? 2 * (double)FLT_EPSILON * spectrum->mu[spectrum->r - 1] : 1e-16;
}

/* The same for what a row has of its own, of which there are n. */
static double own_floor(double order) { return order >= 2 ? 0 : order >= 1 ? 1e-20 : 1e-32; }

/* Below order 1 a floor in directions that no example has would cost more than a tolerance. There sigma is 0, and R
 * takes the least weight there is: no row has a part in them beyond rounding. */
static bool is_null(const dw_spectrum *spectrum, double order, int64_t k) {
  return order < 1 && k < spectrum->null && spectrum->mu[k] == 0;
}

/* Eigenvalue k of the dual state, before it is scaled. What is spread evenly over the span of the examples, and by
 * deficits over what rows have of their own, is the smoothing. */
static double state_at(const dw_spectrum *spectrum, double order, double smoothing, int64_t k) {
  const double kept = (1 - smoothing) * spectrum->mu[k];
  if (k >= spectrum->r) {
    const double share = smoothing / 2 * spectrum->deficit[k - spectrum->r] / spectrum->deficits;
    return fmin(fmax(kept + share, own_floor(order)), 1);
  }
  const double spread = spectrum->count > spectrum->r ? smoothing / 2 : smoothing;
  const double share = k < spectrum->null ? 0 : spread / (double)(spectrum->r - spectrum->null);
  return is_null(spectrum, order, k) ? 0 : fmin(fmax(kept + share, eigenvalue_floor(spectrum, order)), 1);
}

/* log(m^(q-1) / tr sigma^q) */
static double log_power(const dw_dual_state *state, double m) {
  return state->order <= 2 ? (state->order - 1) * (log(m) + state->log_vendi)
                           : (state->order - 1) * (log(m) - state->log_top) + state->top_power;
}

static double gradient_at(const dw_dual_state *state, double m) {
  const double order = state->order;
  return order == 1 ? -log(m) - state->log_vendi : order / (1 - order) * expm1(log_power(state, m));
}

/* D_i = log VS + 2 (1 - phi_i^T rho phi_i / tr rho^2), by a Cholesky factor of rho + shift I. */
static divw_status gradient_two(const dw_spectrum *spectrum, double *R, dw_gradient *gradient) {
  const int64_t r = spectrum->r;
  const double log_vendi = dw_spectrum_log_vendi(spectrum, 2), factor = 2 * exp(log_vendi),
               shift = 1e-3 * exp(-log_vendi / 2);
  for (int64_t k = 0; k < r * r; k++) {
    R[k] = factor * (spectrum->S[k] + (k % (r + 1) == 0 ? shift : 0));
  }
  if (!dw_cholesky(R, r)) {
    return dw_fail(DIVW_ERROR_NUMERICAL, "the moment matrix is not positive semidefinite");
  }
  *gradient = (dw_gradient){.offset = log_vendi, .scale = -1, .shift = factor * shift + 2};
  gradient->state = (dw_dual_state){.order = 2, .trace = 1, .log_vendi = log_vendi};
  return DIVW_OK;
}

/* Fills sigma, scaled to trace 1, and what is known of it. */
static dw_dual_state find_state(const dw_spectrum *spectrum, double order, double smoothing, double *sigma) {
  dw_dual_state state = {.order = order, .smoothing = smoothing};
  dw_sum trace = {0, 0};
  double top = 0, sum = 0;
  for (int64_t k = 0; k < spectrum->count; k++) {
    sigma[k] = state_at(spectrum, order, smoothing, k);
    dw_sum_add(&trace, sigma[k]);
  }
  state.trace = dw_sum_value(&trace);
  for (int64_t k = 0; k < spectrum->count; k++) {
    sigma[k] /= state.trace;
    top = fmax(top, sigma[k]);
  }
  for (int64_t k = 0; order > 2 && k < spectrum->count; k++) {
    sum += pow(sigma[k] / top, order);
  }
  state.log_vendi = dw_log_vendi(sigma, spectrum->count, order);
  state.log_top = log(top);
  state.top_power = -state.log_top - log(sum);
  return state;
}

/* How far log VS may be off through the rounding of eigenvalues, which sum to 1. From order 1 on it is well
 * conditioned.
 */
static double rounding(const dw_spectrum *spectrum, const dw_dual_state *state) {
  double sum = 0;
  for (int64_t k = 0; state->order < 1 && k < spectrum->r; k++) {
    sum += spectrum->mu[k] > 0 ? fabs(gradient_at(state, spectrum->mu[k])) : 0;
  }
  return sum * dw_eigenvalue_error(spectrum->r, spectrum->rows) * spectrum->mu[spectrum->r - 1];
}

/* In single precision where that succeeds. */
static divw_status factor(const dw_spectrum *spectrum, const double *l, double *R) {
  divw_status status;
  bool good = false;
  if (spectrum->single) {
    DW_TRY(dw_factor_spectral_single(spectrum->V, l, spectrum->r, R, &good));
  }
  if (!good) {
    DW_TRY(dw_factor_spectral(spectrum->V, l, spectrum->r, R));
  }
fail:
  return status;
}

divw_status dw_gradient_of(const dw_spectrum *spectrum, double order, double exponent, double smoothing, double *R,
                           dw_gradient *gradient) {
  divw_status status;
  const int64_t r = spectrum->r;
  double *sigma;
  if (order == 2) {
    return gradient_two(spectrum, R, gradient);
  }
  DW_TRY(dw_alloc(&sigma, spectrum->count, sizeof *sigma));
  const dw_dual_state state = find_state(spectrum, order, smoothing, sigma);
  const double log_vendi = dw_spectrum_log_vendi(spectrum, order), above = state.log_vendi - log_vendi,
               least = LEAST * fmin(order, 1);
  gradient->state = state;
  gradient->offset = log_vendi;
  gradient->scale = dw_level_scale(exponent, above);
  gradient->constant = exponent == 0 ? above : expm1(exponent * above) / exponent;
  gradient->rounding = rounding(spectrum, &state);
  gradient->shift = least - gradient_at(&state, sigma[r - 1]);
  for (int64_t k = 0; k < r; k++) {
    sigma[k] = is_null(spectrum, order, k) ? least : gradient_at(&state, sigma[k]) + gradient->shift;
  }
  status = factor(spectrum, sigma, R);
  divw_free(sigma);
fail:
  return status;
}

void dw_gradient_finish(const dw_spectrum *spectrum, const dw_gradient *gradient, int64_t n, double *D) {
  const dw_dual_state *state = &gradient->state;
  const bool has_own = spectrum->count > spectrum->r && state->order > 0;
  for (int64_t i = 0; i < n; i++) {
    double own = 0, deficit = spectrum->count > spectrum->r ? spectrum->deficit[i] : 0;
    if (has_own && deficit > 0) {
      const double m = state_at(spectrum, state->order, state->smoothing, spectrum->r + i) / state->trace;
      own = fabs(gradient->scale) * deficit * gradient_at(state, m);
    }
    D[i] = gradient->offset + gradient->scale * (D[i] - gradient->shift * (1 - deficit)) + own;
  }
}
