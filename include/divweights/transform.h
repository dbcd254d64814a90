/**
 * @file transform.h
 * @brief Between the first and the second stage: rows moved or turned so that similarity means more.
 *
 * Raw image and text embeddings are often squeezed into a narrow cone, where the cosine of any two is near 1. Minus
 * their mean they spread out; their leading components keep what differs between them and leave noise behind.
 *
 * A transformed dataset stands by itself: row numbers, labels and ids are those of the examples it was made of, its
 * type is float64, and subsets of it keep the mean and the directions that were found on the whole.
 */
#ifndef DIVWEIGHTS_TRANSFORM_H
#define DIVWEIGHTS_TRANSFORM_H

#include <divweights/dataset.h>
#include <divweights/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief A dataset of the rows minus their mean:  x_i - (1/n) sum x_j.
 *
 * Differences from the mean that are within its rounding (4 u times the size of the column's numbers and spread,
 * u = 2^-53) are 0, so that a row that is the mean is a row of zeros, which a kernel refuses by name.
 * @param out     receives the dataset, to be destroyed by the caller; NULL on failure
 * @param dataset where the rows are taken from; not NULL. Its rows are shared: the mean is subtracted whenever a row is
 *                used
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (NULL); DIVW_ERROR_DATA (NaN, Inf: row and column are named; numbers whose sum
 *         overflows: the column is named); DIVW_ERROR_MEMORY
 *
 * Cost: one read of the data, and 16 d bytes.
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_center(divw_dataset **out, const divw_dataset *dataset);

/**
 * @brief A dataset of the leading principal components of the rows: their coordinates in the K orthogonal directions
 * v_k that hold most of sum |x_i|^2, largest first.
 *
 *     x_i  ->  (<v_1, x_i>, ..., <v_K, x_i>),     v_k: eigenvectors of sum x_i x_i^T
 *
 * The rows are taken as they are: for the components of the centred rows, center first. Each v_k is known up to its
 * sign, which cosine and linear similarity do not see. A row with less than 1e-12 of its length in these directions
 * becomes a row of zeros, which a kernel refuses by name.
 * @param out        receives the dataset, to be destroyed by the caller; NULL on failure
 * @param dataset    where the rows are taken from; not NULL
 * @param components how many, K: 1 .. min(n, d)
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (the sentence names the range); DIVW_ERROR_DATA (NaN, Inf: row and column are
 *         named); DIVW_ERROR_SIZE (min(n, d) above 32,766, which LAPACK cannot index); DIVW_ERROR_NUMERICAL;
 *         DIVW_ERROR_MEMORY
 *
 * Cost: with m = min(n, d), n d m + 9 m^3 + 2 n d K operations, three reads of the data, 8 (n + d) K bytes to keep, and
 * 32 m^2 bytes while it works.
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_components(divw_dataset **out, const divw_dataset *dataset, int64_t components);

/**
 * @brief A dataset of other rows, moved and turned as the rows of a transformed one were: by the mean and the
 * directions that were found on those.
 *
 * So that examples that came later can be compared with the old ones. A model that was not transformed leaves the rows
 * as they are.
 * @param out     receives the dataset, to be destroyed by the caller; NULL on failure
 * @param dataset the rows as they are before any transformation; not NULL. They are shared where model was only
 *                centered, and copied as float64 where it has components
 * @param model   what divw_dataset_center() and divw_dataset_components() made of other rows, or a subset of that; not
 *                NULL
 * @return DIVW_OK; DIVW_ERROR_ARGUMENT (NULL; another number of columns than model was made of; a dataset that is
 *         centered itself); DIVW_ERROR_DATA (NaN, Inf: row and column are named); DIVW_ERROR_MEMORY
 *
 * Cost: 2 d K operations a row and two reads of them for K components; nothing where model has none.
 * @since 0.1
 */
DIVW_API divw_status divw_dataset_transform_like(divw_dataset **out, const divw_dataset *dataset,
                                                 const divw_dataset *model);

#ifdef __cplusplus
}
#endif

#endif
