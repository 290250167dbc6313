// Running sums of a window sweep: what jitter, spread, window gain and residual are made of. One
// pass, frame by frame, so that a sequence cut anywhere gives the same bytes.
//
// points (T,K,2) are landmarks in image pixels, float32 or float64; NaN in x or y: missing. windows
// (T,6) map image to crop. With P_t the inverse of window t, and c the crop point at which the
// first frame with a landmark shows the centroid of its landmarks, frame t has
//   d = P_t c - P_first c,    u, v = first and second column of (P_t - P_first)'s linear part.
// u and v are 0 while windows only shift (rounding aside); they are kept so that accumulators with
// different c can be merged.
#pragma once

#include <cstddef>

namespace flm {

// Sums over frames of d (2), |d|^2, u (2), v (2), d.u, d.v, u.u, u.v, v.v.
enum StabilityFeature : int {
  feature_d = 0,
  feature_dd = 2,
  feature_u = 3,
  feature_v = 5,
  feature_du = 7
};
constexpr int stability_features = 12;

// State, part 1: `stability_scalars` doubles. A fast frame has every landmark, and so has the frame
// before it: its counts and features are the same for all landmarks, so they are summed here and
// not in the planes.
enum StabilityScalar : int {
  scalar_frames,         // frames seen
  scalar_used,           // frames with at least one landmark
  scalar_fast,           // fast frames
  scalar_previous_full,  // 1 where the last frame had every landmark
  scalar_side,  // sum over used frames of 1 / sqrt |det window|: image pixels per crop pixel
  scalar_c,     // c (2)
  scalar_first = scalar_c + 2,         // P_first (6)
  scalar_features = scalar_first + 6,  // (12) over fast frames
  stability_scalars = scalar_features + stability_features,
};

// State, part 2: `stability_planes` rows of `stride` doubles, one column per landmark; stride is K
// rounded up to 4, and the columns from K on are 0. q = point - shift.
enum StabilityPlane : int {
  plane_shift_x,  // first value of the landmark; NaN before it is seen
  plane_shift_y,
  plane_first_x,  // the very first frame, for the step across a merge; NaN: missing
  plane_first_y,
  plane_previous_x,  // the last frame; NaN: missing
  plane_previous_y,
  plane_frames,  // frames with this landmark, fast frames not counted
  plane_steps,   // steps with this landmark at both ends, those into fast frames not counted
  plane_q_x,     // sums of q, |q|^2, q.d, q.u, q.v
  plane_q_y,
  plane_qq,
  plane_qd,
  plane_qu,
  plane_qv,
  plane_step,  // sum of step lengths
  plane_step_max,
  plane_features,  // (12) over frames with this landmark, fast frames not counted
  stability_planes = plane_features + stability_features,
};

enum class StabilityFault : int { none, point, window };

struct StabilityOutcome {
  StabilityFault
      fault;  // point: infinite, or beyond 1e100; window: not finite or without an inverse
  std::size_t frame;
};

// Adds `frames` frames to a state whose scalars are 0 and whose planes are 0 but for NaN in the six
// first rows. On a fault the state is half updated and of no use. means (frames): mean step length
// into each frame over the landmarks that have both ends, NaN where none has. The window of a frame
// without landmarks is not looked at.
struct StabilityKernels {
  StabilityOutcome (*update_float)(const float* points, const double* windows, std::size_t frames,
                                   std::size_t landmarks, double* scalars, double* planes,
                                   double* means);
  StabilityOutcome (*update_double)(const double* points, const double* windows, std::size_t frames,
                                    std::size_t landmarks, double* scalars, double* planes,
                                    double* means);
};

}  // namespace flm
