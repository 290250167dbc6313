#include "flmcore/kernels/four_floats.inl"
#include "flmcore/kernels/shade.hpp"
#include "flmcore/kernels/shade_light.inl"
#include "flmcore/kernels/shade_pixels.inl"
#include "flmcore/kernels/shade_texture.inl"

namespace flm::FLM_ISA {
namespace {
namespace shading {

// Mixed vertices into lanes.
inline void spread_lanes(Tile& tile) {
  for (int i = 0; i < tile.count; ++i) {
    for (int k = 0; k < Tile::lanes; ++k) tile.lane[k][i] = tile.mixed[i][k];
    const ShadePart& part = *tile.part[i];
    tile.gloss[i] = part.gloss, tile.shininess[i] = part.shininess, tile.turn[i] = part.turn;
    tile.width[i] = part.columns, tile.height[i] = part.rows;
  }
}

// The tile's colours, one after the other; gives where the next would go.
inline float* finish(const ShadeJob& job, bool opaque, float* out, Tile& tile) {
  spread_lanes(tile);
  face_camera(tile);
  ambient_light(job.ambient, tile);
  for (std::size_t j = 0; j < job.lights; ++j) {
    aim(job.directions + 3 * j, tile);
    if (j == 0 && job.shadow.depth) cast_shadow(job.shadow, tile);
    add_light(job.colours + 3 * j, tile);
  }
  find_texels(tile.lane[Tile::u], tile.width, tile.column, tile.beyond);
  find_texels(tile.lane[Tile::v], tile.height, tile.row, tile.below);
  for (int i = 0; i < tile.count; ++i, out += 4) {
    float albedo[4];
    read_texture(tile, i, job.decode, albedo);
    for (int k = 0; k < 3; ++k) out[k] = albedo[k] * tile.diffuse[k][i] + tile.mirrored[k][i];
    out[3] = opaque ? 1.0f : albedo[3];
  }
  tile.count = 0;
  return out;
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
  float* out = samples.colours;
  for (std::size_t i = 0; i < samples.count; ++i) {
    const std::int32_t t = samples.triangle[i];
    const float b = samples.weights[2 * i], c = samples.weights[2 * i + 1];
    shading::mix(job, t, 1 - b - c, b, c, tile.mixed[tile.count]);
    tile.part[tile.count++] = job.parts + job.part[t];
    if (tile.count == shading::Tile::size) out = shading::finish(job, false, out, tile);
  }
  if (tile.count > 0) shading::finish(job, false, out, tile);
}

std::size_t shade_pixels(const ShadeJob& job, const ShadePixels& p) {
  shading::Tile tile = {};
  shading::Pixel pixel;
  float* out = p.colours;
  std::int32_t colours = 0;
  for (std::ptrdiff_t y = 0; y < p.height; ++y)
    for (std::ptrdiff_t x = 0; x < p.width; ++x) {
      const std::size_t first = static_cast<std::size_t>((y * p.side * p.width + x) * p.side);
      shading::find_groups(job, p, first, pixel);
      shading::name_colours(p, first, colours, pixel);
      colours += pixel.groups;
      for (int i = 0; i < pixel.groups; ++i) {
        const shading::Group& group = pixel.group[i];
        const FourFloats one = FourFloats::all(1 / group.count);
        for (std::size_t k = 0; k < shade_vertex; k += 4)
          FourFloats::load(group.sum + k).times(one).store(tile.mixed[tile.count] + k);
        tile.part[tile.count++] = group.part;
        if (tile.count == shading::Tile::size) out = shading::finish(job, true, out, tile);
      }
    }
  if (tile.count > 0) shading::finish(job, true, out, tile);
  return static_cast<std::size_t>(colours);
}

void shade_lay_over(const std::int32_t* sample, const float* over, std::size_t count,
                    std::size_t used, const ShadePixels& p) {
  const std::int32_t shared = static_cast<std::int32_t>(used);
  std::int32_t next = shared;
  for (std::size_t i = 0; i < count; ++i, over += 4) {
    std::int32_t& shown = p.shown[sample[i]];
    float* under = p.colours + 4 * static_cast<std::size_t>(shown < shared ? next : shown);
    if (shown < shared) {
      for (int k = 0; k < 4; ++k) under[k] = shown < 0 ? 0.0f : p.colours[4 * shown + k];
      shown = next++;
    }
    const float share = over[3], rest = 1 - share;
    for (int k = 0; k < 3; ++k) under[k] = over[k] * share + under[k] * rest;
    under[3] = share + under[3] * rest;
  }
}

void shade_average(const ShadePixels& p, float* pixels) {
  const FourFloats part = FourFloats::all(1 / static_cast<float>(p.side * p.side));
  const std::ptrdiff_t row = p.width * p.side;
  for (std::ptrdiff_t y = 0; y < p.height; ++y)
    for (std::ptrdiff_t x = 0; x < p.width; ++x, pixels += 4) {
      FourFloats sum = FourFloats::all(0);
      for (std::ptrdiff_t j = 0; j < p.side; ++j) {
        const std::int32_t* shown = p.shown + (y * p.side + j) * row + x * p.side;
        for (std::ptrdiff_t i = 0; i < p.side; ++i)
          if (shown[i] >= 0)
            sum = sum.plus(FourFloats::load(p.colours + 4 * static_cast<std::size_t>(shown[i])));
      }
      sum.times(part).store(pixels);
    }
}

constexpr ShadeKernels shade_kernels = {shade_pack, shade_samples, shade_pixels, shade_lay_over,
                                        shade_average};

}  // namespace
}  // namespace flm::FLM_ISA
