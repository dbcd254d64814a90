// The same from C++: objects end with their owner, failures are exceptions.
#include <divweights/divweights.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

template <class T> struct Ended;
template <> struct Ended<divw_dataset> {
  void operator()(divw_dataset *x) const { divw_dataset_destroy(x); }
};
template <> struct Ended<divw_kernel> {
  void operator()(divw_kernel *x) const { divw_kernel_destroy(x); }
};
template <class T> using Owner = std::unique_ptr<T, Ended<T>>;

static void check(divw_status status) {
  if (status != DIVW_OK) {
    throw std::runtime_error(divw_error_message());
  }
}

static double vendi_score(const double *rows, int64_t n, int64_t d) {
  divw_dataset *dataset;
  check(divw_dataset_create_borrowed(&dataset, rows, n, d, DIVW_FLOAT64, 0));
  Owner<divw_dataset> dataset_owner(dataset);
  divw_kernel *kernel;
  check(divw_kernel_create(&kernel, dataset, DIVW_KERNEL_COSINE));
  Owner<divw_kernel> kernel_owner(kernel);
  double score;
  check(divw_vendi_score(kernel, nullptr, 1, &score));
  return score;
}

int main() {
  const double rows[] = {1, 0, 0, 1};
  double score = vendi_score(rows, 2, 2);
  bool told = false;
  try {
    vendi_score(rows, 0, 2);
  } catch (const std::runtime_error &) {
    told = true;
  }
  std::printf("divweights %s: two different rows count as %g\n", divw_version(), score);
  return told && score > 1.999 && score < 2.001 ? 0 : 1;
}
