#include "flmcore/kernels/flow.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "flmcore/kernels/crop_lanes.inl"
#include "flmcore/kernels/flow_pyramid.inl"

namespace flm::FLM_ISA {
namespace {
namespace flows {

using crops::all_lanes;
using crops::Lanes;
using crops::lanes;

// Where things lie in the scratch. Rows are whole lanes; what is beyond the window has gradient 0.
struct Plan {
  std::ptrdiff_t window, columns, patch_stride, block_stride;
  float *patch, *gx, *gy, *block;
};

struct Sizes {
  std::ptrdiff_t columns, patch, gradient, block;
  explicit Sizes(std::ptrdiff_t window)
      : columns((window + 7) / 8 * 8),
        patch((window + 2) * (columns + 8) + 16),
        gradient(window * columns),
        block((window + 3) * (columns + 16) + 16) {}
};

std::size_t track_scratch(int window) {
  const Sizes sizes(window);
  return static_cast<std::size_t>(sizes.patch + 2 * sizes.gradient + sizes.block);
}

Plan plan_in(float* scratch, std::ptrdiff_t window) {
  const Sizes sizes(window);
  float* gx = scratch + sizes.patch;
  return {window,
          sizes.columns,
          sizes.columns + 8,
          sizes.columns + 16,
          scratch,
          gx,
          gx + sizes.gradient,
          gx + 2 * sizes.gradient};
}

// Bilinear samples at (x, y), (x + 1, y), … are mixtures of four pixels with these weights.
struct Samples {
  const float* corner;
  std::ptrdiff_t stride;
  float w00, w01, w10, w11;
};

inline std::ptrdiff_t nearest(std::ptrdiff_t i, std::ptrdiff_t n) {
  return i < 0 ? 0 : i >= n ? n - 1 : i;
}

// Samples of `extent` columns and rows from (x, y) on. Near a border the pixels are gathered first.
Samples samples_at(const FlowImage& image, double x, double y, std::ptrdiff_t extent, Plan& plan) {
  const double low_x = std::floor(x), low_y = std::floor(y);
  const std::ptrdiff_t ix = static_cast<std::ptrdiff_t>(low_x),
                       iy = static_cast<std::ptrdiff_t>(low_y);
  const float fx = static_cast<float>(x - low_x), fy = static_cast<float>(y - low_y);
  Samples s = {plan.block,    plan.block_stride, (1 - fx) * (1 - fy),
               fx * (1 - fy), (1 - fx) * fy,     fx * fy};
  if (ix >= 0 && iy >= 0 && ix + extent < image.width && iy + extent < image.height) {
    s.corner = image.data + iy * image.width + ix, s.stride = image.width;
    return s;
  }
  for (std::ptrdiff_t r = 0; r <= extent; ++r) {
    const float* row = image.data + nearest(iy + r, image.height) * image.width;
    for (std::ptrdiff_t c = 0; c <= extent; ++c)
      plan.block[r * plan.block_stride + c] = row[nearest(ix + c, image.width)];
  }
  return s;
}

// Eight samples of one row.
struct Blend {
  Lanes w00, w01, w10, w11;
  explicit Blend(const Samples& s)
      : w00(all_lanes(s.w00)),
        w01(all_lanes(s.w01)),
        w10(all_lanes(s.w10)),
        w11(all_lanes(s.w11)) {}
  Lanes at(const float* up, const float* down) const {
    return ((lanes(up) * w00 + lanes(up + 1) * w01) + lanes(down) * w10) + lanes(down + 1) * w11;
  }
};

inline double sum_lanes(Lanes a) {
  float f[8];
  crops::store(f, a);
  return ((static_cast<double>(f[0]) + f[1]) + (static_cast<double>(f[2]) + f[3])) +
         ((static_cast<double>(f[4]) + f[5]) + (static_cast<double>(f[6]) + f[7]));
}

struct Normal {
  double xx, xy, yy;
};

// Scharr's gradients of the patch, and their sums of products.
Normal take_gradients(Plan& plan) {
  const Lanes three = all_lanes(3), ten = all_lanes(10), scale = all_lanes(0.03125f);
  for (std::ptrdiff_t r = 0; r < plan.window; ++r) {
    for (std::ptrdiff_t c = 0; c < plan.columns; c += 8) {
      const float* a = plan.patch + r * plan.patch_stride + c;
      const float *b = a + plan.patch_stride, *d = b + plan.patch_stride;
      const Lanes a0 = lanes(a), a2 = lanes(a + 2), d0 = lanes(d), d2 = lanes(d + 2);
      const Lanes x = ((a2 - a0) + (d2 - d0)) * three + (lanes(b + 2) - lanes(b)) * ten;
      const Lanes y = ((d0 - a0) + (d2 - a2)) * three + (lanes(d + 1) - lanes(a + 1)) * ten;
      crops::store(plan.gx + r * plan.columns + c, x * scale);
      crops::store(plan.gy + r * plan.columns + c, y * scale);
    }
    for (std::ptrdiff_t c = plan.window; c < plan.columns; ++c)
      plan.gx[r * plan.columns + c] = plan.gy[r * plan.columns + c] = 0;
  }
  Lanes xx = all_lanes(0), xy = xx, yy = xx;
  for (std::ptrdiff_t i = 0; i < plan.window * plan.columns; i += 8) {
    const Lanes x = lanes(plan.gx + i), y = lanes(plan.gy + i);
    xx = xx + x * x, xy = xy + x * y, yy = yy + y * y;
  }
  return {sum_lanes(xx), sum_lanes(xy), sum_lanes(yy)};
}

void take_patch(const FlowImage& image, double x, double y, Plan& plan) {
  const Samples s = samples_at(image, x, y, plan.window + 2, plan);
  const Blend blend(s);
  for (std::ptrdiff_t r = 0; r < plan.window + 2; ++r)
    for (std::ptrdiff_t c = 0; c < plan.patch_stride; c += 8)
      crops::store(plan.patch + r * plan.patch_stride + c,
                   blend.at(s.corner + r * s.stride + c, s.corner + (r + 1) * s.stride + c));
}

// Sums of gradient * (patch - image at (x, y)).
void mismatch(const FlowImage& image, double x, double y, Plan& plan, double& sum_x,
              double& sum_y) {
  const Samples s = samples_at(image, x, y, plan.window, plan);
  const Blend blend(s);
  Lanes bx = all_lanes(0), by = bx;
  for (std::ptrdiff_t r = 0; r < plan.window; ++r)
    for (std::ptrdiff_t c = 0; c < plan.columns; c += 8) {
      const float* was = plan.patch + (r + 1) * plan.patch_stride + c + 1;
      const Lanes less =
          lanes(was) - blend.at(s.corner + r * s.stride + c, s.corner + (r + 1) * s.stride + c);
      bx = bx + lanes(plan.gx + r * plan.columns + c) * less;
      by = by + lanes(plan.gy + r * plan.columns + c) * less;
    }
  sum_x = sum_lanes(bx), sum_y = sum_lanes(by);
}

// False for NaN too.
inline bool within(const FlowImage& image, double x, double y, double margin) {
  return x >= margin && y >= margin && x <= static_cast<double>(image.width - 1) - margin &&
         y <= static_cast<double>(image.height - 1) - margin;
}

enum class Step { done, weak, lost };

// Improves the shift at one level.
Step refine(const FlowJob& job, const FlowImage& from, const FlowImage& to, double x, double y,
            double (&shift)[2], Plan& plan) {
  const double reach = static_cast<double>(plan.window), half = (reach - 1) / 2;
  take_patch(from, x - half - 1, y - half - 1, plan);
  const Normal g = take_gradients(plan);
  const double middle = (g.xx + g.yy) / 2, apart = (g.xx - g.yy) / 2;
  const double least = middle - std::sqrt(apart * apart + g.xy * g.xy);
  const double det = g.xx * g.yy - g.xy * g.xy;
  if (!(least >= job.min_eigenvalue * reach * reach) || !(det > 0)) return Step::weak;
  for (int i = 0; i < job.iterations; ++i) {
    double bx, by;
    mismatch(to, x + shift[0] - half, y + shift[1] - half, plan, bx, by);
    const double dx = (g.yy * bx - g.xy * by) / det, dy = (g.xx * by - g.xy * bx) / det;
    shift[0] += dx, shift[1] += dy;
    if (!within(to, x + shift[0], y + shift[1], -reach)) return Step::lost;
    if (dx * dx + dy * dy <= job.epsilon * job.epsilon) break;
  }
  return Step::done;
}

// Follows one point; false where it is lost.
bool follow(const FlowJob& job, const FlowImage* from, const FlowImage* to, const double* point,
            double* found, Plan& plan) {
  const double margin = static_cast<double>((plan.window + 1) / 2);
  if (!within(from[0], point[0], point[1], margin)) return false;
  int level = job.levels - 1;
  while (level > 0 && (from[level].width < plan.window || from[level].height < plan.window))
    --level;
  double shift[2] = {0, 0};
  for (; level >= 0; --level) {
    const double scale = static_cast<double>(1 << level);
    shift[0] *= 2, shift[1] *= 2;
    const Step step = refine(job, from[level], to[level], point[0] / scale, point[1] / scale,
                             shift, plan);
    if (step == Step::lost || (step == Step::weak && level == 0)) return false;
  }
  found[0] = point[0] + shift[0], found[1] = point[1] + shift[1];
  return within(to[0], found[0], found[1], margin);
}

void track(const FlowJob& job, std::size_t begin, std::size_t end, float* scratch) {
  Plan plan = plan_in(scratch, job.window);
  for (std::size_t i = begin; i < end; ++i) {
    const double* point = job.points + 2 * i;
    double there[2], back[2], error = NAN;
    if (follow(job, job.previous, job.next, point, there, plan) &&
        follow(job, job.next, job.previous, there, back, plan)) {
      const double dx = back[0] - point[0], dy = back[1] - point[1];
      error = std::sqrt(dx * dx + dy * dy);
    }
    const bool good = error <= job.max_error;
    job.valid[i] = good;
    job.forward_backward[i] = error;
    job.found[2 * i] = good ? there[0] : NAN;
    job.found[2 * i + 1] = good ? there[1] : NAN;
  }
}

}  // namespace flows

constexpr FlowKernels flow_kernels = {flows::grey, flows::copy, flows::halve, flows::track_scratch,
                                      flows::track};

}  // namespace
}  // namespace flm::FLM_ISA
