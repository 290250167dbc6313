#include "flmcore/kernels/shade.hpp"
#include "flmcore/kernels/shade_light.inl"
#include "flmcore/kernels/shade_texture.inl"

namespace flm::FLM_ISA {
namespace {
namespace shading {

// Interpolated vertices of the tile's samples, turned from one sample after the other into lanes.
inline void gather(const ShadeJob& job, const std::int32_t* triangle, const float* weights,
                   Tile& tile) {
  for (int i = 0; i < tile.count; ++i) {
    const std::int32_t t = triangle[tile.sample[i]];
    const std::int32_t* v = job.triangles + 3 * t;
    const float* a = job.packed + shade_vertex * v[0];
    const float* b = job.packed + shade_vertex * v[1];
    const float* c = job.packed + shade_vertex * v[2];
    const float wb = weights[2 * tile.sample[i]], wc = weights[2 * tile.sample[i] + 1];
    const float wa = 1 - wb - wc;
    float mixed[shade_vertex];
    for (std::size_t k = 0; k < shade_vertex; ++k) mixed[k] = wa * a[k] + wb * b[k] + wc * c[k];
    for (int k = 0; k < Tile::lanes; ++k) tile.lane[k][i] = mixed[k];
    const ShadePart& part = job.parts[job.part[t]];
    tile.part[i] = &part;
    tile.gloss[i] = part.gloss, tile.shininess[i] = part.shininess;
    tile.turn[i] = part.two_sided ? 1.0f : 0.0f;
  }
}

inline void finish(const ShadeJob& job, const std::int32_t* triangle, const float* weights,
                   Tile& tile, float* colours) {
  gather(job, triangle, weights, tile);
  face_camera(tile);
  ambient_light(job.ambient, tile);
  for (std::size_t j = 0; j < job.lights; ++j) {
    aim(job.directions + 3 * j, tile);
    if (j == 0 && job.shadow.depth) cast_shadow(job.shadow, tile);
    add_light(job.colours + 3 * j, tile);
  }
  for (int i = 0; i < tile.count; ++i) {
    float albedo[4];
    read_texture(*tile.part[i], tile.lane[Tile::u][i], tile.lane[Tile::v][i], job.decode, albedo);
    float* out = colours + 4 * tile.sample[i];
    for (int k = 0; k < 3; ++k) out[k] = albedo[k] * tile.diffuse[k][i] + tile.mirrored[k][i];
    out[3] = albedo[3];
  }
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

void shade_samples(const ShadeJob& job, const std::int32_t* triangle, const float* weights,
                   std::size_t count, float* colours) {
  shading::Tile tile = {};
  for (std::size_t i = 0; i < count; ++i) {
    if (triangle[i] < 0) {
      for (int k = 0; k < 4; ++k) colours[4 * i + k] = 0;
      continue;
    }
    tile.sample[tile.count++] = i;
    if (tile.count < shading::Tile::size) continue;
    shading::finish(job, triangle, weights, tile, colours);
    tile.count = 0;
  }
  shading::finish(job, triangle, weights, tile, colours);
}

void shade_fill(const std::int32_t* triangle, std::size_t count, float* colours) {
  for (std::size_t i = 0; i < count; ++i) colours[4 * i + 3] = triangle[i] < 0 ? 0.0f : 1.0f;
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

constexpr ShadeKernels shade_kernels = {shade_pack, shade_samples, shade_fill, shade_lay_over,
                                        shade_average};

}  // namespace
}  // namespace flm::FLM_ISA
