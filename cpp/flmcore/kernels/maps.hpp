// A batch of maps (heat maps, or the 1-D vectors of SimCC) wherever the caller has them.
#pragma once

#include <cstddef>

namespace flm {

enum class MapType : int { float32, float16 };

// shape is N, K, height, width, each >= 1 where there is anything to decode; a 1-D vector has
// height 1. Steps are in bytes and may be 0 or negative. Elements are aligned to their size.
struct Maps {
  const char* data;
  MapType type;
  std::ptrdiff_t steps[4];
  std::size_t shape[4];
};

}  // namespace flm
