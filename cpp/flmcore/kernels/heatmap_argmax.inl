#pragma once

#include <cmath>

#include "flmcore/kernels/heatmap.hpp"
#include "flmcore/kernels/peak.inl"

namespace flm::FLM_ISA {
namespace {

constexpr std::size_t maps_at_once = 2;  // of 64 x 64: they stay in a first-level cache of 32 KiB

// Finds each map's peak and lets `refine(map, peak, x, y)` move it.
template <class Refine>
inline void decode_maps(const Maps& maps, std::size_t begin, std::size_t end, double threshold,
                        float* xy, float* score, Refine refine) {
  float buffer[row_chunk];
  MapsInTurn in_turn(maps, begin);
  for (std::size_t first = begin; first < end; first += maps_at_once) {
    const std::size_t count = end - first < maps_at_once ? end - first : maps_at_once;
    in_turn.find_peaks(count, buffer);
    for (std::size_t i = 0; i < count; ++i) {
      const Peak& peak = in_turn.peak(i);
      double x = NAN, y = NAN;
      if (static_cast<double>(peak.value) > threshold) {  // false for NaN
        x = static_cast<double>(peak.x), y = static_cast<double>(peak.y);
        refine(in_turn.map(i), peak, x, y);
      }
      const std::size_t item = first + i;
      xy[2 * item] = static_cast<float>(x), xy[2 * item + 1] = static_cast<float>(y);
      score[item] = peak.value;
    }
  }
}

void heatmap_argmax(const Maps& maps, std::size_t begin, std::size_t end, double threshold,
                    float* xy, float* score) {
  decode_maps(maps, begin, end, threshold, xy, score,
              [](const Map&, const Peak&, double&, double&) {});
}

float read_once(const float* values, std::size_t n) {
  constexpr std::size_t block = Floats::block;
  Floats sum[4] = {Floats::all(0), Floats::all(0), Floats::all(0), Floats::all(0)};
  std::size_t i = 0;
  for (; i + 4 * block <= n; i += 4 * block)
    for (std::size_t j = 0; j < 4; ++j) sum[j] = sum[j].plus(Floats::load(values + i + j * block));
  float total = sum[0].plus(sum[1]).plus(sum[2].plus(sum[3])).sum();
  for (; i < n; ++i) total += values[i];
  return total;
}

}  // namespace
}  // namespace flm::FLM_ISA
