// Eight floats worked on at once, and eight times eight bytes fetched and turned into planes.
// Intrinsics, because compilers widen bytes to floats badly (half the speed with gcc 12); the
// operations are those of plain floats, so every instruction set gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#define FLM_CROP_AVX2 1
#define FLM_CROP_SSE2 1
#elif defined(__SSE2__) || (defined(_M_X64) && !defined(_M_ARM64EC))
#include <emmintrin.h>
#define FLM_CROP_SSE2 1
#endif

namespace flm::FLM_ISA {
namespace {
namespace crops {

#if defined(FLM_CROP_AVX2)

struct Lanes {
  __m256 f;
};
inline Lanes lanes(const float* from) { return {_mm256_loadu_ps(from)}; }
inline Lanes lanes(const std::uint8_t* from) {
  return {_mm256_cvtepi32_ps(
      _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))))};
}
inline Lanes all_lanes(float value) { return {_mm256_set1_ps(value)}; }
inline Lanes operator+(Lanes a, Lanes b) { return {_mm256_add_ps(a.f, b.f)}; }
inline Lanes operator-(Lanes a, Lanes b) { return {_mm256_sub_ps(a.f, b.f)}; }
inline Lanes operator*(Lanes a, Lanes b) { return {_mm256_mul_ps(a.f, b.f)}; }
inline void store(float* to, Lanes a) { _mm256_storeu_ps(to, a.f); }
inline void stream(float* to, Lanes a) {
  _mm_stream_ps(to, _mm256_castps256_ps128(a.f));
  _mm_stream_ps(to + 4, _mm256_extractf128_ps(a.f, 1));
}

#elif defined(FLM_CROP_SSE2)

struct Lanes {
  __m128 low, high;
};
inline Lanes lanes(const float* from) { return {_mm_loadu_ps(from), _mm_loadu_ps(from + 4)}; }
inline Lanes lanes(const std::uint8_t* from) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i wide =
      _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)), zero);
  return {_mm_cvtepi32_ps(_mm_unpacklo_epi16(wide, zero)),
          _mm_cvtepi32_ps(_mm_unpackhi_epi16(wide, zero))};
}
inline Lanes all_lanes(float value) { return {_mm_set1_ps(value), _mm_set1_ps(value)}; }
inline Lanes operator+(Lanes a, Lanes b) {
  return {_mm_add_ps(a.low, b.low), _mm_add_ps(a.high, b.high)};
}
inline Lanes operator-(Lanes a, Lanes b) {
  return {_mm_sub_ps(a.low, b.low), _mm_sub_ps(a.high, b.high)};
}
inline Lanes operator*(Lanes a, Lanes b) {
  return {_mm_mul_ps(a.low, b.low), _mm_mul_ps(a.high, b.high)};
}
inline void store(float* to, Lanes a) {
  _mm_storeu_ps(to, a.low);
  _mm_storeu_ps(to + 4, a.high);
}
inline void stream(float* to, Lanes a) {
  _mm_stream_ps(to, a.low);
  _mm_stream_ps(to + 4, a.high);
}

#else

struct Lanes {
  float f[8];
};
template <class Value>
inline Lanes lanes(const Value* from) {
  Lanes a;
  for (int i = 0; i < 8; ++i) a.f[i] = static_cast<float>(from[i]);
  return a;
}
inline Lanes all_lanes(float value) {
  return {{value, value, value, value, value, value, value, value}};
}
inline Lanes operator+(Lanes a, Lanes b) {
  for (int i = 0; i < 8; ++i) a.f[i] += b.f[i];
  return a;
}
inline Lanes operator-(Lanes a, Lanes b) {
  for (int i = 0; i < 8; ++i) a.f[i] -= b.f[i];
  return a;
}
inline Lanes operator*(Lanes a, Lanes b) {
  for (int i = 0; i < 8; ++i) a.f[i] *= b.f[i];
  return a;
}
inline void store(float* to, Lanes a) { std::memcpy(to, a.f, sizeof a.f); }
inline void stream(float* to, Lanes a) { store(to, a); }

#endif

inline Lanes between(Lanes a, Lanes b, Lanes weight) { return a + weight * (b - a); }

// The first n lanes, where fewer than eight are wanted.
inline void store(float* to, Lanes a, int n) {
  if (n >= 8) return store(to, a);
  float whole[8];
  store(whole, a);
  std::memcpy(to, whole, static_cast<std::size_t>(n) * sizeof(float));
}

// Ends a run of stream(), which writes past the caches to addresses that are multiples of 16 bytes.
inline void end_streaming() {
#if defined(FLM_CROP_SSE2)
  _mm_sfence();
#endif
}

// Asks for a cache line; any address is fine.
inline void prefetch(const std::uint8_t* base, std::ptrdiff_t offset) {
  const std::uintptr_t at =
      reinterpret_cast<std::uintptr_t>(base) + static_cast<std::uintptr_t>(offset);
#if defined(FLM_CROP_SSE2)
  _mm_prefetch(reinterpret_cast<const char*>(at), _MM_HINT_T0);
#elif defined(__GNUC__)
  __builtin_prefetch(reinterpret_cast<const char*>(at));
#else
  (void)at;
#endif
}

// 8 bytes at each of 8 addresses: byte k of load i goes to planes[8 * k + i], for k < 6 or all 8.
template <bool all_eight>
inline void fetch_8x8(const std::uint8_t* base, const std::int64_t* offset, std::uint8_t* planes) {
#if defined(FLM_CROP_SSE2)
  const auto load = [&](int i) {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(base + offset[i]));
  };
  const auto keep = [&](int k, __m128i two) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(planes + 8 * k), two);
  };
  const __m128i a = _mm_unpacklo_epi8(load(0), load(1)), b = _mm_unpacklo_epi8(load(2), load(3));
  const __m128i c = _mm_unpacklo_epi8(load(4), load(5)), d = _mm_unpacklo_epi8(load(6), load(7));
  const __m128i ab = _mm_unpacklo_epi16(a, b), ab_high = _mm_unpackhi_epi16(a, b);
  const __m128i cd = _mm_unpacklo_epi16(c, d), cd_high = _mm_unpackhi_epi16(c, d);
  keep(0, _mm_unpacklo_epi32(ab, cd));
  keep(2, _mm_unpackhi_epi32(ab, cd));
  keep(4, _mm_unpacklo_epi32(ab_high, cd_high));
  if (all_eight) keep(6, _mm_unpackhi_epi32(ab_high, cd_high));
#else
  for (int i = 0; i < 8; ++i)
    for (int k = 0; k < (all_eight ? 8 : 6); ++k) planes[8 * k + i] = base[offset[i] + k];
#endif
}

}  // namespace crops
}  // namespace
}  // namespace flm::FLM_ISA
