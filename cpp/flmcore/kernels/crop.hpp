// Crops: windows of images, resampled. Output pixel (u, v) of window w shows the image at
//     x = b0 * u + (b1 * v + b2),   y = b3 * u + (b4 * v + b5)
// with b the window's inverse affine, all float64 in this order; pixel centres are whole numbers on
// both sides.
//   nearest:  the pixel at floor(x + 0.5), floor(y + 0.5).
//   bilinear: between floor(x) and floor(x) + 1, likewise in y; weights and sums in float32. With
//             clamp, in windows without rotation or shear: x is max(low, min(x, high)), low and
//             high half a pixel inside the image points of u = -0.5 and u = width - 0.5, likewise
//             in y; so a window on whole pixels shows none but its own.
//   triangle: antialiased. Weights max(0, 1 - |i - x| / s), s = max(1, hypot(b0, b1)), on columns
//   i, likewise
//             with max(1, hypot(b3, b4)) on rows, each normalised to sum 1; weights float64, sums
//             float32.
// Pixels outside the image, by border:
//   constant:  border_value;
//   replicate: the nearest pixel of the image;
//   reflect:   mirrored without repeating the edge (dcb|abcd|cba is reflect; reflect-101
//   elsewhere).
// Value written: grey * scale[k] + bias[k] in float32 for output channel k, or floor(grey + 0.5) as
// uint8. The same bytes on every instruction set and for any split into rows.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flm {

// Three channels of bytes with any strides (in bytes; negative and zero too). height, width >= 1.
// Only bytes of the image itself are read.
struct CropImage {
  const std::uint8_t* data;
  std::ptrdiff_t height, width, row_stride, column_stride, channel_stride;
};

enum class CropSampling : int { nearest, bilinear, triangle };
enum class CropBorder : int { constant, replicate, reflect };

struct CropJob {
  const CropImage* images;  // one per window, or one for all
  bool one_image;
  const double* inverses;  // (windows, 6), crop -> image; every |element| <= 1e300
  std::size_t windows;
  std::ptrdiff_t height, width;  // of a crop, 1 to 32767
  CropSampling sampling;
  CropBorder border;
  bool clamp;             // with bilinear sampling
  float border_value[3];  // grey levels 0 to 255, in the image's channel order
  int source[3];          // output channel k shows the image's channel source[k]
  float scale[3], bias[3];
  float* planes;         // (windows, 3, height, width), or null where bytes are wanted
  std::uint8_t* pixels;  // (windows, height, width, 3), or null
};

struct CropKernels {
  // Floats of scratch that crop_rows needs for this job.
  std::size_t (*crop_scratch)(const CropJob& job);
  // Fills output rows [begin, end) of the windows * height rows. Scratch is the caller's own, one
  // per thread.
  void (*crop_rows)(const CropJob& job, std::size_t begin, std::size_t end, float* scratch);
};

}  // namespace flm
