/* The report of weights for a person: what they achieve, and in plain words what is proven about them. */
#include "summary.h"

#include "output.h"

#include <inttypes.h>
#include <math.h>

static const char *name_of(int32_t objective) {
  switch (objective) {
  case DIVW_OBJECTIVE_LOG: return "G";
  case DIVW_OBJECTIVE_EFFECTIVE_EXAMPLES: return "VS";
  default: return "J";
  }
}

/* What the gap is a proof of. Above order 1 it is about weights that are as even at least. */
static void print_what_gap_proves(const divw_weights *weights) {
  const char *value = isnan(divw_weights_quality(weights)) ? "log VS" : "log (mean quality x VS)";
  const bool has_entropy = divw_weights_entropy_weight(weights) > 0;
  if (divw_weights_order(weights) > 1 && has_entropy) {
    print_row("", "proven: no weights with at least this entropy have a %s that is larger by more", value);
  } else {
    print_row("", "proven: %s%s is within that of the best there is", value, has_entropy ? " + lambda H" : "");
  }
}

static void print_proof(const divw_weights *weights) {
  const double gap = divw_weights_gap(weights), bound = divw_weights_global_upper_bound(weights);
  const int32_t objective = divw_weights_objective(weights);
  if (divw_weights_balance(weights) == 0) {
    print_row("gap", "0: at balance 0 the most even weights are the best there are");
    return;
  }
  print_row("gap", "%.2g nats", gap);
  print_what_gap_proves(weights);
  print_row("error bar", "%.2g", divw_weights_error_bar(weights));
  print_row("", "proven: sum |p - p*| is at most that, p* the best weights at this lambda");
  if (!isnan(bound)) {
    const char *name = name_of(objective);
    print_row("global bound", "%s <= %.8g, %.2g above these weights", name, bound, divw_weights_global_gap(weights));
    print_row("", "proven: no weights that are allowed have a %s above the bound", name);
  }
}

/* What features of low rank leave open, if they do. */
static void print_interval(const divw_weights *weights) {
  switch (divw_weights_approximation(weights)) {
  case DIVW_APPROXIMATION_CHOLESKY:
    print_row("", "proven: of the kernel itself it is from %.6f to %.6f with the weights,",
              divw_weights_vendi_score_low(weights), divw_weights_vendi_score_high(weights));
    print_row("", "which features leave %.3g of, of 1", divw_weights_residual(weights));
    break;
  case DIVW_APPROXIMATION_FEATURES:
    print_row("", "an estimate, without a bound: proven is what follows of random features alone");
    break;
  default: break;
  }
}

static const char *stop_in_words(int32_t reason) {
  switch (reason) {
  case DIVW_STOP_CONVERGED: return "converged";
  case DIVW_STOP_MAX_ITERATIONS: return "stopped at --max-iterations before the tolerance";
  case DIVW_STOP_CANCELLED: return "interrupted before the tolerance";
  case DIVW_STOP_STALLED: return "stopped where rounding keeps the gap above the tolerance";
  case DIVW_STOP_RANK: return "stopped where the rank keeps the gap above the tolerance";
  default: return "unknown";
  }
}

void print_summary(const divw_weights *weights) {
  const double score = divw_weights_vendi_score(weights);
  print_row("examples", "%" PRId64, divw_weights_count(weights));
  if (!isnan(score)) {
    print_row("Vendi Score", "%.6f -> %.6f  (uniform -> weighted)", divw_weights_vendi_score_uniform(weights), score);
    print_interval(weights);
  }
  if (!isnan(divw_weights_order(weights)) && divw_weights_order(weights) != 1) {
    print_row("order", "%.12g", divw_weights_order(weights));
  }
  print_row("entropy", "%.6f nats", divw_weights_entropy(weights));
  print_row("effective examples", "%.1f", divw_weights_effective_examples(weights));
  if (isnan(score)) {
    return;
  }
  if (!isnan(divw_weights_quality(weights))) {
    print_row("mean quality", "%.6g", divw_weights_quality(weights));
  }
  const int32_t objective = divw_weights_objective(weights);
  if (objective == DIVW_OBJECTIVE_EFFECTIVE_EXAMPLES) {
    print_row("objective VS", "%.8g", divw_weights_objective_value(weights));
  } else {
    print_row(objective == DIVW_OBJECTIVE_LOG ? "objective G" : "objective J", "%.8g  (balance %g)",
              divw_weights_objective_value(weights), divw_weights_balance(weights));
  }
  print_row("lambda", "%.6g nats", divw_weights_entropy_weight(weights));
  print_proof(weights);
  print_row("iterations", "%" PRId64 ", %s", divw_weights_iterations(weights),
            stop_in_words(divw_weights_stop_reason(weights)));
  if (divw_weights_rank_needed(weights) > 0) {
    print_row("", "a rank of about %" PRId64 " would do", divw_weights_rank_needed(weights));
  }
  print_row("solves", "%" PRId64 ", %" PRId64 " passes over the rows", divw_weights_solves(weights),
            divw_weights_row_passes(weights));
}
