// The samples of a triangle that are nearer than what was there.
#pragma once

#include "flmcore/kernels/raster_lanes.inl"
#include "flmcore/kernels/raster_setup.inl"
#include "flmcore/kernels/raster_texel.inl"

namespace flm::FLM_ISA {
namespace {
namespace raster {

// Calls found(at, nearness, weights) for every sample of the triangle that is nearer than the grid.
template <bool perspective, class Found>
inline void cover(const Outline& o, const RasterGrid& grid, Found found) {
  const Edges<std::int64_t> e = edges_of<std::int64_t>(o);
  float scaled[3];
  for (int i = 0; i < 3; ++i) scaled[i] = o.corners[i]->nearness * o.scale;
  std::int64_t row[3] = {e.value[0], e.value[1], e.value[2]};
  for (std::ptrdiff_t y = o.y0; y <= o.y1; ++y) {
    std::int64_t e0 = row[0], e1 = row[1], e2 = row[2];
    bool entered = false;
    for (std::ptrdiff_t x = o.x0; x <= o.x1;
         ++x, e0 += e.across[0], e1 += e.across[1], e2 += e.across[2]) {
      if (((e0 - e.least[0]) | (e1 - e.least[1]) | (e2 - e.least[2])) < 0) {
        if (entered) break;
        continue;
      }
      entered = true;
      const float f0 = static_cast<float>(e0), f1 = static_cast<float>(e1),
                  f2 = static_cast<float>(e2);
      const float p0 = f0 * scaled[0], p1 = f1 * scaled[1], p2 = f2 * scaled[2];
      const float nearness = p0 + p1 + p2;
      const std::ptrdiff_t at = y * grid.stride + x;
      if (!(nearness > grid.nearness[at])) continue;
      const float part = 1 / nearness;
      const float b[3] = {perspective ? p0 * part : f0 * o.scale,
                          perspective ? p1 * part : f1 * o.scale,
                          perspective ? p2 * part : f2 * o.scale};
      found(at, nearness, b);
    }
    for (int i = 0; i < 3; ++i) row[i] += e.down[i];
  }
}

// Where the holes of a triangle are.
struct Holes {
  const Cutout* cutout;
  const float *a, *b, *c;  // uv of the corners
};

inline FourFlags beside_holes(FourFlags flags, const Holes& holes, const FourFloats* weights) {
  const Cutout& map = *holes.cutout;
  std::int32_t place[2][4];
  for (int k = 0; k < 2; ++k)
    texels_at(weights[0]
                  .times(FourFloats::all(holes.a[k]))
                  .plus(weights[1].times(FourFloats::all(holes.b[k])))
                  .plus(weights[2].times(FourFloats::all(holes.c[k]))),
              static_cast<float>(k == 0 ? map.width : map.height), place[k]);
  std::uint8_t bytes[4];
  for (int i = 0; i < 4; ++i)
    bytes[i] = map.data[place[1][i] * map.row_stride + place[0][i] * map.column_stride];
  return solid(flags, bytes);
}

// Puts a narrow triangle into the grid, the same as cover() would, four samples at a time: up to
// three beyond its last column, of which none is inside or which the grid's rows have room for.
template <bool perspective, bool has_holes>
inline void fill(const Outline& o, const RasterGrid& grid, std::int32_t index, const Holes& holes) {
  const Edges<std::int32_t> e = edges_of<std::int32_t>(o);
  FourInts row[3], step[3], down[3], least[3];
  FourFloats scaled[3];
  for (int i = 0; i < 3; ++i) {
    row[i] = FourInts::ramp(e.value[i] - e.least[i], e.across[i]);
    step[i] = FourInts::all(4 * e.across[i]), down[i] = FourInts::all(e.down[i]);
    least[i] = FourInts::all(e.least[i]);
    scaled[i] = FourFloats::all(o.corners[i]->nearness * o.scale);
  }
  for (std::ptrdiff_t y = o.y0; y <= o.y1; ++y) {
    FourInts e0 = row[0], e1 = row[1], e2 = row[2];
    const std::ptrdiff_t last = y * grid.stride + o.x1;
    for (std::ptrdiff_t at = y * grid.stride + o.x0; at <= last;
         at += 4, e0 = e0.plus(step[0]), e1 = e1.plus(step[1]), e2 = e2.plus(step[2])) {
      const FourInts inside = e0.either(e1).either(e2);
      if (inside.all_negative()) continue;
      FourFloats w[3] = {e0.plus(least[0]).as_floats(), e1.plus(least[1]).as_floats(),
                         e2.plus(least[2]).as_floats()};
      const FourFloats p0 = w[0].times(scaled[0]), p1 = w[1].times(scaled[1]),
                       p2 = w[2].times(scaled[2]), nearness = p0.plus(p1).plus(p2);
      FourFlags seen = larger_inside(inside, nearness, FourFloats::load(grid.nearness + at));
      if (seen.none()) continue;
      const FourFloats part = perspective ? one_over(nearness) : FourFloats::all(o.scale);
      if (perspective) w[0] = p0, w[1] = p1, w[2] = p2;
      for (FourFloats& weight : w) weight = weight.times(part);
      if (has_holes) seen = beside_holes(seen, holes, w);
      store_where(seen, nearness, grid.nearness + at);
      if (!perspective) continue;
      store_where(seen, index, grid.triangle + at);
      store_where(seen, w[1], grid.second + at);
      store_where(seen, w[2], grid.third + at);
    }
    for (int i = 0; i < 3; ++i) row[i] = row[i].plus(down[i]);
  }
}

// Puts a triangle into the grid; of a parallel view the nearness alone.
template <bool perspective>
inline void put(const RasterMesh& mesh, const Cutout& cutout, const RasterGrid& grid,
                std::size_t index, const Outline& o) {
  const std::int32_t *v = mesh.triangles + 3 * index, name = static_cast<std::int32_t>(index);
  if (o.narrow && cutout.data)
    return fill<perspective, true>(
        o, grid, name, {&cutout, mesh.uv + 2 * v[0], mesh.uv + 2 * v[1], mesh.uv + 2 * v[2]});
  if (o.narrow) return fill<perspective, false>(o, grid, name, {});
  cover<perspective>(o, grid, [&](std::ptrdiff_t at, float nearness, const float* b) {
    if (cutout.data && is_hole(cutout, mesh.uv, v, b)) return;
    grid.nearness[at] = nearness;
    if (!perspective) return;
    grid.triangle[at] = name;
    grid.second[at] = b[1], grid.third[at] = b[2];
  });
}

}  // namespace raster
}  // namespace
}  // namespace flm::FLM_ISA
