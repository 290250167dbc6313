// Checks that the bindings of the drawing kernels share.
#pragma once

#include <cstdint>

#include "arrays.hpp"

namespace flm {

using IntArray = py::array_t<std::int32_t, py::array::c_style>;
using ByteArray = py::array_t<std::uint8_t, py::array::c_style>;
using OptionalArrays = py::typing::List<py::typing::Optional<py::array>>;

inline void check_indices(const char* name, const IntArray& values, py::ssize_t low,
                          py::ssize_t limit) {
  const std::int32_t* v = values.data();
  const std::int32_t least = static_cast<std::int32_t>(low), end = static_cast<std::int32_t>(limit);
  const py::ssize_t n = values.size();
  int beyond = 0;  // without a way out, so that the loop becomes vectors
  for (py::ssize_t i = 0; i < n; ++i)
    beyond |= static_cast<int>(v[i] < least) | static_cast<int>(v[i] >= end);
  if (!beyond) return;
  for (py::ssize_t i = 0; i < n; ++i)
    if (v[i] < low || v[i] >= limit)
      raise_value(name,
                  limit > 0
                      ? "indices from " + std::to_string(low) + " to " + std::to_string(limit - 1)
                      : "no index, as there is nothing to point at",
                  std::to_string(v[i]));
}

// Triangles (F, 3) of `vertices` vertices.
inline void check_triangles(const IntArray& triangles, py::ssize_t vertices) {
  require_shape("triangles", triangles, {3}, "shape (F, 3)");
  check_indices("triangles", triangles, 0, vertices);
}

inline void require_length(const char* name, const py::array& array, py::ssize_t length,
                           const char* what) {
  if (array.ndim() != 1 || array.shape(0) != length)
    raise_value(name, std::string("shape (") + std::to_string(length) + ",), one for each " + what,
                "shape " + shape_text(array));
}

// uv (V, 2) and part (F), both as long as the mesh and parts as many as there are.
inline void check_surface(const FloatArray& uv, py::ssize_t vertices, const IntArray& part,
                          py::ssize_t triangles, py::ssize_t parts) {
  require_shape("uv", uv, {2}, "shape (V, 2)");
  if (uv.shape(0) != vertices)
    raise_value("uv", std::to_string(vertices) + " rows as in vertices",
                std::to_string(uv.shape(0)));
  require_length("part", part, triangles, "triangle");
  check_indices("part", part, 0, parts);
}

}  // namespace flm
