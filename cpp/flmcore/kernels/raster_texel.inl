// Texels where a sample is, and what they say.
#pragma once

#include "flmcore/kernels/raster.hpp"

namespace flm::FLM_ISA {
namespace {
namespace raster {

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

inline std::uint8_t label_at(const RasterMesh& mesh, const RasterFound& found,
                             const RasterLabels& labels, std::ptrdiff_t sample) {
  const std::int32_t t = found.triangle[sample];
  if (t < 0) return labels.background;
  const Cutout& map = labels.maps[mesh.part ? mesh.part[t] : 0];
  if (!map.data) return labels.label[t];
  const float b = found.weights[2 * sample], c = found.weights[2 * sample + 1];
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

}  // namespace raster
}  // namespace
}  // namespace flm::FLM_ISA
