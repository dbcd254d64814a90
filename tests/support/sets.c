#include "sets.h"

#include "make.h"

#include <stdlib.h>

set make_set(int64_t n, int64_t d, double offset, uint64_t seed) {
  set made = {n, d, make_rows(n, d, seed), malloc((size_t)n * sizeof *made.p), NULL};
  test_random random = {seed + 100};
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += made.p[i] = i % 7 == 3 ? 0 : next_uniform(&random);
  }
  for (int64_t i = 0; i < n; i++) {
    made.p[i] /= sum;
  }
  for (int64_t k = 0; k < n * d; k++) {
    made.x[k] += offset;
  }
  ok(divw_dataset_create_borrowed(&made.dataset, made.x, n, d, DIVW_FLOAT64, 0));
  return made;
}

set set_of(const double *x, int64_t n, int64_t d) {
  set made = {n, d, malloc((size_t)(n * d) * sizeof *x), malloc((size_t)n * sizeof *x), NULL};
  memcpy(made.x, x, (size_t)(n * d) * sizeof *x);
  for (int64_t i = 0; i < n; i++) {
    made.p[i] = 1 / (double)n;
  }
  ok(divw_dataset_create_borrowed(&made.dataset, made.x, n, d, DIVW_FLOAT64, 0));
  return made;
}

void forget(set *s) {
  divw_dataset_destroy(s->dataset);
  free(s->p);
  free(s->x);
}

set without_zeros(const set *s) {
  set kept = set_of(s->x, s->n, s->d);
  kept.n = 0;
  for (int64_t i = 0; i < s->n; i++) {
    if (s->p[i] > 0) {
      memcpy(kept.x + kept.n * s->d, s->x + i * s->d, (size_t)s->d * sizeof *s->x);
      kept.p[kept.n++] = s->p[i];
    }
  }
  divw_dataset_destroy(kept.dataset);
  ok(divw_dataset_create_borrowed(&kept.dataset, kept.x, kept.n, s->d, DIVW_FLOAT64, 0));
  return kept;
}

double fid_of(const set *a, const double *p, const set *b, const double *v, int32_t covariance) {
  divw_statistics *s, *t;
  double distance, back;
  ok(divw_statistics_create(&s, a->dataset, p, covariance));
  ok(divw_statistics_create(&t, b->dataset, v, covariance));
  ok(divw_evaluate_fid(s, t, &distance));
  ok(divw_evaluate_fid(t, s, &back));
  near(distance, back, 1e-11 * (1 + distance));
  divw_statistics_destroy(t);
  divw_statistics_destroy(s);
  return distance;
}
