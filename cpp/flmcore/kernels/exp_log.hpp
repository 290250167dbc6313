// exp and log from basic arithmetic: the maths library's differ in the last bit between machines.
// Arrays must not overlap.
#pragma once

#include <cstddef>

namespace flm {

struct ElementaryKernels {
  // out = e^x, relative error below 4 * 2^-53 for |x| <= 700; x is limited to that range, NaN stays
  // NaN.
  void (*exponential)(const double* x, std::size_t n, double* out);
  // out = ln x, absolute error below 2^-52 * (1 + |ln x|); x positive, finite, not subnormal.
  void (*logarithm)(const double* x, std::size_t n, double* out);
};

}  // namespace flm
