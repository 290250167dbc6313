// Four doubles at once: what the blur around a peak is written in. The same operations in the same
// order on every instruction set.
#pragma once

#include <cstddef>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#endif

namespace flm::FLM_ISA {
namespace {

#if defined(__AVX2__)
struct Doubles {
  __m256d v;
  static Doubles load(const double* p) { return {_mm256_loadu_pd(p)}; }
  static Doubles load(const float* p) { return {_mm256_cvtps_pd(_mm_loadu_ps(p))}; }
  static Doubles all(double value) { return {_mm256_set1_pd(value)}; }
  void store(double* p) const { _mm256_storeu_pd(p, v); }
  Doubles operator+(Doubles o) const { return {_mm256_add_pd(v, o.v)}; }
  Doubles operator*(Doubles o) const { return {_mm256_mul_pd(v, o.v)}; }
};
#elif defined(__SSE2__) || defined(_M_X64)
struct Doubles {
  __m128d low, high;
  static Doubles load(const double* p) { return {_mm_loadu_pd(p), _mm_loadu_pd(p + 2)}; }
  static Doubles load(const float* p) {
    const __m128 floats = _mm_loadu_ps(p);
    return {_mm_cvtps_pd(floats), _mm_cvtps_pd(_mm_movehl_ps(floats, floats))};
  }
  static Doubles all(double value) { return {_mm_set1_pd(value), _mm_set1_pd(value)}; }
  void store(double* p) const { _mm_storeu_pd(p, low), _mm_storeu_pd(p + 2, high); }
  Doubles operator+(Doubles o) const { return {_mm_add_pd(low, o.low), _mm_add_pd(high, o.high)}; }
  Doubles operator*(Doubles o) const { return {_mm_mul_pd(low, o.low), _mm_mul_pd(high, o.high)}; }
};
#else
struct Doubles {
  double v[4];
  static Doubles load(const double* p) { return {{p[0], p[1], p[2], p[3]}}; }
  static Doubles load(const float* p) { return {{p[0], p[1], p[2], p[3]}}; }
  static Doubles all(double value) { return {{value, value, value, value}}; }
  void store(double* p) const {
    for (int i = 0; i < 4; ++i) p[i] = v[i];
  }
  Doubles operator+(Doubles o) const {
    Doubles out;
    for (int i = 0; i < 4; ++i) out.v[i] = v[i] + o.v[i];
    return out;
  }
  Doubles operator*(Doubles o) const {
    Doubles out;
    for (int i = 0; i < 4; ++i) out.v[i] = v[i] * o.v[i];
    return out;
  }
};
#endif

}  // namespace
}  // namespace flm::FLM_ISA
