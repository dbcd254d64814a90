#include "examples.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

namespace {

divweights::dataset load(const options &o) {
  divweights::dataset all(divw_dataset_load, o.data.c_str());
  if (!o.labels.empty()) {
    divweights::check(divw_dataset_load_labels(all, o.labels.c_str()));
  }
  if (o.classes.empty()) {
    return all;
  }
  return divweights::dataset(divw_dataset_select_labels, all, o.classes.data(), int64_t(o.classes.size()));
}

// Divided by 255, or what is largest in images that are not of bytes.
std::vector<float> read_pixels(const divw_dataset *rows, const std::string &path) {
  const int64_t n = divw_dataset_count(rows), d = divw_dataset_dimension(rows);
  std::vector<double> values(size_t(n * d));
  divweights::check(divw_dataset_read(rows, 0, n, values.data()));
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  if (!(*least >= 0 && *most > 0 && std::isfinite(*most))) {
    throw std::runtime_error(path + ": holds values from " + std::to_string(*least) + " to " + std::to_string(*most) +
                             ", expected intensities from 0");
  }
  const double scale = divw_dataset_dtype(rows) == DIVW_UINT8 ? 255 : *most;
  std::vector<float> pixels(values.size());
  std::transform(values.begin(), values.end(), pixels.begin(), [=](double value) { return float(value / scale); });
  return pixels;
}

std::vector<double> load_weights(const std::string &path, int64_t count) {
  const divweights::weights given(divw_weights_load, path.c_str());
  if (divw_weights_count(given) != count) {
    throw std::runtime_error(path + ": " + std::to_string(divw_weights_count(given)) + " weights for " +
                             std::to_string(count) + " images");
  }
  const double *p = divw_weights_values(given);
  return {p, p + count};
}

} // namespace

examples::examples(const options &o)
    : rows(load(o)), count(divw_dataset_count(rows)), height(divw_dataset_shape(rows, 1)),
      width(divw_dataset_dimension(rows) / height), pixels(read_pixels(rows, o.data)) {
  if (const int64_t *known = divw_dataset_labels(rows)) {
    labels.assign(known, known + count);
  }
}

std::vector<double> examples::balanced(double balance, const std::string &folder) const {
  std::ostringstream path;
  path << folder << "/weights_" << balance << ".npy";
  if (!std::filesystem::exists(path.str())) {
    const divweights::kernel kernel(divw_kernel_create, rows, DIVW_KERNEL_COSINE);
    const divweights::solver solver(divw_solver_create);
    divweights::check(divw_solver_set_balance(solver, balance));
    const divweights::weights found(divweights::solve, solver, kernel);
    divweights::check(divw_weights_save(found, path.str().c_str()));
  }
  return load_weights(path.str(), count);
}

std::vector<double> examples::weights(const options &o) const {
  if (o.balance >= 0) {
    return balanced(o.balance, o.output);
  }
  return o.weights.empty() ? std::vector<double>(size_t(count), 1.0 / double(count)) : load_weights(o.weights, count);
}
