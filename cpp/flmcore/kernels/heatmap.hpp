// Landmarks from heat maps. Coordinates are heat-map pixels, (0, 0) the centre of the first cell;
// the score is the map's largest value. Every function decodes maps [begin, end) of the batch, item
// = n * K + k, and writes xy[2 * item], xy[2 * item + 1] and score[item]. The peak is the first
// largest value in row-major order.
//
// A map with a NaN or an infinity gives NaN coordinates and a NaN score; a map whose largest value
// is not above `threshold` gives NaN coordinates and its score.
#pragma once

#include <cstddef>

#include "flmcore/kernels/maps.hpp"

namespace flm {

// Where `quarter` may shift the peak at (x, y) of a W x H map.
enum class QuarterRule : int {
  mmpose,  // x: 1 < x < W-1 and 0 < y < H; y: 1 < y < H-1 and 0 < x < W (refine_keypoints, uneven
           // as published)
  fan,     // both: 0 < x < W-1 and 0 < y < H-1 (face-alignment)
  symmetric,  // each axis alone, where the peak has both neighbours on it
};
constexpr int quarter_rule_count = 3;

// Width of DARK's blur: odd, 1 to max_blur.
constexpr int max_blur = 63;

struct HeatmapKernels {
  // The peak.
  void (*argmax)(const Maps& maps, std::size_t begin, std::size_t end, double threshold, float* xy,
                 float* score);
  // The peak moved a quarter of a cell towards the larger neighbour, on each axis; equal neighbours
  // do not move it.
  void (*quarter)(const Maps& maps, std::size_t begin, std::size_t end, double threshold,
                  QuarterRule rule, float* xy, float* score);
  // The top of the quadratic through the peak's neighbours (central differences), at most one cell
  // away on each axis. Near a border only the axis with both neighbours moves; where the quadratic
  // has no top, none does.
  void (*taylor)(const Maps& maps, std::size_t begin, std::size_t end, double threshold, float* xy,
                 float* score);
  // MMPose refine_keypoints_dark: the same on the logarithm of the blurred map, with its
  // differences over two cells. NaN also where the largest value is not positive; only peaks at
  // least two cells inside move.
  void (*dark)(const Maps& maps, std::size_t begin, std::size_t end, double threshold, int blur,
               float* xy, float* score);
  // MMPose refine_keypoints_dark_udp: differences over one cell, borders repeated, every peak
  // moves.
  void (*dark_udp)(const Maps& maps, std::size_t begin, std::size_t end, double threshold, int blur,
                   float* xy, float* score);
  // Mean position under softmax(beta * map).
  void (*softargmax)(const Maps& maps, std::size_t begin, std::size_t end, double threshold,
                     double beta, float* xy, float* score);
  // Mean position under max(map, 0)^gamma, over cells whose centre is at most radius * sqrt(H * W)
  // from the peak's (over all where radius^2 * H * W >= H^2 + W^2). NaN also where the largest
  // value is not positive.
  void (*local_mean)(const Maps& maps, std::size_t begin, std::size_t end, double threshold,
                     double gamma, double radius, float* xy, float* score);
  // Sum of n floats in memory order of lanes; what reading them once costs, for benchmarks.
  float (*read_once)(const float* values, std::size_t n);
};

}  // namespace flm
