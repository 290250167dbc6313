#pragma once

#include "flmcore/kernels/heatmap_blur.inl"
#include "flmcore/kernels/heatmap_mean.inl"
#include "flmcore/kernels/simcc.hpp"

namespace flm::FLM_ISA {
namespace {

// Finds each pair's peaks and lets `refine_x`, `refine_y` (vector, peak -> bin) say where they are.
template <class RefineX, class RefineY>
inline void decode_vectors(const Maps& xs, const Maps& ys, std::size_t begin, std::size_t end,
                           double split, double threshold, float* xy, float* score,
                           RefineX refine_x, RefineY refine_y) {
  float buffer[row_chunk];
  MapsInTurn x(xs, begin), y(ys, begin);
  for (std::size_t first = begin; first < end; first += peaks_at_once) {
    const std::size_t count = end - first < peaks_at_once ? end - first : peaks_at_once;
    x.find_peaks(count, buffer), y.find_peaks(count, buffer);
    for (std::size_t i = 0; i < count; ++i) {
      const float value_x = x.peak(i).value, value_y = y.peak(i).value;
      // Comparisons with NaN are false: the sum carries it from either.
      float value = value_x > value_y ? value_y : value_x;
      if (!(value_x == value_x && value_y == value_y)) value = NAN;
      double at_x = NAN, at_y = NAN;
      if (static_cast<double>(value) > threshold)
        at_x = refine_x(x.map(i), x.peak(i)), at_y = refine_y(y.map(i), y.peak(i));
      const std::size_t item = first + i;
      xy[2 * item] = static_cast<float>(at_x / split);
      xy[2 * item + 1] = static_cast<float>(at_y / split);
      score[item] = value;
    }
  }
}

void simcc_argmax(const Maps& x, const Maps& y, std::size_t begin, std::size_t end, double split,
                  double threshold, float* xy, float* score) {
  const auto bin = [](const Map&, const Peak& at) { return static_cast<double>(at.x); };
  decode_vectors(x, y, begin, end, split, threshold, xy, score, bin, bin);
}

constexpr int simcc_tile = 16, simcc_step = (simcc_tile + max_simcc_blur + 15) / 16 * 16;

struct VectorBlur {
  Taps taps;
  double cells[simcc_step];
  float row[simcc_step];
};

// Sixteen blurred values from bin `left` on.
inline void blur_bins(const Map& vector, std::ptrdiff_t left, VectorBlur& blur, double* out) {
  const int radius = blur.taps.radius;
  load_cells(vector, 0, left - radius, (simcc_tile + 2 * radius + 15) / 16 * 16, blur.row,
             blur.cells);
  blur_down(blur.cells + radius, 1, blur.taps, radius, out);
}

inline double blurred_maximum(const Map& vector, VectorBlur& blur) {
  const std::ptrdiff_t width = static_cast<std::ptrdiff_t>(vector.width);
  double most = -HUGE_VAL, values[simcc_tile];
  for (std::ptrdiff_t left = 0; left < width; left += simcc_tile) {
    blur_bins(vector, left, blur, values);
    for (std::ptrdiff_t i = 0; i < simcc_tile && left + i < width; ++i)
      most = values[i] > most ? values[i] : most;
  }
  return most;
}

inline double dark_bin(const Map& vector, const Peak& at, VectorBlur& blur) {
  const std::ptrdiff_t peak = static_cast<std::ptrdiff_t>(at.x);
  const std::ptrdiff_t last = static_cast<std::ptrdiff_t>(vector.width) - 1;
  double values[simcc_tile], near[5];
  blur_bins(vector, peak - 2, blur, values);
  for (std::ptrdiff_t i = -2; i <= 2; ++i) {  // beyond an end its own bin is repeated
    const std::ptrdiff_t bin = peak + i < 0 ? 0 : peak + i > last ? last : peak + i;
    near[i + 2] = values[bin - peak + 2];
  }
  const auto maximum = [&] { return blurred_maximum(vector, blur); };
  if (!limit_cells(near, 5, static_cast<double>(at.value), 1e-3, 50.0, maximum))
    return static_cast<double>(at.x);
  const double slope = 0.5 * logarithm(near[3] / near[1]);
  const double curvature = 1e-9 + 0.25 * logarithm(near[0] * near[4] / (near[2] * near[2]));
  // The published 1e-9 keeps a flat vector from dividing by 0.
  return static_cast<double>(at.x) - (curvature != 0 ? slope / curvature : 0.0);
}

void simcc_dark(const Maps& x, const Maps& y, std::size_t begin, std::size_t end, double split,
                double threshold, int blur_x, int blur_y, float* xy, float* score) {
  VectorBlur along_x, along_y;
  along_x.taps = gaussian_taps(blur_x), along_y.taps = gaussian_taps(blur_y);
  decode_vectors(
      x, y, begin, end, split, threshold > 0 ? threshold : 0, xy, score,
      [&](const Map& vector, const Peak& at) { return dark_bin(vector, at, along_x); },
      [&](const Map& vector, const Peak& at) { return dark_bin(vector, at, along_y); });
}

void simcc_expectation(const Maps& x, const Maps& y, std::size_t begin, std::size_t end,
                       double split, double threshold, double beta, float* xy, float* score) {
  const auto mean = [beta](const Map& vector, const Peak& at) {
    const double peak = static_cast<double>(at.value);
    const auto weigh = [=](const float* values, std::size_t count, double* weights) {
      softmax_weights(values, count, peak, beta, weights);
    };
    double bin = static_cast<double>(at.x), none = 0;
    Moments sums;
    add_row(vector, at, 0, 0, vector.width, weigh, sums);
    move_to_mean(sums, bin, none);
    return bin;
  };
  decode_vectors(x, y, begin, end, split, threshold, xy, score, mean, mean);
}

constexpr SimccKernels simcc_kernels = {simcc_argmax, simcc_dark, simcc_expectation};

}  // namespace
}  // namespace flm::FLM_ISA
