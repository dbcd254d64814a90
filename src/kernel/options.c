/* Which similarity with which parameters: the options that a caller sets, checked one by one. */
#include "similarity.h"

#include <math.h>

divw_status divw_similarity_create(divw_similarity **out, int32_t kind) {
  divw_status status;
  DW_REQUIRE(out);
  *out = NULL;
  if (dw_kind_of(kind) == NULL) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: kind is %d, expected one of DIVW_KERNEL_*", __func__, kind);
  }
  DW_TRY(dw_alloc_zero(out, 1, sizeof **out));
  **out = dw_similarity_defaults(kind);
fail:
  return status;
}

divw_similarity dw_similarity_defaults(int32_t kind) {
  return (divw_similarity){.kind = kind,
                           .rule = DIVW_BANDWIDTH_MEDIAN,
                           .seed = 1,
                           .degree = kind == DIVW_KERNEL_POLYNOMIAL   ? 3
                                     : kind == DIVW_KERNEL_ARC_COSINE ? 1
                                                                      : 2,
                           .offset = 1,
                           .nu = 1.5};
}

void divw_similarity_destroy(divw_similarity *similarity) { divw_free(similarity); }

int32_t divw_similarity_kind(const divw_similarity *similarity) { return similarity == NULL ? 0 : similarity->kind; }

static bool has(const divw_similarity *similarity, int32_t what) {
  return similarity != NULL && (dw_kind_of(similarity->kind)->has & what) != 0;
}

/* Whether `similarity` has the option that `function` sets. */
static divw_status check(const divw_similarity *similarity, int32_t what, const char *function, const char *option) {
  if (similarity == NULL) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: similarity is NULL", function);
  }
  return has(similarity, what) ? DIVW_OK
                               : dw_fail(DIVW_ERROR_ARGUMENT, "%s: similarity is %s, which has no %s", function,
                                         divw_kernel_name(similarity->kind), option);
}

/* ---- bandwidth ---- */

divw_status divw_similarity_set_bandwidth(divw_similarity *similarity, double bandwidth) {
  divw_status status = check(similarity, DW_HAS_BANDWIDTH, __func__, "bandwidth");
  if (status == DIVW_OK && !(bandwidth > 0 && isfinite(bandwidth))) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: bandwidth is %g, expected a number above 0", __func__, bandwidth);
  }
  if (status == DIVW_OK) {
    similarity->rule = DIVW_BANDWIDTH_GIVEN;
    similarity->bandwidth = bandwidth;
  }
  return status;
}

/* The bandwidth is not chosen yet. */
static void leave_to(divw_similarity *similarity, int32_t rule) {
  similarity->rule = rule;
  similarity->bandwidth = 0;
}

divw_status divw_similarity_set_bandwidth_median(divw_similarity *similarity, uint64_t seed) {
  divw_status status = check(similarity, DW_HAS_BANDWIDTH, __func__, "bandwidth");
  if (status == DIVW_OK) {
    leave_to(similarity, DIVW_BANDWIDTH_MEDIAN);
    similarity->seed = seed;
  }
  return status;
}

divw_status divw_similarity_set_bandwidth_vendi(divw_similarity *similarity, double score) {
  divw_status status = check(similarity, DW_HAS_BANDWIDTH, __func__, "bandwidth");
  if (status == DIVW_OK && !(score > 1 && isfinite(score))) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: score is %g, expected a number above 1", __func__, score);
  }
  if (status == DIVW_OK) {
    leave_to(similarity, DIVW_BANDWIDTH_VENDI);
    similarity->score = score;
  }
  return status;
}

int32_t divw_similarity_bandwidth_rule(const divw_similarity *similarity) {
  return has(similarity, DW_HAS_BANDWIDTH) ? similarity->rule : 0;
}

double divw_similarity_bandwidth(const divw_similarity *similarity) {
  return has(similarity, DW_HAS_BANDWIDTH) && similarity->bandwidth > 0 ? similarity->bandwidth : NAN;
}

double divw_similarity_bandwidth_vendi(const divw_similarity *similarity) {
  return divw_similarity_bandwidth_rule(similarity) == DIVW_BANDWIDTH_VENDI ? similarity->score : NAN;
}

uint64_t divw_similarity_bandwidth_seed(const divw_similarity *similarity) {
  return similarity == NULL ? 0 : similarity->seed;
}

/* ---- other parameters ---- */

divw_status divw_similarity_set_degree(divw_similarity *similarity, int32_t degree) {
  divw_status status;
  DW_TRY(check(similarity, DW_HAS_DEGREE, __func__, "degree"));
  const int32_t least = similarity->kind == DIVW_KERNEL_ARC_COSINE ? 0 : 1, most = least == 0 ? 2 : 64;
  if (degree < least || degree > most) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: degree is %d, expected %d to %d", __func__, degree, least, most);
  }
  similarity->degree = degree;
fail:
  return status;
}

int32_t divw_similarity_degree(const divw_similarity *similarity) {
  return similarity == NULL ? 0 : has(similarity, DW_HAS_DEGREE) ? similarity->degree : -1;
}

divw_status divw_similarity_set_offset(divw_similarity *similarity, double offset) {
  divw_status status;
  DW_TRY(check(similarity, DW_HAS_OFFSET, __func__, "offset"));
  if (!(offset >= 0 && isfinite(offset))) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: offset is %g, expected a number of at least 0", __func__, offset);
  }
  similarity->offset = offset;
fail:
  return status;
}

double divw_similarity_offset(const divw_similarity *similarity) {
  return has(similarity, DW_HAS_OFFSET) ? similarity->offset : NAN;
}

divw_status divw_similarity_set_nu(divw_similarity *similarity, double nu) {
  divw_status status;
  DW_TRY(check(similarity, DW_HAS_NU, __func__, "nu"));
  if (nu != 0.5 && nu != 1.5 && nu != 2.5) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: nu is %g, expected 0.5, 1.5 or 2.5", __func__, nu);
  }
  similarity->nu = nu;
fail:
  return status;
}

double divw_similarity_nu(const divw_similarity *similarity) {
  return has(similarity, DW_HAS_NU) ? similarity->nu : NAN;
}

/* ---- switches ---- */

#define SWITCH(name, field, what, words)                                                                               \
  divw_status divw_similarity_set_##name(divw_similarity *similarity, int32_t name) {                                  \
    divw_status status = check(similarity, what, __func__, words);                                                     \
    if (status == DIVW_OK) {                                                                                           \
      similarity->field = (name) != 0;                                                                                 \
    }                                                                                                                  \
    return status;                                                                                                     \
  }                                                                                                                    \
  int32_t divw_similarity_##name(const divw_similarity *similarity) { return similarity != NULL && similarity->field; }

SWITCH(bits, bits, DW_HAS_BITS, "bits")
SWITCH(normalise, normalise, DW_HAS_CHECKS, "diagonal but 1")
SWITCH(clip_negative, clip, DW_HAS_CHECKS, "negative eigenvalues")

/* ---- functions of the caller ---- */

/* One of the two functions is the similarity. */
static divw_status take_function(divw_similarity *similarity, divw_similarity_fn blocks, divw_similarity_pair_fn pairs,
                                 void *user, const char *name) {
  if (similarity == NULL || (blocks == NULL && pairs == NULL)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: %s is NULL", name, similarity == NULL ? "similarity" : "function");
  }
  if (similarity->kind != DIVW_KERNEL_FUNCTION) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: similarity is %s, expected one of DIVW_KERNEL_FUNCTION", name,
                   divw_kernel_name(similarity->kind));
  }
  similarity->function = blocks;
  similarity->pair_function = pairs;
  similarity->user = user;
  return DIVW_OK;
}

divw_status divw_similarity_set_function(divw_similarity *similarity, divw_similarity_fn function, void *user) {
  return take_function(similarity, function, NULL, user, __func__);
}

divw_status divw_similarity_set_pair_function(divw_similarity *similarity, divw_similarity_pair_fn function,
                                              void *user) {
  return take_function(similarity, NULL, function, user, __func__);
}
