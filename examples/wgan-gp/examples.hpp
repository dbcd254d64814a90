// The images to train on, and weights for them.
#ifndef EXAMPLES_HPP
#define EXAMPLES_HPP

#include "divweights.hpp"
#include "options.hpp"

#include <string>
#include <vector>

struct examples {
  explicit examples(const options &o);

  // Weights of this balance: those in FOLDER, or of a solve, which FOLDER then holds. A run that goes on has the same
  // to the last bit.
  std::vector<double> balanced(double balance, const std::string &folder) const;

  // What the run draws with.
  std::vector<double> weights(const options &o) const;

  divweights::dataset rows;
  int64_t count, height, width;
  std::vector<float> pixels;   // count x height x width, 0 to 1
  std::vector<int64_t> labels; // count, or none
};

#endif
