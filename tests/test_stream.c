/* The cursor: batches, ranks, ends of epochs. Everything is held against draws of the sampler itself. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"
#include "sampler/sample.h"
#include "streams.h"

static void a_new_stream_has_the_defaults(void **state) {
  (void)state;
  divw_sampler *sampler = make(10, WITH, 0, 1);
  divw_stream *stream = stream_of(sampler, 3);
  expect_place(stream, 0, 0);
  assert_int_equal(divw_stream_rank(stream), 0);
  assert_int_equal(divw_stream_world(stream), 1);
  assert_int_equal(divw_stream_batch_size(stream), 3);
  assert_int_equal(divw_stream_layout(stream), DIVW_LAYOUT_STRIDED);
  assert_int_equal(divw_stream_last_batch(stream), DIVW_LAST_WRAP);
  ok(divw_stream_set_layout(stream, DIVW_LAYOUT_BLOCKS));
  ok(divw_stream_set_last_batch(stream, DIVW_LAST_DROP));
  ok(divw_stream_set_rank(stream, 4, 5));
  assert_int_equal(divw_stream_layout(stream), DIVW_LAYOUT_BLOCKS);
  assert_int_equal(divw_stream_last_batch(stream), DIVW_LAST_DROP);
  assert_int_equal(divw_stream_rank(stream), 4);
  assert_int_equal(divw_stream_world(stream), 5);
  divw_stream_destroy(stream);
  divw_sampler_destroy(sampler);
}

/* ---- re-sharding ---- */

enum { ROWS = 10000, BATCH = 64, EPOCHS = 3 };

static int64_t whole[EPOCHS * ROWS];

/* Batches of all ranks, put together, are the draws of the sampler: for a world, a batch size, a layout. */
static void expect_ranks(const divw_sampler *sampler, int64_t start, int64_t world, int64_t batch, int32_t layout,
                         int64_t batches) {
  int64_t drawn[BATCH], count;
  const int64_t size = world * batch;
  for (int64_t rank = 0; rank < world; rank++) {
    divw_stream *stream = stream_of(sampler, batch);
    ok(divw_stream_set_rank(stream, rank, world));
    ok(divw_stream_set_layout(stream, layout));
    ok(divw_stream_seek(stream, 0, start));
    for (int64_t b = 0; b < batches; b++) {
      const int64_t first = start + b * size;
      ok(divw_stream_next_batch(stream, drawn, &count));
      assert_int_equal(count, batch);
      expect_place(stream, 0, first + size);
      for (int64_t k = 0; k < batch; k++) {
        const int64_t strided = first + (rank + world - first % world) % world + k * world;
        const int64_t i = layout == DIVW_LAYOUT_BLOCKS ? first + rank * batch + k : strided;
        assert_int_equal(drawn[k], whole[i]);
        assert_true(layout == DIVW_LAYOUT_BLOCKS || i % world == rank);
      }
    }
    divw_stream_destroy(stream);
  }
}

static void any_world_and_batch_size_give_the_same_draws(void **state) {
  (void)state;
  for (int32_t scheme = WITH; scheme <= EVEN; scheme++) {
    divw_sampler *sampler = make(ROWS / 10, scheme, 0, 3);
    ok(divw_sampler_draw(sampler, 0, 0, EPOCHS * ROWS / 10, whole));
    for (int64_t world = 1; world <= 7; world += 1 + world / 3) {
      for (int64_t batch = 1; batch <= BATCH; batch = batch * 3 + 1) {
        for (int64_t start = 0; start <= 1000; start += 333) { /* also over the end of an epoch */
          expect_ranks(sampler, start, world, batch, DIVW_LAYOUT_STRIDED, 4);
          expect_ranks(sampler, start, world, batch, DIVW_LAYOUT_BLOCKS, 4);
        }
      }
    }
    divw_sampler_destroy(sampler);
  }
}

/* From every position of an epoch of 10^4: a state saved there and restored for another world and batch size goes on
 * with the draws that follow, for every rank. */
static void every_position_can_be_resumed_by_other_ranks(void **state) {
  (void)state;
  for (int32_t scheme = WITH; scheme <= EVEN; scheme++) {
    divw_sampler *sampler = make(ROWS, scheme, 0, 4);
    divw_stream *before = stream_of(sampler, 1), *after = stream_of(sampler, 5);
    ok(divw_sampler_draw(sampler, 0, 0, EPOCHS * ROWS, whole));
    for (int64_t position = 0; position < ROWS; position++) {
      int64_t drawn[5], count;
      unsigned char bytes[DIVW_STREAM_STATE_BYTES];
      const int64_t world = 1 + position % 4, rank = position / 4 % world;
      ok(divw_stream_state(before, bytes, sizeof bytes));
      ok(divw_stream_set_rank(after, rank, world));
      ok(divw_stream_restore(after, bytes, sizeof bytes));
      ok(divw_stream_next_batch(after, drawn, &count));
      for (int64_t k = 0; k < 5; k++) {
        assert_int_equal(drawn[k], whole[position + (rank + world - position % world) % world + k * world]);
      }
      ok(divw_stream_next_batch(before, drawn, &count)); /* one on */
      assert_int_equal(drawn[0], whole[position]);
    }
    expect_place(before, 0, ROWS);
    divw_stream_destroy(before);
    divw_stream_destroy(after);
    divw_sampler_destroy(sampler);
  }
}

/* ---- ends of epochs ---- */

static void wrapping_goes_on_with_the_next_epoch(void **state) {
  (void)state;
  divw_sampler *sampler = make(10, EVEN, 0, 5);
  divw_stream *stream = stream_of(sampler, 4);
  int64_t drawn[12], first[10], second[10], count;
  for (int b = 0; b < 3; b++) {
    ok(divw_stream_next_batch(stream, drawn + 4 * b, &count));
    assert_int_equal(count, 4);
  }
  ok(divw_sampler_draw(sampler, 0, 0, 10, first));
  ok(divw_sampler_draw(sampler, 1, 0, 10, second));
  assert_memory_equal(drawn, first, 10 * sizeof *drawn);
  assert_memory_equal(drawn + 10, second, 2 * sizeof *drawn);
  expect_place(stream, 0, 12); /* counts on, so that ranks keep their draws */
  ok(divw_stream_set_last_batch(stream, DIVW_LAST_SHORT));
  ok(divw_stream_next_batch(stream, drawn, &count));
  assert_memory_equal(drawn, second + 2, 4 * sizeof *drawn);
  expect_place(stream, 1, 6);
  divw_stream_destroy(stream);
  divw_sampler_destroy(sampler);
}

static void dropping_leaves_out_what_fills_no_batch(void **state) {
  (void)state;
  for (int32_t scheme = WITHOUT; scheme <= EVEN; scheme++) {
    divw_sampler *sampler = make(10, scheme, 0, 5);
    divw_stream *stream = stream_of(sampler, 2);
    int64_t drawn[2], expected[10], count;
    ok(divw_stream_set_last_batch(stream, DIVW_LAST_DROP));
    ok(divw_stream_set_rank(stream, 1, 2));
    for (int64_t epoch = 0; epoch < 3; epoch++) {
      ok(divw_sampler_draw(sampler, epoch, 0, 10, expected));
      for (int64_t b = 0; b < 2; b++) {
        ok(divw_stream_next_batch(stream, drawn, &count));
        assert_int_equal(count, 2);
        assert_int_equal(drawn[0], expected[4 * b + 1]);
        assert_int_equal(drawn[1], expected[4 * b + 3]);
        expect_place(stream, epoch, 4 * b + 4);
      }
    }
    ok(divw_stream_set_batch_size(stream, 5)); /* exactly an epoch */
    ok(divw_stream_seek(stream, 7, 0));
    int64_t five[5];
    ok(divw_stream_next_batch(stream, five, &count));
    expect_place(stream, 7, 10);
    ok(divw_stream_next_batch(stream, five, &count));
    expect_place(stream, 8, 10);
    ok(divw_stream_set_batch_size(stream, 6));
    fails(divw_stream_next_batch(stream, drawn, &count), DIVW_ERROR_ARGUMENT,
          "batch_size x world is 12, expected at most the 10 draws of an epoch, or no batch is full");
    divw_stream_destroy(stream);
    divw_sampler_destroy(sampler);
  }
}

/* 11 draws, 3 ranks with 2 each: 6, then 5. */
static void a_short_last_batch_has_what_is_left(void **state) {
  (void)state;
  divw_sampler *sampler = make(11, EVEN, 0, 6);
  int64_t expected[11], drawn[2], count;
  for (int32_t layout = DIVW_LAYOUT_STRIDED; layout <= DIVW_LAYOUT_BLOCKS; layout++) {
    for (int64_t rank = 0; rank < 3; rank++) {
      divw_stream *stream = stream_of(sampler, 2);
      ok(divw_stream_set_last_batch(stream, DIVW_LAST_SHORT));
      ok(divw_stream_set_layout(stream, layout));
      ok(divw_stream_set_rank(stream, rank, 3));
      for (int64_t epoch = 0; epoch < 2; epoch++) {
        ok(divw_sampler_draw(sampler, epoch, 0, 11, expected));
        ok(divw_stream_next_batch(stream, drawn, &count));
        assert_int_equal(count, 2);
        expect_place(stream, epoch, 6);
        ok(divw_stream_next_batch(stream, drawn, &count));
        assert_int_equal(count, rank < 2 ? 2 : 1);
        expect_place(stream, epoch, 11);
        const bool blocks = layout == DIVW_LAYOUT_BLOCKS;
        for (int64_t k = 0; k < count; k++) {
          assert_int_equal(drawn[k], expected[6 + (blocks ? 2 * rank + k : rank + 3 * k)]);
        }
      }
      divw_stream_destroy(stream);
    }
  }
  divw_sampler_destroy(sampler);
}

/* 4 draws left for 6 ranks. */
static void a_short_last_batch_may_be_empty_for_a_rank(void **state) {
  (void)state;
  divw_sampler *sampler = make(10, EVEN, 0, 6);
  int64_t drawn[1], count;
  for (int32_t layout = DIVW_LAYOUT_STRIDED; layout <= DIVW_LAYOUT_BLOCKS; layout++) {
    int64_t total = 0;
    for (int64_t rank = 0; rank < 6; rank++) {
      divw_stream *stream = stream_of(sampler, 1);
      ok(divw_stream_set_last_batch(stream, DIVW_LAST_SHORT));
      ok(divw_stream_set_layout(stream, layout));
      ok(divw_stream_set_rank(stream, rank, 6));
      ok(divw_stream_next_batch(stream, drawn, &count));
      assert_int_equal(count, 1);
      ok(divw_stream_next_batch(stream, drawn, &count));
      total += count;
      expect_place(stream, 0, 10);
      divw_stream_destroy(stream);
    }
    assert_int_equal(total, 4);
  }
  divw_sampler_destroy(sampler);
}

static void the_last_epoch_ends(void **state) {
  (void)state;
  divw_sampler *sampler = make(10, EVEN, 0, 6);
  divw_stream *stream = stream_of(sampler, 4);
  int64_t drawn[4] = {-1, -1, -1, -1}, count = -1;
  ok(divw_stream_seek(stream, UINT32_MAX, 8));
  fails(divw_stream_next_batch(stream, drawn, &count), DIVW_ERROR_ARGUMENT,
        "divw_stream_next_batch: draw 11 of epoch 4294967295 lies beyond epoch 2^32 - 1");
  assert_int_equal(count, 0);
  expect_place(stream, UINT32_MAX, 8);
  ok(divw_stream_set_last_batch(stream, DIVW_LAST_SHORT));
  ok(divw_stream_next_batch(stream, drawn, &count));
  assert_int_equal(count, 2);
  fails(divw_stream_next_batch(stream, drawn, &count), DIVW_ERROR_ARGUMENT, "epoch is 4294967296");
  divw_stream_destroy(stream);
  divw_sampler_destroy(sampler);
  sampler = make(10, WITH, 0, 6); /* epochs without end have one, too, far away */
  stream = stream_of(sampler, 4);
  ok(divw_stream_seek(stream, 0, INT64_MAX - 4));
  ok(divw_stream_next_batch(stream, drawn, &count));
  fails(divw_stream_next_batch(stream, drawn, &count), DIVW_ERROR_ARGUMENT, "count is 4, expected 0 to 2^63 - 1");
  divw_stream_destroy(stream);
  divw_sampler_destroy(sampler);
}

static void int32_batches_are_the_same(void **state) {
  (void)state;
  enum { SIZE = 1500 };
  static int64_t wide[SIZE];
  static int32_t narrow[SIZE];
  for (int32_t scheme = WITH; scheme <= EVEN; scheme++) {
    divw_sampler *sampler = make(1000, scheme, 0, 7);
    divw_stream *one = stream_of(sampler, SIZE), *other = stream_of(sampler, SIZE);
    ok(divw_stream_set_rank(one, 1, 3));
    ok(divw_stream_set_rank(other, 1, 3));
    for (int b = 0; b < 3; b++) {
      int64_t wide_count, narrow_count;
      ok(divw_stream_next_batch(one, wide, &wide_count));
      ok(divw_stream_next_batch_int32(other, narrow, &narrow_count));
      assert_int_equal(wide_count, narrow_count);
      for (int k = 0; k < SIZE; k++) {
        assert_int_equal(wide[k], narrow[k]);
      }
    }
    divw_stream_destroy(one);
    divw_stream_destroy(other);
    divw_sampler_destroy(sampler);
  }
}

static void int32_is_refused_where_rows_do_not_fit(void **state) {
  (void)state;
  const divw_sampler huge = {.count = (INT64_C(1) << 31) + 1, .groups = 1}; /* nothing but its size */
  divw_stream *stream = stream_of(&huge, 1);
  int32_t drawn[1];
  int64_t count;
  fails(divw_stream_next_batch_int32(stream, drawn, &count), DIVW_ERROR_ARGUMENT,
        "the sampler has 2147483649 rows, expected at most 2^31 for int32");
  divw_stream_destroy(stream);
}

/* ---- new weights ---- */

static void a_stream_goes_on_with_another_sampler(void **state) {
  (void)state;
  for (int32_t scheme = WITH; scheme <= EVEN; scheme++) {
    divw_sampler *one = make(100, scheme, 0, 8), *other = make(100, scheme, 0, 9), *small = make(30, scheme, 0, 8);
    divw_stream *stream = stream_of(one, 40);
    int64_t drawn[40], expected[40], count;
    ok(divw_stream_next_batch(stream, drawn, &count));
    ok(divw_stream_set_sampler(stream, other));
    expect_place(stream, 0, 40);
    ok(divw_stream_next_batch(stream, drawn, &count));
    ok(divw_sampler_draw(other, 0, 40, 40, expected));
    assert_memory_equal(drawn, expected, sizeof drawn);
    if (scheme == WITH) {
      ok(divw_stream_set_sampler(stream, small));
    } else {
      fails(divw_stream_set_sampler(stream, small), DIVW_ERROR_ARGUMENT,
            "the stream is at draw 80 of its epoch, expected a sampler with epochs at least as long, not 30");
      ok(divw_stream_next_batch(stream, drawn, &count)); /* to draw 120: draw 20 of the next epoch */
      ok(divw_stream_set_sampler(stream, small));
      expect_place(stream, 1, 20);
    }
    divw_stream_destroy(stream);
    divw_sampler_destroy(one);
    divw_sampler_destroy(other);
    divw_sampler_destroy(small);
  }
}

/* ---- failing ---- */

static void bad_arguments_are_named(void **state) {
  (void)state;
  divw_sampler *sampler = make(10, WITH, 0, 8);
  divw_stream *stream = (divw_stream *)&stream;
  int64_t drawn[1], count;
  int32_t narrow[1];
  unsigned char bytes[DIVW_STREAM_STATE_BYTES];
  fails(divw_stream_create(NULL, sampler, 1), DIVW_ERROR_ARGUMENT, "divw_stream_create: out is NULL");
  fails(divw_stream_create(&stream, NULL, 1), DIVW_ERROR_ARGUMENT, "sampler is NULL");
  assert_null(stream);
  fails(divw_stream_create(&stream, sampler, 0), DIVW_ERROR_ARGUMENT, "batch_size is 0, expected 1 to 2^31 - 1");
  assert_null(stream);
  divw_stream_destroy(NULL);
  assert_true(divw_stream_rank(NULL) == 0 && divw_stream_world(NULL) == 0 && divw_stream_batch_size(NULL) == 0 &&
              divw_stream_layout(NULL) == 0 && divw_stream_last_batch(NULL) == 0 && divw_stream_epoch(NULL) == 0 &&
              divw_stream_position(NULL) == 0);
  stream = stream_of(sampler, 1);
  fails(divw_stream_set_rank(NULL, 0, 1), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_set_rank(stream, 0, 0), DIVW_ERROR_ARGUMENT, "world is 0, expected 1 to 2^31 - 1");
  fails(divw_stream_set_rank(stream, 3, 3), DIVW_ERROR_ARGUMENT, "rank is 3, expected 0 to 2 (world is 3)");
  fails(divw_stream_set_rank(stream, -1, 3), DIVW_ERROR_ARGUMENT, "rank is -1");
  fails(divw_stream_set_batch_size(NULL, 1), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_set_batch_size(stream, INT64_C(1) << 31), DIVW_ERROR_ARGUMENT, "batch_size is 2147483648");
  fails(divw_stream_set_layout(NULL, 1), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_set_layout(stream, 3), DIVW_ERROR_ARGUMENT, "layout is 3, expected DIVW_LAYOUT_STRIDED or");
  fails(divw_stream_set_last_batch(NULL, 1), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_set_last_batch(stream, 0), DIVW_ERROR_ARGUMENT, "last_batch is 0, expected DIVW_LAST_WRAP");
  fails(divw_stream_seek(NULL, 0, 0), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_seek(stream, -1, 0), DIVW_ERROR_ARGUMENT, "divw_stream_seek: epoch is -1");
  fails(divw_stream_seek(stream, 0, -1), DIVW_ERROR_ARGUMENT, "first is -1");
  fails(divw_stream_next_batch(NULL, drawn, &count), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_next_batch(stream, NULL, &count), DIVW_ERROR_ARGUMENT, "indices is NULL");
  fails(divw_stream_next_batch(stream, drawn, NULL), DIVW_ERROR_ARGUMENT, "count is NULL");
  fails(divw_stream_next_batch_int32(NULL, narrow, &count), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_next_batch_int32(stream, NULL, &count), DIVW_ERROR_ARGUMENT, "indices is NULL");
  fails(divw_stream_next_batch_int32(stream, narrow, NULL), DIVW_ERROR_ARGUMENT, "count is NULL");
  fails(divw_stream_set_sampler(NULL, sampler), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_set_sampler(stream, NULL), DIVW_ERROR_ARGUMENT, "sampler is NULL");
  fails(divw_stream_state(NULL, bytes, sizeof bytes), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_state(stream, NULL, sizeof bytes), DIVW_ERROR_ARGUMENT, "state is NULL");
  fails(divw_stream_state(stream, bytes, 79), DIVW_ERROR_ARGUMENT, "bytes is 79, expected 80");
  fails(divw_stream_restore(NULL, bytes, sizeof bytes), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_restore(stream, NULL, sizeof bytes), DIVW_ERROR_ARGUMENT, "state is NULL");
  fails(divw_stream_restore(stream, bytes, 81), DIVW_ERROR_FORMAT,
        "divw_stream_restore: is no state of a stream, which has 80 bytes, not at least 81");
  fails(divw_stream_save(NULL, "x"), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_save(stream, NULL), DIVW_ERROR_ARGUMENT, "path is NULL");
  fails(divw_stream_load(NULL, "x"), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_load(stream, NULL), DIVW_ERROR_ARGUMENT, "path is NULL");
  fails(divw_stream_save_draws(NULL, 1, NULL, "x"), DIVW_ERROR_ARGUMENT, "stream is NULL");
  fails(divw_stream_save_draws(stream, 1, NULL, NULL), DIVW_ERROR_ARGUMENT, "path is NULL");
  fails(divw_stream_save_draws(stream, -1, NULL, "x"), DIVW_ERROR_ARGUMENT, "count is -1, expected 0 to");
  ok(divw_stream_set_rank(stream, 0, 3));
  fails(divw_stream_save_draws(stream, INT64_MAX / 2, NULL, "x"), DIVW_ERROR_ARGUMENT, "(world is 3)");
  ok(divw_stream_seek(stream, 0, INT64_MAX - 2));
  fails(divw_stream_save_draws(stream, 1, NULL, "x"), DIVW_ERROR_ARGUMENT, "divw_stream_save_draws: count is 3");
  ok(divw_stream_seek(stream, 0, 0));
  fails(divw_stream_save_draws(stream, 1, NULL, scratch("nowhere/x.npy")), DIVW_ERROR_FILE, "nowhere/x.npy");
  expect_place(stream, 0, 0);
  divw_stream_destroy(stream);
  divw_sampler_destroy(sampler);
}

static divw_status run_a_little(void *context) {
  divw_sampler *sampler = NULL;
  divw_stream *stream = NULL;
  int64_t drawn[4], count;
  int32_t narrow[4];
  const double p[4] = {1, 2, 3, 4};
  divw_status status = divw_sampler_create_epochs(&sampler, p, 4, 1, WITHOUT, 0, NULL);
  status = status != DIVW_OK ? status : divw_stream_create(&stream, sampler, 4);
  assert_true(status == DIVW_OK || stream == NULL);
  status = status != DIVW_OK ? status : divw_stream_next_batch(stream, drawn, &count);
  status = status != DIVW_OK ? status : divw_stream_next_batch_int32(stream, narrow, &count);
  status = status != DIVW_OK ? status : divw_stream_save(stream, context);
  status = status != DIVW_OK ? status : divw_stream_load(stream, context);
  status = status != DIVW_OK ? status : divw_stream_save_draws(stream, 9, NULL, context);
  divw_stream_destroy(stream);
  divw_sampler_destroy(sampler);
  return status;
}

static void a_failed_allocation_leaves_nothing_behind(void **state) {
  (void)state;
  char path[512];
  strcpy(path, scratch("allocations.state"));
  fail_every_allocation(run_a_little, path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_stream_has_the_defaults),
      cmocka_unit_test(any_world_and_batch_size_give_the_same_draws),
      cmocka_unit_test(every_position_can_be_resumed_by_other_ranks),
      cmocka_unit_test(wrapping_goes_on_with_the_next_epoch),
      cmocka_unit_test(dropping_leaves_out_what_fills_no_batch),
      cmocka_unit_test(a_short_last_batch_has_what_is_left),
      cmocka_unit_test(a_short_last_batch_may_be_empty_for_a_rank),
      cmocka_unit_test(the_last_epoch_ends),
      cmocka_unit_test(int32_batches_are_the_same),
      cmocka_unit_test(int32_is_refused_where_rows_do_not_fit),
      cmocka_unit_test(a_stream_goes_on_with_another_sampler),
      cmocka_unit_test(bad_arguments_are_named),
      cmocka_unit_test(a_failed_allocation_leaves_nothing_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
