// Generator and critic, both on flattened images. Only trainer.cpp includes this, as the one file that knows torch.
#ifndef NETWORKS_HPP
#define NETWORKS_HPP

#include <torch/torch.h>

#include <string>

constexpr int64_t noise_size = 64;

inline torch::nn::LeakyReLU leaky() { return torch::nn::LeakyReLU(torch::nn::LeakyReLUOptions().negative_slope(0.2)); }

inline torch::nn::Unflatten images(int64_t channels, int64_t height, int64_t width) {
  return torch::nn::Unflatten(torch::nn::UnflattenOptions(1, {channels, height, width}));
}

inline void check_size(int64_t height, int64_t width) {
  if (height % 4 != 0 || width % 4 != 0) {
    throw std::invalid_argument("--network convolutional needs height and width that are multiples of 4, not " +
                                std::to_string(height) + " x " + std::to_string(width));
  }
}

// name: dense or convolutional; the latter needs height and width that are multiples of 4. Parameters come from the
// global generator of torch.
inline torch::nn::Sequential make_generator(const std::string &name, int64_t height, int64_t width) {
  if (name == "dense") {
    return torch::nn::Sequential(torch::nn::Linear(noise_size, 256), torch::nn::ReLU(), torch::nn::Linear(256, 512),
                                 torch::nn::ReLU(), torch::nn::Linear(512, height * width), torch::nn::Sigmoid());
  }
  check_size(height, width);
  const auto twice = [](int64_t in, int64_t out) {
    return torch::nn::ConvTranspose2d(torch::nn::ConvTranspose2dOptions(in, out, 4).stride(2).padding(1));
  };
  return torch::nn::Sequential(torch::nn::Linear(noise_size, 64 * height * width / 16), torch::nn::ReLU(),
                               images(64, height / 4, width / 4), twice(64, 32), torch::nn::ReLU(), twice(32, 1),
                               torch::nn::Sigmoid(), torch::nn::Flatten());
}

inline torch::nn::Sequential make_critic(const std::string &name, int64_t height, int64_t width) {
  if (name == "dense") {
    return torch::nn::Sequential(torch::nn::Linear(height * width, 512), leaky(), torch::nn::Linear(512, 256), leaky(),
                                 torch::nn::Linear(256, 1));
  }
  check_size(height, width);
  const auto half = [](int64_t in, int64_t out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 4).stride(2).padding(1));
  };
  return torch::nn::Sequential(images(1, height, width), half(1, 32), leaky(), half(32, 64), leaky(),
                               torch::nn::Flatten(), torch::nn::Linear(64 * height * width / 16, 1));
}

// (mean over rows) (|gradient of the critic| - 1)^2 at points between the real and the made rows: Gulrajani et al.,
// Improved Training of Wasserstein GANs, NIPS 2017, eq. 3.
inline torch::Tensor gradient_penalty(torch::nn::Sequential &critic, const torch::Tensor &real,
                                      const torch::Tensor &made, const torch::Tensor &share) {
  const torch::Tensor between = (share * real + (1 - share) * made).detach().requires_grad_();
  const torch::Tensor score = critic->forward(between).sum();
  const torch::Tensor gradient = torch::autograd::grad({score}, {between}, {}, true, true)[0];
  return (gradient.norm(2, 1) - 1).square().mean();
}

#endif
