#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flmcore/kernels/resample.hpp"

namespace flm::FLM_ISA {
namespace {

// The image that a word draws. n is below 2^32, so the product is below n even when rounded.
inline std::size_t drawn(std::uint64_t word, double n) {
  return static_cast<std::size_t>(static_cast<double>(static_cast<std::int64_t>(word >> 11)) *
                                  0x1p-53 * n);
}

// value with its sign changed where the lowest bit of word is 1.
inline double flipped(double value, std::uint64_t word) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, 8);
  bits ^= word << 63;
  std::memcpy(&value, &bits, 8);
  return value;
}

inline void store_means(const double* lanes, std::size_t m, double n, double* means) {
  for (std::size_t c = 0; c < m; ++c)
    means[c] = ((lanes[c] + lanes[m + c]) + (lanes[2 * m + c] + lanes[3 * m + c])) / n;
}

// One number per image: the four sums stay in registers.
void draw_one(const ResampleJob& job) {
  const double n = static_cast<double>(job.n);
  for (std::size_t r = 0; r < job.rows; ++r) {
    const std::uint64_t* words = job.words + r * job.n;
    double a = 0, b = 0, c = 0, d = 0;
    std::size_t j = 0;
    for (; j + 4 <= job.n; j += 4) {
      a += job.values[drawn(words[j], n)];
      b += job.values[drawn(words[j + 1], n)];
      c += job.values[drawn(words[j + 2], n)];
      d += job.values[drawn(words[j + 3], n)];
    }
    if (j < job.n) a += job.values[drawn(words[j], n)];
    if (j + 1 < job.n) b += job.values[drawn(words[j + 1], n)];
    if (j + 2 < job.n) c += job.values[drawn(words[j + 2], n)];
    job.means[r] = ((a + b) + (c + d)) / n;
  }
}

void draw_rows(const ResampleJob& job) {
  if (job.m == 1) return draw_one(job);
  const double n = static_cast<double>(job.n);
  for (std::size_t r = 0; r < job.rows; ++r) {
    const std::uint64_t* words = job.words + r * job.n;
    for (std::size_t c = 0; c < 4 * job.m; ++c) job.scratch[c] = 0;
    for (std::size_t j = 0; j < job.n; ++j) {
      const double* row = job.values + drawn(words[j], n) * job.m;
      double* lane = job.scratch + j % 4 * job.m;
      for (std::size_t c = 0; c < job.m; ++c) lane[c] += row[c];
    }
    store_means(job.scratch, job.m, n, job.means + r * job.m);
  }
}

void flip_rows(const ResampleJob& job) {
  const double n = static_cast<double>(job.n);
  const std::size_t per_row = (job.n + 63) / 64;
  for (std::size_t r = 0; r < job.rows; ++r) {
    const std::uint64_t* words = job.words + r * per_row;
    for (std::size_t c = 0; c < 4 * job.m; ++c) job.scratch[c] = 0;
    for (std::size_t i = 0; i < job.n; ++i) {
      const std::uint64_t bit = words[i / 64] >> i % 64;
      const double* row = job.values + i * job.m;
      double* lane = job.scratch + i % 4 * job.m;
      for (std::size_t c = 0; c < job.m; ++c) lane[c] += flipped(row[c], bit);
    }
    store_means(job.scratch, job.m, n, job.means + r * job.m);
  }
}

constexpr ResampleKernels resample_kernels = {draw_rows, flip_rows};

}  // namespace
}  // namespace flm::FLM_ISA
