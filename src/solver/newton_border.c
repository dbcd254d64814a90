/* The border of Newton's matrix M: what few unknowns add to the equations of many rows.
 *
 *     M dp + sum_c x_c column_c = right,     column_c . dp + ... = right_c,
 *
 * with a column for each group (x: the step of its multiplier theta), for a limit on g = sum p log(n p) (that of
 * lambda), and for the value's own variable. dp is eliminated by the factor of M, and what is left, with the masses and
 * nu, is a small dense system.
 *
 * Where the objective is J or G, what stands beside the value is no constant. In units of the value, VS^e / e, the
 * entropy has the weight lambda VS^e, and log p.s (scores) VS^e, where lambda falls as the value p.s VS of J:
 *
 *     d log(weight of both) = -c d log VS,  c = -e;         d log lambda = -c d log(p.s VS),  c = 1 for J, 0 for G .
 *
 * e is 1 - q (q = inf: -1); at fixed slopes beside a level with another exponent, the first c is that one less e. Left
 * out, every step maximises a minorant of the objective, and the iteration converges linearly, by a factor of 0.4 for
 * q = 5 on images. So the response of everything to each of the two is computed once for each matrix, and added to
 * every direction in the amount that makes both agree:
 *
 *     change = -c dlogVS(dp) / (1 + c dlogVS(response)) .
 *
 * Without scores the two are one, with the sum of both c. The divisor is positive at a strict local maximum, and 1
 * where nothing follows. Elsewhere it may be anything, and far off log VS is not linear: divisor and change are kept
 * within bounds, and the step between that of the minorant and Newton's. */
#include "newton.h"

#include "../linalg.h"

#include <string.h>

#define LEAST_DIVISOR 0.2
/* How far what follows may fall or rise in a direction, relative to itself. */
#define MOST_FALL 0.5
#define MOST_RISE 1

/* ---- columns ---- */

/* A group's rows, the slope of the entropy, the column of the value's own variable. */
static double entry(const dw_newton *w, int64_t column, int64_t k) {
  if (column < w->groups) {
    return dw_newton_group(w, k) == column;
  }
  return w->limited && column == w->groups ? dw_newton_slope(w, k) : w->value->column[k];
}

/* The columns transposed times x. */
static void across(const dw_newton *w, const double *x, double *out) {
  memset(out, 0, (size_t)w->columns * sizeof *out);
  for (int64_t k = 0; k < w->m; k++) {
    out[dw_newton_group(w, k)] += x[k];
    for (int64_t c = w->groups; c < w->columns; c++) {
      out[c] += entry(w, c, k) * x[k];
    }
  }
}

/* Where the unknown of a column is in the small system: those of lambda and of the value come last. */
static int64_t place(const dw_newton *w, int64_t column) {
  return column < w->groups ? column : w->unknowns - (w->columns - column);
}

/* ---- the small system ---- */

/* Its unknowns: theta (groups), masses (loose), nu (if there are loose masses), lambda (if limited), and the value's
 * own variable, if it has one. The border gives its symmetric part. */
static void fill(dw_newton *w) {
  int64_t u = w->unknowns, at_nu = w->groups + w->loose, pair = dw_newton_group_pairs(w);
  double *A = w->small, *sums = A + u * u;
  memset(A, 0, (size_t)(u * u) * sizeof *A);
  for (int64_t c = 0; c < w->columns; c++) {
    across(w, w->border + c * w->m, sums);
    for (int64_t d = 0; d < w->columns; d++) {
      A[place(w, d) * u + place(w, c)] = sums[d];
    }
  }
  for (int32_t g = 0; g < w->groups; g++) {
    A[g * (u + 1)] += A[g * (u + 1)] == 0; /* no active row: its multiplier stays */
  }
  for (int32_t f = 0; f < w->loose; f++) {
    int64_t g = w->loose_group[f], row = w->groups + f;
    A[g * u + row] = A[row * u + at_nu] = A[at_nu * u + row] = 1;
    A[row * u + g] = -1;
    A[row * (u + 1)] = dw_newton_stiffness(w, pair + f) + dw_newton_stiffness(w, pair + w->loose + f);
  }
  if (w->limited) {
    A[place(w, w->groups) * (u + 1)] += w->slack[dw_newton_limit_pair(w)] / w->lambda;
  }
  if (w->value->column != NULL) {
    A[u * u - 1] -= w->value->diagonal;
  }
}

/* What the equations of the unknowns themselves have on their right-hand side. */
static void shift(const dw_newton *w, double kappa) {
  int64_t u = w->unknowns, pair = dw_newton_group_pairs(w), limit = dw_newton_limit_pair(w);
  double *b = w->unknown, *masses = w->small + u * u, total = 0;
  across(w, w->p, masses);
  for (int32_t g = 0; g < w->groups; g++) {
    b[g] -= w->mass[g] - w->fixed_mass[g] - masses[g];
    total += w->mass[g];
  }
  for (int32_t f = 0; f < w->loose; f++) {
    b[w->groups + f] = w->theta[w->loose_group[f]] - w->nu + dw_newton_pull(w, pair + f, kappa) -
                       dw_newton_pull(w, pair + w->loose + f, kappa);
    b[w->groups + w->loose] = 1 - total;
  }
  if (w->limited) {
    b[place(w, w->groups)] += (kappa - w->second[limit]) / w->lambda - dw_newton_room(w, 0);
  }
  if (w->value->column != NULL) {
    b[u - 1] -= w->value->own_equation(w->value->self, kappa);
  }
}

/* From M^-1 times a right-hand side in x to the direction there, and the unknowns; at_rest: the equations of the
 * unknowns have nothing on theirs. */
static bool eliminate(dw_newton *w, double *x, bool at_rest, double kappa) {
  int64_t u = w->unknowns;
  double *sums = w->small + u * u;
  fill(w);
  across(w, x, sums);
  memset(w->unknown, 0, (size_t)u * sizeof *w->unknown);
  for (int64_t c = 0; c < w->columns; c++) {
    w->unknown[place(w, c)] = sums[c];
  }
  if (!at_rest) {
    shift(w, kappa);
  }
  if (!dw_solve_dense(w->small, u, w->unknown, w->pivots)) {
    return false;
  }
  for (int64_t c = 0; c < w->columns; c++) {
    double amount = w->unknown[place(w, c)];
    for (int64_t k = 0; k < w->m; k++) {
      x[k] -= amount * w->border[c * w->m + k];
    }
  }
  return true;
}

/* ---- what follows VS ---- */

/* d log VS of a direction, or d log(p.s VS). */
static double growth(const dw_newton *w, bool of_value, const double *dp, const double *unknown) {
  const dw_concave *value = w->value;
  const double quality = value->score == NULL ? 0 : dw_dot(value->score, dp, w->m);
  const double vendi = value->growth != NULL ? value->growth(value->self, unknown[w->unknowns - 1])
                                             : dw_dot(w->g, dp, w->m) / value->unit - w->at->omega * quality;
  return of_value ? vendi + quality : vendi;
}

/* What one more of its logarithm adds to the right-hand side. A limit on the entropy has a multiplier of its own. */
static double push(const dw_newton *w, const dw_follower *f, int64_t k) {
  const double entropy = w->limited ? 0 : -w->lambda * dw_newton_slope(w, k);
  return f->of_value ? entropy : entropy + w->value->unit * w->at->omega * w->value->score[k];
}

static void follow(const dw_newton *w, const dw_follower *f, double *dp, double *unknown) {
  const double change = fmin(fmax(-f->rate * growth(w, f->of_value, dp, unknown) / f->divisor, -MOST_FALL), MOST_RISE);
  for (int64_t k = 0; k < w->m; k++) {
    dp[k] += change * f->response[k];
  }
  for (int64_t j = 0; j < w->unknowns; j++) {
    unknown[j] += change * f->answer[j];
  }
}

/* The responses, of the second one with the first one following. */
static bool find_responses(dw_newton *w) {
  for (int j = 0; j < w->follower_count; j++) {
    dw_follower *f = &w->followers[j];
    for (int64_t k = 0; k < w->m; k++) {
      f->response[k] = push(w, f, k);
    }
    dw_newton_matrix_solve(w->matrix, f->response, 1);
    if (!eliminate(w, f->response, true, 0)) {
      return false;
    }
    memcpy(f->answer, w->unknown, (size_t)w->unknowns * sizeof *f->answer);
    for (int i = 0; i < j; i++) {
      follow(w, &w->followers[i], f->response, f->answer);
    }
    f->divisor = fmax(1 + f->rate * growth(w, f->of_value, f->response, f->answer), LEAST_DIVISOR);
  }
  return true;
}

/* ---- both ---- */

void dw_newton_border_factor(dw_newton *w) {
  for (int64_t c = 0; c < w->columns; c++) {
    for (int64_t k = 0; k < w->m; k++) {
      w->border[c * w->m + k] = entry(w, c, k);
    }
  }
  dw_newton_matrix_solve(w->matrix, w->border, w->columns);
  w->responds = false;
}

bool dw_newton_border_solve(dw_newton *w, double kappa) {
  if (!w->responds && !find_responses(w)) {
    return false;
  }
  w->responds = true;
  memcpy(w->dp, w->base, (size_t)w->m * sizeof *w->dp);
  if (!eliminate(w, w->dp, false, kappa)) {
    return false;
  }
  for (int j = 0; j < w->follower_count; j++) {
    follow(w, &w->followers[j], w->dp, w->unknown);
  }
  memcpy(w->dtheta, w->unknown, (size_t)w->groups * sizeof *w->dtheta);
  memcpy(w->dmass, w->unknown + w->groups, (size_t)w->loose * sizeof *w->dmass);
  w->dnu = w->loose > 0 ? w->unknown[w->groups + w->loose] : 0;
  w->dlambda = w->limited ? w->unknown[place(w, w->groups)] : 0;
  return true;
}
