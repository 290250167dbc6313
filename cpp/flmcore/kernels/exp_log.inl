#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flmcore/kernels/exp_log.hpp"

namespace flm::FLM_ISA {
namespace {

// ln 2 in two parts; the first has 20 trailing zero bits, so that its product with an exponent is
// exact.
constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;

inline std::uint64_t bits_of(double value) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, 8);
  return bits;
}

inline double from_bits(std::uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, 8);
  return value;
}

// e^x = 2^n e^r with |r| <= ln(2)/2; Taylor series to r^13, the first term left out is below 5e-18.
inline double exponential(double x) {
  x = x < -700.0 ? -700.0 : x;
  x = x > 700.0 ? 700.0 : x;
  constexpr double shifter = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to a whole number
  const double shifted = x * 1.44269504088896340736 + shifter;
  const double n = shifted - shifter;
  const double r = (x - n * ln2_high) - n * ln2_low;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r * r + r + 1.0;
  return p * from_bits((bits_of(shifted) + 1023) << 52);
}

// ln x = n ln 2 + ln m with m in [0.7, 1.42); ln m = 2 atanh(f), f = (m - 1) / (m + 1), |f| <=
// 0.172: the first term left out of the series is below 1e-18.
inline double logarithm(double x) {
  const std::uint64_t bits = bits_of(x);
  double m = from_bits((bits & 0x000fffffffffffffu) | 0x3ff0000000000000u);
  // The exponent becomes a double without a conversion from int64, which AVX2 lacks.
  double n = from_bits((bits >> 52) | 0x4330000000000000u) - (4503599627370496.0 + 1023.0);
  const bool upper = m > 1.41421356237309504880;
  m = upper ? m * 0.5 : m;
  n = upper ? n + 1.0 : n;
  const double f = (m - 1.0) / (m + 1.0), z = f * f;
  double p = 1.0 / 23.0;
  p = p * z + 1.0 / 21.0;
  p = p * z + 1.0 / 19.0;
  p = p * z + 1.0 / 17.0;
  p = p * z + 1.0 / 15.0;
  p = p * z + 1.0 / 13.0;
  p = p * z + 1.0 / 11.0;
  p = p * z + 1.0 / 9.0;
  p = p * z + 1.0 / 7.0;
  p = p * z + 1.0 / 5.0;
  p = p * z + 1.0 / 3.0;
  return n * ln2_high + (2.0 * f + (2.0 * f * z * p + n * ln2_low));
}

// In loops of their own, over arrays that do not overlap, every compiler turns these into vectors.
void exponentials(const double* __restrict x, std::size_t n, double* __restrict out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = exponential(x[i]);
}

void logarithms(const double* __restrict x, std::size_t n, double* __restrict out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = logarithm(x[i]);
}

constexpr ElementaryKernels elementary_kernels = {exponentials, logarithms};

}  // namespace
}  // namespace flm::FLM_ISA
