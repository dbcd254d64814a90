#include "options.hpp"

#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>

const char *const usage =
    R"(usage: wgan-gp --data IMAGES --output FOLDER [options]

Trains a Wasserstein GAN with gradient penalty on images, drawn with diversity weights or evenly. FOLDER gets
curve.csv, samples.npy, samples.png, the weights, and checkpoint.pt, from which the same command goes on. SIGINT
(Ctrl-C) and SIGTERM end a run after the step, with a checkpoint.

  --data FILE         images: whatever divweights reads (IDX, .npy, a folder), values from 0
  --labels FILE       their classes, for --classes and for the shares in curve.csv
  --classes A,B,...   train on these classes alone
  --balance NUMBER    draw with the weights of this balance, 0 to 1; without it and --weights: evenly
  --weights FILE      draw with these weights, one for each image trained on
  --reference NUMBER  compare with the data under the weights of this balance [0.5]
  --seed NUMBER       of draws, noise and first parameters [0]
  --steps NUMBER      steps of the generator [2000]
  --critic-steps N    steps of the critic for each of them [3]
  --batch NUMBER      images in a step [64]
  --every NUMBER      steps between two rows of curve.csv, with a checkpoint each [200]
  --samples NUMBER    images to make for a row of curve.csv [as many as are trained on]
  --network NAME      dense or convolutional [dense]
)";

namespace {

template <class Number> Number number(const std::string &flag, const std::string &text, Number least, Number most) {
  Number value{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most)) {
    std::ostringstream sentence;
    sentence << flag << " is " << text << ", expected a number from " << least << " to " << most;
    throw std::invalid_argument(sentence.str());
  }
  return value;
}

std::vector<int64_t> numbers(const std::string &flag, const std::string &text) {
  std::vector<int64_t> values;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    values.push_back(number<int64_t>(flag, text.substr(at, comma - at), INT32_MIN, INT32_MAX));
    at = comma + 1;
  }
  return values;
}

} // namespace

std::string identity(const options &o) {
  std::ostringstream text;
  text << "--data " << o.data << " --labels " << o.labels << " --classes ";
  for (const int64_t label : o.classes) {
    text << label << ',';
  }
  text << " --balance " << o.balance << " --weights " << o.weights << " --seed " << o.seed << " --critic-steps "
       << o.critic_steps << " --batch " << o.batch << " --network " << o.network << " --reference " << o.reference;
  return text.str();
}

options parse(int argc, char **argv) {
  options o;
  const auto text = [](std::string &to) { return [&to](const auto &, const std::string &value) { to = value; }; };
  const auto whole = [](int64_t &to, int64_t least) {
    return [&to, least](const auto &flag, const auto &value) { to = number<int64_t>(flag, value, least, INT32_MAX); };
  };
  const auto share = [](double &to) {
    return [&to](const auto &flag, const auto &value) { to = number<double>(flag, value, 0, 1); };
  };
  const std::map<std::string, std::function<void(const std::string &, const std::string &)>> flags = {
      {"--data", text(o.data)},
      {"--labels", text(o.labels)},
      {"--classes", [&o](const auto &flag, const auto &value) { o.classes = numbers(flag, value); }},
      {"--weights", text(o.weights)},
      {"--balance", share(o.balance)},
      {"--reference", share(o.reference)},
      {"--output", text(o.output)},
      {"--network", text(o.network)},
      {"--seed", whole(o.seed, 0)},
      {"--steps", whole(o.steps, 1)},
      {"--critic-steps", whole(o.critic_steps, 1)},
      {"--batch", whole(o.batch, 1)},
      {"--every", whole(o.every, 1)},
      {"--samples", whole(o.samples, 2)},
  };
  for (int i = 1; i < argc; i += 2) {
    const auto flag = flags.find(argv[i]);
    if (flag == flags.end() || i + 1 == argc) {
      throw std::invalid_argument(std::string(argv[i]) + (flag == flags.end() ? " is no flag" : " needs a value"));
    }
    flag->second(argv[i], argv[i + 1]);
  }
  if (o.data.empty() || o.output.empty()) {
    throw std::invalid_argument("--data and --output are needed");
  }
  if (o.balance >= 0 && !o.weights.empty()) {
    throw std::invalid_argument("--balance and --weights exclude each other");
  }
  if (!o.classes.empty() && o.labels.empty()) {
    throw std::invalid_argument("--classes needs --labels");
  }
  if (o.network != "dense" && o.network != "convolutional") {
    throw std::invalid_argument("--network is " + o.network + ", expected dense or convolutional");
  }
  return o;
}
