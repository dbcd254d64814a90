/**
 * @file divweights.h
 * @brief The whole public interface, in the order of the pipeline.
 *
 *     dataset -> kernel -> solver -> weights -> sampler -> any training loop
 *                  |
 *                vendi: how diverse
 *
 * Conventions that hold everywhere:
 * - Every function that can fail returns a @ref divw_status (0 is success) and leaves a sentence for
 *   divw_error_message(). A failed `divw_X_create(&out, ...)` sets `*out` to NULL.
 * - Every `divw_X_destroy(x)` accepts NULL. Getters accept NULL and answer 0, NaN or NULL.
 * - Matrices are row-major. Strides are in bytes. Entropies and gaps are in nats, times in seconds.
 * - An object may be read by several threads at once; it may be changed by one at a time.
 * - The library never prints, exits, installs handlers, or changes the locale, the floating-point state
 *   or (unless told to by divw_set_threads()) the number of BLAS threads.
 */
#ifndef DIVWEIGHTS_DIVWEIGHTS_H
#define DIVWEIGHTS_DIVWEIGHTS_H

#include <divweights/dataset.h>
#include <divweights/estimate.h>
#include <divweights/evaluate.h>
#include <divweights/ids.h>
#include <divweights/indices.h>
#include <divweights/kernel.h>
#include <divweights/reweight.h>
#include <divweights/runtime.h>
#include <divweights/sampler.h>
#include <divweights/similarity.h>
#include <divweights/solver.h>
#include <divweights/status.h>
#include <divweights/stream.h>
#include <divweights/transform.h>
#include <divweights/vendi.h>
#include <divweights/version.h>
#include <divweights/weights.h>

#endif
