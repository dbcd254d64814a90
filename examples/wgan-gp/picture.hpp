// Generated images as files: all of them as .npy, the first of them as a PNG.
#ifndef PICTURE_HPP
#define PICTURE_HPP

#include <cstdint>
#include <string>
#include <vector>

// count x height x width intensities from 0 to 1, as bytes.
void save_npy(const std::string &path, const std::vector<float> &images, int64_t height, int64_t width);

// A grid of the first side x side of them, or as many rows as there are.
void save_png(const std::string &path, const std::vector<float> &images, int64_t height, int64_t width, int64_t side);

#endif
