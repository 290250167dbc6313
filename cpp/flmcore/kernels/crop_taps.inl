// Where a crop reads: borders, memory layouts, spans of a row that need no border, and bytes
// fetched into planes.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flmcore/kernels/crop.hpp"

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define FLM_CROP_SSE2 1
#endif

namespace flm::FLM_ISA {
namespace {
namespace crops {

constexpr int tile = 256;  // output pixels worked on at once; a multiple of 8
using Planes = std::uint8_t[8][tile];

// Index inside [0, extent) for the whole number `at`, or -1 for the constant border.
inline std::ptrdiff_t inside(CropBorder border, double at, std::ptrdiff_t extent) {
  const double last = static_cast<double>(extent - 1);
  if (at >= 0 && at <= last) return static_cast<std::ptrdiff_t>(at);
  if (border == CropBorder::constant) return -1;
  if (border == CropBorder::replicate || extent == 1) return at < 0 ? 0 : extent - 1;
  const double folded = std::fmod(std::fabs(at), 2 * last);  // exact
  return static_cast<std::ptrdiff_t>(folded <= last ? folded : 2 * last - folded);
}

// How two neighbouring pixels lie in memory. Where one 8-byte load holds both (packed RGB, BGR,
// RGBA, grey, mirrored), a plane is a byte of that load; elsewhere every byte is fetched alone.
struct Layout {
  bool packed;
  std::ptrdiff_t low;          // from a pixel's address to the load's, or 0
  std::ptrdiff_t byte[2][3];   // [left, right pixel][channel]: from the load's address
  int plane[2][3];             // the plane that byte goes to
  std::ptrdiff_t first, last;  // columns whose load stays inside their row of pixels
};

inline Layout layout_of(const CropImage& image) {
  const std::ptrdiff_t column = image.column_stride, channel = image.channel_stride;
  Layout l = {};
  std::ptrdiff_t low = 0, high = 0;
  for (int tap = 0; tap < 2; ++tap)
    for (int c = 0; c < 3; ++c) {
      const std::ptrdiff_t at = tap * column + c * channel;
      if (at < low) low = at;
      if (at > high) high = at;
    }
  l.packed = column != 0 && high - low < 8;
  l.low = l.packed ? low : 0;
  for (int tap = 0; tap < 2; ++tap)
    for (int c = 0; c < 3; ++c) {
      l.byte[tap][c] = tap * column + c * channel - l.low;
      l.plane[tap][c] = l.packed ? static_cast<int>(l.byte[tap][c]) : 3 * tap + c;
    }
  l.first = 0;
  l.last = image.width - 2;
  if (!l.packed) return l;
  // The row's pixels end `high` after the last pair's address when columns go up, or after the
  // first's when they go down; a load of 8 bytes may not pass that end.
  const std::ptrdiff_t spare = 8 - (high - low + 1), step = column > 0 ? column : -column;
  const std::ptrdiff_t left_out = (spare + step - 1) / step;
  if (column > 0)
    l.last -= left_out;
  else
    l.first += left_out;
  return l;
}

// Output columns [begin, end) of a row.
struct Span {
  std::ptrdiff_t begin, end;
};

// First u in [0, width] with slope * u + start >= bound (rising), or the first where that ends
// (falling). The rounded expression is monotone in u, so a guess and a walk find the exact place.
inline std::ptrdiff_t crossing(double slope, double start, double bound, std::ptrdiff_t width) {
  const bool rising = slope > 0;
  const double guess = std::ceil((bound - start) / slope);
  std::ptrdiff_t u = guess >= static_cast<double>(width) ? width
                     : guess > 0                         ? static_cast<std::ptrdiff_t>(guess)
                                                         : 0;
  const auto past = [&](std::ptrdiff_t at) {
    return (slope * static_cast<double>(at) + start >= bound) == rising;
  };
  while (u > 0 && past(u - 1)) --u;
  while (u < width && !past(u)) ++u;
  return u;
}

// The u in [0, width) with low <= slope * u + start < high.
inline Span within(double slope, double start, double low, double high, std::ptrdiff_t width) {
  if (!(low < high)) return {0, 0};
  if (slope == 0) return start >= low && start < high ? Span{0, width} : Span{0, 0};
  const std::ptrdiff_t at_low = crossing(slope, start, low, width),
                       at_high = crossing(slope, start, high, width);
  return slope > 0 ? Span{at_low, at_high} : Span{at_high, at_low};
}

inline Span common(Span a, Span b) {
  const std::ptrdiff_t begin = a.begin > b.begin ? a.begin : b.begin,
                       end = a.end < b.end ? a.end : b.end;
  return begin < end ? Span{begin, end} : Span{begin, begin};
}

// 8 bytes at each of 8 addresses -> byte k of all in planes[k][0..8).
inline void transpose_8x8(const std::uint8_t* base, const std::int64_t* offset,
                          std::uint8_t* planes) {
#if defined(FLM_CROP_SSE2)
  const auto load = [&](int i) {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(base + offset[i]));
  };
  const auto store = [&](int k, __m128i two) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(planes + k * tile), two);
    _mm_storeh_pd(reinterpret_cast<double*>(planes + (k + 1) * tile), _mm_castsi128_pd(two));
  };
  const __m128i a = _mm_unpacklo_epi8(load(0), load(1)), b = _mm_unpacklo_epi8(load(2), load(3));
  const __m128i c = _mm_unpacklo_epi8(load(4), load(5)), d = _mm_unpacklo_epi8(load(6), load(7));
  const __m128i ab = _mm_unpacklo_epi16(a, b), ab_high = _mm_unpackhi_epi16(a, b);
  const __m128i cd = _mm_unpacklo_epi16(c, d), cd_high = _mm_unpackhi_epi16(c, d);
  store(0, _mm_unpacklo_epi32(ab, cd));
  store(2, _mm_unpackhi_epi32(ab, cd));
  store(4, _mm_unpacklo_epi32(ab_high, cd_high));
  store(6, _mm_unpackhi_epi32(ab_high, cd_high));
#else
  for (int i = 0; i < 8; ++i)
    for (int k = 0; k < 8; ++k) planes[k * tile + i] = base[offset[i] + k];
#endif
}

// The two pixels at each of n offsets (of the loads, see Layout) into planes. offset has room for n
// up to the next multiple of 8.
inline void fetch_pairs(const Layout& layout, const std::uint8_t* base, std::int64_t* offset, int n,
                        Planes& planes) {
  if (layout.packed) {
    for (int i = n; i % 8; ++i) offset[i] = offset[n - 1];
    for (int i = 0; i < n; i += 8) transpose_8x8(base, offset + i, &planes[0][i]);
    return;
  }
  for (int tap = 0; tap < 2; ++tap)
    for (int c = 0; c < 3; ++c) {
      const std::uint8_t* at = base + layout.byte[tap][c];
      std::uint8_t* plane = planes[layout.plane[tap][c]];
      for (int i = 0; i < n; ++i) plane[i] = at[offset[i]];
    }
}

// Where a row of values goes: straight into the output's planes, or through a tile that is packed
// to bytes.
class Sink {
 public:
  Sink(const CropJob& job, std::size_t window) : job_(job), window_(window) {}

  float* row(int k, std::ptrdiff_t v, std::ptrdiff_t u) {
    if (job_.planes == nullptr) return tile_[k];
    const std::size_t line =
        (window_ * 3 + static_cast<std::size_t>(k)) * size(job_.height) + size(v);
    return job_.planes + line * size(job_.width) + u;
  }

  void commit(std::ptrdiff_t v, std::ptrdiff_t u, int n) {
    if (job_.planes != nullptr) return;
    std::uint8_t* to =
        job_.pixels + ((window_ * size(job_.height) + size(v)) * size(job_.width) + size(u)) * 3;
    for (int i = 0; i < n; ++i)
      for (int k = 0; k < 3; ++k) {  // not negative, so that cutting off is floor
        const int grey = static_cast<int>(tile_[k][i] + 0.5f);
        to[3 * i + k] = static_cast<std::uint8_t>(grey < 255 ? grey : 255);
      }
  }

  void fill_border(std::ptrdiff_t v, Span span) {
    for (std::ptrdiff_t u = span.begin; u < span.end; u += tile) {
      const int n = static_cast<int>(span.end - u < tile ? span.end - u : tile);
      for (int k = 0; k < 3; ++k) {
        const float value = job_.border_value[job_.source[k]] * job_.scale[k] + job_.bias[k];
        float* to = row(k, v, u);
        for (int i = 0; i < n; ++i) to[i] = value;
      }
      commit(v, u, n);
    }
  }

 private:
  static std::size_t size(std::ptrdiff_t n) { return static_cast<std::size_t>(n); }

  const CropJob& job_;
  std::size_t window_;
  float tile_[3][tile];
};

}  // namespace crops
}  // namespace
}  // namespace flm::FLM_ISA
