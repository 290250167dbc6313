#include <cmath>
#include <cstddef>
#include <cstring>

#include "flmcore/kernels/four_doubles.inl"
#include "flmcore/kernels/stability.hpp"

namespace flm::FLM_ISA {
namespace {

constexpr double coordinate_limit = 1e100;  // squares and their sums stay far from overflow
constexpr std::size_t run_limit =
    32;  // frames per run: with 106 landmarks they stay in the second cache

inline double limit_of(const double*) { return coordinate_limit; }
inline float limit_of(const float*) { return 3.402823466e+38f; }

// true where every coordinate of a frame is a number within the limit; blocks of 32 keep several
// comparisons in flight
template <class T>
inline bool all_there(const T* p, std::size_t n) {
  const T limit = limit_of(p);
  int bad = 0;
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32)
    for (std::size_t j = 0; j < 32; ++j) bad |= !(std::fabs(p[i + j]) <= limit);
  for (; i < n; ++i) bad |= !(std::fabs(p[i]) <= limit);
  return bad == 0;
}

inline bool is_number(double a) { return a == a; }

// Inverse of a window, and image pixels per crop pixel. False where it is no map.
bool invert_window(const double* a, double* inverse, double& side) {
  const double det = a[0] * a[4] - a[1] * a[3], share = 1 / det;
  inverse[0] = a[4] * share, inverse[1] = -a[1] * share;
  inverse[3] = -a[3] * share, inverse[4] = a[0] * share;
  inverse[2] = -(inverse[0] * a[2] + inverse[1] * a[5]);
  inverse[5] = -(inverse[3] * a[2] + inverse[4] * a[5]);
  side = std::sqrt(std::fabs(share));
  int bad = !(std::fabs(det) <= coordinate_limit);
  for (int i = 0; i < 6; ++i) bad |= !(std::fabs(inverse[i]) <= coordinate_limit);
  return bad == 0;
}

// Windows that only shift come with linear parts that differ by rounding.
inline double but_rounding(double apart, double size) {
  return std::fabs(apart) > 1e-14 * size ? apart : 0.0;
}

// One sequence while it is added to; members are views into the caller's state.
template <class T>
struct StabilityPass {
  const T* points;
  const double* windows;
  std::size_t landmarks, stride;
  double *scalars, *planes, *means;
  double features[run_limit][stability_features];
  bool turning[run_limit];  // u or v is not 0

  double* plane(int index) const { return planes + static_cast<std::size_t>(index) * stride; }
  const T* frame(std::size_t t) const { return points + 2 * landmarks * t; }

  void set_reference(std::size_t t, const double* inverse) {
    double x = 0, y = 0, n = 0;
    const T* p = frame(t);
    for (std::size_t k = 0; k < landmarks; ++k) {
      const double px = static_cast<double>(p[2 * k]), py = static_cast<double>(p[2 * k + 1]);
      if (!is_number(px) || !is_number(py)) continue;
      x += px, y += py, n += 1;
    }
    const double* a = windows + 6 * t;
    x /= n, y /= n;
    scalars[scalar_c] = a[0] * x + a[1] * y + a[2];
    scalars[scalar_c + 1] = a[3] * x + a[4] * y + a[5];
    for (int i = 0; i < 6; ++i) scalars[scalar_first + i] = inverse[i];
  }

  // Features of frame t, which has landmarks; false where its window is no map.
  bool read_window(std::size_t t, std::size_t slot) {
    double p[6], side;
    if (!invert_window(windows + 6 * t, p, side)) return false;
    if (scalars[scalar_used] == 0) set_reference(t, p);
    scalars[scalar_used] += 1;
    scalars[scalar_side] += side;
    const double *c = scalars + scalar_c, *first = scalars + scalar_first;
    double* f = features[slot];
    f[0] = (p[0] * c[0] + p[1] * c[1] + p[2]) - (first[0] * c[0] + first[1] * c[1] + first[2]);
    f[1] = (p[3] * c[0] + p[4] * c[1] + p[5]) - (first[3] * c[0] + first[4] * c[1] + first[5]);
    f[2] = f[0] * f[0] + f[1] * f[1];
    const double size =
        (std::fabs(first[0]) + std::fabs(first[1])) + (std::fabs(first[3]) + std::fabs(first[4]));
    f[3] = but_rounding(p[0] - first[0], size), f[4] = but_rounding(p[3] - first[3], size);
    f[5] = but_rounding(p[1] - first[1], size), f[6] = but_rounding(p[4] - first[4], size);
    turning[slot] = f[3] != 0 || f[4] != 0 || f[5] != 0 || f[6] != 0;
    if (!turning[slot]) return true;  // the rest is not read
    f[7] = f[0] * f[3] + f[1] * f[4], f[8] = f[0] * f[5] + f[1] * f[6];
    f[9] = f[3] * f[3] + f[4] * f[4], f[10] = f[3] * f[5] + f[4] * f[6],
    f[11] = f[5] * f[5] + f[6] * f[6];
    return true;
  }

  // Four landmarks from k on over `count` fast frames; p holds them, `row` values from frame to
  // frame.
  template <bool turns>
  void add_tile(const T* p, std::size_t row, std::size_t count, std::size_t k,
                const double (*f)[stability_features], double (*totals)[4]) const {
    const Four shift_x = load4(plane(plane_shift_x) + k), shift_y = load4(plane(plane_shift_y) + k);
    Four last_x = load4(plane(plane_previous_x) + k), last_y = load4(plane(plane_previous_y) + k);
    Four q_x = load4(plane(plane_q_x) + k), q_y = load4(plane(plane_q_y) + k),
         qq = load4(plane(plane_qq) + k);
    Four qd = load4(plane(plane_qd) + k), qu = load4(plane(plane_qu) + k),
         qv = load4(plane(plane_qv) + k);
    Four sum = load4(plane(plane_step) + k), top = load4(plane(plane_step_max) + k);
    for (std::size_t t = 0; t < count; ++t, p += row) {
      Four x, y;
      split4(p, x, y);
      const Four dx = x - last_x, dy = y - last_y, step = root4(dx * dx + dy * dy);
      last_x = x, last_y = y;
      store4(totals[t], load4(totals[t]) + step);
      sum = sum + step, top = larger4(top, step);
      x = x - shift_x, y = y - shift_y;
      q_x = q_x + x, q_y = q_y + y;
      qq = qq + (x * x + y * y);
      qd = qd + (x * all4(f[t][0]) + y * all4(f[t][1]));
      if (turns) {
        qu = qu + (x * all4(f[t][3]) + y * all4(f[t][4]));
        qv = qv + (x * all4(f[t][5]) + y * all4(f[t][6]));
      }
    }
    store4(plane(plane_previous_x) + k, last_x), store4(plane(plane_previous_y) + k, last_y);
    store4(plane(plane_q_x) + k, q_x), store4(plane(plane_q_y) + k, q_y),
        store4(plane(plane_qq) + k, qq);
    store4(plane(plane_qd) + k, qd), store4(plane(plane_qu) + k, qu),
        store4(plane(plane_qv) + k, qv);
    store4(plane(plane_step) + k, sum), store4(plane(plane_step_max) + k, top);
  }

  // Fast frames t .. t + count, whose features are in the first slots.
  void add_fast(std::size_t t, std::size_t count) {
    double totals[run_limit][4] = {};
    bool turns = false;
    for (std::size_t i = 0; i < count; ++i) turns = turns || turning[i];
    const auto tile =
        turns ? &StabilityPass::template add_tile<true> : &StabilityPass::template add_tile<false>;
    std::size_t k = 0;
    for (; k + 4 <= landmarks; k += 4)
      (this->*tile)(frame(t) + 2 * k, 2 * landmarks, count, k, features, totals);
    if (k < landmarks) {  // the last one to three, beside landmarks that are 0 and never move
      T rest[run_limit * 8] = {};
      for (std::size_t i = 0; i < count; ++i) {
        const T* p = frame(t + i);
        for (std::size_t j = k; j < landmarks; ++j) {
          rest[8 * i + 2 * (j - k)] = p[2 * j];
          rest[8 * i + 2 * (j - k) + 1] = p[2 * j + 1];
        }
      }
      (this->*tile)(rest, 8, count, k, features, totals);
    }
    for (std::size_t i = 0; i < count; ++i) {
      means[t + i] = sum4(totals[i]) / static_cast<double>(landmarks);
      const int used = turning[i] ? int{stability_features} : int{feature_u};  // the others are 0
      for (int j = 0; j < used; ++j) scalars[scalar_features + j] += features[i][j];
    }
    scalars[scalar_fast] += static_cast<double>(count);
  }

  // One landmark of a frame that is not fast; its step length, or NaN.
  double add_landmark(std::size_t k, double x, double y, const double* f, bool turns) const {
    if (!is_number(plane(plane_shift_x)[k]))
      plane(plane_shift_x)[k] = x, plane(plane_shift_y)[k] = y;
    const double qx = x - plane(plane_shift_x)[k], qy = y - plane(plane_shift_y)[k];
    plane(plane_frames)[k] += 1;
    plane(plane_q_x)[k] += qx, plane(plane_q_y)[k] += qy;
    plane(plane_qq)[k] += qx * qx + qy * qy;
    plane(plane_qd)[k] += qx * f[0] + qy * f[1];
    for (int j = 0; j < (turns ? stability_features : feature_u); ++j)
      plane(plane_features + j)[k] += f[j];
    if (turns) {
      plane(plane_qu)[k] += qx * f[3] + qy * f[4];
      plane(plane_qv)[k] += qx * f[5] + qy * f[6];
    }
    const double dx = x - plane(plane_previous_x)[k], dy = y - plane(plane_previous_y)[k];
    const double step = std::sqrt(dx * dx + dy * dy);
    if (!is_number(step)) return step;
    plane(plane_steps)[k] += 1;
    plane(plane_step)[k] += step;
    plane(plane_step_max)[k] = step > plane(plane_step_max)[k] ? step : plane(plane_step_max)[k];
    return step;
  }

  // A frame with landmarks missing in it or in the one before; its features are in `slot`.
  void add_slow(std::size_t t, std::size_t slot) const {
    double lanes[4] = {}, steps = 0;
    const T* p = frame(t);
    for (std::size_t k = 0; k < landmarks; ++k) {
      double x = static_cast<double>(p[2 * k]), y = static_cast<double>(p[2 * k + 1]);
      if (is_number(x) && is_number(y)) {
        const double step = add_landmark(k, x, y, features[slot], turning[slot]);
        if (is_number(step)) lanes[k % 4] += step, steps += 1;
      } else {
        x = y = NAN;
      }
      plane(plane_previous_x)[k] = x, plane(plane_previous_y)[k] = y;
    }
    means[t] = steps > 0 ? sum4(lanes) / steps : static_cast<double>(NAN);
  }

  // How many landmarks a frame has, or -1 where one is infinite or too large.
  long long count_landmarks(std::size_t t) const {
    long long there = 0;
    const T* p = frame(t);
    for (std::size_t k = 0; k < landmarks; ++k) {
      const double x = static_cast<double>(p[2 * k]), y = static_cast<double>(p[2 * k + 1]);
      if (std::fabs(x) > coordinate_limit || std::fabs(y) > coordinate_limit) return -1;
      there += is_number(x) && is_number(y);
    }
    return there;
  }

  void note_first(std::size_t t) {
    if (scalars[scalar_frames] == 0)
      for (std::size_t k = 0; k < landmarks; ++k) {
        const double x = static_cast<double>(frame(t)[2 * k]),
                     y = static_cast<double>(frame(t)[2 * k + 1]);
        if (is_number(x) && is_number(y)) plane(plane_first_x)[k] = x, plane(plane_first_y)[k] = y;
      }
    scalars[scalar_frames] += 1;
  }

  StabilityOutcome run(std::size_t frames) {
    std::size_t begin = 0, count = 0;  // fast frames that wait: begin .. begin + count
    for (std::size_t t = 0; t < frames; ++t) {
      const bool full = all_there(frame(t), 2 * landmarks);
      const long long there = full ? static_cast<long long>(landmarks) : count_landmarks(t);
      if (there < 0) return {StabilityFault::point, t};
      const bool fast = full && landmarks > 0 && scalars[scalar_previous_full] == 1;
      if (count == run_limit || (count > 0 && !fast)) add_fast(begin, count), count = 0;
      note_first(t);
      turning[count] = false;
      if (there > 0 && !read_window(t, count)) return {StabilityFault::window, t};
      if (fast) {
        if (count == 0) begin = t;
        ++count;
      } else {
        add_slow(t, count);
      }
      scalars[scalar_previous_full] = full && landmarks > 0 ? 1 : 0;
    }
    if (count > 0) add_fast(begin, count);
    return {StabilityFault::none, frames};
  }
};

template <class T>
StabilityOutcome update_stability(const T* points, const double* windows, std::size_t frames,
                                  std::size_t landmarks, double* scalars, double* planes,
                                  double* means) {
  StabilityPass<T> pass;
  pass.points = points, pass.windows = windows;
  pass.landmarks = landmarks, pass.stride = (landmarks + 3) / 4 * 4;
  pass.scalars = scalars, pass.planes = planes, pass.means = means;
  return pass.run(frames);
}

constexpr StabilityKernels stability_kernels = {update_stability<float>, update_stability<double>};

}  // namespace
}  // namespace flm::FLM_ISA
