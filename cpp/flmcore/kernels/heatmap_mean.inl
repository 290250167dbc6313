#pragma once

#include "flmcore/kernels/doubles.inl"
#include "flmcore/kernels/exp_log.inl"
#include "flmcore/kernels/heatmap_argmax.inl"

namespace flm::FLM_ISA {
namespace {

// Sums of weight and weight times offset from the peak, in four lanes by column.
struct Moments {
  double weight[4] = {}, x[4] = {}, y[4] = {};
};

inline double total(const double (&lanes)[4]) {
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

inline void add_weights(const double* weights, std::size_t count, double dx, double dy,
                        Moments& sums) {
  const double from[4] = {dx, dx + 1, dx + 2, dx + 3};
  Doubles weight = Doubles::load(sums.weight), x = Doubles::load(sums.x), y = Doubles::load(sums.y);
  Doubles column = Doubles::load(from);
  const Doubles row = Doubles::all(dy), four = Doubles::all(4);
  const auto add = [&](Doubles some) {
    weight = weight + some, x = x + some * column, y = y + some * row;
    column = column + four;
  };
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) add(Doubles::load(weights + i));
  if (i < count) {
    double rest[4] = {};
    for (std::size_t l = 0; i + l < count; ++l) rest[l] = weights[i + l];
    add(Doubles::load(rest));
  }
  weight.store(sums.weight), x.store(sums.x), y.store(sums.y);
}

// Cells of columns [first, last) of row y; `weigh(values, count, weights)` says what each is worth.
template <class Weigh>
inline void add_row(const Map& map, const Peak& at, std::size_t y, std::size_t first,
                    std::size_t last, Weigh weigh, Moments& sums) {
  float buffer[row_chunk];
  double weights[row_chunk];
  for (std::size_t x = first; x < last; x += row_chunk) {
    const std::size_t count = last - x < row_chunk ? last - x : row_chunk;
    weigh(row_values(map, y, x, count, buffer), count, weights);
    add_weights(weights, count, static_cast<double>(x) - static_cast<double>(at.x),
                static_cast<double>(y) - static_cast<double>(at.y), sums);
  }
}

inline void move_to_mean(const Moments& sums, double& x, double& y) {
  const double weight = total(sums.weight);
  x = weight > 0 ? x + total(sums.x) / weight : NAN;
  y = weight > 0 ? y + total(sums.y) / weight : NAN;
}

inline void softmax_weights(const float* values, std::size_t count, double peak, double beta,
                            double* weights) {
  double powers[row_chunk];
  for (std::size_t i = 0; i < count; ++i)
    powers[i] = beta * (static_cast<double>(values[i]) - peak);
  exponentials(powers, count, weights);
}

void heatmap_softargmax(const Maps& maps, std::size_t begin, std::size_t end, double threshold,
                        double beta, float* xy, float* score) {
  decode_maps(maps, begin, end, threshold, xy, score,
              [beta](const Map& map, const Peak& at, double& x, double& y) {
                const double peak = static_cast<double>(at.value);
                Moments sums;
                for (std::size_t row = 0; row < map.height; ++row)
                  add_row(
                      map, at, row, 0, map.width,
                      [=](const float* values, std::size_t count, double* weights) {
                        softmax_weights(values, count, peak, beta, weights);
                      },
                      sums);
                move_to_mean(sums, x, y);
              });
}

// max(value / peak, 0)^gamma: dividing by the peak keeps the weights from overflowing and cancels
// in the mean.
inline void power_weights(const float* values, std::size_t count, double peak, double gamma,
                          double* weights) {
  for (std::size_t i = 0; i < count; ++i) {
    const double value = static_cast<double>(values[i]);
    weights[i] = value > 0 ? value / peak : 0;
  }
  if (gamma == 1) return;
  if (gamma == 2) {
    for (std::size_t i = 0; i < count; ++i) weights[i] *= weights[i];
  } else if (gamma == 0.5) {
    for (std::size_t i = 0; i < count; ++i) weights[i] = std::sqrt(weights[i]);
  } else {
    for (std::size_t i = 0; i < count; ++i)
      weights[i] = weights[i] > 0 ? exponential(gamma * logarithm(weights[i])) : 0;
  }
}

inline void local_mean(const Map& map, const Peak& at, double gamma, double radius, double& x,
                       double& y) {
  const double height = static_cast<double>(map.height), width = static_cast<double>(map.width);
  double reach = radius * radius * height * width;  // squared, in cells
  if (reach >= height * height + width * width) reach = HUGE_VAL;
  const double peak = static_cast<double>(at.value);
  Moments sums;
  for (std::size_t row = 0; row < map.height; ++row) {
    const double dy = static_cast<double>(row) - static_cast<double>(at.y);
    const double rest = reach - dy * dy;
    if (rest < 0) continue;
    const double half = std::floor(std::sqrt(rest < width * width ? rest : width * width));
    const std::size_t cells = static_cast<std::size_t>(half);
    add_row(
        map, at, row, at.x > cells ? at.x - cells : 0,
        at.x + cells < map.width ? at.x + cells + 1 : map.width,
        [=](const float* values, std::size_t count, double* weights) {
          power_weights(values, count, peak, gamma, weights);
        },
        sums);
  }
  move_to_mean(sums, x, y);
}

void heatmap_local_mean(const Maps& maps, std::size_t begin, std::size_t end, double threshold,
                        double gamma, double radius, float* xy, float* score) {
  decode_maps(maps, begin, end, threshold > 0 ? threshold : 0, xy, score,
              [=](const Map& map, const Peak& at, double& x, double& y) {
                local_mean(map, at, gamma, radius, x, y);
              });
}

}  // namespace
}  // namespace flm::FLM_ISA
