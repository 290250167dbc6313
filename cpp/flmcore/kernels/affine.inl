#include <cmath>

#include "flmcore/kernels/affine.hpp"

namespace flm::FLM_ISA {
namespace {

// A window on the image and where its centre lands: crop = (width/w, height/h) * R(-rotation)
// (image - c) + anchor.
struct Window {
  double cx, cy, w, h, anchor_x, anchor_y, crop_w, crop_h, sense;
};

inline double larger(double a, double b) { return a > b ? a : b; }

// Window whose edges are the given edge coordinates; the crop's edges fall on them.
inline Window edge_window(double x0, double y0, double x1, double y1, double width, double height) {
  return {(x0 + x1) / 2 - 0.5,
          (y0 + y1) / 2 - 0.5,
          x1 - x0,
          y1 - y0,
          width / 2 - 0.5,
          height / 2 - 0.5,
          width,
          height,
          1.0};
}

// Crop points (1, 1) and (width, height) in the image, cut to whole pixels.
inline Window fan_window_of(double cx, double cy, double side, double width, double height) {
  const double left = std::trunc(side / width + cx - side / 2), right = std::trunc(cx + side / 2);
  const double top = std::trunc(side / height + cy - side / 2), bottom = std::trunc(cy + side / 2);
  return edge_window(left, top, larger(right, left + 1), larger(bottom, top + 1), width, height);
}

inline Window ibug_window_of(double cx, double cy, double side, double width, double height) {
  const double left = std::nearbyint(cx - side / 2), top = std::nearbyint(cy - side / 2);
  return edge_window(left, top, std::nearbyint(left + side) + 1, std::nearbyint(top + side) + 1,
                     width, height);
}

inline Window window_of(const double* box, double scale, double width, double height,
                        BoxRule rule) {
  double x0 = box[0], y0 = box[1], x1 = box[2], y1 = box[3];
  const double w = x1 - x0, h = y1 - y0, cx = (x0 + x1) / 2, cy = (y0 + y1) / 2;
  const double side = scale * larger(w, h), shape = width / height;
  switch (rule) {
    case BoxRule::square:
      return {cx - 0.5,         cy - 0.5, side,   side, width / 2 - 0.5,
              height / 2 - 0.5, width,    height, 1.0};
    case BoxRule::fit: {
      const double fit_w = scale * larger(w, h * shape);
      return {cx - 0.5, cy - 0.5, fit_w, fit_w / shape, width / 2 - 0.5, height / 2 - 0.5,
              width,    height,   1.0};
    }
    case BoxRule::stretch:
      return {cx - 0.5,         cy - 0.5, scale * w, scale * h, width / 2 - 0.5,
              height / 2 - 0.5, width,    height,    1.0};
    case BoxRule::fan:
    case BoxRule::fan_window:
    case BoxRule::fan_exact: {
      const double fan_cx = x1 - w / 2, fan_cy = y1 - h / 2 - 0.12 * h;
      const double fan_side = 200 * ((w + h) / 195 * scale);
      if (rule == BoxRule::fan_window)
        return fan_window_of(fan_cx, fan_cy, fan_side, width, height);
      if (rule == BoxRule::fan_exact)
        return edge_window(fan_cx - fan_side / 2, fan_cy - fan_side / 2, fan_cx + fan_side / 2,
                           fan_cy + fan_side / 2, width, height);
      return {fan_cx, fan_cy, fan_side, fan_side, width / 2, height / 2, width, height, 1.0};
    }
    case BoxRule::ibug:
      return ibug_window_of(cx, cy, (w + h) / 2 / 0.55 * scale, width, height);
    case BoxRule::slpt: {
      const double slpt_side = 1.2 * side;
      return {cx, cy, slpt_side, slpt_side, width / 2, height / 2, width, height, 1.0};
    }
    case BoxRule::slpt_camera: {
      x0 = std::trunc(x0 + 0.5), y0 = std::trunc(y0 + 0.5);
      x1 = std::trunc(x1 + 0.5), y1 = std::trunc(y1 + 0.5);
      const double camera_side = scale * 1.15 * larger(x1 - x0, y1 - y0);
      return {x0 + std::floor((x1 - x0 + 1) / 2),
              y0 + std::floor((y1 - y0 + 1) / 2),
              camera_side,
              camera_side,
              width / 2,
              height / 2,
              width,
              height,
              1.0};
    }
    case BoxRule::rtmpose:
    case BoxRule::rtmpose_udp:
      break;
  }
  const double pose_w = larger(1.25 * scale * w, 1.25 * scale * h * shape), pose_h = pose_w / shape;
  if (rule == BoxRule::rtmpose)
    return {cx, cy, pose_w, pose_h, width / 2, height / 2, width, height, 1.0};
  // UDP counts intervals between pixel centres, and turns the other way.
  return {cx, cy, pose_w, pose_h, (width - 1) / 2, (height - 1) / 2, width - 1, height - 1, -1.0};
}

void box_affine(const double* boxes, const double* scale, const double* shift,
                const double* cos_sin, std::size_t n, double width, double height, BoxRule rule,
                double* affines) {
  for (std::size_t i = 0; i < n; ++i) {
    const double* b = boxes + 4 * i;
    const double side = larger(b[2] - b[0], b[3] - b[1]);
    const double dx = shift[2 * i] * side, dy = shift[2 * i + 1] * side;
    const double moved[4] = {b[0] + dx, b[1] + dy, b[2] + dx, b[3] + dy};
    const Window v = window_of(moved, scale[i], width, height, rule);
    const double c = cos_sin[2 * i], s = v.sense * cos_sin[2 * i + 1];
    const double kx = v.crop_w / v.w, ky = v.crop_h / v.h;
    double* a = affines + 6 * i;
    a[0] = kx * c, a[1] = kx * s, a[2] = v.anchor_x - kx * (c * v.cx + s * v.cy);
    a[3] = -ky * s, a[4] = ky * c, a[5] = v.anchor_y - ky * (c * v.cy - s * v.cx);
  }
}

// A number that is whole but for rounding, made whole, lest cutting lose a pixel.
inline double settled(double value) {
  const double whole = std::nearbyint(value);
  return std::fabs(value - whole) < 1e-9 ? whole : value;
}

inline Window snapped_window(const double* a, double width, double height) {
  const double left = (1 - a[2]) / a[0], right = (width - a[2]) / a[0];
  const double top = (1 - a[5]) / a[4], bottom = (height - a[5]) / a[4];
  const double x0 = std::trunc(settled(left)), x1 = std::trunc(settled(right));
  const double y0 = std::trunc(settled(top)), y1 = std::trunc(settled(bottom));
  return edge_window(x0, y0, larger(x1, x0 + 1), larger(y1, y0 + 1), width, height);
}

void snap_affine(const double* affines, std::size_t n, double width, double height,
                 double* snapped) {
  for (std::size_t i = 0; i < n; ++i) {
    const double* a = affines + 6 * i;
    double* s = snapped + 6 * i;
    for (int j = 0; j < 6; ++j) s[j] = a[j];
    if (a[1] != 0 || a[3] != 0 || !(a[0] > 0) || !(a[4] > 0)) continue;
    const Window v = snapped_window(a, width, height);
    s[0] = width / v.w, s[2] = v.anchor_x - s[0] * v.cx;
    s[4] = height / v.h, s[5] = v.anchor_y - s[4] * v.cy;
  }
}

std::size_t invert_affine(const double* affines, std::size_t n, double* inverses) {
  for (std::size_t i = 0; i < n; ++i) {
    const double* a = affines + 6 * i;
    const double det = a[0] * a[4] - a[1] * a[3];
    // NaN fails the comparison too. An exact 0 is no map; neither is one whose inverse overflows.
    if (!(std::fabs(1 / det) <= 1e300)) return i;
    double* b = inverses + 6 * i;
    b[0] = a[4] / det, b[1] = -a[1] / det;
    b[3] = -a[3] / det, b[4] = a[0] / det;
    b[2] = -(b[0] * a[2] + b[1] * a[5]);
    b[5] = -(b[3] * a[2] + b[4] * a[5]);
  }
  return n;
}

void compose_affine(const double* outer, const double* inner, std::size_t n, double* out) {
  for (std::size_t i = 0; i < n; ++i) {
    const double *f = outer + 6 * i, *g = inner + 6 * i;
    double* h = out + 6 * i;
    for (int row = 0; row < 6; row += 3) {
      h[row] = f[row] * g[0] + f[row + 1] * g[3];
      h[row + 1] = f[row] * g[1] + f[row + 1] * g[4];
      h[row + 2] = f[row] * g[2] + f[row + 1] * g[5] + f[row + 2];
    }
  }
}

void transform_points(const double* points, const double* affines, std::size_t n, std::size_t k,
                      bool shared, double* out) {
  for (std::size_t i = 0; i < n; ++i) {
    const double* a = shared ? affines : affines + 6 * i;
    for (std::size_t j = i * k; j < (i + 1) * k; ++j) {
      const double x = points[2 * j], y = points[2 * j + 1];
      out[2 * j] = a[0] * x + a[1] * y + a[2];
      out[2 * j + 1] = a[3] * x + a[4] * y + a[5];
    }
  }
}

// Taylor series about 0, |x| <= pi/4: the first term left out is below 1e-18.
inline double sine(double x) {
  const double z = x * x;
  return x *
         (1 -
          z / 6 *
              (1 -
               z / 20 *
                   (1 -
                    z / 42 *
                        (1 -
                         z / 72 * (1 - z / 110 * (1 - z / 156 * (1 - z / 210 * (1 - z / 272))))))));
}

inline double cosine(double x) {
  const double z = x * x;
  return 1 -
         z / 2 *
             (1 -
              z / 12 *
                  (1 - z / 30 *
                           (1 - z / 56 *
                                    (1 - z / 90 * (1 - z / 132 * (1 - z / 182 * (1 - z / 240)))))));
}

void cos_sin_degrees(const double* degrees, std::size_t n, double* out) {
  for (std::size_t i = 0; i < n; ++i) {
    // Reducing in degrees is exact; the maths library's own sine differs in the last bit between
    // machines.
    const double rest = std::remainder(degrees[i], 90.0);
    const double turns = std::fmod((degrees[i] - rest) / 90.0, 4.0);
    const int quarter = (static_cast<int>(turns) + 4) % 4;
    const double c = cosine(rest * (3.14159265358979323846 / 180)),
                 s = sine(rest * (3.14159265358979323846 / 180));
    const double table[4][2] = {{c, s}, {-s, c}, {-c, -s}, {s, -c}};
    out[2 * i] = table[quarter][0] + 0.0;
    out[2 * i + 1] = table[quarter][1] + 0.0;
  }
}

constexpr AffineKernels affine_kernels = {box_affine,     snap_affine,      invert_affine,
                                          compose_affine, transform_points, cos_sin_degrees};

}  // namespace
}  // namespace flm::FLM_ISA
