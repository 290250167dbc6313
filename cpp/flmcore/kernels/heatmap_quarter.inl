#pragma once

#include "flmcore/kernels/heatmap_argmax.inl"

namespace flm::FLM_ISA {
namespace {

struct Axes {
  bool x, y;
};

inline Axes quarter_axes(const Peak& at, const Map& map, QuarterRule rule) {
  const std::size_t right = map.width - 1, bottom = map.height - 1;
  const bool inside_x = at.x > 0 && at.x < right, inside_y = at.y > 0 && at.y < bottom;
  switch (rule) {
    case QuarterRule::mmpose:
      return {at.x > 1 && inside_x && at.y > 0, at.y > 1 && inside_y && at.x > 0};
    case QuarterRule::fan:
      return {inside_x && inside_y, inside_x && inside_y};
    case QuarterRule::symmetric:
      break;
  }
  return {inside_x, inside_y};
}

inline double quarter(float before, float after) {
  return after > before ? 0.25 : after < before ? -0.25 : 0.0;
}

void heatmap_quarter(const Maps& maps, std::size_t begin, std::size_t end, double threshold,
                     QuarterRule rule, float* xy, float* score) {
  decode_maps(maps, begin, end, threshold, xy, score,
              [rule](const Map& map, const Peak& at, double& x, double& y) {
                const Axes axes = quarter_axes(at, map, rule);
                if (axes.x)
                  x += quarter(element(map, at.y, at.x - 1), element(map, at.y, at.x + 1));
                if (axes.y)
                  y += quarter(element(map, at.y - 1, at.x), element(map, at.y + 1, at.x));
              });
}

}  // namespace
}  // namespace flm::FLM_ISA
