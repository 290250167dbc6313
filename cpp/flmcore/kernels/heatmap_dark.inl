#pragma once

#include "flmcore/kernels/heatmap_argmax.inl"
#include "flmcore/kernels/heatmap_blur.inl"

namespace flm::FLM_ISA {
namespace {

// Slope and curvature of the logarithm at the peak.
struct Quadratic {
  double dx, dy, dxx, dyy, dxy;
};

// Differences of logarithms as logarithms of ratios: five of them instead of thirteen.
inline Quadratic log_ratios(double x_ratio, double y_ratio, double xx_ratio, double yy_ratio,
                            double xy_ratio) {
  const double ratios[8] = {x_ratio, y_ratio, xx_ratio, yy_ratio, xy_ratio, 1, 1, 1};
  double logs[8];
  logarithms(ratios, 8, logs);
  return {logs[0], logs[1], logs[2], logs[3], logs[4]};
}

// Published: no move where the determinant is 0. In floating point a singular matrix has one of
// rounding size; logarithms of ratios near 1 are good to a few 2^-53.
inline bool is_singular(const Quadratic& q) {
  constexpr double rounding = 1e-14;
  const double product = q.dxx * q.dyy, square = q.dxy * q.dxy;
  const double size = std::fabs(q.dxx) + std::fabs(q.dyy) + std::fabs(q.dxy);
  return std::fabs(product - square) <= rounding * (size + rounding);
}

inline void move_to_top(const Quadratic& q, double& x, double& y) {
  const double determinant = q.dxx * q.dyy - q.dxy * q.dxy;
  x -= (q.dyy * q.dx - q.dxy * q.dy) / determinant;
  y -= (q.dxx * q.dy - q.dxy * q.dx) / determinant;
}

template <class Radius>
inline void dark_refine(const Map& map, const Peak& at, Radius radius, Blur& blur, double& x,
                        double& y) {
  if (!(at.x > 1 && at.x + 2 < map.width && at.y > 1 && at.y + 2 < map.height)) return;
  blur_near<5>(map, static_cast<std::ptrdiff_t>(at.y) - 2, static_cast<std::ptrdiff_t>(at.x) - 2,
               radius, blur);
  const int step = block_step(5, radius);
  double row[5][8];  // five cells each; the outer rows only need their middle
  for (int i = 0; i < 5; ++i) blurred_cells(blur, i, 1, step, radius, row[i] + 1);
  double left[4];
  blurred_cells(blur, 2, 0, step, radius, left);
  double v[13] = {row[2][2], row[2][1], row[2][3], row[1][2], row[3][2], left[0],  row[2][4],
                  row[0][2], row[4][2], row[1][1], row[1][3], row[3][1], row[3][3]};
  const double peak = static_cast<double>(at.value);
  if (!limit_cells(v, 13, peak, 1e-10, HUGE_VAL, [&] { return blurred_maximum(map, blur); }))
    return;
  Quadratic q = log_ratios(v[2] / v[1], v[4] / v[3], v[5] * v[6] / (v[0] * v[0]),
                           v[7] * v[8] / (v[0] * v[0]), v[12] * v[9] / (v[10] * v[11]));
  q = {0.5 * q.dx, 0.5 * q.dy, 0.25 * q.dxx, 0.25 * q.dyy, 0.25 * q.dxy};
  if (!is_singular(q)) move_to_top(q, x, y);
}

template <class Radius>
inline void dark_udp_refine(const Map& map, const Peak& at, Radius radius, Blur& blur, double& x,
                            double& y) {
  blur_near<3>(map, static_cast<std::ptrdiff_t>(at.y) - 1, static_cast<std::ptrdiff_t>(at.x) - 1,
               radius, blur);
  const int step = block_step(4, radius);
  double row[3][4];
  for (int i = 0; i < 3; ++i) blurred_cells(blur, i, 0, step, radius, row[i]);
  const int l = at.x > 0 ? 0 : 1,
            r = at.x + 1 < map.width ? 2 : 1;  // a border repeats its own cell
  const int t = at.y > 0 ? 0 : 1, b = at.y + 1 < map.height ? 2 : 1;
  double v[7] = {row[1][1], row[1][l], row[1][r], row[t][1], row[b][1], row[t][l], row[b][r]};
  const double peak = static_cast<double>(at.value);
  if (!limit_cells(v, 7, peak, 1e-3, 50.0, [&] { return blurred_maximum(map, blur); })) return;
  Quadratic q =
      log_ratios(v[2] / v[1], v[4] / v[3], v[1] * v[2] / (v[0] * v[0]), v[3] * v[4] / (v[0] * v[0]),
                 v[5] * v[6] * v[0] * v[0] / (v[1] * v[2] * (v[3] * v[4])));
  constexpr double epsilon = 1.1920928955078125e-07;  // published: float32's, added to the diagonal
  q = {0.5 * q.dx, 0.5 * q.dy, q.dxx + epsilon, q.dyy + epsilon, 0.5 * q.dxy};
  if (!is_singular(q)) move_to_top(q, x, y);
}

void heatmap_dark(const Maps& maps, std::size_t begin, std::size_t end, double threshold, int size,
                  float* xy, float* score) {
  Blur blur;
  blur.taps = gaussian_taps(size);
  decode_maps(maps, begin, end, threshold > 0 ? threshold : 0, xy, score,
              [&blur](const Map& map, const Peak& at, double& x, double& y) {
                if (blur.taps.radius == 5)
                  dark_refine(map, at, Radius5{}, blur, x, y);
                else
                  dark_refine(map, at, blur.taps.radius, blur, x, y);
              });
}

void heatmap_dark_udp(const Maps& maps, std::size_t begin, std::size_t end, double threshold,
                      int size, float* xy, float* score) {
  Blur blur;
  blur.taps = gaussian_taps(size);
  decode_maps(maps, begin, end, threshold > 0 ? threshold : 0, xy, score,
              [&blur](const Map& map, const Peak& at, double& x, double& y) {
                if (blur.taps.radius == 5)
                  dark_udp_refine(map, at, Radius5{}, blur, x, y);
                else
                  dark_udp_refine(map, at, blur.taps.radius, blur, x, y);
              });
}

}  // namespace
}  // namespace flm::FLM_ISA
