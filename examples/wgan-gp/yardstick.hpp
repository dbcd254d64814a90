// How diverse the generator's images are, and how close to the data: all of it measured on pixels by the library.
#ifndef YARDSTICK_HPP
#define YARDSTICK_HPP

#include "examples.hpp"

#include <string>
#include <vector>

class yardstick {
public:
  // Compares with the data under the run's own weights, evenly, and under the weights of --reference.
  yardstick(const examples &data, const std::vector<double> &own, std::vector<double> reference);

  // Names of what measure() gives, in its order.
  const std::vector<std::string> &names() const { return columns; }

  // Of m images, height x width intensities from 0 to 1 each.
  std::vector<double> measure(const std::vector<float> &images) const;

private:
  std::vector<double> shares(const divw_dataset *generated) const;

  const examples &data;
  const std::vector<double> reference_weights;
  std::vector<int64_t> classes;
  divweights::dataset rows; // the pixels
  divweights::statistics own, uniform, reference;
  std::vector<std::string> columns;
};

#endif
