/* The state of a stream as bytes: ten little-endian numbers of 64 bits.
 *
 *     0 "DIVWSTRM"   1 version + 2^32 scheme   2 seed   3 epoch   4 position
 *     5 rows   6 length of an epoch   7 groups   8 fingerprint   9 checksum
 *
 * Numbers 3 and 4 are the state; the others say what it belongs to, so that restoring it over another sampler, whose
 * draw at that place is another, is refused with what differs. The checksum folds numbers 0 to 8: any change of one of
 * them changes it, as each step is a bijection of what came before. */
#include "../file.h"
#include "sample.h"

#include <inttypes.h>

enum { WORDS = DIVW_STREAM_STATE_BYTES / 8, VERSION = 1 };
enum { MAGIC, KIND, SEED, EPOCH, POSITION, ROWS, LENGTH, GROUPS, FINGERPRINT, CHECKSUM };

static uint64_t checksum(const uint64_t words[WORDS]) {
  uint64_t sum = 0;
  for (int k = 0; k < CHECKSUM; k++) {
    sum = dw_mix(sum ^ words[k]) + DW_GOLDEN;
  }
  return sum;
}

static void put_words(const uint64_t words[WORDS], unsigned char bytes[DIVW_STREAM_STATE_BYTES]) {
  for (int b = 0; b < DIVW_STREAM_STATE_BYTES; b++) {
    bytes[b] = (unsigned char)(words[b / 8] >> (8 * (b % 8)));
  }
}

static void get_words(const unsigned char bytes[DIVW_STREAM_STATE_BYTES], uint64_t words[WORDS]) {
  for (int b = 0; b < DIVW_STREAM_STATE_BYTES; b++) {
    words[b / 8] = (b % 8 == 0 ? 0 : words[b / 8]) | (uint64_t)bytes[b] << (8 * (b % 8));
  }
}

static void fill_words(const divw_stream *stream, uint64_t words[WORDS]) {
  const divw_sampler *sampler = stream->sampler;
  words[MAGIC] = UINT64_C(0x4D52545357564944); /* "DIVWSTRM", the D first */
  words[KIND] = VERSION | (uint64_t)sampler->scheme << 32;
  words[SEED] = sampler->seed;
  words[EPOCH] = (uint64_t)stream->epoch;
  words[POSITION] = (uint64_t)stream->position;
  words[ROWS] = (uint64_t)sampler->count;
  words[LENGTH] = (uint64_t)sampler->epoch_length;
  words[GROUPS] = (uint64_t)sampler->groups;
  words[FINGERPRINT] = sampler->fingerprint;
  words[CHECKSUM] = checksum(words);
}

/* `name` begins the sentences: a function or a path. */
static divw_status check_form(const uint64_t words[WORDS], const uint64_t expected[WORDS], const char *name) {
  if (words[MAGIC] != expected[MAGIC]) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: is no state of a stream, which begins with \"DIVWSTRM\"", name);
  }
  if ((uint32_t)words[KIND] != VERSION) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: is a state of version %" PRIu32 ", expected %d", name, (uint32_t)words[KIND],
                   VERSION);
  }
  if (words[CHECKSUM] != checksum(words)) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: is damaged: its checksum is %016" PRIx64 ", expected %016" PRIx64, name,
                   words[CHECKSUM], checksum(words));
  }
  return DIVW_OK;
}

static divw_status check_owner(const uint64_t words[WORDS], const uint64_t expected[WORDS], const char *name) {
  static const struct {
    int word;
    const char *what;
  } counts[] = {{ROWS, "rows"}, {LENGTH, "draws an epoch"}, {GROUPS, "groups of labels"}};
  if (words[KIND] != expected[KIND]) {
    return dw_fail(DIVW_ERROR_DATA, "%s: belongs to a sampler %s, expected one %s", name,
                   divw_scheme_name((int32_t)(words[KIND] >> 32)), divw_scheme_name((int32_t)(expected[KIND] >> 32)));
  }
  for (int k = 0; k < 3; k++) {
    const uint64_t found = words[counts[k].word], wanted = expected[counts[k].word];
    if (found != wanted) {
      return dw_fail(DIVW_ERROR_DATA, "%s: belongs to a sampler with %" PRIu64 " %s, expected %" PRIu64, name, found,
                     counts[k].what, wanted);
    }
  }
  if (words[SEED] != expected[SEED]) {
    return dw_fail(DIVW_ERROR_DATA, "%s: belongs to a sampler with seed %" PRIu64 ", expected %" PRIu64, name,
                   words[SEED], expected[SEED]);
  }
  if (words[FINGERPRINT] != expected[FINGERPRINT]) {
    return dw_fail(DIVW_ERROR_DATA,
                   "%s: belongs to a sampler with other weights (fingerprint %016" PRIx64 ", expected %016" PRIx64 ")",
                   name, words[FINGERPRINT], expected[FINGERPRINT]);
  }
  return DIVW_OK;
}

static divw_status restore(divw_stream *stream, const unsigned char *state, int64_t bytes, const char *name) {
  uint64_t words[WORDS], expected[WORDS];
  divw_status status;
  if (bytes != DIVW_STREAM_STATE_BYTES) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: is no state of a stream, which has %d bytes, not %s%lld", name,
                   DIVW_STREAM_STATE_BYTES, bytes > DIVW_STREAM_STATE_BYTES ? "at least " : "", (long long)bytes);
  }
  get_words(state, words);
  fill_words(stream, expected);
  DW_TRY(check_form(words, expected, name));
  DW_TRY(check_owner(words, expected, name));
  if (words[EPOCH] > UINT32_MAX || words[POSITION] > INT64_MAX) {
    return dw_fail(DIVW_ERROR_FORMAT, "%s: is at draw %" PRIu64 " of epoch %" PRIu64 ", beyond what a stream can be at",
                   name, words[POSITION], words[EPOCH]);
  }
  DW_TRY(dw_check_range(stream->sampler, name, (int64_t)words[EPOCH], (int64_t)words[POSITION], 0));
  stream->epoch = (int64_t)words[EPOCH];
  stream->position = (int64_t)words[POSITION];
fail:
  return status;
}

divw_status divw_stream_state(const divw_stream *stream, void *state, int64_t bytes) {
  DW_REQUIRE(stream);
  DW_REQUIRE(state);
  if (bytes != DIVW_STREAM_STATE_BYTES) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: bytes is %lld, expected %d", __func__, (long long)bytes,
                   DIVW_STREAM_STATE_BYTES);
  }
  uint64_t words[WORDS];
  fill_words(stream, words);
  put_words(words, state);
  return DIVW_OK;
}

divw_status divw_stream_restore(divw_stream *stream, const void *state, int64_t bytes) {
  DW_REQUIRE(stream);
  DW_REQUIRE(state);
  return restore(stream, state, bytes, __func__);
}

divw_status divw_stream_save(const divw_stream *stream, const char *path) {
  DW_REQUIRE(stream);
  DW_REQUIRE(path);
  unsigned char state[DIVW_STREAM_STATE_BYTES];
  dw_writer *writer = NULL;
  divw_status status;
  DW_TRY(divw_stream_state(stream, state, sizeof state));
  DW_TRY(dw_writer_open(&writer, path));
  DW_TRY(dw_writer_write(writer, state, sizeof state));
  return dw_writer_commit(writer);
fail:
  dw_writer_abort(writer);
  return status;
}

divw_status divw_stream_load(divw_stream *stream, const char *path) {
  DW_REQUIRE(stream);
  DW_REQUIRE(path);
  unsigned char state[DIVW_STREAM_STATE_BYTES + 1]; /* one more, to see whether there is one */
  int64_t bytes;
  dw_reader *reader = NULL;
  divw_status status;
  DW_TRY(dw_reader_open(&reader, path));
  DW_TRY(dw_reader_read_some(reader, state, sizeof state, &bytes));
  DW_TRY(restore(stream, state, bytes, path));
fail:
  dw_reader_close(reader);
  return status;
}
