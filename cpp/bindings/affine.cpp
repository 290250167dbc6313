#include "flmcore/kernels/affine.hpp"

#include <cmath>

#include "arrays.hpp"

namespace flm {
namespace {

using Affines = py::array_t<double, py::array::c_style>;

void check_boxes(const DoubleArray& boxes) {
  require_shape("boxes", boxes, {4}, "shape (N, 4)");
  const double* b = boxes.data();
  for (py::ssize_t i = 0; i < boxes.shape(0); ++i, b += 4) {
    const bool good = std::isfinite(b[0]) && std::isfinite(b[1]) && b[2] - b[0] > 0 &&
                      b[3] - b[1] > 0 && std::isfinite(b[2]) && std::isfinite(b[3]);
    if (good) continue;
    std::string got = "(";
    for (int j = 0; j < 4; ++j)
      got += (j ? ", " : "") + py::str(py::float_(b[j])).cast<std::string>();
    raise_value("boxes", "finite x0, y0, x1, y1 with x1 > x0 and y1 > y0",
                got + ") at index " + std::to_string(i));
  }
}

Affines box_affine(const DoubleArray& boxes, const DoubleArray& scale, const DoubleArray& shift,
                   const DoubleArray& rotation, double width, double height, int rule) {
  check_boxes(boxes);
  const py::ssize_t n = boxes.shape(0);
  require_shape("scale", scale, {}, "shape (N,)");
  require_shape("shift", shift, {2}, "shape (N, 2)");
  require_shape("rotation", rotation, {}, "shape (N,)");
  if (scale.shape(0) != n || shift.shape(0) != n || rotation.shape(0) != n)
    raise_value("scale, shift, rotation", std::to_string(n) + " rows, one per box",
                "another number");
  if (rule < 0 || rule >= box_rule_count) raise_value("rule", "0 to 10", std::to_string(rule));
  Affines affines({n, py::ssize_t{2}, py::ssize_t{3}});
  DoubleArray cos_sin({n, py::ssize_t{2}});
  const double *b = boxes.data(), *c = scale.data(), *d = shift.data(), *r = rotation.data();
  double *trig = cos_sin.mutable_data(), *out = affines.mutable_data();
  {
    py::gil_scoped_release nogil;
    const std::size_t count = static_cast<std::size_t>(n);
    kernels().affine.cos_sin_degrees(r, count, trig);
    kernels().affine.box_affine(b, c, d, trig, count, width, height, static_cast<BoxRule>(rule),
                                out);
  }
  return affines;
}

Affines snap_affine(const DoubleArray& affines, double width, double height) {
  require_shape("affines", affines, {2, 3}, "shape (N, 2, 3)");
  const py::ssize_t n = affines.shape(0);
  Affines snapped({n, py::ssize_t{2}, py::ssize_t{3}});
  const double* in = affines.data();
  for (py::ssize_t i = 0; i < 6 * n; ++i)
    if (!std::isfinite(in[i]))
      raise_value("affines", "finite numbers", "others at index " + std::to_string(i / 6));
  double* out = snapped.mutable_data();
  {
    py::gil_scoped_release nogil;
    kernels().affine.snap_affine(in, static_cast<std::size_t>(n), width, height, out);
  }
  return snapped;
}

Affines invert_affine(const DoubleArray& affines) {
  require_shape("affines", affines, {2, 3}, "shape (N, 2, 3)");
  const py::ssize_t n = affines.shape(0);
  Affines inverses({n, py::ssize_t{2}, py::ssize_t{3}});
  const double* in = affines.data();
  double* out = inverses.mutable_data();
  std::size_t done;
  {
    py::gil_scoped_release nogil;
    done = kernels().affine.invert_affine(in, static_cast<std::size_t>(n), out);
  }
  if (done < static_cast<std::size_t>(n))
    raise_value("affines", "invertible 2x3 matrices",
                "one that is not at index " + std::to_string(done));
  return inverses;
}

Affines compose_affine(const DoubleArray& outer, const DoubleArray& inner) {
  require_shape("outer", outer, {2, 3}, "shape (N, 2, 3)");
  require_shape("inner", inner, {2, 3}, "shape (N, 2, 3)");
  if (outer.shape(0) != inner.shape(0))
    raise_value("inner", std::to_string(outer.shape(0)) + " affines as in outer",
                std::to_string(inner.shape(0)));
  Affines composed({outer.shape(0), py::ssize_t{2}, py::ssize_t{3}});
  const double *f = outer.data(), *g = inner.data();
  double* out = composed.mutable_data();
  {
    py::gil_scoped_release nogil;
    kernels().affine.compose_affine(f, g, static_cast<std::size_t>(outer.shape(0)), out);
  }
  return composed;
}

DoubleArray transform_points(const DoubleArray& points, const DoubleArray& affines) {
  require_shape("points", points, {-1, 2}, "shape (N, K, 2)");
  require_shape("affines", affines, {2, 3}, "shape (N, 2, 3)");
  const py::ssize_t n = points.shape(0), k = points.shape(1);
  if (affines.shape(0) != n && affines.shape(0) != 1)
    raise_value("affines", "1 or " + std::to_string(n) + " matrices",
                std::to_string(affines.shape(0)));
  DoubleArray moved({n, k, py::ssize_t{2}});
  const double *in = points.data(), *a = affines.data();
  double* out = moved.mutable_data();
  {
    py::gil_scoped_release nogil;
    kernels().affine.transform_points(in, a, static_cast<std::size_t>(n),
                                      static_cast<std::size_t>(k), affines.shape(0) == 1, out);
  }
  return moved;
}

}  // namespace

void bind_affine(py::module_& m) {
  m.def("box_affine", &box_affine, py::arg("boxes").noconvert(), py::arg("scale").noconvert(),
        py::arg("shift").noconvert(), py::arg("rotation").noconvert(), py::kw_only(),
        py::arg("width"), py::arg("height"), py::arg("rule"));
  m.def("snap_affine", &snap_affine, py::arg("affines").noconvert(), py::kw_only(),
        py::arg("width"), py::arg("height"));
  m.def("invert_affine", &invert_affine, py::arg("affines").noconvert());
  m.def("compose_affine", &compose_affine, py::arg("outer").noconvert(),
        py::arg("inner").noconvert());
  m.def("transform_points", &transform_points, py::arg("points").noconvert(),
        py::arg("affines").noconvert());
}

}  // namespace flm
