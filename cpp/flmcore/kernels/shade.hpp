// Colours of samples: texture times light, in linear light. The samples of a pixel that show the
// same part and about the same place of it have one colour, that of the mean of their positions,
// places on the texture, normals and occlusions: so the light of most pixels is computed once. In
// order: samples of one triangle are a piece; a piece goes to the pixel's first group of the same
// part whose first piece's mean uv lies within 1/16 of its own and whose mean depth within 1/64 of
// that depth, or else is a group of its own. Samples of blended parts have a colour each. For a
// sample of triangle t with weights b, or the mean of samples:
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

constexpr int shade_most_samples = 16;         // along each side of a pixel
constexpr float shade_same_place = 1.0f / 16;  // of a texture
constexpr float shade_same_depth = 1.0f / 64;  // of the depth
constexpr std::size_t shade_vertex = 12;       // floats that a packed vertex takes

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

// Samples, every triangle good, and where their colours go: (count, 4), linear red, green, blue,
// and the texture's coverage, 0 to 1.
struct ShadeSamples {
  const std::int32_t* triangle;
  const float* weights;  // (count, 2)
  std::size_t count;
  float* colours;
};

// Pixels of side * side samples, triangle -1 where there is none.
struct ShadePixels {
  const std::int32_t* triangle;  // (height * side, width * side)
  const float* weights;          // the same, 2
  std::ptrdiff_t height, width, side;
  std::int32_t* shown;  // (height * side, width * side), which colour a sample shows, or -1
  float* colours;       // (room for as many as samples, 4), premultiplied
};

struct ShadeKernels {
  void (*pack)(const float* positions, const float* normals, const float* uv,
               const float* occlusion, std::size_t vertices, float* packed);
  void (*shade)(const ShadeJob& job, const ShadeSamples& samples);
  // Opaque samples; gives how many colours they have.
  std::size_t (*shade_pixels)(const ShadeJob& job, const ShadePixels& pixels);
  // Lays `count` colours with coverage over samples, in order. Those get colours of their own
  // behind the `used` ones, for which there is room.
  void (*lay_over)(const std::int32_t* sample, const float* over, std::size_t count,
                   std::size_t used, const ShadePixels& pixels);
  // Mean of each pixel's samples: (height, width, 4).
  void (*average)(const ShadePixels& pixels, float* out);
};

}  // namespace flm
