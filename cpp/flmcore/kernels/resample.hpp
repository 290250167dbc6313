// Means of resampled rows: what bootstrap intervals and sign-flip tests are made of.
//
// values (n,m): m numbers for each of n images; n >= 1, below 2^32. words: raw 64-bit random words.
//   draw: words (rows,n). Row r's j-th draw is the image floor((words >> 11) · 2^-53 · n), the
//     product rounded to double; means[r,c] is the mean of column c over its n draws.
//   flip: words (rows,ceil(n/64)). Image i of row r keeps its sign where bit i % 64 of word i / 64
//     is 0 and changes it where it is 1; means[r,c] is the mean of column c over the n images.
// Sums run in four partial sums (draw j, image i, modulo 4), added as (0 + 1) + (2 + 3), then / n.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flm {

struct ResampleJob {
  const double* values;
  std::size_t n, m;
  const std::uint64_t* words;
  std::size_t rows;
  double* means;    // (rows,m)
  double* scratch;  // 4 m
};

struct ResampleKernels {
  void (*draw)(const ResampleJob& job);
  void (*flip)(const ResampleJob& job);
};

}  // namespace flm
