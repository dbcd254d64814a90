#include "picture.hpp"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <stdexcept>

namespace {

uint8_t byte(float intensity) { return uint8_t(std::lround(255 * std::clamp(intensity, 0.0F, 1.0F))); }

} // namespace

void save_npy(const std::string &path, const std::vector<float> &images, int64_t height, int64_t width) {
  const int64_t count = int64_t(images.size()) / (height * width);
  std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (" + std::to_string(count) + ", " +
                       std::to_string(height) + ", " + std::to_string(width) + "), }";
  header.resize(117, ' '); // with magic, version, length and the line break 128 bytes
  std::vector<uint8_t> bytes(images.size());
  std::transform(images.begin(), images.end(), bytes.begin(), byte);
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\x00\x76\x00", 10).write(header.data(), int64_t(header.size())).put('\n');
  file.write(reinterpret_cast<const char *>(bytes.data()), int64_t(bytes.size()));
  file.close();
  if (!file) {
    throw std::runtime_error(path + ": cannot be written");
  }
}

void save_png(const std::string &path, const std::vector<float> &images, int64_t height, int64_t width, int64_t side) {
  const int64_t rows = std::min(side, int64_t(images.size()) / (height * width) / side);
  const int64_t line = side * (width + 1) - 1;
  std::vector<uint8_t> canvas(size_t(line * std::max<int64_t>(rows * (height + 1) - 1, 0)), 255);
  for (int64_t i = 0; i < rows * side; i++) {
    const int64_t top = i / side * (height + 1), left = i % side * (width + 1);
    for (int64_t y = 0; y < height; y++) {
      const float *from = &images[size_t((i * height + y) * width)];
      std::transform(from, from + width, canvas.begin() + (top + y) * line + left, byte);
    }
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = png_uint_32(line);
  image.height = png_uint_32(canvas.size() / size_t(line));
  image.format = PNG_FORMAT_GRAY;
  if (rows > 0 && png_image_write_to_file(&image, path.c_str(), 0, canvas.data(), 0, nullptr) == 0) {
    throw std::runtime_error(path + ": " + image.message);
  }
}
