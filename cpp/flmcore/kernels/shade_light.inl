// Light that falls on a tile of samples: loops over lanes without branches, so that they become
// vectors.
#pragma once

#include <cmath>

#include "flmcore/kernels/shade.hpp"
#include "flmcore/kernels/shade_power.inl"

namespace flm::FLM_ISA {
namespace {
namespace shading {

struct Tile {
  static constexpr int size = 64;
  enum Lane { x, y, z, nx, ny, nz, u, v, occlusion, lanes };
  int count;
  std::size_t sample[size];
  const ShadePart* part[size];
  float lane[lanes][size];
  float gloss[size], shininess[size], turn[size];
  float vx[size], vy[size], vz[size];         // towards the camera
  float facing[size], highlight[size];        // of the light at hand
  float diffuse[3][size], mirrored[3][size];  // sums over lights
};

inline float held_above(float value, float low) { return value > low ? value : low; }

// Unit normals and directions to the camera; lanes beyond the count hold what the last tile left.
inline void face_camera(Tile& t) {
  for (int i = 0; i < Tile::size; ++i) {
    const float x = t.lane[Tile::x][i], y = t.lane[Tile::y][i], z = t.lane[Tile::z][i];
    const float distance = std::sqrt(held_above(x * x + y * y + z * z, 1e-30f));
    t.vx[i] = -x / distance, t.vy[i] = -y / distance, t.vz[i] = -z / distance;
    const float a = t.lane[Tile::nx][i], b = t.lane[Tile::ny][i], c = t.lane[Tile::nz][i];
    const float towards = a * t.vx[i] + b * t.vy[i] + c * t.vz[i];
    const float length = std::sqrt(held_above(a * a + b * b + c * c, 1e-30f));
    const float sign = (towards < 0 ? 1.0f : 0.0f) * t.turn[i] > 0 ? -length : length;
    t.lane[Tile::nx][i] = a / sign, t.lane[Tile::ny][i] = b / sign, t.lane[Tile::nz][i] = c / sign;
  }
}

inline void ambient_light(const float* c, Tile& t) {
  for (int k = 0; k < 3; ++k)
    for (int i = 0; i < Tile::size; ++i) {
      const float x = t.lane[Tile::nx][i], y = t.lane[Tile::ny][i], z = t.lane[Tile::nz][i];
      const float even = c[k] + c[12 + k] * (x * y) + c[15 + k] * (y * z) +
                         c[18 + k] * (3 * z * z - 1) + c[21 + k] * (x * z) +
                         c[24 + k] * (x * x - y * y);
      const float odd = c[3 + k] * y + c[6 + k] * z + c[9 + k] * x;
      t.diffuse[k][i] = held_above(even + odd, 0) * t.lane[Tile::occlusion][i];
      t.mirrored[k][i] = 0;
    }
}

inline void aim(const float* l, Tile& t) {
  for (int i = 0; i < Tile::size; ++i) {
    const float x = t.lane[Tile::nx][i], y = t.lane[Tile::ny][i], z = t.lane[Tile::nz][i];
    const float facing = held_above(x * l[0] + y * l[1] + z * l[2], 0);
    const float hx = l[0] + t.vx[i], hy = l[1] + t.vy[i], hz = l[2] + t.vz[i];
    const float length = std::sqrt(held_above(hx * hx + hy * hy + hz * hz, 1e-30f));
    const float cosine = (x * hx + y * hy + z * hz) / length;
    const float peak = power_of(cosine < 1 ? cosine : 1.0f, t.shininess[i]) * t.gloss[i];
    t.facing[i] = facing;
    t.highlight[i] = facing > 0 ? peak : 0.0f;
  }
}

inline void add_light(const float* colour, Tile& t) {
  for (int k = 0; k < 3; ++k)
    for (int i = 0; i < Tile::size; ++i) {
      t.diffuse[k][i] += colour[k] * t.facing[i];
      t.mirrored[k][i] += colour[k] * t.highlight[i];
    }
}

// Where a box of `taps` texels about `at` begins, and how far the first of them is left behind;
// held inside (NaN: at the first).
inline std::ptrdiff_t box_start(float at, int softness, std::ptrdiff_t count, float& rest) {
  const float low = static_cast<float>(softness), high = static_cast<float>(count - 2 - softness);
  const float held = (at > low ? (at < high ? at : high) : low) - low;
  const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(held);
  rest = held - static_cast<float>(start);
  return start;
}

inline float share_of_light(const ShadeShadow& s, const float* q) {
  float fx, fy;
  const std::ptrdiff_t x0 = box_start(q[0], s.softness, s.width, fx),
                       y0 = box_start(q[1], s.softness, s.height, fy);
  const int last = 2 * s.softness + 1;
  const float depth = q[2] - s.bias;
  float sum = 0;
  for (int j = 0; j <= last; ++j) {
    const float* row = s.depth + (y0 + j) * s.width + x0;
    float lit = (row[0] >= depth ? 1 - fx : 0.0f) + (row[last] >= depth ? fx : 0.0f);
    for (int i = 1; i < last; ++i) lit += row[i] >= depth ? 1.0f : 0.0f;
    sum += lit * (j == 0 ? 1 - fy : j == last ? fy : 1.0f);
  }
  return sum / static_cast<float>(last * last);
}

inline void cast_shadow(const ShadeShadow& s, Tile& t) {
  const float* m = s.matrix;
  float q[3][Tile::size];
  for (int k = 0; k < 3; ++k)
    for (int i = 0; i < Tile::size; ++i) {
      const float x = t.lane[Tile::x][i] + s.bias * t.lane[Tile::nx][i],
                  y = t.lane[Tile::y][i] + s.bias * t.lane[Tile::ny][i],
                  z = t.lane[Tile::z][i] + s.bias * t.lane[Tile::nz][i];
      q[k][i] = m[4 * k] * x + m[4 * k + 1] * y + m[4 * k + 2] * z + m[4 * k + 3];
    }
  for (int i = 0; i < t.count; ++i) {
    if (!(t.facing[i] > 0)) continue;
    const float at[3] = {q[0][i], q[1][i], q[2][i]};
    const float share = share_of_light(s, at);
    t.facing[i] *= share, t.highlight[i] *= share;
  }
}

}  // namespace shading
}  // namespace
}  // namespace flm::FLM_ISA
