#include "yardstick.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace {

constexpr int64_t neighbour = 5;
constexpr int32_t convention = DIVW_COVARIANCE_POPULATION; // a finite target, not a sample of one

divweights::dataset borrow(const std::vector<float> &pixels, int64_t d) {
  return divweights::dataset(divw_dataset_create_borrowed, pixels.data(), int64_t(pixels.size()) / d, d, DIVW_FLOAT32,
                             int64_t(0));
}

double distance(const divw_statistics *reference, const divw_statistics *generated) {
  double value;
  divweights::check(divw_evaluate_fid(reference, generated, &value));
  return value;
}

} // namespace

yardstick::yardstick(const examples &from, const std::vector<double> &p, std::vector<double> q)
    : data(from), reference_weights(std::move(q)), rows(borrow(from.pixels, from.height * from.width)),
      own(divw_statistics_create, rows, p.data(), convention),
      uniform(divw_statistics_create, rows, nullptr, convention),
      reference(divw_statistics_create, rows, reference_weights.data(), convention),
      columns{"vendi_score", "fid_own",          "fid_uniform", "fid_reference", "precision",
              "recall",      "recall_reference", "density",     "coverage"} {
  const std::set<int64_t> met(from.labels.begin(), from.labels.end());
  classes.assign(met.begin(), met.end());
  for (const int64_t label : classes) {
    columns.push_back("share_" + std::to_string(label));
  }
}

// For each class, the share of images whose nearest example is of it.
std::vector<double> yardstick::shares(const divw_dataset *generated) const {
  std::vector<int64_t> nearest(size_t(divw_dataset_count(generated)));
  std::vector<double> found(classes.size());
  if (!classes.empty()) {
    divweights::check(divw_evaluate_nearest(rows, generated, nearest.data()));
  }
  for (const int64_t row : nearest) {
    const auto label = std::lower_bound(classes.begin(), classes.end(), data.labels[size_t(row)]);
    found[size_t(label - classes.begin())] += 1.0 / double(nearest.size());
  }
  return found;
}

std::vector<double> yardstick::measure(const std::vector<float> &images) const {
  const divweights::dataset generated = borrow(images, data.height * data.width);
  const divweights::kernel kernel(divw_kernel_create, generated, DIVW_KERNEL_COSINE);
  const divweights::statistics made(divw_statistics_create, generated, nullptr, convention);
  double vendi_score;
  std::array<double, 4> even, weighted;
  divweights::check(divw_vendi_score(kernel, nullptr, 1, &vendi_score));
  divweights::check(divw_evaluate_prdc(rows, nullptr, generated, nullptr, neighbour, even.data(), nullptr));
  divweights::check(
      divw_evaluate_prdc(rows, reference_weights.data(), generated, nullptr, neighbour, weighted.data(), nullptr));
  std::vector<double> values = {vendi_score,
                                distance(own, made),
                                distance(uniform, made),
                                distance(reference, made),
                                even[DIVW_PRDC_PRECISION],
                                even[DIVW_PRDC_RECALL],
                                weighted[DIVW_PRDC_RECALL],
                                even[DIVW_PRDC_DENSITY],
                                even[DIVW_PRDC_COVERAGE]};
  const std::vector<double> by_class = shares(generated);
  values.insert(values.end(), by_class.begin(), by_class.end());
  return values;
}
