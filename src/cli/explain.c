/* Why an example has its weight: at the optimum p_i is proportional to exp(D_i / lambda), so the question is where its
 * marginal diversity comes from.
 *
 *     D_i = sum_k c_k,   c_k = <v_k, phi_i>^2 h(mu_k)     a term for each eigenmode v_k of rho(p)
 *     1 = sum_j p_j <v_k, phi_j>^2 / mu_k                 the share of each example in a mode: who carries it
 *
 * Its rate, D_i less the weighted mean, is what compares examples at any order: near order 1 D has the constant q/(1-q)
 * in it, and the terms of the rate, c_k less that mean times <v_k, phi_i>^2, have not.
 *
 * A mode of small weight mu_k gives many nats to an example that lies in it. Neighbours are the examples of largest
 * |similarity|: the Vendi Score does not tell x from -x. */
#include "explain.h"

#include "input.h"
#include "output.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  const cli_examples *examples;
  const divw_kernel *kernel;
  const cli_settings *settings;
  int64_t r;
  double order, log_vendi, mean; /* mean: sum p D */
  double *mu, *modes, *rate;     /* rate: D - mean */
  double *values;                /* n numbers to work with */
} explanation;

/* ---- computing ---- */

/* values[i] = <direction, phi_i>. */
static bool project_all(const explanation *e, const double *direction) {
  const int64_t n = e->examples->n, r = e->r, block = r < 65536 ? 65536 / r : 1;
  double *phi = allocate(block * r, sizeof *phi);
  bool done = true;
  for (int64_t first = 0; first < n && done; first += block) {
    const int64_t count = n - first < block ? n - first : block;
    done = ok(divw_kernel_read(e->kernel, first, count, phi));
    for (int64_t i = 0; i < count; i++) {
      e->values[first + i] = 0;
      for (int64_t k = 0; k < r; k++) {
        e->values[first + i] += direction[k] * phi[i * r + k];
      }
    }
  }
  free(phi);
  return done;
}

/* Nats that a unit of squared length in mode k is worth. */
static double nats_of_mode(const explanation *e, int64_t k) {
  if (e->mu[k] == 0) {
    return 0; /* no example with weight lies there; D is infinite where another does */
  }
  return e->order == 1 ? -log(e->mu[k])
                       : e->order / (1 - e->order) * exp((e->order - 1) * (log(e->mu[k]) + e->log_vendi));
}

/* The same less the weighted mean. */
static double rate_of_mode(const explanation *e, int64_t k) {
  if (e->mu[k] == 0) {
    return 0;
  }
  const double x = log(e->mu[k]) + e->log_vendi;
  return e->order == 1 ? -x : e->order / (1 - e->order) * expm1((e->order - 1) * x);
}

static int64_t rank_of(const double *values, int64_t n, int64_t i) {
  int64_t rank = 1;
  for (int64_t j = 0; j < n; j++) {
    rank += values[j] > values[i];
  }
  return rank;
}

static bool compute(explanation *e) {
  const double *p = e->examples->p;
  e->r = divw_kernel_features(e->kernel);
  e->mu = allocate(e->r, sizeof *e->mu);
  e->modes = allocate(e->r * e->r, sizeof *e->modes);
  e->rate = allocate(e->examples->n, sizeof *e->rate);
  e->values = allocate(e->examples->n, sizeof *e->values);
  if (!ok(divw_vendi_rate(e->kernel, p, e->order, NULL, e->rate)) ||
      !ok(divw_vendi_modes(e->kernel, p, e->mu, e->modes))) {
    return false;
  }
  e->log_vendi = log(divw_vendi_of_spectrum(e->mu, e->r, e->order));
  e->mean = e->order == 1 ? e->log_vendi : e->order / (1 - e->order);
  return true;
}

/* ---- lists of examples ---- */

/* The examples of the largest values, those below 0 left out, each with a number. */
static void show_list(const explanation *e, const double *shown, const char *number, const char *title) {
  const int64_t n = e->examples->n, count = e->settings->heaviest < n ? e->settings->heaviest : n;
  int64_t *found = find_extremes(e->values, n, 1, count);
  if (e->settings->json) {
    json_open(title, '[');
  } else {
    printf("%10s ", number);
    print_names_header(e->examples);
  }
  for (int64_t k = 0; k < count && e->values[found[k]] >= 0; k++) {
    if (e->settings->json) {
      json_open(NULL, '{');
      name_as_json(e->examples, found[k]);
      json_real(number, shown[found[k]]);
      json_close('}');
    } else {
      printf("%10.4f ", shown[found[k]]);
      name_as_row(e->examples, found[k]);
    }
  }
  if (e->settings->json) {
    json_close(']');
  }
  free(found);
}

/* Nearest neighbours, of all other examples or of those that weigh at least as much as uniform. */
static void show_neighbours(const explanation *e, const double *similarity, int64_t i, bool heavy) {
  const cli_examples *examples = e->examples;
  for (int64_t j = 0; j < examples->n; j++) {
    const bool listed = j != i && (!heavy || examples->p[j] * (double)examples->n >= 1);
    e->values[j] = listed ? fabs(similarity[j]) : -1;
  }
  if (!e->settings->json) {
    printf(heavy ? "\nnearest among the heavy rows (weight at least uniform)\n" : "\nnearest of all rows\n");
  }
  show_list(e, similarity, "similarity", heavy ? "heavy_neighbours" : "neighbours");
}

/* ---- modes ---- */

static bool show_mode(const explanation *e, int64_t k, double part, double D) {
  const double nats = part * nats_of_mode(e, k), share = isfinite(D) && D != 0 ? nats / D : NAN,
               rate = part * rate_of_mode(e, k);
  if (!project_all(e, e->modes + k * e->r)) {
    return false;
  }
  for (int64_t j = 0; j < e->examples->n; j++) {
    e->values[j] = e->mu[k] > 0 ? e->examples->p[j] * e->values[j] * e->values[j] / e->mu[k] : -1;
  }
  if (e->settings->json) {
    json_open(NULL, '{');
    json_whole("mode", k + 1);
    json_real("eigenvalue", e->mu[k]);
    json_real("part", part);
    json_real("nats", nats);
    json_real("share", share);
    json_real("rate", rate);
  } else {
    printf("\nmode %" PRId64 ", eigenvalue %.4g: %.1f%% of the example lies in it, %.4f nats, %+.4f of the rate", k + 1,
           e->mu[k], 100 * part, nats, rate);
    printf(isnan(share) ? "; carried by\n" : ", %.1f%% of its marginal diversity; carried by\n", 100 * share);
  }
  show_list(e, e->values, "share", "carriers");
  if (e->settings->json) {
    json_close('}');
  }
  return true;
}

static bool show_modes(const explanation *e, const double *phi, double D) {
  const int64_t r = e->r, count = e->settings->heaviest < r ? e->settings->heaviest : r;
  double *part = allocate(r, sizeof *part), *nats = allocate(r, sizeof *nats);
  for (int64_t k = 0; k < r; k++) {
    double inner = 0;
    for (int64_t j = 0; j < r; j++) {
      inner += e->modes[k * r + j] * phi[j];
    }
    part[k] = inner * inner;
    nats[k] = fabs(part[k] * nats_of_mode(e, k));
  }
  int64_t *found = find_extremes(nats, r, 1, count);
  bool done = true;
  if (e->settings->json) {
    json_open("modes", '[');
  }
  for (int64_t k = 0; k < count && done; k++) {
    done = show_mode(e, found[k], part[found[k]], D);
  }
  if (e->settings->json) {
    json_close(']');
  }
  free(found);
  free(nats);
  free(part);
  return done;
}

/* ---- an example ---- */

static void show_place(const explanation *e, int64_t i) {
  const cli_examples *examples = e->examples;
  const int64_t n = examples->n, by_weight = rank_of(examples->p, n, i), by_diversity = rank_of(e->rate, n, i);
  const double D = e->rate[i] + e->mean;
  if (e->settings->json) {
    name_as_json(examples, i);
    json_whole("weight_rank", by_weight);
    json_real("marginal_diversity", D);
    json_whole("marginal_diversity_rank", by_diversity);
    json_real("rate", e->rate[i]);
    return;
  }
  printf("\n");
  print_names_header(examples);
  name_as_row(examples, i);
  print_row("weight", "number %" PRId64 " of %" PRId64, by_weight, n);
  print_row("marginal diversity", "%.6f nats, number %" PRId64 " of %" PRId64 "; the weighted mean is %.6f", D,
            by_diversity, n, e->mean);
  print_row("rate", "%+.6f nats: what it is above the mean, which log VS grows by with the first weight on it",
            e->rate[i]);
}

static bool show_example(const explanation *e, int64_t i) {
  double *phi = allocate(e->r, sizeof *phi), *similarity = allocate(e->examples->n, sizeof *similarity);
  bool done = ok(divw_kernel_read(e->kernel, i, 1, phi)) && project_all(e, phi);
  if (done) {
    if (e->settings->json) {
      json_open(NULL, '{');
    }
    for (int64_t j = 0; j < e->examples->n; j++) {
      similarity[j] = e->values[j];
    }
    show_place(e, i);
    show_neighbours(e, similarity, i, true);
    show_neighbours(e, similarity, i, false);
    done = show_modes(e, phi, e->rate[i] + e->mean);
    if (e->settings->json) {
      json_close('}');
    }
  }
  free(similarity);
  free(phi);
  return done;
}

/* ---- all of them ---- */

/* Positions of the rows that --example names; NULL after a sentence. To be freed. */
static int64_t *find_examples(const cli_examples *examples, const cli_settings *settings) {
  int64_t *found = allocate(settings->example.count, sizeof *found);
  for (int64_t k = 0; k < settings->example.count; k++) {
    int64_t i = 0;
    while (i < examples->n && row_of(examples, i) != settings->example.values[k]) {
      i++;
    }
    if (i == examples->n) {
      fail("--example names row %" PRId64 " of %s, expected one of the %" PRId64 " rows that are selected",
           settings->example.values[k], settings->input, examples->n);
      free(found);
      return NULL;
    }
    found[k] = i;
  }
  return found;
}

/* Weights found on other rows, or with another kernel, would be explained by what had nothing to do with them. */
static void warn_of_other_rows(const explanation *e, const divw_weights *weights) {
  const double found = exp(e->log_vendi), reported = divw_weights_vendi_score(weights);
  const double low = fmin(reported, divw_weights_vendi_score_low(weights)) * (1 - 1e-6); /* of features of low rank */
  const double high = fmax(reported, divw_weights_vendi_score_high(weights)) * (1 + 1e-6);
  if (divw_weights_order(weights) == e->order && !(found >= low && found <= high)) {
    fail("%s: its report has a Vendi Score of %.7g, but it is %.7g here: were the rows, --kernel, --center and "
         "--components the same?",
         e->settings->weights, reported, found);
  }
}

static bool show_all(const explanation *e, const int64_t *positions) {
  bool done = true;
  if (e->settings->json) {
    json_open(NULL, '{');
    json_text("kind", "explanation");
    json_whole("n", e->examples->n);
    json_kernel(e->kernel);
    json_real("order", e->order);
    json_real("vendi_score", exp(e->log_vendi));
    json_real("mean_marginal_diversity", e->mean);
    json_open("examples", '[');
  } else {
    print_row("examples", "%" PRId64, e->examples->n);
    print_similarity(divw_kernel_parameters(e->kernel), e->kernel);
    print_row("order", "%.12g", e->order);
    print_row("Vendi Score", "%.6f with the given weights", exp(e->log_vendi));
  }
  for (int64_t k = 0; k < e->settings->example.count && done; k++) {
    done = show_example(e, positions[k]);
  }
  if (e->settings->json) {
    json_close(']');
    json_close('}');
    putchar('\n');
  }
  return done;
}

bool explain_examples(const cli_examples *examples, const divw_weights *weights, const cli_settings *settings) {
  divw_kernel *kernel = NULL;
  explanation e = {.examples = examples, .settings = settings, .order = 1};
  if (option_given(settings, &verb_inspect, "order")) {
    e.order = settings->order;
  } else if (!isnan(divw_weights_order(weights))) {
    e.order = divw_weights_order(weights);
  }
  if (isinf(e.order)) {
    return fail("order inf has no gradient, hence no marginal diversities: give --order with a finite number");
  }
  int64_t *positions = find_examples(examples, settings);
  bool done = positions != NULL && bind_kernel(&kernel, examples->dataset, settings);
  e.kernel = kernel;
  done = done && compute(&e);
  if (done) {
    warn_of_other_rows(&e, weights);
    done = show_all(&e, positions);
  }
  free(e.values);
  free(e.rate);
  free(e.modes);
  free(e.mu);
  divw_kernel_destroy(kernel);
  free(positions);
  return done;
}
