#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#endif

#include "flmcore/kernels/remap.hpp"

namespace flm::FLM_ISA {
namespace {

constexpr std::size_t remap_chunk = 128;  // rows per pass over the faces

// wa * a + wb * b for one point, in float64, rounded once.
template <class T>
inline void blend_point(const T* a, const T* b, double wa, double wb, T* out) {
  out[0] = static_cast<T>(wa * static_cast<double>(a[0]) + wb * static_cast<double>(b[0]));
  out[1] = static_cast<T>(wa * static_cast<double>(a[1]) + wb * static_cast<double>(b[1]));
}
#if defined(__SSE2__) || defined(_M_X64)
inline __m128d load_point(const float* p) {
  return _mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
inline void blend_point(const float* a, const float* b, double wa, double wb, float* out) {
  const __m128d sum = _mm_add_pd(_mm_mul_pd(_mm_set1_pd(wa), load_point(a)),
                                 _mm_mul_pd(_mm_set1_pd(wb), load_point(b)));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_castps_si128(_mm_cvtpd_ps(sum)));
}
#endif

// One row of one face that is no plain copy.
template <class T>
inline void blend_row(const T* in, const RemapTable& t, std::size_t row, T* out) {
  const std::int64_t first = t.row_start[row], end = t.row_start[row + 1];
  if (end - first == 2) {
    blend_point(in + 2 * t.index[first], in + 2 * t.index[first + 1], t.weight[first],
                t.weight[first + 1], out);
    return;
  }
  double x = 0, y = 0;
  for (std::int64_t e = first; e < end; ++e) {
    const T* p = in + 2 * t.index[e];
    x += t.weight[e] * static_cast<double>(p[0]);
    y += t.weight[e] * static_cast<double>(p[1]);
  }
  out[0] = first == end ? static_cast<T>(NAN) : static_cast<T>(x);
  out[1] = first == end ? static_cast<T>(NAN) : static_cast<T>(y);
}

// Rows begin .. begin + count of all faces: first all as if they were copies, in the order of
// memory, then those that are not once more.
template <class T>
void remap_rows(const T* in, std::size_t batch, const RemapTable& t, std::size_t begin,
                std::size_t count, T* out) {
  std::size_t from[remap_chunk], blended[remap_chunk], blends = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t first = t.row_start[begin + i], end = t.row_start[begin + i + 1];
    from[i] = first < end ? 2 * static_cast<std::size_t>(t.index[first]) : 0;
    if (end - first != 1 || t.weight[first] != 1) blended[blends++] = begin + i;
  }
  for (std::size_t face = 0; face < batch; ++face, in += 2 * t.sources, out += 2 * t.rows) {
    T* target = out + 2 * begin;
    if (blends < count)
      for (std::size_t i = 0; i < count; ++i)
        std::memcpy(target + 2 * i, in + from[i], 2 * sizeof(T));
    for (std::size_t i = 0; i < blends; ++i) blend_row(in, t, blended[i], out + 2 * blended[i]);
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
  for (std::size_t begin = 0; begin < t.rows; begin += remap_chunk) {
    const std::size_t count = t.rows - begin < remap_chunk ? t.rows - begin : remap_chunk;
    remap_rows(in, batch, t, begin, count, out);
  }
  if (t.arcs > 0) place_arcs(in, t, batch, out);
}

constexpr RemapKernels remap_kernels = {remap_points<float>, remap_points<double>};

}  // namespace
}  // namespace flm::FLM_ISA
