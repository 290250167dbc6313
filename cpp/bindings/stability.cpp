#include "flmcore/kernels/stability.hpp"

#include "arrays.hpp"

namespace flm {
namespace {

void check_state(const DoubleArray& scalars, const DoubleArray& planes, py::ssize_t landmarks) {
  if (scalars.ndim() != 1 || scalars.shape(0) != stability_scalars)
    raise_value("scalars", "shape (" + std::to_string(int{stability_scalars}) + ",)",
                "shape " + shape_text(scalars));
  const py::ssize_t stride = (landmarks + 3) / 4 * 4;
  if (planes.ndim() != 2 || planes.shape(0) != stability_planes || planes.shape(1) != stride)
    raise_value(
        "planes",
        "shape (" + std::to_string(int{stability_planes}) + ", " + std::to_string(stride) + ")",
        "shape " + shape_text(planes));
}

// Adds to scalars and planes in place; returns the mean step length into each frame.
template <class Array, class Update>
DoubleArray update(const Array& points, const DoubleArray& windows, DoubleArray& scalars,
                   DoubleArray& planes, Update StabilityKernels::* kernel) {
  require_shape("points", points, {-1, 2}, "shape (T, K, 2)");
  require_shape("windows", windows, {2, 3}, "shape (T, 2, 3)");
  const py::ssize_t frames = points.shape(0), landmarks = points.shape(1);
  if (windows.shape(0) != frames)
    raise_value("windows", std::to_string(frames) + " windows, one per frame of points",
                std::to_string(windows.shape(0)));
  check_state(scalars, planes, landmarks);
  DoubleArray means(frames);
  const auto* p = points.data();
  const double* w = windows.data();
  double *s = scalars.mutable_data(), *q = planes.mutable_data(), *m = means.mutable_data();
  StabilityOutcome outcome;
  {
    py::gil_scoped_release nogil;
    outcome = (kernels().stability.*kernel)(p, w, static_cast<std::size_t>(frames),
                                            static_cast<std::size_t>(landmarks), s, q, m);
  }
  const std::string where = " at frame " + std::to_string(outcome.frame);
  if (outcome.fault == StabilityFault::point)
    raise_value("points", "NaN or finite coordinates up to 1e100", "another" + where);
  if (outcome.fault == StabilityFault::window)
    raise_value("windows", "finite 2x3 matrices that have an inverse", "another" + where);
  return means;
}

DoubleArray update_float(const FloatArray& points, const DoubleArray& windows, DoubleArray& scalars,
                         DoubleArray& planes) {
  return update(points, windows, scalars, planes, &StabilityKernels::update_float);
}

DoubleArray update_double(const DoubleArray& points, const DoubleArray& windows,
                          DoubleArray& scalars, DoubleArray& planes) {
  return update(points, windows, scalars, planes, &StabilityKernels::update_double);
}

// Where each thing lies, so that Python need not repeat the enums.
py::typing::Dict<py::str, int> layout() {
  py::typing::Dict<py::str, int> d;
  d["scalars"] = int{stability_scalars};
  d["planes"] = int{stability_planes};
  d["frames"] = int{scalar_frames};
  d["used"] = int{scalar_used};
  d["fast"] = int{scalar_fast};
  d["previous_full"] = int{scalar_previous_full};
  d["side"] = int{scalar_side};
  d["c"] = int{scalar_c};
  d["first"] = int{scalar_first};
  d["features"] = int{scalar_features};
  d["plane_shift"] = int{plane_shift_x};
  d["plane_first"] = int{plane_first_x};
  d["plane_previous"] = int{plane_previous_x};
  d["plane_frames"] = int{plane_frames};
  d["plane_steps"] = int{plane_steps};
  d["plane_q"] = int{plane_q_x};
  d["plane_qq"] = int{plane_qq};
  d["plane_qd"] = int{plane_qd};
  d["plane_step"] = int{plane_step};
  d["plane_step_max"] = int{plane_step_max};
  d["plane_features"] = int{plane_features};
  return d;
}

}  // namespace

void bind_stability(py::module_& m) {
  m.def("stability_layout", &layout);
  m.def("stability_update_float", &update_float, py::arg("points").noconvert(),
        py::arg("windows").noconvert(), py::arg("scalars").noconvert(),
        py::arg("planes").noconvert());
  m.def("stability_update_double", &update_double, py::arg("points").noconvert(),
        py::arg("windows").noconvert(), py::arg("scalars").noconvert(),
        py::arg("planes").noconvert());
}

}  // namespace flm
