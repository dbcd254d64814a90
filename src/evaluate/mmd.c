/* Squared maximum mean discrepancy, of all pairs or of blocks.
 *
 *     a_i = sum_{i' != i} p_i' k(x_i, x_i'),   b_j likewise of y under v,   c_i = sum_j v_j k(x_i, y_j),
 *     c'_j = sum_i p_i k(x_i, y_j)
 *
 *     unbiased  U = sum p_i a_i / (1 - sum p^2) + sum v_j b_j / (1 - sum v^2) - 2 sum p_i c_i
 *     biased    sum p_i (a_i + p_i k(x_i, x_i)) + the same of y - 2 sum p_i c_i
 *
 * The sums a, b, c, c' also give the standard error: U is a mean over rows up to second order, row i pulling with
 * g_i = 2 (a_i / (1 - p_i) - c_i), and rows are independent. Where both distributions are the same g_i vanishes but for
 * noise, which makes the error too large rather than too small.
 *
 * Kernels are functions of <x, y>, |x| and |y|, so that pairs come from tiles of inner products. Pairs of one set with
 * itself are gone through once and counted for both rows.
 *
 * Sources: Gretton et al., JMLR 13 (2012) 723-773; Zaremba, Gretton, Blaschko, B-tests, NIPS 2013. */
#include "resample.h"
#include "rows.h"

#include <divweights/evaluate.h>

#include <math.h>
#include <string.h>

typedef struct {
  int32_t kind;
  int64_t degree;
  double scale; /* 1/d of the polynomial, -1 / (2 s^2) of the Gaussian */
} mmd_kernel;

/* ---- the kernel ---- */

static double power(double base, int64_t degree) {
  double result = base;
  for (int64_t k = 1; k < degree; k++) {
    result *= base;
  }
  return result;
}

/* A degree that is known is done in lanes; and 3 is that of KID. */
static void apply_polynomial(const mmd_kernel *kernel, int64_t n, double *restrict product) {
  const double scale = kernel->scale;
  for (int64_t j = 0; kernel->degree == 3 && j < n; j++) {
    const double base = scale * product[j] + 1;
    product[j] = base * base * base;
  }
  for (int64_t j = 0; kernel->degree != 3 && j < n; j++) {
    product[j] = power(scale * product[j] + 1, kernel->degree);
  }
}

/* product[j] = <x, y_j> becomes k(x, y_j). */
static void apply(const mmd_kernel *kernel, double square, const double *restrict squares, int64_t n,
                  double *restrict product) {
  switch (kernel->kind) {
  case DIVW_MMD_POLYNOMIAL: apply_polynomial(kernel, n, product); break;
  case DIVW_MMD_GAUSSIAN:
    for (int64_t j = 0; j < n; j++) {
      product[j] = exp(kernel->scale * fmax(square + squares[j] - 2 * product[j], 0));
    }
    break;
  case DIVW_MMD_COSINE:
    for (int64_t j = 0; j < n; j++) {
      product[j] /= sqrt(square * squares[j]);
    }
    break;
  default: break;
  }
}

static double apply_to_itself(const mmd_kernel *kernel, double square) {
  switch (kernel->kind) {
  case DIVW_MMD_POLYNOMIAL: return power(kernel->scale * square + 1, kernel->degree);
  case DIVW_MMD_LINEAR: return square;
  default: return 1;
  }
}

static divw_status make_kernel(mmd_kernel *made, int32_t kernel, double parameter, int64_t d, const char *who) {
  if (kernel < DIVW_MMD_POLYNOMIAL || kernel > DIVW_MMD_LINEAR) {
    return dw_fail(DIVW_ERROR_ARGUMENT, "%s: kernel is %d, expected one of DIVW_MMD_*", who, kernel);
  }
  *made = (mmd_kernel){kernel, 0, 0};
  if (kernel == DIVW_MMD_POLYNOMIAL) {
    if (!(parameter >= 1 && parameter <= 20 && parameter == floor(parameter))) {
      return dw_fail(DIVW_ERROR_ARGUMENT, "%s: parameter is %g, expected a degree, 1 to 20", who, parameter);
    }
    made->degree = (int64_t)parameter;
    made->scale = 1 / (double)d;
  } else if (kernel == DIVW_MMD_GAUSSIAN) {
    if (!(parameter > 0 && isfinite(parameter))) {
      return dw_fail(DIVW_ERROR_ARGUMENT, "%s: parameter is %g, expected a bandwidth above 0", who, parameter);
    }
    made->scale = -0.5 / parameter / parameter;
  }
  return DIVW_OK;
}

/* ---- sums over pairs ---- */

/* Two sets of rows, or one twice, and for every row the weighted sum of its kernel with those of the other set. */
typedef struct {
  const mmd_kernel *kernel;
  const dw_rows *a, *b;
  double *sum_a, *sum_b; /* the same where a == b */
} pair_sums;

static divw_status add_tile(const dw_tile *tile, void *context) {
  const pair_sums *sums = context;
  const double *restrict weight_b = sums->b->weight + tile->j, *restrict squares = sums->b->square + tile->j;
  double *restrict column = sums->sum_b + tile->j;
  for (int64_t i = 0; i < tile->m; i++) {
    double *restrict k = tile->product + i * tile->n;
    const double weight = sums->a->weight[tile->i + i];
    const int64_t first = sums->a == sums->b ? dw_max(0, tile->i + i + 1 - tile->j) : 0;
    double row = 0;
    if (first >= tile->n) {
      continue;
    }
    apply(sums->kernel, sums->a->square[tile->i + i], squares + first, tile->n - first, k + first);
    for (int64_t j = first; j < tile->n; j++) {
      row += weight_b[j] * k[j];
      column[j] += weight * k[j];
    }
    sums->sum_a[tile->i + i] += row;
  }
  return DIVW_OK;
}

/* ---- two sets ---- */

typedef struct {
  dw_rows rows;
  double *within, *across; /* a and c, or b and c' */
} side;

typedef struct {
  double biased, unbiased, error;
} estimate;

static void destroy_side(side *s) {
  divw_free(s->across);
  divw_free(s->within);
  dw_rows_destroy(&s->rows);
}

static divw_status check_norms(const dw_rows *rows, int32_t kernel) {
  for (int64_t i = 0; i < rows->n; i++) {
    const long long row = (long long)divw_dataset_row(rows->dataset, rows->position[i]);
    if (!(rows->square[i] <= 1e300)) {
      return dw_fail(DIVW_ERROR_DATA, "row %lld of the data has norm %g, expected at most 1e150", row,
                     sqrt(rows->square[i]));
    }
    if (kernel == DIVW_MMD_COSINE && !(rows->square[i] >= 1e-300)) {
      return dw_fail(DIVW_ERROR_DATA, "row %lld of the data is all zeros, which has no direction for the cosine kernel",
                     row);
    }
  }
  return DIVW_OK;
}

static divw_status create_side(side *s, const divw_dataset *dataset, const double *p, int32_t kernel, const char *who) {
  divw_status status;
  DW_TRY(dw_rows_create(&s->rows, dataset, p, who));
  DW_TRY(dw_rows_measure(&s->rows));
  DW_TRY(check_norms(&s->rows, kernel));
  DW_TRY(dw_alloc(&s->within, s->rows.n, sizeof *s->within));
  DW_TRY(dw_alloc(&s->across, s->rows.n, sizeof *s->across));
fail:
  return status;
}

static double weighted_sum(const dw_rows *rows, const double *x) {
  double sum = 0;
  for (int64_t i = 0; i < rows->n; i++) {
    sum += rows->weight[i] * x[i];
  }
  return sum;
}

static double diagonal(const mmd_kernel *kernel, const dw_rows *rows) {
  double sum = 0;
  for (int64_t i = 0; i < rows->n; i++) {
    sum += rows->weight[i] * rows->weight[i] * apply_to_itself(kernel, rows->square[i]);
  }
  return sum;
}

/* The share of one side in the squared error; `within` is overwritten by the pull of each row. */
static double squared_error(side *s) {
  double mean, error;
  for (int64_t i = 0; i < s->rows.n; i++) {
    s->within[i] = 2 * (s->within[i] / (1 - s->rows.weight[i]) - s->across[i]);
  }
  dw_rows_average(&s->rows, s->within, &mean, &error);
  return error * error;
}

static divw_status estimate_all(estimate *result, const mmd_kernel *kernel, side *x, side *y) {
  divw_status status;
  pair_sums xx = {kernel, &x->rows, &x->rows, x->within, x->within};
  pair_sums yy = {kernel, &y->rows, &y->rows, y->within, y->within};
  pair_sums xy = {kernel, &x->rows, &y->rows, x->across, y->across};
  for (int k = 0; k < 2; k++) {
    side *s = k == 0 ? x : y;
    memset(s->within, 0, (size_t)s->rows.n * sizeof *s->within);
    memset(s->across, 0, (size_t)s->rows.n * sizeof *s->across);
  }
  DW_TRY(dw_for_pairs(xx.a, xx.b, add_tile, &xx));
  DW_TRY(dw_for_pairs(yy.a, yy.b, add_tile, &yy));
  DW_TRY(dw_for_pairs(xy.a, xy.b, add_tile, &xy));
  const double within_x = weighted_sum(&x->rows, x->within), within_y = weighted_sum(&y->rows, y->within);
  const double across = weighted_sum(&x->rows, x->across);
  result->biased = within_x + diagonal(kernel, &x->rows) + within_y + diagonal(kernel, &y->rows) - 2 * across;
  result->unbiased = result->error = NAN;
  if (!isfinite(result->biased)) {
    return dw_fail(DIVW_ERROR_DATA, "the kernel of rows of the data overflows: scale the rows, or lower the degree");
  }
  if (x->rows.rest > 0 && y->rows.rest > 0) {
    result->unbiased = within_x / x->rows.rest + within_y / y->rows.rest - 2 * across;
    result->error = sqrt(squared_error(x) + squared_error(y));
  }
fail:
  return status;
}

divw_status divw_evaluate_mmd(const divw_dataset *reference, const double *p, const divw_dataset *generated,
                              const double *v, int32_t kernel, double parameter, double *biased, double *unbiased,
                              double *error) {
  divw_status status;
  side x = {.within = NULL}, y = {.within = NULL};
  mmd_kernel made;
  estimate result;
  DW_REQUIRE(reference);
  DW_REQUIRE(generated);
  DW_TRY(dw_check_dimensions(reference, generated, __func__));
  DW_TRY(make_kernel(&made, kernel, parameter, divw_dataset_dimension(reference), __func__));
  DW_TRY(create_side(&x, reference, p, kernel, __func__));
  DW_TRY(create_side(&y, generated, v, kernel, __func__));
  DW_TRY(estimate_all(&result, &made, &x, &y));
  *(biased != NULL ? biased : &result.biased) = result.biased;
  *(unbiased != NULL ? unbiased : &result.unbiased) = result.unbiased;
  *(error != NULL ? error : &result.error) = result.error;
fail:
  destroy_side(&y);
  destroy_side(&x);
  return status;
}

/* ---- blocks ---- */

/* Block number k of a side as a side of its own, on the memory of the whole. */
static side part_of(const side *s, int64_t first, int64_t block) {
  side part = *s;
  double sum = 0;
  part.rows.position += first;
  part.rows.weight += first;
  part.rows.square += first;
  part.rows.n = block;
  for (int64_t i = 0; i < block; i++) {
    sum += part.rows.weight[i];
  }
  for (int64_t i = 0; i < block; i++) {
    part.rows.weight[i] /= sum;
  }
  part.rows.rest = dw_rest(part.rows.weight, block);
  return part;
}

/* Positions, weights and squares in a random order. */
static divw_status shuffle(side *s, uint64_t seed, uint32_t which) {
  divw_status status;
  dw_rows old = s->rows;
  int64_t *order = NULL;
  old.cursor = NULL; /* stays */
  s->rows.position = NULL;
  s->rows.weight = s->rows.square = NULL;
  DW_TRY(dw_alloc(&order, old.n, sizeof *order));
  DW_TRY(dw_alloc(&s->rows.position, old.n, sizeof *old.position));
  DW_TRY(dw_alloc(&s->rows.weight, old.n, sizeof *old.weight));
  DW_TRY(dw_alloc(&s->rows.square, old.n, sizeof *old.square));
  dw_permutation(order, old.n, old.n, dw_random_start(seed, DW_PURPOSE_BLOCKS, which));
  for (int64_t i = 0; i < old.n; i++) {
    s->rows.position[i] = old.position[order[i]];
    s->rows.weight[i] = old.weight[order[i]];
    s->rows.square[i] = old.square[order[i]];
  }
fail:
  divw_free(order);
  dw_rows_destroy(&old);
  return status;
}

static divw_status average_blocks(const mmd_kernel *kernel, const side *x, const side *y, int64_t block, double *mean,
                                  double *error) {
  divw_status status = DIVW_OK;
  const int64_t blocks = dw_min(x->rows.n, y->rows.n) / block;
  double sum = 0, square = 0, first = 0;
  for (int64_t k = 0; k < blocks; k++) {
    side part_x = part_of(x, k * block, block), part_y = part_of(y, k * block, block);
    estimate result;
    DW_TRY(estimate_all(&result, kernel, &part_x, &part_y));
    first = k == 0 ? result.unbiased : first; /* differences from one of them keep their digits */
    sum += result.unbiased - first;
    square += (result.unbiased - first) * (result.unbiased - first);
  }
  const double n = (double)blocks;
  *mean = first + sum / n;
  *error = blocks > 1 ? sqrt(fmax(square - sum * sum / n, 0) / (n - 1) / n) : NAN;
fail:
  return status;
}

divw_status divw_evaluate_mmd_blocks(const divw_dataset *reference, const double *p, const divw_dataset *generated,
                                     const double *v, int32_t kernel, double parameter, int64_t block, uint64_t seed,
                                     double *unbiased, double *error) {
  divw_status status;
  side x = {.within = NULL}, y = {.within = NULL};
  mmd_kernel made;
  double ignored;
  DW_REQUIRE(reference);
  DW_REQUIRE(generated);
  DW_REQUIRE(unbiased);
  DW_TRY(dw_check_dimensions(reference, generated, __func__));
  DW_TRY(make_kernel(&made, kernel, parameter, divw_dataset_dimension(reference), __func__));
  DW_TRY(create_side(&x, reference, p, kernel, __func__));
  DW_TRY(create_side(&y, generated, v, kernel, __func__));
  if (block < 2 || block > dw_min(x.rows.n, y.rows.n)) {
    DW_TRY(dw_fail(DIVW_ERROR_ARGUMENT,
                   "%s: block is %lld, expected 2 to %lld, the smaller number of rows of positive weight", __func__,
                   (long long)block, (long long)dw_min(x.rows.n, y.rows.n)));
  }
  DW_TRY(shuffle(&x, seed, 0));
  DW_TRY(shuffle(&y, seed, 1));
  DW_TRY(average_blocks(&made, &x, &y, block, unbiased, error != NULL ? error : &ignored));
fail:
  destroy_side(&y);
  destroy_side(&x);
  return status;
}
