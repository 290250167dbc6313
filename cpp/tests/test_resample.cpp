#include <cmath>
#include <cstdint>
#include <vector>

#include "check.hpp"

namespace {

// A word that draws exactly image i of n: the middle of its share of the range.
std::uint64_t word_of(std::size_t i, std::size_t n) {
  const double share = (static_cast<double>(i) + 0.5) / static_cast<double>(n);
  return static_cast<std::uint64_t>(share * 0x1p53) << 11;
}

void check_draw(std::size_t n, std::size_t m) {
  std::vector<double> values(n * m), means(2 * m), scratch(4 * m);
  for (std::size_t i = 0; i < n * m; ++i) values[i] = static_cast<double>(i);
  std::vector<std::uint64_t> words(2 * n);
  for (std::size_t j = 0; j < n; ++j) words[j] = word_of(j, n), words[n + j] = ~0ull;
  flm::kernels().resample.draw(
      {values.data(), n, m, words.data(), 2, means.data(), scratch.data()});
  for (std::size_t c = 0; c < m; ++c) {
    const double middle = static_cast<double>((n - 1) * m) / 2 + static_cast<double>(c);
    CHECK(std::fabs(means[c] - middle) < 1e-9);      // each image once
    CHECK(means[m + c] == values[(n - 1) * m + c]);  // the last image n times
  }
}

void check_flip(std::size_t n, std::size_t m) {
  const std::size_t per_row = (n + 63) / 64;
  std::vector<double> values(n * m, 3.0), means(3 * m), scratch(4 * m);
  std::vector<std::uint64_t> words(3 * per_row, 0);
  for (std::size_t w = 0; w < per_row; ++w) words[per_row + w] = ~0ull;
  words[3 * per_row - 1] = 1ull << (n - 1) % 64;  // the last image alone
  flm::kernels().resample.flip(
      {values.data(), n, m, words.data(), 3, means.data(), scratch.data()});
  const double count = static_cast<double>(n);
  for (std::size_t c = 0; c < m; ++c)
    CHECK(means[c] == 3 && means[m + c] == -3 && means[2 * m + c] == 3 * (count - 2) / count);
}

}  // namespace

void run_checks() {
  for (std::size_t n : {1, 2, 3, 4, 5, 63, 64, 65, 128, 129})
    for (std::size_t m : {1, 2, 3, 8}) check_draw(n, m), check_flip(n, m);
}
