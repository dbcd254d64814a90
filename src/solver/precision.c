/* Which precision an evaluation runs in, and that what leaves a solve is proved in double.
 *
 * Ascent goes by estimates: passes and decompositions in single precision, half of the time. Its D is then off by some
 * delta, up to a constant. A fixed point p of such a D has the gap (Hoeffding's lemma; docs/mathematics.md, 7)
 *
 *     lambda KL(p || softmax(D / lambda))  <=  min( 2 delta, delta^2 / (2 lambda) ),
 *
 * so that far smaller gaps are reached than delta itself. What an iteration makes of the gap is an estimate of the same
 * kind; in the form lambda KL it is one of two close numbers and never negative, while the difference of a bound and a
 * value would have the error of the value, delta. An estimate proves nothing: when it comes down to the target, or to
 * what single precision attains, or eight iterations have made nothing better, the point is evaluated again in double,
 * and the solve goes on in double where that does not end it. A solve that ends otherwise evaluates its best point
 * again.
 *
 * Orders below 1 weigh small eigenvalues by mu^(q-1), which single precision does not have; interior points solve
 * systems as ill-conditioned as their barrier; the published optimiser is compared digit by digit; and of features of
 * low rank what is left out is as small as the error of single precision. They run in double, and so do problems so
 * small that the second look costs more than was saved. */
#include "solve.h"

#include "../simplex.h"

#include <float.h>
#include <math.h>

#define DELTA 1e-5           /* half the spread of D's error, mixtures: 2e-6 at r = 128, 5e-6 at 512, 8e-6 at 1024 */
#define WORTH_SINGLE 2e8     /* operations of an iteration: some milliseconds */
#define SINGLE_ROUNDING 1e-5 /* of a value, relative */

const char *divw_precision_name(int32_t precision) {
  switch (precision) {
  case DIVW_PRECISION_AUTO: return "auto";
  case DIVW_PRECISION_SINGLE: return "single";
  case DIVW_PRECISION_DOUBLE: return "double";
  default: return "unknown";
  }
}

double dw_ascent_cost(const dw_solve *solve) {
  const double n = (double)solve->n, r = (double)solve->r;
  return 2 * n * r * r + 9 * r * r * r;
}

bool dw_may_estimate(const dw_solve *solve) {
  const double order = solve->objective.order;
  const bool sound = !dw_has_deficits(solve) && order >= 1 && isfinite(order) && (order == 1 || solve->quality == NULL);
  switch (solve->options->precision) {
  case DIVW_PRECISION_DOUBLE: return false;
  case DIVW_PRECISION_SINGLE: return sound;
  default: return sound && dw_ascent_cost(solve) >= WORTH_SINGLE;
  }
}

/* The gap that single precision can be trusted down to. */
static double attainable(double lambda) { return 4 * fmin(2 * DELTA, DELTA * DELTA / (2 * lambda)); }

bool dw_wants_proof(const dw_point *point, double target) {
  return !(point->gap > fmax(target, attainable(point->lambda)));
}

void dw_restate_estimate(dw_solve *solve, dw_point *point) {
  solve->estimate_shift = point->log_value - dw_weighted_sum(point->p, point->D, solve->n) - point->constant;
  point->constant += solve->estimate_shift;
}

double dw_value_rounding(const dw_point *a, const dw_point *b) {
  return a->is_estimate || b->is_estimate ? SINGLE_ROUNDING : 16 * DBL_EPSILON;
}
