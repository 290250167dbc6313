#include <cmath>

#include "flmcore/kernels/raster_cover.inl"

namespace flm::FLM_ISA {
namespace {

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
  raster::Outline o;
  for (std::size_t i = 0; i < mesh.count; ++i) {
    const RasterPart& part = mesh.parts[mesh.part ? mesh.part[i] : 0];
    if (!part.blend && raster::set_up(mesh, i, part.two_sided, grid, o))
      raster::put<true>(mesh, part.cutout, grid, i, o);
  }
}

void raster_draw_depth(const RasterMesh& mesh, const RasterGrid& grid) {
  raster::Outline o;
  for (std::size_t i = 0; i < mesh.count; ++i)
    if (raster::set_up(mesh, i, true, grid, o))
      raster::put<false>(mesh, mesh.parts[mesh.part ? mesh.part[i] : 0].cutout, grid, i, o);
}

std::size_t raster_draw_blended(const RasterMesh& mesh, const RasterGrid& grid,
                                const BlendedSamples& out) {
  raster::Outline o;
  std::size_t count = 0;
  for (std::size_t i = 0; i < mesh.count; ++i) {
    const RasterPart& part = mesh.parts[mesh.part ? mesh.part[i] : 0];
    if (!part.blend || !raster::set_up(mesh, i, part.two_sided, grid, o)) continue;
    raster::cover<true>(o, grid, [&](std::ptrdiff_t at, float, const float* b) {
      if (count < out.room) {
        const std::ptrdiff_t y = at / grid.stride, x = at % grid.stride;
        out.sample[count] = static_cast<std::int32_t>(y * grid.width + x);
        out.triangle[count] = static_cast<std::int32_t>(i);
        out.weights[2 * count] = b[1], out.weights[2 * count + 1] = b[2];
      }
      ++count;
    });
  }
  return count;
}

void raster_unpack(const RasterGrid& grid, std::int32_t* triangle, float* weights, float* depth) {
  for (std::ptrdiff_t y = 0; y < grid.height; ++y) {
    const std::ptrdiff_t from = y * grid.stride, to = y * grid.width;
    for (std::ptrdiff_t x = 0; x < grid.width; ++x) {
      triangle[to + x] = grid.triangle[from + x];
      depth[to + x] = 1 / grid.nearness[from + x];
    }
    for (std::ptrdiff_t x = 0; x < grid.width; ++x) {
      weights[2 * (to + x)] = grid.second[from + x];
      weights[2 * (to + x) + 1] = grid.third[from + x];
    }
  }
}

void raster_label_pixels(const RasterMesh& mesh, const RasterFound& found,
                         const RasterLabels& labels, std::ptrdiff_t side, std::uint8_t* pixels) {
  std::uint8_t seen[raster_most_samples * raster_most_samples];
  for (std::ptrdiff_t y = 0; y + side <= found.height; y += side)
    for (std::ptrdiff_t x = 0; x + side <= found.width; x += side) {
      std::uint8_t* next = seen;
      for (std::ptrdiff_t j = y; j < y + side; ++j)
        for (std::ptrdiff_t i = x; i < x + side; ++i)
          *next++ = raster::label_at(mesh, found, labels, j * found.width + i);
      *pixels++ = raster::most_frequent(seen, side * side);
    }
}

constexpr RasterKernels raster_kernels = {raster_perspective, raster_parallel,     raster_draw,
                                          raster_draw_depth,  raster_draw_blended, raster_unpack,
                                          raster_label_pixels};

}  // namespace
}  // namespace flm::FLM_ISA
