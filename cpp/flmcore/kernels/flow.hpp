// Where the image under a point goes from one frame to the next: pyramidal Lucas-Kanade (Lucas and
// Kanade 1981; Bouguet 2000), there and back (Kalal, Mikolajczyk and Matas 2010).
//
// Pyramid: float32 grey levels, rows without gaps, one level after the other and `flow_slack`
// finite floats after the last. Level 0 is the frame; grey = 0.299 red + 0.587 green + 0.114 blue,
// not rounded. Level l + 1 shows level l at even columns and rows, blurred by (1, 4, 6, 4, 1) / 16
// along each axis, mirrored at borders without repeating the edge: pixel centre x becomes x / 2.
// There are as many levels as asked for, but none of which one side would be half of less than 4.
//
// Track: at each level, from the coarsest whose both sides are at least the window, the shift v
// that makes next(p + v) like previous(p) over the window's square about the point, in the least
// squares sense: v += G^-1 sum of gradient * (previous - next), until a step is at most epsilon or
// `iterations` are done; then v doubles for the level below. Samples between pixels are bilinear in
// float32; gradients are Scharr's (3, 10, 3) / 32 of the sampled previous patch; G their sum of
// products. Beyond borders the nearest pixel counts. A level where the smaller eigenvalue of G, per
// pixel of the window, is below min_eigenvalue (grey levels squared per pixel squared) passes its
// guess on; level 0 then fails. So does a point that is not finite, one whose window with a pixel
// around it is not inside both frames at level 0, and one that is on its way more than a window
// outside. Sums are of eight float32 lanes, column modulo 8, added in double: the same bytes on
// every instruction set and at any thread count.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flm {

constexpr std::size_t flow_slack = 32;
constexpr int flow_most_levels = 16;
constexpr int flow_most_window = 255;

// One level of a pyramid.
struct FlowImage {
  const float* data;
  std::ptrdiff_t height, width;
};

// Bytes with any strides (in bytes; negative and zero too).
struct FlowFrame {
  const std::uint8_t* data;
  std::ptrdiff_t height, width, row_stride, column_stride, channel_stride;
};

struct FlowJob {
  const FlowImage *previous, *next;  // levels, of the same sizes in both
  int levels;
  const double* points;  // (n, 2) in the previous frame
  int window;            // odd, 3 to flow_most_window
  int iterations;
  double epsilon, min_eigenvalue;
  double max_error;          // pixels between a point and itself there and back, above: not valid
  double* found;             // (n, 2) in the next frame, NaN where not valid
  double* forward_backward;  // (n) pixels, NaN where one of both ways fails
  std::uint8_t* valid;       // (n)
};

struct FlowKernels {
  // Rows [begin, end) of level 0, from three channels or from one.
  void (*grey)(const FlowFrame& frame, bool color, std::size_t begin, std::size_t end, float* to);
  // Copies n floats; false where one is not finite or beyond 1e6.
  bool (*copy)(const float* from, std::size_t n, float* to);
  // Rows [begin, end) of the level after `from`, both sides of which are at least 4. Scratch:
  // width + 4 floats.
  void (*halve)(const FlowImage& from, std::size_t begin, std::size_t end, float* to,
                float* scratch);
  // Floats of scratch that track needs for a window.
  std::size_t (*track_scratch)(int window);
  // Points [begin, end). Scratch is the caller's own, one per thread, zero at first.
  void (*track)(const FlowJob& job, std::size_t begin, std::size_t end, float* scratch);
};

}  // namespace flm
