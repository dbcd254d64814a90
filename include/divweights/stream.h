/**
 * @file stream.h
 * @brief A cursor over a sampler: batch after batch, for one of several ranks, saved and restored to the draw.
 *
 * A sampler never changes, and its draws have places (epoch, i). A stream remembers a place. All ranks of a training
 * run have a stream at the same place; a batch takes batch_size draws for each of them, and the place moves on by
 * batch_size x world. So the sequence of draws of all ranks together is the same for every batch size and number of
 * ranks, and a state that one run saved may be restored in a run with others.
 */
#ifndef DIVWEIGHTS_STREAM_H
#define DIVWEIGHTS_STREAM_H

#include <divweights/sampler.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A cursor over a sampler; used by one thread at a time. @since 0.1 */
typedef struct divw_stream divw_stream;

/** Which draws a rank takes. @since 0.1 */
enum {
  DIVW_LAYOUT_STRIDED = 1, /**< those with position mod world = rank: the same draws whatever the batch size */
  DIVW_LAYOUT_BLOCKS = 2   /**< of every batch_size x world draws, a block of batch_size, rank after rank */
};

/** What happens where an epoch ends within a batch; epochs with replacement have no end. @since 0.1 */
enum {
  DIVW_LAST_WRAP = 1, /**< the batch goes on with the next epoch: all batches are full, no draw is lost */
  DIVW_LAST_DROP = 2, /**< what does not fill a batch of all ranks is left out; the next epoch begins */
  DIVW_LAST_SHORT = 3 /**< the last batch of an epoch is shorter, for some ranks by one more or empty */
};

/** Sizes that are part of the interface. @since 0.1 */
enum { DIVW_STREAM_STATE_BYTES = 80 /**< bytes of a state of version 1 */ };

/**
 * @brief Makes a stream at draw 0 of epoch 0: rank 0 of 1, strided, wrapping.
 * @param out        receives the stream, to be destroyed by the caller; NULL on failure
 * @param sampler    what it draws from; must stay until the stream is destroyed or has another; not NULL
 * @param batch_size draws of this rank in a batch, 1 to 2^31 - 1
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_MEMORY
 *
 * Without replacement the stream keeps the order of one epoch, 8 bytes a draw.
 * @since 0.1
 */
DIVW_API divw_status divw_stream_create(divw_stream **out, const divw_sampler *sampler, int64_t batch_size);

/**
 * @brief Ends a stream; the sampler stays.
 * @param stream the stream; NULL is accepted
 * @since 0.1
 */
DIVW_API void divw_stream_destroy(divw_stream *stream);

/**
 * @brief Which of how many ranks this is; may change between batches, on all ranks at once.
 * @param stream the stream; not NULL
 * @param rank   0 to world - 1
 * @param world  1 to 2^31 - 1
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_stream_set_rank(divw_stream *stream, int64_t rank, int64_t world);

/**
 * @brief This rank.
 * @param stream the stream, or NULL
 * @return from 0; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_stream_rank(const divw_stream *stream);

/**
 * @brief The number of ranks.
 * @param stream the stream, or NULL
 * @return at least 1; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_stream_world(const divw_stream *stream);

/**
 * @brief Draws of this rank in a batch; may change between batches, on all ranks at once.
 * @param stream     the stream; not NULL
 * @param batch_size 1 to 2^31 - 1
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_stream_set_batch_size(divw_stream *stream, int64_t batch_size);

/**
 * @brief Draws of this rank in a batch.
 * @param stream the stream, or NULL
 * @return at least 1; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_stream_batch_size(const divw_stream *stream);

/**
 * @brief Which draws a rank takes.
 * @param stream the stream; not NULL
 * @param layout DIVW_LAYOUT_STRIDED or DIVW_LAYOUT_BLOCKS
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_stream_set_layout(divw_stream *stream, int32_t layout);

/**
 * @brief Which draws a rank takes.
 * @param stream the stream, or NULL
 * @return DIVW_LAYOUT_STRIDED (the default) or DIVW_LAYOUT_BLOCKS; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_stream_layout(const divw_stream *stream);

/**
 * @brief What happens where an epoch ends within a batch.
 * @param stream     the stream; not NULL
 * @param last_batch DIVW_LAST_WRAP, DIVW_LAST_DROP or DIVW_LAST_SHORT
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_stream_set_last_batch(divw_stream *stream, int32_t last_batch);

/**
 * @brief What happens where an epoch ends within a batch.
 * @param stream the stream, or NULL
 * @return DIVW_LAST_WRAP (the default), DIVW_LAST_DROP or DIVW_LAST_SHORT; 0 for NULL
 * @since 0.1
 */
DIVW_API int32_t divw_stream_last_batch(const divw_stream *stream);

/**
 * @brief Goes to draw `position` of an epoch, counted over all ranks.
 * @param stream   the stream; not NULL
 * @param epoch    0 .. 2^32 - 1
 * @param position at least 0; from the length of the epoch on it means draws of the following epochs
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 *
 * Cost: O(1); without replacement the next batch of another epoch costs O(n).
 * @since 0.1
 */
DIVW_API divw_status divw_stream_seek(divw_stream *stream, int64_t epoch, int64_t position);

/**
 * @brief The epoch of the cursor.
 * @param stream the stream, or NULL
 * @return from 0; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_stream_epoch(const divw_stream *stream);

/**
 * @brief How many draws of all ranks lie between the beginning of divw_stream_epoch() and the next batch.
 *
 * When batches wrap, it counts on over the ends of epochs, so that ranks keep their draws: the epoch of the next draw
 * is then epoch + position / length. Otherwise it is at most the length.
 * @param stream the stream, or NULL
 * @return from 0; 0 for NULL
 * @since 0.1
 */
DIVW_API int64_t divw_stream_position(const divw_stream *stream);

/**
 * @brief Draws the next batch of this rank.
 * @param stream  the stream; not NULL
 * @param indices receives up to batch_size positions in 0 .. n-1; not NULL
 * @param count   receives how many: batch_size, but for a last batch that is short; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (also past the last epoch, 2^32 - 1, and where batches are dropped that are not
 *         full and an epoch is shorter than one of all ranks); DIVW_ERROR_MEMORY (without replacement). The cursor
 * moves only on success.
 *
 * Cost: O(1) a draw; without replacement O(n) where an epoch begins or was sought.
 * @since 0.1
 */
DIVW_API divw_status divw_stream_next_batch(divw_stream *stream, int64_t *indices, int64_t *count);

/**
 * @brief The same in int32, for n up to 2^31.
 * @param stream  the stream; not NULL
 * @param indices receives up to batch_size positions; not NULL
 * @param count   receives how many; not NULL
 * @return as divw_stream_next_batch(); DIVW_ERROR_ARGUMENT also for more rows
 * @since 0.1
 */
DIVW_API divw_status divw_stream_next_batch_int32(divw_stream *stream, int32_t *indices, int64_t *count);

/**
 * @brief Draws the next `count` draws of this rank, as one batch of that size that wraps would, and writes them to a
 *        one-axis `.npy` of little-endian int64, in constant memory.
 * @param stream the stream; its place moves on by count x world on success; not NULL
 * @param count  how many, 0 or more
 * @param rows   n numbers to write instead of the positions (row numbers of the file the weights were made from); NULL:
 *               the positions
 * @param path   the target, which appears complete or not at all; an existing file is replaced; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (also where count x world draws are not left); DIVW_ERROR_FILE;
 * DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_stream_save_draws(divw_stream *stream, int64_t count, const int64_t *rows, const char *path);

/**
 * @brief Goes on at the same place with another sampler: new weights in the middle of a run.
 * @param stream  the stream; not NULL
 * @param sampler what it draws from now on; must stay; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (an epoch of the new one is shorter than the position)
 * @since 0.1
 */
DIVW_API divw_status divw_stream_set_sampler(divw_stream *stream, const divw_sampler *sampler);

/**
 * @brief The state of a stream: its place, and what sampler it belongs to. Rank, world, batch size, layout and what is
 *        done at the end of epochs are not part of it: they may differ where it is restored.
 * @param stream the stream; not NULL
 * @param state  receives DIVW_STREAM_STATE_BYTES bytes, the same on every machine (docs/sampler.md); not NULL
 * @param bytes  the room there; DIVW_STREAM_STATE_BYTES
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT
 * @since 0.1
 */
DIVW_API divw_status divw_stream_state(const divw_stream *stream, void *state, int64_t bytes);

/**
 * @brief Goes to the place of a state.
 * @param stream the stream; not NULL
 * @param state  what divw_stream_state() gave; not NULL
 * @param bytes  how many
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_FORMAT (no state, damaged, or of a later version); DIVW_ERROR_DATA
 * (of a sampler with other weights, another seed, scheme, number of rows, epoch length or labels: which is said). The
 * stream is changed only on success.
 * @since 0.1
 */
DIVW_API divw_status divw_stream_restore(divw_stream *stream, const void *state, int64_t bytes);

/**
 * @brief Writes the state to a file that appears complete or not at all.
 * @param stream the stream; not NULL
 * @param path   the target; an existing file is replaced; not NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT; DIVW_ERROR_FILE; DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_stream_save(const divw_stream *stream, const char *path);

/**
 * @brief Goes to the place of a state in a file.
 * @param stream the stream; not NULL
 * @param path   a file of divw_stream_save(); not NULL
 * @return as divw_stream_restore(), with the path in the sentence; DIVW_ERROR_FILE; DIVW_ERROR_MEMORY
 * @since 0.1
 */
DIVW_API divw_status divw_stream_load(divw_stream *stream, const char *path);

#ifdef __cplusplus
}
#endif

#endif
