// Antialiased windows: image rows are summed with their weights first (long runs of bytes), then
// columns.
#pragma once

#include "flmcore/kernels/crop_affine.inl"
#include "flmcore/kernels/crop_weights.inl"

namespace flm::FLM_ISA {
namespace {
namespace crops {

constexpr int triangle_tile = 64;  // output columns whose weights are held at once

// Weighted sum over rows of the columns [first, first + count): sums[3 * i + c] in the image's
// channel order.
inline void sum_rows(const CropJob& job, const CropImage& image, std::ptrdiff_t first,
                     std::ptrdiff_t count, const Taps& rows, float* __restrict sums) {
  for (std::ptrdiff_t i = 0; i < 3 * count; i += 3)
    for (int c = 0; c < 3; ++c) sums[i + c] = rows.outside * job.border_value[c];
  const std::uint8_t* line =
      image.data + rows.first * image.row_stride + first * image.column_stride;
  const bool run = image.column_stride == 3 && image.channel_stride == 1;
  for (int t = 0; t < rows.count; ++t, line += image.row_stride) {
    const float w = rows.weight[t];
    if (run) {
      for (std::ptrdiff_t j = 0; j < 3 * count; ++j) sums[j] += w * static_cast<float>(line[j]);
      continue;
    }
    for (std::ptrdiff_t i = 0; i < count; ++i)
      for (int c = 0; c < 3; ++c)
        sums[3 * i + c] +=
            w * static_cast<float>(line[i * image.column_stride + c * image.channel_stride]);
  }
}

// Weighted sum over columns; `sums` starts at the first of them and has room for one float more
// than it needs.
inline void sum_columns(const CropJob& job, const Taps& columns, const float* sums,
                        float (&grey)[4]) {
  float total[4] = {0, 0, 0, 0};
  for (int i = 0; i < columns.count; ++i)
    for (int c = 0; c < 4; ++c) total[c] += columns.weight[i] * sums[3 * i + c];
  for (int c = 0; c < 3; ++c) grey[c] = total[c] + columns.outside * job.border_value[c];
  grey[3] = 0;
}

inline void triangle_axis(const CropJob& job, const CropImage& image, const double* b,
                          std::ptrdiff_t begin, std::ptrdiff_t end, Sink& sink, float* scratch) {
  const double reach_x = shrink_of(b[0], b[1]), reach_y = shrink_of(b[3], b[4]);
  const std::ptrdiff_t most_x = most_taps(reach_x, image.width),
                       most_y = most_taps(reach_y, image.height);
  float *weights_x = scratch, *weights_y = weights_x + triangle_tile * most_x,
        *sums = weights_y + most_y;
  Taps columns[triangle_tile], rows = {0, 0, 0, weights_y};
  for (std::ptrdiff_t u = 0; u < job.width; u += triangle_tile) {
    const int n = static_cast<int>(job.width - u < triangle_tile ? job.width - u : triangle_tile);
    std::ptrdiff_t left = image.width, right = 0;
    for (int i = 0; i < n; ++i) {
      columns[i].weight = weights_x + i * most_x;
      triangle_taps(job.border, {b[0] * static_cast<double>(u + i) + b[2], reach_x}, image.width,
                    columns[i]);
      if (columns[i].count == 0) continue;
      const std::ptrdiff_t past = columns[i].first + columns[i].count;
      left = columns[i].first < left ? columns[i].first : left;
      right = past > right ? past : right;
    }
    for (std::ptrdiff_t v = begin; v < end; ++v) {
      triangle_taps(job.border, {b[4] * static_cast<double>(v) + b[5], reach_y}, image.height,
                    rows);
      if (left < right) sum_rows(job, image, left, right - left, rows, sums);
      float* to[3] = {sink.row(0, v, u), sink.row(1, v, u), sink.row(2, v, u)};
      for (int i = 0; i < n; ++i) {
        float grey[4];
        const std::ptrdiff_t from = columns[i].count > 0 ? columns[i].first - left : 0;
        sum_columns(job, columns[i], sums + 3 * from, grey);
        for (int k = 0; k < 3; ++k) to[k][i] = grey[job.source[k]] * job.scale[k] + job.bias[k];
      }
      sink.commit(v, u, n);
    }
  }
}

inline void triangle_turned(const CropJob& job, const CropImage& image, const double* b,
                            std::ptrdiff_t begin, std::ptrdiff_t end, Sink& sink, float* scratch) {
  const double reach_x = shrink_of(b[0], b[1]), reach_y = shrink_of(b[3], b[4]);
  float *weights_x = scratch, *weights_y = weights_x + most_taps(reach_x, image.width);
  float* sums = weights_y + most_taps(reach_y, image.height);
  Taps columns = {0, 0, 0, weights_x}, rows = {0, 0, 0, weights_y};
  for (std::ptrdiff_t v = begin; v < end; ++v) {
    const Line line = line_of(b, v);
    for (std::ptrdiff_t u = 0; u < job.width; u += triangle_tile) {
      const int n = static_cast<int>(job.width - u < triangle_tile ? job.width - u : triangle_tile);
      float* to[3] = {sink.row(0, v, u), sink.row(1, v, u), sink.row(2, v, u)};
      for (int i = 0; i < n; ++i) {
        const double at = static_cast<double>(u + i);
        triangle_taps(job.border, {line.slope_x * at + line.start_x, reach_x}, image.width,
                      columns);
        triangle_taps(job.border, {line.slope_y * at + line.start_y, reach_y}, image.height, rows);
        sum_rows(job, image, columns.first, columns.count, rows, sums);
        float grey[4];
        sum_columns(job, columns, sums, grey);
        for (int k = 0; k < 3; ++k) to[k][i] = grey[job.source[k]] * job.scale[k] + job.bias[k];
      }
      sink.commit(v, u, n);
    }
  }
}

inline void triangle_rows(const CropJob& job, std::size_t window, const CropImage& image,
                          const double* b, std::ptrdiff_t begin, std::ptrdiff_t end,
                          float* scratch) {
  Sink sink(job, window);
  const bool axis = b[1] == 0 && b[3] == 0;
  (axis ? triangle_axis : triangle_turned)(job, image, b, begin, end, sink, scratch);
}

}  // namespace crops
}  // namespace
}  // namespace flm::FLM_ISA
