#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flmcore/kernels/remap.hpp"

namespace flm::FLM_ISA {
namespace {

constexpr std::size_t remap_block =
    16;  // faces per pass over the rows: with 106 landmarks they stay in the first cache

template <class T>
inline void copy_row(const T* in, std::size_t in_step, std::size_t faces, T* out,
                     std::size_t out_step) {
  for (std::size_t i = 0; i < faces; ++i)
    std::memcpy(out + i * out_step, in + i * in_step, 2 * sizeof(T));
}

template <class T>
inline void blend_two(const T* a, const T* b, double wa, double wb, std::size_t in_step,
                      std::size_t faces, T* out, std::size_t out_step) {
  for (std::size_t i = 0; i < faces; ++i, a += in_step, b += in_step, out += out_step) {
    out[0] = static_cast<T>(wa * static_cast<double>(a[0]) + wb * static_cast<double>(b[0]));
    out[1] = static_cast<T>(wa * static_cast<double>(a[1]) + wb * static_cast<double>(b[1]));
  }
}

template <class T>
void blend_many(const T* in, const RemapTable& t, std::size_t row, std::size_t faces, T* out,
                std::size_t out_step) {
  for (std::size_t i = 0; i < faces; ++i, in += 2 * t.sources, out += out_step) {
    double x = 0, y = 0;
    for (std::int64_t e = t.row_start[row]; e < t.row_start[row + 1]; ++e) {
      const T* p = in + 2 * t.index[e];
      x += t.weight[e] * static_cast<double>(p[0]);
      y += t.weight[e] * static_cast<double>(p[1]);
    }
    const bool undefined = t.row_start[row] == t.row_start[row + 1];
    out[0] = undefined ? static_cast<T>(NAN) : static_cast<T>(x);
    out[1] = undefined ? static_cast<T>(NAN) : static_cast<T>(y);
  }
}

// Lengths along polyline p of one face up to each of its points; the number of points.
template <class T>
std::size_t measure_path(const T* in, const RemapTable& t, std::int64_t p, double* along) {
  const std::int64_t* index = t.path_index + t.path_start[p];
  const std::size_t points = static_cast<std::size_t>(t.path_start[p + 1] - t.path_start[p]);
  along[0] = 0;
  for (std::size_t i = 1; i < points; ++i) {
    const double dx =
        static_cast<double>(in[2 * index[i]]) - static_cast<double>(in[2 * index[i - 1]]);
    const double dy =
        static_cast<double>(in[2 * index[i] + 1]) - static_cast<double>(in[2 * index[i - 1] + 1]);
    along[i] = along[i - 1] + std::sqrt(dx * dx + dy * dy);
  }
  return points;
}

template <class T>
void place_on_path(const T* in, const std::int64_t* index, const double* along, std::size_t points,
                   double fraction, T* out) {
  const double want = fraction * along[points - 1];
  std::size_t i = 1;
  while (i + 1 < points && along[i] < want) ++i;
  const double length = along[i] - along[i - 1];
  const double share =
      length > 0 ? (want - along[i - 1]) / length : want - along[i - 1];  // NaN stays
  const T *a = in + 2 * index[i - 1], *b = in + 2 * index[i];
  for (int axis = 0; axis < 2; ++axis) {
    const double from = static_cast<double>(a[axis]), to = static_cast<double>(b[axis]);
    out[axis] = static_cast<T>(from + share * (to - from));
  }
}

template <class T>
void place_arcs(const T* in, const RemapTable& t, std::size_t faces, T* out) {
  double along[remap_longest_path];
  for (std::size_t i = 0; i < faces; ++i, in += 2 * t.sources, out += 2 * t.rows) {
    std::int64_t measured = -1;
    std::size_t points = 0;
    for (std::size_t a = 0; a < t.arcs; ++a) {
      const std::int64_t p = t.arc_path[a];
      if (p != measured) points = measure_path(in, t, p, along), measured = p;
      place_on_path(in, t.path_index + t.path_start[p], along, points, t.arc_fraction[a],
                    out + 2 * t.arc_target[a]);
    }
  }
}

template <class T>
void remap_points(const T* in, std::size_t batch, const RemapTable& t, T* out) {
  const std::size_t in_step = 2 * t.sources, out_step = 2 * t.rows;
  for (std::size_t begin = 0; begin < batch; begin += remap_block) {
    const std::size_t faces = batch - begin < remap_block ? batch - begin : remap_block;
    const T* source = in + begin * in_step;
    T* target = out + begin * out_step;
    for (std::size_t r = 0; r < t.rows; ++r) {
      const std::int64_t first = t.row_start[r], entries = t.row_start[r + 1] - first;
      const std::int64_t* index = t.index + first;
      const double* weight = t.weight + first;
      if (entries == 1 && weight[0] == 1)
        copy_row(source + 2 * index[0], in_step, faces, target + 2 * r, out_step);
      else if (entries == 2)
        blend_two(source + 2 * index[0], source + 2 * index[1], weight[0], weight[1], in_step,
                  faces, target + 2 * r, out_step);
      else
        blend_many(source, t, r, faces, target + 2 * r, out_step);
    }
    if (t.arcs > 0) place_arcs(source, t, faces, target);
  }
}

constexpr RemapKernels remap_kernels = {remap_points<float>, remap_points<double>};

}  // namespace
}  // namespace flm::FLM_ISA
