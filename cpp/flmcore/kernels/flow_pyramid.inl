// A frame as grey floats, and each level from the one before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flmcore/kernels/crop_lanes.inl"
#include "flmcore/kernels/flow.hpp"

namespace flm::FLM_ISA {
namespace {
namespace flows {

void grey(const FlowFrame& frame, bool color, std::size_t begin, std::size_t end, float* to) {
  const std::ptrdiff_t step = frame.column_stride, next = frame.channel_stride;
  for (std::size_t y = begin; y < end; ++y) {
    const std::uint8_t* from = frame.data + static_cast<std::ptrdiff_t>(y) * frame.row_stride;
    float* row = to + static_cast<std::ptrdiff_t>(y) * frame.width;
    if (!color)
      for (std::ptrdiff_t x = 0; x < frame.width; ++x) row[x] = from[x * step];
    else if (step == 3 && next == 1)  // strides that the compiler knows
      for (std::ptrdiff_t x = 0; x < frame.width; ++x)
        row[x] = (from[3 * x] * 0.299f + from[3 * x + 1] * 0.587f) + from[3 * x + 2] * 0.114f;
    else
      for (std::ptrdiff_t x = 0; x < frame.width; ++x) {
        const std::uint8_t* p = from + x * step;
        row[x] = (p[0] * 0.299f + p[next] * 0.587f) + p[2 * next] * 0.114f;
      }
  }
}

bool copy(const float* from, std::size_t n, float* to) {
  std::uint32_t bad = 0;
  constexpr std::uint32_t most = 0x49742400;  // of 1e6; floats without sign sort as their bits do
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, from + i, 4);
    bad |= (bits & 0x7fffffffu) > most;
    to[i] = from[i];
  }
  return bad == 0;
}

inline std::ptrdiff_t mirrored(std::ptrdiff_t i, std::ptrdiff_t n) {
  return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i;
}

inline float blurred(float a, float b, float c, float d, float e) {
  return (((a + e) + (b + d) * 4.0f) + c * 6.0f) * 0.0625f;
}

inline crops::Lanes blurred(crops::Lanes a, crops::Lanes b, crops::Lanes c, crops::Lanes d,
                            crops::Lanes e) {
  const crops::Lanes four = crops::all_lanes(4), six = crops::all_lanes(6);
  return (((a + e) + (b + d) * four) + c * six) * crops::all_lanes(0.0625f);
}

void halve(const FlowImage& from, std::size_t begin, std::size_t end, float* to, float* scratch) {
  const std::ptrdiff_t w = from.width, half = (w + 1) / 2;
  float* line = scratch + 2;  // one row, blurred down the columns, and two mirrored on each side
  for (std::size_t y = begin; y < end; ++y) {
    const float* rows[5];
    for (std::ptrdiff_t i = 0; i < 5; ++i)
      rows[i] = from.data +
                w * mirrored(2 * static_cast<std::ptrdiff_t>(y) + i - 2, from.height);
    const float *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3], *e = rows[4];
    std::ptrdiff_t x = 0;
    for (; x + 8 <= w; x += 8)
      crops::store(line + x, blurred(crops::lanes(a + x), crops::lanes(b + x), crops::lanes(c + x),
                                     crops::lanes(d + x), crops::lanes(e + x)));
    for (; x < w; ++x) line[x] = blurred(a[x], b[x], c[x], d[x], e[x]);
    line[-2] = line[2], line[-1] = line[1], line[w] = line[w - 2], line[w + 1] = line[w - 3];
    float* out = to + static_cast<std::ptrdiff_t>(y) * half;
    for (x = 0; x < half; ++x) {
      const float* p = line + 2 * x;
      out[x] = blurred(p[-2], p[-1], p[0], p[1], p[2]);
    }
  }
}

}  // namespace flows
}  // namespace
}  // namespace flm::FLM_ISA
