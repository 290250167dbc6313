// Bilinear windows under any affine. A row of the output splits into spans: outside the image, on
// its edge, and inside, where two loads a pixel fetch all four neighbours and no border is asked
// for.
#pragma once

#include "flmcore/kernels/crop_taps.inl"

namespace flm::FLM_ISA {
namespace {
namespace crops {

struct Points {
  float weight_x[tile], weight_y[tile];
  std::int64_t offset[tile];
};

// The parts of an output row: x = slope_x * u + start_x, likewise y.
struct Line {
  double slope_x, start_x, slope_y, start_y;
};

inline Line line_of(const double* b, std::ptrdiff_t v) {
  const double at = static_cast<double>(v);
  return {b[0], b[1] * at + b[2], b[3], b[4] * at + b[5]};
}

// Weights and load offsets of n points inside the image; their coordinates are not negative, so
// that cutting off is floor.
inline void inner_points(const Line& line, std::ptrdiff_t u, int n, const CropImage& image,
                         const Layout& layout, Points& points) {
  const double row = static_cast<double>(image.row_stride),
               column = static_cast<double>(image.column_stride);
  // Adding 1.5 * 2^52 puts a whole number below 2^51 into the low bits of the double: a conversion
  // to 64 bits that every instruction set has.
  const double magic = 6755399441055744.0, low = static_cast<double>(layout.low);
  std::int64_t magic_bits;
  std::memcpy(&magic_bits, &magic, sizeof magic_bits);
  const int first = static_cast<int>(u);
  for (int i = 0; i < n; ++i) {
    const double at = static_cast<double>(first + i);
    const double x = line.slope_x * at + line.start_x, y = line.slope_y * at + line.start_y;
    const double x0 = static_cast<double>(static_cast<int>(x)),
                 y0 = static_cast<double>(static_cast<int>(y));
    points.weight_x[i] = static_cast<float>(x - x0);
    points.weight_y[i] = static_cast<float>(y - y0);
    const double shifted = (y0 * row + x0 * column + low) + magic;
    std::int64_t bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    points.offset[i] = bits - magic_bits;
  }
}

template <class Tap>
inline void blend_taps(const Tap* upper_left, const Tap* upper_right, const Tap* lower_left,
                       const Tap* lower_right, const Points& points, int n, float scale, float bias,
                       float* __restrict to) {
  for (int i = 0; i < n; ++i) {
    const float a = static_cast<float>(upper_left[i]), b = static_cast<float>(upper_right[i]);
    const float c = static_cast<float>(lower_left[i]), d = static_cast<float>(lower_right[i]);
    const float upper = a + points.weight_x[i] * (b - a), lower = c + points.weight_x[i] * (d - c);
    to[i] = (upper + points.weight_y[i] * (lower - upper)) * scale + bias;
  }
}

inline void inner_span(const CropJob& job, const CropImage& image, const Layout& layout,
                       const Line& line, std::ptrdiff_t v, Span span, Sink& sink) {
  Points points;
  Planes upper, lower;
  for (std::ptrdiff_t u = span.begin; u < span.end; u += tile) {
    const int n = static_cast<int>(span.end - u < tile ? span.end - u : tile);
    inner_points(line, u, n, image, layout, points);
    fetch_pairs(layout, image.data, points.offset, n, upper);
    fetch_pairs(layout, image.data + image.row_stride, points.offset, n, lower);
    for (int k = 0; k < 3; ++k) {
      const int left = layout.plane[0][job.source[k]], right = layout.plane[1][job.source[k]];
      blend_taps(upper[left], upper[right], lower[left], lower[right], points, n, job.scale[k],
                 job.bias[k], sink.row(k, v, u));
    }
    sink.commit(v, u, n);
  }
}

// Points that may touch the border, each tap by itself.
inline void edge_span(const CropJob& job, const CropImage& image, const Line& line,
                      std::ptrdiff_t v, Span span, Sink& sink) {
  constexpr int block = 32;
  Points points;
  float taps[4][3][block];  // upper left, upper right, lower left, lower right; by output channel
  for (std::ptrdiff_t u = span.begin; u < span.end; u += block) {
    const int n = static_cast<int>(span.end - u < block ? span.end - u : block);
    for (int i = 0; i < n; ++i) {
      const double at = static_cast<double>(u + i);
      const double x = line.slope_x * at + line.start_x, y = line.slope_y * at + line.start_y;
      const double x0 = std::floor(x), y0 = std::floor(y);
      points.weight_x[i] = static_cast<float>(x - x0);
      points.weight_y[i] = static_cast<float>(y - y0);
      const std::ptrdiff_t columns[2] = {inside(job.border, x0, image.width),
                                         inside(job.border, x0 + 1, image.width)};
      const std::ptrdiff_t rows[2] = {inside(job.border, y0, image.height),
                                      inside(job.border, y0 + 1, image.height)};
      for (int t = 0; t < 4; ++t) {
        const std::ptrdiff_t column = columns[t % 2], row = rows[t / 2];
        const bool outside = column < 0 || row < 0;
        const std::uint8_t* pixel = image.data;
        if (!outside) pixel += row * image.row_stride + column * image.column_stride;
        for (int k = 0; k < 3; ++k) {
          const int c = job.source[k];
          taps[t][k][i] =
              outside ? job.border_value[c] : static_cast<float>(pixel[c * image.channel_stride]);
        }
      }
    }
    for (int k = 0; k < 3; ++k)
      blend_taps(taps[0][k], taps[1][k], taps[2][k], taps[3][k], points, n, job.scale[k],
                 job.bias[k], sink.row(k, v, u));
    sink.commit(v, u, n);
  }
}

inline void affine_rows(const CropJob& job, std::size_t window, const CropImage& image,
                        const double* b, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const Layout layout = layout_of(image);
  const double width = static_cast<double>(image.width), height = static_cast<double>(image.height);
  const double left = static_cast<double>(layout.first),
               right = static_cast<double>(layout.last + 1);
  Sink sink(job, window);
  for (std::ptrdiff_t v = begin; v < end; ++v) {
    const Line line = line_of(b, v);
    Span some = {0, job.width};  // columns that the image has a share in
    if (job.border == CropBorder::constant)
      some = common(within(line.slope_x, line.start_x, -1, width, job.width),
                    within(line.slope_y, line.start_y, -1, height, job.width));
    const Span inner =
        common(some, common(within(line.slope_x, line.start_x, left, right, job.width),
                            within(line.slope_y, line.start_y, 0, height - 1, job.width)));
    if (some.begin == some.end) {
      sink.fill_border(v, {0, job.width});
      continue;
    }
    sink.fill_border(v, {0, some.begin});
    sink.fill_border(v, {some.end, job.width});
    if (inner.begin == inner.end) {
      edge_span(job, image, line, v, some, sink);
      continue;
    }
    edge_span(job, image, line, v, {some.begin, inner.begin}, sink);
    inner_span(job, image, layout, line, v, inner, sink);
    edge_span(job, image, line, v, {inner.end, some.end}, sink);
  }
}

}  // namespace crops
}  // namespace
}  // namespace flm::FLM_ISA
