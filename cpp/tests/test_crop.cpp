#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "check.hpp"

using flm::CropBorder;
using flm::CropImage;
using flm::CropJob;
using flm::CropSampling;

namespace {

// The image in a heap block of exactly its size, so that a read beside it is caught; all outputs
// likewise.
struct Case {
  std::ptrdiff_t height, width, column, channel;  // of the image; strides in bytes
  double inverse[6];
};

float value_at(std::ptrdiff_t y, std::ptrdiff_t x, int c) {
  return static_cast<float>((7 * y + 3 * x + 11 * c) % 256);
}

void check_case(const Case& at, CropSampling sampling, CropBorder border, bool bytes) {
  // Smallest block that holds the view, whatever the signs of its strides.
  const std::ptrdiff_t row = at.column < 0 ? -at.column * at.width : at.column * at.width;
  std::ptrdiff_t low = 0, high = 0;
  const std::ptrdiff_t reach[3] = {(at.height - 1) * row, (at.width - 1) * at.column,
                                   2 * at.channel};
  for (const std::ptrdiff_t r : reach) (r < 0 ? low : high) += r;
  const std::unique_ptr<std::uint8_t[]> memory(
      new std::uint8_t[static_cast<std::size_t>(high - low + 1)]());
  const CropImage image = {memory.get() - low, at.height, at.width, row, at.column, at.channel};
  for (std::ptrdiff_t y = 0; y < at.height; ++y)
    for (std::ptrdiff_t x = 0; x < at.width; ++x)
      for (int c = 0; c < 3; ++c)
        memory[static_cast<std::size_t>(y * row + x * at.column + c * at.channel - low)] =
            static_cast<std::uint8_t>(value_at(y, x, c));

  for (const std::ptrdiff_t width : {1, 8, 29}) {
    const std::ptrdiff_t height = 11;
    const std::size_t count = static_cast<std::size_t>(3 * width * height);
    const std::unique_ptr<float[]> planes(new float[count]);
    const std::unique_ptr<std::uint8_t[]> pixels(new std::uint8_t[count]);
    CropJob job = {};
    job.images = &image, job.one_image = true, job.inverses = at.inverse, job.windows = 1;
    job.height = height, job.width = width, job.sampling = sampling, job.border = border;
    job.clamp = sampling == CropSampling::bilinear && width != 8;
    for (int k = 0; k < 3; ++k) job.source[k] = 2 - k, job.scale[k] = 1, job.border_value[k] = 5;
    job.planes = bytes ? nullptr : planes.get();
    job.pixels = bytes ? pixels.get() : nullptr;
    const std::size_t room = flm::kernels().crop.crop_scratch(job);
    const std::unique_ptr<float[]> scratch(new float[room]);
    flm::kernels().crop.crop_rows(job, 0, 4, scratch.get());
    flm::kernels().crop.crop_rows(job, 4, 11, scratch.get());
    for (std::size_t i = 0; !bytes && i < count; ++i)
      CHECK(planes[i] >= -0.01f && planes[i] < 255.01f);
  }
}

void check_identity() {
  const std::ptrdiff_t height = 9, width = 20;
  std::vector<std::uint8_t> memory;
  for (std::ptrdiff_t y = 0; y < height; ++y)
    for (std::ptrdiff_t x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c) memory.push_back(static_cast<std::uint8_t>(value_at(y, x, c)));
  const CropImage image = {memory.data(), height, width, 3 * width, 3, 1};
  const double inverse[6] = {1, 0, 0, 0, 1, 0};
  std::vector<float> out(memory.size());
  CropJob job = {};
  job.images = &image, job.one_image = true, job.inverses = inverse, job.windows = 1;
  job.height = height, job.width = width, job.planes = out.data();
  for (int k = 0; k < 3; ++k) job.source[k] = k, job.scale[k] = 2, job.bias[k] = -1;
  for (const CropSampling sampling :
       {CropSampling::nearest, CropSampling::bilinear, CropSampling::triangle}) {
    job.sampling = sampling;
    std::vector<float> scratch(flm::kernels().crop.crop_scratch(job) + 1);
    flm::kernels().crop.crop_rows(job, 0, static_cast<std::size_t>(height), scratch.data());
    for (std::ptrdiff_t y = 0; y < height; ++y)
      for (std::ptrdiff_t x = 0; x < width; ++x)
        for (int k = 0; k < 3; ++k)
          CHECK(out[static_cast<std::size_t>((k * height + y) * width + x)] ==
                2 * value_at(y, x, k) - 1);
  }
}

}  // namespace

void run_checks() {
  check_identity();
  const double maps[][6] = {{1, 0, 0, 0, 1, 0},
                            {0.6, 0, -3, 0, 0.9, -2},
                            {-1.7, 0, 30, 0, 2.5, -4},
                            {0.8, -0.5, 4, 0.5, 0.8, -3},
                            {3, 4, -20, -4, 3, 10},
                            {1e9, 0, -1e9, 0, 1e9, 0},
                            {1e200, 1e150, 0, 3, 1e200, 0},
                            {1e-5, 0, 24.99, 0, 1e-5, 6.99},
                            {0, 1, 0, 1, 0, 0},
                            {1e-9, 1e-3, 23, 1e-3, 1e-9, 6}};
  const std::ptrdiff_t strides[][2] = {{3, 1},   {3, -1}, {-3, 1}, {-3, -1}, {4, 1},
                                       {-4, -1}, {1, 0},  {-1, 0}, {7, 2},   {9, 3}};
  const std::ptrdiff_t sizes[][2] = {{1, 1}, {2, 2}, {8, 26}, {1, 9}, {9, 1}, {8, 3}};
  for (const auto& map : maps)
    for (const auto& stride : strides)
      for (const auto& size : sizes)
        for (int sampling = 0; sampling < 3; ++sampling)
          for (int border = 0; border < 3; ++border) {
            Case at = {size[0], size[1], stride[0], stride[1], {}};
            for (int i = 0; i < 6; ++i) at.inverse[i] = map[i];
            check_case(at, static_cast<CropSampling>(sampling), static_cast<CropBorder>(border),
                       border == 1);
          }
}
