// Weights of the triangle filter on one axis, border included. Cost and memory are bounded by the
// image's extent, however far the window reaches: what lies outside is summed in closed form.
#pragma once

#include "flmcore/kernels/crop_taps.inl"

namespace flm::FLM_ISA {
namespace {
namespace crops {

struct Taps {
  std::ptrdiff_t first;  // pixels [first, first + count) have the weights
  int count;
  float outside;  // weight of the constant border
  float* weight;
};

// The filter: 1 at `centre`, falling to 0 at a distance of `reach`.
struct Triangle {
  double centre, reach;

  double at(double x) const {
    const double w = 1 - std::fabs(x - centre) / reach;
    return w > 0 ? w : 0;
  }

  // Sum over first, first + step, ... up to last.
  double sum(double first, double last, double step) const {
    const double skipped = std::ceil((centre - reach - first) / step);
    const double low = skipped > 0 ? skipped : 0;
    const double high =
        std::floor(((last < centre + reach ? last : centre + reach) - first) / step);
    if (!(low <= high)) return 0;
    double middle = std::floor((centre - first) / step);  // the last one on the rising side
    middle = middle < low - 1 ? low - 1 : middle > high ? high : middle;
    const double rising = middle - low + 1, falling = high - middle;
    const double rising_mean = centre - first - step * (low + middle) / 2;
    const double falling_mean = first + step * (middle + 1 + high) / 2 - centre;
    return rising * (1 - rising_mean / reach) + falling * (1 - falling_mean / reach);
  }
};

// Length of a step of the output along one axis of the image: hypot, from operations that round
// alike everywhere.
inline double shrink_of(double along_u, double along_v) {
  const double a = std::fabs(along_u), b = std::fabs(along_v);
  const double big = a > b ? a : b, small = a > b ? b : a;
  if (!(big > 1e-300)) return 1;
  const double ratio = small / big, length = big * std::sqrt(1 + ratio * ratio);
  return length > 1 ? length : 1;
}

// Room for the weights that triangle_taps may write.
inline std::ptrdiff_t most_taps(double reach, std::ptrdiff_t extent) {
  const double most = 2 * reach + 3;
  return most < static_cast<double>(extent) ? static_cast<std::ptrdiff_t>(most) : extent;
}

// Reflected image: every pixel gathers the weights of all its mirror images.
inline void mirrored_taps(Triangle f, std::ptrdiff_t extent, Taps& taps) {
  const double last = static_cast<double>(extent - 1), period = 2 * last;
  f.centre = std::fmod(std::fabs(f.centre), period);
  if (f.centre > last) f.centre = period - f.centre;
  const double low = f.centre - f.reach, high = f.centre + f.reach;
  const double begin = std::ceil(low), end = std::floor(high), total = f.sum(begin, end, 1);
  double a = begin > 0 ? begin : 0, b = end < last ? end : last;
  if (low < 0 && -begin > b) b = -begin < last ? -begin : last;
  if (high > last && period - end < a) a = period - end > 0 ? period - end : 0;
  taps.first = static_cast<std::ptrdiff_t>(a);
  taps.count = static_cast<int>(b - a) + 1;
  taps.outside = 0;
  for (int i = 0; i < taps.count; ++i) {
    const double at = a + i;
    double w = f.sum(at + period * std::ceil((low - at) / period), high, period);
    if (at != 0 && at != last)
      w += f.sum(period * std::ceil((low + at) / period) - at, high, period);
    taps.weight[i] = static_cast<float>(w / total);
  }
}

// Weights of the pixels of an axis of `extent` pixels.
inline void triangle_taps(CropBorder border, const Triangle& f, std::ptrdiff_t extent, Taps& taps) {
  const double last = static_cast<double>(extent - 1);
  const double low = std::ceil(f.centre - f.reach), high = std::floor(f.centre + f.reach);
  const bool before = low<0, after = high> last;
  if (border == CropBorder::reflect && extent > 1 && (before || after))
    return mirrored_taps(f, extent, taps);
  const double total = f.sum(low, high, 1);
  double a = before ? 0 : low, b = after ? last : high;
  if (border != CropBorder::constant) {
    a = a > last ? last : a;
    b = b < 0 ? 0 : b;
  }
  taps.first = 0, taps.count = 0, taps.outside = 1;
  if (a > b) return;
  taps.first = static_cast<std::ptrdiff_t>(a);
  taps.count = static_cast<int>(b - a) + 1;
  for (int i = 0; i < taps.count; ++i) taps.weight[i] = static_cast<float>(f.at(a + i) / total);
  const double tail_before = before ? f.sum(low, -1, 1) / total : 0;
  const double tail_after = after ? f.sum(last + 1, high, 1) / total : 0;
  taps.outside = border == CropBorder::constant ? static_cast<float>(tail_before + tail_after) : 0;
  if (border == CropBorder::constant) return;
  if (before) taps.weight[0] = static_cast<float>(f.at(0) / total + tail_before);
  if (after) {
    float& edge = taps.weight[taps.count - 1];
    const double head = before && taps.count == 1 ? tail_before : 0;
    edge = static_cast<float>(f.at(last) / total + head + tail_after);
  }
}

}  // namespace crops
}  // namespace
}  // namespace flm::FLM_ISA
