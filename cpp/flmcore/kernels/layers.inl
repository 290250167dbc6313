#include <cstring>

#include "flmcore/kernels/layers.hpp"

namespace flm::FLM_ISA {
namespace {
namespace layers {

constexpr std::size_t tile = 256;

// Most masks are empty in most places.
inline bool is_empty(const std::uint8_t* mask, std::size_t n) {
  std::uint64_t any = 0;
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, mask + i, 8);
    any |= eight;
  }
  for (; i < n; ++i) any |= mask[i];
  return any == 0;
}

inline void lay(const std::uint8_t* mask, const std::uint8_t* colour, float opacity, std::size_t n,
                float (*planes)[tile]) {
  const float scale = opacity / 255;
  float share[tile];
  for (std::size_t i = 0; i < n; ++i) share[i] = static_cast<float>(mask[i]) * scale;
  for (int k = 0; k < 3; ++k) {
    const float wanted = colour[k];
    float* plane = planes[k];
    for (std::size_t i = 0; i < n; ++i) plane[i] += share[i] * (wanted - plane[i]);
  }
}

}  // namespace layers

void blend_layers(const std::uint8_t* base, std::size_t pixels, const std::uint8_t* const* masks,
                  const std::uint8_t* colours, const float* opacity, std::size_t count,
                  std::uint8_t* out) {
  float planes[3][layers::tile];
  for (std::size_t begin = 0; begin < pixels; begin += layers::tile) {
    const std::size_t n = pixels - begin < layers::tile ? pixels - begin : layers::tile;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < 3; ++k) planes[k][i] = base[3 * (begin + i) + k];
    for (std::size_t m = 0; m < count; ++m)
      if (opacity[m] > 0 && !layers::is_empty(masks[m] + begin, n))
        layers::lay(masks[m] + begin, colours + 3 * m, opacity[m], n, planes);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < 3; ++k)
        out[3 * (begin + i) + k] = static_cast<std::uint8_t>(planes[k][i] + 0.5f);
  }
}

constexpr LayerKernels layer_kernels = {blend_layers};

}  // namespace
}  // namespace flm::FLM_ISA
