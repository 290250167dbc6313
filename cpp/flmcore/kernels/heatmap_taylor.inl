#pragma once

#include "flmcore/kernels/heatmap_argmax.inl"

namespace flm::FLM_ISA {
namespace {

inline double within_one_cell(double offset) { return offset > 1 ? 1 : offset < -1 ? -1 : offset; }

// Top of the parabola through three values, the middle one not below the others.
inline double parabola_top(double before, double middle, double after) {
  const double slope = 0.5 * (after - before), curvature = (before - middle) + (after - middle);
  return curvature < 0 ? -slope / curvature : 0.0;
}

inline void taylor_inside(const Map& map, const Peak& at, double& x, double& y) {
  double f[3][3];
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      f[i][j] = static_cast<double>(element(map, at.y + i - 1, at.x + j - 1));
  const double dx = 0.5 * (f[1][2] - f[1][0]), dy = 0.5 * (f[2][1] - f[0][1]);
  const double dxx = (f[1][0] - f[1][1]) + (f[1][2] - f[1][1]);
  const double dyy = (f[0][1] - f[1][1]) + (f[2][1] - f[1][1]);
  const double dxy = 0.25 * ((f[2][2] - f[2][0]) - (f[0][2] - f[0][0]));
  const double determinant = dxx * dyy - dxy * dxy;
  if (!(dxx < 0 && determinant > 0)) return;  // no top: a ridge, a plateau or a saddle
  x += within_one_cell((dxy * dy - dyy * dx) / determinant);
  y += within_one_cell((dxy * dx - dxx * dy) / determinant);
}

void heatmap_taylor(const Maps& maps, std::size_t begin, std::size_t end, double threshold,
                    float* xy, float* score) {
  decode_maps(
      maps, begin, end, threshold, xy, score,
      [](const Map& map, const Peak& at, double& x, double& y) {
        const bool inside_x = at.x > 0 && at.x + 1 < map.width;
        const bool inside_y = at.y > 0 && at.y + 1 < map.height;
        const auto value = [&map](std::size_t row, std::size_t column) {
          return static_cast<double>(element(map, row, column));
        };
        if (inside_x && inside_y)
          taylor_inside(map, at, x, y);
        else if (inside_x)
          x += parabola_top(value(at.y, at.x - 1), value(at.y, at.x), value(at.y, at.x + 1));
        else if (inside_y)
          y += parabola_top(value(at.y - 1, at.x), value(at.y, at.x), value(at.y + 1, at.x));
      });
}

}  // namespace
}  // namespace flm::FLM_ISA
