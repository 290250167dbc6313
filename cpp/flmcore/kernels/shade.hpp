// Colours of samples: texture times light, in linear light. For a sample of triangle t with weights
// b:
//   p, uv, o: position, texture place and occlusion, interpolated; n: normal, interpolated, unit
//   length;
//     of two-sided parts it is turned towards the camera, which is at the origin.
//   ambient = max(0, c0 + c1 y + c2 z + c3 x + c4 xy + c5 yz + c6 (3zz - 1) + c7 xz + c8 (xx - yy))
//   o,
//     with (x, y, z) = n and c per channel.
//   light j, from the unit direction l: diffuse max(0, n.l), highlight gloss * max(0,
//   n.h)^shininess where
//     n.l > 0, h halfway between l and the camera's direction; light 0 times the share of it that
//     arrives.
//   colour = albedo * (ambient + sum_j colour_j * diffuse_j) + sum_j colour_j * highlight_j
// Albedo: the texture at uv, bilinear in sRGB: weights in 1/256 texel, the sum cut to 0..1020 (4
// times a byte), then looked up in `decode`. Texel i covers [i, i + 1] / size; uv is held to the
// edge. The share of light 0: with q = matrix (p + bias n), the map's texels in a box of 2 *
// softness + 1 texels about (q.x, q.y) whose depth is at least q.z - bias, the box held inside the
// map. Sums in float32 in the order written; the same bytes on every instruction set. What is not
// finite gives any colour, but nothing worse.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flm {

struct ShadePart {
  const std::uint8_t* texture;  // (height, width, 4)
  std::ptrdiff_t height, width, row_stride;
  float columns, rows;  // width and height once more
  float gloss, shininess;
  float turn;  // 1 where two-sided, else 0
};

struct ShadeShadow {
  const float* depth;            // null: no shadow
  std::ptrdiff_t height, width;  // at least 2 * softness + 3
  float matrix[12];
  float bias;
  int softness;  // 0 to 3
};

constexpr std::size_t shade_vertex = 12;  // floats that a packed vertex takes

struct ShadeJob {
  const float* packed;            // (vertices, shade_vertex) as pack() leaves it
  const std::int32_t* triangles;  // (triangles, 3)
  const std::int32_t* part;       // (triangles)
  const ShadePart* parts;
  const float* decode;  // (1021)
  std::size_t lights;
  const float *directions, *colours;  // (lights, 3)
  const float* ambient;               // (9, 3)
  ShadeShadow shadow;
};

// Samples, and where their colours go: (count, 4), linear red, green, blue, and coverage: the
// texture's, 0 to 1, or 1 if opaque. A sample of triangle -1 becomes 0.
struct ShadeSamples {
  const std::int32_t* triangle;
  const float* weights;  // (count, 2)
  std::size_t count;
  bool opaque;
  float* colours;
};

struct ShadeKernels {
  void (*pack)(const float* positions, const float* normals, const float* uv,
               const float* occlusion, std::size_t vertices, float* packed);
  void (*shade)(const ShadeJob& job, const ShadeSamples& samples);
  // Lays `count` colours with coverage over the samples (., 4), premultiplied, in order.
  void (*lay_over)(const std::int32_t* sample, const float* colours, std::size_t count,
                   float* samples);
  // Mean of each pixel's samples * samples.
  void (*average)(const float* samples, std::ptrdiff_t height, std::ptrdiff_t width,
                  std::ptrdiff_t side, float* pixels);
};

}  // namespace flm
