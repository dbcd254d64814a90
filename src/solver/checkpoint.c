/* Checkpoints: a file with what the solve is of, its state, and a checksum.
 *
 *     magic, version, byte order; 64 bits for each of FIELDS; state; checksum
 *
 * Fields name the data (a hash of every feature row, and of whatever else is an array) and the options that the state
 * depends on. Limits on the work, max_iterations, and the interval of checkpoints may be others when a solve goes on.
 * Numbers are written as they are in memory: a checkpoint is for the machine that it was made on. */
#include "solve.h"

#include <math.h>
#include <string.h>

enum { VERSION = 7, BLOCK_ROWS = 256 };
static const char MAGIC[8] = {'D', 'I', 'V', 'W', 'C', 'K', 'P', 'T'};
static const uint32_t BYTE_ORDER_MARK = 0x01020304;

typedef enum { WHOLE, REAL, CHOICE, ARRAY } field_kind;

typedef struct {
  const char *name;
  field_kind kind;
} field;

static const field fields[] = {{"examples", WHOLE},
                               {"kernel", CHOICE},
                               {"bandwidth", REAL},
                               {"degree", REAL},
                               {"offset", REAL},
                               {"nu", REAL},
                               {"packed bits", WHOLE},
                               {"normalised similarities", WHOLE},
                               {"approximation", CHOICE},
                               {"approximation seed", WHOLE},
                               {"features", WHOLE},
                               {"other data", ARRAY},
                               {"order", REAL},
                               {"balance", REAL},
                               {"objective", CHOICE},
                               {"method", CHOICE},
                               {"precision", CHOICE},
                               {"tolerance", REAL},
                               {"max_solves", WHOLE},
                               {"room for interior points", WHOLE},
                               {"max_weight", REAL},
                               {"min_weight", REAL},
                               {"effective examples", REAL},
                               {"other bounds", ARRAY},
                               {"other exclusions", ARRAY},
                               {"other quality scores", ARRAY},
                               {"other initial weights", ARRAY}};
enum { FIELDS = sizeof fields / sizeof *fields };

struct dw_archive {
  dw_writer *writer;
  dw_reader *reader; /* one of the two */
  uint64_t checksum;
};

struct dw_checkpoint {
  uint64_t field[FIELDS];
  dw_archive resuming; /* without reader: not, or no more */
  bool written;        /* once */
  double last_second;
  int64_t last_iteration;
};

/* ---- archives ---- */

/* 8 bytes at a time; the multiplier is that of Knuth's MMIX generator. */
static uint64_t mix(uint64_t hash, const void *data, int64_t bytes) {
  const unsigned char *at = data;
  for (int64_t k = 0; k < bytes; k += 8) {
    uint64_t word = 0;
    memcpy(&word, at + k, (size_t)dw_min(8, bytes - k));
    hash = (hash ^ word) * 6364136223846793005u;
    hash ^= hash >> 29;
  }
  return hash;
}

divw_status dw_archive_bytes(dw_archive *archive, void *data, int64_t bytes) {
  divw_status status = archive->writer != NULL ? dw_writer_write(archive->writer, data, bytes)
                                               : dw_reader_read(archive->reader, data, bytes, "state");
  archive->checksum = mix(archive->checksum, data, bytes);
  return status;
}

bool dw_archive_is_reading(const dw_archive *archive) { return archive->reader != NULL; }

divw_status dw_archive_count(dw_archive *archive, int64_t *count, int64_t least, int64_t most) {
  divw_status status;
  DW_VISIT(archive, *count);
  if (*count < least || *count > most) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: a count of the state is %lld, expected %lld to %lld",
                   archive->reader != NULL ? dw_reader_path(archive->reader) : "checkpoint", (long long)*count,
                   (long long)least, (long long)most);
  }
fail:
  return status;
}

divw_status dw_archive_flag(dw_archive *archive, bool *flag) {
  int64_t value = *flag;
  divw_status status = dw_archive_count(archive, &value, 0, 1);
  *flag = value == 1;
  return status;
}

/* ---- what a solve is of ---- */

static divw_status hash_data(const dw_solve *solve, uint64_t *hash) {
  divw_status status;
  double *rows;
  *hash = 0;
  DW_TRY(dw_alloc(&rows, BLOCK_ROWS * solve->r, sizeof *rows));
  for (int64_t first = 0; first < solve->n; first += BLOCK_ROWS) {
    int64_t count = dw_min(BLOCK_ROWS, solve->n - first);
    status = divw_kernel_read(solve->kernel, first, count, rows);
    if (status != DIVW_OK) {
      break;
    }
    *hash = mix(*hash, rows, count * solve->r * (int64_t)sizeof *rows);
  }
  divw_free(rows);
fail:
  return status;
}

static uint64_t bits(double x) {
  uint64_t word;
  memcpy(&word, &x, sizeof word);
  return word;
}

static uint64_t hash_of(const void *data, int64_t count) { return data == NULL ? 0 : mix(1, data, 8 * count); }

static divw_status describe(const dw_solve *solve, uint64_t *value) {
  const divw_solver *options = solve->options;
  const dw_constraints *c = &options->constraints;
  const divw_similarity *similarity = divw_kernel_parameters(solve->kernel);
  uint64_t data;
  divw_status status = hash_data(solve, &data);
  const uint64_t described[FIELDS] = {(uint64_t)solve->n,
                                      (uint64_t)divw_similarity_kind(similarity),
                                      bits(divw_similarity_bandwidth(similarity)),
                                      bits((double)divw_similarity_degree(similarity)),
                                      bits(divw_similarity_offset(similarity)),
                                      bits(divw_similarity_nu(similarity)),
                                      (uint64_t)divw_similarity_bits(similarity),
                                      (uint64_t)divw_similarity_normalise(similarity),
                                      (uint64_t)divw_kernel_approximation(solve->kernel),
                                      dw_kernel_seed(solve->kernel),
                                      (uint64_t)solve->r,
                                      data,
                                      bits(options->objective.order),
                                      bits(options->objective.balance),
                                      (uint64_t)divw_solver_objective(options),
                                      (uint64_t)options->method,
                                      (uint64_t)options->precision,
                                      bits(options->tolerance),
                                      (uint64_t)dw_most_solves(solve),
                                      (uint64_t)dw_interior_point_fits(solve),
                                      bits(c->max_weight),
                                      bits(c->min_weight),
                                      bits(c->is_share ? c->effective * (double)solve->n : c->effective),
                                      hash_of(c->labels, c->group_count) ^ hash_of(c->least, c->group_count) ^
                                          (3 * hash_of(c->most, c->group_count)),
                                      hash_of(c->excluded, c->excluded_count),
                                      hash_of(c->quality, c->quality_count),
                                      hash_of(options->initial, options->initial_count)};
  memcpy(value, described, sizeof described);
  return status;
}

static const char *choice_name(int k, uint64_t value) {
  static const struct {
    const char *field;
    const char *(*name)(int32_t);
  } names[] = {{"kernel", divw_kernel_name},
               {"approximation", divw_approximation_name},
               {"objective", divw_objective_name},
               {"method", divw_method_name},
               {"precision", divw_precision_name}};
  size_t row = 0;
  while (strcmp(names[row].field, fields[k].name) != 0) {
    row++;
  }
  return names[row].name((int32_t)value);
}

static divw_status differs(const char *path, int k, uint64_t found, uint64_t expected) {
  double x, y;
  memcpy(&x, &found, sizeof x);
  memcpy(&y, &expected, sizeof y);
  switch (fields[k].kind) {
  case ARRAY: return dw_fail(DIVW_ERROR_DATA, "%s: a checkpoint of %s than this solve's", path, fields[k].name);
  case REAL:
    return dw_fail(DIVW_ERROR_DATA, "%s: a checkpoint with %s %.12g, expected %.12g, that of this solve", path,
                   fields[k].name, x, y);
  case CHOICE:
    return dw_fail(DIVW_ERROR_DATA, "%s: a checkpoint with %s %s, expected %s, that of this solve", path,
                   fields[k].name, choice_name(k, found), choice_name(k, expected));
  case WHOLE: break;
  }
  return dw_fail(DIVW_ERROR_DATA, "%s: a checkpoint with %s %llu, expected %llu, that of this solve", path,
                 fields[k].name, (unsigned long long)found, (unsigned long long)expected);
}

/* ---- reading ---- */

static divw_status read_header(dw_archive *archive, const uint64_t *expected) {
  divw_status status;
  const char *path = dw_reader_path(archive->reader);
  char magic[sizeof MAGIC] = {0};
  uint32_t version = 0, order = 0;
  uint64_t found[FIELDS] = {0};
  DW_VISIT(archive, magic);
  DW_VISIT(archive, version);
  DW_VISIT(archive, order);
  if (memcmp(magic, MAGIC, sizeof MAGIC) != 0 || order != BYTE_ORDER_MARK) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: is no checkpoint of a solve on a machine like this", path);
  }
  if (version != VERSION) {
    return dw_fail(DIVW_ERROR_FORMAT,
                   "%s: a checkpoint of version %u, expected %d: another version of this library wrote it, and can go "
                   "on from it; this one has to begin anew, at best from weights that were saved "
                   "(divw_solver_set_initial(), --initial)",
                   path, version, VERSION);
  }
  DW_VISIT(archive, found);
  for (int k = 0; k < FIELDS; k++) {
    if (found[k] != expected[k]) {
      return differs(path, k, found[k], expected[k]);
    }
  }
fail:
  return status;
}

bool dw_checkpoint_is_resuming(const dw_solve *solve) {
  return solve->checkpoint != NULL && solve->checkpoint->resuming.reader != NULL;
}

divw_status dw_checkpoint_read(dw_solve *solve, dw_stateful part) {
  return part.visit(part.self, &solve->checkpoint->resuming);
}

divw_status dw_checkpoint_resumed(dw_solve *solve) {
  divw_status status;
  dw_archive *archive = &solve->checkpoint->resuming;
  uint64_t computed = archive->checksum, stored = 0;
  DW_TRY(dw_reader_read(archive->reader, &stored, sizeof stored, "checksum"));
  if (stored != computed) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: the checksum does not match, the file is damaged",
                   dw_reader_path(archive->reader));
  }
  DW_TRY(dw_reader_expect_end(archive->reader));
  dw_reader_close(archive->reader);
  archive->reader = NULL;
fail:
  return status;
}

/* ---- writing ---- */

static divw_status write_all(dw_solve *solve, dw_stateful inner) {
  divw_status status;
  dw_archive archive = {0};
  char magic[sizeof MAGIC];
  uint32_t version = VERSION, order = BYTE_ORDER_MARK;
  memcpy(magic, MAGIC, sizeof MAGIC);
  DW_TRY(dw_writer_open(&archive.writer, solve->options->checkpoint_path));
  DW_VISIT(&archive, magic);
  DW_VISIT(&archive, version);
  DW_VISIT(&archive, order);
  DW_VISIT(&archive, solve->checkpoint->field);
  DW_TRY(solve->outer.visit(solve->outer.self, &archive));
  bool is_inside = inner.visit != NULL;
  DW_TRY(dw_archive_flag(&archive, &is_inside));
  if (inner.visit != NULL) {
    DW_TRY(solve->middle.visit(solve->middle.self, &archive));
    DW_TRY(inner.visit(inner.self, &archive));
  }
  DW_TRY(dw_writer_write(archive.writer, &archive.checksum, sizeof archive.checksum));
  return dw_writer_commit(archive.writer);
fail:
  dw_writer_abort(archive.writer);
  return status;
}

static bool is_due(const dw_solve *solve) {
  const divw_solver *options = solve->options;
  const dw_checkpoint *c = solve->checkpoint;
  return (options->checkpoint_seconds > 0 && dw_seconds() - c->last_second >= options->checkpoint_seconds) ||
         (options->checkpoint_iterations > 0 &&
          solve->iterations - c->last_iteration >= options->checkpoint_iterations);
}

divw_status dw_checkpoint_write(dw_solve *solve, dw_stateful inner, bool is_due_only) {
  dw_checkpoint *c = solve->checkpoint;
  if (solve->options->checkpoint_path == NULL || (is_due_only && !is_due(solve))) {
    return DIVW_OK;
  }
  divw_status status = write_all(solve, inner);
  c->last_second = dw_seconds();
  c->last_iteration = solve->iterations;
  if (status == DIVW_OK) {
    c->written = true;
  }
  return c->written ? DIVW_OK : status;
}

divw_status dw_checkpoint_keep(dw_solve *solve, dw_stateful inner, int32_t stop_reason) {
  const bool ends_early = stop_reason == DIVW_STOP_CANCELLED || stop_reason == DIVW_STOP_MAX_ITERATIONS;
  if (stop_reason != 0 && !ends_early) {
    return DIVW_OK;
  }
  return dw_checkpoint_write(solve, inner, !ends_early);
}

/* ---- begin, end, options ---- */

divw_status dw_checkpoint_begin(dw_solve *solve) {
  divw_status status;
  const divw_solver *options = solve->options;
  if (options->checkpoint_path == NULL && options->resume_path == NULL) {
    return DIVW_OK;
  }
  DW_TRY(dw_alloc_zero(&solve->checkpoint, 1, sizeof *solve->checkpoint));
  solve->checkpoint->last_second = dw_seconds();
  DW_TRY(describe(solve, solve->checkpoint->field));
  if (options->resume_path != NULL) {
    DW_TRY(dw_reader_open(&solve->checkpoint->resuming.reader, options->resume_path));
    DW_TRY(read_header(&solve->checkpoint->resuming, solve->checkpoint->field));
  }
fail:
  return status;
}

void dw_checkpoint_end(dw_solve *solve) {
  if (solve->checkpoint != NULL) {
    dw_reader_close(solve->checkpoint->resuming.reader);
    divw_free(solve->checkpoint);
  }
}

static divw_status keep_path(char **kept, const char *path) {
  divw_status status = DIVW_OK;
  char *copy = NULL;
  if (path != NULL) {
    DW_TRY(dw_alloc(&copy, (int64_t)strlen(path) + 1, 1));
    strcpy(copy, path);
  }
  divw_free(*kept);
  *kept = copy;
fail:
  return status;
}

divw_status divw_solver_set_checkpoint(divw_solver *solver, const char *path, double seconds, int64_t iterations) {
  DW_REQUIRE(solver);
  if (!(seconds >= 0)) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: seconds is %g, expected at least 0", __func__, seconds);
  }
  if (iterations < 0) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: iterations is %lld, expected at least 0", __func__, (long long)iterations);
  }
  divw_status status = keep_path(&solver->checkpoint_path, path);
  if (status == DIVW_OK) {
    solver->checkpoint_seconds = seconds;
    solver->checkpoint_iterations = iterations;
  }
  return status;
}

const char *divw_solver_checkpoint(const divw_solver *solver) {
  return solver == NULL ? NULL : solver->checkpoint_path;
}

divw_status divw_solver_set_resume(divw_solver *solver, const char *path) {
  DW_REQUIRE(solver);
  return keep_path(&solver->resume_path, path);
}

const char *divw_solver_resume(const divw_solver *solver) { return solver == NULL ? NULL : solver->resume_path; }
