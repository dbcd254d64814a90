// The noise of a step is a function of seed and step, and draws are one of seed and place: a checkpoint holds networks,
// optimisers, step and the place of the stream, and no state of a random number generator.
#include "trainer.hpp"

#include "networks.hpp"
#include "picture.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>

namespace {

constexpr double penalty_weight = 10;

at::Generator random_of(int64_t seed, int64_t step) {
  return at::detail::createCPUGenerator(uint64_t(seed) * 0x9E3779B97F4A7C15U + uint64_t(step));
}

torch::nn::Sequential seeded(torch::nn::Sequential (*make)(const std::string &, int64_t, int64_t), const options &asked,
                             const examples &data) {
  torch::manual_seed(uint64_t(asked.seed));
  return make(asked.network, data.height, data.width);
}

torch::optim::AdamOptions adam() { return torch::optim::AdamOptions(5e-4).betas({0.0, 0.9}); }

void replace(const std::string &path, const std::function<void(const std::string &)> &write) {
  write(path + ".part");
  std::filesystem::rename(path + ".part", path);
}

// One object is one run, and its checkpoint is all of it.
class trainer {
public:
  trainer(const options &asked, const examples &data, const std::vector<double> &weights, const yardstick &measures);

  // From the checkpoint, where there is one, to the last step; until `stop` is set.
  void run(const volatile std::sig_atomic_t &stop);

private:
  torch::Tensor next_batch();
  torch::Tensor noise(int64_t rows, at::Generator &from) const;
  void train_step();
  void critic_step(at::Generator &random);
  std::vector<float> images();
  void measure();
  void load();
  void restore(torch::serialize::InputArchive &archive);
  void save() const;
  void save_curve(const std::string &path) const;
  std::string file(const char *name) const { return asked.output + "/" + name; }

  const options &asked;
  const examples &data;
  const yardstick &measures;
  const torch::Tensor pixels; // one row per example
  torch::nn::Sequential generator, critic;
  torch::optim::Adam generator_optimiser, critic_optimiser;
  const divweights::sampler sampler;
  const divweights::stream stream;
  int64_t step = 0;
  double estimate = 0; // of the Wasserstein distance, in the last step of the critic
  double seconds = 0;  // of training, measuring apart, in all sessions
  std::vector<std::vector<double>> curve;
};

trainer::trainer(const options &o, const examples &d, const std::vector<double> &weights, const yardstick &m)
    : asked(o), data(d), measures(m),
      pixels(torch::from_blob(const_cast<float *>(d.pixels.data()), {d.count, d.height * d.width})),
      generator(seeded(make_generator, o, d)), critic(seeded(make_critic, o, d)),
      generator_optimiser(generator->parameters(), adam()), critic_optimiser(critic->parameters(), adam()),
      sampler(divw_sampler_create, weights.data(), d.count, uint64_t(o.seed)),
      stream(divw_stream_create, sampler, o.batch) {}

// The one place where the weights enter: which rows the batch is of.
torch::Tensor trainer::next_batch() {
  torch::Tensor indices = torch::empty(asked.batch, torch::kInt64);
  int64_t count;
  divweights::check(divw_stream_next_batch(stream, indices.data_ptr<int64_t>(), &count));
  return pixels.index_select(0, indices);
}

torch::Tensor trainer::noise(int64_t rows, at::Generator &from) const { return torch::randn({rows, noise_size}, from); }

void trainer::critic_step(at::Generator &random) {
  const torch::Tensor real = next_batch();
  torch::Tensor made;
  {
    const torch::NoGradGuard constant;
    made = generator->forward(noise(asked.batch, random));
  }
  const torch::Tensor share = torch::rand({asked.batch, 1}, random);
  const torch::Tensor scores = critic->forward(torch::cat({real, made}));
  const torch::Tensor distance = scores.slice(0, 0, asked.batch).mean() - scores.slice(0, asked.batch).mean();
  critic_optimiser.zero_grad();
  (penalty_weight * gradient_penalty(critic, real, made, share) - distance).backward();
  critic_optimiser.step();
  estimate = distance.item<double>();
}

void trainer::train_step() {
  at::Generator random = random_of(asked.seed, step);
  for (int64_t i = 0; i < asked.critic_steps; i++) {
    critic_step(random);
  }
  generator_optimiser.zero_grad();
  (-critic->forward(generator->forward(noise(asked.batch, random))).mean()).backward();
  generator_optimiser.step();
  step++;
}

// Of the same noise whenever it is called.
std::vector<float> trainer::images() {
  const torch::NoGradGuard constant;
  at::Generator random = random_of(asked.seed, -1);
  const int64_t count = asked.samples > 0 ? asked.samples : data.count;
  const torch::Tensor made = generator->forward(noise(count, random)).contiguous();
  return {made.data_ptr<float>(), made.data_ptr<float>() + made.numel()};
}

// A row of the curve, written with all rows before it, the samples, and a checkpoint.
void trainer::measure() {
  const std::vector<float> made = images();
  std::vector<double> row = {double(step), seconds, estimate};
  const std::vector<double> values = measures.measure(made);
  row.insert(row.end(), values.begin(), values.end());
  curve.push_back(row);
  replace(file("samples.npy"), [&](const auto &path) { save_npy(path, made, data.height, data.width); });
  replace(file("samples.png"), [&](const auto &path) { save_png(path, made, data.height, data.width, 10); });
  save();
  std::cout << "step " << step << std::setprecision(4) << "  " << seconds << " s  Vendi Score " << values[0] << "  FID "
            << values[1] << " (own weights) " << values[2] << " (uniform)  precision " << values[4] << "  recall "
            << values[5] << std::endl;
}

void trainer::run(const volatile std::sig_atomic_t &stop) {
  load();
  while (step < asked.steps && !stop) {
    const auto begin = std::chrono::steady_clock::now();
    train_step();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (step % asked.every == 0 || step == asked.steps) {
      measure();
    }
  }
  save();
}

void trainer::save_curve(const std::string &path) const {
  std::ofstream csv(path);
  csv << "step,seconds,wasserstein_estimate";
  for (const std::string &name : measures.names()) {
    csv << ',' << name;
  }
  csv << std::setprecision(9) << '\n';
  for (const auto &row : curve) {
    for (size_t i = 0; i < row.size(); i++) {
      csv << (i > 0 ? "," : "") << row[i];
    }
    csv << '\n';
  }
  csv.close();
  if (!csv) {
    throw std::runtime_error(path + ": cannot be written");
  }
}

void trainer::save() const {
  replace(file("curve.csv"), [&](const auto &path) { save_curve(path); });
  torch::Tensor place = torch::empty(DIVW_STREAM_STATE_BYTES, torch::kUInt8);
  divweights::check(divw_stream_state(stream, place.data_ptr(), place.numel()));
  std::vector<torch::Tensor> rows;
  for (const auto &row : curve) {
    rows.push_back(torch::tensor(row, torch::kFloat64));
  }
  torch::serialize::OutputArchive archive;
  const auto put = [&archive](const char *name, const auto &part) {
    torch::serialize::OutputArchive inner;
    part.save(inner);
    archive.write(name, inner);
  };
  put("generator", *generator);
  put("critic", *critic);
  put("generator_optimiser", generator_optimiser);
  put("critic_optimiser", critic_optimiser);
  archive.write("run", c10::IValue(identity(asked)));
  archive.write("place", place);
  archive.write("scalars", torch::tensor({double(step), estimate, seconds}, torch::kFloat64));
  archive.write("curve", rows.empty() ? torch::empty({0, 0}, torch::kFloat64) : torch::stack(rows));
  replace(file("checkpoint.pt"), [&](const auto &path) { archive.save_to(path); });
}

void trainer::load() {
  const std::string path = file("checkpoint.pt");
  if (!std::filesystem::exists(path)) {
    return;
  }
  torch::serialize::InputArchive archive;
  try {
    archive.load_from(path);
    restore(archive);
  } catch (const c10::Error &failure) {
    throw std::runtime_error(path + ": is no checkpoint: " + failure.what_without_backtrace());
  }
}

void trainer::restore(torch::serialize::InputArchive &archive) {
  c10::IValue begun;
  archive.read("run", begun);
  if (begun.toStringRef() != identity(asked)) {
    throw std::runtime_error(asked.output + " holds another run: " + begun.toStringRef());
  }
  const auto get = [&archive](const char *name, auto &part) {
    torch::serialize::InputArchive inner;
    archive.read(name, inner);
    part.load(inner);
  };
  get("generator", *generator);
  get("critic", *critic);
  get("generator_optimiser", generator_optimiser);
  get("critic_optimiser", critic_optimiser);
  torch::Tensor place, scalars, rows;
  archive.read("place", place);
  archive.read("scalars", scalars);
  archive.read("curve", rows);
  divweights::check(divw_stream_restore(stream, place.data_ptr(), place.numel()));
  const double *values = scalars.data_ptr<double>();
  step = int64_t(values[0]);
  estimate = values[1];
  seconds = values[2];
  for (int64_t i = 0; i < rows.size(0); i++) {
    const double *row = rows.data_ptr<double>() + i * rows.size(1);
    curve.emplace_back(row, row + rows.size(1));
  }
}

} // namespace

void train(const options &asked, const examples &data, const std::vector<double> &weights, const yardstick &measures,
           const volatile std::sig_atomic_t &stop) {
  trainer(asked, data, weights, measures).run(stop);
}
