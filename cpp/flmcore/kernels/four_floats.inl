// Four floats at once, where a compiler leaves a loop of four as it is.
#pragma once

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#endif

namespace flm::FLM_ISA {
namespace {

#if defined(__SSE2__) || defined(_M_X64)
struct FourFloats {
  __m128 v;
  static FourFloats load(const float* p) { return {_mm_loadu_ps(p)}; }
  static FourFloats all(float value) { return {_mm_set1_ps(value)}; }
  void store(float* p) const { _mm_storeu_ps(p, v); }
  FourFloats plus(FourFloats other) const { return {_mm_add_ps(v, other.v)}; }
  FourFloats times(FourFloats other) const { return {_mm_mul_ps(v, other.v)}; }
};
#else
struct FourFloats {
  float v[4];
  static FourFloats load(const float* p) { return {{p[0], p[1], p[2], p[3]}}; }
  static FourFloats all(float value) { return {{value, value, value, value}}; }
  void store(float* p) const {
    for (int i = 0; i < 4; ++i) p[i] = v[i];
  }
  FourFloats plus(FourFloats other) const {
    for (int i = 0; i < 4; ++i) other.v[i] += v[i];
    return other;
  }
  FourFloats times(FourFloats other) const {
    for (int i = 0; i < 4; ++i) other.v[i] *= v[i];
    return other;
  }
};
#endif

}  // namespace
}  // namespace flm::FLM_ISA
