// Powers of numbers from 0 to 1, good to some 1e-6 and vectors of any width; the library's differ
// from machine to machine.
#pragma once

#include <cstdint>
#include <cstring>

namespace flm::FLM_ISA {
namespace {
namespace shading {

// log2, for x from 1e-30 to 1: the atanh series on a mantissa between the roots of 1/2 and 2.
inline float log2_of(float x) {
  std::int32_t bits;
  std::memcpy(&bits, &x, 4);
  const std::int32_t exponent = (bits - 0x3f3504f3) >> 23;
  bits -= exponent * (1 << 23);
  float mantissa;
  std::memcpy(&mantissa, &bits, 4);
  const float t = (mantissa - 1) / (mantissa + 1), s = t * t;
  const float series = 2.88539008f + s * (0.961796694f + s * (0.577078016f + s * 0.412198583f));
  return static_cast<float>(exponent) + t * series;
}

// 2^y for y up to 0: the exponential's series on the fraction.
inline float exp2_of(float y) {
  const float held = y > -126.0f ? y : -126.0f;
  const std::int32_t whole = static_cast<std::int32_t>(held - 0.5f);
  const float f = (held - static_cast<float>(whole)) * 0.693147181f;
  float series = 1 + f * (1.0f / 6) * (1 + f * (1.0f / 7));
  series = 1 + f * (1.0f / 4) * (1 + f * (1.0f / 5) * series);
  series = 1 + f * (1 + f * (1.0f / 2) * (1 + f * (1.0f / 3) * series));
  const std::int32_t bits = (whole + 127) * (1 << 23);
  float power;
  std::memcpy(&power, &bits, 4);
  return series * power;
}

// x^y for x up to 1 (0 and below give next to nothing) and y from 0 on.
inline float power_of(float x, float y) { return exp2_of(y * log2_of(x > 1e-30f ? x : 1e-30f)); }

}  // namespace shading
}  // namespace
}  // namespace flm::FLM_ISA
