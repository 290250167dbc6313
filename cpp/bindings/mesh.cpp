#include "flmcore/kernels/mesh.hpp"

#include "drawing.hpp"

namespace flm {
namespace {

FloatArray blend_shapes(const FloatArray& mean, const FloatArray& basis,
                        const FloatArray& weights) {
  require_shape("mean", mean, {3}, "shape (V, 3)");
  if (basis.ndim() != 3 || basis.shape(1) != mean.shape(0) || basis.shape(2) != 3)
    raise_value("basis", "shape (M, " + std::to_string(mean.shape(0)) + ", 3)",
                "shape " + shape_text(basis));
  require_length("weights", weights, basis.shape(0), "shape");
  FloatArray out({mean.shape(0), py::ssize_t{3}});
  const float *from = mean.data(), *shapes = basis.data(), *shares = weights.data();
  float* to = out.mutable_data();
  const std::size_t count = static_cast<std::size_t>(basis.shape(0)),
                    numbers = static_cast<std::size_t>(mean.size());
  py::gil_scoped_release nogil;
  kernels().mesh.blend_shapes(from, shapes, shares, count, numbers, to);
  return out;
}

FloatArray vertex_normals(const FloatArray& vertices, const IntArray& triangles) {
  require_shape("vertices", vertices, {3}, "shape (V, 3)");
  check_triangles(triangles, vertices.shape(0));
  FloatArray normals({vertices.shape(0), py::ssize_t{3}});
  const float* from = vertices.data();
  const std::int32_t* faces = triangles.data();
  float* to = normals.mutable_data();
  const std::size_t count = static_cast<std::size_t>(vertices.shape(0)),
                    faces_count = static_cast<std::size_t>(triangles.shape(0));
  py::gil_scoped_release nogil;
  kernels().mesh.vertex_normals(from, count, faces, faces_count, to);
  return normals;
}

}  // namespace

void bind_mesh(py::module_& m) {
  m.def("blend_shapes", &blend_shapes, py::arg("mean").noconvert(), py::arg("basis").noconvert(),
        py::arg("weights").noconvert());
  m.def("vertex_normals", &vertex_normals, py::arg("vertices").noconvert(),
        py::arg("triangles").noconvert());
}

}  // namespace flm
