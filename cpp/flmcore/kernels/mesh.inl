#include <cmath>

#include "flmcore/kernels/mesh.hpp"

namespace flm::FLM_ISA {
namespace {

constexpr std::size_t mesh_tile = 1024;  // sums that stay in the first-level cache

void blend_shapes(const float* mean, const float* basis, const float* weights, std::size_t shapes,
                  std::size_t numbers, float* out) {
  for (std::size_t begin = 0; begin < numbers; begin += mesh_tile) {
    const std::size_t n = numbers - begin < mesh_tile ? numbers - begin : mesh_tile;
    float sum[mesh_tile];
    for (std::size_t i = 0; i < n; ++i) sum[i] = mean[begin + i];
    for (std::size_t m = 0; m < shapes; ++m) {
      const float weight = weights[m];
      if (weight == 0) continue;
      const float* shape = basis + m * numbers + begin;
      for (std::size_t i = 0; i < n; ++i) sum[i] += weight * shape[i];
    }
    for (std::size_t i = 0; i < n; ++i) out[begin + i] = sum[i];
  }
}

void vertex_normals(const float* vertices, std::size_t count, const std::int32_t* triangles,
                    std::size_t faces, float* normals) {
  for (std::size_t i = 0; i < 3 * count; ++i) normals[i] = 0;
  for (std::size_t f = 0; f < faces; ++f) {
    const std::int32_t* t = triangles + 3 * f;
    const float *a = vertices + 3 * t[0], *b = vertices + 3 * t[1], *c = vertices + 3 * t[2];
    const float ux = b[0] - a[0], uy = b[1] - a[1], uz = b[2] - a[2];
    const float vx = c[0] - a[0], vy = c[1] - a[1], vz = c[2] - a[2];
    const float n[3] = {uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx};
    const float size = n[0] * n[0] + n[1] * n[1] + n[2] * n[2];
    if (!(size <= 1e36f)) continue;  // nor NaN
    for (int k = 0; k < 3; ++k) {
      float* to = normals + 3 * t[k];
      to[0] += n[0], to[1] += n[1], to[2] += n[2];
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    float* n = normals + 3 * i;
    const float size = n[0] * n[0] + n[1] * n[1] + n[2] * n[2];
    const float part = size > 0 ? 1 / std::sqrt(size) : 0.0f;
    n[0] *= part, n[1] *= part, n[2] *= part;
  }
}

constexpr MeshKernels mesh_kernels = {blend_shapes, vertex_normals};

}  // namespace
}  // namespace flm::FLM_ISA
