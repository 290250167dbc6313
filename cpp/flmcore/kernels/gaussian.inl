// The taps of OpenCV's getGaussianKernel(size, 0), and sums of rows and columns under them.
#pragma once

#include "flmcore/kernels/doubles.inl"
#include "flmcore/kernels/exp_log.inl"

namespace flm::FLM_ISA {
namespace {

// weight[t] belongs to the two cells t away from the middle.
struct Taps {
  int radius;
  double weight[128];
};

// Sizes to 9 are OpenCV's binomial-like tables; from 11 on sigma = 0.3 ((size - 1) / 2 - 1) + 0.8.
// Sums to 1.
inline Taps gaussian_taps(int size) {
  constexpr double table[5][5] = {{1},
                                  {0.5, 0.25},
                                  {0.375, 0.25, 0.0625},
                                  {0.28125, 0.21875, 0.109375, 0.03125},
                                  {0.234375, 0.19921875, 0.1171875, 0.05078125, 0.015625}};
  Taps taps = {};
  taps.radius = size / 2;
  if (size <= 9) {
    for (int t = 0; t <= taps.radius; ++t) taps.weight[t] = table[taps.radius][t];
    return taps;
  }
  const double sigma = 0.3 * (taps.radius - 1) + 0.8;
  double sum = 1;
  for (int t = 0; t <= taps.radius; ++t) {
    taps.weight[t] = exponential(-0.5 * t * t / (sigma * sigma));
    if (t > 0) sum += 2 * taps.weight[t];
  }
  for (int t = 0; t <= taps.radius; ++t) taps.weight[t] /= sum;
  return taps;
}

// The radius of the usual blur of 11, known while compiling: loops over it unroll and keep their
// weights in registers. Sums are the same as with a radius known at run time.
struct Radius5 {
  constexpr operator int() const { return 5; }
};

// Weighted sum of the four values at `middle` with those t * step before and after it.
template <class Radius>
inline Doubles blurred(const double* middle, std::ptrdiff_t step, const Taps& taps, Radius radius) {
  Doubles sum = Doubles::all(taps.weight[0]) * Doubles::load(middle);
  for (int t = 1; t <= radius; ++t)
    sum = sum + Doubles::all(taps.weight[t]) *
                    (Doubles::load(middle - t * step) + Doubles::load(middle + t * step));
  return sum;
}

// The same for sixteen values, a row apart: four sums at once hide the additions' latency.
inline void blur_down(const double* middle, std::ptrdiff_t step, const Taps& taps, int radius,
                      double* out) {
  Doubles sum[4];
  for (int j = 0; j < 4; ++j) sum[j] = Doubles::all(taps.weight[0]) * Doubles::load(middle + 4 * j);
  for (int t = 1; t <= radius; ++t) {
    const Doubles weight = Doubles::all(taps.weight[t]);
    const double *before = middle - t * step, *after = middle + t * step;
    for (int j = 0; j < 4; ++j)
      sum[j] = sum[j] + weight * (Doubles::load(before + 4 * j) + Doubles::load(after + 4 * j));
  }
  for (int j = 0; j < 4; ++j) sum[j].store(out + 4 * j);
}

}  // namespace
}  // namespace flm::FLM_ISA
