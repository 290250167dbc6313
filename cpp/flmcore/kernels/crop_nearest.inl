// Nearest-pixel windows under any affine; halves go up.
#pragma once

#include "flmcore/kernels/crop_affine.inl"

namespace flm::FLM_ISA {
namespace {
namespace crops {

inline void nearest_inner(const CropJob& job, const CropImage& image, const Line& line,
                          std::ptrdiff_t v, Span span, Sink& sink) {
  std::ptrdiff_t offset[tile];
  for (std::ptrdiff_t u = span.begin; u < span.end; u += tile) {
    const int n = static_cast<int>(span.end - u < tile ? span.end - u : tile);
    for (int i = 0; i < n; ++i) {
      const double at =
          static_cast<double>(u + i);  // x + 0.5 is not negative: cutting off is floor
      const int x = static_cast<int>(line.slope_x * at + line.start_x + 0.5);
      const int y = static_cast<int>(line.slope_y * at + line.start_y + 0.5);
      offset[i] = y * image.row_stride + x * image.column_stride;
    }
    for (int k = 0; k < 3; ++k) {
      const std::uint8_t* from = image.data + job.source[k] * image.channel_stride;
      float* to = sink.row(k, v, u);
      for (int i = 0; i < n; ++i)
        to[i] = static_cast<float>(from[offset[i]]) * job.scale[k] + job.bias[k];
    }
    sink.commit(v, u, n);
  }
}

inline void nearest_edge(const CropJob& job, const CropImage& image, const Line& line,
                         std::ptrdiff_t v, Span span, Sink& sink) {
  for (std::ptrdiff_t u = span.begin; u < span.end; u += tile) {
    const int n = static_cast<int>(span.end - u < tile ? span.end - u : tile);
    float* to[3] = {sink.row(0, v, u), sink.row(1, v, u), sink.row(2, v, u)};
    for (int i = 0; i < n; ++i) {
      const double at = static_cast<double>(u + i);
      const double x = std::floor(line.slope_x * at + line.start_x + 0.5);
      const double y = std::floor(line.slope_y * at + line.start_y + 0.5);
      const std::ptrdiff_t column = inside(job.border, x, image.width),
                           row = inside(job.border, y, image.height);
      for (int k = 0; k < 3; ++k) {
        const int c = job.source[k];
        float grey = job.border_value[c];
        if (column >= 0 && row >= 0)
          grey = image.data[row * image.row_stride + column * image.column_stride +
                            c * image.channel_stride];
        to[k][i] = grey * job.scale[k] + job.bias[k];
      }
    }
    sink.commit(v, u, n);
  }
}

inline void nearest_rows(const CropJob& job, std::size_t window, const CropImage& image,
                         const double* b, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const double width = static_cast<double>(image.width), height = static_cast<double>(image.height);
  Sink sink(job, window);
  for (std::ptrdiff_t v = begin; v < end; ++v) {
    const Line line = line_of(b, v);
    // Half a pixel narrower than the image at the far edges, so that rounding x + 0.5 cannot reach
    // beyond.
    const Span inner = common(within(line.slope_x, line.start_x, 0, width - 1, job.width),
                              within(line.slope_y, line.start_y, 0, height - 1, job.width));
    nearest_edge(job, image, line, v, {0, inner.begin}, sink);
    nearest_inner(job, image, line, v, inner, sink);
    nearest_edge(job, image, line, v, {inner.end, job.width}, sink);
  }
}

}  // namespace crops
}  // namespace
}  // namespace flm::FLM_ISA
