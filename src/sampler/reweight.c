/* Weights from weights.
 *
 * Everything is divided by the largest weight first, which is exact enough (one rounding) and keeps sums and powers
 * within 0 .. n whatever the scale: weights near 1e308 would overflow a plain sum. Sums are compensated (Neumaier
 * 1974), so that rounding does not grow with n. */
#include "../internal.h"

#include <divweights/reweight.h>

#include <float.h>
#include <math.h>

#define MAX_SHARDS (INT64_C(1) << 40)

typedef struct {
  double sum, compensation;
} accumulator;

/* Terms are not negative, so the larger of two is the larger in magnitude. */
static void add(accumulator *total, double term) {
  const double sum = total->sum + term;
  total->compensation += total->sum >= term ? (total->sum - sum) + term : (term - sum) + total->sum;
  total->sum = sum;
}

static double value(accumulator total) { return total.sum + total.compensation; }

/* p_i / (*largest *sum) has sum 1. `name` is that of the weights in the signature. */
typedef struct {
  double largest, sum;
} scale;

static divw_status measure(const double *p, int64_t count, const char *function, const char *name, scale *of) {
  if (count < 1) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected at least 1", function, (long long)count);
  }
  *of = (scale){0, 0};
  for (int64_t i = 0; i < count; i++) {
    if (!(p[i] >= 0 && isfinite(p[i]))) {
      return dw_fail(DIVW_ERROR_DATA, "%s: %s[%lld] is %g, expected a finite number >= 0", function, name, (long long)i,
                     p[i]);
    }
    of->largest = p[i] > of->largest ? p[i] : of->largest;
  }
  if (of->largest == 0) {
    return dw_fail(DIVW_ERROR_DATA, "%s: all %lld weights of %s are 0, expected one above 0", function,
                   (long long)count, name);
  }
  accumulator total = {0, 0};
  for (int64_t i = 0; i < count; i++) {
    add(&total, p[i] / of->largest);
  }
  of->sum = value(total);
  return DIVW_OK;
}

static double share(double p, scale of) { return p / of.largest / of.sum; }

/* (p / largest)^t, exact where it can be. A quotient below the smallest normal number has lost digits, or all of them;
 * there the quotient of the powers is used, which for t <= 1 are in range, and for t > 1 is 0 as it should be. */
static double power_of(double p, double largest, double t) {
  if (t == 0 || t == 1) {
    return t == 0 ? 1 : p / largest;
  }
  return p / largest >= DBL_MIN ? pow(p / largest, t) : pow(p, t) / pow(largest, t);
}

divw_status divw_reweight_temper(const double *p, int64_t count, double power, double *out) {
  DW_REQUIRE(p);
  DW_REQUIRE(out);
  if (!(power >= 0 && isfinite(power))) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: power is %g, expected a finite number >= 0", __func__, power);
  }
  scale of;
  divw_status status;
  DW_TRY(measure(p, count, __func__, "p", &of));
  accumulator total = {0, 0};
  for (int64_t i = 0; i < count; i++) {
    out[i] = p[i] > 0 ? power_of(p[i], of.largest, power) : 0;
    add(&total, out[i]);
  }
  for (int64_t i = 0; i < count; i++) {
    out[i] /= value(total);
  }
fail:
  return status;
}

divw_status divw_reweight_mix(const double *p, int64_t count, double part, double *out) {
  DW_REQUIRE(p);
  DW_REQUIRE(out);
  if (!(part >= 0 && part <= 1)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: part is %g, expected 0 to 1", __func__, part);
  }
  scale of;
  divw_status status;
  DW_TRY(measure(p, count, __func__, "p", &of));
  for (int64_t i = 0; i < count; i++) {
    out[i] = (1 - part) * share(p[i], of) + part / (double)count;
  }
fail:
  return status;
}

divw_status divw_reweight_loss(const double *p, int64_t count, double *out) {
  DW_REQUIRE(p);
  DW_REQUIRE(out);
  scale of;
  divw_status status;
  DW_TRY(measure(p, count, __func__, "p", &of));
  for (int64_t i = 0; i < count; i++) {
    out[i] = (double)count * share(p[i], of);
  }
fail:
  return status;
}

divw_status divw_reweight_correct(const double *p, const double *q, int64_t count, double *out) {
  DW_REQUIRE(p);
  DW_REQUIRE(q);
  DW_REQUIRE(out);
  scale meant, drawn;
  divw_status status;
  DW_TRY(measure(p, count, __func__, "p", &meant));
  DW_TRY(measure(q, count, __func__, "q", &drawn));
  for (int64_t i = 0; i < count; i++) {
    const double from = p[i], quotient = from == 0 ? 0 : share(from, meant) / share(q[i], drawn);
    if (!isfinite(quotient)) { /* also 0 / 0, where both shares are below the smallest number */
      return dw_fail(DIVW_ERROR_DATA,
                     "%s: q[%lld] is %g where p[%lld] is %g, expected a weight that p can be divided by", __func__,
                     (long long)i, q[i], (long long)i, from);
    }
    out[i] = quotient;
  }
fail:
  return status;
}

divw_status divw_reweight_shards(const double *p, int64_t count, const int64_t *shard, int64_t shard_count,
                                 double *out) {
  DW_REQUIRE(p);
  DW_REQUIRE(shard);
  DW_REQUIRE(out);
  if (shard_count < 1 || shard_count > MAX_SHARDS) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: shard_count is %lld, expected 1 to 2^40", __func__,
                   (long long)shard_count);
  }
  scale of = {0, 0};
  accumulator *totals = NULL;
  divw_status status;
  DW_TRY(measure(p, count, __func__, "p", &of));
  DW_TRY(dw_alloc_zero(&totals, shard_count, sizeof *totals));
  for (int64_t i = 0; i < count; i++) {
    if (shard[i] < 0 || shard[i] >= shard_count) {
      status = dw_fail(DIVW_ERROR_DATA, "%s: shard[%lld] is %lld, expected 0 to %lld", __func__, (long long)i,
                       (long long)shard[i], (long long)shard_count - 1);
      goto fail;
    }
    add(&totals[shard[i]], p[i] / of.largest);
  }
  for (int64_t s = 0; s < shard_count; s++) {
    out[s] = value(totals[s]) / of.sum;
  }
fail:
  divw_free(totals);
  return status;
}
