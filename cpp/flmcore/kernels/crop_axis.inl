// Bilinear windows without rotation or shear: every source row is interpolated along x once, then
// pairs of rows are blended along y straight into the output.
#pragma once

#include "flmcore/kernels/crop_taps.inl"

namespace flm::FLM_ISA {
namespace {
namespace crops {

// Where samples of one axis may lie.
struct Reach {
  double low, high;

  double keep(double at) const {
    const double below = at < high ? at : high;
    return below > low ? below : low;
  }
  bool holds(double at) const { return keep(at) == at; }
};

inline Reach reach_of(const CropJob& job, double step, double start, std::ptrdiff_t extent) {
  if (!job.clamp) return {-HUGE_VAL, HUGE_VAL};
  const double a = step * -0.5 + start, b = step * (static_cast<double>(extent) - 0.5) + start;
  return a < b ? Reach{a + 0.5, b - 0.5} : Reach{b + 0.5, a - 0.5};
}

// What all rows of a tile of output columns share.
struct Columns {
  int n;
  int inner_begin, inner_end;              // columns whose two pixels one load fetches
  float weight[tile + 8];                  // of the right pixel; eight are read at once
  std::int64_t offset[tile];               // inner columns, counted from inner_begin: of the load
  std::ptrdiff_t left[tile], right[tile];  // other columns: source columns, or -1
  int flat_begin,
      flat_end;  // before and after these every column shows the first's (last's) one pixel
};

inline void plan_columns(const CropJob& job, const CropImage& image, const Layout& layout,
                         const double* b, std::ptrdiff_t u, int n, Columns& plan) {
  const Span all = within(b[0], b[2], static_cast<double>(layout.first),
                          static_cast<double>(layout.last + 1), job.width);
  const Reach reach = reach_of(job, b[0], b[2], job.width);
  Span inner = common(all, {u, u + n});
  const auto kept = [&](std::ptrdiff_t at) {
    return reach.holds(b[0] * static_cast<double>(at) + b[2]);
  };
  while (inner.begin < inner.end && !kept(inner.begin)) ++inner.begin;
  while (inner.begin < inner.end && !kept(inner.end - 1)) --inner.end;
  plan.n = n;
  plan.inner_begin = static_cast<int>(inner.begin < inner.end ? inner.begin - u : 0);
  plan.inner_end = static_cast<int>(inner.begin < inner.end ? inner.end - u : 0);
  for (int i = 0; i < n; ++i) {
    const double x = reach.keep(b[0] * static_cast<double>(u + i) + b[2]), x0 = std::floor(x);
    plan.weight[i] = static_cast<float>(x - x0);
    if (i >= plan.inner_begin && i < plan.inner_end) {
      const std::ptrdiff_t column = static_cast<std::ptrdiff_t>(x0);
      plan.offset[i - plan.inner_begin] = column * image.column_stride + layout.low;
    } else {
      plan.left[i] = inside(job.border, x0, image.width);
      plan.right[i] = inside(job.border, x0 + 1, image.width);
    }
  }
  pad_eights(plan.offset, plan.inner_end - plan.inner_begin);
  const int before = plan.inner_begin < plan.inner_end ? plan.inner_begin : n;
  const auto flat = [&](int i, int like) {
    return plan.left[i] == plan.left[like] && plan.right[i] == plan.left[like];
  };
  plan.flat_begin = 0, plan.flat_end = n;
  while (plan.flat_begin < before && flat(plan.flat_begin, 0)) ++plan.flat_begin;
  const int after = plan.inner_end > plan.flat_begin ? plan.inner_end : plan.flat_begin;
  while (plan.flat_end > after && flat(plan.flat_end - 1, n - 1)) --plan.flat_end;
}

using Row = float[3][tile + 8];  // by output channel; eight are written at once

inline void edge_columns(const CropJob& job, const CropImage& image, const std::uint8_t* line,
                         const Columns& plan, int begin, int end, Row& row) {
  for (int k = 0; k < 3; ++k) {
    const std::uint8_t* from = line + job.source[k] * image.channel_stride;
    const float outside = job.border_value[job.source[k]];
    for (int i = begin; i < end; ++i) {
      const float a = plan.left[i] < 0 ? outside : from[plan.left[i] * image.column_stride];
      const float b = plan.right[i] < 0 ? outside : from[plan.right[i] * image.column_stride];
      row[k][i] = a + plan.weight[i] * (b - a);
    }
  }
}

// Columns that all show one pixel, or the constant border.
inline void flat_columns(const CropJob& job, const CropImage& image, const std::uint8_t* line,
                         std::ptrdiff_t column, int begin, int end, Row& row) {
  if (begin >= end) return;
  for (int k = 0; k < 3; ++k) {
    const int c = job.source[k];
    float value = job.border_value[c];
    if (column >= 0) value = line[column * image.column_stride + c * image.channel_stride];
    for (int i = begin; i < end; ++i) row[k][i] = value;
  }
}

// Source row y (-1: the constant border) interpolated at the plan's columns; `ahead` leads to a row
// that is wanted soon.
template <Fetch fetch>
inline void interpolate_row(const CropJob& job, const CropImage& image, const Layout& layout,
                            std::ptrdiff_t y, std::ptrdiff_t ahead, const Columns& plan, Row& row) {
  if (y < 0) {
    for (int k = 0; k < 3; ++k)
      for (int i = 0; i < plan.n; ++i) row[k][i] = job.border_value[job.source[k]];
    return;
  }
  const std::uint8_t* line = image.data + y * image.row_stride;
  const int n = plan.inner_end - plan.inner_begin;
  const Pairs at = layout.pairs(job);
  const float* weights = plan.weight + plan.inner_begin;
  float *to0 = row[0] + plan.inner_begin, *to1 = row[1] + plan.inner_begin,
        *to2 = row[2] + plan.inner_begin;
  for (int i = 0; i < n; i += 8) {
    std::uint8_t planes[64];
    fetch_pairs<fetch>(layout, line, plan.offset + i, planes);
    prefetch(line, plan.offset[i] + ahead);
    const Lanes weight = lanes(weights + i);
    store(to0 + i, between(lanes(planes + at.left0), lanes(planes + at.right0), weight));
    store(to1 + i, between(lanes(planes + at.left1), lanes(planes + at.right1), weight));
    store(to2 + i, between(lanes(planes + at.left2), lanes(planes + at.right2), weight));
  }
  // Last, over what the eights wrote too far.
  flat_columns(job, image, line, plan.left[0], 0, plan.flat_begin, row);
  edge_columns(job, image, line, plan, plan.flat_begin, plan.inner_begin, row);
  edge_columns(job, image, line, plan, larger_of(plan.inner_end, plan.flat_begin), plan.flat_end,
               row);
  flat_columns(job, image, line, plan.left[plan.n - 1], plan.flat_end, plan.n, row);
}

inline void blend_rows(const Row& upper, const Row& lower, float weight, const CropJob& job,
                       Sink& sink, std::ptrdiff_t v, std::ptrdiff_t u, int n) {
  for (int k = 0; k < 3; ++k) {
    const Lanes scale = all_lanes(job.scale[k]), bias = all_lanes(job.bias[k]),
                w = all_lanes(weight);
    const float *a = upper[k], *b = lower[k];
    const auto eight = [&](int i) { return between(lanes(a + i), lanes(b + i), w) * scale + bias; };
    float* to = sink.row(k, v, u);
    const int whole = n / 8 * 8;
    if (sink.streams() && reinterpret_cast<std::uintptr_t>(to) % 16 == 0)
      for (int i = 0; i < whole; i += 8) stream(to + i, eight(i));
    else
      for (int i = 0; i < whole; i += 8) store(to + i, eight(i));
    if (whole < n) store(to + whole, eight(whole), n - whole);
  }
  sink.commit(v, u, n);
}

inline void axis_rows(const CropJob& job, std::size_t window, const CropImage& image,
                      const double* b, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const Layout layout = layout_of(image);
  const auto source_row = layout.fetch == Fetch::six     ? interpolate_row<Fetch::six>
                          : layout.fetch == Fetch::eight ? interpolate_row<Fetch::eight>
                                                         : interpolate_row<Fetch::scattered>;
  const std::ptrdiff_t ahead = steps_ahead(3 * b[4]) * image.row_stride;
  const Reach reach = reach_of(job, b[4], b[5], job.height);
  Sink sink(job, window);
  Columns plan = {};
  Row rows[2];
  for (std::ptrdiff_t u = 0; u < job.width; u += tile) {
    const int n = static_cast<int>(job.width - u < tile ? job.width - u : tile);
    plan_columns(job, image, layout, b, u, n, plan);
    std::ptrdiff_t held[2] = {-2, -2};  // the source rows that `rows` holds
    for (std::ptrdiff_t v = begin; v < end; ++v) {
      const double y = reach.keep(b[4] * static_cast<double>(v) + b[5]), y0 = std::floor(y);
      const std::ptrdiff_t need[2] = {inside(job.border, y0, image.height),
                                      inside(job.border, y0 + 1, image.height)};
      int slot[2];
      for (int i = 0; i < 2; ++i) {
        slot[i] = held[0] == need[i] ? 0 : held[1] == need[i] ? 1 : -1;
        if (slot[i] >= 0) continue;
        slot[i] = held[0] == need[1 - i] ? 1 : 0;  // never over the row that the other half needs
        if (i == 1) slot[i] = 1 - slot[0];
        source_row(job, image, layout, need[i], ahead, plan, rows[slot[i]]);
        held[slot[i]] = need[i];
      }
      blend_rows(rows[slot[0]], rows[slot[1]], static_cast<float>(y - y0), job, sink, v, u, n);
    }
  }
}

}  // namespace crops
}  // namespace
}  // namespace flm::FLM_ISA
