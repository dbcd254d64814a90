/* Kernels whose features stand for a similarity approximately: their life. */
#include "parts.h"

#include <math.h>

const char *divw_approximation_name(int32_t approximation) {
  switch (approximation) {
  case DIVW_APPROXIMATION_NONE: return "none";
  case DIVW_APPROXIMATION_CHOLESKY: return "cholesky";
  case DIVW_APPROXIMATION_FEATURES: return "features";
  default: return "unknown";
  }
}

int32_t divw_kernel_approximation(const divw_kernel *kernel) { return kernel == NULL ? 0 : kernel->approximation; }

const double *divw_kernel_deficit(const divw_kernel *kernel) { return kernel == NULL ? NULL : kernel->deficit; }

const double *dw_kernel_deficit(const divw_kernel *kernel) { return kernel->deficit; }

uint64_t dw_kernel_seed(const divw_kernel *kernel) { return kernel->seed; }

const dw_decay *dw_kernel_decay(const divw_kernel *kernel) { return &kernel->decay; }

/* A kernel without features, of a similarity that is bound to the examples. */
static divw_status create(divw_kernel **out, const divw_dataset *dataset, const divw_similarity *options,
                          int32_t approximation, uint64_t seed) {
  divw_status status;
  DW_TRY(dw_alloc_zero(out, 1, sizeof **out));
  (*out)->n = divw_dataset_count(dataset);
  (*out)->approximation = approximation;
  (*out)->seed = seed;
  (*out)->columns = (dw_columns){.count = divw_dataset_dimension(dataset)};
  DW_TRY(dw_dataset_share(&(*out)->dataset, dataset));
  DW_TRY(dw_similarity_bind(&(*out)->similarity, options, (*out)->dataset));
fail:
  return status;
}

divw_status divw_kernel_create_low_rank(divw_kernel **out, const divw_dataset *dataset,
                                        const divw_similarity *similarity, int64_t rank, double residual,
                                        uint64_t seed) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  DW_REQUIRE(similarity);
  if (rank < 1) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: rank is %lld, expected 1 or more", __func__, (long long)rank);
  }
  if (!(residual >= 0 && residual <= 1)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: residual is %g, expected 0 to 1", __func__, residual);
  }
  if (divw_similarity_clip_negative(similarity)) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: clip_negative is set, which needs all eigenvalues of the matrix, expected it off", __func__);
  }
  divw_status status;
  divw_kernel *kernel = NULL;
  DW_TRY(create(&kernel, dataset, similarity, DIVW_APPROXIMATION_CHOLESKY, seed));
  DW_TRY(dw_kernel_make_low_rank(kernel, rank, residual, seed));
  *out = kernel;
  return DIVW_OK;
fail:
  divw_kernel_destroy(kernel);
  return status;
}

divw_status divw_kernel_create_features(divw_kernel **out, const divw_dataset *dataset,
                                        const divw_similarity *similarity, int64_t count, uint64_t seed) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(dataset);
  DW_REQUIRE(similarity);
  const int32_t kind = divw_similarity_kind(similarity);
  if (kind != DIVW_KERNEL_GAUSSIAN && kind != DIVW_KERNEL_LAPLACIAN && kind != DIVW_KERNEL_MATERN) {
    return dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: a %s similarity has no random features, expected gaussian, laplacian or matern", __func__,
                   divw_kernel_name(kind));
  }
  if (count < 2 || count % 2 != 0) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected an even number from 2 on", __func__,
                   (long long)count);
  }
  divw_status status;
  divw_kernel *kernel = NULL;
  DW_TRY(create(&kernel, dataset, similarity, DIVW_APPROXIMATION_FEATURES, seed));
  DW_TRY(dw_kernel_make_features(kernel, count, seed));
  *out = kernel;
  return DIVW_OK;
fail:
  divw_kernel_destroy(kernel);
  return status;
}
