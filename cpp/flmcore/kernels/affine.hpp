// Boxes and affines. All float64. An affine is 2x3, row-major, and maps image pixels to crop
// pixels; both count from the centre of the top-left pixel. A box is x0, y0, x1, y1 in edge
// coordinates (pixel i covers [i, i+1]).
#pragma once

#include <cstddef>

namespace flm {

enum class BoxRule : int {
  square,   // side max(w, h), stretched to the crop
  fit,      // the smallest window of the crop's shape that holds the box
  stretch,  // the box itself, stretched to the crop
  fan,  // face-alignment: side 200 (w + h) / 195, centre 0.12 h above the box's, its closed form
  fan_window,   // the same with the whole-pixel window that face-alignment cuts out
  fan_exact,    // that window before rounding: the closed form read in edge coordinates
  ibug,         // ibug.face_alignment: whole-pixel window of side (w + h) / 2 / 0.55
  slpt,         // SLPT evaluation: side 1.2 max(w, h)
  slpt_camera,  // SLPT camera demo: box rounded to whole pixels, side 1.15 max(w, h)
  rtmpose,      // MMPose get_warp_matrix: box times 1.25, widened to the crop's shape
  rtmpose_udp,  // MMPose get_udp_warp_matrix
};
constexpr int box_rule_count = 11;

struct AffineKernels {
  // boxes (n,4), scale (n), shift (n,2) as a share of max(w, h), cosine and sine of the rotation
  // (n) -> affines (n,6). A positive rotation turns the window clockwise on the screen. Boxes must
  // be finite with positive width and height; width and height are the crop's.
  void (*box_affine)(const double* boxes, const double* scale, const double* shift,
                     const double* cos_sin, std::size_t n, double width, double height,
                     BoxRule rule, double* affines);
  // The whole-pixel windows that face-alignment cuts for affines of rule fan, in which its
  // landmarks go back; affines with rotation or shear stay as they are. Elements must be finite.
  void (*snap_affine)(const double* affines, std::size_t n, double width, double height,
                      double* snapped);
  // Inverses; returns the index of the first affine that has none, or n.
  std::size_t (*invert_affine)(const double* affines, std::size_t n, double* inverses);
  // out = outer after inner, for each of n.
  void (*compose_affine)(const double* outer, const double* inner, std::size_t n, double* out);
  // points (n,k,2), affines (n,6) or one affine for all (shared) -> out (n,k,2).
  void (*transform_points)(const double* points, const double* affines, std::size_t n,
                           std::size_t k, bool shared, double* out);
  // Cosine and sine of angles in degrees, the same bits on every machine -> (n,2). Exact at
  // multiples of 90.
  void (*cos_sin_degrees)(const double* degrees, std::size_t n, double* out);
};

}  // namespace flm
