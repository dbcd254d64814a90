/* From the kernel that a solve works on to the one that is meant, where features are of low rank.
 *
 * A solve is of K' = phi phi^T + diag(delta), short for sum p_i phi_i phi_i^T beside all p_i delta_i. For every p and
 * every order its score is at least that of K (pinching; docs/mathematics.md, 13.1), so whatever bounds K' from above,
 * its gap and its global bound, bounds K too. What the weights at hand are worth under K is known as an interval; its
 * lower end takes the place of their score under K'. All that is reported about a proof is about K. */
#include "solve.h"

#include "../interval.h"
#include "../kernel/decay.h"

#include <math.h>
#include <string.h>

/* The rank that would bring the gap to the tolerance: the part of it that deficits make goes with them. */
static void name_rank(const dw_solve *solve, double width, dw_report *report) {
  const double factor = solve->options->tolerance / 2 / width;
  strcpy(report->stop_reason, divw_stop_name(DIVW_STOP_RANK));
  report->rank_needed = dw_decay_rank(dw_kernel_decay(solve->kernel), factor, solve->n);
}

/* Restates the report, of log VS_q = `interval` instead of that of the best point. */
static void restate(const dw_solve *solve, const dw_solution *solution, const dw_interval *interval,
                    dw_report *report) {
  const dw_point *best = &solution->best;
  const double quality = best->log_value - best->log_vendi, width = fmax(best->log_vendi - interval->low, 0);
  report->objective_value =
      dw_objective_value(&solve->objective, interval->low + quality, log((double)solve->n) - best->deficit);
  report->global_gap = fmax(report->global_upper_bound - report->objective_value, 0);
  if (isfinite(best->lambda)) {
    report->certified_value = interval->low + quality + best->lambda * report->entropy;
  }
  if (!solution->is_settled) {
    report->gap += width;
    if (report->gap > solve->options->tolerance && best->gap <= solve->options->tolerance) {
      name_rank(solve, width, report);
    }
  }
  report->upper_bound = report->certified_value + report->gap;
}

divw_status dw_widen(dw_solve *solve, const dw_solution *solution, dw_report *report) {
  divw_status status = DIVW_OK;
  dw_interval interval;
  strcpy(report->approximation, divw_approximation_name(divw_kernel_approximation(solve->kernel)));
  report->vendi_score_low = report->vendi_score_high = report->vendi_score;
  report->residual = 0;
  if (divw_kernel_approximation(solve->kernel) == DIVW_APPROXIMATION_FEATURES) {
    report->vendi_score_low = report->vendi_score_high = report->residual = NAN;
  }
  if (solve->spectrum.count > solve->r) {
    DW_TRY(dw_spectrum_compute(&solve->spectrum, solve->kernel, solution->best.p));
    DW_TRY(dw_interval_of(&solve->spectrum, solve->objective.order, &interval));
    report->row_passes = ++solve->row_passes;
    report->vendi_score = exp(interval.estimate);
    report->vendi_score_low = exp(interval.low);
    report->vendi_score_high = exp(interval.high);
    report->residual = interval.residual;
    restate(solve, solution, &interval, report);
  }
fail:
  return status;
}
