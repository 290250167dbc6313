// A texture's colour between its texels.
#pragma once

#include <cstring>

#include "flmcore/kernels/shade_light.inl"

namespace flm::FLM_ISA {
namespace {
namespace shading {

// The texel that lies before each place, and how far the place is from it towards the next.
inline void find_texels(const float* places, const float* counts, std::int32_t* first,
                        std::uint32_t* rest) {
  for (int i = 0; i < Tile::size; ++i) {
    const float last = counts[i] - 1, place = places[i] * counts[i] - 0.5f;
    const float within = place < last ? place : last;
    const float held = within > 0 ? within : 0.0f;
    const std::int32_t texel = static_cast<std::int32_t>(held);
    first[i] = texel;
    rest[i] = static_cast<std::uint32_t>(
        static_cast<std::int32_t>((held - static_cast<float>(texel)) * 256));
  }
}

// Four bytes, each in 16 bits.
inline std::uint64_t spread(const std::uint8_t* texel) {
  std::uint32_t bytes;
  std::memcpy(&bytes, texel, 4);
  const std::uint64_t halves =
      (bytes | static_cast<std::uint64_t>(bytes) << 16) & 0x0000ffff0000ffff;
  return (halves | halves << 8) & 0x00ff00ff00ff00ff;
}

// All four channels at once: two texels' mean fills the 16 bits of each, two rows' mean 24 of 32.
inline void read_texture(const Tile& tile, int i, const float* decode, float* albedo) {
  const ShadePart& part = *tile.part[i];
  const std::ptrdiff_t x = tile.column[i], y = tile.row[i];
  const std::ptrdiff_t next = x + 1 < part.width ? 4 : 0,
                       under = y + 1 < part.height ? part.row_stride : 0;
  const std::uint8_t* texel = part.texture + y * part.row_stride + 4 * x;
  const std::uint64_t beyond = tile.beyond[i], below = tile.below[i];
  const std::uint64_t top = spread(texel) * (256 - beyond) + spread(texel + next) * beyond;
  const std::uint64_t bottom =
      spread(texel + under) * (256 - beyond) + spread(texel + under + next) * beyond;
  constexpr std::uint64_t even = 0x0000ffff0000ffff;
  const std::uint64_t red_blue = (top & even) * (256 - below) + (bottom & even) * below;
  const std::uint64_t green_cover =
      ((top >> 16) & even) * (256 - below) + ((bottom >> 16) & even) * below;
  albedo[0] = decode[static_cast<std::uint32_t>(red_blue) >> 14];
  albedo[1] = decode[static_cast<std::uint32_t>(green_cover) >> 14];
  albedo[2] = decode[red_blue >> 46];
  albedo[3] = static_cast<float>(green_cover >> 46) * (1.0f / 1020);
}

}  // namespace shading
}  // namespace
}  // namespace flm::FLM_ISA
