// A texture's colour between its texels.
#pragma once

#include "flmcore/kernels/shade.hpp"

namespace flm::FLM_ISA {
namespace {
namespace shading {

struct Texels {
  std::ptrdiff_t first, second;  // texels
  std::uint32_t rest;            // share of the second, in 1/256
};

inline Texels texels_at(float at, std::ptrdiff_t count) {
  const float last = static_cast<float>(count - 1), place = at * static_cast<float>(count) - 0.5f;
  const float held = place > 0 ? (place < last ? place : last) : 0.0f;  // NaN: 0
  const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(held);
  const float rest = (held - static_cast<float>(first)) * 256;
  return {first, first + (first + 1 < count), static_cast<std::uint32_t>(rest)};
}

inline void read_texture(const ShadePart& part, float u, float v, const float* decode,
                         float* albedo) {
  const Texels x = texels_at(u, part.width), y = texels_at(v, part.height);
  const std::uint8_t* upper = part.texture + y.first * part.row_stride;
  const std::uint8_t* lower = part.texture + y.second * part.row_stride;
  const std::uint8_t *a = upper + 4 * x.first, *b = upper + 4 * x.second;
  const std::uint8_t *c = lower + 4 * x.first, *d = lower + 4 * x.second;
  std::uint32_t mixed[4];
  for (int k = 0; k < 4; ++k) {
    const std::uint32_t top = a[k] * (256 - x.rest) + b[k] * x.rest,
                        bottom = c[k] * (256 - x.rest) + d[k] * x.rest;
    mixed[k] = (top * (256 - y.rest) + bottom * y.rest) >> 14;
  }
  for (int k = 0; k < 3; ++k) albedo[k] = decode[mixed[k]];
  albedo[3] = static_cast<float>(mixed[3]) * (1.0f / 1020);
}

}  // namespace shading
}  // namespace
}  // namespace flm::FLM_ISA
