/* From a file of examples to a file of weights, and in words what is proven about them. Ctrl-C ends the search early;
 * the best weights so far are kept, with a proof that is as good as they are.
 *
 *     solve FILE WEIGHTS.npy [BALANCE]
 */
#include <divweights/divweights.h>

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool ok(divw_status status) {
  if (status != DIVW_OK) {
    fprintf(stderr, "solve: %s\n", divw_error_message());
  }
  return status == DIVW_OK;
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number) {
  interrupted = number;
  signal(number, SIG_DFL); /* a second Ctrl-C ends at once */
}

/* Told of every iteration; any answer but 0 cancels. */
static int32_t watch(int64_t iteration, double vendi_score, double entropy, double objective, double gap,
                     double seconds, void *user) {
  (void)entropy, (void)user;
  fprintf(stderr, "%4" PRId64 "  %5.1f s  Vendi Score %9.4f  objective %9.5f  gap %.1e\n", iteration, seconds,
          vendi_score, objective, gap);
  return interrupted;
}

static void explain(const divw_weights *weights) {
  printf("The Vendi Score went from %.4f to %.4f, with %.1f of %" PRId64 " examples in effect.\n",
         divw_weights_vendi_score_uniform(weights), divw_weights_vendi_score(weights),
         divw_weights_effective_examples(weights), divw_weights_count(weights));
  printf("The search ended after %" PRId64 " iterations: %s.\n", divw_weights_iterations(weights),
         divw_stop_name(divw_weights_stop_reason(weights)));
  if (divw_weights_balance(weights) > 0) {
    printf("Proven: with a nat of entropy worth %.4g nats of log Vendi Score, no weights are better by more than %.1e "
           "nats.\n",
           divw_weights_entropy_weight(weights), divw_weights_gap(weights));
  }
  printf("Proven: no weights at all reach an objective above %.6f; these reach %.6f.\n",
         divw_weights_global_upper_bound(weights), divw_weights_objective_value(weights));
}

static bool set_balance(divw_solver *solver, const char *text) {
  char *end;
  const double balance = strtod(text, &end);
  if (end == text || *end != '\0') {
    fprintf(stderr, "solve: BALANCE is %s, expected a number in [0, 1]\n", text);
    return false;
  }
  return ok(divw_solver_set_balance(solver, balance));
}

int main(int argc, char **argv) {
  divw_dataset *dataset = NULL;
  divw_kernel *kernel = NULL;
  divw_solver *solver = NULL;
  divw_weights *weights = NULL;
  if (argc < 3 || argc > 4) {
    fprintf(stderr, "usage: solve FILE WEIGHTS.npy [BALANCE]\n");
    return 2;
  }
  signal(SIGINT, on_interrupt);

  const bool done = ok(divw_dataset_load(&dataset, argv[1])) &&
                    ok(divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE)) && ok(divw_solver_create(&solver)) &&
                    (argc == 3 || set_balance(solver, argv[3])) && ok(divw_solver_set_progress(solver, watch, NULL)) &&
                    ok(divw_solver_solve(solver, kernel, &weights)) && ok(divw_weights_save(weights, argv[2]));
  if (done) {
    explain(weights);
  }

  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(dataset);
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
