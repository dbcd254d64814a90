/* The sampler: the object that draws, immutable once made. Its parts are listed in sample.h.
 *
 * What a scheme needs is made here once: whole numbers from the weights, and from them an alias table (with
 * replacement) or running sums (the other schemes), for each group of rows. Everything that depends on an epoch is
 * kept by whoever draws (dw_epoch), so that threads can share the sampler. */
#include "../array_file.h"
#include "sample.h"

#include <stdio.h>
#include <string.h>

#define MAX_COUNT (INT64_C(1) << 40)

enum { PIECE = 1024 /* draws written at once */ };

const char *divw_scheme_name(int32_t scheme) {
  switch (scheme) {
  case DIVW_SCHEME_WITH_REPLACEMENT: return "with-replacement";
  case DIVW_SCHEME_WITHOUT_REPLACEMENT: return "without-replacement";
  case DIVW_SCHEME_SYSTEMATIC: return "systematic";
  default: return "unknown";
  }
}

/* ---- making ---- */

static divw_status alloc_tables(divw_sampler *sampler) {
  const int64_t n = sampler->count;
  divw_status status;
  if (sampler->scheme == DIVW_SCHEME_WITH_REPLACEMENT) {
    DW_TRY(dw_alloc(&sampler->alias.hot, n, sizeof *sampler->alias.hot));
    DW_TRY(dw_alloc(&sampler->alias.cold, n, sizeof *sampler->alias.cold));
    if (n > INT64_C(1) << 32) {
      DW_TRY(dw_alloc_zero(&sampler->alias.high, n, 1));
    }
    return DIVW_OK;
  }
  DW_TRY(dw_alloc(&sampler->starts, n, sizeof *sampler->starts));
  if (sampler->scheme == DIVW_SCHEME_SYSTEMATIC) {
    DW_TRY(dw_alloc(&sampler->guide, dw_guide_first(sampler, sampler->groups), sizeof *sampler->guide));
  }
fail:
  return status;
}

static void fill_tables(divw_sampler *sampler, int64_t g, const dw_masses *masses) {
  dw_group *group = &sampler->group[g];
  uint64_t fingerprint = 0;
  group->positive = masses->positive;
  group->heaviest = dw_row(masses, masses->heaviest);
  if (sampler->scheme == DIVW_SCHEME_WITH_REPLACEMENT) {
    dw_alias_build(dw_alias_from(sampler->alias, group->first), masses, &fingerprint);
  } else {
    uint64_t *starts = sampler->starts + group->first;
    dw_cumulative_build(starts, masses, &group->used, &fingerprint);
    if (sampler->guide != NULL) {
      dw_guide_build(sampler->guide + dw_guide_first(sampler, g), starts, group->first, masses->count, group->used);
    }
  }
  sampler->fingerprint = dw_mix(sampler->fingerprint + fingerprint);
}

static divw_status make_group(divw_sampler *sampler, int64_t g, const double *p, const int64_t *labels,
                              const char *function) {
  char whose[48] = "weights";
  const int64_t first = sampler->group[g].first, count = dw_group_count(sampler, g);
  if (labels != NULL) {
    snprintf(whose, sizeof whose, "weights of label %lld", (long long)labels[sampler->order[first]]);
  }
  dw_masses masses = {.p = p,
                      .count = count,
                      .function = function,
                      .whose = whose,
                      .parts = dw_parts((double)count, DW_ROWS_OF_A_PART)};
  masses.rows = labels == NULL ? NULL : sampler->order + first;
  divw_status status = dw_masses_prepare(&masses);
  if (status == DIVW_OK) {
    fill_tables(sampler, g, &masses);
  }
  return status;
}

/* What an epoch can hold where no row comes twice: of every group as many rows as the smallest one has. */
static int64_t longest_race(const divw_sampler *sampler) {
  int64_t least = sampler->group[0].positive;
  for (int64_t g = 1; g < sampler->groups; g++) {
    least = dw_min(least, sampler->group[g].positive);
  }
  return least * sampler->groups;
}

static divw_status set_epoch_length(divw_sampler *sampler, int64_t length, const char *function) {
  const int64_t groups = sampler->groups;
  if (sampler->scheme == DIVW_SCHEME_WITH_REPLACEMENT) {
    return length == 0 ? DIVW_OK
                       : dw_fail(DIVW_ERROR_ARGUMENT,
                                 "%s: epoch_length is %lld, expected 0 with replacement: its epochs do not end",
                                 function, (long long)length);
  }
  const bool race = sampler->scheme == DIVW_SCHEME_WITHOUT_REPLACEMENT;
  const int64_t most = race ? longest_race(sampler) : MAX_COUNT, usual = race ? most : sampler->count;
  sampler->epoch_length = length == 0 ? usual - usual % groups : length;
  if (sampler->epoch_length < 1 || sampler->epoch_length > most) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: epoch_length is %lld, expected 1 to %lld%s", function, (long long)length,
                   (long long)most, race ? ", as no row comes twice in an epoch" : "");
  }
  if (sampler->epoch_length % groups != 0) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: epoch_length is %lld, expected a multiple of %lld, the number of labels",
                   function, (long long)length, (long long)groups);
  }
  return DIVW_OK;
}

static divw_status one_group(divw_sampler *sampler) {
  sampler->groups = 1;
  divw_status status = dw_alloc_zero(&sampler->group, 2, sizeof *sampler->group);
  if (status == DIVW_OK) {
    sampler->group[1].first = sampler->count;
  }
  return status;
}

static divw_status create(divw_sampler **out, const double *p, const divw_sampler *wanted, const int64_t *labels,
                          int64_t epoch_length, const char *function) {
  divw_sampler *sampler = NULL;
  divw_status status;
  if (wanted->count < 1 || wanted->count > MAX_COUNT) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected 1 to 2^40", function, (long long)wanted->count);
  }
  DW_TRY(dw_alloc(&sampler, 1, sizeof *sampler));
  *sampler = *wanted;
  DW_TRY(labels == NULL ? one_group(sampler) : dw_groups_make(sampler, labels));
  DW_TRY(alloc_tables(sampler));
  for (int64_t g = 0; g < sampler->groups; g++) {
    DW_TRY(make_group(sampler, g, p, labels, function));
  }
  DW_TRY(set_epoch_length(sampler, epoch_length, function));
  *out = sampler;
  return DIVW_OK;
fail:
  divw_sampler_destroy(sampler);
  return status;
}

divw_status divw_sampler_create(divw_sampler **out, const double *p, int64_t count, uint64_t seed) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(p);
  const divw_sampler wanted = {.count = count, .seed = seed, .scheme = DIVW_SCHEME_WITH_REPLACEMENT};
  return create(out, p, &wanted, NULL, 0, __func__);
}

divw_status divw_sampler_create_epochs(divw_sampler **out, const double *p, int64_t count, uint64_t seed,
                                       int32_t scheme, int64_t epoch_length, const int64_t *labels) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(p);
  if (scheme < DIVW_SCHEME_WITH_REPLACEMENT || scheme > DIVW_SCHEME_SYSTEMATIC) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "divw_sampler_create_epochs: scheme is %d, expected 1, 2 or 3 (DIVW_SCHEME_*)",
                   (int)scheme);
  }
  const divw_sampler wanted = {.count = count, .seed = seed, .scheme = scheme};
  return create(out, p, &wanted, labels, epoch_length, __func__);
}

void divw_sampler_destroy(divw_sampler *sampler) {
  if (sampler != NULL) {
    divw_free(sampler->group);
    divw_free(sampler->order);
    divw_free(sampler->alias.hot);
    divw_free(sampler->alias.cold);
    divw_free(sampler->alias.high);
    divw_free(sampler->starts);
    divw_free(sampler->guide);
    divw_free(sampler);
  }
}

/* ---- what it is ---- */

int64_t divw_sampler_count(const divw_sampler *sampler) { return sampler == NULL ? 0 : sampler->count; }

int32_t divw_sampler_scheme(const divw_sampler *sampler) { return sampler == NULL ? 0 : sampler->scheme; }

uint64_t divw_sampler_seed(const divw_sampler *sampler) { return sampler == NULL ? 0 : sampler->seed; }

int64_t divw_sampler_epoch_length(const divw_sampler *sampler) { return sampler == NULL ? 0 : sampler->epoch_length; }

int64_t divw_sampler_groups(const divw_sampler *sampler) { return sampler == NULL ? 0 : sampler->groups; }

uint64_t divw_sampler_fingerprint(const divw_sampler *sampler) { return sampler == NULL ? 0 : sampler->fingerprint; }

/* Whole numbers of the rows of a group, in the order of its places. */
static void masses_of(const divw_sampler *sampler, int64_t g, uint64_t *mass) {
  const dw_group *group = &sampler->group[g];
  const int64_t count = dw_group_count(sampler, g);
  if (sampler->starts == NULL) {
    dw_alias_masses(dw_alias_from(sampler->alias, group->first), count, mass);
    return;
  }
  for (int64_t i = 0; i < count; i++) {
    mass[i] = dw_cumulative_mass(sampler->starts + group->first, group->used, i);
  }
}

divw_status divw_sampler_mass(const divw_sampler *sampler, uint64_t *mass) {
  DW_REQUIRE(sampler);
  DW_REQUIRE(mass);
  if (sampler->order == NULL) {
    masses_of(sampler, 0, mass);
    return DIVW_OK;
  }
  uint64_t *sorted = NULL;
  divw_status status;
  DW_TRY(dw_alloc(&sorted, sampler->count, sizeof *sorted));
  for (int64_t g = 0; g < sampler->groups; g++) {
    masses_of(sampler, g, sorted + sampler->group[g].first);
  }
  for (int64_t i = 0; i < sampler->count; i++) {
    mass[sampler->order[i]] = sorted[i];
  }
fail:
  divw_free(sorted);
  return status;
}

/* ---- draws ---- */

divw_status divw_sampler_draw(const divw_sampler *sampler, int64_t epoch, int64_t first, int64_t count,
                              int64_t *indices) {
  DW_REQUIRE(sampler);
  DW_REQUIRE(indices);
  dw_epoch prepared = {.epoch = -1};
  divw_status status;
  DW_TRY(dw_check_range(sampler, __func__, epoch, first, count));
  DW_TRY(dw_draw(sampler, &prepared, epoch, first, 1, count, indices));
fail:
  divw_free(prepared.winners);
  return status;
}

divw_status divw_sampler_save_draws(const divw_sampler *sampler, int64_t epoch, int64_t first, int64_t count,
                                    const int64_t *rows, const char *path) {
  DW_REQUIRE(sampler);
  DW_REQUIRE(path);
  int64_t indices[PIECE] = {0};
  dw_epoch prepared = {.epoch = -1};
  dw_writer *writer = NULL;
  divw_status status;
  DW_TRY(dw_check_range(sampler, __func__, epoch, first, count));
  DW_TRY(dw_writer_open(&writer, path));
  DW_TRY(dw_npy_write_header(writer, DW_INT64, count));
  for (int64_t done = 0, take; done < count; done += take) {
    take = dw_min(count - done, PIECE);
    DW_TRY(dw_draw(sampler, &prepared, epoch, first + done, 1, take, indices));
    for (int64_t k = 0; rows != NULL && k < take; k++) {
      indices[k] = rows[indices[k]];
    }
    DW_TRY(dw_npy_write_values(writer, indices, take));
  }
  divw_free(prepared.winners);
  return dw_writer_commit(writer);
fail:
  divw_free(prepared.winners);
  dw_writer_abort(writer);
  return status;
}
