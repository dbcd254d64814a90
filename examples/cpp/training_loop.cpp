// A training loop that meets every example as often as its weight says: examples/03_training_loop in C++.
//
//     training_loop FILE WEIGHTS.npy STEPS CHECKPOINT
//
// Where there is no WEIGHTS.npy, they are solved for and written. The loop goes on from CHECKPOINT, if there is one, up
// to STEPS, and whoever stops and goes on gets the same model as whoever never stopped. What is trained, in the place
// of your network, is Oja's subspace rule (International Journal of Neural Systems 1, 1989).
#include "divweights.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <vector>

namespace {

constexpr int64_t batch_size = 64, units = 8;
constexpr uint64_t seed = 1;

divweights::weights weights_for(const divweights::dataset &rows, const std::string &path) {
  if (std::filesystem::exists(path)) {
    return divweights::weights(divw_weights_load, path.c_str());
  }
  const divweights::kernel kernel(divw_kernel_create, rows, DIVW_KERNEL_COSINE);
  const divweights::solver solver(divw_solver_create);
  divweights::weights weights(divweights::solve, solver, kernel);
  divweights::check(divw_weights_save(weights, path.c_str()));
  std::cout << "Vendi Score " << divw_weights_vendi_score_uniform(weights) << " -> "
            << divw_weights_vendi_score(weights) << '\n';
  return weights;
}

// Row by row, with x scaled to length 1: W += rate W x (x - W^T W x)^T.
struct model {
  explicit model(int64_t columns) : d(columns), W(static_cast<size_t>(units * columns)) {
    for (size_t i = 0; i < W.size(); i++) {
      W[i] = 0.05 * std::sin(static_cast<double>(i * i % 9973)); // small, and no two rows alike
    }
  }

  // The loss before: |x - W^T W x|^2 / |x|^2.
  double train(std::vector<double> &x) {
    double square = 0, loss = 0;
    for (const double value : x) {
      square += value * value;
    }
    std::array<double, units> y{};
    for (int64_t j = 0; j < d; j++) {
      x[j] /= square > 0 ? std::sqrt(square) : 1;
      for (int64_t k = 0; k < units; k++) {
        y[k] += W[k * d + j] * x[j];
      }
    }
    for (int64_t j = 0; j < d; j++) {
      double rest = x[j];
      for (int64_t k = 0; k < units; k++) {
        rest -= y[k] * W[k * d + j];
      }
      for (int64_t k = 0; k < units; k++) {
        W[k * d + j] += 0.02 * y[k] * rest;
      }
      loss += rest * rest;
    }
    return loss;
  }

  std::streamsize bytes() const { return static_cast<std::streamsize>(W.size() * sizeof(double)); }

  int64_t d, step = 0;
  std::vector<double> W; // units x d
};

using state = std::array<char, DIVW_STREAM_STATE_BYTES>;

// The checkpoint, complete or not at all: step, state of the stream, W.
void save(const std::string &path, const model &trained, const divweights::stream &stream) {
  state place;
  divweights::check(divw_stream_state(stream, place.data(), place.size()));
  std::ofstream file(path + ".part", std::ios::binary);
  file.write(reinterpret_cast<const char *>(&trained.step), sizeof trained.step);
  file.write(place.data(), place.size());
  file.write(reinterpret_cast<const char *>(trained.W.data()), trained.bytes());
  file.close();
  if (!file) {
    throw std::runtime_error(path + ".part: cannot be written");
  }
  std::filesystem::rename(path + ".part", path);
}

void load(const std::string &path, model &trained, const divweights::stream &stream) {
  state place;
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char *>(&trained.step), sizeof trained.step);
  file.read(place.data(), place.size());
  file.read(reinterpret_cast<char *>(trained.W.data()), trained.bytes());
  if (!file || file.peek() != EOF) {
    throw std::runtime_error(path + ": is no checkpoint for such examples");
  }
  divweights::check(divw_stream_restore(stream, place.data(), place.size()));
}

void run(const char *rows_path, const char *weights_path, int64_t steps, const char *checkpoint) {
  const divweights::dataset rows(divw_dataset_load, rows_path);
  const divweights::weights weights = weights_for(rows, weights_path);
  if (divw_weights_count(weights) != divw_dataset_count(rows)) {
    throw std::runtime_error(std::string(weights_path) + ": not as many weights as there are examples");
  }
  const divweights::sampler sampler(divw_sampler_create, divw_weights_values(weights), divw_weights_count(weights),
                                    seed);
  const divweights::stream stream(divw_stream_create, sampler, batch_size);
  model trained(divw_dataset_dimension(rows));
  if (std::filesystem::exists(checkpoint)) {
    load(checkpoint, trained, stream);
  }
  std::cout << "from step " << trained.step << '\n';
  std::array<int64_t, batch_size> batch;
  std::vector<double> row(static_cast<size_t>(trained.d));
  while (trained.step < steps) {
    int64_t count = 0;
    double loss = 0;
    divweights::check(divw_stream_next_batch(stream, batch.data(), &count));
    for (int64_t i = 0; i < count; i++) {
      divweights::check(divw_dataset_read(rows, batch[i], 1, row.data()));
      loss += trained.train(row);
    }
    if (++trained.step % 100 == 0 || trained.step == steps) {
      std::cout << "step " << trained.step << "  loss " << loss / static_cast<double>(count) << '\n';
    }
  }
  save(checkpoint, trained, stream);
}

} // namespace

int main(int argc, char **argv) {
  int64_t steps = 0;
  const char *end = argc == 5 ? argv[3] + std::strlen(argv[3]) : nullptr;
  if (argc != 5 || std::from_chars(argv[3], end, steps).ptr != end || steps <= 0) {
    std::cerr << "usage: training_loop FILE WEIGHTS.npy STEPS CHECKPOINT, with STEPS at least 1\n";
    return 2;
  }
  try {
    run(argv[1], argv[2], steps, argv[4]);
  } catch (const std::exception &failure) {
    std::cerr << "training_loop: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}
