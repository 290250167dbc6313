// Four doubles that are added, compared and rooted lane by lane: AVX2, SSE2, or an array. No
// operation crosses lanes and none is fused, so the three give the same bits.
#pragma once

#include <cmath>
#include <cstddef>
#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define FLM_FOUR_SSE2 1
#endif

namespace flm::FLM_ISA {
namespace {

#if defined(__AVX2__)
struct Four {
  __m256d v;
};
inline Four load4(const double* p) { return {_mm256_loadu_pd(p)}; }
inline void store4(double* p, Four a) { _mm256_storeu_pd(p, a.v); }
inline Four all4(double a) { return {_mm256_set1_pd(a)}; }
inline Four operator+(Four a, Four b) { return {_mm256_add_pd(a.v, b.v)}; }
inline Four operator-(Four a, Four b) { return {_mm256_sub_pd(a.v, b.v)}; }
inline Four operator*(Four a, Four b) { return {_mm256_mul_pd(a.v, b.v)}; }
inline Four operator/(Four a, Four b) { return {_mm256_div_pd(a.v, b.v)}; }
inline Four root4(Four a) { return {_mm256_sqrt_pd(a.v)}; }
inline Four larger4(Four a, Four b) { return {_mm256_max_pd(a.v, b.v)}; }
// a where test is a number, +0 where it is NaN.
inline Four where_number4(Four test, Four a) {
  return {_mm256_and_pd(_mm256_cmp_pd(test.v, test.v, _CMP_ORD_Q), a.v)};
}
// x0 y0 x1 y1 x2 y2 x3 y3 -> the four x, the four y.
inline void split4(const float* p, Four& x, Four& y) {
  const __m128 a = _mm_loadu_ps(p), b = _mm_loadu_ps(p + 4);
  x.v = _mm256_cvtps_pd(_mm_shuffle_ps(a, b, 0x88));
  y.v = _mm256_cvtps_pd(_mm_shuffle_ps(a, b, 0xDD));
}
inline void split4(const double* p, Four& x, Four& y) {
  const __m256d a = _mm256_loadu_pd(p), b = _mm256_loadu_pd(p + 4);
  const __m256d low = _mm256_permute2f128_pd(a, b, 0x20), high = _mm256_permute2f128_pd(a, b, 0x31);
  x.v = _mm256_unpacklo_pd(low, high);
  y.v = _mm256_unpackhi_pd(low, high);
}
#elif defined(FLM_FOUR_SSE2)
struct Four {
  __m128d v, w;
};
inline Four load4(const double* p) { return {_mm_loadu_pd(p), _mm_loadu_pd(p + 2)}; }
inline void store4(double* p, Four a) {
  _mm_storeu_pd(p, a.v);
  _mm_storeu_pd(p + 2, a.w);
}
inline Four all4(double a) { return {_mm_set1_pd(a), _mm_set1_pd(a)}; }
inline Four operator+(Four a, Four b) { return {_mm_add_pd(a.v, b.v), _mm_add_pd(a.w, b.w)}; }
inline Four operator-(Four a, Four b) { return {_mm_sub_pd(a.v, b.v), _mm_sub_pd(a.w, b.w)}; }
inline Four operator*(Four a, Four b) { return {_mm_mul_pd(a.v, b.v), _mm_mul_pd(a.w, b.w)}; }
inline Four operator/(Four a, Four b) { return {_mm_div_pd(a.v, b.v), _mm_div_pd(a.w, b.w)}; }
inline Four root4(Four a) { return {_mm_sqrt_pd(a.v), _mm_sqrt_pd(a.w)}; }
inline Four larger4(Four a, Four b) { return {_mm_max_pd(a.v, b.v), _mm_max_pd(a.w, b.w)}; }
inline Four where_number4(Four test, Four a) {
  return {_mm_and_pd(_mm_cmpord_pd(test.v, test.v), a.v),
          _mm_and_pd(_mm_cmpord_pd(test.w, test.w), a.w)};
}
inline void split4(const float* p, Four& x, Four& y) {
  const __m128 a = _mm_loadu_ps(p), b = _mm_loadu_ps(p + 4);
  const __m128 xs = _mm_shuffle_ps(a, b, 0x88), ys = _mm_shuffle_ps(a, b, 0xDD);
  x = {_mm_cvtps_pd(xs), _mm_cvtps_pd(_mm_movehl_ps(xs, xs))};
  y = {_mm_cvtps_pd(ys), _mm_cvtps_pd(_mm_movehl_ps(ys, ys))};
}
inline void split4(const double* p, Four& x, Four& y) {
  const __m128d a = _mm_loadu_pd(p), b = _mm_loadu_pd(p + 2), c = _mm_loadu_pd(p + 4),
                d = _mm_loadu_pd(p + 6);
  x = {_mm_unpacklo_pd(a, b), _mm_unpacklo_pd(c, d)};
  y = {_mm_unpackhi_pd(a, b), _mm_unpackhi_pd(c, d)};
}
#else
struct Four {
  double v[4];
};
inline Four load4(const double* p) { return {{p[0], p[1], p[2], p[3]}}; }
inline void store4(double* p, Four a) {
  for (int i = 0; i < 4; ++i) p[i] = a.v[i];
}
inline Four all4(double a) { return {{a, a, a, a}}; }
inline Four operator+(Four a, const Four& b) {
  for (int i = 0; i < 4; ++i) a.v[i] += b.v[i];
  return a;
}
inline Four operator-(Four a, const Four& b) {
  for (int i = 0; i < 4; ++i) a.v[i] -= b.v[i];
  return a;
}
inline Four operator*(Four a, const Four& b) {
  for (int i = 0; i < 4; ++i) a.v[i] *= b.v[i];
  return a;
}
inline Four operator/(Four a, const Four& b) {
  for (int i = 0; i < 4; ++i) a.v[i] /= b.v[i];
  return a;
}
inline Four root4(Four a) {
  for (int i = 0; i < 4; ++i) a.v[i] = std::sqrt(a.v[i]);
  return a;
}
inline Four larger4(Four a, const Four& b) {
  for (int i = 0; i < 4; ++i) a.v[i] = a.v[i] > b.v[i] ? a.v[i] : b.v[i];
  return a;
}
inline Four where_number4(const Four& test, Four a) {
  for (int i = 0; i < 4; ++i) a.v[i] = test.v[i] == test.v[i] ? a.v[i] : 0.0;
  return a;
}
template <class T>
inline void split4(const T* p, Four& x, Four& y) {
  for (int i = 0; i < 4; ++i) {
    x.v[i] = static_cast<double>(p[2 * i]);
    y.v[i] = static_cast<double>(p[2 * i + 1]);
  }
}
#endif

// The lanes' sum, in one order.
inline double sum4(const double* lanes) { return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]); }

}  // namespace
}  // namespace flm::FLM_ISA
