// Normalised mean error: distance between landmarks and truth, over the image's normaliser.
//
// points and truth (n,k,2); a landmark with NaN in either is left out. normaliser (n), positive.
//   image_sum[i], image_count[i]:  sum over landmarks of distance / normaliser, and how many
//   landmarks landmark_sum[k], landmark_count[k]:  the same over images
// A sum with no landmark is 0. Sums over landmarks run in four partial sums (k mod 4), over images
// in order.
#pragma once

#include <cstddef>

namespace flm {

struct NmeSums {
  double *image_sum, *image_count, *landmark_sum, *landmark_count;
};

struct NmeKernels {
  void (*nme_float)(const float* points, const float* truth, const double* normaliser,
                    std::size_t n, std::size_t k, const NmeSums& sums);
  void (*nme_double)(const double* points, const double* truth, const double* normaliser,
                     std::size_t n, std::size_t k, const NmeSums& sums);
};

}  // namespace flm
