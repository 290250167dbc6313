// Which triangles are to be seen, and their edges in whole numbers.
#pragma once

#include "flmcore/kernels/raster.hpp"

namespace flm::FLM_ISA {
namespace {
namespace raster {

constexpr int steps = 256;
constexpr float farthest = 131072;

inline std::int32_t rounded_down(float value) {
  const std::int32_t cut = static_cast<std::int32_t>(value);
  return cut - (static_cast<float>(cut) > value);
}

inline RasterCorner corner_of(float x, float y, float nearness, bool good) {
  const float size_x = x < 0 ? -x : x, size_y = y < 0 ? -y : y;
  if (!(good && size_x <= farthest && size_y <= farthest)) return {0, 0, 0, 0};
  return {rounded_down(x * steps + 0.5f), rounded_down(y * steps + 0.5f), nearness, 1};
}

// A triangle that is to be seen, and where.
struct Outline {
  const RasterCorner* corners[3];
  bool front;                     // the corners go counter-clockwise on the screen
  bool narrow;                    // its edges fit 32 bits
  std::ptrdiff_t x0, x1, y0, y1;  // samples that it may cover, inclusive
  float scale;                    // 1 over twice the area
};

// The edges of a triangle at its first sample, and their steps. Edge i lies opposite to corner i;
// what is not below `least` is inside.
template <class Int>
struct Edges {
  Int value[3], across[3], down[3], least[3];
};

// Edges of triangles up to this size, in 1/256 sample, fit 32 bits, also a few samples beside them.
constexpr std::int32_t narrowest = 64 * steps;

inline std::int32_t lowest(std::int32_t a, std::int32_t b, std::int32_t c) {
  const std::int32_t ab = a < b ? a : b;
  return ab < c ? ab : c;
}

inline std::int32_t highest(std::int32_t a, std::int32_t b, std::int32_t c) {
  const std::int32_t ab = a > b ? a : b;
  return ab > c ? ab : c;
}

// The samples of 0 to count - 1 between two places in 1/256 sample.
inline void samples_between(std::int32_t low, std::int32_t high, std::ptrdiff_t count,
                            std::ptrdiff_t& first, std::ptrdiff_t& last) {
  first = (static_cast<std::ptrdiff_t>(low) + steps - 1) >> 8;
  last = static_cast<std::ptrdiff_t>(high) >> 8;
  if (first < 0) first = 0;
  if (last > count - 1) last = count - 1;
}

template <class Int>
inline Edges<Int> edges_of(const Outline& o) {
  Edges<Int> edges;
  const Int x = static_cast<Int>(o.x0 * steps), y = static_cast<Int>(o.y0 * steps);
  for (int i = 0; i < 3; ++i) {  // clockwise
    const RasterCorner& from = *o.corners[(i + (o.front ? 2 : 1)) % 3];
    const RasterCorner& to = *o.corners[(i + (o.front ? 1 : 2)) % 3];
    const Int dx = static_cast<Int>(to.x) - from.x, dy = static_cast<Int>(to.y) - from.y;
    edges.value[i] = dx * (y - from.y) - dy * (x - from.x);
    edges.across[i] = -dy * steps;
    edges.down[i] = dx * steps;
    edges.least[i] = dy < 0 || (dy == 0 && dx > 0) ? 0 : 1;  // left edges go up, upper ones right
  }
  return edges;
}

// False where the triangle covers no sample of the grid, or is not to be seen.
inline bool set_up(const RasterMesh& mesh, std::size_t index, bool two_sided,
                   const RasterGrid& grid, Outline& o) {
  const std::int32_t* v = mesh.triangles + 3 * index;
  const RasterCorner &a = mesh.corners[v[0]], &b = mesh.corners[v[1]], &c = mesh.corners[v[2]];
  const std::int64_t area = static_cast<std::int64_t>(b.x - a.x) * (c.y - a.y) -
                            static_cast<std::int64_t>(b.y - a.y) * (c.x - a.x);
  if (area == 0 || (area > 0 && !two_sided) || !(a.good & b.good & c.good)) return false;
  const std::int32_t left = lowest(a.x, b.x, c.x), right = highest(a.x, b.x, c.x),
                     top = lowest(a.y, b.y, c.y), bottom = highest(a.y, b.y, c.y);
  samples_between(top, bottom, grid.height, o.y0, o.y1);
  samples_between(left, right, grid.width, o.x0, o.x1);
  if (o.x0 > o.x1 || o.y0 > o.y1) return false;
  o.corners[0] = &a, o.corners[1] = &b, o.corners[2] = &c;
  o.front = area < 0;
  o.narrow = right - left < narrowest && bottom - top < narrowest;
  o.scale = 1 / static_cast<float>(o.front ? -area : area);
  return true;
}

}  // namespace raster
}  // namespace
}  // namespace flm::FLM_ISA
