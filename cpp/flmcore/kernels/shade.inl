#include "flmcore/kernels/four_floats.inl"
#include "flmcore/kernels/shade.hpp"
#include "flmcore/kernels/shade_light.inl"
#include "flmcore/kernels/shade_texture.inl"

namespace flm::FLM_ISA {
namespace {
namespace shading {

// Vertices between which the tile's samples lie, mixed: all of a vertex's numbers at once, then
// turned into lanes.
inline void gather(const ShadeJob& job, const ShadeSamples& samples, Tile& tile) {
  for (int i = 0; i < tile.count; ++i) {
    const std::size_t sample = tile.sample[i];
    const std::int32_t t = samples.triangle[sample];
    const std::int32_t* v = job.triangles + 3 * t;
    const float* a = job.packed + shade_vertex * v[0];
    const float* b = job.packed + shade_vertex * v[1];
    const float* c = job.packed + shade_vertex * v[2];
    const float wb = samples.weights[2 * sample], wc = samples.weights[2 * sample + 1];
    const FourFloats share_a = FourFloats::all(1 - wb - wc), share_b = FourFloats::all(wb),
                     share_c = FourFloats::all(wc);
    for (std::size_t k = 0; k < shade_vertex; k += 4)
      FourFloats::load(a + k)
          .times(share_a)
          .plus(FourFloats::load(b + k).times(share_b))
          .plus(FourFloats::load(c + k).times(share_c))
          .store(tile.mixed[i] + k);
    tile.part[i] = job.parts + job.part[t];
  }
  for (int i = 0; i < tile.count; ++i) {
    for (int k = 0; k < Tile::lanes; ++k) tile.lane[k][i] = tile.mixed[i][k];
    const ShadePart& part = *tile.part[i];
    tile.gloss[i] = part.gloss, tile.shininess[i] = part.shininess, tile.turn[i] = part.turn;
    tile.width[i] = part.columns, tile.height[i] = part.rows;
  }
}

inline void finish(const ShadeJob& job, const ShadeSamples& samples, Tile& tile) {
  gather(job, samples, tile);
  face_camera(tile);
  ambient_light(job.ambient, tile);
  for (std::size_t j = 0; j < job.lights; ++j) {
    aim(job.directions + 3 * j, tile);
    if (j == 0 && job.shadow.depth) cast_shadow(job.shadow, tile);
    add_light(job.colours + 3 * j, tile);
  }
  find_texels(tile.lane[Tile::u], tile.width, tile.column, tile.beyond);
  find_texels(tile.lane[Tile::v], tile.height, tile.row, tile.below);
  for (int i = 0; i < tile.count; ++i) {
    float albedo[4];
    read_texture(tile, i, job.decode, albedo);
    float* out = samples.colours + 4 * tile.sample[i];
    for (int k = 0; k < 3; ++k) out[k] = albedo[k] * tile.diffuse[k][i] + tile.mirrored[k][i];
    out[3] = samples.opaque ? 1.0f : albedo[3];
  }
  tile.count = 0;
}

}  // namespace shading

void shade_pack(const float* positions, const float* normals, const float* uv,
                const float* occlusion, std::size_t vertices, float* packed) {
  for (std::size_t i = 0; i < vertices; ++i) {
    float* to = packed + shade_vertex * i;
    for (std::size_t k = 0; k < 3; ++k)
      to[k] = positions[3 * i + k], to[3 + k] = normals[3 * i + k];
    to[6] = uv[2 * i], to[7] = uv[2 * i + 1];
    to[8] = occlusion ? occlusion[i] : 1.0f;
    to[9] = to[10] = to[11] = 0;
  }
}

void shade_samples(const ShadeJob& job, const ShadeSamples& samples) {
  shading::Tile tile = {};
  for (std::size_t i = 0; i < samples.count; ++i) {
    if (samples.triangle[i] < 0) {
      for (int k = 0; k < 4; ++k) samples.colours[4 * i + k] = 0;
      continue;
    }
    tile.sample[tile.count++] = i;
    if (tile.count == shading::Tile::size) shading::finish(job, samples, tile);
  }
  if (tile.count > 0) shading::finish(job, samples, tile);
}

void shade_lay_over(const std::int32_t* sample, const float* colours, std::size_t count,
                    float* samples) {
  for (std::size_t i = 0; i < count; ++i) {
    const float* over = colours + 4 * i;
    float* under = samples + 4 * static_cast<std::size_t>(sample[i]);
    const float share = over[3], rest = 1 - share;
    for (int k = 0; k < 3; ++k) under[k] = over[k] * share + under[k] * rest;
    under[3] = share + under[3] * rest;
  }
}

void shade_average(const float* samples, std::ptrdiff_t height, std::ptrdiff_t width,
                   std::ptrdiff_t side, float* pixels) {
  const float part = 1 / static_cast<float>(side * side);
  for (std::ptrdiff_t y = 0; y < height; ++y)
    for (std::ptrdiff_t x = 0; x < width; ++x) {
      float sum[4] = {0, 0, 0, 0};
      for (std::ptrdiff_t j = 0; j < side; ++j) {
        const float* from = samples + 4 * ((y * side + j) * width * side + x * side);
        for (std::ptrdiff_t i = 0; i < side; ++i)
          for (int k = 0; k < 4; ++k) sum[k] += from[4 * i + k];
      }
      for (int k = 0; k < 4; ++k) pixels[4 * (y * width + x) + k] = sum[k] * part;
    }
}

constexpr ShadeKernels shade_kernels = {shade_pack, shade_samples, shade_lay_over, shade_average};

}  // namespace
}  // namespace flm::FLM_ISA
