// Vectors of floats, for maxima: without -ffinite-math-only no compiler makes them of a loop.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif
#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#endif

namespace flm::FLM_ISA {
namespace {

// What a vector of floats needs for a maximum; `block` floats each. `is_larger` and `is_equal` make
// a mask, which `where` takes: it leaves the elements there and makes the others 0. `equal` has a
// bit for each element.
#if defined(__AVX2__)
struct Floats {
  static constexpr std::size_t block = 8;
  __m256 v;
  static Floats load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static Floats all(float value) { return {_mm256_set1_ps(value)}; }
  Floats larger(Floats other) const { return {_mm256_max_ps(v, other.v)}; }
  Floats plus(Floats other) const { return {_mm256_add_ps(v, other.v)}; }
  Floats minus(Floats other) const { return {_mm256_sub_ps(v, other.v)}; }
  Floats where(Floats mask) const { return {_mm256_and_ps(v, mask.v)}; }
  Floats is_larger(Floats other) const { return {_mm256_cmp_ps(v, other.v, _CMP_GT_OQ)}; }
  Floats is_equal(Floats other) const { return {_mm256_cmp_ps(v, other.v, _CMP_EQ_OQ)}; }
  unsigned equal(Floats other) const {
    return static_cast<unsigned>(_mm256_movemask_ps(is_equal(other).v));
  }
  float sum() const {
    return half(_mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1)), false);
  }
  float most() const {
    return half(_mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1)), true);
  }

 private:
  static float half(__m128 four, bool most) {
    const __m128 two = _mm_movehl_ps(four, four);
    const __m128 pair = most ? _mm_max_ps(four, two) : _mm_add_ps(four, two);
    const __m128 one = _mm_shuffle_ps(pair, pair, 1);
    return _mm_cvtss_f32(most ? _mm_max_ss(pair, one) : _mm_add_ss(pair, one));
  }
};
#elif defined(__SSE2__) || defined(_M_X64)
struct Floats {
  static constexpr std::size_t block = 4;
  __m128 v;
  static Floats load(const float* p) { return {_mm_loadu_ps(p)}; }
  static Floats all(float value) { return {_mm_set1_ps(value)}; }
  Floats larger(Floats other) const { return {_mm_max_ps(v, other.v)}; }
  Floats plus(Floats other) const { return {_mm_add_ps(v, other.v)}; }
  Floats minus(Floats other) const { return {_mm_sub_ps(v, other.v)}; }
  Floats where(Floats mask) const { return {_mm_and_ps(v, mask.v)}; }
  Floats is_larger(Floats other) const { return {_mm_cmpgt_ps(v, other.v)}; }
  Floats is_equal(Floats other) const { return {_mm_cmpeq_ps(v, other.v)}; }
  unsigned equal(Floats other) const {
    return static_cast<unsigned>(_mm_movemask_ps(is_equal(other).v));
  }
  float sum() const {
    const __m128 pair = _mm_add_ps(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(_mm_add_ss(pair, _mm_shuffle_ps(pair, pair, 1)));
  }
  float most() const {
    const __m128 pair = _mm_max_ps(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(_mm_max_ss(pair, _mm_shuffle_ps(pair, pair, 1)));
  }
};
#else
struct Floats {
  static constexpr std::size_t block = 4;
  float v[4];
  static Floats load(const float* p) { return {{p[0], p[1], p[2], p[3]}}; }
  static Floats all(float value) { return {{value, value, value, value}}; }
  Floats larger(Floats other) const {
    Floats out;
    for (int i = 0; i < 4; ++i) out.v[i] = v[i] > other.v[i] ? v[i] : other.v[i];
    return out;
  }
  Floats plus(Floats other) const {
    Floats out;
    for (int i = 0; i < 4; ++i) out.v[i] = v[i] + other.v[i];
    return out;
  }
  Floats minus(Floats other) const {
    Floats out;
    for (int i = 0; i < 4; ++i) out.v[i] = v[i] - other.v[i];
    return out;
  }
  Floats where(Floats mask) const {  // a mask's elements are 1 or 0
    Floats out;
    for (int i = 0; i < 4; ++i) out.v[i] = mask.v[i] != 0 ? v[i] : 0.0f;
    return out;
  }
  Floats is_larger(Floats other) const {
    Floats out;
    for (int i = 0; i < 4; ++i) out.v[i] = v[i] > other.v[i] ? 1.0f : 0.0f;
    return out;
  }
  Floats is_equal(Floats other) const {
    Floats out;
    for (int i = 0; i < 4; ++i) out.v[i] = v[i] == other.v[i] ? 1.0f : 0.0f;
    return out;
  }
  unsigned equal(Floats other) const {
    unsigned mask = 0;
    for (int i = 0; i < 4; ++i) mask |= static_cast<unsigned>(v[i] == other.v[i]) << i;
    return mask;
  }
  float sum() const { return (v[0] + v[2]) + (v[1] + v[3]); }
  float most() const {
    float most = v[0];
    for (int i = 1; i < 4; ++i) most = v[i] > most ? v[i] : most;
    return most;
  }
};
#endif

// Keeps a loaded vector in its register: GCC would read memory once for the maximum and again for
// the sum, which makes the pass a quarter slower.
inline void keep_loaded(Floats& values) {
#if defined(__GNUC__) && (defined(__AVX2__) || defined(__SSE2__))
  __asm__("" : "+x"(values.v));
#else
  static_cast<void>(values);
#endif
}

// A bit for each of 64 values: set where it equals all of `wanted`.
inline std::uint64_t equal_among_64(const float* p, Floats wanted) {
  std::uint64_t mask = 0;
#if defined(__AVX2__)
  const auto at = [&](int i) {
    return _mm256_castps_si256(Floats::load(p + i).is_equal(wanted).v);
  };
  // Packing works within halves of a register, hence the last permutation.
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (int i = 0; i < 64; i += 32) {
    const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(at(i), at(i + 8)),
                                             _mm256_packs_epi32(at(i + 16), at(i + 24)));
    const int bits = _mm256_movemask_epi8(_mm256_permutevar8x32_epi32(bytes, order));
    mask |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(bits)) << i;
  }
#else
  for (std::size_t i = 0; i < 64; i += Floats::block)
    mask |= static_cast<std::uint64_t>(Floats::load(p + i).equal(wanted)) << i;
#endif
  return mask;
}

// `mask` is not 0.
inline unsigned lowest_bit(std::uint64_t mask) {
#if defined(_MSC_VER) && !defined(__clang__)
  unsigned long bit;
  if (_BitScanForward(&bit, static_cast<unsigned long>(mask))) return bit;
  _BitScanForward(&bit, static_cast<unsigned long>(mask >> 32));
  return bit + 32;
#else
  return static_cast<unsigned>(__builtin_ctzll(mask));
#endif
}

}  // namespace
}  // namespace flm::FLM_ISA
