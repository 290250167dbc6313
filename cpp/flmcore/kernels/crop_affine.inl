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

struct Counting {
  double value[tile];
  constexpr Counting() : value{} {
    for (int i = 0; i < tile; ++i) value[i] = i;
  }
};
constexpr Counting counting;

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
  const double first = static_cast<double>(u);
  for (int i = 0; i < n; ++i) {
    const double at = first + counting.value[i];
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

// What turns grey levels into output channel k, in registers.
struct Norm {
  Lanes scale, bias;
};

inline Norm norm_of(const CropJob& job, int k) {
  return {all_lanes(job.scale[k]), all_lanes(job.bias[k])};
}

// Four neighbours -> the values of eight points.
inline Lanes blend(Norm norm, Lanes upper_left, Lanes upper_right, Lanes lower_left,
                   Lanes lower_right, Lanes x, Lanes y) {
  const Lanes upper = between(upper_left, upper_right, x),
              lower = between(lower_left, lower_right, x);
  return between(upper, lower, y) * norm.scale + norm.bias;
}

// `ahead` leads to the pixels of a few output rows further on.
template <Fetch fetch>
inline void inner_span(const CropJob& job, const CropImage& image, const Layout& layout,
                       const Line& line, std::ptrdiff_t ahead, std::ptrdiff_t v, Span span,
                       Sink& sink) {
  Points points;
  const std::uint8_t *upper_base = image.data, *lower_base = image.data + image.row_stride;
  const Norm n0 = norm_of(job, 0), n1 = norm_of(job, 1), n2 = norm_of(job, 2);
  const Pairs at = layout.pairs(job);
  const auto eight = [&](int i, float* to0, float* to1, float* to2) {
    std::uint8_t upper[64], lower[64];
    fetch_pairs<fetch>(layout, upper_base, points.offset + i, upper);
    fetch_pairs<fetch>(layout, lower_base, points.offset + i, lower);
    prefetch(lower_base, points.offset[i] + ahead);
    prefetch(lower_base, points.offset[i + 4] + ahead);
    const Lanes x = lanes(points.weight_x + i), y = lanes(points.weight_y + i);
    const auto value = [&](Norm norm, int left, int right) {
      return blend(norm, lanes(upper + left), lanes(upper + right), lanes(lower + left),
                   lanes(lower + right), x, y);
    };
    store(to0, value(n0, at.left0, at.right0));
    store(to1, value(n1, at.left1, at.right1));
    store(to2, value(n2, at.left2, at.right2));
  };
  for (std::ptrdiff_t u = span.begin; u < span.end; u += tile) {
    const int n = static_cast<int>(span.end - u < tile ? span.end - u : tile), whole = n / 8 * 8;
    inner_points(line, u, n, image, layout, points);
    pad_eights(points.offset, n);
    float *to0 = sink.row(0, v, u), *to1 = sink.row(1, v, u), *to2 = sink.row(2, v, u);
    for (int i = 0; i < whole; i += 8) eight(i, to0 + i, to1 + i, to2 + i);
    if (whole < n) {
      float last[3][8];
      const std::size_t rest = static_cast<std::size_t>(n - whole) * sizeof(float);
      eight(whole, last[0], last[1], last[2]);
      std::memcpy(to0 + whole, last[0], rest);
      std::memcpy(to1 + whole, last[1], rest);
      std::memcpy(to2 + whole, last[2], rest);
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
    for (int k = 0; k < 3; ++k) {
      const Norm norm = norm_of(job, k);
      float* to = sink.row(k, v, u);
      for (int i = 0; i < n; i += 8)
        store(to + i,
              blend(norm, lanes(taps[0][k] + i), lanes(taps[1][k] + i), lanes(taps[2][k] + i),
                    lanes(taps[3][k] + i), lanes(points.weight_x + i), lanes(points.weight_y + i)),
              n - i);
    }
    sink.commit(v, u, n);
  }
}

using InsideSpan = void (*)(const CropJob&, const CropImage&, const Layout&, const Line&,
                            std::ptrdiff_t, std::ptrdiff_t, Span, Sink&);

// An output row that the image's border may cross.
inline void mixed_row(const CropJob& job, const CropImage& image, const Layout& layout,
                      const Line& line, std::ptrdiff_t ahead, std::ptrdiff_t v,
                      InsideSpan inside_span, Sink& sink) {
  const double width = static_cast<double>(image.width), height = static_cast<double>(image.height);
  const double left = static_cast<double>(layout.first),
               right = static_cast<double>(layout.last + 1);
  Span some = {0, job.width};  // columns that the image has a share in
  if (job.border == CropBorder::constant)
    some = common(within(line.slope_x, line.start_x, -1, width, job.width),
                  within(line.slope_y, line.start_y, -1, height, job.width));
  if (some.begin == some.end) return sink.fill_border(v, {0, job.width});
  const Span inner =
      common(some, common(within(line.slope_x, line.start_x, left, right, job.width),
                          within(line.slope_y, line.start_y, 0, height - 1, job.width)));
  sink.fill_border(v, {0, some.begin});
  sink.fill_border(v, {some.end, job.width});
  if (inner.begin == inner.end) return edge_span(job, image, line, v, some, sink);
  edge_span(job, image, line, v, {some.begin, inner.begin}, sink);
  inside_span(job, image, layout, line, ahead, v, inner, sink);
  edge_span(job, image, line, v, {inner.end, some.end}, sink);
}

inline void affine_rows(const CropJob& job, std::size_t window, const CropImage& image,
                        const double* b, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const Layout layout = layout_of(image);
  const double height = static_cast<double>(image.height), left = static_cast<double>(layout.first),
               right = static_cast<double>(layout.last + 1);
  const InsideSpan inside_span = layout.fetch == Fetch::six     ? inner_span<Fetch::six>
                                 : layout.fetch == Fetch::eight ? inner_span<Fetch::eight>
                                                                : inner_span<Fetch::scattered>;
  const std::ptrdiff_t ahead =
      steps_ahead(4 * b[1]) * image.column_stride + steps_ahead(4 * b[4]) * image.row_stride;
  Sink sink(job, window);
  // Rounded coordinates are monotone in u and in v: with its corners, all of a window is inside.
  const auto corner_inside = [&](std::ptrdiff_t v, std::ptrdiff_t u) {
    const Line line = line_of(b, v);
    const double at = static_cast<double>(u);
    const double x = line.slope_x * at + line.start_x, y = line.slope_y * at + line.start_y;
    return x >= left && x < right && y >= 0 && y < height - 1;
  };
  const bool all_inside = corner_inside(begin, 0) && corner_inside(begin, job.width - 1) &&
                          corner_inside(end - 1, 0) && corner_inside(end - 1, job.width - 1);
  for (std::ptrdiff_t v = begin; v < end; ++v) {
    if (all_inside)
      inside_span(job, image, layout, line_of(b, v), ahead, v, {0, job.width}, sink);
    else
      mixed_row(job, image, layout, line_of(b, v), ahead, v, inside_span, sink);
  }
}

}  // namespace crops
}  // namespace
}  // namespace flm::FLM_ISA
