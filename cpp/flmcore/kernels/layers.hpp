// Layers of colour on a picture: for each layer in order and each channel, in float32,
//     value += (mask * (opacity / 255)) * (colour - value),
// then floor(value + 0.5) as a byte. The same bytes on every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flm {

struct LayerKernels {
  // base and out: (pixels, 3); masks: one pointer to `pixels` bytes per layer; colours: (layers,
  // 3); opacity: (layers), 0 to 1.
  void (*blend_layers)(const std::uint8_t* base, std::size_t pixels,
                       const std::uint8_t* const* masks, const std::uint8_t* colours,
                       const float* opacity, std::size_t layers, std::uint8_t* out);
};

}  // namespace flm
