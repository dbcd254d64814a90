// Published experiment: Berns, Colton, Guckelsberger, Towards Mode Balancing of Generative Models via Diversity Weights
// (ICCC 2023). WGAN with gradient penalty on two kinds of digits, drawn evenly or with diversity weights.
#include "trainer.hpp"

#include <filesystem>
#include <iostream>

namespace {

volatile std::sig_atomic_t stop = 0;

void run(const options &asked) {
  const examples data(asked);
  std::filesystem::create_directories(asked.output);
  const std::vector<double> weights = data.weights(asked);
  const yardstick measures(data, weights, data.balanced(asked.reference, asked.output));
  train(asked, data, weights, measures, stop);
}

} // namespace

int main(int argc, char **argv) {
  std::signal(SIGINT, [](int) { stop = 1; });
  std::signal(SIGTERM, [](int) { stop = 1; });
  try {
    run(parse(argc, argv));
  } catch (const std::invalid_argument &failure) {
    std::cerr << "wgan-gp: " << failure.what() << "\n\n" << usage;
    return 2;
  } catch (const std::exception &failure) {
    std::cerr << "wgan-gp: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}
