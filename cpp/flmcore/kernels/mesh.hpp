// Shapes and normals of meshes. The same bytes on every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flm {

struct MeshKernels {
  // out = mean + sum over m, in order, of weights[m] * basis[m], float32; a weight of 0 is passed
  // over.
  void (*blend_shapes)(const float* mean, const float* basis, const float* weights,
                       std::size_t shapes, std::size_t numbers, float* out);
  // Unit normals of vertices: the sum, in the triangles' order, of (b - a) x (c - a), whose length
  // is twice the area. What is not finite is left out; 0 where nothing is left.
  void (*vertex_normals)(const float* vertices, std::size_t count, const std::int32_t* triangles,
                         std::size_t faces, float* normals);
};

}  // namespace flm
