// What the command line says.
#ifndef OPTIONS_HPP
#define OPTIONS_HPP

#include <cstdint>
#include <string>
#include <vector>

struct options {
  std::string data, labels, weights, output, network = "dense";
  std::vector<int64_t> classes; // empty: all
  double balance = -1;          // below 0: not asked for
  double reference = 0.5;       // the balance whose weighted data every run is compared with
  int64_t seed = 0, steps = 2000, batch = 64, critic_steps = 3, every = 200, samples = 0;
};

// What makes a run this run: all but its length and what is written down of it.
std::string identity(const options &o);

extern const char *const usage;

// Throws std::invalid_argument with a sentence.
options parse(int argc, char **argv);

#endif
