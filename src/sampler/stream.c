/* A cursor over a sampler.
 *
 * Symbols: P the position of the cursor, B the batch size, W the number of ranks, m the length of an epoch.
 *
 * The next batch of all ranks together is the window of draws [P, P + B W), and every rank moves its cursor past all of
 * it. So cursors of all ranks agree between batches without a word, and (epoch, P) is all there is to save. Strided,
 * rank r takes the draws i of the window with i mod W = r, whatever P: B of them. In blocks it takes
 * [P + r B, P + (r + 1) B).
 *
 * At the end of an epoch the window is moved to the next one (drop), cut (short), or runs on (wrap). When it runs on, P
 * does too, beyond m: draw i >= m of epoch e is draw i - m of epoch e + 1. Counting on is what keeps a rank's draws
 * independent of B where W does not divide m. */
#include "../array_file.h"
#include "sample.h"

enum { PIECE = 512 }; /* draws narrowed at once */

typedef struct {
  int64_t epoch, first, size;
  int64_t each; /* B, or what is in its place */
} window;

divw_status divw_stream_create(divw_stream **out, const divw_sampler *sampler, int64_t batch_size) {
  DW_REQUIRE(out);
  *out = NULL;
  DW_REQUIRE(sampler);
  divw_stream *stream = NULL;
  divw_status status;
  DW_TRY(dw_alloc(&stream, 1, sizeof *stream));
  *stream = (divw_stream){.sampler = sampler,
                          .world = 1,
                          .layout = DIVW_LAYOUT_STRIDED,
                          .last_batch = DIVW_LAST_WRAP,
                          .prepared = {.epoch = -1}};
  DW_TRY(divw_stream_set_batch_size(stream, batch_size));
  *out = stream;
  return DIVW_OK;
fail:
  divw_free(stream);
  return status;
}

void divw_stream_destroy(divw_stream *stream) {
  if (stream != NULL) {
    divw_free(stream->prepared.winners);
    divw_free(stream);
  }
}

/* ---- settings ---- */

divw_status divw_stream_set_rank(divw_stream *stream, int64_t rank, int64_t world) {
  DW_REQUIRE(stream);
  if (world < 1 || world > INT32_MAX) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: world is %lld, expected 1 to 2^31 - 1", __func__, (long long)world);
  }
  if (rank < 0 || rank >= world) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: rank is %lld, expected 0 to %lld (world is %lld)", __func__,
                   (long long)rank, (long long)world - 1, (long long)world);
  }
  stream->rank = rank;
  stream->world = world;
  return DIVW_OK;
}

divw_status divw_stream_set_batch_size(divw_stream *stream, int64_t batch_size) {
  DW_REQUIRE(stream);
  if (batch_size < 1 || batch_size > INT32_MAX) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: batch_size is %lld, expected 1 to 2^31 - 1", __func__,
                   (long long)batch_size);
  }
  stream->batch_size = batch_size;
  return DIVW_OK;
}

divw_status divw_stream_set_layout(divw_stream *stream, int32_t layout) {
  DW_REQUIRE(stream);
  if (layout != DIVW_LAYOUT_STRIDED && layout != DIVW_LAYOUT_BLOCKS) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: layout is %d, expected DIVW_LAYOUT_STRIDED or DIVW_LAYOUT_BLOCKS",
                   __func__, (int)layout);
  }
  stream->layout = layout;
  return DIVW_OK;
}

divw_status divw_stream_set_last_batch(divw_stream *stream, int32_t last_batch) {
  DW_REQUIRE(stream);
  if (last_batch < DIVW_LAST_WRAP || last_batch > DIVW_LAST_SHORT) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: last_batch is %d, expected DIVW_LAST_WRAP, _DROP or _SHORT", __func__,
                   (int)last_batch);
  }
  stream->last_batch = last_batch;
  return DIVW_OK;
}

int64_t divw_stream_rank(const divw_stream *stream) { return stream == NULL ? 0 : stream->rank; }

int64_t divw_stream_world(const divw_stream *stream) { return stream == NULL ? 0 : stream->world; }

int64_t divw_stream_batch_size(const divw_stream *stream) { return stream == NULL ? 0 : stream->batch_size; }

int32_t divw_stream_layout(const divw_stream *stream) { return stream == NULL ? 0 : stream->layout; }

int32_t divw_stream_last_batch(const divw_stream *stream) { return stream == NULL ? 0 : stream->last_batch; }

int64_t divw_stream_epoch(const divw_stream *stream) { return stream == NULL ? 0 : stream->epoch; }

int64_t divw_stream_position(const divw_stream *stream) { return stream == NULL ? 0 : stream->position; }

/* ---- moving ---- */

divw_status divw_stream_seek(divw_stream *stream, int64_t epoch, int64_t position) {
  DW_REQUIRE(stream);
  divw_status status = dw_check_range(stream->sampler, __func__, epoch, position, 0);
  if (status == DIVW_OK) {
    stream->epoch = epoch;
    stream->position = position;
  }
  return status;
}

/* The cursor with the position within its epoch: from 0 to its length. */
static window within_epoch(const divw_stream *stream) {
  const int64_t length = stream->sampler->epoch_length;
  window w = {stream->epoch, stream->position, 0, 0};
  if (length > 0 && w.first > length) {
    w.epoch += w.first / length;
    w.first %= length;
  }
  return w;
}

divw_status divw_stream_set_sampler(divw_stream *stream, const divw_sampler *sampler) {
  DW_REQUIRE(stream);
  DW_REQUIRE(sampler);
  const int64_t length = sampler->epoch_length;
  if (length != stream->sampler->epoch_length) {
    const window at = within_epoch(stream);
    if (length > 0 && at.first > length) {
      return dw_fail(
          DIVW_ERROR_ARGUMENT,
          "%s: the stream is at draw %lld of its epoch, expected a sampler with epochs at least as long, not "
          "%lld",
          __func__, (long long)at.first, (long long)length);
    }
    stream->epoch = at.epoch;
    stream->position = at.first;
  }
  divw_free(stream->prepared.winners);
  stream->prepared = (dw_epoch){.epoch = -1};
  stream->sampler = sampler;
  return DIVW_OK;
}

/* ---- batches ---- */

/* Where the next batch of all ranks lies. */
static divw_status next_window(const divw_stream *stream, const char *function, window *w) {
  const int64_t length = stream->sampler->epoch_length, full = stream->batch_size * stream->world;
  *w = (window){stream->epoch, stream->position, full, stream->batch_size};
  if (length > 0 && stream->last_batch != DIVW_LAST_WRAP) {
    const bool drop = stream->last_batch == DIVW_LAST_DROP;
    if (drop && full > length) {
      return dw_fail(DIVW_ERROR_ARGUMENT,
                     "%s: batch_size x world is %lld, expected at most the %lld draws of an epoch, or no batch is full",
                     function, (long long)full, (long long)length);
    }
    *w = within_epoch(stream);
    if (length - w->first < (drop ? full : 1)) {
      w->epoch++;
      w->first = 0;
    }
    w->size = dw_min(full, length - w->first);
    w->each = stream->batch_size;
  }
  return dw_check_range(stream->sampler, function, w->epoch, w->first, w->size);
}

/* The draws of this rank in a window. */
static int64_t share(const divw_stream *stream, const window *w, int64_t *first, int64_t *stride) {
  const int64_t world = stream->world, rank = stream->rank;
  if (stream->layout == DIVW_LAYOUT_BLOCKS) {
    const int64_t before = rank * w->each;
    *first = w->first + before;
    *stride = 1;
    return dw_max(0, dw_min(w->size - before, w->each));
  }
  const int64_t before = (rank - w->first % world + world) % world;
  *first = w->first + before;
  *stride = world;
  return w->size > before ? (w->size - before - 1) / world + 1 : 0;
}

static void move_past(divw_stream *stream, const window *w) {
  stream->epoch = w->epoch;
  stream->position = w->first + w->size;
}

divw_status divw_stream_next_batch(divw_stream *stream, int64_t *indices, int64_t *count) {
  DW_REQUIRE(stream);
  DW_REQUIRE(indices);
  DW_REQUIRE(count);
  window w;
  int64_t first, stride;
  divw_status status;
  *count = 0;
  DW_TRY(next_window(stream, __func__, &w));
  const int64_t mine = share(stream, &w, &first, &stride);
  DW_TRY(dw_draw(stream->sampler, &stream->prepared, w.epoch, first, stride, mine, indices));
  *count = mine;
  move_past(stream, &w);
fail:
  return status;
}

divw_status divw_stream_next_batch_int32(divw_stream *stream, int32_t *indices, int64_t *count) {
  DW_REQUIRE(stream);
  DW_REQUIRE(indices);
  DW_REQUIRE(count);
  window w;
  int64_t first, stride, piece[PIECE];
  divw_status status;
  *count = 0;
  if (stream->sampler->count > INT64_C(1) << 31) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: the sampler has %lld rows, expected at most 2^31 for int32", __func__,
                   (long long)stream->sampler->count);
  }
  DW_TRY(next_window(stream, __func__, &w));
  const int64_t mine = share(stream, &w, &first, &stride);
  for (int64_t done = 0, take; done < mine; done += take) {
    take = dw_min(mine - done, PIECE);
    DW_TRY(dw_draw(stream->sampler, &stream->prepared, w.epoch, first + done * stride, stride, take, piece));
    for (int64_t k = 0; k < take; k++) {
      indices[done + k] = (int32_t)piece[k];
    }
  }
  *count = mine;
  move_past(stream, &w);
fail:
  return status;
}

divw_status divw_stream_save_draws(divw_stream *stream, int64_t count, const int64_t *rows, const char *path) {
  DW_REQUIRE(stream);
  DW_REQUIRE(path);
  if (count < 0 || count > INT64_MAX / stream->world) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: count is %lld, expected 0 to (2^63 - 1) / world (world is %lld)", __func__,
                   (long long)count, (long long)stream->world);
  }
  const window w = {stream->epoch, stream->position, count * stream->world, count};
  int64_t first, stride, piece[PIECE] = {0};
  dw_writer *writer = NULL;
  divw_status status;
  DW_TRY(dw_check_range(stream->sampler, __func__, w.epoch, w.first, w.size));
  share(stream, &w, &first, &stride);
  DW_TRY(dw_writer_open(&writer, path));
  DW_TRY(dw_npy_write_header(writer, DW_INT64, count));
  for (int64_t done = 0, take; done < count; done += take) {
    take = dw_min(count - done, PIECE);
    DW_TRY(dw_draw(stream->sampler, &stream->prepared, w.epoch, first + done * stride, stride, take, piece));
    for (int64_t k = 0; rows != NULL && k < take; k++) {
      piece[k] = rows[piece[k]];
    }
    DW_TRY(dw_npy_write_values(writer, piece, take));
  }
  status = dw_writer_commit(writer);
  if (status == DIVW_OK) {
    move_past(stream, &w);
  }
  return status;
fail:
  dw_writer_abort(writer);
  return status;
}
