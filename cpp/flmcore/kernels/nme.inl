#include <cmath>
#include <cstddef>
#include <cstring>

#include "flmcore/kernels/four_doubles.inl"
#include "flmcore/kernels/nme.hpp"

namespace flm::FLM_ISA {
namespace {

struct NmeLanes {
  double sum[4], count[4];
};

// Four landmarks of one image, added to the landmark's sums and the image's lanes.
template <class T>
inline void add_four(const T* p, const T* q, Four normaliser, double* sum, double* count,
                     NmeLanes& lanes) {
  Four x, y, u, v;
  split4(p, x, y);
  split4(q, u, v);
  const Four dx = x - u, dy = y - v, raw = root4(dx * dx + dy * dy);
  const Four error = where_number4(raw, raw / normaliser), one = where_number4(raw, all4(1.0));
  store4(sum, load4(sum) + error);
  store4(count, load4(count) + one);
  store4(lanes.sum, load4(lanes.sum) + error);
  store4(lanes.count, load4(lanes.count) + one);
}

template <class T>
void sum_errors(const T* points, const T* truth, const double* normaliser, std::size_t n,
                std::size_t k, const NmeSums& sums) {
  for (std::size_t j = 0; j < k; ++j) sums.landmark_sum[j] = sums.landmark_count[j] = 0;
  const std::size_t rest = k % 4, whole = k - rest;
  double rest_sum[4] = {}, rest_count[4] = {};
  for (std::size_t i = 0; i < n; ++i) {
    const T *p = points + 2 * k * i, *q = truth + 2 * k * i;
    const Four d = all4(normaliser[i]);
    NmeLanes lanes = {};
    for (std::size_t j = 0; j < whole; j += 4)
      add_four(p + 2 * j, q + 2 * j, d, sums.landmark_sum + j, sums.landmark_count + j, lanes);
    if (rest > 0) {  // beside landmarks that are NaN
      T a[8], b[8];
      for (int j = 0; j < 8; ++j) a[j] = b[j] = static_cast<T>(NAN);
      std::memcpy(a, p + 2 * whole, 2 * rest * sizeof(T));
      std::memcpy(b, q + 2 * whole, 2 * rest * sizeof(T));
      add_four(a, b, d, rest_sum, rest_count, lanes);
    }
    sums.image_sum[i] = sum4(lanes.sum);
    sums.image_count[i] = sum4(lanes.count);
  }
  for (std::size_t j = 0; j < rest; ++j) {
    sums.landmark_sum[whole + j] = rest_sum[j];
    sums.landmark_count[whole + j] = rest_count[j];
  }
}

constexpr NmeKernels nme_kernels = {sum_errors<float>, sum_errors<double>};

}  // namespace
}  // namespace flm::FLM_ISA
