// The largest value of a map and where it is first found, in one pass that also finds NaN and
// infinity. Plain loops miss the target here: without -ffinite-math-only no compiler turns a float
// maximum into vectors.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flmcore/kernels/maps.inl"

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

// What a vector of floats needs for a maximum; `block` floats each.
#if defined(__AVX2__)
struct Floats {
  static constexpr std::size_t block = 8;
  __m256 v;
  static Floats load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static Floats all(float value) { return {_mm256_set1_ps(value)}; }
  Floats larger(Floats other) const { return {_mm256_max_ps(v, other.v)}; }
  Floats plus(Floats other) const { return {_mm256_add_ps(v, other.v)}; }
  unsigned equal(Floats other) const {
    return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(v, other.v, _CMP_EQ_OQ)));
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
  unsigned equal(Floats other) const {
    return static_cast<unsigned>(_mm_movemask_ps(_mm_cmpeq_ps(v, other.v)));
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

constexpr float largest_float = 3.402823466e+38f;

inline bool is_finite(float value) { return value >= -largest_float && value <= largest_float; }

// Keeps a loaded vector in its register: GCC would read memory once for the maximum and again for
// the sum, which makes the pass a quarter slower.
inline void keep_loaded(Floats& values) {
#if defined(__GNUC__) && (defined(__AVX2__) || defined(__SSE2__))
  __asm__("" : "+x"(values.v));
#else
  static_cast<void>(values);
#endif
}

inline unsigned lowest_bit(unsigned mask) {
#if defined(_MSC_VER) && !defined(__clang__)
  unsigned long bit;
  _BitScanForward(&bit, mask);
  return bit;
#else
  return static_cast<unsigned>(__builtin_ctz(mask));
#endif
}

// Largest of `count` values. Adds every one to `sum`, some twice: a finite sum is the cheapest
// proof that none is NaN or infinite, since either would stay in it.
inline float largest_of(const float* p, std::size_t count, Floats& sum) {
  constexpr std::size_t block = Floats::block;
  if (count < block) {
    float most = p[0];
    for (std::size_t i = 0; i < count; ++i) {
      most = p[i] > most ? p[i] : most;
      sum = sum.plus(Floats::all(p[i]));
    }
    return most;
  }
  Floats most[4], sums[4];
  for (int j = 0; j < 4; ++j) most[j] = Floats::load(p), sums[j] = Floats::all(0.0f);
  std::size_t i = 0;
  for (; i + 4 * block <= count; i += 4 * block)
    for (std::size_t j = 0; j < 4; ++j) {
      Floats values = Floats::load(p + i + j * block);
      keep_loaded(values);
      most[j] = most[j].larger(values), sums[j] = sums[j].plus(values);
    }
  for (; i < count;
       i += block) {  // the last block ends with the data and may overlap the one before
    const Floats values = Floats::load(p + (i + block <= count ? i : count - block));
    most[0] = most[0].larger(values), sums[0] = sums[0].plus(values);
  }
  sum = sum.plus(sums[0].plus(sums[1]).plus(sums[2].plus(sums[3])));
  return most[0].larger(most[1]).larger(most[2].larger(most[3])).most();
}

// First place of a value that is there.
inline std::size_t first_equal(const float* p, std::size_t count, float value) {
  constexpr std::size_t block = Floats::block;
  const Floats wanted = Floats::all(value);
  std::size_t i = 0;
  for (; i + 4 * block <= count; i += 4 * block) {
    unsigned mask = 0;
    for (std::size_t j = 0; j < 4; ++j)
      mask |= Floats::load(p + i + j * block).equal(wanted) << (j * block);
    if (mask != 0) return i + lowest_bit(mask);
  }
  while (p[i] != value) ++i;
  return i;
}

inline bool all_finite(const Map& rows, float* buffer) {
  std::uint32_t bad = 0;
  for (std::size_t y = 0; y < rows.height; ++y)
    for (std::size_t x = 0; x < rows.width; x += row_chunk) {
      const std::size_t count = rows.width - x < row_chunk ? rows.width - x : row_chunk;
      const float* values = row_values(rows, y, x, count, buffer);
      for (std::size_t i = 0; i < count; ++i)
        bad |= static_cast<std::uint32_t>(!is_finite(values[i]));
    }
  return bad == 0;
}

struct Peak {
  std::size_t y, x;
  float value;  // NaN where the map has a value that is NaN or infinite
};

// First in row-major order wins a tie. `buffer` has room for row_chunk values.
inline Peak find_peak(const Map& map, float* buffer) {
  // Rows that follow each other without a gap are one long row.
  Map rows = map;
  if (map.row_step == map.column_step * static_cast<std::ptrdiff_t>(map.width))
    rows.width *= map.height, rows.height = 1;
  Floats sum = Floats::all(0.0f);
  float best = -HUGE_VALF;
  std::size_t best_y = 0, best_x = 0;
  for (std::size_t y = 0; y < rows.height; ++y) {
    for (std::size_t x = 0; x < rows.width; x += row_chunk) {
      const std::size_t count = rows.width - x < row_chunk ? rows.width - x : row_chunk;
      const float most = largest_of(row_values(rows, y, x, count, buffer), count, sum);
      const bool better = most > best;
      best = better ? most : best, best_y = better ? y : best_y, best_x = better ? x : best_x;
    }
  }
  // A sum of finite values may overflow: only then each is looked at.
  if (!is_finite(sum.sum()) && !all_finite(rows, buffer)) return {0, 0, NAN};
  const std::size_t count = rows.width - best_x < row_chunk ? rows.width - best_x : row_chunk;
  const float* values = row_values(rows, best_y, best_x, count, buffer);
  const std::size_t found = best_x + first_equal(values, count, best);
  if (rows.height == map.height) return {best_y, found, values[found - best_x]};
  return {found / map.width, found % map.width, values[found - best_x]};
}

}  // namespace
}  // namespace flm::FLM_ISA
