// Reading one map of a batch: in place where a row lies together in memory, else through a small
// buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flmcore/kernels/maps.hpp"

#if defined(__F16C__) || (defined(_MSC_VER) && defined(__AVX2__))
#define FLM_F16C 1
#include <immintrin.h>
#endif

namespace flm::FLM_ISA {
namespace {

constexpr std::size_t row_chunk =
    256;  // elements staged at once; a peak is searched again in so many

struct Map {
  const char* data;
  MapType type;
  std::ptrdiff_t row_step, column_step;
  std::size_t height, width;
};

// Exact. Subnormal halves go through an integer, since a float32 made of their bits would itself be
// subnormal, which a process may have set to flush to zero.
inline float half_to_float(std::uint16_t half) {
  const std::uint32_t exponent = (half >> 10) & 31u, fraction = half & 1023u;
  const std::uint32_t shift =
      exponent == 31u ? 224u : 112u;  // infinity and NaN keep the largest exponent
  const std::uint32_t normal = ((exponent + shift) << 23) | (fraction << 13);
  const float small =
      static_cast<float>(static_cast<std::int32_t>(fraction)) * 5.9604644775390625e-8f;
  std::uint32_t bits;
  std::memcpy(&bits, &small, 4);
  bits = (exponent == 0 ? bits : normal) | (static_cast<std::uint32_t>(half & 0x8000u) << 16);
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline void halves_to_floats(const char* halves, std::size_t count, float* out) {
  std::size_t i = 0;
#if defined(FLM_F16C)
  for (; i + 8 <= count; i += 8)
    _mm256_storeu_ps(
        out + i,
        _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(halves + 2 * i))));
#endif
  for (; i < count; ++i) {
    std::uint16_t half;
    std::memcpy(&half, halves + 2 * i, 2);
    out[i] = half_to_float(half);
  }
}

inline float element(const Map& map, std::size_t y, std::size_t x) {
  const char* at = map.data + static_cast<std::ptrdiff_t>(y) * map.row_step +
                   static_cast<std::ptrdiff_t>(x) * map.column_step;
  if (map.type == MapType::float16) {
    std::uint16_t half;
    std::memcpy(&half, at, 2);
    return half_to_float(half);
  }
  float value;
  std::memcpy(&value, at, 4);
  return value;
}

// `count` values of row y from column x on: in place, or copied to `buffer` (room for `count`).
inline const float* row_values(const Map& map, std::size_t y, std::size_t x, std::size_t count,
                               float* buffer) {
  const char* at = map.data + static_cast<std::ptrdiff_t>(y) * map.row_step +
                   static_cast<std::ptrdiff_t>(x) * map.column_step;
  if (map.type == MapType::float16 && map.column_step == 2) {
    halves_to_floats(at, count, buffer);
    return buffer;
  }
  if (map.type == MapType::float32 && map.column_step == 4)
    return reinterpret_cast<const float*>(at);
  if (map.type == MapType::float32)
    for (std::size_t i = 0; i < count; ++i, at += map.column_step) std::memcpy(buffer + i, at, 4);
  else
    for (std::size_t i = 0; i < count; ++i) buffer[i] = element(map, y, x + i);
  return buffer;
}

}  // namespace
}  // namespace flm::FLM_ISA
