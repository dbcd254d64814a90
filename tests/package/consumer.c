/* A program as a user of the installed library would write it: three rows, two of them the same, so that the most
 * diverse weights give a half to each kind. Exit status 0 where they do. */
#include <divweights/divweights.h>

#include <stdio.h>

static int half_each(const double *p) { return p[0] + p[1] > 0.5 - 1e-3 && p[0] + p[1] < 0.5 + 1e-3; }

int main(void) {
  const float rows[] = {1, 0, 1, 0, 0, 1};
  divw_dataset *dataset = NULL;
  divw_kernel *kernel = NULL;
  divw_solver *solver = NULL;
  divw_weights *weights = NULL;
  int64_t drawn[4] = {-1, -1, -1, -1};
  divw_sampler *sampler = NULL;
  int done = divw_dataset_create_copy(&dataset, rows, 3, 2, DIVW_FLOAT32, 0) == DIVW_OK &&
             divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE) == DIVW_OK &&
             divw_solver_create(&solver) == DIVW_OK && divw_solver_set_balance(solver, 1) == DIVW_OK &&
             divw_solver_solve(solver, kernel, &weights) == DIVW_OK && half_each(divw_weights_values(weights)) &&
             divw_sampler_create(&sampler, divw_weights_values(weights), 3, 1) == DIVW_OK &&
             divw_sampler_draw(sampler, 0, 0, 4, drawn) == DIVW_OK && drawn[3] >= 0 && drawn[3] < 3;
  printf("divweights %s: %s\n", divw_version(), done ? "ok" : divw_error_message());
  divw_sampler_destroy(sampler);
  divw_weights_destroy(weights);
  divw_solver_destroy(solver);
  divw_kernel_destroy(kernel);
  divw_dataset_destroy(dataset);
  return done ? 0 : 1;
}
