#include <cmath>

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

// A triangle whose corners go clockwise on the screen, and its edges at one sample. Edge i lies
// opposite to corner i; it is above 0 inside.
struct Triangle {
  std::int64_t edge[3], across[3], down[3];  // value at the first sample, and its steps
  std::int64_t least[3];                     // the smallest value that counts as inside
  std::ptrdiff_t x0, x1, y0, y1;             // samples that it may cover, inclusive
  float scaled[3];                           // nearness of a corner over twice the area
  float scale;                               // 1 over twice the area
  int order[3];                              // which corner of the mesh's triangle each is
};

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

inline void set_edges(Triangle& t, const RasterCorner* const* c) {
  const std::int64_t x = t.x0 * steps, y = t.y0 * steps;
  for (int i = 0; i < 3; ++i) {
    const RasterCorner &from = *c[(i + 1) % 3], &to = *c[(i + 2) % 3];
    const std::int64_t dx = to.x - from.x, dy = to.y - from.y;
    t.edge[i] = dx * (y - from.y) - dy * (x - from.x);
    t.across[i] = -dy * steps;
    t.down[i] = dx * steps;
    t.least[i] = dy < 0 || (dy == 0 && dx > 0) ? 0 : 1;  // left edges go up, upper ones right
  }
}

// False where the triangle covers no sample of the grid, or is not to be seen.
inline bool set_up(const RasterMesh& mesh, std::size_t index, bool two_sided,
                   const RasterGrid& grid, Triangle& t) {
  const std::int32_t* v = mesh.triangles + 3 * index;
  const RasterCorner &a = mesh.corners[v[0]], &b = mesh.corners[v[1]], &c = mesh.corners[v[2]];
  if (!(a.good & b.good & c.good)) return false;
  samples_between(lowest(a.y, b.y, c.y), highest(a.y, b.y, c.y), grid.height, t.y0, t.y1);
  samples_between(lowest(a.x, b.x, c.x), highest(a.x, b.x, c.x), grid.width, t.x0, t.x1);
  if (t.x0 > t.x1 || t.y0 > t.y1) return false;
  const std::int64_t area = static_cast<std::int64_t>(b.x - a.x) * (c.y - a.y) -
                            static_cast<std::int64_t>(b.y - a.y) * (c.x - a.x);
  if (area == 0 || (area > 0 && !two_sided)) return false;
  const bool front = area < 0;
  t.order[0] = 0, t.order[1] = front ? 2 : 1, t.order[2] = front ? 1 : 2;
  const RasterCorner* corners[3] = {&a, front ? &c : &b, front ? &b : &c};
  t.scale = 1 / static_cast<float>(front ? -area : area);
  for (int i = 0; i < 3; ++i) t.scaled[i] = corners[i]->nearness * t.scale;
  set_edges(t, corners);
  return true;
}

inline std::ptrdiff_t texel_at(float at, std::ptrdiff_t count) {
  const float place = at * static_cast<float>(count);
  const float last = static_cast<float>(count - 1);
  return static_cast<std::ptrdiff_t>(place > 0 ? (place < last ? place : last) : 0);  // NaN: 0
}

inline std::uint8_t texel_of(const Cutout& map, const float* uv, const std::int32_t* v,
                             const float* b) {
  const float u = b[0] * uv[2 * v[0]] + b[1] * uv[2 * v[1]] + b[2] * uv[2 * v[2]];
  const float w = b[0] * uv[2 * v[0] + 1] + b[1] * uv[2 * v[1] + 1] + b[2] * uv[2 * v[2] + 1];
  return map
      .data[texel_at(w, map.height) * map.row_stride + texel_at(u, map.width) * map.column_stride];
}

inline bool is_hole(const Cutout& cutout, const float* uv, const std::int32_t* v, const float* b) {
  return texel_of(cutout, uv, v, b) < 128;
}

inline std::uint8_t label_at(const RasterMesh& mesh, const RasterGrid& grid,
                             const RasterLabels& labels, std::ptrdiff_t sample) {
  const std::int32_t t = grid.triangle[sample];
  if (t < 0) return labels.background;
  const Cutout& map = labels.maps[mesh.part ? mesh.part[t] : 0];
  if (!map.data) return labels.label[t];
  const float b = grid.weights[2 * sample], c = grid.weights[2 * sample + 1];
  const float weights[3] = {1 - b - c, b, c};
  return texel_of(map, mesh.uv, mesh.triangles + 3 * t, weights);
}

inline std::uint8_t most_frequent(const std::uint8_t* labels, std::ptrdiff_t count) {
  std::ptrdiff_t best = 0, most = 0;
  for (std::ptrdiff_t i = 0; i < count && 2 * most <= count; ++i) {
    std::ptrdiff_t same = 0;
    for (std::ptrdiff_t j = 0; j < count; ++j) same += labels[j] == labels[i];
    if (same > most) most = same, best = i;
  }
  return labels[best];
}

// Calls found(sample, nearness, weights) for every sample of the triangle that is nearer than the
// grid; weights are of the mesh's corners.
template <bool perspective, class Found>
inline void cover(const Triangle& t, const RasterGrid& grid, Found found) {
  std::int64_t row[3] = {t.edge[0], t.edge[1], t.edge[2]};
  for (std::ptrdiff_t y = t.y0; y <= t.y1; ++y) {
    std::int64_t e0 = row[0], e1 = row[1], e2 = row[2];
    bool entered = false;
    for (std::ptrdiff_t x = t.x0; x <= t.x1;
         ++x, e0 += t.across[0], e1 += t.across[1], e2 += t.across[2]) {
      if (((e0 - t.least[0]) | (e1 - t.least[1]) | (e2 - t.least[2])) < 0) {
        if (entered) break;
        continue;
      }
      entered = true;
      const float f0 = static_cast<float>(e0), f1 = static_cast<float>(e1),
                  f2 = static_cast<float>(e2);
      const float p0 = f0 * t.scaled[0], p1 = f1 * t.scaled[1], p2 = f2 * t.scaled[2];
      const float nearness = p0 + p1 + p2;
      const std::ptrdiff_t at = y * grid.width + x;
      if (!(nearness > grid.nearness[at])) continue;
      float b[3];
      if (perspective) {
        const float part = 1 / nearness;
        b[t.order[0]] = p0 * part, b[t.order[1]] = p1 * part, b[t.order[2]] = p2 * part;
      } else {
        b[t.order[0]] = f0 * t.scale, b[t.order[1]] = f1 * t.scale, b[t.order[2]] = f2 * t.scale;
      }
      found(at, nearness, b);
    }
    for (int i = 0; i < 3; ++i) row[i] += t.down[i];
  }
}

}  // namespace raster

void raster_perspective(const float* vertices, std::size_t count, float samples, float near,
                        RasterCorner* corners) {
  for (std::size_t i = 0; i < count; ++i) {
    const float* v = vertices + 3 * i;
    const float x = (v[0] + 0.5f) * samples - 0.5f, y = (v[1] + 0.5f) * samples - 0.5f;
    const bool good = v[2] > near && v[2] <= 1e30f;
    corners[i] = raster::corner_of(x, y, 1 / v[2], good);
  }
}

void raster_parallel(const float* vertices, std::size_t count, const float* m,
                     RasterCorner* corners) {
  for (std::size_t i = 0; i < count; ++i) {
    const float* v = vertices + 3 * i;
    float at[3];
    for (int k = 0; k < 3; ++k)
      at[k] = m[4 * k] * v[0] + m[4 * k + 1] * v[1] + m[4 * k + 2] * v[2] + m[4 * k + 3];
    corners[i] = raster::corner_of(at[0], at[1], -at[2], at[2] >= -1e30f && at[2] <= 1e30f);
  }
}

void raster_draw(const RasterMesh& mesh, const RasterGrid& grid) {
  raster::Triangle t;
  for (std::size_t i = 0; i < mesh.count; ++i) {
    const RasterPart& part = mesh.parts[mesh.part ? mesh.part[i] : 0];
    if (part.blend || !raster::set_up(mesh, i, part.two_sided, grid, t)) continue;
    const std::int32_t* v = mesh.triangles + 3 * i;
    raster::cover<true>(t, grid, [&](std::ptrdiff_t at, float nearness, const float* b) {
      if (part.cutout.data && raster::is_hole(part.cutout, mesh.uv, v, b)) return;
      grid.nearness[at] = nearness;
      grid.triangle[at] = static_cast<std::int32_t>(i);
      grid.weights[2 * at] = b[1], grid.weights[2 * at + 1] = b[2];
    });
  }
}

void raster_draw_depth(const RasterMesh& mesh, const RasterGrid& grid) {
  raster::Triangle t;
  for (std::size_t i = 0; i < mesh.count; ++i) {
    const RasterPart& part = mesh.parts[mesh.part ? mesh.part[i] : 0];
    if (!raster::set_up(mesh, i, true, grid, t)) continue;
    const std::int32_t* v = mesh.triangles + 3 * i;
    raster::cover<false>(t, grid, [&](std::ptrdiff_t at, float nearness, const float* b) {
      if (part.cutout.data && raster::is_hole(part.cutout, mesh.uv, v, b)) return;
      grid.nearness[at] = nearness;
    });
  }
}

std::size_t raster_draw_blended(const RasterMesh& mesh, const RasterGrid& grid,
                                const BlendedSamples& out) {
  raster::Triangle t;
  std::size_t count = 0;
  for (std::size_t i = 0; i < mesh.count; ++i) {
    const RasterPart& part = mesh.parts[mesh.part ? mesh.part[i] : 0];
    if (!part.blend || !raster::set_up(mesh, i, part.two_sided, grid, t)) continue;
    raster::cover<true>(t, grid, [&](std::ptrdiff_t at, float, const float* b) {
      if (count < out.room) {
        out.sample[count] = static_cast<std::int32_t>(at);
        out.triangle[count] = static_cast<std::int32_t>(i);
        out.weights[2 * count] = b[1], out.weights[2 * count + 1] = b[2];
      }
      ++count;
    });
  }
  return count;
}

void raster_label_pixels(const RasterMesh& mesh, const RasterGrid& grid, const RasterLabels& labels,
                         std::ptrdiff_t side, std::uint8_t* pixels) {
  std::uint8_t seen[raster_most_samples * raster_most_samples];
  for (std::ptrdiff_t y = 0; y + side <= grid.height; y += side)
    for (std::ptrdiff_t x = 0; x + side <= grid.width; x += side) {
      std::uint8_t* next = seen;
      for (std::ptrdiff_t j = y; j < y + side; ++j)
        for (std::ptrdiff_t i = x; i < x + side; ++i)
          *next++ = raster::label_at(mesh, grid, labels, j * grid.width + i);
      *pixels++ = raster::most_frequent(seen, side * side);
    }
}

constexpr RasterKernels raster_kernels = {raster_perspective,  raster_parallel,
                                          raster_draw,         raster_draw_depth,
                                          raster_draw_blended, raster_label_pixels};

}  // namespace
}  // namespace flm::FLM_ISA
