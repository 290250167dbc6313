// Where a crop reads: borders, memory layouts, spans of a row that need no border, and bytes
// fetched into planes.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flmcore/kernels/crop.hpp"
#include "flmcore/kernels/crop_lanes.inl"

namespace flm::FLM_ISA {
namespace {
namespace crops {

constexpr int tile = 256;  // output pixels worked on at once; a multiple of 8

// Index inside [0, extent) for the whole number `at`, or -1 for the constant border.
inline std::ptrdiff_t inside(CropBorder border, double at, std::ptrdiff_t extent) {
  const double last = static_cast<double>(extent - 1);
  if (at >= 0 && at <= last) return static_cast<std::ptrdiff_t>(at);
  if (border == CropBorder::constant) return -1;
  if (border == CropBorder::replicate || extent == 1) return at < 0 ? 0 : extent - 1;
  const double folded = std::fmod(std::fabs(at), 2 * last);  // exact
  return static_cast<std::ptrdiff_t>(folded <= last ? folded : 2 * last - folded);
}

// How two neighbouring pixels are fetched: every byte alone, or both with one 8-byte load of which
// the first six bytes or all eight matter (packed RGB, BGR, RGBA, grey; mirrored too).
enum class Fetch { scattered, six, eight };

// Where eight fetched pairs of pixels lie: by output channel, the eight bytes of the left pixels
// and of the right.
struct Pairs {
  int left0, left1, left2, right0, right1, right2;
};

struct Layout {
  Fetch fetch;
  std::ptrdiff_t low;          // from a pixel's address to the load's, or 0
  std::ptrdiff_t byte[2][3];   // [left, right pixel][channel]: from the load's address
  int plane[2][3];             // which eight bytes those become
  std::ptrdiff_t first, last;  // columns whose load stays inside their row of pixels

  Pairs pairs(const CropJob& job) const {
    const int *a = plane[0], *b = plane[1], *from = job.source;
    return {8 * a[from[0]], 8 * a[from[1]], 8 * a[from[2]],
            8 * b[from[0]], 8 * b[from[1]], 8 * b[from[2]]};
  }
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
  const bool packed = column != 0 && high - low < 8;
  l.fetch = !packed ? Fetch::scattered : high - low < 6 ? Fetch::six : Fetch::eight;
  l.low = packed ? low : 0;
  for (int tap = 0; tap < 2; ++tap)
    for (int c = 0; c < 3; ++c) {
      l.byte[tap][c] = tap * column + c * channel - l.low;
      l.plane[tap][c] = packed ? static_cast<int>(l.byte[tap][c]) : 3 * tap + c;
    }
  l.first = 0;
  l.last = image.width - 2;
  if (!packed) return l;
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

inline int larger_of(int a, int b) { return a > b ? a : b; }

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

// Repeats the last of n offsets up to the next multiple of 8.
inline void pad_eights(std::int64_t* offset, int n) {
  for (int i = n; i % 8; ++i) offset[i] = offset[n - 1];
}

// The two pixels at each of 8 offsets (of the loads, see Layout) -> 64 bytes, see Pairs.
template <Fetch fetch>
inline void fetch_pairs(const Layout& layout, const std::uint8_t* base, const std::int64_t* offset,
                        std::uint8_t* planes) {
  if (fetch != Fetch::scattered) return fetch_8x8<fetch == Fetch::eight>(base, offset, planes);
  for (int tap = 0; tap < 2; ++tap)
    for (int c = 0; c < 3; ++c)
      for (int i = 0; i < 8; ++i)
        planes[8 * layout.plane[tap][c] + i] = base[offset[i] + layout.byte[tap][c]];
}

// The same number of steps of an axis as `steps` output rows take, for prefetching.
inline std::ptrdiff_t steps_ahead(double steps) {
  return std::fabs(steps) < 1e6 ? static_cast<std::ptrdiff_t>(steps) : 0;
}

inline std::size_t output_floats(const CropJob& job) {
  return job.windows * 3 * static_cast<std::size_t>(job.height) *
         static_cast<std::size_t>(job.width);
}

// Where a row of values goes: straight into the output's planes, or through a tile that is packed
// to bytes.
class Sink {
 public:
  Sink(const CropJob& job, std::size_t window) : job_(job), window_(window) {}

  // Whether the output is so large that it leaves the caches before anyone reads it.
  bool streams() const { return job_.planes != nullptr && output_floats(job_) > (4u << 20); }

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
