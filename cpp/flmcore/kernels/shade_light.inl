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
  const ShadePart* part[size];
  float mixed[size][shade_vertex];
  float lane[lanes][size];
  float gloss[size], shininess[size], turn[size];
  float width[size], height[size];            // of the texture
  std::int32_t column[size], row[size];       // first texel
  std::uint32_t beyond[size], below[size];    // share of the second, in 1/256
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
    t.highlight[i] = peak * (facing > 0 ? 1.0f : 0.0f);
  }
}

inline void add_light(const float* colour, Tile& t) {
  for (int k = 0; k < 3; ++k)
    for (int i = 0; i < Tile::size; ++i) {
      t.diffuse[k][i] += colour[k] * t.facing[i];
      t.mirrored[k][i] += colour[k] * t.highlight[i];
    }
}

// Where a box about `at` begins, and how far the first of its texels is left behind; held inside
// (NaN: at the first).
template <int softness>
inline std::ptrdiff_t box_start(float at, std::ptrdiff_t count, float& rest) {
  const float low = softness, high = static_cast<float>(count - 2 - softness);
  const float held = (at > low ? (at < high ? at : high) : low) - low;
  const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(held);
  rest = held - static_cast<float>(start);
  return start;
}

// The box column by column: of a length that is known, so that the columns become a vector.
template <int softness>
inline float share_of_light(const ShadeShadow& s, float x, float y, float z) {
  constexpr int taps = 2 * softness + 2, last = taps - 1;
  float left, above;
  const std::ptrdiff_t x0 = box_start<softness>(x, s.width, left),
                       y0 = box_start<softness>(y, s.height, above);
  const float depth = z - s.bias;
  float column[taps] = {};
  for (int j = 0; j < taps; ++j) {
    const float* row = s.depth + (y0 + j) * s.width + x0;
    const float height = j == 0 ? 1 - above : j == last ? above : 1.0f;
    for (int i = 0; i < taps; ++i) column[i] += row[i] >= depth ? height : 0.0f;
  }
  float sum = column[0] * (1 - left) + column[last] * left;
  for (int i = 1; i < last; ++i) sum += column[i];
  return sum / static_cast<float>(last * last);
}

template <int softness>
inline void take_shares(const ShadeShadow& s, const float (*q)[Tile::size], Tile& t) {
  for (int i = 0; i < t.count; ++i) {
    if (!(t.facing[i] > 0)) continue;
    const float share = share_of_light<softness>(s, q[0][i], q[1][i], q[2][i]);
    t.facing[i] *= share, t.highlight[i] *= share;
  }
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
  if (s.softness == 0) take_shares<0>(s, q, t);
  if (s.softness == 1) take_shares<1>(s, q, t);
  if (s.softness == 2) take_shares<2>(s, q, t);
  if (s.softness == 3) take_shares<3>(s, q, t);
}

}  // namespace shading
}  // namespace
}  // namespace flm::FLM_ISA
