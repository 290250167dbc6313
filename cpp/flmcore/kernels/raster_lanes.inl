// Four samples of a row at once. What a lane holds is what a loop over samples would compute.
#pragma once

#include <cstdint>
#include <cstring>

#include "flmcore/kernels/four_floats.inl"

namespace flm::FLM_ISA {
namespace {
namespace raster {

#if defined(__SSE2__) || defined(_M_X64)
struct FourInts {
  __m128i v;
  static FourInts all(std::int32_t value) { return {_mm_set1_epi32(value)}; }
  // start, start + step, ...
  static FourInts ramp(std::int32_t start, std::int32_t step) {
    return {_mm_setr_epi32(start, start + step, start + 2 * step, start + 3 * step)};
  }
  FourInts plus(FourInts other) const { return {_mm_add_epi32(v, other.v)}; }
  FourInts either(FourInts other) const { return {_mm_or_si128(v, other.v)}; }
  FourFloats as_floats() const { return {_mm_cvtepi32_ps(v)}; }
  bool all_negative() const { return _mm_movemask_ps(_mm_castsi128_ps(v)) == 15; }
};

// Which of four lanes count.
struct FourFlags {
  __m128 v;
  bool none() const { return _mm_movemask_ps(v) == 0; }
};

// Where a is not negative and b is above c.
inline FourFlags larger_inside(FourInts a, FourFloats b, FourFloats c) {
  const __m128 outside = _mm_castsi128_ps(_mm_srai_epi32(a.v, 31));
  return {_mm_andnot_ps(outside, _mm_cmpgt_ps(b.v, c.v))};
}

inline void store_where(FourFlags flags, FourFloats value, float* to) {
  const __m128 kept = _mm_andnot_ps(flags.v, _mm_loadu_ps(to));
  _mm_storeu_ps(to, _mm_or_ps(kept, _mm_and_ps(flags.v, value.v)));
}

inline void store_where(FourFlags flags, std::int32_t value, std::int32_t* to) {
  const __m128i mask = _mm_castps_si128(flags.v);
  __m128i* at = reinterpret_cast<__m128i*>(to);
  const __m128i kept = _mm_andnot_si128(mask, _mm_loadu_si128(at));
  _mm_storeu_si128(at, _mm_or_si128(kept, _mm_and_si128(mask, _mm_set1_epi32(value))));
}

inline FourFloats one_over(FourFloats value) { return {_mm_div_ps(_mm_set1_ps(1), value.v)}; }

// Whole parts of at * count, held to 0 to count - 1; NaN is 0.
inline void texels_at(FourFloats at, float count, std::int32_t* out) {
  const __m128 place = _mm_mul_ps(at.v, _mm_set1_ps(count));
  const __m128 held = _mm_min_ps(_mm_max_ps(place, _mm_setzero_ps()), _mm_set1_ps(count - 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_cvttps_epi32(held));
}

// Those whose byte is 128 or more.
inline FourFlags solid(FourFlags flags, const std::uint8_t* bytes) {
  const __m128i high = _mm_setr_epi32(bytes[0] >> 7, bytes[1] >> 7, bytes[2] >> 7, bytes[3] >> 7);
  return {_mm_and_ps(flags.v, _mm_castsi128_ps(_mm_sub_epi32(_mm_setzero_si128(), high)))};
}
#else
struct FourInts {
  std::int32_t v[4];
  static FourInts all(std::int32_t value) { return ramp(value, 0); }
  static FourInts ramp(std::int32_t start, std::int32_t step) {
    return {{start, start + step, start + 2 * step, start + 3 * step}};
  }
  FourInts plus(FourInts other) const {
    for (int i = 0; i < 4; ++i) other.v[i] += v[i];
    return other;
  }
  FourInts either(FourInts other) const {
    for (int i = 0; i < 4; ++i) other.v[i] |= v[i];
    return other;
  }
  FourFloats as_floats() const {
    FourFloats out;
    for (int i = 0; i < 4; ++i) out.v[i] = static_cast<float>(v[i]);
    return out;
  }
  bool all_negative() const { return (v[0] & v[1] & v[2] & v[3]) < 0; }
};

struct FourFlags {
  bool v[4];
  bool none() const { return !(v[0] | v[1] | v[2] | v[3]); }
};

inline FourFlags larger_inside(FourInts a, FourFloats b, FourFloats c) {
  FourFlags out;
  for (int i = 0; i < 4; ++i) out.v[i] = a.v[i] >= 0 && b.v[i] > c.v[i];
  return out;
}

inline void store_where(FourFlags flags, FourFloats value, float* to) {
  for (int i = 0; i < 4; ++i) to[i] = flags.v[i] ? value.v[i] : to[i];
}

inline void store_where(FourFlags flags, std::int32_t value, std::int32_t* to) {
  for (int i = 0; i < 4; ++i) to[i] = flags.v[i] ? value : to[i];
}

inline FourFloats one_over(FourFloats value) {
  for (int i = 0; i < 4; ++i) value.v[i] = 1 / value.v[i];
  return value;
}

inline void texels_at(FourFloats at, float count, std::int32_t* out) {
  const float last = count - 1;
  for (int i = 0; i < 4; ++i) {
    const float place = at.v[i] * count, above = place > 0 ? place : 0.0f;
    out[i] = static_cast<std::int32_t>(above < last ? above : last);
  }
}

inline FourFlags solid(FourFlags flags, const std::uint8_t* bytes) {
  for (int i = 0; i < 4; ++i) flags.v[i] = flags.v[i] && bytes[i] >= 128;
  return flags;
}
#endif

}  // namespace raster
}  // namespace
}  // namespace flm::FLM_ISA
