// Landmarks from SimCC vectors: one over x, one over y, `split` bins a pixel. Coordinates are input
// pixels, bin / split. Score: the smaller of the two largest values (MMPose get_simcc_maximum).
// Every function decodes landmarks [begin, end), item = n * K + k; x and y agree in N and K and
// have height 1. A NaN or an infinity in either vector gives NaN coordinates and a NaN score; a
// score not above `threshold` gives NaN coordinates.
#pragma once

#include <cstddef>

#include "flmcore/kernels/maps.hpp"

namespace flm {

// Width of the blur of SimCC's DARK: odd, 1 to max_simcc_blur.
constexpr int max_simcc_blur = 255;

struct SimccKernels {
  // First largest bin of each vector.
  void (*argmax)(const Maps& x, const Maps& y, std::size_t begin, std::size_t end, double split,
                 double threshold, float* xy, float* score);
  // MMPose refine_simcc_dark: moved by the slope over the curvature of the blurred vector's
  // logarithm. A vector without a positive value gives NaN coordinates.
  void (*dark)(const Maps& x, const Maps& y, std::size_t begin, std::size_t end, double split,
               double threshold, int blur_x, int blur_y, float* xy, float* score);
  // Mean bin under softmax(beta * vector).
  void (*expectation)(const Maps& x, const Maps& y, std::size_t begin, std::size_t end,
                      double split, double threshold, double beta, float* xy, float* score);
};

}  // namespace flm
